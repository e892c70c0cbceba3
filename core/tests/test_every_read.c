/* Every command that there is, with each of its reads failing, giving half of what was asked, each of its questions failing, and
   each of its allocations, in turn: the answer is what it was, or says that it is not whole, in one line where it is an error;
   and the next one is as if nothing had been. A command that is added is in here by its name; one that takes more than a map
   stands in `special'. What single commands owe beyond that is test_faults.c's and test_save.c's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "allocations.h"
#include "fake_world.h"

enum { LINES_MOST = 8, TURNS_MOST = 3000, AFTER = 5 };

static char folder[] = "/tmp/test_every_read.XXXXXX", before[64], after[64], record[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(before, sizeof before, "%s/before.core", folder);
	snprintf(after, sizeof after, "%s/after.core", folder);
	snprintf(record, sizeof record, "%s/record.jsonl", folder);
	FILE *file = fopen(record, "w");
	if (!file)
		return -1;
	fputs("{\"event\": \"start\", \"count\": 1, \"B\": 0, \"noverflow\": 0, \"time\": 0.000000, \"type\": "
	      "\"map[string]int\"}\n"
	      "{\"event\": \"grow\", \"count\": 8, \"B\": 0, \"time\": 0.100000, \"kind\": \"double\", "
	      "\"old_buckets\": 1, \"buckets\": 2}\n"
	      "{\"event\": \"grow-done\", \"count\": 8, \"time\": 0.300000, \"old_buckets\": 1, \"by\": "
	      "\"evacuation\"}\n"
	      "{\"event\": \"end\", \"count\": 9, \"time\": 1.000000, \"why\": \"stopped\"}\n",
	      file);
	return fclose(file);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(before);
	unlink(after);
	unlink(record);
	return rmdir(folder);
}

/* ---- What is asked ---- */

/* Lines of a command; % stands for a file of the folder. A name that is not here is asked about the map in the common ways.  */
static const struct {
	const char *name, *lines[LINES_MOST];
} special[] = {
	{ "map-save", { "m %" } },
	{ "map-list", { "--json", "--addr" } },
	{ "map-trace", { "--summary %" } }, /* of its own it waits for a program to go on */
	{ "map-break", { "grow m", "delete p if 1" } },
	{ "map-watch", { "m", "p --field flags", "m --bucket 1 --slot 0" } },
	{ "map-diff", { "m %", "m % --json" } },
	{ "map-get", { "m 1", "m 1 --json", "m 77 2" } },
	{ "map-entries",
	  { "m", "p --json", "m --sort key --json", "m --offset 9 --limit 5", "m --where (key > 3 && elem != 0) --json",
	    "m -o %" } },
};
static const char *const common[LINES_MOST] = { "m", "p --json" };

static const char *const *lines_of(const char *name)
{
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (!strcmp(special[i].name, name))
			return special[i].lines;
	return common;
}

static char *line_of(const char *name, const char *form)
{
	const char *file = strchr(form, '%');
	const char *path = !strcmp(name, "map-diff") ? before : !strcmp(name, "map-trace") ? record : after;

	return file ? fake_format("%.*s%s%s", (int)(file - form), form, path, file + 1) : fake_format("%s", form);
}

/* FAR: keys too large for a slot, elems that are texts. HASHED: keys can be found by their hash. BROKEN: a header that no map
   has.  */
enum map { NEAR, FAR, HASHED, BROKEN };

/* Growing, half of it evacuated, with overflow buckets.  */
static void growing(struct world *w, uint32_t pointer_size, bool big_endian, bool far)
{
	fake_init(&w->t, pointer_size, big_endian);
	uint64_t large = fake_struct(&w->t, "large"), tone = fake_enum(&w->t, "tone", 4);
	fake_enumerator(&w->t, tone, "low", 0);
	fake_member(&w->t, large, "n", fake_int(&w->t, 4));
	fake_member(&w->t, large, "tone", tone);
	fake_member(&w->t, large, "rest", fake_array(&w->t, fake_int(&w->t, 4), 40));
	uint64_t letter = fake_typedef(&w->t, "letter", fake_char(&w->t));
	struct fake_layout layout = { .name = "counts",
				      .descriptor = true,
				      .key_target = far ? large : 0,
				      .key = far ? fake_pointer(&w->t, large) : fake_int(&w->t, 4),
				      .elem = far ? fake_pointer(&w->t, letter) : fake_int(&w->t, 8) };
	fake_map_init(&w->m, &w->t, &layout);
	world_grow(w, 2, false);
	fake_map_evacuate_whole(&w->m, 0, false);
	fake_map_evacuate_whole(&w->m, 1, false);
	struct fake_array *arrays[] = { &w->m.old, &w->m.new };
	for (int a = 0; a < 2 && far; a++)
		for (uint64_t i = 0; i < arrays[a]->count; i++)
			for (struct fake_bucket *at = &arrays[a]->buckets[i]; at; at = at->next)
				for (int s = 0; s < FAKE_SLOTS; s++)
					at->slots[s].elem_raw = fake_text(&w->t, "some text");
}

/* The same, of keys that can be found by their hash.  */
static void growing_hashed(struct world *w, uint32_t pointer_size, bool big_endian)
{
	world_hashed(w, pointer_size, big_endian);
	fake_map_array(&w->m, &w->m.new, 2);
	for (uint64_t key = 0; key < 26; key++)
		world_put(w, &w->m.new, key);
	world_grow_hashed(w);
}

/* ---- What must hold ---- */

static bool says_so(const struct fake_run *run)
{
	static const char *const marks[] = { "$error", "<cannot read", "\"error\": \"", "cannot be read",
					     "not checked: whether" };

	if (run->status == MS_FAILED || run->status == MS_PARTIAL || *run->error)
		return true;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (strstr(run->out, marks[i]))
			return true;
	return false;
}

