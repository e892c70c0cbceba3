/* Values in a condition: loaded from a place, compared, computed. What a type's value is, is told by shape (decode/shapes.h).  */
#define _GNU_SOURCE
#include "cmd/term.h"

#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/map.h"
#include "decode/shapes.h"
#include "path/path.h"

enum { TEXT_MOST = 1 << 20, PIECE = 256, VALUE_MOST = 1 << 20 }; /* bytes: of a text, read at once, of one value */

/* "int", "struct point", "a text": what a term is, for messages.  */
static void spell(struct ms_context *ctx, const struct ms_term *term, struct ms_buf *out)
{
	static const char *const names[] = { "a number", "a number", "a text", "a name", "nil", "a struct" };

	if (term->node)
		ms_spell(ctx, out, term->place.node, MS_C);
	else
		ms_buf_str(out, names[term->kind]);
}

static int32_t mismatch(struct ms_context *ctx, const struct ms_term *a, const struct ms_term *b, const char *what)
{
	struct ms_buf left = { 0 }, right = { 0 };

	spell(ctx, a, &left);
	spell(ctx, b, &right);
	ms_fail(ctx, MS_USAGE, "--where: %s and %s cannot be %s", ms_buf_text(&left), ms_buf_text(&right), what);
	ms_buf_fini(&left);
	ms_buf_fini(&right);
	return MS_USAGE;
}

/* ---- Loading ---- */

/* The bytes of a value of SIZE bytes, kept until the places' end.  */
static int32_t bytes_of(struct ms_places *places, const struct ms_place *place, uint64_t size, const uint8_t **out)
{
	if (place->bytes && size <= place->byte_count) {
		*out = place->bytes;
		return MS_OK;
	}
	if (!place->lies || size > VALUE_MOST)
		return ms_fail(places->ctx, MS_FAULT, "a value of %llu bytes is not at hand", (unsigned long long)size);
	uint8_t *held = ms_places_hold(places, NULL, size);
	if (!held)
		return MS_NO_MEMORY;
	*out = held;
	int32_t status = ms_read(places->ctx, place->address, held, size);
	return status == MS_FAULT ? ms_fail(places->ctx, MS_FAULT, "Cannot access memory at address 0x%llx",
					    (unsigned long long)place->address)
				  : status;
}

static ms_int128 load_number(const struct ms_context *ctx, const struct ms_node *type, const uint8_t *bytes)
{
	bool big = ctx->memory.big_endian, is_signed = type->kind == MS_INT;

	for (uint32_t i = 0; type->kind == MS_ENUM && i < type->member_count && !is_signed; i++)
		is_signed = type->members[i].offset < 0;
	if (type->size == 16)
		return (ms_int128)ms_load_signed(bytes + (big ? 0 : 8), 8, big) * ((ms_int128)1 << 64) +
		       (ms_int128)ms_load(bytes + (big ? 8 : 0), 8, big);
	return is_signed ? (ms_int128)ms_load_signed(bytes, type->size, big)
			 : (ms_int128)ms_load(bytes, type->size, big);
}

static bool load_real(const struct ms_context *ctx, const struct ms_node *type, const uint8_t *bytes, long double *out)
{
	uint64_t bits = type->size <= 8 ? ms_load(bytes, type->size, ctx->memory.big_endian) : 0;
	uint32_t low = (uint32_t)bits;
	float narrow;
	double wide;

	if (type->size == 4) {
		memcpy(&narrow, &low, sizeof narrow);
		*out = narrow;
	} else if (type->size == 8) {
		memcpy(&wide, &bits, sizeof wide);
		*out = wide;
	} else if (type->size == sizeof *out && !ctx->memory.big_endian && !strstr(type->name, "128")) {
		memcpy(out, bytes, sizeof *out);
	} else {
		return false;
	}
	return true;
}

/* A value of which only the kind and the size are known; HELD's bytes have been kept as PLACE.  */
static void load_basic(struct ms_places *places, const struct ms_go_type *type, const struct ms_place *place,
		       struct ms_term *out)
{
	struct ms_node node = { .size = type->size, .name = "" };
	uint64_t word = places->ctx->memory.pointer_size;
	bool number = (type->kind >= MS_GO_BOOL && type->kind <= MS_GO_UINTPTR) || type->direct;

