/* The classic map's header: recognised by its members, read, checked, told. The buckets are classic_walk.c's.

   Offsets are the target's own; what the values mean is in base/facts.h.  */
#include "decode/classic.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "mem/mem.h"

enum {
	ARRAY_BITS = 44,	/* an array of 2^44 bytes or more is no array: B is garbage */
	BUCKET_MOST = 64 << 20, /* bytes: 8 keys and 8 elems of the most that map.c copies, and as much padding again */
	COUNT_SLACK = 1 << 16,	/* entries that any map may have, with one bucket even */
};

/* ---- Recognition ---- */

/* An array of HMAP_SLOTS; its element type in *ELEMENT_OUT, not stripped, and its size.  */
static bool slot_array(struct ms_context *ctx, const struct ms_node *node, const struct ms_node **element_out,
		       uint64_t *size_out)
{
	const struct ms_node *element = node->kind == MS_ARRAY ? ms_node_target(ctx, node) : NULL;
	const struct ms_node *stripped = element ? ms_node_strip(ctx, element) : NULL;

	if (!stripped || node->count != HMAP_SLOTS)
		return false;
	*element_out = element;
	*size_out = stripped->size;
	return true;
}

/* The members have been found inside the struct; that the slots do not overlap, or reach beyond it, is checked here.  */
static bool read_bucket(struct ms_context *ctx, const struct ms_node *node, struct classic_bucket *out)
{
	const struct ms_node *tophash, *keys, *elems, *overflow, *byte;
	uint64_t byte_size;

	if (!ms_node_member(ctx, node, "tophash", &out->tophash, &tophash) ||
	    !ms_node_member(ctx, node, "keys", &out->keys, &keys) ||
	    !ms_node_member(ctx, node, "overflow", &out->overflow, &overflow) ||
	    !ms_node_member(ctx, node, "elems values", &out->elems, &elems))
		return false;
	out->size = node->size;
	return slot_array(ctx, tophash, &byte, &byte_size) && byte_size == 1 && tophash->size >= HMAP_SLOTS &&
	       overflow->size == ctx->memory.pointer_size && slot_array(ctx, keys, &out->key, &out->key_slot) &&
	       slot_array(ctx, elems, &out->elem, &out->elem_slot) && keys->size / HMAP_SLOTS >= out->key_slot &&
	       elems->size / HMAP_SLOTS >= out->elem_slot;
}

/* Splits "hash<K,V>", the name that Go's linker gives the header.  */
static bool split_go_name(const char *name, const char **key, size_t *key_size, const char **elem, size_t *elem_size)
{
	size_t size = strlen(name);
	int depth = 0;

	if (size < 7 || strncmp(name, "hash<", 5) || name[size - 1] != '>')
		return false;
	for (const char *p = name + 5; p < name + size - 1; p++) {
		depth += strchr("[{(<", *p) != NULL;
		depth -= strchr("]})", *p) != NULL || (*p == '>' && p[-1] != '-');
		if (*p == ',' && depth == 0) {
			*key = name + 5;
			*key_size = (size_t)(p - *key);
			*elem = p + 1 + strspn(p + 1, " ");
			*elem_size = (size_t)(name + size - 1 - *elem);
			return true;
		}
	}
	return false;
}

static bool over_inline_limit(struct ms_context *ctx, const struct ms_node *slot)
{
	const struct ms_node *target = slot->kind == MS_POINTER ? ms_node_target(ctx, slot) : NULL;
	const struct ms_node *stripped = target ? ms_node_strip(ctx, target) : NULL;

	return stripped && stripped->size > HMAP_MAX_INLINE;
}

/* Go: the slot holds a pointer to a large type, and the map's own name says that type and not "*type".  */
static bool go_indirect(struct ms_context *ctx, const struct ms_node *slot, const char *name, size_t size)
{
	return over_inline_limit(ctx, slot) && size && *name != '*';
}

