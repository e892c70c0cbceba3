/* A classic map's buckets as raw bytes, as fast as memory can be read; scan.h says to what end.

   First the arrays' own buckets are streamed. Their overflow pointers tell which spare buckets behind each array belong to
   which chain: these are streamed next, as far as one is in use. Overflow buckets that lie elsewhere wait in a queue, are put
   in order of address when it is full or nothing else is left, and are read in batches; each may bring one more. So every
   bucket is read once, neighbours together, and what is remembered has a bound whatever the map's size: links that wait, one
   place for each of the first 2^20 spares of an array, and marks on overflow buckets already met (marks.h), which also end
   every cycle.

   Where map-stats asks, a large live map is counted by two threads first (classic_count.h), own buckets and what they lead to elsewhere;
   the scan is left with spare buckets and with what is out of the ordinary.

   Evacuated old chains are scanned like others: what still hangs from them is memory that the map holds.  */
#include <stdlib.h>

#include "base/arith.h"
#include "decode/classic.h"
#include "decode/classic_count.h"
#include "decode/classic_place.h"
#include "decode/classic_queue.h"
#include "decode/classic_stream.h"
#include "decode/marks.h"
#include "mem/mem.h"

enum {
	QUEUE = 1 << 19,       /* links that wait */
	SPARES_MOST = 1 << 20, /* of one array; those behind are read as buckets that lie elsewhere */
	REWALK_MOST = 1 << 16, /* buckets read again to tell a cycle from a shared bucket */
};

/* What has become of a block's bucket. MET: another link has led to it before.  */
enum { READ, UNREADABLE, MET };

/* An overflow pointer of the block that is to be followed: to the spare bucket NUMBER, or elsewhere.  */
struct pointer {
	uint64_t at; /* the bucket that holds it; block->handed: there is no other */
	uint64_t to;
	struct classic_owners *spares; /* NULL: elsewhere */
	uint64_t number;
};

/* Buckets in memory of the scan: a chunk of the stream, or a batch of the queue.  */
struct block {
	enum { OWN, COUNTED, SPARE, ELSEWHERE } kind; /* COUNTED: counted already; only their pointers are left */
	uint32_t array;
	uint64_t count, at;  /* AT: the first that was not handed out */
	uint64_t handed;     /* behind the last one handed out, of which all before NEXT were followed */
	struct pointer next; /* found ahead, so that its spare's owner is on its way from memory when its turn comes */
	const uint8_t *bytes, *worth; /* the latter: one a bucket, READ and so on */
	bool give_up;		      /* what is unreadable at its end is so to the array's end */
};

struct ms_scan {
	struct classic_map *map;
	struct classic_stream stream;
	uint64_t own[CLASSIC_ARRAYS]; /* own buckets streamed */
	struct classic_owners spares[CLASSIC_ARRAYS];
	uint32_t streaming; /* the stream's array; CLASSIC_ARRAYS: none yet */

	struct classic_queue queue; /* of links; each one's place is where its bucket belongs */
	uint8_t *worth;		    /* of the queue's batch */

	struct block block;
	struct classic_count *count; /* NULL: own buckets are handed out, not counted into STATS */
	struct ms_stats *stats;
	struct ms_link *links; /* of the block */
	uint64_t link_capacity;
	struct ms_marks marks[CLASSIC_PAIR]; /* on overflow buckets elsewhere, by classic_half */
	uint64_t overflow_count, rewalk_left;
	uint64_t done; /* buckets, for progress */
	bool paused;   /* the last step only said that its slice was over: the next one reads, however short it is */
};

/* ---- Where a pointer leads ---- */

