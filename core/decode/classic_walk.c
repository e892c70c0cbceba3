/* The walk over a classic map's buckets: old array before new, bucket, chain, slot.

   The arrays are streamed in chunks that begin at 16 KiB and double to 1 MiB; the overflow buckets of a chunk are fetched in
   batches, level by level, since each only tells where the next one is. The walk's memory does not grow with the map.

   An entry lives in an old chain until that chain is evacuated, and in a new chain from then on; so a listing is all old
   chains that are not evacuated and all new chains. Go 1.12 to 1.23, map.go, evacuate(), bucketEvacuated().  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/classic.h"
#include "decode/visited.h"
#include "mem/mem.h"

enum {
	CHUNK_FIRST = 16 << 10,
	CHUNK_MOST = 1 << 20,
	PREFETCH_BYTES = 4 << 20, /* overflow buckets held for one chunk */
	PREFETCH_LEVELS = 16,	  /* longer chains are followed one by one */
	FAULTS_IN_A_ROW = 64,	  /* unreadable pages after which the rest of an array is given up */
	CHAIN_MOST = 1 << 20,	  /* overflow buckets in one chain */
	OVERFLOW_SLACK = 1 << 20, /* overflow buckets in all beyond sixteen for each bucket */
	LOOK_AT_CLOCK = 64,	  /* buckets between two looks */
};

/* Overflow buckets fetched for the chunk at hand.  */
struct prefetched {
	uint64_t count, capacity;
	uint64_t *address;
	uint32_t *next; /* index + 1 of the bucket that follows; 0: not fetched */
	int32_t *status;
	uint8_t *bytes;
};

struct ms_walk {
	struct classic_map *map;
	struct ms_walk_options options;
	struct ms_notes *notes;
	struct classic_row row;
	uint32_t array;	      /* 0 old, 1 new, 2 at the end */
	uint64_t index, last; /* next bucket of the array; where this array's part of the walk ends */
	uint64_t skip;	      /* live slots of the next chain that an earlier page has shown */

	uint8_t *chunk;
	uint64_t chunk_capacity;	   /* bytes */
	uint64_t chunk_bytes;		   /* to ask for next */
	uint64_t chunk_first, chunk_count; /* buckets in the chunk */
	uint8_t *unreadable;		   /* one byte a bucket of the chunk */
	uint32_t *first_overflow;	   /* of each bucket: index + 1 in the prefetched ones */
	uint64_t faults;		   /* unreadable pages in a row */

	struct prefetched ahead;
	struct ms_visited visited;
	uint64_t next_address; /* of the chain being walked; 0: at its end */
	uint32_t next_ahead;   /* index + 1 of that bucket, if it was prefetched */
	bool chain_evacuated;
	uint8_t *single; /* a bucket that was not prefetched */
	uint64_t overflow_count, overflow_most;
	uint32_t until_clock;
};

static uint64_t array_address(const struct ms_walk *walk)
{
	return walk->array ? walk->map->buckets : walk->map->oldbuckets;
}

static uint64_t array_count(const struct ms_walk *walk)
{
	return (uint64_t)1 << (walk->array ? walk->map->B : walk->map->old_B);
}

static uint64_t overflow_of(const struct ms_walk *walk, const uint8_t *bucket)
{
	return ms_map_pointer(&walk->map->map, bucket + walk->map->bucket.overflow);
}

static const uint8_t *tophash_of(const struct ms_walk *walk, const uint8_t *bucket)
{
	return bucket + walk->map->bucket.tophash;
}

/* While a write is under way, the chain being evacuated counts as evacuated from its first slot on although later slots
   have not moved; at any other time such a chain holds no live slot.  */
static bool chain_is_dead(const struct ms_walk *walk, bool evacuated)
{
	return evacuated && !(walk->map->flags & HMAP_HASH_WRITING);
}

/* Whether the walk wants what follows BUCKET in its chain. An emptyRest in the last slot says that nothing does.  */
static bool wants_overflow(const struct ms_walk *walk, const uint8_t *bucket, bool evacuated)
{
	if (!walk->options.live_only)
		return true;
	return !chain_is_dead(walk, evacuated) && tophash_of(walk, bucket)[HMAP_SLOTS - 1] != HMAP_EMPTY_REST;
}

/* ---- Chains ---- */

static bool in_array(const struct ms_walk *walk, uint64_t address, uint64_t array, uint8_t B)
{
	return array && address >= array && address - array < ((uint64_t)1 << B) * walk->map->bucket.size;
}

