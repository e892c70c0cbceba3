/* map-watch without a debugger: what is to be watched, and what changes of a fake target's memory are told as. A real map's life is
   fixtures/test_gdb_watch.py's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "fake_world.h"

static struct ms_watch *watch_of(struct world *w, const char *line, uint32_t most, uint64_t *type)
{
	struct ms_command *cmd = ms_command_new(w->t.ctx, "map-watch", line);
	struct ms_watch *watch = NULL;

	while (ms_command_step(cmd, 50) == MS_AGAIN)
		;
	assert_string_equal(ms_command_error(cmd), "");
	assert_int_equal(ms_watch_new(cmd, most, &watch), MS_OK);
	*type = ms_watch_type(cmd);
	ms_command_free(cmd);
	return watch;
}

static void assert_look(struct ms_watch *watch, uint64_t type, int32_t outcome, const char *line)
{
	const char *text;

	assert_int_equal(ms_watch_look(watch, type, &text), outcome);
	if (outcome != MS_WATCH_NOTHING)
		assert_string_equal(text, line);
}

static struct ms_watched piece(const struct ms_watch *watch, uint32_t n)
{
	struct ms_watched out = { .size = sizeof out };

	assert_int_equal(ms_watch_piece(watch, n, &out), MS_OK);
	assert_true(out.address % out.byte_count == 0);
	return out;
}

/* Slot SLOT's address of a part of SIZE bytes that begins behind LEAD bytes of a bucket.  */
static uint64_t part(const struct world *w, uint64_t bucket, uint64_t lead, uint64_t size, uint64_t slot)
{
	return w->m.new.buckets[bucket].address + lead + slot *size;
}

static void slot_in_every_layout(void **state)
{
	(void)state;
	for (int layout = 0; layout < 4; layout++) {
		struct world w;
		uint64_t type;
		uint32_t word = layout & 1 ? 4 : 8;
		world_init(&w, word, layout & 2, (struct fake_layout){ .name = "counts" });
		fake_map_array(&w.m, &w.m.new, 2);
		for (uint64_t key = 0; key < 8; key++)
			fake_map_put(&w.m, &w.m.new, key % 4, key, key * 10);
		fake_map_write(&w.m);
		struct ms_watch *watch = watch_of(&w, "m --bucket 3 --slot 1", 8, &type);
		assert_string_equal(ms_watch_name(watch), "bucket 3 slot 1");
		assert_string_equal(ms_watch_left_out(watch), "");
		assert_string_equal(piece(watch, 0).name, "tophash");
		assert_int_equal(piece(watch, 0).address, part(&w, 3, 0, 1, 1));
		assert_string_equal(piece(watch, 1).name, "overflow");
		assert_int_equal(piece(watch, 1).byte_count, word);
		assert_look(watch, type, MS_WATCH_NOTHING, "");

		uint64_t elem_size = fake_size(&w.t, w.m.layout.elem);
		uint64_t elems = 8 + 8 * fake_size(&w.t, w.m.layout.key);
		assert_int_equal(piece(watch, 3).address, part(&w, 3, elems, elem_size, 1));
		fake_write_uint(&w.t, part(&w, 3, elems, elem_size, 1), elem_size, 77);
		assert_look(watch, type, MS_WATCH_TOLD, "bucket 3 slot 1: elem 70 -> 77");
		assert_look(watch, type, MS_WATCH_NOTHING, "");
		fake_write_uint(&w.t, part(&w, 3, 0, 1, 1), 1, 1);
		assert_look(watch, type, MS_WATCH_ENDED,
			    "bucket 3 slot 1: full -> emptyOne, the entry is deleted: the watch ends");
		ms_watch_free(watch);
		world_fini(&w);
	}
}

