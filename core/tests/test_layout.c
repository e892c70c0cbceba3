/* The classic format recognised: every layout of header and bucket that debug information or a descriptor may tell, sound or not.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

/* ---- Layouts ---- */

static void mixed_state(struct fake_map *m)
{
	fake_map_array(m, &m->new, 2);
	fake_map_fill(m, &m->new, 0, 40);
	for (uint64_t key = 100; key < 120; key++)
		fake_map_put(m, &m->new, 3, key, key);
	fake_map_delete(m, &m->new, 3, 1, 2);
	fake_map_grow(m, false);
	fake_map_evacuate_whole(m, 0, true);
	fake_map_evacuate_whole(m, 3, false);
}

static void every_layout(void **state)
{
	static const struct fake_layout layouts[] = {
		{ .reversed = true },
		{ .typedefs = true },
		{ .values = true },
		{ .nested = true },
		{ .nested = true, .reversed = true, .typedefs = true, .values = true },
		{ .no_extra = true },
		{ .descriptor = true },
		{ .descriptor = true, .untyped = true },
		{ .descriptor = true, .untyped = true, .reversed = true, .typedefs = true },
		{ .name = "hash<int,int>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		for (int target = 0; target < 4; target++) {
			struct world w;
			world_init(&w, target & 1 ? 4 : 8, target & 2, layouts[i]);
			mixed_state(&w.m);
			world_check(&w);
		}
}

static void narrow_and_wide_slots(void **state)
{
	static const struct {
		uint64_t key, elem;
	} sizes[] = { { 1, 1 }, { 1, 8 }, { 8, 1 }, { 2, 4 }, { 8, 8 } };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int target = 0; target < 4; target++) {
			struct world w;
			fake_init(&w.t, target & 1 ? 4 : 8, target & 2);
			struct fake_layout layout = { .name = "counts",
						      .key = fake_uint(&w.t, sizes[i].key),
						      .elem = fake_uint(&w.t, sizes[i].elem) };
			fake_map_init(&w.m, &w.t, &layout);
			fake_open(&w.t);
			fake_map_array(&w.m, &w.m.new, 2);
			for (uint64_t key = 0; key < 90; key++)
				fake_map_put(&w.m, &w.m.new, key % 4, key, key + 1);
			world_check(&w);
		}
}

static void zero_size_elems(void **state)
{
	(void)state;
	for (int go = 0; go < 2; go++) {
		struct world w;
		fake_init(&w.t, 8, false);
		struct fake_layout layout = { .name = go ? "hash<int,struct {}>" : "set",
					      .key = fake_int(&w.t, 8),
					      .elem = fake_struct(&w.t, go ? "struct {}" : "hmap_nothing") };
		fake_map_init(&w.m, &w.t, &layout);
		fake_open(&w.t);
		w.m.elem_format = "{}";
		assert_int_equal(w.m.bucket_size, 80);
		fake_map_array(&w.m, &w.m.new, 1);
		fake_map_fill(&w.m, &w.m.new, 0, 30);
		world_check(&w);
	}
}

static void zero_size_keys_too(void **state)
{
	struct world w;

	(void)state;
	fake_init(&w.t, 8, false);
	struct fake_layout layout = { .name = "nothing", .key = fake_struct(&w.t, "hmap_nothing") };
	layout.elem = layout.key;
	fake_map_init(&w.m, &w.t, &layout);
	fake_open(&w.t);
	w.m.key_format = w.m.elem_format = "{}";
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 1);
	assert_int_equal(w.m.bucket_size, 16);
	world_check(&w);
}

/* A struct of 200 bytes with one member, and a pointer to it.  */
static uint64_t large_type(struct fake_target *t)
{
	uint64_t large = fake_struct(t, "large");

	fake_member(t, large, "n", fake_int(t, 4));
	fake_claims(t, large)->byte_size = 200;
	return large;
}

static void indirect_world(struct world *w, int target, struct fake_layout layout, bool key, bool elem)
{
	fake_init(&w->t, target & 1 ? 4 : 8, target & 2);
	uint64_t large = large_type(&w->t);
	layout.key_target = key ? large : 0;
	layout.elem_target = elem ? large : 0;
	layout.key = key ? fake_pointer(&w->t, large) : fake_int(&w->t, 4);
	layout.elem = elem ? fake_pointer(&w->t, large) : fake_int(&w->t, 4);
	fake_map_init(&w->m, &w->t, &layout);
	w->m.key_format = key ? "{\"n\": %lld}" : "%lld";
	w->m.elem_format = elem ? "{\"n\": %lld}" : "%lld";
	fake_open(&w->t);
}

