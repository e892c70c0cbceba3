/* map-list: the maps that the program's globals reach, those that hold most memory first.  */
#include <stdlib.h>

#include "base/arith.h"
#include "cmd/command.h"
#include "out/reached.h"

struct list {
	struct ms_reach *reach;
	bool ranked; /* all are found, or no more will be */
	const struct ms_reached_list *found;
	uint64_t at; /* of them, to be shown next */
};

static void list_free(struct ms_command *cmd)
{
	struct list *list = cmd->own;

	ms_reach_free(list->reach);
	free(list);
}

static int32_t list_begin(struct ms_command *cmd)
{
	struct list *list = calloc(1, sizeof *list);

	if (!list)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	cmd->own = list;
	list->reach = ms_reach_new(cmd->ctx, &cmd->notes);
	if (!list->reach)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	if (cmd->ctx->memory.running)
		ms_note_running(&cmd->notes);
	cmd->limit = cmd->args.limit;
	if (!(cmd->args.given & (MS_OPT_LIMIT | MS_OPT_JSON | MS_OPT_OUTPUT)))
		cmd->limit = cmd->ctx->default_limit;
	return MS_OK;
}

/* No more will be found: the rows begin.  */
static void rank(struct ms_command *cmd)
{
	struct list *list = cmd->own;
	struct ms_view view = ms_command_view(cmd);

	list->ranked = true;
	ms_reach_end(list->reach);
	list->found = ms_reach_maps(list->reach);
	list->at = ms_min(cmd->args.offset, list->found->count);
	if (list->found->count < list->found->found)
		ms_note(&cmd->notes, true, "%llu maps that hold less are left out",
			(unsigned long long)(list->found->found - list->found->count));
	cmd->of = list->found->found;
	cmd->of_known = !cmd->interrupt;
	if (list->at < list->found->count)
		ms_view_reached_head(&view);
}

static int32_t show_row(struct ms_command *cmd)
{
	struct list *list = cmd->own;
	struct ms_view view = ms_command_view(cmd);
	size_t before = view.buf->size;
	int32_t status = ms_view_reached(&view, list->reach, &list->found->maps[list->at]);

	if (status < 0) {
		ms_buf_truncate(view.buf, before);
		return status;
	}
	list->at++;
	cmd->shown++;
	return MS_OK;
}

static int32_t list_step(struct ms_command *cmd)
{
	struct list *list = cmd->own;

	if (!list->ranked) {
		int32_t status = ms_reach_step(list->reach);
		if (status == MS_NOT_FOUND)
			rank(cmd);
		return status == MS_NOT_FOUND ? MS_OK : status;
	}
	if (list->at == list->found->count)
		return MS_NOT_FOUND;
	if (cmd->limit && cmd->shown == cmd->limit) {
		cmd->limited = true;
		return MS_NOT_FOUND;
	}
	return show_row(cmd);
}

/* What was found so far, and no more rows than a screen bears.  */
static void list_cut(struct ms_command *cmd)
{
	struct list *list = cmd->own;
	uint64_t most = cmd->limit ? cmd->limit : cmd->ctx->default_limit;

	if (!list->ranked)
		rank(cmd);
	while (list->at < list->found->count && cmd->shown < most && show_row(cmd) == MS_OK)
		;
}

static void list_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	ms_reach_progress(((const struct list *)cmd->own)->reach, done_out, total_out);
}

const struct ms_command_kind ms_command_list = {
	.name = "map-list",
	.help = "List the hash maps that the program's variables reach, the largest first.\n"
		"Usage: map-list [OPTION]...\n"
		"\n"
		"  --json         JSON Lines instead of text\n"
		"  --limit N      at most N rows (0: all; 200 in text, all with --json or -o)\n"
		"  --offset N     pass over the first N rows\n"
		"  -o FILE        write the rows to FILE\n"
		"  --addr         with addresses\n"
		"\n"
		"From all global and static variables on, structs, pointers, arrays, Go's slices and\n"
		"interfaces, and the keys and elems of maps are followed to every map. Of each:\n"
		"bytes of its buckets, how many of them hold no live entry, and how many entries\n"
		"it has. The name is an EXPR for the other commands; an entry of a map, and what\n"
		"an interface holds, have none, so ADDRESS --type TYPE stands behind theirs.\n"
		"\n"
		"Not followed: local variables, void * and unsafe.Pointer, unions, more than one\n"
		"object behind a pointer of C, what channels and closures of Go hold. Variables of\n"
		"a library count if its own file holds its debug information, which the system's\n"
		"libraries do not.\n"
		"\n"
		"Examples:\n"
		"  map-list\n"
		"  map-list --limit 10 --addr\n"
		"  map-list --json -o maps.jsonl",
	.grammar = { .words = "", .options = MS_OPT_JSON | MS_OPT_LIMIT | MS_OPT_OFFSET | MS_OPT_OUTPUT | MS_OPT_ADDR },
	.without_map = true,
	.begin = list_begin,
	.step = list_step,
	.cut = list_cut,
	.progress = list_progress,
	.free = list_free,
};
