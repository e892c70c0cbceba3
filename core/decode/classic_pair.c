/* Counting by two threads.  */
#include "decode/classic_pair.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "decode/classic_stream.h"
#include "mem/mem.h"

enum {
	SHARES = 2,
	CHUNK = 256 << 10,  /* bytes read at once */
	WORTH_IT = 1 << 17, /* buckets of an array */
	CALL_BYTES = 16 << 20,
};

/* All that a thread writes to.  */
struct classic_share {
	const struct classic_map *map;
	uint32_t array;
	uint64_t first, count;
	bool whole; /* all of it was read */
	struct classic_found *found;
	uint64_t found_count;
	struct ms_stats stats;
	uint8_t *bytes;
};

static void add_found(struct classic_share *share, const struct ms_piece *piece)
{
	const struct classic_bucket *layout = &share->map->bucket;
	uint32_t pointer_size = share->map->map.ctx->memory.pointer_size;

	for (uint64_t i = 0; i < piece->count; i++) {
		const uint8_t *bucket = piece->bytes + i * piece->size;
		uint64_t zeros = classic_zeros(bucket + layout->overflow, piece->size, piece->count - i, pointer_size);
		i += zeros;
		bucket += zeros * piece->size;
		if (i < piece->count)
			share->found[share->found_count++] = (struct classic_found){
				.index = piece->index + i,
				.to = classic_overflow(share->map, bucket),
				.evacuated = share->array == CLASSIC_OLD && classic_evacuated(bucket[layout->tophash]),
			};
	}
}

static void *count_share(void *user)
{
	struct classic_share *share = user;
	uint64_t size = share->map->bucket.size, most = size < CHUNK ? CHUNK / size : 1, count;

	share->stats = (struct ms_stats){ 0 };
	share->found_count = 0;
	for (uint64_t done = 0; done < share->count; done += count) {
		count = ms_min(share->count - done, most);
		struct ms_piece piece = { .count = count,
					  .size = size,
					  .bytes = share->bytes,
					  .array = share->array,
					  .index = share->first + done,
					  .address = classic_array_address(share->map, share->array) +
						     (share->first + done) * size };
		share->whole = ms_live_read(share->map->map.ctx->memory.pid, piece.address, share->bytes,
					    count * size) == (int64_t)(count * size);
		if (!share->whole)
			break;
		classic_stats_add(&share->map->map, &piece, &share->stats);
		add_found(share, &piece);
	}
	return NULL;
}

/* False: there is none to be had.  */
static bool start(pthread_t *thread, struct classic_share *share)
{
	sigset_t all, before;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	bool started = !pthread_create(thread, NULL, count_share, share);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

bool classic_pair_count(struct classic_pair *pair, uint32_t array, uint64_t index, uint64_t count,
			struct ms_stats *stats)
{
	struct classic_share *mine = &pair->shares[0], *other = &pair->shares[1];
	pthread_t thread;

	mine->array = other->array = array;
	mine->first = index;
	mine->count = count / SHARES;
	other->first = index + mine->count;
	other->count = count - mine->count;
	bool started = start(&thread, other);
	count_share(mine);
	if (started)
		pthread_join(thread, NULL);
	else
		count_share(other);
	if ((mine->count && !mine->whole) || !other->whole)
		return false;
	classic_stats_merge(stats, &mine->stats);
	classic_stats_merge(stats, &other->stats);
	memmove(mine->found + mine->found_count, other->found, other->found_count * sizeof *other->found);
	pair->found_count = mine->found_count + other->found_count;
	return true;
}

struct classic_pair *classic_pair_new(const struct classic_map *map)
{
	bool large = map->buckets && (uint64_t)1 << map->B >= WORTH_IT;
	uint64_t size = map->bucket.size > CHUNK ? map->bucket.size : CHUNK;
	struct classic_pair *pair;

	if (!large || !map->map.ctx->memory.pid || sysconf(_SC_NPROCESSORS_ONLN) < SHARES)
		return NULL;
	pair = calloc(1, sizeof *pair);
	if (!pair)
		return NULL;
	pair->most = ms_min(CALL_BYTES / map->bucket.size + 1, CLASSIC_PAIR_MOST);
	pair->shares = calloc(SHARES, sizeof *pair->shares);
	pair->found = malloc(CLASSIC_PAIR_MOST * sizeof *pair->found);
	bool whole = pair->shares && pair->found;
	for (uint32_t i = 0; i < SHARES && whole; i++) {
		struct classic_share *share = &pair->shares[i];
		share->map = map;
		share->found = pair->found + i * (CLASSIC_PAIR_MOST / SHARES);
		share->bytes = malloc(size);
		whole = share->bytes;
	}
	if (!whole) {
		classic_pair_free(pair);
		return NULL;
	}
	return pair;
}

void classic_pair_free(struct classic_pair *pair)
{
	if (!pair)
		return;
	for (uint32_t i = 0; i < SHARES && pair->shares; i++)
		free(pair->shares[i].bytes);
	free(pair->shares);
	free(pair->found);
	free(pair);
}
