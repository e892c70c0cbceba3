/* A classic map's buckets as raw bytes, as fast as memory can be read; scan.h says to what end.

   First the arrays' own buckets are streamed. Their overflow pointers tell which spare buckets behind each array belong to
   which chain: these are streamed next, as far as one is in use. Overflow buckets that lie elsewhere wait in a queue, are put
   in order of address when it is full or nothing else is left, and are read in batches; each may bring one more. So every
   bucket is read once, neighbours together, and what is remembered has a bound whatever the map's size: links that wait, one
   place for each of the first 2^20 spares of an array, and marks on overflow buckets already met (marks.h), which also end
   every cycle.

   Evacuated old chains are scanned like others: what still hangs from them is memory that the map holds.  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "decode/classic.h"
#include "decode/classic_stream.h"
#include "decode/marks.h"
#include "mem/mem.h"

enum {
	BATCH_BYTES = 1 << 20,
	QUEUE = 1 << 18,       /* links that wait */
	SPARES_MOST = 1 << 20, /* of one array; those behind are read as buckets that lie elsewhere */
	REWALK_MOST = 1 << 16, /* buckets read again to tell a cycle from a shared bucket */
};

/* Where a bucket belongs. Depth 0 is an array's own bucket, or that of nobody. Bits: an array has less than 2^44 bytes, a bucket 8
   at least; CLASSIC_CHAIN_MOST.  */
struct place {
	uint64_t index : 41;
	uint64_t array : 1;
	uint64_t evacuated : 1;
	uint64_t depth : 21;
};

struct waiting {
	uint64_t address;
	struct place place;
};

/* An array's spare buckets.  */
struct spares {
	uint64_t address, count;
	struct place *owner; /* one each */
	uint64_t used,
		passed; /* behind the last one with an owner; behind the last one handed out, or found to be nobody's */
};

/* Buckets in memory of the scan: a chunk of the stream, or a batch of the queue.  */
struct block {
	enum { OWN, SPARE, ELSEWHERE } kind;
	uint32_t array;
	uint64_t count, at;	 /* AT: the first that was not handed out */
	uint64_t follow, handed; /* of those handed out, the first one whose overflow pointer was not looked at */
	const uint8_t *bytes, *unreadable; /* the latter: one a bucket */
	bool give_up;			   /* what is unreadable at its end is so to the array's end */
};

struct ms_scan {
	struct classic_map *map;
	struct classic_stream stream;
	uint64_t own[CLASSIC_ARRAYS]; /* own buckets streamed */
	struct spares spares[CLASSIC_ARRAYS];
	uint32_t streaming; /* the stream's array; CLASSIC_ARRAYS: none yet */

	struct waiting *queue, *sorting;
	uint64_t queued;      /* links that wait, before the current level was begun or within it */
	uint64_t taken, kept; /* of a level: links read, links that they brought, which replace them */
	uint64_t level;	      /* links of the level; 0: none begun */

	uint8_t *batch, *batch_unreadable;
	int32_t *status;
	struct ms_range *ranges;
	uint64_t batch_most; /* buckets */

	struct block block;
	struct ms_link *links; /* of the block */
	uint64_t link_capacity;
	struct ms_marks marks;
	uint64_t overflow_count, rewalk_left;
	uint64_t done; /* buckets, for progress */
};

static uint64_t array_address(const struct ms_scan *scan, uint32_t array)
{
	return array == CLASSIC_OLD ? scan->map->oldbuckets : scan->map->buckets;
}

static uint8_t array_B(const struct ms_scan *scan, uint32_t array)
{
	return array == CLASSIC_OLD ? scan->map->old_B : scan->map->B;
}

static uint64_t array_count(const struct ms_scan *scan, uint32_t array)
{
	return array_address(scan, array) ? (uint64_t)1 << array_B(scan, array) : 0;
}

/* ---- Where a pointer leads ---- */

