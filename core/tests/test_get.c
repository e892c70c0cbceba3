/* One key of a map: found where the map itself finds it. First maps of core/hmap in this very process, of every kind of key that
   the library hashes, against the map's own get, in every state; then maps laid out by hand, in both word sizes and byte
   orders, where the way is known: hops, growth, writes under way, damage, and every read, question and allocation failing in turn.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "base/hash.h"
#include "context.h"
#include "fake_world.h"
#include "hmap/hmap.h"
#include "hmap_test_env.h"
#include "real_map.h"

/* ---- The map of this process ---- */

struct pair {
	int a, b;
};

static uint64_t hash_pair(const void *key, uint64_t seed)
{
	return hmap_hash_32(&((const struct pair *)key)->a, seed);
}

static bool equal_pair(const void *a, const void *b)
{
	return ((const struct pair *)a)->a == ((const struct pair *)b)->a;
}

/* Fills 32 buckets at most, so that chains are long: no function of the library, so that it is scanned for.  */
static uint64_t hash_poor(const void *key, uint64_t seed)
{
	return hmap_hash_32(key, seed) & 0xff0000000000001f;
}

HMAP_TYPES(bytes, uint8_t, long, hmap_hash_8, hmap_equal_8)
HMAP_TYPES(shorts, int16_t, long, hmap_hash_16, hmap_equal_16)
HMAP_TYPES(ints, int, long, hmap_hash_32, hmap_equal_32)
HMAP_TYPES(longs, int64_t, long, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(pointers, void *, long, hmap_hash_pointer, hmap_equal_pointer)
HMAP_TYPES(floats, float, long, hmap_hash_f32, hmap_equal_f32)
HMAP_TYPES(doubles, double, long, hmap_hash_f64, hmap_equal_f64)
HMAP_TYPES(wides, long double, long, hmap_hash_long_double, hmap_equal_long_double)
HMAP_TYPES(names, const char *, long, hmap_hash_cstring, hmap_equal_cstring)
HMAP_TYPES(texts, struct hmap_text, long, hmap_hash_text, hmap_equal_text)
HMAP_TYPES(addresses, const char *, long, hmap_hash_pointer, hmap_equal_pointer)
HMAP_TYPES(twos, struct pair, long, hash_pair, equal_pair)
HMAP_TYPES(crowded, int, long, hash_poor, hmap_equal_32)

enum { KEYS = 240, STEPS = 700, LOOK_EVERY = 9 };

static char spelled[KEYS][16];

static union key {
	uint8_t byte;
	int16_t s;
	int i;
	int64_t l;
	void *p;
	float f;
	double d;
	long double w;
	const char *name;
	struct hmap_text text;
	struct pair two;
} key_of(const struct hmap_type *type, int n)
{
	union key key;

	memset(&key, 0, sizeof key);
	snprintf(spelled[n], sizeof spelled[n], "key %d", n);
	if (type == &bytes_type)
		key.byte = (uint8_t)n;
	else if (type == &shorts_type)
		key.s = (int16_t)(n - 100);
	else if (type == &longs_type)
		key.l = (int64_t)n << 33;
	else if (type == &pointers_type)
		key.p = (char *)0x10000 + n; /* NOLINT */
	else if (type == &floats_type)
		key.f = (float)n / 4;
	else if (type == &doubles_type)
		key.d = n / 4.0;
	else if (type == &wides_type)
		key.w = n / 4.0L;
	else if (type == &names_type)
		key.name = spelled[n];
	else if (type == &texts_type)
		key.text = (struct hmap_text){ spelled[n], strlen(spelled[n]) };
	else if (type == &twos_type)
		key.two = (struct pair){ n, 7 };
	else
		key.i = n;
	return key;
}

static void literal_of(const struct hmap_type *type, int n, char *out, size_t size)
{
	if (type == &shorts_type)
		snprintf(out, size, "%d", n - 100);
	else if (type == &longs_type)
		snprintf(out, size, "%lld", (long long)n << 33);
	else if (type == &pointers_type)
		snprintf(out, size, "0x%x", 0x10000 + n);
	else if (type == &floats_type || type == &doubles_type || type == &wides_type)
		snprintf(out, size, "%d.%02d", n / 4, n % 4 * 25);
	else if (type == &names_type || type == &texts_type)
		snprintf(out, size, "\"key %d\"", n);
	else if (type == &twos_type)
		snprintf(out, size, "{a = %d, b = 7}", n);
	else
		snprintf(out, size, "%d", n);
}

struct real {
	const struct hmap_type *type;
	struct test_env env;
	struct hmap map;
	struct fake_target t;
	uint64_t header;
	uint64_t states; /* bits: at rest, doubling, same size */
};

static uint64_t key_type(struct fake_target *t, const struct hmap_type *type)
{
	if (type == &bytes_type)
		return fake_uint(t, 1);
	if (type == &shorts_type)
		return fake_int(t, 2);
	if (type == &longs_type)
		return fake_int(t, 8);
	if (type == &pointers_type)
		return fake_pointer(t, 0);
	if (type == &floats_type || type == &doubles_type || type == &wides_type)
		return fake_scalar(t, MS_FLOAT, type->key_name, type->key_size);
	if (type == &names_type || type == &addresses_type)
		return fake_pointer(t, fake_char(t));
	if (type != &texts_type && type != &twos_type)
		return fake_int(t, 4);
	uint64_t made = fake_struct(t, type == &twos_type ? "pair" : "hmap_text");
	if (type == &twos_type) {
		fake_member(t, made, "a", fake_int(t, 4));
		fake_member(t, made, "b", fake_int(t, 4));
	} else {
		fake_member(t, made, "ptr", fake_pointer(t, fake_char(t)));
		fake_member(t, made, "length", fake_uint(t, 8));
	}
	return made;
}

#define FUNCTION(NAME)                                                                                                 \
	{                                                                                                              \
#NAME, (uint64_t)(uintptr_t)NAME                                                                       \
	}

static void real_init(struct real *r, const struct hmap_type *type)
{
	static const struct {
		const char *name;
		uint64_t address;
	} functions[] = {
		FUNCTION(hmap_hash_8),	      FUNCTION(hmap_hash_16),
		FUNCTION(hmap_hash_32),	      FUNCTION(hmap_hash_64),
		FUNCTION(hmap_hash_pointer),  FUNCTION(hmap_hash_f32),
		FUNCTION(hmap_hash_f64),      FUNCTION(hmap_hash_long_double),
		FUNCTION(hmap_hash_cstring),  FUNCTION(hmap_hash_text),
		FUNCTION(hmap_equal_8),	      FUNCTION(hmap_equal_16),
		FUNCTION(hmap_equal_32),      FUNCTION(hmap_equal_64),
		FUNCTION(hmap_equal_pointer), FUNCTION(hmap_equal_f32),
		FUNCTION(hmap_equal_f64),     FUNCTION(hmap_equal_long_double),
		FUNCTION(hmap_equal_cstring), FUNCTION(hmap_equal_text),
		FUNCTION(hash_pair),	      FUNCTION(equal_pair),
		FUNCTION(hash_poor),
	};
	struct fake_target *t = &r->t;

	*r = (struct real){ .type = type };
	test_env_init(&r->env, 77);
	assert_true(hmap_init(&r->map, type, 0, &r->env.env));
	fake_init(t, 8, false);
	r->header = real_map_types(t, type, key_type(t, type), fake_int(t, 8));
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		fake_symbol(t, functions[i].name, functions[i].address);
	real_map_open(t, true);
}

static void real_fini(struct real *r)
{
	hmap_fini(&r->map);
	test_env_fini(&r->env);
	fake_fini(&r->t);
}

/* Key N, as the decoder finds it, is what the map's own get gives.  */
static void look_up(struct real *r, struct ms_map *map, int n)
{
	union key key = key_of(r->type, n);
	struct ms_batch batch = { .size = sizeof batch };
	const long *elem = hmap_get(&r->map, &key);
	struct ms_get *get;
	char text[40];
	int32_t status;

	literal_of(r->type, n, text, sizeof text);
	status = ms_get_new(map, NULL, text, &get);
	if (status != MS_OK)
		fail_msg("%s: %s: %s", r->type->name, text, ms_error(r->t.ctx));
	while ((status = ms_get_step(get, &batch)) == MS_AGAIN)
		;
	assert_string_equal(ms_get_note(get), "");
	if (status != (elem ? MS_OK : MS_NOT_FOUND))
		fail_msg("%s: %s: status %d, the map has %s", r->type->name, text, status, elem ? "it" : "not");
	if (elem) {
		assert_int_equal(batch.count, 1);
		assert_int_equal(batch.elem_addresses[0], (uintptr_t)elem);
		assert_memory_equal(batch.elems, elem, sizeof *elem);
	}
	ms_get_free(get);
}

static void look(struct real *r, uint64_t *random)
{
	struct ms_value value = { .size = sizeof value, .type = r->header, .address = (uint64_t)(uintptr_t)&r->map };
	struct ms_map *map;

	assert_int_equal(ms_map_open(r->t.ctx, &value, &map), MS_OK);
	for (int i = 0; i < 12; i++)
		look_up(r, map, (int)(test_random(random) % KEYS));
	ms_map_free(map);
	r->states |= !r->map.oldbuckets ? 1 : r->map.flags & HMAP_SAME_SIZE_GROW ? 4 : 2;
}

static void keys_are_found_where_the_map_finds_them(void **state)
{
	static const struct hmap_type *const types[] = { &bytes_type,	 &shorts_type, &ints_type,    &longs_type,
							 &pointers_type, &floats_type, &doubles_type, &wides_type,
							 &names_type,	 &texts_type,  &twos_type,    &crowded_type };
	uint64_t random = 5, states = 0;

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct real r;
		real_init(&r, types[i]);
		for (int step = 0; step < STEPS; step++) {
			int n = (int)(test_random(&random) % KEYS);
			union key key = key_of(r.type, n);
			/* It fills up, then empties.  */
			if (test_random(&random) % 100 < (step < STEPS / 2 ? 85 : 30))
				*(long *)hmap_assign(&r.map, &key) = step;
			else
				hmap_delete(&r.map, &key);
			if (step % LOOK_EVERY == 0)
				look(&r, &random);
		}
		states |= r.states;
		real_fini(&r);
	}
	assert_int_equal(states & 3, 3);
}

