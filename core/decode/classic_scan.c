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
#include <sys/mman.h>

#include "base/arith.h"
#include "decode/classic.h"
#include "decode/classic_pair.h"
#include "decode/classic_stream.h"
#include "decode/marks.h"
#include "mem/mem.h"

enum {
	BATCH_BYTES = 1 << 20,
	GAP = 512,	       /* bytes between two overflow buckets that are read along with them */
	QUEUE = 1 << 19,       /* links that wait */
	SPARES_MOST = 1 << 20, /* of one array; those behind are read as buckets that lie elsewhere */
	REWALK_MOST = 1 << 16, /* buckets read again to tell a cycle from a shared bucket */
};

/* Where a bucket belongs, in one number: the chain's index in its array (an array has less than 2^44 bytes, a bucket 8 at least),
   the array, whether the chain is evacuated, and the depth, up to CLASSIC_CHAIN_MOST. Depth 0 is an array's own bucket; or
   that of nobody.  */
enum { PLACE_ARRAY = 41, PLACE_EVACUATED = 42, PLACE_DEPTH = 43 };

static inline uint64_t place_make(uint64_t index, uint32_t array, bool evacuated, uint64_t depth)
{
	return index | (uint64_t)array << PLACE_ARRAY | (uint64_t)evacuated << PLACE_EVACUATED | depth << PLACE_DEPTH;
}

static inline uint64_t place_index(uint64_t place)
{
	return place & (((uint64_t)1 << PLACE_ARRAY) - 1);
}

static inline uint32_t place_array(uint64_t place)
{
	return place >> PLACE_ARRAY & 1;
}

static inline uint64_t place_depth(uint64_t place)
{
	return place >> PLACE_DEPTH;
}

/* The place one bucket further in the chain.  */
static inline uint64_t place_behind(uint64_t place)
{
	return place + ((uint64_t)1 << PLACE_DEPTH);
}

struct waiting {
	uint64_t address, place;
};

/* An array's spare buckets.  */
struct spares {
	uint64_t address, count;
	uint64_t *owner; /* the place of each */
	uint64_t used,
		passed; /* behind the last one with an owner; behind the last one handed out, or found to be nobody's */
};

/* What has become of a block's bucket. MET: another link has led to it before.  */
enum { READ, UNREADABLE, MET };

/* An overflow pointer of the block that is to be followed: to the spare bucket NUMBER, or elsewhere.  */
struct pointer {
	uint64_t at; /* the bucket that holds it; block->handed: there is no other */
	uint64_t to;
	struct spares *spares; /* NULL: elsewhere */
	uint64_t number;
};

/* Buckets in memory of the scan: a chunk of the stream, or a batch of the queue.  */
struct block {
	enum {
		OWN,
		COUNTED,
		SPARE,
		ELSEWHERE
	} kind; /* COUNTED: own ones, handed out already; only their pointers are left */
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
	struct spares spares[CLASSIC_ARRAYS];
	uint32_t streaming; /* the stream's array; CLASSIC_ARRAYS: none yet */

	struct waiting *queue, *sorting;
	uint64_t queued;      /* links that wait, before the current level was begun or within it */
	uint64_t taken, kept; /* of a level: links read, links that they brought, which replace them */
	uint64_t level;	      /* links of the level; 0: none begun */

	uint8_t *batch, *batch_worth;
	uint64_t batch_size, batch_most; /* bytes; links */
	struct ms_range *ranges, *lost;
	int32_t *range_status, *status; /* of RANGES; of links */

	struct block block;
	struct classic_pair *pair; /* NULL: own buckets are handed out, not counted into STATS */
	struct ms_stats *stats;
	struct ms_link *links; /* of the block */
	uint64_t link_capacity;
	struct ms_marks marks;
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
		struct spares *spares = &scan->spares[array];
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
	scan->queue[scan->level ? scan->kept++ : scan->queued++] = (struct waiting){ address, place_behind(from) };
	return MS_SOUND;
}

static enum ms_trouble_kind follow_pointer(struct ms_scan *scan, uint64_t from, const struct pointer *pointer)
{
	enum ms_trouble_kind trouble = classic_bad_overflow(scan->map, pointer->to);
	struct spares *spares = pointer->spares;
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