/* The number of the spare bucket at ADDRESS, and its array's; false for what is none.  */
static bool spare_at(struct ms_scan *scan, uint64_t address, struct spares **spares_out, uint64_t *number_out)
{
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++) {
		struct spares *spares = &scan->spares[array];
		uint64_t offset = address - spares->address, size = scan->map->bucket.size;
		if (address < spares->address || offset / size >= spares->count || offset % size)
			continue;
		*spares_out = spares;
		*number_out = offset / size;
		return true;
	}
	return false;
}

/* A pointer to ADDRESS, which was met before: whether that was earlier in the same chain.  */
static enum ms_trouble_kind met_before(struct ms_scan *scan, struct place from, uint64_t address)
{
	const struct classic_map *map = scan->map;
	uint64_t at = array_address(scan, from.array) + from.index * map->bucket.size;
	uint8_t pointer[8];

	for (uint64_t depth = 0; depth < from.depth; depth++) {
		if (!scan->rewalk_left || ms_mem_read_cached(map->map.ctx, at + map->bucket.overflow, pointer,
							     map->map.ctx->memory.pointer_size) != MS_OK)
			return MS_SEEN;
		scan->rewalk_left--;
		at = ms_map_pointer(&map->map, pointer);
		if (at == address)
			return MS_CYCLE;
	}
	return MS_SHARED;
}

static enum ms_trouble_kind enqueue(struct ms_scan *scan, struct place from, uint64_t address)
{
	struct place place = from;

	switch (ms_marks_add(&scan->marks, address)) {
	case MS_VISIT_AGAIN:
		return met_before(scan, from, address);
	case MS_VISIT_NO_ROOM:
		return MS_NOT_FOLLOWED;
	case MS_VISIT_FIRST:
		break;
	}
	place.depth++;
	scan->queue[scan->level ? scan->kept++ : scan->queued++] = (struct waiting){ address, place };
	return MS_SOUND;
}

/* The bucket FROM has a pointer to ADDRESS, not 0.  */
static enum ms_trouble_kind follow_pointer(struct ms_scan *scan, struct place from, uint64_t address)
{
	enum ms_trouble_kind trouble = classic_bad_overflow(scan->map, address);
	struct spares *spares;
	uint64_t number;

	if (trouble)
		return trouble;
	if (from.depth == CLASSIC_CHAIN_MOST)
		return MS_TOO_LONG;
	if (++scan->overflow_count > classic_overflow_most(scan->map))
		return MS_TOO_MANY;
	if (!spare_at(scan, address, &spares, &number))
		return enqueue(scan, from, address);
	if (spares->owner[number].depth)
		return met_before(scan, from, address);
	if (number < spares->passed) /* nobody's until now */
		return enqueue(scan, from, address);
	spares->owner[number] = from;
	spares->owner[number].depth++;
	if (number >= spares->used)
		spares->used = number + 1;
	return MS_SOUND;
}

static struct place place_of(const struct ms_scan *scan, uint64_t at)
{
	const struct block *block = &scan->block;

	if (block->kind != OWN) {
		const struct ms_link *link = &scan->links[at];
		return (struct place){ link->index, link->array, link->evacuated, link->depth };
	}
	uint8_t first = block->bytes[at * scan->map->bucket.size + scan->map->bucket.tophash];
	return (struct place){ .index = scan->stream.first + at,
			       .array = block->array,
			       .evacuated = block->array == CLASSIC_OLD && classic_evacuated(first) };
}

static uint64_t address_of(const struct ms_scan *scan, uint64_t at)
{
	if (scan->block.kind != OWN)
		return scan->links[at].address;
	return scan->stream.address + (scan->stream.first + at) * scan->map->bucket.size;
}

/* Looks where the overflow pointers of the buckets handed out last lead, up to the next trouble; false without one.  */
static bool follow(struct ms_scan *scan, struct ms_trouble *out)
{
	struct block *block = &scan->block;
	uint64_t size = scan->map->bucket.size, pointer_size = scan->map->map.ctx->memory.pointer_size;
	const uint8_t *pointers = block->bytes + scan->map->bucket.overflow;

	while (block->follow < block->handed) {
		uint64_t at = block->follow++, raw = 0;
		memcpy(&raw, pointers + at * size, pointer_size);
		if (!raw)
			continue;
		struct place from = place_of(scan, at);
		uint64_t to = ms_map_pointer(&scan->map->map, pointers + at * size);
		enum ms_trouble_kind kind = follow_pointer(scan, from, to);
		if (!kind)
			continue;
		*out = (struct ms_trouble){ .kind = kind,
					    .array = from.array,
					    .depth = from.depth,
					    .index = from.index,
					    .from = address_of(scan, at),
					    .to = to };
		return true;
	}
	return false;
}

