/* The steps of a growth. Sources: Go 1.12 to 1.23, src/runtime/map.go, hashGrow, growWork, evacuate, advanceEvacuationMark.  */
#include "decode/growth.h"

#include <stdlib.h>

#include "base/arith.h"
#include "decode/classic.h"
#include "decode/hash.h"
#include "mem/mem.h"

enum {
	ADVANCE_MOST = 1024, /* buckets that the mark passes over at once: advanceEvacuationMark */
	KEY_MOST = 1 << 16,  /* bytes of a key that is hashed */
};

void ms_growth_of(const struct ms_map *map, struct ms_growth *out)
{
	const struct classic_map *classic = (const struct classic_map *)map;

	*out = (struct ms_growth){
		.count = map->count,
		.B = classic->B,
		.noverflow = classic->noverflow,
		.buckets = classic->buckets ? (uint64_t)1 << classic->B : 0,
		.old_buckets = classic_growing(classic) ? (uint64_t)1 << classic->old_B : 0,
		.nevacuate = classic->nevacuate,
		.same_size = classic->flags & HMAP_SAME_SIZE_GROW,
		.writing = classic->flags & HMAP_HASH_WRITING,
	};
}

/* NUM / 2 entries a bucket, and more than one bucket holds.  */
static bool over_load(uint64_t count, uint8_t B, uint64_t num)
{
	return count > HMAP_SLOTS && count > num * (((uint64_t)1 << B) / HMAP_LOAD_DEN);
}

enum ms_growth_kind ms_growth_next(const struct ms_map *map)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	uint64_t after = (uint64_t)map->count + 1;
	uint8_t most = HMAP_NOVERFLOW_EXACT_B - 1, B = classic->B;

	if (classic->noverflow < 1u << (B < most ? B : most) || over_load(after, B, HMAP_LOAD_NUM))
		return MS_GROWTH_DOUBLE; /* nothing but the load asks for it, or the load does as well */
	bool elsewhere = map->shape->language == MS_GO && over_load(after, B, HMAP_LOAD_NUM - 1);
	return elsewhere ? MS_GROWTH_EITHER : MS_GROWTH_SAME_SIZE;
}

uint8_t ms_growth_B_for(uint64_t count)
{
	uint8_t B = 0;

	while (B < 58 && over_load(count, B, HMAP_LOAD_NUM))
		B++;
	return B;
}

/* The address of old bucket INDEX; false: there is none.  */
static bool old_bucket(const struct classic_map *classic, uint64_t index, uint64_t *out)
{
	return classic_growing(classic) && !classic->map.broken.size && !(index >> classic->old_B) &&
	       ms_element(classic->oldbuckets, index, classic->bucket.size, out);
}

int32_t ms_chain_read(const struct ms_map *map, uint64_t index, struct ms_chain *out)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	uint8_t tophash[HMAP_SLOTS], word[8];
	uint64_t address;

	*out = (struct ms_chain){ .index = index };
	if (!old_bucket(classic, index, &address))
		return MS_NOT_FOUND;
	for (; address && out->count < MS_CHAIN_MOST; out->count++) {
		int32_t status =
			ms_mem_read_cached(map->ctx, address + classic->bucket.tophash, tophash, sizeof tophash);
		if (status == MS_OK)
			status = ms_mem_read_cached(map->ctx, address + classic->bucket.overflow, word,
						    map->ctx->memory.pointer_size);
		if (status < 0)
			return out->count && status == MS_FAULT ? MS_OK : status;
		out->address[out->count] = address + classic->bucket.tophash;
		if (!out->count)
			out->evacuated = classic_evacuated(*tophash);
		for (int i = 0; i < HMAP_SLOTS; i++)
			out->live += tophash[i] >= HMAP_MIN_TOPHASH;
		address = ms_map_pointer(map, word);
	}
	out->whole = !address;
	return MS_OK;
}

