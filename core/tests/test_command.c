/* The life of a command: slices, output, interruption at every boundary, --sort, -o, --type, and the message for each
   wrong input. What rows hold is test_walk.c's and test_value.c's.  */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_map.h"

struct world {
	struct fake_target t;
	struct fake_map m;
};

static void world_of(struct world *w, uint64_t key, uint64_t elem)
{
	struct fake_layout layout = { .name = "counts", .key = key, .elem = elem };

	fake_map_init(&w->m, &w->t, &layout);
	fake_open(&w->t);
}

static void world_init(struct world *w, uint8_t B, uint64_t entries)
{
	fake_init(&w->t, 8, false);
	world_of(w, fake_int(&w->t, 4), fake_int(&w->t, 8));
	fake_map_array(&w->m, &w->m.new, B);
	fake_map_fill(&w->m, &w->m.new, 0, entries);
	fake_map_write(&w->m);
}

static void world_fini(struct world *w)
{
	fake_map_fini(&w->m);
	fake_fini(&w->t);
}

/* ---- Slices ---- */

static void slices_of_any_length_print_the_same(void **state)
{
	static const char *const commands[] = { "map-entries", "map-buckets", "map-info" };
	struct world w;

	(void)state;
	world_init(&w, 8, 1000);
	for (int i = 0; i < 3; i++) {
		struct fake_run whole = fake_run(&w.t, commands[i], "m --json");
		struct fake_run sliced = fake_run_sliced(&w.t, commands[i], "m --json", 0);
		assert_int_equal(whole.status, MS_YES);
		assert_string_equal(whole.out, sliced.out);
		assert_true(i == 2 || sliced.steps > 10);
		fake_is_json_lines(whole.out);
		fake_run_fini(&whole);
		fake_run_fini(&sliced);
	}
	world_fini(&w);
}

/* 64 KiB and a row.  */
static void output_waits_to_be_fetched(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 9, 3000);
	struct fake_run run = fake_run(&w.t, "map-buckets", "m --json");
	assert_true(run.size > 256 << 10);
	assert_true(run.largest < (64 << 10) + 2048);
	assert_true(run.steps >= run.size / ((64 << 10) + 2048));
	fake_run_fini(&run);
	world_fini(&w);
}

static void output_is_given_once(void **state)
{
	struct world w;
	uint64_t size;

	(void)state;
	world_init(&w, 1, 3);
	struct ms_command *cmd = ms_command_new(w.t.ctx, "map-entries", "m");
	assert_string_equal(ms_command_output(cmd, &size), "");
	assert_int_equal(ms_command_step(cmd, 1000), MS_OK);
	fake_contains(ms_command_output(cmd, &size), "3 of 3 shown\n");
	assert_int_equal(size, strlen(ms_command_output(cmd, &size)));
	assert_int_equal(ms_command_step(cmd, 1000), MS_OK); /* again after the end */
	assert_string_equal(ms_command_output(cmd, &size), "");
	assert_int_equal(size, 0);
	assert_int_equal(ms_command_status(cmd), MS_YES);
	ms_command_interrupt(cmd); /* too late: nothing changes */
	assert_int_equal(ms_command_step(cmd, 1000), MS_OK);
	assert_int_equal(ms_command_status(cmd), MS_YES);
	ms_command_free(cmd);
	ms_command_free(NULL);
	world_fini(&w);
}

static void progress_goes_up_to_the_end(void **state)
{
	struct world w;
	uint64_t size, done, total, last = 0;

	(void)state;
	world_init(&w, 8, 1000);
	struct ms_command *cmd = ms_command_new(w.t.ctx, "map-entries", "m --json");
	ms_command_progress(cmd, &done, &total);
	assert_true(done == 0 && total == 0);
	while (ms_command_step(cmd, 0) == MS_AGAIN) {
		ms_command_progress(cmd, &done, &total);
		assert_true(total == 256 && done >= last && done <= total);
		last = done;
		ms_command_output(cmd, &size);
	}
	ms_command_progress(cmd, &done, &total);
	assert_int_equal(done, total);
	ms_command_free(cmd);
	world_fini(&w);
}

