/* How a classic map lies: the shape of its header and buckets by their members' names, and by the descriptor that a C map
   carries. Offsets are the target's own, from its debug information.  */
#include "decode/classic.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "mem/mem.h"

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

struct ms_shape *classic_recognise(struct ms_context *ctx, struct ms_node *header)
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
static bool descriptor_number(const struct ms_map *map, const struct ms_node *descriptor, uint64_t address,
			      const char *name, uint64_t *out)
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

	if (!bucket_from_numbers(map, descriptor, address, &by_numbers)) {
		ms_buf_printf(&map->broken, "the map's descriptor at 0x%llx makes no sense or cannot be read",
			      (unsigned long long)address);
		return;
	}
	classic->bucket = by_numbers;
	if (!descriptor_text(map, descriptor, address, "bucket_name", name, sizeof name))
		name[0] = 0;
	const struct ms_node *type = *name ? ms_types_lookup(map->ctx, name) : NULL;
	if (type)
		type = ms_node_strip(map->ctx, type);
	if (type && read_bucket(map->ctx, type, &by_type) && by_type.size == by_numbers.size &&
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
void classic_settle_layout(struct classic_map *classic)
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

bool classic_descriptor(const struct classic_map *classic, const char *name, uint64_t *out)
{
	const struct ms_map *map = &classic->map;
	const struct classic_shape *shape = (const struct classic_shape *)map->shape;

	return shape->descriptor &&
	       descriptor_number(map, shape->descriptor, ms_map_pointer(map, map->header + shape->descriptor_offset),
				 name, out);
}
