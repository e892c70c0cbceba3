/* map-trace: what the growths of one map do, recorded as JSON Lines while the program runs (commands.md, section 6). The front-end
   lets it run and hands over each call of the functions where growth happens (ms_command_event); reading back is trace_summary.c's.

   Each event is recorded by what was there before the call and what is there at the map's next one: where the entries of an old
   bucket went is told by the marks that the move left, and which growth began by the header that it left. The next one always
   comes before the marks are gone, since every operation that moves a bucket ends by moving the growth's mark.  */
#include "cmd/trace.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/events.h"
#include "mem/mem.h"

/* Of a growth, or since the trace began.  */
struct growing {
	bool known;	     /* its beginning was seen */
	bool done;	     /* its end was, but the header may not know yet */
	uint64_t operations; /* assigns and deletes that took part */
	bool called;	     /* LAST_BUCKET and LAST_MARK are those of the last call of evacuate */
	uint64_t last_bucket, last_mark;
	bool halfway; /* the operation at hand has asked for one bucket, and asks for another one */
};

struct trace {
	bool ended;
	bool readable;	   /* at its end, the map still is */
	int32_t failure;   /* a negative enum ms_code of a record that could not be written */
	char why[16];	   /* how it ended; "" as long as nobody knows */
	uint64_t recorded; /* events that count for --for */
	uint64_t growths, evacuations;
	struct growing growing;
	/* What happened last, to be recorded once its effect can be seen.  */
	enum { NOTHING, GROW, EVACUATE } pending;
	struct ms_growth before;
	struct ms_chain chain;
	uint64_t time, operation; /* of what is pending: nanoseconds since the start */
	uint64_t last;		  /* of the last event */
};

static struct trace *own(const struct ms_command *cmd)
{
	return cmd->own;
}

/* ---- Records ---- */

static struct ms_buf *row(struct ms_command *cmd)
{
	return &cmd->rows;
}

static void add_time(struct ms_buf *buf, uint64_t time)
{
	ms_buf_printf(buf, "\"time\": %llu.%06llu", (unsigned long long)(time / 1000000000),
		      (unsigned long long)(time / 1000 % 1000000));
}

/* Opens a record with what all have. GROWTH: NULL where nothing can be read any more.  */
static void begin_record(struct ms_command *cmd, const char *event, const struct ms_growth *growth, uint64_t time)
{
	struct ms_buf *buf = row(cmd);

	ms_buf_printf(buf, "{\"event\": \"%s\", ", event);
	if (growth)
		ms_buf_printf(buf, "\"count\": %lld, \"B\": %u, \"noverflow\": %u, ", (long long)growth->count,
			      growth->B, growth->noverflow);
	else
		ms_buf_str(buf, "\"count\": null, \"B\": null, \"noverflow\": null, ");
	add_time(buf, time);
}

static void add_number(struct ms_command *cmd, const char *name, uint64_t value)
{
	ms_buf_printf(row(cmd), ", \"%s\": %llu", name, (unsigned long long)value);
}

static const char *kind_of(bool same_size)
{
	return same_size ? "same-size" : "double";
}

static void add_growth(struct ms_command *cmd, bool same_size, uint64_t old_buckets, uint64_t buckets)
{
	ms_buf_printf(row(cmd), ", \"kind\": \"%s\"", kind_of(same_size));
	add_number(cmd, "old_buckets", old_buckets);
	add_number(cmd, "buckets", buckets);
}

static void end_record(struct ms_command *cmd)
{
	ms_buf_str(row(cmd), "}\n");
	cmd->shown++;
}

/* An event that counts.  */
static void end_event(struct ms_command *cmd)
{
	struct trace *trace = own(cmd);

	end_record(cmd);
	trace->recorded++;
	if (cmd->args.given & MS_OPT_FOR && trace->recorded >= cmd->args.events && !trace->ended) {
		trace->ended = true;
		strcpy(trace->why, "limit");
	}
}

/* ---- What is pending ---- */

