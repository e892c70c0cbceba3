/* Pages, offsets and hints of a walk, the printers' iterator, and what each answer costs in reads.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

/* ---- Pages ---- */

/* Cuts the last line off OUT and returns the token in it, "" for none; both to be freed with OUT.  */
static char *cut_token(char *out)
{
	size_t size = strlen(out);
	static char token[64];

	assert_true(size && out[size - 1] == '\n');
	out[size - 1] = 0;
	char *last = strrchr(out, '\n');
	last = last ? last + 1 : out;
	const char *at = strstr(last, "\"next\": \"");
	snprintf(token, sizeof token, "%.*s", at ? (int)strcspn(at + 9, "\"") : 0, at ? at + 9 : "");
	*last = 0;
	return token;
}

/* MOST pages of at most LIMIT rows each, and then all that is left.  */
static void assert_pages_are_the_whole(struct world *w, const char *name, const char *whole, uint64_t limit,
				       uint64_t most)
{
	char from[80] = "", *all = NULL;
	uint64_t pages = 0;

	for (bool more = true; more; pages++) {
		char *line =
			fake_format("m --json --limit %llu%s", (unsigned long long)(pages < most ? limit : 0), from);
		struct fake_run run = fake_run(&w->t, name, line);
		assert_string_equal(run.error, "");
		assert_int_equal(run.status, MS_YES);
		const char *token = cut_token(run.out);
		more = *token;
		snprintf(from, sizeof from, " --from %s", token);
		char *longer = fake_format("%s%s", all ? all : "", run.out);
		free(all);
		all = longer;
		free(line);
		fake_run_fini(&run);
		assert_true(pages < 1000);
	}
	assert_string_equal(all, whole);
	free(all);
}

static void paging_state(struct world *w)
{
	world_plain(w);
	world_grow(w, 2, false);
	for (uint64_t key = 0; key < 20; key++)
		fake_map_put(&w->m, &w->m.old, 2, 300 + key, key);
	fake_map_evacuate_whole(&w->m, 1, false);
	fake_map_fill(&w->m, &w->m.new, 700, 712);
	fake_map_write(&w->m);
}

static void pages_of_every_size_give_the_whole(void **state)
{
	struct world w;

	(void)state;
	paging_state(&w);
	char *entries = fake_map_entries(&w.m), *rows = fake_map_rows(&w.m);
	for (uint64_t limit = 1; limit <= (uint64_t)w.m.count + 1; limit++)
		assert_pages_are_the_whole(&w, "map-entries", entries, limit, UINT64_MAX);
	for (uint64_t limit = 1; limit <= (uint64_t)w.m.count + 1; limit++)
		assert_pages_are_the_whole(&w, "map-entries", entries, limit, 1);
	for (uint64_t limit = 1; limit <= fake_map_row_count(&w.m) + 1; limit++)
		assert_pages_are_the_whole(&w, "map-buckets", rows, limit, UINT64_MAX);
	free(entries);
	free(rows);
	world_fini(&w);
}

/* The lines FROM to TO - 1 of TEXT; to be freed.  */
static char *lines(const char *text, uint64_t from, uint64_t to)
{
	const char *start = text, *end;

	for (uint64_t i = 0; i < from && *start; i++)
		start = strchr(start, '\n') + 1;
	end = start;
	for (uint64_t i = from; i < to && *end; i++)
		end = strchr(end, '\n') + 1;
	return strndup(start, (size_t)(end - start));
}

static void assert_offset(struct world *w, const char *name, const char *whole, uint64_t offset, uint64_t limit)
{
	char *line = fake_format("m --json --offset %llu --limit %llu", (unsigned long long)offset,
				 (unsigned long long)limit);
	char *expected = lines(whole, offset, limit ? offset + limit : UINT64_MAX);
	struct fake_run run = fake_run(&w->t, name, line);

	assert_int_equal(run.status, MS_YES);
	cut_token(run.out);
	assert_string_equal(run.out, expected);
	fake_run_fini(&run);
	free(expected);
	free(line);
}

