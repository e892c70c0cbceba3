/* map-trace: what is recorded of a growth laid out by hand, step after step, and what its summary makes of it and of damage. That
   programs are followed without a gap is the sessions' to show.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocations.h"
#include "base/facts.h"
#include "cmd/events.h"
#include "fake_world.h"

enum { SITE_CLEAR = 1 }; /* of grow-done: hmap_clear */

static char path[] = "/tmp/test_trace.XXXXXX";

/* A map of 40 entries in 8 buckets, one of them with a chain, and a trace of it that has begun.  */
struct recording {
	struct world w;
	struct ms_command *cmd;
	uint64_t time; /* nanoseconds */
};

static void record(struct recording *r, uint32_t pointer_size, bool big_endian, const char *options)
{
	world_init(&r->w, pointer_size, big_endian, (struct fake_layout){ .name = "counts" });
	fake_map_array(&r->w.m, &r->w.m.new, 3);
	fake_map_fill(&r->w.m, &r->w.m.new, 0, 40);
	for (uint64_t i = 0; i < 12; i++)
		fake_map_put(&r->w.m, &r->w.m.new, 3, 100 + i, 0);
	fake_map_write(&r->w.m);
	char *line = fake_format("m -o %s %s", path, options);
	r->cmd = ms_command_new(r->w.t.ctx, "map-trace", line);
	free(line);
	r->time = 0;
	assert_int_equal(ms_command_step(r->cmd, 50), MS_AGAIN);
	assert_int_equal(ms_command_step(r->cmd, 50), MS_AGAIN); /* it waits */
}

static int32_t happen(struct recording *r, enum ms_event_kind kind, uint32_t site, uint64_t second)
{
	struct ms_event event = {
		.size = sizeof event, .event = kind, .site = site, .arguments = { r->w.m.address, second }
	};

	r->time += 1500000;
	return ms_command_event(r->cmd, &event, r->time);
}

/* An assign whose key belongs to old BUCKET: asks for it, then for the one at the mark.  */
static void operate(struct recording *r, uint64_t bucket)
{
	for (int i = 0; i < 2; i++) {
		uint64_t wanted = i ? r->w.m.nevacuate : bucket;
		if (i && wanted >= r->w.m.old.count)
			return;
		assert_int_equal(happen(r, MS_EVENT_EVACUATE, 0, wanted), MS_OK);
		uint64_t mark = r->w.m.nevacuate;
		if (!r->w.m.old.evacuated[wanted])
			fake_map_evacuate_whole(&r->w.m, wanted, false);
		uint64_t after = r->w.m.nevacuate;
		r->w.m.nevacuate = mark; /* the mark moves behind the call that asks to move it */
		fake_map_write(&r->w.m);
		if (wanted == mark)
			assert_int_equal(happen(r, MS_EVENT_GROW_DONE, 0, 0), MS_OK);
		r->w.m.nevacuate = after;
		fake_map_write(&r->w.m);
	}
}

static char *finished(struct recording *r, const char *why, bool readable, int32_t status)
{
	uint64_t size;

	ms_command_trace_end(r->cmd, why, r->time + 500, readable);
	while (ms_command_step(r->cmd, 50) == MS_AGAIN)
		;
	assert_string_equal(ms_command_error(r->cmd), "");
	assert_int_equal(ms_command_status(r->cmd), status);
	fake_contains(ms_command_output(r->cmd, &size), " shown\n");
	ms_command_free(r->cmd);
	world_fini(&r->w);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *text = calloc(1, 1 << 16);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	fake_is_json_lines(text);
	return text;
}

static uint64_t live(const struct fake_array *array, uint64_t index)
{
	uint64_t count = 0;

	for (const struct fake_bucket *at = &array->buckets[index]; at; at = at->next)
		for (int i = 0; i < FAKE_SLOTS; i++)
			count += at->slots[i].tophash >= HMAP_MIN_TOPHASH;
	return count;
}

