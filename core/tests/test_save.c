/* map-save and map-diff on the fake target: what a snapshot shows is what the map showed, whatever fails there is no half of
   one, and changes are those that were made.  */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocations.h"
#include "cmd/remembered.h"
#include "cmd/snapshot.h"
#include "context.h"
#include "fake_map.h"
#include "mem/mem.h"

/* ---- Files ---- */

static char folder[] = "/tmp/test_save.XXXXXX";
static char path[64], other[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/map.core", folder);
	snprintf(other, sizeof other, "%s/other.core", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(folder);
}

static unsigned files(void)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static char *contents(const char *name, size_t *size_out)
{
	FILE *file = fopen(name, "r");
	char *bytes;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*size_out = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size_out + 1);
	assert_int_equal(fread(bytes, 1, *size_out, file), *size_out);
	fclose(file);
	return bytes;
}

static void write_contents(const char *name, const char *bytes, size_t size)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void assert_same_files(const char *a, const char *b)
{
	size_t size, again;
	char *one = contents(a, &size), *two = contents(b, &again);

	assert_int_equal(size, again);
	assert_memory_equal(one, two, size);
	free(one);
	free(two);
}

/* ---- The map ---- */

struct world {
	struct fake_target t;
	struct fake_map m;
};

/* Growing, with chains, keys held by pointer and elems that are texts: every kind of read and question.  */
static void world_init(struct world *w, uint32_t pointer_size, bool big_endian, bool paths)
{
	fake_init(&w->t, pointer_size, big_endian);
	w->t.paths = w->t.no_evaluate = paths;
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
	fake_variable(&w->t, "m", w->m.header_type, w->m.address, NULL, 0);
	fake_open(&w->t);
}

static void world_fini(struct world *w)
{
	fail_allocation = 0;
	fake_map_fini(&w->m);
	fake_fini(&w->t);
}

static struct fake_run save(struct world *w, const char *expr, const char *name)
{
	char *line = fake_format("%s %s --json", expr, name);
	struct fake_run run = fake_run(&w->t, "map-save", line);

	free(line);
	return run;
}

static void save_well(struct world *w, const char *expr, const char *name)
{
	struct fake_run run = save(w, expr, name);

	if (run.status != MS_YES)
		fail_msg("status %d, error \"%s\", output %s", run.status, run.error, run.out);
	fake_is_json_lines(run.out);
	fake_contains(run.out, "\"partial\": null");
	fake_run_fini(&run);
}

/* The snapshot as a target that only commands are run on.  */
struct seen {
	struct ms_snapshot *snapshot;
	struct fake_target t;
};

static void look(struct seen *seen, const char *name)
{
	struct ms_buf error = { 0 };

	*seen = (struct seen){ 0 };
	if (ms_snapshot_open(name, &seen->snapshot, &error) != MS_OK)
		fail_msg("%s", ms_buf_text(&error));
	seen->t.ctx = ms_snapshot_context(seen->snapshot);
}

static void assert_shows_the_same(struct world *w, const char *expr, const char *name)
{
	static const char *const commands[][2] = {
		{ "map-info", "" },	     { "map-info", "--json" },	  { "map-buckets", "--addr" },
		{ "map-buckets", "--json" }, { "map-entries", "--addr" }, { "map-entries", "--sort key --json" }
	};
	struct seen seen;

	look(&seen, name);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char *line = fake_format("%s %s", expr, commands[i][1]);
		struct fake_run live = fake_run(&w->t, commands[i][0], line);
		struct fake_run then = fake_run(&seen.t, commands[i][0], line);
		assert_string_equal(live.error, then.error);
		assert_string_equal(live.out, then.out);
		assert_int_equal(live.status, then.status);
		assert_true(live.size > 50);
		fake_run_fini(&live);
		fake_run_fini(&then);
		free(line);
	}
	ms_snapshot_free(seen.snapshot);
}

/* ---- Saving ---- */

