/* map-stats on a fake target, in every layout: what it counts against the map builder's own account, counted here in the plainest
   way; its arithmetic against tables; and what it says of damage, of an end before the end, and of running.  */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/stats.h"
#include "fake_world.h"

/* ---- The account, counted ---- */

struct counted {
	uint64_t live, tombstones, empty, buckets, overflow, empty_overflow, evacuated, way;
	uint64_t occupancy[9], chain[64], longest;
};

static void count_array(const struct fake_array *array, struct counted *out)
{
	for (uint64_t i = 0; i < array->count; i++) {
		uint64_t depth = 0;
		out->evacuated += array->evacuated[i];
		for (const struct fake_bucket *at = &array->buckets[i]; at; at = at->next, depth++) {
			uint64_t full = 0;
			for (uint64_t s = 0; s < FAKE_SLOTS; s++) {
				full += at->slots[s].shown;
				out->way += at->slots[s].shown ? depth * 8 + s + 1 : 0;
				out->tombstones += at->slots[s].tophash == 1;
				out->empty += at->slots[s].tophash == 0;
			}
			out->live += full;
			out->occupancy[full]++;
			out->overflow += depth > 0;
			out->empty_overflow += depth > 0 && !full;
		}
		out->buckets++;
		out->chain[depth - 1]++;
		out->longest = depth > out->longest ? depth : out->longest;
	}
}

static void print_list(FILE *file, const char *name, const uint64_t *numbers, uint64_t count)
{
	fprintf(file, "\"%s\": [", name);
	for (uint64_t i = 0; i < count; i++)
		fprintf(file, "%s%llu", i ? ", " : "", (unsigned long long)numbers[i]);
	fputs("], ", file);
}

/* The JSON up to tophash_p. To be freed.  */
static char *account_of(const struct fake_map *m, struct counted *out)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	memset(out, 0, sizeof *out);
	count_array(&m->old, out);
	count_array(&m->new, out);
	fprintf(file,
		"{\"count\": %lld, \"live\": %llu, \"tombstones\": %llu, \"empty\": %llu, \"buckets\": %llu, "
		"\"overflow_buckets\": %llu, \"empty_overflow_buckets\": %llu, \"evacuated\": %llu, ",
		(long long)m->count, (unsigned long long)out->live, (unsigned long long)out->tombstones,
		(unsigned long long)out->empty, (unsigned long long)out->buckets, (unsigned long long)out->overflow,
		(unsigned long long)out->empty_overflow, (unsigned long long)out->evacuated);
	print_list(file, "occupancy", out->occupancy, 9);
	print_list(file, "chain", out->chain, out->longest ? out->longest : 1);
	assert_int_equal(fclose(file), 0);
	return text;
}

static double number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	assert_non_null(at);
	return strtod(at + strlen(name), NULL);
}

/* Writes the map and compares what is counted.  */
static void check(struct world *w)
{
	struct counted counted;
	char *account = account_of(&w->m, &counted);

	fake_map_write(&w->m);
	struct fake_run run = fake_run(&w->t, "map-stats", "m --json");
	assert_string_equal(run.error, "");
	assert_int_equal(run.status, MS_YES);
	fake_is_json_lines(run.out);
	fake_contains(run.out, account);
	fake_contains(run.out, "\"end\": {\"shown\": 1, \"of\": 1, \"partial\": null, \"notes\": [");
	if (counted.live) {
		double way = number_behind(run.out, "\"actual\": ");
		assert_true(fabs(way - (double)counted.way / (double)counted.live) < 1e-9);
	} else {
		fake_contains(run.out, "\"probes\": {\"actual\": null, \"expected\": null}");
	}
	uint64_t slots = fake_size(&w->t, w->m.layout.key) + fake_size(&w->t, w->m.layout.elem);
	assert_int_equal((uint64_t)number_behind(run.out, ", \"live\": "), counted.live);
	char *live = fake_format("\"live\": %llu, \"wasted\": ", (unsigned long long)(counted.live * slots));
	fake_contains(run.out, live);
	free(live);
	char *kept = fake_format("\"retained\": %llu,",
				 (unsigned long long)((counted.empty_overflow + counted.evacuated) * w->m.bucket_size));
	fake_contains(run.out, kept);
	free(kept);
	free(account);
	fake_run_fini(&run);
	world_fini(w);
}

static void every_layout_is_counted(void **state)
{
	(void)state;
	for (uint32_t pointer_size = 4; pointer_size <= 8; pointer_size += 4)
		for (int big_endian = 0; big_endian < 2; big_endian++)
			for (int reversed = 0; reversed < 2; reversed++) {
				struct world w;
				world_init(&w, pointer_size, big_endian, (struct fake_layout){ .reversed = reversed });
				fake_map_array(&w.m, &w.m.new, 3);
				fake_map_fill(&w.m, &w.m.new, 0, 200);
				fake_map_delete(&w.m, &w.m.new, 2, 0, 3);
				fake_map_delete(&w.m, &w.m.new, 2, 1, 7);
				check(&w);
			}
}

