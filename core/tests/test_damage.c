/* Damaged maps: what can be shown is shown, what cannot is said, and every answer ends.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

/* Runs both walks, wants status 4 and NOTE in both, SHOWN entries, and no more than READS_MOST reads each.  */
static void assert_damage(struct world *w, const char *note, uint64_t shown, uint64_t reads_most)
{
	static const char *const commands[] = { "map-entries", "map-buckets" };

	for (int i = 0; i < 2; i++)
		for (int json = 0; json < 2; json++) {
			fake_reset_counts(&w->t);
			struct fake_run run = fake_run(&w->t, commands[i], json ? "m --json" : "m --limit 0");
			assert_string_equal(run.error, "");
			assert_int_equal(run.status, MS_PARTIAL);
			fake_is_printable(run.out, run.size);
			if (json) {
				fake_is_json_lines(run.out);
				fake_contains(run.out, "\"partial\": \"damage\"");
			}
			fake_contains(run.out, note);
			if (i == 0) {
				char *end = fake_format(json ? "{\"end\": {\"shown\": %llu" : "\n%llu of ",
							(unsigned long long)shown);
				fake_contains(run.out, end);
				free(end);
			}
			if (w->t.reads > reads_most)
				fail_msg("%s: %lu reads", note, (unsigned long)w->t.reads);
			fake_run_fini(&run);
		}
}

static void cycles_end(void **state)
{
	static const uint64_t lengths[] = { 1, 2, 3, 15, 16, 17, 18, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 1);
		for (uint64_t key = 0; key < (lengths[i] + 2) * 8; key++)
			fake_map_put(&w.m, &w.m.new, 0, key, key);
		fake_map_put(&w.m, &w.m.new, 1, 5000, 1);
		/* The last bucket leads back LENGTH buckets, its own included.  */
		struct fake_bucket *last = &w.m.new.buckets[0], *to = last->next;
		while (last->next)
			last = last->next;
		for (uint64_t skip = 1; skip + lengths[i] < lengths[i] + 2; skip++)
			to = to->next;
		last->bad_next = true;
		last->bad = to->address;
		fake_map_write(&w.m);
		char *note = fake_format(
			"new bucket 0: overflow pointer 0x%llx in the bucket at 0x%llx leads back into its own "
			"chain (a cycle)",
			(unsigned long long)to->address, (unsigned long long)last->address);
		assert_damage(&w, note, (lengths[i] + 2) * 8 + 1, 70);
		free(note);
		world_fini(&w);
	}
}

static void bad_overflow_pointers(void **state)
{
	static const struct {
		uint64_t pointer;
		const char *what;
	} cases[] = {
		{ 0x12345, "is not aligned" },
		{ UINT64_MAX - 7, "leads beyond the address space" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 1);
		for (uint64_t key = 0; key < 8; key++)
			fake_map_put(&w.m, &w.m.new, 0, key, key);
		fake_map_put(&w.m, &w.m.new, 1, 100, 1);
		w.m.new.buckets[0].bad_next = true;
		w.m.new.buckets[0].bad = cases[i].pointer;
		fake_map_write(&w.m);
		char *note = fake_format("new bucket 0: overflow pointer 0x%llx in the bucket at 0x%llx %s",
					 (unsigned long long)cases[i].pointer, (unsigned long long)w.m.new.address,
					 cases[i].what);
		assert_damage(&w, note, 9, 5);
		free(note);
		world_fini(&w);
	}
}

static void overflow_into_the_arrays(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		struct world w;
		world_plain(&w);
		world_grow(&w, 1, false);
		struct fake_bucket *bucket = &w.m.old.buckets[1];
		while (bucket->next)
			bucket = bucket->next;
		for (int s = 0; s < FAKE_SLOTS; s++)
			if (!bucket->slots[s].shown)
				bucket->slots[s] = (struct fake_slot){ .tophash = 1, .state = "emptyOne" };
		bucket->bad_next = true;
		bucket->bad = which == 0   ? w.m.old.address
			      : which == 1 ? w.m.old.buckets[1].address
					   : w.m.new.buckets[3].address + 8;
		fake_map_write(&w.m);
		assert_damage(&w, "leads back into the bucket array", (uint64_t)w.m.count, 10);
		world_fini(&w);
	}
}

static void wild_overflow_pointer(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 8; key++)
		fake_map_put(&w.m, &w.m.new, 0, key, key);
	fake_map_put(&w.m, &w.m.new, 1, 100, 1);
	w.m.new.buckets[0].bad_next = true;
	w.m.new.buckets[0].bad = 0x10;
	fake_map_write(&w.m);
	assert_damage(&w, "new bucket 0: overflow bucket 1 at 0x10 cannot be read", 9, 8);
	struct fake_run run = fake_run(&w.t, "map-entries", "m");
	fake_contains(run.out, "7: 7\n<new bucket 0 overflow 1: cannot read memory at 0x10>\n100: 1\n");
	fake_run_fini(&run);
	run = fake_run(&w.t, "map-buckets", "m --json");
	fake_contains(run.out,
		      "{\"array\": \"new\", \"index\": 0, \"depth\": 1, \"address\": \"0x10\", \"overflow\": null, "
		      "\"evacuated\": false, \"unreadable\": 1, \"slots\": []}\n");
	fake_run_fini(&run);
	world_fini(&w);
}

