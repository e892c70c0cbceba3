/* Overflow buckets that wait to be read. They are put in order of address and read in batches, neighbours together, so that each
   page is visited once; what those of a level lead to is added meanwhile, and makes the next level. Shared by the files
   classic*.c only; whose buckets they are is theirs to know.  */
#ifndef MS_CLASSIC_QUEUE_H
#define MS_CLASSIC_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

struct ms_range;

struct classic_waiting {
	uint64_t address, place; /* PLACE: whatever the owner wants to know of it */
};

struct classic_queue {
	struct ms_context *ctx;
	uint64_t bucket_size, room;
	struct classic_waiting *waiting, *sorting;
	uint64_t queued;      /* those that wait, as long as no level is under way */
	uint64_t behind;      /* and those that wait at the room's end */
	uint64_t level;	      /* so many are read in order; 0: no level is under way */
	uint64_t taken, kept; /* of a level: read; added meanwhile, in the place of those read */

	/* The batch at hand.  */
	uint64_t count;
	const struct classic_waiting *batch; /* what was added takes their places, one after the other */
	uint8_t *bytes;
	uint32_t *offset; /* in BYTES, of each */
	int32_t *status;  /* of each: MS_OK, MS_FAULT */

	uint64_t batch_size, batch_most; /* bytes, buckets */
	struct ms_range *ranges, *lost;
	int32_t *range_status;
};

/* For ROOM buckets that wait at once. False: out of memory.  */
bool classic_queue_init(struct classic_queue *queue, struct ms_context *ctx, uint64_t bucket_size, uint64_t room);
void classic_queue_fini(struct classic_queue *queue);
/* There is room: for each bucket of the batch one may be added, and otherwise up to ROOM in all.  */
static inline void classic_queue_add(struct classic_queue *queue, uint64_t address, uint64_t place)
{
	queue->waiting[queue->level ? queue->kept++ : queue->queued++] = (struct classic_waiting){ address, place };
}
/* Where the next one goes if N wait there already: for two threads that add while no level is under way, each at an end of its own, and
   set queue->queued or queue->behind afterwards.  */
static inline struct classic_waiting *classic_queue_place(struct classic_queue *queue, bool behind, uint64_t n)
{
	return &queue->waiting[behind ? queue->room - 1 - n : n];
}
static inline bool classic_queue_some_wait(const struct classic_queue *queue)
{
	return queue->level ? queue->taken < queue->level || queue->kept : queue->queued || queue->behind;
}
/* Whether a level is under way: then it comes first.  */
bool classic_queue_begun(struct classic_queue *queue);
/* Reads the next batch; some wait. MS_OK, also where some could not be read: their status says so; MS_INTERRUPTED, MS_NO_MEMORY.  */
int32_t classic_queue_read(struct classic_queue *queue);
/* The same from the live process itself, and nothing else is asked or changed, as a second thread must. False: not all of the batch could
   be read.  */
bool classic_queue_read_live(struct classic_queue *queue);

#endif