/* Sets the spare bucket that the pointer leads to, if it does.  */
static void find_spare(struct ms_scan *scan, struct pointer *pointer)
{
	uint64_t size = scan->map->bucket.size;

	pointer->spares = NULL;
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++) {
		struct classic_owners *spares = &scan->spares[array];
		if (!spares->count || pointer->to < spares->address)
			continue;
		uint64_t offset = pointer->to - spares->address, number = offset / size;
		if (number >= spares->count || number * size != offset)
			continue;
		pointer->spares = spares;
		pointer->number = number;
		__builtin_prefetch(&spares->owner[pointer->number], 1);
	}
}

/* The bucket FROM points to ADDRESS, which was met before: whether that was earlier in the same chain. With *HOLDER_OUT, the
   address of FROM itself.  */
static enum ms_trouble_kind met_before(struct ms_scan *scan, uint64_t from, uint64_t address, uint64_t *holder_out)
{
	const struct classic_map *map = scan->map;
	uint64_t at = classic_array_address(scan->map, place_array(from)) + place_index(from) * map->bucket.size;
	enum ms_trouble_kind kind = MS_SHARED;
	uint8_t pointer[8];

	for (uint64_t depth = 0; depth < place_depth(from); depth++) {
		if (!scan->rewalk_left || ms_mem_read_cached(map->map.ctx, at + map->bucket.overflow, pointer,
							     map->map.ctx->memory.pointer_size) != MS_OK)
			return MS_SEEN;
		scan->rewalk_left--;
		at = ms_map_pointer(&map->map, pointer);
		if (at == address)
			kind = MS_CYCLE;
	}
	*holder_out = at;
	return kind;
}

static enum ms_trouble_kind enqueue(struct ms_scan *scan, uint64_t from, uint64_t address)
{
	classic_queue_add(&scan->queue, address, place_behind(from));
	return MS_SOUND;
}

static enum ms_trouble_kind follow_pointer(struct ms_scan *scan, uint64_t from, const struct pointer *pointer)
{
	enum ms_trouble_kind trouble = classic_bad_overflow(scan->map, pointer->to);
	struct classic_owners *spares = pointer->spares;
	uint64_t number = pointer->number, holder;

	if (trouble)
		return trouble;
	if (place_depth(from) == CLASSIC_CHAIN_MOST)
		return MS_TOO_LONG;
	if (++scan->overflow_count > classic_overflow_most(scan->map))
		return MS_TOO_MANY;
	if (!spares)
		return enqueue(scan, from, pointer->to);
	if (spares->owner[number])
		return met_before(scan, from, pointer->to, &holder);
	if (number < spares->passed) /* nobody's until now */
		return enqueue(scan, from, pointer->to);
	spares->owner[number] = place_behind(from);
	if (number >= spares->used)
		spares->used = number + 1;
	return MS_SOUND;
}

/* Bucket AT of the block.  */
static const uint8_t *bucket_at(const struct ms_scan *scan, uint64_t at)
{
	const struct block *block = &scan->block;

	return block->bytes + (block->kind == OWN ? at * scan->map->bucket.size : scan->links[at].offset);
}

static uint64_t place_of(const struct ms_scan *scan, uint64_t at)
{
	const struct block *block = &scan->block;

	if (block->kind == COUNTED)
		return scan->count->found[at].place;
	if (block->kind != OWN) {
		const struct ms_link *link = &scan->links[at];
		return place_make(link->index, link->array, link->evacuated, link->depth);
	}
	bool evacuated =
		block->array == CLASSIC_OLD && classic_evacuated(bucket_at(scan, at)[scan->map->bucket.tophash]);
	return place_make(scan->stream.first + at, block->array, evacuated, 0);
}

static uint64_t address_of(const struct ms_scan *scan, uint64_t at)
{
	if (scan->block.kind == COUNTED)
		return classic_count_address(scan->map, &scan->count->found[at]);
	if (scan->block.kind != OWN)
		return scan->links[at].address;
	return scan->stream.address + (scan->stream.first + at) * scan->map->bucket.size;
}

