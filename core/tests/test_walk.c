/* The classic format's walk on a fake target: every state of a map. Expected are the map builder's own entries and rows. Failing call-backs are
   test_faults.c's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "fake_world.h"

static void nil_map_is_empty(void **state)
{
	struct world w;
	uint8_t null[8] = { 0 };

	(void)state;
	world_plain(&w);
	fake_expr(&w.t, "none", w.m.pointer_type, 0, null, sizeof null);
	fake_expect(&w.t, "map-entries", "none", MS_YES, "note: nil map\n0 of 0 shown\n");
	fake_expect(&w.t, "map-entries", "none --json", MS_YES,
		    "{\"end\": {\"shown\": 0, \"of\": 0, \"partial\": null, \"notes\": [\"nil map\"]}}\n");
	fake_expect(&w.t, "map-buckets", "none", MS_YES, "note: nil map\n0 of 0 shown\n");
	assert_int_equal(w.t.reads, 0);
	world_fini(&w);
}

static void running_target_is_told(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 1);
	fake_map_write(&w.m);
	struct ms_memory memory = w.t.ctx->memory;
	memory.running = 1;
	assert_int_equal(ms_set_memory(w.t.ctx, &memory), MS_OK);
	fake_expect(&w.t, "map-entries", "m", MS_YES,
		    "0: 0\n"
		    "note: the program is running: what is shown may have changed while it was read; stop it first "
		    "(mapscope: --stop)\n"
		    "1 of 1 shown\n");
	world_fini(&w);
}

static void empty_map_without_buckets(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	world_check(&w);
}

static void one_bucket(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 5);
	world_check(&w);
}

static void tombstones_of_both_kinds(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 20; key++)
		fake_map_put(&w.m, &w.m.new, 1, key, key);
	fake_map_delete(&w.m, &w.m.new, 1, 0, 0);
	fake_map_delete(&w.m, &w.m.new, 1, 1, 7);
	for (uint64_t slot = 4; slot-- > 0;)
		fake_map_delete(&w.m, &w.m.new, 1, 2, slot);
	world_check(&w);
}

static void emptied_map(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 8);
	for (uint64_t slot = 8; slot-- > 0;)
		fake_map_delete(&w.m, &w.m.new, 0, 0, slot);
	world_check(&w);
}

static void overflow_chains(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 2);
	for (uint64_t key = 0; key < 200; key++) /* 17 and more levels: beyond what is fetched ahead */
		fake_map_put(&w.m, &w.m.new, key < 170 ? 2 : 3, key, key * 3);
	world_check(&w);
}

static void empty_overflow_bucket_between_full_ones(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 24);
	for (uint64_t slot = 0; slot < 8; slot++)
		fake_map_delete(&w.m, &w.m.new, 0, 1, slot);
	world_check(&w);
}

static void growth_just_begun(void **state)
{
	(void)state;
	for (int same_size = 0; same_size < 2; same_size++) {
		struct world w;
		world_plain(&w);
		world_grow(&w, 3, same_size);
		world_check(&w);
	}
}

static void growth_evacuated_in_order(void **state)
{
	(void)state;
	for (int same_size = 0; same_size < 2; same_size++)
		for (uint64_t done = 1; done <= 8; done++) {
			struct world w;
			world_plain(&w);
			world_grow(&w, 3, same_size);
			for (uint64_t index = 0; index < done; index++)
				fake_map_evacuate_whole(&w.m, index, true);
			world_check(&w);
		}
}

static void growth_evacuated_out_of_order(void **state)
{
	(void)state;
	for (int same_size = 0; same_size < 2; same_size++)
		for (int unlink = 0; unlink < 2; unlink++) {
			struct world w;
			world_plain(&w);
			world_grow(&w, 4, same_size);
			fake_map_evacuate_whole(&w.m, 13, unlink);
			fake_map_evacuate_whole(&w.m, 0, unlink);
			fake_map_evacuate_whole(&w.m, 1, unlink);
			fake_map_evacuate_whole(&w.m, 6, unlink);
			fake_map_fill(&w.m, &w.m.new, 5000, 5003); /* assigned since */
			assert_int_equal(w.m.nevacuate, 2);
			world_check(&w);
		}
}

static void growth_from_one_bucket(void **state)
{
	(void)state;
	for (int same_size = 0; same_size < 2; same_size++)
		for (int evacuated = 0; evacuated < 2; evacuated++) {
			struct world w;
			world_plain(&w);
			fake_map_array(&w.m, &w.m.new, 0);
			fake_map_fill(&w.m, &w.m.new, 0, 8);
			fake_map_grow(&w.m, same_size);
			if (evacuated)
				fake_map_evacuate_whole(&w.m, 0, false);
			world_check(&w);
		}
}

/* Where a write is under way, one chain may be half moved: its first slots are marked, the rest still live in it.  */
static void middle_of_an_evacuation(void **state)
{
	(void)state;
	for (uint64_t slots = 1; slots <= 16; slots++) {
		struct world w;
		world_plain(&w);
		world_grow(&w, 2, false);
		fake_map_evacuate_whole(&w.m, 0, false);
		fake_map_evacuate(&w.m, 1, slots, false);
		w.m.flags |= 4;
		world_check(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nil_map_is_empty),
		cmocka_unit_test(running_target_is_told),
		cmocka_unit_test(empty_map_without_buckets),
		cmocka_unit_test(one_bucket),
		cmocka_unit_test(tombstones_of_both_kinds),
		cmocka_unit_test(emptied_map),
		cmocka_unit_test(overflow_chains),
		cmocka_unit_test(empty_overflow_bucket_between_full_ones),
		cmocka_unit_test(growth_just_begun),
		cmocka_unit_test(growth_evacuated_in_order),
		cmocka_unit_test(growth_evacuated_out_of_order),
		cmocka_unit_test(growth_from_one_bucket),
		cmocka_unit_test(middle_of_an_evacuation),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