static void record_grow(struct ms_command *cmd, const struct ms_growth *now)
{
	struct trace *trace = own(cmd);
	const struct ms_growth *before = &trace->before;

	if (now && !now->old_buckets)
		return; /* it failed for want of memory, or the debugger told of it twice */
	trace->growing = (struct growing){ .known = true };
	trace->growths++;
	begin_record(cmd, "grow", before, trace->time);
	if (now)
		add_growth(cmd, now->same_size, now->old_buckets, now->buckets);
	else
		ms_buf_str(row(cmd), ", \"kind\": null, \"old_buckets\": null, \"buckets\": null");
	end_event(cmd);
}

static void add_destination(struct ms_command *cmd, uint64_t bucket, uint64_t entries)
{
	ms_buf_printf(row(cmd), "{\"bucket\": %llu, \"entries\": %llu}", (unsigned long long)bucket,
		      (unsigned long long)entries);
}

/* MS_OK, or MS_INTERRUPTED.  */
static int32_t record_evacuation(struct ms_command *cmd, struct ms_map *map)
{
	struct trace *trace = own(cmd);
	struct ms_chain *chain = &trace->chain, now;
	uint64_t to[2];
	int32_t status = map ? ms_chain_settle(cmd->ctx, chain, to) : MS_NOT_FOUND;

	if (status == MS_INTERRUPTED)
		return status;
	if (status == MS_NOT_FOUND && map && ms_chain_read(map, chain->index, &now) == MS_OK && !now.evacuated)
		return MS_OK; /* nothing has moved: no memory for it, or the debugger told of it twice */
	trace->evacuations++;
	begin_record(cmd, "evacuate", &trace->before, trace->time);
	add_number(cmd, "old_bucket", chain->index);
	add_number(cmd, "chain", chain->count);
	add_number(cmd, "entries", chain->live);
	ms_buf_str(row(cmd), ", \"to\": ");
	if (status == MS_OK) {
		ms_buf_char(row(cmd), '[');
		add_destination(cmd, chain->index, to[0]);
		if (!trace->before.same_size) {
			ms_buf_str(row(cmd), ", ");
			add_destination(cmd, chain->index + trace->before.old_buckets, to[1]);
		}
		ms_buf_char(row(cmd), ']');
	} else {
		ms_buf_str(row(cmd), "null");
		ms_note(&cmd->notes, !trace->ended, "old bucket %llu of %llu: where its entries went cannot be told%s",
			(unsigned long long)chain->index, (unsigned long long)trace->before.old_buckets,
			trace->ended ? ", the trace ends in the middle of it" : "");
	}
	add_number(cmd, "nevacuate", trace->before.nevacuate);
	add_number(cmd, "operation", trace->operation);
	end_event(cmd);
	return MS_OK;
}

/* MAP: as it is now; NULL: it cannot be read any more.  */
static int32_t settle(struct ms_command *cmd, struct ms_map *map)
{
	struct trace *trace = own(cmd);
	struct ms_growth now;
	int32_t status = MS_OK;

	if (map)
		ms_growth_of(map, &now);
	if (trace->pending == GROW)
		record_grow(cmd, map ? &now : NULL);
	else if (trace->pending == EVACUATE)
		status = record_evacuation(cmd, map);
	if (status == MS_OK)
		trace->pending = NOTHING;
	return status;
}

/* ---- Events ---- */

/* An operation asks for the old bucket that it needs, then for the one that the mark stands at (growWork); either may have moved
   already.  */
static uint64_t operation_of(struct growing *growing, uint64_t bucket, uint64_t nevacuate)
{
	bool second = growing->halfway && bucket == nevacuate;

	/* The mark moves with every operation, so no two calls in a row are alike: a debugger may tell of one twice, where a signal
	   comes between.  */
	if (growing->called && growing->last_bucket == bucket && growing->last_mark == nevacuate)
		return growing->operations;
	growing->called = true;
	growing->last_bucket = bucket;
	growing->last_mark = nevacuate;
	growing->operations += !second;
	growing->halfway = !second;
	return growing->operations;
}