static void read_go_indirection(struct ms_context *ctx, struct classic_shape *shape)
{
	const char *key, *elem;
	size_t key_size, elem_size;

	if (!split_go_name(shape->common.header->name, &key, &key_size, &elem, &elem_size))
		return;
	shape->key_indirect = go_indirect(ctx, shape->bucket.key, key, key_size);
	shape->elem_indirect = go_indirect(ctx, shape->bucket.elem, elem, elem_size);
}

static bool read_header_layout(struct ms_context *ctx, struct classic_shape *shape, const struct ms_node *header,
			       const struct ms_node **buckets_out)
{
	const struct {
		const char *name;
		uint64_t *offset, *size, most;
	} members[] = {
		{ "count", &shape->count.offset, &shape->count.size, 8 },
		{ "flags", &shape->flags.offset, &shape->flags.size, 8 },
		{ "B", &shape->B.offset, &shape->B.size, 8 },
		{ "noverflow", &shape->noverflow.offset, &shape->noverflow.size, 8 },
		{ "hash0", &shape->hash0.offset, &shape->hash0.size, 8 },
		{ "nevacuate", &shape->nevacuate.offset, &shape->nevacuate.size, 8 },
		{ "oldbuckets", &shape->oldbuckets.offset, &shape->oldbuckets.size, 8 },
		{ "buckets", &shape->buckets.offset, &shape->buckets.size, 8 },
	};
	const struct ms_node *type = NULL;

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		if (!ms_node_member(ctx, header, members[i].name, members[i].offset, &type))
			return false;
		*members[i].size = type->size;
		if (type->size == 0 || type->size > members[i].most)
			return false;
	}
	*buckets_out = type;
	return type->kind == MS_POINTER;
}

static void read_shape_bucket(struct ms_context *ctx, struct classic_shape *shape, const struct ms_node *buckets)
{
	const struct ms_node *target = ms_node_target(ctx, buckets);
	const struct ms_node *bucket = target ? ms_node_strip(ctx, target) : NULL;

	if (!bucket || bucket->kind != MS_STRUCT || !read_bucket(ctx, bucket, &shape->bucket))
		return;
	shape->has_bucket = true;
	if (shape->common.language == MS_GO)
		read_go_indirection(ctx, shape);
	shape->common.key = shape->key_indirect ? ms_node_target(ctx, shape->bucket.key) : shape->bucket.key;
	shape->common.elem = shape->elem_indirect ? ms_node_target(ctx, shape->bucket.elem) : shape->bucket.elem;
}

static struct ms_shape *recognise(struct ms_context *ctx, struct ms_node *header)
{
	struct classic_shape found = { .common = { .format = &ms_format_classic, .header = header } };
	const struct ms_node *buckets, *member;
	uint64_t offset;

	if (!read_header_layout(ctx, &found, header, &buckets))
		return NULL;
	found.common.language = strpbrk(header->name, "<.") ? MS_GO : MS_C;
	found.has_extra = ms_node_member(ctx, header, "extra", &offset, &member);
	if (ms_node_member(ctx, header, "type", &offset, &member) && member->kind == MS_POINTER) {
		const struct ms_node *target = ms_node_target(ctx, member);
		const struct ms_node *descriptor = target ? ms_node_strip(ctx, target) : NULL;
		if (descriptor && descriptor->kind == MS_STRUCT) {
			found.descriptor = descriptor;
			found.descriptor_offset = offset;
		}
	}
	read_shape_bucket(ctx, &found, buckets);
	found.common.walkable = found.has_bucket || found.descriptor;

	struct classic_shape *shape = malloc(sizeof *shape);
	if (!shape) {
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for a map's type");
		return NULL;
	}
	*shape = found;
	return &shape->common;
}

/* ---- The descriptor that a C map carries ---- */