	if (block->kind == COUNTED) {
		const struct classic_found *found = &scan->pair->found[at];
		return place_make(found->index, block->array, found->evacuated, 0);
	}
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
		return classic_array_address(scan->map, scan->block.array) +
		       scan->pair->found[at].index * scan->map->bucket.size;
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
		block->kind == COUNTED ? scan->pair->found[at].to : classic_overflow(scan->map, bucket_at(scan, at));
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

/* ---- Order by address ---- */

static int by_address(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Sorts the queue's first COUNT links: by digits, since comparing hundreds of thousands costs more than reading them.  */
static void sort(struct ms_scan *scan, uint64_t count)
{
	enum { FEW = 1024, DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, ALIGNED_BITS = 2 };
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

static struct ms_link link_to(uint64_t address, uint64_t place, uint64_t offset)
{
	return (struct ms_link){ .address = address,
				 .index = place_index(place),
				 .depth = (uint32_t)place_depth(place),
				 .offset = (uint32_t)offset,
				 .array = (uint8_t)place_array(place),
				 .evacuated = place >> PLACE_EVACUATED & 1 };
}

/* Lays the queue's next links out in the batch: those that lie close together as one range with what is between them, which is
   less work than a range for each. The number of links; of ranges.  */
static uint64_t lay_out(struct ms_scan *scan, uint64_t *ranges_out)
{
	uint64_t size = scan->map->bucket.size, most = ms_min(scan->level - scan->taken, scan->batch_most), used = 0;
	uint64_t count = 0, ranges = 0;
	struct ms_range *range = NULL;

	for (; count < most; count++) {
		const struct waiting *waiting = &scan->queue[scan->taken + count];
		uint64_t end = waiting->address + size;
		bool near = range && waiting->address - range->address <= range->size + GAP;
		uint64_t more = near ? end - range->address - range->size : size;
		if (used + more > scan->batch_size)
			break;
		if (near) {
			range->size += more;
		} else {
			range = &scan->ranges[ranges];
			*range = (struct ms_range){ waiting->address, size, scan->batch + used,
						    &scan->range_status[ranges] };
			scan->range_status[ranges++] = MS_FAULT;
		}
		used += more;
		scan->links[count] = link_to(waiting->address, waiting->place, used - size);
	}
	*ranges_out = ranges;
	return count;
}

/* Reads again, each for itself, the buckets of ranges that could not be read as a whole.  */
static int32_t read_one_by_one(struct ms_scan *scan, uint64_t count, uint64_t ranges)
{
	uint64_t size = scan->map->bucket.size, lost = 0;

	for (uint64_t at = 0, range = 0; at < count; at++) {
		while (range + 1 < ranges && scan->links[at].address >= scan->ranges[range + 1].address)
			range++;
		scan->status[at] = scan->range_status[range];
		if (scan->status[at] != MS_OK)
			scan->lost[lost++] =
				(struct ms_range){ scan->links[at].address, size, scan->batch + scan->links[at].offset,
						   &scan->status[at] };
	}
	return lost ? ms_mem_read_many(scan->map->map.ctx, scan->lost, lost) : MS_OK;
}

/* The queue's next links, one batch of them.  */
static int32_t read_batch(struct ms_scan *scan)
{
	uint64_t ranges, count;

	if (!scan->level) {
		sort(scan, scan->queued);
		scan->level = scan->queued;
		scan->taken = scan->kept = 0;
	}
	if (!reserve_links(scan, scan->batch_most))
		return MS_NO_MEMORY;
	count = lay_out(scan, &ranges);
	int32_t status = ms_mem_read_many(scan->map->map.ctx, scan->ranges, ranges);
	if (status == MS_OK)
		status = read_one_by_one(scan, count, ranges);
	if (status < 0)
		return status;
	for (uint64_t i = 0; i < count; i++) {
		enum ms_visit visit = ms_marks_add(&scan->marks, scan->links[i].address);
		if (visit == MS_VISIT_NO_ROOM)
			return MS_NO_MEMORY;
		scan->batch_worth[i] = visit == MS_VISIT_AGAIN ? MET : scan->status[i] == MS_OK ? READ : UNREADABLE;
	}
	scan->block =
		(struct block){ .kind = ELSEWHERE, .count = count, .bytes = scan->batch, .worth = scan->batch_worth };
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

/* False: not all of the next own buckets can be read, or nobody wants them counted.  */
static bool count_own(struct ms_scan *scan, uint32_t array)
{
	uint64_t count = classic_array_count(scan->map, array) - scan->own[array];

	if (!scan->pair)
		return false;
	count = ms_min(count, scan->pair->most);
	if (!classic_pair_count(scan->pair, array, scan->own[array], count, scan->stats)) {
		classic_pair_free(scan->pair);
		scan->pair = NULL;
		return false;
	}
	scan->own[array] += count;
	scan->done += count;
	count = scan->pair->found_count;
	scan->block = (struct block){ .kind = COUNTED, .array = array, .count = count, .at = count, .handed = count };
	find_pointer(scan, 0);
	return true;
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
				      .worth = scan->stream.unreadable };
	return MS_OK;
}

/* MS_NOT_FOUND: nothing is left. A block brings one link for each of its buckets at most, and the queue has room for them.  */
static int32_t next_block(struct ms_scan *scan)
{
	uint64_t chunk_most;

	if (!scan->batch) /* the map has no buckets; perhaps nobody knows how large they would be */
		return MS_NOT_FOUND;
	chunk_most = BATCH_BYTES / scan->map->bucket.size + 1 + (scan->pair ? CLASSIC_PAIR_MOST : 0);
	end_level(scan);
	if (scan->level || scan->queued + chunk_most > QUEUE)
		return read_batch(scan);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (scan->own[array] < classic_array_count(scan->map, array))
			return read_own(scan, array);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (scan->spares[array].passed < scan->spares[array].used)
			return read_spares(scan, array);
	return scan->queued ? read_batch(scan) : MS_NOT_FOUND;
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
	const struct spares *spares = &scan->spares[scan->block.array];
	uint64_t number = scan->stream.first + at, size = scan->map->bucket.size;

	if (!spares->owner[number])
		return false;
	scan->links[at] = link_to(spares->address + number * size, spares->owner[number], at * size);
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
	struct spares *spares = &scan->spares[array];
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

/* In huge pages where there are any: page by page, the kernel would take longer to give it than the scan to fill it.  */
static struct waiting *new_queue(void)
{
	const size_t size = QUEUE * sizeof(struct waiting);
	uint8_t *queue = malloc(size);

	if (queue) {
		size_t before = -(uintptr_t)queue % MS_PAGE;
		madvise(queue + before, (size - before) / MS_PAGE * MS_PAGE, MADV_HUGEPAGE);
	}
	return (struct waiting *)queue;
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
		*out = scan;
		return MS_OK;
	}
	size = scan->map->bucket.size;
	scan->batch_size = size > BATCH_BYTES ? size : BATCH_BYTES;
	scan->batch_most = scan->batch_size / size;
	scan->queue = new_queue();
	scan->sorting = new_queue();
	scan->batch = malloc(scan->batch_size);
	scan->batch_worth = malloc(scan->batch_most);
	scan->ranges = malloc(scan->batch_most * sizeof *scan->ranges);
	scan->lost = malloc(scan->batch_most * sizeof *scan->lost);
	scan->range_status = malloc(scan->batch_most * sizeof *scan->range_status);
	scan->status = malloc(scan->batch_most * sizeof *scan->status);
	bool whole = scan->queue && scan->sorting && scan->batch && scan->batch_worth && scan->ranges && scan->lost &&
		     scan->range_status && scan->status;
	if (!whole || !init_spares(scan, CLASSIC_OLD) || !init_spares(scan, CLASSIC_NEW)) {
		classic_scan_free(scan);
		return MS_NO_MEMORY;
	}
	*out = scan;
	return MS_OK;
}

void classic_scan_count(struct ms_scan *scan, struct ms_stats *stats)
{
	scan->pair = classic_pair_new(scan->map);
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
	classic_pair_free(scan->pair);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		free(scan->spares[array].owner);
	free(scan->queue);
	free(scan->sorting);
	free(scan->batch);
	free(scan->batch_worth);
	free(scan->ranges);
	free(scan->lost);
	free(scan->range_status);
	free(scan->status);
	free(scan->links);
	ms_marks_fini(&scan->marks);
	free(scan);
}
