/* Rendering one value: a recursion over its type that never trusts a length, a pointer or a depth of the target.  */
#include "out/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/read.h"

enum {
	DEPTH_MOST = 4,	     /* containers in each other */
	ELEMENTS_MOST = 256, /* of one array or slice */
	BUDGET = 64 << 10,   /* values and members within one key or elem */
	TEXT_BYTES = 16,     /* of a text count as one value more */
	NEST_MOST = 8,	     /* anonymous members in each other */
};

struct render {
	struct ms_context *ctx;
	struct ms_buf *buf;
	struct ms_style style;
	uint32_t budget;
	int32_t status;
};

static void render(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth);

/* ---- Pieces ---- */

static bool json(const struct render *r)
{
	return r->style.json;
}

static void error_text(struct ms_buf *buf, struct ms_style style, const char *line)
{
	if (style.json) {
		ms_buf_str(buf, "{\"$error\": ");
		ms_buf_json_string(buf, line, strlen(line));
		ms_buf_char(buf, '}');
	} else {
		ms_buf_printf(buf, "<%s>", line);
	}
}

void ms_value_error(struct ms_buf *buf, struct ms_style style, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	error_text(buf, style, line);
}

static void fault(struct render *r, int32_t status, uint64_t size, uint64_t address)
{
	if (status == MS_INTERRUPTED)
		r->status = status;
	ms_value_error(r->buf, r->style, "cannot read %llu bytes at 0x%llx", (unsigned long long)size,
		       (unsigned long long)address);
}

static void more(struct render *r)
{
	ms_buf_str(r->buf, json(r) ? "{\"$more\": true}" : "...");
}

static void address_value(struct render *r, uint64_t address)
{
	if (!address) {
		ms_buf_str(r->buf, json(r) ? "null" : r->style.language == MS_GO ? "nil" : "NULL");
		return;
	}
	ms_buf_str(r->buf, json(r) ? "\"" : "");
	ms_buf_hex(r->buf, address);
	ms_buf_str(r->buf, json(r) ? "\"" : "");
}

/* Bytes of which no type is known.  */
static void plain_bytes(struct ms_buf *buf, struct ms_style style, const uint8_t *bytes, uint64_t size)
{
	ms_buf_str(buf, style.json ? "{\"$hex\": \"" : "0x");
	ms_buf_hex_bytes(buf, bytes, ms_min(size, MS_TEXT_MOST));
	ms_buf_str(buf, style.json ? "\"}" : "");
}

/* What has no form of its own.  */
static void raw(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t size)
{
	struct ms_buf name = { 0 };
	uint64_t shown = ms_min(size, MS_TEXT_MOST);

	ms_spell(r->ctx, &name, node, r->style.language);
	r->buf->failed |= name.failed;
	if (json(r)) {
		ms_buf_str(r->buf, "{\"$type\": ");
		ms_buf_json_string(r->buf, ms_buf_text(&name), name.size);
		ms_buf_str(r->buf, ", \"$hex\": \"");
		ms_buf_hex_bytes(r->buf, bytes, shown);
		ms_buf_str(r->buf, "\"}");
	} else {
		ms_buf_printf(r->buf, "(%s) ", ms_buf_text(&name));
		ms_buf_hex_bytes(r->buf, bytes, shown);
	}
	ms_buf_fini(&name);
}

/* The first bytes of a text of LENGTH bytes, at most MS_TEXT_MOST.  */
static void text(struct render *r, const uint8_t *bytes, uint64_t length)
{
	uint64_t shown = ms_min(length, MS_TEXT_MOST);
	bool cut = shown < length;

	r->budget -= (uint32_t)ms_min(r->budget, shown / TEXT_BYTES);
	if (!json(r)) {
		ms_buf_char(r->buf, '"');
		ms_buf_escaped(r->buf, bytes, shown, '"');
		ms_buf_str(r->buf, cut ? "\"..." : "\"");
		return;
	}
	for (int i = 0; cut && i < 3 && !ms_utf8_valid(bytes, shown); i++)
		shown--; /* a character that the cut has split */
	if (!ms_utf8_valid(bytes, shown)) {
		shown = ms_min(length, MS_TEXT_MOST);
		ms_buf_str(r->buf, "{\"$hex\": \"");
		ms_buf_hex_bytes(r->buf, bytes, shown);
		ms_buf_char(r->buf, '"');
	} else {
		ms_buf_str(r->buf, cut ? "{\"$text\": " : "");
		ms_buf_json_string(r->buf, bytes, shown);
		if (!cut)
			return;
	}
	if (cut)
		ms_buf_printf(r->buf, ", \"$length\": %llu", (unsigned long long)length);
	ms_buf_char(r->buf, '}');
}

