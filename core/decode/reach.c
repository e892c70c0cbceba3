/* The traversal: a queue of objects, nearest first, each looked at once. Its steps are small, and the limits such that no
   target can make it run on: what they cut off is said.  */
#include "decode/reach.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/read.h"
#include "decode/shapes.h"

enum {
	GLOBALS_MOST = 1 << 20,
	OBJECTS_MOST = 1 << 22,
	DEPTH_MOST = 1 << 17, /* objects from a global on */
	SECONDS_MOST = 300,
	ELEMENTS_LOG = 40,  /* a slice of 2^40 elements is none */
	INLINE_MOST = 4096, /* bytes of an array that are looked at with what is around it */
	LOOK_AT_CLOCK = 64,
	PAGE_ZERO = 4096, /* an address below is a mark, not a pointer */
};

/* What an interface may hold.  */
struct held {
	uint64_t address; /* of the run-time type */
	uint32_t type;	  /* MS_NO_TYPE: not known, or there is nothing to follow */
	bool direct;	  /* the data word is the value */
};

struct ms_reach {
	struct ms_context *ctx;
	struct ms_notes *notes;
	struct ms_reach_types types;

	uint64_t cursor; /* of the globals */
	bool globals_known;
	char **globals; /* their names */
	uint32_t global_count, global_capacity;

	struct ms_object *objects; /* those before AT have been looked at */
	uint32_t object_count, object_capacity, at;
	uint64_t value;	 /* of the object at hand, to be looked at next */
	uint32_t *slots; /* number + 1 by address and type */
	uint64_t slot_count;

	struct ms_map *map; /* that is being looked at: first all of it, then its entries */
	struct ms_scan *scan;
	struct ms_stats stats;
	bool measured;
	struct ms_walk *walk;
	struct ms_notes map_notes;
	uint32_t key_type, elem_type;

	struct held *held; /* open addressing by address */
	uint64_t held_capacity, held_count;

	struct ms_reached_list maps;

	uint64_t until_clock, end_of_time;
	uint64_t unreadable, broken; /* objects, maps */
	uint64_t bad_address;	     /* of the first of them */
	bool too_many, too_deep, too_long;
};

static uint64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

struct ms_reach *ms_reach_new(struct ms_context *ctx, struct ms_notes *notes)
{
	struct ms_reach *reach = calloc(1, sizeof *reach);

	if (!reach)
		return NULL;
	reach->ctx = ctx;
	reach->notes = notes;
	reach->types.ctx = ctx;
	reach->end_of_time = now_s() + SECONDS_MOST;
	return reach;
}

static void leave_map(struct ms_reach *reach)
{
	if (reach->walk)
		reach->map->format->walk_free(reach->walk);
	if (reach->scan)
		reach->map->format->scan_free(reach->scan);
	ms_map_free(reach->map);
	ms_notes_fini(&reach->map_notes);
	reach->map_notes = (struct ms_notes){ 0 };
	reach->walk = NULL;
	reach->map = NULL;
	reach->scan = NULL;
	reach->measured = false;
	reach->stats = (struct ms_stats){ 0 };
}

void ms_reach_free(struct ms_reach *reach)
{
	if (!reach)
		return;
	leave_map(reach);
	ms_reach_types_fini(&reach->types);
	for (uint32_t i = 0; i < reach->global_count; i++)
		free(reach->globals[i]);
	free(reach->globals);
	free(reach->objects);
	free(reach->slots);
	free(reach->held);
	free(reach->maps.maps);
	free(reach);
}

static int32_t no_memory(struct ms_reach *reach)
{
	return ms_fail(reach->ctx, MS_NO_MEMORY, "out of memory for what the globals reach");
}

/* ---- Objects ---- */

static bool is_map(const struct ms_object *object)
{
	return object->way == MS_WAY_MAP || object->way == MS_WAY_TO_MAP;
}

