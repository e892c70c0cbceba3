/* Texts of the target, and the run-time type behind a Go interface.  */
#include "decode/read.h"

#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "mem/mem.h"
#include "types/ask.h"

int32_t ms_read(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size)
{
	return ms_mem_read_cached(ctx, address, buffer, size);
}

int32_t ms_read_cstring(struct ms_context *ctx, uint64_t address, uint8_t *buffer, uint64_t *length_out)
{
	uint8_t part[256];
	uint64_t length = 0;

	while (length < MS_CSTRING_MOST) {
		/* Never beyond the page that the text so far ends in: the next one may not be there.  */
		uint64_t at = address + length, size = ms_min(sizeof part, MS_PAGE - at % MS_PAGE);
		int32_t status = ms_mem_read_cached(ctx, at, part, size);
		if (status < 0) {
			*length_out = length;
			return status;
		}
		const uint8_t *nul = memchr(part, 0, size);
		uint64_t have = nul ? (uint64_t)(nul - part) : size;
		if (length < MS_TEXT_MOST)
			memcpy(buffer + length, part, ms_min(have, MS_TEXT_MOST - length));
		length += have;
		if (nul)
			break;
	}
	*length_out = length;
	return MS_OK;
}

/* The unsigned member of the descriptor that is called one of NAMES.  */
static bool member_number(struct ms_context *ctx, const struct ms_node *descriptor, const uint8_t *bytes,
			  const char *names, uint64_t *out)
{
	const struct ms_node *type;
	uint64_t offset;

	if (!ms_node_member(ctx, descriptor, names, &offset, &type) || type->size > 8)
		return false;
	*out = ms_load(bytes + offset, type->size, ctx->memory.big_endian);
	return true;
}

/* A name of the runtime: a flag byte, the length, the text. Go 1.17 to 1.23, src/runtime/type.go, struct name: the length is
   a varint. Go 1.15 and 1.16: two bytes, the high one first, and so 0 here; no name of a type is empty.  */
static bool read_name(struct ms_context *ctx, uint64_t address, bool drop_star, char *out, size_t size)
{
	uint8_t head[3];
	uint64_t length, start = address + 2;

	if (ms_read(ctx, address, head, sizeof head) != MS_OK)
		return false;
	length = head[1] & 0x7f;
	if (head[1] & 0x80) {
		length |= (uint64_t)(head[2] & 0x7f) << 7;
		start++;
	} else if (head[1] == 0) {
		length = head[2];
		start++;
	}
	if (length == 0 || length >= size || (head[1] & head[2] & 0x80))
		return false;
	if (ms_read(ctx, start, out, length) != MS_OK)
		return false;
	out[length] = 0;
	if (drop_star && *out == '*')
		memmove(out, out + 1, length);
	for (const char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return true;
}

int32_t ms_go_type_read(struct ms_context *ctx, const struct ms_node *descriptor, uint64_t address,
			struct ms_go_type *out)
{
	enum { EXTRA_STAR = 2, KIND_MASK = 31, DIRECT = 32 }; /* type.go: tflagExtraStar; typekind.go */
	uint64_t kind, size, flags, str, base = 0;
	uint8_t bytes[256];

	*out = (struct ms_go_type){ 0 };
	if (descriptor->size > sizeof bytes)
		return MS_BAD_TYPE;
	int32_t status = ms_read(ctx, address, bytes, descriptor->size);
	if (status < 0)
		return status;
	if (!member_number(ctx, descriptor, bytes, "kind Kind_", &kind) ||
	    !member_number(ctx, descriptor, bytes, "size Size_", &size) ||
	    !member_number(ctx, descriptor, bytes, "tflag TFlag", &flags) ||
	    !member_number(ctx, descriptor, bytes, "str Str", &str))
		return MS_BAD_TYPE;
	out->kind = (enum ms_go_kind)(kind & KIND_MASK);
	out->direct = kind & DIRECT;
	out->size = size;
	if (ms_ask_symbol(ctx, "runtime.types", &base) != MS_OK ||
	    !read_name(ctx, base + (uint32_t)str, flags & EXTRA_STAR, out->name, sizeof out->name)) {
		out->name[0] = 0;
		return ctx->interrupted ? MS_INTERRUPTED : MS_OK;
	}
	const struct ms_node *named = *out->name == '*' ? NULL : ms_types_lookup(ctx, out->name);
	const struct ms_node *stripped = named ? ms_node_strip(ctx, named) : NULL;
	if (stripped && stripped->size == size)
		out->node = named;
	return ctx->interrupted ? MS_INTERRUPTED : MS_OK;
}