	if (type->kind == MS_GO_STRING && type->size == 2 * word) {
		out->kind = MS_TERM_TEXT;
		out->address = ms_load(place->bytes, word, places->ctx->memory.big_endian);
		out->length = ms_load(place->bytes + word, word, places->ctx->memory.big_endian);
	} else if (number && type->size && type->size <= 8) {
		node.kind = type->kind >= MS_GO_INT && type->kind <= MS_GO_INT64 ? MS_INT : MS_UINT;
		out->kind = MS_TERM_NUMBER;
		out->number = load_number(places->ctx, &node, place->bytes);
	} else if ((type->kind == MS_GO_FLOAT32 || type->kind == MS_GO_FLOAT64) &&
		   load_real(places->ctx, &node, place->bytes, &out->real)) {
		out->kind = MS_TERM_REAL;
	}
}

/* What a Go interface holds, as a value of its dynamic type.  */
static int32_t load_held(struct ms_places *places, const uint8_t *bytes, enum ms_language language, struct ms_term *out)
{
	struct ms_go_held held;
	int32_t status = ms_go_interface_of(places->ctx, out->node, bytes, &held);

	out->held = true;
	if (status == MS_NOT_FOUND) {
		out->kind = MS_TERM_NIL;
		return MS_OK;
	}
	if (status == MS_BAD_TYPE || status == MS_FAULT)
		return ms_fail(places->ctx, MS_FAULT, "the value of an interface at 0x%llx cannot be read",
			       (unsigned long long)held.address);
	uint8_t *kept = status == MS_OK ? ms_places_hold(places, held.bytes, held.type.size) : NULL;
	if (!kept)
		return status < 0 ? status : MS_NO_MEMORY;
	struct ms_place place = { .node = held.type.node, .bytes = kept, .byte_count = held.type.size };
	if (held.type.node)
		status = ms_term_load(places, &place, language, out);
	else
		load_basic(places, &held.type, &place, out);
	out->held = true;
	return status;
}

static int32_t load_struct(struct ms_places *places, enum ms_language language, struct ms_term *out)
{
	const uint8_t *bytes;
	int64_t length;
	int32_t status = bytes_of(places, &out->place, out->node->size, &bytes);

	if (status < 0)
		return status;
	if (ms_text_of(places->ctx, language, out->node, bytes, &out->address, &length)) {
		out->kind = MS_TERM_TEXT;
		out->length = (uint64_t)length;
		return length >= 0 ? MS_OK : ms_fail(places->ctx, MS_FAULT, "a text of length %lld", (long long)length);
	}
	if (language == MS_GO && ms_is_go_interface(out->node))
		return load_held(places, bytes, language, out);
	return ms_stopped(places->ctx);
}

static int32_t load_array(struct ms_places *places, struct ms_term *out)
{
	const struct ms_node *element = ms_node_target(places->ctx, out->node);
	int32_t status = MS_OK;

	element = element ? ms_node_strip(places->ctx, element) : NULL;
	if (!element || !ms_is_char(element))
		return ms_stopped(places->ctx);
	status = bytes_of(places, &out->place, out->node->size, &out->text);
	if (status < 0)
		return status;
	out->kind = MS_TERM_TEXT;
	out->length = strnlen((const char *)out->text, out->node->size);
	return MS_OK;
}

int32_t ms_term_load(struct ms_places *places, const struct ms_place *place, enum ms_language language,
		     struct ms_term *out)
{
	const struct ms_node *type = ms_place_type(places, place);
	const uint8_t *bytes;

	*out = (struct ms_term){ .kind = MS_TERM_OTHER, .node = type, .place = *place };
	if (!type)
		return ms_stopped(places->ctx) != MS_OK ? ms_stopped(places->ctx) : MS_BAD_TYPE;
	if (type->kind == MS_STRUCT)
		return load_struct(places, language, out);
	if (type->kind == MS_ARRAY)
		return load_array(places, out);
	bool real = type->kind == MS_FLOAT;
	bool whole = type->kind == MS_INT || type->kind == MS_UINT;
	bool number = (whole && type->size == 16) ||
		      (type->size && type->size <= 8 &&
		       (whole || type->kind == MS_BOOL || type->kind == MS_ENUM || type->kind == MS_POINTER));
	if (!real && !number)
		return MS_OK;
	int32_t status = bytes_of(places, place, type->size, &bytes);
	if (status < 0)
		return status;
	if (number) {
		out->kind = MS_TERM_NUMBER;
		out->number = load_number(places->ctx, type, bytes);
		if (type->kind == MS_UINT && out->number < 0) /* 2^127 or more */
			return MS_NOT_FOUND;
	} else if (load_real(places->ctx, type, bytes, &out->real)) {
		out->kind = MS_TERM_REAL;
	}
	return MS_OK;
}