/* Objects of two types may lie at one address; a map is one whatever it was reached as.  */
static uint32_t *slot_of(const struct ms_reach *reach, uint64_t address, uint32_t type)
{
	uint64_t at = (address ^ (uint64_t)type << 40) * 0x9e3779b97f4a7c15 >> 20;

	for (;; at++) {
		uint32_t *slot = &reach->slots[at & (reach->slot_count - 1)];
		const struct ms_object *object = *slot ? &reach->objects[*slot - 1] : NULL;
		if (!object || (object->address == address && (is_map(object) ? MS_NO_TYPE : object->type) == type))
			return slot;
	}
}

static bool grow(struct ms_reach *reach)
{
	uint32_t capacity = reach->object_capacity ? 2 * reach->object_capacity : 1024;
	struct ms_object *objects = realloc(reach->objects, capacity * sizeof *objects);

	if (!objects)
		return false;
	reach->objects = objects;
	uint32_t *slots = calloc(capacity, 2 * sizeof *slots);
	if (!slots)
		return false;
	free(reach->slots);
	reach->slots = slots;
	reach->slot_count = 2 * (uint64_t)capacity;
	reach->object_capacity = capacity;
	for (uint32_t i = 0; i < reach->object_count; i++)
		*slot_of(reach, objects[i].address, is_map(&objects[i]) ? MS_NO_TYPE : objects[i].type) = i + 1;
	return true;
}

/* Puts an object into the queue, unless it has been there.  */
static int32_t add_object(struct ms_reach *reach, struct ms_object object)
{
	bool map = is_map(&object);
	const struct ms_reach_type *type = map ? NULL : &reach->types.all[object.type];

	if (object.address < PAGE_ZERO || !object.count)
		return MS_OK;
	if (type && object.type < reach->types.settled && (!type->reaches || type->is_union))
		return MS_OK;
	if (object.depth > DEPTH_MOST || reach->object_count == OBJECTS_MOST) {
		*(object.depth > DEPTH_MOST ? &reach->too_deep : &reach->too_many) = true;
		return MS_OK;
	}
	if (reach->object_count == reach->object_capacity && !grow(reach))
		return no_memory(reach);
	uint32_t *slot = slot_of(reach, object.address, map ? MS_NO_TYPE : object.type);
	struct ms_object *old = *slot ? &reach->objects[*slot - 1] : NULL;
	/* A map is called by where it lies rather than by a pointer to it, unless that is nearer.  */
	if (old && object.way == MS_WAY_MAP && old->way == MS_WAY_TO_MAP && object.depth <= old->depth)
		*old = object;
	if (old && old->count >= object.count)
		return MS_OK;
	object.first = old ? old->count : 0;
	reach->objects[reach->object_count] = object;
	*slot = ++reach->object_count;
	return MS_OK;
}

/* ---- Globals ---- */

static int32_t add_global(struct ms_reach *reach, const struct ms_global *global)
{
	const struct ms_node *node = ms_node(reach->ctx, global->type);

	if (!node) {
		reach->types.unknown += ms_stopped(reach->ctx) == MS_OK;
		return ms_stopped(reach->ctx);
	}
	uint32_t type = ms_reach_type(&reach->types, node);
	if (type == MS_NO_TYPE)
		return no_memory(reach);
	if (reach->global_count == reach->global_capacity) {
		uint32_t capacity = reach->global_capacity ? 2 * reach->global_capacity : 256;
		char **names = capacity <= GLOBALS_MOST ? realloc(reach->globals, capacity * sizeof *names) : NULL;
		if (!names)
			return no_memory(reach);
		reach->globals = names;
		reach->global_capacity = capacity;
	}
	char *name = strdup(global->name);
	if (!name)
		return no_memory(reach);
	reach->globals[reach->global_count] = name;
	return add_object(reach, (struct ms_object){ .address = global->address,
						     .count = 1,
						     .type = type,
						     .parent = UINT32_MAX,
						     .offset = reach->global_count++,
						     .way = MS_WAY_GLOBAL });
}

struct named {
	struct ms_object object;
	const char *name;
};

static int by_address_and_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->object.address != y->object.address)
		return x->object.address < y->object.address ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* In an order that does not depend on who told them.  */
