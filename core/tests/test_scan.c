/* The scan of a classic map on a fake target: every bucket of the builder's account comes, once, as the bytes that it has, with
   the place that it has; troubles are told; the reads are large. Its speed is fixtures/bench.py's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/map.h"
#include "fake_world.h"

enum { BUCKETS_MOST = 20000, TROUBLES_MOST = 16 };

/* What a scan gave, in its order.  */
struct given {
	struct ms_link bucket[BUCKETS_MOST];
	bool spare[BUCKETS_MOST];
	uint64_t count, pieces;
	struct ms_trouble trouble[TROUBLES_MOST];
	uint64_t trouble_count;
};

static struct ms_map *open_map(struct world *w)
{
	struct ms_map *map = NULL;
	struct ms_value value = { .size = sizeof value, .type = w->m.header_type, .address = w->m.address };

	assert_int_equal(ms_map_open(w->t.ctx, &value, &map), MS_OK);
	return map;
}

static void take(struct world *w, struct given *given, const struct ms_piece *piece)
{
	uint8_t *bytes = malloc(piece->size);

	given->pieces++;
	assert_int_equal(piece->size, w->m.bucket_size);
	for (uint64_t i = 0; i < piece->count; i++) {
		struct ms_link link = { .address = piece->address + i * piece->size,
					.index = piece->index + i,
					.array = piece->array };
		int64_t answer;
		if (piece->links)
			link = piece->links[i];
		w->t.ctx->memory.read(w->t.ctx->memory.user, link.address, bytes, piece->size, &answer);
		assert_int_equal(answer, (int64_t)piece->size);
		assert_memory_equal(bytes, ms_piece_bucket(piece, i), piece->size);
		assert_true(given->count < BUCKETS_MOST);
		given->spare[given->count] = piece->spare;
		given->bucket[given->count++] = link;
	}
	free(bytes);
}

/* Scans to the end; the reads that it made, beside TAKE's own.  */
static uint64_t scan(struct world *w, struct given *given)
{
	struct ms_map *map = open_map(w);
	struct ms_scan *scan = NULL;
	struct ms_piece piece;
	uint64_t reads = 0;
	int32_t status;

	memset(given, 0, sizeof *given);
	assert_int_equal(map->format->scan_new(map, &scan), MS_OK);
	do {
		fake_reset_counts(&w->t);
		ms_slice_begin(w->t.ctx, 1000);
		status = map->format->scan_next(scan, &piece);
		reads += w->t.reads;
		if (status == MS_OK && piece.trouble.kind) {
			assert_int_equal(piece.count, 0);
			assert_true(given->trouble_count < TROUBLES_MOST);
			given->trouble[given->trouble_count++] = piece.trouble;
		} else if (status == MS_OK) {
			assert_true(piece.count > 0);
			take(w, given, &piece);
		}
	} while (status == MS_OK);
	assert_int_equal(status, MS_NOT_FOUND);
	map->format->scan_free(scan);
	ms_map_free(map);
	return reads;
}

/* How often the bucket was given, each time with its right place.  */
static uint64_t times(const struct given *given, const struct fake_map *m, const struct fake_array *array,
		      uint64_t index, uint64_t depth, const struct fake_bucket *bucket)
{
	bool in_block = bucket->address - array->address < (array->count + array->spares) * m->bucket_size;
	uint64_t found = 0;

	for (uint64_t i = 0; i < given->count; i++) {
		const struct ms_link *link = &given->bucket[i];
		if (link->address != bucket->address)
			continue;
		found++;
		assert_int_equal(link->array, array == &m->new);
		assert_int_equal(link->index, index);
		assert_int_equal(link->depth, depth);
		if (in_block)
			assert_int_equal(given->spare[i], depth > 0);
		if (depth)
			assert_int_equal(link->evacuated, array->evacuated[index]);
	}
	return found;
}