static void indirect_keys_and_elems_by_descriptor(void **state)
{
	(void)state;
	for (int target = 0; target < 4; target++)
		for (int which = 1; which < 4; which++)
			for (int untyped = 0; untyped < 2; untyped++) {
				struct world w;
				indirect_world(&w, target,
					       (struct fake_layout){
						       .name = "large_map", .descriptor = true, .untyped = untyped },
					       which & 1, which & 2);
				mixed_state(&w.m);
				world_check(&w);
			}
}

static void indirect_in_go_by_the_header_s_name(void **state)
{
	static const char *const names[] = { "", "hash<main.Large,int>", "hash<int,main.Large>",
					     "hash<main.Large,main.Large>" };

	(void)state;
	for (int which = 1; which < 4; which++) {
		struct world w;
		indirect_world(&w, 0, (struct fake_layout){ .name = names[which] }, which & 1, which & 2);
		mixed_state(&w.m);
		world_check(&w);
	}
}

/* map[*Large]int: the slot holds a pointer, and that is the key.  */
static void pointer_keys_in_go_stay_pointers(void **state)
{
	struct world w;

	(void)state;
	indirect_world(&w, 0, (struct fake_layout){ .name = "hash<*main.Large,int>" }, true, false);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 5, 6);
	fake_map_write(&w.m);
	char *expected =
		fake_format("0x%llx: 50\n1 of 1 shown\n", (unsigned long long)w.m.new.buckets[0].slots[0].key_raw);
	fake_expect(&w.t, "map-entries", "m", MS_YES, expected);
	free(expected);
	world_fini(&w);
}

static void indirect_key_that_cannot_be_read(void **state)
{
	struct world w;

	(void)state;
	indirect_world(&w, 0, (struct fake_layout){ .name = "large_map", .descriptor = true }, true, true);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 3);
	w.m.new.buckets[0].slots[1].key_raw = 0x10;
	w.m.new.buckets[0].slots[2].elem_raw = UINT64_MAX - 7;
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-entries", "m");
	assert_string_equal(run.out, "{n = 0}: {n = 0}\n"
				     "<cannot read the 200 bytes that the slot points to>: {n = 10}\n"
				     "{n = 2}: <cannot read the 200 bytes that the slot points to>\n"
				     "note: 2 keys or elems that their slots point to cannot be read\n"
				     "3 of 3 shown\n");
	assert_int_equal(run.status, MS_PARTIAL);
	fake_run_fini(&run);
	world_fini(&w);
}

static void untyped_header_without_bucket_type(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .descriptor = true, .untyped = true });
	fake_name(&w.t, "something else", w.m.bucket_type);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 1, 3);
	fake_map_write(&w.m);
	fake_expect(&w.t, "map-entries", "p", MS_YES,
		    "0x01000000: 0x0a00000000000000\n"
		    "0x02000000: 0x1400000000000000\n"
		    "note: no debug information for the bucket type \"struct counts_bucket\": keys and elems are shown "
		    "as bytes\n"
		    "2 of 2 shown\n");
	struct fake_run run = fake_run(&w.t, "map-entries", "p --json");
	fake_is_json_lines(run.out);
	fake_contains(run.out, "{\"key\": {\"$hex\": \"01000000\"}, \"elem\": {\"$hex\": \"0a00000000000000\"}}\n");
	fake_run_fini(&run);
	world_fini(&w);
}

static void untyped_header_without_descriptor(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .untyped = true });
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_write(&w.m);
	fake_expect_error(
		&w.t, "map-entries", "m", MS_FAILED,
		"m: its type does not tell what keys and elems are: name it by a typed map, or by ADDRESS --type TYPE");
	world_fini(&w);
}

/* Go's runtime.hmap: a map of nobody knows what.  */
static void untyped_go_header_is_called_by_its_name(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .name = "hash<int,int>", .values = true, .untyped = true });
	fake_map_array(&w.m, &w.m.new, 1);
	fake_map_fill(&w.m, &w.m.new, 0, 9);
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-info", "m");
	assert_int_equal(run.status, MS_YES);
	fake_contains(run.out, "hash<int,int>");
	fake_run_fini(&run);
	world_fini(&w);
}

