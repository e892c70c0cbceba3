/* Fetching overflow buckets ahead of the walk along their chains.  */
#include "decode/classic_ahead.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "mem/mem.h"

enum {
	AHEAD_BYTES = 4 << 20,	/* overflow buckets held for one chunk */
	AHEAD_LEVELS = 16,	/* longer chains are followed one by one */
	SPARES_MOST = 32 << 20, /* bytes of an array's spares that are kept */
	SPARES_PART = 32,	/* of which so small a part costs as much when fetched one by one */
};

static void free_fetched(struct classic_ahead *ahead)
{
	free(ahead->address);
	free(ahead->next);
	free(ahead->status);
	free(ahead->bytes);
	ahead->address = NULL;
	ahead->next = NULL;
	ahead->status = NULL;
	ahead->bytes = NULL;
	ahead->capacity = 0;
}

void classic_ahead_fini(struct classic_ahead *ahead)
{
	free_fetched(ahead);
	free(ahead->first);
	free(ahead->spares.bytes);
	*ahead = (struct classic_ahead){ 0 };
}

void classic_ahead_init(struct classic_ahead *ahead, struct classic_map *map)
{
	*ahead = (struct classic_ahead){ .map = map };
}

/* Room for what a chunk of COUNT buckets may need.  */
static bool reserve(struct classic_ahead *ahead, uint64_t count)
{
	uint64_t size = ahead->map->bucket.size, most = AHEAD_BYTES / size + 1;
	uint64_t capacity = ms_min(count * AHEAD_LEVELS, most);

	if (capacity <= ahead->capacity)
		return true;
	free_fetched(ahead);
	ahead->capacity = capacity;
	ahead->address = calloc(capacity, sizeof *ahead->address);
	ahead->next = calloc(capacity, sizeof *ahead->next);
	ahead->status = calloc(capacity, sizeof *ahead->status);
	ahead->bytes = malloc(capacity * size);
	if (ahead->address && ahead->next && ahead->status && ahead->bytes)
		return true;
	free_fetched(ahead);
	return false;
}

static bool reserve_first(struct classic_ahead *ahead, uint64_t count)
{
	if (count <= ahead->first_capacity)
		return true;
	free(ahead->first);
	ahead->first = calloc(count, sizeof *ahead->first);
	ahead->first_capacity = ahead->first ? count : 0;
	return ahead->first;
}

/* Adds what follows BUCKET; its number + 1.  */
static uint32_t add(struct classic_ahead *ahead, const uint8_t *bucket)
{
	uint64_t address = classic_overflow(ahead->map, bucket);

	if (!address)
		return AHEAD_NONE;
	if (ahead->count == ahead->capacity || classic_bad_overflow(ahead->map, address))
		return AHEAD_MISSING;
	ahead->address[ahead->count] = address;
	ahead->next[ahead->count] = AHEAD_MISSING;
	ahead->status[ahead->count] = MS_FAULT;
	return (uint32_t)++ahead->count;
}

/* ---- Spares ---- */

/* Only where the process itself is read: elsewhere they would take long to come.  */
static void begin_spares(struct classic_ahead *ahead, uint64_t array)
{
	const struct classic_map *map = ahead->map;
	uint8_t B = array == map->oldbuckets ? map->old_B : map->B;
	uint64_t own = map->bucket.size << B, size = classic_array_bytes(map, B) - own;

	if (ahead->spares.array == array)
		return;
	free(ahead->spares.bytes);
	ahead->spares = (struct classic_spares){ .array = array };
	if (map->map.ctx->memory.pid && ms_add(array, own, &ahead->spares.address))
		ahead->spares.size = ms_min(size, SPARES_MOST);
}

static int32_t read_spares(struct classic_ahead *ahead)
{
	struct classic_spares *spares = &ahead->spares;

	spares->bytes = malloc(spares->size);
	int64_t got = spares->bytes ? ms_mem_read(ahead->map->map.ctx, spares->address, spares->bytes, spares->size)
				    : MS_NO_MEMORY;
	if (got == (int64_t)spares->size)
		return MS_OK;
	free(spares->bytes);
	spares->bytes = NULL;
	spares->size = 0;
	return got < 0 ? (int32_t)got : MS_OK;
}

/* Whether the bucket at ADDRESS is a spare one that may be kept.  */
static bool is_kept(const struct classic_ahead *ahead, uint64_t address)
{
	const struct classic_spares *spares = &ahead->spares;

	return address - spares->address < spares->size &&
	       spares->size - (address - spares->address) >= ahead->map->bucket.size;
}

/* ---- Fetching ---- */

/* Fetches the buckets FROM.. that were added.  */
static int32_t read_level(struct classic_ahead *ahead, uint64_t from)
{
	enum { SOON = 8 }; /* copies from now, memory is to be at hand */
	struct classic_spares *spares = &ahead->spares;
	uint64_t count = ahead->count - from, size = ahead->map->bucket.size, single = 0;
	struct ms_range *ranges;

	if (!spares->bytes && spares->met > spares->size / size / SPARES_PART) {
		int32_t status = read_spares(ahead);
		if (status < 0)
			return status;
	}
	ranges = malloc(count * sizeof *ranges);
	if (!ranges)
		return MS_NO_MEMORY;
	for (uint64_t i = from; i < ahead->count; i++) {
		uint64_t offset = ahead->address[i] - spares->address;
		bool kept = is_kept(ahead, ahead->address[i]);
		uint8_t *to = ahead->bytes + i * size;
		if (spares->bytes && i + SOON < ahead->count)
			__builtin_prefetch(spares->bytes + (ahead->address[i + SOON] - spares->address) % spares->size);
		if (kept && spares->bytes) {
			memcpy(to, spares->bytes + offset, size);
			ahead->status[i] = MS_OK;
			continue;
		}
		spares->met += kept;
		ranges[single++] = (struct ms_range){ ahead->address[i], size, to, &ahead->status[i] };
	}
	int32_t status = ms_mem_read_many(ahead->map->map.ctx, ranges, single);
	free(ranges);
	return status;
}

int32_t classic_ahead_read(struct classic_ahead *ahead, const struct classic_stream *stream, classic_wants *wants,
			   const void *user)
{
	uint64_t size = ahead->map->bucket.size, overflow = ahead->map->bucket.overflow, from = 0;
	uint32_t pointer_size = ahead->map->map.ctx->memory.pointer_size;

	ahead->count = 0;
	begin_spares(ahead, stream->address);
	if (!reserve_first(ahead, stream->count) || !reserve(ahead, stream->count))
		return MS_NO_MEMORY;
	memset(ahead->first, 0, stream->count * sizeof *ahead->first); /* AHEAD_NONE */
	for (uint64_t i = 0; i < stream->count; i++) {
		i += classic_zeros(stream->bytes + i * size + overflow, size, stream->count - i, pointer_size);
		if (i < stream->count && !stream->unreadable[i] && wants(user, stream->bytes + i * size, true))
			ahead->first[i] = add(ahead, stream->bytes + i * size);
	}
	for (int level = 0; level < AHEAD_LEVELS && from < ahead->count; level++) {
		uint64_t to = ahead->count;
		int32_t status = read_level(ahead, from);
		if (status < 0)
			return status;
		for (; from < to; from++) {
			const uint8_t *bucket = ahead->bytes + from * size;
			/* What the last level would add, nobody would read.  */
			if (level + 1 < AHEAD_LEVELS && ahead->status[from] == MS_OK)
				ahead->next[from] = wants(user, bucket, false) ? add(ahead, bucket) : AHEAD_NONE;
		}
	}
	return MS_OK;
}