/* In an evacuated chain of a map at rest nothing lives: what is wrong behind it is not looked at by a listing.  */
static void damage_in_a_dead_chain_is_no_matter_of_entries(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	world_grow(&w, 1, false);
	fake_map_evacuate_whole(&w.m, 1, true);
	w.m.old.buckets[1].bad_next = true;
	w.m.old.buckets[1].bad = 0x10;
	fake_map_write(&w.m);
	char *body = fake_map_entries(&w.m), *end = fake_end((uint64_t)w.m.count, (uint64_t)w.m.count, NULL, "");
	char *all = fake_format("%s%s", body, end);
	fake_expect(&w.t, "map-entries", "m --json", MS_YES, all);
	struct fake_run run = fake_run(&w.t, "map-buckets", "m");
	assert_int_equal(run.status, MS_PARTIAL);
	fake_contains(run.out, "note: old bucket 1: overflow bucket 1 at 0x10 cannot be read\n");
	fake_run_fini(&run);
	free(body);
	free(end);
	free(all);
	world_fini(&w);
}

/* Pages of the array that cannot be read, from page FROM on, PAGES of them.  */
static uint64_t lose_pages(struct world *w, uint64_t from, uint64_t pages)
{
	uint64_t start = w->m.new.address + from *FAKE_PAGE, end = start + pages *FAKE_PAGE, lost = 0;

	fake_unmap_pages(&w->t, start, pages * FAKE_PAGE);
	for (uint64_t i = 0; i < w->m.new.count; i++) {
		const struct fake_bucket *bucket = &w->m.new.buckets[i];
		if (bucket->address + w->m.bucket_size <= start || bucket->address >= end)
			continue;
		for (const struct fake_bucket *at = bucket; at; at = at->next)
			for (int s = 0; s < FAKE_SLOTS; s++)
				lost += at->slots[s].shown;
	}
	return lost;
}

static void unreadable_pages_of_the_array(void **state)
{
	static const struct {
		uint64_t from, pages;
		const char *note;
	} cases[] = {
		{ 0, 1, "new buckets 0 to 36 at 0x" },
		{ 1, 1, "new buckets 36 to 73 at 0x" },
		{ 3, 2, "new buckets 146 to 182 at 0x" }, /* two runs: the first chunk ends between them */
		{ 13, 1, "new buckets 475 to 511 at 0x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 9);
		fake_map_fill(&w.m, &w.m.new, 0, 2000);
		fake_map_write(&w.m);
		uint64_t lost = lose_pages(&w, cases[i].from, cases[i].pages);
		assert_true(lost);
		assert_damage(&w, cases[i].note, 2000 - lost, 20);
		struct fake_run run = fake_run(&w.t, "map-entries", "m --json");
		char *count_note =
			fake_format("%llu live entries found, count is 2000", (unsigned long long)(2000 - lost));
		fake_contains(run.out, count_note);
		free(count_note);
		fake_run_fini(&run);
		world_fini(&w);
	}
}

static void every_page_but_one_unreadable(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 11); /* 56 pages: fewer than make the walk give up */
	fake_map_fill(&w.m, &w.m.new, 0, 4000);
	fake_map_write(&w.m);
	fake_unmap_pages(&w.t, w.m.new.address, w.m.new.count *w.m.bucket_size);
	fake_map_pages(&w.t, w.m.new.address + 54 * FAKE_PAGE, 1);
	uint64_t shown = 0;
	for (uint64_t i = 0; i < w.m.new.count; i++) {
		uint64_t start = w.m.new.buckets[i].address, page = w.m.new.address + 54 * FAKE_PAGE;
		for (int s = 0; start >= page && start + w.m.bucket_size <= page + FAKE_PAGE && s < FAKE_SLOTS; s++)
			shown += w.m.new.buckets[i].slots[s].shown;
	}
	assert_true(shown > 0);
	assert_damage(&w, "new buckets 0 to ", shown, 70);
	world_fini(&w);
}

static void whole_array_unreadable(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 4);
	fake_map_fill(&w.m, &w.m.new, 0, 50);
	fake_map_write(&w.m);
	/* 2^33 buckets of 112 bytes could exist at that address.  */
	fake_map_poke(&w.m, "buckets", 0x100000000000);
	fake_map_poke(&w.m, "B", 33);
	assert_damage(
		&w,
		"new buckets from 2193 to the end are not shown: 64 pages in a row cannot be read, at 0x10000003bf70",
		0, 70);
	world_fini(&w);
}

