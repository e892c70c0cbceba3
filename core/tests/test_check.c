/* map-check on maps of every layout: sound ones, and ones of which one thing is wrong. (What a real map goes through is
   test_decoded.c's, and what a program says of its own damage fixtures/test_check.py's.)  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

static void hashed_world(struct world *w, uint32_t pointer_size, bool big_endian, uint8_t B)
{
	world_hashed(w, pointer_size, big_endian);
	fake_map_array(&w->m, &w->m.new, B);
	for (uint64_t key = 0; key < (uint64_t)5 << B; key++)
		world_put(w, &w->m.new, key);
}

/* ---- Judging ---- */

static void assert_sound(struct world *w)
{
	fake_map_write(&w->m);
	struct fake_run run = fake_run(&w->t, "map-check", "m --json");
	if (run.status != MS_YES || !strstr(run.out, "\"ok\": true"))
		fail_msg("%u bytes, %s: %s%s", w->t.pointer_size, w->t.big_endian ? "big" : "little", run.error,
			 run.out);
	fake_is_json_lines(run.out);
	fake_run_fini(&run);
	run = fake_run(&w->t, "map-check", "p");
	assert_int_equal(run.status, MS_YES);
	fake_contains(run.out, "sound: ");
	fake_run_fini(&run);
}

/* One finding, of that code and place; the map is in memory already.  */
static void assert_found(struct world *w, const char *code, const char *place)
{
	struct fake_run run = fake_run(&w->t, "map-check", "m --json");
	char *begin = fake_format("{\"code\": \"%s\", %s, \"message\": \"", code, place);
	const char *second = strstr(run.out, "\n{\"code\"");

	if (run.status != MS_NO || strncmp(run.out, begin, strlen(begin)) || second ||
	    !strstr(run.out, "\n{\"end\": {\"shown\": 1, \"of\": 1, \"partial\": null") ||
	    !strstr(run.out, "\"ok\": false}"))
		fail_msg("%u bytes, %s, expected %s, found %s%s", w->t.pointer_size, w->t.big_endian ? "big" : "little",
			 begin, run.error, run.out);
	fake_contains(run.out, "; likely cause: ");
	fake_is_json_lines(run.out);
	free(begin);
	fake_run_fini(&run);
}

static const char *in_header = "\"array\": null, \"bucket\": null, \"depth\": null, \"slot\": null";

static void found_at(struct world *w, const char *code, const char *array, uint64_t bucket, uint64_t depth, int slot)
{
	char *number = slot < 0 ? fake_format("null") : fake_format("%d", slot);
	char *place = fake_format("\"array\": \"%s\", \"bucket\": %llu, \"depth\": %llu, \"slot\": %s", array,
				  (unsigned long long)bucket, (unsigned long long)depth, number);

	fake_map_write(&w->m);
	assert_found(w, code, place);
	free(place);
	free(number);
}

/* TEST in every width and order; B: of its map.  */
static void everywhere(uint8_t B, void (*test)(struct world *w))
{
	for (int i = 0; i < 4; i++) {
		struct world w;
		hashed_world(&w, i & 1 ? 4 : 8, i & 2, B);
		test(&w);
		world_fini(&w);
	}
}

/* ---- Sound maps ---- */

static void any_layout_is_checked(void **state)
{
	static const struct fake_layout layouts[] = { { 0 },
						      { .reversed = true },
						      { .nested = true },
						      { .no_extra = true },
						      { .values = true, .typedefs = true } };

	(void)state;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		for (int how = 0; how < 4; how++) {
			struct world w;
			world_init(&w, how & 1 ? 4 : 8, how & 2, layouts[i]);
			world_grow(&w, 3, i & 1);
			for (uint64_t at = 0; at < 3; at++)
				fake_map_evacuate_whole(&w.m, at, false);
			assert_sound(&w);
			world_fini(&w);
		}
}

static void at_rest(struct world *w)
{
	fake_map_delete(&w->m, &w->m.new, world_put(w, &w->m.new, 1000), 0, 0);
	assert_sound(w);
}

static void growing(struct world *w)
{
	world_grow_hashed(w);
	assert_sound(w);
}

static void sound_maps_have_no_findings(void **state)
{
	(void)state;
	everywhere(0, at_rest);
	everywhere(3, at_rest);
	everywhere(5, growing);
}