/* ---- Texts ---- */

/* A char pointer that is compared with a text is one. MS_OK whatever TERM is.  */
static int32_t pointed_text(struct ms_places *places, struct ms_term *term)
{
	const struct ms_node *target = NULL;
	uint8_t first[MS_TEXT_MOST];

	if (term->kind != MS_TERM_NUMBER || !term->node || term->node->kind != MS_POINTER)
		return MS_OK;
	target = ms_node_target(places->ctx, term->node);
	target = target ? ms_node_strip(places->ctx, target) : NULL;
	if (!target || !ms_is_char(target))
		return ms_stopped(places->ctx);
	term->address = (uint64_t)term->number;
	if (!term->address)
		return MS_NOT_FOUND;
	int32_t status = ms_read_cstring(places->ctx, term->address, first, &term->length);
	if (status == MS_FAULT)
		return ms_fail(places->ctx, MS_FAULT, "Cannot access memory at address 0x%llx",
			       (unsigned long long)(term->address + term->length));
	term->kind = MS_TERM_TEXT;
	return status;
}

/* The whole of a text into our memory.  */
static int32_t whole_text(struct ms_places *places, struct ms_term *term)
{
	if (term->text || !term->length)
		return MS_OK;
	if (term->length > TEXT_MOST)
		return ms_fail(places->ctx, MS_FAULT, "a text of %llu bytes: more than 1 MiB is not searched",
			       (unsigned long long)term->length);
	struct ms_place place = { .lies = true, .address = term->address };
	return bytes_of(places, &place, term->length, &term->text);
}

static int order(const struct ms_term *a, const struct ms_term *b)
{
	uint64_t shorter = ms_min(a->length, b->length);
	int by_bytes = shorter ? memcmp(a->text, b->text, shorter) : 0;

	return by_bytes ? by_bytes : a->length < b->length ? -1 : a->length > b->length;
}

static int32_t compare_texts(struct ms_places *places, enum ms_compare how, struct ms_term *a, struct ms_term *b,
			     bool *out)
{
	bool equality = how == MS_EQUAL || how == MS_UNEQUAL;
	int32_t status = MS_OK;

	if (equality && a->length != b->length) { /* without reading either */
		*out = how == MS_UNEQUAL;
		return MS_OK;
	}
	status = whole_text(places, a);
	if (status == MS_OK)
		status = whole_text(places, b);
	if (status < 0)
		return status;
	int found = how == MS_CONTAINS ? 0 : order(a, b);
	switch (how) {
	case MS_CONTAINS:
		*out = !b->length || (a->length && memmem(a->text, a->length, b->text, b->length));
		break;
	case MS_EQUAL:
	case MS_UNEQUAL:
		*out = (found == 0) == (how == MS_EQUAL);
		break;
	case MS_LESS:
	case MS_AT_MOST:
		*out = how == MS_LESS ? found < 0 : found <= 0;
		break;
	default:
		*out = how == MS_MORE ? found > 0 : found >= 0;
	}
	return MS_OK;
}

/* ---- Comparing ---- */

#define COMPARE(how, a, b)                                                                                             \
	((how) == MS_EQUAL     ? (a) == (b)                                                                            \
	 : (how) == MS_UNEQUAL ? (a) != (b)                                                                            \
	 : (how) == MS_LESS    ? (a) < (b)                                                                             \
	 : (how) == MS_AT_MOST ? (a) <= (b)                                                                            \
	 : (how) == MS_MORE    ? (a) > (b)                                                                             \
			       : (a) >= (b))

