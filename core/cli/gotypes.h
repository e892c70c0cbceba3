/* Types of a Go program from its run-time type descriptors, for one that was built without debug information (-s -w). Gives them
   in the shapes that Go's debug information has, so that the decoder need not know the difference. Go 1.15 to 1.23; knows
   nothing of files and processes.  */
#ifndef MS_CLI_GOTYPES_H
#define MS_CLI_GOTYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_gotypes;

struct ms_gotypes_target {
	void *user;
	/* Copies up to LEN bytes at ADDRESS; returns how many leading bytes it got.  */
	int64_t (*read)(void *user, uint64_t address, void *buffer, uint64_t len);
	uint32_t pointer_size;
	bool big_endian;
	/* Where names may be counted from (symbol runtime.types; without symbols, the sections that it may begin); 0: none.  */
	uint64_t names[2];
};

/* NULL: memory is short.  */
struct ms_gotypes *ms_gotypes_new(const struct ms_gotypes_target *target);
void ms_gotypes_free(struct ms_gotypes *types);

/* The map type whose descriptor is at ADDRESS. MS_OK; MS_BAD_TYPE with a line in ERROR; MS_NO_MEMORY.  */
int64_t ms_gotypes_map(struct ms_gotypes *types, uint64_t address, uint64_t *type_out, struct ms_buf *error);
/* What names are counted from, once a map type is known; 0: not known.  */
uint64_t ms_gotypes_names(const struct ms_gotypes *types);

/* As the call-backs of struct ms_types.  */
int64_t ms_gotypes_type(struct ms_gotypes *types, uint64_t type, struct ms_type *out);
int64_t ms_gotypes_field(struct ms_gotypes *types, uint64_t type, uint32_t index, struct ms_field *out);
int64_t ms_gotypes_derive(struct ms_gotypes *types, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out);

#endif