static void snapshot_shows_what_the_map_shows(void **state)
{
	(void)state;
	for (int kind = 0; kind < 8; kind++) {
		struct world w;
		world_init(&w, kind & 1 ? 4 : 8, kind & 2, kind & 4);
		save_well(&w, "m", path);
		assert_shows_the_same(&w, "m", path);
		world_fini(&w);
	}
}

/* One step further than is shown: objects behind pointers, and entries of a map within.  */
static void what_elems_lead_to_is_saved(void **state)
{
	struct world w;
	struct fake_map inner;
	struct seen seen;
	uint8_t bytes[16];

	(void)state;
	fake_init(&w.t, 8, false);
	struct fake_layout plain = { .name = "inner", .key = fake_int(&w.t, 4), .elem = fake_int(&w.t, 8) };
	fake_map_init(&inner, &w.t, &plain);
	fake_map_array(&inner, &inner.new, 1);
	fake_map_fill(&inner, &inner.new, 0, 20);
	fake_map_write(&inner);
	uint64_t point = fake_struct(&w.t, "point");
	fake_member(&w.t, point, "x", fake_int(&w.t, 8));
	fake_member(&w.t, point, "y", fake_int(&w.t, 8));
	uint64_t there = fake_alloc(&w.t, 3 * FAKE_PAGE) + 2 * FAKE_PAGE - 8;
	fake_write(&w.t, there, "0123456789abcdef", 16); /* over the end of a page */
	struct fake_layout layout = { .name = "outer", .key = inner.pointer_type, .elem = fake_pointer(&w.t, point) };
	fake_map_init(&w.m, &w.t, &layout);
	fake_map_array(&w.m, &w.m.new, 0);
	fake_map_put(&w.m, &w.m.new, 0, inner.address, there);
	fake_map_write(&w.m);
	fake_open(&w.t);
	save_well(&w, "m", path);
	look(&seen, path);
	assert_int_equal(ms_mem_read(seen.t.ctx, there, bytes, 16), 16);
	assert_memory_equal(bytes, "0123456789abcdef", 16);
	struct ms_value value = { .size = sizeof value, .address = inner.address };
	uint64_t number = 0, entries = 0;
	struct ms_type type;
	int64_t answer;
	for (uint64_t n = 1; !value.type; n++) { /* as the snapshot counts types */
		seen.t.ctx->types.type(seen.t.ctx->types.user, n, &type, &answer);
		assert_int_equal(answer, MS_OK);
		value.type = strcmp(type.name, "inner") ? 0 : n;
	}
	struct ms_map *map;
	struct ms_iter *iter;
	struct ms_batch batch = { .size = sizeof batch };
	assert_int_equal(ms_map_open(seen.t.ctx, &value, &map), MS_OK);
	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	do {
		number = ms_iter_next(iter, 100, &batch) == MS_OK ? batch.count : 0;
		entries += number;
	} while (number);
	assert_int_equal(entries, 20);
	assert_string_equal(ms_iter_note(iter), "");
	ms_iter_free(iter);
	ms_map_free(map);
	ms_snapshot_free(seen.snapshot);
	fake_map_fini(&inner);
	world_fini(&w);
}

static void address_and_type_are_saved(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, true);
	fake_name(&w.t, "struct texts", w.m.header_type);
	char *expr = fake_format("0x%llx --type (struct texts)", (unsigned long long)w.m.address);
	save_well(&w, expr, path);
	assert_shows_the_same(&w, expr, path);
	free(expr);
	world_fini(&w);
}

/* What a path cannot say is evaluated, and opened so again.  */
static void expression_that_is_no_path_is_saved(void **state)
{
	struct world w;
	struct seen seen;

	(void)state;
	world_init(&w, 8, false, false);
	fake_expr(&w.t, "find(1)", w.m.pointer_type, 0, &w.m.address, 8);
	struct fake_run run = save(&w, "find(1)", path);
	assert_int_equal(run.status, MS_YES);
	fake_contains(run.out, "more than a path");
	fake_run_fini(&run);
	look(&seen, path);
	struct fake_run live = fake_run(&w.t, "map-entries", "find(1) --json");
	struct fake_run then = fake_run(&seen.t, "map-entries", "find(1) --json --expr");
	assert_string_equal(live.out, then.out);
	fake_run_fini(&live);
	fake_run_fini(&then);
	ms_snapshot_free(seen.snapshot);
	world_fini(&w);
}

