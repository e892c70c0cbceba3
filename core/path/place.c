/* Steps from value to value. Numbers of the target are checked before they are added or multiplied; memory is read only where
   a pointer's or an index's own bytes are needed.  */
#include "path/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/map.h"
#include "mem/mem.h"
#include "path/path.h"

enum { HELD_MOST = 64 << 20 }; /* bytes of registers and earlier results on one path */

uint8_t *ms_places_hold(struct ms_places *places, const void *bytes, uint64_t size)
{
	struct ms_held *held = NULL;

	if (size <= HELD_MOST - places->held_size)
		held = malloc(sizeof *held + size + 1);
	if (!held) {
		ms_fail(places->ctx, MS_NO_MEMORY, "out of memory for a value");
		return NULL;
	}
	if (bytes && size)
		memcpy(held->bytes, bytes, size);
	held->next = places->held;
	places->held = held;
	places->held_size += size;
	return held->bytes;
}

const struct ms_node *ms_place_type(struct ms_places *places, const struct ms_place *place)
{
	return place->node ? ms_node_strip(places->ctx, place->node) : NULL;
}

/* A type was not there: MS_INTERRUPTED, MS_NO_MEMORY, or the damage that ms_error tells.  */
static int32_t no_type(struct ms_places *places)
{
	int32_t stopped = ms_stopped(places->ctx);

	return stopped != MS_OK ? stopped : MS_BAD_TYPE;
}

static int32_t refuse(struct ms_places *places, const char *why)
{
	return ms_fail(places->ctx, MS_REFUSED, "%s", why);
}

static int32_t cannot_access(struct ms_places *places, uint64_t address)
{
	return ms_fail(places->ctx, MS_FAULT, "Cannot access memory at address 0x%llx", (unsigned long long)address);
}

static uint64_t last_address(const struct ms_places *places)
{
	return places->ctx->memory.pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
}

static bool is_number(const struct ms_node *type)
{
	return !type || (type->size && type->size <= 8 &&
			 (type->kind == MS_INT || type->kind == MS_UINT || type->kind == MS_BOOL ||
			  type->kind == MS_ENUM || type->kind == MS_POINTER));
}

/* ---- Where paths begin ---- */

static int32_t make_number(struct ms_places *places, const struct ms_node *node, uint64_t size, uint64_t number,
			   struct ms_place *out)
{
	uint8_t bytes[8];

	for (uint64_t i = 0; i < size; i++)
		bytes[places->ctx->memory.big_endian ? size - 1 - i : i] = (uint8_t)(number >> 8 * i);
	const uint8_t *held = ms_places_hold(places, bytes, size);
	*out = (struct ms_place){ .node = node, .bytes = held, .byte_count = size };
	return held ? MS_OK : MS_NO_MEMORY;
}

int32_t ms_place_number(struct ms_places *places, uint64_t number, struct ms_place *out)
{
	return make_number(places, NULL, 8, number, out);
}

int32_t ms_place_variable(struct ms_places *places, const struct ms_value *value, struct ms_place *out)
{
	enum { SCALAR_MOST = 16 };
	bool lies = value->address;
	uint64_t size = lies ? ms_min(value->byte_count, SCALAR_MOST) : value->byte_count, address = value->address;
	const uint8_t *held = value->bytes && size ? ms_places_hold(places, value->bytes, size) : NULL;

	if (ms_stopped(places->ctx) != MS_OK)
		return ms_stopped(places->ctx);
	*out = (struct ms_place){ .lies = lies, .address = address };
	out->node = ms_node(places->ctx, value->type);
	const struct ms_node *type = ms_place_type(places, out);
	if (!type)
		return no_type(places);
	/* A pointer is what the debugger holds (an older one may stand in $1); a struct is what lies at its address now.  */
	if (held && (!lies || (is_number(type) && type->size <= size))) {
		out->bytes = held;
		out->byte_count = size;
	}
	return MS_OK;
}

/* ---- What values hold ---- */

/* SIZE bytes at OFFSET of the place into BUFFER.  */
static int32_t load_bytes(struct ms_places *places, const struct ms_place *place, uint64_t offset, uint8_t *buffer,
			  uint64_t size)
{
	uint64_t end, address;

	if (place->bytes && ms_add(offset, size, &end) && end <= place->byte_count) {
		memcpy(buffer, place->bytes + offset, size);
		return MS_OK;
	}
	if (!place->lies)
		return refuse(places, "it has no value here");
	if (!ms_add(place->address, offset, &address) || address > last_address(places))
		return cannot_access(places, place->address);
	int32_t status = ms_mem_read_cached(places->ctx, address, buffer, size);
	if (status == MS_FAULT)
		return cannot_access(places, address);
	return status < 0 ? ms_fail(places->ctx, status, status == MS_INTERRUPTED ? "interrupted" : "out of memory")
			  : MS_OK;
}

