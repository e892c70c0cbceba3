/* The check of a classic map: chain by chain, and what concerns the whole map. What holds in a sound one: Go 1.12 to 1.23,
   src/runtime/map.go, where the comments at each rule say so; core/hmap keeps the same.  */
#include "decode/classic_check.h"

#include <stdlib.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "mem/mem.h"

enum {
	EVACUATED_MOST = 1 << 26, /* old buckets whose state is remembered */
	LOOK_AT_CLOCK = 64,	  /* buckets between two looks */
	LOAD_MOST = 13, /* entries a bucket: twice as many as any map has (A same-size growth may end with 7.5) */
};

static const struct ms_check_place nowhere;

/* ---- The header ---- */

static void check_broken_header(struct ms_check *check)
{
	const struct classic_map *map = check->map;
	const uint8_t known = HMAP_ITERATOR | HMAP_OLD_ITERATOR | HMAP_HASH_WRITING | HMAP_SAME_SIZE_GROW;
	enum ms_check_code code = MS_BAD_HEADER;

	if (map->flags & ~known)
		code = MS_BAD_FLAGS;
	else if (!map->buckets && map->map.count && !map->oldbuckets)
		code = MS_BAD_COUNT;
	else if (map->oldbuckets && !map->B && map->buckets && !(map->flags & HMAP_SAME_SIZE_GROW))
		code = MS_BAD_GROWTH;
	ms_find(&check->findings, code, &nowhere, "%s", ms_buf_text(&map->map.broken));
	ms_note(check->notes, false, "not checked: the buckets, since the header does not tell where they are");
}

/* mapiterinit sets both iterator flags; hashGrow clears both, and sets oldIterator again if iterator was set.  */
static void check_flags(struct ms_check *check)
{
	const struct classic_map *map = check->map;

	if ((map->flags & (HMAP_ITERATOR | HMAP_OLD_ITERATOR)) == HMAP_ITERATOR)
		ms_find(&check->findings, MS_BAD_FLAGS, &nowhere,
			"flags has iterator without oldIterator: expected both, or oldIterator alone");
	/* advanceEvacuationMark: the flag goes last.  */
	if (map->flags & HMAP_SAME_SIZE_GROW && !map->oldbuckets && !check->writing)
		ms_find(&check->findings, MS_BAD_FLAGS, &nowhere,
			"flags has sameSizeGrow without old buckets: expected it during a growth only");
}

/* advanceEvacuationMark, mapclear: a growth leaves nevacuate at the number of old buckets, a map that never grew or was
   cleared has 0.  */
static void check_nevacuate(struct ms_check *check)
{
	const struct classic_map *map = check->map;
	uint64_t n = map->nevacuate, buckets = (uint64_t)1 << map->B;

	if (classic_growing(map)) {
		uint64_t old_count = check_array_count(check, CLASSIC_OLD);
		if (n > old_count || (n == old_count && !check->writing))
			ms_find(&check->findings, MS_BAD_NEVACUATE, &nowhere,
				"nevacuate is %llu: expected less than %llu, the number of old buckets",
				(unsigned long long)n, (unsigned long long)old_count);
	} else if (n && n != buckets && (n != buckets / 2 || !map->B) && !check->writing) {
		ms_find(&check->findings, MS_BAD_NEVACUATE, &nowhere,
			"nevacuate is %llu in a map at rest: expected 0, or what a growth left: %llu or %llu",
			(unsigned long long)n, (unsigned long long)buckets / 2, (unsigned long long)buckets);
	}
}

static uint64_t array_end(const struct ms_check *check, uint32_t array)
{
	return check_array_address(check, array) + check_array_count(check, array) * check->map->bucket.size;
}

/* Whether the old array's last spare bucket, if it had 2^B of its own, bears the mark of the end: its overflow is the array.  */
static int32_t ends_like(struct ms_check *check, uint8_t B, bool *out)
{
	const struct classic_map *map = check->map;
	uint64_t size = map->bucket.size, at = map->oldbuckets + classic_array_bytes(map, B) / size * size - size;
	uint32_t pointer_size = map->map.ctx->memory.pointer_size;
	uint8_t bytes[8];

	*out = false;
	if (B < HMAP_SPARE_MIN_B)
		return MS_OK;
	int32_t status = ms_mem_read_cached(map->map.ctx, at + map->bucket.overflow, bytes, pointer_size);
	if (status == MS_OK)
		*out = ms_map_pointer(&map->map, bytes) == map->oldbuckets;
	return status == MS_FAULT ? MS_OK : status;
}

