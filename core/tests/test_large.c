/* Large maps, which are counted and checked by ways of their own: two threads, and at a glance where nothing is wrong. A map of 850 000
   ints in this process, at rest, in a growth and with damage of every kind: map-stats against a walk of our own, both against
   the ways that look at each chain closely, where the process itself is not read.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "hmap/hmap.h"
#include "hmap/internal.h"
#include "hmap_test_env.h"
#include "real_map.h"

HMAP_TYPES(ints, int, long, hmap_hash_32, hmap_equal_32)

enum { B = 17, GROWS = 13 * (1 << B) / 2, MORE = 20000, POKES = 4 };

struct world {
	struct test_env env;
	struct hmap map;
	struct fake_target t;
	uint8_t *hole; /* an unreadable page */
	struct {
		uint8_t *at, before[8];
		size_t size;
	} poked[POKES];
	int poked_count;
};

static void fill(struct world *w, int from, int to)
{
	for (int key = from; key < to; key++)
		assert_non_null(hmap_assign(&w->map, &key));
}

static void begin(struct world *w)
{
	struct fake_target *t = &w->t;

	memset(w, 0, sizeof *w);
	test_env_init(&w->env, 1);
	fake_init(t, 8, false);
	assert_true(hmap_init(&w->map, &ints_type, 0, &w->env.env));
	uint64_t header = real_map_types(t, &ints_type, fake_int(t, 4), fake_int(t, 8));
	fake_symbol(t, "hmap_hash_32", (uint64_t)(uintptr_t)hmap_hash_32);
	fake_expr(t, "m", header, (uint64_t)(uintptr_t)&w->map, NULL, 0);
	real_map_open(t, true);
	w->hole = mmap(NULL, FAKE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(w->hole, MAP_FAILED);
}

static void end(struct world *w)
{
	munmap(w->hole, FAKE_PAGE);
	hmap_fini(&w->map);
	test_env_fini(&w->env);
	fake_fini(&w->t);
}

/* ---- What is there, by a walk of our own ---- */

static uint8_t *own_bucket(const struct world *w, uint64_t i)
{
	return (uint8_t *)w->map.buckets + i * ints_type.bucket_size;
}

static uint8_t *overflow_of(const uint8_t *bucket)
{
	uint8_t *next;

	memcpy(&next, bucket + ints_type.overflow_offset, sizeof next);
	return next;
}

static bool is_spare(const struct world *w, const uint8_t *bucket)
{
	return bucket >= own_bucket(w, 1 << w->map.B) &&
	       bucket < own_bucket(w, (1 << w->map.B) + (1 << w->map.B) / 16 + 64);
}

struct tally {
	uint64_t live, buckets, overflow, spares;
};

/* Chains that begin in the page HOLE are left out.  */
static void tally_chains(const struct world *w, const uint8_t *buckets, uint64_t count, const uint8_t *hole,
			 struct tally *out)
{
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *at = buckets + i * ints_type.bucket_size;
		if (hole && at + ints_type.bucket_size > hole && at < hole + FAKE_PAGE)
			continue;
		bool moved = at[0] >= HMAP_EVACUATED_X && at[0] <= HMAP_EVACUATED_EMPTY;
		for (bool own = true; at; own = false, at = overflow_of(at)) {
			for (int slot = 0; slot < HMAP_SLOTS; slot++)
				out->live += !moved && at[slot] >= HMAP_MIN_TOPHASH;
			*(own ? &out->buckets : &out->overflow) += 1;
			out->spares += is_spare(w, at);
		}
	}
}

static void assert_counted(struct world *w, const uint8_t *hole, int status)
{
	const struct hmap *map = &w->map;
	struct tally tally = { 0 };
	struct fake_run run = fake_run(&w->t, "map-stats", "m --json");

	tally_chains(w, map->buckets, (uint64_t)1 << map->B, hole, &tally);
	if (map->oldbuckets)
		tally_chains(w, map->oldbuckets, (uint64_t)1 << (map->B - 1), hole, &tally);
	else
		assert_true(tally.spares > 1000 && tally.overflow - tally.spares > 1000);
	assert_int_equal(run.status, status);
	fake_has_number(run.out, "live", tally.live);
	fake_has_number(run.out, "buckets", tally.buckets);
	fake_has_number(run.out, "overflow_buckets", tally.overflow);
	fake_run_fini(&run);
	run = fake_run(&w->t, "map-check", "m");
	assert_int_equal(run.status, hole ? MS_NO : MS_YES);
	fake_run_fini(&run);
}

