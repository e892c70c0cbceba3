/* A snapshot that map-save has written, opened where no debugger shows it: memory from the file, types and names from its note.
   Knows nothing of what is asked of it.  */
#ifndef MS_SNAPSHOT_H
#define MS_SNAPSHOT_H

#include "base/buf.h"
#include "mapscope.h"

struct ms_snapshot;

/* MS_OK; MS_IO, MS_BAD_TYPE (no snapshot) or MS_NO_MEMORY with one line in ERROR.  */
int32_t ms_snapshot_open(const char *path, struct ms_snapshot **out, struct ms_buf *error);
void ms_snapshot_free(struct ms_snapshot *snapshot);

/* A context on it, which lives as long.  */
struct ms_context *ms_snapshot_context(struct ms_snapshot *snapshot);
/* The N-th of the words that name its map, as ms_command_new_words takes them; NULL behind the last.  */
const char *ms_snapshot_word(const struct ms_snapshot *snapshot, uint64_t n);

#endif