static void assert_all_once(const struct given *given, const struct fake_map *m)
{
	const struct fake_array *arrays[] = { &m->old, &m->new };

	for (int a = 0; a < 2; a++)
		for (uint64_t i = 0; i < arrays[a]->count; i++) {
			uint64_t depth = 0;
			for (const struct fake_bucket *at = &arrays[a]->buckets[i]; at; at = at->next, depth++)
				assert_int_equal(times(given, m, arrays[a], i, depth, at), 1);
		}
	assert_int_equal(given->count, fake_map_row_count(m));
}

/* Scans the map as it is built and ends the world; the reads.  */
static uint64_t check(struct world *w)
{
	struct given *given = malloc(sizeof *given);

	fake_map_write(&w->m);
	uint64_t reads = scan(w, given);
	assert_int_equal(given->trouble_count, 0);
	assert_all_once(given, &w->m);
	world_fini(w);
	free(given);
	return reads;
}

static void empty_maps_have_no_buckets(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	assert_int_equal(check(&w), 0);
}

static void arrays_come_in_large_pieces(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 13);
	fake_map_fill(&w.m, &w.m.new, 0, 20000);
	/* 917 504 bytes: 16, 32, 64, 128, 256 and 512 KiB at most.  */
	assert_int_equal(check(&w), 6);
}

static void every_layout_is_scanned(void **state)
{
	(void)state;
	for (uint32_t pointer_size = 4; pointer_size <= 8; pointer_size += 4)
		for (int big_endian = 0; big_endian < 2; big_endian++)
			for (int reversed = 0; reversed < 2; reversed++) {
				struct world w;
				world_init(&w, pointer_size, big_endian, (struct fake_layout){ .reversed = reversed });
				fake_map_array(&w.m, &w.m.new, 3);
				fake_map_fill(&w.m, &w.m.new, 0, 200);
				fake_map_grow(&w.m, false);
				fake_map_evacuate_whole(&w.m, 3, false);
				check(&w);
			}
}

/* Bucket 112 bytes: 16 + 1 of them are 1 904 bytes, and the allocator's size class is 2 048, so 18.  */
static void spares_are_read_with_their_array(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array_spares(&w.m, &w.m.new, 4, 2);
	for (uint64_t key = 0; key < 20; key++) /* spare 0, then behind it spare 1 */
		fake_map_put(&w.m, &w.m.new, 9, key, key);
	assert_int_equal(w.m.new.spares_used, 2);
	assert_int_equal(check(&w), 3); /* array, spare 0, spare 1 when spare 0 was seen */
	world_plain(&w);
	fake_map_array_spares(&w.m, &w.m.new, 8, 17); /* 272 of 112 bytes: 4 pages of 8 KiB, 292 buckets */
	for (uint64_t i = 0; i < 12; i++)
		for (uint64_t key = 0; key < 17 + i % 2 * 9; key++)
			fake_map_put(&w.m, &w.m.new, i * 7, key, key);
	assert_int_equal(w.m.new.spares_used, 17);
	check(&w);
}

static void spares_of_both_arrays(void **state)
{
	(void)state;
	for (int unlink = 0; unlink < 2; unlink++) {
		struct world w;
		world_plain(&w);
		fake_map_array_spares(&w.m, &w.m.new, 4, 2);
		fake_map_fill(&w.m, &w.m.new, 0, 120);
		for (uint64_t key = 0; key < 30; key++)
			fake_map_put(&w.m, &w.m.new, 1, 500 + key, key);
		w.m.old = w.m.new;
		w.m.flags = 8;
		w.m.noverflow = 0;
		fake_map_array_spares(&w.m, &w.m.new, 4, 2);
		fake_map_evacuate_whole(&w.m, 1, unlink);
		fake_map_evacuate_whole(&w.m, 2, unlink);
		check(&w);
	}
}

