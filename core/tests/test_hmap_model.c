/* The map against a model: long random sequences of operations on several kinds of keys and elems, every invariant
   of the structure checked after each operation, iterators under way all the time, allocations failing now and
   then.

   The model knows of each key whether it is present, what its elem is, and which time it is that it is present (its
   life); so it can tell what an iterator may, must and must not produce. HMAP_MODEL_STEPS=N makes the sequences
   longer or shorter.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hmap_invariants.h"
#include "hmap_test_env.h"

enum { MAX_KEYS = 1500, MAX_ITERATORS = 4, TEXT_SIZE = 24, DEFAULT_STEPS = 12000 };

/* A kind of map: how to make the key of index i (a second spelling of it, where there is one) and to tell the
   index.  */
struct kind {
	const struct hmap_type *type;
	unsigned key_count;
	unsigned window; /* keys in use at a time, which are fewer where overflow buckets are to be left behind */
	void (*make)(void *key, unsigned index, bool other);
	unsigned (*index)(const void *key);
};

struct visit {
	struct hmap_iter it;
	bool on;
	unsigned start_life[MAX_KEYS], seen_life[MAX_KEYS]; /* 0: absent, not seen */
};

struct world {
	const struct kind *kind;
	struct hmap map;
	struct test_env env;
	uint64_t random;		/* the test's own */
	unsigned life[MAX_KEYS], lives; /* 0: absent */
	uint8_t elem[MAX_KEYS];		/* every byte of the elem */
	size_t count;
	struct visit visits[MAX_ITERATORS];
	unsigned grown, same_size_grown, emptied, refused; /* how much was exercised */
};

static unsigned below(struct world *w, unsigned limit)
{
	return (unsigned)(test_random(&w->random) % limit);
}

/* Kinds  */

struct pair {
	int16_t a;
	int64_t b;
};
struct large {
	unsigned index;
	char rest[196];
};
struct three {
	char c[3];
};

static uint64_t hash_pair(const void *key, uint64_t seed)
{
	const struct pair *p = key;

	return hmap_hash_64(&p->b, hmap_hash_16(&p->a, seed));
}

static bool equal_pair(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return p->a == q->a && p->b == q->b;
}

static uint64_t hash_large(const void *key, uint64_t seed)
{
	return hmap_hash_bytes(key, sizeof(struct large), seed);
}

static bool equal_large(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(struct large));
}

/* Neighbours share a bucket: a window of keys that moves on leaves overflow buckets behind, hence same-size growth.  */
static uint64_t hash_crowded(const void *key, uint64_t seed)
{
	int value;

	memcpy(&value, key, sizeof(value));
	return (hmap_hash_32(key, seed) & 0xff00000000000000) | (unsigned)value / 32;
}

/* As bad as can be.  */
static uint64_t hash_constant(const void *key, uint64_t seed)
{
	(void)key;
	return seed & 0xff;
}