static void chain_note(struct ms_walk *walk, uint64_t from, uint64_t to, const char *what)
{
	ms_note(walk->notes, true, "%s bucket %llu: overflow pointer 0x%llx in the bucket at 0x%llx %s",
		classic_array_name(walk->array), (unsigned long long)walk->row.common.index, (unsigned long long)to,
		(unsigned long long)from, what);
}

/* A pointer that can lead to an overflow bucket at all.  */
static const char *bad_overflow(const struct ms_walk *walk, uint64_t address)
{
	const struct classic_map *map = walk->map;
	uint64_t end;

	if (address % map->map.ctx->memory.pointer_size)
		return "is not aligned";
	if (!ms_add(address, map->bucket.size, &end))
		return "leads beyond the address space";
	if (in_array(walk, address, map->buckets, map->B) || in_array(walk, address, map->oldbuckets, map->old_B))
		return "leads back into the bucket array";
	return NULL;
}

/* Why a chain must not go on to NEXT; NULL when it may.  */
static const char *chain_ends(struct ms_walk *walk, uint64_t next)
{
	const char *wrong = bad_overflow(walk, next);

	if (wrong)
		return wrong;
	switch (ms_visited_add(&walk->visited, next)) {
	case MS_VISIT_AGAIN:
		return "leads back into its own chain (a cycle)";
	case MS_VISIT_NO_ROOM:
		return "is not followed: out of memory";
	case MS_VISIT_FIRST:
		break;
	}
	if (walk->visited.count > CHAIN_MOST)
		return "goes on after 2^20 overflow buckets: given up";
	if (++walk->overflow_count > walk->overflow_most)
		return "goes on after more overflow buckets than such a map has: given up";
	return NULL;
}

/* Sets where the chain goes on behind the bucket at ADDRESS; notes what is wrong with the pointer.  */
static void set_next(struct ms_walk *walk, uint64_t address, uint64_t next, uint32_t ahead)
{
	const char *wrong = next ? chain_ends(walk, next) : NULL;

	if (wrong)
		chain_note(walk, address, next, wrong);
	walk->next_address = wrong ? 0 : next;
	walk->next_ahead = ahead;
}

/* ---- Chunks ---- */

static void prefetched_fini(struct prefetched *ahead)
{
	free(ahead->address);
	free(ahead->next);
	free(ahead->status);
	free(ahead->bytes);
	*ahead = (struct prefetched){ 0 };
}

static bool prefetched_init(struct prefetched *ahead, uint64_t bucket_size)
{
	ahead->capacity = PREFETCH_BYTES / bucket_size + 1;
	ahead->address = calloc(ahead->capacity, sizeof *ahead->address);
	ahead->next = calloc(ahead->capacity, sizeof *ahead->next);
	ahead->status = calloc(ahead->capacity, sizeof *ahead->status);
	ahead->bytes = malloc(ahead->capacity * bucket_size);
	return ahead->address && ahead->next && ahead->status && ahead->bytes;
}

/* Fetches the buckets FROM.. that were added; those that could not be read stay in place with their status.  */
static int32_t prefetch_level(struct ms_walk *walk, uint64_t from)
{
	struct prefetched *ahead = &walk->ahead;
	uint64_t count = ahead->count - from, size = walk->map->bucket.size;
	struct ms_range *ranges = calloc(count, sizeof *ranges);

	if (!ranges)
		return MS_NO_MEMORY;
	for (uint64_t i = 0; i < count; i++)
		ranges[i] = (struct ms_range){ ahead->address[from + i], size, ahead->bytes + (from + i) * size,
					       &ahead->status[from + i] };
	int32_t status = ms_mem_read_many(walk->map->map.ctx, ranges, count);
	free(ranges);
	return status;
}

/* Adds the bucket at ADDRESS; its index + 1, or 0 when it is not to be fetched ahead.  */
static uint32_t prefetch_add(struct ms_walk *walk, uint64_t address)
{
	struct prefetched *ahead = &walk->ahead;

	if (!address || ahead->count == ahead->capacity || bad_overflow(walk, address))
		return 0;
	ahead->address[ahead->count] = address;
	ahead->next[ahead->count] = 0;
	ahead->status[ahead->count] = MS_FAULT;
	return (uint32_t)++ahead->count;
}

