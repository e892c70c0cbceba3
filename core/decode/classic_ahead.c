/* Fetching overflow buckets ahead of the walk along their chains.  */
#include "decode/classic_ahead.h"

#include <stdlib.h>

#include "base/arith.h"
#include "mem/mem.h"

enum {
	AHEAD_BYTES = 4 << 20, /* overflow buckets held for one chunk */
	AHEAD_LEVELS = 16,     /* longer chains are followed one by one */
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

/* Fetches the buckets FROM.. that were added.  */
static int32_t read_level(struct classic_ahead *ahead, uint64_t from)
{
	uint64_t count = ahead->count - from, size = ahead->map->bucket.size;
	struct ms_range *ranges = calloc(count, sizeof *ranges);

	if (!ranges)
		return MS_NO_MEMORY;
	for (uint64_t i = 0; i < count; i++)
		ranges[i] = (struct ms_range){ ahead->address[from + i], size, ahead->bytes + (from + i) * size,
					       &ahead->status[from + i] };
	int32_t status = ms_mem_read_many(ahead->map->map.ctx, ranges, count);
	free(ranges);
	return status;
}

int32_t classic_ahead_read(struct classic_ahead *ahead, const struct classic_stream *stream, classic_wants *wants,
			   const void *user)
{
	uint64_t size = ahead->map->bucket.size, from = 0;

	ahead->count = 0;
	if (!reserve_first(ahead, stream->count) || !reserve(ahead, stream->count))
		return MS_NO_MEMORY;
	for (uint64_t i = 0; i < stream->count; i++) {
		const uint8_t *bucket = stream->bytes + i * size;
		ahead->first[i] = !stream->unreadable[i] && wants(user, bucket, true) ? add(ahead, bucket) : AHEAD_NONE;
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