static void large_maps_are_counted(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 0, GROWS - MORE);
	assert_counted(&w, NULL, MS_YES);
	fill(&w, GROWS - MORE, GROWS + MORE);
	assert_non_null(w.map.oldbuckets);
	assert_counted(&w, NULL, MS_YES);
	uint8_t *page = own_bucket(&w, 40000);
	page -= (uintptr_t)page % FAKE_PAGE;
	assert_int_equal(mprotect(page, FAKE_PAGE, PROT_NONE), 0);
	assert_counted(&w, page, MS_PARTIAL);
	assert_int_equal(mprotect(page, FAKE_PAGE, PROT_READ | PROT_WRITE), 0);
	assert_counted(&w, NULL, MS_YES);
	end(&w);
}

/* ---- Damage ---- */

static void poke(struct world *w, void *at, const void *bytes, size_t size)
{
	assert_true(w->poked_count < POKES && size <= sizeof w->poked->before);
	memcpy(w->poked[w->poked_count].before, at, size);
	w->poked[w->poked_count].at = at;
	w->poked[w->poked_count++].size = size;
	memcpy(at, bytes, size);
}

static void mend(struct world *w)
{
	while (w->poked_count) {
		w->poked_count--;
		memcpy(w->poked[w->poked_count].at, w->poked[w->poked_count].before, w->poked[w->poked_count].size);
	}
}

static void poke_byte(struct world *w, uint8_t *at, uint8_t byte)
{
	poke(w, at, &byte, 1);
}

static void poke_overflow(struct world *w, uint8_t *bucket, const void *to)
{
	poke(w, bucket + ints_type.overflow_offset, &to, sizeof to);
}

static void copy_key(struct world *w, uint8_t *to, int to_slot, const uint8_t *from, int from_slot)
{
	poke(w, to + ints_type.keys_offset + 4 * to_slot, from + ints_type.keys_offset + 4 * from_slot, 4);
	poke_byte(w, to + to_slot, from[from_slot]);
}

/* The first chain from I on that has DEPTH overflow buckets, the last of them a spare one or not, with entries.  */
static uint8_t *chain(const struct world *w, uint64_t i, int depth, bool spare)
{
	for (;; i++) {
		uint8_t *at = own_bucket(w, i);
		int n = 0;
		assert_true(i < (uint64_t)1 << w->map.B);
		for (; overflow_of(at); n++)
			at = overflow_of(at);
		if (n == depth && is_spare(w, at) == spare && at[1] >= HMAP_MIN_TOPHASH)
			return own_bucket(w, i);
	}
}

static uint8_t stray[256]; /* where no list leads to */

/* OWN begins a chain, of which BEHIND is the last bucket; OTHER begins another one like it.  */
static void damage(struct world *w, int kind, uint8_t *own, uint8_t *behind, uint8_t *other)
{
	static const uint8_t nothing[8];

	switch (kind) {
	case 0: /* a tophash */
		return poke_byte(w, own + 2, own[2] ^ 0x40);
	case 1:
		return poke_byte(w, behind, behind[0] ^ 0x40);
	case 2: /* a key */
		return poke(w, own + ints_type.keys_offset, "\1\2\3\4", 4);
	case 3:
		return poke(w, behind + ints_type.keys_offset, "\1\2\3\4", 4);
	case 4: /* a key that is there twice */
		return copy_key(w, own, 5, own, 0);
	case 5:
		return copy_key(w, behind, 1, behind, 0);
	case 6:
		return copy_key(w, behind, 0, own, 7);
	case 7: /* an overflow pointer */
		return poke_overflow(w, own, behind + 4);
	case 8:
		return poke_overflow(w, behind, behind);
	case 9:
		return poke_overflow(w, behind, own);
	case 10:
		return poke_overflow(w, own, other);
	case 11:
		return poke_overflow(w, own, w->hole);
	case 12:
		return poke_overflow(w, own, (void *)(uintptr_t)-8);
	case 13:
		memcpy(stray, behind, ints_type.bucket_size);
		return poke_overflow(w, own, stray);
	case 14:
		return poke_overflow(w, own, NULL);
	case 15: /* a state */
		return poke_byte(w, own + 7, HMAP_EMPTY_REST);
	case 16:
		return poke_byte(w, own + 3, HMAP_EMPTY_REST);
	case 17:
		return poke_byte(w, behind + 1, HMAP_EVACUATED_X);
	case 18:
		return poke_byte(w, own + 6, HMAP_EVACUATED_EMPTY);
	case 19: /* entries that vanish */
		return poke(w, behind, nothing, sizeof nothing);
	default: /* a list that ends too early */
		return poke(w, w->map.extra->overflow, nothing, sizeof nothing);
	}
}

