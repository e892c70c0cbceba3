/* The life of a command: its line understood, its map found, its rows printed in slices of time, its end told. What each
   command shows is in files of its own.  */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cmd/command.h"
#include "mem/mem.h"

enum { OUTPUT_MOST = 64 << 10 };

static const struct ms_command_kind *const kinds[] = { &ms_command_info, &ms_command_buckets, &ms_command_entries };

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
	return kind_at(index) ? ms_args_option(kind_at(index)->options, prefix, n) : NULL;
}

struct ms_command *ms_command_new(struct ms_context *ctx, const char *name, const char *line)
{
	struct ms_command *cmd = calloc(1, sizeof *cmd);

	if (!cmd)
		return NULL;
	cmd->ctx = ctx;
	cmd->name = strdup(name);
	cmd->line = strdup(line);
	if (!cmd->name || !cmd->line) {
		ms_command_free(cmd);
		return NULL;
	}
	for (uint32_t i = 0; kind_at(i); i++)
		if (!strcmp(kind_at(i)->name, name))
			cmd->kind = kind_at(i);
	return cmd;
}

void ms_command_free(struct ms_command *cmd)
{
	if (!cmd)
		return;
	if (cmd->walk)
		cmd->map->format->walk_free(cmd->walk);
	ms_sorter_free(cmd->sorter);
	ms_fetch_fini(&cmd->fetch);
	ms_map_free(cmd->map);
	ms_notes_fini(&cmd->notes);
	ms_args_fini(&cmd->args);
	if (cmd->file)
		fclose(cmd->file);
	ms_buf_fini(&cmd->out);
	ms_buf_fini(&cmd->rows);
	ms_buf_fini(&cmd->error);
	free(cmd->name);
	free(cmd->line);
	free(cmd);
}

/* ---- What commands share ---- */

struct ms_view ms_command_view(struct ms_command *cmd)
{
	return (struct ms_view){
		.ctx = cmd->ctx,
		.buf = cmd->file ? &cmd->rows : &cmd->out,
		.style = { .json = cmd->args.given & MS_OPT_JSON, .language = cmd->map->shape->language },
		.addresses = cmd->args.given & MS_OPT_ADDR,
	};
}

struct ms_end ms_command_end(struct ms_command *cmd)
{
	bool damaged = cmd->notes.damaged || cmd->map->notes.damaged;