static void interrupted_at_every_boundary(void **state)
{
	static const char *const lines[] = { "m --json", "m --json --sort key", "m --json --limit 500" };
	struct world w;

	(void)state;
	world_init(&w, 7, 600);
	for (int i = 0; i < 3; i++) {
		struct fake_run whole = fake_run_sliced(&w.t, "map-entries", lines[i], 0);
		for (uint64_t step = 1; step <= whole.steps; step++) {
			struct fake_run run = fake_run_interrupted(&w.t, "map-entries", lines[i], step);
			assert_int_equal(run.status, MS_PARTIAL);
			assert_int_equal(run.steps, step);
			if (step == 1) {
				assert_string_equal(run.error, "interrupted");
				assert_string_equal(run.out, "");
			} else {
				assert_string_equal(run.error, "");
				fake_is_json_lines(run.out);
				const char *end = strstr(run.out, "{\"end\": {\"shown\": ");
				assert_non_null(end);
				fake_contains(end, "\"partial\": \"interrupted\"");
				assert_memory_equal(run.out, whole.out, end - run.out);
			}
			fake_run_fini(&run);
		}
		fake_run_fini(&whole);
	}
	struct fake_run run = fake_run_interrupted(&w.t, "map-entries", "m", 2);
	fake_contains(run.out, "\ninterrupted: ");
	fake_contains(run.out, " of 600 shown, next page: --from new.");
	fake_run_fini(&run);
	world_fini(&w);
}

static void default_limit_holds_for_text_alone(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 6, 300);
	struct fake_run run = fake_run(&w.t, "map-entries", "m");
	fake_contains(run.out, "\n200 of 300 shown, next page: --from new.");
	assert_int_equal(run.status, MS_YES);
	fake_run_fini(&run);
	run = fake_run(&w.t, "map-entries", "m --limit 0");
	fake_contains(run.out, "\n300 of 300 shown\n");
	fake_run_fini(&run);
	run = fake_run(&w.t, "map-entries", "m --json");
	fake_contains(run.out, "{\"end\": {\"shown\": 300, \"of\": 300, \"partial\": null");
	fake_run_fini(&run);
	ms_set_default_limit(w.t.ctx, 3);
	fake_expect(&w.t, "map-entries", "m --offset 298", MS_YES, "201: 2010\n265: 2650\n2 of 300 shown\n");
	ms_set_default_limit(w.t.ctx, 0);
	run = fake_run(&w.t, "map-entries", "m");
	fake_contains(run.out, "\n300 of 300 shown\n");
	fake_run_fini(&run);
	world_fini(&w);
}

static void addresses_on_demand(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 0, 1);
	char *expected =
		fake_format("0: 0  (key 0x%llx, elem 0x%llx)\n1 of 1 shown\n", (unsigned long long)w.m.new.address + 8,
			    (unsigned long long)w.m.new.address + 8 + 32);
	fake_expect(&w.t, "map-entries", "m --addr", MS_YES, expected);
	free(expected);
	world_fini(&w);
}

/* ---- --sort ---- */

/* A map with keys of that type and values, in this order; elems 0, 1, ….  */
static void sort_world(struct world *w, uint64_t (*key_type)(struct fake_target *t), const uint64_t *keys,
		       uint64_t count)
{
	fake_init(&w->t, 8, false);
	world_of(w, key_type(&w->t), fake_int(&w->t, 4));
	fake_map_array(&w->m, &w->m.new, 0);
	for (uint64_t i = 0; i < count; i++)
		fake_map_put(&w->m, &w->m.new, 0, keys[i], i);
	fake_map_write(&w->m);
}

static void assert_sorted(uint64_t (*key_type)(struct fake_target *t), const uint64_t *keys, uint64_t count,
			  const char *expected)
{
	struct world w;

	sort_world(&w, key_type, keys, count);
	fake_expect(&w.t, "map-entries", "m --sort key", MS_YES, expected);
	world_fini(&w);
}

static uint64_t signed_key(struct fake_target *t)
{
	return fake_int(t, 2);
}

static uint64_t unsigned_key(struct fake_target *t)
{
	return fake_uint(t, 8);
}

static uint64_t double_key(struct fake_target *t)
{
	return fake_scalar(t, MS_FLOAT, "double", 8);
}

static uint64_t float_key(struct fake_target *t)
{
	return fake_scalar(t, MS_FLOAT, "float", 4);
}

