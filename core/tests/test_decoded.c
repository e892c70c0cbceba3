/* The map and its decoder against each other, in one process: random operations on a real map, and after each the decoder,
   which reads this very process, must find exactly what a model holds, and map-check nothing; also from inside the map's own
   allocations, where a write is under way. Types are described by hand from the compiler's offsets.  */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "fake_target.h"
#include "hmap/hmap.h"
#include "hmap/internal.h"
#include "hmap_test_env.h"
#include "real_map.h"

enum { KEYS = 2000, STEPS = 2500, NANS = 100 };

struct large {
	int n;
	char rest[196];
};

static uint64_t hash_large(const void *key, uint64_t seed)
{
	return hmap_hash_32(&((const struct large *)key)->n, seed);
}

static bool equal_large(const void *a, const void *b)
{
	return ((const struct large *)a)->n == ((const struct large *)b)->n;
}

/* Fills 32 buckets at most, so that chains are long in a map that has more.  */
static uint64_t hash_poor(const void *key, uint64_t seed)
{
	return hmap_hash_32(key, seed) & 0xff0000000000001f;
}

HMAP_TYPES(ints, int, long, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(crowded, int, long, hash_poor, hmap_equal_32)
HMAP_TYPES(floats, double, long, hmap_hash_f64, hmap_equal_f64)
HMAP_TYPES(larges, struct large, struct large, hash_large, equal_large)
HMAP_TYPES(texts, struct hmap_text, long, hmap_hash_text, hmap_equal_text)
HMAP_SET(sets, int, hmap_hash_32, hmap_equal_32)

static const struct hmap_type *const map_types[] = { &ints_type,   &crowded_type, &floats_type,
						     &larges_type, &texts_type,	  &sets_type };

enum kind { INTS, CROWDED, FLOATS, LARGES, TEXTS, SETS };

/* The map under test, what it must hold, and the decoder's view of this process.  */
struct world {
	enum kind kind;
	struct test_env env;
	struct hmap map;
	bool present[KEYS];
	long elem[KEYS];
	long nan_count;
	struct fake_target t;
	uint64_t header; /* type number */
	uint64_t looks, inside;
	char names[KEYS][12]; /* of texts */
	struct hmap_iter iter;
	bool iterating;
	bool in_operation;
	uint32_t seen_states; /* bits of enum state */
	uint64_t random;
};

enum state { AT_REST = 1, DOUBLING = 2, SAME_SIZE = 4, INSIDE_A_GROWTH = 8 };

/* ---- What the decoder is told of the types ---- */

static void describe(struct world *w)
{
	struct fake_target *t = &w->t;
	const struct hmap_type *type = map_types[w->kind];
	uint64_t key = w->kind == FLOATS ? fake_scalar(t, MS_FLOAT, "double", 8) : fake_int(t, 4),
		 elem = fake_int(t, 8);

	if (w->kind == LARGES) {
		uint64_t large = fake_struct(t, "large");
		fake_member(t, large, "n", fake_int(t, 4));
		fake_claims(t, large)->byte_size = sizeof(struct large);
		key = elem = fake_pointer(t, large);
	}
	if (w->kind == TEXTS) {
		key = fake_struct(t, "hmap_text");
		fake_member(t, key, "ptr", fake_pointer(t, fake_char(t)));
		fake_member(t, key, "length", fake_uint(t, 8));
	}
	if (w->kind == SETS)
		elem = fake_struct(t, "hmap_nothing");
	w->header = real_map_types(t, type, key, elem);
	fake_symbol(t, "hmap_hash_32", (uint64_t)(uintptr_t)hmap_hash_32);
	fake_symbol(t, "hmap_hash_f64", (uint64_t)(uintptr_t)hmap_hash_f64);
	fake_symbol(t, "hmap_hash_text", (uint64_t)(uintptr_t)hmap_hash_text);

	fake_expr(t, "m", w->header, (uint64_t)(uintptr_t)&w->map, NULL, 0);
	real_map_open(t, true);
}

/* ---- Comparing ---- */

/* The number that a key stands for; -1 for NaN.  */
static long number_of(const struct world *w, const uint8_t *key)
{
	struct hmap_text text;
	double d;
	int n;

	memcpy(&n, key, sizeof n);
	memcpy(&text, key, w->kind == TEXTS ? sizeof text : 0);
	if (w->kind != FLOATS)
		return w->kind == TEXTS ? strtol(text.ptr, NULL, 10) : n;
	memcpy(&d, key, sizeof d);
	return isnan(d) ? -1 : (long)d;
}

static size_t elem_bytes(const struct world *w)
{
	return w->kind == LARGES ? sizeof(int) : w->kind == SETS ? 0 : sizeof(long);
}

static long elem_of(const struct world *w, const uint8_t *elem)
{
	long value = 0;

	memcpy(&value, elem, elem_bytes(w));
	return value;
}

static void check_entry(const struct world *w, bool *found, long *nans, const uint8_t *key, const uint8_t *elem)
{
	long n = number_of(w, key);

	if (n < 0) {
		assert_int_equal(w->kind, FLOATS);
		++*nans;
		return;
	}
	assert_in_range(n, 0, KEYS - 1);
	assert_true(w->present[n]);
	assert_false(found[n]);
	assert_int_equal(elem_of(w, elem), w->elem[n]);
	found[n] = true;
}

/* Nothing is wrong with the map, and all was checked that the kind of its keys allows.  */
static void check(struct world *w)
{
	struct fake_run run = fake_run(&w->t, "map-check", "m --json");
	bool unhashed = w->kind == CROWDED || w->kind == LARGES;

	if (run.status != MS_YES || !strstr(run.out, "\"ok\": true"))
		fail_msg("count %ld: %s %s", (long)w->map.count, run.error, run.out);
	assert_int_equal(!!strstr(run.out, "not checked"), unhashed && w->map.buckets);
	if (unhashed && w->map.buckets)
		fake_contains(run.out, "not checked: tophash and bucket of each key");
	assert_int_equal(!!strstr(run.out, "a write is under way"), !!(w->map.flags & HMAP_HASH_WRITING));
	fake_run_fini(&run);
}

static void look(struct world *w)
{
	struct ms_value value = { .size = sizeof value,
				  .type = w->header,
				  .address = (uint64_t)(uintptr_t)&w->map,
				  .bytes = &w->map,
				  .byte_count = sizeof w->map };
	struct ms_batch batch = { .size = sizeof batch };
	bool found[KEYS] = { false };
	struct ms_map *map = NULL;
	struct ms_iter *iter = NULL;
	long nans = 0, count = 0;
	int64_t growing;

	assert_int_equal(ms_map_open(w->t.ctx, &value, &map), MS_OK);
	assert_int_equal(ms_map_number(map, "growing", &growing), MS_OK);
	assert_int_equal(growing, w->map.oldbuckets != NULL);
	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	do {
		int32_t status;
		while ((status = ms_iter_next(iter, 1 + test_random(&w->random) % 50, &batch)) == MS_AGAIN)
			;
		assert_int_equal(status, MS_OK);
		for (uint64_t i = 0; i < batch.count; i++)
			check_entry(w, found, &nans, batch.keys + i * batch.key_size,
				    batch.elems + i * batch.elem_size);
		count += (long)batch.count;
	} while (batch.count);
	assert_int_equal(count, w->map.count);
	assert_int_equal(nans, w->nan_count);
	for (int i = 0; i < KEYS; i++)
		assert_int_equal(found[i], w->present[i]);
	if (w->map.flags & HMAP_HASH_WRITING)
		assert_non_null(strstr(ms_iter_note(iter), "hashWriting"));
	else
		assert_string_equal(ms_iter_note(iter), "");
	ms_iter_free(iter);
	ms_map_free(map);
	if (w->looks % 2 == 0 || w->in_operation)
		check(w);
	w->looks++;
	w->seen_states |= !growing ? AT_REST : w->map.flags & HMAP_SAME_SIZE_GROW ? SAME_SIZE : DOUBLING;
}

static uint64_t times(const char *text, const char *part)
{
	uint64_t found = 0;

	for (; (text = strstr(text, part)); text++)
		found++;
	return found;
}

/* The scan's numbers are those of the walk's rows, and of the model.  */
static void count(struct world *w)
{
	struct fake_run stats = fake_run(&w->t, "map-stats", "m --json"),
			rows = fake_run(&w->t, "map-buckets", "m --json");
	uint64_t own = times(rows.out, "\"depth\": 0, ");

	assert_int_equal(stats.status, MS_YES);
	fake_has_number(stats.out, "live", (uint64_t)w->map.count);
	fake_has_number(stats.out, "tombstones", times(rows.out, "\"state\": \"emptyOne\""));
	fake_has_number(stats.out, "empty", times(rows.out, "\"state\": \"emptyRest\""));
	fake_has_number(stats.out, "buckets", own);
	fake_has_number(stats.out, "overflow_buckets", times(rows.out, "\"depth\": ") - own);
	if (w->map.oldbuckets) {
		char *mark = fake_format("\"nevacuate\": %llu, ", (unsigned long long)w->map.nevacuate);
		fake_contains(stats.out, mark);
		free(mark);
	}
	fake_run_fini(&stats);
	fake_run_fini(&rows);
}

/* ---- Operations ---- */

static void *(*plain_alloc)(void *user, size_t size);

/* The map allocates before it changes anything, so what it holds is still what the model says.  */
static void *looking_alloc(void *user, size_t size)
{
	struct world *w = (struct world *)((char *)user - offsetof(struct world, env));

	if (w->in_operation && w->map.flags & HMAP_HASH_WRITING) {
		w->inside++;
		if (w->map.oldbuckets)
			w->seen_states |= INSIDE_A_GROWTH;
		look(w);
	}
	return plain_alloc(user, size);
}

union key {
	int n;
	double d;
	struct large large;
	struct hmap_text text;
};

static union key key_of(const struct world *w, int n)
{
	union key key;

	memset(&key, 0, sizeof key);
	if (w->kind == FLOATS)
		key.d = n < 0 ? (double)NAN : n;
	else if (w->kind == TEXTS)
		key.text = (struct hmap_text){ w->names[n], strlen(w->names[n]) };
	else
		key.n = n;
	return key;
}

static void assign(struct world *w, int n, long value)
{
	union key key = key_of(w, n);

	w->in_operation = true;
	uint8_t *elem = hmap_assign(&w->map, &key);
	w->in_operation = false;
	assert_non_null(elem);
	memcpy(elem, &value, elem_bytes(w));
	if (n < 0) {
		w->nan_count++;
		return;
	}
	w->present[n] = true;
	w->elem[n] = w->kind == SETS ? 0 : value;
}

static void erase(struct world *w, int n)
{
	union key key = key_of(w, n);

	w->in_operation = true;
	assert_int_equal(hmap_delete(&w->map, &key), w->present[n]);
	w->in_operation = false;
	w->present[n] = false;
}

static void clear(struct world *w)
{
	hmap_clear(&w->map);
	memset(w->present, 0, sizeof w->present);
	w->nan_count = 0;
}

/* Iterators come and go, some never end; what is kept for them is no part of the map.  */
static void iterate(struct world *w)
{
	uint64_t dice = test_random(&w->random) % 8;

	if (w->iterating && dice == 0)
		hmap_iter_fini(&w->iter);
	if (dice <= 1) {
		w->iterating = dice == 1;
		if (w->iterating)
			hmap_iter_init(&w->iter, &w->map);
	} else if (w->iterating) {
		w->iterating = hmap_iter_next(&w->iter);
	}
}

/* Grows and shrinks in turns, so that every state comes by. A crowded map first stays just below the load at which its 32
   buckets would double, while its entries come and go: then overflow buckets pile up until it grows in place.  */
static void step(struct world *w, int number)
{
	uint64_t dice = test_random(&w->random) % 1000;
	int n = (int)(test_random(&w->random) % KEYS);
	bool filling = number / 400 % 2 == 0;

	if (w->kind == CROWDED && number < STEPS / 2) {
		dice = w->map.count < 205 ? 100 : 900;
		while (dice == 900 && !w->present[n])
			n = (n + 1) % KEYS;
	}

	if (number % 3 == 0)
		iterate(w);
	if (dice == 0)
		clear(w);
	else if (dice < 20 && w->kind == FLOATS && w->nan_count < NANS)
		assign(w, -1, number);
	else if (dice < (filling ? 800u : 250u))
		assign(w, n, number);
	else
		erase(w, n);
}

static void run(enum kind kind)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->kind = kind;
	w->random = 99 + (uint64_t)kind;
	test_env_init(&w->env, 7 + (uint64_t)kind);
	assert_ptr_equal(w->env.env.user, &w->env);
	plain_alloc = w->env.env.alloc;
	w->env.env.alloc = looking_alloc;
	fake_init(&w->t, 8, false);
	for (int i = 0; i < KEYS; i++)
		snprintf(w->names[i], sizeof w->names[i], "%d", i);
	describe(w);
	assert_true(hmap_init(&w->map, map_types[kind], 0, &w->env.env));
	for (int i = 0; i < STEPS; i++) {
		for (int n = kind == CROWDED && i < STEPS / 2 ? 12 : 1; n; n--)
			step(w, i);
		look(w);
		if (i % 25 == 0)
			count(w);
	}
	assert_true(w->looks >= STEPS && w->inside > 5);
	assert_int_equal(w->seen_states & (AT_REST | DOUBLING), AT_REST | DOUBLING);
	if (kind == CROWDED) /* its overflow buckets make it grow in place, and evacuations allocate */
		assert_int_equal(w->seen_states, AT_REST | DOUBLING | SAME_SIZE | INSIDE_A_GROWTH);
	hmap_fini(&w->map);
	test_env_fini(&w->env);
	fake_fini(&w->t);
	free(w);
}

static void ints_are_decoded_after_each_operation(void **state)
{
	(void)state;
	run(INTS);
}

static void long_chains_are_decoded_after_each_operation(void **state)
{
	(void)state;
	run(CROWDED);
}

static void nan_keys_are_decoded_after_each_operation(void **state)
{
	(void)state;
	run(FLOATS);
}

static void indirect_keys_and_elems_are_decoded_after_each_operation(void **state)
{
	(void)state;
	run(LARGES);
}

static void texts_are_decoded_after_each_operation(void **state)
{
	(void)state;
	run(TEXTS);
}

static void sets_are_decoded_after_each_operation(void **state)
{
	(void)state;
	run(SETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ints_are_decoded_after_each_operation),
		cmocka_unit_test(long_chains_are_decoded_after_each_operation),
		cmocka_unit_test(nan_keys_are_decoded_after_each_operation),
		cmocka_unit_test(indirect_keys_and_elems_are_decoded_after_each_operation),
		cmocka_unit_test(texts_are_decoded_after_each_operation),
		cmocka_unit_test(sets_are_decoded_after_each_operation),
	};

	return cmocka_run_group_tests_name("decoded", tests, NULL, NULL);
}