static void growth_is_recorded(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct recording r;
		uint64_t before[8];
		record(&r, i & 1 ? 8 : 4, i & 2, "");
		assert_int_equal(happen(&r, MS_EVENT_GROW, 0, 0), MS_OK);
		fake_map_grow(&r.w.m, false);
		fake_map_write(&r.w.m);
		for (int b = 0; b < 8; b++)
			before[b] = live(&r.w.m.old, (uint64_t)b);
		operate(&r, 3);
		operate(&r, 3); /* has moved already: the mark's bucket alone */
		operate(&r, 7);
		operate(&r, 4);
		operate(&r, 5); /* the last one; the mark passes over 7 */
		char *wanted = fake_format("\"time\": 0.003000, \"old_bucket\": 3, \"chain\": 3, \"entries\": %llu, "
					   "\"to\": [{\"bucket\": 3, "
					   "\"entries\": %llu}, {\"bucket\": 11, \"entries\": %llu}], \"nevacuate\": "
					   "0, \"operation\": 1}\n",
					   (unsigned long long)before[3], (unsigned long long)live(&r.w.m.new, 3),
					   (unsigned long long)live(&r.w.m.new, 11));
		r.w.m.flags = 0;
		fake_map_poke(&r.w.m, "oldbuckets", 0);
		char *text = finished(&r, "stopped", true, MS_YES);
		fake_contains(text, "{\"event\": \"start\", \"count\": 52, \"B\": 3, \"noverflow\": ");
		fake_contains(text, "\"time\": 0.000000, \"type\": \"struct counts\", \"address\": \"0x");
		fake_contains(text, "{\"event\": \"grow\", \"count\": 52, \"B\": 3, ");
		fake_contains(text, "\"time\": 0.001500, \"kind\": \"double\", \"old_buckets\": 8, \"buckets\": 16}\n");
		fake_contains(text, wanted);
		fake_contains(text, "\"old_bucket\": 0, ");
		fake_contains(text, "\"by\": \"evacuation\", \"operations\": 5}\n");
		fake_contains(text, "\"why\": \"stopped\", \"end\": {\"shown\": 11, ");
		fake_contains(text, "1 growth, 8 evacuations; the program stands");
		free(wanted);
		free(text);
	}
}

/* lldb may tell of a call twice, and a growth may fail for want of memory: what had no effect is not recorded.  */
static void call_without_effect_is_not_recorded(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 8, false, "");
	happen(&r, MS_EVENT_GROW, 0, 0);
	happen(&r, MS_EVENT_GROW, 0, 0);
	fake_map_grow(&r.w.m, false);
	fake_map_write(&r.w.m);
	happen(&r, MS_EVENT_EVACUATE, 0, 2);
	happen(&r, MS_EVENT_EVACUATE, 0, 2);
	fake_map_evacuate_whole(&r.w.m, 2, false);
	fake_map_write(&r.w.m);
	happen(&r, MS_EVENT_EVACUATE, 0, 2);  /* it has moved */
	happen(&r, MS_EVENT_EVACUATE, 0, 99); /* there is none */
	happen(&r, MS_EVENT_GROW_DONE, 0, 0); /* not yet */
	happen(&r, MS_EVENT_EVACUATE, 0, 0);  /* and it never moves */
	r.w.m.address += 8;
	happen(&r, MS_EVENT_EVACUATE, 0, 1); /* of another map */
	r.w.m.address -= 8;
	char *text = finished(&r, "interrupted", true, MS_YES);
	fake_contains(text, "1 growth, 1 evacuation; the program stands");
	fake_contains(text, "\"why\": \"interrupted\", \"end\": {\"shown\": 3, ");
	free(text);
}