static void header_members(void **state)
{
	struct world w;
	uint64_t type;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 2);
	fake_map_fill(&w.m, &w.m.new, 0, 5);
	fake_map_write(&w.m);
	struct ms_watch *watch = watch_of(&w, "m", 4, &type);
	static const char *const names[] = { "count", "B", "buckets", "oldbuckets" };
	for (uint32_t n = 0; n < 4; n++)
		assert_string_equal(piece(watch, n).name, names[n]);
	fake_map_poke(&w.m, "count", 6);
	fake_map_poke(&w.m, "flags", 4); /* not watched */
	assert_look(watch, type, MS_WATCH_TOLD, "header: count 5 -> 6");
	ms_watch_free(watch);

	watch = watch_of(&w, "m --field flags", 4, &type);
	fake_map_poke(&w.m, "flags", 3);
	assert_look(watch, type, MS_WATCH_TOLD, "header: flags hashWriting -> iterator|oldIterator");
	ms_watch_free(watch);

	watch = watch_of(&w, "m", 2, &type);
	assert_string_equal(ms_watch_left_out(watch), "buckets: 0 of 8 bytes; oldbuckets: 0 of 8 bytes");
	fake_unmap_pages(&w.t, w.m.address, 48);
	const char *text;
	assert_int_equal(ms_watch_look(watch, type, &text), MS_WATCH_ENDED);
	fake_contains(text, "cannot read the map's header");
	fake_contains(text, ": the watch ends");
	ms_watch_free(watch);
	world_fini(&w);
}

/* Whatever is written, the outcome is one of those that there are, in one printable line.  */
static void random_writes(void **state)
{
	enum { WRITES = 3000 };
	static const char *const lines[] = { "m", "m --field nevacuate", "m --bucket 1", "m --bucket 1 --slot 2",
					     "m --bucket 0 --slot 9" };
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct world w;
		uint64_t type;
		int told = 0;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 1);
		for (uint64_t key = 0; key < 30; key++)
			fake_map_put(&w.m, &w.m.new, key % 2, key, key);
		fake_map_write(&w.m);
		struct ms_watch *watch = watch_of(&w, lines[i], 4, &type);
		for (int n = 0; n < WRITES; n++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			const uint64_t from[] = { w.m.address, w.m.new.buckets[0].address, w.m.new.buckets[1].address,
						  w.m.new.buckets[0].next->address };
			const char *text;
			uint64_t at = from[seed >> 40 & 3] + (seed >> 44) % 48;
			uint8_t byte = (uint8_t)(seed >> 52) % 7;
			fake_write(&w.t, at, &byte, 1);
			int32_t outcome = ms_watch_look(watch, type, &text);
			assert_in_range(outcome, MS_WATCH_NOTHING, MS_WATCH_ENDED);
			fake_is_printable(text, strlen(text));
			assert_null(strchr(text, '\n'));
			told += outcome == MS_WATCH_TOLD;
			if (n % 50 == 0) { /* sound again */
				fake_map_write(&w.m);
				ms_watch_look(watch, type, &text);
			}
		}
		print_message("[          ] %s: %d told\n", lines[i], told);
		assert_true(told > 0);
		ms_watch_free(watch);
		world_fini(&w);
	}
}

/* A watch is as it would be or there is none, and a look tells what it would or that memory is short.  */
static void nth_allocation_fails(void **state)
{
	static const char *const lines[] = { "m", "m --bucket 1", "m --bucket 1 --slot 2" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct world w;
		char whole[256] = "";
		bool failed = true;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 1);
		fake_map_fill(&w.m, &w.m.new, 0, 8);
		for (uint64_t n = 0; failed; n++) { /* 0: none fails */
			fake_map_write(&w.m);
			fake_open(&w.t);
			uint64_t type;
			const char *text = NULL;
			struct ms_watch *watch = NULL;
			struct ms_command *cmd = ms_command_new(w.t.ctx, "map-watch", lines[i]);
			while (ms_command_step(cmd, 50) == MS_AGAIN)
				;
			type = ms_watch_type(cmd);
			allocations = 0;
			fail_allocation = n;
			int32_t made = ms_watch_new(cmd, 4, &watch);
			fake_map_poke(&w.m, "count", 9);
			fake_write_uint(&w.t, part(&w, 1, 0, 1, 2), 1, 1);
			int32_t outcome = made == MS_OK ? ms_watch_look(watch, type, &text) : made;
			failed = n ? allocations >= n : true;
			fail_allocation = 0;
			if (!n)
				snprintf(whole, sizeof whole, "%s", text);
			else if (outcome != MS_NO_MEMORY)
				assert_string_equal(text, whole);
			ms_watch_free(watch);
			ms_command_free(cmd);
		}
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slot_in_every_layout),
		cmocka_unit_test(header_members),
		cmocka_unit_test(random_writes),
		cmocka_unit_test(nth_allocation_fails),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
