/* Events of maps: what map-break's line asks for, where a Go function is to be stopped, which calls are events and how they are
   told, against the account of a map laid out by hand. That programs call these functions is the sessions' to show.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "base/facts.h"
#include "cmd/events.h"
#include "fake_world.h"

/* The functions of the map in C come first in each event's list.  */
enum { C_SITE = 0 };

static struct ms_event event_of(const struct world *w, enum ms_event_kind kind, uint64_t second)
{
	return (struct ms_event){ .size = sizeof(struct ms_event),
				  .event = kind,
				  .site = C_SITE,
				  .arguments = { w->m.address, second },
				  .map_type = w->m.header_type };
}

/* WANTED: the line; NULL: it is no event.  */
static void expect(struct world *w, const struct ms_event *event, const char *wanted)
{
	struct ms_hit *hit = NULL;
	int32_t status = ms_hit_new(w->t.ctx, event, &hit);

	assert_int_equal(status, wanted ? MS_OK : MS_NOT_FOUND);
	if (wanted)
		assert_string_equal(ms_hit_text(hit), wanted);
	ms_hit_free(hit);
}

/* For both sizes of a word and both byte orders.  */
static void each_world(uint8_t B, void (*fill)(struct world *w), void (*check)(struct world *w))
{
	for (int i = 0; i < 4; i++) {
		struct world w;
		world_init(&w, i & 1 ? 8 : 4, i & 2, (struct fake_layout){ .name = "counts" });
		fake_map_array(&w.m, &w.m.new, B);
		fill(&w);
		fake_map_write(&w.m);
		check(&w);
		world_fini(&w);
	}
}

/* ---- Growth ---- */

static void fill_to_the_limit(struct world *w)
{
	fake_map_fill(&w->m, &w->m.new, 0, 52);
}

static void told_at_the_limit(struct world *w)
{
	struct ms_event event = event_of(w, MS_EVENT_GROW, 0);

	expect(w, &event, "grow: double, 8 -> 16 buckets, count 52 + 1, load 6.6");
	event.tell_type = 1;
	char *text = fake_format("grow: double, 8 -> 16 buckets, count 52 + 1, load 6.6, struct counts at 0x%llx",
				 (unsigned long long)w->m.address);
	expect(w, &event, text);
	free(text);
	fake_map_poke(&w->m, "noverflow", 8); /* the load is looked at first */
	event.tell_type = 0;
	expect(w, &event, "grow: double, 8 -> 16 buckets, count 52 + 1, load 6.6");
	fake_map_poke(&w->m, "count", 51);
	expect(w, &event, "grow: same-size, 8 buckets, count 51 + 1, load 6.5, noverflow 8");
}

static void growth_is_told(void **state)
{
	(void)state;
	each_world(3, fill_to_the_limit, told_at_the_limit);
}

/* Eight old buckets; the first two and the sixth have moved, the fourth has a chain.  */
static void fill_half_moved(struct world *w)
{
	fake_map_fill(&w->m, &w->m.new, 0, 40);
	for (uint64_t i = 0; i < 9; i++)
		fake_map_put(&w->m, &w->m.new, 3, 100 + i, 0);
	fake_map_grow(&w->m, false);
	fake_map_evacuate_whole(&w->m, 0, false);
	fake_map_evacuate_whole(&w->m, 1, false);
	fake_map_evacuate_whole(&w->m, 5, false);
	w->m.nevacuate = 2;
}

static uint64_t live_in(const struct fake_bucket *bucket)
{
	uint64_t live = 0;

	for (; bucket; bucket = bucket->next)
		for (int i = 0; i < FAKE_SLOTS; i++)
			live += bucket->slots[i].tophash >= HMAP_MIN_TOPHASH;
	return live;
}

