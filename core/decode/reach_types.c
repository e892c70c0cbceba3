/* Which parts of a type can lead to a map, found once per type: from there on a large array of numbers costs nothing. Types
   lead to each other in circles, so that is known only when all types that one leads to have been looked at.  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "decode/reach.h"
#include "decode/shapes.h"

enum {
	TYPES_MOST = 1 << 20,
	STEPS_MOST = 1 << 16, /* of one type */
	NEST_MOST = 64,	      /* structs within each other; a damaged DWARF may make a circle */
};

static uint32_t *slot_of(const struct ms_reach_types *types, const struct ms_node *node)
{
	uint64_t at = (uintptr_t)node * 0x9e3779b97f4a7c15 >> 32;

	for (;; at++) {
		uint32_t *slot = &types->slots[at % types->slot_count];
		if (!*slot || types->all[*slot - 1].node == node)
			return slot;
	}
}

static bool grow(struct ms_reach_types *types)
{
	uint32_t capacity = types->capacity ? 2 * types->capacity : 64;
	struct ms_reach_type *all = capacity <= TYPES_MOST ? realloc(types->all, capacity * sizeof *all) : NULL;

	if (!all)
		return false;
	types->all = all;
	uint32_t *slots = calloc(capacity, 2 * sizeof *slots);
	if (!slots)
		return false;
	free(types->slots);
	types->slots = slots;
	types->slot_count = 2 * capacity;
	types->capacity = capacity;
	for (uint32_t i = 0; i < types->count; i++)
		*slot_of(types, all[i].node) = i + 1;
	return true;
}

uint32_t ms_reach_type(struct ms_reach_types *types, const struct ms_node *node)
{
	if (types->count == types->capacity && !grow(types))
		return MS_NO_TYPE;
	uint32_t *slot = slot_of(types, node);
	if (!*slot) {
		types->all[types->count] = (struct ms_reach_type){ .node = node };
		*slot = ++types->count;
	}
	return *slot - 1;
}

void ms_reach_types_fini(struct ms_reach_types *types)
{
	for (uint32_t i = 0; i < types->count; i++) {
		for (uint32_t s = 0; s < types->all[i].step_count; s++)
			free(types->all[i].steps[s].name);
		free(types->all[i].steps);
	}
	free(types->all);
	free(types->slots);
}

/* ---- The parts of a type ---- */

struct expansion {
	struct ms_reach_types *types;
	struct ms_step *steps;
	uint32_t count, capacity;
	struct ms_buf name;
	bool failed;
};

/* Adds a part at OFFSET that leads to TO (NULL: to what is not known yet).  */
static void add(struct expansion *e, struct ms_step step, const struct ms_node *to)
{
	if (e->count == e->capacity) {
		uint32_t capacity = e->capacity ? 2 * e->capacity : 8;
		struct ms_step *steps = capacity <= STEPS_MOST ? realloc(e->steps, capacity * sizeof *steps) : NULL;
		if (!steps) {
			e->failed = true;
			return;
		}
		e->steps = steps;
		e->capacity = capacity;
	}
	step.type = to ? ms_reach_type(e->types, to) : MS_NO_TYPE;
	step.name = strdup(ms_buf_text(&e->name));
	e->failed |= !step.name || (to && step.type == MS_NO_TYPE) || e->name.failed;
	if (step.name)
		e->steps[e->count++] = step;
}

/* Where a call-back was not answered, that is no fact.  */
static void count_unknown(struct expansion *e, bool unknown)
{
	e->types->unknown += unknown && ms_stopped(e->types->ctx) == MS_OK;
}

