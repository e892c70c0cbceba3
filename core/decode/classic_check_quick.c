/* Chains whose entries are sound at a glance, as those of most large maps are. What is not, and keys that are no integers, the other
   files look into: here nothing is found.  */
#include "base/arith.h"
#include "decode/classic_check.h"
#include "decode/tophash_word.h"

/* The bytes that are equal, by their high bits; only these mean anything.  */
static inline uint64_t equal(uint64_t word, uint64_t other)
{
	uint64_t differ = word ^ other;

	return ~(((differ & ~TOPS_HIGH) + ~TOPS_HIGH) | differ);
}

/* Whether two live slots have the same tophash, as all copies of a key have; no other slot has that of a live one.  */
static inline bool alike(uint64_t word, uint64_t live)
{
	uint64_t found = equal(word, word >> 8 | word << 56) | equal(word, word >> 16 | word << 48) |
			 equal(word, word >> 24 | word << 40) | equal(word, word >> 32 | word << 32);

	return found & live;
}

/* Whether the LIVE slots hold keys that belong there, each once; where keys->eight.  */
__attribute__((always_inline)) static inline bool entries_are_sound(const struct ms_check *check, uint64_t index,
								    uint64_t word, uint64_t live, const uint8_t *bytes)
{
	uint32_t bits = tops_bits(live), count = bits >> 6 ? 8 : bits >> 4 ? 6 : 4;
	uint64_t mask = check_array_count(check, CLASSIC_NEW) - 1, tops;
	uint32_t away = ms_hasher_eight(check->keys.hasher, bytes + check->map->bucket.keys, count, index, mask, &tops);
	uint64_t raised = ~tops_live(tops) & TOPS_HIGH, expected = tops + (raised >> 7) * HMAP_MIN_TOPHASH;

	return !(away & bits) && !((expected ^ word) & tops_bytes(live)) && !alike(word, live);
}

/* Whether a live slot of one bucket has the tophash of a slot of the other.  */
static inline bool share(uint64_t word, uint64_t live, uint64_t other)
{
	uint64_t found = 0;

	for (uint32_t away = 8; away < 64; away += 8)
		found |= equal(word, other >> away | other << (64 - away));
	return (found | equal(word, other)) & live;
}

bool check_chain_is_sound(const struct ms_check *check, uint64_t at)
{
	enum { MOST = 4 }; /* buckets */
	const struct classic_bucket *layout = &check->map->bucket;
	const struct classic_ahead *ahead = &check->ahead;
	const uint8_t *bytes = check->stream.bytes + at * layout->size;
	uint64_t words[MOST], index = check->stream.first + at;
	uint32_t next = ahead->first[at];

	if (!check->keys.eight || check->array != CLASSIC_NEW)
		return false;
	for (uint32_t n = 0; n < MOST; n++) {
		uint64_t word = tops_load(bytes + layout->tophash), live = tops_live(word);
		bool rest = n && tops_from(words[n - 1], HMAP_EMPTY_ONE) != TOPS_HIGH;
		if (!tops_are_plain(word, live) || (rest && word) ||
		    (live && !entries_are_sound(check, index, word, live, bytes)))
			return false;
		for (uint32_t before = 0; before < n; before++)
			if (share(word, live, words[before]))
				return false;
		words[n] = word;
		if (next == AHEAD_NONE)
			return true;
		if (next == AHEAD_MISSING || ahead->status[next - 1] != MS_OK)
			return false;
		bytes = classic_ahead_bytes(ahead, next);
		next = ahead->next[next - 1];
	}
	return false;
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
		if (!live || (check->keys.eight && entries_are_sound(check, index, word, live, bytes)))
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