static int32_t prefetch_chunk(struct ms_walk *walk)
{
	struct prefetched *ahead = &walk->ahead;
	uint64_t size = walk->map->bucket.size, from = 0;

	ahead->count = 0;
	for (uint64_t i = 0; i < walk->chunk_count; i++) {
		const uint8_t *bucket = walk->chunk + i * size;
		bool evacuated = !walk->array && classic_evacuated(tophash_of(walk, bucket)[0]);
		bool wanted = !walk->unreadable[i] && wants_overflow(walk, bucket, evacuated);
		walk->first_overflow[i] = wanted ? prefetch_add(walk, overflow_of(walk, bucket)) : 0;
	}
	for (int level = 0; level < PREFETCH_LEVELS && from < ahead->count; level++) {
		uint64_t to = ahead->count;
		int32_t status = prefetch_level(walk, from);
		if (status < 0)
			return status;
		for (; from < to; from++) {
			const uint8_t *bucket = ahead->bytes + from * size;
			/* What the last level would add, nobody would read.  */
			if (level + 1 < PREFETCH_LEVELS && ahead->status[from] == MS_OK &&
			    wants_overflow(walk, bucket, false))
				ahead->next[from] = prefetch_add(walk, overflow_of(walk, bucket));
		}
	}
	return MS_OK;
}

static bool chunk_reserve(struct ms_walk *walk, uint64_t bytes)
{
	uint64_t count = bytes / walk->map->bucket.size;

	if (bytes <= walk->chunk_capacity)
		return true;
	free(walk->chunk);
	free(walk->unreadable);
	free(walk->first_overflow);
	walk->chunk = malloc(bytes);
	walk->unreadable = malloc(count);
	walk->first_overflow = calloc(count, sizeof *walk->first_overflow);
	walk->chunk_capacity = walk->chunk && walk->unreadable && walk->first_overflow ? bytes : 0;
	return walk->chunk_capacity != 0;
}

/* Reads BYTES at ADDRESS into the chunk; buckets that touch an unreadable page are marked.  */
static int32_t read_pages(struct ms_walk *walk, uint64_t address, uint64_t bytes)
{
	uint64_t done = 0, size = walk->map->bucket.size;

	while (done < bytes && walk->faults < FAULTS_IN_A_ROW) {
		int64_t got = ms_mem_read(walk->map->map.ctx, address + done, walk->chunk + done, bytes - done);
		if (got < 0)
			return (int32_t)got;
		done += (uint64_t)got;
		if (done >= bytes)
			break;
		walk->faults = got ? 1 : walk->faults + 1;
		uint64_t page_end = MS_PAGE - (address + done) % MS_PAGE, lost = ms_min(page_end, bytes - done);
		memset(walk->unreadable + done / size, 1, (done + lost - 1) / size - done / size + 1);
		done += lost;
	}
	if (done < bytes)
		memset(walk->unreadable + done / size, 1, bytes / size - done / size);
	else if (!walk->unreadable[bytes / size - 1])
		walk->faults = 0;
	return MS_OK;
}

/* The chunk that begins with bucket walk->index.  */
static int32_t read_chunk(struct ms_walk *walk)
{
	uint64_t size = walk->map->bucket.size, address;
	uint64_t count = ms_min(walk->last - walk->index, walk->chunk_bytes / size ? walk->chunk_bytes / size : 1);

	if (!chunk_reserve(walk, count * size))
		return MS_NO_MEMORY;
	memset(walk->unreadable, 0, count);
	walk->chunk_first = walk->index;
	walk->chunk_count = count;
	if (!ms_element(array_address(walk), walk->index, size, &address))
		return MS_FAULT; /* cannot be: the header was checked */
	int32_t status = read_pages(walk, address, count * size);
	if (status == MS_OK)
		status = prefetch_chunk(walk);
	walk->chunk_bytes = ms_min(walk->chunk_bytes * 2, CHUNK_MOST);
	return status;
}

/* ---- Rows ---- */

static const char *slot_state(uint8_t tophash)
{
	static const char *const names[] = { "emptyRest", "emptyOne", "evacuatedX", "evacuatedY", "evacuatedEmpty" };

	return tophash < HMAP_MIN_TOPHASH ? names[tophash] : "full";
}