static uint64_t pointer_key(struct fake_target *t)
{
	return fake_pointer(t, 0);
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static uint64_t bits_of_float(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static void numbers_sort_as_numbers(void **state)
{
	(void)state;
	assert_sorted(signed_key, (const uint64_t[]){ 10, 9, (uint16_t)-1, 0, (uint16_t)-300 }, 5,
		      "-300: 4\n-1: 2\n0: 3\n9: 1\n10: 0\n5 of 5 shown\n");
	assert_sorted(unsigned_key, (const uint64_t[]){ UINT64_MAX, 9, 1, 10 }, 4,
		      "1: 2\n9: 1\n10: 3\n18446744073709551615: 0\n4 of 4 shown\n");
	assert_sorted(pointer_key, (const uint64_t[]){ 0x1000, 0x999, 0, 0x20000 }, 4,
		      "NULL: 2\n0x999: 1\n0x1000: 0\n0x20000: 3\n4 of 4 shown\n");
}

static void floats_sort_with_nan_last(void **state)
{
	const uint64_t doubles[] = { bits_of(NAN), bits_of(1.5),      bits_of(-INFINITY), bits_of(-0.0),
				     bits_of(-2),  bits_of(INFINITY), bits_of(0.0),	  bits_of(DBL_MAX) };
	const uint64_t singles[] = { bits_of_float(NAN), bits_of_float(1.5f), bits_of_float(-1.5f),
				     bits_of_float(-INFINITY) };

	(void)state;
	assert_sorted(
		double_key, doubles, 8,
		"-Inf: 2\n-2: 4\n-0.0: 3\n0: 6\n1.5: 1\n1.7976931348623157e+308: 7\n+Inf: 5\nNaN: 0\n8 of 8 shown\n");
	assert_sorted(float_key, singles, 4, "-Inf: 3\n-1.5: 2\n1.5: 1\nNaN: 0\n4 of 4 shown\n");
}

static void texts_sort_by_their_bytes(void **state)
{
	static const char *const texts[] = { "b", "a b", "", "a", "\xc3\xa9", "a!", "Z", "a\"", "a\x01", "a#" };
	struct world w;
	uint64_t keys[10];

	(void)state;
	fake_init(&w.t, 8, false);
	world_of(&w, fake_pointer(&w.t, fake_char(&w.t)), fake_int(&w.t, 4));
	fake_map_array(&w.m, &w.m.new, 0);
	for (uint64_t i = 0; i < 10; i++) {
		keys[i] = fake_text(&w.t, texts[i]);
		fake_map_put(&w.m, &w.m.new, 0, keys[i], i);
	}
	fake_map_write(&w.m);
	fake_expect(
		&w.t, "map-entries", "m --sort key", MS_YES,
		"\"\": 2\n\"Z\": 6\n\"a\": 3\n\"a\\x01\": 8\n\"a b\": 1\n\"a!\": 5\n\"a\\\"\": 7\n\"a#\": 9\n\"b\": 0\n"
		"\"\\xc3\\xa9\": 4\n10 of 10 shown\n");
	struct fake_run text = fake_run(&w.t, "map-entries", "m --sort key --json");
	fake_contains(text.out,
		      "{\"key\": \"a\", \"elem\": 3}\n{\"key\": \"a\\u0001\", \"elem\": 8}\n{\"key\": \"a b\"");
	fake_run_fini(&text);
	world_fini(&w);
}

static void sort_keeps_limit_and_offset(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 5, 180);
	fake_expect(&w.t, "map-entries", "m --sort key --limit 3", MS_YES, "0: 0\n1: 10\n2: 20\n3 of 180 shown\n");
	fake_expect(&w.t, "map-entries", "m --sort key --limit 2 --offset 100", MS_YES,
		    "100: 1000\n101: 1010\n2 of 180 shown\n");
	fake_expect(&w.t, "map-entries", "m --sort key --offset 179 --json", MS_YES,
		    "{\"key\": 179, \"elem\": 1790}\n"
		    "{\"end\": {\"shown\": 1, \"of\": 180, \"partial\": null, \"notes\": []}}\n");
	fake_expect(&w.t, "map-entries", "m --sort key --offset 180", MS_YES, "0 of 180 shown\n");
	fake_expect(&w.t, "map-entries", "m --sort key --limit 1 --offset 178 --json", MS_YES,
		    "{\"key\": 178, \"elem\": 1780}\n"
		    "{\"end\": {\"shown\": 1, \"of\": 180, \"partial\": \"limit\", \"notes\": []}}\n");
	struct fake_run run = fake_run(&w.t, "map-entries", "m --sort key");
	const char *p = run.out;
	for (int key = 0; key < 180; key++, p = strchr(p, '\n') + 1)
		assert_int_equal(atoi(p), key);
	assert_string_equal(p, "180 of 180 shown\n");
	fake_run_fini(&run);
	world_fini(&w);
}

static void sort_refuses_more_than_a_million_rows(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 2, 10);
	fake_map_poke(&w.m, "B", 18);
	fake_map_poke(&w.m, "count", 1000001);
	struct fake_run run = fake_run(&w.t, "map-entries", "m --sort key --limit 0");
	assert_int_equal(run.status, MS_STATUS_USAGE);
	assert_string_equal(run.error,
			    "--sort of 1000001 rows: more than 1000000 are not kept; add --limit, or pipe --json "
			    "through sort");
	fake_run_fini(&run);
	fake_expect_error(&w.t, "map-entries", "m --sort key --limit 1000001", MS_STATUS_USAGE,
			  "--sort keeps at most 1000000 rows");
	fake_expect_error(&w.t, "map-entries", "m --sort key --from new.0.0", MS_STATUS_USAGE,
			  "--from follows the map's own order: leave out --sort, or page with --offset");
	world_fini(&w);
}

