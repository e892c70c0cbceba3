/* Counting by two threads.  */
#include "decode/classic_count.h"

#include <stdlib.h>
#include <string.h>

#include "decode/classic_stream.h"

/* All that a thread writes to.  */
struct classic_counter {
	const struct classic_map *map;
	struct classic_found *found;
	uint64_t found_count;
	struct ms_stats stats;
};

static void count_piece(void *of_thread, const struct ms_piece *piece)
{
	struct classic_counter *counter = of_thread;
	const struct classic_map *map = counter->map;
	uint32_t pointer_size = map->map.ctx->memory.pointer_size;

	classic_stats_add(&map->map, piece, &counter->stats);
	for (uint64_t i = 0; i < piece->count; i++) {
		const uint8_t *bucket = piece->bytes + i * piece->size;
		uint64_t zeros =
			classic_zeros(bucket + map->bucket.overflow, piece->size, piece->count - i, pointer_size);
		i += zeros;
		bucket += zeros * piece->size;
		if (i < piece->count)
			counter->found[counter->found_count++] = (struct classic_found){
				.index = piece->index + i,
				.to = classic_overflow(map, bucket),
				.evacuated =
					piece->array == CLASSIC_OLD && classic_evacuated(bucket[map->bucket.tophash]),
			};
	}
}

bool classic_count_own(struct classic_count *count, uint32_t array, uint64_t index, uint64_t n, struct ms_stats *stats)
{
	struct classic_counter *one = &count->counters[0], *other = &count->counters[1];

	one->found_count = other->found_count = 0;
	one->stats = other->stats = (struct ms_stats){ 0 };
	if (!classic_pair_own(&count->pair, array, index, n, count_piece, (void *[]){ one, other }))
		return false;
	classic_stats_merge(stats, &one->stats);
	classic_stats_merge(stats, &other->stats);
	memmove(one->found + one->found_count, other->found, other->found_count * sizeof *other->found);
	count->found_count = one->found_count + other->found_count;
	return true;
}

struct classic_count *classic_count_new(const struct classic_map *map)
{
	struct classic_count *count = calloc(1, sizeof *count);

	if (!count)
		return NULL;
	if (classic_pair_init(&count->pair, map)) {
		count->counters = calloc(CLASSIC_PAIR, sizeof *count->counters);
		count->found = malloc(CLASSIC_PAIR_MOST * sizeof *count->found);
	}
	if (!count->counters || !count->found) {
		classic_count_free(count);
		return NULL;
	}
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		count->counters[i].map = map;
		count->counters[i].found = count->found + i * (CLASSIC_PAIR_MOST / CLASSIC_PAIR);
	}
	return count;
}

void classic_count_free(struct classic_count *count)
{
	if (!count)
		return;
	classic_pair_fini(&count->pair);
	free(count->counters);
	free(count->found);
	free(count);
}
