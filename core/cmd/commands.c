/* The life of a command: its line understood, its map found, its rows printed in slices of time, its end told. What each
   command shows is in files of its own.  */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cmd/command.h"
#include "cmd/where.h"
#include "mem/mem.h"
#include "path/path.h"

enum { OUTPUT_MOST = 64 << 10, FILE_MOST = 256 << 10 };

static const struct ms_command_kind *const kinds[] = { &ms_command_info,  &ms_command_buckets, &ms_command_entries,
						       &ms_command_get,	  &ms_command_check,   &ms_command_stats,
						       &ms_command_save,  &ms_command_diff,    &ms_command_break,
						       &ms_command_watch, &ms_command_trace,   &ms_command_list };

static const struct ms_command_kind *kind_at(uint32_t index)
{
	return index < sizeof kinds / sizeof *kinds ? kinds[index] : NULL;
}

const char *ms_command_name(uint32_t index)
{
	return kind_at(index) ? kind_at(index)->name : NULL;
}

const char *ms_command_help(uint32_t index)
{
	return kind_at(index) ? kind_at(index)->help : NULL;
}

const char *ms_command_option(uint32_t index, const char *prefix, uint32_t n)
{
	return kind_at(index) ? ms_args_option(kind_at(index)->grammar.options, prefix, n) : NULL;
}

int32_t ms_command_in_debugger(uint32_t index)
{
	return kind_at(index) && kind_at(index)->in_debugger;
}

static struct ms_command *command_new(struct ms_context *ctx, const char *name)
{
	struct ms_command *cmd = calloc(1, sizeof *cmd);

	if (!cmd)
		return NULL;
	cmd->ctx = ctx;
	cmd->name = strdup(name);
	for (uint32_t i = 0; kind_at(i); i++)
		if (!strcmp(kind_at(i)->name, name))
			cmd->kind = kind_at(i);
	return cmd;
}

struct ms_command *ms_command_new(struct ms_context *ctx, const char *name, const char *line)
{
	struct ms_command *cmd = command_new(ctx, name);

	if (cmd)
		cmd->line = strdup(line);
	if (cmd && cmd->name && cmd->line)
		return cmd;
	ms_command_free(cmd);
	return NULL;
}

struct ms_command *ms_command_new_words(struct ms_context *ctx, const char *name, uint32_t count,
					const char *const *words)
{
	struct ms_command *cmd = command_new(ctx, name);

	if (cmd)
		cmd->words = calloc((size_t)count + 1, sizeof *cmd->words);
	bool whole = cmd && cmd->name && cmd->words;
	for (uint32_t i = 0; i < count && whole; i++)
		whole = (cmd->words[i] = strdup(words[i]));
	if (whole)
		return cmd;
	ms_command_free(cmd);
	return NULL;
}

void ms_command_free(struct ms_command *cmd)
{
	if (!cmd)
		return;
	if (cmd->own)
		cmd->kind->free(cmd);
	if (cmd->walk)
		cmd->map->format->walk_free(cmd->walk);
	ms_sorter_free(cmd->sorter);
	ms_where_free(cmd->where);
	ms_fetch_fini(&cmd->fetch);
	ms_map_free(cmd->map);
	ms_notes_fini(&cmd->notes);
	ms_args_fini(&cmd->args);
	if (cmd->file)
		fclose(cmd->file);
	ms_buf_fini(&cmd->out);
	ms_buf_fini(&cmd->rows);
	ms_buf_fini(&cmd->error);
	ms_buf_fini(&cmd->late);
	free(cmd->name);
	free(cmd->line);
	for (char **word = cmd->words; word && *word; word++)
		free(*word);
	free(cmd->words);
	free(cmd);
}

/* ---- What commands share ---- */