/* hashGrow makes the new array beside the old one.  */
static void check_overlap(struct ms_check *check)
{
	const struct classic_map *map = check->map;

	if (map->oldbuckets < array_end(check, CLASSIC_NEW) && map->buckets < array_end(check, CLASSIC_OLD) &&
	    !check->writing)
		ms_find(&check->findings, MS_BAD_GROWTH, &nowhere,
			"the old array, from 0x%llx to 0x%llx, overlaps the new one from 0x%llx on: expected two",
			(unsigned long long)map->oldbuckets, (unsigned long long)array_end(check, CLASSIC_OLD),
			(unsigned long long)map->buckets);
}

/* The mark at the old array's end tells how large it is, as long as it had spare buckets left.  */
static int32_t check_old_size(struct ms_check *check)
{
	struct classic_map *map = check->map;
	bool same_size = map->flags & HMAP_SAME_SIZE_GROW, as_told, as_other = false;
	uint8_t other = same_size ? map->B - 1 : map->B;

	int32_t status = ends_like(check, map->old_B, &as_told);
	if (status == MS_OK && !as_told && map->B)
		status = ends_like(check, other, &as_other);
	if (status < 0 || !as_other)
		return status;
	ms_find(&check->findings, MS_BAD_GROWTH, &nowhere,
		"the old array ends behind %llu buckets and their spares: expected %llu, since the flag sameSizeGrow "
		"is %sset",
		(unsigned long long)1 << other, (unsigned long long)1 << map->old_B, same_size ? "" : "not ");
	ms_note(check->notes, false, "the rest is checked as a growth %s",
		same_size ? "that doubles" : "of the same size");
	map->old_B = other; /* what can be said of the rest is said by what is there */
	map->flags ^= HMAP_SAME_SIZE_GROW;
	return MS_OK;
}

static int32_t check_header(struct ms_check *check)
{
	struct classic_map *map = check->map;
	uint64_t old_count;
	int32_t status = MS_OK;

	check_flags(check);
	if (!map->buckets) {
		if (map->B || map->noverflow || map->nevacuate)
			ms_find(&check->findings, MS_BAD_HEADER, &nowhere,
				"there are no buckets, and B is %u, noverflow %u, nevacuate %llu: expected 0", map->B,
				map->noverflow, (unsigned long long)map->nevacuate);
		return MS_OK;
	}
	if (classic_growing(map))
		status = check_old_size(check);
	if (status < 0)
		return status;
	if (classic_growing(map))
		check_overlap(check);
	check_nevacuate(check);
	check_extra_begin(check);
	old_count = check_array_count(check, CLASSIC_OLD);
	if (old_count && old_count <= EVACUATED_MOST)
		check->evacuated = calloc(1, old_count / 8 + 1);
	else if (old_count)
		ms_note(check->notes, false,
			"not checked: whether new buckets are empty until their old bucket is evacuated; there are "
			"more than %d",
			EVACUATED_MOST);
	if (old_count && old_count <= EVACUATED_MOST && !check->evacuated)
		return MS_NO_MEMORY;
	check->single = malloc(map->bucket.size);
	classic_ahead_init(&check->ahead, map);
	if (!check->single)
		return MS_NO_MEMORY;
	return check_keys_init(check);
}

/* ---- Chains ---- */

static bool wants_all(const void *user, const uint8_t *bucket, bool own)
{
	(void)user;
	(void)bucket;
	(void)own;
	return true;
}

static void set_next(struct ms_check *check, const uint8_t *bytes, uint32_t ahead)
{
	uint64_t to = classic_overflow(check->map, bytes);

	check->next = to && check_overflow(check, to) ? to : 0;
	check->next_ahead = ahead;
}

static int32_t read_chunk(struct ms_check *check)
{
	int32_t status = classic_stream_read(&check->stream, check->at, check->until);

	if (status == MS_OK)
		status = classic_ahead_read(&check->ahead, &check->stream, wants_all, NULL);
	if (status < 0)
		check->stream.count = 0; /* asked again, it is read again */
	return status;
}