/* ---- Maps laid out by hand ---- */

enum { B = 3 };

/* Half of the old chains have moved: those of even index.  */
static void grow(struct world *w, bool same_size, uint64_t keys)
{
	fake_map_array(&w->m, &w->m.new, B);
	for (uint64_t key = 0; key < keys; key++)
		if (world_hash(w, key) & 1)
			world_put(w, &w->m.new, key);
	fake_map_grow(&w->m, same_size);
	for (uint64_t i = 0; i < w->m.old.count; i += 2)
		fake_map_evacuate_whole(&w->m, i, false);
	for (uint64_t key = 0; key < keys; key++)
		if (!(world_hash(w, key) & 1))
			world_put(w, &w->m.new, key);
}

/* Where KEY is, by the account; false: nowhere.  */
static bool place(const struct world *w, uint64_t key, const char **array, uint64_t *index, uint64_t *depth, int *slot)
{
	const struct fake_array *arrays[] = { &w->m.old, &w->m.new };

	for (int a = 0; a < 2; a++) {
		*array = a ? "new" : "old";
		for (*index = 0; *index < arrays[a]->count; ++*index) {
			*depth = 0;
			for (const struct fake_bucket *at = &arrays[a]->buckets[*index]; at; at = at->next, ++*depth)
				for (*slot = 0; *slot < FAKE_SLOTS; ++*slot)
					if (at->slots[*slot].shown && at->slots[*slot].key == key)
						return true;
		}
	}
	return false;
}

