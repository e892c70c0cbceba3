/* ms_map_seek against the plain iteration: the N-th entry in every state of a map, what it costs, and what becomes of it when
   reads, call-backs and allocations fail. Also the texts of single keys and elems, against what map-entries prints.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocations.h"
#include "context.h"
#include "fake_world.h"

/* ---- Entries in the order of a plain iteration ---- */

/* Where key and elem of an entry are: the same in any two ways of coming to it.  */
struct place {
	uint64_t key, elem;
};

struct plain {
	uint64_t count, capacity;
	struct place *places;
};

static struct ms_map *open_map(struct world *w)
{
	struct ms_value value = { .size = sizeof value, .type = w->m.header_type, .address = w->m.address };
	struct ms_map *map;

	assert_int_equal(ms_map_open(w->t.ctx, &value, &map), MS_OK);
	return map;
}

/* The entry at TOKEN; false at the end.  */
static bool entry_at(struct ms_map *map, const char *token, struct place *out)
{
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_iter *iter;
	int32_t status;

	assert_int_equal(ms_iter_new(map, token, &iter), MS_OK);
	while ((status = ms_iter_next(iter, 1, &batch)) == MS_AGAIN)
		;
	assert_int_equal(status, MS_OK);
	if (batch.count)
		*out = (struct place){ *batch.key_addresses, *batch.elem_addresses };
	ms_iter_free(iter);
	return batch.count;
}

static struct plain plain_of(struct world *w)
{
	struct plain plain = { 0 };
	struct ms_map *map = open_map(w);
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_iter *iter;
	int32_t status;

	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	do {
		while ((status = ms_iter_next(iter, 1000, &batch)) == MS_AGAIN)
			;
		assert_int_equal(status, MS_OK);
		while (plain.count + batch.count > plain.capacity) {
			plain.capacity = plain.capacity ? plain.capacity * 2 : 1024;
			plain.places = realloc(plain.places, plain.capacity * sizeof *plain.places);
			assert_non_null(plain.places);
		}
		for (uint64_t i = 0; i < batch.count; i++)
			plain.places[plain.count++] = (struct place){ batch.key_addresses[i], batch.elem_addresses[i] };
	} while (batch.count);
	ms_iter_free(iter);
	ms_map_free(map);
	return plain;
}

static void plain_fini(struct plain *plain)
{
	free(plain->places);
}

static int32_t seek(struct ms_map *map, uint64_t n, const char **token)
{
	int32_t status;

	while ((status = ms_map_seek(map, n, token)) == MS_AGAIN)
		;
	return status;
}

static void assert_seek(struct ms_map *map, const struct plain *plain, uint64_t n)
{
	struct place found;
	const char *token = "unset";
	int32_t status = seek(map, n, &token);

	if (n >= plain->count) {
		assert_int_equal(status, MS_NOT_FOUND);
		return;
	}
	assert_int_equal(status, MS_OK);
	if (!entry_at(map, token, &found) || memcmp(&found, &plain->places[n], sizeof found))
		fail_msg("entry %lu of %lu is not at %s", (unsigned long)n, (unsigned long)plain->count, token);
}

/* Every entry, forwards as a map is first seen, then backwards and to and fro; and by a map that is new each time.  */
static void assert_every_entry(struct world *w)
{
	struct plain plain = plain_of(w);
	struct ms_map *map = open_map(w);
	uint64_t last = plain.count + 1;

	for (uint64_t n = 0; n <= last; n++)
		assert_seek(map, &plain, n);
	for (uint64_t n = last + 1; n-- > 0;)
		assert_seek(map, &plain, n);
	for (uint64_t i = 0; i <= last; i++)
		assert_seek(map, &plain, i * 7919 % (last + 1));
	assert_seek(map, &plain, UINT64_MAX);
	ms_map_free(map);
	for (uint64_t n = 0; n <= last; n += 1 + last / 10) {
		map = open_map(w);
		assert_seek(map, &plain, n);
		assert_seek(map, &plain, n / 2);
		ms_map_free(map);
	}
	plain_fini(&plain);
}

