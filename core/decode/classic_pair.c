/* Two threads.  */
#include "decode/classic_pair.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/arith.h"
#include "mem/mem.h"

enum {
	CHUNK = 256 << 10,  /* bytes read at once */
	WORTH_IT = 1 << 17, /* buckets of an array */
	CALL_BYTES = 16 << 20,
};

struct half {
	const struct classic_map *map;
	uint32_t array;
	uint64_t first, count;
	uint8_t *bytes;
	classic_pair_work *work;
	void *of_thread;
	bool whole; /* all of it was read */
};

static void *work_on_half(void *user)
{
	struct half *half = user;
	uint64_t size = half->map->bucket.size, most = size < CHUNK ? CHUNK / size : 1, count;

	half->whole = true;
	for (uint64_t done = 0; done < half->count; done += count) {
		count = ms_min(half->count - done, most);
		uint64_t bytes = count * size, index = half->first + done;
		struct ms_piece piece = { .count = count,
					  .size = size,
					  .bytes = half->bytes,
					  .array = half->array,
					  .index = index,
					  .address = classic_array_address(half->map, half->array) + index * size };
		half->whole = ms_live_read(half->map->map.ctx->memory.pid, piece.address, half->bytes, bytes) ==
			      (int64_t)bytes;
		if (!half->whole)
			break;
		half->work(half->of_thread, &piece);
	}
	return NULL;
}

/* False: there is none to be had.  */
static bool start(pthread_t *thread, void *(*run)(void *), void *of_thread)
{
	sigset_t all, before;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	bool started = !pthread_create(thread, NULL, run, of_thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void classic_pair_run(void *(*run)(void *), void *const of_thread[CLASSIC_PAIR])
{
	pthread_t thread;
	bool started = start(&thread, run, of_thread[1]);

	run(of_thread[0]);
	if (started)
		pthread_join(thread, NULL);
	else
		run(of_thread[1]);
}

bool classic_pair_own(const struct classic_pair *pair, uint32_t array, uint64_t index, uint64_t count,
		      classic_pair_work *work, void *const of_thread[CLASSIC_PAIR])
{
	struct half first = { .map = pair->map,
			      .array = array,
			      .first = index,
			      .count = count / 2,
			      .bytes = pair->bytes[0],
			      .work = work,
			      .of_thread = of_thread[0] };
	struct half second = first;

	second.first += first.count;
	second.count = count - first.count;
	second.bytes = pair->bytes[1];
	second.of_thread = of_thread[1];
	classic_pair_run(work_on_half, (void *[]){ &first, &second });
	return first.whole && second.whole;
}

bool classic_pair_init(struct classic_pair *pair, const struct classic_map *map)
{
	bool large = map->buckets && (uint64_t)1 << map->B >= WORTH_IT;
	uint64_t size = map->bucket.size > CHUNK ? map->bucket.size : CHUNK;

	*pair = (struct classic_pair){ .map = map };
	if (!large || !map->map.ctx->memory.pid)
		return false;
	pair->most = ms_min(CALL_BYTES / map->bucket.size + 1, ms_min(CLASSIC_PAIR_MOST, (uint64_t)1 << map->B >> 3));
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++)
		pair->bytes[i] = malloc(size);
	return pair->bytes[0] && pair->bytes[1];
}

void classic_pair_fini(struct classic_pair *pair)
{
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++)
		free(pair->bytes[i]);
	*pair = (struct classic_pair){ 0 };
}