static void expect_key(struct world *w, uint64_t key)
{
	bool growing = w->m.old.count;
	uint64_t index, depth;
	const char *array;
	int slot;
	char *line = fake_format("m %llu --json", (unsigned long long)key), *expected;
	struct fake_run run = fake_run(&w->t, "map-get", line);
	bool there = place(w, key, &array, &index, &depth, &slot);

	assert_string_equal(run.error, "");
	assert_int_equal(run.status, there ? MS_YES : MS_NO);
	fake_is_json_lines(run.out);
	if (there)
		expected =
			fake_format("{\"found\": true, \"by\": \"hash\", \"hash\": \"0x%016llx\", \"array\": \"%s\", "
				    "\"bucket\": %llu, \"depth\": %llu, \"slot\": %d, \"tophash\": %u, \"key\": %llu, "
				    "\"elem\": %llu, ",
				    (unsigned long long)world_hash(w, key), array, (unsigned long long)index,
				    (unsigned long long)depth, slot, world_tophash(w, key), (unsigned long long)key,
				    (unsigned long long)key * 10);
	else
		expected = fake_format("{\"found\": false, \"by\": \"hash\", \"hash\": \"0x%016llx\", ",
				       (unsigned long long)world_hash(w, key));
	fake_contains(run.out, expected);
	free(expected);
	if (there) {
		expected = fake_format("\"reads\": %llu,", (unsigned long long)(2 + growing + depth));
		fake_contains(run.out, expected);
		free(expected);
	}
	free(line);
	fake_run_fini(&run);
}

