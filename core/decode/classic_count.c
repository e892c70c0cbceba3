/* Counting by two threads.  */
#include "decode/classic_count.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "decode/classic_stream.h"

enum {
	WAITING = 1 << 19, /* overflow buckets that wait, in either queue */
	BATCHES = 8,	   /* of one call at most: some milliseconds */
};

/* All that a thread writes to.  */
struct classic_counter {
	const struct classic_map *map;
	struct classic_count *count;
	bool second; /* of the two */
	struct classic_found *found;
	uint64_t found_count;
	uint64_t waiting[CLASSIC_PAIR],
		used[CLASSIC_ARRAYS]; /* added to either queue; behind the last spare given an owner */
	uint64_t followed;
	struct classic_queue queue;
	uint64_t batches;      /* of it, that a call counts */
	struct ms_marks marks; /* on what its queue's half of memory holds */
	struct ms_link *links; /* of a batch */
	struct ms_stats stats;
};

/* ---- Own buckets ---- */

/* The spare bucket at TO becomes that of the chain. False: it is one already, or there is no such bucket.  */
static bool give_owner(struct classic_counter *counter, uint32_t array, uint64_t place, uint64_t to)
{
	struct classic_owners *spares = &counter->count->spares[array];
	uint64_t size = counter->map->bucket.size, offset = to - spares->address, number = offset / size, nobody = 0;

	if (number * size != offset || number < spares->passed ||
	    !__atomic_compare_exchange_n(&spares->owner[number], &nobody, place_behind(place), false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return false;
	if (number >= counter->used[array])
		counter->used[array] = number + 1;
	return true;
}

static bool follow(struct classic_counter *counter, uint64_t place, uint64_t to)
{
	struct classic_count *count = counter->count;
	uint32_t half = classic_half(to);

	if (classic_bad_overflow(counter->map, to))
		return false;
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		if (to - count->spares[array].address < count->spares[array].count * counter->map->bucket.size)
			return give_owner(counter, array, place, to);
	*classic_queue_place(&count->counters[half].queue, counter->second, counter->waiting[half]++) =
		(struct classic_waiting){ to, place_behind(place) };
	return true;
}

static void count_piece(void *of_thread, const struct ms_piece *piece)
{
	struct classic_counter *counter = of_thread;
	const struct classic_map *map = counter->map;

	classic_stats_add(&map->map, piece, &counter->stats);
	for (uint64_t i = 0; i < piece->count; i++) {
		i += classic_zeros(piece->bytes + i * piece->size + map->bucket.overflow, piece->size, piece->count - i,
				   map->map.ctx->memory.pointer_size);
		if (i == piece->count)
			break;
		const uint8_t *bucket = piece->bytes + i * piece->size;
		uint64_t to = classic_overflow(map, bucket);
		bool evacuated = piece->array == CLASSIC_OLD && classic_evacuated(bucket[map->bucket.tophash]);
		uint64_t place = place_make(piece->index + i, piece->array, evacuated, 0);
		if (follow(counter, place, to))
			counter->followed++;
		else
			counter->found[counter->found_count++] = (struct classic_found){ place, to };
	}
}

static void begin_call(struct classic_count *count)
{
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		struct classic_counter *counter = &count->counters[i];
		counter->found_count = counter->followed = 0;
		counter->used[CLASSIC_OLD] = counter->used[CLASSIC_NEW] = 0;
		counter->stats = (struct ms_stats){ 0 };
	}
}

static void end_call(struct classic_count *count, struct ms_stats *stats)
{
	struct classic_counter *one = &count->counters[0], *other = &count->counters[1];

	classic_stats_merge(stats, &one->stats);
	classic_stats_merge(stats, &other->stats);
	memmove(one->found + one->found_count, other->found, other->found_count * sizeof *other->found);
	count->found_count = one->found_count + other->found_count;
}

/* What the threads have added waits from now on.  */
static void end_following(struct classic_count *count)
{
	struct classic_counter *one = &count->counters[0], *other = &count->counters[1];

	for (uint32_t half = 0; half < CLASSIC_PAIR; half++) {
		count->counters[half].queue.queued = one->waiting[half];
		count->counters[half].queue.behind = other->waiting[half];
	}
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++) {
		uint64_t used = one->used[array] > other->used[array] ? one->used[array] : other->used[array];
		if (used > count->spares[array].used)
			count->spares[array].used = used;
	}
	count->followed = one->followed + other->followed;
}

/* Takes the spares away again that chains of these own buckets have got.  */
static void undo_following(struct classic_count *count, uint32_t array, uint64_t index, uint64_t n)
{
	for (uint32_t i = 0; i < CLASSIC_ARRAYS; i++)
		for (uint64_t number = 0; number < count->spares[i].count; number++) {
			uint64_t *owner = &count->spares[i].owner[number];
			if (*owner && place_array(*owner) == array && place_index(*owner) - index < n)
				*owner = 0;
		}
}

