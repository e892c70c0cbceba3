/* Counting a classic map's buckets for map-stats, and what the counts come to.

   A bucket of tens of bytes costs a few operations on the word of its eight tophashes: a scan of a large map must not take
   longer than reading it. */
#include <string.h>

#include "base/arith.h"
#include "decode/classic.h"
#include "decode/stats.h"
#include "decode/tophash_word.h"

/* A bucket in use; its live slots.  */
static inline uint32_t add_bucket(struct ms_stats *stats, uint64_t word)
{
	uint32_t count = tops_count(tops_live(word)), first = (uint32_t)word, last = (uint32_t)(word >> 32);

	/* A table for each slot: adding to one counter twice in a row is slow. By halves: so bytes are to be had without shifts.  */
	stats->slot_marks[0][first & 0xff]++;
	stats->slot_marks[1][first >> 8 & 0xff]++;
	first >>= 16;
	stats->slot_marks[2][first & 0xff]++;
	stats->slot_marks[3][first >> 8]++;
	stats->slot_marks[4][last & 0xff]++;
	stats->slot_marks[5][last >> 8 & 0xff]++;
	last >>= 16;
	stats->slot_marks[6][last & 0xff]++;
	stats->slot_marks[7][last >> 8]++;
	stats->occupancy[count]++;
	return count;
}

/* An evacuated chain holds no entry, but while a write is under way: then its first slots may have moved and others not.  */
static bool is_dead(const struct classic_map *map, bool evacuated)
{
	return evacuated && !(map->flags & HMAP_HASH_WRITING);
}

/* An array's own buckets.  */
static void add_own(const struct classic_map *map, const struct ms_piece *piece, struct ms_stats *stats)
{
	const uint8_t *tophash = piece->bytes + map->bucket.tophash, *end = tophash + piece->count * piece->size;

	stats->depths[0] += piece->count;
	if (piece->array == CLASSIC_NEW)
		for (; tophash < end; tophash += piece->size)
			add_bucket(stats, tops_load(tophash));
	for (; tophash < end; tophash += piece->size) {
		uint64_t word = tops_load(tophash);
		bool evacuated = classic_evacuated((uint8_t)word);
		stats->evacuated += evacuated;
		if (is_dead(map, evacuated))
			stats->occupancy[0]++;
		else
			add_bucket(stats, word);
	}
}

static void add_overflow(const struct classic_map *map, const struct ms_piece *piece, struct ms_stats *stats)
{
	stats->overflow += piece->count;
	stats->elsewhere += piece->spare ? 0 : piece->count;
	for (uint64_t i = 0; i < piece->count; i++) {
		const struct ms_link *link = &piece->links[i];
		if (link->depth < MS_STATS_DEPTHS)
			stats->depths[link->depth]++;
		stats->deepest = link->depth > stats->deepest ? link->depth : stats->deepest;
		stats->evacuated_overflow += link->evacuated;
		if (is_dead(map, link->evacuated)) {
			stats->empty_overflow++;
			stats->occupancy[0]++;
			continue;
		}
		uint32_t live = add_bucket(stats, tops_load(ms_piece_bucket(piece, i) + map->bucket.tophash));
		stats->empty_overflow += !live;
		stats->way += (uint64_t)live * HMAP_SLOTS * link->depth;
	}
}

void classic_stats_add(const struct ms_map *map, const struct ms_piece *piece, struct ms_stats *stats)
{
	const struct classic_map *classic = (const struct classic_map *)map;

	if (piece->links)
		add_overflow(classic, piece, stats);
	else
		add_own(classic, piece, stats);
}

void classic_stats_merge(struct ms_stats *into, const struct ms_stats *more)
{
	for (uint32_t slot = 0; slot < MS_STATS_SLOTS; slot++)
		for (uint32_t mark = 0; mark < MS_STATS_MARKS; mark++)
			into->slot_marks[slot][mark] += more->slot_marks[slot][mark];
	for (uint32_t live = 0; live <= MS_STATS_SLOTS; live++)
		into->occupancy[live] += more->occupancy[live];
	for (uint32_t depth = 0; depth < MS_STATS_DEPTHS; depth++)
		into->depths[depth] += more->depths[depth];
	into->deepest = into->deepest > more->deepest ? into->deepest : more->deepest;
	into->overflow += more->overflow;
	into->elsewhere += more->elsewhere;
	into->empty_overflow += more->empty_overflow;
	into->evacuated += more->evacuated;
	into->evacuated_overflow += more->evacuated_overflow;
	into->way += more->way;
}

