/* Work on the arrays of a large live map that two threads share, each of which reads one half and works on it at once, so that what
   it reads stays in its processor's cache. The other thread lives for one call only and gets no signal; neither may write what
   the other one looks at. Shared by the files classic*.c only.  */
#ifndef MS_CLASSIC_PAIR_H
#define MS_CLASSIC_PAIR_H

#include "decode/classic.h"

enum { CLASSIC_PAIR = 2, CLASSIC_PAIR_MOST = 1 << 17 }; /* threads; buckets of one call, or fewer */

struct classic_pair {
	const struct classic_map *map;
	uint64_t most; /* buckets of one call, which is over in some milliseconds */
	uint8_t *bytes[CLASSIC_PAIR];
};

/* What is done with own buckets that were read; OF_THREAD is all that it writes to.  */
typedef void classic_pair_work(void *of_thread, const struct ms_piece *piece);

/* False: it is not worth it, or not possible: a small map, a process that is not read directly, no memory.  */
bool classic_pair_init(struct classic_pair *pair, const struct classic_map *map);
void classic_pair_fini(struct classic_pair *pair);
/* WORK on the COUNT own buckets of ARRAY from INDEX on, pair->most at most: on the first half with OF_THREAD[0], on the other with
   OF_THREAD[1]. False: not all of them can be read, and some were not worked on.  */
bool classic_pair_own(const struct classic_pair *pair, uint32_t array, uint64_t index, uint64_t count,
		      classic_pair_work *work, void *const of_thread[CLASSIC_PAIR]);
/* Which of the two is to deal with what lies at ADDRESS and is no array's: every other MiB.  */
static inline uint32_t classic_half(uint64_t address)
{
	return address >> 20 & 1;
}
/* RUN with either at once.  */
void classic_pair_run(void *(*run)(void *of_thread), void *const of_thread[CLASSIC_PAIR]);

#endif
