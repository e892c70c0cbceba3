/* Rendering Go's own shapes: slices, interfaces, channels and functions.  */
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/shapes.h"
#include "out/render.h"

bool ms_render_go_slice(struct render *r, const struct ms_node *node, const uint8_t *bytes, int depth)
{
	uint8_t elements[MS_ELEMENTS_MOST * 16];
	const struct ms_node *element;
	uint64_t address, count, size;

	if (!ms_go_slice_of(r->ctx, node, bytes, &address, &count, &element))
		return false;
	const struct ms_node *stripped = ms_node_strip(r->ctx, element);
	if (!address) {
		ms_render_address(r, 0);
		return true;
	}
	if (count >> 48) {
		ms_value_error(r->buf, r->style, "a slice of length %lld", (long long)count);
		return true;
	}
	uint64_t room = stripped->size ? sizeof elements / stripped->size : MS_ELEMENTS_MOST;
	uint64_t have = ms_min(ms_min(count, MS_ELEMENTS_MOST), room);
	size = have * stripped->size;
	int32_t status = ms_read(r->ctx, address, elements, size);
	if (status < 0)
		ms_render_fault(r, status, size, address);
	else
		ms_render_list(r, element, elements, have, count, address, depth);
	return true;
}

/* A value of a type that only its kind and size describe.  */
static bool go_basic(struct render *r, const struct ms_go_type *type, const uint8_t *bytes)
{
	struct ms_node node = { .size = type->size, .name = "" };
	uint64_t word = r->ctx->memory.pointer_size;

	if (type->kind == MS_GO_STRING && type->size == 2 * word) {
		ms_render_counted_text(r, ms_load(bytes, word, r->ctx->memory.big_endian),
				       ms_load_signed(bytes + word, word, r->ctx->memory.big_endian));
		return true;
	}
	if (type->size == 0 || type->size > 8)
		return false;
	if (type->kind == MS_GO_BOOL) {
		ms_render_boolean(r, &node, bytes);
	} else if (type->kind >= MS_GO_INT && type->kind <= MS_GO_UINTPTR) {
		node.kind = type->kind <= MS_GO_INT64 ? MS_INT : MS_UINT;
		ms_render_integer(r, &node, bytes);
	} else if (type->kind == MS_GO_FLOAT32 || type->kind == MS_GO_FLOAT64) {
		ms_value_float(r->buf, bytes, type->size, r->ctx->memory.big_endian, ms_render_json(r));
	} else {
		return false;
	}
	return true;
}

static void go_dynamic_value(struct render *r, const struct ms_go_type *type, const uint8_t *bytes, uint64_t address,
			     int depth)
{
	if (type->node)
		ms_render(r, type->node, bytes, address, depth + 1);
	else if (type->direct)
		ms_render_address(r, ms_load(bytes, r->ctx->memory.pointer_size, r->ctx->memory.big_endian));
	else if (!go_basic(r, type, bytes)) {
		ms_render_plain(r->buf, r->style, bytes, type->size);
	}
}

bool ms_render_go_interface(struct render *r, const struct ms_node *node, const uint8_t *bytes, int depth)
{
	struct ms_go_held held;

	if (!ms_is_go_interface(node))
		return false;
	int32_t status = ms_go_interface_of(r->ctx, node, bytes, &held);
	if (status == MS_NOT_FOUND) {
		ms_render_address(r, 0);
		return true;
	}
	if (status < 0) {
		if (status == MS_INTERRUPTED)
			r->status = status;
		ms_value_error(r->buf, r->style, "an interface whose type or value at 0x%llx cannot be read",
			       (unsigned long long)held.address);
		return true;
	}
	if (ms_render_json(r)) {
		ms_buf_str(r->buf, "{\"$type\": ");
		ms_buf_json_string(r->buf, held.type.name, strlen(held.type.name));
		ms_buf_str(r->buf, ", \"$value\": ");
	} else {
		ms_buf_printf(r->buf, "%s(", held.type.name);
	}
	go_dynamic_value(r, &held.type, held.bytes, held.address, depth);
	ms_buf_char(r->buf, ms_render_json(r) ? '}' : ')');
	return true;
}

/* chan and func: their pointers say nothing to a user. The name is that of the typedef or of the type itself.  */
bool ms_render_go_opaque(const struct render *r, const struct ms_node *node)
{
	return r->style.language == MS_GO && (!strncmp(node->name, "chan ", 5) || !strncmp(node->name, "chan<- ", 7) ||
					      !strncmp(node->name, "<-chan ", 7) || !strncmp(node->name, "func(", 5));
}