/* Fills the row's slots from a bucket's BYTES; the number of live ones that are not skipped.  */
static uint32_t fill_slots(struct ms_walk *walk, const uint8_t *bytes)
{
	const struct classic_bucket *layout = &walk->map->bucket;
	const uint8_t *tophash = bytes + layout->tophash;
	struct ms_row *row = &walk->row.common;
	bool dead = chain_is_dead(walk, walk->row.evacuated);
	uint32_t live = 0;

	row->slot_count = HMAP_SLOTS;
	for (uint32_t i = 0; i < HMAP_SLOTS; i++) {
		struct ms_slot *slot = &row->slots[i];
		uint64_t key = layout->keys + i * layout->key_slot, elem = layout->elems + i * layout->elem_slot;
		slot->mark = tophash[i];
		slot->live = tophash[i] >= HMAP_MIN_TOPHASH && !(dead && walk->options.live_only);
		slot->state = slot_state(tophash[i]);
		slot->key = bytes + key;
		slot->elem = bytes + elem;
		slot->key_address = row->address + key;
		slot->elem_address = row->address + elem;
		if (slot->live && walk->skip) {
			walk->skip--;
			slot->live = false;
		}
		live += slot->live;
	}
	return live;
}

static bool has_live(const struct ms_walk *walk, const uint8_t *bytes)
{
	const uint8_t *tophash = tophash_of(walk, bytes);

	for (int i = 0; i < HMAP_SLOTS; i++)
		if (tophash[i] >= HMAP_MIN_TOPHASH)
			return true;
	return false;
}

/* The next overflow bucket of the chain at hand. True: the row is one to show.  */
static int32_t step_chain(struct ms_walk *walk, bool *show)
{
	struct ms_row *row = &walk->row.common;
	uint64_t size = walk->map->bucket.size;
	uint32_t ahead = walk->next_ahead, next_ahead = 0;
	const uint8_t *bytes = walk->single;
	int32_t status;

	row->address = walk->next_address;
	row->depth++;
	if (ahead) {
		bytes = walk->ahead.bytes + (ahead - 1) * size;
		status = walk->ahead.status[ahead - 1];
		next_ahead = walk->ahead.next[ahead - 1];
	} else {
		status = ms_mem_read_cached(walk->map->map.ctx, row->address, walk->single, size);
		if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
			return status;
	}
	if (status != MS_OK) {
		ms_note(walk->notes, true, "%s bucket %llu: overflow bucket %llu at 0x%llx cannot be read",
			classic_array_name(row->array), (unsigned long long)row->index, (unsigned long long)row->depth,
			(unsigned long long)row->address);
		row->unreadable = 1;
		row->slot_count = 0;
		walk->row.overflow = walk->next_address = 0;
		*show = true;
		return MS_OK;
	}
	walk->row.overflow = overflow_of(walk, bytes);
	set_next(walk, row->address, wants_overflow(walk, bytes, walk->row.evacuated) ? walk->row.overflow : 0,
		 next_ahead);
	*show = !walk->options.live_only || has_live(walk, bytes);
	if (*show && !fill_slots(walk, bytes) && walk->options.live_only)
		*show = false;
	return MS_OK;
}

/* A run of buckets that could not be read, as one row.  */
static void unreadable_run(struct ms_walk *walk, uint64_t at)
{
	struct ms_row *row = &walk->row.common;
	uint64_t run = 1;

	while (at + run < walk->chunk_count && walk->unreadable[at + run])
		run++;
	if (walk->faults >= FAULTS_IN_A_ROW && at + run == walk->chunk_count) {
		run = walk->last - walk->index;
		ms_note(walk->notes, true,
			"%s buckets from %llu to the end are not shown: %d pages in a row cannot be read, at 0x%llx",
			classic_array_name(row->array), (unsigned long long)row->index, FAULTS_IN_A_ROW,
			(unsigned long long)row->address);
	} else if (run > 1) {
		ms_note(walk->notes, true, "%s buckets %llu to %llu at 0x%llx cannot be read",
			classic_array_name(row->array), (unsigned long long)row->index,
			(unsigned long long)(row->index + run - 1), (unsigned long long)row->address);
	} else {
		ms_note(walk->notes, true, "%s bucket %llu at 0x%llx cannot be read", classic_array_name(row->array),
			(unsigned long long)row->index, (unsigned long long)row->address);
	}
	row->unreadable = run;
	row->slot_count = 0;
	walk->index += run;
}