/* The number that a place of a numeric type holds, sign-extended.  */
static int32_t load_number(struct ms_places *places, const struct ms_place *place, const struct ms_node *type,
			   uint64_t *out)
{
	bool big_endian = places->ctx->memory.big_endian, is_signed = !type || type->kind == MS_INT;
	uint64_t size = type ? type->size : 8;
	uint8_t bytes[8];
	int32_t status = load_bytes(places, place, 0, bytes, size);

	if (status == MS_OK)
		*out = is_signed ? (uint64_t)ms_load_signed(bytes, size, big_endian) : ms_load(bytes, size, big_endian);
	return status;
}

/* The part of a place from OFFSET on, SIZE bytes of type NODE.  */
static int32_t part(struct ms_places *places, struct ms_place *place, uint64_t offset, uint64_t size,
		    const struct ms_node *node)
{
	uint64_t end, address = 0;

	if (place->lies && (!ms_add(place->address, offset, &address) || address > last_address(places)))
		return ms_fail(places->ctx, MS_REFUSED, "%llu bytes behind 0x%llx there is no memory",
			       (unsigned long long)offset, (unsigned long long)place->address);
	if (!place->lies && !(ms_add(offset, size, &end) && place->bytes && end <= place->byte_count))
		return refuse(places, "it has no value here");
	*place = (struct ms_place){ .node = node,
				    .lies = place->lies,
				    .address = address,
				    .bytes = place->lies ? NULL : place->bytes + offset,
				    .byte_count = place->lies ? 0 : size };
	return MS_OK;
}

/* ---- Pointers ---- */

/* What the pointer at PLACE, behind typedefs of type TYPE, points to.  */
static int32_t follow_pointer(struct ms_places *places, struct ms_place *place, const struct ms_node *type)
{
	const struct ms_node *target = ms_node_target(places->ctx, type);
	const struct ms_node *stripped = target ? ms_node_strip(places->ctx, target) : NULL;
	uint64_t address = 0;

	if (!stripped && type->target)
		return no_type(places);
	if (!stripped || (stripped->kind == MS_VOID && !stripped->size))
		return refuse(places, "Attempt to dereference a generic pointer.");
	if (!is_number(type))
		return ms_fail(places->ctx, MS_BAD_TYPE, "a pointer of %llu bytes: damaged debug information?",
			       (unsigned long long)type->size);
	int32_t status = load_number(places, place, type, &address);
	*place = (struct ms_place){ .node = target, .lies = true, .address = address };
	return status;
}

int32_t ms_place_follow(struct ms_places *places, struct ms_place *place)
{
	const struct ms_node *type = ms_place_type(places, place);

	if (place->node && !type)
		return no_type(places);
	if (type && type->kind == MS_POINTER)
		return follow_pointer(places, place, type);
	if (type && type->kind == MS_FUNCTION && place->lies)
		return MS_OK;
	if (type && type->kind == MS_ARRAY) {
		struct ms_place zero;
		int32_t status = ms_place_number(places, 0, &zero);
		return status < 0 ? status : ms_place_element(places, place, &zero);
	}
	return refuse(places, "Attempt to take contents of a non-pointer value.");
}

int32_t ms_place_address(struct ms_places *places, struct ms_place *place)
{
	if (!place->lies || !place->node)
		return refuse(places, "Attempt to take address of value not located in memory.");
	const struct ms_node *pointer = ms_types_derive(places->ctx, MS_POINTER, place->node->type, 0);
	if (!pointer)
		return no_type(places);
	return make_number(places, pointer, places->ctx->memory.pointer_size, place->address, place);
}

/* ---- Members ---- */

/* A bit-field lies at no address of its own: it becomes a number.  */
static int32_t take_bits(struct ms_places *places, struct ms_place *place, const struct ms_member *member,
			 uint64_t offset, const struct ms_node *node)
{
	bool big_endian = places->ctx->memory.big_endian;
	const struct ms_node *type = ms_node_strip(places->ctx, node);
	uint64_t bits = (uint64_t)member->bit_offset + member->bit_size, size = (bits + 7) / 8, number = 0;
	uint8_t bytes[9];

	if (!type)
		return no_type(places);
	if (!is_number(type) || member->bit_size > 64 || size > sizeof bytes)
		return ms_fail(places->ctx, MS_BAD_TYPE, "a bit-field of %llu bits: damaged debug information?",
			       (unsigned long long)bits);
	int32_t status = load_bytes(places, place, offset, bytes, size);
	if (status < 0)
		return status;
	for (uint32_t i = 0; i < member->bit_size; i++) { /* from the lowest */
		uint64_t bit = big_endian ? bits - 1 - i : member->bit_offset + (uint64_t)i;
		uint64_t in_byte = big_endian ? 7 - bit % 8 : bit % 8;
		number |= (uint64_t)(bytes[bit / 8] >> in_byte & 1) << i;
	}
	if (type->kind == MS_INT && member->bit_size < 64 && number >> (member->bit_size - 1))
		number |= UINT64_MAX << member->bit_size;
	return make_number(places, node, type->size, number, place);
}

