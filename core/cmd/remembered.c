/* Two hash tables over one list; both are made once, when the list is whole.  */
#include "cmd/remembered.h"

#include <stdlib.h>
#include <string.h>

void ms_remembered_fini(struct ms_remembered *r)
{
	free(r->all);
	free(r->by_key);
	free(r->by_bucket);
	*r = (struct ms_remembered){ 0 };
}

/* The finisher of MurmurHash3: every bit of the value changes half of the others.  */
static uint64_t mixed(uint64_t value)
{
	value = (value ^ value >> 33) * 0xff51afd7ed558ccd;
	value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53;
	return value ^ value >> 33;
}

void ms_remembered_hash(const void *text, uint64_t size, uint64_t out[2])
{
	const uint8_t *at = text;
	uint64_t a = size, b = ~size, part;

	for (; size >= sizeof part; at += sizeof part, size -= sizeof part) {
		memcpy(&part, at, sizeof part);
		a = mixed(a ^ part);
		b = mixed(b + part);
	}
	part = 0;
	memcpy(&part, at, size);
	out[0] = mixed(a ^ part);
	out[1] = mixed(b + part);
}

struct ms_remembered_entry *ms_remembered_add(struct ms_remembered *r)
{
	if (r->count == MS_REMEMBERED_MOST)
		return NULL;
	if (r->count == r->capacity) {
		uint64_t capacity = r->capacity ? r->capacity * 2 : 1024;
		struct ms_remembered_entry *all = realloc(r->all, capacity * sizeof *all);
		if (!all)
			return NULL;
		r->all = all;
		r->capacity = capacity;
	}
	r->all[r->count] = (struct ms_remembered_entry){ 0 };
	return &r->all[r->count++];
}

static void insert(struct ms_remembered *r, uint32_t *table, uint64_t hash, uint64_t i)
{
	uint64_t at = hash & (r->slots - 1);

	while (table[at])
		at = (at + 1) & (r->slots - 1);
	table[at] = (uint32_t)i + 1;
}

bool ms_remembered_index(struct ms_remembered *r)
{
	for (r->slots = 16; r->slots < 2 * r->count;)
		r->slots *= 2;
	r->by_key = calloc(r->slots, sizeof *r->by_key);
	r->by_bucket = calloc(r->slots, sizeof *r->by_bucket);
	if (!r->by_key || !r->by_bucket)
		return false;
	for (uint64_t i = 0; i < r->count; i++) {
		insert(r, r->by_key, r->all[i].key[0], i);
		if (i == 0 || r->all[i].spot.bucket != r->all[i - 1].spot.bucket)
			insert(r, r->by_bucket, mixed(r->all[i].spot.bucket), i);
	}
	return true;
}

struct ms_remembered_entry *ms_remembered_find(struct ms_remembered *r, const uint64_t key[2], uint64_t elem,
					       uint64_t address)
{
	struct ms_remembered_entry *best = NULL;

	for (uint64_t at = key[0] & (r->slots - 1); r->by_key[at]; at = (at + 1) & (r->slots - 1)) {
		struct ms_remembered_entry *entry = &r->all[r->by_key[at] - 1];
		if (entry->seen || entry->key[0] != key[0] || entry->key[1] != key[1])
			continue;
		if (entry->key_address == address)
			return entry;
		if (!best || (best->elem != elem && entry->elem == elem))
			best = entry;
	}
	return best;
}

void ms_remembered_mark(struct ms_remembered *r, const struct ms_row *row)
{
	for (uint64_t at = mixed(row->address) & (r->slots - 1); r->by_bucket[at]; at = (at + 1) & (r->slots - 1)) {
		struct ms_remembered_entry *entry = &r->all[r->by_bucket[at] - 1], *end = r->all + r->count;
		/* Another bucket may lie there by now: an old chain keeps its number, and its place in it.  */
		if (entry->spot.bucket != row->address || entry->spot.index != row->index ||
		    entry->spot.depth != row->depth)
			continue;
		for (; entry < end && entry->spot.bucket == row->address; entry++)
			if (entry->spot.slot < row->slot_count) {
				entry->now = row->slots[entry->spot.slot].mark;
				entry->state = row->slots[entry->spot.slot].state;
			}
		return;
	}
}
