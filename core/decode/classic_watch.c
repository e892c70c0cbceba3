/* Places in a classic map that can be watched. Where evacuation puts entries: Go 1.12 to 1.23, src/runtime/map.go, evacuate():
   a destination chain is empty before and fills from its first slot on.  */
#include "decode/watch.h"

#include "base/arith.h"
#include "decode/classic.h"
#include "mem/mem.h"

enum { CHAIN_MOST = 1 << 16 }; /* buckets of a chain that are followed */

const char *ms_header_member(const struct ms_map *map, uint32_t n, uint64_t *offset_out, uint64_t *size_out)
{
	const struct classic_shape *shape = (const struct classic_shape *)map->shape;
	const struct {
		const char *name;
		uint64_t offset, size;
	} members[] = {
		{ "count", shape->count.offset, shape->count.size },
		{ "flags", shape->flags.offset, shape->flags.size },
		{ "B", shape->B.offset, shape->B.size },
		{ "noverflow", shape->noverflow.offset, shape->noverflow.size },
		{ "hash0", shape->hash0.offset, shape->hash0.size },
		{ "buckets", shape->buckets.offset, shape->buckets.size },
		{ "oldbuckets", shape->oldbuckets.offset, shape->oldbuckets.size },
		{ "nevacuate", shape->nevacuate.offset, shape->nevacuate.size },
	};

	if (n >= sizeof members / sizeof *members)
		return NULL;
	*offset_out = members[n].offset;
	*size_out = members[n].size;
	return members[n].name;
}

/* The address of the overflow bucket behind the one at ADDRESS; 0: none.  */
static int32_t next_bucket(const struct classic_map *classic, uint64_t address, uint64_t *out)
{
	uint8_t word[8];
	int32_t status = ms_mem_read_cached(classic->map.ctx, address + classic->bucket.overflow, word,
					    classic->map.ctx->memory.pointer_size);

	*out = status == MS_OK ? ms_map_pointer(&classic->map, word) : 0;
	return status;
}

int32_t ms_slot_find(const struct ms_map *map, bool old, uint64_t index, uint64_t slot, struct ms_slot_place *out,
		     uint64_t *slots_out)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	uint64_t array = old ? classic->oldbuckets : classic->buckets, address, depth = 0;
	uint8_t B = old ? classic->old_B : classic->B;

	*slots_out = 0;
	if (!array || map->broken.size || index >> B || !ms_element(array, index, classic->bucket.size, &address))
		return MS_NOT_FOUND;
	for (; address && depth < CHAIN_MOST; depth++) {
		*slots_out += HMAP_SLOTS;
		if (slot < *slots_out) {
			*out = (struct ms_slot_place){
				.old = old, .array = array, .index = index, .slot = slot, .bucket = address
			};
			return MS_OK;
		}
		int32_t status = next_bucket(classic, address, &address);
		if (status < 0)
			return status;
	}
	return MS_NOT_FOUND;
}

bool ms_slot_belongs(const struct ms_map *map, struct ms_slot_place *place)
{
	const struct classic_map *classic = (const struct classic_map *)map;

	place->old = classic_growing(classic) && place->array == classic->oldbuckets;
	return !map->nil && !map->broken.size && (place->old || place->array == classic->buckets) &&
	       !(place->index >> (place->old ? classic->old_B : classic->B));
}

int32_t ms_slot_destination(const struct ms_map *map, const struct ms_slot_place *place, bool y,
			    struct ms_slot_place *out, uint64_t *behind_out)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	uint64_t index = place->index + (y ? (uint64_t)1 << classic->old_B : 0), slots, address = 0;
	uint8_t tophash[HMAP_SLOTS];
	int32_t status = ms_slot_find(map, false, index, 0, out, &slots);

	if (status < 0)
		return status == MS_NOT_FOUND ? MS_BAD_MAP : status;
	for (uint64_t depth = 0; depth < CHAIN_MOST; depth++) {
		status = ms_mem_read_cached(map->ctx, out->bucket + classic->bucket.tophash, tophash, sizeof tophash);
		if (status == MS_OK)
			status = next_bucket(classic, out->bucket, &address);
		if (status < 0)
			return status;
		for (uint32_t i = 0; i < HMAP_SLOTS && !address; i++)
			if (tophash[i] < HMAP_MIN_TOPHASH) {
				out->slot = depth * HMAP_SLOTS + i;
				return MS_OK;
			}
		if (!address) {
			*behind_out = out->bucket;
			out->slot = (depth + 1) * HMAP_SLOTS;
			return MS_NOT_FOUND;
		}
		out->bucket = address;
	}
	return MS_BAD_MAP;
}

void ms_slot_parts(const struct ms_map *map, const struct ms_slot_place *place, struct ms_slot_parts *out)
{
	const struct classic_bucket *bucket = &((const struct classic_map *)map)->bucket;
	uint64_t i = place->slot % HMAP_SLOTS;

	*out = (struct ms_slot_parts){
		.tophash = place->bucket + bucket->tophash + i,
		.key = place->bucket + bucket->keys + i * bucket->key_slot,
		.elem = place->bucket + bucket->elems + i * bucket->elem_slot,
		.overflow = place->bucket + bucket->overflow,
		.key_size = bucket->key_slot,
		.elem_size = bucket->elem_slot,
	};
}