static int32_t sort_globals(struct ms_reach *reach)
{
	uint32_t count = reach->object_count;
	struct named *all = calloc(count + 1, sizeof *all);

	if (!all)
		return no_memory(reach);
	for (uint32_t i = 0; i < count; i++)
		all[i] = (struct named){ reach->objects[i], reach->globals[reach->objects[i].offset] };
	qsort(all, count, sizeof *all, by_address_and_name);
	for (uint32_t i = 0; i < count; i++)
		reach->objects[i] = all[i].object;
	free(all);
	memset(reach->slots, 0, reach->slot_count * sizeof *reach->slots);
	for (uint32_t i = 0; i < count; i++)
		*slot_of(reach, reach->objects[i].address, reach->objects[i].type) = i + 1;
	return MS_OK;
}

static int32_t next_global(struct ms_reach *reach)
{
	struct ms_context *ctx = reach->ctx;
	struct ms_global global = { .size = sizeof global, .name = "" };
	int64_t answer = MS_UNANSWERED;

	if (!ctx->types.next_global)
		return ms_fail(ctx, MS_REFUSED, "the global variables cannot be listed here");
	ctx->types.next_global(ctx->types.user, &reach->cursor, &global, &answer);
	int32_t status = ms_told(ctx, answer);
	if (status == MS_OK)
		return add_global(reach, &global);
	if (status != MS_NOT_FOUND)
		return status;
	if (answer != MS_NOT_FOUND)
		return ms_fail(ctx, MS_REFUSED, "the global variables cannot be listed");
	if (!reach->global_count)
		return ms_fail(ctx, MS_REFUSED, "No symbol of a global variable is known");
	reach->globals_known = true;
	return reach->object_count ? sort_globals(reach) : MS_OK;
}

/* ---- Values ---- */

/* Where a value stands, as what it leads to remembers.  */
struct place {
	uint64_t address; /* of the value */
	uint64_t offset;  /* of the value in its parent */
	uint64_t key;
	uint32_t parent;
	bool in_key;
};

static int32_t read_word(struct ms_reach *reach, uint64_t address, uint64_t *out)
{
	uint64_t size = reach->ctx->memory.pointer_size;
	uint8_t bytes[8];
	int32_t status = ms_read(reach->ctx, address, bytes, size);

	*out = status == MS_OK ? ms_load(bytes, size, reach->ctx->memory.big_endian) : 0;
	return status;
}

/* What an interface of that run-time type holds; NULL: memory is short, or a read was interrupted.  */
static const struct held *held_of(struct ms_reach *reach, const struct ms_node *descriptor, uint64_t address)
{
	struct ms_context *ctx = reach->ctx;

	if (2 * reach->held_count >= reach->held_capacity) {
		struct held *old = reach->held;
		uint64_t capacity = reach->held_capacity ? 2 * reach->held_capacity : 64, had = reach->held_capacity;
		reach->held = calloc(capacity, sizeof *reach->held);
		if (!reach->held) {
			reach->held = old;
			no_memory(reach);
			return NULL;
		}
		reach->held_capacity = capacity;
		for (uint64_t i = 0; i < had; i++) {
			uint64_t at = old[i].address >> 5;
			while (old[i].address && reach->held[at & (capacity - 1)].address)
				at++;
			if (old[i].address)
				reach->held[at & (capacity - 1)] = old[i];
		}
		free(old);
	}
	uint64_t at = address >> 5;
	while (reach->held[at & (reach->held_capacity - 1)].address &&
	       reach->held[at & (reach->held_capacity - 1)].address != address)
		at++;
	struct held *held = &reach->held[at & (reach->held_capacity - 1)];
	if (held->address)
		return held;

	struct ms_go_type type;
	int64_t answer = MS_UNANSWERED;
	uint64_t number = 0;
	int32_t status = ms_go_type_read(ctx, descriptor, address, &type);
	const struct ms_node *node = status == MS_OK ? type.node : NULL;
	if (status == MS_OK && ctx->types.runtime_type) {
		ctx->types.runtime_type(ctx->types.user, address, &number, &answer);
		node = ms_told(ctx, answer) == MS_OK ? ms_node(ctx, number) : NULL;
	}
	if (ms_stopped(ctx) != MS_OK)
		return NULL;
	*held = (struct held){ address, node ? ms_reach_type(&reach->types, node) : MS_NO_TYPE, type.direct };
	reach->held_count++;
	return held;
}