/* ---- The end ---- */

/* Of as many entries as are expected in each place at least, so that the test is a fair one.  */
enum { EXPECTED_LEAST = 5, HASHES = 256 };

/* Whether tophashes are as even as hashes are. A tophash is the hash's top byte, of which the values below HMAP_MIN_TOPHASH
   were raised by that much, so the first values that occur stand for two. Few entries are tested in coarser places: ranges of
   that top byte, 16 values wide at least.  */
static double tophash_chance(const struct ms_stats *stats)
{
	uint64_t counts[MS_STATS_MARKS] = { 0 };
	uint32_t weights[MS_STATS_MARKS] = { 0 }, width = 1;

	while (width < HASHES && stats->live < (uint64_t)EXPECTED_LEAST * HASHES / width)
		width = width == 1 ? 16 : width * 2;
	if (width == HASHES)
		return -1;
	for (uint32_t hash = 0; hash < HASHES; hash++)
		weights[(hash < HMAP_MIN_TOPHASH ? hash + HMAP_MIN_TOPHASH : hash) / width]++;
	for (uint32_t mark = HMAP_MIN_TOPHASH; mark < MS_STATS_MARKS; mark++)
		counts[mark / width] += stats->marks[mark];
	return ms_stats_chance(counts, weights, MS_STATS_MARKS / width);
}

/* The mean way to an entry if each one had chosen its bucket at random and chains had no gaps: an entry has half of its
   chain's others before it, and shares its chain with (n - 1) times the sum over chains of their chance squared. A growth's
   old bucket that is not evacuated stands for two new ones, or one.  */
static double expected_way(const struct classic_map *map, const struct ms_stats *stats)
{
	double buckets = (double)((uint64_t)1 << map->B), squares = 1 / buckets;

	if (classic_growing(map) && map->old_B < map->B)
		squares = (2 * (double)stats->evacuated +
			   4 * ((double)((uint64_t)1 << map->old_B) - (double)stats->evacuated)) /
			  buckets / buckets;
	return 1 + (double)(stats->live - 1) / 2 * squares;
}

/* Chains by their overflow buckets: as many as have a bucket at that depth but none behind it.  */
static void count_chains(struct ms_stats *stats)
{
	stats->chain_count = (uint32_t)ms_min(stats->deepest + 1, MS_STATS_DEPTHS);
	for (uint32_t depth = 0; depth < stats->chain_count; depth++) {
		uint64_t reach = stats->depths[depth];
		uint64_t behind = depth + 1 < stats->chain_count ? stats->depths[depth + 1] : 0;
		stats->chain[depth] = reach > behind ? reach - behind : 0;
	}
}

/* The array that a map made for COUNT entries gets: hint and makemap, overLoadFactor. None for no entry.  */
static uint64_t fresh_bytes(const struct classic_map *map, uint64_t count)
{
	uint8_t B = 0;

	while (count > HMAP_SLOTS && count > HMAP_LOAD_NUM * (((uint64_t)1 << B) / HMAP_LOAD_DEN))
		B++;
	return count ? classic_array_bytes(map, B) : 0;
}

/* Of the keys and elems that COUNT entries' slots point to.  */
static uint64_t pointed_bytes(const struct ms_map *map, uint64_t count)
{
	uint64_t key = map->key_indirect ? map->key_size : 0, elem = map->elem_indirect ? map->elem_size : 0, bytes;

	return ms_add(key, elem, &bytes) && ms_mul(bytes, count, &bytes) ? bytes : UINT64_MAX;
}

