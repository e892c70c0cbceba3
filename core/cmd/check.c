/* map-check: every invariant of a map; a finding is a row.  */
#include "cmd/command.h"
#include "decode/check.h"

static int32_t check_begin(struct ms_command *cmd)
{
	struct ms_check *check = NULL;

	cmd->limit = cmd->args.limit;
	if (!(cmd->args.given & (MS_OPT_LIMIT | MS_OPT_JSON | MS_OPT_OUTPUT)))
		cmd->limit = cmd->ctx->default_limit;
	cmd->skip = cmd->args.offset;
	cmd->from_start = true;
	cmd->map->notes.damaged = false; /* what is damaged is a finding here */
	int32_t status = cmd->map->format->check_new(cmd->map, &cmd->notes, &check);
	cmd->own = check;
	return status;
}

static int32_t check_step(struct ms_command *cmd)
{
	struct ms_view view = ms_command_view(cmd);
	const struct ms_finding *finding;
	int32_t status = cmd->map->format->check_next(cmd->own, &finding);

	if (status != MS_OK)
		return status;
	if (cmd->skip) {
		cmd->skip--;
	} else if (cmd->limit && cmd->shown == cmd->limit) {
		cmd->limited = true;
	} else {
		ms_view_finding(&view, cmd->map, finding);
		cmd->shown++;
	}
	return MS_OK;
}

static int32_t check_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	const struct ms_format *format = cmd->map->format;
	struct ms_end told = *end;
	struct ms_buf summary = { 0 };

	told.of = format->check_total(cmd->own);
	cmd->limited |= told.of > cmd->shown + cmd->args.offset;
	if (!told.partial && cmd->limited)
		told.partial = "limit";
	cmd->no = told.of > 0;
	format->check_summary(cmd->own, &summary);
	if (!summary.failed)
		ms_view_verdict(view, &told, ms_buf_text(&summary));
	int32_t status = summary.failed ? MS_NO_MEMORY : MS_OK;
	ms_buf_fini(&summary);
	return status;
}

static void check_progress(const struct ms_command *cmd, uint64_t *done, uint64_t *total)
{
	cmd->map->format->check_progress(cmd->own, done, total);
}

static void check_free(struct ms_command *cmd)
{
	cmd->map->format->check_free(cmd->own);
}

const struct ms_command_kind ms_command_check = {
	.name = "map-check",
	.help = "Check a hash map: every invariant of its structure.\n"
		"Usage: map-check EXPR [OPTION]...\n"
		"\n" MS_EXPR_HELP "\n"
		"  --json         JSON Lines instead of text\n"
		"  --limit N      at most N findings (0: all; 200 in text, all with --json or -o)\n"
		"  --offset N     pass over the first N findings\n"
		"  -o FILE        write the findings to FILE\n"
		"  --addr         with the addresses of buckets\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"A sound map gives one line. Else each finding is one: the place, what was expected,\n"
		"what was found, the likely cause. What could not be checked is said; of a map whose\n"
		"hashes cannot be computed, that is in which bucket a key belongs. While a write is\n"
		"under way, one entry between two places is no finding. Status 0: sound; 1: findings;\n"
		"4: partial.\n"
		"\n"
		"Codes, and what holds in a sound map:\n"
		"  bad-header           the header's values are those of a map\n"
		"  bad-flags            flags are known ones that go together\n"
		"  bad-count            count is the number of live entries\n"
		"  bad-load             a map grows long before it has 13 entries a bucket\n"
		"  bad-growth           the old array is as large as the kind of growth says\n"
		"  bad-nevacuate        nevacuate is a bucket that is not evacuated\n"
		"  not-evacuated        old buckets below nevacuate are evacuated\n"
		"  half-evacuated       an old chain is evacuated as a whole\n"
		"  bad-state            marks of evacuation stand in evacuated old chains only\n"
		"  after-empty-rest     nothing follows a slot that is emptyRest in its chain\n"
		"  used-too-early       a new bucket is empty until its old bucket is evacuated\n"
		"  bad-tophash          tophash is the top byte of the key's hash\n"
		"  wrong-bucket         an entry is in the bucket that its key's hash names\n"
		"  duplicate-key        no key is there twice\n"
		"  unreadable-key       keys can be read, where the slot or the key points\n"
		"  unreadable-elem      elems that slots point to can be read\n"
		"  unreadable-bucket    the arrays of buckets can be read\n"
		"  overflow-unreadable  an overflow pointer leads to a bucket that can be read\n"
		"  overflow-misaligned  an overflow pointer leads to the start of a bucket\n"
		"  overflow-cycle       a chain does not come back to itself\n"
		"  overflow-shared      an overflow bucket is in one chain\n"
		"  overflow-foreign     a chain does not lead into an array of buckets\n"
		"  overflow-unlisted    overflow buckets are in the list that keeps them\n"
		"  overflow-unused      listed overflow buckets are in a chain, each once\n"
		"  bad-spare            preallocated buckets are used in order, and end in a mark\n"
		"  bad-extra            extra can be read, and nextOverflow is a preallocated bucket\n"
		"  bad-noverflow        noverflow counts overflow buckets (from B 16 on, about)\n"
		"\n"
		"Examples:\n"
		"  map-check m\n"
		"  map-check server.cache --json --limit 10",
	.grammar = { MS_ONE_EXPR, .options = MS_OPT_JSON | MS_OPT_LIMIT | MS_OPT_OFFSET | MS_OPT_OUTPUT | MS_OPT_ADDR |
					     MS_OPT_TYPE | MS_OPT_EXPR },
	.takes_broken = true,
	.begin = check_begin,
	.step = check_step,
	.finish = check_finish,
	.progress = check_progress,
	.free = check_free,
};