/* The same for some hundred entries of a large map, and all of its first and last ones.  */
static void assert_some_entries(struct world *w, uint64_t step)
{
	struct plain plain = plain_of(w);
	struct ms_map *map = open_map(w);

	for (uint64_t n = 0; n < plain.count; n += n < 20 || n + 20 >= plain.count ? 1 : step)
		assert_seek(map, &plain, n);
	assert_seek(map, &plain, plain.count);
	for (uint64_t i = 0; i < plain.count; i += step)
		assert_seek(map, &plain, i * 7919 % plain.count);
	ms_map_free(map);
	plain_fini(&plain);
}

/* ---- States ---- */

static void check_and_fini(struct world *w, uint64_t count)
{
	struct plain plain;

	fake_map_write(&w->m);
	plain = plain_of(w);
	assert_int_equal(plain.count, count);
	plain_fini(&plain);
	assert_every_entry(w);
	world_fini(w);
}

static void nil_and_empty_maps_have_no_entry(void **state)
{
	struct world w;
	uint8_t null[8] = { 0 };
	struct ms_map *map;
	const char *token;

	(void)state;
	world_plain(&w);
	struct ms_value value = { .size = sizeof value, .type = w.m.pointer_type, .bytes = null, .byte_count = 8 };
	assert_int_equal(ms_map_open(w.t.ctx, &value, &map), MS_OK);
	for (uint64_t n = 0; n < 3; n++)
		assert_int_equal(ms_map_seek(map, n, &token), MS_NOT_FOUND);
	ms_map_free(map);
	check_and_fini(&w, 0); /* without buckets */
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 3);
	check_and_fini(&w, 0);
}

static void every_entry_of_chains_and_deleted_slots(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 4);
	fake_map_fill(&w.m, &w.m.new, 0, 60);
	for (uint64_t key = 0; key < 200; key++) /* 17 and more levels: beyond what is fetched ahead */
		fake_map_put(&w.m, &w.m.new, 9, 1000 + key, key);
	for (uint64_t slot = 0; slot < 8; slot++)
		fake_map_delete(&w.m, &w.m.new, 9, 3, slot); /* an overflow bucket without entries */
	fake_map_delete(&w.m, &w.m.new, 9, 0, 0);
	fake_map_delete(&w.m, &w.m.new, 9, 19, 5);
	check_and_fini(&w, 250);
}

static void every_entry_while_growing(void **state)
{
	(void)state;
	for (int same_size = 0; same_size < 2; same_size++)
		for (uint64_t done = 0; done <= 8; done++) {
			struct world w;
			world_plain(&w);
			world_grow(&w, 3, same_size);
			for (uint64_t index = 0; index < done; index++)
				fake_map_evacuate_whole(&w.m, index * 3 % 8, done % 2);
			fake_map_fill(&w.m, &w.m.new, 5000, 5000 + done);
			check_and_fini(&w, (uint64_t)w.m.count);
		}
}

static void every_entry_in_the_middle_of_an_evacuation(void **state)
{
	(void)state;
	for (uint64_t slots = 1; slots <= 16; slots++) {
		struct world w;
		world_plain(&w);
		world_grow(&w, 2, false);
		fake_map_evacuate_whole(&w.m, 0, false);
		fake_map_evacuate(&w.m, 1, slots, false);
		w.m.flags |= 4;
		check_and_fini(&w, (uint64_t)w.m.count);
	}
}

static void every_entry_without_a_size(void **state)
{
	(void)state;
	for (int half = 0; half < 2; half++) {
		struct world w;
		fake_init(&w.t, 8, false);
		uint64_t nothing = fake_struct(&w.t, "nothing"), number = fake_int(&w.t, 4);
		struct fake_layout layout = { .name = "set",
					      .key = half ? number : nothing,
					      .elem = half ? nothing : number };
		fake_map_init(&w.m, &w.t, &layout);
		fake_open(&w.t);
		fake_map_array(&w.m, &w.m.new, 2);
		fake_map_fill(&w.m, &w.m.new, 0, 40);
		check_and_fini(&w, 40);
	}
}

static void every_entry_of_other_words(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;
		world_init(&w, i ? 4 : 8, true, (struct fake_layout){ .reversed = true });
		world_grow(&w, 3, i);
		fake_map_evacuate_whole(&w.m, 2, true);
		check_and_fini(&w, (uint64_t)w.m.count);
	}
}

/* ---- Damage ---- */

