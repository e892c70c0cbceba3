/* The classic map's header: read, checked, told; and the format's table. Where its members lie is classic_layout.c's, the
   buckets are classic_walk.c's; what the values mean is in base/facts.h.  */
#include "decode/classic.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"

enum {
	ARRAY_BITS = 44,	/* an array of 2^44 bytes or more is no array: B is garbage */
	BUCKET_MOST = 64 << 20, /* bytes: 8 keys and 8 elems of the most that map.c copies, and as much padding again */
	COUNT_SLACK = 1 << 16,	/* entries that any map may have, with one bucket even */
};

static uint64_t header_number(const struct ms_map *map, uint64_t offset, uint64_t size)
{
	return ms_load(map->header + offset, size, map->ctx->memory.big_endian);
}

/* An array of 2^B buckets that could exist at ADDRESS; otherwise the reason goes to map->broken.  */
static bool check_array(struct classic_map *classic, const char *name, uint64_t address, uint8_t B)
{
	struct ms_map *map = &classic->map;
	uint64_t pointer_size = map->ctx->memory.pointer_size, bytes, end;

	if (B >= ARRAY_BITS || !ms_mul((uint64_t)1 << B, classic->bucket.size, &bytes) || bytes >> ARRAY_BITS ||
	    !ms_add(address, bytes, &end) || (pointer_size == 4 && end >> 32 > 0))
		ms_buf_printf(&map->broken, "B is %u: 2^%u buckets of %llu bytes are more than memory has", classic->B,
			      B, (unsigned long long)classic->bucket.size);
	else if (address % pointer_size)
		ms_buf_printf(&map->broken, "%s is 0x%llx, which is not aligned to %llu bytes", name,
			      (unsigned long long)address, (unsigned long long)pointer_size);
	return map->broken.size == 0;
}

/* Values that no map has at any time make the header broken: then nothing behind it is read. What a damaged but readable
   map may show is only noted.  */
static void check_header(struct classic_map *classic, uint64_t flags, uint64_t B)
{
	struct ms_map *map = &classic->map;
	const uint64_t known = HMAP_ITERATOR | HMAP_OLD_ITERATOR | HMAP_HASH_WRITING | HMAP_SAME_SIZE_GROW;
	bool same_size = flags & HMAP_SAME_SIZE_GROW;

	if (classic->bucket.size > BUCKET_MOST)
		ms_buf_printf(&map->broken, "a bucket has %llu bytes: expected at most %d",
			      (unsigned long long)classic->bucket.size, BUCKET_MOST);
	else if (B > 63)
		ms_buf_printf(&map->broken, "B is %llu: expected at most 63", (unsigned long long)B);
	else if (flags & ~known)
		ms_buf_printf(&map->broken, "flags is 0x%llx: expected only bits of 0xf", (unsigned long long)flags);
	else if (!classic->buckets && (map->count || classic->oldbuckets))
		ms_buf_printf(&map->broken, "count is %lld but there are no buckets", (long long)map->count);
	else if (classic->oldbuckets && !same_size && B == 0)
		ms_buf_str(&map->broken, "B is 0 in a doubling growth: expected at least 1");
	else if (check_array(classic, "buckets", classic->buckets, classic->B) && classic->oldbuckets)
		check_array(classic, "oldbuckets", classic->oldbuckets, classic->old_B);
	if (map->broken.size || map->broken.failed)
		return;

	/* No load factor here: inserts during a same-size growth go beyond Go's own, and another program may have another.
	   Chains of 16 buckets on average are beyond belief.  */
	uint64_t most = COUNT_SLACK + ((uint64_t)16 * HMAP_SLOTS << B);
	if (map->count < 0 || (uint64_t)map->count > most)
		ms_note(&map->notes, true, "count is %lld: expected 0 to %llu with 2^%llu buckets",
			(long long)map->count, (unsigned long long)most, (unsigned long long)B);
	if (same_size && !classic->oldbuckets)
		ms_note(&map->notes, true, "flag sameSizeGrow without old buckets");
	if (flags & HMAP_HASH_WRITING)
		ms_note(&map->notes, false,
			"flag hashWriting: a write is under way, one entry may be between two places");
}