struct ms_view ms_command_view(struct ms_command *cmd)
{
	return (struct ms_view){
		.ctx = cmd->ctx,
		.buf = cmd->file ? &cmd->rows : &cmd->out,
		.style = { .json = cmd->args.given & MS_OPT_JSON,
			   .language = cmd->map ? cmd->map->shape->language : MS_C },
		.addresses = cmd->args.given & MS_OPT_ADDR,
	};
}

struct ms_end ms_command_end(struct ms_command *cmd)
{
	const struct ms_notes *header = cmd->map ? &cmd->map->notes : NULL;

	if (cmd->ctx->untold && !cmd->untold)
		ms_note_untold(&cmd->notes);
	cmd->untold = cmd->ctx->untold;
	bool damaged = cmd->notes.damaged || (header && header->damaged);

	return (struct ms_end){
		.shown = cmd->shown,
		.of = !cmd->map || cmd->map->count < 0 ? UINT64_MAX : (uint64_t)cmd->map->count,
		.partial = cmd->interrupt ? "interrupted"
			   : damaged	  ? "damage"
			   : cmd->limited ? "limit"
					  : NULL,
		.next = "",
		.notes = { header, &cmd->notes },
	};
}

int32_t ms_command_fetch(struct ms_command *cmd)
{
	cmd->fetch.count = 0;
	for (uint32_t i = 0; i < cmd->row->slot_count; i++)
		if (cmd->row->slots[i].live)
			ms_fetch_add(&cmd->fetch, cmd->map, &cmd->row->slots[i]);
	return ms_fetch_run(&cmd->fetch, cmd->map);
}

void ms_command_limit(struct ms_command *cmd)
{
	bool all = cmd->args.given & (MS_OPT_LIMIT | MS_OPT_JSON | MS_OPT_OUTPUT);

	cmd->limit = all ? cmd->args.limit : cmd->ctx->default_limit;
	cmd->skip = cmd->args.offset;
	cmd->from_start = !cmd->args.from;
}

int32_t ms_command_walk(struct ms_command *cmd, bool live_only)
{
	const struct ms_args *args = &cmd->args;
	const struct ms_format *format = cmd->map->format;
	bool old = args->given & MS_OPT_OLD, new = args->given &MS_OPT_NEW;
	struct ms_walk_options options = {
		.live_only = live_only,
		.bare = cmd->bare,
		.with = { old || !new, new || !old },
		.one = args->given & MS_OPT_BUCKET,
		.only = args->bucket,
	};

	ms_command_limit(cmd);
	if (args->from && !format->position_parse(cmd->map, args->from, &options.from))
		return ms_fail(cmd->ctx, MS_USAGE,
			       "--from takes the next-page hint of an answer on this map, found \"%s\"",
			       ms_escape(cmd->ctx, args->from, strlen(args->from)));
	if (!live_only) {
		cmd->drop = options.from.skip;
		options.from.skip = 0;
	}
	cmd->next = options.from;
	int32_t status = ms_fetch_init(&cmd->fetch, cmd->map, MS_SLOTS_MOST);
	return status < 0 ? status : format->walk_new(cmd->map, &options, &cmd->notes, &cmd->walk);
}

/* ---- Finding the map ---- */

static int32_t ask_debugger(struct ms_context *ctx, const char *expr, struct ms_value *out)
{
	int64_t answer = MS_UNANSWERED;

	*out = (struct ms_value){ .size = sizeof *out };
	ctx->types.evaluate(ctx->types.user, expr, out, &answer);
	if (answer == MS_UNANSWERED || answer == MS_INTERRUPTED) {
		ctx->interrupted = true;
		return ms_fail(ctx, MS_INTERRUPTED, "interrupted");
	}
	if (answer < 0) {
		const char *why = out->error ? out->error : "cannot be evaluated";
		return ms_fail(ctx, MS_REFUSED, "%s", ms_escape(ctx, why, strlen(why)));
	}
	return MS_OK;
}

