/* The chains of a large live map at a glance, where keys are integers: nearly all of them are sound, and are found so by two threads at
   the speed of memory. Here nothing is judged to be wrong: chains that may be are left for a closer look, in their order.

   Own buckets are looked at first, a call for some MiB at a time. A chain that goes on is remembered with what is needed of its first
   bucket, and its overflow bucket waits in one of two queues, by where it lies: so no two threads ever write to the same marks. When
   many wait, or the array ends, they are read in order of address. Chains of more than two buckets are rare, and looked at closely.  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "decode/classic_check.h"
#include "decode/classic_queue.h"
#include "decode/tophash_word.h"

enum {
	CHAINS = 1 << 18, /* that either thread remembers; those of 14 million entries are 430 000 in all */
	BATCHES = 8,	  /* of one call: some milliseconds */
	SOON = 8,	  /* chains from now, memory is to be at hand */
};

/* One that goes on, or needs a closer look.  */
struct glance_chain {
	uint64_t index : 63, sound : 1;
	uint64_t word, folds; /* its first bucket's tophashes, and check_folds */
};

/* A chain's number, for the queues: which thread's, and its place among them.  */
enum { CHAIN_THREAD = 40 };

/* What a thread has found out about overflow buckets.  */
struct glance_sum {
	struct check_met met;
	uint64_t live;
};

/* All that a thread writes to. While it works it does so elsewhere, since the other thread's may lie in the same line of the cache. Own
   buckets come in halves, too: the first thread adds to the fronts of both queues, the second one behind.  */
struct glance_thread {
	struct ms_check *check;
	uint32_t number;
	struct glance_chain *chains; /* in order */
	uint64_t count, closer;	     /* the next to be asked whether it needs a closer look */
	struct classic_queue queue;  /* of the overflow buckets of its half */
	struct glance_sum sum;
	/* What the call at hand makes of the counts: of chains, of what it adds to either queue; and live entries.  */
	uint64_t new_count, waiting[CLASSIC_PAIR], live;
};

struct check_glance {
	enum { OWN, OVERFLOW, CLOSER } phase;
	struct classic_pair pair;
	struct glance_thread threads[CLASSIC_PAIR];
	uint64_t most; /* chains of either thread before overflow buckets are looked at */
	uint64_t at;   /* own buckets seen */
	bool failed;   /* some of them cannot be read, and none from AT on is looked at here */
};

/* ---- Own buckets ---- */

/* In a growth, a bucket is empty until its old one is evacuated.  */
static bool is_too_early(const struct ms_check *check, uint64_t index)
{
	return check->evacuated && !check_bit(check->evacuated, index & (check_array_count(check, CLASSIC_OLD) - 1));
}

static bool leads_somewhere(const struct ms_check *check, uint64_t to)
{
	return !classic_bad_overflow(check->map, to) && (check->map->map.ctx->memory.pointer_size == 8 || !(to >> 32));
}

static void look_at_own(void *of_thread, const struct ms_piece *piece)
{
	struct glance_thread *thread = of_thread;
	const struct ms_check *check = thread->check;
	struct glance_thread *threads = check->glance->threads;
	const uint8_t *bytes = piece->bytes;
	uint64_t count = thread->new_count, live_count = 0;
	uint64_t waiting[CLASSIC_PAIR] = { thread->waiting[0], thread->waiting[1] };

	for (uint64_t i = 0; i < piece->count; i++, bytes += piece->size) {
		uint64_t index = piece->index + i, to = classic_overflow(check->map, bytes);
		uint64_t word = tops_load(bytes + check->map->bucket.tophash), live = tops_live(word);
		bool sound = tops_are_plain(word, live) && !(live && is_too_early(check, index)) &&
			     (!live || check_entries_are_sound(check, index, word, live, bytes));
		if (sound && !to) {
			live_count += tops_count(live);
			continue;
		}
		struct glance_chain *chain = &thread->chains[count];
		*chain = (struct glance_chain){ .index = index };
		if (sound && leads_somewhere(check, to)) {
			uint32_t half = check_half(check, to);
			chain->word = word;
			chain->folds = check_folds(check, bytes);
			*classic_queue_place(&threads[half].queue, thread->number, waiting[half]++) =
				(struct classic_waiting){ to, count | (uint64_t)thread->number << CHAIN_THREAD };
		}
		count++;
	}
	thread->new_count = count;
	thread->live += live_count;
	memcpy(thread->waiting, waiting, sizeof waiting);
}