/* Buckets from the chunk's AT on that cannot be read.  */
static void unreadable_run(struct ms_check *check, uint64_t at)
{
	uint64_t run = classic_stream_run(&check->stream, at);
	bool to_the_end = classic_stream_gave_up(&check->stream) && at + run == check->stream.count;

	if (to_the_end)
		run = check->until - check->at;
	check->cut++;
	ms_find(&check->findings, MS_UNREADABLE_BUCKET, &check->chain.place,
		"%llu bucket%s from here on%s, at 0x%llx: cannot be read", (unsigned long long)run, run > 1 ? "s" : "",
		to_the_end ? ", to the array's end" : "", (unsigned long long)check->chain.place.address);
	check->at += run;
}

/* nevacuate moves over buckets that were evacuated out of turn, but over 1024 in one step at most.  */
static void check_mark(struct ms_check *check)
{
	const struct check_chain *chain = &check->chain;

	if (chain->place.array == CLASSIC_OLD && chain->evacuated && chain->place.bucket == check->map->nevacuate &&
	    check_array_count(check, CLASSIC_OLD) <= 1024 && !check->writing)
		ms_find(&check->findings, MS_BAD_NEVACUATE, &chain->place,
			"nevacuate is %llu, and this bucket is evacuated: expected one that is not",
			(unsigned long long)check->map->nevacuate);
}

/* The array's own bucket check->at, which begins a chain.  */
static int32_t begin_chain(struct ms_check *check)
{
	uint64_t size = check->map->bucket.size;
	int32_t status = MS_OK;

	if (check->at - check->stream.first >= check->stream.count)
		status = read_chunk(check);
	if (status == MS_OK && check_keys_half_full(&check->keys))
		status = check_keys_run(check);
	if (status < 0)
		return status;
	uint64_t at = check->at - check->stream.first;
	const uint8_t *bytes = check->stream.bytes + at * size;
	check->chain = (struct check_chain){
		.place = { .in_array = true,
			   .in_bucket = true,
			   .array = check->array,
			   .bucket = check->at,
			   .address = check_array_address(check, check->array) + check->at * size },
	};
	if (check->stream.unreadable[at]) {
		unreadable_run(check, at);
		return MS_OK;
	}
	check->at++;
	ms_visited_clear(&check->visited);
	check_chain_begin(check, bytes);
	check_mark(check);
	status = check_slots(check, bytes);
	if (status < 0)
		return status;
	set_next(check, bytes, check->ahead.first[at]);
	if (!check->next)
		check_chain_end(check);
	return MS_OK;
}

static int32_t next_in_chain(struct ms_check *check)
{
	struct check_chain *chain = &check->chain;
	uint32_t ahead = check->next_ahead;
	bool fetched = ahead != AHEAD_MISSING;
	const uint8_t *bytes = fetched ? classic_ahead_bytes(&check->ahead, ahead) : check->single;
	uint64_t address = check->next;
	int32_t status =
		fetched ? check->ahead.status[ahead - 1]
			: ms_mem_read_cached(check->map->map.ctx, address, check->single, check->map->bucket.size);

	if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
		return status;
	if (status != MS_OK) {
		check->cut++;
		check->owners[check->array].count--;
		ms_find(&check->findings, MS_OVERFLOW_UNREADABLE, &chain->place,
			"the overflow pointer is 0x%llx, where no bucket of %llu bytes can be read",
			(unsigned long long)address, (unsigned long long)check->map->bucket.size);
		check->next = 0;
		check_chain_end(check);
		return MS_OK;
	}
	if (check->unlisted)
		check_find_entry(check, MS_OVERFLOW_UNLISTED, &chain->place,
				 "the overflow pointer is 0x%llx, which is in no list of the map's: expected it there",
				 (unsigned long long)address);
	chain->place.depth++;
	chain->place.address = address;
	status = check_slots(check, bytes);
	if (status < 0)
		return status;
	set_next(check, bytes, fetched ? check->ahead.next[ahead - 1] : AHEAD_MISSING);
	if (!check->next)
		check_chain_end(check);
	return MS_OK;
}