/* Through one pointer, or to the first element of an array.  */
static int32_t to_struct(struct ms_places *places, struct ms_place *place, bool arrow)
{
	const struct ms_node *type = ms_place_type(places, place);
	int32_t status = MS_OK;

	if (type && (type->kind == MS_POINTER || type->kind == MS_ARRAY)) {
		const struct ms_node *target = ms_node_target(places->ctx, type);
		target = target ? ms_node_strip(places->ctx, target) : NULL;
		if (target && (target->kind == MS_STRUCT || target->kind == MS_UNION)) {
			status = ms_place_follow(places, place);
			type = target;
		}
	}
	if (status < 0)
		return status;
	if (ms_stopped(places->ctx) != MS_OK)
		return ms_stopped(places->ctx);
	if (!type || (type->kind != MS_STRUCT && type->kind != MS_UNION))
		return refuse(places,
			      arrow ? "Attempt to extract a component of a value that is not a structure pointer."
				    : "Attempt to extract a component of a value that is not a structure.");
	return MS_OK;
}

int32_t ms_place_member(struct ms_places *places, struct ms_place *place, const char *name, bool arrow)
{
	uint64_t offset;
	int32_t status = to_struct(places, place, arrow);
	if (status < 0)
		return status;

	ms_buf_clear(&places->ctx->error);
	const struct ms_member *member = ms_node_find(places->ctx, ms_place_type(places, place), name, &offset);
	const struct ms_node *node = member ? ms_node(places->ctx, member->type) : NULL;
	const struct ms_node *type = node ? ms_node_strip(places->ctx, node) : NULL;
	if (ms_stopped(places->ctx) != MS_OK)
		return ms_stopped(places->ctx);
	if (!member && !*ms_error(places->ctx)) /* and no member's type was missing */
		return ms_fail(places->ctx, MS_REFUSED, "There is no member named %s.",
			       ms_escape(places->ctx, name, strlen(name)));
	if (!type)
		return no_type(places);
	if (member->bit_size)
		return take_bits(places, place, member, offset, node);
	return part(places, place, offset, type->size, node);
}

/* ---- Elements ---- */

/* The pointer and the length of a Go slice.  */
static bool is_slice(struct ms_places *places, const struct ms_node *type, uint64_t *array_out, uint64_t *len_out)
{
	const struct ms_node *array, *len, *cap;
	uint64_t offset;

	return type->kind == MS_STRUCT && ms_node_member(places->ctx, type, "array", array_out, &array) &&
	       ms_node_member(places->ctx, type, "len", len_out, &len) &&
	       ms_node_member(places->ctx, type, "cap", &offset, &cap) && array->kind == MS_POINTER &&
	       len->kind == MS_INT && is_number(len);
}

static bool points_to_go_map(struct ms_places *places, const struct ms_node *type)
{
	const struct ms_node *target = ms_node_target(places->ctx, type);
	const struct ms_shape *shape;

	target = target ? ms_node_strip(places->ctx, target) : NULL;
	shape = target ? ms_shape_of(places->ctx, target) : NULL;
	return shape && shape->language == MS_GO;
}

int32_t ms_path_refuse_go_index(struct ms_context *ctx)
{
	return ms_fail(ctx, MS_REFUSED,
		       "an index into a Go map is not looked up: type map-entries with the map itself");
}

int32_t ms_place_takes_index(struct ms_places *places, const struct ms_place *place)
{
	const struct ms_node *type = ms_place_type(places, place);
	struct ms_buf name = { 0 };
	uint64_t offset;

	if (place->node && !type)
		return no_type(places);
	if (type && type->kind == MS_POINTER && points_to_go_map(places, type))
		return ms_path_refuse_go_index(places->ctx);
	bool takes = type &&
		     (type->kind == MS_POINTER || type->kind == MS_ARRAY || is_slice(places, type, &offset, &offset));
	if (ms_stopped(places->ctx) != MS_OK)
		return ms_stopped(places->ctx);
	if (takes)
		return MS_OK;
	if (place->node)
		ms_spell(places->ctx, &name, place->node, MS_C);
	else
		ms_buf_str(&name, "int");
	ms_fail(places->ctx, MS_REFUSED, "cannot subscript something of type `%s'", ms_buf_text(&name));
	ms_buf_fini(&name);
	return MS_REFUSED;
}