static void counted_text(struct render *r, uint64_t address, int64_t length)
{
	uint8_t bytes[MS_TEXT_MOST];
	uint64_t size = ms_min((uint64_t)length, sizeof bytes);

	if (length < 0) {
		ms_value_error(r->buf, r->style, "a text of length %lld", (long long)length);
		return;
	}
	int32_t status = ms_read(r->ctx, address, bytes, size);
	if (status < 0)
		fault(r, status, size, address);
	else
		text(r, bytes, (uint64_t)length);
}

static void terminated_text(struct render *r, uint64_t address)
{
	uint8_t bytes[MS_TEXT_MOST];
	uint64_t length;
	int32_t status = ms_read_cstring(r->ctx, address, bytes, &length);

	if (status < 0)
		fault(r, status, 1, address);
	else
		text(r, bytes, length);
}

/* ---- Scalars ---- */

/* gcc and clang have it; C11's strict form has not.  */
__extension__ typedef unsigned __int128 uint128;

static void wide_integer(struct render *r, const uint8_t *bytes, bool is_signed)
{
	bool big = r->ctx->memory.big_endian;
	uint128 value = (uint128)ms_load(bytes + (big ? 0 : 8), 8, big) << 64 | ms_load(bytes + (big ? 8 : 0), 8, big);
	char digits[40];
	size_t at = sizeof digits;

	if (is_signed && value >> 127) {
		ms_buf_char(r->buf, '-');
		value = -value;
	}
	do {
		digits[--at] = (char)('0' + (int)(value % 10));
		value /= 10;
	} while (value);
	ms_buf_add(r->buf, digits + at, sizeof digits - at);
}

static void integer(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	bool big = r->ctx->memory.big_endian;

	if (node->size == 16)
		wide_integer(r, bytes, node->kind == MS_INT);
	else if (node->size > 8)
		raw(r, node, bytes, node->size);
	else if (node->kind == MS_INT)
		ms_buf_int(r->buf, ms_load_signed(bytes, node->size, big));
	else
		ms_buf_uint(r->buf, ms_load(bytes, node->size, big));
	if (!json(r) && node->size == 1 && !strcmp(node->name, "char")) {
		ms_buf_str(r->buf, " '");
		ms_buf_escaped(r->buf, bytes, 1, '\'');
		ms_buf_char(r->buf, '\'');
	}
}

static void boolean(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t value = ms_load(bytes, node->size, r->ctx->memory.big_endian);

	if (value > 1)
		ms_buf_uint(r->buf, value);
	else
		ms_buf_str(r->buf, value ? "true" : "false");
}

static void enumeration(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	bool big = r->ctx->memory.big_endian;
	int64_t as_signed = ms_load_signed(bytes, node->size, big);
	int64_t as_unsigned = (int64_t)ms_load(bytes, node->size, big);

	for (uint32_t i = 0; i < node->member_count; i++) {
		const struct ms_member *member = &node->members[i];
		if (member->offset != as_signed && member->offset != as_unsigned)
			continue;
		if (json(r))
			ms_buf_json_string(r->buf, member->name, strlen(member->name));
		else
			ms_buf_escaped(r->buf, member->name, strlen(member->name), 0);
		return;
	}
	ms_buf_int(r->buf, as_signed);
}