/* Finds the next overflow pointer from bucket AT of the block on, among those handed out.  */
static void find_pointer(struct ms_scan *scan, uint64_t at)
{
	struct block *block = &scan->block;
	uint64_t size = scan->map->bucket.size, overflow = scan->map->bucket.overflow;
	uint32_t pointer_size = scan->map->map.ctx->memory.pointer_size;

	if (block->kind == OWN)
		at += classic_zeros(block->bytes + at * size + overflow, size, block->handed - at, pointer_size);
	else if (block->kind != COUNTED)
		while (at < block->handed && !classic_overflow(scan->map, bucket_at(scan, at)))
			at++;
	block->next.at = at;
	if (at == block->handed)
		return;
	block->next.to =
		block->kind == COUNTED ? scan->count->found[at].to : classic_overflow(scan->map, bucket_at(scan, at));
	find_spare(scan, &block->next);
}

/* Looks where the overflow pointers of the buckets handed out last lead, up to the next trouble; false without one.  */
static bool follow(struct ms_scan *scan, struct ms_trouble *out)
{
	struct block *block = &scan->block;

	while (block->next.at < block->handed) {
		struct pointer pointer = block->next;
		uint64_t from = place_of(scan, pointer.at);
		find_pointer(scan, pointer.at + 1);
		enum ms_trouble_kind kind = follow_pointer(scan, from, &pointer);
		if (!kind)
			continue;
		*out = (struct ms_trouble){ .kind = kind,
					    .array = place_array(from),
					    .depth = (uint32_t)place_depth(from),
					    .index = place_index(from),
					    .from = address_of(scan, pointer.at),
					    .to = pointer.to };
		return true;
	}
	return false;
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

/* The queue's next links, one batch of them.  */
static int32_t read_batch(struct ms_scan *scan)
{
	struct classic_queue *queue = &scan->queue;

	if (!reserve_links(scan, queue->batch_most))
		return MS_NO_MEMORY;
	int32_t status = classic_queue_read(queue);
	if (status < 0)
		return status;
	for (uint64_t i = 0; i < queue->count; i++) {
		const struct classic_waiting *waiting = &queue->batch[i];
		enum ms_visit visit = ms_marks_add(&scan->marks[classic_half(waiting->address)], waiting->address);
		if (visit == MS_VISIT_NO_ROOM)
			return MS_NO_MEMORY;
		scan->links[i] = place_link(waiting->place, waiting->address, queue->offset[i]);
		scan->worth[i] = visit == MS_VISIT_AGAIN ? MET : queue->status[i] == MS_OK ? READ : UNREADABLE;
	}
	scan->block =
		(struct block){ .kind = ELSEWHERE, .count = queue->count, .bytes = queue->bytes, .worth = scan->worth };
	return MS_OK;
}

/* The pointers that counting has left.  */
static void follow_found(struct ms_scan *scan)
{
	uint64_t count = scan->count->found_count;

	scan->block = (struct block){ .kind = COUNTED, .count = count, .at = count, .handed = count };
	find_pointer(scan, 0);
}

/* False: not all of the next own buckets can be read, or nobody wants them counted.  */
static bool count_own(struct ms_scan *scan, uint32_t array)
{
	uint64_t count = classic_array_count(scan->map, array) - scan->own[array];

	if (!scan->count || scan->count->gave_up)
		return false;
	count = ms_min(count, scan->count->pair.most);
	if (!classic_count_own(scan->count, array, scan->own[array], count, scan->stats))
		return false;
	scan->own[array] += count;
	scan->done += count;
	scan->overflow_count += scan->count->followed;
	follow_found(scan);
	return true;
}

static int32_t count_overflow(struct ms_scan *scan)
{
	scan->overflow_count -= classic_count_overflow(scan->count, scan->marks, scan->stats);
	follow_found(scan);
	return MS_OK;
}

static int32_t read_own(struct ms_scan *scan, uint32_t array)
{
	uint64_t count = classic_array_count(scan->map, array);

	if (count_own(scan, array))
		return MS_OK;

	if (scan->streaming != array)
		classic_stream_begin(&scan->stream, scan->map->map.ctx, classic_array_address(scan->map, array),
				     scan->map->bucket.size);
	scan->streaming = array;
	int32_t status = classic_stream_read(&scan->stream, scan->own[array], count);
	if (status < 0)
		return status;
	scan->block = (struct block){ .kind = OWN,
				      .array = array,
				      .count = scan->stream.count,
				      .bytes = scan->stream.bytes,
				      .worth = scan->stream.unreadable,
				      .give_up = classic_stream_gave_up(&scan->stream) };
	scan->own[array] = scan->block.give_up ? count : scan->own[array] + scan->stream.count;
	return MS_OK;
}

static int32_t read_spares(struct ms_scan *scan, uint32_t array)
{
	struct classic_owners *spares = &scan->spares[array];
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
				      .worth = scan->stream.unreadable };
	return MS_OK;
}

