/* What can be wrong with a map: a code for each invariant, and findings. Which invariants a format has, and whether they hold,
   is the format's (format.h, check_...).  */
#ifndef MS_CHECK_H
#define MS_CHECK_H

#include "decode/map.h"

/* In the order of the table in check.c, which says what each one means.  */
enum ms_check_code {
	MS_BAD_HEADER,
	MS_BAD_FLAGS,
	MS_BAD_COUNT,
	MS_BAD_LOAD,
	MS_BAD_GROWTH,
	MS_BAD_NEVACUATE,
	MS_NOT_EVACUATED,
	MS_HALF_EVACUATED,
	MS_BAD_STATE,
	MS_AFTER_EMPTY_REST,
	MS_USED_TOO_EARLY,
	MS_BAD_TOPHASH,
	MS_WRONG_BUCKET,
	MS_DUPLICATE_KEY,
	MS_UNREADABLE_KEY,
	MS_UNREADABLE_ELEM,
	MS_UNREADABLE_BUCKET,
	MS_OVERFLOW_UNREADABLE,
	MS_OVERFLOW_MISALIGNED,
	MS_OVERFLOW_CYCLE,
	MS_OVERFLOW_SHARED,
	MS_OVERFLOW_FOREIGN,
	MS_OVERFLOW_UNLISTED,
	MS_OVERFLOW_UNUSED,
	MS_BAD_SPARE,
	MS_BAD_EXTRA,
	MS_BAD_NOVERFLOW,
	MS_CHECK_CODES,
};

struct ms_check_entry {
	const char *name;      /* "bad-tophash" */
	const char *invariant; /* what holds in a sound map */
	const char *cause;     /* what most likely broke it */
};

extern const struct ms_check_entry ms_check_table[MS_CHECK_CODES];

/* Where in the map: as far as a finding has a place.  */
struct ms_check_place {
	bool in_array, in_bucket, in_slot;
	uint32_t array; /* as in ms_position */
	uint64_t bucket, depth;
	uint64_t address; /* of the bucket that is DEPTH in the chain */
	uint32_t slot;
};

struct ms_finding {
	enum ms_check_code code;
	struct ms_check_place place;
	char *message; /* expected, found, likely cause; one line */
};

/* Findings that are kept, in the order in which they were made; the rest is counted.  */
enum { MS_FINDINGS_MOST = 10000 };

struct ms_findings {
	uint64_t total, kept;
	struct ms_finding *list;
	uint64_t capacity;
	bool failed; /* memory was short */
};

void ms_findings_fini(struct ms_findings *findings);
/* WHAT: "expected ..., found ...".  */
void ms_find(struct ms_findings *findings, enum ms_check_code code, const struct ms_check_place *place,
	     const char *what, ...) __attribute__((format(printf, 4, 5)));
/* Moves a finding to another list; what stays behind is still to be freed.  */
void ms_find_again(struct ms_findings *findings, struct ms_finding *finding);

/* decode/writers.c: which threads of the target stand in code that changes maps.  */
struct ms_writers {
	bool known;	  /* the caller tells of threads */
	uint32_t threads; /* so many do */
	bool innermost;	  /* of one of them only the innermost function is known */
	bool replacing; /* one of them is where a map's arrays are replaced: in the start of a growth, or in a clear */
	struct ms_buf text; /* "thread 1 is in hmap_assign, called by counts_set"; "" for none */
};

/* MS_OK, MS_INTERRUPTED.  */
int32_t ms_writers_find(struct ms_context *ctx, struct ms_writers *out);
void ms_writers_fini(struct ms_writers *writers);

#endif
