/* map-info, map-buckets and map-entries: which rows they show.  */
#include "cmd/command.h"
#include "cmd/where.h"
#include "out/json.h"

#define WITH_ROWS                                                                                                      \
	(MS_OPT_JSON | MS_OPT_LIMIT | MS_OPT_OFFSET | MS_OPT_FROM | MS_OPT_OUTPUT | MS_OPT_ADDR | MS_OPT_TYPE |        \
	 MS_OPT_EXPR)

#define ROWS_HELP                                                                                                      \
	"  --json         JSON Lines instead of text\n"                                                                \
	"  --limit N      at most N rows (0: all; 200 in text, all with --json or -o)\n"                               \
	"  --offset N     pass over the first N rows\n"                                                                \
	"  --from TOKEN   go on where an earlier answer ended\n"                                                       \
	"  -o FILE        write the rows to FILE\n"                                                                    \
	"  --addr         with addresses\n"                                                                            \
	"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION

/* ---- map-info ---- */

static int32_t info_begin(struct ms_command *cmd)
{
	struct ms_facts facts = { 0 };
	struct ms_view view = ms_command_view(cmd);

	if (cmd->map->broken.size)
		ms_note(&cmd->notes, !cmd->map->untyped, "%s%s",
			cmd->map->untyped ? "" : "not a valid map: ", ms_buf_text(&cmd->map->broken));
	cmd->shown = 1;
	cmd->map->format->describe(cmd->map, &facts);
	struct ms_end end = ms_command_end(cmd);
	end.of = 1;
	int32_t status = ms_facts_whole(&facts) ? ms_stopped(cmd->ctx) : MS_NO_MEMORY;
	if (status == MS_OK)
		ms_view_info(&view, &facts, &end);
	ms_facts_fini(&facts);
	return status;
}

const struct ms_command_kind ms_command_info = {
	.name = "map-info",
	.help = "Show the header of a hash map.\n"
		"Usage: map-info EXPR [--json] [-o FILE] [--type TYPE] [--expr]\n"
		"\n" MS_EXPR_HELP "\n"
		"  --json         one JSON document instead of text\n"
		"  -o FILE        write it to FILE\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"Only the header is read: count, B, flags, load, the kind of growth in progress\n"
		"and how far it is, sizes and addresses.\n"
		"\n"
		"Examples:\n"
		"  map-info m\n"
		"  map-info server.cache --json\n"
		"  map-info 0x55555576a2c0 --type (struct counts)",
	.grammar = { MS_ONE_EXPR, .options = MS_OPT_JSON | MS_OPT_OUTPUT | MS_OPT_TYPE | MS_OPT_EXPR },
	.begin = info_begin,
};

/* ---- map-buckets ---- */

/* The row at hand, its live slots fetched. */
static int32_t show_row(struct ms_command *cmd)
{
	struct ms_entry entries[MS_SLOTS_MOST];
	struct ms_view view = ms_command_view(cmd);
	int32_t status = ms_command_fetch(cmd);
	size_t before = view.buf->size;
	uint64_t at = 0;

	if (status < 0)
		return status;
	for (uint32_t i = 0; i < cmd->row->slot_count; i++) {
		if (!cmd->row->slots[i].live)
			continue;
		entries[i] = (struct ms_entry){ cmd->fetch.keys + at * cmd->map->key_size,
						cmd->fetch.elems + at * cmd->map->elem_size,
						cmd->fetch.key_addresses[at], cmd->fetch.elem_addresses[at] };
		at++;
	}
	status = ms_view_row(&view, cmd->map, cmd->row, entries);
	if (status < 0)
		ms_buf_truncate(view.buf, before);
	return status;
}

static int32_t buckets_begin(struct ms_command *cmd)
{
	int64_t growing = 1;

	ms_map_number(cmd->map, "growing", &growing);
	if (cmd->args.given & MS_OPT_OLD && !growing)
		ms_note(&cmd->notes, false, "the map is not growing: there are no old buckets");
	return ms_command_walk(cmd, false);
}

static int32_t no_such_bucket(struct ms_command *cmd)
{
	bool old = (cmd->args.given & (MS_OPT_OLD | MS_OPT_NEW)) == MS_OPT_OLD;
	int64_t buckets = 0;

	ms_map_number(cmd->map, old ? "old_buckets" : "buckets", &buckets);
	return ms_fail(cmd->ctx, MS_USAGE, "--bucket %llu: no such bucket; there are %lld%s, counted from 0",
		       (unsigned long long)cmd->args.bucket, (long long)buckets, old ? " old ones" : "");
}