static void unreadable_descriptor(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .descriptor = true, .untyped = true });
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_write(&w.m);
	fake_map_poke(&w.m, "type", 0x40);
	fake_expect_error(&w.t, "map-entries", "m", MS_FAILED,
			  "m: not a valid map: the map's descriptor at 0x40 makes no sense or cannot be read");
	world_fini(&w);
}

/* Each number of the descriptor as damage would leave it. Nothing may be read outside a bucket's bytes (the sanitizer
   sees to that), and whatever comes out ends.  */
static void garbage_descriptor(void **state)
{
	static const char *const members[] = { "key_size",	  "elem_size",	 "key_slot",
					       "elem_slot",	  "keys_offset", "elems_offset",
					       "overflow_offset", "bucket_size", "flags" };
	static const uint64_t values[] = { 0, 1, 3, 4, 7, 8, 15, 0x7fffffff, 0xffffffff };

	(void)state;
	for (int target = 0; target < 4; target++)
		for (int typed = 0; typed < 3; typed++)
			for (size_t i = 0; i < sizeof members / sizeof *members; i++)
				for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
					struct world w;
					indirect_world(&w, target,
						       (struct fake_layout){ .name = "large_map",
									     .descriptor = true,
									     .untyped = typed < 2,
									     .reversed = v % 2 },
						       true, false);
					if (typed == 1)
						fake_name(&w.t, "something else", w.m.bucket_type);
					fake_map_array(&w.m, &w.m.new, 0);
					fake_map_fill(&w.m, &w.m.new, 0, 20);
					fake_map_write(&w.m);
					fake_write_uint(&w.t,
							w.m.descriptor +
								fake_offset(&w.t, w.m.descriptor_type, members[i]),
							4, values[v]);
					struct fake_run run = fake_run(&w.t, "map-buckets", "m --json");
					if (!*run.error)
						fake_is_json_lines(run.out);
					assert_true(w.t.reads < 300);
					fake_run_fini(&run);
					world_fini(&w);
				}
}

/* Flags that say "held by pointer" of a slot that is too narrow to hold one.  */
static void garbage_descriptor_flags_on_a_narrow_slot(void **state)
{
	(void)state;
	for (int typed = 0; typed < 2; typed++) {
		struct world w;
		fake_init(&w.t, 8, false);
		uint64_t large = large_type(&w.t);
		struct fake_layout layout = { .name = "narrow",
					      .descriptor = true,
					      .untyped = !typed,
					      .reversed = true,
					      .key = fake_uint(&w.t, 1),
					      .elem = fake_pointer(&w.t, large),
					      .elem_target = large };
		fake_map_init(&w.m, &w.t, &layout);
		fake_open(&w.t);
		fake_map_array(&w.m, &w.m.new, 0);
		fake_map_fill(&w.m, &w.m.new, 0, 8);
		fake_map_write(&w.m);
		fake_write_uint(&w.t, w.m.descriptor + fake_offset(&w.t, w.m.descriptor_type, "flags"), 4, 3);
		struct fake_run run = fake_run(&w.t, "map-entries", "m --json");
		assert_string_equal(run.error, "");
		fake_contains(run.out, "{\"key\": 7, \"elem\": {\"n\": 70}}\n");
		fake_run_fini(&run);
		world_fini(&w);
	}
}

/* All numbers agree with each other, but eight tophash bytes do not fit.  */
static void descriptor_of_a_bucket_without_room_for_tophash(void **state)
{
	static const char *const zeros[] = { "key_slot", "elem_slot", "keys_offset", "elems_offset",
					     "overflow_offset" };

	(void)state;
	for (uint64_t size = 4; size <= 8; size++) {
		struct world w;
		world_init(&w, 4, false, (struct fake_layout){ .descriptor = true, .untyped = true });
		fake_map_array(&w.m, &w.m.new, 0);
		fake_map_write(&w.m);
		for (int i = 0; i < 5; i++)
			fake_write_uint(&w.t, w.m.descriptor + fake_offset(&w.t, w.m.descriptor_type, zeros[i]), 4, 0);
		fake_write_uint(&w.t, w.m.descriptor + fake_offset(&w.t, w.m.descriptor_type, "bucket_size"), 4, size);
		struct fake_run run = fake_run(&w.t, "map-buckets", "m");
		if (size < 8)
			fake_contains(run.error, "makes no sense or cannot be read");
		else
			assert_string_equal(run.error, "");
		fake_run_fini(&run);
		world_fini(&w);
	}
}