HMAP_TYPES(ints, int, long, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(crowded, int, char, hash_crowded, hmap_equal_32)
HMAP_TYPES(constant, int, int, hash_constant, hmap_equal_32)
HMAP_TYPES(bytes, int8_t, bool, hmap_hash_8, hmap_equal_8)
HMAP_TYPES(shorts, uint16_t, struct three, hmap_hash_16, hmap_equal_16)
HMAP_SET(set, uint64_t, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(doubles, double, float, hmap_hash_f64, hmap_equal_f64)
HMAP_TYPES(wide, long double, long double, hmap_hash_long_double, hmap_equal_long_double)
HMAP_TYPES(cstrings, const char *, int, hmap_hash_cstring, hmap_equal_cstring)
HMAP_TYPES(texts, struct hmap_text, struct hmap_text, hmap_hash_text, hmap_equal_text)
HMAP_TYPES(pairs, struct pair, struct pair, hash_pair, equal_pair)
HMAP_TYPES(larges, struct large, int, hash_large, equal_large)
HMAP_TYPES(large_elems, int, struct large, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(both_large, struct large, struct large, hash_large, equal_large)

#define MAKE_NUMBER(NAME, K)                                                                                           \
	static void make_##NAME(void *key, unsigned index, bool other)                                                 \
	{                                                                                                              \
		K value = (K)index;                                                                                    \
                                                                                                                       \
		(void)other;                                                                                           \
		memcpy(key, &value, sizeof(value));                                                                    \
	}                                                                                                              \
	static unsigned index_##NAME(const void *key)                                                                  \
	{                                                                                                              \
		K value;                                                                                               \
                                                                                                                       \
		memcpy(&value, key, sizeof(value));                                                                    \
		return (unsigned)value;                                                                                \
	}
MAKE_NUMBER(int, int)
MAKE_NUMBER(uint8, uint8_t)
MAKE_NUMBER(uint16, uint16_t)
MAKE_NUMBER(uint64, uint64_t)
MAKE_NUMBER(long_double, long double)

/* Index 0 is zero, other: minus zero.  */
static void make_double(void *key, unsigned index, bool other)
{
	double value = index || !other ? index : -0.0;

	memcpy(key, &value, sizeof(value));
}

static unsigned index_double(const void *key)
{
	double value;

	memcpy(&value, key, sizeof(value));
	return (unsigned)value;
}

static char spelled[2][MAX_KEYS][TEXT_SIZE];

static const char *spell(unsigned index, bool other)
{
	char *text = spelled[other][index];

	snprintf(text, TEXT_SIZE, index % 3 ? "%u" : "key number %u", index);
	return text;
}

static unsigned read_spelled(const char *text)
{
	return (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
}

static void make_cstring(void *key, unsigned index, bool other)
{
	const char *text = spell(index, other);

	memcpy(key, &text, sizeof(text));
}

static unsigned index_cstring(const void *key)
{
	const char *text;

	memcpy(&text, key, sizeof(text));
	return read_spelled(text);
}

static void make_text(void *key, unsigned index, bool other)
{
	struct hmap_text text = { spell(index, other), 0 };

	text.length = strlen(text.ptr);
	memcpy(key, &text, sizeof(text));
}

static void make_pair(void *key, unsigned index, bool other)
{
	struct pair pair;

	memset(&pair, other ? 0xaa : 0x55, sizeof(pair)); /* padding must not matter */
	pair.a = (int16_t)(index % 7);
	pair.b = index;
	memcpy(key, &pair, sizeof(pair));
}

static unsigned index_pair(const void *key)
{
	return (unsigned)((const struct pair *)key)->b;
}

static void make_large(void *key, unsigned index, bool other)
{
	(void)other;
	memset(key, (int)index, sizeof(struct large));
	memcpy(key, &index, sizeof(index));
}

static unsigned index_large(const void *key)
{
	return ((const struct large *)key)->index;
}

/* The map under test and the model  */

static void check(struct world *w)
{
	const char *broken = hmap_broken_invariant(&w->map);

	if (broken)
		fail_msg("%s: %s", w->kind->type->name, broken);
	assert_int_equal(w->map.count, w->count);
}

static void *make_key(struct world *w, void *buffer, unsigned index)
{
	w->kind->make(buffer, index, below(w, 2));
	return buffer;
}

static void check_elem(struct world *w, unsigned index, const void *elem)
{
	const uint8_t *bytes = elem;

	for (size_t i = 0; i < w->kind->type->elem_size; i++)
		assert_int_equal(bytes[i], w->elem[index]);
}

static void expect_fewer_iterators(struct world *w)
{
	if (w->count)
		return;
	w->emptied++; /* they end, having nothing more to visit */
	for (unsigned i = 0; i < MAX_ITERATORS; i++)
		if (w->visits[i].on) {
			assert_false(hmap_iter_next(&w->visits[i].it));
			w->visits[i].on = false;
		}
}

static void do_assign(struct world *w, unsigned index)
{
	_Alignas(max_align_t) char key[sizeof(struct large)];
	const void *was_growing = w->map.oldbuckets;
	uint8_t *elem;

	w->env.failed = false;
	elem = hmap_assign(&w->map, make_key(w, key, index));
	if (!was_growing && w->map.oldbuckets) {
		w->grown++;
		w->same_size_grown += !!(w->map.flags & HMAP_SAME_SIZE_GROW);
	}
	if (!elem) {
		assert_true(w->env.failed);
		assert_true(!w->life[index]); /* to update takes no memory */
		w->refused++;
		return;
	}
	if (w->life[index]) {
		check_elem(w, index, elem);
	} else {
		for (size_t i = 0; i < w->kind->type->elem_size; i++)
			assert_int_equal(elem[i], 0);
		w->life[index] = ++w->lives;
		w->count++;
	}
	w->elem[index] = (uint8_t)below(w, w->kind->type == &bytes_type ? 2 : 256);
	memset(elem, w->elem[index], w->kind->type->elem_size);
}

static void do_get(struct world *w, unsigned index)
{
	_Alignas(max_align_t) char key[sizeof(struct large)];
	const void *elem = hmap_get(&w->map, make_key(w, key, index));

	assert_int_equal(!!elem, !!w->life[index]);
	if (elem)
		check_elem(w, index, elem);
}

static void do_delete(struct world *w, unsigned index)
{
	_Alignas(max_align_t) char key[sizeof(struct large)];
	bool deleted = hmap_delete(&w->map, make_key(w, key, index));

	assert_int_equal(deleted, !!w->life[index]);
	if (!deleted)
		return;
	w->life[index] = 0;
	w->count--;
	expect_fewer_iterators(w);
}

static void do_clear(struct world *w)
{
	bool had = w->count;

	hmap_clear(&w->map);
	memset(w->life, 0, sizeof(w->life));
	w->count = 0;
	if (had)
		expect_fewer_iterators(w);
}

static void begin_visit(struct world *w, struct visit *v)
{
	hmap_iter_init(&v->it, &w->map);
	v->on = true;
	memcpy(v->start_life, w->life, sizeof(v->start_life));
	memset(v->seen_life, 0, sizeof(v->seen_life));
}

static void end_visit(struct visit *v)
{
	hmap_iter_fini(&v->it);
	assert_false(hmap_iter_next(&v->it));
	v->on = false;
}

/* What the iteration owes at its end: everything that was there all the time.  */
static void check_complete(struct world *w, struct visit *v)
{
	v->on = false;
	assert_null(v->it.key);
	for (unsigned i = 0; i < w->kind->key_count; i++)
		if (v->start_life[i] && v->start_life[i] == w->life[i])
			assert_int_equal(v->seen_life[i], w->life[i]);
}

static void step_visit(struct world *w, struct visit *v)
{
	unsigned index;

	if (!hmap_iter_next(&v->it)) {
		check_complete(w, v);
		return;
	}
	index = w->kind->index(v->it.key);
	assert_true(index < w->kind->key_count);
	assert_int_not_equal(w->life[index], 0);		   /* nothing that was removed */
	assert_int_not_equal(v->seen_life[index], w->life[index]); /* nothing twice */
	v->seen_life[index] = w->life[index];
	check_elem(w, index, v->it.elem);
}

static void full_visit(struct world *w)
{
	struct visit *v = malloc(sizeof(*v));
	size_t produced = 0;

	assert_non_null(v);
	begin_visit(w, v);
	for (; v->on; produced++)
		step_visit(w, v);
	assert_int_equal(produced - 1, w->count);
	free(v);
}

static void some_visit(struct world *w)
{
	struct visit *v = &w->visits[below(w, MAX_ITERATORS)];

	if (!v->on)
		begin_visit(w, v);
	else if (!below(w, 60))
		end_visit(v);
	for (unsigned steps = below(w, 6); v->on && steps; steps--)
		step_visit(w, v);
}

/* Weights of what to do; a phase lasts a while, so that maps fill and empty.  */
static void one_step(struct world *w, unsigned assign_weight, unsigned first_key, unsigned keys)
{
	unsigned index = (first_key + below(w, keys)) % w->kind->key_count, dice = below(w, 100);

	if (dice < assign_weight)
		do_assign(w, index);
	else if (dice < 85)
		do_delete(w, index);
	else if (dice < 90)
		do_get(w, index);
	else
		some_visit(w);
	if (!below(w, w->kind->window < w->kind->key_count ? 7000 : 700))
		do_clear(w);
	if (!below(w, 300))
		full_visit(w);
}

static void finish(struct world *w)
{
	for (unsigned i = 0; i < MAX_ITERATORS; i++)
		if (w->visits[i].on && below(w, 2))
			end_visit(&w->visits[i]);
	hmap_fini(&w->map);
	for (unsigned i = 0; i < MAX_ITERATORS; i++)
		assert_false(hmap_iter_next(&w->visits[i].it));
	test_env_fini(&w->env);
}

static unsigned step_count(void)
{
	const char *text = getenv("HMAP_MODEL_STEPS");

	return text ? (unsigned)strtoul(text, NULL, 10) : DEFAULT_STEPS;
}

static void run(const struct kind *kind, unsigned fail_one_in, bool must_grow_same_size)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned assign_weight = 60, first_key = 0, keys = 1, phase_left = 0;

	assert_non_null(w);
	w->kind = kind;
	w->random = 1 + fail_one_in;
	test_env_init(&w->env, 7);
	assert_true(hmap_init(&w->map, kind->type, below(w, 30), &w->env.env));
	w->env.fail_one_in = fail_one_in;
	for (unsigned step = 0; step < step_count(); step++) {
		if (!phase_left--) {
			static const unsigned weights[] = { 75, 60, 43, 25, 5 };

			phase_left = below(w, 500);
			assign_weight = weights[below(w, 5)];
			first_key = below(w, kind->key_count);
			keys = below(w, 2) ? kind->window : 1 + below(w, kind->window / 3);
			for (unsigned i = below(w, 2) ? keys : kind->window; i < kind->key_count; i++)
				do_delete(w, (first_key + i) % kind->key_count);
			check(w);
		}
		one_step(w, assign_weight, first_key, keys);
		check(w);
	}
	finish(w);
	if (step_count() >= DEFAULT_STEPS) { /* enough that everything must have happened */
		assert_true(w->grown > 0);
		assert_true(w->same_size_grown > 0 || !must_grow_same_size);
		assert_true(w->emptied > 0);
		assert_int_equal(w->refused > 0, fail_one_in > 0);
	}
	free(w);
}

#define KIND_TEST(NAME, KEYS, WINDOW, MAKE, INDEX)                                                                     \
	static void model_of_##NAME(void **state)                                                                      \
	{                                                                                                              \
		static const struct kind kind = { &NAME##_type, KEYS, WINDOW, make_##MAKE, INDEX };                    \
                                                                                                                       \
		(void)state;                                                                                           \
		run(&kind, 0, WINDOW < KEYS);                                                                          \
		run(&kind, 3, false);                                                                                  \
	}

static unsigned index_text(const void *key)
{
	struct hmap_text text;

	memcpy(&text, key, sizeof(text));
	return read_spelled(text.ptr);
}

KIND_TEST(ints, 400, 400, int, index_int)
KIND_TEST(crowded, 1000, 160, int, index_int)
KIND_TEST(constant, 100, 100, int, index_int)
KIND_TEST(bytes, 120, 120, uint8, index_uint8)
KIND_TEST(shorts, 200, 200, uint16, index_uint16)
KIND_TEST(set, MAX_KEYS, MAX_KEYS, uint64, index_uint64)
KIND_TEST(doubles, 150, 150, double, index_double)
KIND_TEST(wide, 150, 150, long_double, index_long_double)
KIND_TEST(cstrings, 200, 200, cstring, index_cstring)
KIND_TEST(texts, 200, 200, text, index_text)
KIND_TEST(pairs, 200, 200, pair, index_pair)
KIND_TEST(larges, 150, 150, large, index_large)
KIND_TEST(large_elems, 150, 150, int, index_int)
KIND_TEST(both_large, 150, 150, large, index_large)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_of_ints),	cmocka_unit_test(model_of_crowded),
		cmocka_unit_test(model_of_constant),	cmocka_unit_test(model_of_bytes),
		cmocka_unit_test(model_of_shorts),	cmocka_unit_test(model_of_set),
		cmocka_unit_test(model_of_doubles),	cmocka_unit_test(model_of_wide),
		cmocka_unit_test(model_of_cstrings),	cmocka_unit_test(model_of_texts),
		cmocka_unit_test(model_of_pairs),	cmocka_unit_test(model_of_larges),
		cmocka_unit_test(model_of_large_elems), cmocka_unit_test(model_of_both_large),
	};

	return cmocka_run_group_tests_name("hmap_model", tests, NULL, NULL);
}