static void spares_that_cannot_be_read_matter_only_when_used(void **state)
{
	struct given *given = malloc(sizeof *given);
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 12); /* ends at a page's end; nothing lies behind it */
	fake_map_fill(&w.m, &w.m.new, 0, 4096);
	fake_map_write(&w.m);
	uint64_t behind = w.m.new.address + 4096 * w.m.bucket_size;
	fake_unmap_pages(&w.t, behind, 1 << 20);
	scan(&w, given);
	assert_int_equal(given->trouble_count, 0);
	assert_all_once(given, &w.m);
	w.m.new.buckets[5].bad_next = true;
	w.m.new.buckets[5].bad = behind + 3 * w.m.bucket_size;
	fake_map_write(&w.m);
	scan(&w, given);
	assert_int_equal(given->trouble_count, 1);
	assert_int_equal(given->trouble[0].kind, MS_UNREADABLE);
	assert_int_equal(given->trouble[0].index, 5);
	assert_int_equal(given->trouble[0].depth, 1);
	assert_int_equal(given->trouble[0].from, w.m.new.buckets[5].bad);
	assert_int_equal(given->count, 4096);
	world_fini(&w);
	free(given);
}

static void overflow_buckets_elsewhere_are_read_together(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 9);
	fake_map_fill(&w.m, &w.m.new, 0, 512 * 20); /* 1 024 of them, two levels */
	assert_true(check(&w) < 12);
}

static void long_chains_are_followed(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 1);
	for (uint64_t key = 0; key < 8 * 1000; key++)
		fake_map_put(&w.m, &w.m.new, 1, key, key);
	check(&w);
}

static void assert_trouble(const struct given *given, enum ms_trouble_kind kind, uint64_t index, uint64_t to)
{
	assert_int_equal(given->trouble_count, 1);
	assert_int_equal(given->trouble[0].kind, kind);
	assert_int_equal(given->trouble[0].index, index);
	assert_int_equal(given->trouble[0].to, to);
}

/* A chain whose last bucket leads to: any of its own, another chain's, and what is no bucket.  */
static void every_bad_pointer_is_told(void **state)
{
	struct given *given = malloc(sizeof *given);

	(void)state;
	for (uint64_t spares = 0; spares <= 17; spares += 17)
		for (int to = 0; to < 7; to++) {
			struct world w;
			world_plain(&w);
			fake_map_array_spares(&w.m, &w.m.new, 8, spares);
			for (uint64_t key = 0; key < 8 * 4; key++) {
				fake_map_put(&w.m, &w.m.new, 6, key, key);
				fake_map_put(&w.m, &w.m.new, 3, key, key);
			}
			struct fake_bucket *chain = &w.m.new.buckets[6], *other = &w.m.new.buckets[3],
					   *last = chain->next->next->next;
			const struct {
				uint64_t address;
				enum ms_trouble_kind kind;
			} cases[] = { { last->address, MS_CYCLE },
				      { chain->next->address, MS_CYCLE },
				      { other->next->next->address, MS_SHARED },
				      { chain->address, MS_INTO_ARRAY },
				      { w.m.new.address, MS_INTO_ARRAY },
				      { 0x12345, MS_UNALIGNED },
				      { UINT64_MAX - 15, MS_BEYOND_MEMORY } };
			last->bad_next = true;
			last->bad = cases[to].address;
			fake_map_write(&w.m);
			scan(&w, given);
			assert_trouble(given, cases[to].kind, 6, cases[to].address);
			assert_int_equal(given->trouble[0].depth, 3);
			assert_int_equal(given->trouble[0].from, last->address);
			assert_all_once(given, &w.m);
			world_fini(&w);
		}
	free(given);
}

static void unreadable_pages_cost_their_own_buckets(void **state)
{
	struct given *given = malloc(sizeof *given);
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 9);
	fake_map_fill(&w.m, &w.m.new, 0, 3000);
	fake_map_write(&w.m);
	assert_int_equal(w.m.new.address % FAKE_PAGE, 0);
	fake_unmap_pages(&w.t, w.m.new.address + 2 * FAKE_PAGE, FAKE_PAGE);
	scan(&w, given);
	assert_int_equal(given->trouble_count, 1);
	assert_int_equal(given->trouble[0].kind, MS_UNREADABLE);
	assert_int_equal(given->trouble[0].index, 2 * FAKE_PAGE / 112);
	assert_int_equal(given->trouble[0].count, 3 * FAKE_PAGE / 112 - 2 * FAKE_PAGE / 112 + 1);
	assert_int_equal(given->count, 512 - given->trouble[0].count);
	fake_unmap_pages(&w.t, w.m.new.address + FAKE_PAGE, 512 * 112 - FAKE_PAGE);
	scan(&w, given);
	assert_int_equal(given->trouble[0].kind, MS_UNREADABLE);
	assert_int_equal(given->count, FAKE_PAGE / 112);
	world_fini(&w);
	free(given);
}