/* ---- -o ---- */

static char *file_text(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	if (getdelim(&text, &size, 0, file) < 0)
		text[0] = 0;
	fclose(file);
	return text;
}

static void file_holds_what_the_screen_would(void **state)
{
	static const struct {
		const char *name, *line, *end;
	} cases[] = {
		{ "map-entries", "m --limit 0", "300 of 300 shown\n" },
		{ "map-entries", "m --json", "300 of 300 shown\n" },
		{ "map-entries", "m --sort key --json", "300 of 300 shown\n" },
		{ "map-entries", "m --limit 7", "7 of 300 shown, next page: --from new.1.2\n" },
		{ "map-buckets", "m --limit 0", "64 of 64 shown\n" },
		{ "map-info", "m", "1 of 1 shown\n" },
		{ "map-info", "m --json", "1 of 1 shown\n" },
	};
	char path[] = "/tmp/mapscope-test-XXXXXX";
	struct world w;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	world_init(&w, 6, 300);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fake_run screen = fake_run(&w.t, cases[i].name, cases[i].line);
		char *line = fake_format("%s -o %s", cases[i].line, path),
		     *shown = fake_format("%s: %s", path, cases[i].end);
		fake_expect(&w.t, cases[i].name, line, MS_YES, shown);
		char *text = file_text(path);
		assert_string_equal(text, screen.out);
		free(text);
		free(line);
		free(shown);
		fake_run_fini(&screen);
	}
	unlink(path);
	world_fini(&w);
}

static void file_that_cannot_be_opened(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 0, 1);
	fake_expect_error(&w.t, "map-entries", "m -o /nonexistent/x", MS_FAILED,
			  "cannot write /nonexistent/x: No such file or directory");
	fake_expect_error(&w.t, "map-info", "m -o (/nonexistent/a\x1b b)", MS_FAILED,
			  "cannot write /nonexistent/a\\x1b b: No such file or directory");
	world_fini(&w);
}

/* Whatever the size: within one buffer of stdio, beyond it, and beyond the command's own.  */
static void full_disk(void **state)
{
	static const uint64_t entries[] = { 1, 300, 3000 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct world w;
		world_init(&w, 9, entries[i]);
		fake_expect_error(&w.t, "map-entries", "m -o /dev/full", MS_FAILED,
				  "cannot write /dev/full: No space left on device");
		fake_expect_error(&w.t, "map-buckets", "m --json -o /dev/full", MS_FAILED,
				  "cannot write /dev/full: No space left on device");
		world_fini(&w);
	}
}

static void interrupted_file_says_so(void **state)
{
	char path[] = "/tmp/mapscope-test-XXXXXX";
	struct world w;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	world_init(&w, 7, 600);
	char *line = fake_format("m --json -o %s", path);
	struct fake_run run = fake_run_interrupted(&w.t, "map-entries", line, 3);
	assert_int_equal(run.status, MS_PARTIAL);
	fake_contains(run.out, "interrupted: ");
	char *text = file_text(path);
	fake_is_json_lines(text);
	fake_contains(text, "\"partial\": \"interrupted\"");
	free(text);
	free(line);
	fake_run_fini(&run);
	unlink(path);
	world_fini(&w);
}

/* ---- --type ---- */