/* A bit-field as an integer, a bool or an enum of its own.  */
static void bit_field(struct render *r, const struct ms_node *node, const struct ms_member *member,
		      const uint8_t *bytes, uint64_t available)
{
	uint64_t size = ((uint64_t)member->bit_offset + member->bit_size + 7) / 8;
	bool big = r->ctx->memory.big_endian;

	if (size == 0 || size > 8 || size > available || member->bit_size > 64) {
		ms_value_error(r->buf, r->style, "a bit-field that does not fit its struct");
		return;
	}
	uint64_t value = ms_load(bytes, size, big);
	value >>= big ? 8 * size - member->bit_offset - member->bit_size : member->bit_offset;
	if (member->bit_size < 64)
		value &= ((uint64_t)1 << member->bit_size) - 1;
	if (node->kind == MS_INT && member->bit_size < 64 && value >> (member->bit_size - 1))
		value -= (uint64_t)1 << member->bit_size;
	uint8_t whole[8];
	for (int i = 0; i < 8; i++)
		whole[i] = (uint8_t)(value >> 8 * (big ? 7 - i : i));
	struct ms_node wide = *node;
	wide.size = sizeof whole;
	if (node->kind == MS_BOOL)
		boolean(r, &wide, whole);
	else if (node->kind == MS_ENUM)
		enumeration(r, &wide, whole);
	else
		integer(r, &wide, whole);
}

static bool floats(const struct render *r, uint64_t size)
{
	return size == 4 || size == 8 || (size == sizeof(long double) && !r->ctx->memory.big_endian);
}

static void complex_number(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t half = node->size / 2;
	bool big = r->ctx->memory.big_endian;

	if (json(r) || !floats(r, half)) {
		raw(r, node, bytes, node->size);
		return;
	}
	ms_buf_char(r->buf, '(');
	ms_value_float(r->buf, bytes, half, big, false);
	ms_buf_str(r->buf, ", ");
	ms_value_float(r->buf, bytes + half, half, big, false);
	ms_buf_str(r->buf, "i)");
}

static bool is_char(const struct ms_node *node)
{
	return (node->kind == MS_INT || node->kind == MS_UINT) && node->size == 1 && !strcmp(node->name, "char");
}

static void pointer(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t address = ms_load(bytes, node->size, r->ctx->memory.big_endian);
	const struct ms_node *target = ms_node_target(r->ctx, node);
	const struct ms_node *stripped = target ? ms_node_strip(r->ctx, target) : NULL;

	if (address && stripped && is_char(stripped))
		terminated_text(r, address);
	else
		address_value(r, address);
}

/* ---- Containers ---- */

static void open_bracket(struct render *r, bool list)
{
	ms_buf_char(r->buf, list && json(r) ? '[' : '{');
}

static void close_bracket(struct render *r, bool list)
{
	ms_buf_char(r->buf, list && json(r) ? ']' : '}');
}

static void list(struct render *r, const struct ms_node *element, const uint8_t *bytes, uint64_t have, uint64_t count,
		 uint64_t address, int depth)
{
	uint64_t size = ms_node_strip(r->ctx, element)->size;

	open_bracket(r, true);
	for (uint64_t i = 0; i < count; i++) {
		ms_buf_str(r->buf, i ? ", " : "");
		if (i >= ELEMENTS_MOST || i >= have) {
			more(r);
			break;
		}
		render(r, element, bytes + i * size, address ? address + i * size : 0, depth + 1);
	}
	close_bracket(r, true);
}

static void array(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	const struct ms_node *element = ms_node_target(r->ctx, node);
	const struct ms_node *stripped = element ? ms_node_strip(r->ctx, element) : NULL;
	uint64_t size;

	if (!stripped || !ms_mul(stripped->size, node->count, &size) || size > node->size) {
		raw(r, node, bytes, node->size);
	} else if (is_char(stripped)) {
		const uint8_t *nul = memchr(bytes, 0, node->count);
		text(r, bytes, nul ? (uint64_t)(nul - bytes) : node->count);
	} else {
		list(r, element, bytes, node->count, node->count, address, depth);
	}
}