static void every_entry_around_unreadable_pages(void **state)
{
	static const struct {
		uint64_t from, pages;
	} holes[] = { { 0, 1 }, { 1, 1 }, { 3, 2 }, { 5, 5 }, { 13, 1 }, { 0, 14 } };

	(void)state;
	for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 9); /* 14 pages */
		fake_map_fill(&w.m, &w.m.new, 0, 400);
		fake_map_write(&w.m);
		fake_unmap_pages(&w.t, w.m.new.address + holes[i].from *FAKE_PAGE, holes[i].pages * FAKE_PAGE);
		assert_every_entry(&w);
		world_fini(&w);
	}
}

/* The walk gives an array up after 64 unreadable pages in a row, and where its chunks begin decides whether it counts one
   twice. What it decided, coming from the beginning, holds for a walk that begins at the record before the hole as well.  */
static void entries_behind_holes_that_are_nearly_too_large(void **state)
{
	(void)state;
	for (uint64_t from = 62; from <= 66; from += 2)
		for (uint64_t pages = 58; pages <= 65; pages++) {
			struct world w;
			world_plain(&w);
			fake_map_array(&w.m, &w.m.new, 13); /* 224 pages; the second record is in page 56 */
			fake_map_fill(&w.m, &w.m.new, 0, 8192);
			fake_map_write(&w.m);
			fake_unmap_pages(&w.t, w.m.new.address + from *FAKE_PAGE, pages * FAKE_PAGE);
			assert_some_entries(&w, 301);
			world_fini(&w);
		}
}

static void every_entry_of_bad_chains(void **state)
{
	static const uint64_t bad[] = { 0x10, 0x12345, UINT64_MAX - 7 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad + 3; i++) {
		struct world w;
		world_plain(&w);
		fake_map_array(&w.m, &w.m.new, 3);
		fake_map_fill(&w.m, &w.m.new, 0, 40);
		for (uint64_t key = 0; key < 30; key++)
			fake_map_put(&w.m, &w.m.new, 4, 1000 + key, key);
		struct fake_bucket *last = &w.m.new.buckets[4];
		while (last->next)
			last = last->next;
		for (int s = 0; s < FAKE_SLOTS; s++)
			if (!last->slots[s].shown)
				last->slots[s] = (struct fake_slot){ .tophash = 1, .state = "emptyOne" };
		last->bad_next = true;
		last->bad = i < 3    ? bad[i]
			    : i == 3 ? last->address /* cycles */
			    : i == 4 ? w.m.new.buckets[4].next->address
				     : w.m.new.buckets[6].address;
		check_and_fini(&w, 70);
	}
}

/* An overflow bucket that continues the chain of LAST, with 8 slots that are empty but not at the end.  */
static struct fake_bucket *append_empty(struct world *w, struct fake_bucket *last)
{
	last->next = calloc(1, sizeof *last);
	assert_non_null(last->next);
	last->next->address = fake_alloc(&w->t, w->m.bucket_size);
	for (int s = 0; s < FAKE_SLOTS; s++)
		last->next->slots[s] = (struct fake_slot){ .tophash = 1, .state = "emptyOne" };
	return last->next;
}

/* Chains that lead into one, two of three: together they are longer than all overflow buckets that such a map can have, and
   from some chain on the walk follows none. How many it has followed is known only to the walk from the beginning.  */
static void entries_of_more_overflow_buckets_than_a_map_has(void **state)
{
	enum { LENGTH = 700, B = 12 };
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, B);
	for (uint64_t i = 0; i < w.m.new.count; i++)
		for (uint64_t slot = 0; slot < 8; slot++)
			fake_map_put(&w.m, &w.m.new, i, i * 8 + slot, i);
	struct fake_bucket *shared = append_empty(&w, &w.m.new.buckets[0]), *last = shared;
	for (uint64_t i = 1; i < LENGTH; i++)
		last = append_empty(&w, last);
	last->slots[0] = (struct fake_slot){ .tophash = 9, .state = "full", .key = 7 };
	for (uint64_t i = 1; i < w.m.new.count; i++) {
		w.m.new.buckets[i].bad_next = i % 3;
		w.m.new.buckets[i].bad = shared->address;
	}
	fake_map_write(&w.m);
	struct plain plain = plain_of(&w);
	uint64_t followed = plain.count - w.m.new.count * 8, cut = followed * 3 / 2; /* the chain, about */
	assert_in_range(cut, 2100, w.m.new.count - 200);
	struct ms_map *map = open_map(&w);
	assert_seek(map, &plain, plain.count);
	for (uint64_t n = cut * 8 + followed - 60; n < plain.count; n += n < cut * 8 + followed + 60 ? 1 : 97)
		assert_seek(map, &plain, n);
	ms_map_free(map);
	plain_fini(&plain);
	world_fini(&w);
}