/* A bucket that claims less room than its members need must not be read past its end.  */
static void bucket_that_is_too_small(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < 112; size++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 0);
		fake_map_fill(&w.m, &w.m.new, 0, 8);
		fake_map_write(&w.m);
		fake_claims(&w.t, w.m.bucket_type)->byte_size = size;
		fake_open(&w.t);
		fake_expect_error(
			&w.t, "map-entries", "m", MS_FAILED,
			"m: its type does not tell what keys and elems are: name it by a typed map, or by ADDRESS "
			"--type TYPE");
		world_fini(&w);
	}
}

/* An array type whose elements are so large that eight of them wrap around: then the descriptor's numbers hold.  */
static void slots_whose_sizes_wrap(void **state)
{
	(void)state;
	for (int indirect = 0; indirect < 2; indirect++) {
		struct world w;
		indirect_world(&w, 0, (struct fake_layout){ .name = "large_map", .descriptor = true }, indirect, false);
		fake_map_array(&w.m, &w.m.new, 0);
		fake_map_fill(&w.m, &w.m.new, 0, 8);
		fake_map_write(&w.m);
		fake_claims(&w.t, w.m.layout.key)->byte_size = (uint64_t)1 << 61;
		fake_open(&w.t);
		struct fake_run run = fake_run(&w.t, "map-entries", "m");
		assert_string_equal(run.error, "");
		fake_contains(run.out, "note: no debug information for the bucket type \"struct large_map_bucket\"");
		fake_run_fini(&run);
		world_fini(&w);
	}
}

static void huge_buckets_are_refused(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_write(&w.m);
	fake_claims(&w.t, w.m.bucket_type)->byte_size = (uint64_t)1 << 43;
	fake_open(&w.t);
	struct fake_run run = fake_run(&w.t, "map-entries", "m");
	assert_string_equal(run.error,
			    "m: not a valid map: a bucket has 8796093022208 bytes: expected at most 67108864");
	fake_run_fini(&run);
	world_fini(&w);
}

/* ---- Recognition ---- */

static void header_facts_are_told(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 4);
	fake_map_fill(&w.m, &w.m.new, 0, 48);
	w.m.flags = 3;
	fake_map_write(&w.m);
	char *expected = fake_format(
		"{\"kind\": \"classic\", \"address\": \"0x%llx\", \"type\": \"struct counts\", \"key_type\": \"int\", "
		"\"elem_type\": \"long\", \"count\": 48, \"B\": 4, \"buckets\": 16, \"flags\": [\"iterator\", "
		"\"oldIterator\"], "
		"\"noverflow\": {\"value\": 0, \"approximate\": false}, \"hash0\": 305419896, \"buckets_address\": "
		"\"0x%llx\", "
		"\"oldbuckets_address\": null, \"growth\": {\"kind\": \"none\"}, \"bucket_size\": 112, \"load\": 3, "
		"\"memory\": {\"buckets\": 2016, \"oldbuckets\": 0}, \"end\": {\"shown\": 1, \"of\": 1, \"partial\": "
		"null, "
		"\"notes\": []}}\n",
		(unsigned long long)w.m.address, (unsigned long long)w.m.new.address);
	fake_expect(&w.t, "map-info", "m --json", MS_YES, expected);
	free(expected);
	world_fini(&w);
}