/* An event that is not recorded.  */
static void note_lost(struct ms_command *cmd, uint64_t time, const char *why)
{
	ms_note(&cmd->notes, true, "at %llu.%06llu s: %s", (unsigned long long)(time / 1000000000),
		(unsigned long long)(time / 1000 % 1000000), why);
}

static int32_t on_evacuate(struct ms_command *cmd, struct ms_map *map, uint64_t bucket, uint64_t time)
{
	struct trace *trace = own(cmd);
	struct ms_growth growth;
	struct ms_chain chain;

	ms_growth_of(map, &growth);
	uint64_t operation = operation_of(&trace->growing, bucket, growth.nevacuate);
	int32_t status = ms_chain_read(map, bucket, &chain);
	if (status == MS_FAULT)
		note_lost(cmd, time, "a bucket that is to be evacuated cannot be read");
	if (status == MS_FAULT || status == MS_NOT_FOUND || (status == MS_OK && chain.evacuated))
		return MS_OK;
	if (status < 0)
		return status;
	trace->pending = EVACUATE;
	trace->before = growth;
	trace->chain = chain;
	trace->time = time;
	trace->operation = operation;
	return MS_OK;
}

static int32_t on_end(struct ms_command *cmd, struct ms_map *map, bool clears, uint64_t time)
{
	struct trace *trace = own(cmd);
	struct ms_growth growth;
	bool ends = true;

	ms_growth_of(map, &growth);
	if (!growth.old_buckets || trace->growing.done || (clears && !growth.count))
		return MS_OK;
	int32_t status = clears ? MS_OK : ms_growth_ends(map, &ends);
	if (status == MS_FAULT)
		note_lost(cmd, time, "the old buckets cannot be read, and so whether the growth ends");
	if (status < 0)
		return status == MS_FAULT ? MS_OK : status;
	if (!ends)
		return MS_OK;
	trace->growing.done = true;
	begin_record(cmd, "grow-done", &growth, time);
	add_growth(cmd, growth.same_size, growth.old_buckets, growth.buckets);
	ms_buf_printf(row(cmd), ", \"by\": \"%s\"", clears ? "clear" : "evacuation");
	if (trace->growing.known)
		add_number(cmd, "operations", trace->growing.operations);
	else
		ms_buf_str(row(cmd), ", \"operations\": null");
	end_event(cmd);
	return MS_OK;
}

static int32_t handle(struct ms_command *cmd, const struct ms_event *event, const struct ms_site *site, uint64_t time)
{
	struct trace *trace = own(cmd);
	struct ms_map *map;
	int32_t status = ms_map_open_at(cmd->ctx, cmd->map->address, cmd->map->type, &map);

	if (status < 0)
		return status;
	if (map->broken.size) {
		note_lost(cmd, time, ms_buf_text(&map->broken));
		ms_map_free(map);
		return MS_OK;
	}
	status = settle(cmd, map);
	if (status == MS_OK && !trace->ended && event->event == MS_EVENT_GROW) {
		trace->pending = GROW;
		trace->time = time;
		ms_growth_of(map, &trace->before);
	} else if (status == MS_OK && !trace->ended && event->event == MS_EVENT_EVACUATE) {
		status = on_evacuate(cmd, map, event->arguments[site->number - 1], time);
	} else if (status == MS_OK && !trace->ended && event->event == MS_EVENT_GROW_DONE) {
		status = on_end(cmd, map, site->clears, time);
	}
	ms_map_free(map);
	return status;
}

int32_t ms_command_event(struct ms_command *cmd, const struct ms_event *event, uint64_t nanoseconds)
{
	const struct ms_site *site = event->size < sizeof *event ? NULL : ms_site(event->event, event->site);
	struct trace *trace = cmd->kind == &ms_command_trace ? own(cmd) : NULL;

	if (!trace || trace->ended || !site || !site->map)
		return MS_NOT_FOUND;
	if (event->arguments[site->map - 1] != cmd->map->address)
		return MS_OK;
	ms_slice_begin(cmd->ctx, 0);
	ms_mem_forget(cmd->ctx);
	trace->last = nanoseconds;
	int32_t status = handle(cmd, event, site, nanoseconds);
	if (status == MS_OK && cmd->rows.size >= FLUSH_AT)
		status = ms_output_flush(cmd);
	if (status == MS_INTERRUPTED) {
		trace->ended = true;
		strcpy(trace->why, "interrupted");
	} else if (status < 0) {
		trace->ended = true;
		trace->failure = status;
	}
	return trace->ended ? MS_NOT_FOUND : MS_OK;
}