static void offsets_pass_over_that_many(void **state)
{
	struct world w;

	(void)state;
	paging_state(&w);
	char *entries = fake_map_entries(&w.m), *rows = fake_map_rows(&w.m);
	for (uint64_t offset = 0; offset <= (uint64_t)w.m.count + 2; offset++)
		for (uint64_t limit = 0; limit < 20; limit += 6)
			assert_offset(&w, "map-entries", entries, offset, limit);
	for (uint64_t offset = 0; offset <= fake_map_row_count(&w.m) + 2; offset++)
		for (uint64_t limit = 0; limit < 8; limit += 3)
			assert_offset(&w, "map-buckets", rows, offset, limit);
	free(entries);
	free(rows);
	world_fini(&w);
}

static void last_line_of_a_page_tells_the_next(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_fill(&w.m, &w.m.new, 0, 8);
	fake_map_write(&w.m);
	fake_expect(&w.t, "map-entries", "m --limit 2", MS_YES,
		    "0: 0\n1: 10\n2 of 8 shown, next page: --from new.0.2\n");
	fake_expect(
		&w.t, "map-entries", "m --limit 2 --from new.0.2 --json", MS_YES,
		"{\"key\": 2, \"elem\": 20}\n{\"key\": 3, \"elem\": 30}\n"
		"{\"end\": {\"shown\": 2, \"of\": 8, \"partial\": \"limit\", \"notes\": [], \"next\": \"new.0.4\"}}\n");
	fake_expect(&w.t, "map-entries", "m --limit 2 --from new.0.6", MS_YES, "6: 60\n7: 70\n2 of 8 shown\n");
	fake_expect(&w.t, "map-entries", "m --limit 2 --offset 3", MS_YES,
		    "3: 30\n4: 40\n2 of 8 shown, next page: --from new.0.5\n");
	fake_expect(&w.t, "map-entries", "m --limit 1 --offset 2 --from new.0.2", MS_YES,
		    "4: 40\n1 of 8 shown, next page: --from new.0.5\n");
	fake_expect(&w.t, "map-entries", "m --limit 8", MS_YES,
		    "0: 0\n1: 10\n2: 20\n3: 30\n4: 40\n5: 50\n6: 60\n7: 70\n8 of 8 shown\n");
	world_fini(&w);
}

/* A hint from before some entries of its chain were deleted passes over what is left of that chain, and no more.  */
static void outdated_hint_stays_in_its_chain(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 14; key++)
		fake_map_put(&w.m, &w.m.new, key < 10 ? 0 : 1, key, key);
	fake_map_write(&w.m);
	fake_expect(&w.t, "map-entries", "m --from new.0.99", MS_YES,
		    "10: 10\n11: 11\n12: 12\n13: 13\n4 of 14 shown\n");
	fake_expect(&w.t, "map-entries", "m --from new.0.9", MS_YES,
		    "9: 9\n10: 10\n11: 11\n12: 12\n13: 13\n5 of 14 shown\n");
	world_fini(&w);
}

/* How many buckets there are, overflow and all, is known only once all have been seen.  */
static void bucket_pages_tell_no_total(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	fake_map_write(&w.m);
	fake_expect(&w.t, "map-buckets", "m --limit 1", MS_YES,
		    "new bucket 0\n  0-7    0  emptyRest\n1 shown, next page: --from new.1.0\n");
	fake_expect(&w.t, "map-buckets", "m --offset 1", MS_YES, "new bucket 1\n  0-7    0  emptyRest\n1 of 2 shown\n");
	struct fake_run run = fake_run(&w.t, "map-buckets", "m --limit 1 --json");
	fake_contains(run.out, "{\"end\": {\"shown\": 1, \"of\": null, \"partial\": \"limit\", \"notes\": [], "
			       "\"next\": \"new.1.0\"}}\n");
	fake_run_fini(&run);
	world_fini(&w);
}