/* ---- The whole ---- */

/* Without overflow buckets that could not be counted. From B = 16 on each of them counts with a chance of 1 in 2^(B - 15):
   incrnoverflow; ten times the deviation that this has by chance is none.  */
static void check_noverflow(struct ms_check *check)
{
	uint64_t found = check->owners[CLASSIC_NEW].count, told = check->map->noverflow;
	uint8_t B = check->map->B;

	if (B < HMAP_NOVERFLOW_EXACT_B) {
		uint64_t more = (told - found) & UINT16_MAX, less = (found - told) & UINT16_MAX;
		if (more && !(check->writing && (more == 1 || less == 1)))
			ms_find(&check->findings, MS_BAD_NOVERFLOW, &nowhere,
				"noverflow is %llu: expected %llu, the overflow buckets of the new array",
				(unsigned long long)told, (unsigned long long)found);
		return;
	}
	uint64_t expected = found >> (B - (HMAP_NOVERFLOW_EXACT_B - 1));
	uint64_t away = told > expected ? told - expected : expected - told;
	bool by_chance = away <= 40 || (away - 40) * (away - 40) / 100 <= expected;
	if (!by_chance && expected < UINT16_MAX - 40)
		ms_find(&check->findings, MS_BAD_NOVERFLOW, &nowhere,
			"noverflow is %llu: expected about %llu, 1 in 2^%u of the new array's %llu overflow buckets",
			(unsigned long long)told, (unsigned long long)expected, B - (HMAP_NOVERFLOW_EXACT_B - 1),
			(unsigned long long)found);
}

static void check_count(struct ms_check *check)
{
	int64_t count = check->map->map.count, live = (int64_t)check->live;
	bool on_its_way = check->writing && (count == live + 1 || count == live - 1);

	if (count != live && !on_its_way)
		ms_find(&check->findings, MS_BAD_COUNT, &nowhere, "count is %lld: expected %lld, the live entries",
			(long long)count, (long long)live);
}

/* Load factor: overLoadFactor. A map grows when an entry is added beyond 6.5 a bucket; until a growth of the same size ends, one
   comes for each old bucket.  */
static void check_load(struct ms_check *check)
{
	uint64_t most = HMAP_SLOTS + ((uint64_t)LOAD_MOST << check->map->B);

	if (check->live > most)
		ms_find(&check->findings, MS_BAD_LOAD, &nowhere, "%llu entries with B %u: expected at most %llu",
			(unsigned long long)check->live, check->map->B, (unsigned long long)most);
}

/* What a write under way may have left, if it is one thing only.  */
static void release_held(struct ms_check *check)
{
	struct ms_findings *held = &check->held, *to = &check->findings;

	if (held->total == 1) {
		const struct ms_finding *one = &held->list[0];
		if (held->kept)
			ms_note(check->notes, false, "%s bucket %llu: what the write under way leaves in between: %s",
				classic_array_name(one->place.array), (unsigned long long)one->place.bucket,
				ms_check_table[one->code].name);
		return;
	}
	for (uint64_t i = 0; i < held->kept; i++)
		ms_find_again(to, &held->list[i]);
	to->total += held->total - held->kept;
	held->kept = 0;
	to->failed |= held->failed;
}

static void note_unchecked(struct ms_check *check)
{
	const struct check_keys *keys = &check->keys;
	const struct ms_map *map = &check->map->map;

	if (keys->capacity && !keys->hasher)
		ms_note(check->notes, false, "not checked: tophash and bucket of each key%s (%s)",
			keys->compares_bytes ? "" : ", and whether a key is there twice", ms_buf_text(&keys->unhashed));
	if (keys->without_hash && !keys->is_float)
		ms_note(check->notes, false, "not checked: %llu keys of which no hash can be computed",
			(unsigned long long)keys->without_hash);
	if (keys->split)
		ms_note(check->notes, false,
			"not checked: whether a key is there twice in chains of more than %llu entries",
			(unsigned long long)keys->capacity / 2);
	if (check->cut)
		ms_note(check->notes, false,
			"not checked: count, noverflow and the use of overflow buckets, since a part of the map cannot "
			"be "
			"reached");
	if (map->shape && check->extra && !check->extra_type)
		ms_note(check->notes, false,
			"not checked: lists of overflow buckets and preallocated ones, since the type of "
			"extra is not known");
}