/* The key in slot SLOT of the bucket at ADDRESS, into KEY.  */
static int32_t read_key(const struct classic_map *classic, uint64_t address, int slot, uint8_t *key)
{
	const struct ms_map *map = &classic->map;
	uint64_t at = address + classic->bucket.keys + (uint64_t)slot * classic->bucket.key_slot;
	uint8_t word[8];

	if (map->key_indirect) {
		int32_t status = ms_mem_read_cached(map->ctx, at, word, map->ctx->memory.pointer_size);
		if (status < 0)
			return status;
		at = ms_map_pointer(map, word);
	}
	return ms_mem_read_cached(map->ctx, at, key, map->key_size);
}

/* Adds where the entries of one bucket are going to go. MS_OK, or what failed.  */
static int32_t predict_bucket(const struct classic_map *classic, struct ms_hasher *hasher, uint64_t address,
			      uint8_t *key, uint64_t to[2])
{
	uint8_t tophash[HMAP_SLOTS];
	uint64_t hash;
	int32_t status =
		ms_mem_read_cached(classic->map.ctx, address + classic->bucket.tophash, tophash, sizeof tophash);

	for (int slot = 0; slot < HMAP_SLOTS && status == MS_OK; slot++) {
		if (tophash[slot] < HMAP_MIN_TOPHASH)
			continue;
		status = read_key(classic, address, slot, key);
		if (status == MS_OK)
			status = ms_hasher_hash(hasher, key, &hash);
		if (status == MS_OK)
			to[hash >> classic->old_B & 1]++;
	}
	return status;
}

int32_t ms_chain_predict(struct ms_map *map, const struct ms_chain *chain, uint64_t to_out[2])
{
	const struct classic_map *classic = (const struct classic_map *)map;
	struct ms_hasher *hasher = NULL;
	uint8_t *key = chain->whole && map->key_size <= KEY_MOST ? malloc(map->key_size + 1) : NULL;
	int32_t status = key ? ms_hasher_new(map, &hasher) : MS_NOT_FOUND;

	to_out[0] = to_out[1] = 0;
	for (uint32_t i = 0; i < chain->count && status == MS_OK; i++)
		status = predict_bucket(classic, hasher, chain->address[i] - classic->bucket.tophash, key, to_out);
	ms_hasher_free(hasher);
	free(key);
	return status == MS_INTERRUPTED				    ? status
	       : status < 0 || to_out[0] + to_out[1] != chain->live ? MS_NOT_FOUND
								    : MS_OK;
}

int32_t ms_chain_settle(struct ms_context *ctx, const struct ms_chain *chain, uint64_t to_out[2])
{
	uint8_t tophash[HMAP_SLOTS];

	to_out[0] = to_out[1] = 0;
	if (!chain->whole)
		return MS_NOT_FOUND;
	for (uint32_t i = 0; i < chain->count; i++) {
		int32_t status = ms_mem_read_cached(ctx, chain->address[i], tophash, sizeof tophash);
		if (status < 0)
			return status == MS_FAULT ? MS_NOT_FOUND : status;
		for (int slot = 0; slot < HMAP_SLOTS; slot++) {
			if (!classic_evacuated(tophash[slot]))
				return MS_NOT_FOUND;
			to_out[0] += tophash[slot] == HMAP_EVACUATED_X;
			to_out[1] += tophash[slot] == HMAP_EVACUATED_Y;
		}
	}
	return to_out[0] + to_out[1] == chain->live ? MS_OK : MS_NOT_FOUND;
}

int32_t ms_growth_ends(const struct ms_map *map, bool *out)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	uint64_t count = classic_growing(classic) ? (uint64_t)1 << classic->old_B : 0, at = classic->nevacuate, address;
	uint8_t first;

	*out = false;
	if (at >= count)
		return MS_OK; /* at rest, or damaged */
	at++;
	uint64_t stop = count - at > ADVANCE_MOST ? at + ADVANCE_MOST : count;
	for (; at != stop && old_bucket(classic, at, &address); at++) {
		int32_t status = ms_mem_read_cached(map->ctx, address + classic->bucket.tophash, &first, 1);
		if (status < 0)
			return status;
		if (!classic_evacuated(first))
			return MS_OK;
	}
	*out = at == count;
	return MS_OK;
}