/* 511 entries in 512 buckets are a load of 1.00.  */
static void load_is_rounded(void **state)
{
	static const struct {
		uint8_t B;
		int64_t count;
		const char *load;
	} cases[] = {
		{ 9, 511, "load                1.00\n" },
		{ 9, 3328, "load                6.50\n" },
		{ 9, 1, "load                0.00\n" },
		{ 2, 13, "load                3.25\n" },
		{ 9, -512, "load                0.00\n" },
		{ 0, INT64_MAX, "load                9223372036854775808.00\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, cases[i].B);
		w.m.count = cases[i].count;
		fake_map_write(&w.m);
		struct fake_run run = fake_run(&w.t, "map-info", "m");
		fake_contains(run.out, cases[i].load);
		fake_run_fini(&run);
		world_fini(&w);
	}
}

static void what_is_no_map_is_refused(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	uint64_t number = fake_int(&w.t, 4), twice = fake_pointer(&w.t, w.m.pointer_type);
	uint64_t other = fake_struct(&w.t, "point");
	fake_member(&w.t, other, "count", number);
	uint64_t swiss = fake_struct(&w.t, "map<int,int>"), name;
	fake_member(&w.t, swiss, "used", fake_uint(&w.t, 8));
	fake_member(&w.t, swiss, "dirPtr", fake_pointer(&w.t, 0));
	name = fake_typedef(&w.t, "map[int]int", fake_pointer(&w.t, swiss));
	fake_expr(&w.t, "s", name, 0x1000, NULL, 0);
	fake_expr(&w.t, "i", number, 0x1000, NULL, 0);
	fake_expr(&w.t, "pp", twice, 0x1000, NULL, 0);
	fake_expr(&w.t, "pt", fake_pointer(&w.t, other), 0x1000, NULL, 0);
	fake_expr(&w.t, "v", fake_pointer(&w.t, 0), 0x1000, NULL, 0);
	fake_expect_error(
		&w.t, "map-info", "i", MS_FAILED,
		"i: type is int, which is no map: expected a struct with count, flags, B and buckets, or a pointer to "
		"one");
	fake_expect_error(
		&w.t, "map-info", "pt", MS_FAILED,
		"pt: type is struct point *, which is no map: expected a struct with count, flags, B and buckets, or a "
		"pointer to one");
	fake_expect_error(&w.t, "map-info", "s", MS_FAILED,
			  "s: type is map[int]int, a Swiss table (Go 1.24 and later): only the classic maps of Go 1.23 "
			  "and earlier are read");
	fake_expect_error(&w.t, "map-info", "pp", MS_FAILED,
			  "pp: type is struct counts **, a pointer to a map's pointer: put a * before the expression");
	fake_expect_error(&w.t, "map-info", "v", MS_FAILED,
			  "v: type is void *, which is no map: expected a struct with count, flags, B and buckets, or "
			  "a pointer to "
			  "one");
	world_fini(&w);
}

static void types_that_go_round_end(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	uint64_t a = fake_typedef(&w.t, "a", fake_int(&w.t, 4)), b = fake_typedef(&w.t, "b", a);
	fake_claims(&w.t, a)->target = b;
	uint64_t self = fake_struct(&w.t, "self");
	fake_member_at(&w.t, self, "", self, 0);
	uint64_t pointer = fake_pointer(&w.t, 0);
	fake_claims(&w.t, pointer)->target = pointer;
	fake_expr(&w.t, "a", a, 0x1000, NULL, 0);
	fake_expr(&w.t, "self", self, 0x1000, NULL, 0);
	fake_expr(&w.t, "pointer", pointer, 0x1000, NULL, 0);
	static const char *const exprs[] = { "a", "self", "pointer" };
	for (size_t i = 0; i < 3; i++) {
		struct fake_run run = fake_run(&w.t, "map-entries", exprs[i]);
		assert_int_equal(run.status, MS_FAILED);
		fake_contains(run.error, ": type is ");
		fake_run_fini(&run);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout),
		cmocka_unit_test(narrow_and_wide_slots),
		cmocka_unit_test(zero_size_elems),
		cmocka_unit_test(zero_size_keys_too),
		cmocka_unit_test(indirect_keys_and_elems_by_descriptor),
		cmocka_unit_test(indirect_in_go_by_the_header_s_name),
		cmocka_unit_test(pointer_keys_in_go_stay_pointers),
		cmocka_unit_test(indirect_key_that_cannot_be_read),
		cmocka_unit_test(untyped_header_without_bucket_type),
		cmocka_unit_test(untyped_header_without_descriptor),
		cmocka_unit_test(untyped_go_header_is_called_by_its_name),
		cmocka_unit_test(unreadable_descriptor),
		cmocka_unit_test(garbage_descriptor),
		cmocka_unit_test(garbage_descriptor_flags_on_a_narrow_slot),
		cmocka_unit_test(descriptor_of_a_bucket_without_room_for_tophash),
		cmocka_unit_test(bucket_that_is_too_small),
		cmocka_unit_test(slots_whose_sizes_wrap),
		cmocka_unit_test(huge_buckets_are_refused),
		cmocka_unit_test(header_facts_are_told),
		cmocka_unit_test(load_is_rounded),
		cmocka_unit_test(what_is_no_map_is_refused),
		cmocka_unit_test(types_that_go_round_end),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