static void header_that_cannot_be_read(void **state)
{
	struct world w;
	uint8_t wild[8] = { 0x10 };

	(void)state;
	world_plain(&w);
	fake_map_write(&w.m);
	fake_expr(&w.t, "wild", w.m.pointer_type, 0, wild, sizeof wild);
	fake_expr(&w.t, "far", w.m.pointer_type, 0x20, NULL, 0);
	fake_expect_error(&w.t, "map-entries", "wild", MS_FAILED,
			  "wild: cannot read the map's header, 48 bytes at 0x10");
	fake_expect_error(&w.t, "map-info", "far", MS_FAILED, "far: cannot read the pointer to the map at 0x20");
	world_fini(&w);
}

/* Header values that no map has: nothing behind them is read, and map-info shows what can be shown.  */
static void garbage_header(void **state)
{
	static const struct {
		const char *member;
		uint64_t value;
		const char *why;
	} cases[] = {
		{ "B", 60, "B is 60: 2^60 buckets of 112 bytes are more than memory has" },
		{ "B", 255, "B is 255: expected at most 63" },
		{ "B", 64, "B is 64: expected at most 63" },
		{ "B", 40, "B is 40: 2^40 buckets of 112 bytes are more than memory has" },
		{ "flags", 0xf0, "flags is 0xf0: expected only bits of 0xf" },
		{ "buckets", 0x7f0000000103, "buckets is 0x7f0000000103, which is not aligned to 8 bytes" },
		{ "buckets", UINT64_MAX - 7, "B is 3: 2^3 buckets of 112 bytes are more than memory has" },
		{ "buckets", 0, "count is 26 but there are no buckets" },
		{ "oldbuckets", 0x1001, "oldbuckets is 0x1001, which is not aligned to 8 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 3);
		fake_map_fill(&w.m, &w.m.new, 0, 26);
		fake_map_write(&w.m);
		fake_map_poke(&w.m, cases[i].member, cases[i].value);
		char *error = fake_format("m: not a valid map: %s", cases[i].why);
		fake_expect_error(&w.t, "map-entries", "m", MS_FAILED, error);
		fake_expect_error(&w.t, "map-buckets", "m --json", MS_FAILED, error);
		assert_true(w.t.reads <= 2);
		struct fake_run run = fake_run(&w.t, "map-info", "m");
		assert_int_equal(run.status, MS_PARTIAL);
		fake_contains(run.out, error + 3);
		fake_run_fini(&run);
		run = fake_run(&w.t, "map-info", "m --json");
		fake_is_json_lines(run.out);
		fake_contains(run.out, "\"partial\": \"damage\"");
		fake_run_fini(&run);
		free(error);
		world_fini(&w);
	}
}

static void old_buckets_with_B_0(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 3);
	fake_map_write(&w.m);
	fake_map_poke(&w.m, "oldbuckets", w.m.new.address + 0x1000);
	fake_expect_error(&w.t, "map-entries", "m", MS_FAILED,
			  "m: not a valid map: B is 0 in a doubling growth: expected at least 1");
	world_fini(&w);
}

static void counts_that_cannot_be(void **state)
{
	static const struct {
		int64_t count;
		const char *note, *of;
	} cases[] = {
		{ -1, "count is -1: expected 0 to ", "10 shown" },
		{ INT64_MIN, "count is -9223372036854775808: expected 0 to ", "10 shown" },
		{ INT64_MAX, "count is 9223372036854775807: expected 0 to ", "10 of 9223372036854775807 shown" },
		{ 11, "10 live entries found, count is 11", "10 of 11 shown" },
		{ 0, "10 live entries found, count is 0", "10 of 0 shown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 2);
		fake_map_fill(&w.m, &w.m.new, 0, 10);
		w.m.count = cases[i].count;
		fake_map_write(&w.m);
		struct fake_run run = fake_run(&w.t, "map-entries", "m");
		assert_int_equal(run.status, MS_PARTIAL);
		fake_contains(run.out, cases[i].note);
		fake_contains(run.out, cases[i].of);
		fake_contains(run.out, "9: 90\n");
		fake_run_fini(&run);
		run = fake_run(&w.t, "map-entries", "m --json");
		fake_is_json_lines(run.out);
		fake_contains(run.out, cases[i].note);
		fake_run_fini(&run);
		world_fini(&w);
	}
}

static void same_size_flag_without_old_buckets(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 2);
	fake_map_fill(&w.m, &w.m.new, 0, 10);
	w.m.flags = 8;
	fake_map_write(&w.m);
	assert_damage(&w, "flag sameSizeGrow without old buckets", 10, 4);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cycles_end),
		cmocka_unit_test(bad_overflow_pointers),
		cmocka_unit_test(overflow_into_the_arrays),
		cmocka_unit_test(wild_overflow_pointer),
		cmocka_unit_test(damage_in_a_dead_chain_is_no_matter_of_entries),
		cmocka_unit_test(unreadable_pages_of_the_array),
		cmocka_unit_test(every_page_but_one_unreadable),
		cmocka_unit_test(whole_array_unreadable),
		cmocka_unit_test(header_that_cannot_be_read),
		cmocka_unit_test(garbage_header),
		cmocka_unit_test(old_buckets_with_B_0),
		cmocka_unit_test(counts_that_cannot_be),
		cmocka_unit_test(same_size_flag_without_old_buckets),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