static void clear_ends_a_growth(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 8, false, "");
	happen(&r, MS_EVENT_GROW_DONE, SITE_CLEAR, 0); /* at rest */
	happen(&r, MS_EVENT_GROW, 0, 0);
	fake_map_grow(&r.w.m, true);
	fake_map_write(&r.w.m);
	happen(&r, MS_EVENT_GROW_DONE, SITE_CLEAR, 0);
	happen(&r, MS_EVENT_GROW_DONE, SITE_CLEAR, 0); /* told twice */
	char *text = finished(&r, "exited", false, MS_YES);
	fake_contains(
		text,
		"\"kind\": \"same-size\", \"old_buckets\": 8, \"buckets\": 8, \"by\": \"clear\", \"operations\": 0}\n");
	fake_contains(text, "{\"event\": \"end\", \"count\": null, \"B\": null, \"noverflow\": null, ");
	fake_contains(text, "{\"shown\": 3, ");
	free(text);
}

static void trace_ends_after_so_many_events(void **state)
{
	struct recording r;

	(void)state;
	record(&r, 8, false, "--for 2");
	happen(&r, MS_EVENT_GROW, 0, 0);
	fake_map_grow(&r.w.m, false);
	fake_map_write(&r.w.m);
	assert_int_equal(happen(&r, MS_EVENT_EVACUATE, 0, 1), MS_OK);
	fake_map_evacuate_whole(&r.w.m, 1, false);
	fake_map_write(&r.w.m);
	assert_int_equal(happen(&r, MS_EVENT_EVACUATE, 0, 0), MS_NOT_FOUND);
	assert_int_equal(happen(&r, MS_EVENT_EVACUATE, 0, 0), MS_NOT_FOUND);
	char *text = finished(&r, "stopped", true, MS_YES);
	fake_contains(text, "\"why\": \"limit\", \"end\": {\"shown\": 3, ");
	free(text);
}

/* In the middle of a move, or where the program has ended, nobody knows where the entries went.  */
static void move_that_cannot_be_followed_says_so(void **state)
{
	for (int gone = 0; gone < 2; gone++) {
		struct recording r;
		(void)state;
		record(&r, 8, false, "");
		happen(&r, MS_EVENT_GROW, 0, 0);
		fake_map_grow(&r.w.m, false);
		fake_map_write(&r.w.m);
		happen(&r, MS_EVENT_EVACUATE, 0, 3);
		fake_map_evacuate(&r.w.m, 3, 4, false);
		fake_map_write(&r.w.m);
		char *text = finished(&r, gone ? "exited" : "interrupted", !gone, MS_YES);
		fake_contains(text, "\"old_bucket\": 3, \"chain\": 3, \"entries\": 17, \"to\": null, ");
		fake_contains(
			text,
			"old bucket 3 of 8: where its entries went cannot be told, the trace ends in the middle of it");
		free(text);
	}
}

/* A growth with an evacuation while the N-th read, or allocation, fails; 0: none does. The record and, in *STATUS_OUT, how it
   ended. False in *MORE_OUT: there are fewer. The fake target's own allocations do not fail.  */
static char *recorded(bool read, uint64_t n, int32_t *status_out, bool *more_out)
{
	struct recording r;
	uint64_t size;

	record(&r, 8, false, "");
	fake_reset_counts(&r.w.t);
	r.w.t.fail_read = read ? n : 0;
	allocations = 0;
	fail_allocation = read ? 0 : n;
	int32_t status = happen(&r, MS_EVENT_GROW, 0, 0);
	fail_allocation = 0;
	fake_map_grow(&r.w.m, false);
	fake_map_write(&r.w.m);
	fail_allocation = read ? 0 : n;
	status = status == MS_OK ? happen(&r, MS_EVENT_EVACUATE, 0, 3) : status;
	fail_allocation = 0;
	fake_map_evacuate_whole(&r.w.m, 3, false);
	fake_map_write(&r.w.m);
	fail_allocation = read ? 0 : n;
	if (status == MS_OK)
		happen(&r, MS_EVENT_GROW_DONE, 0, 0);
	ms_command_trace_end(r.cmd, "stopped", 9999999, 1);
	while (ms_command_step(r.cmd, 50) == MS_AGAIN)
		;
	*more_out = read ? r.w.t.provoked : allocations >= n;
	fail_allocation = 0;
	*status_out = ms_command_status(r.cmd);
	fake_is_printable(ms_command_error(r.cmd), strlen(ms_command_error(r.cmd)));
	assert_true(*ms_command_error(r.cmd) || *ms_command_output(r.cmd, &size));
	ms_command_free(r.cmd);
	world_fini(&r.w);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *text = calloc(1, 1 << 12);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 12) - 1, file) < (1 << 12) - 1);
	fclose(file);
	return text;
}

