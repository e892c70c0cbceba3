/* What is sound at a glance: entries whose keys are integers, and chains of one bucket. What is not, and other keys, the other files
   look into: here nothing is found.  */
#include "base/arith.h"
#include "base/bytes.h"
#include "decode/classic_check.h"
#include "decode/tophash_word.h"

/* The bytes that are equal, by their high bits; only these mean anything.  */
static inline uint64_t equal(uint64_t word, uint64_t other)
{
	uint64_t differ = word ^ other;

	return ~(((differ & ~TOPS_HIGH) + ~TOPS_HIGH) | differ);
}

static inline uint64_t turned(uint64_t word, uint32_t slots)
{
	return slots ? word >> 8 * slots | word << (64 - 8 * slots) : word;
}

uint64_t check_folds(const struct ms_check *check, const uint8_t *bytes)
{
	const uint8_t *keys = bytes + check->map->bucket.keys;
	uint64_t size = check->map->map.key_size, folds = 0;

	for (uint32_t i = 0; i < HMAP_SLOTS; i++)
		folds |= ms_load(keys + i * size, size, false) * 0x9e3779b97f4a7c15 >> 56 << 8 * i;
	return folds;
}

/* The slots of a bucket that agree with one of another's in both bytes, turned by FIRST to LAST slots.  */
static inline uint64_t meet(uint64_t word, uint64_t folds, uint64_t other, uint64_t other_folds, uint32_t first,
			    uint32_t last)
{
	uint64_t found = 0;

	for (uint32_t slots = first; slots <= last; slots++)
		found |= equal(word, turned(other, slots)) & equal(folds, turned(other_folds, slots));
	return found;
}

/* All copies of a key have the same tophash, and no other slot has that of a live one.  */
bool check_may_share(const struct ms_check *check, const uint8_t *bytes, uint64_t live, uint64_t other,
		     uint64_t other_folds)
{
	uint64_t word = tops_load(bytes + check->map->bucket.tophash);

	return meet(word, word, other, other, 0, HMAP_SLOTS - 1) & live &&
	       meet(word, check_folds(check, bytes), other, other_folds, 0, HMAP_SLOTS - 1) & live;
}

/* Whether two live slots may have the same key.  */
static inline bool may_repeat(const struct ms_check *check, const uint8_t *bytes, uint64_t word, uint64_t live)
{
	uint64_t folds;

	if (!(meet(word, word, word, word, 1, HMAP_SLOTS / 2) & live))
		return false;
	folds = check_folds(check, bytes);
	return meet(word, folds, word, folds, 1, HMAP_SLOTS / 2) & live;
}

bool check_entries_are_sound(const struct ms_check *check, uint64_t index, uint64_t word, uint64_t live,
			     const uint8_t *bytes)
{
	uint32_t bits = tops_bits(live), count = bits >> 6 ? 8 : bits >> 4 ? 6 : 4;
	uint64_t mask = check_array_count(check, CLASSIC_NEW) - 1, tops;
	uint32_t away = ms_hasher_eight(check->keys.hasher, bytes + check->map->bucket.keys, count, index, mask, &tops);
	uint64_t raised = ~tops_live(tops) & TOPS_HIGH, expected = tops + (raised >> 7) * HMAP_MIN_TOPHASH;

	return !(away & bits) && !((expected ^ word) & tops_bytes(live)) && !may_repeat(check, bytes, word, live);
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
		if (!live || (check->keys.eight && check_entries_are_sound(check, index, word, live, bytes)))
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
