/* Rendering one value: a recursion over its type that never trusts a length, a pointer or a depth of the target.  */
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/shapes.h"
#include "out/render.h"

enum {
	DEPTH_MOST = 4,	   /* containers in each other */
	BUDGET = 64 << 10, /* values and members within one key or elem */
	NEST_MOST = 8,	   /* anonymous members in each other */
};

static bool pointer_and_length(struct render *r, const struct ms_node *node, const uint8_t *bytes)
{
	uint64_t address;
	int64_t length;

	if (!ms_text_of(r->ctx, r->style.language, node, bytes, &address, &length))
		return false;
	ms_render_counted_text(r, address, length);
	return true;
}

static void open_bracket(struct render *r, bool list)
{
	ms_buf_char(r->buf, list && ms_render_json(r) ? '[' : '{');
}

static void close_bracket(struct render *r, bool list)
{
	ms_buf_char(r->buf, list && ms_render_json(r) ? ']' : '}');
}

void ms_render_list(struct render *r, const struct ms_node *element, const uint8_t *bytes, uint64_t have,
		    uint64_t count, uint64_t address, int depth)
{
	uint64_t size = ms_node_strip(r->ctx, element)->size;

	open_bracket(r, true);
	for (uint64_t i = 0; i < count; i++) {
		ms_buf_str(r->buf, i ? ", " : "");
		if (i >= MS_ELEMENTS_MOST || i >= have) {
			ms_render_more(r);
			break;
		}
		ms_render(r, element, bytes + i * size, address ? address + i * size : 0, depth + 1);
	}
	close_bracket(r, true);
}

static void array(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	const struct ms_node *element = ms_node_target(r->ctx, node);
	const struct ms_node *stripped = element ? ms_node_strip(r->ctx, element) : NULL;
	uint64_t size;

	if (!stripped || !ms_mul(stripped->size, node->count, &size) || size > node->size) {
		ms_render_raw(r, node, bytes, node->size);
	} else if (ms_is_char(stripped)) {
		const uint8_t *nul = memchr(bytes, 0, node->count);
		ms_render_text(r, bytes, nul ? (uint64_t)(nul - bytes) : node->count);
	} else {
		ms_render_list(r, element, bytes, node->count, node->count, address, depth);
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
			ms_buf_str(r->buf, ms_render_json(r) ? "\"$more\": true" : "...");
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
		if (ms_render_json(r))
			ms_buf_json_string(r->buf, member->name, strlen(member->name));
		else
			ms_buf_escaped(r->buf, member->name, strlen(member->name), 0);
		ms_buf_str(r->buf, ms_render_json(r) ? ": " : " = ");
		if (!fits)
			ms_value_error(r->buf, r->style, "a member that does not fit its struct");
		else if (member->bit_size)
			ms_render_bit_field(r, stripped, member, bytes + offset, node->size - offset);
		else
			ms_render(r, type, bytes + offset, address ? address + offset : 0, depth + 1);
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
		ms_render_error(r->buf, r->style, ms_error(r->ctx));
	} else if (map->nil) {
		ms_render_address(r, 0);
	} else if (map->broken.size) {
		ms_value_error(r->buf, r->style, "not a valid map: %s", ms_buf_text(&map->broken));
	} else if (ms_render_json(r)) {
		ms_buf_printf(r->buf, "{\"$map\": \"0x%llx\", \"count\": %lld}", (unsigned long long)map->address,
			      (long long)map->count);
	} else {
		ms_buf_printf(r->buf, "{%s}", ms_map_summary(map));
	}
	if (status == MS_OK && !map->nil && !map->broken.size)
		ms_render_lead(r, map->address, map->shape->header);
	ms_map_free(map);
}

static void composite(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	bool go = r->style.language == MS_GO;

	if (pointer_and_length(r, node, bytes))
		return;
	if (depth >= DEPTH_MOST) {
		ms_render_more(r);
		return;
	}
	if (go && node->kind == MS_STRUCT &&
	    (ms_render_go_slice(r, node, bytes, depth) || ms_render_go_interface(r, node, bytes, depth)))
		return;
	if (node->kind == MS_ARRAY)
		array(r, node, bytes, address, depth);
	else
		structure(r, node, bytes, address, depth);
}

void ms_render(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth)
{
	const struct ms_node *type = ms_node_strip(r->ctx, node);

	if (r->status < 0 || r->budget == 0 || !type) {
		ms_render_more(r);
		return;
	}
	r->budget--;
	if (ms_render_go_opaque(r, node) || ms_render_go_opaque(r, type)) {
		ms_render_raw(r, node, bytes, type->size);
		return;
	}
	if ((type->kind == MS_POINTER || type->kind == MS_STRUCT) && ms_shape_of_value(r->ctx, type)) {
		inner_map(r, type, bytes, address);
		return;
	}
	switch (type->kind) {
	case MS_INT:
	case MS_UINT:
		ms_render_integer(r, type, bytes);
		return;
	case MS_BOOL:
		ms_render_boolean(r, type, bytes);
		return;
	case MS_ENUM:
		ms_render_enum(r, type, bytes);
		return;
	case MS_FLOAT:
		if (ms_render_has_float(r, type->size) && !strstr(type->name, "128")) /* not __float128, _Float128 */
			ms_value_float(r->buf, bytes, type->size, r->ctx->memory.big_endian, ms_render_json(r));
		else
			ms_render_raw(r, node, bytes, type->size);
		return;
	case MS_COMPLEX:
		ms_render_complex(r, type, bytes);
		return;
	case MS_POINTER:
		ms_render_pointer(r, type, bytes);
		return;
	case MS_ARRAY:
	case MS_STRUCT:
	case MS_UNION:
		composite(r, type, bytes, address, depth);
		return;
	case MS_VOID:
	case MS_FUNCTION:
	case MS_TYPEDEF:
		ms_render_raw(r, node, bytes, type->size);
	}
}

int32_t ms_value(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, const uint8_t *bytes,
		 uint64_t size, uint64_t address, struct ms_style style)
{
	struct render r = { .ctx = ctx, .buf = buf, .style = style, .budget = BUDGET };
	const struct ms_node *type = node ? ms_node_strip(ctx, node) : NULL;

	if (!type || type->size > size) {
		ms_render_plain(buf, style, bytes, size);
		return ms_stopped(ctx);
	}
	bool plain = type == node && (type->kind == MS_INT || type->kind == MS_UINT);
	if (plain) /* most keys and elems are, and there are millions of them */
		ms_render_integer(&r, type, bytes);
	else
		ms_render(&r, node, bytes, address, 0);
	return ms_stopped(ctx) != MS_OK ? ms_stopped(ctx) : r.status;
}