/* The record is what it would be, or its end says that it is not.  */
static void every_read_and_allocation_may_fail(void **state)
{
	int32_t status;
	bool more;

	(void)state;
	char *whole = recorded(true, 0, &status, &more);
	assert_int_equal(status, MS_YES);
	fake_contains(whole, "\"event\": \"evacuate\"");
	for (int read = 0; read < 2; read++) {
		uint64_t n = 0;
		do {
			char *text = recorded(read, ++n, &status, &more);
			if (status == MS_YES)
				assert_string_equal(text, whole);
			free(text);
		} while (more);
		assert_true(n > 2);
	}
	free(whole);
}

static void wrong_line_is_one_line_and_makes_no_file(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "an EXPR that names a map is missing: a variable, a member, a dereference, or --summary FILE" },
		{ "m", "-o FILE is missing: where the trace is written to" },
		{ "m -o x --json", "\"--json\" is no option of this command; it has -o --type --expr --for --summary "
				   "(-- ends the options)" },
		{ "m --summary x", "--summary FILE stands alone: it reads a trace, and records none" },
		{ "--summary x --for 2", "--summary FILE stands alone: it reads a trace, and records none" },
		{ "m -o x --for many", "--for takes a number of events, found \"many\"" },
	};
	struct world w;

	(void)state;
	world_init(&w, 8, false, (struct fake_layout){ .name = "counts" });
	fake_map_array(&w.m, &w.m.new, 3);
	fake_map_write(&w.m);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		fake_expect_error(&w.t, "map-trace", wrong[i][0], MS_STATUS_USAGE, wrong[i][1]);
	unlink(path);
	char *line = fake_format("nosuch -o %s", path);
	fake_expect_error(&w.t, "map-trace", line, MS_FAILED, "nosuch: No symbol in current context.");
	free(line);
	assert_int_equal(access(path, F_OK), -1);
	fake_expect_error(&w.t, "map-trace", "--summary /nonexistent/x", MS_FAILED,
			  "cannot read /nonexistent/x: No such file or directory");
	world_fini(&w);
}

/* ---- The summary ---- */

static void expect_summary(const char *text, int32_t status, const char *const *parts)
{
	struct world w;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	world_init(&w, 8, false, (struct fake_layout){ .name = "counts" });
	char *line = fake_format("--summary %s", path);
	struct fake_run run = fake_run(&w.t, "map-trace", line);
	fake_is_printable(run.out, run.size);
	for (; *parts; parts++)
		fake_contains(status == MS_FAILED ? run.error : run.out, *parts);
	assert_int_equal(run.status, status);
	fake_run_fini(&run);
	free(line);
	world_fini(&w);
}

#define START                                                                                                          \
	"{\"event\": \"start\", \"count\": 1, \"B\": 0, \"noverflow\": 0, \"time\": 0.000000, \"type\": "              \
	"\"map[string]int\"}\n"
#define GROW                                                                                                           \
	"{\"event\": \"grow\", \"count\": 8, \"B\": 0, \"time\": 0.100000, \"kind\": \"double\", \"old_buckets\": 1, " \
	"\"buckets\": 2}\n"
#define MOVED                                                                                                          \
	"{\"event\": \"evacuate\", \"count\": 8, \"time\": 0.200000, \"old_bucket\": 0, \"entries\": 8, \"to\": "      \
	"[{\"bucket\": 0, \"entries\": 5}, {\"bucket\": 1, \"entries\": 3}], \"operation\": 1}\n"
