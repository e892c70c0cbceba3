/* Iteration while the map grows, is written and deleted under it: the promises of Go's range, at every stage of
   both kinds of growth, and what iterators keep alive.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hmap/internal.h"
#include "hmap_invariants.h"
#include "hmap_test_env.h"

/* Keys 0 to 999; neighbours share a bucket, so that windows of keys make overflow buckets.  */
static uint64_t hash_crowded(const void *key, uint64_t seed)
{
	int value;

	memcpy(&value, key, sizeof(value));
	return (hmap_hash_32(key, seed) & 0xff00000000000000) | (unsigned)value / 16;
}

HMAP_TYPES(ints, int, int, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(crowded, int, int, hash_crowded, hmap_equal_32)
/* The key is its bucket and a number; a negative one is unlike itself. The elem counts as a pointer, so that evacuated
   buckets are wiped.  */
static uint64_t hash_placed(const void *key, uint64_t seed)
{
	int value;

	(void)seed;
	memcpy(&value, key, sizeof(value));
	return (unsigned)value % 32;
}

static bool equal_placed(const void *a, const void *b)
{
	int value;

	memcpy(&value, a, sizeof(value));
	return value >= 0 && hmap_equal_32(a, b);
}

HMAP_TYPES_FLAGS(placed, int, int, hash_placed, equal_placed, HMAP_ELEM_POINTERS)
HMAP_TYPES(doubles, double, int, hmap_hash_f64, hmap_equal_f64)

enum { MAX_KEYS = 2000 };

static void sound(const void *map)
{
	const char *broken = hmap_broken_invariant(map);

	if (broken)
		fail_msg("%s", broken);
}

static void every_entry_once_from_a_random_start(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it;
	unsigned starts[100] = { 0 }, different = 0;

	(void)state;
	test_env_init(&e, 1);
	assert_true(ints_init(&m, 0, &e.env));
	for (int i = 0; i < 100; i++)
		assert_true(ints_set(&m, i, i));
	for (unsigned round = 0; round < 400; round++) {
		bool seen[100] = { 0 };
		unsigned count = 0;

		for (ints_iter_init(&it, &m); ints_iter_next(&it); count++) {
			assert_false(seen[*it.key]);
			seen[*it.key] = true;
			assert_int_equal(*it.key, *it.elem);
			if (!count)
				starts[*it.key]++;
		}
		assert_int_equal(count, 100);
		assert_false(ints_iter_next(&it));
		assert_null(it.key);
	}
	for (unsigned i = 0; i < 100; i++)
		different += starts[i] > 0;
	assert_true(different > 60);
	assert_int_equal(m.flags, HMAP_ITERATOR | HMAP_OLD_ITERATOR); /* stay, as in Go */
	ints_fini(&m);
	test_env_fini(&e);
}

/* go-maps.md A.9: the visit order follows from the random number.  */
static void order_is_go_s(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it;
	uint64_t copy;

	(void)state;
	test_env_init(&e, 4);
	assert_true(ints_init(&m, 64, &e.env));
	for (int i = 0; i < 64; i++)
		assert_true(ints_set(&m, i, i));
	assert_null(m.oldbuckets);
	copy = e.random;
	ints_iter_init(&it, &m);
	copy = test_random(&copy);
	for (size_t k = 0; k < (size_t)1 << m.B; k++)
		for (struct ints_bucket *b = &m.buckets[(copy + k) & hmap_mask(m.B)]; b; b = b->overflow)
			for (unsigned i = 0; i < HMAP_SLOTS; i++) {
				unsigned slot = (i + (copy >> m.B)) % HMAP_SLOTS;

				if (hmap_is_empty(b->tophash[slot]))
					continue;
				assert_true(ints_iter_next(&it));
				assert_ptr_equal(it.key, &b->keys[slot]);
				assert_ptr_equal(it.elem, &b->elems[slot]);
			}
	assert_false(ints_iter_next(&it));
	ints_fini(&m);
}

/* A map with N keys right after a growth has begun: double, or same-size.  */
static void make_growing(struct crowded *m, struct test_env *e, bool same_size)
{
	assert_true(crowded_init(m, same_size ? 209 : 0, &e->env));
	for (int first = 0; same_size && !m->oldbuckets; first += 16) {
		for (int i = first; i < first + 16 && !m->oldbuckets; i++)
			assert_true(crowded_set(m, i, i));
		for (int i = first; i < first + 14 && !m->oldbuckets; i++)
			assert_true(crowded_delete(m, i));
		assert_true(first < MAX_KEYS);
	}
	for (int i = 0; !same_size && !(m->oldbuckets && m->B > 5); i++)
		assert_true(crowded_set(m, i, i));
	assert_int_equal(!!(m->flags & HMAP_SAME_SIZE_GROW), same_size);
	sound(m);
}

/* Starts an iterator after WAIT operations, takes TAKE entries, then finishes the growth (and starts another if
   AGAIN), takes the rest. Each key that was there from start to end must appear once.  */
static void iterate_across(bool same_size, unsigned wait, unsigned take, bool again)
{
	struct test_env e;
	struct crowded m;
	struct crowded_iter it;
	bool start[MAX_KEYS] = { 0 }, seen[MAX_KEYS] = { 0 };
	unsigned produced = 0;

	test_env_init(&e, wait + 1);
	make_growing(&m, &e, same_size);
	for (unsigned i = 0; i < wait && m.oldbuckets; i++)
		crowded_delete(&m, (int)(test_random(&e.random) % MAX_KEYS));
	for (int i = 0; i < MAX_KEYS; i++)
		start[i] = crowded_get(&m, i);
	crowded_iter_init(&it, &m);
	while (crowded_iter_next(&it)) {
		assert_false(seen[*it.key]);
		assert_non_null(crowded_get(&m, *it.key));
		seen[*it.key] = true;
		if (++produced != take)
			continue;
		for (int i = 0; m.oldbuckets; i++)
			crowded_delete(&m, MAX_KEYS + i * 16); /* absent: growth work alone */
		for (int i = 1000; again && !m.oldbuckets; i++)
			assert_true(crowded_set(&m, i, i));
		sound(&m);
	}
	for (int i = 0; i < MAX_KEYS; i++)
		assert_true(!start[i] || seen[i]);
	crowded_fini(&m);
	test_env_fini(&e);
}

static void every_stage_of_a_growth(void **state)
{
	(void)state;
	for (unsigned same_size = 0; same_size < 2; same_size++)
		for (unsigned wait = 0; wait < 40; wait += 3)
			for (unsigned take = 1; take < 100; take += 9) {
				iterate_across(same_size, wait, take, false);
				iterate_across(same_size, wait, take, true);
			}
}

/* Same-size growth after same-size growth, one iterator all along: it reads two arrays that it did not start on.  */
static void outlasts_several_growths(void **state)
{
	struct test_env e;
	struct crowded m;
	struct crowded_iter it;
	bool seen[MAX_KEYS] = { 0 };
	unsigned growths = 0;

	(void)state;
	test_env_init(&e, 9);
	assert_true(crowded_init(&m, 209, &e.env));
	for (int i = 1500; i < 1700; i += 10)
		assert_true(crowded_set(&m, i, i));
	crowded_iter_init(&it, &m);
	for (int first = 0; growths < 5; first = (first + 16) % 1280) {
		const void *was = m.oldbuckets;

		for (int i = first; i < first + 16; i++) {
			assert_true(crowded_set(&m, i, i));
			growths += !was && m.oldbuckets;
			was = m.oldbuckets;
		}
		for (int i = first; i < first + 16; i++)
			assert_true(crowded_delete(&m, i));
		if (first % 320 == 0 && crowded_iter_next(&it)) {
			assert_true(*it.key >= 1500 && !seen[*it.key]);
			seen[*it.key] = true;
		}
		sound(&m);
	}
	assert_true(m.flags & HMAP_SAME_SIZE_GROW || !m.oldbuckets);
	while (crowded_iter_next(&it))
		if (*it.key >= 1500) {
			assert_false(seen[*it.key]);
			seen[*it.key] = true;
		}
	for (int i = 1500; i < 1700; i += 10)
		assert_true(seen[i]);
	crowded_fini(&m);
	test_env_fini(&e);
}

/* Gives every chain an overflow bucket with nothing in it, until a same-size growth begins; or ends one.  */
static void turn_over(struct placed *m, bool begin)
{
	for (int i = 0; !begin && m->oldbuckets; i++)
		placed_delete(m, 100000 + i);
	for (int i = 0; begin && !m->oldbuckets; i++) {
		for (int k = 5; k < 9 && !m->oldbuckets; k++)
			assert_true(placed_set(m, i % 32 + 32 * k, 1));
		for (int k = 5; k < 9; k++)
			placed_delete(m, i % 32 + 32 * k);
	}
}

/* An iterator from before, or from within, a same-size growth; after its first entry that and another growth end, after
   its eighth a third.  */
static void iterate_across_three(uint64_t seed, bool from_within)
{
	struct test_env e;
	struct placed m;
	struct placed_iter it;
	unsigned seen[160] = { 0 }, strange[20] = { 0 }, produced = 0;

	test_env_init(&e, seed);
	assert_true(placed_init(&m, 105, &e.env));
	for (int i = 0; i < 160; i++)
		assert_true(placed_set(&m, i, i));
	for (int i = 0; i < 20; i++)
		assert_true(placed_set(&m, -1 - i, i));
	turn_over(&m, from_within);
	for (placed_iter_init(&it, &m); placed_iter_next(&it);) {
		if (*it.key < 0)
			strange[-1 - *it.key]++;
		else if (*it.key < 160)
			seen[*it.key]++;
		produced++;
		if (produced == 1) {
			turn_over(&m, !from_within);
			turn_over(&m, false);
			turn_over(&m, true);
			assert_int_equal(m.flags & HMAP_SAME_SIZE_GROW, HMAP_SAME_SIZE_GROW);
		}
		if (produced == 8)
			turn_over(&m, false);
		sound(&m);
	}
	for (int i = 0; i < 160; i++)
		assert_int_equal(seen[i], 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(strange[i], 1);
	placed_fini(&m);
	test_env_fini(&e);
}

/* The flags forget an iterator at the second growth after its start, yet it may stand in a bucket that is evacuated
   then: that bucket must not be wiped.  */
static void flags_forget_an_iterator_the_map_does_not(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		iterate_across_three(seed, false);
		iterate_across_three(seed, true);
	}
}

static void deleted_before_reached_is_not_produced(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it;
	unsigned produced = 0;

	(void)state;
	test_env_init(&e, 9);
	assert_true(ints_init(&m, 0, &e.env));
	for (int i = 0; i < 900; i++)
		assert_true(ints_set(&m, i, i));
	for (ints_iter_init(&it, &m); ints_iter_next(&it); produced++) {
		int key = *it.key;

		assert_true(ints_delete(&m, key)); /* each takes its pair along */
		ints_delete(&m, key ^ 1);
		sound(&m);
	}
	assert_int_equal(produced, 450);
	assert_int_equal(m.count, 0);
	ints_fini(&m);
	test_env_fini(&e);
}

static void adding_under_an_iterator_ends(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it;
	bool seen[100] = { 0 };
	int next = 100;

	(void)state;
	test_env_init(&e, 9);
	assert_true(ints_init(&m, 0, &e.env));
	for (int i = 0; i < 100; i++)
		assert_true(ints_set(&m, i, i));
	for (ints_iter_init(&it, &m); ints_iter_next(&it);) {
		if (*it.key < 100) {
			assert_false(seen[*it.key]);
			seen[*it.key] = true;
		}
		for (int i = 0; i < 50 && next < 50000; i++)
			assert_true(ints_set(&m, next++, 0));
	}
	for (int i = 0; i < 100; i++)
		assert_true(seen[i]);
	sound(&m);
	ints_fini(&m);
	test_env_fini(&e);
}

static void emptied_map_ends_its_iterators(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it[2];

	(void)state;
	test_env_init(&e, 9);
	assert_true(ints_init(&m, 0, &e.env));
	for (unsigned how = 0; how < 2; how++) {
		for (int i = 0; i < 60; i++)
			assert_true(ints_set(&m, i, i));
		ints_iter_init(&it[0], &m);
		assert_true(ints_iter_next(&it[0]));
		ints_iter_init(&it[1], &m);
		if (how)
			ints_clear(&m);
		for (int i = 0; i < 60; i++)
			ints_delete(&m, i);
		assert_true(ints_set(&m, 1, 1));
		assert_false(ints_iter_next(&it[0]));
		ints_iter_fini(&it[1]);
		sound(&m);
		ints_iter_init(&it[0], &m);
		assert_true(ints_iter_next(&it[0]) && !ints_iter_next(&it[0]));
	}
	ints_fini(&m);
	test_env_fini(&e);
}

static void outgrown_arrays_live_as_long_as_iterators(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it[3];
	size_t kept;

	(void)state;
	test_env_init(&e, 9);
	assert_true(ints_init(&m, 0, &e.env));
	for (int i = 0; i < 20; i++)
		assert_true(ints_set(&m, i, i));
	for (unsigned k = 0; k < 3; k++)
		ints_iter_init(&it[k], &m);
	for (int i = 0; i < 5000; i++)
		assert_true(ints_set(&m, i, i));
	assert_null(m.oldbuckets);
	kept = e.blocks;
	ints_iter_fini(&it[0]);
	while (ints_iter_next(&it[1]))
		;
	assert_int_equal(e.blocks, kept);
	ints_iter_fini(&it[2]);
	assert_true(e.blocks < kept);
	sound(&m);
	ints_iter_init(&it[0], &m); /* abandoned */
	for (int i = 0; i < 20000; i++)
		assert_true(ints_set(&m, i, i));
	ints_fini(&m);
	test_env_fini(&e);
	assert_false(ints_iter_next(&it[0]));
	ints_iter_fini(&it[0]);
}

/* NaN keys can only be told apart by their elems. An iterator that began before, during or after the start of a
   growth meets each once, whatever is evacuated meanwhile.  */
static void unequal_keys_once_each(void **state)
{
	(void)state;
	for (int start = 1; start < 240; start += 7) {
		struct test_env e;
		struct doubles m;
		struct doubles_iter it;
		unsigned seen[1000] = { 0 };
		int next = 0;

		test_env_init(&e, (uint64_t)start);
		assert_true(doubles_init(&m, 0, &e.env));
		while (next < start) {
			assert_true(doubles_set(&m, next % 3 ? __builtin_nan("") : next, next));
			next++;
		}
		for (doubles_iter_init(&it, &m); doubles_iter_next(&it);) {
			assert_int_equal(seen[*it.elem]++, 0);
			if (next < 900) {
				assert_true(doubles_set(&m, next % 3 ? __builtin_nan("") : next, next));
				next++;
			}
			sound(&m);
		}
		for (int i = 0; i < start; i++)
			assert_int_equal(seen[i], 1);
		doubles_fini(&m);
		test_env_fini(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_once_from_a_random_start),
		cmocka_unit_test(order_is_go_s),
		cmocka_unit_test(every_stage_of_a_growth),
		cmocka_unit_test(outlasts_several_growths),
		cmocka_unit_test(flags_forget_an_iterator_the_map_does_not),
		cmocka_unit_test(deleted_before_reached_is_not_produced),
		cmocka_unit_test(adding_under_an_iterator_ends),
		cmocka_unit_test(emptied_map_ends_its_iterators),
		cmocka_unit_test(outgrown_arrays_live_as_long_as_iterators),
		cmocka_unit_test(unequal_keys_once_each),
	};

	return cmocka_run_group_tests_name("hmap_iter", tests, NULL, NULL);
}