/* Members of an anonymous member (NEST counts them) stand among those of the struct itself.  */
static void members(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth,
		    int nest, bool *comma)
{
	for (uint32_t i = 0; i < node->member_count; i++) {
		const struct ms_member *member = &node->members[i];
		if (r->budget == 0) {
			ms_buf_str(r->buf, *comma ? ", " : "");
			*comma = true;
			ms_buf_str(r->buf, json(r) ? "\"$more\": true" : "...");
			return;
		}
		r->budget--;
		const struct ms_node *type = ms_node(r->ctx, member->type);
		const struct ms_node *stripped = type ? ms_node_strip(r->ctx, type) : NULL;
		uint64_t offset = (uint64_t)member->offset;
		bool fits = stripped && member->offset >= 0 && offset <= node->size &&
			    (member->bit_size || stripped->size <= node->size - offset);

		bool group = fits && (stripped->kind == MS_STRUCT || stripped->kind == MS_UNION);
		if (!*member->name && group && nest < NEST_MOST) {
			members(r, stripped, bytes + offset, address ? address + offset : 0, depth, nest + 1, comma);
			continue;
		}
		ms_buf_str(r->buf, *comma ? ", " : "");
		*comma = true;
		if (json(r))
			ms_buf_json_string(r->buf, member->name, strlen(member->name));
		else
			ms_buf_escaped(r->buf, member->name, strlen(member->name), 0);
		ms_buf_str(r->buf, json(r) ? ": " : " = ");
		if (!fits)
			ms_value_error(r->buf, r->style, "a member that does not fit its struct");
		else if (member->bit_size)
			bit_field(r, stripped, member, bytes + offset, node->size - offset);
		else
			render(r, type, bytes + offset, address ? address + offset : 0, depth + 1);
	}
}

static void structure(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	bool comma = false;

	open_bracket(r, false);
	members(r, node, bytes, address, depth, 0, &comma);
	close_bracket(r, false);
}

/* A map within a key or elem: its address and length, no more.  */
static void inner_map(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address)
{
	struct ms_value value = {
		.size = sizeof value, .type = node->type, .address = address, .bytes = bytes, .byte_count = node->size
	};
	struct ms_map *map = NULL;
	int32_t status = ms_map_open_value(r->ctx, &value, &map);

	if (status < 0) {
		if (status == MS_INTERRUPTED)
			r->status = status;
		error_text(r->buf, r->style, ms_error(r->ctx));
	} else if (map->nil) {
		address_value(r, 0);
	} else if (map->broken.size) {
		ms_value_error(r->buf, r->style, "not a valid map: %s", ms_buf_text(&map->broken));
	} else if (json(r)) {
		ms_buf_printf(r->buf, "{\"$map\": \"0x%llx\", \"count\": %lld}", (unsigned long long)map->address,
			      (long long)map->count);
	} else {
		ms_buf_printf(r->buf, "{%s}", ms_map_summary(map));
	}
	ms_map_free(map);
}

/* ---- Go's own shapes ---- */

/* A member that holds an address or a length.  */
static bool word_member(struct render *r, const struct ms_node *node, const char *names, const uint8_t *bytes,
			uint64_t *value_out, const struct ms_node **type_out)
{
	uint64_t offset;

	if (!ms_node_member(r->ctx, node, names, &offset, type_out) || (*type_out)->size == 0 || (*type_out)->size > 8)
		return false;
	*value_out = ms_load(bytes + offset, (*type_out)->size, r->ctx->memory.big_endian);
	return true;
}

/* A text held as pointer and length: Go's string, or a C struct of just those two.  */
static bool pointer_and_length(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	const struct ms_node *data, *length;
	uint64_t address, size;
	bool go = r->style.language == MS_GO;

	if (node->member_count != 2 || (go && strcmp(node->name, "string")))
		return false;
	if (!word_member(r, node, "len length size n count", bytes, &size, &length) ||
	    !word_member(r, node, "str ptr data text chars s p", bytes, &address, &data) || data->kind != MS_POINTER)
		return false;
	const struct ms_node *target = ms_node_target(r->ctx, data);
	target = target ? ms_node_strip(r->ctx, target) : NULL;
	if (!target || (go ? target->size != 1 : !is_char(target)))
		return false;
	if (length->kind == MS_INT && length->size < 8)
		size = (uint64_t)ms_load_signed((const uint8_t *)&size, length->size, false);
	counted_text(r, address, (int64_t)size);
	return true;
}

static bool go_slice(struct render *r, const struct ms_node *node, const uint8_t *bytes, int depth)
{
	uint8_t elements[ELEMENTS_MOST * 16];
	const struct ms_node *data, *type;
	uint64_t address, count, size;

	if (strncmp(node->name, "[]", 2) || !word_member(r, node, "array", bytes, &address, &data) ||
	    !word_member(r, node, "len", bytes, &count, &type) || data->kind != MS_POINTER)
		return false;
	const struct ms_node *element = ms_node_target(r->ctx, data);
	const struct ms_node *stripped = element ? ms_node_strip(r->ctx, element) : NULL;
	if (!stripped)
		return false;
	if (!address) {
		address_value(r, 0);
		return true;
	}
	if (count >> 48) {
		ms_value_error(r->buf, r->style, "a slice of length %lld", (long long)count);
		return true;
	}
	uint64_t room = stripped->size ? sizeof elements / stripped->size : ELEMENTS_MOST;
	uint64_t have = ms_min(ms_min(count, ELEMENTS_MOST), room);
	size = have * stripped->size;
	int32_t status = ms_read(r->ctx, address, elements, size);
	if (status < 0)
		fault(r, status, size, address);
	else
		list(r, element, elements, have, count, address, depth);
	return true;
}

