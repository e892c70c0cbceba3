/* Finding one key: its hash if there is one, then the format's own way to it; else every entry in turn.  */
#include "decode/find.h"

#include <stdlib.h>

#include "decode/equal.h"
#include "decode/hash.h"

enum { LOOK_AT_CLOCK = 16 }; /* buckets between two looks */

static int32_t hash_key(struct ms_find *find)
{
	struct ms_hasher *hasher = NULL;
	int32_t status = ms_hasher_new(find->map, &hasher);

	if (status == MS_OK) {
		ms_hasher_lend(hasher, &find->key->own);
		status = ms_hasher_hash(hasher, find->key->bytes, &find->search.hash);
	}
	ms_hasher_free(hasher);
	find->by_hash = status == MS_OK;
	if (status == MS_NOT_FOUND)
		ms_buf_str(&find->reason, ms_error(find->map->ctx));
	if (find->reason.failed)
		return MS_NO_MEMORY;
	return status == MS_NOT_FOUND ? MS_OK : status;
}

int32_t ms_find_init(struct ms_find *find, struct ms_map *map, const struct ms_key *key)
{
	struct ms_walk_options everything = { .live_only = true, .with = { true, true } };

	*find = (struct ms_find){ .map = map, .key = key, .search = { .map = map, .notes = &find->notes } };
	if (map->nil) {
		find->by_hash = true; /* there is nothing to hash for */
		return MS_OK;
	}
	int32_t status = hash_key(find);
	if (status == MS_OK)
		status = ms_equal_new(map, key, &find->equal);
	if (status == MS_OK)
		status = ms_fetch_init(&find->fetch, map, MS_SLOTS_MOST);
	find->search.equal = find->equal;
	find->search.reads = 1; /* the header */
	if (status == MS_OK && !find->by_hash)
		status = map->format->walk_new(map, &everything, &find->notes, &find->walk);
	return status;
}

void ms_find_fini(struct ms_find *find)
{
	if (find->walk)
		find->map->format->walk_free(find->walk);
	ms_equal_free(find->equal);
	ms_fetch_fini(&find->fetch);
	ms_notes_fini(&find->notes);
	ms_buf_fini(&find->reason);
	ms_visited_fini(&find->search.visited);
	free(find->search.own);
	*find = (struct ms_find){ 0 };
}

/* The whole entry of the slot that holds the key.  */
static int32_t take_entry(struct ms_find *find)
{
	find->fetch.count = 0;
	ms_fetch_add(&find->fetch, find->map, &find->search.slot);
	int32_t status = ms_fetch_run(&find->fetch, find->map);
	find->found = status == MS_OK;
	if (status == MS_OK)
		ms_fetch_note(&find->fetch, &find->notes);
	return status;
}

static void place(struct ms_find *find, const struct ms_row *row, uint32_t slot)
{
	struct ms_search *search = &find->search;

	search->array = row->array;
	search->index = row->index;
	search->depth = row->depth;
	search->slot = row->slots[slot];
	search->slot_number = slot;
	search->mark = row->slots[slot].mark;
	search->placed = true;
}

/* The live slots of a row, their keys fetched together. MS_OK: one of them is the key; MS_NOT_FOUND.  */
static int32_t scan_row(struct ms_find *find, const struct ms_row *row)
{
	uint32_t numbers[MS_SLOTS_MOST];

	find->fetch.count = 0;
	for (uint32_t i = 0; i < row->slot_count; i++) {
		if (!row->slots[i].live)
			continue;
		numbers[find->fetch.count] = i;
		ms_fetch_add(&find->fetch, find->map, &row->slots[i]);
	}
	int32_t status = ms_fetch_run(&find->fetch, find->map);
	for (uint64_t i = 0; i < find->fetch.count && status == MS_OK; i++) {
		find->scanned++;
		if (!find->fetch.key_addresses[i])
			continue;
		int32_t equal = ms_equal_key(find->equal, find->fetch.keys + i * find->map->key_size);
		if (equal == MS_OK) {
			place(find, row, numbers[i]);
			return MS_OK;
		}
		if (equal == MS_INTERRUPTED || equal == MS_NO_MEMORY)
			return equal;
		if (equal == MS_FAULT)
			ms_note(&find->notes, true, "a key in the bucket at 0x%llx points to what cannot be read",
				(unsigned long long)row->address);
	}
	return status == MS_OK ? MS_NOT_FOUND : status;
}

static int32_t scan(struct ms_find *find)
{
	const struct ms_row *row;

	for (int looks = 0; looks < LOOK_AT_CLOCK; looks++) {
		int32_t status = find->map->format->walk_next(find->walk, &row);
		if (status != MS_OK)
			return status;
		status = scan_row(find, row);
		if (status != MS_NOT_FOUND)
			return status == MS_OK ? take_entry(find) : status;
	}
	return MS_AGAIN;
}

int32_t ms_find_step(struct ms_find *find)
{
	if (find->map->nil)
		return MS_NOT_FOUND;
	if (!find->by_hash)
		return scan(find);
	int32_t status = find->map->format->search(&find->search);
	return status == MS_OK ? take_entry(find) : status;
}

uint64_t ms_find_reads(const struct ms_find *find)
{
	return find->search.reads + (find->equal ? ms_equal_reads(find->equal) : 0);
}
