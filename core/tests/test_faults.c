/* Every read and every question made to fail in turn, every call-back to stay unanswered, and every allocation of an iterator to
   fail. Each time the answer is whole, or says that it is not. All commands alike are test_every_read.c's, and what the walk makes
   of memory that stays unreadable is test_walk.c's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "fake_map.h"

/* ---- The map that is asked for ---- */

struct world {
	struct fake_target t;
	struct fake_map m;
};

/* Growing, with chains, keys held by pointer and elems that are texts: every kind of read and question.  */
static void world_init(struct world *w)
{
	fake_init(&w->t, 8, false);
	uint64_t large = fake_struct(&w->t, "large"), tone = fake_enum(&w->t, "tone", 4);
	fake_enumerator(&w->t, tone, "low", 0);
	fake_member(&w->t, large, "n", fake_int(&w->t, 4));
	fake_member(&w->t, large, "tone", tone);
	fake_claims(&w->t, large)->byte_size = 200;
	struct fake_layout layout = { .name = "texts",
				      .descriptor = true,
				      .typedefs = true,
				      .key_target = large,
				      .key = fake_pointer(&w->t, large),
				      .elem = fake_pointer(&w->t, fake_typedef(&w->t, "", fake_char(&w->t))) };
	fake_map_init(&w->m, &w->t, &layout);
	fake_map_array(&w->m, &w->m.new, 2);
	fake_map_fill(&w->m, &w->m.new, 0, 30);
	fake_map_put(&w->m, &w->m.new, 1, 90, 0);
	fake_map_put(&w->m, &w->m.new, 1, 91, 0);
	fake_map_grow(&w->m, false);
	fake_map_evacuate_whole(&w->m, 0, true);
	struct fake_array *arrays[] = { &w->m.old, &w->m.new };
	for (int a = 0; a < 2; a++)
		for (uint64_t i = 0; i < arrays[a]->count; i++)
			for (struct fake_bucket *at = &arrays[a]->buckets[i]; at; at = at->next)
				for (int s = 0; s < FAKE_SLOTS; s++)
					at->slots[s].elem_raw = fake_text(&w->t, "some text");
	fake_map_write(&w->m);
	/* What map-list goes through on the way to it.  */
	uint64_t holder = fake_struct(&w->t, "holder");
	fake_member(&w->t, holder, "maps", fake_array(&w->t, w->m.pointer_type, 2));
	fake_member(&w->t, holder, "next", fake_pointer(&w->t, holder));
	uint64_t at = fake_alloc(&w->t, 24);
	fake_write_uint(&w->t, at, 8, w->m.address);
	fake_write_uint(&w->t, at + 8, 8, 0);
	fake_write_uint(&w->t, at + 16, 8, at);
	fake_variable(&w->t, "all", holder, at, NULL, 0);
	w->t.globals = true;
}

static void world_fini(struct world *w)
{
	fail_allocation = 0;
	fake_map_fini(&w->m);
	fake_fini(&w->t);
}

