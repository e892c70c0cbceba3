/* map-list on a fake target: every way that leads to a map and the name it gives, what is not followed, and where it ends.
   Whole programs are test_list.py's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

enum { ROOM = 4096 };

/* A map of one entry, and a struct to lead to it that grows as members are added. What it holds is zero at first.  */
struct graph {
	struct world w;
	struct fake_target *t;
	uint64_t root, at;
};

static void graph_init(struct graph *g, uint32_t pointer_size, bool big_endian, struct fake_layout layout)
{
	uint8_t zero[ROOM] = { 0 };

	world_init(&g->w, pointer_size, big_endian, layout);
	g->t = &g->w.t;
	fake_map_array(&g->w.m, &g->w.m.new, 0);
	fake_map_put(&g->w.m, &g->w.m.new, 0, 7, 70);
	fake_map_write(&g->w.m);
	g->root = fake_struct(g->t, "root");
	g->at = fake_alloc(g->t, ROOM);
	fake_write(g->t, g->at, zero, ROOM);
}

static void graph_fini(struct graph *g)
{
	world_fini(&g->w);
}

/* Adds a member that holds VALUE; the address of the member.  */
static uint64_t hold(struct graph *g, const char *member, uint64_t type, uint64_t value)
{
	fake_member(g->t, g->root, member, type);
	uint64_t at = g->at + fake_offset(g->t, g->root, member);
	if (value)
		fake_write_uint(g->t, at, g->t->pointer_size, value);
	return at;
}

/* Memory that holds the pointer VALUE.  */
static uint64_t cell(struct graph *g, uint64_t value)
{
	uint64_t at = fake_alloc(g->t, 8 * FAKE_SLOTS);
	uint8_t zero[8 * FAKE_SLOTS] = { 0 };

	fake_write(g->t, at, zero, sizeof zero);
	fake_write_uint(g->t, at, g->t->pointer_size, value);
	return at;
}

static struct fake_run list(struct graph *g, const char *line)
{
	fake_variable(g->t, "root", g->root, g->at, NULL, 0);
	g->t->globals = true;
	fake_open(g->t);
	fake_reset_counts(g->t);
	return fake_run(g->t, "map-list", line);
}

/* Asserts that the one map is found, under that name.  */
static void expect_name(struct graph *g, const char *name)
{
	struct fake_run run = list(g, "--json");
	char *start = fake_format("{\"name\": \"%s\", \"type\": \"", name);

	assert_string_equal(run.error, "");
	if (strncmp(run.out, start, strlen(start)))
		fail_msg("expected %s, found %s", start, run.out);
	fake_contains(run.out, "\"count\": 1, \"memory\": ");
	fake_contains(run.out, "{\"end\": {\"shown\": 1, \"of\": 1, \"partial\": null, \"notes\": []}}");
	fake_is_json_lines(run.out);
	free(start);
	fake_run_fini(&run);
	graph_fini(g);
}