static void same_state_gives_the_same_bytes(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, false);
	save_well(&w, "m", path);
	struct fake_run run = fake_run(&w.t, "map-entries", "p");
	fake_run_fini(&run);
	save_well(&w, "m", other);
	assert_same_files(path, other);
	fake_open(&w.t);
	save_well(&w, "m", other);
	assert_same_files(path, other);
	unlink(other);
	world_fini(&w);
}

static void nil_map_is_saved(void **state)
{
	struct world w;
	uint64_t nil = 0;

	(void)state;
	world_init(&w, 8, false, false);
	fake_expr(&w.t, "none", w.m.pointer_type, 0, &nil, 8);
	struct fake_run run = save(&w, "none", path);
	assert_int_equal(run.status, MS_YES);
	fake_run_fini(&run);
	char *line = fake_format("none %s", path);
	fake_expect(&w.t, "map-diff", line, MS_YES, "note: nil map\n0 of 0 shown\n");
	free(line);
	world_fini(&w);
}

static void only_a_regular_file_is_replaced(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false, false);
	unlink(path);
	write_contents(other, "kept", 4);
	assert_int_equal(symlink(other, path), 0);
	struct fake_run run = save(&w, "m", path);
	assert_int_equal(run.status, MS_FAILED);
	fake_contains(run.error, "it exists and is no regular file");
	fake_run_fini(&run);
	unlink(path);
	run = save(&w, "m", folder);
	assert_int_equal(run.status, MS_FAILED);
	fake_run_fini(&run);
	run = save(&w, "m", "/nowhere/at/all");
	assert_int_equal(run.status, MS_FAILED);
	fake_contains(run.error, "cannot write /nowhere/at/all: No such file");
	fake_run_fini(&run);
	fake_expect_error(&w.t, "map-save", "m", MS_STATUS_USAGE, "a FILE to write the snapshot to is missing");
	save_well(&w, "m", other);
	struct stat status;
	assert_int_equal(stat(other, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	unlink(other);
	world_fini(&w);
}

static void interrupted_save_leaves_the_old_file(void **state)
{
	struct world w;
	bool whole = false;

	(void)state;
	world_init(&w, 8, false, false);
	for (uint64_t step = 1; !whole; step++) {
		write_contents(path, "old", 3);
		char *line = fake_format("m %s", path);
		struct fake_run run = fake_run_interrupted(&w.t, "map-save", line, step);
		size_t size;
		char *bytes = contents(path, &size);
		whole = run.status == MS_YES;
		assert_true(whole ? size > 4096 : run.status == MS_PARTIAL && size == 3);
		assert_true(whole || *run.error || strstr(run.out, "interrupted: nothing was written"));
		assert_int_equal(files(), 1);
		assert_true(step < 10000);
		free(bytes);
		free(line);
		fake_run_fini(&run);
	}
	world_fini(&w);
}

/* ---- Failures ---- */

/* After a run that may have failed: a whole snapshot, or none.  */
static void assert_whole_or_none(const struct fake_run *run)
{
	struct seen seen;

	bool written = access(path, F_OK) == 0;

	assert_true(written || run->status != MS_YES);
	if (written) { /* also where there was no memory to say so */
		look(&seen, path);
		ms_snapshot_free(seen.snapshot);
		unlink(path);
	}
	if (written && run->status == MS_PARTIAL)
		fake_contains(run->out, "\"partial\": \"damage\"");
	assert_int_equal(files(), 0);
}

static void nth_call_fails_or_is_not_answered(void **state)
{
	struct world w;

	(void)state;
	unlink(path);
	world_init(&w, 8, false, false);
	fake_reset_counts(&w.t);
	struct fake_run run = save(&w, "m", path);
	uint64_t reads = w.t.reads, questions = w.t.questions;
	assert_int_equal(run.status, MS_YES);
	fake_run_fini(&run);
	unlink(path);
	for (int way = 0; way < 3; way++)
		for (uint64_t n = 1; n <= (way == 0 ? reads : way == 1 ? questions : reads + questions); n++) {
			fake_open(&w.t);
			fake_reset_counts(&w.t);
			*(way == 0 ? &w.t.fail_read : way == 1 ? &w.t.fail_question : &w.t.silent_call) = n;
			run = save(&w, "m", path);
			assert_true(w.t.provoked);
			assert_true(way < 2 || run.status == MS_PARTIAL);
			assert_whole_or_none(&run);
			fake_run_fini(&run);
		}
	world_fini(&w);
}

static void nth_allocation_fails(void **state)
{
	struct world w;
	uint64_t n = 1;
	char line[80];

	(void)state;
	unlink(path);
	world_init(&w, 8, false, false);
	snprintf(line, sizeof line, "m %s --json", path);
	for (bool failed = true; failed; n++) {
		uint64_t size;
		fake_open(&w.t);
		fake_reset_counts(&w.t);
		allocations = 0;
		fail_allocation = n;
		struct ms_command *cmd = ms_command_new(w.t.ctx, "map-save", line);
		while (cmd && ms_command_step(cmd, 1000) == MS_AGAIN)
			;
		failed = allocations >= n;
		fail_allocation = 0;
		struct fake_run run = { .status = cmd ? ms_command_status(cmd) : MS_FAILED,
					.out = strdup(cmd ? ms_command_output(cmd, &size) : "") };
		ms_command_free(cmd);
		assert_whole_or_none(&run);
		fake_run_fini(&run);
	}
	assert_true(n > 100);
	world_fini(&w);
}

static void damaged_snapshot_is_refused_or_read_without_harm(void **state)
{
	struct world w;
	size_t size;

	(void)state;
	world_init(&w, 8, false, false);
	save_well(&w, "m", path);
	char *bytes = contents(path, &size), *line = fake_format("m %s --json", other);
	srand(7);
	for (int round = 0; round < 400; round++) {
		size_t at = (size_t)rand() % size, cut = round % 4 ? size : at;
		char kept = bytes[at];
		struct ms_snapshot *snapshot = NULL;
		struct ms_buf error = { 0 };
		bytes[at] = (char)rand();
		write_contents(other, bytes, cut);
		bytes[at] = kept;
		struct fake_run run = fake_run(&w.t, "map-diff", line);
		fake_is_json_lines(run.out);
		assert_true(run.status <= MS_PARTIAL && (run.status != MS_FAILED || *run.error));
		fake_run_fini(&run);
		if (ms_snapshot_open(other, &snapshot, &error) == MS_OK) {
			struct fake_target t = { .ctx = ms_snapshot_context(snapshot) };
			run = fake_run(&t, "map-buckets", "m");
			fake_run_fini(&run);
		} else {
			fake_contains(ms_buf_text(&error), "other.core");
		}
		ms_snapshot_free(snapshot);
		ms_buf_fini(&error);
	}
	free(bytes);
	free(line);
	unlink(other);
	world_fini(&w);
}

/* ---- Changes ---- */

static void diff(struct world *w, int32_t status, const char *expected)
{
	char *line = fake_format("m %s --json", path);

	fake_expect(&w->t, "map-diff", line, status, expected);
	free(line);
}

static void plain_init(struct world *w, uint8_t B)
{
	fake_init(&w->t, 8, false);
	struct fake_layout layout = { .name = "counts", .key = fake_int(&w->t, 4), .elem = fake_int(&w->t, 8) };
	fake_map_init(&w->m, &w->t, &layout);
	fake_map_array(&w->m, &w->m.new, B);
	fake_open(&w->t);
}

static void nothing_has_changed(void **state)
{
	struct world w;

	(void)state;
	plain_init(&w, 1);
	fake_map_fill(&w.m, &w.m.new, 0, 20);
	fake_map_write(&w.m);
	save_well(&w, "m", path);
	diff(&w, MS_YES, "{\"end\": {\"shown\": 0, \"of\": 0, \"partial\": null, \"notes\": []}}\n");
	world_fini(&w);
}

static void keys_are_added_removed_and_changed(void **state)
{
	struct world w;

	(void)state;
	plain_init(&w, 1);
	fake_map_put(&w.m, &w.m.new, 0, 10, 100);
	fake_map_put(&w.m, &w.m.new, 0, 11, 110);
	fake_map_put(&w.m, &w.m.new, 1, 12, 120);
	fake_map_put(&w.m, &w.m.new, 1, 13, 130);
	fake_map_write(&w.m);
	save_well(&w, "m", path);
	uint8_t tophash = w.m.new.buckets[0].slots[0].tophash;
	fake_map_delete(&w.m, &w.m.new, 0, 0, 0);
	w.m.new.buckets[1].slots[0].elem = w.m.new.buckets[1].slots[0].elem_raw = 121;
	fake_map_put(&w.m, &w.m.new, 1, 14, 140);
	fake_map_write(&w.m);
	char *expected = fake_format(
		"{\"change\": \"changed\", \"key\": 12, \"from\": 120, \"to\": 121}\n"
		"{\"change\": \"added\", \"key\": 14, \"from\": null, \"to\": 140}\n"
		"{\"change\": \"removed\", \"key\": 10, \"from\": 100, \"to\": null, \"place\": {\"array\": \"new\", "
		"\"bucket\": 0, \"depth\": 0, \"slot\": 0, \"tophash\": %u, \"state\": \"full\", \"now\": "
		"{\"tophash\": 1, "
		"\"state\": \"emptyOne\"}}}\n"
		"{\"end\": {\"shown\": 3, \"of\": 3, \"partial\": null, \"notes\": []}}\n",
		tophash);
	diff(&w, MS_NO, expected);
	free(expected);
	char *line = fake_format("m %s --limit 1 --offset 1", path);
	fake_expect(&w.t, "map-diff", line, MS_NO, "added    14: 140\n1 shown\n");
	free(line);
	world_fini(&w);
}

/* The map grows, and one chain has moved: its entries say where to, and what their old slots have become.  */
static void entries_have_moved(void **state)
{
	struct world w;
	char *out = NULL;
	size_t size;

	(void)state;
	plain_init(&w, 1);
	for (uint64_t i = 0; i < 12; i++)
		fake_map_put(&w.m, &w.m.new, i / 10, i, i);
	fake_map_write(&w.m);
	save_well(&w, "m", path);
	fake_map_grow(&w.m, false);
	fake_map_evacuate_whole(&w.m, 0, false);
	fake_map_write(&w.m);
	FILE *file = open_memstream(&out, &size);
	for (uint64_t index = 0; index < 4; index++)
		for (unsigned slot = 0; slot < FAKE_SLOTS; slot++) {
			const struct fake_slot *now = &w.m.new.buckets[index].slots[slot], *then;
			if (!now->shown)
				continue;
			struct fake_bucket *bucket = &w.m.old.buckets[0];
			unsigned at = (unsigned)now->key;
			then = at < FAKE_SLOTS ? &bucket->slots[at] : &bucket->next->slots[at - FAKE_SLOTS];
			fprintf(file,
				"{\"change\": \"moved\", \"key\": %u, \"from\": {\"array\": \"new\", \"bucket\": 0, "
				"\"depth\": %u, "
				"\"slot\": %u, \"tophash\": %u, \"state\": \"full\", \"now\": {\"tophash\": %u, "
				"\"state\": \"%s\"}}, "
				"\"to\": {\"array\": \"new\", \"bucket\": %u, \"depth\": 0, \"slot\": %u, \"tophash\": "
				"%u, \"state\": "
				"\"full\"}}\n",
				at, at / FAKE_SLOTS, at % FAKE_SLOTS, now->tophash, then->tophash, then->state,
				(unsigned)index, slot, now->tophash);
		}
	fprintf(file,
		"{\"end\": {\"shown\": 10, \"of\": 10, \"partial\": null, \"notes\": [\"then: struct counts, len 12, B "
		"1\", \"now: struct counts, len 12, B 2, growing (double, nevacuate 1 of 2)\"]}}\n");
	assert_int_equal(fclose(file), 0);
	diff(&w, MS_NO, out);
	free(out);
	world_fini(&w);
}

/* Not by comparing each with each: of a key that is not equal to itself there may be as many as there are entries, and a damaged
   map may lead to one bucket from everywhere.  */
static void entries_that_are_alike_take_no_longer(void **state)
{
	enum { COUNT = 200000 };
	struct ms_remembered r = { 0 };
	uint64_t key[2];

	(void)state;
	ms_remembered_hash("\"NaN\"", 5, key);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct ms_remembered_entry *entry = ms_remembered_add(&r);
		*entry = (struct ms_remembered_entry){ .key = { key[0], key[1] },
						       .elem = i,
						       .key_address = 8 * i,
						       .spot = { .bucket = i % 2 ? 64 : 128 } };
	}
	assert_true(ms_remembered_index(&r));
	assert_int_equal(ms_remembered_find(&r, key, 5, 24)->elem, 3);	  /* the one that stands there */
	assert_int_equal(ms_remembered_find(&r, key, 5, 7)->elem, 5);	  /* else one of that elem */
	assert_int_equal(ms_remembered_find(&r, key, COUNT, 7)->elem, 0); /* else the first */
	for (uint64_t i = 3; i < COUNT; i++) {
		assert_non_null(ms_remembered_find(&r, key, COUNT, 7));
	}
	assert_null(ms_remembered_find(&r, key, 0, 0));
	ms_remembered_fini(&r);
}