/* A header that claims 2^30 buckets where there are 512.  */
static void array_that_ends_early_is_given_up(void **state)
{
	struct given *given = malloc(sizeof *given);
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 9);
	fake_map_write(&w.m);
	fake_unmap_pages(&w.t, w.m.new.address + 512 * 112, 1 << 20);
	fake_map_poke(&w.m, "B", 30);
	assert_true(scan(&w, given) < 100);
	assert_int_equal(given->count, 512);
	assert_int_equal(given->trouble[given->trouble_count - 1].kind, MS_GIVEN_UP);
	world_fini(&w);
	free(given);
}

/* Buckets with few exits: all pointers lead to one page of buckets that lead to each other.  */
static void scan_of_garbage_ends(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 12);
	uint64_t garbage = fake_alloc(&w.t, FAKE_PAGE + 112);
	for (uint64_t i = 0; i < 4096; i++) {
		w.m.new.buckets[i].bad_next = true;
		w.m.new.buckets[i].bad = garbage + i % 512 * 8;
	}
	fake_map_write(&w.m);
	for (uint64_t at = 0; at < FAKE_PAGE; at += 8)
		fake_write_uint(&w.t, garbage + at, 8, garbage + at * 5 % FAKE_PAGE);
	struct ms_map *map = open_map(&w);
	struct ms_scan *scan = NULL;
	struct ms_piece piece;
	uint64_t buckets = 0, troubles = 0;
	assert_int_equal(map->format->scan_new(map, &scan), MS_OK);
	ms_slice_begin(w.t.ctx, 60000);
	while (map->format->scan_next(scan, &piece) == MS_OK) {
		buckets += piece.count;
		troubles += piece.trouble.kind != MS_SOUND;
	}
	assert_int_equal(buckets, 4096 + 512);
	assert_true(troubles >= 4096 - 512);
	map->format->scan_free(scan);
	ms_map_free(map);
	world_fini(&w);
}

static void slices_end_and_go_on(void **state)
{
	struct world w;
	struct ms_scan *scan = NULL;
	struct ms_piece piece;
	uint64_t buckets = 0, again = 0;
	int32_t status;

	(void)state;
	world_plain(&w);
	fake_map_array(&w.m, &w.m.new, 10);
	fake_map_fill(&w.m, &w.m.new, 0, 10240);
	fake_map_write(&w.m);
	struct ms_map *map = open_map(&w);
	assert_int_equal(map->format->scan_new(map, &scan), MS_OK);
	do {
		ms_slice_begin(w.t.ctx, 0);
		status = map->format->scan_next(scan, &piece);
		again += status == MS_AGAIN;
		buckets += status == MS_OK ? piece.count : 0;
	} while (status == MS_OK || status == MS_AGAIN);
	assert_int_equal(status, MS_NOT_FOUND);
	assert_int_equal(buckets, fake_map_row_count(&w.m));
	assert_true(again > 4);
	map->format->scan_free(scan);
	ms_map_free(map);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_maps_have_no_buckets),
		cmocka_unit_test(arrays_come_in_large_pieces),
		cmocka_unit_test(every_layout_is_scanned),
		cmocka_unit_test(spares_are_read_with_their_array),
		cmocka_unit_test(spares_of_both_arrays),
		cmocka_unit_test(spares_that_cannot_be_read_matter_only_when_used),
		cmocka_unit_test(overflow_buckets_elsewhere_are_read_together),
		cmocka_unit_test(long_chains_are_followed),
		cmocka_unit_test(every_bad_pointer_is_told),
		cmocka_unit_test(unreadable_pages_cost_their_own_buckets),
		cmocka_unit_test(array_that_ends_early_is_given_up),
		cmocka_unit_test(scan_of_garbage_ends),
		cmocka_unit_test(slices_end_and_go_on),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