static void way_by_structs_pointers_and_arrays(void **state)
{
	static const struct {
		uint32_t pointer_size;
		bool big_endian;
	} targets[] = { { 8, false }, { 4, false }, { 8, true }, { 4, true } };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct graph g;
		uint64_t type;

		graph_init(&g, targets[i].pointer_size, targets[i].big_endian, (struct fake_layout){ 0 });
		hold(&g, "n", fake_int(g.t, 8), 5);
		hold(&g, "to_map", g.w.m.pointer_type, g.w.m.address);
		expect_name(&g, "root.to_map");

		graph_init(&g, targets[i].pointer_size, targets[i].big_endian, (struct fake_layout){ 0 });
		type = fake_pointer(g.t, g.w.m.pointer_type);
		hold(&g, "twice", type, cell(&g, g.w.m.address));
		expect_name(&g, "*root.twice");

		graph_init(&g, targets[i].pointer_size, targets[i].big_endian, (struct fake_layout){ 0 });
		type = fake_struct(g.t, "inner");
		fake_member(g.t, type, "m", g.w.m.pointer_type);
		hold(&g, "inner", fake_pointer(g.t, fake_typedef(g.t, "inner_t", type)), cell(&g, g.w.m.address));
		expect_name(&g, "root.inner->m");

		graph_init(&g, targets[i].pointer_size, targets[i].big_endian, (struct fake_layout){ 0 });
		type = fake_array(g.t, fake_array(g.t, g.w.m.pointer_type, 3), 2);
		uint64_t at = hold(&g, "grid", type, 0);
		fake_write_uint(g.t, at + (uint64_t)5 * g.t->pointer_size, g.t->pointer_size, g.w.m.address);
		expect_name(&g, "root.grid[1][2]");

		graph_init(&g, targets[i].pointer_size, targets[i].big_endian, (struct fake_layout){ 0 });
		type = fake_array(g.t, g.w.m.pointer_type, 3);
		hold(&g, "to_array", fake_pointer(g.t, fake_pointer(g.t, type)), cell(&g, cell(&g, g.w.m.address)));
		expect_name(&g, "(**root.to_array)[0]");

		graph_init(&g, targets[i].pointer_size, targets[i].big_endian, (struct fake_layout){ 0 });
		type = fake_struct(g.t, "");
		fake_member(g.t, type, "a", fake_int(g.t, g.t->pointer_size));
		fake_member(g.t, type, "b", g.w.m.pointer_type);
		at = hold(&g, "", type, 0);
		fake_write_uint(g.t, at + g.t->pointer_size, g.t->pointer_size, g.w.m.address);
		expect_name(&g, "root.b"); /* of an anonymous member */
	}
}

/* An array too large to be looked at with what is around it.  */
static void way_through_a_large_array(void **state)
{
	struct graph g;
	uint64_t at;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	uint64_t row = fake_struct(g.t, "row");
	fake_member(g.t, row, "pad", fake_array(g.t, fake_int(g.t, 8), 3));
	fake_member(g.t, row, "m", g.w.m.pointer_type);
	hold(&g, "first", fake_int(g.t, 8), 0);
	fake_member(g.t, g.root, "rows", fake_array(g.t, row, 1000));
	at = fake_alloc(g.t, 64000);
	uint8_t zero[64000] = { 0 };
	fake_write(g.t, at, zero, sizeof zero);
	fake_write_uint(g.t, at + 8 + 999 * 32 + 24, 8, g.w.m.address);
	g.at = at;
	expect_name(&g, "root.rows[999].m");
}

static uint64_t slice_type(struct graph *g, uint64_t element)
{
	uint64_t type = fake_struct(g->t, "[]T"), n = fake_int(g->t, g->t->pointer_size);

	fake_member(g->t, type, "array", fake_pointer(g->t, element));
	fake_member(g->t, type, "len", n);
	fake_member(g->t, type, "cap", n);
	return type;
}

/* The same array by a slice of 1 and then by one of 3: the rest is looked at, too.  */
static void way_through_a_slice_that_is_seen_again_longer(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ .name = "hash<int,int>" });
	uint64_t type = slice_type(&g, g.w.m.pointer_type), array = cell(&g, 0);
	fake_write_uint(g.t, array + 16, 8, g.w.m.address);
	fake_write_uint(g.t, hold(&g, "one", type, array) + 8, 8, 1);
	fake_write_uint(g.t, hold(&g, "three", type, array) + 8, 8, 3);
	expect_name(&g, "root.three.array[2]");
}

static uint64_t interface_type(struct graph *g)
{
	uint64_t type = fake_struct(g->t, "runtime._type"), word = fake_uint(g->t, 8), face;

	fake_member(g->t, type, "size", word);
	fake_member(g->t, type, "tflag", fake_uint(g->t, 1));
	fake_member(g->t, type, "kind", fake_uint(g->t, 1));
	fake_member_at(g->t, type, "str", fake_int(g->t, 4), 12);
	face = fake_struct(g->t, "runtime.eface");
	fake_member(g->t, face, "_type", fake_pointer(g->t, type));
	fake_member(g->t, face, "data", fake_pointer(g->t, 0));
	return face;
}

