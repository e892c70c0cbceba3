/* Chains of one bucket that are sound at a glance, as most chains of a large map are. What is not, and keys that are no integers,
   the other files look into: here nothing is found.  */
#include "base/arith.h"
#include "decode/classic_check.h"
#include "decode/tophash_word.h"

/* The slots whose tophash is that of the slot so many bits further; only the high bits of the answer mean anything.  */
static inline uint64_t same(uint64_t word, uint32_t away)
{
	uint64_t differ = word ^ (word >> away | word << (64 - away));

	return ~(((differ & ~TOPS_HIGH) + ~TOPS_HIGH) | differ);
}

/* Whether two live slots have the same tophash, as all copies of a key have; no other slot has that of a live one.  */
static inline bool alike(uint64_t word, uint64_t live)
{
	return (same(word, 8) | same(word, 16) | same(word, 24) | same(word, 32)) & live;
}

/* Whether the LIVE slots hold keys that belong there, each once.  */
static inline bool entries_are_sound(const struct ms_check *check, uint64_t index, uint64_t word, uint64_t live,
				     const uint8_t *bytes)
{
	struct ms_eight eight = { .index = index, .mask = check_array_count(check, CLASSIC_NEW) - 1 };
	uint32_t bits = tops_bits(live), count = bits >> 6 ? 8 : bits >> 4 ? 6 : 4;

	if (!check->keys.in_slots ||
	    !ms_hasher_eight(check->keys.hasher, bytes + check->map->bucket.keys, count, &eight))
		return false;
	uint64_t raised = ~tops_live(eight.tops) & TOPS_HIGH, expected = eight.tops + (raised >> 7) * HMAP_MIN_TOPHASH;
	return !(eight.away & bits) && !((expected ^ word) & tops_bytes(live)) && !alike(word, live);
}

uint64_t check_quick_chains(struct ms_check *check, uint64_t at)
{
	enum { MOST = 64 };
	const struct classic_bucket *layout = &check->map->bucket;
	uint64_t size = layout->size, end = ms_min(at + MOST, check->stream.count), live_count = 0, i;
	uint64_t mask = check_array_count(check, CLASSIC_OLD) - 1;
	const uint8_t *bytes = check->stream.bytes + at * size, *evacuated = check->evacuated;

	for (i = at; i < end && !check->ahead.first[i] && !check->stream.unreadable[i]; i++, bytes += size) {
		uint64_t index = check->at + i - at, word = tops_load(bytes + layout->tophash), live = tops_live(word);
		if (check_keys_half_full(&check->keys) || !tops_are_plain(word, live) ||
		    (evacuated && live && !check_bit(evacuated, index & mask)))
			break;
		live_count += tops_count(live);
		if (!live || entries_are_sound(check, index, word, live, bytes))
			continue;
		struct check_bucket bucket = { .index = index,
					       .address = check->map->buckets + index * size,
					       .array = CLASSIC_NEW,
					       .live = tops_bits(live),
					       .first = true };
		memcpy(bucket.tophash, bytes + layout->tophash, HMAP_SLOTS);
		check_keys_add(check, &bucket, bytes);
	}
	check->live += live_count;
	return i - at;
}
