/* Entries by the hashes of their keys: each in the bucket and under the tophash that its hash names, and no key twice. Where no hash
   can be computed, keys are still compared by their bytes.  */
#include <string.h>

#include "decode/classic_check.h"
#include "decode/same.h"

enum { PAIRS_MOST = 32 }; /* entries of a chain that are compared each with each */

/* ---- Where a key belongs ---- */

/* Go takes the top byte of a hash as wide as a pointer, the C map of 64 bits.  */
static uint32_t tophash_shift(const struct ms_check *check)
{
	return check->map->map.shape->language == MS_GO && check->map->map.ctx->memory.pointer_size == 4 ? 24 : 56;
}

static inline uint8_t tophash_of(uint64_t hash, uint32_t shift)
{
	uint8_t top = (uint8_t)(hash >> shift);

	return top < HMAP_MIN_TOPHASH ? (uint8_t)(top + HMAP_MIN_TOPHASH) : top;
}

static void check_place(struct ms_check *check, uint64_t n, uint8_t found)
{
	struct check_keys *keys = &check->keys;
	struct ms_check_place place = check_keys_place(keys, n);
	uint64_t hash = keys->hashes[n], index = hash & (check_array_count(check, place.array) - 1);
	uint8_t top = tophash_of(hash, tophash_shift(check));

	if (index == place.bucket && top == found)
		return;
	keys->status[n] = MS_BAD_MAP; /* one finding is enough: it is no copy of another key as well */
	if (index != place.bucket)
		check_find_entry(check, MS_WRONG_BUCKET, &place,
				 "its key's hash is 0x%llx: expected it in %s bucket %llu of %llu, with tophash %u "
				 "(found %u)",
				 (unsigned long long)hash, classic_array_name(place.array), (unsigned long long)index,
				 (unsigned long long)check_array_count(check, place.array), top, found);
	else
		check_find_entry(check, MS_BAD_TOPHASH, &place,
				 "tophash is %u: expected %u, since its key's hash is 0x%llx", found, top,
				 (unsigned long long)hash);
}

/* A key without a hash: NaN, or one whose text cannot be read.  */
static void check_unhashed(struct ms_check *check, uint64_t n)
{
	struct check_keys *keys = &check->keys;
	struct ms_check_place place = check_keys_place(keys, n);
	uint64_t hash;

	if (check->map->map.key_indirect && !keys->key_addresses[n]) /* told already */
		return;
	if (keys->status[n] != MS_FAULT) {
		keys->without_hash++;
		return;
	}
	ms_hasher_hash(keys->hasher, keys->keys + n * check->map->map.key_size, &hash); /* for its words */
	check_find_entry(check, MS_UNREADABLE_KEY, &place, "%s", ms_error(check->map->map.ctx));
}

static void check_bucket(struct ms_check *check, const struct check_bucket *bucket)
{
	uint64_t n = bucket->start;

	for (uint32_t left = bucket->live; left; left &= left - 1, n++) {
		if (check->keys.status[n] == MS_OK)
			check_place(check, n, bucket->tophash[__builtin_ctz(left)]);
		else
			check_unhashed(check, n);
	}
}

/* ---- Keys that are there twice ---- */

/* Instead of hashes, of which nobody knows how they are made: numbers that are equal for equal bytes. FNV-1a.  */
static void hash_bytes(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	uint64_t size = check->map->map.key_size;

	for (uint64_t i = 0; i < keys->count; i++) {
		uint64_t hash = 0xcbf29ce484222325;
		for (uint64_t at = 0; at < size; at++)
			hash = (hash ^ keys->keys[i * size + at]) * 0x100000001b3;
		keys->hashes[i] = hash;
		keys->status[i] = MS_OK;
	}
}

static bool same_key(const struct ms_check *check, uint64_t a, uint64_t b)
{
	const struct check_keys *keys = &check->keys;
	const struct ms_map *map = &check->map->map;
	const uint8_t *x = keys->keys + a * map->key_size, *y = keys->keys + b * map->key_size;

	if (keys->hashes[a] != keys->hashes[b] || keys->status[a] != MS_OK || keys->status[b] != MS_OK)
		return false;
	return keys->hasher ? !ms_keys_differ(map, map->key, x, y) : !memcmp(x, y, map->key_size);
}