static void empty_and_nil_maps(void **state)
{
	struct world w;
	uint8_t null[8] = { 0 };

	(void)state;
	world_plain(&w);
	fake_expr(&w.t, "none", w.m.pointer_type, 0, null, sizeof null);
	fake_expect(
		&w.t, "map-stats", "none --json", MS_YES,
		"{\"count\": 0, \"live\": 0, \"tombstones\": 0, \"empty\": 0, \"buckets\": 0, \"overflow_buckets\": 0, "
		"\"empty_overflow_buckets\": 0, \"evacuated\": 0, \"occupancy\": [0, 0, 0, 0, 0, 0, 0, 0, 0], "
		"\"chain\": [0], \"tophash_p\": null, \"probes\": {\"actual\": null, \"expected\": null}, \"memory\": "
		"{\"total\": 0, \"live\": 0, \"wasted\": 0, \"retained\": 0, \"rebuild\": 0, \"rebuild_saves\": 0, "
		"\"indirect\": 0}, \"growth\": {\"kind\": \"none\"}, \"end\": {\"shown\": 1, \"of\": 1, \"partial\": "
		"null, "
		"\"notes\": [\"nil map\"]}}\n");
	check(&w);
	world_init(&w, 8, false, (struct fake_layout){ .untyped = true, .descriptor = true });
	fake_expr(&w.t, "none", w.m.pointer_type, 0, null, sizeof null);
	struct fake_run run = fake_run(&w.t, "map-stats", "none");
	assert_int_equal(run.status, MS_YES);
	fake_contains(run.out, "note: nil map\n");
	fake_run_fini(&run);
	world_fini(&w);
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 2);
	check(&w);
}

static void growths_are_counted(void **state)
{
	(void)state;
	for (int same_size = 0; same_size < 2; same_size++)
		for (int unlink = 0; unlink < 2; unlink++)
			for (uint64_t done = 0; done <= 8; done += 2) {
				struct world w;
				world_plain(&w);
				world_grow(&w, 3, same_size);
				fake_map_overflow(&w.m, &w.m.old, 6);
				for (uint64_t index = 0; index < done; index++)
					fake_map_evacuate_whole(&w.m, index * 3 % 8, unlink);
				check(&w);
			}
}

/* In the middle of a write the chain being moved holds live slots behind its first ones.  */
static void half_moved_chain_is_counted_as_it_lies(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	world_grow(&w, 2, false);
	fake_map_evacuate(&w.m, 1, 5, false);
	w.m.flags |= 4;
	check(&w);
}

/* ---- Memory ---- */

static void assert_memory(struct world *w, const char *memory)
{
	fake_map_write(&w->m);
	struct fake_run run = fake_run(&w->t, "map-stats", "m --json");
	assert_int_equal(run.status, MS_YES);
	fake_contains(run.out, memory);
	fake_run_fini(&run);
	world_fini(w);
}

/* By hand: buckets of 112 bytes (8 + 8 * 4 + 8 * 8 + 8), entries of 12.  */
static void memory_by_hand(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 10; key++) /* a bucket with one behind it, and one that is empty */
		fake_map_put(&w.m, &w.m.new, 1, key, key);
	fake_map_delete(&w.m, &w.m.new, 1, 1, 1);
	fake_map_delete(&w.m, &w.m.new, 1, 1, 0);
	assert_memory(
		&w, "\"memory\": {\"total\": 336, \"live\": 96, \"wasted\": 240, \"retained\": 112, \"rebuild\": 112, "
		    "\"rebuild_saves\": 224, \"indirect\": 0}");
	/* 16 buckets have room for 18 in their size class of 2 048: 2 016 bytes. Of these two are overflow buckets here, and one
	   more lies elsewhere. 27 entries fit into 8 buckets at 6.5 to each.  */
	world_plain(&w);
	fake_map_array_spares(&w.m, &w.m.new, 4, 2);
	fake_alloc(&w.t, 4096);
	for (uint64_t key = 0; key < 27; key++)
		fake_map_put(&w.m, &w.m.new, 5, key, key);
	assert_memory(
		&w, "\"memory\": {\"total\": 2128, \"live\": 324, \"wasted\": 1804, \"retained\": 0, \"rebuild\": 896, "
		    "\"rebuild_saves\": 1232, \"indirect\": 0}");
}

