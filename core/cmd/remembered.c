/* Two hash tables over one list; both are made once, when the list is whole.  */
#include "cmd/remembered.h"

#include <stdlib.h>
#include <string.h>

enum { ALIKE_MOST = 64 }; /* entries of one key (NaN) that are looked at for the best match */

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

static bool same_key(const struct ms_remembered_entry *entry, const uint64_t key[2])
{
	return entry->key[0] == key[0] && entry->key[1] == key[1];
}

/* The place of that key in BY_KEY, or the free one where it would be.  */
static uint32_t *place_of_key(const struct ms_remembered *r, const uint64_t key[2])
{
	uint64_t at = key[0] & (r->slots - 1);

	while (r->by_key[at] && !same_key(&r->all[r->by_key[at] - 1], key))
		at = (at + 1) & (r->slots - 1);
	return &r->by_key[at];
}

static uint32_t *place_of_bucket(const struct ms_remembered *r, uint64_t bucket)
{
	uint64_t at = mixed(bucket) & (r->slots - 1);

	while (r->by_bucket[at] && r->all[r->by_bucket[at] - 1].spot.bucket != bucket)
		at = (at + 1) & (r->slots - 1);
	return &r->by_bucket[at];
}

bool ms_remembered_index(struct ms_remembered *r)
{
	for (r->slots = 16; r->slots < 2 * r->count;)
		r->slots *= 2;
	r->by_key = calloc(r->slots, sizeof *r->by_key);
	r->by_bucket = calloc(r->slots, sizeof *r->by_bucket);
	if (!r->by_key || !r->by_bucket)
		return false;
	/* From the last to the first, so that each table ends with the first of those that are alike.  */
	for (uint64_t i = r->count; i-- > 0;) {
		struct ms_remembered_entry *entry = &r->all[i];
		uint32_t *place = place_of_key(r, entry->key);
		entry->next = *place;
		*place = (uint32_t)i + 1;
		*place_of_bucket(r, entry->spot.bucket) = (uint32_t)i + 1;
	}
	return true;
}

struct ms_remembered_entry *ms_remembered_find(struct ms_remembered *r, const uint64_t key[2], uint64_t elem,
					       uint64_t address)
{
	uint32_t *link = place_of_key(r, key), *best = NULL;
	bool same_elem = false;

	for (int alike = 0; *link && alike < ALIKE_MOST; alike++, link = &r->all[*link - 1].next) {
		const struct ms_remembered_entry *entry = &r->all[*link - 1];
		bool same = entry->elem == elem, here = entry->key_address == address;
		if (!best || here || (same && !same_elem)) {
			best = link;
			same_elem = same;
		}
		if (here)
			break;
	}
	if (!best)
		return NULL;
	struct ms_remembered_entry *found = &r->all[*best - 1];
	/* The place of a key stays taken, lest others behind it be lost: a lone entry is only marked.  */
	if (found->seen)
		return NULL;
	found->seen = true;
	if (found->next || best != place_of_key(r, key))
		*best = found->next;
	return found;
}

void ms_remembered_mark(struct ms_remembered *r, const struct ms_row *row)
{
	uint32_t place = *place_of_bucket(r, row->address);
	struct ms_remembered_entry *entry = place ? &r->all[place - 1] : NULL, *end = r->all + r->count;

	/* Another bucket may lie there by now: an old chain keeps its number, and a bucket its place in it.  */
	if (!entry || entry->spot.index != row->index || entry->spot.depth != row->depth)
		return;
	for (; entry < end && entry->spot.bucket == row->address; entry++)
		if (entry->spot.slot < row->slot_count) {
			entry->now = row->slots[entry->spot.slot].mark;
			entry->state = row->slots[entry->spot.slot].state;
		}
}