/* mapclear and hashGrow replace members of the header one after the other: meanwhile nothing fits.  */
static void drop_findings(struct ms_check *check, const char *why)
{
	if (check->findings.total + check->held.total)
		ms_note(check->notes, false, "%llu things that do not fit are not shown: %s",
			(unsigned long long)(check->findings.total + check->held.total), why);
	ms_findings_fini(&check->findings);
	ms_findings_fini(&check->held);
}

static bool is_being_replaced(const struct ms_check *check, const char **why)
{
	if (!check->writing)
		return false;
	*why = check->map->map.count == 0 ? "a write is under way and count is 0, so the map is being cleared"
					  : "a thread is where the map's arrays are replaced";
	return check->writers.replacing || (check->map->map.count == 0 && check->live > 1);
}

static void note_writers(struct ms_check *check)
{
	const struct ms_writers *writers = &check->writers;

	if (writers->text.size)
		ms_note(check->notes, false, "%s%s%s",
			writers->threads > 1 && check->writing ? "perhaps a concurrent write: " : "",
			ms_buf_text(&writers->text),
			writers->innermost ? " (of each thread only the innermost function was looked at)" : "");
	else if (check->writing && writers->innermost)
		ms_note(check->notes, false,
			"no thread's innermost function is known to change maps; what called it is looked at in a "
			"debugger only");
	else if (check->writing && writers->known)
		ms_note(check->notes, false,
			"no thread is seen in code that changes maps: the flag was left behind, or set by a goroutine "
			"that does not run now, or by a thread whose stack cannot be followed");
}

static int32_t end_check(struct ms_check *check)
{
	bool walked = check->map->buckets && !check->map->map.broken.size;
	const char *why = NULL;

	if (walked && !check->cut) {
		check_noverflow(check);
		check_count(check);
	}
	if (walked)
		check_load(check);
	if (check->writing || check->findings.total) {
		int32_t status = ms_writers_find(check->map->map.ctx, &check->writers);
		if (status < 0)
			return status;
	}
	if (is_being_replaced(check, &why))
		drop_findings(check, why);
	else
		release_held(check);
	note_unchecked(check);
	note_writers(check);
	return MS_OK;
}

static int32_t begin_arrays(struct ms_check *check)
{
	struct classic_map *map = check->map;
	int32_t status = MS_OK;

	check->phase = CHECK_END;
	if (map->map.nil)
		return MS_OK;
	if (map->map.broken.size) {
		check_broken_header(check);
		return MS_OK;
	}
	status = check_header(check);
	if (status < 0 || !map->buckets)
		return status;
	for (uint32_t array = 0; array < CLASSIC_ARRAYS && status == MS_OK; array++)
		if (check_array_count(check, array))
			status = check_owners_begin(check, array);
	check->phase = CHECK_ARRAY;
	return status;
}

static void begin_array(struct ms_check *check)
{
	if (check->array < CLASSIC_ARRAYS && !check_array_count(check, check->array))
		check->array++;
	check->phase = check->array < CLASSIC_ARRAYS ? CHECK_LIST : CHECK_END;
	check->at = 0;
	if (check->phase == CHECK_END)
		return;
	check->until = check_array_count(check, check->array);
	classic_stream_begin(&check->stream, check->map->map.ctx, check_array_address(check, check->array),
			     check->map->bucket.size);
	if (check->array == CLASSIC_NEW)
		check_glance_begin(check);
}

static int32_t step_chains(struct ms_check *check)
{
	uint64_t at = check->at - check->stream.first, quick = 0;

	if (check->next)
		return next_in_chain(check);
	if (check->glance)
		return check_glance_step(check) ? begin_chain(check) : MS_OK;
	if (check->array == CLASSIC_NEW && at < check->stream.count)
		quick = check_quick_chains(check, at);
	check->at += quick;
	if (quick)
		return MS_OK;
	if (check->at < check->until)
		return begin_chain(check);
	int32_t status = check_keys_run(check);
	if (status < 0)
		return status;
	check_owners_end(check, check->array++);
	check->phase = CHECK_ARRAY;
	return MS_OK;
}

