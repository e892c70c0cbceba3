/* Rendering what has no parts: numbers, texts, pointers, and the marks for what is missing.  */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/shapes.h"
#include "out/render.h"

enum { TEXT_BYTES = 16 }; /* of a text count as one value more */

void ms_render_error(struct ms_buf *buf, struct ms_style style, const char *line)
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
	ms_render_error(buf, style, line);
}

void ms_render_fault(struct render *r, int32_t status, uint64_t size, uint64_t address)
{
	if (status == MS_INTERRUPTED)
		r->status = status;
	ms_value_error(r->buf, r->style, "cannot read %llu byte%s at 0x%llx", (unsigned long long)size,
		       size == 1 ? "" : "s", (unsigned long long)address);
}

void ms_render_more(struct render *r)
{
	ms_buf_str(r->buf, ms_render_json(r) ? "{\"$more\": true}" : "...");
}

void ms_render_address(struct render *r, uint64_t address)
{
	if (!address) {
		ms_buf_str(r->buf, ms_render_json(r) ? "null" : r->style.language == MS_GO ? "nil" : "NULL");
		return;
	}
	ms_buf_str(r->buf, ms_render_json(r) ? "\"" : "");
	ms_buf_hex(r->buf, address);
	ms_buf_str(r->buf, ms_render_json(r) ? "\"" : "");
}

/* Bytes of which no type is known.  */
void ms_render_plain(struct ms_buf *buf, struct ms_style style, const uint8_t *bytes, uint64_t size)
{
	ms_buf_str(buf, style.json ? "{\"$hex\": \"" : "0x");
	ms_buf_hex_bytes(buf, bytes, ms_min(size, MS_TEXT_MOST));
	ms_buf_str(buf, style.json ? "\"}" : "");
}

/* What has no form of its own.  */
void ms_render_raw(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t size)
{
	struct ms_buf name = { 0 };
	uint64_t shown = ms_min(size, MS_TEXT_MOST);

	ms_spell(r->ctx, &name, node, r->style.language);
	r->buf->failed |= name.failed;
	if (ms_render_json(r)) {
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
void ms_render_text(struct render *r, const uint8_t *bytes, uint64_t length)
{
	uint64_t shown = ms_min(length, MS_TEXT_MOST);
	bool cut = shown < length;

	r->budget -= (uint32_t)ms_min(r->budget, shown / TEXT_BYTES);
	if (!ms_render_json(r)) {
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

void ms_render_counted_text(struct render *r, uint64_t address, int64_t length)
{
	uint8_t bytes[MS_TEXT_MOST];
	uint64_t size = ms_min((uint64_t)length, sizeof bytes);

	if (length < 0) {
		ms_value_error(r->buf, r->style, "a text of length %lld", (long long)length);
		return;
	}
	int32_t status = ms_read(r->ctx, address, bytes, size);
	if (status < 0)
		ms_render_fault(r, status, size, address);
	else
		ms_render_text(r, bytes, (uint64_t)length);
}

static void terminated_text(struct render *r, uint64_t address)
{
	uint8_t bytes[MS_TEXT_MOST];
	uint64_t length;
	int32_t status = ms_read_cstring(r->ctx, address, bytes, &length);

	if (status < 0)
		ms_render_fault(r, status, 1, address + length);
	else
		ms_render_text(r, bytes, length);
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

void ms_render_integer(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	bool big = r->ctx->memory.big_endian;

	if (node->size == 16)
		wide_integer(r, bytes, node->kind == MS_INT);
	else if (node->size > 8)
		ms_render_raw(r, node, bytes, node->size);
	else if (node->kind == MS_INT)
		ms_buf_int(r->buf, ms_load_signed(bytes, node->size, big));
	else
		ms_buf_uint(r->buf, ms_load(bytes, node->size, big));
	if (!ms_render_json(r) && node->size == 1 && !strcmp(node->name, "char")) {
		ms_buf_str(r->buf, " '");
		ms_buf_escaped(r->buf, bytes, 1, '\'');
		ms_buf_char(r->buf, '\'');
	}
}

void ms_render_boolean(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t value = ms_load(bytes, node->size, r->ctx->memory.big_endian);

	if (value > 1)
		ms_buf_uint(r->buf, value);
	else
		ms_buf_str(r->buf, value ? "true" : "false");
}

void ms_render_enum(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	bool big = r->ctx->memory.big_endian;
	int64_t as_signed = ms_load_signed(bytes, node->size, big);
	int64_t as_unsigned = (int64_t)ms_load(bytes, node->size, big);

	for (uint32_t i = 0; i < node->member_count; i++) {
		const struct ms_member *member = &node->members[i];
		if (member->offset != as_signed && member->offset != as_unsigned)
			continue;
		if (ms_render_json(r))
			ms_buf_json_string(r->buf, member->name, strlen(member->name));
		else
			ms_buf_escaped(r->buf, member->name, strlen(member->name), 0);
		return;
	}
	ms_buf_int(r->buf, as_signed);
}

/* A bit-field as an integer, a bool or an enum of its own.  */
void ms_render_bit_field(struct render *r, const struct ms_node *node, const struct ms_member *member,
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
		ms_render_boolean(r, &wide, whole);
	else if (node->kind == MS_ENUM)
		ms_render_enum(r, &wide, whole);
	else
		ms_render_integer(r, &wide, whole);
}

bool ms_render_has_float(const struct render *r, uint64_t size)
{
	return size == 4 || size == 8 || (size == sizeof(long double) && !r->ctx->memory.big_endian);
}

void ms_render_complex(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t half = node->size / 2;
	bool big = r->ctx->memory.big_endian;

	if (ms_render_json(r) || !ms_render_has_float(r, half)) {
		ms_render_raw(r, node, bytes, node->size);
		return;
	}
	ms_buf_char(r->buf, '(');
	ms_value_float(r->buf, bytes, half, big, false);
	ms_buf_str(r->buf, ", ");
	ms_value_float(r->buf, bytes + half, half, big, false);
	ms_buf_str(r->buf, "i)");
}

void ms_render_pointer(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t address = ms_load(bytes, node->size, r->ctx->memory.big_endian);
	const struct ms_node *target = ms_node_target(r->ctx, node);
	const struct ms_node *stripped = target ? ms_node_strip(r->ctx, target) : NULL;

	if (address && stripped && ms_is_char(stripped))
		terminated_text(r, address);
	else
		ms_render_address(r, address);
	if (address && stripped)
		ms_render_lead(r, address, stripped);
}