#define DONE                                                                                                           \
	"{\"event\": \"grow-done\", \"count\": 8, \"time\": 0.300000, \"old_buckets\": 1, \"by\": \"evacuation\"}\n"
#define END                                                                                                            \
	"{\"event\": \"end\", \"count\": 9, \"time\": 1.000000, \"why\": \"stopped\", \"end\": {\"notes\": "           \
	"[\"}{\"]}}\n"

static void summary_tells_growths(void **state)
{
	(void)state;
	expect_summary(START GROW MOVED DONE END, MS_YES,
		       (const char *[]){
			       "map[string]int: 1 growth, 1 evacuation, count 1 -> 9, ended: stopped\n",
			       "     1  double     1 -> 2                  8            1           1.00    0.200000\n",
			       "     1 |############################################################| 1\n",
			       "     1 |     #############",
			       "two arrays for at most 0.200000 s (growth 1), in all for 0.200000 of 1.000000 s",
			       NULL });
	expect_summary(START END, MS_YES, (const char *[]){ "0 growths, 0 evacuations", NULL });
	expect_summary(START GROW MOVED, MS_PARTIAL,
		       (const char *[]){ "0.100000  not done\n", "ended: no end record", "the trace has no end",
					 NULL });
}

static void damaged_record_is_one_line(void **state)
{
	static const char *const damaged[] = {
		"{\"event\": \"evacuate\", \"time\": 0.2, \"old_bucket\": 0}\n",
		"{\"event\": \"evacuate\", \"time\": 0.200000, \"entries\": -5}\n",
		"{\"event\": \"evacuate\", \"time\": 0.200000, \"entries\": 99999999999999999999}\n",
		"{\"event\": \"evacuate\"}\n",
		"{\"event\": \"evacuate\", \"time\": 0.200000, \"to\": [}\n",
		"{\"event\": \"evacuate\", \"time\": 0.200000, \"to\": {\"a\": [1, \"x\n",
		"{\"event\": \"eva\x1b[2J\", \"time\": 0.200000}\n",
		"{\"event\": \"evacuate\" \"time\": 0.200000}\n",
		"{\"event\": \"evacuate\", \"time\": 0.050000}\n", /* before the one before it */
		"nonsense\n",
		"\n",
		"{}\n",
		"{\"event\": \"grow\", \"count\": 8, \"time\": 0.2000000}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		char *text = fake_format("%s%s%s%s%s%s", START, GROW, damaged[i], MOVED, DONE, END);
		expect_summary(text, MS_PARTIAL,
			       (const char *[]){
				       "note: line 3 is no record of map-trace, or none that can stand there: ",
				       "1 growth, 1 evacuation, count 1 -> 9, ended: stopped\n", NULL });
		free(text);
	}
	expect_summary(START DONE GROW "{\"event\": \"end\", \"ti", MS_PARTIAL,
		       (const char *[]){ "line 2 is no record", "line 4 is no record", NULL });
	expect_summary("", MS_FAILED, (const char *[]){ "no record of map-trace is in it", NULL });
	expect_summary("\x7f"
		       "ELF",
		       MS_FAILED, (const char *[]){ "no record of map-trace is in it", NULL });
}

static int make_file(void **state)
{
	int file = mkstemp(path);

	(void)state;
	return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_recorded),
		cmocka_unit_test(call_without_effect_is_not_recorded),
		cmocka_unit_test(clear_ends_a_growth),
		cmocka_unit_test(trace_ends_after_so_many_events),
		cmocka_unit_test(move_that_cannot_be_followed_says_so),
		cmocka_unit_test(every_read_and_allocation_may_fail),
		cmocka_unit_test(wrong_line_is_one_line_and_makes_no_file),
		cmocka_unit_test(summary_tells_growths),
		cmocka_unit_test(damaged_record_is_one_line),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