/* Damage in every other chain of 2^18: more places than are kept. Among them holes at which a walk from the middle would
   give up, since it counts one of their pages twice.  */
static void records_stay_bounded(void **state)
{
	enum { RECORDS_MOST = 65536, RECORD_SIZE = 24, HOLES = 5, HOLE_PAGES = 63, PAGE_ENTRIES = FAKE_PAGE / 32 * 2 };
	struct world w;

	(void)state;
	fake_init(&w.t, 8, false);
	uint64_t byte = fake_uint(&w.t, 1);
	fake_map_init(&w.m, &w.t, &(struct fake_layout){ .name = "bytes", .key = byte, .elem = byte });
	fake_open(&w.t);
	fake_map_array(&w.m, &w.m.new, 18);
	assert_int_equal(w.m.bucket_size, 32);
	/* Not from the first chain on: the records behind the holes are among those that go.  */
	for (uint64_t i = 3; i < w.m.new.count; i++) {
		struct fake_slot *slots = w.m.new.buckets[i].slots;
		slots[0] = slots[7] = (struct fake_slot){ .tophash = 9, .state = "full", .shown = true };
		w.m.new.buckets[i].bad_next = i % 2;
		w.m.new.buckets[i].bad = 3;
	}
	fake_map_write(&w.m);
	for (uint64_t hole = 0; hole < HOLES; hole++)
		fake_unmap_pages(&w.t, w.m.new.address + (hole + 1) * 150 * FAKE_PAGE, HOLE_PAGES * FAKE_PAGE);
	struct plain plain = plain_of(&w);
	assert_int_equal(plain.count, (w.m.new.count - 3) * 2 - HOLES * HOLE_PAGES * PAGE_ENTRIES);
	struct ms_map *map = open_map(&w);
	largest_growth = 0;
	assert_seek(map, &plain, plain.count);
	assert_true(largest_growth <= RECORDS_MOST * RECORD_SIZE && largest_growth > RECORDS_MOST * 8);
	for (uint64_t n = 0; n < plain.count; n += 49999)
		assert_seek(map, &plain, n);
	for (uint64_t hole = 0; hole < HOLES; hole++)
		for (uint64_t n = 0; n < 8; n++)
			assert_seek(map, &plain, ((hole + 1) * 150 - hole * HOLE_PAGES) * PAGE_ENTRIES - 6 + n);
	ms_map_free(map);
	plain_fini(&plain);
	world_fini(&w);
}

/* ---- Cost ---- */

static void large_init(struct world *w)
{
	world_plain(w);
	fake_map_array(&w->m, &w->m.new, 14);
	fake_map_fill(&w->m, &w->m.new, 0, 100000);
	fake_map_write(&w->m);
}

/* The first seek to the end reads the map once; any later one no more than 4 096 buckets.  */
static void later_seeks_cost_4096_buckets_at_most(void **state)
{
	struct world w;

	(void)state;
	large_init(&w);
	struct plain plain = plain_of(&w);
	struct ms_map *map = open_map(&w);
	uint64_t array = w.m.new.count *w.m.bucket_size, most = 4096 * w.m.bucket_size + (16 << 10);
	assert_int_equal(plain.count, 100000);
	fake_reset_counts(&w.t);
	assert_seek(map, &plain, plain.count);
	assert_in_range(w.t.bytes_asked, array, array + FAKE_PAGE);
	for (uint64_t i = 0; i < 1000; i++) {
		const char *token;
		uint64_t n = i * 7919 % plain.count;
		fake_reset_counts(&w.t);
		assert_int_equal(seek(map, n, &token), MS_OK);
		if (w.t.bytes_asked > most)
			fail_msg("entry %lu: %lu bytes", (unsigned long)n, (unsigned long)w.t.bytes_asked);
		assert_seek(map, &plain, n);
	}
	fake_reset_counts(&w.t);
	assert_seek(map, &plain, plain.count);
	assert_int_equal(w.t.bytes_asked, 0);
	ms_map_free(map);
	plain_fini(&plain);
	world_fini(&w);
}

