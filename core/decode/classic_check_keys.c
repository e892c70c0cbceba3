/* Entries that wait for their keys to be hashed, thousands together, those of a chain one behind the other; and what their slots
   point to, which must be readable. Where a key belongs is classic_check_hashes.c's.  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/classic_check.h"
#include "decode/same.h"
#include "mem/mem.h"

enum {
	KEYS_BYTES = 1 << 20, /* of keys that wait */
	KEYS_MOST = 1 << 12,  /* of them: what is kept of each stays in the processor's cache */
	KEYS_LEAST = 256,
	KEY_MOST = 16 << 10, /* bytes of a key that is held by pointer; of larger ones only the ends are read */
};

/* ---- What waits ---- */

static bool reads_keys(const struct ms_check *check)
{
	return check->map->map.key_indirect && check->map->map.key_size <= KEY_MOST;
}

int32_t check_keys_init(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	struct ms_map *map = &check->map->map;
	uint64_t size = map->key_indirect && !reads_keys(check) ? 0 : map->key_size;
	uint64_t buckets = ((uint64_t)1 << check->map->B) + check->map->noverflow;
	uint64_t most = ms_min(KEYS_BYTES / (size + 1), KEYS_MOST), wanted = ms_min(buckets * 2 * HMAP_SLOTS, most);

	keys->capacity = wanted < KEYS_LEAST ? KEYS_LEAST : wanted;
	keys->buckets = malloc(keys->capacity * sizeof *keys->buckets);
	keys->keys = malloc(keys->capacity * size + 1);
	keys->hashes = malloc(keys->capacity * sizeof *keys->hashes);
	keys->status = malloc(keys->capacity * sizeof *keys->status);
	keys->table = malloc(4 * keys->capacity * sizeof *keys->table);
	keys->key_addresses = malloc(keys->capacity * sizeof *keys->key_addresses);
	keys->elem_addresses = malloc(keys->capacity * sizeof *keys->elem_addresses);
	if (!keys->buckets || !keys->keys || !keys->hashes || !keys->status || !keys->table || !keys->key_addresses ||
	    !keys->elem_addresses)
		return MS_NO_MEMORY;
	if (map->key_indirect && !reads_keys(check)) {
		ms_buf_printf(&keys->unhashed, "keys of %llu bytes are not hashed here",
			      (unsigned long long)map->key_size);
		return keys->unhashed.failed ? MS_NO_MEMORY : MS_OK;
	}
	const struct ms_node *key = map->key ? ms_node_strip(map->ctx, map->key) : NULL;
	keys->is_float = key && (key->kind == MS_FLOAT || key->kind == MS_COMPLEX);
	keys->compares_bytes = ms_is_like_itself(map->ctx, map->key);
	int32_t status = ms_hasher_new(map, &keys->hasher);
	if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
		return status;
	if (status < 0)
		ms_buf_str(&keys->unhashed, ms_error(map->ctx));
	keys->eight = keys->hasher && ms_hasher_takes_eight(keys->hasher) && !map->key_indirect &&
		      !map->elem_indirect && map->key_slot == map->key_size;
	return keys->unhashed.failed ? MS_NO_MEMORY : MS_OK;
}

void check_keys_fini(struct check_keys *keys)
{
	free(keys->buckets);
	free(keys->keys);
	free(keys->hashes);
	free(keys->status);
	free(keys->table);
	free(keys->key_addresses);
	free(keys->elem_addresses);
	ms_buf_fini(&keys->unhashed);
	ms_hasher_free(keys->hasher);
	*keys = (struct check_keys){ 0 };
}

static void add_pointers(struct ms_check *check, const uint8_t *bytes, uint64_t slot, uint64_t n)
{
	const struct classic_bucket *layout = &check->map->bucket;
	const struct ms_map *map = &check->map->map;

	if (map->key_indirect)
		check->keys.key_addresses[n] = ms_map_pointer(map, bytes + layout->keys + slot * layout->key_slot);
	if (map->elem_indirect)
		check->keys.elem_addresses[n] = ms_map_pointer(map, bytes + layout->elems + slot * layout->elem_slot);
}

uint64_t check_keys_add(struct ms_check *check, const struct check_bucket *bucket, const uint8_t *bytes)
{
	const struct ms_map *map = &check->map->map;
	struct check_keys *keys = &check->keys;
	const uint8_t *from = bytes + check->map->bucket.keys;
	uint64_t size = map->key_indirect ? 0 : map->key_slot, count = (uint64_t)__builtin_popcount(bucket->live);
	uint8_t *to = keys->keys + keys->count * size;
	bool pointers = map->key_indirect || map->elem_indirect;

	keys->buckets[keys->bucket_count] = *bucket;
	keys->buckets[keys->bucket_count++].start = (uint32_t)keys->count;
	if (!(bucket->live & (bucket->live + 1)) && !pointers) {
		memcpy(to, from, count * size); /* no holes */
	} else {
		uint64_t n = keys->count;
		for (uint32_t left = bucket->live; left; left &= left - 1) {
			uint64_t slot = (uint64_t)__builtin_ctz(left);
			if (pointers)
				add_pointers(check, bytes, slot, n);
			memcpy(keys->keys + n * size, from + slot * size, size);
			n++;
		}
	}
	keys->count += count;
	return count;
}