static void addresses_with_a_type(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 0, 1);
	uint8_t pointer[8];
	fake_store(&w.t, pointer, 8, w.m.address);
	fake_expr(&w.t, "raw", fake_pointer(&w.t, 0), 0x1234, pointer, 8);
	fake_expr(&w.t, "place", fake_struct(&w.t, "opaque"), w.m.address, NULL, 0);
	fake_expr(&w.t, "nowhere", fake_struct(&w.t, "opaque"), 0, NULL, 0);
	char *hex = fake_format("0x%llx --type (struct counts)", (unsigned long long)w.m.address);
	char *decimal = fake_format("%llu --type (struct counts *)", (unsigned long long)w.m.address);
	const char *lines[] = { hex, decimal, "raw --type (struct counts)", "--type (struct counts) place" };
	for (int i = 0; i < 4; i++)
		fake_expect(&w.t, "map-entries", lines[i], MS_YES, "0: 0\n1 of 1 shown\n");
	fake_expect(&w.t, "map-entries", "0 --type (struct counts)", MS_YES, "note: nil map\n0 of 0 shown\n");
	fake_expect_error(&w.t, "map-entries", "nowhere --type (struct counts)", MS_STATUS_USAGE,
			  "not an address: with --type, give a number, a pointer or a variable");
	fake_expect_error(&w.t, "map-entries", "0x10 --type (struct counts)", MS_FAILED,
			  "0x10: cannot read the map's header, 48 bytes at 0x10");
	fake_expect_error(&w.t, "map-entries", "0x10 --type (struct\x1b other)", MS_FAILED,
			  "0x10: no type is named \"struct\\x1b other\" here");
	fake_expect_error(&w.t, "map-entries", "0x10 --type *", MS_FAILED, "0x10: not the name of a type");
	fake_name(&w.t, "int", fake_int(&w.t, 4));
	fake_expect_error(
		&w.t, "map-entries", "0x10 --type int", MS_FAILED,
		"0x10: type is int, which is no map: expected a struct with count, flags, B and buckets, or a pointer "
		"to one");
	free(hex);
	free(decimal);
	world_fini(&w);
}

/* ---- A map found once, to be asked about again ---- */

static void expect_found(struct world *w, const char *line, uint64_t type, uint64_t address)
{
	uint64_t found_type = 1, found_address = 1;

	assert_int_equal(ms_map_find(w->t.ctx, line, &found_type, &found_address), MS_OK);
	assert_int_equal(found_type, type);
	assert_int_equal(found_address, address);
}

static void expect_lost(struct world *w, const char *line, int32_t code, const char *error)
{
	uint64_t type = 7, address = 7;

	assert_int_equal(ms_map_find(w->t.ctx, line, &type, &address), code);
	assert_string_equal(ms_error(w->t.ctx), error);
	assert_true(type == 7 && address == 7);
}

static void map_is_found_by_the_words_of_a_line(void **state)
{
	struct world w;
	uint8_t nothing[48] = { 0 };

	(void)state;
	world_init(&w, 6, 300);
	fake_expr(&w.t, "held", w.m.header_type, 0, nothing, fake_size(&w.t, w.m.header_type));
	fake_expr(&w.t, "nil", w.m.pointer_type, 0, nothing, 8);
	fake_expr(&w.t, "number", fake_int(&w.t, 4), 0, nothing, 4);
	expect_found(&w, "m", w.m.header_type, w.m.address);
	expect_found(&w, "p", w.m.pointer_type, w.m.address);
	expect_found(&w, "nil", w.m.pointer_type, 0);
	char *line = fake_format("%llu --type (struct counts *)", (unsigned long long)w.m.address);
	expect_found(&w, line, w.m.pointer_type, w.m.address);
	free(line);
	fake_map_poke(&w.m, "B", 60); /* damaged, and there all the same */
	expect_found(&w, "m", w.m.header_type, w.m.address);
	expect_lost(&w, "held", MS_REFUSED, "it lies in no memory, so that it cannot be found again");
	expect_lost(&w, "number", MS_BAD_TYPE,
		    "type is int, which is no map: expected a struct with count, flags, B and buckets, or a pointer to "
		    "one");
	expect_lost(&w, "m --limit 3", MS_USAGE,
		    "\"--limit\" is no option of this command; it has --type --expr (-- ends the options)");
	world_fini(&w);
}