	return (struct ms_end){
		.shown = cmd->shown,
		.of = cmd->map->count < 0 ? UINT64_MAX : (uint64_t)cmd->map->count,
		.partial = cmd->interrupt ? "interrupted"
			   : damaged	  ? "damage"
			   : cmd->limited ? "limit"
					  : NULL,
		.next = "",
		.notes = { &cmd->map->notes, &cmd->notes },
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

int32_t ms_command_walk(struct ms_command *cmd, bool live_only)
{
	const struct ms_args *args = &cmd->args;
	const struct ms_format *format = cmd->map->format;
	bool old = args->given & MS_OPT_OLD, new = args->given &MS_OPT_NEW;
	struct ms_walk_options options = {
		.live_only = live_only,
		.with = { old || !new, new || !old },
		.one = args->given & MS_OPT_BUCKET,
		.only = args->bucket,
	};

	cmd->limit = args->limit;
	if (!(args->given & (MS_OPT_LIMIT | MS_OPT_JSON | MS_OPT_OUTPUT)))
		cmd->limit = cmd->ctx->default_limit;
	cmd->skip = args->offset;
	cmd->from_start = !args->from;
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

static int32_t evaluate(struct ms_command *cmd, struct ms_value *out)
{
	struct ms_context *ctx = cmd->ctx;
	const char *assigns = ms_args_assigns(cmd->args.expr);
	int64_t answer = MS_UNANSWERED;

	if (assigns)
		return ms_fail(ctx, MS_USAGE, "%s would change the target: expressions that assign are refused",
			       assigns);
	*out = (struct ms_value){ .size = sizeof *out };
	ctx->types.evaluate(ctx->types.user, cmd->args.expr, out, &answer);
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

/* The number that an expression is: a literal, a pointer, or where the value lies.  */
static int32_t address_of(struct ms_command *cmd, uint64_t *out)
{
	struct ms_value value;
	char *end;

	errno = 0;
	*out = strtoull(cmd->args.expr, &end, 0);
	if (!*end && end != cmd->args.expr && !errno)
		return MS_OK;
	int32_t status = evaluate(cmd, &value);
	if (status < 0)
		return status;
	const struct ms_node *node = ms_node(cmd->ctx, value.type);
	node = node ? ms_node_strip(cmd->ctx, node) : NULL;
	bool number = node && (node->kind == MS_INT || node->kind == MS_UINT || node->kind == MS_POINTER);
	if (number && node->size <= 8 && value.byte_count >= node->size)
		*out = ms_load(value.bytes, node->size, cmd->ctx->memory.big_endian);
	else if (value.address)
		*out = value.address;
	else
		return ms_fail(cmd->ctx, MS_USAGE,
			       "not an address: with --type, give a number, a pointer or a variable");
	return MS_OK;
}

/* A Go map is a pointer to its header, so m[5] is to a debugger the fifth header behind it, which is not there.  */
static bool indexes_a_go_map(struct ms_command *cmd, const struct ms_value *value)
{
	const char *expr = cmd->args.expr;
	const struct ms_node *node = expr[strlen(expr) - 1] == ']' ? ms_node(cmd->ctx, value->type) : NULL;
	const struct ms_shape *shape;

	node = node ? ms_node_strip(cmd->ctx, node) : NULL;
	shape = node && ms_stopped(cmd->ctx) == MS_OK ? ms_shape_of(cmd->ctx, node) : NULL;
	return shape && shape->language == MS_GO;
}

static int32_t open_map(struct ms_command *cmd)
{
	struct ms_value value;
	uint64_t address;
	uint32_t stars;

	if (!cmd->args.type) {
		int32_t status = evaluate(cmd, &value);
		if (status == MS_OK && indexes_a_go_map(cmd, &value))
			return ms_fail(cmd->ctx, MS_REFUSED,
				       "an index into a Go map is not looked up: type map-entries with the map itself");
		return status < 0 ? status : ms_map_open_value(cmd->ctx, &value, &cmd->map);
	}
	int32_t status = address_of(cmd, &address);
	if (status < 0)
		return status;
	const struct ms_node *type = ms_types_lookup(cmd->ctx, cmd->args.type, &stars);
	if (!type)
		return ms_stopped(cmd->ctx) != MS_OK ? ms_stopped(cmd->ctx) : MS_NOT_FOUND;
	return ms_map_open_at(cmd->ctx, address, type, &cmd->map);
}

/* ---- Steps ---- */

static void fail(struct ms_command *cmd, int32_t code)
{
	bool about_expr = code != MS_USAGE && code != MS_NO_MEMORY && code != MS_IO;
	const char *expr = cmd->args.expr && about_expr ? cmd->args.expr : "";

	cmd->state = COMMAND_DONE;
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
	if (!cmd->kind)
		return ms_fail(ctx, MS_USAGE, "no such command");
	int32_t status = ms_args_parse(ctx, cmd->line, cmd->kind->options, &cmd->args);
	if (status < 0)
		return status;
	status = open_map(cmd);
	if (status < 0)
		return status;
	if (cmd->map->broken.size && cmd->kind->step)
		return ms_fail(ctx, MS_BAD_MAP, "%s%s",
			       cmd->map->untyped ? "" : "not a valid map: ", ms_buf_text(&cmd->map->broken));
	if (cmd->map->nil)
		ms_note(&cmd->notes, false, "nil map");
	status = ms_output_open(cmd);
	return status < 0 ? status : cmd->kind->begin(cmd);
}

/* An answer that saw the whole map must have found what the header says.  */
static void check_count(struct ms_command *cmd)
{
	bool all_seen = cmd->from_start && !cmd->interrupt && (cmd->sorter || !cmd->limited);
	bool all_asked = !(cmd->args.given & (MS_OPT_OLD | MS_OPT_NEW | MS_OPT_BUCKET));

	if (all_seen && all_asked && (int64_t)cmd->found != cmd->map->count)
		ms_note(&cmd->notes, true, "%llu live entries found, count is %lld", (unsigned long long)cmd->found,
			(long long)cmd->map->count);
}

/* The counts of the whole answer; TOKEN holds the next page's.  */
static struct ms_end whole_end(struct ms_command *cmd, struct ms_buf *token)
{
	struct ms_end end = ms_command_end(cmd);
	bool more = cmd->limited || cmd->interrupt;

	if (more && !cmd->sorter)
		cmd->map->format->position_text(&cmd->next, token);
	end.next = ms_buf_text(token);
	if (!cmd->kind->rows_are_entries)
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

	if (cmd->kind->step) {
		check_count(cmd);
		ms_fetch_note(&cmd->fetch, &cmd->notes);
		end = whole_end(cmd, &token);
		ms_view_end(&view, &end, NULL);
	} else {
		end.shown = end.of = 1;
	}
	cmd->status = cmd->interrupt || cmd->notes.damaged || cmd->map->notes.damaged ? MS_PARTIAL : MS_YES;
	int32_t status = ms_output_close(cmd);
	if (status == MS_OK && to_file) {
		view.buf = &cmd->out;
		ms_view_end(&view, &end, ms_escape(cmd->ctx, cmd->args.output, strlen(cmd->args.output)));
	}
	ms_buf_fini(&token);
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
		int32_t status = cmd->interrupt && cmd->map ? MS_NOT_FOUND : work(cmd);
		if (status == MS_INTERRUPTED && cmd->walk) { /* without a walk nothing has been shown yet */
			cmd->interrupt = true;
			continue;
		}
		if (status == MS_OK && cmd->rows.size >= OUTPUT_MOST)
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
	if (!cmd->map) { /* nothing is known yet */
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
	return ms_buf_text(&cmd->error);
}

void ms_command_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	*done_out = *total_out = 0;
	if (cmd->walk)
		cmd->map->format->walk_progress(cmd->walk, done_out, total_out);
}