/* A value of a type that only its kind and size describe.  */
static bool go_basic(struct render *r, const struct ms_go_type *type, const uint8_t *bytes)
{
	struct ms_node node = { .size = type->size, .name = "" };
	uint64_t word = r->ctx->memory.pointer_size;

	if (type->kind == MS_GO_STRING && type->size == 2 * word) {
		counted_text(r, ms_load(bytes, word, r->ctx->memory.big_endian),
			     ms_load_signed(bytes + word, word, r->ctx->memory.big_endian));
		return true;
	}
	if (type->size == 0 || type->size > 8)
		return false;
	if (type->kind == MS_GO_BOOL) {
		boolean(r, &node, bytes);
	} else if (type->kind >= MS_GO_INT && type->kind <= MS_GO_UINTPTR) {
		node.kind = type->kind <= MS_GO_INT64 ? MS_INT : MS_UINT;
		integer(r, &node, bytes);
	} else if (type->kind == MS_GO_FLOAT32 || type->kind == MS_GO_FLOAT64) {
		ms_value_float(r->buf, bytes, type->size, r->ctx->memory.big_endian, json(r));
	} else {
		return false;
	}
	return true;
}

static void go_dynamic_value(struct render *r, const struct ms_go_type *type, const uint8_t *bytes, uint64_t address,
			     int depth)
{
	if (type->node)
		render(r, type->node, bytes, address, depth + 1);
	else if (type->direct)
		address_value(r, ms_load(bytes, r->ctx->memory.pointer_size, r->ctx->memory.big_endian));
	else if (!go_basic(r, type, bytes)) {
		plain_bytes(r->buf, r->style, bytes, type->size);
	}
}

/* The dynamic type of an interface: _type of an empty one, tab->_type of any other.  */
static int32_t go_dynamic_type(struct render *r, const struct ms_node *node, const uint8_t *bytes,
			       struct ms_go_type *out)
{
	const struct ms_node *type, *tab;
	uint64_t address, offset;
	uint8_t word[8];

	if (word_member(r, node, "_type", bytes, &address, &type) && type->kind == MS_POINTER) {
		/* below */
	} else if (word_member(r, node, "tab", bytes, &address, &type) && type->kind == MS_POINTER) {
		tab = ms_node_target(r->ctx, type);
		tab = tab ? ms_node_strip(r->ctx, tab) : NULL;
		if (!tab || !ms_node_member(r->ctx, tab, "_type Type", &offset, &type) || type->kind != MS_POINTER)
			return MS_BAD_TYPE;
		if (address) {
			int32_t status = ms_read(r->ctx, address + offset, word, type->size);
			if (status < 0)
				return status;
			address = ms_load(word, type->size, r->ctx->memory.big_endian);
		}
	} else {
		return MS_BAD_TYPE;
	}
	if (!address)
		return MS_NOT_FOUND;
	const struct ms_node *descriptor = ms_node_target(r->ctx, type);
	descriptor = descriptor ? ms_node_strip(r->ctx, descriptor) : NULL;
	return descriptor ? ms_go_type_read(r->ctx, descriptor, address, out) : MS_BAD_TYPE;
}