enum { DAMAGES = 21 };

static struct fake_run run(struct world *w, const char *command, const char *arguments, bool directly)
{
	real_map_open(&w->t, directly);
	return fake_run(&w->t, command, arguments);
}

/* The status of both.  */
static int assert_alike(struct world *w, const char *command, const char *arguments)
{
	struct fake_run closely = run(w, command, arguments, false), at_a_glance = run(w, command, arguments, true);
	int status = closely.status;

	assert_int_equal(at_a_glance.status, status);
	assert_string_equal(at_a_glance.out, closely.out);
	fake_run_fini(&closely);
	fake_run_fini(&at_a_glance);
	return status;
}

static void assert_judged_alike(struct world *w)
{
	assert_int_equal(assert_alike(w, "map-check", "m"), MS_NO);
	assert_alike(w, "map-stats", "m --json");
}

static void damage_is_found_in_large_maps(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 0, GROWS - MORE);
	for (int kind = 0; kind < DAMAGES; kind++)
		for (int where = 0; where < 3; where++) { /* the first: in chains of two overflow buckets */
			uint8_t *own = chain(&w, 30000, where ? 1 : 2, where == 1), *behind = own;
			while (overflow_of(behind))
				behind = overflow_of(behind);
			damage(&w, kind, own, behind, chain(&w, 60000, 1, where == 1));
			assert_judged_alike(&w);
			mend(&w);
		}
	assert_counted(&w, NULL, MS_YES);
	end(&w);
}

/* More chains that need a closer look than are remembered at once, before those that do not.  */
static void much_damage_is_found_in_large_maps(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 0, GROWS - MORE);
	for (uint64_t i = 0; i < 90000; i++)
		own_bucket(&w, i)[0] ^= 0x40;
	assert_judged_alike(&w);
	for (uint64_t i = 0; i < 90000; i++)
		own_bucket(&w, i)[0] ^= 0x40;
	assert_counted(&w, NULL, MS_YES);
	end(&w);
}

/* Two chains that have a bucket in common, with entries and without: which of them is told depends on which was looked at first.  */
static void shared_buckets_are_found_in_large_maps(void **state)
{
	static const uint8_t nothing[HMAP_SLOTS];
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 0, GROWS - MORE);
	for (int kind = 0; kind < 4; kind++) {
		bool spare = kind % 2;
		uint8_t *one = chain(&w, 30000, 1, spare), *shared = overflow_of(chain(&w, 60000, 1, spare));
		poke_overflow(&w, one, shared);
		if (kind >= 2)
			poke(&w, shared, nothing, sizeof nothing);
		for (int directly = 0; directly < 2; directly++) {
			struct fake_run told = run(&w, "map-check", "m", directly);
			assert_int_equal(told.status, MS_NO);
			fake_contains(told.out, "a bucket of another chain");
			fake_run_fini(&told);
		}
		mend(&w);
	}
	end(&w);
}

/* A copy of an entry stands already where its evacuation will put it.  */
static void entries_before_their_time_are_found_in_large_maps(void **state)
{
	struct world w;
	uint64_t i = ((uint64_t)1 << B) - 1, hash;
	const uint8_t *old = NULL;

	(void)state;
	begin(&w);
	fill(&w, 0, GROWS + MORE);
	assert_non_null(w.map.oldbuckets);
	for (; !old || old[0] < HMAP_MIN_TOPHASH; i--)
		old = (const uint8_t *)w.map.oldbuckets + i * ints_type.bucket_size;
	hash = hmap_hash_32(old + ints_type.keys_offset, w.map.hash0);
	copy_key(&w, own_bucket(&w, hash & ((2 << B) - 1)), 0, old, 0);
	assert_judged_alike(&w);
	mend(&w);
	assert_counted(&w, NULL, MS_YES);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_maps_are_counted),
		cmocka_unit_test(damage_is_found_in_large_maps),
		cmocka_unit_test(much_damage_is_found_in_large_maps),
		cmocka_unit_test(shared_buckets_are_found_in_large_maps),
		cmocka_unit_test(entries_before_their_time_are_found_in_large_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
