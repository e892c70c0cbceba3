/* One key of a map, found as its program finds it: hashed, and walked straight to; or, where its hash cannot be computed, by
   looking at every entry.  */
#ifndef MS_FIND_H
#define MS_FIND_H

#include "decode/map.h"
#include "decode/own.h"
#include "decode/visited.h"

struct ms_equal;

/* Where a format looks for a key, a bucket a step. It reads what stands above, and keeps its place in OWN.  */
struct ms_search {
	struct ms_map *map;
	struct ms_notes *notes;
	uint64_t hash;
	struct ms_equal *equal;
	/* Set from the beginning: */
	bool placed; /* there are buckets, and the key has one */
	uint8_t mark;
	/* Set as far as the search came: */
	uint32_t array; /* the chain that was searched last */
	uint64_t index, depth;
	bool moved_on; /* while growing: that chain of the old array is evacuated, and so the new array's is searched */
	uint32_t old_array;
	uint64_t old_index;
	struct ms_slot slot; /* when found; its key and elem as ms_row's */
	uint32_t slot_number;
	uint64_t reads; /* requests to the target */
	struct ms_visited visited;
	void *own; /* malloc'd */
};

struct ms_find {
	struct ms_map *map;
	const struct ms_key *key;
	bool by_hash;
	struct ms_buf reason; /* why not by its hash */
	struct ms_notes notes;
	struct ms_search search; /* also what a scan found */
	struct ms_fetch fetch;	 /* the entry that was found is its first one */
	uint64_t scanned;	 /* live entries looked at */
	bool found;

	struct ms_equal *equal;
	struct ms_walk *walk; /* of a scan */
};

/* MAP is open and not broken, KEY one of its; both outlive the search. MS_OK, MS_FAULT (what KEY points to cannot be read),
   MS_INTERRUPTED, MS_NO_MEMORY, with the reason in ms_error. ms_find_fini in every case.  */
int32_t ms_find_init(struct ms_find *find, struct ms_map *map, const struct ms_key *key);
void ms_find_fini(struct ms_find *find);
/* MS_AGAIN: there is more to do. MS_OK: found, key and elem in find->fetch. MS_NOT_FOUND: there is no such key. MS_INTERRUPTED,
   MS_NO_MEMORY. What could not be read is in find->notes.  */
int32_t ms_find_step(struct ms_find *find);
/* Requests to the target after the map's address was known, as if there were no cache.  */
uint64_t ms_find_reads(const struct ms_find *find);

#endif
