/* A key of a classic map by its hash, as mapaccess and hmap_get look for it: in its old chain while that is not evacuated, else in
   its new one; by tophash, up to an emptyRest. Go 1.12 to 1.23, map.go, mapaccessK().  */
#include <stdlib.h>
#include <string.h>

#include "decode/classic.h"
#include "decode/equal.h"
#include "decode/find.h"
#include "mem/mem.h"

/* A search under way, in search->own.  */
struct place {
	uint64_t address; /* of the next bucket; 0: the chain is at its end */
	bool both;	  /* the old chain is searched as well */
	uint8_t *key;	  /* one that a slot points to, behind the bucket's bytes */
	uint8_t bytes[];  /* a bucket */
};

static const struct classic_map *map_of(const struct ms_search *search)
{
	return (const struct classic_map *)search->map;
}

static uint8_t mark_of(uint64_t hash)
{
	uint8_t top = (uint8_t)(hash >> 56);

	return top < HMAP_MIN_TOPHASH ? top + HMAP_MIN_TOPHASH : top;
}

static void enter(struct ms_search *search, uint32_t array)
{
	const struct classic_map *map = map_of(search);
	struct place *place = search->own;
	uint8_t B = array == CLASSIC_OLD ? map->old_B : map->B;

	search->array = array;
	search->index = search->hash & (((uint64_t)1 << B) - 1);
	search->depth = 0;
	place->address = (array == CLASSIC_OLD ? map->oldbuckets : map->buckets) + search->index * map->bucket.size;
	ms_visited_clear(&search->visited);
}

static void note(struct ms_search *search, enum ms_trouble_kind kind, uint64_t from, uint64_t to)
{
	struct ms_trouble trouble = { .kind = kind,
				      .array = search->array,
				      .depth = (uint32_t)search->depth,
				      .index = search->index,
				      .count = 1,
				      .from = from,
				      .to = to };

	classic_trouble_note(&trouble, search->notes);
}

/* Which chain the key is in.  */
static int32_t begin(struct ms_search *search)
{
	const struct classic_map *map = map_of(search);
	struct place *place = malloc(sizeof *place + map->bucket.size + search->map->key_size);
	uint8_t first = 0;

	if (!place)
		return ms_fail(search->map->ctx, MS_NO_MEMORY, "out of memory for a bucket");
	*place = (struct place){ .key = place->bytes + map->bucket.size };
	search->own = place;
	search->mark = mark_of(search->hash);
	if (!map->buckets)
		return MS_NOT_FOUND;
	search->placed = true;
	if (!classic_growing(map)) {
		enter(search, CLASSIC_NEW);
		return MS_OK;
	}
	enter(search, CLASSIC_OLD);
	search->old_array = CLASSIC_OLD;
	search->old_index = search->index;
	search->reads++;
	int32_t status = ms_mem_read_cached(search->map->ctx, place->address + map->bucket.tophash, &first, 1);
	if (status == MS_FAULT) {
		note(search, MS_UNREADABLE, place->address, 0);
		return MS_NOT_FOUND;
	}
	search->moved_on = status == MS_OK && classic_evacuated(first);
	if (search->moved_on)
		enter(search, CLASSIC_NEW);
	return status;
}

/* The whole key of a slot with the right tophash.  */
static int32_t key_of(struct ms_search *search, const struct ms_slot *slot, const uint8_t **out)
{
	struct place *place = search->own;

	*out = slot->key;
	if (!search->map->key_indirect)
		return MS_OK;
	*out = place->key;
	search->reads++;
	return ms_mem_read_cached(search->map->ctx, ms_map_pointer(search->map, slot->key), place->key,
				  search->map->key_size);
}

static int32_t compare(struct ms_search *search, const struct ms_slot *slot, uint32_t number)
{
	const uint8_t *key;
	int32_t status = key_of(search, slot, &key);

	if (status == MS_OK)
		status = ms_equal_key(search->equal, key);
	if (status == MS_OK) {
		search->slot = *slot;
		search->slot_number = number;
	} else if (status == MS_FAULT) {
		ms_note(search->notes, true, "%s bucket %llu: the key of slot %u, at 0x%llx, cannot be read",
			classic_array_name(search->array), (unsigned long long)search->index, number,
			(unsigned long long)slot->key_address);
		status = MS_NOT_FOUND;
	}
	return status;
}

/* MS_OK: found; MS_NOT_FOUND: not in the chain; MS_AGAIN: not in this bucket.  */
static int32_t look(struct ms_search *search, uint64_t address)
{
	const struct classic_bucket *layout = &map_of(search)->bucket;
	struct place *place = search->own;
	const uint8_t *tophash = place->bytes + layout->tophash;

	for (uint32_t i = 0; i < HMAP_SLOTS; i++) {
		uint64_t key = layout->keys + i * layout->key_slot, elem = layout->elems + i * layout->elem_slot;
		struct ms_slot slot = { .mark = tophash[i],
					.live = true,
					.state = "full",
					.key = place->bytes + key,
					.elem = place->bytes + elem,
					.key_address = address + key,
					.elem_address = address + elem };
		if (tophash[i] == HMAP_EMPTY_REST)
			return MS_NOT_FOUND;
		if (tophash[i] != search->mark)
			continue;
		int32_t status = compare(search, &slot, i);
		if (status != MS_NOT_FOUND)
			return status;
	}
	return MS_AGAIN;
}

/* Where the chain goes on behind the bucket at ADDRESS.  */
static int32_t follow(struct ms_search *search, uint64_t address)
{
	struct place *place = search->own;
	uint64_t next = ms_map_pointer(search->map, place->bytes + map_of(search)->bucket.overflow);
	enum ms_trouble_kind wrong = next ? classic_bad_overflow(map_of(search), next) : MS_SOUND;

	if (next && wrong == MS_SOUND) {
		enum ms_visit visit = ms_visited_add(&search->visited, next);
		wrong = visit == MS_VISIT_NO_ROOM ? MS_NOT_FOLLOWED : visit == MS_VISIT_AGAIN ? MS_CYCLE : MS_SOUND;
		if (wrong == MS_SOUND && search->visited.count > CLASSIC_CHAIN_MOST)
			wrong = MS_TOO_LONG;
	}
	if (wrong != MS_SOUND)
		note(search, wrong, address, next);
	place->address = wrong == MS_SOUND ? next : 0;
	search->depth += place->address != 0;
	return place->address ? MS_AGAIN : MS_NOT_FOUND;
}

static int32_t step(struct ms_search *search)
{
	struct place *place = search->own;
	uint64_t address = place->address;

	search->reads++;
	int32_t status = ms_mem_read_cached(search->map->ctx, address, place->bytes, map_of(search)->bucket.size);
	if (status == MS_FAULT) {
		note(search, MS_UNREADABLE, address, 0);
		return MS_NOT_FOUND;
	}
	if (status == MS_OK)
		status = look(search, address);
	return status == MS_AGAIN ? follow(search, address) : status;
}

int32_t classic_search(struct ms_search *search)
{
	int32_t status = MS_OK;

	if (!search->own)
		status = begin(search);
	if (status == MS_OK)
		status = step(search);
	/* While a write is under way, the chain being evacuated counts as evacuated although later slots have not moved.  */
	struct place *place = search->own;
	if (status == MS_NOT_FOUND && search->moved_on && map_of(search)->flags & HMAP_HASH_WRITING && !place->both) {
		place->both = true;
		enter(search, CLASSIC_OLD);
		return MS_AGAIN;
	}
	return status;
}