static void add_pointer(struct expansion *e, const struct ms_node *declared, const struct ms_node *pointer,
			uint64_t offset)
{
	struct ms_context *ctx = e->types->ctx;
	const struct ms_node *target = ms_node_target(ctx, pointer), *to = target ? ms_node_strip(ctx, target) : NULL;

	count_unknown(e, pointer->target && !to);
	if (!to || to->kind == MS_VOID || to->kind == MS_FUNCTION || pointer->size != ctx->memory.pointer_size)
		return;
	const struct ms_shape *shape = ms_shape_of(ctx, to);
	bool map = shape && shape->walkable;
	add(e, (struct ms_step){ .way = map ? MS_WAY_TO_MAP : MS_WAY_POINTER, .offset = offset },
	    map ? declared : target);
}

static void add_array(struct expansion *e, const struct ms_node *array, uint64_t offset)
{
	const struct ms_node *element = ms_node_target(e->types->ctx, array);
	const struct ms_node *stripped = element ? ms_node_strip(e->types->ctx, element) : NULL;
	uint64_t size;

	count_unknown(e, !stripped);
	/* Of an array without a length in its type, nobody knows how long it is.  */
	if (stripped && stripped->size && array->count && ms_mul(stripped->size, array->count, &size) &&
	    size <= array->size)
		add(e,
		    (struct ms_step){
			    .way = MS_WAY_ARRAY, .offset = offset, .count = array->count, .stride = stripped->size },
		    element);
}

static bool add_slice(struct expansion *e, const struct ms_node *node, uint64_t offset)
{
	const struct ms_node *array, *length, *element;
	uint64_t at, other;
	struct ms_context *ctx = e->types->ctx;

	if (strncmp(node->name, "[]", 2) || !ms_node_member(ctx, node, "array", &at, &array) ||
	    !ms_node_member(ctx, node, "len", &other, &length) || array->kind != MS_POINTER ||
	    array->size != ctx->memory.pointer_size || length->size != array->size)
		return false;
	element = ms_node_target(ctx, array);
	if (element)
		add(e, (struct ms_step){ .way = MS_WAY_SLICE, .offset = offset + at, .other = offset + other },
		    element);
	return true;
}

/* Two words: the type, or a table in which it is, and the data.  */
static bool add_interface(struct expansion *e, const struct ms_node *node, uint64_t offset)
{
	struct ms_context *ctx = e->types->ctx;
	struct ms_step step = { .way = MS_WAY_INTERFACE, .inner = UINT64_MAX };
	const struct ms_node *type, *data;
	uint64_t at;

	if (!ms_is_go_interface(node))
		return false;
	if (!ms_node_member(ctx, node, "_type", &at, &type)) {
		if (!ms_node_member(ctx, node, "tab", &at, &type) || type->kind != MS_POINTER)
			return true;
		const struct ms_node *target = ms_node_target(ctx, type);
		const struct ms_node *table = target ? ms_node_strip(ctx, target) : NULL;
		if (!table || !ms_node_member(ctx, table, "_type Type", &step.inner, &type))
			return true;
	}
	if (type->kind != MS_POINTER || !ms_node_member(ctx, node, "data", &step.other, &data))
		return true;
	const struct ms_node *target = ms_node_target(ctx, type);
	step.node = target ? ms_node_strip(ctx, target) : NULL;
	step.offset = offset + at;
	step.other += offset;
	if (step.node)
		add(e, step, NULL);
	return true;
}

static void flatten(struct expansion *e, const struct ms_node *declared, uint64_t offset, int nest);

static void flatten_members(struct expansion *e, const struct ms_node *node, uint64_t offset, int nest)
{
	struct ms_context *ctx = e->types->ctx;
	size_t size = e->name.size;

	for (uint32_t i = 0; i < node->member_count && !e->failed; i++) {
		const struct ms_member *member = &node->members[i];
		const struct ms_node *type = member->bit_size ? NULL : ms_node(ctx, member->type);
		const struct ms_node *stripped = type ? ms_node_strip(ctx, type) : NULL;
		uint64_t at = (uint64_t)member->offset;
		count_unknown(e, !member->bit_size && !stripped);
		if (!stripped || member->offset < 0 || at > node->size || stripped->size > node->size - at)
			continue;
		if (*member->name)
			ms_buf_printf(&e->name, ".%s", member->name);
		flatten(e, type, offset + at, nest + 1);
		ms_buf_truncate(&e->name, size);
	}
}