static void map_is_not_found_where_an_answer_fails(void **state)
{
	uint64_t type, address;
	struct world w;

	(void)state;
	for (uint64_t n = 1, provoked = 1; provoked; n++) {
		world_init(&w, 1, 3);
		fake_reset_counts(&w.t);
		w.t.silent_call = n;
		int32_t code = ms_map_find(w.t.ctx, "p", &type, &address);
		provoked = w.t.provoked;
		assert_true(n > 5 || provoked);
		assert_int_equal(code, provoked ? MS_INTERRUPTED : MS_OK);
		world_fini(&w);
	}
}

/* ---- Wrong input ---- */

static void messages_for_wrong_input(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 0, 1);
	fake_expect_error(&w.t, "map-entries", "", MS_STATUS_USAGE,
			  "an EXPR that names a map is missing: a variable, a member, a dereference");
	fake_expect_error(&w.t, "map-entries", "x", MS_FAILED, "x: No symbol in current context.");
	fake_expect_error(&w.t, "map-entries", "x\x1b[", MS_STATUS_USAGE, "[ is never closed: x\\x1b[");
	fake_expect_error(&w.t, "map-entries", "\xe2\x80\xae", MS_FAILED,
			  "\\xe2\\x80\\xae: No symbol in current context.");
	fake_expect_error(&w.t, "map-entries", "(m = n)", MS_STATUS_USAGE,
			  "= would change the target: expressions that assign are refused");
	fake_expect_error(&w.t, "map-info", "t[i++]", MS_STATUS_USAGE,
			  "++ would change the target: expressions that assign are refused");
	fake_expect_error(
		&w.t, "map-info", "m --limit 3", MS_STATUS_USAGE,
		"\"--limit\" is no option of this command; it has --json -o --type --expr (-- ends the options)");
	fake_expect_error(&w.t, "map-fly", "m", MS_STATUS_USAGE, "no such command");
	world_fini(&w);
}

static void commands_describe_themselves(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		const char *name = ms_command_name(i), *help = ms_command_help(i);
		assert_int_equal(strncmp(name, "map-", 4), 0);
		assert_int_equal(help[strcspn(help, "\n") - 1], '.');
		char *usage = fake_format("\nUsage: %s EXPR", name);
		fake_contains(help, usage);
		free(usage);
		for (const char *line = help; *line; line += strcspn(line, "\n"), line += *line == '\n')
			assert_true(strcspn(line, "\n") <= 80);
		for (uint32_t n = 0; ms_command_option(i, "", n); n++)
			fake_contains(help, ms_command_option(i, "", n));
	}
	assert_string_equal(ms_command_option(2, "--s", 0), "--sort");
	assert_null(ms_command_name(1000));
	assert_null(ms_command_help(1000));
	assert_null(ms_command_option(1000, "", 0));
	assert_true(ms_abi() == MS_ABI && *ms_version());
}

static void escape_for_front_ends(void **state)
{
	struct fake_target t;

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	assert_string_equal(ms_escape(t.ctx, "a\x1b[1m\xff\0b", 7), "a\\x1b[1m\\xff\\x00");
	assert_string_equal(ms_escape(t.ctx, "", 0), "");
	assert_string_equal(ms_error(t.ctx), "");
	fake_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_of_any_length_print_the_same),
		cmocka_unit_test(output_waits_to_be_fetched),
		cmocka_unit_test(output_is_given_once),
		cmocka_unit_test(progress_goes_up_to_the_end),
		cmocka_unit_test(interrupted_at_every_boundary),
		cmocka_unit_test(default_limit_holds_for_text_alone),
		cmocka_unit_test(addresses_on_demand),
		cmocka_unit_test(numbers_sort_as_numbers),
		cmocka_unit_test(floats_sort_with_nan_last),
		cmocka_unit_test(texts_sort_by_their_bytes),
		cmocka_unit_test(sort_keeps_limit_and_offset),
		cmocka_unit_test(sort_refuses_more_than_a_million_rows),
		cmocka_unit_test(file_holds_what_the_screen_would),
		cmocka_unit_test(file_that_cannot_be_opened),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(interrupted_file_says_so),
		cmocka_unit_test(addresses_with_a_type),
		cmocka_unit_test(map_is_found_by_the_words_of_a_line),
		cmocka_unit_test(map_is_not_found_where_an_answer_fails),
		cmocka_unit_test(messages_for_wrong_input),
		cmocka_unit_test(commands_describe_themselves),
		cmocka_unit_test(escape_for_front_ends),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