/* Directly, and as a value that the data word points to.  */
static void way_through_an_interface(void **state)
{
	(void)state;
	for (int direct = 0; direct < 2; direct++) {
		struct graph g;
		graph_init(&g, 8, false, (struct fake_layout){ .name = "hash<int,int>" });
		uint64_t held = fake_struct(g.t, "main.T"), descriptor = cell(&g, 8);
		fake_member(g.t, held, "m", g.w.m.pointer_type);
		fake_write_uint(g.t, descriptor + 9, 1, direct ? 21 | 32 : 25);
		char *name = fake_format("type 0x%llx", (unsigned long long)descriptor);
		fake_symbol(g.t, name, direct ? g.w.m.pointer_type : held);
		free(name);
		uint64_t at = hold(&g, "any", interface_type(&g), descriptor);
		fake_write_uint(g.t, at + 8, 8, direct ? g.w.m.address : cell(&g, g.w.m.address));
		expect_name(&g, direct ? "root.any.(map[int]long)" : "root.any.(main.T).m");
	}
}

/* The map's own elems lead to another one; its keys are in the name.  */
static void way_through_a_map(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ .name = "inner" });
	struct fake_map outer;
	uint64_t inner = g.w.m.address;
	struct fake_layout layout = { .name = "outer", .key = fake_int(g.t, 4), .elem = g.w.m.pointer_type };
	fake_map_init(&outer, g.t, &layout);
	fake_map_array(&outer, &outer.new, 0);
	fake_map_put(&outer, &outer.new, 0, 42, 0);
	outer.new.buckets[0].slots[0].elem_raw = inner;
	fake_map_write(&outer);
	hold(&g, "outer", outer.pointer_type, outer.address);
	struct fake_run run = list(&g, "");
	assert_string_equal(run.error, "");
	char *address = fake_format("root.outer{42}, 0x%llx --type (struct inner)\n", (unsigned long long)inner);
	fake_contains(run.out, "root.outer, struct outer\n");
	fake_contains(run.out, address);
	fake_contains(run.out, "\n2 of 2 shown\n");
	free(address);
	fake_run_fini(&run);
	fake_map_fini(&outer);
	graph_fini(&g);
}

static void circle_ends(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	hold(&g, "self", fake_pointer(g.t, g.root), g.at);
	hold(&g, "again", fake_pointer(g.t, g.root), g.at);
	hold(&g, "m", g.w.m.pointer_type, g.w.m.address);
	hold(&g, "m2", g.w.m.pointer_type, g.w.m.address);
	expect_name(&g, "root.m");
}

/* Neither what points to void nor a union: the latter is said.  */
static void what_is_not_followed(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	uint64_t either = fake_union(g.t, "either"), numbers = fake_union(g.t, "numbers");
	fake_member(g.t, either, "m", g.w.m.pointer_type);
	fake_member(g.t, either, "n", fake_int(g.t, 8));
	fake_member(g.t, numbers, "n", fake_int(g.t, 8));
	hold(&g, "nothing", fake_pointer(g.t, 0), g.w.m.address);
	hold(&g, "either", either, g.w.m.address);
	hold(&g, "numbers", numbers, 3);
	struct fake_run run = list(&g, "");
	assert_string_equal(run.out,
			    "note: unions are not looked into: 1 of them could lead to more maps\n0 of 0 shown\n");
	assert_int_equal(run.status, MS_YES);
	fake_run_fini(&run);
	graph_fini(&g);
}