/* The array's own bucket walk->index, which begins a chain.  */
static int32_t step_bucket(struct ms_walk *walk, bool *show)
{
	struct ms_row *row = &walk->row.common;
	uint64_t size = walk->map->bucket.size;

	if (walk->index - walk->chunk_first >= walk->chunk_count) {
		int32_t status = read_chunk(walk);
		if (status < 0) {
			walk->chunk_count = 0; /* asked again, the chunk is read again */
			return status;
		}
	}
	uint64_t at = walk->index - walk->chunk_first;
	const uint8_t *bytes = walk->chunk + at * size;
	walk->row = (struct classic_row){ .common = { .array = walk->array, .index = walk->index } };
	row->address = array_address(walk) + walk->index * size;
	walk->next_address = 0;
	ms_visited_clear(&walk->visited);
	if (walk->unreadable[at]) {
		unreadable_run(walk, at);
		*show = true;
		return MS_OK;
	}
	walk->index++;
	walk->row.evacuated = !walk->array && classic_evacuated(tophash_of(walk, bytes)[0]);
	walk->row.overflow = overflow_of(walk, bytes);
	if (walk->row.overflow)
		set_next(walk, row->address, wants_overflow(walk, bytes, walk->row.evacuated) ? walk->row.overflow : 0,
			 walk->first_overflow[at]);
	*show = !walk->options.live_only || (!chain_is_dead(walk, walk->row.evacuated) && has_live(walk, bytes));
	if (*show && !fill_slots(walk, bytes) && walk->options.live_only)
		*show = false;
	return MS_OK;
}

/* Begins ARRAY, or ends the walk behind the last one.  */
static void enter_array(struct ms_walk *walk, uint32_t array)
{
	for (walk->array = array; walk->array < CLASSIC_ARRAYS; walk->array++) {
		if (!walk->options.with[walk->array] || !array_address(walk))
			continue;
		uint64_t count = array_count(walk);
		walk->index = walk->options.one ? ms_min(walk->options.only, count) : 0;
		walk->last = walk->options.one ? ms_min(walk->index + 1, count) : count;
		walk->chunk_bytes = CHUNK_FIRST;
		walk->chunk_first = walk->chunk_count = walk->faults = 0;
		if (walk->index < walk->last)
			return;
	}
}

int32_t classic_walk_next(struct ms_walk *walk, const struct ms_row **out)
{
	for (bool show = false; walk->array < CLASSIC_ARRAYS;) {
		int32_t status = MS_OK;
		if (walk->next_address)
			status = step_chain(walk, &show);
		else if (walk->index < walk->last)
			status = step_bucket(walk, &show);
		else
			enter_array(walk, walk->array + 1);
		if (status < 0)
			return status;
		if (!walk->next_address)
			walk->skip = 0; /* it counts within one chain */
		if (show) {
			*out = &walk->row.common;
			return MS_OK;
		}
		if (++walk->until_clock % LOOK_AT_CLOCK == 0 && ms_slice_over(walk->map->map.ctx))
			return MS_AGAIN;
	}
	return MS_NOT_FOUND;
}

int32_t classic_walk_new(struct ms_map *map, const struct ms_walk_options *options, struct ms_notes *notes,
			 struct ms_walk **out)
{
	struct classic_map *classic = (struct classic_map *)map;
	struct ms_walk *walk = calloc(1, sizeof *walk);

	if (!walk)
		return MS_NO_MEMORY;
	walk->map = classic;
	walk->options = *options;
	walk->notes = notes;
	if (map->nil || !classic->buckets) {
		walk->array = CLASSIC_ARRAYS;
		*out = walk;
		return MS_OK;
	}
	walk->single = malloc(classic->bucket.size);
	if (!walk->single || !prefetched_init(&walk->ahead, classic->bucket.size)) {
		classic_walk_free(walk);
		return MS_NO_MEMORY;
	}
	walk->overflow_most = OVERFLOW_SLACK + (uint64_t)16 * ((uint64_t)1 << classic->B);
	enter_array(walk, options->from.array);
	if (walk->array == options->from.array && !options->one && options->from.index < walk->last) {
		walk->index = options->from.index;
		walk->skip = options->from.skip;
	}
	*out = walk;
	return MS_OK;
}

void classic_walk_progress(const struct ms_walk *walk, uint64_t *done, uint64_t *total)
{
	uint64_t old_count = walk->map->oldbuckets && walk->options.with[0] ? (uint64_t)1 << walk->map->old_B : 0;

	*total = old_count + (walk->options.with[1] ? (uint64_t)1 << walk->map->B : 0);
	*done = walk->array == 0 ? walk->index : walk->array == 1 ? old_count + walk->index : *total;
}

void classic_walk_free(struct ms_walk *walk)
{
	if (!walk)
		return;
	free(walk->chunk);
	free(walk->unreadable);
	free(walk->first_overflow);
	free(walk->single);
	ms_visited_fini(&walk->visited);
	prefetched_fini(&walk->ahead);
	free(walk);
}