static int32_t open_classic(struct ms_map *map)
{
	struct classic_map *classic = (struct classic_map *)map;
	const struct classic_shape *shape = (const struct classic_shape *)map->shape;

	classic_settle_layout(classic);
	if (map->ctx->interrupted)
		return ms_fail(map->ctx, MS_INTERRUPTED, "interrupted");
	if (ms_stopped(map->ctx) != MS_OK)
		return ms_stopped(map->ctx);
	uint64_t flags = header_number(map, shape->flags.offset, shape->flags.size);
	uint64_t B = header_number(map, shape->B.offset, shape->B.size);
	map->count = ms_load_signed(map->header + shape->count.offset, shape->count.size, map->ctx->memory.big_endian);
	classic->flags = (uint8_t)flags;
	classic->B = (uint8_t)ms_min(B, 255);
	classic->old_B = flags & HMAP_SAME_SIZE_GROW || !classic->B ? classic->B : classic->B - 1;
	classic->noverflow = (uint16_t)header_number(map, shape->noverflow.offset, shape->noverflow.size);
	classic->hash0 = (uint32_t)header_number(map, shape->hash0.offset, shape->hash0.size);
	classic->buckets = header_number(map, shape->buckets.offset, shape->buckets.size);
	classic->oldbuckets = header_number(map, shape->oldbuckets.offset, shape->oldbuckets.size);
	classic->nevacuate = header_number(map, shape->nevacuate.offset, shape->nevacuate.size);
	if (!map->nil && !map->broken.size)
		check_header(classic, flags, B);
	return MS_OK;
}

/* ---- What the header tells ---- */

/* makeBucketArray and roundupsize: the array gets 2^(B-4) buckets more, and whatever its size class then has room for.  */
uint64_t classic_array_bytes(const struct classic_map *classic, uint8_t B)
{
	const struct classic_shape *shape = (const struct classic_shape *)classic->map.shape;
	uint64_t count = (uint64_t)1 << B, size = classic->bucket.size, rounded;

	if (B < HMAP_SPARE_MIN_B || !shape->has_extra || !size)
		return count * size;
	count += count >> HMAP_SPARE_MIN_B;
	rounded = (count * size + HMAP_PAGE_SIZE - 1) / HMAP_PAGE_SIZE * HMAP_PAGE_SIZE;
	for (int i = HMAP_SIZE_CLASS_COUNT - 1; i >= 0 && hmap_size_classes[i] >= count * size; i--)
		rounded = hmap_size_classes[i];
	return rounded / size * size;
}

static void flag_words(uint8_t flags, struct ms_buf *buf)
{
	static const char *const names[] = { "iterator", "oldIterator", "hashWriting", "sameSizeGrow" };

	for (int i = 0; i < 4; i++)
		if (flags & 1 << i)
			ms_buf_printf(buf, "%s%s", buf->size ? " " : "", names[i]);
}

const char *classic_growth_kind(const struct classic_map *classic)
{
	if (!classic_growing(classic))
		return "none";
	return classic->flags & HMAP_SAME_SIZE_GROW ? "same-size" : "double";
}