static int32_t no_such_element(struct ms_places *places, uint64_t index, bool negative, uint64_t count)
{
	return ms_fail(places->ctx, MS_REFUSED, "no such element: [%s%llu] of %llu, counted from 0",
		       negative ? "-" : "", (unsigned long long)index, (unsigned long long)count);
}

/* Element INDEX (or -INDEX) behind the pointer at PLACE.  */
static int32_t pointer_element(struct ms_places *places, struct ms_place *place, const struct ms_node *type,
			       uint64_t index, bool negative)
{
	uint64_t offset, address;
	int32_t status = follow_pointer(places, place, type);
	if (status < 0)
		return status;

	bool fits = ms_mul(index, ms_place_type(places, place)->size, &offset);
	if (fits && negative)
		fits = offset <= place->address;
	else
		fits = fits && ms_add(place->address, offset, &address) && address <= last_address(places);
	if (!fits)
		return ms_fail(places->ctx, MS_REFUSED, "element [%s%llu] behind 0x%llx lies outside of memory",
			       negative ? "-" : "", (unsigned long long)index, (unsigned long long)place->address);
	place->address = negative ? place->address - offset : place->address + offset;
	return MS_OK;
}

static int32_t slice_element(struct ms_places *places, struct ms_place *place, uint64_t index, bool negative)
{
	struct ms_place len = *place;
	uint64_t count = 0;
	int32_t status = ms_place_member(places, &len, "len", false);

	if (status == MS_OK)
		status = load_number(places, &len, ms_place_type(places, &len), &count);
	if (status < 0)
		return status;
	if (negative || index >= count || count > INT64_MAX)
		return no_such_element(places, index, negative, count);
	status = ms_place_member(places, place, "array", false);
	return status < 0 ? status : pointer_element(places, place, ms_place_type(places, place), index, negative);
}

static int32_t array_element(struct ms_places *places, struct ms_place *place, const struct ms_node *type,
			     uint64_t index, bool negative)
{
	const struct ms_node *element = ms_node_target(places->ctx, type);
	const struct ms_node *stripped = element ? ms_node_strip(places->ctx, element) : NULL;
	uint64_t offset;

	if (!stripped)
		return no_type(places);
	if (negative || (type->count && index >= type->count))
		return no_such_element(places, index, negative, type->count);
	if (!ms_mul(index, stripped->size, &offset))
		return no_such_element(places, index, negative, type->count);
	return part(places, place, offset, stripped->size, element);
}

int32_t ms_place_element(struct ms_places *places, struct ms_place *place, const struct ms_place *at)
{
	const struct ms_node *type = ms_place_type(places, place), *index_type = ms_place_type(places, at);
	uint64_t index = 0;

	if (!type || (at->node && !index_type))
		return no_type(places);
	if (!is_number(index_type) || (index_type && index_type->kind == MS_POINTER))
		return refuse(places, "an index must be an integer");
	int32_t status = load_number(places, at, index_type, &index);
	if (status < 0)
		return status;
	bool is_signed = !index_type || index_type->kind == MS_INT, negative = is_signed && (int64_t)index < 0;
	if (negative)
		index = 0 - index;
	if (type->kind == MS_POINTER)
		return pointer_element(places, place, type, index, negative);
	if (type->kind == MS_ARRAY)
		return array_element(places, place, type, index, negative);
	return slice_element(places, place, index, negative);
}

/* ---- Casts ---- */

int32_t ms_place_cast(struct ms_places *places, struct ms_place *place, const struct ms_node *to)
{
	const struct ms_node *from = ms_place_type(places, place), *type = ms_node_strip(places->ctx, to);
	uint64_t number = place->address;
	int32_t status = MS_OK;

	if (!type || (place->node && !from))
		return no_type(places);
	if (from == type) {
		place->node = to;
		return MS_OK;
	}
	bool decays = from && place->lies && (from->kind == MS_ARRAY || from->kind == MS_FUNCTION);
	if (!is_number(type) || (!decays && !is_number(from)))
		return refuse(places, "Invalid cast.");
	if (!decays)
		status = load_number(places, place, from, &number);
	if (status < 0)
		return status;
	return make_number(places, to, type->size, type->kind == MS_BOOL ? number != 0 : number, place);
}
