/* The chains of a large live map at a glance, where keys are integers: nearly all of them are sound, and are found so by two threads at
   the speed of memory. Here nothing is judged to be wrong: chains that may be are left for a closer look, in their order.

   Own buckets are looked at first, a call for some MiB at a time. A chain that goes on is remembered with what is needed of its first
   bucket, and its overflow bucket waits in one of two queues, by where it lies: so no two threads ever write to the same marks. When
   many wait, or the array ends, they are read in order of address. Chains of more than two buckets are rare, and looked at closely.  */
#include <stdlib.h>

#include "base/arith.h"
#include "decode/classic_check.h"
#include "decode/classic_queue.h"
#include "decode/tophash_word.h"

enum {
	CHAINS = 5 << 17, /* that are remembered at once; those of 14 million entries are 430 000 at most */
	BATCHES = 8,	  /* of one call: some milliseconds */
	SOON = 8,	  /* chains from now, memory is to be at hand */
};

/* One that goes on, or needs a closer look.  */
struct glance_chain {
	uint64_t index : 63, sound : 1;
	uint64_t word, folds; /* its first bucket's tophashes, and check_folds */
};

struct glance_found {
	struct glance_chain chain;
	uint64_t to; /* its overflow bucket; 0: the chain is not sound */
};

/* What a thread has found out about overflow buckets.  */
struct glance_sum {
	struct ms_marks met; /* of its half */
	uint64_t live, overflow, spares;
};

/* All that a thread writes to. While it works it does so elsewhere, since the other thread's may lie in the same line of the cache.  */
struct glance_thread {
	struct ms_check *check;
	uint32_t half;
	struct classic_queue queue;
	struct glance_found *found; /* by the last call */
	uint64_t found_count, live;
	struct glance_sum sum;
};

struct check_glance {
	enum { OWN, OVERFLOW, CLOSER } phase;
	struct classic_pair pair;
	struct glance_thread threads[CLASSIC_PAIR];
	struct glance_chain *chains; /* in order */
	uint64_t count, closer;	     /* the next to be asked whether it needs a closer look */
	uint64_t at;		     /* own buckets seen */
	bool failed;		     /* some of them cannot be read, and none from AT on is looked at here */
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
	const uint8_t *bytes = piece->bytes;
	struct glance_found *found = thread->found + thread->found_count;
	uint64_t live_count = 0;

	for (uint64_t i = 0; i < piece->count; i++, bytes += piece->size) {
		uint64_t index = piece->index + i, to = classic_overflow(check->map, bytes);
		uint64_t word = tops_load(bytes + check->map->bucket.tophash), live = tops_live(word);
		bool sound = tops_are_plain(word, live) && !(live && is_too_early(check, index)) &&
			     (!live || check_entries_are_sound(check, index, word, live, bytes));
		if (sound && !to) {
			live_count += tops_count(live);
			continue;
		}
		*found = (struct glance_found){ .chain = { .index = index } };
		if (sound && leads_somewhere(check, to)) {
			found->to = to;
			found->chain.word = word;
			found->chain.folds = check_folds(check, bytes);
		}
		found++;
	}
	thread->found_count = (uint64_t)(found - thread->found);
	thread->live += live_count;
}

static void remember(struct ms_check *check, const struct glance_thread *thread)
{
	struct check_glance *glance = check->glance;

	for (uint64_t i = 0; i < thread->found_count; i++) {
		const struct glance_found *found = &thread->found[i];
		if (found->to)
			classic_queue_add(&glance->threads[check_half(check, found->to)].queue, found->to,
					  glance->count);
		glance->chains[glance->count++] = found->chain;
	}
}

static void look_at_some(struct ms_check *check)
{
	struct check_glance *glance = check->glance;
	struct glance_thread *threads = glance->threads;
	uint64_t count = ms_min(check_array_count(check, CLASSIC_NEW) - glance->at, glance->pair.most);

	threads[0].found_count = threads[1].found_count = threads[0].live = threads[1].live = 0;
	glance->failed = !classic_pair_own(&glance->pair, CLASSIC_NEW, glance->at, count, look_at_own,
					   (void *[]){ &threads[0], &threads[1] });
	for (uint32_t i = 0; i < CLASSIC_PAIR && !glance->failed; i++) {
		check->live += threads[i].live;
		remember(check, &threads[i]);
	}
	glance->at += glance->failed ? 0 : count;
}