static void by_hash_in_both_word_sizes_and_byte_orders(void **state)
{
	(void)state;
	for (int form = 0; form < 12; form++) {
		struct world w;
		world_hashed(&w, form & 1 ? 4 : 8, form & 2);
		if (form / 4)
			grow(&w, form / 4 == 2, 70);
		else {
			fake_map_array(&w.m, &w.m.new, B);
			for (uint64_t key = 0; key < 70; key++)
				world_put(&w, &w.m.new, key);
		}
		fake_map_write(&w.m);
		for (uint64_t key = 0; key < 80; key++)
			expect_key(&w, key);
		world_fini(&w);
	}
}

/* The bytes of a word in the other order are another word, not another hash of the same one.  */
static void byte_order_turns_the_word(void **state)
{
	static const uint8_t key[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, turned[8] = { 8, 7, 6, 5, 4, 3, 2, 1 };

	(void)state;
	assert_int_equal(hmap_word(key, 8, true), 0x0102030405060708);
	assert_int_equal(hmap_word(key, 8, false), 0x0807060504030201);
	assert_int_equal(hmap_word(key, 4, true),
			 0x0102030400000000); /* as a load of a word of which the rest is zero */
	assert_int_equal(hmap_word(key, 4, false), 0x04030201);
	assert_int_equal(hmap_hash_run(key, 8, 5, true), hmap_hash_run(turned, 8, 5, false));
	assert_int_equal(hmap_float_word((const uint8_t[]){ 0x80, 0, 0, 0 }, 4, true), 0);
	assert_int_equal(hmap_float_word((const uint8_t[]){ 0, 0, 0, 0x80 }, 4, false), 0);
}

static void text_tells_the_way(void **state)
{
	struct world w;
	uint64_t moved = 0, kept = 0;

	(void)state;
	world_hashed(&w, 8, false);
	grow(&w, false, 70);
	fake_map_write(&w.m);
	while (world_hash(&w, moved) & 1)
		moved++;
	while (!(world_hash(&w, kept) & 1))
		kept++;
	for (int i = 0; i < 2; i++) {
		const char *array;
		uint64_t key = i ? kept : moved, index, depth;
		int slot;
		char *line = fake_format("m %llu", (unsigned long long)key), *expected;
		struct fake_run run = fake_run(&w.t, "map-get", line);
		assert_true(place(&w, key, &array, &index, &depth, &slot));
		assert_int_equal(depth, 0);
		expected = fake_format("%llu: %llu\n  hash 0x%016llx, tophash %u\n", (unsigned long long)key,
				       (unsigned long long)key * 10, (unsigned long long)world_hash(&w, key),
				       world_tophash(&w, key));
		fake_contains(run.out, expected);
		free(expected);
		expected = fake_format("  old bucket %llu, evacuated\n",
				       (unsigned long long)world_hash(&w, key) & (w.m.old.count - 1));
		assert_int_equal(!strstr(run.out, expected), i);
		free(expected);
		expected = fake_format("  %s bucket %llu, slot %d\n", array, (unsigned long long)index, slot);
		fake_contains(run.out, expected);
		fake_contains(run.out, "\n  3 reads\n");
		free(expected);
		free(line);
		fake_run_fini(&run);
	}
	world_fini(&w);
}

static void a_chain_being_evacuated_is_searched_too(void **state)
{
	struct world w;
	uint64_t key = 0;

	(void)state;
	world_hashed(&w, 8, false);
	fake_map_array(&w.m, &w.m.new, 0);
	for (; key < 6; key++)
		world_put(&w, &w.m.new, key);
	fake_map_grow(&w.m, true);
	fake_map_evacuate(&w.m, 0, 2, false); /* the others have not moved yet */
	w.m.flags |= 4;
	fake_map_write(&w.m);
	for (key = 2; key < 6; key++) {
		char *line = fake_format("m %llu --json", (unsigned long long)key);
		struct fake_run run = fake_run(&w.t, "map-get", line);
		fake_contains(run.out, "\"found\": true");
		fake_contains(run.out, "\"array\": \"old\"");
		free(line);
		fake_run_fini(&run);
	}
	world_fini(&w);
}

static void unknown_hash_is_scanned_for_and_says_why(void **state)
{
	struct world w;

	(void)state;
	for (int form = 0; form < 3; form++) {
		world_init(&w, 8, false,
			   (struct fake_layout){ .descriptor = true, .hash = WORLD_HASH, .equal = WORLD_EQUAL });
		if (form == 1)
			fake_symbol(&w.t, "my\nhash", WORLD_HASH);
		if (form == 2)
			fake_symbol(&w.t, "hmap_hash_64", WORLD_HASH); /* of more bytes than the key has */
		fake_map_array(&w.m, &w.m.new, 4);
		fake_map_fill(&w.m, &w.m.new, 0, 60);
		fake_map_write(&w.m);
		struct fake_run run = fake_run(&w.t, "map-get", "m 31");
		assert_int_equal(run.status, MS_YES);
		fake_contains(run.out, "31: 310\n  looked at ");
		fake_contains(
			run.out,
			form == 0   ? " of 60 entries: its hash function at 0x400100 has no name: no symbols tell it\n"
			: form == 1 ? " of 60 entries: its hash function is the program's own, my\\nhash\n"
				    : " of 60 entries: its hash function hmap_hash_64 takes 8 bytes, a key has 4\n");
		fake_contains(run.out, "keys are compared member by member: nothing tells the map's own way\n");
		fake_run_fini(&run);
		run = fake_run(&w.t, "map-get", "m 99 --json");
		assert_int_equal(run.status, MS_NO);
		fake_contains(run.out, "{\"found\": false, \"by\": \"scan\", \"hash\": null, ");
		fake_run_fini(&run);
		world_fini(&w);
	}
}

/* In a map whose keys are told apart by address, by the first one of that content.  */
static void a_text_is_looked_for_among_pointers(void **state)
{
	struct real r;
	union key key;
	struct ms_value value = { .size = sizeof value };
	struct ms_batch batch = { .size = sizeof batch };
	static const char other[] = "other", wanted[] = "wanted";
	struct ms_map *map;
	struct ms_get *get;

	(void)state;
	real_init(&r, &addresses_type);
	memset(&key, 0, sizeof key);
	key.name = other;
	*(long *)hmap_assign(&r.map, &key) = 1;
	key.name = wanted;
	*(long *)hmap_assign(&r.map, &key) = 2;
	value.type = r.header;
	value.address = (uint64_t)(uintptr_t)&r.map;
	assert_int_equal(ms_map_open(r.t.ctx, &value, &map), MS_OK);
	assert_int_equal(ms_get_new(map, NULL, "\"wanted\"", &get), MS_OK);
	assert_int_equal(ms_get_step(get, &batch), MS_OK);
	assert_int_equal(batch.elem_addresses[0], (uintptr_t)hmap_get(&r.map, &key));
	ms_get_free(get);
	assert_int_equal(ms_get_new(map, NULL, "\"absent\"", &get), MS_OK);
	assert_int_equal(ms_get_step(get, &batch), MS_NOT_FOUND);
	ms_get_free(get);
	ms_map_free(map);
	real_fini(&r);
}

static void nil_and_empty_maps_have_no_key(void **state)
{
	struct world w;

	(void)state;
	world_hashed(&w, 8, false);
	fake_map_write(&w.m);
	fake_expr(&w.t, "none", w.m.pointer_type, 0, "\0\0\0\0\0\0\0\0", 8);
	fake_expect(&w.t, "map-get", "none 5", MS_NO, "5: absent\nnote: nil map\n");
	struct fake_run run = fake_run(&w.t, "map-get", "m 5");
	assert_int_equal(run.status, MS_NO);
	fake_contains(run.out, "5: absent\n  hash 0x");
	fake_contains(run.out, "\n  1 read\n");
	fake_run_fini(&run);
	world_fini(&w);
}

static void bad_keys_do_not_fail_the_others(void **state)
{
	struct world w;

	(void)state;
	world_hashed(&w, 8, false);
	fake_map_array(&w.m, &w.m.new, B);
	for (uint64_t key = 0; key < 20; key++)
		world_put(&w, &w.m.new, key);
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-get", "m 3 \"x\" 77 4 --json");
	assert_int_equal(run.status, MS_STATUS_USAGE);
	assert_string_equal(run.error, "\"x\": found a text; expected int: -2147483648 to 2147483647");
	fake_is_json_lines(run.out);
	fake_contains(run.out, "\"asked\": \"3\"");
	fake_contains(run.out, "\"elem\": 40, ");
	fake_contains(run.out, "\"error\": \"found a text; expected int: -2147483648 to 2147483647\"}\n");
	fake_contains(run.out, "{\"end\": {\"shown\": 4, \"of\": 4, \"partial\": null, \"notes\": []}}\n");
	fake_run_fini(&run);
	fake_expect_error(&w.t, "map-get", "m \"x\"", MS_STATUS_USAGE,
			  "\"x\": found a text; expected int: -2147483648 to 2147483647");
	fake_expect_error(&w.t, "map-get", "m nothing", MS_STATUS_USAGE,
			  "nothing: No symbol in current context; expected int: -2147483648 to 2147483647");
	fake_expr(&w.t, "i", fake_int(&w.t, 8), 0, "\4\0\0\0\0\0\0\0", 8);
	fake_expr(&w.t, "wide", fake_int(&w.t, 8), 0, "\0\0\0\0\1\0\0\0", 8);
	run = fake_run(&w.t, "map-get", "m i");
	fake_contains(run.out, "4: 40\n");
	fake_run_fini(&run);
	fake_expect_error(&w.t, "map-get", "m wide", MS_STATUS_USAGE,
			  "wide: its value 4294967296 does not fit; expected int: -2147483648 to 2147483647");
	world_fini(&w);
}