static void evacuations_told(struct world *w)
{
	for (uint64_t i = 0; i < 8; i++) {
		struct ms_event event = event_of(w, MS_EVENT_EVACUATE, i);
		uint64_t live = live_in(&w->m.old.buckets[i]), count = 0;
		for (struct fake_bucket *at = &w->m.old.buckets[i]; at; at = at->next)
			count++;
		char *buckets =
			count > 1 ? fake_format("%llu buckets, ", (unsigned long long)count) : fake_format("%s", "");
		char *text =
			fake_format("evacuate: old bucket %llu of 8 (%s%llu %s) -> new %llu and %llu",
				    (unsigned long long)i, buckets, (unsigned long long)live,
				    live == 1 ? "entry" : "entries", (unsigned long long)i, (unsigned long long)i + 8);
		expect(w, &event, i == 0 || i == 1 || i == 5 ? NULL : text);
		free(text);
		free(buckets);
	}
	struct ms_event beyond = event_of(w, MS_EVENT_EVACUATE, 8);
	expect(w, &beyond, NULL);
}

static void evacuated_bucket_is_no_event(void **state)
{
	(void)state;
	each_world(3, fill_half_moved, evacuations_told);
}

static void fill_same_size(struct world *w)
{
	fake_map_fill(&w->m, &w->m.new, 0, 3);
	fake_map_grow(&w->m, true);
}

static void same_size_told(struct world *w)
{
	uint64_t live = live_in(&w->m.old.buckets[1]);
	char *text = fake_format("evacuate: old bucket 1 of 2 (%llu %s) -> new 1", (unsigned long long)live,
				 live == 1 ? "entry" : "entries");
	struct ms_event event = event_of(w, MS_EVENT_EVACUATE, 1);

	expect(w, &event, text);
	free(text);
}

static void same_size_growth_has_one_destination(void **state)
{
	(void)state;
	each_world(1, fill_same_size, same_size_told);
}

static void fill_all_but(struct world *w, uint64_t left, uint64_t nevacuate)
{
	fake_map_fill(&w->m, &w->m.new, 0, 40);
	fake_map_grow(&w->m, false);
	for (uint64_t i = 0; i < 8; i++)
		if (i != left)
			fake_map_evacuate_whole(&w->m, i, false);
	w->m.nevacuate = nevacuate;
}

static void fill_all(struct world *w)
{
	fill_all_but(w, 8, 2);
}

static void fill_all_but_the_last(struct world *w)
{
	fill_all_but(w, 7, 2);
}

static void fill_all_with_the_mark_at_the_end(struct world *w)
{
	fill_all_but(w, 8, 7);
}

static void done_told(struct world *w)
{
	struct ms_event event = event_of(w, MS_EVENT_GROW_DONE, 0);

	expect(w, &event, "grow-done: double, 8 -> 16 buckets, count 40, this call lets the old array go");
	event.site = 1;
	expect(w, &event, "grow-done: double, 8 -> 16 buckets, count 40, this clear ends it");
	fake_map_poke(&w->m, "count", 0); /* hmap_clear then returns at once */
	expect(w, &event, NULL);
}

static void not_done(struct world *w)
{
	struct ms_event event = event_of(w, MS_EVENT_GROW_DONE, 0);

	expect(w, &event, NULL);
}

static void growth_ends_where_the_mark_reaches_the_end(void **state)
{
	(void)state;
	each_world(3, fill_all, done_told);
	each_world(3, fill_all_with_the_mark_at_the_end, done_told);
	each_world(3, fill_all_but_the_last, not_done);
	each_world(3, fill_to_the_limit, not_done); /* at rest */
}

/* advanceEvacuationMark passes over 1024 at most; so a growth may need one step more.  */
static void fill_beyond_the_step(struct world *w)
{
	fake_map_grow(&w->m, false);
	for (uint64_t i = 0; i < 2048; i++)
		fake_map_evacuate_whole(&w->m, i, false);
	w->m.nevacuate = 1022;
}

static void fill_just_within_the_step(struct world *w)
{
	fill_beyond_the_step(w);
	w->m.nevacuate = 1023;
}

static void step_done(struct world *w)
{
	struct ms_event event = event_of(w, MS_EVENT_GROW_DONE, 0);

	expect(w, &event, "grow-done: double, 2048 -> 4096 buckets, count 0, this call lets the old array go");
}