static void look_at_some(struct ms_check *check)
{
	struct check_glance *glance = check->glance;
	struct glance_thread *one = &glance->threads[0], *other = &glance->threads[1];
	uint64_t count = ms_min(check_array_count(check, CLASSIC_NEW) - glance->at, glance->pair.most);

	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		classic_queue_begun(&glance->threads[i].queue); /* it is not: what it held has been read */
		one->waiting[i] = glance->threads[i].queue.queued;
		other->waiting[i] = glance->threads[i].queue.behind;
		glance->threads[i].new_count = glance->threads[i].count;
		glance->threads[i].live = 0;
	}
	glance->failed =
		!classic_pair_own(&glance->pair, CLASSIC_NEW, glance->at, count, look_at_own, (void *[]){ one, other });
	if (glance->failed)
		return;
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		struct glance_thread *thread = &glance->threads[i];
		thread->queue.queued = one->waiting[i];
		thread->queue.behind = other->waiting[i];
		thread->count = thread->new_count;
		check->live += thread->live;
	}
	glance->at += count;
}

/* ---- Overflow buckets ---- */

/* The overflow bucket of CHAIN lies at TO and holds BYTES: whether it ends the chain, and all is well.  */
static bool is_sound(const struct ms_check *check, const struct glance_chain *chain, uint64_t to, const uint8_t *bytes,
		     struct glance_sum *sum)
{
	uint64_t word = tops_load(bytes + check->map->bucket.tophash), live = tops_live(word);
	bool rest = tops_from(chain->word, HMAP_EMPTY_ONE) != TOPS_HIGH;

	if (classic_overflow(check->map, bytes) || !tops_are_plain(word, live) || (rest && word) ||
	    (live && is_too_early(check, chain->index)) ||
	    (live && !check_entries_are_sound(check, chain->index, word, live, bytes)))
		return false;
	if (check_may_share(check, bytes, live, chain->word, chain->folds) ||
	    !check_overflow_is_sound(check, to, &sum->met))
		return false;
	sum->live += tops_count(live) + tops_count(tops_live(chain->word));
	return true;
}

static struct glance_chain *chain_of(const struct glance_thread *threads, uint64_t place)
{
	return &threads[place >> CHAIN_THREAD].chains[place & (((uint64_t)1 << CHAIN_THREAD) - 1)];
}

/* Some batches of the thread's queue. What cannot be read is left for a closer look.  */
static void *look_at_overflow(void *of_thread)
{
	struct glance_thread *thread = of_thread;
	struct classic_queue *queue = &thread->queue;
	struct glance_thread *threads = thread->check->glance->threads;
	struct glance_sum sum = { .met.marks = thread->check->owners[CLASSIC_NEW].met[thread->number] };

	for (int batch = 0; batch < BATCHES && classic_queue_some_wait(queue); batch++) {
		if (!classic_queue_read_live(queue))
			continue;
		for (uint64_t i = 0; i < queue->count; i++) {
			struct glance_chain *chain = chain_of(threads, queue->batch[i].place);
			if (i + SOON < queue->count)
				__builtin_prefetch(chain_of(threads, queue->batch[i + SOON].place));
			chain->sound = is_sound(thread->check, chain, queue->batch[i].address,
						queue->bytes + queue->offset[i], &sum);
		}
	}
	thread->sum = sum;
	return NULL;
}

static bool some_wait(const struct check_glance *glance)
{
	return classic_queue_some_wait(&glance->threads[0].queue) || classic_queue_some_wait(&glance->threads[1].queue);
}