static void nil_and_empty_maps_are_sound(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	fake_map_write(&w.m);
	uint64_t null = 0;
	fake_expr(&w.t, "nil", w.m.pointer_type, 0, &null, 8);
	fake_expect(&w.t, "map-check", "m", MS_YES, "sound: 0 entries in no buckets\n");
	fake_expect(&w.t, "map-check", "nil", MS_YES, "note: nil map\nsound: nil map\n");
	world_fini(&w);
}

/* ---- One thing wrong ---- */

static void count(struct world *w)
{
	fake_map_write(&w->m);
	fake_map_poke(&w->m, "count", (uint64_t)w->m.count - 1);
	assert_found(w, "bad-count", in_header);
}

static void noverflow(struct world *w)
{
	fake_map_write(&w->m);
	fake_map_poke(&w->m, "noverflow", w->m.noverflow + 1);
	assert_found(w, "bad-noverflow", in_header);
}

static void flags(struct world *w)
{
	fake_map_write(&w->m);
	fake_map_poke(&w->m, "flags", 0x20);
	assert_found(w, "bad-flags", in_header);
	fake_map_poke(&w->m, "flags", 1);
	assert_found(w, "bad-flags", in_header);
	fake_map_poke(&w->m, "flags", 8);
	assert_found(w, "bad-flags", in_header);
}

static void header(struct world *w)
{
	fake_map_write(&w->m);
	fake_map_poke(&w->m, "B", 61);
	assert_found(w, "bad-header", in_header);
	fake_map_poke(&w->m, "B", w->m.new.B);
	fake_map_poke(&w->m, "buckets", w->m.new.address + 1);
	assert_found(w, "bad-header", in_header);
	fake_map_poke(&w->m, "buckets", 0);
	assert_found(w, "bad-count", in_header);
}

static void nevacuate(struct world *w)
{
	fake_map_write(&w->m);
	for (uint64_t n = 0; n < 40; n++) {
		fake_map_poke(&w->m, "nevacuate", n);
		if (n && n != w->m.new.count &&n != w->m.new.count / 2)
			assert_found(w, "bad-nevacuate", in_header);
	}
}

static void old_array(struct world *w)
{
	world_grow_hashed(w);
	fake_map_write(&w->m);
	fake_map_poke(&w->m, "nevacuate", w->m.nevacuate + 1);
	char *place = fake_format("\"array\": \"old\", \"bucket\": %llu, \"depth\": 0, \"slot\": null",
				  (unsigned long long)w->m.nevacuate);
	assert_found(w, "not-evacuated", place);
	free(place);
	fake_map_poke(&w->m, "nevacuate", w->m.nevacuate - 1);
	place = fake_format("\"array\": \"old\", \"bucket\": %llu, \"depth\": 0, \"slot\": null",
			    (unsigned long long)w->m.nevacuate - 1);
	assert_found(w, "bad-nevacuate", place);
	free(place);
	fake_map_poke(&w->m, "nevacuate", UINT32_MAX);
	assert_found(w, "bad-nevacuate", in_header);
}

static struct fake_slot *some_slot(struct fake_array *array, uint64_t index, int slot)
{
	return &array->buckets[index].slots[slot];
}

/* The first chain from INDEX on whose own bucket has a free last slot.  */
static uint64_t with_room(const struct fake_array *array, uint64_t index)
{
	while (array->buckets[index].slots[7].shown || array->buckets[index].next)
		index++;
	return index;
}

static void marks(struct world *w)
{
	uint64_t index = with_room(&w->m.new, 0);

	for (uint8_t tophash = 2; tophash < 5; tophash++) {
		some_slot(&w->m.new, index, 7)->tophash = tophash;
		found_at(w, "bad-state", "new", index, 0, 7);
	}
	some_slot(&w->m.new, index, 7)->tophash = 0;
	world_grow_hashed(w);
	index = with_room(&w->m.old, w->m.old.count / 2);
	some_slot(&w->m.old, index, 7)->tophash = 2;
	found_at(w, "bad-state", "old", index, 0, 7);
	some_slot(&w->m.old, index, 7)->tophash = 0;
	some_slot(&w->m.old, 1, 7)->tophash = 0;
	found_at(w, "half-evacuated", "old", 1, 0, 7);
	some_slot(&w->m.old, 1, 7)->tophash = 1;
	found_at(w, "half-evacuated", "old", 1, 0, 7);
}

static void empty_rest(struct world *w)
{
	struct fake_bucket *bucket = &w->m.new.buckets[with_room(&w->m.new, 2)];
	uint64_t index = (uint64_t)(bucket - w->m.new.buckets);

	fake_map_delete(&w->m, &w->m.new, index, 0, 0);
	assert_int_equal(bucket->slots[0].tophash, 1);
	bucket->slots[0].tophash = 0;
	found_at(w, "after-empty-rest", "new", index, 0, 1);
}