static void tokens_of_no_page_are_refused(void **state)
{
	static const char *const tokens[] = {
		"x",	    "new",	"new.",	   "new.0",   "new.0.",
		"new.1.0",  "new.0.0x", "old.0.0", "NEW.0.0", "new.99999999999999999999.0",
		"new.-1.0", "new..0"
	};
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_write(&w.m);
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		char *line = fake_format("m --from %s", tokens[i]);
		char *error = fake_format("--from takes the next-page hint of an answer on this map, found \"%s\"",
					  tokens[i]);
		fake_expect_error(&w.t, "map-entries", line, MS_STATUS_USAGE, error);
		free(line);
		free(error);
	}
	world_fini(&w);
}

static void one_bucket_of_either_array(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	world_grow(&w, 2, false);
	fake_map_evacuate_whole(&w.m, 0, true);
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-buckets", "m --bucket 1");
	fake_contains(run.out, "old bucket 1\n");
	fake_contains(run.out, "new bucket 1\n  0-7    0  emptyRest\n");
	assert_int_equal(run.status, MS_YES);
	fake_run_fini(&run);
	fake_expect(&w.t, "map-buckets", "m --bucket 5 --new", MS_YES,
		    "new bucket 5\n  0-7    0  emptyRest\n1 of 1 shown\n");
	run = fake_run(&w.t, "map-buckets", "m --old");
	fake_contains(run.out, "old bucket 0, evacuated\n");
	assert_null(strstr(run.out, "new bucket"));
	fake_run_fini(&run);
	fake_expect_error(&w.t, "map-buckets", "m --bucket 8", MS_STATUS_USAGE,
			  "--bucket 8: no such bucket; there are 8, counted from 0");
	fake_expect_error(&w.t, "map-buckets", "m --bucket 4 --old", MS_STATUS_USAGE,
			  "--bucket 4: no such bucket; there are 4 old ones, counted from 0");
	world_fini(&w);
}

/* ---- The iterator of printers ---- */

static char *iterate(struct world *w, struct ms_map *map, uint64_t max, uint64_t stop_after, char *token, size_t size)
{
	struct ms_iter *iter;
	struct ms_batch batch = { .size = sizeof batch };
	char *out = NULL;
	size_t out_size;
	uint64_t given = 0;
	FILE *file = open_memstream(&out, &out_size);

	assert_int_equal(ms_iter_new(map, token, &iter), MS_OK);
	*token = 0;
	do {
		int32_t status = ms_iter_next(iter, max, &batch);
		assert_int_equal(status, MS_OK);
		for (uint64_t i = 0; i < batch.count; i++) {
			int32_t key;
			int64_t elem;
			memcpy(&key, batch.keys + i * batch.key_size, sizeof key);
			memcpy(&elem, batch.elems + i * batch.elem_size, sizeof elem);
			assert_true(batch.key_addresses[i] && batch.elem_addresses[i]);
			fprintf(file, "{\"key\": %d, \"elem\": %lld}\n", key, (long long)elem);
		}
		given += batch.count;
		snprintf(token, size, "%s", ms_iter_token(iter));
	} while (batch.count && given < stop_after);
	if (!*token && stop_after == UINT64_MAX)
		assert_string_equal(ms_iter_note(iter), "");
	ms_iter_free(iter);
	fclose(file);
	(void)w;
	return out;
}