static void a_chain_with_a_cycle_ends(void **state)
{
	struct world w;

	(void)state;
	world_hashed(&w, 8, false);
	fake_map_array(&w.m, &w.m.new, 0);
	for (uint64_t key = 0; key < 12; key++)
		world_put(&w, &w.m.new, key);
	struct fake_bucket *last = w.m.new.buckets[0].next;
	last->bad_next = true;
	last->bad = last->address;
	/* A full last bucket: an emptyRest in it would end the search before the pointer is looked at.  */
	for (int i = 0; i < FAKE_SLOTS; i++)
		last->slots[i].tophash = last->slots[i].shown ? last->slots[i].tophash : 1;
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-get", "m 99");
	assert_int_equal(run.status, MS_PARTIAL);
	fake_contains(run.out, "99: absent\n");
	fake_contains(run.out, "leads back into its own chain (a cycle)");
	fake_run_fini(&run);
	world_fini(&w);
}

/* Key 5, or a word of why not.  */
static void found_or_said(const struct fake_run *run)
{
	bool found = strstr(run->out, "\"found\": true") && strstr(run->out, "\"elem\": 50,");

	if (run->status == MS_YES ? !found : run->status == MS_NO)
		fail_msg("status %d, \"%s\", error \"%s\"", run->status, run->out, run->error);
	assert_true(found || *run->error || run->status == MS_PARTIAL);
	fake_is_printable(run->out, run->size);
}