/* The bucket that holds entry N.  */
static const struct check_bucket *bucket_of(const struct check_keys *keys, uint64_t n)
{
	uint64_t low = 0, high = keys->bucket_count - 1;

	while (low < high) {
		uint64_t middle = (low + high + 1) / 2;
		if (keys->buckets[middle].start <= n)
			low = middle;
		else
			high = middle - 1;
	}
	return &keys->buckets[low];
}

struct ms_check_place check_keys_place(const struct check_keys *keys, uint64_t n)
{
	const struct check_bucket *bucket = bucket_of(keys, n);
	uint32_t left = bucket->live;

	for (uint64_t i = bucket->start; i < n; i++)
		left &= left - 1;
	return (struct ms_check_place){ .in_array = true,
					.in_bucket = true,
					.in_slot = true,
					.array = bucket->array,
					.bucket = bucket->index,
					.depth = bucket->depth,
					.address = bucket->address,
					.slot = (uint32_t)__builtin_ctz(left) };
}

/* ---- What slots point to ---- */

/* Reads the first and the last byte of each of COUNT blocks of SIZE bytes; where that fails, STATUS is MS_FAULT.  */
static int32_t probe(struct ms_check *check, const uint64_t *addresses, uint64_t size, int32_t *status)
{
	uint64_t count = check->keys.count, ends = size > 1 ? 2 : 1;
	struct ms_range *ranges = calloc(count * ends, sizeof *ranges);
	int32_t *each = calloc(count * ends, sizeof *each);
	uint8_t byte;

	for (uint64_t i = 0; ranges && each && i < count * ends; i++) {
		uint64_t at = addresses[i / ends] + (i % ends ? size - 1 : 0);
		each[i] = MS_FAULT;
		ranges[i] = (struct ms_range){ at, 1, &byte, &each[i] };
	}
	int32_t result = ranges && each ? ms_mem_read_many(check->map->map.ctx, ranges, count * ends) : MS_NO_MEMORY;
	for (uint64_t i = 0; result == MS_OK && i < count * ends; i++)
		status[i / ends] = i % ends && status[i / ends] != MS_OK ? MS_FAULT : each[i];
	free(ranges);
	free(each);
	return result;
}

static int32_t read_keys(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	uint64_t size = check->map->map.key_size;
	struct ms_range *ranges = calloc(keys->count, sizeof *ranges);

	if (!ranges)
		return MS_NO_MEMORY;
	for (uint64_t i = 0; i < keys->count; i++) {
		keys->status[i] = MS_FAULT;
		ranges[i] = (struct ms_range){ keys->key_addresses[i], size, keys->keys + i * size, &keys->status[i] };
	}
	int32_t status = ms_mem_read_many(check->map->map.ctx, ranges, keys->count);
	free(ranges);
	return status;
}

static void unreadable(struct ms_check *check, enum ms_check_code code, uint64_t n, const char *what, uint64_t size,
		       uint64_t address)
{
	struct ms_check_place place = check_keys_place(&check->keys, n);

	check_find_entry(check, code, &place, "the slot points to %s of %llu bytes at 0x%llx: cannot be read", what,
			 (unsigned long long)size, (unsigned long long)address);
}

/* Keys that are held by pointer; those that cannot be read have status MS_FAULT then.  */
static int32_t fetch_keys(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	const struct ms_map *map = &check->map->map;
	int32_t status =
		reads_keys(check) ? read_keys(check) : probe(check, keys->key_addresses, map->key_size, keys->status);

	for (uint64_t i = 0; status == MS_OK && i < keys->count; i++) {
		if (keys->status[i] == MS_OK)
			continue;
		unreadable(check, MS_UNREADABLE_KEY, i, "a key", map->key_size, keys->key_addresses[i]);
		keys->key_addresses[i] = 0;
		if (reads_keys(check))
			memset(keys->keys + i * map->key_size, 0, map->key_size);
	}
	return status;
}

static int32_t probe_elems(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	const struct ms_map *map = &check->map->map;
	int32_t status = probe(check, keys->elem_addresses, map->elem_size, keys->status);

	for (uint64_t i = 0; status == MS_OK && i < keys->count; i++)
		if (keys->status[i] != MS_OK)
			unreadable(check, MS_UNREADABLE_ELEM, i, "an elem", map->elem_size, keys->elem_addresses[i]);
	return status;
}

int32_t check_keys_run(struct ms_check *check)
{
	struct check_keys *keys = &check->keys;
	const struct ms_map *map = &check->map->map;
	int32_t status = MS_OK;

	if (map->elem_indirect && keys->count)
		status = probe_elems(check);
	if (status == MS_OK && map->key_indirect && keys->count)
		status = fetch_keys(check);
	if (status == MS_OK && (!map->key_indirect || reads_keys(check)))
		status = check_hashes(check);
	if (status == MS_OK)
		keys->count = keys->bucket_count = 0;
	return status;
}
