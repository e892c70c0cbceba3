/* Comparing keys by their types.  */
#include "decode/same.h"

#include "decode/shapes.h"

enum { DEPTH_MOST = 16, ELEMENTS_MOST = 4096 };

static bool differ(const struct ms_map *map, const struct ms_node *node, const uint8_t *a, const uint8_t *b, int depth);

/* The type words of two interfaces: an empty one's is the type, any other's a table that belongs to one type.  */
static bool hold_different_types(const struct ms_map *map, const struct ms_node *node, const uint8_t *a,
				 const uint8_t *b)
{
	const struct ms_node *type;
	uint64_t x, y;

	return ms_word_of(map->ctx, node, "_type tab", a, &x, &type) &&
	       ms_word_of(map->ctx, node, "_type tab", b, &y, &type) && x != y;
}

static bool members_differ(const struct ms_map *map, const struct ms_node *node, const uint8_t *a, const uint8_t *b,
			   int depth)
{
	uint64_t address;
	int64_t x, y;

	if (ms_is_go_interface(node))
		return hold_different_types(map, node, a, b);
	if (ms_text_of(map->ctx, map->shape->language, node, a, &address, &x) &&
	    ms_text_of(map->ctx, map->shape->language, node, b, &address, &y))
		return x != y;
	for (uint32_t i = 0; i < node->member_count; i++) {
		const struct ms_member *member = &node->members[i];
		const struct ms_node *type = member->bit_size ? NULL : ms_node(map->ctx, member->type);
		uint64_t offset = (uint64_t)member->offset;
		if (type && member->offset >= 0 && offset <= node->size && type->size <= node->size - offset &&
		    differ(map, type, a + offset, b + offset, depth + 1))
			return true;
	}
	return false;
}

static bool elements_differ(const struct ms_map *map, const struct ms_node *node, const uint8_t *a, const uint8_t *b,
			    int depth)
{
	const struct ms_node *element = ms_node_target(map->ctx, node);
	uint64_t count = element && element->size ? node->size / element->size : 0;

	for (uint64_t i = 0; i < count && i < ELEMENTS_MOST; i++)
		if (differ(map, element, a + i * element->size, b + i * element->size, depth + 1))
			return true;
	return false;
}

static bool differ(const struct ms_map *map, const struct ms_node *node, const uint8_t *a, const uint8_t *b, int depth)
{
	const struct ms_node *target, *type = ms_node_strip(map->ctx, node);

	if (!type || depth > DEPTH_MOST)
		return false;
	switch (type->kind) {
	case MS_INT:
	case MS_UINT:
	case MS_BOOL:
	case MS_ENUM:
		return memcmp(a, b, type->size) != 0;
	case MS_POINTER: /* a C string may be compared by its text */
		target = ms_node_target(map->ctx, type);
		target = target ? ms_node_strip(map->ctx, target) : NULL;
		return target && !ms_is_char(target) && memcmp(a, b, type->size) != 0;
	case MS_ARRAY:
		return elements_differ(map, type, a, b, depth);
	case MS_STRUCT:
		return members_differ(map, type, a, b, depth);
	default: /* +0 and -0 are the same key */
		return false;
	}
}

bool ms_keys_differ(const struct ms_map *map, const struct ms_node *node, const uint8_t *a, const uint8_t *b)
{
	if (!memcmp(a, b, map->key_size))
		return false;
	return !node || differ(map, node, a, b, 0);
}

static bool has_floats(struct ms_context *ctx, const struct ms_node *node, int depth)
{
	const struct ms_node *type = node ? ms_node_strip(ctx, node) : NULL;

	if (!type || depth > DEPTH_MOST || type->kind == MS_FLOAT || type->kind == MS_COMPLEX)
		return true;
	if (type->kind == MS_ARRAY)
		return has_floats(ctx, ms_node_target(ctx, type), depth + 1);
	if (type->kind != MS_STRUCT && type->kind != MS_UNION)
		return false;
	for (uint32_t i = 0; i < type->member_count; i++)
		if (has_floats(ctx, ms_node(ctx, type->members[i].type), depth + 1))
			return true;
	return ms_is_go_interface(type);
}

bool ms_is_like_itself(struct ms_context *ctx, const struct ms_node *node)
{
	return !has_floats(ctx, node, 0);
}