static void mark_moves_1024_buckets_at_most(void **state)
{
	(void)state;
	each_world(11, fill_beyond_the_step, not_done);
	each_world(11, fill_just_within_the_step, step_done);
}

/* ---- Where the entries went ---- */

static void settled(struct world *w)
{
	struct ms_map *map;
	struct ms_chain chain;
	uint64_t to[2];

	assert_int_equal(ms_map_open_at(w->t.ctx, w->m.address, ms_node(w->t.ctx, w->m.header_type), &map), MS_OK);
	assert_int_equal(ms_chain_read(map, 3, &chain), MS_OK);
	uint64_t live = live_in(&w->m.old.buckets[3]);
	assert_true(chain.whole && !chain.evacuated && chain.live == live && chain.count == 2);
	assert_int_equal(ms_chain_settle(w->t.ctx, &chain, to), MS_NOT_FOUND); /* not yet */
	uint64_t before = live_in(&w->m.new.buckets[3]);
	assert_int_equal(before, 0);
	fake_map_evacuate_whole(&w->m, 3, false);
	uint64_t address = w->m.address;
	fake_map_write(&w->m);
	assert_int_equal(w->m.address, address);
	ms_map_free(map);
	fake_open(&w->t);
	assert_int_equal(ms_chain_settle(w->t.ctx, &chain, to), MS_OK);
	assert_int_equal(to[0], live_in(&w->m.new.buckets[3]));
	assert_int_equal(to[1], live_in(&w->m.new.buckets[11]));
	assert_int_equal(to[0] + to[1], live);
	fake_write_uint(&w->t, chain.address[1], 1, 77); /* used again for something else */
	fake_open(&w->t);
	assert_int_equal(ms_chain_settle(w->t.ctx, &chain, to), MS_NOT_FOUND);
}

static void marks_tell_where_entries_went(void **state)
{
	(void)state;
	each_world(3, fill_half_moved, settled);
}

/* ---- Keys ---- */

static void keys_told(struct world *w)
{
	struct ms_event event = event_of(w, MS_EVENT_ASSIGN, fake_alloc(&w->t, 4));
	struct ms_hit *hit;
	struct ms_value key;

	fake_write_uint(&w->t, event.arguments[1], 4, 4294967254u);
	expect(w, &event, "assign: key -42, count 52, B 3");
	assert_int_equal(ms_hit_new(w->t.ctx, &event, &hit), MS_OK);
	assert_int_equal(ms_hit_key(hit, &key), MS_OK);
	assert_int_equal(key.byte_count, 4);
	assert_int_equal(key.address, event.arguments[1]);
	assert_string_equal(ms_hit_key_text(hit), "-42");
	ms_hit_free(hit);
	event.event = MS_EVENT_DELETE;
	event.arguments[1] = 0x10; /* nothing is there */
	expect(w, &event, "delete: key <cannot be read>, count 52, B 3");
	event = event_of(w, MS_EVENT_CLEAR, 0);
	expect(w, &event, "clear: count 52, B 3");
	event = (struct ms_event){ .size = sizeof event,
				   .event = MS_EVENT_ASSIGN,
				   .site = 2, /* runtime.mapassign_fast32: the key itself */
				   .arguments = { 0, w->m.address, 4294967254u },
				   .map_type = w->m.header_type };
	expect(w, &event, "assign: key -42, count 52, B 3");
}

static void key_is_told(void **state)
{
	(void)state;
	each_world(3, fill_to_the_limit, keys_told);
}

static void key_that_is_a_go_string_is_two_words(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct world w;
		uint64_t word = i & 1 ? 8 : 4;
		(void)state;
		fake_init(&w.t, (uint32_t)word, i & 2);
		uint64_t text = fake_struct(&w.t, "string");
		fake_member(&w.t, text, "str", fake_pointer(&w.t, fake_uint(&w.t, 1)));
		fake_member(&w.t, text, "len", fake_int(&w.t, word));
		struct fake_layout layout = {
			.name = "hash<string,int>", .key = text, .elem = fake_int(&w.t, 8), .values = true
		};
		fake_map_init(&w.m, &w.t, &layout);
		fake_map_array(&w.m, &w.m.new, 0);
		fake_map_write(&w.m);
		fake_open(&w.t);
		struct ms_event event = { .size = sizeof event,
					  .event = MS_EVENT_ASSIGN,
					  .site = 6,
					  .arguments = { 0, w.m.address, fake_text(&w.t, "abcdef"), 3 },
					  .map_type = w.m.header_type };
		expect(&w, &event, "assign: key \"abc\", count 0, B 0");
		world_fini(&w);
	}
}