/* What lies behind the entry asked for is not looked at, and is read once when it is.  */
static void map_is_walked_only_as_far_as_asked(void **state)
{
	struct world w;
	const char *token;

	(void)state;
	large_init(&w);
	struct ms_map *map = open_map(&w);
	uint64_t array = w.m.new.count *w.m.bucket_size, asked = 0;
	fake_reset_counts(&w.t);
	assert_int_equal(seek(map, 10, &token), MS_OK);
	assert_true(w.t.bytes_asked <= 16 << 10);
	fake_reset_counts(&w.t);
	for (uint64_t n = 1000; n < 100000; n += 1000) { /* each beyond what has been seen */
		assert_int_equal(seek(map, n, &token), MS_OK);
		asked += w.t.bytes_asked;
		fake_reset_counts(&w.t);
	}
	assert_true(asked <= array + FAKE_PAGE);
	ms_map_free(map);
	world_fini(&w);
}

static void maps_of_many_records(void **state)
{
	struct world w;

	(void)state;
	large_init(&w);
	assert_some_entries(&w, 487);
	world_fini(&w);
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 13);
	fake_map_fill(&w.m, &w.m.new, 0, 30000);
	fake_map_grow(&w.m, false);
	for (uint64_t i = 0; i < 5000; i++)
		fake_map_evacuate_whole(&w.m, i, true);
	fake_map_write(&w.m);
	assert_some_entries(&w, 173);
	world_fini(&w);
}

/* Chains without entries between those that have some.  */
static void sparse_map(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 15);
	for (uint64_t key = 0; key < 60; key++)
		fake_map_put(&w.m, &w.m.new, key * 541, key, key);
	check_and_fini(&w, 60);
}

/* ---- Failures ---- */

/* Growing, with chains whose buckets lie too far apart to be read together.  */
static void failing_init(struct world *w)
{
	world_plain(w);
	fake_map_array(&w->m, &w->m.new, 8);
	fake_map_fill(&w->m, &w->m.new, 0, 1000);
	for (uint64_t key = 0; key < 200; key++) {
		fake_map_put(&w->m, &w->m.new, 5 + key % 3 * 80, 5000 + key, key);
		fake_alloc(&w->t, 8 * FAKE_PAGE);
	}
	fake_map_grow(&w->m, false);
	for (uint64_t index = 0; index < 50; index++)
		fake_map_evacuate_whole(&w->m, index * 3, false);
	fake_map_write(&w->m);
}

/* Reads of: a seek to the end, and one back into the middle.  */
static uint64_t reads_of_seeks(struct world *w, const struct plain *plain)
{
	struct ms_map *map = open_map(w);
	const char *token;

	fake_reset_counts(&w->t);
	assert_int_equal(seek(map, plain->count - 1, &token), MS_OK);
	assert_int_equal(seek(map, plain->count * 2 / 3, &token), MS_OK);
	ms_map_free(map);
	return w->t.reads;
}

static void interrupted_seek_goes_on(void **state)
{
	struct world w;
	const char *token;

	(void)state;
	failing_init(&w);
	struct plain plain = plain_of(&w);
	uint64_t reads = reads_of_seeks(&w, &plain);
	assert_true(reads > 10);
	for (uint64_t i = 0; i < 2 * reads; i++) {
		uint64_t k = i / 2 + 1;
		struct ms_map *map = open_map(&w);
		int32_t status;
		fake_reset_counts(&w.t);
		w.t.silent_call = k;
		status = seek(map, plain.count - 1, &token);
		if (status == MS_OK)
			status = seek(map, plain.count * 2 / 3, &token);
		assert_int_equal(status, MS_INTERRUPTED);
		assert_string_equal(ms_error(w.t.ctx), "interrupted");
		assert_int_equal(w.t.reads, k);
		if (i % 2)
			assert_seek(map, &plain, 1); /* another one than was under way */
		assert_seek(map, &plain, plain.count - 1);
		if (w.t.reads > reads + 8) /* the entries found are read as well */
			fail_msg("interrupted at read %lu: %lu reads", (unsigned long)k, (unsigned long)w.t.reads);
		for (uint64_t n = 0; n <= plain.count; n += 61)
			assert_seek(map, &plain, n);
		ms_map_free(map);
	}
	plain_fini(&plain);
	world_fini(&w);
}

/* What the N-th seek finds is an entry of the map, and not one before the N-th: a failure may hide entries, and makes up
   none.  */
