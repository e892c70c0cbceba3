/* Where entry number N of a map stands. One walk from the beginning, as far as it was ever asked for, leaves a record every so
   many chains; an entry that it has passed is then found from the record before it. Any format's: it counts what a walk
   over live entries yields. Not an iterator: it hands out places, and never looks at keys and elems.  */
#include <stdlib.h>

#include "decode/map.h"

enum {
	SLICE_MS = 50,
	LOOK_AT_CLOCK = 64, /* rows between two looks */
	/* Chains between two records. The walk from a record reads at most as much again ahead of what it needs, so that
	   a seek costs 4 096 buckets.  */
	SPACING = 2048,
	RECORDS_FIRST = 64,
	RECORDS_MOST = 65536, /* 1.5 MiB; beyond, every other one goes */
};

/* The beginning of a chain.

   Where damage made the walk leave something out, a walk that begins behind may judge the same damage differently (how many
   unreadable pages in a row, how many overflow buckets in all). So there is a record behind each such place, and none is
   walked over, unless it had to go for want of room: then only a walk from the beginning counts the same.  */
struct record {
	uint64_t index;
	uint64_t before; /* entries before it */
	uint32_t array;
	bool behind_damage; /* the walk left something out between this chain and the last one with entries */
	bool damaged;	    /* the walk left something out between this record and the next one */
};

/* A walk that counts.  */
struct counter {
	struct ms_walk *walk;
	struct ms_notes notes;
	struct ms_position chain; /* of the last row */
	uint64_t before, found;	  /* entries before that chain, and with all rows so far */
	bool begun, ended;
};

struct ms_seek {
	struct counter all;  /* from the beginning */
	struct counter near; /* from a record, while it takes longer than a slice */
	struct record near_from;
	struct record *records;
	uint32_t count, capacity;
	uint64_t spacing;
	uint32_t noted; /* notes of ALL up to the last row */
	bool damage;	/* ALL has left something out since its last chain with entries began */
	struct ms_buf text;
};

/* ---- Counting ---- */

static void counter_fini(struct ms_map *map, struct counter *counter)
{
	if (counter->walk)
		map->format->walk_free(counter->walk);
	ms_notes_fini(&counter->notes);
	*counter = (struct counter){ 0 };
}

static int32_t counter_begin(struct ms_map *map, struct counter *counter, const struct record *from)
{
	struct ms_walk_options options = { .live_only = true, .bare = true, .with = { true, true } };

	counter_fini(map, counter);
	options.from = (struct ms_position){ from->array, from->index, 0 };
	counter->found = counter->before = from->before;
	return map->format->walk_new(map, &options, &counter->notes, &counter->walk);
}

/* The next row: how many entries it has, and whether it is the first one of its chain. MS_NOT_FOUND behind the last.  */
static int32_t counter_step(struct ms_map *map, struct counter *counter, uint32_t *live_out, bool *fresh_out)
{
	const struct ms_row *row;
	int32_t status = map->format->walk_next(counter->walk, &row);

	counter->ended = status == MS_NOT_FOUND;
	if (status != MS_OK)
		return status;
	*live_out = row->live_count;
	*fresh_out = !counter->begun || counter->chain.array != row->array || counter->chain.index != row->index;
	if (*fresh_out) {
		counter->chain = (struct ms_position){ row->array, row->index, 0 };
		counter->before = counter->found;
	}
	counter->begun = true;
	counter->found += row->live_count;
	return MS_OK;
}

/* ---- Records ---- */

static bool grow(struct ms_seek *seek)
{
	uint32_t capacity = seek->capacity ? seek->capacity * 2 : RECORDS_FIRST;
	struct record *larger = capacity <= RECORDS_MOST ? realloc(seek->records, capacity * sizeof *larger) : NULL;

	if (!larger)
		return false;
	seek->records = larger;
	seek->capacity = capacity;
	return true;
}

static void drop_every_other(struct ms_seek *seek)
{
	struct record *records = seek->records;

	for (uint32_t i = 0; i < seek->count; i += 2) {
		struct record kept = records[i];
		if (i + 1 < seek->count)
			kept.damaged = kept.damaged || records[i + 1].behind_damage || records[i + 1].damaged;
		records[i / 2] = kept;
	}
	seek->count = (seek->count + 1) / 2;
	seek->spacing *= 2;
}

/* The chain that ALL has just come to, when it is worth a record.  */
static void record_chain(struct ms_seek *seek, bool behind_damage)
{
	const struct counter *all = &seek->all;
	const struct record *last = seek->count ? &seek->records[seek->count - 1] : NULL;

	if (last && !behind_damage && last->array == all->chain.array && all->chain.index - last->index < seek->spacing)
		return;
	if (seek->count == seek->capacity && !grow(seek))
		drop_every_other(seek);
	seek->records[seek->count++] = (struct record){ .index = all->chain.index,
							.before = all->before,
							.array = all->chain.array,
							.behind_damage = behind_damage };
}