static int32_t buckets_step(struct ms_command *cmd)
{
	int32_t status = cmd->map->format->walk_next(cmd->walk, &cmd->row);

	if (status == MS_NOT_FOUND && cmd->args.given & MS_OPT_BUCKET && !cmd->shown && !cmd->args.offset)
		return no_such_bucket(cmd);
	if (status != MS_OK)
		return status;
	if (cmd->drop) {
		cmd->drop--;
		return MS_OK;
	}
	cmd->found += cmd->row->live_count;
	cmd->next = (struct ms_position){ cmd->row->array, cmd->row->index, cmd->row->depth };
	if (cmd->limit && cmd->shown == cmd->limit) {
		cmd->limited = true;
		return MS_NOT_FOUND;
	}
	if (cmd->skip) {
		cmd->skip--;
		return MS_OK;
	}
	status = show_row(cmd);
	if (status == MS_OK) {
		cmd->shown++;
		cmd->next.skip++;
	}
	return status;
}

const struct ms_command_kind ms_command_buckets = {
	.name = "map-buckets",
	.help = "Show the buckets of a hash map, slot by slot.\n"
		"Usage: map-buckets EXPR [--bucket I] [--old] [--new] [OPTION]...\n"
		"\n" MS_EXPR_HELP "\n"
		"  --bucket I     only bucket I, with its overflow buckets\n"
		"  --old, --new   only the old array of a growth in progress, or the new one\n" ROWS_HELP "\n"
		"Old buckets come before new ones, then bucket, chain, slot. Of each slot: its\n"
		"tophash byte, the state that this byte says, and key and elem where it is full.\n"
		"A row is a bucket.\n"
		"\n"
		"Examples:\n"
		"  map-buckets m --bucket 5\n"
		"  map-buckets m --old\n"
		"  map-buckets m --json -o buckets.jsonl",
	.grammar = { MS_ONE_EXPR, .options = WITH_ROWS | MS_OPT_BUCKET | MS_OPT_OLD | MS_OPT_NEW },
	.begin = buckets_begin,
	.step = buckets_step,
};

/* ---- map-entries ---- */

static int32_t entries_begin(struct ms_command *cmd)
{
	const struct ms_args *args = &cmd->args;

	ms_command_limit(cmd);
	cmd->bare =
		args->given & MS_OPT_JSON && cmd->map->ints && !args->where && !args->sort && !cmd->limit && !cmd->skip;
	int32_t status = ms_command_walk(cmd, true);
	if (status == MS_OK && cmd->args.where)
		status = ms_where_new(cmd->map, cmd->args.where, &cmd->where);
	if (status < 0 || !cmd->args.sort)
		return status;
	if (cmd->args.from)
		return ms_fail(cmd->ctx, MS_USAGE,
			       "--from follows the map's own order: leave out --sort, or page with --offset");
	if (cmd->limit == 0 && !cmd->where && cmd->map->count > MS_SORT_MOST)
		return ms_fail(
			cmd->ctx, MS_USAGE,
			"--sort of %lld rows: more than %d are not kept; add --limit, or pipe --json through sort",
			(long long)cmd->map->count, MS_SORT_MOST);
	if (cmd->limit > MS_SORT_MOST || cmd->skip > MS_SORT_MOST)
		return ms_fail(cmd->ctx, MS_USAGE, "--sort keeps at most %d rows", MS_SORT_MOST);
	return ms_sorter_new(cmd);
}