/* Sizes are 0 where B is garbage.  */
static void describe(struct ms_map *map, struct ms_facts *facts)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	bool sound = !map->broken.size && !map->nil;
	uint64_t buckets = sound && classic->buckets ? (uint64_t)1 << classic->B : 0;
	struct ms_buf *words = &facts->text[0];

	ms_fact_text(facts, NULL, "kind", map->format->kind);
	ms_fact_address(facts, NULL, "address", map->address);
	ms_spell(map->ctx, &facts->text[1], map->type, map->shape->language);
	ms_fact_text(facts, NULL, "type", ms_buf_text(&facts->text[1]));
	size_t elem_at;
	ms_spell(map->ctx, &facts->text[2], map->key, map->shape->language);
	ms_buf_add(&facts->text[2], "", 1);
	elem_at = facts->text[2].size;
	ms_spell(map->ctx, &facts->text[2], map->elem, map->shape->language);
	ms_fact_text(facts, NULL, "key_type", ms_buf_text(&facts->text[2]));
	ms_fact_text(facts, NULL, "elem_type", ms_buf_text(&facts->text[2]) + elem_at);
	struct ms_fact *count = ms_fact_add(facts, NULL, "count");
	count->kind = MS_FACT_INT;
	count->i = map->count;
	ms_fact_uint(facts, NULL, "B", classic->B);
	ms_fact_uint(facts, NULL, "buckets", buckets);
	flag_words(classic->flags, words);
	ms_fact_text(facts, NULL, "flags", ms_buf_text(words));
	facts->fact[facts->count - 1].kind = MS_FACT_WORDS;
	ms_fact_uint(facts, "noverflow", "value", classic->noverflow);
	ms_fact_bool(facts, "noverflow", "approximate", classic->B >= HMAP_NOVERFLOW_EXACT_B);
	ms_fact_uint(facts, NULL, "hash0", classic->hash0);
	ms_fact_address(facts, NULL, "buckets_address", classic->buckets);
	ms_fact_address(facts, NULL, "oldbuckets_address", classic->oldbuckets);
	ms_fact_text(facts, "growth", "kind", classic_growth_kind(classic));
	if (classic_growing(classic)) {
		ms_fact_uint(facts, "growth", "old_buckets", sound ? (uint64_t)1 << classic->old_B : 0);
		ms_fact_uint(facts, "growth", "nevacuate", classic->nevacuate);
	}
	ms_fact_uint(facts, NULL, "bucket_size", classic->bucket.size);
	struct ms_fact *load = ms_fact_add(facts, NULL, "load");
	load->kind = MS_FACT_RATIO;
	load->ratio = buckets && map->count > 0 ? (double)map->count / (double)buckets : 0;
	ms_fact_uint(facts, "memory", "buckets", buckets ? classic_array_bytes(classic, classic->B) : 0);
	ms_fact_uint(facts, "memory", "oldbuckets",
		     sound && classic_growing(classic) ? classic_array_bytes(classic, classic->old_B) : 0);
}

const char *classic_array_name(uint32_t array)
{
	return array == CLASSIC_OLD ? "old" : "new";
}

static void describe_row(const struct ms_row *row, struct ms_facts *facts)
{
	const struct classic_row *classic = (const struct classic_row *)row;

	ms_fact_text(facts, NULL, "array", classic_array_name(row->array));
	ms_fact_uint(facts, NULL, "index", row->index);
	ms_fact_uint(facts, NULL, "depth", row->depth);
	ms_fact_address(facts, NULL, "address", row->address);
	ms_fact_address(facts, NULL, "overflow", classic->overflow);
	ms_fact_bool(facts, NULL, "evacuated", classic->evacuated);
}

static void row_title(const struct ms_row *row, struct ms_buf *buf)
{
	ms_buf_printf(buf, "%s bucket%s %llu", classic_array_name(row->array), row->unreadable > 1 ? "s" : "",
		      (unsigned long long)row->index);
	if (row->unreadable > 1)
		ms_buf_printf(buf, " to %llu", (unsigned long long)(row->index + row->unreadable - 1));
	if (row->depth)
		ms_buf_printf(buf, " overflow %llu", (unsigned long long)row->depth);
	if (((const struct classic_row *)row)->evacuated)
		ms_buf_str(buf, ", evacuated");
}