/* The rest is shown, and the answer says that it is not whole.  */
static void what_cannot_be_read(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	uint64_t inner = fake_struct(g.t, "inner");
	fake_member(g.t, inner, "m", g.w.m.pointer_type);
	hold(&g, "wild", fake_pointer(g.t, inner), 0x123450000);
	hold(&g, "mark", fake_pointer(g.t, inner), 1);
	hold(&g, "m", g.w.m.pointer_type, g.w.m.address);
	hold(&g, "garbage", g.w.m.pointer_type, g.at);
	struct fake_run run = list(&g, "--json");
	fake_contains(run.out, "{\"name\": \"root.m\", ");
	fake_contains(run.out, "{\"end\": {\"shown\": 1, \"of\": 1, \"partial\": \"damage\", ");
	fake_contains(run.out, "1 objects cannot be read, the first at 0x123450000");
	fake_contains(run.out, "1 maps are damaged or cannot be read as a whole");
	assert_int_equal(run.status, MS_PARTIAL);
	fake_run_fini(&run);
	graph_fini(&g);
}

/* Its memory is not even there.  */
static void what_leads_to_no_map_is_not_read(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	hold(&g, "m", g.w.m.pointer_type, g.w.m.address);
	fake_member(g.t, g.root, "numbers", fake_array(g.t, fake_int(g.t, 8), (uint64_t)1 << 40));
	struct fake_run run = list(&g, "--json");
	fake_contains(run.out, "\"partial\": null, \"notes\": []}}");
	assert_true(g.t->reads < 10);
	fake_run_fini(&run);
	graph_fini(&g);
}

/* A slice of 2^39 elements ends where memory does.  */
static void length_is_only_a_claim(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ .name = "hash<int,int>" });
	uint64_t type = slice_type(&g, g.w.m.pointer_type), array = 0x500000000000;
	uint8_t page[FAKE_PAGE] = { 0 };
	fake_map_pages(g.t, array, FAKE_PAGE);
	fake_write(g.t, array, page, sizeof page);
	fake_write_uint(g.t, array, 8, g.w.m.address);
	fake_write_uint(g.t, hold(&g, "slice", type, array) + 8, 8, (uint64_t)1 << 39);
	struct fake_run run = list(&g, "--json");
	fake_contains(run.out, "{\"name\": \"root.slice.array[0]\", ");
	fake_contains(run.out, "1 objects cannot be read, the first at 0x500000001000");
	assert_true(g.t->reads < 100);
	fake_run_fini(&run);
	graph_fini(&g);
}

static void largest_come_first_and_pages_follow(void **state)
{
	struct graph g;
	struct fake_map more[5];
	static const char *const names[] = { "a", "b", "c", "d", "e" };

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	for (int i = 0; i < 5; i++) {
		fake_map_init(&more[i], g.t, &g.w.m.layout);
		fake_map_array(&more[i], &more[i].new, (uint8_t)((i * 3 + 1) % 5)); /* B 1, 4, 2, 0, 3 */
		fake_map_put(&more[i], &more[i].new, 0, 1, 1);
		fake_map_write(&more[i]);
		hold(&g, names[i], more[i].pointer_type, more[i].address);
	}
	struct fake_run run = list(&g, "--limit 3");
	const char *b = strstr(run.out, "root.b,"), *e = strstr(run.out, "root.e,"), *c = strstr(run.out, "root.c,");
	assert_true(b && b < e && e < c);
	fake_contains(run.out, "\n3 of 5 shown\n");
	assert_int_equal(run.status, MS_YES);
	fake_run_fini(&run);
	run = fake_run(g.t, "map-list", "--offset 3 --json");
	const char *a = strstr(run.out, "\"root.a\""), *d = strstr(run.out, "\"root.d\"");
	assert_true(a && a < d);
	fake_contains(run.out, "{\"end\": {\"shown\": 2, \"of\": 5, \"partial\": null, \"notes\": []}}");
	fake_run_fini(&run);
	fake_expect(g.t, "map-list", "--offset 9", MS_YES, "0 of 5 shown\n");
	for (int i = 0; i < 5; i++)
		fake_map_fini(&more[i]);
	graph_fini(&g);
}