/* MS_NOT_FOUND: nothing is left. A block brings one link for each of its buckets at most, and the queue has room for them.  */
static int32_t next_block(struct ms_scan *scan)
{
	struct classic_count *count = scan->count;
	uint64_t most;

	if (!scan->queue.room) /* the map has no buckets; perhaps nobody knows how large they would be */
		return MS_NOT_FOUND;
	most = count ? count->found_most : scan->queue.batch_most + 1;
	if (classic_queue_begun(&scan->queue) || scan->queue.queued + most > QUEUE)
		return read_batch(scan);
	if (count && classic_count_is_full(count))
		return count_overflow(scan);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (scan->own[array] < classic_array_count(scan->map, array))
			return read_own(scan, array);
	if (count && classic_count_some_wait(count))
		return count_overflow(scan);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (scan->spares[array].passed < scan->spares[array].used)
			return read_spares(scan, array);
	return scan->queue.queued ? read_batch(scan) : MS_NOT_FOUND;
}

/* ---- Pieces ---- */

static void own_trouble(const struct ms_scan *scan, uint64_t at, uint64_t run, struct ms_trouble *out)
{
	const struct block *block = &scan->block;
	bool to_the_end = block->give_up && at + run == block->count;

	*out = (struct ms_trouble){ .kind = to_the_end ? MS_GIVEN_UP : MS_UNREADABLE,
				    .array = block->array,
				    .index = scan->stream.first + at,
				    .count = run,
				    .from = address_of(scan, at) };
	if (to_the_end)
		out->count = classic_array_count(scan->map, block->array) - out->index;
}

static void overflow_trouble(struct ms_scan *scan, uint64_t at, struct ms_trouble *out)
{
	const struct ms_link *link = &scan->links[at];
	uint64_t holder = place_make(link->index, link->array, link->evacuated, link->depth - 1);

	*out = (struct ms_trouble){ .array = link->array, .index = link->index };
	if (scan->block.worth[at] == UNREADABLE) {
		out->kind = MS_UNREADABLE;
		out->depth = link->depth;
		out->count = 1;
		out->from = link->address;
	} else {
		out->depth = link->depth - 1;
		out->to = link->address;
		out->kind = met_before(scan, holder, link->address, &out->from);
	}
}

/* Whether bucket AT of a block of spares is some chain's; if so, sets its link. A chain goes on to a spare behind its last one,
   so that what is nobody's when its turn comes stays so, in a map that is sound.  */
static bool has_owner(struct ms_scan *scan, uint64_t at)
{
	const struct classic_owners *spares = &scan->spares[scan->block.array];
	uint64_t number = scan->stream.first + at, size = scan->map->bucket.size;

	if (!spares->owner[number])
		return false;
	scan->links[at] = place_link(spares->owner[number], spares->address + number * size, at * size);
	return true;
}

