/* Links in order of address.  */
#include "decode/classic_queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arith.h"
#include "mem/mem.h"

enum {
	BATCH_BYTES = 1 << 20,
	GAP = 512, /* bytes between two buckets that are read along with them */
};

/* ---- Life ---- */

/* In huge pages where there are any: page by page, the kernel would take longer to give it than its owner to fill it.  */
static struct classic_waiting *new_links(uint64_t count)
{
	size_t size = count * sizeof(struct classic_waiting);
	uint8_t *links = malloc(size);

	if (links && size > 2 * MS_PAGE) {
		size_t before = -(uintptr_t)links % MS_PAGE;
		madvise(links + before, (size - before) / MS_PAGE * MS_PAGE, MADV_HUGEPAGE);
	}
	return (struct classic_waiting *)links;
}

bool classic_queue_init(struct classic_queue *queue, struct ms_context *ctx, uint64_t bucket_size, uint64_t room)
{
	uint64_t size = bucket_size > BATCH_BYTES ? bucket_size : BATCH_BYTES, most = size / bucket_size;

	*queue = (struct classic_queue){
		.ctx = ctx, .bucket_size = bucket_size, .room = room, .batch_size = size, .batch_most = most
	};
	queue->waiting = new_links(room);
	queue->sorting = new_links(room);
	queue->bytes = malloc(size);
	queue->offset = malloc(most * sizeof *queue->offset);
	queue->status = malloc(most * sizeof *queue->status);
	queue->ranges = malloc(most * sizeof *queue->ranges);
	queue->lost = malloc(most * sizeof *queue->lost);
	queue->range_status = malloc(most * sizeof *queue->range_status);
	return queue->waiting && queue->sorting && queue->bytes && queue->offset && queue->status && queue->ranges &&
	       queue->lost && queue->range_status;
}

void classic_queue_fini(struct classic_queue *queue)
{
	free(queue->waiting);
	free(queue->sorting);
	free(queue->bytes);
	free(queue->offset);
	free(queue->status);
	free(queue->ranges);
	free(queue->lost);
	free(queue->range_status);
	*queue = (struct classic_queue){ 0 };
}

/* ---- Order ---- */

static int by_address(const void *a, const void *b)
{
	const struct classic_waiting *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Sorts those that wait: by digits, since comparing hundreds of thousands costs more than reading them.  */
static void sort(struct classic_queue *queue)
{
	enum { FEW = 1024, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, ALIGNED_BITS = 2 };
	uint64_t least = UINT64_MAX, most = 0, count = queue->queued;

	if (count <= FEW) {
		qsort(queue->waiting, count, sizeof *queue->waiting, by_address);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t address = queue->waiting[i].address;
		least = address < least ? address : least;
		most = address > most ? address : most;
	}
	for (uint32_t shift = ALIGNED_BITS; shift < 64 && (most - least) >> shift; shift += DIGIT_BITS) {
		uint32_t at[DIGITS + 1] = { 0 };
		struct classic_waiting *from = queue->waiting;
		for (uint64_t i = 0; i < count; i++)
			at[((from[i].address - least) >> shift) % DIGITS + 1]++;
		for (uint32_t digit = 0; digit < DIGITS; digit++)
			at[digit + 1] += at[digit];
		for (uint64_t i = 0; i < count; i++)
			queue->sorting[at[((from[i].address - least) >> shift) % DIGITS]++] = from[i];
		queue->waiting = queue->sorting;
		queue->sorting = from;
	}
}

/* ---- Batches ---- */

/* Lays the next links out in the batch: those that lie close together as one range with what is between them, which is less work
   than a range for each. The number of ranges.  */
static uint64_t lay_out(struct classic_queue *queue)
{
	uint64_t size = queue->bucket_size, most = ms_min(queue->level - queue->taken, queue->batch_most), used = 0;
	uint64_t count = 0, ranges = 0;
	struct ms_range *range = NULL;

	for (; count < most; count++) {
		uint64_t address = queue->batch[count].address;
		bool near = range && address - range->address <= range->size + GAP;
		uint64_t more = near ? address + size - range->address - range->size : size;
		if (used + more > queue->batch_size)
			break;
		if (near) {
			range->size += more;
		} else {
			range = &queue->ranges[ranges];
			*range = (struct ms_range){ address, size, queue->bytes + used, &queue->range_status[ranges] };
			queue->range_status[ranges++] = MS_FAULT;
		}
		used += more;
		queue->offset[count] = (uint32_t)(used - size);
	}
	queue->count = count;
	return ranges;
}

/* Reads again, each for itself, the buckets of ranges that could not be read as a whole.  */
static int32_t read_one_by_one(struct classic_queue *queue, uint64_t ranges)
{
	uint64_t lost = 0;

	for (uint64_t at = 0, range = 0; at < queue->count; at++) {
		uint64_t address = queue->batch[at].address;
		while (range + 1 < ranges && address >= queue->ranges[range + 1].address)
			range++;
		queue->status[at] = queue->range_status[range];
		if (queue->status[at] != MS_OK)
			queue->lost[lost++] = (struct ms_range){ address, queue->bucket_size,
								 queue->bytes + queue->offset[at], &queue->status[at] };
	}
	return lost ? ms_mem_read_many(queue->ctx, queue->lost, lost) : MS_OK;
}

bool classic_queue_begun(struct classic_queue *queue)
{
	if (queue->level && queue->taken == queue->level) {
		queue->queued = queue->kept;
		queue->level = 0;
	}
	return queue->level;
}

/* The number of ranges of the next batch.  */
static uint64_t begin_batch(struct classic_queue *queue)
{
	if (!classic_queue_begun(queue)) {
		memmove(queue->waiting + queue->queued, queue->waiting + queue->room - queue->behind,
			queue->behind * sizeof *queue->waiting);
		queue->queued += queue->behind;
		queue->behind = 0;
		sort(queue);
		queue->level = queue->queued;
		queue->taken = queue->kept = 0;
	}
	queue->batch = queue->waiting + queue->taken;
	return lay_out(queue);
}

int32_t classic_queue_read(struct classic_queue *queue)
{
	uint64_t ranges = begin_batch(queue);
	int32_t status = ms_mem_read_many(queue->ctx, queue->ranges, ranges);

	if (status == MS_OK)
		status = read_one_by_one(queue, ranges);
	if (status == MS_OK)
		queue->taken += queue->count;
	return status;
}

bool classic_queue_read_live(struct classic_queue *queue)
{
	uint64_t ranges = begin_batch(queue), done = 0, whole = 1;

	for (; done < ranges && whole; done += whole)
		whole = ms_live_read_many(queue->ctx->memory.pid, queue->ranges + done, ranges - done);
	queue->taken += queue->count;
	return done == ranges;
}