static void summarise(struct ms_map *map, struct ms_buf *buf)
{
	const struct classic_map *classic = (const struct classic_map *)map;

	ms_buf_printf(buf, "B %u", classic->B);
	if (classic_growing(classic))
		ms_buf_printf(buf, ", growing (%s, nevacuate %llu of %llu)", classic_growth_kind(classic),
			      (unsigned long long)classic->nevacuate, (unsigned long long)1 << classic->old_B);
	if (classic->flags & HMAP_HASH_WRITING)
		ms_buf_str(buf, ", being written");
}

/* "hash", "equal": where the map's own functions are.  */
static int32_t descriptor_function(const struct classic_map *classic, const char *name, int64_t *out)
{
	uint64_t address;

	if ((strcmp(name, "hash") && strcmp(name, "equal")) || !classic_descriptor(classic, name, &address))
		return MS_NOT_FOUND;
	*out = (int64_t)address;
	return MS_OK;
}

static int32_t number(const struct ms_map *map, const char *name, int64_t *out)
{
	const struct classic_map *classic = (const struct classic_map *)map;

	if (!strcmp(name, "B"))
		*out = classic->B;
	else if (!strcmp(name, "buckets"))
		*out = map->nil || map->broken.size || !classic->buckets ? 0 : (int64_t)1 << classic->B;
	else if (!strcmp(name, "old_buckets"))
		*out = map->broken.size || !classic_growing(classic) ? 0 : (int64_t)1 << classic->old_B;
	else if (!strcmp(name, "growing"))
		*out = classic_growing(classic);
	else if (!strcmp(name, "writing"))
		*out = !!(classic->flags & HMAP_HASH_WRITING);
	else if (!strcmp(name, "hash0"))
		*out = classic->hash0;
	else
		return descriptor_function(classic, name, out);
	return MS_OK;
}

static void position_text(const struct ms_position *position, struct ms_buf *buf)
{
	ms_buf_printf(buf, "%s.%llu.%llu", classic_array_name(position->array), (unsigned long long)position->index,
		      (unsigned long long)position->skip);
}

static bool position_parse(const struct ms_map *map, const char *text, struct ms_position *out)
{
	const struct classic_map *classic = (const struct classic_map *)map;
	bool is_new = !strncmp(text, "new.", 4);
	char *end = NULL;

	if (!is_new && (strncmp(text, "old.", 4) || !classic_growing(classic)))
		return false;
	*out = (struct ms_position){ .array = is_new ? CLASSIC_NEW : CLASSIC_OLD };
	out->index = strtoull(text + 4, &end, 10);
	if (end == text + 4 || *end != '.')
		return false;
	const char *skip = end + 1;
	out->skip = strtoull(skip, &end, 10);
	return end != skip && !*end && !(out->index >> (is_new ? classic->B : classic->old_B));
}

static const char *const array_names[CLASSIC_ARRAYS] = { "old", "new" };

const struct ms_format ms_format_classic = {
	.kind = "classic",
	.mark_name = "tophash",
	.map_size = sizeof(struct classic_map),
	.recognise = classic_recognise,
	.open = open_classic,
	.describe = describe,
	.array_name = classic_array_name,
	.row_title = row_title,
	.describe_row = describe_row,
	.summarise = summarise,
	.number = number,
	.walk_new = classic_walk_new,
	.walk_next = classic_walk_next,
	.walk_progress = classic_walk_progress,
	.walk_free = classic_walk_free,
	.scan_new = classic_scan_new,
	.scan_count = classic_scan_count,
	.scan_next = classic_scan_next,
	.scan_progress = classic_scan_progress,
	.scan_free = classic_scan_free,
	.search = classic_search,
	.check_new = classic_check_new,
	.check_next = classic_check_next,
	.check_total = classic_check_total,
	.check_summary = classic_check_summary,
	.check_progress = classic_check_progress,
	.check_free = classic_check_free,
	.array_names = array_names,
	.stats_add = classic_stats_add,
	.stats_end = classic_stats_end,
	.stats_describe = classic_stats_describe,
	.trouble_note = classic_trouble_note,
	.position_text = position_text,
	.position_parse = position_parse,
};