static void answer_is_the_same_in_slices_of_any_length(void **state)
{
	struct graph g;

	(void)state;
	graph_init(&g, 8, false, (struct fake_layout){ 0 });
	hold(&g, "m", g.w.m.pointer_type, g.w.m.address);
	uint64_t node = fake_struct(g.t, "node"), next = 0;
	fake_member(g.t, node, "next", fake_pointer(g.t, node));
	fake_member(g.t, node, "m", g.w.m.pointer_type);
	for (int i = 0; i < 300; i++)
		next = cell(&g, next);
	hold(&g, "list", fake_pointer(g.t, node), next);
	struct fake_map large; /* of more than a slice */
	fake_map_init(&large, g.t, &g.w.m.layout);
	fake_map_array(&large, &large.new, 10);
	fake_map_fill(&large, &large.new, 0, 6000);
	fake_map_write(&large);
	hold(&g, "large", large.pointer_type, large.address);
	struct fake_run whole = list(&g, ""), sliced = fake_run_sliced(g.t, "map-list", "", 0);
	assert_string_equal(whole.out, sliced.out);
	fake_contains(whole.out, "6000  root.large, ");
	fake_contains(whole.out, "\n2 of 2 shown\n");
	assert_true(sliced.steps > 20);
	for (uint64_t step = 2; step <= sliced.steps; step++) {
		struct fake_run cut = fake_run_interrupted(g.t, "map-list", "", step);
		assert_int_equal(cut.status, MS_PARTIAL);
		fake_contains(cut.out, "interrupted: ");
		fake_run_fini(&cut);
	}
	fake_run_fini(&whole);
	fake_run_fini(&sliced);
	fake_map_fini(&large);
	graph_fini(&g);
}

static void names_that_stand_in_quotes(void **state)
{
	static const struct {
		const char *name, *shown;
	} names[] = { { "cache", "cache" },
		      { "main.cache", "main.cache" },
		      { "app::cache", "app::cache" },
		      { "look_up::cache", "look_up::cache" },
		      { "table.c::cache", "'table.c'::cache" },
		      { "table.c::look_up::cache", "'table.c'::look_up::cache" },
		      { "net/http.cache", "'net/http.cache'" },
		      { "main..stmp_1", "'main..stmp_1'" } };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct graph g;
		graph_init(&g, 8, false, (struct fake_layout){ 0 });
		fake_variable(g.t, names[i].name, g.w.m.header_type, g.w.m.address, NULL, 0);
		expect_name(&g, names[i].shown);
	}
}

static void without_globals_it_says_so(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_expect_error(&w.t, "map-list", "", MS_FAILED, "the global variables cannot be listed here");
	w.t.globals = true;
	fake_open(&w.t);
	fake_expect_error(&w.t, "map-list", "", MS_FAILED, "No symbol of a global variable is known");
	fake_expect_error(&w.t, "map-list", "m", MS_STATUS_USAGE, "no EXPR is taken; what to do with \"m\"?");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way_by_structs_pointers_and_arrays),
		cmocka_unit_test(way_through_a_large_array),
		cmocka_unit_test(way_through_a_slice_that_is_seen_again_longer),
		cmocka_unit_test(way_through_an_interface),
		cmocka_unit_test(way_through_a_map),
		cmocka_unit_test(circle_ends),
		cmocka_unit_test(what_is_not_followed),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(what_leads_to_no_map_is_not_read),
		cmocka_unit_test(length_is_only_a_claim),
		cmocka_unit_test(largest_come_first_and_pages_follow),
		cmocka_unit_test(answer_is_the_same_in_slices_of_any_length),
		cmocka_unit_test(names_that_stand_in_quotes),
		cmocka_unit_test(without_globals_it_says_so),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