int32_t ms_command_evaluate(struct ms_command *cmd, const char *expr, struct ms_path *out)
{
	struct ms_context *ctx = cmd->ctx;
	const char *assigns = ms_args_assigns(expr);
	bool whole = cmd->args.given & MS_OPT_EXPR || !ctx->types.variable;

	*out = (struct ms_path){ 0 };
	if (assigns)
		return ms_fail(ctx, MS_USAGE, "%s would change the target: expressions that assign are refused",
			       assigns);
	if (!whole)
		return ms_path_resolve(ctx, expr, out);
	if (!ctx->types.evaluate)
		return ms_fail(ctx, MS_USAGE,
			       "--expr: there is no debugger here to evaluate an expression; leave it out and give a "
			       "path (names, ., ->, [n], *, &, casts)");
	return ask_debugger(ctx, expr, &out->value);
}

/* The number that a value is: one itself, a pointer, or where the value lies.  */
static int32_t number_of(struct ms_context *ctx, const struct ms_value *value, uint64_t *out)
{
	const struct ms_node *node = value->type ? ms_node(ctx, value->type) : NULL;
	bool number = !value->type; /* as it was typed, of 8 bytes */
	uint64_t size = 8;
	uint8_t bytes[8];

	node = node ? ms_node_strip(ctx, node) : NULL;
	if (node && node->size <= 8 && (node->kind == MS_INT || node->kind == MS_UINT || node->kind == MS_POINTER)) {
		number = true;
		size = node->size;
	}
	if (ms_stopped(ctx) != MS_OK)
		return ms_stopped(ctx);
	*out = value->address;
	if (!value->address && !(number && value->byte_count >= size))
		return ms_fail(ctx, MS_USAGE, "not an address: with --type, give a number, a pointer or a variable");
	if (!number)
		return MS_OK;
	if (value->byte_count >= size)
		memcpy(bytes, value->bytes, size);
	else if (ms_mem_read_cached(ctx, value->address, bytes, size) < 0)
		return ms_stopped(ctx) != MS_OK ? ms_stopped(ctx)
						: ms_fail(ctx, MS_FAULT, "Cannot access memory at address 0x%llx",
							  (unsigned long long)value->address);
	*out = ms_load(bytes, size, ctx->memory.big_endian);
	return MS_OK;
}

static bool is_number(const char *expr, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(expr, &end, 0);
	return !*end && end != expr && !errno;
}

static int32_t address_of(struct ms_command *cmd, const char *expr, uint64_t *out)
{
	struct ms_path path;

	if (is_number(expr, out))
		return MS_OK;
	int32_t status = ms_command_evaluate(cmd, expr, &path);
	if (status == MS_OK)
		status = number_of(cmd->ctx, &path.value, out);
	ms_path_fini(&path);
	return status;
}

/* A Go map is a pointer to its header, so m[5] is to a debugger the fifth header behind it, which is not there.  */
static bool indexes_a_go_map(struct ms_command *cmd, const char *expr, const struct ms_value *value)
{
	const struct ms_node *node = expr[strlen(expr) - 1] == ']' ? ms_node(cmd->ctx, value->type) : NULL;
	const struct ms_shape *shape;

	node = node ? ms_node_strip(cmd->ctx, node) : NULL;
	shape = node && ms_stopped(cmd->ctx) == MS_OK ? ms_shape_of(cmd->ctx, node) : NULL;
	return shape && shape->language == MS_GO;
}

static int32_t open_by_expr(struct ms_command *cmd, const char *expr, struct ms_map **out)
{
	uint64_t number;
	struct ms_path path = { 0 };
	bool plain = is_number(expr, &number);
	int32_t status = plain ? MS_OK : ms_command_evaluate(cmd, expr, &path);

	if (plain || (status == MS_OK && !path.value.type && cmd->ctx->types.variable))
		status =
			ms_fail(cmd->ctx, MS_REFUSED, "a number is no map: --type TYPE says what lies at this address");
	else if (status == MS_OK && indexes_a_go_map(cmd, expr, &path.value))
		status = ms_path_refuse_go_index(cmd->ctx);
	else if (status == MS_OK)
		status = ms_map_open_value(cmd->ctx, &path.value, out);
	ms_path_fini(&path);
	return status;
}

