/* --where: which entries of a map of known ints it lets through, in both word sizes and byte orders; random conditions; every
   read and allocation that it needs failing in turn. Real types are fixtures/test_gdb_where.py's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

enum { ENTRIES = 40 };

/* Keys 0 to 39; elem is a pointer to a struct of the key's square and a text, nil for every fifth key.  */
static void world_of_nodes(struct world *w, uint32_t pointer_size, bool big_endian)
{
	fake_init(&w->t, pointer_size, big_endian);
	uint64_t node = fake_struct(&w->t, "node"), text = fake_pointer(&w->t, fake_char(&w->t));
	fake_member(&w->t, node, "square", fake_int(&w->t, 4));
	fake_member(&w->t, node, "name", text);
	struct fake_layout layout = { .name = "nodes", .key = fake_int(&w->t, 4), .elem = fake_pointer(&w->t, node) };
	fake_map_init(&w->m, &w->t, &layout);
	fake_open(&w->t);
	fake_map_array(&w->m, &w->m.new, 3);
	for (uint64_t key = 0; key < ENTRIES; key++) {
		uint64_t at = fake_alloc(&w->t, FAKE_PAGE); /* a read of its own */
		char name[16];
		snprintf(name, sizeof name, "node %d", (int)key);
		fake_write_uint(&w->t, at, 4, key * key);
		fake_write_uint(&w->t, at + fake_offset(&w->t, node, "name"), pointer_size, fake_text(&w->t, name));
		fake_map_put(&w->m, &w->m.new, key % 8, key, key % 5 ? at : 0);
	}
	fake_map_write(&w->m);
}

static struct fake_run run_where(struct world *w, const char *cond)
{
	char *line = fake_format("m --json --where (%s)", cond);
	struct fake_run run = fake_run(&w->t, "map-entries", line);

	free(line);
	return run;
}

static uint64_t rows_of(const struct fake_run *run)
{
	uint64_t rows = 0;

	for (const char *p = run->out; (p = strstr(p, "{\"key\": ")); p++)
		rows++;
	return rows;
}

static void conditions_in_every_layout(void **state)
{
	static const struct {
		const char *cond;
		uint64_t rows;
	} cases[] = {
		{ "key < 10", 10 },
		{ "key >= 10 && key < 20", 10 },
		{ "key < 2 || key > 37", 4 },
		{ "!(key < 2 || key > 37)", 36 },
		{ "key % 7 == 0", 6 },
		{ "elem == nil", 8 },
		{ "elem != NULL && key < 10", 8 },
		{ "elem->square == 36", 1 },
		{ "(*elem).square > 1000", 7 },
		{ "elem->name ~ \"de 3\"", 9 },
		{ "elem->name == \"node 39\"", 1 },
		{ "len(elem->name) == 6", 8 },
		{ "elem->name[5] == '7'", 1 },
		{ "key - 40 < -39 || 1 == 2", 1 },
		{ "key * 0.5 == 4.5", 1 },
		{ "-key == -3", 1 },
		{ "(key & 3) == 3 && (key | 1) != 7 && (key ^ 3) == 0", 1 },
		{ "elem->square > 1000 || key == 0", 8 }, /* one side unknown, the other decides */
	};

	(void)state;
	for (int layout = 0; layout < 4; layout++) {
		struct world w;
		world_of_nodes(&w, layout & 1 ? 4 : 8, layout & 2);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct fake_run run = run_where(&w, cases[i].cond);
			print_message("[          ] %s\n", cases[i].cond);
			assert_string_equal(run.error, "");
			assert_int_equal(run.status, MS_YES);
			assert_int_equal(rows_of(&run), cases[i].rows);
			fake_is_json_lines(run.out);
			fake_run_fini(&run);
		}
		world_fini(&w);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static void random_conditions(void **state)
{
	enum { LINES = 4000 };
	static const char *const tokens[] = {
		"key", "elem", "elem->square", "elem->name", "(",    ")",    "[",   "]", "->",	   ".", "*", "!",
		"&&",  "||",   "==",	       "<",	     "~",    "+",    "-",   "/", "%",	   "5", "0", "0x",
		"1e",  "\"",   "'a'",	       "nil",	     "len(", "name", "\\x", "|", "\"ab\"", " "
	};
	uint64_t seed = 7, understood = 0;
	struct world w;

	(void)state;
	world_of_nodes(&w, 8, false);
	for (int line = 0; line < LINES; line++) {
		char cond[256] = "";
		for (uint64_t n = 1 + next_random(&seed) % 9; n; n--)
			strcat(cond, tokens[next_random(&seed) % (sizeof tokens / sizeof *tokens)]);
		struct fake_run run = run_where(&w, cond);
		bool failed = *run.error;
		assert_true(failed ? run.status != MS_YES : run.status == MS_YES || run.status == MS_PARTIAL);
		assert_null(strchr(run.error, '\n'));
		understood += !failed;
		fake_run_fini(&run);
	}
	assert_true(understood > 50);
	world_fini(&w);
}

/* What a condition needs and does not get makes the answer partial, and never another one.  */
static void every_read_failing_is_told(void **state)
{
	struct world w;
	uint64_t n = 0, told = 0; /* most are read again, smaller */

	(void)state;
	world_of_nodes(&w, 8, false);
	struct fake_run sound = run_where(&w, "elem->name ~ \"3\"");
	assert_int_equal(sound.status, MS_YES);
	do {
		fake_reset_counts(&w.t);
		w.t.fail_read = ++n;
		w.t.provoked = false;
		struct fake_run run = run_where(&w, "elem->name ~ \"3\"");
		if (w.t.provoked) {
			assert_true(run.status == MS_PARTIAL || run.status == MS_FAILED || !strcmp(run.out, sound.out));
			told += run.status != MS_YES;
		} else {
			assert_string_equal(run.out, sound.out);
		}
		fake_run_fini(&run);
	} while (w.t.provoked);
	assert_true(n > 20 && told > 0);
	fake_run_fini(&sound);
	world_fini(&w);
}

static void what_cannot_be_read_is_counted(void **state)
{
	struct world w;

	(void)state;
	world_of_nodes(&w, 8, false);
	fake_unmap_pages(&w.t, w.m.new.buckets[3].slots[1].elem, 1);
	struct fake_run run = run_where(&w, "elem->square > 0");
	assert_int_equal(run.status, MS_PARTIAL);
	assert_int_equal(rows_of(&run), 31);
	fake_contains(run.out,
		      "--where: 1 entries are not shown, for what it asks cannot be read: Cannot access memory");
	fake_contains(run.out, "--where: 8 entries are not shown, for it has no answer there");
	fake_run_fini(&run);
	world_fini(&w);
}

static void interrupted_at_every_question(void **state)
{
	struct world w;

	(void)state;
	world_of_nodes(&w, 8, false);
	for (uint64_t n = 1;; n++) {
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		w.t.silent_call = n;
		w.t.provoked = false;
		struct fake_run run = run_where(&w, "elem->square > 4 && elem->name ~ \"3\"");
		bool provoked = w.t.provoked;
		assert_int_equal(run.status, provoked ? MS_PARTIAL : MS_YES);
		fake_run_fini(&run);
		if (!provoked)
			break;
		assert_true(n < 1000);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_in_every_layout),	 cmocka_unit_test(random_conditions),
		cmocka_unit_test(every_read_failing_is_told),	 cmocka_unit_test(what_cannot_be_read_is_counted),
		cmocka_unit_test(interrupted_at_every_question),
	};

	return cmocka_run_group_tests_name("where", tests, NULL, NULL);
}