/* The unsigned member NAME of the descriptor at ADDRESS; false when it has none, or cannot be read.  */
static bool descriptor_number(struct ms_map *map, const struct ms_node *descriptor, uint64_t address, const char *name,
			      uint64_t *out)
{
	const struct ms_node *type;
	uint64_t offset;
	uint8_t bytes[8];

	if (!ms_node_member(map->ctx, descriptor, name, &offset, &type) || type->size == 0 || type->size > sizeof bytes)
		return false;
	if (ms_mem_read_cached(map->ctx, address + offset, bytes, type->size) != MS_OK)
		return false;
	*out = ms_load(bytes, type->size, map->ctx->memory.big_endian);
	return true;
}

static bool descriptor_text(struct ms_map *map, const struct ms_node *descriptor, uint64_t address, const char *name,
			    char *out, size_t size)
{
	uint64_t at;

	if (!descriptor_number(map, descriptor, address, name, &at) || !at)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (ms_mem_read_cached(map->ctx, at + i, out + i, 1) != MS_OK)
			return false;
		if (!out[i])
			return i > 0;
	}
	return false;
}

/* The bucket's layout by the descriptor's numbers alone: sound, but without types.  */
static bool bucket_from_numbers(struct ms_map *map, const struct ms_node *descriptor, uint64_t address,
				struct classic_bucket *out)
{
	uint64_t end;

	return descriptor_number(map, descriptor, address, "bucket_size", &out->size) &&
	       descriptor_number(map, descriptor, address, "keys_offset", &out->keys) &&
	       descriptor_number(map, descriptor, address, "elems_offset", &out->elems) &&
	       descriptor_number(map, descriptor, address, "overflow_offset", &out->overflow) &&
	       descriptor_number(map, descriptor, address, "key_slot", &out->key_slot) &&
	       descriptor_number(map, descriptor, address, "elem_slot", &out->elem_slot) && out->size >= HMAP_SLOTS &&
	       ms_element(out->keys, HMAP_SLOTS, out->key_slot, &end) && end <= out->size &&
	       ms_element(out->elems, HMAP_SLOTS, out->elem_slot, &end) && end <= out->size &&
	       out->overflow <= out->size && out->size - out->overflow >= map->ctx->memory.pointer_size;
}

static void bucket_from_descriptor(struct classic_map *classic, const struct ms_node *descriptor, uint64_t address)
{
	struct ms_map *map = &classic->map;
	struct classic_bucket by_numbers = { 0 }, by_type = { 0 };
	char name[256];
	uint32_t stars;

	if (!bucket_from_numbers(map, descriptor, address, &by_numbers)) {
		ms_buf_printf(&map->broken, "the map's descriptor at 0x%llx makes no sense or cannot be read",
			      (unsigned long long)address);
		return;
	}
	classic->bucket = by_numbers;
	if (!descriptor_text(map, descriptor, address, "bucket_name", name, sizeof name))
		name[0] = 0;
	const struct ms_node *type = *name ? ms_types_lookup(map->ctx, name, &stars) : NULL;
	if (type && !stars)
		type = ms_node_strip(map->ctx, type);
	if (type && !stars && read_bucket(map->ctx, type, &by_type) && by_type.size == by_numbers.size &&
	    by_type.keys == by_numbers.keys && by_type.elems == by_numbers.elems) {
		classic->bucket = by_type;
	} else {
		struct ms_buf shown = { 0 };
		ms_buf_escaped(&shown, name, strlen(name), 0);
		ms_note(&map->notes, false,
			"no debug information for the bucket type \"%s\": keys and elems are shown as bytes",
			ms_buf_text(&shown));
		ms_buf_fini(&shown);
	}
}

/* Bytes of a key or elem that a slot points to: by its type NODE, else by the descriptor at ADDRESS, else 0.  */
static uint64_t indirect_size(struct ms_map *map, const struct ms_node *node, const char *member, uint64_t address)
{
	const struct classic_shape *shape = (const struct classic_shape *)map->shape;
	const struct ms_node *stripped = node ? ms_node_strip(map->ctx, node) : NULL;
	uint64_t size = 0;

	if (stripped)
		return stripped->size;
	if (shape->descriptor)
		descriptor_number(map, shape->descriptor, address, member, &size);
	return size;
}