/* ---- The command ---- */

static int32_t check(struct ms_command *cmd)
{
	bool summary = cmd->args.given & MS_OPT_SUMMARY;

	if (summary && (cmd->args.expr || cmd->args.given & ~(uint32_t)MS_OPT_SUMMARY))
		return ms_fail(cmd->ctx, MS_USAGE, "--summary FILE stands alone: it reads a trace, and records none");
	if (summary)
		return MS_OK;
	if (!cmd->args.expr)
		return ms_fail(cmd->ctx, MS_USAGE, "%s, or --summary FILE", ms_expr_missing[0]);
	if (!cmd->args.output)
		return ms_fail(cmd->ctx, MS_USAGE, "-o FILE is missing: where the trace is written to");
	return MS_OK;
}

static int32_t begin(struct ms_command *cmd)
{
	struct ms_growth growth;

	if (cmd->args.given & MS_OPT_SUMMARY)
		return ms_trace_summary_begin(cmd);
	if (cmd->map->nil || !cmd->map->address)
		return ms_fail(cmd->ctx, MS_BAD_MAP, "%s: stop where the map exists, and begin there",
			       cmd->map->nil ? "a nil map does not grow" : "this map lies nowhere in memory");
	struct trace *trace = cmd->own = calloc(1, sizeof(struct trace));
	if (!trace)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	ms_growth_of(cmd->map, &growth);
	begin_record(cmd, "start", &growth, 0);
	ms_buf_str(row(cmd), ", \"type\": ");
	struct ms_buf type = { 0 };
	ms_spell(cmd->ctx, &type, cmd->map->type, cmd->map->shape->language);
	ms_buf_json_string(row(cmd), ms_buf_text(&type), type.size);
	row(cmd)->failed |= type.failed;
	ms_buf_fini(&type);
	ms_buf_printf(row(cmd), ", \"address\": \"0x%llx\"", (unsigned long long)cmd->map->address);
	if (growth.old_buckets)
		add_growth(cmd, growth.same_size, growth.old_buckets, growth.buckets);
	end_record(cmd);
	return MS_OK;
}

static int32_t step(struct ms_command *cmd)
{
	struct trace *trace = own(cmd);

	if (cmd->args.given & MS_OPT_SUMMARY)
		return ms_trace_summary_step(cmd);
	return trace->failure ? trace->failure : trace->ended ? MS_NOT_FOUND : MS_AGAIN;
}

static int32_t finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	struct trace *trace = own(cmd);
	struct ms_growth growth;
	struct ms_map *map = NULL;
	struct ms_buf text = { 0 };

	if (cmd->args.given & MS_OPT_SUMMARY)
		return ms_trace_summary_finish(cmd, view, end);
	struct ms_end whole = *end;
	int32_t status = MS_OK;
	if (trace->readable)
		status = ms_map_open_at(cmd->ctx, cmd->map->address, cmd->map->type, &map);
	if (map)
		ms_growth_of(map, &growth);
	ms_map_free(map);
	if (status == MS_NO_MEMORY)
		return status;
	if (status < 0) {
		ms_note(&cmd->notes, true, "at the end: %s", ms_error(cmd->ctx));
		whole.partial = "damage";
	}
	begin_record(cmd, "end", map ? &growth : NULL, trace->last);
	ms_buf_printf(row(cmd), ", \"why\": \"%s\", ", *trace->why ? trace->why : "stopped");
	struct ms_view line = *view;
	line.buf = &text;
	line.style.json = true;
	ms_view_end(&line, &whole, NULL); /* {"end": ...} */
	ms_buf_str(row(cmd), text.size ? ms_buf_text(&text) + 1 : "}\n");
	row(cmd)->failed |= text.failed;
	ms_buf_fini(&text);
	return MS_OK;
}