static int32_t follow_interface(struct ms_reach *reach, const struct ms_step *step, struct ms_object object,
				const struct place *place)
{
	uint64_t type, data;
	int32_t status = read_word(reach, place->address + step->offset, &type);

	if (status == MS_OK && step->inner != UINT64_MAX && type >= PAGE_ZERO)
		status = read_word(reach, type + step->inner, &type);
	if (status == MS_OK)
		status = read_word(reach, place->address + step->other, &data);
	if (status < 0 || type < PAGE_ZERO || !data)
		return status;
	const struct held *held = held_of(reach, step->node, type);
	if (!held)
		return ms_stopped(reach->ctx) == MS_OK ? MS_NO_MEMORY : ms_stopped(reach->ctx);
	if (held->type == MS_NO_TYPE)
		return MS_OK;
	object.type = held->type;
	object.address = held->direct ? place->address + step->other : data;
	return add_object(reach, object);
}

static int32_t look_at(struct ms_reach *reach, uint32_t type, const struct place *place);

static int32_t follow_array(struct ms_reach *reach, const struct ms_step *step, struct ms_object object,
			    const struct place *place)
{
	object.address = place->address + step->offset;
	object.count = step->count;
	if (step->count * step->stride > INLINE_MOST)
		return add_object(reach, object);
	for (uint64_t i = 0; i < step->count; i++) {
		struct place element = *place;
		element.address += step->offset + i * step->stride;
		element.offset += step->offset + i * step->stride;
		int32_t status = look_at(reach, step->type, &element);
		if (status < 0)
			return status;
	}
	return MS_OK;
}

static int32_t follow(struct ms_reach *reach, const struct ms_step *step, const struct place *place)
{
	struct ms_object object = { .count = 1,
				    .offset = place->offset + step->offset,
				    .key = place->key,
				    .parent = place->parent,
				    .type = step->type,
				    .depth = reach->objects[place->parent].depth + 1,
				    .way = (uint8_t)step->way,
				    .in_key = place->in_key };
	int32_t status;

	switch (step->way) {
	case MS_WAY_MAP:
		object.address = place->address + step->offset;
		return add_object(reach, object);
	case MS_WAY_ARRAY:
		return follow_array(reach, step, object, place);
	case MS_WAY_INTERFACE:
		return follow_interface(reach, step, object, place);
	case MS_WAY_SLICE:
		status = read_word(reach, place->address + step->other, &object.count);
		if (status < 0 || object.count >> ELEMENTS_LOG)
			return status;
		break;
	default:
		break;
	}
	status = read_word(reach, place->address + step->offset, &object.address);
	return status < 0 ? status : add_object(reach, object);
}

/* All parts of one value that may lead to a map. Types may be added meanwhile, so they move.  */
static int32_t look_at(struct ms_reach *reach, uint32_t type, const struct place *place)
{
	for (uint32_t i = 0; i < reach->types.all[type].step_count; i++) {
		struct ms_step step = reach->types.all[type].steps[i];
		int32_t status = follow(reach, &step, place);
		reach->until_clock++;
		if (status < 0)
			return status;
	}
	return MS_OK;
}

static bool slice_over(struct ms_reach *reach)
{
	if (reach->until_clock < LOOK_AT_CLOCK)
		return false;
	reach->until_clock = 0;
	return ms_slice_over(reach->ctx);
}

static void note_unreadable(struct ms_reach *reach, uint64_t address)
{
	if (!reach->unreadable++)
		reach->bad_address = address;
}

static int32_t look_at_object(struct ms_reach *reach)
{
	struct ms_object object = reach->objects[reach->at];
	const struct ms_reach_type *type = &reach->types.all[object.type];
	const struct ms_node *node = ms_node_strip(reach->ctx, type->node);
	uint64_t stride = node ? node->size : 0;
	bool wanted = type->reaches && !type->is_union && stride;

	if (reach->value < object.first)
		reach->value = object.first;
	while (wanted && reach->value < object.count) {
		struct place place = { .parent = reach->at, .offset = reach->value * stride };
		if (!ms_element(object.address, reach->value, stride, &place.address))
			break;
		int32_t status = look_at(reach, object.type, &place);
		if (status == MS_FAULT) {
			note_unreadable(reach, place.address);
			break;
		}
		if (status < 0)
			return status;
		reach->value++;
		if (slice_over(reach))
			return MS_AGAIN;
	}
	reach->value = 0;
	reach->at++;
	return MS_OK;
}