/* The rest of a row whose live slots are in cmd->fetch.  */
static int32_t show_entries(struct ms_command *cmd)
{
	struct ms_view view = ms_command_view(cmd);

	while (cmd->row_at < cmd->fetch.count) {
		uint64_t at = cmd->row_at;
		if (!cmd->sorter && cmd->limit && cmd->shown == cmd->limit) {
			cmd->limited = true;
			return MS_NOT_FOUND;
		}
		struct ms_entry entry = { cmd->fetch.keys + at * cmd->map->key_size,
					  cmd->fetch.elems + at * cmd->map->elem_size, cmd->fetch.key_addresses[at],
					  cmd->fetch.elem_addresses[at] };
		size_t before = view.buf->size;
		bool wanted = true;
		int32_t status = cmd->where ? ms_where_holds(cmd->where, &entry, &wanted) : MS_OK;
		if (status == MS_OK && wanted && cmd->skip && !cmd->sorter) {
			cmd->skip--;
			wanted = false;
		}
		if (status == MS_OK && wanted)
			status = cmd->sorter ? ms_sorter_add(cmd, &entry) : ms_view_entry(&view, cmd->map, &entry);
		if (status < 0) {
			ms_buf_truncate(view.buf, before);
			return status;
		}
		cmd->row_at++;
		cmd->next.skip++;
		cmd->found++;
		cmd->shown += wanted && !cmd->sorter;
	}
	return MS_OK;
}

/* Where the row stands, for the token of the next page.  */
static void follow(struct ms_command *cmd)
{
	if (cmd->next.array != cmd->row->array || cmd->next.index != cmd->row->index)
		cmd->next = (struct ms_position){ cmd->row->array, cmd->row->index, 0 };
}

static int32_t entries_step(struct ms_command *cmd)
{
	bool full = !cmd->sorter && cmd->limit && cmd->shown == cmd->limit;

	/* All that the header counts has been shown: what may follow is not worth the rest of a large map.  */
	if (full && (int64_t)cmd->found >= cmd->map->count && cmd->from_start)
		return MS_NOT_FOUND;
	int32_t status = cmd->map->format->walk_next(cmd->walk, &cmd->row);
	if (status != MS_OK)
		return status;
	if (cmd->row->unreadable) {
		struct ms_view view = ms_command_view(cmd);
		ms_view_unreadable(&view, cmd->map, cmd->row);
		return MS_OK;
	}
	follow(cmd);
	if (full) {
		cmd->limited = true;
		return MS_NOT_FOUND;
	}
	uint32_t live = cmd->row->live_count;
	if (cmd->bare) {
		ms_json_ints(cmd->file ? &cmd->rows : &cmd->out, cmd->map, cmd->row);
		cmd->shown += live;
		cmd->found += live;
		cmd->next.skip += live;
		return MS_OK;
	}
	if (!cmd->sorter && !cmd->where && cmd->skip >= live) {
		cmd->skip -= live;
		cmd->found += live;
		cmd->next.skip += live;
		return MS_OK;
	}
	status = ms_command_fetch(cmd);
	if (status < 0)
		return status;
	cmd->row_at = 0;
	return show_entries(cmd);
}

const struct ms_command_kind ms_command_entries = {
	.name = "map-entries",
	.help = "Show the live entries of a hash map.\n"
		"Usage: map-entries EXPR [--sort key] [--where COND] [OPTION]...\n"
		"\n" MS_EXPR_HELP "\n"
		"  --sort key     by key instead of the order in which they lie\n"
		"  --where COND   only entries for which COND holds; see below\n" ROWS_HELP "\n"
		"Entries come in bucket order, old chains before new ones, and are right in the\n"
		"middle of a growth. The last line tells how many of how many are shown, and how\n"
		"to go on. A row is an entry.\n"
		"\n"
		"To look up one key of a Go map, do not type \"print m[5]\" in gdb: it takes the\n"
		"pointer m for an array and shows a struct that is not there, without a word.\n"
		"Type \"map-get m 5\".\n"
		"\n"
		"COND compares key, elem and what they hold: members (elem.name, elem->next),\n"
		"elements (elem[0]), what a pointer points to (*elem), len(elem), with numbers,\n"
		"\"texts\", 'c', true, false, nil, enumerators. == != < <= > >=, ~ (the left text\n"
		"contains the right one), ! && ||, + - * / % & | ^ and parentheses. An entry for\n"
		"which it has no answer (a nil pointer on the way) is not shown, and counted.\n"
		"\n"
		"Examples:\n"
		"  map-entries m\n"
		"  map-entries m --limit 20 --sort key\n"
		"  map-entries m --where (key > 100 && elem.name ~ \"err\")\n"
		"  map-entries tables[3].m --json -o entries.jsonl",
	.grammar = { MS_ONE_EXPR, .options = WITH_ROWS | MS_OPT_SORT | MS_OPT_WHERE },
	.rows_are_entries = true,
	.begin = entries_begin,
	.step = entries_step,
};
