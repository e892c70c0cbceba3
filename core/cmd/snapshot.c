/* A snapshot as a target: the core's reader and the answers replayed.  */
#include "cmd/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "mem/elfcore.h"
#include "types/answers.h"

struct ms_snapshot {
	struct ms_elfcore *core;
	struct ms_answers *answers;
	struct ms_context *ctx;
};

static void read_core(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	*answer = ms_elfcore_read(user, address, buffer, len);
}

static int32_t no_memory(struct ms_buf *error)
{
	ms_buf_clear(error);
	ms_buf_str(error, "out of memory");
	return MS_NO_MEMORY;
}

static int32_t open_snapshot(struct ms_snapshot *snapshot, const char *path, struct ms_buf *error)
{
	int64_t status = ms_elfcore_open(path, &snapshot->core, error);
	bool short_of_memory = false;

	if (status != MS_OK)
		return (int32_t)status;
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(snapshot->core);
	if (facts->answers)
		snapshot->answers = ms_answers_read(facts->answers, facts->answers_size, &short_of_memory);
	if (short_of_memory)
		return no_memory(error);
	if (!snapshot->answers || facts->missing) {
		ms_buf_escaped(error, path, strlen(path), 0);
		ms_buf_str(error, !facts->answers ? ": a core that map-save has not written"
						  : ": a snapshot that is damaged or not whole");
		return MS_BAD_TYPE;
	}
	struct ms_types types = ms_answers_replay(snapshot->answers, facts->pointer_size);
	struct ms_memory memory = { .size = sizeof memory,
				    .user = snapshot->core,
				    .read = read_core,
				    .pointer_size = facts->pointer_size,
				    .big_endian = facts->big_endian };
	snapshot->ctx = ms_new(&memory, &types);
	return snapshot->ctx ? MS_OK : no_memory(error);
}

int32_t ms_snapshot_open(const char *path, struct ms_snapshot **out, struct ms_buf *error)
{
	struct ms_snapshot *snapshot = calloc(1, sizeof *snapshot);

	if (!snapshot)
		return no_memory(error);
	int32_t status = open_snapshot(snapshot, path, error);
	if (status == MS_OK)
		*out = snapshot;
	else
		ms_snapshot_free(snapshot);
	return status;
}

void ms_snapshot_free(struct ms_snapshot *snapshot)
{
	if (!snapshot)
		return;
	ms_free(snapshot->ctx);
	ms_answers_free(snapshot->answers);
	ms_elfcore_free(snapshot->core);
	free(snapshot);
}

struct ms_context *ms_snapshot_context(struct ms_snapshot *snapshot)
{
	return snapshot->ctx;
}

const char *ms_snapshot_word(const struct ms_snapshot *snapshot, uint64_t n)
{
	return ms_answers_word(snapshot->answers, n);
}