/* The layout that holds for this map: by its type, or by its descriptor where the header is untyped, and in both cases
   whether a C map holds keys and elems by pointer, which only the descriptor tells.  */
static void settle_layout(struct classic_map *classic)
{
	struct ms_map *map = &classic->map;
	const struct classic_shape *shape = (const struct classic_shape *)map->shape;
	const struct ms_node *descriptor = shape->descriptor;
	uint64_t address = descriptor ? ms_map_pointer(map, map->header + shape->descriptor_offset) : 0, flags = 0;

	classic->bucket = shape->bucket;
	map->key_indirect = shape->key_indirect;
	map->elem_indirect = shape->elem_indirect;
	if (!shape->has_bucket && !map->nil) {
		map->untyped = !descriptor;
		if (descriptor)
			bucket_from_descriptor(classic, descriptor, address);
		else
			ms_buf_str(&map->broken, "its type does not tell what keys and elems are: name it by a typed "
						 "map, or by ADDRESS --type TYPE");
	}
	const struct ms_node *key = classic->bucket.key, *elem = classic->bucket.elem;
	bool may_be_indirect = !shape->has_bucket || (key && over_inline_limit(map->ctx, key)) ||
			       (elem && over_inline_limit(map->ctx, elem));
	if (address && may_be_indirect && !map->broken.size && shape->common.language == MS_C) {
		if (!descriptor_number(map, descriptor, address, "flags", &flags))
			ms_note(&map->notes, true,
				"the map's descriptor at 0x%llx cannot be read: pointers are shown where keys or elems "
				"may be held by pointer",
				(unsigned long long)address);
		/* A damaged descriptor may say so of a slot that has no room for a pointer.  */
		uint64_t pointer_size = map->ctx->memory.pointer_size;
		map->key_indirect = flags & HMAP_INDIRECT_KEY && classic->bucket.key_slot == pointer_size;
		map->elem_indirect = flags & HMAP_INDIRECT_ELEM && classic->bucket.elem_slot == pointer_size;
	}
	map->key = map->key_indirect && key ? ms_node_target(map->ctx, key) : key;
	map->elem = map->elem_indirect && elem ? ms_node_target(map->ctx, elem) : elem;
	map->key_slot = map->key_size = classic->bucket.key_slot;
	map->elem_slot = map->elem_size = classic->bucket.elem_slot;
	if (map->key_indirect)
		map->key_size = indirect_size(map, map->key, "key_size", address);
	if (map->elem_indirect)
		map->elem_size = indirect_size(map, map->elem, "elem_size", address);
}

/* ---- The header ---- */

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
	if (map->broken.size)
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

	settle_layout(classic);
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

static const char *growth_kind(const struct classic_map *classic)
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
	ms_fact_text(facts, "growth", "kind", growth_kind(classic));
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
		ms_buf_printf(buf, ", growing (%s, nevacuate %llu of %llu)", growth_kind(classic),
			      (unsigned long long)classic->nevacuate, (unsigned long long)1 << classic->old_B);
	if (classic->flags & HMAP_HASH_WRITING)
		ms_buf_str(buf, ", being written");
}

static int32_t number(const struct ms_map *map, const char *name, int64_t *out)
{
	const struct classic_map *classic = (const struct classic_map *)map;

	if (!strcmp(name, "B"))
		*out = classic->B;
	else if (!strcmp(name, "growing"))
		*out = classic_growing(classic);
	else
		return MS_NOT_FOUND;
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

const struct ms_format ms_format_classic = {
	.kind = "classic",
	.mark_name = "tophash",
	.map_size = sizeof(struct classic_map),
	.recognise = recognise,
	.open = open_classic,
	.describe = describe,
	.row_title = row_title,
	.describe_row = describe_row,
	.summarise = summarise,
	.number = number,
	.walk_new = classic_walk_new,
	.walk_next = classic_walk_next,
	.walk_progress = classic_walk_progress,
	.walk_free = classic_walk_free,
	.position_text = position_text,
	.position_parse = position_parse,
};