static void iterator_gives_the_same_in_any_batch(void **state)
{
	struct world w;
	struct ms_map *map;

	(void)state;
	paging_state(&w);
	char *entries = fake_map_entries(&w.m);
	struct ms_value value = { .size = sizeof value, .type = w.m.header_type, .address = w.m.address };
	assert_int_equal(ms_map_open(w.t.ctx, &value, &map), MS_OK);
	for (uint64_t max = 1; max <= (uint64_t)w.m.count + 1; max++) {
		char token[64] = "", *whole = iterate(&w, map, max, UINT64_MAX, token, sizeof token);
		assert_string_equal(whole, entries);
		assert_string_equal(token, "");
		free(whole);
		char *first = iterate(&w, map, max, max, token, sizeof token);
		char *rest = *token ? iterate(&w, map, 7, UINT64_MAX, token, sizeof token) : strdup("");
		char *both = fake_format("%s%s", first, rest);
		assert_string_equal(both, entries);
		free(first);
		free(rest);
		free(both);
	}
	char token[64] = "", *whole = iterate(&w, map, UINT64_MAX, UINT64_MAX, token, sizeof token);
	assert_string_equal(whole, entries);
	free(whole);
	ms_map_free(map);
	free(entries);
	world_fini(&w);
}

static void printers_see_what_the_header_says(void **state)
{
	struct world w;
	struct ms_map *map;
	int64_t number;

	(void)state;
	paging_state(&w);
	struct ms_value value = {
		.size = sizeof value, .type = w.m.pointer_type, .bytes = &w.m.address, .byte_count = 8
	};
	assert_int_equal(ms_type_is_map(w.t.ctx, w.m.pointer_type), MS_OK);
	assert_int_equal(ms_type_is_map(w.t.ctx, w.m.bucket_type), MS_NOT_FOUND);
	assert_int_equal(ms_map_open(w.t.ctx, &value, &map), MS_OK);
	assert_string_equal(ms_map_summary(map), "struct counts *, len 60, B 3, growing (double, nevacuate 0 of 4)");
	assert_int_equal(ms_map_number(map, "count", &number), MS_OK);
	assert_int_equal(number, w.m.count);
	assert_int_equal(ms_map_number(map, "growing", &number), MS_OK);
	assert_int_equal(number, 1);
	assert_int_equal(ms_map_number(map, "nil", &number), MS_OK);
	assert_int_equal(number, 0);
	assert_int_equal(ms_map_number(map, "weight", &number), MS_NOT_FOUND);
	ms_map_free(map);
	fake_map_poke(&w.m, "B", 60);
	assert_int_equal(ms_map_open(w.t.ctx, &value, &map), MS_BAD_MAP);
	fake_contains(ms_error(w.t.ctx), "B is 60: 2^60 buckets of 112 bytes are more than memory has");
	world_fini(&w);
}

/* ---- What answers cost ---- */

static void info_reads_the_header_only(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	world_grow(&w, 6, false);
	fake_map_write(&w.m);
	fake_reset_counts(&w.t);
	struct fake_run run = fake_run(&w.t, "map-info", "m --json");
	assert_int_equal(run.status, MS_YES);
	assert_int_equal(w.t.reads, 1);
	assert_true(w.t.log[0].size <= FAKE_PAGE);
	fake_is_json_lines(run.out);
	fake_contains(run.out, "\"growth\": {\"kind\": \"double\", \"old_buckets\": 64, \"nevacuate\": 0}");
	fake_run_fini(&run);
	world_fini(&w);
}

/* Chunks of 16 KiB doubling to 1 MiB, one behind the other, and nothing outside the array.  */
static void array_is_streamed_in_growing_chunks(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 15);
	fake_map_fill(&w.m, &w.m.new, 0, 1000);
	fake_map_write(&w.m);
	fake_reset_counts(&w.t);
	struct fake_run run = fake_run(&w.t, "map-entries", "m --json");
	assert_int_equal(run.status, MS_YES);
	uint64_t at = w.m.new.address, end = at + w.m.new.count *w.m.bucket_size, most = 16 << 10;
	for (uint64_t i = 0; i < w.t.reads; i++) {
		if (w.t.log[i].address == w.m.address / FAKE_PAGE * FAKE_PAGE) /* the header's page */
			continue;
		assert_int_equal(w.t.log[i].address, at);
		at += w.t.log[i].size;
		assert_true(w.t.log[i].size <= most && (w.t.log[i].size + w.m.bucket_size > most || at == end));
		most = most < 1 << 20 ? most * 2 : most;
	}
	assert_int_equal(at, end);
	fake_run_fini(&run);
	world_fini(&w);
}