static void too_early(struct world *w)
{
	world_grow_hashed(w);
	struct fake_array *old = &w->m.old;
	uint64_t from = with_room(old, old->count / 2), key = 0;
	int slot = 7;

	while (!old->buckets[from].slots[slot].shown)
		slot--;
	key = old->buckets[from].slots[slot].key;
	old->buckets[from].slots[slot] = (struct fake_slot){ .state = "emptyRest" };
	w->m.count--;
	found_at(w, "used-too-early", "new", world_put(w, &w->m.new, key), 0, -1);
}

static void keys(struct world *w)
{
	uint64_t index = with_room(&w->m.new, 1);
	struct fake_slot *slot = some_slot(&w->m.new, index, 1), kept = *slot;

	assert_true(slot->shown);
	slot->tophash = slot->tophash == 77 ? 78 : 77;
	found_at(w, "bad-tophash", "new", index, 0, 1);
	*slot = kept;
	slot->key_raw += 100000;
	if ((world_hash(w, slot->key_raw) & (w->m.new.count - 1)) != index)
		found_at(w, "wrong-bucket", "new", index, 0, 1);
	else
		found_at(w, "bad-tophash", "new", index, 0, 1);
	*slot = *some_slot(&w->m.new, index, 0);
	found_at(w, "duplicate-key", "new", index, 0, 1);
}

static void overflow(struct world *w)
{
	uint64_t index = with_room(&w->m.new, 1);
	struct fake_bucket *bucket = &w->m.new.buckets[index];

	bucket->bad_next = true;
	bucket->bad = 0x10;
	found_at(w, "overflow-unreadable", "new", index, 0, -1);
	bucket->bad = 0x7ffffff0; /* nothing is there */
	found_at(w, "overflow-unreadable", "new", index, 0, -1);
	bucket->bad = bucket->address + 2;
	found_at(w, "overflow-misaligned", "new", index, 0, -1);
	bucket->bad = w->m.new.address + 3 * w->m.bucket_size + w->t.pointer_size;
	found_at(w, "overflow-misaligned", "new", index, 0, -1);
	bucket->bad = w->m.new.address;
	found_at(w, "overflow-foreign", "new", index, 0, -1);
	bucket->bad = bucket->address;
	found_at(w, "overflow-cycle", "new", index, 0, -1);
}

static void chains(struct world *w)
{
	struct fake_bucket *second = fake_map_overflow(&w->m, &w->m.new, 0),
			   *third = fake_map_overflow(&w->m, &w->m.new, 0);
	uint64_t depth = 0;

	for (struct fake_bucket *at = &w->m.new.buckets[0]; at != third; at = at->next)
		depth++;
	assert_sound(w);
	third->bad_next = true;
	third->bad = second->address;
	found_at(w, "overflow-cycle", "new", 0, depth, -1);
	third->bad_next = false;
	uint64_t index = with_room(&w->m.new, 1);
	w->m.new.buckets[index].bad_next = true;
	w->m.new.buckets[index].bad = third->address;
	found_at(w, "overflow-shared", "new", index, 0, -1);
}

/* A full bucket, and an overflow bucket behind it.  */
static void longer(struct world *w)
{
	struct fake_bucket *first = &w->m.new.buckets[0];

	for (uint64_t key = 5000; !first->next; key++)
		if (!(world_hash(w, key) & (w->m.new.count - 1)))
			world_put(w, &w->m.new, key);
	struct fake_slot *slot = &first->next->slots[0], kept = *slot;
	assert_sound(w);
	for (int i = 0; i < FAKE_SLOTS; i++) {
		*slot = first->slots[i];
		found_at(w, "duplicate-key", "new", 0, 1, 0);
	}
	*slot = kept;
	slot->tophash = slot->tophash == 77 ? 78 : 77;
	found_at(w, "bad-tophash", "new", 0, 1, 0);
	*slot = *some_slot(&w->m.new, with_room(&w->m.new, 1), 0);
	found_at(w, "wrong-bucket", "new", 0, 1, 0);
	*slot = kept;
	first->slots[7].tophash = 0;
	w->m.count--;
	found_at(w, "after-empty-rest", "new", 0, 1, 0);
}

static void load(struct world *w)
{
	for (uint64_t key = 1000; w->m.count <= 8 + ((int64_t)13 << w->m.new.B); key++)
		world_put(w, &w->m.new, key);
	fake_map_write(&w->m);
	assert_found(w, "bad-load", in_header);
}