/* An enumerator's name becomes its number, by the type of what it is compared with.  */
static int32_t resolve_name(struct ms_context *ctx, struct ms_term *name, const struct ms_term *with)
{
	const struct ms_node *type = with->node;

	if (name->kind != MS_TERM_NAME)
		return MS_OK;
	for (uint32_t i = 0; type && type->kind == MS_ENUM && i < type->member_count; i++) {
		const char *found = type->members[i].name;
		if (strlen(found) == name->length && !memcmp(found, name->text, name->length)) {
			name->number = type->members[i].offset;
			name->kind = MS_TERM_NUMBER;
			return MS_OK;
		}
	}
	const char *shown = ms_escape(ctx, (const char *)name->text, name->length);
	return ms_fail(
		ctx, MS_USAGE,
		"--where: %s is neither key nor elem nor an enumerator of what it is compared with; a text stands "
		"in \"quotes\"",
		shown);
}

/* nil: a pointer of 0, a slice or an interface without one.  */
static int32_t compare_nil(struct ms_places *places, enum ms_compare how, const struct ms_term *a,
			   const struct ms_term *b, bool *out)
{
	const struct ms_term *other = a->kind == MS_TERM_NIL ? b : a;
	const struct ms_node *element;
	const uint8_t *bytes;
	uint64_t word = 1, length;
	bool both = a->kind == MS_TERM_NIL && b->kind == MS_TERM_NIL;

	if (how != MS_EQUAL && how != MS_UNEQUAL)
		return mismatch(places->ctx, a, b, "ordered");
	if (both || (other->kind == MS_TERM_NUMBER && other->node && other->node->kind == MS_POINTER)) {
		word = both ? 0 : (uint64_t)other->number;
	} else if (other->kind == MS_TERM_OTHER && other->node && other->node->kind == MS_STRUCT) {
		int32_t status = bytes_of(places, &other->place, other->node->size, &bytes);
		if (status < 0)
			return status;
		if (!ms_go_slice_of(places->ctx, other->node, bytes, &word, &length, &element))
			return mismatch(places->ctx, a, b, "compared");
	} else {
		return mismatch(places->ctx, a, b, "compared");
	}
	*out = (word == 0) == (how == MS_EQUAL);
	return MS_OK;
}

static long double as_real(const struct ms_term *term)
{
	return term->kind == MS_TERM_REAL ? term->real : (long double)term->number;
}

static bool is_numeric(const struct ms_term *term)
{
	return term->kind == MS_TERM_NUMBER || term->kind == MS_TERM_REAL;
}

static int32_t compare(struct ms_places *places, enum ms_compare how, struct ms_term *a, struct ms_term *b, bool *out)
{
	struct ms_context *ctx = places->ctx;
	int32_t status = resolve_name(ctx, a, b);

	if (status == MS_OK)
		status = resolve_name(ctx, b, a);
	if (status == MS_OK && b->kind == MS_TERM_TEXT)
		status = pointed_text(places, a);
	if (status == MS_OK && a->kind == MS_TERM_TEXT)
		status = pointed_text(places, b);
	if (status < 0)
		return status;
	if (a->kind == MS_TERM_NIL || b->kind == MS_TERM_NIL)
		return compare_nil(places, how, a, b, out);
	if (a->kind == MS_TERM_TEXT && b->kind == MS_TERM_TEXT)
		return compare_texts(places, how, a, b, out);
	if (how == MS_CONTAINS || !is_numeric(a) || !is_numeric(b))
		return mismatch(ctx, a, b, how == MS_CONTAINS ? "searched" : "compared");
	if (a->kind == MS_TERM_REAL || b->kind == MS_TERM_REAL)
		*out = COMPARE(how, as_real(a), as_real(b));
	else
		*out = COMPARE(how, a->number, b->number);
	return MS_OK;
}

int32_t ms_term_compare(struct ms_places *places, enum ms_compare how, struct ms_term *a, struct ms_term *b, bool *out)
{
	int32_t status = compare(places, how, a, b, out);

	if (status != MS_USAGE || !(a->held || b->held))
		return status;
	*out = how == MS_UNEQUAL;
	return MS_OK;
}

/* ---- Computing ---- */

static int32_t compute_reals(struct ms_context *ctx, char operator, const struct ms_term * a, const struct ms_term *b,
			     struct ms_term *out)
{
	long double left = as_real(a), right = as_real(b);

	out->kind = MS_TERM_REAL;
	switch (operator) {
	case '+':
		out->real = left + right;
		return MS_OK;
	case '-':
		out->real = left - right;
		return MS_OK;
	case '*':
		out->real = left * right;
		return MS_OK;
	case '/':
		out->real = left / right;
		return MS_OK;
	default:
		return ms_fail(ctx, MS_USAGE, "--where: %c takes whole numbers", operator);
	}
}

