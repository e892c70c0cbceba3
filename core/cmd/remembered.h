/* The entries of a map as map-diff remembers them: what their keys and elems look like, by hash, and where they stand. In walk
   order; found by key, and by bucket.  */
#ifndef MS_REMEMBERED_H
#define MS_REMEMBERED_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/format.h"

enum { MS_REMEMBERED_MOST = 4 << 20 }; /* entries; each takes some 110 bytes */

/* A slot of a bucket, and where that stands.  */
struct ms_spot {
	uint64_t bucket; /* its address */
	uint64_t index;	 /* of its chain, in its array */
	uint32_t depth;
	uint8_t array, slot;
	uint8_t mark;
};

struct ms_remembered_entry {
	uint64_t key[2]; /* two hashes of its text; 128 bits are no other key's */
	uint64_t elem;	 /* one of it, held against that of the same key only */
	uint64_t key_address, elem_address;
	struct ms_spot spot;
	uint32_t next;	   /* of the same key, counted from 1; 0: none */
	bool seen;	   /* the key is there still */
	uint8_t now;	   /* what the mark of the spot has become, if */
	const char *state; /* that says; NULL: the bucket is not the map's any more */
};

struct ms_remembered {
	struct ms_remembered_entry *all;
	uint64_t count, capacity;
	uint32_t *by_key, *by_bucket; /* open addressing; places in ALL, counted from 1 */
	uint64_t slots;		      /* of each of both, a power of two */
};

void ms_remembered_fini(struct ms_remembered *r);
/* Hashes TEXT.  */
void ms_remembered_hash(const void *text, uint64_t size, uint64_t out[2]);
/* A new entry, the last one. NULL: memory is short, or there are MS_REMEMBERED_MOST.  */
struct ms_remembered_entry *ms_remembered_add(struct ms_remembered *r);
/* After the last one, before the first is looked for. False: memory is short.  */
bool ms_remembered_index(struct ms_remembered *r);

/* An entry of that KEY that was not given before: of several (NaN) the one whose key stands at ADDRESS, or else the first whose
   elem is ELEM, or else the first. NULL: there is none. It counts as seen from now on.  */
struct ms_remembered_entry *ms_remembered_find(struct ms_remembered *r, const uint64_t key[2], uint64_t elem,
					       uint64_t address);
/* The marks of ROW are what those of its bucket have become.  */
void ms_remembered_mark(struct ms_remembered *r, const struct ms_row *row);

#endif