static void what_is_no_snapshot_of_such_a_map_is_refused(void **state)
{
	struct world w, texts;
	char *line = fake_format("m %s", path);

	(void)state;
	world_init(&texts, 8, false, false);
	save_well(&texts, "m", path);
	plain_init(&w, 1);
	fake_map_write(&w.m);
	fake_expect_error(&w.t, "map-diff", line, MS_FAILED,
			  "m: the snapshot's map is from struct large to char *, this one from int to long");
	fake_expect_error(&w.t, "map-diff", "m /nowhere", MS_FAILED,
			  "/nowhere: cannot be opened: No such file or directory");
	fake_expect_error(&w.t, "map-diff", "m", MS_STATUS_USAGE, "the FILE of an earlier map-save is missing");
	free(line);
	world_fini(&texts);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot_shows_what_the_map_shows),
		cmocka_unit_test(what_elems_lead_to_is_saved),
		cmocka_unit_test(address_and_type_are_saved),
		cmocka_unit_test(expression_that_is_no_path_is_saved),
		cmocka_unit_test(same_state_gives_the_same_bytes),
		cmocka_unit_test(nil_map_is_saved),
		cmocka_unit_test(only_a_regular_file_is_replaced),
		cmocka_unit_test(interrupted_save_leaves_the_old_file),
		cmocka_unit_test(nth_call_fails_or_is_not_answered),
		cmocka_unit_test(nth_allocation_fails),
		cmocka_unit_test(damaged_snapshot_is_refused_or_read_without_harm),
		cmocka_unit_test(nothing_has_changed),
		cmocka_unit_test(keys_are_added_removed_and_changed),
		cmocka_unit_test(entries_have_moved),
		cmocka_unit_test(entries_that_are_alike_take_no_longer),
		cmocka_unit_test(what_is_no_snapshot_of_such_a_map_is_refused),
	};

	return cmocka_run_group_tests_name("save", tests, make_folder, remove_folder);
}
