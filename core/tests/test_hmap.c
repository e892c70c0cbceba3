/* The map's facts (go-maps.md A.2 to A.8, seen in live Go programs): sizes, B for a hint, spares, when it grows,
   how it evacuates, what delete and clear leave behind. And its types: each kind of key and elem through the typed
   functions, the descriptor, the hashes.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hmap/find.h"
#include "hmap/internal.h"
#include "hmap_invariants.h"
#include "hmap_test_env.h"

struct bytes3 {
	char c[3];
};
struct bytes5 {
	char c[5];
};
struct bytes100 {
	char c[100];
};
struct bytes128 {
	char c[128];
};
struct bytes129 {
	char c[129];
};
struct eface {
	void *type, *data;
};

/* The key is its hash: an entry goes where the test wants it.  */
static uint64_t hash_self(const void *key, uint64_t seed)
{
	uint64_t hash;

	(void)seed;
	memcpy(&hash, key, sizeof(hash));
	return hash;
}

HMAP_TYPES(int_int, int64_t, int64_t, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(text_int, struct hmap_text, int64_t, hmap_hash_text, hmap_equal_text)
HMAP_TYPES(text_text, struct hmap_text, struct hmap_text, hmap_hash_text, hmap_equal_text)
HMAP_SET(int_set, int64_t, hmap_hash_64, hmap_equal_64)
HMAP_SET(nothing_set, struct hmap_nothing, hmap_hash_8, hmap_equal_8)
HMAP_TYPES(eface_eface, struct eface, struct eface, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(i8_bool, int8_t, bool, hmap_hash_8, hmap_equal_8)
HMAP_TYPES(i64_i8, int64_t, int8_t, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(i8_i64, int8_t, int64_t, hmap_hash_8, hmap_equal_8)
HMAP_TYPES(i16_i32, int16_t, int32_t, hmap_hash_16, hmap_equal_16)
HMAP_TYPES(b3_b5, struct bytes3, struct bytes5, hmap_hash_8, hmap_equal_8)
HMAP_TYPES(b128_b128, struct bytes128, struct bytes128, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(b129_b129, struct bytes129, struct bytes129, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(b100_int, struct bytes100, int64_t, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(placed, uint64_t, int, hash_self, hmap_equal_64)

static void sound(const void *map)
{
	const char *broken = hmap_broken_invariant(map);

	if (broken)
		fail_msg("%s", broken);
}

static void bucket_sizes_as_in_go(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct hmap), 64);
	assert_int_equal(offsetof(struct hmap, extra), 40);
	assert_int_equal(int_int_type.bucket_size, 144);
	assert_int_equal(text_text_type.bucket_size, 272);
	assert_int_equal(text_int_type.bucket_size, 208);
	assert_int_equal(int_set_type.bucket_size, 80);
	assert_int_equal(nothing_set_type.bucket_size, 16);
	assert_int_equal(eface_eface_type.bucket_size, 272);
	assert_int_equal(i8_bool_type.bucket_size, 32);
	assert_int_equal(i64_i8_type.bucket_size, 88);
	assert_int_equal(i8_i64_type.bucket_size, 88);
	assert_int_equal(i16_i32_type.bucket_size, 64);
	assert_int_equal(b3_b5_type.bucket_size, 80);
	assert_int_equal(b128_b128_type.bucket_size, 2064);
	assert_int_equal(b129_b129_type.bucket_size, 144);
	assert_int_equal(b129_b129_type.flags, HMAP_INDIRECT_KEY | HMAP_INDIRECT_ELEM | HMAP_REFLEXIVE_KEY);
	assert_int_equal(int_int_type.overflow_offset, 136);
}

/* First hint, and first number of entries, that gives each B from 1 on.  */
static const size_t thresholds[] = { 9, 14, 27, 53, 105, 209, 417, 833, 1665, 3329, 6657, 13313, 26625, 53249 };
enum { THRESHOLD_COUNT = sizeof(thresholds) / sizeof(*thresholds) };

static void hint_gives_B(void **state)
{
	struct int_set m;
	unsigned B = 0, smallest;

	(void)state;
	for (size_t hint = 0; hint <= 60000; hint++) {
		while (B < THRESHOLD_COUNT && hint >= thresholds[B])
			B++;
		for (smallest = 0; hmap_over_load(hint, smallest);)
			smallest++;
		assert_int_equal(smallest, B);
		if (hint % 997 && hint > 20 && !hmap_over_load(hint + 1, B) && hmap_over_load(hint - 1, B - 1))
			continue; /* make only at thresholds and a few others */
		assert_true(int_set_init(&m, hint, NULL));
		assert_int_equal(m.B, B);
		assert_int_equal(!!m.buckets, hint > 8);
		int_set_fini(&m);
	}
	assert_true(int_set_init(&m, SIZE_MAX / 2, NULL)); /* cannot be: as no hint */
	assert_int_equal(m.B, 0);
	int_set_fini(&m);
}

static void spares_as_measured_in_go(void **state)
{
	static const struct {
		const struct hmap_type *type;
		unsigned short spares[8]; /* B = 4 to 11 */
	} cases[] = {
		{ &int_int_type, { 2, 5, 7, 14, 28, 56, 113, 170 } },
		{ &text_int_type, { 3, 7, 4, 9, 19, 39, 78, 157 } },
		{ &text_text_type, { 1, 2, 6, 22, 45, 60, 90, 150 } },
		{ &int_set_type, { 1, 6, 12, 8, 16, 102, 102, 204 } },
		{ &b100_int_type, { 2, 5, 10, 11, 23, 37, 65, 130 } },
	};
	struct hmap h;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (unsigned B = 0; B <= 14; B++) {
			if (B == 12)
				B = 14;
			assert_true(hmap_init(&h, cases[i].type, B ? thresholds[B - 1] : 0, NULL));
			assert_int_equal(h.B, B);
			assert_int_equal(hmap_spares_left(&h), B < 4 ? 0 : B == 14 ? 1024 : cases[i].spares[B - 4]);
			assert_int_equal(!!h.extra, B >= 4);
			sound(&h);
			hmap_fini(&h);
		}
}

static void first_bucket_is_lazy(void **state)
{
	struct int_int m;

	(void)state;
	assert_true(int_int_init(&m, 8, NULL));
	assert_null(m.buckets);
	assert_null(int_int_get(&m, 1));
	assert_false(int_int_delete(&m, 1));
	int_int_clear(&m);
	assert_true(int_int_set(&m, 1, 2));
	assert_non_null(m.buckets);
	assert_null(m.extra);
	int_int_fini(&m);
	int_int_fini(&m);
	assert_true(int_int_set(&m, 3, 4)); /* a finished map is an empty one */
	sound(&m);
	int_int_fini(&m);
}

static void null_map_is_empty(void **state)
{
	struct int_int_iter it;

	(void)state;
	assert_null(int_int_get(NULL, 1));
	assert_false(int_int_delete(NULL, 1));
	int_int_clear(NULL);
	int_int_fini(NULL);
	int_int_iter_init(&it, NULL);
	assert_false(int_int_iter_next(&it));
}

static void doubles_at_the_load_limit(void **state)
{
	struct test_env e;
	struct int_int m;
	unsigned B = 0;

	(void)state;
	test_env_init(&e, 1);
	assert_true(int_int_init(&m, 0, &e.env));
	for (size_t n = 1; n <= 60000; n++) {
		assert_true(int_int_set(&m, (int64_t)n, (int64_t)n));
		if (B < THRESHOLD_COUNT && n == thresholds[B]) {
			B++;
			assert_true(m.oldbuckets || B < 3); /* or all done by this assign */
			assert_false(m.flags & HMAP_SAME_SIZE_GROW);
			sound(&m);
		}
		assert_int_equal(m.B, B);
	}
	sound(&m);
	for (int64_t n = 1; n <= 60000; n++)
		assert_int_equal(*int_int_get(&m, n), n);
	int_int_fini(&m);
	test_env_fini(&e);
}

static uint64_t place(uint64_t bucket, uint64_t number)
{
	return number << 32 | bucket;
}

static const uint8_t *old_tophash(const struct placed *m, unsigned bucket)
{
	return m->oldbuckets[bucket].tophash;
}

/* go-maps.md A.7, the trace of B 2 to 3.  */
static void evacuates_the_key_s_bucket_then_the_next(void **state)
{
	struct placed m;

	(void)state;
	assert_true(placed_init(&m, 14, NULL));
	for (uint64_t i = 0; i < 26; i++)
		assert_true(placed_set(&m, place(i % 8, i + 1), 1));
	assert_null(m.oldbuckets);
	assert_true(placed_set(&m, place(6, 99), 1));
	assert_int_equal(m.B, 3);
	assert_int_equal(m.nevacuate, 1);
	assert_true(hmap_is_evacuated(old_tophash(&m, 2)) && hmap_is_evacuated(old_tophash(&m, 0)));
	assert_true(!hmap_is_evacuated(old_tophash(&m, 1)) && !hmap_is_evacuated(old_tophash(&m, 3)));
	sound(&m);
	assert_true(placed_set(&m, place(0, 99), 1));
	assert_int_equal(m.nevacuate, 3); /* 1 evacuated, 2 skipped */
	assert_non_null(placed_get(&m, place(7, 8)));
	assert_int_equal(m.nevacuate, 3); /* lookups do no growth work */
	sound(&m);
	assert_false(placed_delete(&m, place(7, 12345))); /* a missing key drives it as well */
	assert_null(m.oldbuckets);
	assert_int_equal(m.nevacuate, 4); /* not reset */
	sound(&m);
	placed_fini(&m);
}

static void mark_skips_at_most_1024_buckets(void **state)
{
	struct placed m;
	uint64_t n = 0;

	(void)state;
	assert_true(placed_init(&m, thresholds[11], NULL));
	assert_int_equal(m.B, 12);
	for (; !m.oldbuckets; n++)
		assert_true(placed_set(&m, place(n & 4095, n + 1), 1));
	assert_int_equal(m.nevacuate, 1);
	for (uint64_t i = 2000; i < 3998; i++)
		assert_non_null(placed_assign(&m, place(i, i + 1)));
	assert_int_equal(m.nevacuate, 1999);
	assert_non_null(placed_assign(&m, place(3998, 3999)));
	assert_int_equal(m.nevacuate, 2000 + 1024);
	assert_non_null(placed_assign(&m, place(2000, 2001)));
	assert_int_equal(m.nevacuate, 3999);
	sound(&m);
	placed_fini(&m);
}

/* 32 chains grow an overflow bucket each and are emptied again; at B = 5, the next new key starts a same-size
   growth.  */
static void grows_same_size_at_too_many_overflow_buckets(void **state)
{
	struct placed m;
	void *buckets;

	(void)state;
	assert_true(placed_init(&m, thresholds[4], NULL));
	assert_int_equal(m.B, 5);
	for (uint64_t bucket = 0; bucket < 32; bucket++) {
		for (uint64_t i = 1; i <= 9; i++)
			assert_true(placed_set(&m, place(bucket, i), 1));
		for (uint64_t i = 1; i < 9; i++)
			assert_true(placed_delete(&m, place(bucket, i)));
		assert_int_equal(m.noverflow, bucket + 1);
		assert_null(m.oldbuckets);
	}
	buckets = m.buckets;
	assert_non_null(placed_assign(&m, place(3, 9))); /* known: no growth */
	assert_null(m.oldbuckets);
	assert_true(placed_set(&m, place(3, 1), 1));
	assert_ptr_equal(m.oldbuckets, buckets);
	assert_int_equal(m.flags, HMAP_SAME_SIZE_GROW);
	assert_int_equal(m.B, 5);
	assert_int_equal(m.noverflow, 0);
	assert_int_equal(old_tophash(&m, 3)[0], HMAP_EVACUATED_EMPTY);
	sound(&m);
	for (uint64_t bucket = 0; bucket < 32; bucket++)
		placed_delete(&m, place(bucket, 77));
	assert_null(m.oldbuckets);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.noverflow, 0);
	assert_int_equal(m.buckets[7].tophash[0], 5); /* compact again */
	sound(&m);
	placed_fini(&m);
}

static void clear_ends_a_same_size_growth(void **state)
{
	struct placed m;

	(void)state;
	assert_true(placed_init(&m, 14, NULL));
	for (uint64_t bucket = 0; bucket < 4; bucket++) {
		for (uint64_t i = 0; i < 9; i++)
			assert_true(placed_set(&m, place(bucket, i), 1));
		for (uint64_t i = 1; i < 9; i++)
			assert_true(placed_delete(&m, place(bucket, i)));
	}
	assert_true(placed_set(&m, place(0, 1), 1));
	assert_int_equal(m.flags, HMAP_SAME_SIZE_GROW);
	placed_clear(&m);
	assert_int_equal(m.flags, 0);
	assert_null(m.oldbuckets);
	sound(&m);
	placed_fini(&m);
}

static void load_is_tested_before_overflow(void **state)
{
	struct placed m;

	(void)state;
	assert_true(placed_init(&m, 0, NULL));
	for (uint64_t i = 1; i <= 13; i++)
		assert_true(placed_set(&m, place(0, i), 1)); /* B = 1, one chain of 2 */
	for (uint64_t i = 14; i <= 26; i++)
		assert_true(placed_set(&m, place(0, i), 1)); /* B = 2, one chain of 4 */
	assert_int_equal(m.B, 2);
	assert_int_equal(m.noverflow, 3);
	assert_true(placed_set(&m, place(0, 27), 1)); /* over both limits at once when the chain was longer by one */
	assert_int_equal(m.B, 3);
	assert_false(m.flags & HMAP_SAME_SIZE_GROW);
	sound(&m);
	placed_fini(&m);
}

static void expect_tophash(const struct placed_bucket *bucket, const char *expected)
{
	for (unsigned i = 0; i < HMAP_SLOTS; i++)
		assert_int_equal(bucket->tophash[i], expected[i] == 'L' ? 5 : expected[i] - '0');
}

/* go-maps.md A.8: what deletes from a full bucket leave.  */
static void delete_marks(void **state)
{
	struct placed m;

	(void)state;
	assert_true(placed_init(&m, 0, NULL));
	for (uint64_t i = 0; i < 8; i++)
		assert_true(placed_set(&m, place(0, i), 7));
	expect_tophash(m.buckets, "LLLLLLLL");
	assert_true(placed_delete(&m, place(0, 3)));
	expect_tophash(m.buckets, "LLL1LLLL");
	assert_int_equal(m.buckets->elems[3], 0);
	assert_int_equal(m.buckets->keys[3], place(0, 3)); /* no pointer: the key stays */
	assert_true(placed_delete(&m, place(0, 6)));
	expect_tophash(m.buckets, "LLL1LL1L");
	assert_true(placed_delete(&m, place(0, 7)));
	expect_tophash(m.buckets, "LLL1LL00");
	assert_true(placed_delete(&m, place(0, 5)) && placed_delete(&m, place(0, 4)));
	expect_tophash(m.buckets, "LLL00000");
	assert_true(placed_delete(&m, place(0, 0)));
	expect_tophash(m.buckets, "1LL00000");
	assert_true(placed_set(&m, place(0, 50), 7)); /* holes are filled first */
	expect_tophash(m.buckets, "LLL00000");
	assert_int_equal(m.buckets->keys[0], place(0, 50));
	placed_fini(&m);
}

static void empty_rest_spreads_back_through_a_chain(void **state)
{
	struct placed m;

	(void)state;
	assert_true(placed_init(&m, 14, NULL));
	for (uint64_t i = 0; i < 24; i++)
		assert_true(placed_set(&m, place(0, i), 7));
	for (uint64_t i = 3; i < 23; i++)
		assert_true(placed_delete(&m, place(0, i)));
	expect_tophash(m.buckets, "LLL11111");
	expect_tophash(m.buckets->overflow, "11111111");
	expect_tophash(m.buckets->overflow->overflow, "1111111L");
	assert_true(placed_delete(&m, place(0, 23)));
	expect_tophash(m.buckets, "LLL00000");
	expect_tophash(m.buckets->overflow, "00000000");
	expect_tophash(m.buckets->overflow->overflow, "00000000");
	assert_int_equal(m.noverflow, 2); /* not given back */
	sound(&m);
	placed_fini(&m);
}

static void seed_is_drawn_anew_when_a_map_empties(void **state)
{
	struct test_env e;
	struct int_int m;
	uint64_t copy;

	(void)state;
	test_env_init(&e, 5);
	copy = e.random;
	assert_true(int_int_init(&m, 0, &e.env));
	assert_int_equal(m.hash0, (uint32_t)test_random(&copy));
	assert_true(int_int_set(&m, 1, 1) && int_int_set(&m, 2, 2));
	assert_true(int_int_delete(&m, 1) && int_int_delete(&m, 2));
	assert_int_equal(m.hash0, (uint32_t)test_random(&copy));
	int_int_clear(&m); /* empty already */
	assert_int_equal(e.random, copy);
	assert_true(int_int_set(&m, 1, 1));
	int_int_clear(&m);
	assert_int_equal(m.hash0, (uint32_t)test_random(&copy));
	int_int_fini(&m);
}

static void clear_keeps_the_array(void **state)
{
	struct test_env e;
	struct int_int m;
	struct int_int_iter it;
	void *buckets;

	(void)state;
	test_env_init(&e, 5);
	assert_true(int_int_init(&m, 0, &e.env));
	for (int64_t i = 0; i < 105; i++)
		assert_true(int_int_set(&m, i, i));
	int_int_iter_init(&it, &m);
	int_int_iter_fini(&it);
	assert_non_null(m.oldbuckets);
	buckets = m.buckets;
	int_int_clear(&m);
	assert_ptr_equal(m.buckets, buckets);
	assert_int_equal(m.B, 5);
	assert_int_equal(m.flags, HMAP_ITERATOR | HMAP_OLD_ITERATOR); /* left alone */
	assert_int_equal(m.count + m.noverflow + (intptr_t)m.nevacuate, 0);
	assert_null(m.oldbuckets);
	assert_int_equal(hmap_spares_left((struct hmap *)&m), 5);
	assert_int_equal(e.blocks, 1);
	sound(&m);
	int_int_fini(&m);
	test_env_fini(&e);
}

/* B = 17 counts one overflow bucket in four.  */
static void noverflow_is_an_estimate_from_16_on(void **state)
{
	struct test_env e;
	struct int_set m;
	size_t overflow = 0;

	(void)state;
	test_env_init(&e, 11);
	assert_true(int_set_init(&m, 13 << 16, &e.env));
	assert_int_equal(m.B, 17);
	for (int64_t i = 0; i < 13 << 16; i++)
		assert_non_null(int_set_assign(&m, i));
	assert_null(m.oldbuckets);
	for (size_t i = 0; i < (size_t)1 << 17; i++)
		for (const struct int_set_bucket *b = m.buckets[i].overflow; b; b = b->overflow)
			overflow++;
	assert_in_range(overflow, 20000, 35000);
	assert_in_range(m.noverflow * 4u, overflow * 95 / 100, overflow * 105 / 100);
	int_set_fini(&m);
	test_env_fini(&e);
}

static void same_calls_give_the_same_memory(void **state)
{
	struct test_env e[2];
	struct int_int m[2];

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		test_env_init(&e[k], 3);
		assert_true(int_int_init(&m[k], 0, &e[k].env));
		for (int64_t i = 0; i < 210; i++)
			assert_true(int_int_set(&m[k], i * i, i));
	}
	assert_memory_equal(&m[0], &m[1], offsetof(struct int_int, buckets));
	for (size_t i = 0; i < (size_t)1 << m[0].B; i++)
		assert_memory_equal(&m[0].buckets[i], &m[1].buckets[i], offsetof(struct int_int_bucket, overflow));
	int_int_fini(&m[0]);
	int_int_fini(&m[1]);
}

/* Types  */

struct node {
	int16_t kind;
	uint64_t id;
	double weight;
};
enum color { RED, GREEN, BLUE };

static uint64_t hash_node(const void *key, uint64_t seed)
{
	const struct node *n = key;

	return hmap_hash_f64(&n->weight, hmap_hash_64(&n->id, hmap_hash_16(&n->kind, seed)));
}

static bool equal_node(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->kind == y->kind && x->id == y->id && x->weight == y->weight;
}

static uint64_t hash_129(const void *key, uint64_t seed)
{
	return hmap_hash_bytes(key, 129, seed);
}

static bool equal_129(const void *a, const void *b)
{
	return !memcmp(a, b, 129);
}

HMAP_TYPES(by_f32, float, int, hmap_hash_f32, hmap_equal_f32)
HMAP_TYPES(by_f64, double, int, hmap_hash_f64, hmap_equal_f64)
HMAP_TYPES(by_long_double, long double, char, hmap_hash_long_double, hmap_equal_long_double)
HMAP_TYPES(by_pointer, void *, struct node, hmap_hash_pointer, hmap_equal_pointer)
HMAP_TYPES(by_cstring, const char *, const char *, hmap_hash_cstring, hmap_equal_cstring)
HMAP_TYPES(by_node, struct node, struct int_int, hash_node, equal_node)
HMAP_TYPES_FLAGS(by_float_node, struct node, int, hash_node, equal_node, HMAP_FLOAT_KEY)
HMAP_TYPES(by_color, enum color, bool, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(by_large, struct bytes129, struct bytes129, hash_129, equal_129)

static void descriptor_tells_the_type(void **state)
{
	const struct hmap_type *t = &by_node_type;
	struct by_node m;

	(void)state;
	assert_true(by_node_init(&m, 0, NULL));
	assert_ptr_equal(((struct hmap *)&m)->type, t);
	assert_int_equal(t->key_size, sizeof(struct node));
	assert_int_equal(t->elem_size, sizeof(struct int_int));
	assert_int_equal(t->keys_offset, offsetof(struct by_node_bucket, keys));
	assert_int_equal(t->elems_offset, offsetof(struct by_node_bucket, elems));
	assert_int_equal(t->overflow_offset, offsetof(struct by_node_bucket, overflow));
	assert_string_equal(t->name, "by_node");
	assert_string_equal(t->key_name, "struct node");
	assert_string_equal(t->elem_name, "struct int_int");
	assert_string_equal(t->bucket_name, "struct by_node_bucket");
	assert_int_equal(by_f64_type.flags, HMAP_NEED_KEY_UPDATE);
	assert_int_equal(by_cstring_type.flags, HMAP_REFLEXIVE_KEY | HMAP_KEY_POINTERS | HMAP_ELEM_POINTERS);
	assert_int_equal(text_int_type.flags, HMAP_REFLEXIVE_KEY | HMAP_KEY_POINTERS);
	assert_int_equal(by_long_double_type.keys_offset % _Alignof(long double), 0);
	by_node_fini(&m);
}

static void zeros_are_one_key_and_the_last_is_kept(void **state)
{
	struct by_f64 d;
	struct by_f32 f;
	struct by_long_double l;
	struct by_f64_iter it;

	(void)state;
	assert_true(by_f64_init(&d, 0, NULL) && by_f32_init(&f, 0, NULL) && by_long_double_init(&l, 0, NULL));
	assert_true(by_f64_set(&d, 0.0, 1) && by_f64_set(&d, -0.0, 2));
	assert_true(by_f32_set(&f, 0.0f, 1) && by_f32_set(&f, -0.0f, 2));
	assert_true(by_long_double_set(&l, 0.0L, 1) && by_long_double_set(&l, -0.0L, 2));
	assert_int_equal(d.count + f.count + l.count, 3);
	assert_int_equal(*by_f64_get(&d, 0.0) + *by_f32_get(&f, 0.0f) + *by_long_double_get(&l, 0.0L), 6);
	by_f64_iter_init(&it, &d);
	assert_true(by_f64_iter_next(&it));
	assert_true(__builtin_signbit(*it.key));
	by_f64_iter_fini(&it);
	by_f64_fini(&d);
	by_f32_fini(&f);
	by_long_double_fini(&l);
}

static void aligned_keys(void **state)
{
	struct by_long_double m;

	(void)state;
	assert_true(by_long_double_init(&m, 0, NULL));
	for (int i = 0; i < 1000; i++)
		assert_true(by_long_double_set(&m, i / 3.0L, (char)i));
	for (int i = 0; i < 1000; i++)
		assert_int_equal(*by_long_double_get(&m, i / 3.0L), (char)i);
	assert_int_equal((uintptr_t)&m.buckets[1].keys[0] % _Alignof(long double), 0);
	sound(&m);
	by_long_double_fini(&m);
}

static void string_keys(void **state)
{
	struct by_cstring c;
	struct text_text t;
	char dog[] = "dog", dog_again[] = "dog";
	const char *animals[] = { "cat", "", dog, "bird" };

	(void)state;
	assert_true(by_cstring_init(&c, 0, NULL) && text_text_init(&t, 0, NULL));
	for (unsigned i = 0; i < 4; i++) {
		struct hmap_text text = { animals[i], strlen(animals[i]) };

		assert_true(by_cstring_set(&c, animals[i], "x") && text_text_set(&t, text, text));
	}
	assert_string_equal(*by_cstring_get(&c, dog_again), "x");
	assert_null(by_cstring_get(&c, "do"));
	assert_true(by_cstring_set(&c, dog_again, "y")); /* keeps the first pointer */
	assert_true(text_text_set(&t, (struct hmap_text){ "a\0b", 3 }, (struct hmap_text){ NULL, 0 }));
	assert_null(text_text_get(&t, (struct hmap_text){ "a\0c", 3 }));
	assert_non_null(text_text_get(&t, (struct hmap_text){ "a\0b", 3 }));
	assert_non_null(text_text_get(&t, (struct hmap_text){ NULL, 0 }));
	memset(dog_again, 0, sizeof(dog_again));
	assert_string_equal(*by_cstring_get(&c, "dog"), "y");
	sound(&c);
	assert_true(by_cstring_delete(&c, "cat") && !by_cstring_delete(&c, "cat"));
	assert_null(c.buckets->keys[0]); /* a pointer is cleared */
	by_cstring_fini(&c);
	text_text_fini(&t);
}

/* The blocks are as large as the texts, so that the sanitizer sees a byte read behind one.  */
static void texts_differ_by_any_byte(void **state)
{
	(void)state;
	for (size_t size = 1; size < 100; size++) {
		char *a = malloc(size), *b = malloc(size);

		assert_true(a && b);
		memset(a, 'a', size);
		memset(b, 'a', size);
		assert_true(hmap_same_bytes(a, b, size));
		for (size_t i = 0; i < size; i++) {
			b[i] = 'b';
			assert_false(hmap_same_bytes(a, b, size));
			b[i] = 'a';
		}
		free(a);
		free(b);
	}
}

static void maps_in_maps(void **state)
{
	struct by_node m;
	struct by_node_iter it;

	(void)state;
	assert_true(by_node_init(&m, 0, NULL));
	for (int16_t i = 0; i < 40; i++) {
		struct int_int *inner = by_node_assign(&m, (struct node){ i, 7, -0.0 });

		assert_non_null(inner);
		assert_true(int_int_init(inner, 0, NULL) && int_int_set(inner, i, 1));
	}
	assert_int_equal(*int_int_get(by_node_get(&m, (struct node){ 33, 7, 0.0 }), 33), 1);
	for (by_node_iter_init(&it, &m); by_node_iter_next(&it);)
		int_int_fini(it.elem);
	by_node_fini(&m);
}

static void other_types(void **state)
{
	struct by_pointer p;
	struct by_color c;
	struct nothing_set n;
	int here, there;

	(void)state;
	assert_true(by_pointer_init(&p, 0, NULL) && by_color_init(&c, 0, NULL) && nothing_set_init(&n, 0, NULL));
	assert_true(by_pointer_set(&p, &here, (struct node){ 1, 2, 3 }));
	assert_null(by_pointer_get(&p, &there));
	assert_true(by_pointer_get(&p, &here)->weight == 3);
	assert_true(by_color_set(&c, BLUE, true) && !by_color_get(&c, RED) && *by_color_get(&c, BLUE));
	by_pointer_fini(&p);
	by_color_fini(&c);
	nothing_set_fini(&n);
}

static void large_keys_and_elems_are_owned(void **state)
{
	struct test_env e;
	struct by_large m;
	struct bytes129 large = { { 0 } };

	(void)state;
	test_env_init(&e, 1);
	assert_true(by_large_init(&m, 0, &e.env));
	for (int i = 0; i < 100; i++) {
		large.c[128] = (char)i;
		assert_true(by_large_set(&m, large, large));
	}
	for (int i = 0; i < 50; i++) {
		large.c[128] = (char)i;
		assert_memory_equal(by_large_get(&m, large), &large, sizeof(large));
		assert_true(by_large_delete(&m, large));
		assert_null(by_large_get(&m, large));
	}
	sound(&m);
	assert_in_range(e.blocks, 2 * 50 + 1, 2 * 50 + 20); /* two an entry, arrays, overflow buckets */
	by_large_clear(&m);
	assert_int_equal(e.blocks, 1);
	by_large_fini(&m);
	test_env_fini(&e);
}

/* Each key another entry, kept through growth, found never, cleared.  */
static void unequal_keys(void **state)
{
	struct test_env e;
	struct by_float_node m;
	struct by_float_node_iter it;
	struct node nan = { 1, 2, __builtin_nan("") };
	int sum = 0;

	(void)state;
	test_env_init(&e, 1);
	assert_true(by_float_node_init(&m, 0, &e.env));
	for (int i = 1; i <= 100; i++) {
		assert_true(by_float_node_set(&m, nan, i));
		assert_null(by_float_node_get(&m, nan));
		assert_false(by_float_node_delete(&m, nan));
		sound(&m);
	}
	assert_int_equal(m.count, 100);
	for (by_float_node_iter_init(&it, &m); by_float_node_iter_next(&it);)
		sum += *it.elem;
	assert_int_equal(sum, 5050);
	by_float_node_clear(&m);
	assert_int_equal(m.count, 0);
	by_float_node_fini(&m);
}

/* Hashes  */

static uint64_t hash_of_number(uint64_t i, unsigned pattern)
{
	const uint64_t keys[] = { i, i << 20, i * 4096 + 64, ~i, __builtin_bswap64(i), i << 44 };
	const float narrow = (float)i;
	const double number = (double)i;

	if (pattern < 6)
		return hmap_hash_64(&keys[pattern], 17);
	if (pattern == 6)
		return hmap_hash_32(&(uint32_t){ (uint32_t)i }, 17);
	if (pattern == 7)
		return hmap_hash_f32(&narrow, 17);
	if (pattern == 8)
		return hmap_hash_f64(&number, 17);
	return hmap_hash_bytes(keys, pattern, 17);
}

/* 65 536 keys in 256 cells: chi square has mean 255 and deviation 22.6; 400 is more than 6 deviations off.  */
static void hashes_are_even_in_the_bits_used(void **state)
{
	(void)state;
	for (unsigned pattern = 0; pattern < 30; pattern++)
		for (unsigned shift = 0; shift <= 56; shift += 8) {
			unsigned cells[256] = { 0 };
			double chi = 0;

			for (uint64_t i = 0; i < 65536; i++)
				cells[hash_of_number(i, pattern) >> shift & 255]++;
			for (unsigned i = 0; i < 256; i++)
				chi += (cells[i] - 256.0) * (cells[i] - 256.0) / 256;
			if (chi > 400)
				fail_msg("pattern %u, bits from %u: chi square %.0f", pattern, shift, chi);
		}
}

static void every_byte_and_the_seed_matter(void **state)
{
	uint8_t data[300] = { 0 };

	(void)state;
	for (size_t size = 0; size <= sizeof(data); size++) {
		uint64_t hash = hmap_hash_bytes(data, size, 1);

		assert_int_not_equal(hash, hmap_hash_bytes(data, size, 2));
		assert_int_not_equal(hash, hmap_hash_bytes(data, size + 1 > sizeof(data) ? 0 : size + 1, 1));
		for (size_t i = 0; i < size; i++) {
			uint64_t other;

			data[i] = 0x10;
			other = hmap_hash_bytes(data, size, 1);
			data[i] = 0;
			assert_in_range(__builtin_popcountll(hash ^ other), 10, 54);
		}
	}
	assert_int_not_equal(hmap_hash_64(&(uint64_t){ 1 }, 1), hmap_hash_64(&(uint64_t){ 1 }, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_sizes_as_in_go),
		cmocka_unit_test(hint_gives_B),
		cmocka_unit_test(spares_as_measured_in_go),
		cmocka_unit_test(first_bucket_is_lazy),
		cmocka_unit_test(null_map_is_empty),
		cmocka_unit_test(doubles_at_the_load_limit),
		cmocka_unit_test(evacuates_the_key_s_bucket_then_the_next),
		cmocka_unit_test(mark_skips_at_most_1024_buckets),
		cmocka_unit_test(grows_same_size_at_too_many_overflow_buckets),
		cmocka_unit_test(clear_ends_a_same_size_growth),
		cmocka_unit_test(load_is_tested_before_overflow),
		cmocka_unit_test(delete_marks),
		cmocka_unit_test(empty_rest_spreads_back_through_a_chain),
		cmocka_unit_test(seed_is_drawn_anew_when_a_map_empties),
		cmocka_unit_test(clear_keeps_the_array),
		cmocka_unit_test(noverflow_is_an_estimate_from_16_on),
		cmocka_unit_test(same_calls_give_the_same_memory),
		cmocka_unit_test(descriptor_tells_the_type),
		cmocka_unit_test(zeros_are_one_key_and_the_last_is_kept),
		cmocka_unit_test(aligned_keys),
		cmocka_unit_test(string_keys),
		cmocka_unit_test(texts_differ_by_any_byte),
		cmocka_unit_test(maps_in_maps),
		cmocka_unit_test(other_types),
		cmocka_unit_test(large_keys_and_elems_are_owned),
		cmocka_unit_test(unequal_keys),
		cmocka_unit_test(hashes_are_even_in_the_bits_used),
		cmocka_unit_test(every_byte_and_the_seed_matter),
	};

	return cmocka_run_group_tests_name("hmap", tests, NULL, NULL);
}