static void assert_no_less_than(struct ms_map *map, const struct plain *plain, uint64_t n)
{
	struct place found;
	const char *token;
	int32_t status = seek(map, n, &token);

	if (status == MS_NOT_FOUND)
		return;
	assert_int_equal(status, MS_OK);
	assert_true(entry_at(map, token, &found));
	while (n < plain->count && memcmp(&found, &plain->places[n], sizeof found))
		n++;
	assert_true(n < plain->count);
}

static void nth_read_fails(void **state)
{
	struct world w;

	(void)state;
	failing_init(&w);
	struct plain plain = plain_of(&w);
	uint64_t reads = reads_of_seeks(&w, &plain);
	for (uint64_t k = 1; k <= reads; k++) {
		struct ms_map *map = open_map(&w);
		const char *token;
		fake_reset_counts(&w.t);
		w.t.fail_read = k;
		int32_t status = seek(map, plain.count - 1, &token);
		assert_true(status == MS_OK || status == MS_NOT_FOUND);
		status = seek(map, plain.count * 2 / 3, &token);
		assert_true(status == MS_OK || status == MS_NOT_FOUND);
		assert_true(w.t.provoked);
		if (w.t.reads > reads + 20)
			fail_msg("read %lu fails: %lu reads", (unsigned long)k, (unsigned long)w.t.reads);
		for (uint64_t n = 0; n <= plain.count; n += 61)
			assert_no_less_than(map, &plain, n);
		ms_map_free(map);
		fake_open(&w.t); /* without what the failed read left in the page cache */
	}
	plain_fini(&plain);
	world_fini(&w);
}

static void nth_allocation_fails(void **state)
{
	struct world w;
	bool failed = true;
	uint64_t n;

	(void)state;
	failing_init(&w);
	struct plain plain = plain_of(&w);
	for (n = 1; failed; n++) {
		const char *token;
		fake_open(&w.t);
		struct ms_map *map = open_map(&w);
		allocations = 0;
		fail_allocation = n;
		int32_t status = seek(map, plain.count - 1, &token);
		if (status == MS_NO_MEMORY)
			assert_string_equal(ms_error(w.t.ctx), "out of memory for the index of a map's entries");
		else
			status = seek(map, plain.count * 2 / 3, &token);
		failed = allocations >= n;
		fail_allocation = 0;
		assert_true(status == MS_OK || (failed && (status == MS_NO_MEMORY || status == MS_NOT_FOUND)));
		for (uint64_t i = 0; i <= plain.count; i += 61)
			assert_no_less_than(map, &plain, i);
		ms_map_free(map);
	}
	assert_true(n > 15);
	plain_fini(&plain);
	world_fini(&w);
}

/* ---- Texts ---- */

/* Keys held by pointer, and elems that are texts.  */
static void texts_init(struct world *w)
{
	fake_init(&w->t, 8, false);
	uint64_t large = fake_struct(&w->t, "large");
	fake_member(&w->t, large, "n", fake_int(&w->t, 4));
	fake_claims(&w->t, large)->byte_size = 200;
	struct fake_layout layout = { .name = "texts",
				      .descriptor = true,
				      .key_target = large,
				      .key = fake_pointer(&w->t, large),
				      .elem = fake_pointer(&w->t, fake_char(&w->t)) };
	fake_map_init(&w->m, &w->t, &layout);
	fake_open(&w->t);
	fake_map_array(&w->m, &w->m.new, 2);
	fake_map_fill(&w->m, &w->m.new, 0, 24);
	for (uint64_t i = 0; i < w->m.new.count; i++)
		for (int s = 0; s < FAKE_SLOTS; s++) {
			struct fake_slot *slot = &w->m.new.buckets[i].slots[s];
			char *words = fake_format("elem\t%d", s);
			slot->elem_raw = s == 2 ? 0x10 : fake_text(&w->t, words);
			slot->key_raw = s == 1 ? 0x20 : slot->key_raw;
			free(words);
		}
	fake_map_write(&w->m);
}