bool classic_count_own(struct classic_count *count, uint32_t array, uint64_t index, uint64_t n, struct ms_stats *stats)
{
	begin_call(count);
	for (uint32_t half = 0; half < CLASSIC_PAIR; half++) {
		count->counters[0].waiting[half] = count->counters[half].queue.queued;
		count->counters[1].waiting[half] = count->counters[half].queue.behind;
	}
	count->gave_up = !classic_pair_own(&count->pair, array, index, n, count_piece,
					   (void *[]){ &count->counters[0], &count->counters[1] });
	if (count->gave_up) {
		undo_following(count, array, index, n);
		return false;
	}
	end_following(count);
	end_call(count, stats);
	return true;
}

/* ---- Overflow buckets ---- */

bool classic_count_is_full(struct classic_count *count)
{
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		struct classic_queue *queue = &count->counters[i].queue;
		if (classic_queue_begun(queue) || queue->queued + queue->behind + CLASSIC_PAIR_MOST > WAITING)
			return true;
	}
	return false;
}

bool classic_count_some_wait(const struct classic_count *count)
{
	return classic_queue_some_wait(&count->counters[0].queue) || classic_queue_some_wait(&count->counters[1].queue);
}

static void count_batch(struct classic_counter *counter, struct ms_marks *marks, bool readable)
{
	const struct classic_queue *queue = &counter->queue;
	struct ms_piece piece = { .size = queue->bucket_size, .bytes = queue->bytes, .links = counter->links };

	for (uint64_t i = 0; i < queue->count; i++) {
		const struct classic_waiting *waiting = &queue->batch[i];
		if (readable && !classic_overflow(counter->map, queue->bytes + queue->offset[i]) &&
		    ms_marks_add(marks, waiting->address) == MS_VISIT_FIRST)
			counter->links[piece.count++] = place_link(waiting->place, waiting->address, queue->offset[i]);
		else
			counter->found[counter->found_count++] =
				(struct classic_found){ .place = place_before(waiting->place), .to = waiting->address };
	}
	classic_stats_add(&counter->map->map, &piece, &counter->stats);
}

static void *count_some(void *of_thread)
{
	struct classic_counter *counter = of_thread;
	struct ms_marks marks = counter->marks; /* the other thread's may lie in the same line of the cache */

	for (uint64_t batch = 0; batch < counter->batches && classic_queue_some_wait(&counter->queue); batch++) {
		bool readable = classic_queue_read_live(&counter->queue);
		count_batch(counter, &marks, readable);
	}
	counter->marks = marks;
	return NULL;
}

uint64_t classic_count_overflow(struct classic_count *count, struct ms_marks marks[CLASSIC_PAIR],
				struct ms_stats *stats)
{
	struct classic_counter *counters = count->counters;

	begin_call(count);
	counters[0].marks = marks[0];
	counters[1].marks = marks[1];
	classic_pair_run(count_some, (void *[]){ &counters[0], &counters[1] });
	marks[0] = counters[0].marks;
	marks[1] = counters[1].marks;
	end_call(count, stats);
	return count->found_count;
}

/* ---- Life ---- */

static bool init_counter(struct classic_count *count, bool second, const struct classic_map *map)
{
	struct classic_counter *counter = &count->counters[second];

	counter->map = map;
	counter->count = count;
	counter->second = second;
	if (!classic_queue_init(&counter->queue, map->map.ctx, map->bucket.size, WAITING))
		return false;
	counter->batches = ms_min(BATCHES, CLASSIC_PAIR_MOST / counter->queue.batch_most);
	counter->links = malloc(counter->queue.batch_most * sizeof *counter->links);
	return counter->links;
}

static bool init(struct classic_count *count, const struct classic_map *map)
{
	uint64_t overflow_most, most;

	if (!classic_pair_init(&count->pair, map))
		return false;
	count->counters = calloc(CLASSIC_PAIR, sizeof *count->counters);
	if (!count->counters || !init_counter(count, false, map) || !init_counter(count, true, map))
		return false;
	overflow_most = count->counters[0].batches * count->counters[0].queue.batch_most;
	most = overflow_most > CLASSIC_PAIR_MOST / CLASSIC_PAIR ? overflow_most : CLASSIC_PAIR_MOST / CLASSIC_PAIR;
	count->found_most = CLASSIC_PAIR * most;
	count->found = malloc(count->found_most * sizeof *count->found);
	count->counters[0].found = count->found;
	count->counters[1].found = count->found + most;
	return count->found;
}

struct classic_count *classic_count_new(const struct classic_map *map, struct classic_owners *spares)
{
	struct classic_count *count = calloc(1, sizeof *count);

	if (!count)
		return NULL;
	count->spares = spares;
	if (init(count, map))
		return count;
	classic_count_free(count);
	return NULL;
}

void classic_count_free(struct classic_count *count)
{
	if (!count)
		return;
	classic_pair_fini(&count->pair);
	for (uint32_t i = 0; i < CLASSIC_PAIR && count->counters; i++) {
		classic_queue_fini(&count->counters[i].queue);
		free(count->counters[i].links);
	}
	free(count->counters);
	free(count->found);
	free(count);
}
