/* The walk over a classic map's buckets: old array before new, bucket, chain, slot.

   The arrays are streamed in chunks (classic_stream.h); the overflow buckets of a chunk are fetched in
   batches, level by level, since each only tells where the next one is. The walk's memory does not grow with the map.

   An entry lives in an old chain until that chain is evacuated, and in a new chain from then on; so a listing is all old
   chains that are not evacuated and all new chains. Go 1.12 to 1.23, map.go, evacuate(), bucketEvacuated().  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "decode/classic_ahead.h"
#include "decode/tophash_word.h"
#include "decode/visited.h"
#include "mem/mem.h"

enum { LOOK_AT_CLOCK = 64 }; /* buckets between two looks */

struct ms_walk {
	struct classic_map *map;
	struct ms_walk_options options;
	struct ms_notes *notes;
	struct classic_row row;
	uint32_t array;	      /* 0 old, 1 new, 2 at the end */
	uint64_t index, last; /* next bucket of the array; where this array's part of the walk ends */
	uint64_t skip;	      /* live slots of the next chain that an earlier page has shown */

	struct classic_stream stream;
	struct classic_ahead ahead;
	struct ms_visited visited;
	uint64_t next_address; /* of the chain being walked; 0: at its end */
	uint32_t next_ahead;   /* its number + 1 in AHEAD, or AHEAD_MISSING */
	bool chain_evacuated;
	uint8_t *single; /* a bucket that was not fetched ahead */
	uint64_t overflow_count;
	uint32_t until_clock;
};

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

/* Why a chain must not go on to NEXT.  */
static enum ms_trouble_kind chain_ends(struct ms_walk *walk, uint64_t next)
{
	enum ms_trouble_kind trouble = classic_bad_overflow(walk->map, next);

	if (trouble)
		return trouble;
	switch (ms_visited_add(&walk->visited, next)) {
	case MS_VISIT_AGAIN:
		return MS_CYCLE;
	case MS_VISIT_NO_ROOM:
		return MS_NOT_FOLLOWED;
	case MS_VISIT_FIRST:
		break;
	}
	if (walk->visited.count > CLASSIC_CHAIN_MOST)
		return MS_TOO_LONG;
	return ++walk->overflow_count > classic_overflow_most(walk->map) ? MS_TOO_MANY : MS_SOUND;
}

/* Sets where the chain goes on behind the bucket at ADDRESS; notes what is wrong with the pointer.  */
static void set_next(struct ms_walk *walk, uint64_t address, uint64_t next, uint32_t ahead)
{
	struct ms_trouble trouble = { .kind = next ? chain_ends(walk, next) : MS_SOUND,
				      .array = walk->array,
				      .index = walk->row.common.index,
				      .from = address,
				      .to = next };

	if (trouble.kind)
		classic_trouble_note(&trouble, walk->notes);
	walk->next_address = trouble.kind ? 0 : next;
	walk->next_ahead = ahead;
}

/* ---- Chunks ---- */

static bool wants(const void *user, const uint8_t *bucket, bool own)
{
	const struct ms_walk *walk = user;

	return wants_overflow(walk, bucket, own && !walk->array && classic_evacuated(tophash_of(walk, bucket)[0]));
}

/* The chunk that begins with bucket walk->index.  */
static int32_t read_chunk(struct ms_walk *walk)
{
	int32_t status = classic_stream_read(&walk->stream, walk->index, walk->last);

	if (status == MS_OK)
		status = classic_ahead_read(&walk->ahead, &walk->stream, wants, walk);
	if (status < 0)
		walk->stream.count = 0; /* asked again, the chunk is read again */
	return status;
}

/* ---- Rows ---- */

static const char *slot_state(uint8_t tophash)
{
	static const char *const names[] = { "emptyRest", "emptyOne", "evacuatedX", "evacuatedY", "evacuatedEmpty" };

	return tophash < HMAP_MIN_TOPHASH ? names[tophash] : "full";
}

static void fill_slot(const struct ms_walk *walk, struct ms_slot *slot, uint32_t i, const uint8_t *bytes)
{
	const struct classic_bucket *layout = &walk->map->bucket;
	uint64_t key = layout->keys + i * layout->key_slot, elem = layout->elems + i * layout->elem_slot;

	slot->mark = bytes[layout->tophash + i];
	slot->state = slot_state(slot->mark);
	slot->key = bytes + key;
	slot->elem = bytes + elem;
	slot->key_address = walk->row.common.address + key;
	slot->elem_address = walk->row.common.address + elem;
}

/* Fills the row from a bucket's BYTES. Live ones that are skipped count as not live.  */
static void fill_row(struct ms_walk *walk, const uint8_t *bytes)
{
	const struct classic_bucket *layout = &walk->map->bucket;
	bool live_only = walk->options.live_only, dead = chain_is_dead(walk, walk->row.evacuated);
	uint64_t live = dead && live_only ? 0 : tops_live(tops_load(tophash_of(walk, bytes)));
	struct ms_row *row = &walk->row.common;

	for (; walk->skip && live; walk->skip--)
		live &= live - 1;
	row->slot_count = HMAP_SLOTS;
	row->live_count = tops_count(live);
	row->live = tops_bits(live);
	row->keys = bytes + layout->keys;
	row->elems = bytes + layout->elems;
	if (walk->options.bare)
		return;
	for (uint32_t i = 0; i < HMAP_SLOTS; i++) {
		row->slots[i].live = row->live >> i & 1;
		if (row->slots[i].live || !live_only)
			fill_slot(walk, &row->slots[i], i, bytes);
	}
}