void classic_stats_end(const struct ms_map *map, struct ms_stats *stats)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	uint64_t size = classic->bucket.size;

	for (uint32_t mark = 0; mark < MS_STATS_MARKS; mark++)
		for (uint32_t slot = 0; slot < MS_STATS_SLOTS; slot++) {
			uint64_t count = stats->slot_marks[slot][mark];
			bool live = mark >= HMAP_MIN_TOPHASH;
			stats->marks[mark] += count;
			stats->live += live ? count : 0;
			stats->way += live ? count * (slot + 1) : 0;
		}
	stats->tombstones = stats->marks[HMAP_EMPTY_ONE];
	stats->empty = stats->marks[HMAP_EMPTY_REST];
	stats->buckets = stats->depths[0];
	count_chains(stats);
	stats->mark_chance = tophash_chance(stats);
	stats->way_actual = stats->live ? (double)stats->way / (double)stats->live : -1;
	stats->way_expected = stats->live ? expected_way(classic, stats) : -1;
	if (map->nil || !classic->buckets)
		return;
	stats->bytes = classic_array_bytes(classic, classic->B) + stats->elsewhere * size;
	if (classic_growing(classic))
		stats->bytes += classic_array_bytes(classic, classic->old_B);
	stats->bytes_live = stats->live * (map->key_slot + map->elem_slot);
	stats->bytes_retained = (stats->empty_overflow + stats->evacuated) * size;
	stats->bytes_pointed = pointed_bytes(map, stats->live);
	stats->bytes_rebuilt = fresh_bytes(classic, stats->live);
}

static void add_ratio(struct ms_facts *facts, const char *group, const char *name, double ratio)
{
	struct ms_fact *fact = ms_fact_add(facts, group, name);

	fact->kind = ratio < 0 ? MS_FACT_NULL : MS_FACT_RATIO;
	fact->ratio = ratio;
}

static void add_list(struct ms_facts *facts, const char *name, const char *heading, const uint64_t *numbers,
		     uint32_t count)
{
	struct ms_fact *fact = ms_fact_add(facts, NULL, name);

	fact->kind = MS_FACT_LIST;
	fact->list.heading = heading;
	fact->list.numbers = numbers;
	fact->list.count = count;
}

void classic_stats_describe(const struct ms_map *map, const struct ms_stats *stats, struct ms_facts *facts)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	struct ms_fact *count = ms_fact_add(facts, NULL, "count");

	count->kind = MS_FACT_INT;
	count->i = map->count;
	ms_fact_uint(facts, NULL, "live", stats->live);
	ms_fact_uint(facts, NULL, "tombstones", stats->tombstones);
	ms_fact_uint(facts, NULL, "empty", stats->empty);
	ms_fact_uint(facts, NULL, "buckets", stats->buckets);
	ms_fact_uint(facts, NULL, "overflow_buckets", stats->overflow);
	ms_fact_uint(facts, NULL, "empty_overflow_buckets", stats->empty_overflow);
	ms_fact_uint(facts, NULL, "evacuated", stats->evacuated);
	add_list(facts, "occupancy", "buckets by full slots", stats->occupancy, MS_STATS_SLOTS + 1);
	add_list(facts, "chain", "chains by overflow buckets", stats->chain, stats->chain_count);
	add_ratio(facts, NULL, "tophash_p", stats->mark_chance);
	if (stats->mark_chance >= 0)
		facts->fact[facts->count - 1].kind = MS_FACT_CHANCE;
	add_ratio(facts, "probes", "actual", stats->way_actual);
	add_ratio(facts, "probes", "expected", stats->way_expected);
	ms_fact_uint(facts, "memory", "total", stats->bytes);
	ms_fact_uint(facts, "memory", "live", stats->bytes_live);
	ms_fact_uint(facts, "memory", "wasted",
		     stats->bytes > stats->bytes_live ? stats->bytes - stats->bytes_live : 0);
	ms_fact_uint(facts, "memory", "retained", stats->bytes_retained);
	ms_fact_uint(facts, "memory", "rebuild", stats->bytes_rebuilt);
	ms_fact_uint(facts, "memory", "rebuild_saves",
		     stats->bytes > stats->bytes_rebuilt ? stats->bytes - stats->bytes_rebuilt : 0);
	ms_fact_uint(facts, "memory", "indirect", stats->bytes_pointed);
	ms_fact_text(facts, "growth", "kind", classic_growth_kind(classic));
	if (!classic_growing(classic))
		return;
	ms_fact_uint(facts, "growth", "old_buckets", (uint64_t)1 << classic->old_B);
	ms_fact_uint(facts, "growth", "nevacuate", classic->nevacuate);
	ms_fact_uint(facts, "growth", "evacuated_overflow_buckets", stats->evacuated_overflow);
}