/* ---- Maps ---- */

/* Its key and elem types may be new: they are settled before its entries are looked at.  */
static int32_t enter_map(struct ms_reach *reach)
{
	const struct ms_object *object = &reach->objects[reach->at];
	const struct ms_node *node = reach->types.all[object->type].node;
	int32_t status = ms_map_open_at(reach->ctx, object->address, node, &reach->map);

	if (status == MS_OK && !reach->map->broken.size) {
		const struct ms_map *map = reach->map;
		reach->key_type = map->key ? ms_reach_type(&reach->types, map->key) : MS_NO_TYPE;
		reach->elem_type = map->elem ? ms_reach_type(&reach->types, map->elem) : MS_NO_TYPE;
		return MS_OK;
	}
	if (status == MS_OK && !reach->broken++ && !reach->unreadable)
		reach->bad_address = object->address;
	if (status == MS_FAULT)
		note_unreadable(reach, object->address);
	leave_map(reach);
	reach->at++;
	return status == MS_FAULT || status == MS_BAD_TYPE || status == MS_NOT_FOUND ? MS_OK : status;
}

/* All that it holds has been seen.  */
static void end_map(struct ms_reach *reach)
{
	bool damaged = reach->map_notes.damaged || reach->map->notes.damaged;

	if (damaged && !reach->broken++ && !reach->unreadable)
		reach->bad_address = reach->map->address;
	leave_map(reach);
	reach->at++;
}

static bool leads_on(const struct ms_reach *reach, uint32_t type)
{
	return type != MS_NO_TYPE && reach->types.all[type].reaches && !reach->types.all[type].is_union;
}

/* The next piece of the map's buckets, as map-stats counts them; behind the last one the map is found.  */
static int32_t measure(struct ms_reach *reach)
{
	const struct ms_object *object = &reach->objects[reach->at];
	struct ms_map *map = reach->map;
	const struct ms_stats *stats = &reach->stats;
	struct ms_piece piece;
	int32_t status = reach->scan ? MS_OK : map->format->scan_new(map, &reach->scan);

	if (status == MS_OK)
		status = map->format->scan_next(reach->scan, &piece);
	if (status == MS_OK && piece.count)
		map->format->stats_add(map, &piece, &reach->stats);
	else if (status == MS_OK)
		map->format->trouble_note(&piece.trouble, &reach->map_notes);
	if (status != MS_NOT_FOUND)
		return status;
	map->format->stats_end(map, &reach->stats);
	reach->measured = true;
	struct ms_reached found = { .address = object->address,
				    .count = map->count,
				    .memory = stats->bytes,
				    .wasted = stats->bytes > stats->bytes_live ? stats->bytes - stats->bytes_live : 0,
				    .node = reach->types.all[object->type].node,
				    .format = map->format,
				    .object = reach->at };
	return ms_reached_add(&reach->maps, &found) ? MS_OK : no_memory(reach);
}

static int32_t begin_walk(struct ms_reach *reach)
{
	struct ms_walk_options options = { .live_only = true, .with = { true, true } };

	if (leads_on(reach, reach->key_type) || leads_on(reach, reach->elem_type))
		return reach->map->format->walk_new(reach->map, &options, &reach->map_notes, &reach->walk);
	end_map(reach);
	return MS_OK;
}

/* A key or an elem, as it lies in a slot.  */
static int32_t look_at_half(struct ms_reach *reach, const struct ms_slot *slot, bool in_key)
{
	const struct ms_map *map = reach->map;
	uint64_t key = map->key_indirect ? ms_map_pointer(map, slot->key) : slot->key_address;
	uint64_t elem = map->elem_indirect ? ms_map_pointer(map, slot->elem) : slot->elem_address;
	struct place place = { .address = in_key ? key : elem, .key = key, .parent = reach->at, .in_key = in_key };
	uint32_t type = in_key ? reach->key_type : reach->elem_type;
	int32_t status = leads_on(reach, type) ? look_at(reach, type, &place) : MS_OK;

	if (status == MS_FAULT)
		note_unreadable(reach, place.address);
	return status == MS_FAULT ? MS_OK : status;
}