static void progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	if (cmd->args.given & MS_OPT_SUMMARY)
		ms_trace_summary_progress(cmd, done_out, total_out);
}

static void free_own(struct ms_command *cmd)
{
	if (cmd->args.given & MS_OPT_SUMMARY)
		ms_trace_summary_free(cmd);
	else
		free(cmd->own);
}

bool ms_trace_waits(const struct ms_command *cmd)
{
	return cmd->kind == &ms_command_trace && cmd->state == COMMAND_WALKING && !(cmd->args.given & MS_OPT_SUMMARY) &&
	       !own(cmd)->ended;
}

void ms_command_trace_end(struct ms_command *cmd, const char *why, uint64_t nanoseconds, uint32_t readable)
{
	struct trace *trace = cmd->kind == &ms_command_trace && !(cmd->args.given & MS_OPT_SUMMARY) ? own(cmd) : NULL;
	struct ms_map *map = NULL;

	if (!trace || cmd->state != COMMAND_WALKING)
		return;
	ms_slice_begin(cmd->ctx, 0);
	ms_mem_forget(cmd->ctx);
	trace->ended = true;
	if (!*trace->why)
		strncat(trace->why, why, sizeof trace->why - 1);
	trace->last = nanoseconds;
	trace->readable = readable;
	if (readable && ms_map_open_at(cmd->ctx, cmd->map->address, cmd->map->type, &map) == MS_OK &&
	    map->broken.size) {
		ms_map_free(map);
		map = NULL;
	}
	settle(cmd, map);
	ms_map_free(map);
	ms_note(&cmd->notes, false, "%llu growth%s, %llu evacuation%s; the program %s",
		(unsigned long long)trace->growths, trace->growths == 1 ? "" : "s",
		(unsigned long long)trace->evacuations, trace->evacuations == 1 ? "" : "s",
		readable ? "stands" : "has ended");
}

const struct ms_command_kind ms_command_trace = {
	.name = "map-trace",
	.help = "Let the program run, and record every growth of a hash map.\n"
		"Usage: map-trace EXPR -o FILE [--for N] [--type TYPE] [--expr]\n"
		"       map-trace --summary FILE\n"
		"\n"
		"This command resumes the program, like `continue`: from where it stands until it\n"
		"ends, stops, N events are recorded, or Ctrl-C. Whatever the program does\n"
		"meanwhile, it does; breakpoints of yours stop it as ever, and end the trace. What\n"
		"map-trace sets to see growth happen, it removes.\n"
		"\n"
		"FILE gets a line of JSON for each event: start, grow, evacuate (which old bucket,\n"
		"how many entries, how many of them to which new bucket), grow-done, end; with\n"
		"count, B and noverflow as they were before it, and the seconds since the start,\n"
		"in which the debugger's own time is contained. `operation` numbers the assigns\n"
		"and deletes that took part in a growth.\n"
		"\n"
		"--summary reads such a file: a table of its growths, how many evacuations single\n"
		"operations had to do, and when there were two arrays.\n"
		"\n"
		"  -o FILE        the file to record to\n"
		"  --for N        end after N events\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION
		"  --summary FILE tell what was recorded in FILE\n"
		"\n"
		"Examples:\n"
		"  map-trace m -o m.jsonl\n"
		"  map-trace server.cache -o cache.jsonl --for 1000\n"
		"  map-trace --summary m.jsonl",
	.grammar = { .options = MS_OPT_OUTPUT | MS_OPT_FOR | MS_OPT_TYPE | MS_OPT_EXPR | MS_OPT_SUMMARY,
		     .most = 1,
		     .words = "one EXPR" },
	.check = check,
	.begin = begin,
	.step = step,
	.finish = finish,
	.progress = progress,
	.free = free_own,
};