/* ---- Overflow buckets ---- */

/* The overflow bucket of CHAIN lies at TO and holds BYTES: whether it ends the chain, and all is well.  */
static bool is_sound(const struct ms_check *check, const struct glance_chain *chain, uint64_t to, const uint8_t *bytes,
		     struct glance_sum *sum)
{
	uint64_t word = tops_load(bytes + check->map->bucket.tophash), live = tops_live(word);
	bool rest = tops_from(chain->word, HMAP_EMPTY_ONE) != TOPS_HIGH, spare;

	if (classic_overflow(check->map, bytes) || !tops_are_plain(word, live) || (rest && word) ||
	    (live && is_too_early(check, chain->index)) ||
	    (live && !check_entries_are_sound(check, chain->index, word, live, bytes)))
		return false;
	if (check_may_share(check, bytes, live, chain->word, chain->folds) ||
	    !check_overflow_is_sound(check, to, &sum->met, &spare))
		return false;
	sum->live += tops_count(live) + tops_count(tops_live(chain->word));
	sum->overflow++;
	sum->spares += spare;
	return true;
}

/* Some batches of the thread's queue. What cannot be read is left for a closer look.  */
static void *look_at_overflow(void *of_thread)
{
	struct glance_thread *thread = of_thread;
	struct classic_queue *queue = &thread->queue;
	struct glance_chain *chains = thread->check->glance->chains;
	struct glance_sum sum = { .met = thread->check->owners[CLASSIC_NEW].met[thread->half] };

	for (int batch = 0; batch < BATCHES && classic_queue_some_wait(queue); batch++) {
		if (!classic_queue_read_live(queue))
			continue;
		for (uint64_t i = 0; i < queue->count; i++) {
			struct glance_chain *chain = &chains[queue->batch[i].place];
			if (i + SOON < queue->count)
				__builtin_prefetch(&chains[queue->batch[i + SOON].place]);
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
		const struct glance_sum *sum = &threads[i].sum;
		owners->met[i] = sum->met;
		owners->count += sum->overflow;
		owners->spares_used += sum->spares;
		check->live += sum->live;
	}
}

static bool look_closer(struct ms_check *check)
{
	struct check_glance *glance = check->glance;

	while (glance->closer < glance->count && glance->chains[glance->closer].sound)
		glance->closer++;
	if (glance->closer == glance->count)
		return false;
	check->at = glance->chains[glance->closer++].index;
	check->until = check->at + 1;
	check->stream.count = 0;
	return true;
}

static void end_round(struct ms_check *check)
{
	struct check_glance *glance = check->glance;

	glance->count = glance->closer = 0;
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

	switch (glance->phase) {
	case OWN:
		if (more && glance->count + CLASSIC_PAIR_MOST <= CHAINS)
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
		free(glance->threads[i].found);
	}
	free(glance->chains);
	free(glance);
}

void check_glance_begin(struct ms_check *check)
{
	struct check_glance *glance = check->keys.eight ? calloc(1, sizeof *glance) : NULL;
	bool whole;

	if (!glance)
		return;
	whole = classic_pair_init(&glance->pair, check->map);
	if (whole)
		glance->chains = malloc(CHAINS * sizeof *glance->chains);
	for (uint32_t i = 0; i < CLASSIC_PAIR && whole; i++) {
		struct glance_thread *thread = &glance->threads[i];
		thread->check = check;
		thread->half = i;
		thread->found = malloc((CLASSIC_PAIR_MOST / CLASSIC_PAIR) * sizeof *thread->found);
		whole = thread->found &&
			classic_queue_init(&thread->queue, check->map->map.ctx, check->map->bucket.size, CHAINS);
	}
	if (whole && glance->chains)
		check->glance = glance;
	else
		check_glance_free(glance);
}