static void what_slots_point_to_is_counted_apart(void **state)
{
	struct world w;

	(void)state;
	fake_init(&w.t, 8, false);
	uint64_t large = fake_struct(&w.t, "large");
	fake_member(&w.t, large, "n", fake_int(&w.t, 4));
	fake_claims(&w.t, large)->byte_size = 200;
	struct fake_layout layout = { .name = "larges", .descriptor = true, .key_target = large };
	layout.key = fake_pointer(&w.t, large);
	layout.elem = fake_int(&w.t, 8);
	fake_map_init(&w.m, &w.t, &layout);
	fake_open(&w.t);
	fake_map_array(&w.m, &w.m.new, 0);
	for (uint64_t key = 0; key < 3; key++)
		fake_map_put(&w.m, &w.m.new, 0, key, key);
	assert_memory(&w,
		      "\"memory\": {\"total\": 144, \"live\": 48, \"wasted\": 96, \"retained\": 0, \"rebuild\": 144, "
		      "\"rebuild_saves\": 0, \"indirect\": 600}");
}

/* ---- Arithmetic ---- */

/* Chi-square's upper quantiles, as statistical tables print them (NIST/SEMATECH e-Handbook, 1.3.6.7.4), and closed forms.  */
static void gamma_is_that_of_the_tables(void **state)
{
	static const struct {
		int free;
		double square, chance;
	} table[] = { { 1, 3.841, 0.05 },   { 1, 6.635, 0.01 },	    { 3, 7.815, 0.05 },	   { 7, 14.067, 0.05 },
		      { 7, 24.322, 0.001 }, { 15, 24.996, 0.05 },   { 15, 30.578, 0.01 },  { 15, 22.307, 0.10 },
		      { 15, 8.547, 0.90 },  { 100, 124.342, 0.05 }, { 100, 77.929, 0.95 }, { 100, 149.449, 0.001 } };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		double chance = ms_stats_gamma_q(table[i].free / 2.0, table[i].square / 2);
		if (fabs(chance / table[i].chance - 1) > 1e-3)
			fail_msg("%d, %g: %g", table[i].free, table[i].square, chance);
	}
	for (double x = 0.001; x < 600; x *= 1.7) {
		double sum = 0, term = exp(-x);
		assert_true(fabs(ms_stats_gamma_q(1, x) - exp(-x)) < 1e-13);
		assert_true(fabs(ms_stats_gamma_q(0.5, x) - erfc(sqrt(x))) < 1e-13);
		for (int k = 0; k < 125; k++, term *= x / k) /* Q(125, x): of 251 places */
			sum += term;
		assert_true(fabs(ms_stats_gamma_q(125, x) - sum) < 1e-11);
	}
	assert_true(ms_stats_gamma_q(125, 0) == 1 && ms_stats_gamma_q(125, 1e18) == 0);
}

static void chance_of_counts(void **state)
{
	const uint32_t weights[] = { 0, 2, 1, 1 };

	(void)state;
	assert_true(ms_stats_chance((const uint64_t[]){ 0, 20, 10, 10 }, weights, 4) == 1);
	/* 4 + 1 + 9 over their expected 20, 10, 10: 0.2 + 0.1 + 0.9; of 2 degrees of freedom exp(-0.6).  */
	assert_true(fabs(ms_stats_chance((const uint64_t[]){ 0, 22, 11, 7 }, weights, 4) - exp(-0.6)) < 1e-12);
	assert_true(ms_stats_chance((const uint64_t[]){ 1, 20, 10, 10 }, weights, 4) == 0);
}

static double tophash_p(struct world *w, uint64_t entries, uint64_t step)
{
	world_plain(w);
	fake_map_array(&w->m, &w->m.new, 8);
	for (uint64_t key = 0; key < entries; key++)
		fake_map_put(&w->m, &w->m.new, key % 256, key, key);
	for (uint64_t key = 0, i = 0; i < 256; i++)
		for (struct fake_bucket *at = &w->m.new.buckets[i]; at; at = at->next)
			for (int s = 0; s < FAKE_SLOTS; s++)
				if (at->slots[s].shown) {
					uint64_t top = key++ * step % 256;
					at->slots[s].tophash = (uint8_t)(top < 5 ? top + 5 : top);
				}
	fake_map_write(&w->m);
	struct fake_run run = fake_run(&w->t, "map-stats", "m --json");
	double p = strstr(run.out, "\"tophash_p\": null") ? -1 : number_behind(run.out, "\"tophash_p\": ");
	fake_run_fini(&run);
	world_fini(w);
	return p;
}

