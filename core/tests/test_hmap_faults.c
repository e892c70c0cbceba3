/* When the world fails a map: every single allocation refused in turn, all refused for a while, and concurrent use.  */
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

struct large {
	int index;
	char rest[200];
};

/* Neighbours share a bucket: chains, so that evacuation needs overflow buckets.  */
static uint64_t hash_crowded(const void *key, uint64_t seed)
{
	int value;

	memcpy(&value, key, sizeof(value));
	return (hmap_hash_32(key, seed) & 0xff00000000000000) | (unsigned)value / 32;
}

HMAP_TYPES(ints, int, int, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(crowded, int, int, hash_crowded, hmap_equal_32)
HMAP_TYPES(larges, struct large, struct large, hash_crowded, hmap_equal_32)

enum { MAX_KEYS = 512 };

struct world {
	struct test_env env;
	const struct hmap_type *type;
	struct hmap map;
	int elem[MAX_KEYS]; /* 0: absent */
	intptr_t count;
	struct hmap_iter it;
};

/* All that a map promises to keep: entries and structure.  */
static void check(struct world *w)
{
	const char *broken = hmap_broken_invariant(&w->map);

	if (broken)
		fail_msg("%s", broken);
	assert_int_equal(w->map.count, w->count);
	for (int i = 0; i < MAX_KEYS; i++) {
		struct large key = { .index = i };
		int *elem = hmap_get(&w->map, &key);

		assert_int_equal(elem ? *elem : 0, w->elem[i]);
	}
}

static bool set(struct world *w, int i, int value)
{
	struct large key = { .index = i };
	int *elem;

	w->env.failed = false;
	elem = hmap_assign(&w->map, &key);
	if (!elem) {
		assert_true(w->env.failed && !w->elem[i]);
		return false;
	}
	w->count += !w->elem[i];
	w->elem[i] = *elem = value;
	return true;
}

static void erase(struct world *w, int i)
{
	struct large key = { .index = i };

	assert_int_equal(hmap_delete(&w->map, &key), w->elem[i] != 0);
	w->count -= w->elem[i] != 0;
	w->elem[i] = 0;
}

/* One of the script's operations; true: it went through.  */
static bool operate(struct world *w, unsigned step)
{
	int i = (int)(step * 7 % MAX_KEYS);

	if (step == 300)
		hmap_iter_init(&w->it, &w->map);
	if (step > 300 && step < 500 && step % 9 == 0)
		hmap_iter_next(&w->it);
	if (step == 500)
		hmap_iter_fini(&w->it);
	if (step == 700) {
		hmap_clear(&w->map);
		memset(w->elem, 0, sizeof(w->elem));
		w->count = 0;
	}
	if (step % 5 == 4) {
		erase(w, (int)((step - 3) * 7 % MAX_KEYS));
		return true;
	}
	return set(w, step < 450 ? i : (int)(step * 3 % 160), (int)step + 1);
}

static void world_init(struct world *w, const struct hmap_type *type)
{
	memset(w, 0, sizeof(*w));
	test_env_init(&w->env, 6);
	w->type = type;
}

/* Runs the script with allocation number N refused. Returns how many allocations there were.  */
static size_t run_refusing(const struct hmap_type *type, size_t hint, size_t n)
{
	struct world w;
	unsigned refused = 0, look = 0;

	world_init(&w, type);
	w.env.fail_from = n;
	w.env.fail_count = n != 0;
	if (!hmap_init(&w.map, type, hint, &w.env.env)) {
		assert_true(w.env.failed);
		check(&w);
		refused++;
	}
	for (unsigned step = 0; step < 800; step++) {
		bool had_failed = w.env.allocations >= n;

		if (!operate(&w, step)) {
			refused++;
			check(&w);
			assert_true(operate(&w, step)); /* only one is refused: now it works */
		}
		if (n && !had_failed && w.env.allocations >= n)
			look = 40; /* from here on, where something could have gone wrong, in detail */
		if (look) {
			look--;
			check(&w);
		}
	}
	check(&w);
	assert_true(refused <= 1);
	hmap_fini(&w.map);
	test_env_fini(&w.env);
	return w.env.allocations;
}

static void refuse_each(const struct hmap_type *type, size_t hint)
{
	size_t count = run_refusing(type, hint, 0);

	assert_true(count > 10);
	for (size_t n = 1; n <= count; n++)
		run_refusing(type, hint, n);
}

static void each_allocation_refused_in_turn(void **state)
{
	(void)state;
	refuse_each(&ints_type, 0);
	refuse_each(&crowded_type, 0);
	refuse_each(&crowded_type, 100);
	refuse_each(&larges_type, 0);
}

/* All allocations are refused for a while, from every one on: growth in progress is put off; what needs no memory
   works.  */
static void starve(const struct hmap_type *type, size_t n)
{
	struct world w;
	unsigned step = 0;

	world_init(&w, type);
	assert_true(hmap_init(&w.map, type, 0, &w.env.env));
	w.env.fail_from = n;
	w.env.fail_count = SIZE_MAX;
	while (step < 700 && operate(&w, step))
		step++;
	check(&w);
	for (int i = 0; i < MAX_KEYS; i += 3) { /* updates and deletes never fail */
		if (w.elem[i])
			assert_true(set(&w, i, 1000 + i));
		erase(&w, i + 1 < MAX_KEYS ? i + 1 : 0);
	}
	check(&w);
	w.env.fail_count = 0;
	for (; step < 800; step++)
		assert_true(operate(&w, step));
	check(&w);
	hmap_fini(&w.map);
	test_env_fini(&w.env);
}

static void starving_map_still_updates_and_deletes(void **state)
{
	static const struct hmap_type *types[] = { &ints_type, &crowded_type, &larges_type };

	(void)state;
	for (unsigned t = 0; t < 3; t++)
		for (size_t n = 1, count = run_refusing(types[t], 0, 0); n <= count; n += 1 + n / 40)
			starve(types[t], n);
}

/* The case that matters most: the key's old bucket has a chain, there are no spares, and no memory to evacuate it.  */
static void evacuation_without_memory_is_put_off(void **state)
{
	struct world w;
	const uint8_t *old;

	(void)state;
	world_init(&w, &crowded_type);
	assert_true(hmap_init(&w.map, &crowded_type, 14, &w.env.env));
	for (int i = 64; i < 90; i++) /* all in bucket 2, a chain of four */
		assert_true(set(&w, i, i));
	assert_true(set(&w, 32, 32)); /* starts a growth and evacuates buckets 1 and 0 */
	assert_int_equal(w.map.B, 3);
	assert_int_equal(w.map.nevacuate, 2);
	old = (const uint8_t *)w.map.oldbuckets + 2 * crowded_type.bucket_size;
	w.env.fail_from = w.env.allocations + 1;
	w.env.fail_count = SIZE_MAX;
	assert_false(set(&w, 95, 1));
	check(&w);
	assert_true(set(&w, 66, 77)); /* a known key */
	erase(&w, 67);
	assert_true(set(&w, 33, 1)); /* a bucket that is evacuated; the next one has to wait */
	assert_false(hmap_is_evacuated(old));
	assert_int_equal(w.map.nevacuate, 2);
	check(&w);
	w.env.fail_count = 0;
	assert_true(set(&w, 95, 1));
	assert_null(w.map.oldbuckets);
	check(&w);
	hmap_fini(&w.map);
	test_env_fini(&w.env);
}

/* Concurrent use: the other writer is played by the flag, or by an equality that uses the map.  */

static void messages_are_go_s(void **state)
{
	struct test_env e;
	struct ints m;
	struct ints_iter it;

	(void)state;
	test_env_init(&e, 1);
	assert_true(ints_init(&m, 0, &e.env));
	assert_true(ints_set(&m, 1, 1));
	ints_iter_init(&it, &m);
	m.flags |= HMAP_HASH_WRITING;
	assert_string_equal(FATAL_OF(&e, ints_get(&m, 1)), "concurrent map read and map write");
	assert_string_equal(FATAL_OF(&e, ints_assign(&m, 1)), "concurrent map writes");
	assert_string_equal(FATAL_OF(&e, ints_delete(&m, 1)), "concurrent map writes");
	assert_string_equal(FATAL_OF(&e, ints_clear(&m)), "concurrent map writes");
	assert_string_equal(FATAL_OF(&e, ints_iter_next(&it)), "concurrent map iteration and map write");
	m.flags &= (uint8_t)~HMAP_HASH_WRITING;
	assert_null(FATAL_OF(&e, ints_get(&m, 1)));
	ints_fini(&m);
	test_env_fini(&e);
}

static struct hmap *meddled;
static enum { NOTHING, READ, WRITE, FINISH_WRITE } meddling;

static bool equal_meddling(const void *a, const void *b)
{
	const int other = 5;

	if (meddling == READ)
		hmap_get(meddled, &other);
	if (meddling == WRITE)
		hmap_assign(meddled, &other);
	if (meddling == FINISH_WRITE)
		meddled->flags &= (uint8_t)~HMAP_HASH_WRITING;
	return hmap_equal_32(a, b);
}

HMAP_TYPES(meddlers, int, int, hmap_hash_32, equal_meddling)

static void writer_meets_another(void **state)
{
	struct test_env e;
	struct meddlers m;

	(void)state;
	test_env_init(&e, 1);
	assert_true(meddlers_init(&m, 0, &e.env));
	assert_true(meddlers_set(&m, 1, 1));
	meddled = (struct hmap *)&m;
	meddling = READ;
	assert_string_equal(FATAL_OF(&e, meddlers_assign(&m, 1)), "concurrent map read and map write");
	m.flags = 0;
	meddling = WRITE;
	assert_string_equal(FATAL_OF(&e, meddlers_delete(&m, 1)), "concurrent map writes");
	m.flags = 0;
	meddling = FINISH_WRITE;
	assert_string_equal(FATAL_OF(&e, meddlers_assign(&m, 1)), "concurrent map writes");
	m.flags = 0;
	assert_string_equal(FATAL_OF(&e, meddlers_delete(&m, 1)), "concurrent map writes");
	m.flags = 0;
	meddling = NOTHING;
	meddlers_fini(&m);
	test_env_fini(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_refused_in_turn),
		cmocka_unit_test(starving_map_still_updates_and_deletes),
		cmocka_unit_test(evacuation_without_memory_is_put_off),
		cmocka_unit_test(messages_are_go_s),
		cmocka_unit_test(writer_meets_another),
	};

	return cmocka_run_group_tests_name("hmap_faults", tests, NULL, NULL);
}
