/* How a key is hashed and found in a chain: the part of every operation that its speed hangs on. Not for users of the map.

   Two things make it fast. The eight tophashes of a bucket are asked about at once, so that a search has no branch a slot,
   which a processor would guess wrongly, and then could not run ahead to the next key's bucket. And the commonest kinds of
   keys have searches of their own without a call through the descriptor, as Go has (mapaccess1_fast64 and its kin).  */
#ifndef HMAP_FIND_H
#define HMAP_FIND_H

#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "hmap/internal.h"

/* A function that is given a constant enum hmap_keys, and is compiled once for each. At -O0 it stays a function that one
   can step through.  */
#ifdef __OPTIMIZE__
#define HMAP_FOR_KEYS static inline __attribute__((always_inline))
#else
#define HMAP_FOR_KEYS static inline
#endif

enum hmap_keys {
	HMAP_KEYS_ANY, /* hashed and compared by the descriptor's functions */
	HMAP_KEYS_32,
	HMAP_KEYS_64,
	HMAP_KEYS_TEXT,
};

static inline enum hmap_keys hmap_keys_of(const struct hmap_type *type)
{
	if (type->hash == hmap_hash_64)
		return type->equal == hmap_equal_64 && type->key_size == 8 ? HMAP_KEYS_64 : HMAP_KEYS_ANY;
	if (type->hash == hmap_hash_text)
		return type->equal == hmap_equal_text && type->key_size == sizeof(struct hmap_text) ? HMAP_KEYS_TEXT
												    : HMAP_KEYS_ANY;
	if (type->hash == hmap_hash_32)
		return type->equal == hmap_equal_32 && type->key_size == 4 ? HMAP_KEYS_32 : HMAP_KEYS_ANY;
	return HMAP_KEYS_ANY;
}

/* FUNCTION(ARGUMENTS, keys) with the constant for the map's keys.  */
#define HMAP_BY_KEYS(TYPE, FUNCTION, ...)                                                                              \
	switch (hmap_keys_of(TYPE)) {                                                                                  \
	case HMAP_KEYS_64:                                                                                             \
		return FUNCTION(__VA_ARGS__, HMAP_KEYS_64);                                                            \
	case HMAP_KEYS_TEXT:                                                                                           \
		return FUNCTION(__VA_ARGS__, HMAP_KEYS_TEXT);                                                          \
	case HMAP_KEYS_32:                                                                                             \
		return FUNCTION(__VA_ARGS__, HMAP_KEYS_32);                                                            \
	default:                                                                                                       \
		return FUNCTION(__VA_ARGS__, HMAP_KEYS_ANY);                                                           \
	}

HMAP_FOR_KEYS bool hmap_keys_indirect(const struct hmap_type *type, enum hmap_keys keys)
{
	return keys == HMAP_KEYS_ANY && type->flags & HMAP_INDIRECT_KEY;
}

/* NaN and what contains one: no lookup can find such a key, and its hash is drawn afresh each time.  */
HMAP_FOR_KEYS bool hmap_unlike_itself(const struct hmap *h, const void *key, enum hmap_keys keys)
{
	return keys == HMAP_KEYS_ANY && !(h->type->flags & HMAP_REFLEXIVE_KEY) && !h->type->equal(key, key);
}

/* Of a key like itself.  */
HMAP_FOR_KEYS uint64_t hmap_hash_like(const struct hmap *h, const void *key, enum hmap_keys keys)
{
	struct hmap_text text;

	switch (keys) {
	case HMAP_KEYS_32:
		return hmap_hash_word(hmap_word(key, 4, HMAP_HOST_BIG_ENDIAN), h->hash0);
	case HMAP_KEYS_64:
		return hmap_hash_word(hmap_word(key, 8, HMAP_HOST_BIG_ENDIAN), h->hash0);
	case HMAP_KEYS_TEXT:
		memcpy(&text, key, sizeof(text));
		return hmap_hash_run(text.ptr, text.length, h->hash0, HMAP_HOST_BIG_ENDIAN);
	default:
		return h->type->hash(key, h->hash0);
	}
}

HMAP_FOR_KEYS uint64_t hmap_hash_of(const struct hmap *h, const void *key, enum hmap_keys keys)
{
	return hmap_unlike_itself(h, key, keys) ? hmap_random(h) : hmap_hash_like(h, key, keys);
}

/* Of texts of middling size, without a call: by words, of which the last may overlap the one before it.  */
static inline bool hmap_same_bytes(const char *a, const char *b, size_t size)
{
	if (size < 8 || size > 64)
		return !memcmp(a, b, size);
	for (size_t i = 0; i < size - 8; i += 8)
		if (hmap_word(a + i, 8, HMAP_HOST_BIG_ENDIAN) != hmap_word(b + i, 8, HMAP_HOST_BIG_ENDIAN))
			return false;
	return hmap_word(a + size - 8, 8, HMAP_HOST_BIG_ENDIAN) == hmap_word(b + size - 8, 8, HMAP_HOST_BIG_ENDIAN);
}