static void whatever_fails_the_answer_is_right_or_says_so(void **state)
{
	(void)state;
	for (int what = 0; what < 4; what++) {
		for (uint64_t n = 1, more = 1; more; n++) {
			struct world w;
			world_hashed(&w, 8, false);
			grow(&w, false, 70);
			fake_map_write(&w.m);
			fake_open(&w.t);
			fake_reset_counts(&w.t);
			uint64_t *counts[] = { &w.t.fail_read, &w.t.fail_question, &w.t.silent_call };
			if (what < 3)
				*counts[what] = n;
			struct fake_run run = what < 3 ? fake_run(&w.t, "map-get", "m 5 --json")
						       : fake_run_short_of_memory(&w.t, "map-get", "m 5 --json", n);
			more = w.t.provoked;
			assert_true(more || run.status == MS_YES);
			found_or_said(&run);
			fake_run_fini(&run);
			world_fini(&w);
			assert_true(n < 2000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_where_the_map_finds_them),
		cmocka_unit_test(by_hash_in_both_word_sizes_and_byte_orders),
		cmocka_unit_test(byte_order_turns_the_word),
		cmocka_unit_test(text_tells_the_way),
		cmocka_unit_test(a_chain_being_evacuated_is_searched_too),
		cmocka_unit_test(unknown_hash_is_scanned_for_and_says_why),
		cmocka_unit_test(a_text_is_looked_for_among_pointers),
		cmocka_unit_test(nil_and_empty_maps_have_no_key),
		cmocka_unit_test(bad_keys_do_not_fail_the_others),
		cmocka_unit_test(a_chain_with_a_cycle_ends),
		cmocka_unit_test(whatever_fails_the_answer_is_right_or_says_so),
	};

	return cmocka_run_group_tests_name("get", tests, NULL, NULL);
}