int32_t ms_term_compute(struct ms_context *ctx, char operator, const struct ms_term * a, const struct ms_term *b,
			struct ms_term *out)
{
	ms_int128 left = a->number, right = b->number, result = 0;
	bool over = false;

	if (!is_numeric(a) || !is_numeric(b))
		return a->held || b->held ? MS_NOT_FOUND : mismatch(ctx, a, b, "computed with");
	*out = (struct ms_term){ .kind = MS_TERM_NUMBER };
	if (a->kind == MS_TERM_REAL || b->kind == MS_TERM_REAL)
		return compute_reals(ctx, operator, a, b, out);
	if (strchr("/%", operator) && right == 0)
		return MS_NOT_FOUND;
	if (operator== '+')
		over = __builtin_add_overflow(left, right, &result);
	else if (operator== '-')
		over = __builtin_sub_overflow(left, right, &result);
	else if (operator== '*')
		over = __builtin_mul_overflow(left, right, &result);
	else if (right == -1) /* the one quotient that may not fit */
		over = operator== '/' && __builtin_sub_overflow((ms_int128)0, left, &result);
	else if (operator== '/')
		result = left / right;
	else if (operator== '%')
		result = left % right;
	if (strchr("&|^", operator))
		result = operator== '&' ? left & right : operator== '|' ? left | right : left ^ right;
	out->number = result;
	return over ? MS_NOT_FOUND : MS_OK;
}

int32_t ms_term_truth(struct ms_context *ctx, const struct ms_term *term, bool *out)
{
	struct ms_buf what = { 0 };

	*out = term->kind == MS_TERM_NUMBER && term->number;
	if (term->kind == MS_TERM_NUMBER)
		return MS_OK;
	if (term->held)
		return MS_NOT_FOUND;
	spell(ctx, term, &what);
	if (term->kind == MS_TERM_NAME) {
		const char *name = ms_escape(ctx, (const char *)term->text, term->length);
		ms_fail(ctx, MS_USAGE, "--where: %s is no condition: compare key or elem with something", name);
	} else {
		ms_fail(ctx, MS_USAGE, "--where: %s is no condition: compare it with something", ms_buf_text(&what));
	}
	ms_buf_fini(&what);
	return MS_USAGE;
}

int32_t ms_term_length(struct ms_places *places, const struct ms_term *term, struct ms_term *out)
{
	struct ms_term text = *term;
	const struct ms_node *element, *type = term->node;
	const uint8_t *bytes = NULL;
	uint64_t address, length = 0;
	int32_t status = MS_OK;

	*out = (struct ms_term){ .kind = MS_TERM_NUMBER };
	if (type && (type->kind == MS_POINTER || type->kind == MS_STRUCT) && ms_shape_of_value(places->ctx, type)) {
		struct ms_map *map = NULL;
		status = bytes_of(places, &term->place, type->size, &bytes);
		struct ms_value value = { .size = sizeof value,
					  .type = type->type,
					  .address = term->place.address,
					  .bytes = bytes,
					  .byte_count = type->size };
		if (status == MS_OK)
			status = ms_map_open_value(places->ctx, &value, &map);
		out->number = status == MS_OK ? map->count : 0;
		ms_map_free(map);
		return status;
	}
	status = pointed_text(places, &text);
	if (status < 0)
		return status;
	if (text.kind == MS_TERM_TEXT) {
		out->number = (ms_int128)text.length;
		return MS_OK;
	}
	if (type && type->kind == MS_ARRAY) {
		out->number = (ms_int128)type->count;
		return MS_OK;
	}
	if (type && type->kind == MS_STRUCT) {
		status = bytes_of(places, &term->place, type->size, &bytes);
		if (status == MS_OK && ms_go_slice_of(places->ctx, type, bytes, &address, &length, &element)) {
			out->number = (int64_t)length;
			return MS_OK;
		}
	}
	struct ms_buf what = { 0 };
	if (status < 0 || term->held)
		return status < 0 ? status : MS_NOT_FOUND;
	spell(places->ctx, term, &what);
	ms_fail(places->ctx, MS_USAGE, "--where: %s has no len: a text, an array, a slice or a map has",
		ms_buf_text(&what));
	ms_buf_fini(&what);
	return MS_USAGE;
}