/* Hashes that go round through all values are as even as can be; the first ones stand for two values each.  */
static void tophashes_even_and_not(void **state)
{
	struct world w;

	(void)state;
	assert_true(tophash_p(&w, 2560, 1) == 1);
	assert_true(tophash_p(&w, 256, 1) == 1);
	assert_true(tophash_p(&w, 2560, 2) < 1e-100);
	assert_true(tophash_p(&w, 256, 0) < 1e-100);
	assert_true(tophash_p(&w, 9, 1) == -1);
	assert_true(tophash_p(&w, 10, 0) > 0.001 &&
		    tophash_p(&w, 10, 0) < 0.002); /* ten of ten in one half: erfc(sqrt 5) */
}

/* ---- What is not whole ---- */

static void damage_is_said_and_the_rest_counted(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 7);
	fake_map_fill(&w.m, &w.m.new, 0, 300);
	for (uint64_t key = 0; key < 20; key++)
		fake_map_put(&w.m, &w.m.new, 2, 1000 + key, 0);
	struct fake_bucket *last = w.m.new.buckets[2].next;
	while (last->next)
		last = last->next;
	last->bad_next = true;
	last->bad = w.m.new.buckets[2].next->address;
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-stats", "m --json");
	assert_int_equal(run.status, MS_PARTIAL);
	fake_contains(run.out, "\"live\": 320, ");
	fake_contains(run.out, "\"partial\": \"damage\"");
	char *note = fake_format(
		"new bucket 2: overflow pointer 0x%llx in the bucket at 0x%llx leads back into its own chain (a "
		"cycle)",
		(unsigned long long)last->bad, (unsigned long long)last->address);
	fake_contains(run.out, note);
	free(note);
	fake_run_fini(&run);
	fake_unmap_pages(&w.t, w.m.new.address + FAKE_PAGE, FAKE_PAGE);
	run = fake_run(&w.t, "map-stats", "m");
	assert_int_equal(run.status, MS_PARTIAL);
	fake_contains(run.out, "note: new buckets 36 to 73 at 0x");
	fake_contains(run.out, "live entries found, count is 320\n");
	fake_is_printable(run.out, run.size);
	fake_run_fini(&run);
	world_fini(&w);
}

static void end_before_the_end_is_said(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 10);
	fake_map_fill(&w.m, &w.m.new, 0, 3000);
	fake_map_write(&w.m);
	struct fake_run run = fake_run_interrupted(&w.t, "map-stats", "m --json", 2);
	fake_run_fini(&run);
	uint64_t whole = 0;
	for (uint64_t step = 1; !whole && step < 100; step++) {
		struct ms_command *cmd = ms_command_new(w.t.ctx, "map-stats", "m --json");
		uint64_t size, steps = 0;
		while (ms_command_step(cmd, 0) == MS_AGAIN)
			if (++steps == step)
				ms_command_interrupt(cmd);
		const char *out = ms_command_output(cmd, &size);
		whole = steps < step;
		if (!whole) {
			assert_int_equal(ms_command_status(cmd), MS_PARTIAL);
			if (*out) {
				fake_contains(out, "\"partial\": \"interrupted\"");
				fake_contains(out, "interrupted: only what was read is counted, ");
			}
		}
		ms_command_free(cmd);
	}
	assert_true(whole);
	world_fini(&w);
}

static void very_long_chain_is_cut_in_the_list(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 8 * 301; key++)
		fake_map_put(&w.m, &w.m.new, 1, key, key);
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-stats", "m --json");
	assert_int_equal(run.status, MS_YES);
	fake_contains(run.out, "\"overflow_buckets\": 300, ");
	fake_contains(run.out, "the longest chain has 300 overflow buckets; those of more than 255 are counted as 255");
	fake_contains(run.out, ", 0, 1], \"tophash_p\"");
	fake_run_fini(&run);
	world_fini(&w);
}

static void text_has_bars(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 10; key++)
		fake_map_put(&w.m, &w.m.new, 1, key, key);
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-stats", "m");
	fake_contains(run.out, "occupancy               buckets by full slots\n"
			       "    0  1  ##################################################\n"
			       "    1  0\n");
	fake_contains(run.out, "probes                  actual 5.50, expected 3.25\n");
	fake_run_fini(&run);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_is_counted),
		cmocka_unit_test(empty_and_nil_maps),
		cmocka_unit_test(growths_are_counted),
		cmocka_unit_test(half_moved_chain_is_counted_as_it_lies),
		cmocka_unit_test(memory_by_hand),
		cmocka_unit_test(what_slots_point_to_is_counted_apart),
		cmocka_unit_test(gamma_is_that_of_the_tables),
		cmocka_unit_test(chance_of_counts),
		cmocka_unit_test(tophashes_even_and_not),
		cmocka_unit_test(damage_is_said_and_the_rest_counted),
		cmocka_unit_test(end_before_the_end_is_said),
		cmocka_unit_test(very_long_chain_is_cut_in_the_list),
		cmocka_unit_test(text_has_bars),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