static bool go_interface(struct render *r, const struct ms_node *node, const uint8_t *bytes, int depth)
{
	struct ms_go_type type;
	const struct ms_node *data;
	uint64_t address;
	uint8_t value[256];

	if (strcmp(node->name, "runtime.eface") && strcmp(node->name, "runtime.iface"))
		return false;
	if (!word_member(r, node, "data", bytes, &address, &data))
		return false;
	int32_t status = go_dynamic_type(r, node, bytes, &type);
	if (status == MS_NOT_FOUND) {
		address_value(r, 0);
		return true;
	}
	if (status == MS_OK && type.direct)
		memcpy(value, &address, sizeof address);
	if (status == MS_OK && type.size > (type.direct ? r->ctx->memory.pointer_size : sizeof value))
		status = MS_BAD_TYPE;
	if (status == MS_OK && !type.direct)
		status = ms_read(r->ctx, address, value, type.size);
	else if (status == MS_OK) /* the data word as it lies in memory */
		for (uint32_t i = 0; i < r->ctx->memory.pointer_size; i++)
			value[i] = (uint8_t)(address >>
					     8 * (r->ctx->memory.big_endian ? r->ctx->memory.pointer_size - 1 - i : i));
	if (status < 0) {
		if (status == MS_INTERRUPTED)
			r->status = status;
		ms_value_error(r->buf, r->style, "an interface whose type or value at 0x%llx cannot be read",
			       (unsigned long long)address);
		return true;
	}
	if (json(r)) {
		ms_buf_str(r->buf, "{\"$type\": ");
		ms_buf_json_string(r->buf, type.name, strlen(type.name));
		ms_buf_str(r->buf, ", \"$value\": ");
	} else {
		ms_buf_printf(r->buf, "%s(", type.name);
	}
	go_dynamic_value(r, &type, value, type.direct ? 0 : address, depth);
	ms_buf_char(r->buf, json(r) ? '}' : ')');
	return true;
}

/* chan and func: their pointers say nothing to a user. The name is that of the typedef or of the type itself.  */
static bool go_opaque(const struct render *r, const struct ms_node *node)
{
	return r->style.language == MS_GO && (!strncmp(node->name, "chan ", 5) || !strncmp(node->name, "chan<- ", 7) ||
					      !strncmp(node->name, "<-chan ", 7) || !strncmp(node->name, "func(", 5));
}

/* ---- The recursion ---- */

static void composite(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	bool go = r->style.language == MS_GO;

	if (node->kind == MS_STRUCT && pointer_and_length(r, node, bytes))
		return;
	if (depth >= DEPTH_MOST) {
		more(r);
		return;
	}
	if (go && node->kind == MS_STRUCT && (go_slice(r, node, bytes, depth) || go_interface(r, node, bytes, depth)))
		return;
	if (node->kind == MS_ARRAY)
		array(r, node, bytes, address, depth);
	else
		structure(r, node, bytes, address, depth);
}

static void render(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	const struct ms_node *type = ms_node_strip(r->ctx, node);

	if (r->status < 0 || r->budget == 0 || !type) {
		more(r);
		return;
	}
	r->budget--;
	if (go_opaque(r, node) || go_opaque(r, type)) {
		raw(r, node, bytes, type->size);
		return;
	}
	if ((type->kind == MS_POINTER || type->kind == MS_STRUCT) && ms_shape_of_value(r->ctx, type)) {
		inner_map(r, type, bytes, address);
		return;
	}
	switch (type->kind) {
	case MS_INT:
	case MS_UINT:
		integer(r, type, bytes);
		return;
	case MS_BOOL:
		boolean(r, type, bytes);
		return;
	case MS_ENUM:
		enumeration(r, type, bytes);
		return;
	case MS_FLOAT:
		if (floats(r, type->size))
			ms_value_float(r->buf, bytes, type->size, r->ctx->memory.big_endian, json(r));
		else
			raw(r, node, bytes, type->size);
		return;
	case MS_COMPLEX:
		complex_number(r, type, bytes);
		return;
	case MS_POINTER:
		pointer(r, type, bytes);
		return;
	case MS_ARRAY:
	case MS_STRUCT:
	case MS_UNION:
		composite(r, type, bytes, address, depth);
		return;
	case MS_VOID:
	case MS_FUNCTION:
	case MS_TYPEDEF:
		raw(r, node, bytes, type->size);
	}
}

int32_t ms_value(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, const uint8_t *bytes,
		 uint64_t size, uint64_t address, struct ms_style style)
{
	struct render r = { .ctx = ctx, .buf = buf, .style = style, .budget = BUDGET };
	const struct ms_node *type = node ? ms_node_strip(ctx, node) : NULL;

	if (!type || type->size > size) {
		plain_bytes(buf, style, bytes, size);
		return ms_stopped(ctx);
	}
	render(&r, node, bytes, address, 0);
	return ms_stopped(ctx) != MS_OK ? ms_stopped(ctx) : r.status;
}