static const struct {
	const char *name, *line;
} commands[] = {
	{ "map-entries", "m --json" }, { "map-entries", "p" },
	{ "map-buckets", "m --json" }, { "map-entries", "m --sort key --json" },
	{ "map-info", "m --json" },    { "map-info", "m" },
	{ "map-list", "--json" },      { "map-list", "" },
	{ "map-check", "m --json" },   { "map-check", "p" },
	{ "map-stats", "m --json" },   { "map-stats", "m" },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* What the run printed before its last line is the beginning of WHOLE.  */
static void assert_is_beginning(const char *out, const char *whole)
{
	size_t size = strlen(out);

	while (size > 1 && out[size - 2] != '\n')
		size--;
	if (size > 1)
		assert_memory_equal(out, whole, size - 1);
}

/* An answer that is not WHOLE must say so: by its status, an error line, or where the missing part stands.  */
static void assert_whole_or_said(const struct fake_run *run, const char *whole, bool json)
{
	if (!strcmp(run->out, whole) && run->status == MS_YES)
		return;
	bool said = run->status == MS_FAILED || run->status == MS_PARTIAL || strstr(run->out, "$error") ||
		    strstr(run->out, "<cannot read") || (run->status == MS_NO && strstr(run->out, "cannot be read")) ||
		    strstr(run->out, "not checked");
	if (!said)
		fail_msg("status %d, error \"%s\", output %s", run->status, run->error, run->out);
	if (json)
		fake_is_json_lines(run->out);
	if (run->status == MS_FAILED)
		assert_true(*run->error);
}

static void nth_read_fails(void **state)
{
	(void)state;
	for (int i = 0; i < COMMANDS; i++) {
		struct world w;
		world_init(&w);
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		struct fake_run whole = fake_run(&w.t, commands[i].name, commands[i].line);
		uint64_t reads = w.t.reads;
		assert_int_equal(whole.status, MS_YES);
		for (uint64_t n = 1; n <= reads; n++) {
			fake_open(&w.t);
			fake_reset_counts(&w.t);
			w.t.fail_read = n;
			struct fake_run run = fake_run(&w.t, commands[i].name, commands[i].line);
			assert_true(w.t.provoked);
			assert_whole_or_said(&run, whole.out, strstr(commands[i].line, "json"));
			assert_true(w.t.reads < 2 * reads + 50);
			fake_run_fini(&run);
			fake_reset_counts(&w.t);
			run = fake_run(&w.t, commands[i].name, commands[i].line); /* a failure leaves nothing behind */
			assert_string_equal(run.out, whole.out);
			assert_int_equal(run.status, MS_YES);
			fake_run_fini(&run);
		}
		fake_run_fini(&whole);
		world_fini(&w);
	}
}

/* A type that the debugger cannot tell: less is shown of a value, but entries neither vanish nor appear.  */
static void nth_question_fails(void **state)
{
	(void)state;
	for (int i = 0; i < COMMANDS; i++) {
		struct world w;
		world_init(&w);
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		struct fake_run whole = fake_run(&w.t, commands[i].name, commands[i].line);
		uint64_t questions = w.t.questions;
		const char *end = strstr(whole.out, "\"end\"");
		for (uint64_t n = 1; n <= questions; n++) {
			fake_open(&w.t);
			fake_reset_counts(&w.t);
			w.t.fail_question = n;
			struct fake_run run = fake_run(&w.t, commands[i].name, commands[i].line);
			assert_true(w.t.provoked);
			if (end)
				fake_is_json_lines(run.out);
			if (run.status == MS_YES && end)
				fake_contains(run.out, "\"partial\": null");
			if (run.status == MS_YES && !strcmp(commands[i].name, "map-entries"))
				fake_contains(run.out,
					      end ? "{\"end\": {\"shown\": 32, \"of\": 32," : "\n32 of 32 shown\n");
			assert_true(run.status == MS_YES || run.status == MS_PARTIAL || *run.error);
			fake_run_fini(&run);
		}
		fake_run_fini(&whole);
		world_fini(&w);
	}
}

static void nth_call_back_is_unanswered(void **state)
{
	(void)state;
	for (int i = 0; i < COMMANDS; i++) {
		struct world w;
		bool json = strstr(commands[i].line, "json");
		world_init(&w);
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		struct fake_run whole = fake_run(&w.t, commands[i].name, commands[i].line);
		uint64_t calls = w.t.reads + w.t.questions;
		for (uint64_t n = 1; n <= calls; n++) {
			fake_open(&w.t);
			fake_reset_counts(&w.t);
			w.t.silent_call = n;
			struct fake_run run = fake_run(&w.t, commands[i].name, commands[i].line);
			assert_true(w.t.provoked);
			if (run.status != MS_PARTIAL)
				fail_msg("%s, call %lu: status %d, error \"%s\"", commands[i].line, (unsigned long)n,
					 run.status, run.error);
			if (*run.error) {
				fake_contains(run.error, "interrupted");
				assert_string_equal(run.out, "");
			} else {
				fake_contains(run.out, json ? "\"partial\": \"interrupted\"" : "interrupted: ");
				if (strcmp(commands[i].name, "map-stats")) /* its numbers are those of what was read */
					assert_is_beginning(run.out, whole.out);
			}
			if (json)
				fake_is_json_lines(run.out);
			assert_true(w.t.reads + w.t.questions < n + 60); /* little is asked behind a Ctrl-C */
			fake_run_fini(&run);
			fake_reset_counts(&w.t);
			run = fake_run(&w.t, commands[i].name, commands[i].line);
			assert_string_equal(run.out, whole.out);
			assert_int_equal(run.status, MS_YES);
			fake_run_fini(&run);
		}
		fake_run_fini(&whole);
		world_fini(&w);
	}
}

/* An interrupted listing goes on where its hint says.  */
static void interrupted_listing_goes_on_by_its_hint(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	fake_open(&w.t);
	fake_reset_counts(&w.t);
	struct fake_run whole = fake_run(&w.t, "map-entries", "m --json");
	const char *whole_end = strstr(whole.out, "{\"end\"");
	uint64_t calls = w.t.reads + w.t.questions;
	for (uint64_t n = 1; n <= calls; n++) {
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		w.t.silent_call = n;
		struct fake_run run = fake_run(&w.t, "map-entries", "m --json");
		char *end = strstr(run.out, "{\"end\""), *hint = end ? strstr(end, "\"next\": \"") : NULL;
		if (!hint) {
			assert_true(*run.error);
			fake_run_fini(&run);
			continue;
		}
		char *line = fake_format("m --json --from %.*s", (int)strcspn(hint + 9, "\""), hint + 9);
		fake_reset_counts(&w.t);
		struct fake_run rest = fake_run(&w.t, "map-entries", line);
		char *rest_end = strstr(rest.out, "{\"end\"");
		assert_non_null(rest_end);
		*end = *rest_end = 0;
		char *both = fake_format("%s%s", run.out, rest.out);
		assert_int_equal(strlen(both), whole_end - whole.out);
		assert_memory_equal(both, whole.out, strlen(both));
		free(both);
		free(line);
		fake_run_fini(&run);
		fake_run_fini(&rest);
	}
	fake_run_fini(&whole);
	world_fini(&w);
}

static void nth_allocation_of_an_iterator_fails(void **state)
{
	struct world w;
	bool failed = true;

	(void)state;
	world_init(&w);
	for (uint64_t n = 1; failed; n++) {
		struct ms_value value = { .size = sizeof value, .type = w.m.header_type, .address = w.m.address };
		struct ms_batch batch = { .size = sizeof batch };
		struct ms_map *map = NULL;
		struct ms_iter *iter = NULL;
		uint64_t given = 0;

		fake_open(&w.t);
		allocations = 0;
		fail_allocation = n;
		int32_t status = ms_map_open(w.t.ctx, &value, &map);
		if (status == MS_OK)
			status = ms_iter_new(map, "", &iter);
		while (status == MS_OK) {
			status = ms_iter_next(iter, 10, &batch);
			if (status != MS_OK || !batch.count)
				break;
			given += batch.count;
		}
		failed = allocations >= n;
		fail_allocation = 0;
		assert_true(given <= 32 && (failed || (status == MS_OK && given == 32)));
		ms_iter_free(iter);
		if (map)
			ms_map_free(map);
	}
	world_fini(&w);
}

/* All keys and elems, a line each, then what is to be known of them; NULL: it fails.  */
static char *listed(struct world *w)
{
	struct ms_value value = { .size = sizeof value, .type = w->m.header_type, .address = w->m.address };
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_map *map;
	struct ms_iter *iter;
	char *out = NULL;
	size_t size;

	if (ms_type_is_map(w->t.ctx, w->m.header_type) != MS_OK || ms_map_open(w->t.ctx, &value, &map) != MS_OK)
		return NULL;
	FILE *text = open_memstream(&out, &size);
	assert_non_null(text);
	fprintf(text, "%s\n", ms_map_summary(map));
	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	assert_int_equal(ms_iter_next(iter, 100, &batch), MS_OK);
	for (uint64_t i = 0; i < batch.count; i++) {
		fprintf(text, "%s: ", ms_iter_key_text(iter, i));
		fprintf(text, "%s\n", ms_iter_elem_text(iter, i));
	}
	assert_int_equal(ms_iter_next(iter, 100, &batch), MS_OK);
	fprintf(text, "note: %s\n", ms_iter_note(iter));
	fclose(text);
	ms_iter_free(iter);
	ms_map_free(map);
	return out;
}

static void nth_question_of_an_iterator_fails(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	fake_open(&w.t);
	fake_reset_counts(&w.t);
	char *whole = listed(&w);
	uint64_t questions = w.t.questions;
	fake_contains(whole, "\nnote: \n");
	for (uint64_t n = 1; n <= questions; n++) {
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		w.t.fail_question = n;
		char *text = listed(&w);
		assert_true(w.t.provoked);
		if (text && strcmp(text, whole))
			assert_null(strstr(text, "\nnote: \n"));
		free(text);
		fake_reset_counts(&w.t);
		text = listed(&w); /* a failure leaves nothing behind */
		assert_string_equal(text, whole);
		free(text);
	}
	assert_true(questions > 20);
	free(whole);
	world_fini(&w);
}

/* Whoever frees a context after a failure frees all of it: the leak check at exit sees to that.  */
static void contexts_without_memory(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	struct ms_memory memory = { .size = sizeof memory, .pointer_size = 8 };
	struct ms_types types = { .size = sizeof types };
	assert_null(ms_new(&memory, &types)); /* no read */
	memory.read = (void (*)(void *, uint64_t, void *, uint64_t, int64_t *))1;
	memory.size--;
	assert_null(ms_new(&memory, &types)); /* an older caller */
	memory.size++;
	memory.pointer_size = 2;
	assert_null(ms_new(&memory, &types));
	memory.pointer_size = 8;
	allocations = 0;
	fail_allocation = 1;
	struct ms_context *ctx = ms_new(&memory, &types);
	fail_allocation = 0;
	assert_null(ctx);
	ms_free(NULL);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nth_read_fails),
		cmocka_unit_test(nth_question_fails),
		cmocka_unit_test(nth_call_back_is_unanswered),
		cmocka_unit_test(interrupted_listing_goes_on_by_its_hint),
		cmocka_unit_test(nth_allocation_of_an_iterator_fails),
		cmocka_unit_test(nth_question_of_an_iterator_fails),
		cmocka_unit_test(contexts_without_memory),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