/* ---- Order by address ---- */

static int by_address(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Sorts the queue's first COUNT links: by digits, since comparing hundreds of thousands costs more than reading them.  */
static void sort(struct ms_scan *scan, uint64_t count)
{
	enum { FEW = 1024, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, ALIGNED_BITS = 2 };
	uint64_t least = UINT64_MAX, most = 0;

	if (count <= FEW) {
		qsort(scan->queue, count, sizeof *scan->queue, by_address);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t address = scan->queue[i].address;
		least = address < least ? address : least;
		most = address > most ? address : most;
	}
	for (uint32_t shift = ALIGNED_BITS; shift < 64 && (most - least) >> shift; shift += DIGIT_BITS) {
		uint32_t at[DIGITS + 1] = { 0 };
		struct waiting *from = scan->queue;
		for (uint64_t i = 0; i < count; i++)
			at[((from[i].address - least) >> shift) % DIGITS + 1]++;
		for (uint32_t digit = 0; digit < DIGITS; digit++)
			at[digit + 1] += at[digit];
		for (uint64_t i = 0; i < count; i++)
			scan->sorting[at[((from[i].address - least) >> shift) % DIGITS]++] = from[i];
		scan->queue = scan->sorting;
		scan->sorting = from;
	}
}

/* ---- Blocks ---- */

static bool reserve_links(struct ms_scan *scan, uint64_t count)
{
	if (count <= scan->link_capacity)
		return true;
	free(scan->links);
	scan->links = malloc(count * sizeof *scan->links);
	scan->link_capacity = scan->links ? count : 0;
	return scan->links;
}

static struct ms_link link_to(uint64_t address, struct place place)
{
	return (struct ms_link){ address, place.index, place.array, place.depth, place.evacuated };
}

/* The queue's next links, one batch of them.  */
static int32_t read_batch(struct ms_scan *scan)
{
	uint64_t size = scan->map->bucket.size, count;

	if (!scan->level) {
		sort(scan, scan->queued);
		scan->level = scan->queued;
		scan->taken = scan->kept = 0;
	}
	count = ms_min(scan->level - scan->taken, scan->batch_most);
	if (!reserve_links(scan, count))
		return MS_NO_MEMORY;
	for (uint64_t i = 0; i < count; i++) {
		const struct waiting *waiting = &scan->queue[scan->taken + i];
		scan->links[i] = link_to(waiting->address, waiting->place);
		scan->status[i] = MS_FAULT;
		scan->ranges[i] = (struct ms_range){ waiting->address, size, scan->batch + i * size, &scan->status[i] };
	}
	int32_t status = ms_mem_read_many(scan->map->map.ctx, scan->ranges, count);
	if (status < 0)
		return status;
	for (uint64_t i = 0; i < count; i++)
		scan->batch_unreadable[i] = scan->status[i] != MS_OK;
	scan->block = (struct block){
		.kind = ELSEWHERE, .count = count, .bytes = scan->batch, .unreadable = scan->batch_unreadable
	};
	scan->taken += count;
	return MS_OK;
}

/* The level's links are read and followed: those that they brought are the next one.  */
static void end_level(struct ms_scan *scan)
{
	if (!scan->level || scan->taken < scan->level)
		return;
	scan->queued = scan->kept;
	scan->level = 0;
}

static int32_t read_own(struct ms_scan *scan, uint32_t array)
{
	uint64_t count = array_count(scan, array);

	if (scan->streaming != array)
		classic_stream_begin(&scan->stream, scan->map->map.ctx, array_address(scan, array),
				     scan->map->bucket.size);
	scan->streaming = array;
	int32_t status = classic_stream_read(&scan->stream, scan->own[array], count);
	if (status < 0)
		return status;
	scan->block = (struct block){ .kind = OWN,
				      .array = array,
				      .count = scan->stream.count,
				      .bytes = scan->stream.bytes,
				      .unreadable = scan->stream.unreadable,
				      .give_up = classic_stream_gave_up(&scan->stream) };
	scan->own[array] = scan->block.give_up ? count : scan->own[array] + scan->stream.count;
	return MS_OK;
}

static int32_t read_spares(struct ms_scan *scan, uint32_t array)
{
	struct spares *spares = &scan->spares[array];
	uint64_t size = scan->map->bucket.size;

	/* A stream of their own: not the array's faults are counted.  */
	if (scan->streaming != CLASSIC_ARRAYS + array)
		classic_stream_begin(&scan->stream, scan->map->map.ctx, spares->address, size);
	scan->streaming = CLASSIC_ARRAYS + array;
	int32_t status = classic_stream_read(&scan->stream, spares->passed, spares->used);
	if (status == MS_OK && !reserve_links(scan, scan->stream.count))
		status = MS_NO_MEMORY;
	if (status < 0)
		return status;
	scan->block = (struct block){ .kind = SPARE,
				      .array = array,
				      .count = scan->stream.count,
				      .bytes = scan->stream.bytes,
				      .unreadable = scan->stream.unreadable };
	return MS_OK;
}

/* MS_NOT_FOUND: nothing is left. A block brings one link for each of its buckets at most, and the queue has room for them.  */
static int32_t next_block(struct ms_scan *scan)
{
	uint64_t chunk_most = BATCH_BYTES / scan->map->bucket.size + 1;

	end_level(scan);
	if (scan->level || scan->queued + chunk_most > QUEUE)
		return read_batch(scan);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (scan->own[array] < array_count(scan, array))
			return read_own(scan, array);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (scan->spares[array].passed < scan->spares[array].used)
			return read_spares(scan, array);
	return scan->queued ? read_batch(scan) : MS_NOT_FOUND;
}

/* ---- Pieces ---- */

static void trouble_at(const struct ms_scan *scan, uint64_t at, uint64_t run, struct ms_trouble *out)
{
	const struct block *block = &scan->block;
	bool to_the_end = block->give_up && at + run == block->count;

	*out = (struct ms_trouble){ .kind = to_the_end ? MS_GIVEN_UP : MS_UNREADABLE,
				    .count = run,
				    .from = address_of(scan, at) };
	if (block->kind == OWN) {
		out->array = block->array;
		out->index = scan->stream.first + at;
		if (to_the_end)
			out->count = array_count(scan, block->array) - out->index;
	} else {
		out->array = scan->links[at].array;
		out->index = scan->links[at].index;
		out->depth = scan->links[at].depth;
	}
}

/* Whether bucket AT of a block of spares is some chain's; if so, sets its link. A chain goes on to a spare behind its last one,
   so that what is nobody's when its turn comes stays so, in a map that is sound.  */
static bool has_owner(struct ms_scan *scan, uint64_t at)
{
	const struct spares *spares = &scan->spares[scan->block.array];
	uint64_t number = scan->stream.first + at;

	if (!spares->owner[number].depth)
		return false;
	scan->links[at] = link_to(spares->address + number * scan->map->bucket.size, spares->owner[number]);
	return true;
}

/* How many buckets from AT on go out together; 0: this one does not, being nobody's.  */
static uint64_t alike(struct ms_scan *scan, uint64_t at)
{
	const struct block *block = &scan->block;
	bool unreadable = block->unreadable[at], single = unreadable && block->kind != OWN;
	uint64_t run = 0;

	while (at + run < block->count && !block->unreadable[at + run] == !unreadable && !(single && run)) {
		if (block->kind == SPARE && !has_owner(scan, at + run))
			break;
		run++;
	}
	return run;
}

/* The block's next buckets that are alike; false at its end.  */
static bool next_run(struct ms_scan *scan, struct ms_piece *out)
{
	struct block *block = &scan->block;
	uint64_t size = scan->map->bucket.size, at = block->at, run = 0;

	while (at < block->count && !(run = alike(scan, at)))
		at++;
	block->at = at + run;
	if (block->kind == SPARE)
		scan->spares[block->array].passed = scan->stream.first + block->at;
	if (!run)
		return false;
	if (block->unreadable[at]) {
		trouble_at(scan, at, run, &out->trouble);
		return true;
	}
	*out = (struct ms_piece){ .count = run,
				  .stride = size,
				  .bytes = block->bytes + at * size,
				  .array = block->array,
				  .index = block->kind == OWN ? scan->stream.first + at : 0,
				  .address = address_of(scan, at),
				  .links = block->kind == OWN ? NULL : scan->links + at,
				  .spare = block->kind == SPARE };
	block->follow = at;
	block->handed = at + run;
	scan->done += run;
	return true;
}

int32_t classic_scan_next(struct ms_scan *scan, struct ms_piece *out)
{
	*out = (struct ms_piece){ 0 };
	while (!follow(scan, &out->trouble) && !next_run(scan, out)) {
		if (ms_slice_over(scan->map->map.ctx))
			return MS_AGAIN;
		int32_t status = next_block(scan);
		if (status < 0)
			return status;
	}
	return MS_OK;
}

/* ---- Life ---- */

static bool init_spares(struct ms_scan *scan, uint32_t array)
{
	struct spares *spares = &scan->spares[array];
	uint64_t size = scan->map->bucket.size, own = array_count(scan, array), bytes;

	if (!own)
		return true;
	bytes = classic_array_bytes(scan->map, array_B(scan, array));
	spares->count = ms_min(bytes / size - own, SPARES_MOST);
	if (!spares->count || !ms_element(array_address(scan, array), own, size, &spares->address)) {
		spares->count = 0;
		return true;
	}
	spares->owner = calloc(spares->count, sizeof *spares->owner);
	return spares->owner;
}

int32_t classic_scan_new(struct ms_map *map, struct ms_scan **out)
{
	struct ms_scan *scan = calloc(1, sizeof *scan);
	uint64_t size;

	if (!scan)
		return MS_NO_MEMORY;
	scan->map = (struct classic_map *)map;
	scan->streaming = 2 * CLASSIC_ARRAYS;
	scan->rewalk_left = REWALK_MOST;
	if (map->nil || !scan->map->buckets) {
		scan->own[CLASSIC_OLD] = scan->own[CLASSIC_NEW] = UINT64_MAX;
		*out = scan;
		return MS_OK;
	}
	size = scan->map->bucket.size;
	scan->batch_most = BATCH_BYTES / size ? BATCH_BYTES / size : 1;
	scan->queue = malloc(QUEUE * sizeof *scan->queue);
	scan->sorting = malloc(QUEUE * sizeof *scan->sorting);
	scan->batch = malloc(scan->batch_most * size);
	scan->batch_unreadable = malloc(scan->batch_most);
	scan->status = malloc(scan->batch_most * sizeof *scan->status);
	scan->ranges = malloc(scan->batch_most * sizeof *scan->ranges);
	if (!scan->queue || !scan->sorting || !scan->batch || !scan->batch_unreadable || !scan->status ||
	    !scan->ranges || !init_spares(scan, CLASSIC_OLD) || !init_spares(scan, CLASSIC_NEW)) {
		classic_scan_free(scan);
		return MS_NO_MEMORY;
	}
	*out = scan;
	return MS_OK;
}

void classic_scan_progress(const struct ms_scan *scan, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		*total += array_count(scan, array) + scan->spares[array].used;
	*done = ms_min(scan->done, *total);
}

void classic_scan_free(struct ms_scan *scan)
{
	if (!scan)
		return;
	classic_stream_fini(&scan->stream);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		free(scan->spares[array].owner);
	free(scan->queue);
	free(scan->sorting);
	free(scan->batch);
	free(scan->batch_unreadable);
	free(scan->status);
	free(scan->ranges);
	free(scan->links);
	ms_marks_fini(&scan->marks);
	free(scan);
}
