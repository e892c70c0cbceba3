/* The own buckets of a large array counted by two threads, for map-stats. What their overflow pointers lead to is the scan's.  */
#ifndef MS_CLASSIC_COUNT_H
#define MS_CLASSIC_COUNT_H

#include "decode/classic_pair.h"
#include "decode/stats.h"

/* An overflow pointer, and the bucket that holds it.  */
struct classic_found {
	uint64_t index, to;
	bool evacuated; /* the bucket's chain is */
};

struct classic_count {
	struct classic_pair pair;
	struct classic_found *found; /* by the last call, in order */
	uint64_t found_count;
	struct classic_counter *counters;
};

/* NULL: not worth it, or not possible: classic_pair_init.  */
struct classic_count *classic_count_new(const struct classic_map *map);
void classic_count_free(struct classic_count *count);
/* Counts into STATS the N own buckets of ARRAY from INDEX on, count->pair.most at most. False: not all of them can be read, and none
   is counted.  */
bool classic_count_own(struct classic_count *count, uint32_t array, uint64_t index, uint64_t n, struct ms_stats *stats);

#endif