/* The last record with at most N entries before it. There is one: the first has none.  */
static const struct record *record_of(const struct ms_seek *seek, uint64_t n)
{
	uint32_t low = 0, high = seek->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (seek->records[middle].before <= n)
			low = middle;
		else
			high = middle;
	}
	return &seek->records[low];
}

/* ---- Seeking ---- */

static int32_t all_step(struct ms_map *map)
{
	struct ms_seek *seek = map->seek;
	uint32_t live;
	bool fresh;
	int32_t status = counter_step(map, &seek->all, &live, &fresh);

	if (status != MS_OK)
		return status;
	/* The walk notes whatever it leaves out.  */
	uint32_t noted = seek->all.notes.count + seek->all.notes.dropped;
	bool damage = noted != seek->noted;
	seek->noted = noted;
	if (fresh && live) {
		record_chain(seek, seek->damage || damage);
		seek->damage = false;
	}
	seek->damage |= damage; /* also of this chain itself: its end may be missing */
	return MS_OK;
}

/* Walks on from the beginning until entry N has been counted.  */
static int32_t count_all(struct ms_map *map, uint64_t n)
{
	struct counter *all = &map->seek->all;
	int32_t status = MS_OK;

	if (!all->walk && !all->ended)
		status = counter_begin(map, all, &(struct record){ 0 });
	for (uint32_t rows = 1; status == MS_OK && !all->ended && all->found <= n; rows++) {
		status = all_step(map);
		if (status == MS_OK && rows % LOOK_AT_CLOCK == 0 && all->found <= n && ms_slice_over(map->ctx))
			status = MS_AGAIN;
	}
	if (all->ended && all->walk) { /* its buffers: megabytes */
		map->format->walk_free(all->walk);
		all->walk = NULL;
	}
	return all->ended && all->found <= n ? MS_NOT_FOUND : status;
}

/* Walks from the record before entry N, which has been counted, to its chain.  */
static int32_t count_near(struct ms_map *map, uint64_t n)
{
	struct ms_seek *seek = map->seek;
	struct counter *near = &seek->near;
	struct record from = *record_of(seek, n);
	uint32_t live;
	bool fresh;
	int32_t status = MS_OK;

	if (from.damaged)
		from = (struct record){ 0 };
	bool same = near->walk && from.array == seek->near_from.array && from.index == seek->near_from.index &&
		    n >= near->before;
	seek->near_from = from;
	if (!same)
		status = counter_begin(map, near, &from);
	for (uint32_t rows = 1; status == MS_OK && near->found <= n; rows++) {
		status = counter_step(map, near, &live, &fresh);
		if (status == MS_OK && rows % LOOK_AT_CLOCK == 0 && near->found <= n && ms_slice_over(map->ctx))
			status = MS_AGAIN;
	}
	return status;
}

static bool in_chain(const struct counter *counter, uint64_t n)
{
	return counter->before <= n && n < counter->found;
}

static struct ms_seek *seek_new(void)
{
	struct ms_seek *seek = calloc(1, sizeof *seek);

	if (!seek || !grow(seek)) { /* so that dropping records always makes room */
		free(seek);
		return NULL;
	}
	seek->spacing = SPACING;
	return seek;
}

void ms_seek_free(struct ms_map *map)
{
	struct ms_seek *seek = map->seek;

	if (!seek)
		return;
	counter_fini(map, &seek->all);
	counter_fini(map, &seek->near);
	free(seek->records);
	ms_buf_fini(&seek->text);
	free(seek);
	map->seek = NULL;
}

/* Where entry N stands.  */
static int32_t find(struct ms_map *map, uint64_t n, struct ms_position *out)
{
	struct ms_seek *seek = map->seek;
	const struct counter *at = &seek->all;
	int32_t status = count_all(map, n);

	if (status != MS_OK)
		return status;
	if (!in_chain(at, n)) {
		at = &seek->near;
		status = count_near(map, n);
	}
	if (status == MS_OK) {
		*out = at->chain;
		out->skip = n - at->before;
	}
	if (status == MS_OK || status == MS_NOT_FOUND)
		counter_fini(map, &seek->near);
	return status;
}

int32_t ms_map_seek(struct ms_map *map, uint64_t n, const char **token_out)
{
	struct ms_position position = { 0 };

	ms_slice_begin(map->ctx, SLICE_MS);
	if (!map->seek)
		map->seek = seek_new();
	int32_t status = map->seek ? find(map, n, &position) : MS_NO_MEMORY;
	if (status == MS_OK) {
		ms_buf_clear(&map->seek->text);
		map->format->position_text(&position, &map->seek->text);
		*token_out = ms_buf_text(&map->seek->text);
		status = map->seek->text.failed ? MS_NO_MEMORY : MS_OK;
	}
	if (status == MS_NO_MEMORY)
		ms_fail(map->ctx, status, "out of memory for the index of a map's entries");
	else if (status == MS_INTERRUPTED)
		ms_fail(map->ctx, status, "interrupted");
	return status;
}