int32_t ms_command_open_map(struct ms_command *cmd, const char *expr, struct ms_map **out)
{
	uint64_t address;

	if (!cmd->args.type)
		return open_by_expr(cmd, expr, out);
	int32_t status = address_of(cmd, expr, &address);
	if (status < 0)
		return status;
	const struct ms_node *type = ms_types_lookup(cmd->ctx, cmd->args.type);
	if (!type)
		return ms_stopped(cmd->ctx) != MS_OK ? ms_stopped(cmd->ctx) : MS_NOT_FOUND;
	return ms_map_open_at(cmd->ctx, address, type, out);
}

/* ---- Steps ---- */

/* Whether an answer that was DAMAGED or not may be another one in a moment.  */
static bool is_torn(const struct ms_command *cmd, bool damaged)
{
	int64_t writing = 0;

	if (cmd->map)
		ms_map_number(cmd->map, "writing", &writing);
	return writing || (damaged && cmd->ctx->memory.running);
}

/* What stands before an error line is whole lines.  */
static void cut_last_line(struct ms_buf *buf)
{
	size_t size = buf->size;

	while (size && buf->data[size - 1] != '\n')
		size--;
	ms_buf_truncate(buf, size);
}

static void fail(struct ms_command *cmd, int32_t code)
{
	code = cmd->ctx->short_of_memory ? MS_NO_MEMORY : code;
	bool about_expr = code != MS_USAGE && code != MS_NO_MEMORY && code != MS_IO;
	const char *expr = cmd->args.expr && about_expr ? cmd->args.expr : "";

	cut_last_line(&cmd->out);
	cmd->ctx->short_of_memory |= code == MS_NO_MEMORY;
	cmd->state = COMMAND_DONE;
	cmd->torn = is_torn(cmd, code == MS_BAD_MAP || code == MS_FAULT);
	cmd->status = code == MS_USAGE ? MS_STATUS_USAGE : code == MS_INTERRUPTED ? MS_PARTIAL : MS_FAILED;
	ms_buf_clear(&cmd->error);
	ms_buf_escaped(&cmd->error, expr, strlen(expr), 0);
	ms_buf_str(&cmd->error, *expr ? ": " : "");
	ms_buf_str(&cmd->error, code == MS_NO_MEMORY	 ? "out of memory"
				: code == MS_INTERRUPTED ? "interrupted"
							 : ms_error(cmd->ctx));
}

static int32_t begin(struct ms_command *cmd)
{
	struct ms_context *ctx = cmd->ctx;

	ms_mem_forget(ctx);
	ms_buf_clear(&ctx->error);
	ctx->untold = false;
	if (!cmd->kind)
		return ms_fail(ctx, MS_USAGE, "no such command");
	int32_t status =
		cmd->line ? ms_args_parse(ctx, cmd->line, &cmd->kind->grammar, &cmd->args)
			  : ms_args_parse_words(ctx, (const char *const *)cmd->words, &cmd->kind->grammar, &cmd->args);
	if (status == MS_OK && cmd->kind->check)
		status = cmd->kind->check(cmd);
	if (status == MS_OK && !cmd->kind->without_map && cmd->args.expr)
		status = ms_command_open_map(cmd, cmd->args.expr, &cmd->map);
	if (status < 0)
		return status;
	if (cmd->map && cmd->map->broken.size && cmd->kind->step && (cmd->map->untyped || !cmd->kind->takes_broken))
		return ms_fail(ctx, MS_BAD_MAP, "%s%s",
			       cmd->map->untyped ? "" : "not a valid map: ", ms_buf_text(&cmd->map->broken));
	if (cmd->map && cmd->map->nil)
		ms_note(&cmd->notes, false, "nil map");
	status = cmd->rehearsal ? MS_OK : ms_output_open(cmd);
	return status < 0 ? status : cmd->kind->begin(cmd);
}