enum fault { FAILING_READ, SHORT_READ, FAILING_QUESTION, FAILING_ALLOCATION, FAULTS };

/* One fault, the N-th of its kind. False: there are fewer.  */
static bool one(struct world *w, const char *name, const char *line, const struct fake_run *whole, enum fault fault,
		uint64_t n)
{
	static const char *const words[FAULTS] = { "read fails", "read is short", "question fails",
						   "allocation fails" };
	uint64_t *const counts[FAULTS] = { &w->t.fail_read, &w->t.short_read, &w->t.fail_question };

	fake_open(&w->t);
	fake_reset_counts(&w->t);
	if (counts[fault])
		*counts[fault] = n;
	struct fake_run run = fault == FAILING_ALLOCATION ? fake_run_short_of_memory(&w->t, name, line, n)
							  : fake_run(&w->t, name, line);
	bool provoked = w->t.provoked;
	bool same = run.status == whole->status && !strcmp(run.out, whole->out) && !strcmp(run.error, whole->error);
	if (!same && !says_so(&run))
		fail_msg("%s %s, %s number %llu: status %d, error \"%s\", output\n%s\ninstead of %d, \"%s\",\n%s", name,
			 line, words[fault], (unsigned long long)n, run.status, run.error, run.out, whole->status,
			 whole->error, whole->out);
	if (run.status == MS_FAILED && (!*run.error || strchr(run.error, '\n')))
		fail_msg("%s %s, %s number %llu: not one line of error: \"%s\"", name, line, words[fault],
			 (unsigned long long)n, run.error);
	if (strstr(line, "--json"))
		fake_is_json_lines(run.out);
	fake_run_fini(&run);
	if (fault == FAILING_ALLOCATION && n % AFTER) /* most of the time goes there */
		return provoked;
	fake_reset_counts(&w->t);
	run = fake_run(&w->t, name, line); /* a failure leaves nothing behind */
	if (run.status != whole->status || strcmp(run.out, whole->out) || strcmp(run.error, whole->error))
		fail_msg("%s %s, after %s number %llu: status %d, error \"%s\", output\n%s", name, line, words[fault],
			 (unsigned long long)n, run.status, run.error, run.out);
	fake_run_fini(&run);
	return provoked;
}

static void everywhere(enum fault fault, uint32_t pointer_size, bool big_endian, enum map map)
{
	struct world w;
	const char *name;

	if (map == HASHED)
		growing_hashed(&w, pointer_size, big_endian);
	else
		growing(&w, pointer_size, big_endian, map == FAR);
	fake_map_write(&w.m);
	w.t.globals = true;
	fake_variable(&w.t, "m", w.m.header_type, w.m.address, NULL, 0);
	fake_variable(&w.t, "p", w.m.pointer_type, 0, NULL, 0);
	fake_open(&w.t);
	char *words = line_of("map-save", "m %");
	struct fake_run save = fake_run(&w.t, "map-save", words);
	assert_int_equal(save.status, MS_YES);
	assert_int_equal(rename(after, before), 0);
	fake_run_fini(&save);
	free(words);
	if (map == BROKEN)
		fake_map_poke(&w.m, "B", 70);
	for (uint32_t i = 0; (name = ms_command_name(i)); i++) {
		uint64_t of_command = 0;
		for (const char *const *form = lines_of(name); form < lines_of(name) + LINES_MOST && *form; form++) {
			char *line = line_of(name, *form);
			fake_open(&w.t);
			fake_reset_counts(&w.t);
			struct fake_run whole = fake_run(&w.t, name, line);
			if ((whole.status == MS_FAILED || whole.status == MS_STATUS_USAGE) && map == NEAR)
				fail_msg("%s %s: it cannot be tried: %s", name, line, whole.error);
			uint64_t n = 1;
			while (n < TURNS_MOST && one(&w, name, line, &whole, fault, n))
				n++;
			assert_true(n < TURNS_MOST);
			of_command += n - 1;
			fake_run_fini(&whole);
			free(line);
		}
		print_message("# %s: %llu\n", name, (unsigned long long)of_command);
		assert_true(of_command > 1 || map != NEAR || !strcmp(name, "map-trace"));
	}
	world_fini(&w);
}

static void nth_read_fails(void **state)
{
	(void)state;
	everywhere(FAILING_READ, 8, false, NEAR);
	everywhere(FAILING_READ, 8, false, FAR);
	everywhere(FAILING_READ, 8, false, HASHED);
	everywhere(FAILING_READ, 4, true, FAR);
}

static void nth_read_is_short(void **state)
{
	(void)state;
	everywhere(SHORT_READ, 8, false, NEAR);
	everywhere(SHORT_READ, 8, false, FAR);
	everywhere(SHORT_READ, 4, true, FAR);
}

static void nth_question_fails(void **state)
{
	(void)state;
	everywhere(FAILING_QUESTION, 8, false, NEAR);
	everywhere(FAILING_QUESTION, 8, false, FAR);
	everywhere(FAILING_QUESTION, 8, false, HASHED);
}

static void nth_allocation_fails(void **state)
{
	(void)state;
	everywhere(FAILING_ALLOCATION, 8, false, NEAR);
	everywhere(FAILING_ALLOCATION, 8, false, FAR);
	everywhere(FAILING_ALLOCATION, 8, false, HASHED);
	everywhere(FAILING_ALLOCATION, 8, false, BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nth_read_fails),
		cmocka_unit_test(nth_read_is_short),
		cmocka_unit_test(nth_question_fails),
		cmocka_unit_test(nth_allocation_fails),
	};

	return cmocka_run_group_tests_name("every_read", tests, make_folder, remove_folder);
}