static void told_twice(struct ms_check *check, uint64_t first, uint64_t second)
{
	struct ms_check_place place = check_keys_place(&check->keys, second);
	struct ms_check_place before = check_keys_place(&check->keys, first);

	if (before.depth)
		check_find_entry(
			check, MS_DUPLICATE_KEY, &place,
			"found the same key as in slot %u of overflow bucket %llu of the chain: expected it once",
			before.slot, (unsigned long long)before.depth);
	else
		check_find_entry(check, MS_DUPLICATE_KEY, &place,
				 "found the same key as in slot %u of the chain's first bucket: expected it once",
				 before.slot);
}

static void compare_pairs(struct ms_check *check, uint64_t from, uint64_t to)
{
	for (uint64_t i = from + 1; i < to; i++)
		for (uint64_t j = from; j < i; j++)
			if (same_key(check, j, i)) {
				told_twice(check, j, i);
				break;
			}
}

/* A long chain, by a hash table of its entries.  */
static void compare_many(struct ms_check *check, uint64_t from, uint64_t to)
{
	struct check_keys *keys = &check->keys;
	uint64_t size = 64;

	while (size < 2 * (to - from))
		size *= 2;
	memset(keys->table, 0, size * sizeof *keys->table);
	for (uint64_t i = from; i < to; i++) {
		uint64_t at = keys->hashes[i] * 0x9e3779b97f4a7c15 >> 32;
		while (keys->table[at & (size - 1)] && !same_key(check, keys->table[at & (size - 1)] - 1, i))
			at++;
		if (keys->table[at & (size - 1)])
			told_twice(check, keys->table[at & (size - 1)] - 1, i);
		else
			keys->table[at & (size - 1)] = (uint32_t)i + 1;
	}
}

static void compare_chain(struct ms_check *check, uint64_t from, uint64_t to)
{
	if (to - from <= PAIRS_MOST)
		compare_pairs(check, from, to);
	else
		compare_many(check, from, to);
}

/* ---- All at once ---- */

/* Of a chain's entries so far, what passes most chains over: two of the same hash would have the same 12 bits of it in both
   sets.  */
struct met {
	uint64_t one, other, from;
	bool again;
};

static inline void meet(struct met *met, uint64_t hash)
{
	uint64_t one = (uint64_t)1 << (hash >> 58), other = (uint64_t)1 << (hash >> 52 & 63);

	met->again |= met->one & one && met->other & other;
	met->one |= one;
	met->other |= other;
}

static void end_chain(struct ms_check *check, struct met *met, uint64_t to)
{
	if (met->again)
		compare_chain(check, met->from, to);
	*met = (struct met){ .from = to };
}

/* A key can be twice in one chain only, or it is in the wrong bucket. PLACES: hashes tell where keys belong.  */
static void judge(struct ms_check *check, bool places)
{
	const struct check_keys *keys = &check->keys;
	const uint64_t *hashes = keys->hashes;
	const int32_t *status = keys->status;
	uint64_t masks[CLASSIC_ARRAYS] = { check_array_count(check, CLASSIC_OLD) - 1,
					   check_array_count(check, CLASSIC_NEW) - 1 };
	uint32_t shift = tophash_shift(check);
	struct met met = { 0 };

	for (uint64_t i = 0; i < keys->bucket_count; i++) {
		const struct check_bucket *bucket = &keys->buckets[i];
		uint64_t n = bucket->start, mask = masks[bucket->array], index = bucket->index, wrong = 0;
		if (bucket->first)
			end_chain(check, &met, n);
		for (uint32_t left = bucket->live; left; left &= left - 1, n++) {
			uint64_t hash = hashes[n];
			wrong |= ((hash & mask) ^ index) | (uint64_t)status[n] |
				 (tophash_of(hash, shift) ^ bucket->tophash[__builtin_ctz(left)]);
			meet(&met, hash);
		}
		if (wrong && places)
			check_bucket(check, bucket);
	}
	end_chain(check, &met, keys->count);
}

int32_t check_hashes(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	int32_t status = MS_OK;

	if (keys->hasher)
		status = ms_hasher_hash_many(keys->hasher, keys->keys, keys->count, keys->hashes, keys->status);
	else if (keys->compares_bytes)
		hash_bytes(check);
	else
		return MS_OK;
	if (status < 0)
		return status;
	for (uint64_t i = 0; check->map->map.key_indirect && i < keys->count; i++)
		if (!keys->key_addresses[i])
			keys->status[i] = MS_FAULT;
	judge(check, keys->hasher);
	return MS_OK;
}