void ms_command_check_count(struct ms_command *cmd)
{
	bool all_seen = cmd->from_start && !cmd->interrupt && (cmd->sorter || !cmd->limited);
	bool all_asked = !(cmd->args.given & (MS_OPT_OLD | MS_OPT_NEW | MS_OPT_BUCKET));

	if (all_seen && all_asked && (int64_t)cmd->found != cmd->map->count)
		ms_note(&cmd->notes, true, "%llu live entries found, count is %lld", (unsigned long long)cmd->found,
			(long long)cmd->map->count);
}

/* Of a program that ran meanwhile the map's header must be what it was, unless the walk itself noticed something.  */
static void check_header(struct ms_command *cmd)
{
	const struct ms_map *map = cmd->map;
	bool asked = map && cmd->ctx->memory.running && map->address && !cmd->notes.damaged && !map->notes.damaged;
	uint64_t size = asked ? map->shape->header->size : 0;
	uint8_t *now = asked ? malloc(size) : NULL;

	if (now && (ms_mem_read(cmd->ctx, map->address, now, size) < (int64_t)size || memcmp(now, map->header, size)))
		ms_note(&cmd->notes, true, "the map changed while it was read: entries may be missing, or shown twice");
	free(now);
}

/* The counts of the whole answer; TOKEN holds the next page's.  */
static struct ms_end whole_end(struct ms_command *cmd, struct ms_buf *token)
{
	struct ms_end end = ms_command_end(cmd);
	bool more = cmd->limited || cmd->interrupt;

	if (more && cmd->walk && !cmd->sorter)
		cmd->map->format->position_text(&cmd->next, token);
	end.next = ms_buf_text(token);
	if (cmd->of_known)
		end.of = cmd->of;
	else if (!cmd->kind->rows_are_entries || cmd->where)
		end.of = more || !cmd->from_start ? UINT64_MAX : cmd->shown + cmd->args.offset;
	return end;
}

/* What stands behind the rows; with -o it also goes to the screen, once the file is safe.  */
static int32_t finish(struct ms_command *cmd)
{
	struct ms_buf token = { 0 };
	struct ms_view view = ms_command_view(cmd);
	struct ms_end end = ms_command_end(cmd);
	bool to_file = cmd->file;

	int32_t status = MS_OK;

	if (cmd->kind->step) {
		if (cmd->walk)
			ms_command_check_count(cmd);
		ms_fetch_note(&cmd->fetch, &cmd->notes);
		if (cmd->where)
			ms_where_note(cmd->where, &cmd->notes);
		check_header(cmd);
		if (cmd->interrupt && cmd->own && cmd->kind->cut)
			cmd->kind->cut(cmd);
		end = whole_end(cmd, &token);
		if (token.failed)
			status = MS_NO_MEMORY;
		else if (cmd->kind->finish)
			status = cmd->kind->finish(cmd, &view, &end);
		else
			ms_view_end(&view, &end, NULL);
	} else {
		end.shown = end.of = 1;
	}
	bool damaged = cmd->notes.damaged || (cmd->map && cmd->map->notes.damaged);
	cmd->status = cmd->interrupt || damaged ? MS_PARTIAL : cmd->no ? MS_NO : MS_YES;
	cmd->torn = is_torn(cmd, damaged);
	if (status == MS_OK)
		status = ms_output_close(cmd);
	if (status == MS_OK && to_file) {
		view.buf = &cmd->out;
		ms_view_end(&view, &end, ms_escape(cmd->ctx, cmd->args.output, strlen(cmd->args.output)));
		status = cmd->out.failed || cmd->ctx->short_of_memory ? MS_NO_MEMORY : MS_OK;
	}
	ms_buf_fini(&token);
	if (status == MS_OK && cmd->late.failed)
		return MS_NO_MEMORY;
	if (status == MS_OK && cmd->late_code < 0)
		return ms_fail(cmd->ctx, cmd->late_code, "%s", ms_buf_text(&cmd->late));
	return status;
}

