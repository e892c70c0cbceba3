/* map-stats: one scan of a map, counted.  */
#include <stdlib.h>

#include "cmd/command.h"

/* cmd->own.  */
struct run {
	struct ms_scan *scan;
	struct ms_stats stats;
	bool whole; /* the scan came to its end */
};

static int32_t stats_begin(struct ms_command *cmd)
{
	struct run *run = calloc(1, sizeof *run);

	if (!run)
		return MS_NO_MEMORY;
	cmd->own = run;
	cmd->shown = 1;
	cmd->from_start = true;
	int32_t status = cmd->map->format->scan_new(cmd->map, &run->scan);
	if (status == MS_OK)
		cmd->map->format->scan_count(run->scan, &run->stats);
	return status;
}

static int32_t stats_step(struct ms_command *cmd)
{
	struct run *run = cmd->own;
	struct ms_piece piece;
	int32_t status = cmd->map->format->scan_next(run->scan, &piece);

	if (status == MS_NOT_FOUND) {
		run->whole = true;
		cmd->map->format->stats_end(cmd->map, &run->stats);
		cmd->found = run->stats.live;
		ms_command_check_count(cmd);
		if (run->stats.deepest >= MS_STATS_DEPTHS)
			ms_note(&cmd->notes, false,
				"the longest chain has %llu overflow buckets; those of more than %d are counted as %d",
				(unsigned long long)run->stats.deepest, MS_STATS_DEPTHS - 1, MS_STATS_DEPTHS - 1);
	}
	if (status != MS_OK)
		return status;
	if (piece.count)
		cmd->map->format->stats_add(cmd->map, &piece, &run->stats);
	else
		cmd->map->format->trouble_note(&piece.trouble, &cmd->notes);
	return MS_OK;
}

static int32_t stats_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	struct run *run = cmd->own;
	struct ms_facts facts = { 0 };

	if (!run->whole) {
		cmd->map->format->stats_end(cmd->map, &run->stats);
		ms_note(&cmd->notes, false,
			"interrupted: only what was read is counted, %llu buckets and %llu overflow buckets",
			(unsigned long long)run->stats.buckets, (unsigned long long)run->stats.overflow);
	}
	cmd->map->format->stats_describe(cmd->map, &run->stats, &facts);
	ms_view_info(view, &facts, end);
	ms_facts_fini(&facts);
	return MS_OK;
}

static void stats_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	const struct run *run = cmd->own;

	if (run->scan)
		cmd->map->format->scan_progress(run->scan, done_out, total_out);
}

static void stats_free(struct ms_command *cmd)
{
	struct run *run = cmd->own;

	if (run->scan)
		cmd->map->format->scan_free(run->scan);
	free(run);
}

const struct ms_command_kind ms_command_stats = {
	.name = "map-stats",
	.help = "Show how a hash map's memory is used and how evenly its entries lie.\n"
		"Usage: map-stats EXPR [--json] [-o FILE] [--type TYPE] [--expr]\n"
		"\n" MS_EXPR_HELP "\n"
		"  --json         one JSON document instead of text\n"
		"  -o FILE        write it to FILE\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"The whole map is read once, overflow buckets included:\n"
		"\n"
		"  count          what the header says; live: full slots found\n"
		"  tombstones     slots that a deletion emptied and that lookups must pass\n"
		"                 (emptyOne); empty: slots behind which nothing follows (emptyRest)\n"
		"  buckets        of both arrays while the map grows; evacuated: old ones whose\n"
		"                 entries have moved\n"
		"  occupancy      all buckets and overflow buckets, by full slots: 0 to 8\n"
		"  chain          buckets by the number of overflow buckets behind them\n"
		"  tophash_p      chance that tophashes of a good hash are spread as unevenly as\n"
		"                 these or more (chi-square; fewer than 1280 entries in coarser\n"
		"                 classes, fewer than 10 not at all). Below 0.001: a poor hash, or\n"
		"                 not hashed keys\n"
		"  probes         slots looked at to find a key that is there, on average: actual,\n"
		"                 and expected of a random placement of as many entries without\n"
		"                 gaps, 1 + (n - 1) / 2 / buckets\n"
		"  memory         bytes. total: arrays with their spare buckets, and overflow buckets;\n"
		"                 live: keys and elems of full slots; wasted: the difference;\n"
		"                 retained: overflow buckets with no full slot, and evacuated buckets;\n"
		"                 rebuild: the array that a new map for as many entries gets, at 6.5\n"
		"                 to a bucket; rebuild_saves: total less that; indirect: keys and\n"
		"                 elems that slots point to, which are in none of the others\n"
		"\n"
		"Examples:\n"
		"  map-stats m\n"
		"  map-stats server.cache --json",
	.grammar = { MS_ONE_EXPR, .options = MS_OPT_JSON | MS_OPT_OUTPUT | MS_OPT_TYPE | MS_OPT_EXPR },
	.begin = stats_begin,
	.step = stats_step,
	.finish = stats_finish,
	.progress = stats_progress,
	.free = stats_free,
};