static void first_rows_cost_the_same_in_any_map(void **state)
{
	uint64_t reads[2], bytes[2];

	(void)state;
	for (int large = 0; large < 2; large++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, large ? 15 : 8);
		fake_map_fill(&w.m, &w.m.new, 0, w.m.new.count * 3);
		fake_map_write(&w.m);
		fake_reset_counts(&w.t);
		struct fake_run run = fake_run(&w.t, "map-entries", "m --limit 20");
		assert_int_equal(run.status, MS_YES);
		fake_run_fini(&run);
		reads[large] = w.t.reads;
		bytes[large] = w.t.bytes_asked;
		world_fini(&w);
	}
	assert_int_equal(reads[0], reads[1]);
	assert_int_equal(bytes[0], bytes[1]);
	assert_true(reads[1] <= 3);
}

static void overflow_buckets_come_in_batches(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 7);
	for (uint64_t key = 0; key < 128 * 20; key++)
		fake_map_put(&w.m, &w.m.new, key % 128, key, key);
	fake_map_write(&w.m);
	fake_reset_counts(&w.t);
	struct fake_run run = fake_run(&w.t, "map-entries", "m --json");
	assert_int_equal(run.status, MS_YES);
	assert_true(w.t.reads < 12);
	fake_run_fini(&run);
	world_fini(&w);
}

static void chain_of_100_000_overflow_buckets(void **state)
{
	enum { LENGTH = 100000 };
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 0);
	struct fake_bucket *bucket = &w.m.new.buckets[0];
	for (uint64_t i = 0; i < LENGTH; i++) {
		struct fake_bucket *next = calloc(1, sizeof *next);
		assert_non_null(next);
		next->address = fake_alloc(&w.t, w.m.bucket_size);
		for (int s = 0; s < FAKE_SLOTS; s++)
			bucket->slots[s] = (struct fake_slot){ .tophash = 1, .state = "emptyOne" };
		bucket = bucket->next = next;
	}
	for (int s = 0; s < FAKE_SLOTS; s++)
		bucket->slots[s] = (struct fake_slot){ .tophash = 0, .state = "emptyRest" };
	bucket->slots[0] = (struct fake_slot){
		.tophash = 9, .state = "full", .key = 7, .elem = 8, .key_raw = 7, .elem_raw = 8, .shown = true
	};
	w.m.count = 1;
	fake_map_write(&w.m);
	fake_reset_counts(&w.t);
	fake_expect(&w.t, "map-entries", "m", MS_YES, "7: 8\n1 of 1 shown\n");
	assert_true(w.t.reads < LENGTH * w.m.bucket_size / FAKE_PAGE + 100);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_every_size_give_the_whole),
		cmocka_unit_test(offsets_pass_over_that_many),
		cmocka_unit_test(last_line_of_a_page_tells_the_next),
		cmocka_unit_test(outdated_hint_stays_in_its_chain),
		cmocka_unit_test(bucket_pages_tell_no_total),
		cmocka_unit_test(tokens_of_no_page_are_refused),
		cmocka_unit_test(one_bucket_of_either_array),
		cmocka_unit_test(iterator_gives_the_same_in_any_batch),
		cmocka_unit_test(printers_see_what_the_header_says),
		cmocka_unit_test(info_reads_the_header_only),
		cmocka_unit_test(array_is_streamed_in_growing_chunks),
		cmocka_unit_test(first_rows_cost_the_same_in_any_map),
		cmocka_unit_test(overflow_buckets_come_in_batches),
		cmocka_unit_test(chain_of_100_000_overflow_buckets),
	};

	return cmocka_run_group_tests_name("paging", tests, NULL, NULL);
}