/* One piece of work. MS_OK or MS_AGAIN; a failure.  */
static int32_t step(struct ms_check *check)
{
	int32_t status = MS_OK;

	switch (check->phase) {
	case CHECK_HEADER:
		return begin_arrays(check);
	case CHECK_ARRAY:
		begin_array(check);
		return MS_OK;
	case CHECK_LIST:
		status = check_owners_list(check, check->array);
		check->phase = status == MS_OK ? CHECK_CHAINS : CHECK_LIST;
		return status;
	case CHECK_CHAINS:
		return step_chains(check);
	case CHECK_END:
		status = end_check(check);
		check->phase = status == MS_OK ? CHECK_DONE : CHECK_END;
		return status;
	case CHECK_DONE:
		break;
	}
	return MS_NOT_FOUND;
}

int32_t classic_check_next(struct ms_check *check, const struct ms_finding **out)
{
	for (uint32_t steps = 1;; steps++) {
		if (check->findings.failed || check->held.failed)
			return MS_NO_MEMORY;
		if (check->given < check->findings.kept) {
			*out = &check->findings.list[check->given++];
			return MS_OK;
		}
		int32_t status = step(check);
		if (status != MS_OK)
			return status;
		if (steps % LOOK_AT_CLOCK == 0 && ms_slice_over(check->map->map.ctx))
			return MS_AGAIN;
	}
}

uint64_t classic_check_total(const struct ms_check *check)
{
	return check->findings.total;
}

void classic_check_summary(const struct ms_check *check, struct ms_buf *buf)
{
	const struct classic_map *map = check->map;

	if (map->map.nil) {
		ms_buf_str(buf, "nil map");
		return;
	}
	if (map->map.broken.size) {
		ms_buf_str(buf, "only the header was checked");
		return;
	}
	uint64_t old_count = check_array_count(check, CLASSIC_OLD);
	ms_buf_printf(buf, "%llu entr%s in ", (unsigned long long)check->live, check->live == 1 ? "y" : "ies");
	if (map->buckets)
		ms_buf_printf(buf, "%llu bucket%s", (unsigned long long)1 << map->B, map->B ? "s" : "");
	else
		ms_buf_str(buf, "no buckets");
	if (check->overflow_count)
		ms_buf_printf(buf, ", %llu overflow bucket%s", (unsigned long long)check->overflow_count,
			      check->overflow_count > 1 ? "s" : "");
	if (old_count)
		ms_buf_printf(buf, "; growing (%s, %llu of %llu evacuated)",
			      map->flags & HMAP_SAME_SIZE_GROW ? "same-size" : "double",
			      (unsigned long long)check->evacuated_count, (unsigned long long)old_count);
}

int32_t classic_check_new(struct ms_map *map, struct ms_notes *notes, struct ms_check **out)
{
	struct ms_check *check = calloc(1, sizeof *check);

	if (!check)
		return MS_NO_MEMORY;
	check->map = (struct classic_map *)map;
	check->notes = notes;
	check->writing = check->map->flags & HMAP_HASH_WRITING;
	*out = check;
	return MS_OK;
}

void classic_check_progress(const struct ms_check *check, uint64_t *done, uint64_t *total)
{
	uint64_t old_count, new_count;

	*done = *total = 0;
	if (check->map->map.nil || check->map->map.broken.size)
		return;
	old_count = check_array_count(check, CLASSIC_OLD);
	new_count = check_array_count(check, CLASSIC_NEW);
	*total = old_count + new_count;
	uint64_t at = check->glance ? check_glance_done(check->glance) : check->at;
	*done = check->array == CLASSIC_OLD ? at : ms_min(old_count + at, *total);
}

void classic_check_free(struct ms_check *check)
{
	if (!check)
		return;
	check_glance_free(check->glance);
	classic_stream_fini(&check->stream);
	classic_ahead_fini(&check->ahead);
	ms_visited_fini(&check->visited);
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++)
		check_owners_fini(&check->owners[array]);
	check_keys_fini(&check->keys);
	ms_findings_fini(&check->findings);
	ms_findings_fini(&check->held);
	ms_writers_fini(&check->writers);
	free(check->evacuated);
	free(check->window.bytes);
	free(check->single);
	free(check);
}