/* The next overflow bucket of the chain at hand. True: the row is one to show.  */
static int32_t step_chain(struct ms_walk *walk, bool *show)
{
	struct ms_row *row = &walk->row.common;
	uint64_t size = walk->map->bucket.size;
	uint32_t ahead = walk->next_ahead, next_ahead = AHEAD_MISSING;
	const uint8_t *bytes = walk->single;
	int32_t status;

	row->address = walk->next_address;
	row->depth++;
	if (ahead != AHEAD_MISSING) {
		bytes = classic_ahead_bytes(&walk->ahead, ahead);
		status = walk->ahead.status[ahead - 1];
		next_ahead = walk->ahead.next[ahead - 1];
	} else {
		status = ms_mem_read_cached(walk->map->map.ctx, row->address, walk->single, size);
		if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
			return status;
	}
	if (status != MS_OK) {
		classic_trouble_note(&(struct ms_trouble){ .kind = MS_UNREADABLE,
							   .array = row->array,
							   .index = row->index,
							   .depth = (uint32_t)row->depth,
							   .count = 1,
							   .from = row->address },
				     walk->notes);
		row->unreadable = 1;
		row->slot_count = row->live_count = 0;
		walk->row.overflow = walk->next_address = 0;
		*show = true;
		return MS_OK;
	}
	walk->row.overflow = overflow_of(walk, bytes);
	set_next(walk, row->address, wants_overflow(walk, bytes, walk->row.evacuated) ? walk->row.overflow : 0,
		 next_ahead);
	fill_row(walk, bytes);
	*show = !walk->options.live_only || row->live_count;
	return MS_OK;
}

/* A run of buckets that could not be read, as one row.  */
static void unreadable_run(struct ms_walk *walk, uint64_t at)
{
	struct ms_row *row = &walk->row.common;
	uint64_t run = classic_stream_run(&walk->stream, at);
	bool give_up = classic_stream_gave_up(&walk->stream) && at + run == walk->stream.count;

	if (give_up)
		run = walk->last - walk->index;
	classic_trouble_note(&(struct ms_trouble){ .kind = give_up ? MS_GIVEN_UP : MS_UNREADABLE,
						   .array = row->array,
						   .index = row->index,
						   .count = run,
						   .from = row->address },
			     walk->notes);
	row->unreadable = run;
	walk->index += run;
}

/* The array's own bucket walk->index, which begins a chain.  */
static int32_t step_bucket(struct ms_walk *walk, bool *show)
{
	struct ms_row *row = &walk->row.common;
	uint64_t size = walk->map->bucket.size;

	if (walk->index - walk->stream.first >= walk->stream.count) {
		int32_t status = read_chunk(walk);
		if (status < 0)
			return status;
	}
	uint64_t at = walk->index - walk->stream.first;
	const uint8_t *bytes = walk->stream.bytes + at * size;
	row->array = walk->array;
	row->index = walk->index;
	row->depth = row->unreadable = 0;
	row->slot_count = row->live_count = 0;
	row->address = classic_array_address(walk->map, walk->array) + walk->index * size;
	walk->row.overflow = 0;
	walk->row.evacuated = false;
	walk->next_address = 0;
	ms_visited_clear(&walk->visited);
	if (walk->stream.unreadable[at]) {
		unreadable_run(walk, at);
		*show = true;
		return MS_OK;
	}
	walk->index++;
	walk->row.evacuated = !walk->array && classic_evacuated(tophash_of(walk, bytes)[0]);
	walk->row.overflow = overflow_of(walk, bytes);
	if (walk->row.overflow)
		set_next(walk, row->address, wants_overflow(walk, bytes, walk->row.evacuated) ? walk->row.overflow : 0,
			 walk->ahead.first[at]);
	fill_row(walk, bytes);
	*show = !walk->options.live_only || row->live_count;
	return MS_OK;
}

/* Begins ARRAY, or ends the walk behind the last one.  */
static void enter_array(struct ms_walk *walk, uint32_t array)
{
	for (walk->array = array; walk->array < CLASSIC_ARRAYS; walk->array++) {
		if (!walk->options.with[walk->array] || !classic_array_address(walk->map, walk->array))
			continue;
		uint64_t count = classic_array_count(walk->map, walk->array);
		walk->index = walk->options.one ? ms_min(walk->options.only, count) : 0;
		walk->last = walk->options.one ? ms_min(walk->index + 1, count) : count;
		classic_stream_begin(&walk->stream, walk->map->map.ctx, classic_array_address(walk->map, walk->array),
				     walk->map->bucket.size);
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
	classic_ahead_init(&walk->ahead, classic);
	if (!walk->single) {
		classic_walk_free(walk);
		return MS_NO_MEMORY;
	}
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
	classic_stream_fini(&walk->stream);
	free(walk->single);
	ms_visited_fini(&walk->visited);
	classic_ahead_fini(&walk->ahead);
	free(walk);
}