static void flatten(struct expansion *e, const struct ms_node *declared, uint64_t offset, int nest)
{
	struct ms_context *ctx = e->types->ctx;
	const struct ms_node *node = nest < NEST_MOST ? ms_node_strip(ctx, declared) : NULL;
	const struct ms_node *member;
	const struct ms_shape *shape;
	uint64_t at;

	if (!node || e->failed)
		return;
	switch (node->kind) {
	case MS_POINTER:
		add_pointer(e, declared, node, offset);
		break;
	case MS_ARRAY:
		add_array(e, node, offset);
		break;
	case MS_UNION:
		add(e, (struct ms_step){ .way = MS_WAY_ARRAY, .offset = offset, .count = 1, .stride = node->size },
		    declared);
		break;
	case MS_STRUCT:
		shape = ms_shape_of(ctx, node);
		if (shape && shape->walkable)
			add(e, (struct ms_step){ .way = MS_WAY_MAP, .offset = offset }, declared);
		else if (!add_slice(e, node, offset) && !add_interface(e, node, offset))
			flatten_members(e, node, offset, nest);
		e->types->swiss |= ms_node_member(ctx, node, "dirPtr", &at, &member);
		break;
	default:
		break;
	}
}

/* ---- Settling ---- */

static int32_t expand(struct ms_reach_types *types, uint32_t number)
{
	struct expansion e = { .types = types };
	const struct ms_node *node = types->all[number].node, *stripped = ms_node_strip(types->ctx, node);

	if (stripped && stripped->kind == MS_UNION)
		flatten_members(&e, stripped, 0, 0);
	else
		flatten(&e, node, 0, 0);
	ms_buf_fini(&e.name);
	struct ms_reach_type *type = &types->all[number];
	type->is_union = stripped && stripped->kind == MS_UNION;
	type->steps = e.steps;
	type->step_count = e.count;
	if (e.failed)
		return ms_fail(types->ctx, MS_NO_MEMORY, "out of memory for types");
	return ms_stopped(types->ctx);
}

static bool step_reaches(const struct ms_reach_types *types, const struct ms_step *step)
{
	return step->way == MS_WAY_MAP || step->way == MS_WAY_TO_MAP || step->way == MS_WAY_INTERFACE ||
	       types->all[step->type].reaches;
}

static bool now_reaches(const struct ms_reach_types *types, const struct ms_reach_type *type)
{
	for (uint32_t i = 0; i < type->step_count; i++)
		if (step_reaches(types, &type->steps[i]))
			return true;
	return false;
}

/* Leaves the parts that lead nowhere out of a type.  */
static void prune(struct ms_reach_types *types, struct ms_reach_type *type)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < type->step_count; i++) {
		struct ms_step *step = &type->steps[i];
		bool to_union = step->type != MS_NO_TYPE && types->all[step->type].is_union;
		if (step_reaches(types, step) && !to_union)
			type->steps[kept++] = *step;
		else
			free(step->name);
	}
	type->step_count = kept;
	types->unions += type->is_union && type->reaches;
}

/* A type that is settled leads to settled ones only, so it cannot begin to reach.  */
static void settle(struct ms_reach_types *types)
{
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t i = types->count; i-- > types->settled;) {
			struct ms_reach_type *type = &types->all[i];
			if (!type->reaches && now_reaches(types, type))
				changed = type->reaches = true;
		}
	}
	for (; types->settled < types->count; types->settled++)
		prune(types, &types->all[types->settled]);
}

int32_t ms_reach_types_step(struct ms_reach_types *types)
{
	if (types->expanded < types->count) {
		int32_t status = expand(types, types->expanded);
		types->expanded += status == MS_OK;
		return status;
	}
	if (types->settled == types->count)
		return MS_NOT_FOUND;
	settle(types);
	return MS_OK;
}