/* ---- What cannot be read ---- */

static void map_that_cannot_be_read_is_told_as_such(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .name = "counts" });
	fake_map_array(&w.m, &w.m.new, 3);
	fake_map_write(&w.m);
	struct ms_event event = event_of(&w, MS_EVENT_GROW, 0);
	event.arguments[0] = 0x20;
	expect(&w, &event, "grow: the map at 0x20 (cannot read the map's header, 48 bytes at 0x20)");
	event = event_of(&w, MS_EVENT_GROW, 0);
	fake_map_poke(&w.m, "B", 200);
	char *text =
		fake_format("grow: the map at 0x%llx (B is 200: expected at most 63)", (unsigned long long)w.m.address);
	expect(&w, &event, text);
	free(text);
	event.map_type = 0; /* and nobody knows struct hmap */
	text = fake_format("grow: the map at 0x%llx (no debug information for struct hmap)",
			   (unsigned long long)w.m.address);
	expect(&w, &event, text);
	free(text);
	event.site = 99;
	struct ms_hit *hit;
	assert_int_equal(ms_hit_new(w.t.ctx, &event, &hit), MS_USAGE);
	world_fini(&w);
}

/* Whatever fails, an event is told, or is none, or the user wants to stop.  */
static void any_read_may_fail(struct world *w)
{
	static const enum ms_event_kind kinds[] = { MS_EVENT_ASSIGN, MS_EVENT_GROW, MS_EVENT_EVACUATE,
						    MS_EVENT_GROW_DONE };

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (uint64_t silent = 0; silent < 2; silent++) {
			uint64_t n = 0;
			do {
				struct ms_event event = event_of(w, kinds[k], 3);
				struct ms_hit *hit = NULL;
				fake_open(&w->t);
				fake_reset_counts(&w->t);
				n++;
				if (silent)
					w->t.silent_call = n;
				else
					w->t.fail_read = n;
				int32_t status = ms_hit_new(w->t.ctx, &event, &hit);
				assert_true(status == MS_OK || status == MS_NOT_FOUND || status == MS_INTERRUPTED);
				if (status == MS_OK)
					fake_is_printable(ms_hit_text(hit), strlen(ms_hit_text(hit)));
				ms_hit_free(hit);
			} while (w->t.provoked);
			assert_true(n > 1);
		}
	w->t.fail_read = w->t.silent_call = 0;
}

/* Better one stop too many than none: short of memory, an event is told by what is left, or not known to be one.  */
static void any_allocation_may_fail(struct world *w)
{
	static const enum ms_event_kind kinds[] = { MS_EVENT_ASSIGN, MS_EVENT_GROW, MS_EVENT_EVACUATE };

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		char whole[256] = "";
		bool failed = true;
		for (uint64_t n = 0; failed; n++) { /* 0: none fails */
			struct ms_event event = event_of(w, kinds[k], kinds[k] == MS_EVENT_EVACUATE ? 3 : w->m.address);
			struct ms_hit *hit = NULL;
			struct ms_value key;
			fake_open(&w->t);
			allocations = 0;
			fail_allocation = n;
			int32_t status = ms_hit_new(w->t.ctx, &event, &hit);
			const char *text = status == MS_OK ? ms_hit_text(hit) : "";
			int32_t has_key = status == MS_OK ? ms_hit_key(hit, &key) : status;
			failed = n ? allocations >= n : true;
			fail_allocation = 0;
			if (!n)
				snprintf(whole, sizeof whole, "%s", text);
			assert_true(n || (has_key == MS_OK) == (kinds[k] == MS_EVENT_ASSIGN));
			if (status == MS_OK && strcmp(text, whole))
				fake_contains(text, "out of memory");
			else if (status == MS_OK && kinds[k] == MS_EVENT_ASSIGN)
				assert_int_equal(has_key, MS_OK);
			else
				assert_true(status == MS_OK || status == MS_NO_MEMORY);
			ms_hit_free(hit);
		}
	}
}