static void lost_page(struct world *w)
{
	fake_map_write(&w->m);
	uint64_t size = w->m.bucket_size, page = (w->m.new.address + 2 * FAKE_PAGE) & ~(uint64_t)(FAKE_PAGE - 1);
	fake_unmap_pages(&w->t, page, FAKE_PAGE);
	char *place = fake_format("\"array\": \"new\", \"bucket\": %llu, \"depth\": 0, \"slot\": null",
				  (unsigned long long)((page - w->m.new.address) / size));
	assert_found(w, "unreadable-bucket", place);
	free(place);
}

static void each_damage_is_one_finding(void **state)
{
	(void)state;
	everywhere(3, count);
	everywhere(3, noverflow);
	everywhere(3, flags);
	everywhere(3, header);
	everywhere(4, nevacuate);
	everywhere(4, old_array);
	everywhere(5, marks);
	everywhere(4, empty_rest);
	everywhere(5, too_early);
	everywhere(4, keys);
	everywhere(4, overflow);
	everywhere(4, chains);
	everywhere(4, longer);
	everywhere(2, load);
	everywhere(8, lost_page);
}

static void old_array_in_the_new_one(void **state)
{
	struct world w;

	(void)state;
	hashed_world(&w, 8, false, 4);
	world_grow_hashed(&w);
	fake_map_write(&w.m);
	fake_map_poke(&w.m, "flags", 8); /* then it has 2^5 buckets, of which half are not there */
	struct fake_run run = fake_run(&w.t, "map-check", "m");
	assert_int_equal(run.status, MS_NO);
	fake_run_fini(&run);
	fake_map_poke(&w.m, "flags", 0);
	fake_map_poke(&w.m, "B", 0);
	assert_found(&w, "bad-growth", in_header);
	fake_map_poke(&w.m, "B", w.m.new.B);
	fake_map_poke(&w.m, "oldbuckets", w.m.new.address + 8 * w.m.bucket_size);
	run = fake_run(&w.t, "map-check", "m");
	fake_contains(run.out, "header: bad-growth: the old array, from ");
	fake_run_fini(&run);
	world_fini(&w);
}

static void indirect_halves_are_read(void **state)
{
	(void)state;
	for (int half = 0; half < 2; half++) {
		struct world w;
		fake_init(&w.t, 8, false);
		uint64_t large = fake_struct(&w.t, "large");
		fake_member(&w.t, large, "n", fake_int(&w.t, 4));
		fake_claims(&w.t, large)->byte_size = 200;
		struct fake_layout layout = { .name = "larges",
					      .descriptor = true,
					      .key_target = large,
					      .elem_target = large,
					      .key = fake_pointer(&w.t, large),
					      .elem = fake_pointer(&w.t, large) };
		fake_map_init(&w.m, &w.t, &layout);
		fake_open(&w.t);
		fake_map_array(&w.m, &w.m.new, 2);
		fake_map_fill(&w.m, &w.m.new, 0, 20);
		assert_sound(&w);
		struct fake_slot *slot = some_slot(&w.m.new, 3, 2);
		*(half ? &slot->elem_raw : &slot->key_raw) = 0x10;
		found_at(&w, half ? "unreadable-elem" : "unreadable-key", "new", 3, 0, 2);
		/* Equal bytes are the same key, whatever the program's own hash is.  */
		*(half ? &slot->elem_raw : &slot->key_raw) = some_slot(&w.m.new, 3, 1)->key_raw;
		if (half)
			assert_sound(&w);
		slot->tophash = some_slot(&w.m.new, 3, 1)->tophash;
		if (!half)
			found_at(&w, "duplicate-key", "new", 3, 0, 2);
		world_fini(&w);
	}
}

/* ---- While a write is under way ---- */

/* Four of an old chain's entries have moved. The next one bears its mark already, and is not there yet.  */
static void middle_of_an_evacuation(void **state)
{
	struct world w;

	(void)state;
	world_plain(&w);
	world_grow(&w, 3, true);
	fake_map_evacuate_whole(&w.m, 0, false);
	fake_map_evacuate(&w.m, 1, 4, false);
	w.m.flags |= 4;
	assert_sound(&w);
	some_slot(&w.m.old, 1, 4)->tophash = 2;
	assert_sound(&w);
	some_slot(&w.m.old, 1, 5)->tophash = 2;
	fake_map_write(&w.m);
	assert_found(&w, "bad-count", in_header);
	w.m.flags &= ~(uint64_t)4;
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-check", "m");
	fake_contains(run.out, "old bucket 1 slot 6: half-evacuated: ");
	fake_run_fini(&run);
	world_fini(&w);
}