static void texts_are_those_of_map_entries(void **state)
{
	struct world w;
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_iter *iter;
	char *all = strdup("");

	(void)state;
	texts_init(&w);
	struct fake_run run = fake_run(&w.t, "map-entries", "m");
	struct ms_map *map = open_map(&w);
	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	assert_string_equal(ms_iter_key_text(iter, 0), ""); /* no batch yet */
	while (ms_iter_next(iter, 7, &batch) == MS_OK && batch.count) {
		for (uint64_t i = 0; i < batch.count; i++) {
			const char *key = ms_iter_key_text(iter, i), *elem = ms_iter_elem_text(iter, i);
			char *longer = fake_format("%s%s: %s\n", all, key, elem);
			free(all);
			all = longer;
		}
		assert_string_equal(ms_iter_key_text(iter, batch.count), "");
		assert_string_equal(ms_iter_elem_text(iter, UINT64_MAX), "");
	}
	assert_string_equal(ms_iter_elem_text(iter, 0), ""); /* the last batch was empty */
	fake_contains(all, "<cannot read the 200 bytes that the slot points to>: \"elem\\t1\"\n");
	assert_int_equal(strncmp(run.out, all, strlen(all)), 0);
	fake_contains(run.out, "24 of 24 shown\n");
	ms_iter_free(iter);
	ms_map_free(map);
	fake_run_fini(&run);
	free(all);
	world_fini(&w);
}

/* An interrupted text is none, and can be asked for again.  */
static void interrupted_text_is_null(void **state)
{
	struct world w;
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_iter *iter;

	(void)state;
	texts_init(&w);
	struct ms_map *map = open_map(&w);
	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	assert_int_equal(ms_iter_next(iter, 3, &batch), MS_OK);
	char *whole = strdup(ms_iter_elem_text(iter, 0));
	assert_string_equal(whole, "\"elem\\t0\"");
	struct ms_memory memory = w.t.ctx->memory;
	assert_int_equal(ms_set_memory(w.t.ctx, &memory), MS_OK); /* the page cache forgets */
	fake_reset_counts(&w.t);
	w.t.silent_call = 1;
	assert_null(ms_iter_elem_text(iter, 0));
	assert_true(w.t.provoked);
	assert_string_equal(ms_error(w.t.ctx), "interrupted");
	assert_string_equal(ms_iter_elem_text(iter, 0), whole);
	free(whole);
	ms_iter_free(iter);
	ms_map_free(map);
	world_fini(&w);
}

static void text_without_memory_is_null(void **state)
{
	struct world w;
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_iter *iter;

	(void)state;
	texts_init(&w);
	struct ms_map *map = open_map(&w);
	assert_int_equal(ms_iter_new(map, "", &iter), MS_OK);
	assert_int_equal(ms_iter_next(iter, 3, &batch), MS_OK);
	allocations = 0;
	fail_allocation = 1;
	const char *text = ms_iter_key_text(iter, 0);
	bool failed = allocations;
	fail_allocation = 0;
	assert_true(failed);
	assert_null(text);
	assert_string_equal(ms_error(w.t.ctx), "out of memory for a text");
	assert_string_equal(ms_iter_key_text(iter, 0), "{n = 0}");
	ms_iter_free(iter);
	ms_map_free(map);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nil_and_empty_maps_have_no_entry),
		cmocka_unit_test(every_entry_of_chains_and_deleted_slots),
		cmocka_unit_test(every_entry_while_growing),
		cmocka_unit_test(every_entry_in_the_middle_of_an_evacuation),
		cmocka_unit_test(every_entry_without_a_size),
		cmocka_unit_test(every_entry_of_other_words),
		cmocka_unit_test(every_entry_around_unreadable_pages),
		cmocka_unit_test(entries_behind_holes_that_are_nearly_too_large),
		cmocka_unit_test(every_entry_of_bad_chains),
		cmocka_unit_test(entries_of_more_overflow_buckets_than_a_map_has),
		cmocka_unit_test(records_stay_bounded),
		cmocka_unit_test(later_seeks_cost_4096_buckets_at_most),
		cmocka_unit_test(map_is_walked_only_as_far_as_asked),
		cmocka_unit_test(maps_of_many_records),
		cmocka_unit_test(sparse_map),
		cmocka_unit_test(interrupted_seek_goes_on),
		cmocka_unit_test(nth_read_fails),
		cmocka_unit_test(nth_allocation_fails),
		cmocka_unit_test(texts_are_those_of_map_entries),
		cmocka_unit_test(interrupted_text_is_null),
		cmocka_unit_test(text_without_memory_is_null),
	};

	return cmocka_run_group_tests_name("seek", tests, NULL, NULL);
}