/* How many buckets from AT on go out together; 0: this one does not, being nobody's.  */
static uint64_t alike(struct ms_scan *scan, uint64_t at)
{
	const struct block *block = &scan->block;
	bool single = block->worth[at] != READ && block->kind != OWN;
	uint64_t run = 0;

	if (block->kind == OWN)
		return classic_stream_run(&scan->stream, at);
	while (at + run < block->count && block->worth[at + run] == block->worth[at] && !(single && run)) {
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
	if (block->worth[at] != READ) {
		if (block->kind == OWN)
			own_trouble(scan, at, run, &out->trouble);
		else
			overflow_trouble(scan, at, &out->trouble);
		return true;
	}
	*out = (struct ms_piece){ .count = run,
				  .size = size,
				  .bytes = block->kind == OWN ? bucket_at(scan, at) : block->bytes,
				  .array = block->array,
				  .index = block->kind == OWN ? scan->stream.first + at : 0,
				  .address = address_of(scan, at),
				  .links = block->kind == OWN ? NULL : scan->links + at,
				  .spare = block->kind == SPARE };
	block->handed = at + run;
	find_pointer(scan, at);
	scan->done += run;
	return true;
}

int32_t classic_scan_next(struct ms_scan *scan, struct ms_piece *out)
{
	*out = (struct ms_piece){ 0 };
	while (!follow(scan, &out->trouble) && !next_run(scan, out)) {
		scan->paused = !scan->paused && ms_slice_over(scan->map->map.ctx);
		if (scan->paused)
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
	struct classic_owners *spares = &scan->spares[array];
	uint64_t size = scan->map->bucket.size, own = classic_array_count(scan->map, array), bytes;

	if (!own)
		return true;
	bytes = classic_array_bytes(scan->map, classic_array_B(scan->map, array));
	spares->count = ms_min(bytes / size - own, SPARES_MOST);
	if (!spares->count || !ms_element(classic_array_address(scan->map, array), own, size, &spares->address)) {
		spares->count = 0;
		return true;
	}
	spares->owner = calloc(spares->count, sizeof *spares->owner);
	return spares->owner;
}

int32_t classic_scan_new(struct ms_map *map, struct ms_scan **out)
{
	struct ms_scan *scan = calloc(1, sizeof *scan);

	if (!scan)
		return MS_NO_MEMORY;
	scan->map = (struct classic_map *)map;
	scan->streaming = 2 * CLASSIC_ARRAYS;
	scan->rewalk_left = REWALK_MOST;
	for (uint32_t half = 0; half < CLASSIC_PAIR; half++) {
		scan->marks[half].shift = classic_pointer_shift(scan->map);
		scan->marks[half].forgets = true;
	}
	if (map->nil || !scan->map->buckets) {
		*out = scan;
		return MS_OK;
	}
	bool whole = classic_queue_init(&scan->queue, map->ctx, scan->map->bucket.size, QUEUE);
	scan->worth = whole ? malloc(scan->queue.batch_most) : NULL;
	if (!scan->worth || !init_spares(scan, CLASSIC_OLD) || !init_spares(scan, CLASSIC_NEW)) {
		classic_scan_free(scan);
		return MS_NO_MEMORY;
	}
	*out = scan;
	return MS_OK;
}

void classic_scan_count(struct ms_scan *scan, struct ms_stats *stats)
{
	scan->count = classic_count_new(scan->map, scan->spares);
	scan->stats = stats;
}

void classic_scan_progress(const struct ms_scan *scan, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		*total += classic_array_count(scan->map, array) + scan->spares[array].used;
	*done = ms_min(scan->done, *total);
}

void classic_scan_free(struct ms_scan *scan)
{
	if (!scan)
		return;
	classic_stream_fini(&scan->stream);
	classic_count_free(scan->count);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		free(scan->spares[array].owner);
	classic_queue_fini(&scan->queue);
	free(scan->worth);
	free(scan->links);
	for (uint32_t half = 0; half < CLASSIC_PAIR; half++)
		ms_marks_fini(&scan->marks[half]);
	free(scan);
}