static int32_t look_at_row(struct ms_reach *reach)
{
	const struct ms_row *row;
	int32_t status = reach->map->format->walk_next(reach->walk, &row);

	for (uint32_t i = 0; status == MS_OK && i < row->slot_count; i++) {
		if (!row->slots[i].live)
			continue;
		status = look_at_half(reach, &row->slots[i], true);
		if (status == MS_OK)
			status = look_at_half(reach, &row->slots[i], false);
	}
	if (status == MS_NOT_FOUND) {
		end_map(reach);
		return MS_OK;
	}
	return status == MS_OK && slice_over(reach) ? MS_AGAIN : status;
}

/* ---- The whole ---- */

int32_t ms_reach_step(struct ms_reach *reach)
{
	if (!reach->globals_known)
		return next_global(reach);
	int32_t status = ms_reach_types_step(&reach->types);
	if (status != MS_NOT_FOUND)
		return status;
	if (reach->map && !reach->measured)
		return measure(reach);
	if (reach->map)
		return reach->walk ? look_at_row(reach) : begin_walk(reach);
	if (reach->at == reach->object_count)
		return MS_NOT_FOUND;
	if (reach->at % 1024 == 0 && reach->value == 0 && now_s() > reach->end_of_time) {
		reach->too_long = true;
		return MS_NOT_FOUND;
	}
	return is_map(&reach->objects[reach->at]) ? enter_map(reach) : look_at_object(reach);
}

void ms_reach_end(struct ms_reach *reach)
{
	struct ms_notes *notes = reach->notes;

	ms_reached_sort(&reach->maps);
	if (reach->unreadable)
		ms_note(notes, true, "%llu objects cannot be read, the first at 0x%llx: what they lead to is missing",
			(unsigned long long)reach->unreadable, (unsigned long long)reach->bad_address);
	if (reach->broken)
		ms_note(notes, true, "%llu maps are damaged or cannot be read as a whole, one of them at 0x%llx",
			(unsigned long long)reach->broken, (unsigned long long)reach->bad_address);
	if (reach->types.unions)
		ms_note(notes, false, "unions are not looked into: %u of them could lead to more maps",
			reach->types.unions);
	if (reach->types.unknown)
		ms_note(notes, true, "%u types are not known: what they lead to is missing", reach->types.unknown);
	if (reach->types.swiss)
		ms_note(notes, true, "maps of Go 1.24 and later (Swiss tables) are not among these");
	if (reach->too_many)
		ms_note(notes, true, "there are more than %d objects: given up", OBJECTS_MOST);
	if (reach->too_deep)
		ms_note(notes, true, "what lies behind more than %d pointers is left out", DEPTH_MOST);
	if (reach->too_long)
		ms_note(notes, true, "given up after %d seconds", SECONDS_MOST);
}

const struct ms_reached_list *ms_reach_maps(const struct ms_reach *reach)
{
	return &reach->maps;
}

void ms_reach_progress(const struct ms_reach *reach, uint64_t *done_out, uint64_t *total_out)
{
	*done_out = reach->at;
	*total_out = 0; /* each object may lead to more */
}

const struct ms_object *ms_reach_object(const struct ms_reach *reach, uint32_t index)
{
	return &reach->objects[index];
}

const struct ms_reach_type *ms_reach_type_at(const struct ms_reach *reach, uint32_t type)
{
	return &reach->types.all[type];
}

const struct ms_reach_type *ms_reach_type_of(struct ms_reach *reach, const struct ms_node *node)
{
	uint32_t type = ms_reach_type(&reach->types, node);

	return type < reach->types.settled ? &reach->types.all[type] : NULL;
}

const char *ms_reach_global(const struct ms_reach *reach, uint32_t index)
{
	return reach->globals[reach->objects[index].offset];
}
