/* The buckets of a large live map counted by two threads, for map-stats: the arrays' own, and overflow buckets that lie elsewhere, which
   wait in two queues. What is out of the ordinary is handed to the scan, to be looked at closely.  */
#ifndef MS_CLASSIC_COUNT_H
#define MS_CLASSIC_COUNT_H

#include "decode/classic_pair.h"
#include "decode/classic_place.h"
#include "decode/classic_queue.h"
#include "decode/marks.h"
#include "decode/stats.h"

/* An array's spare buckets.  */
struct classic_owners {
	uint64_t address, count;
	uint64_t *owner; /* the place of each; 0: nobody's */
	uint64_t used,
		passed; /* behind the last one with an owner; behind the last one handed out, or found to be nobody's */
};

/* An overflow pointer, and the place of the own bucket that holds it.  */
struct classic_found {
	uint64_t place, to;
};

struct classic_count {
	struct classic_pair pair;
	struct classic_found *found; /* by the last call, in order */
	uint64_t found_count, found_most, followed;
	struct classic_counter *counters;
	struct classic_owners *spares; /* the scan's */
	bool gave_up;		       /* on own buckets: some cannot be read */
};

/* NULL: not worth it, or not possible: classic_pair_init. SPARES, one an array, get their owners.  */
struct classic_count *classic_count_new(const struct classic_map *map, struct classic_owners *spares);
void classic_count_free(struct classic_count *count);
/* Counts into STATS the N own buckets of ARRAY from INDEX on, count->pair.most at most. What their overflow pointers lead to waits, or has
   got an owner; count->followed of them. Finds the others. False: not all buckets can be read, and none is counted.  */
bool classic_count_own(struct classic_count *count, uint32_t array, uint64_t index, uint64_t n, struct ms_stats *stats);

/* Another call on own buckets may bring more than there is room for.  */
bool classic_count_is_full(struct classic_count *count);
bool classic_count_some_wait(const struct classic_count *count);
/* Counts some of those that wait, and marks them, a call of milliseconds. Finds the pointers to those that it does not count, since they
   cannot be read, bear a mark already, or lead on: how many.  */
uint64_t classic_count_overflow(struct classic_count *count, struct ms_marks marks[CLASSIC_PAIR],
				struct ms_stats *stats);

/* Of the bucket that holds the pointer.  */
static inline uint64_t classic_count_address(const struct classic_map *map, const struct classic_found *found)
{
	return classic_array_address(map, place_array(found->place)) + place_index(found->place) * map->bucket.size;
}

#endif