static void every_read_and_allocation_may_fail(void **state)
{
	(void)state;
	each_world(3, fill_half_moved, any_read_may_fail);
	each_world(3, fill_half_moved, any_allocation_may_fail);
}

/* ---- Go's functions ---- */

static void expect_entry(const uint8_t *code, size_t size, enum ms_convention convention, uint32_t offset)
{
	uint32_t found = 77;

	assert_int_equal(ms_go_entry(code, size, &found), convention);
	assert_int_equal(found, offset);
	for (size_t cut = 0; cut < offset; cut++) {
		assert_int_equal(ms_go_entry(code, cut, &found), MS_CONVENTION_UNKNOWN);
		assert_int_equal(found, 0);
	}
}

/* As compiled by Go 1.19.8 and 1.15.15.  */
static void go_function_is_stopped_behind_its_check_of_the_stack(void **state)
{
	static const uint8_t hash_grow[] = {
		0x49, 0x3b, 0x66, 0x10, 0x0f, 0x86, 0xc9, 1, 0, 0, 0x48, 0x83, 0xec, 0x40
	};
	static const uint8_t small[] = { 0x49, 0x3b, 0x66, 0x10, 0x76, 0x3e, 0x48, 0x83, 0xec, 0x20 };
	static const uint8_t evacuate[] = { 0x4c, 0x8d, 0x64, 0x24, 0xe0, 0x4d, 0x3b, 0x66, 0x10,
					    0x0f, 0x86, 0xb7, 4,    0,	  0,	0x48, 0x81, 0xec };
	static const uint8_t large[] = {
		0x4c, 0x8d, 0xa4, 0x24, 0, 0xff, 0xff, 0xff, 0x4d, 0x3b, 0x66, 0x10, 0x76, 0x10
	};
	static const uint8_t stack[] = { 0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48,
					 0x3b, 0x61, 0x10, 0x0f, 0x86, 1,    2,	   0,	 0 };
	static const uint8_t stack_frame[] = { 0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48,
					       0x8d, 0x44, 0x24, 0xf0, 0x48, 0x3b, 0x41, 0x10, 0x76, 0x20 };
	static const uint8_t none[] = { 0x48, 0x83, 0xec, 0x18, 0x48, 0x89, 0x6c, 0x24, 0x10 };

	(void)state;
	expect_entry(hash_grow, sizeof hash_grow, MS_CONVENTION_REGISTERS, 10);
	expect_entry(small, sizeof small, MS_CONVENTION_REGISTERS, 6);
	expect_entry(evacuate, sizeof evacuate, MS_CONVENTION_REGISTERS, 15);
	expect_entry(large, sizeof large, MS_CONVENTION_REGISTERS, 14);
	expect_entry(stack, sizeof stack, MS_CONVENTION_STACK, 19);
	expect_entry(stack_frame, sizeof stack_frame, MS_CONVENTION_STACK, 20);
	expect_entry(none, sizeof none, MS_CONVENTION_UNKNOWN, 0);
}

static void every_event_has_functions_in_both_languages(void **state)
{
	uint32_t event = 0;

	(void)state;
	for (; ms_event_name(event); event++) {
		struct ms_event_site site = { .size = sizeof site };
		uint32_t of_go = 0, n = 0;
		assert_int_equal(ms_event_find(ms_event_name(event)), event);
		for (; ms_event_site(event, n, &site) == MS_OK; n++) {
			of_go += site.go;
			assert_true(site.argument_count <= MS_ARGUMENTS_MOST && site.map <= site.argument_count);
			assert_true(!site.go == !strncmp(site.function, "hmap_", 5));
		}
		assert_true(of_go > 0 && n > of_go);
	}
	assert_int_equal(event, MS_EVENTS);
	assert_int_equal(ms_event_find("none"), MS_EVENTS);
}