/* One piece of work; MS_NOT_FOUND when nothing is left but the end.  */
static int32_t work(struct ms_command *cmd)
{
	switch (cmd->state) {
	case COMMAND_NEW: {
		int32_t status = begin(cmd);
		if (status == MS_NOT_FOUND) /* no such type, no map: here a failure, not the end of a walk */
			status = MS_BAD_TYPE;
		cmd->state = COMMAND_WALKING;
		return status == MS_OK && !cmd->kind->step ? MS_NOT_FOUND : status;
	}
	case COMMAND_WALKING: {
		int32_t status = cmd->kind->step(cmd);
		if (status == MS_NOT_FOUND && cmd->sorter) {
			cmd->state = COMMAND_ENDING;
			return MS_OK;
		}
		return status;
	}
	case COMMAND_ENDING:
		return ms_sorter_step(cmd);
	default:
		return MS_NOT_FOUND;
	}
}

int32_t ms_command_step(struct ms_command *cmd, uint32_t slice_ms)
{
	if (cmd->fetched) {
		ms_buf_clear(&cmd->out);
		cmd->fetched = false;
	}
	if (cmd->state == COMMAND_DONE)
		return MS_OK;
	ms_slice_begin(cmd->ctx, slice_ms);
	for (uint32_t rows = 1;; rows++) {
		int32_t status = cmd->interrupt && cmd->state != COMMAND_NEW ? MS_NOT_FOUND : work(cmd);
		if (status == MS_INTERRUPTED && (cmd->walk || cmd->own)) { /* else nothing has been found yet */
			cmd->interrupt = true;
			continue;
		}
		if (status == MS_OK && cmd->rows.size >= FILE_MOST)
			status = ms_output_flush(cmd);
		if (status == MS_NOT_FOUND)
			status = finish(cmd);
		else if (status == MS_AGAIN || (status == MS_OK && (cmd->out.size >= OUTPUT_MOST ||
								    (rows % 16 == 0 && ms_slice_over(cmd->ctx)))))
			return MS_AGAIN;
		else if (status == MS_OK)
			continue;
		if (status < 0)
			fail(cmd, status);
		cmd->state = COMMAND_DONE;
		return MS_OK;
	}
}

const char *ms_command_output(struct ms_command *cmd, uint64_t *size_out)
{
	cmd->fetched = true;
	*size_out = cmd->out.size;
	return ms_buf_text(&cmd->out);
}

void ms_command_interrupt(struct ms_command *cmd)
{
	if (cmd->state == COMMAND_DONE)
		return;
	cmd->interrupt = true;
	if (cmd->state == COMMAND_NEW) { /* nothing is known yet */
		ms_fail(cmd->ctx, MS_INTERRUPTED, "interrupted");
		fail(cmd, MS_INTERRUPTED);
	}
}

int32_t ms_command_status(const struct ms_command *cmd)
{
	return cmd->status;
}

const char *ms_command_error(const struct ms_command *cmd)
{
	return cmd->error.failed ? "out of memory" : ms_buf_text(&cmd->error);
}

int32_t ms_command_torn(const struct ms_command *cmd)
{
	return cmd->torn;
}

void ms_command_rehearse(struct ms_command *cmd, uint32_t slice_ms)
{
	cmd->rehearsal = true;
	ms_command_step(cmd, slice_ms);
}

void ms_command_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	*done_out = *total_out = 0;
	if (cmd->own && cmd->kind->progress)
		cmd->kind->progress(cmd, done_out, total_out);
	else if (cmd->walk)
		cmd->map->format->walk_progress(cmd->walk, done_out, total_out);
}