HMAP_FOR_KEYS bool hmap_same_key(const struct hmap_type *type, const void *a, const void *b, enum hmap_keys keys)
{
	struct hmap_text x, y;

	switch (keys) {
	case HMAP_KEYS_32:
		return !memcmp(a, b, 4);
	case HMAP_KEYS_64:
		return !memcmp(a, b, 8);
	case HMAP_KEYS_TEXT:
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		return x.length == y.length && (!x.length || x.ptr == y.ptr || hmap_same_bytes(x.ptr, y.ptr, x.length));
	default:
		return type->equal(a, b);
	}
}

/* A bucket's tophashes as one number, slot 0 in the lowest byte. A set of slots is a number that has 0x80 in the byte of
   each slot in it. What is worked out from tophashes is kept short: while they come from memory, it waits in the processor
   and takes the room in which the next operation could begin.  */
static inline uint64_t hmap_tophashes(const uint8_t *bucket)
{
	uint64_t word;

	memcpy(&word, bucket, sizeof(word));
	return le64toh(word);
}

static inline void hmap_set_tophashes(uint8_t *bucket, uint64_t tophashes)
{
	uint64_t word = htole64(tophashes);

	memcpy(bucket, &word, sizeof(word));
}

#define HMAP_IN_EVERY_SLOT(BYTE) ((BYTE) * (uint64_t)0x0101010101010101)

/* The slots whose byte is zero. The first is right; behind it, a byte of 1 may count as zero.  */
static inline uint64_t hmap_zero_slots(uint64_t word)
{
	return (word - HMAP_IN_EVERY_SLOT(1)) & ~word & HMAP_IN_EVERY_SLOT(0x80);
}

static inline unsigned hmap_first_slot(uint64_t slots)
{
	return (unsigned)__builtin_ctzll(slots) / 8;
}

/* Not zero in the bytes of slots that are not empty.  */
static inline uint64_t hmap_not_empty(uint64_t tophashes)
{
	return tophashes & ~HMAP_IN_EVERY_SLOT(HMAP_EMPTY_ONE);
}

/* emptyRest goes on to the end of the chain, so the last slot tells.  */
static inline bool hmap_chain_ends(uint64_t tophashes)
{
	return tophashes >> 56 == HMAP_EMPTY_REST;
}

/* The key and the elem are wanted soon, but where they are only the tophashes tell. What is read of a large map comes from
   memory: this way all at once.  */
static inline void hmap_prefetch(const struct hmap_type *type, const uint8_t *bucket)
{
	__builtin_prefetch(bucket + 64);
	__builtin_prefetch(bucket + type->elems_offset + 2 * type->elem_slot);
}

/* The main bucket of the chain that a key with HASH is in, if it is in the map: an old one until that is evacuated.  */
static inline uint8_t *hmap_chain_of(const struct hmap *h, uint64_t hash)
{
	if (h->oldbuckets) {
		uint8_t *old = hmap_bucket_at(h, h->oldbuckets, (size_t)hash & (hmap_old_count(h) - 1));

		if (!hmap_is_evacuated(old))
			return old;
	}
	return hmap_bucket_at(h, h->buckets, (size_t)hash & hmap_mask(h->B));
}

HMAP_FOR_KEYS bool hmap_slot_has(const struct hmap_type *type, uint8_t *bucket, unsigned slot, const void *key,
				 enum hmap_keys keys)
{
	void *slot_key = hmap_key_slot(type, bucket, slot);

	if (hmap_keys_indirect(type, keys))
		slot_key = *(hmap_pointer *)slot_key;
	return hmap_same_key(type, key, slot_key, keys);
}

/* Finds KEY in one bucket, whose tophashes are given. False: it is not there.  */
HMAP_FOR_KEYS bool hmap_find_in(const struct hmap_type *type, uint8_t *bucket, uint64_t tophashes, const void *key,
				uint64_t hash, unsigned *slot, enum hmap_keys keys)
{
	uint64_t slots = hmap_zero_slots(tophashes ^ HMAP_IN_EVERY_SLOT(hmap_tophash(hash)));

	for (; slots; slots &= slots - 1) {
		*slot = hmap_first_slot(slots);
		if (hmap_slot_has(type, bucket, *slot, key, keys))
			return true;
	}
	return false;
}

/* Finds KEY in a chain that is not evacuated. Returns its bucket and sets *SLOT, or NULL.  */
HMAP_FOR_KEYS uint8_t *hmap_find(const struct hmap *h, uint8_t *chain, const void *key, uint64_t hash, unsigned *slot,
				 enum hmap_keys keys)
{
	hmap_prefetch(h->type, chain);
	for (uint8_t *bucket = chain; bucket; bucket = *hmap_overflow_of(h, bucket)) {
		uint64_t tophashes = hmap_tophashes(bucket);

		if (hmap_find_in(h->type, bucket, tophashes, key, hash, slot, keys))
			return bucket;
		if (hmap_chain_ends(tophashes))
			return NULL;
	}
	return NULL;
}

#endif