/* ---- The line ---- */

static void expect_break(struct world *w, const char *line, uint32_t event, bool map, const char *condition)
{
	struct ms_command *cmd = ms_command_new(w->t.ctx, "map-break", line);
	struct ms_breakpoint out = { .size = sizeof out };

	assert_int_equal(ms_command_breakpoint(cmd, &out), MS_NOT_FOUND); /* not yet */
	assert_int_equal(ms_command_step(cmd, 1000), MS_OK);
	assert_string_equal(ms_command_error(cmd), "");
	assert_int_equal(ms_command_breakpoint(cmd, &out), MS_OK);
	assert_int_equal(out.event, event);
	assert_int_equal(out.map, map ? w->m.address : 0);
	assert_string_equal(out.condition, condition);
	assert_true(!map == !*out.expr);
	ms_command_free(cmd);
}

static void line_is_understood(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .name = "counts" });
	fake_map_array(&w.m, &w.m.new, 3);
	fake_map_write(&w.m);
	expect_break(&w, "grow m", MS_EVENT_GROW, true, "");
	expect_break(&w, "grow p", MS_EVENT_GROW, true, "");
	expect_break(&w, "  make", MS_EVENT_MAKE, false, "");
	expect_break(&w, "make m", MS_EVENT_MAKE, true, "");
	expect_break(&w, "grow-done if x == 1 && if", MS_EVENT_GROW_DONE, false, "x == 1 && if");
	expect_break(&w, "assign p if   f(\" if \") --json \t", MS_EVENT_ASSIGN, true, "f(\" if \") --json");
	expect_break(&w, "assign m if(1) > 0", MS_EVENT_ASSIGN, true, "(1) > 0");
	world_fini(&w);
}

static void wrong_line_is_one_line(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "an EVENT is missing: make, assign, delete, clear, grow, evacuate or grow-done" },
		{ "if 1", "an EVENT is missing: make, assign, delete, clear, grow, evacuate or grow-done" },
		{ "gr\x1bow m",
		  "\"gr\\x1bow\" is no event: expected make, assign, delete, clear, grow, evacuate or grow-done" },
		{ "grow m if", "a condition is missing behind if" },
		{ "grow m if  ", "a condition is missing behind if" },
		{ "grow m m",
		  "EVENT [EXPR] [if COND] is taken; what to do with \"m\"? An EXPR with spaces stands in parentheses" },
		{ "grow m --json",
		  "\"--json\" is no option of this command; it has --type --expr (-- ends the options)" },
	};
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .name = "counts" });
	fake_map_array(&w.m, &w.m.new, 3);
	fake_map_write(&w.m);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		fake_expect_error(&w.t, "map-break", wrong[i][0], MS_STATUS_USAGE, wrong[i][1]);
	fake_expect_error(&w.t, "map-break", "grow 5", MS_FAILED,
			  "5: a number is no map: --type TYPE says what lies at this address");
	fake_expr(&w.t, "nil", w.m.pointer_type, 0, "\0\0\0\0\0\0\0", 8);
	fake_expect_error(
		&w.t, "map-break", "grow nil", MS_FAILED,
		"nil: a nil map has no events: it does not exist yet; leave EXPR out, or stop once it is made");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_told),
		cmocka_unit_test(evacuated_bucket_is_no_event),
		cmocka_unit_test(same_size_growth_has_one_destination),
		cmocka_unit_test(growth_ends_where_the_mark_reaches_the_end),
		cmocka_unit_test(mark_moves_1024_buckets_at_most),
		cmocka_unit_test(marks_tell_where_entries_went),
		cmocka_unit_test(key_is_told),
		cmocka_unit_test(key_that_is_a_go_string_is_two_words),
		cmocka_unit_test(map_that_cannot_be_read_is_told_as_such),
		cmocka_unit_test(every_read_and_allocation_may_fail),
		cmocka_unit_test(go_function_is_stopped_behind_its_check_of_the_stack),
		cmocka_unit_test(every_event_has_functions_in_both_languages),
		cmocka_unit_test(line_is_understood),
		cmocka_unit_test(wrong_line_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