static void one_entry_may_be_half_there(struct world *w)
{
	uint64_t index = with_room(&w->m.new, 1);

	w->m.flags = 4;
	some_slot(&w->m.new, index, 0)->key_raw += 1000;
	assert_sound(w);
	struct fake_run run = fake_run(&w->t, "map-check", "m");
	fake_contains(run.out, "what the write under way leaves in between: ");
	fake_run_fini(&run);
	some_slot(&w->m.new, index, 1)->key_raw += 1000;
	fake_map_write(&w->m);
	run = fake_run(&w->t, "map-check", "m --json");
	assert_int_equal(run.status, MS_NO);
	fake_contains(run.out, "\"of\": 2");
	fake_run_fini(&run);
}

static void write_under_way_is_no_damage(void **state)
{
	(void)state;
	everywhere(4, one_entry_may_be_half_there);
}

static void threads_are_told(void **state)
{
	struct world w;

	(void)state;
	hashed_world(&w, 8, false, 3);
	w.m.flags = 4;
	w.t.threads[0] = "poll\nmain";
	w.t.threads[1] = "memcpy\nassign\nhmap_assign\ncounts_set\nwork\nstart_thread";
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-check", "m");
	fake_contains(run.out, "note: thread 2 is in hmap_assign, called by counts_set\n");
	fake_run_fini(&run);
	w.t.threads[2] =
		"runtime.evacuate_fast64\nruntime.growWork_fast64\nruntime.mapassign_fast64\nmain.\33[31m\nmain.main";
	run = fake_run(&w.t, "map-check", "m");
	fake_contains(run.out,
		      "note: perhaps a concurrent write: thread 2 is in hmap_assign, called by counts_set, thread "
		      "3 is in runtime.mapassign_fast64, called by main.\\x1b[31m\n");
	fake_run_fini(&run);
	/* Where a map is cleared nothing need fit.  */
	w.t.threads[1] = "free\nhmap_clear\nmain";
	fake_map_poke(&w.m, "count", 5);
	run = fake_run(&w.t, "map-check", "m");
	assert_int_equal(run.status, MS_YES);
	fake_contains(
		run.out,
		"note: 1 things that do not fit are not shown: a thread is where the map's arrays are replaced\n");
	fake_run_fini(&run);
	w.t.threads[1] = w.t.threads[2] = NULL;
	fake_map_poke(&w.m, "count", (uint64_t)w.m.count);
	run = fake_run(&w.t, "map-check", "m");
	fake_contains(run.out, "note: no thread is seen in code that changes maps");
	fake_run_fini(&run);
	world_fini(&w);
}

/* ---- Many findings ---- */

static void findings_are_paged_and_counted(void **state)
{
	struct world w;

	(void)state;
	hashed_world(&w, 8, false, 12);
	w.m.hash0++; /* then hardly a key is where it belongs */
	fake_map_write(&w.m);
	struct fake_run run = fake_run(&w.t, "map-check", "m --json"), page;
	assert_int_equal(run.status, MS_NO);
	fake_contains(run.out, "{\"end\": {\"shown\": 10000, \"of\": ");
	fake_contains(run.out, "\"partial\": \"limit\"");
	fake_is_json_lines(run.out);
	const char *third = run.out;
	for (int i = 0; i < 3; i++)
		third = strchr(third, '\n') + 1;
	page = fake_run(&w.t, "map-check", "m --json --limit 1 --offset 3");
	assert_memory_equal(page.out, third, strcspn(third, "\n"));
	fake_contains(page.out, "\n{\"end\": {\"shown\": 1, \"of\": ");
	fake_run_fini(&page);
	page = fake_run(&w.t, "map-check", "m");
	fake_contains(page.out, ", 200 shown; 20480 entries in 4096 buckets, ");
	fake_run_fini(&page);
	fake_run_fini(&run);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_layout_is_checked),
		cmocka_unit_test(sound_maps_have_no_findings),
		cmocka_unit_test(nil_and_empty_maps_are_sound),
		cmocka_unit_test(each_damage_is_one_finding),
		cmocka_unit_test(old_array_in_the_new_one),
		cmocka_unit_test(indirect_halves_are_read),
		cmocka_unit_test(middle_of_an_evacuation),
		cmocka_unit_test(write_under_way_is_no_damage),
		cmocka_unit_test(threads_are_told),
		cmocka_unit_test(findings_are_paged_and_counted),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
