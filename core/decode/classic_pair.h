/* The own buckets of a large array, counted by two threads, each of which reads and counts one half: so what one reads stays in its
   processor's cache. The other thread lives for one call only and gets no signal. What overflow pointers lead to is the scan's.  */
#ifndef MS_CLASSIC_PAIR_H
#define MS_CLASSIC_PAIR_H

#include "decode/classic.h"

enum { CLASSIC_PAIR_MOST = 1 << 17 }; /* buckets of one call, or fewer */

/* An overflow pointer, and the bucket that holds it.  */
struct classic_found {
	uint64_t index, to;
	bool evacuated; /* the bucket's chain is */
};

struct classic_pair {
	uint64_t most;		     /* buckets of one call, which is over in some milliseconds */
	struct classic_found *found; /* by the last call, in order */
	uint64_t found_count;
	struct classic_share *shares;
};

/* NULL: it is not worth it, or not possible: a small map, one processor, a process that is not read directly, no memory.  */
struct classic_pair *classic_pair_new(const struct classic_map *map);
void classic_pair_free(struct classic_pair *pair);
/* Counts into STATS the COUNT own buckets of ARRAY from INDEX on, pair->most at most. False: not all of them can be read,
   and none is counted.  */
bool classic_pair_count(struct classic_pair *pair, uint32_t array, uint64_t index, uint64_t count,
			struct ms_stats *stats);

#endif