/* ---- The whole ---- */

static void look_at_some_overflow(struct ms_check *check)
{
	struct glance_thread *threads = check->glance->threads;
	struct check_owners *owners = &check->owners[CLASSIC_NEW];

	classic_pair_run(look_at_overflow, (void *[]){ &threads[0], &threads[1] });
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		const struct check_met *met = &threads[i].sum.met;
		owners->met[i] = met->marks;
		owners->count += met->count;
		owners->spares_used += met->spares;
		owners->full |= met->full;
		check->live += threads[i].sum.live;
	}
}

/* The thread's next chain that needs a closer look. NULL: there is none.  */
static const struct glance_chain *next_closer(struct glance_thread *thread)
{
	while (thread->closer < thread->count && thread->chains[thread->closer].sound)
		thread->closer++;
	return thread->closer < thread->count ? &thread->chains[thread->closer] : NULL;
}

static bool look_closer(struct ms_check *check)
{
	struct glance_thread *threads = check->glance->threads;
	const struct glance_chain *one = next_closer(&threads[0]), *other = next_closer(&threads[1]);
	bool second = other && (!one || other->index < one->index);

	if (!one && !other)
		return false;
	check->at = (second ? other : one)->index;
	check->until = check->at + 1;
	check->stream.count = 0;
	threads[second].closer++;
	return true;
}

static void end_round(struct ms_check *check)
{
	struct check_glance *glance = check->glance;

	for (uint32_t i = 0; i < CLASSIC_PAIR; i++)
		glance->threads[i].count = glance->threads[i].closer = 0;
	glance->phase = OWN;
	if (!glance->failed && glance->at < check_array_count(check, CLASSIC_NEW))
		return;
	check->at = glance->at;
	check->until = check_array_count(check, CLASSIC_NEW);
	check->stream.count = 0;
	check_glance_free(glance);
	check->glance = NULL;
}

bool check_glance_step(struct ms_check *check)
{
	struct check_glance *glance = check->glance;
	bool more = !glance->failed && glance->at < check_array_count(check, CLASSIC_NEW);
	bool room = glance->threads[0].count <= glance->most && glance->threads[1].count <= glance->most;

	switch (glance->phase) {
	case OWN:
		if (more && room)
			look_at_some(check);
		else
			glance->phase = OVERFLOW;
		return false;
	case OVERFLOW:
		if (some_wait(glance))
			look_at_some_overflow(check);
		else
			glance->phase = CLOSER;
		return false;
	case CLOSER:
		if (look_closer(check))
			return true;
		end_round(check);
	}
	return false;
}

uint64_t check_glance_done(const struct check_glance *glance)
{
	return glance->at;
}

void check_glance_free(struct check_glance *glance)
{
	if (!glance)
		return;
	classic_pair_fini(&glance->pair);
	for (uint32_t i = 0; i < CLASSIC_PAIR; i++) {
		classic_queue_fini(&glance->threads[i].queue);
		free(glance->threads[i].chains);
	}
	free(glance);
}

void check_glance_begin(struct ms_check *check)
{
	struct check_glance *glance = check->keys.eight ? calloc(1, sizeof *glance) : NULL;
	uint64_t room;
	bool whole;

	if (!glance)
		return;
	whole = classic_pair_init(&glance->pair, check->map);
	glance->most = ms_min(CHAINS, check_array_count(check, CLASSIC_NEW) >> 3);
	room = glance->most + glance->pair.most; /* a call brings one for each bucket */
	for (uint32_t i = 0; i < CLASSIC_PAIR && whole; i++) {
		struct glance_thread *thread = &glance->threads[i];
		thread->check = check;
		thread->number = i;
		thread->chains = malloc(room * sizeof *thread->chains);
		whole = thread->chains && classic_queue_init(&thread->queue, check->map->map.ctx,
							     check->map->bucket.size, CLASSIC_PAIR * room);
	}
	if (whole)
		check->glance = glance;
	else
		check_glance_free(glance);
}
