/* Which members make a text, a slice, an interface.  */
#include "decode/shapes.h"

#include <string.h>

#include "base/bytes.h"

bool ms_word_of(struct ms_context *ctx, const struct ms_node *node, const char *names, const uint8_t *bytes,
		uint64_t *value_out, const struct ms_node **type_out)
{
	uint64_t offset;

	if (!ms_node_member(ctx, node, names, &offset, type_out) || (*type_out)->size == 0 || (*type_out)->size > 8)
		return false;
	*value_out = ms_load(bytes + offset, (*type_out)->size, ctx->memory.big_endian);
	return true;
}

bool ms_is_char(const struct ms_node *node)
{
	return (node->kind == MS_INT || node->kind == MS_UINT) && node->size == 1 && !strcmp(node->name, "char");
}

bool ms_is_go_text(struct ms_context *ctx, const struct ms_node *node)
{
	uint64_t word = ctx->memory.pointer_size, at[2];
	const struct ms_node *text, *length;

	if (node->kind != MS_STRUCT || node->member_count != 2 || !ms_node_member(ctx, node, "str", &at[0], &text) ||
	    !ms_node_member(ctx, node, "len", &at[1], &length))
		return false;
	const struct ms_node *byte = text->kind == MS_POINTER ? ms_node_target(ctx, text) : NULL;
	byte = byte ? ms_node_strip(ctx, byte) : NULL;
	return byte && byte->size == 1 && at[0] == 0 && at[1] == word && length->kind == MS_INT && length->size == word;
}

bool ms_text_of(struct ms_context *ctx, enum ms_language language, const struct ms_node *node, const uint8_t *bytes,
		uint64_t *address_out, int64_t *length_out)
{
	const struct ms_node *data, *length;
	bool go = language == MS_GO;
	uint64_t size;

	if (node->kind != MS_STRUCT || node->member_count != 2 || (go && !ms_is_go_text(ctx, node)))
		return false;
	if (!ms_word_of(ctx, node, "len length size n count", bytes, &size, &length) ||
	    !ms_word_of(ctx, node, "str ptr data text chars s p", bytes, address_out, &data) ||
	    data->kind != MS_POINTER)
		return false;
	const struct ms_node *target = ms_node_target(ctx, data);
	target = target ? ms_node_strip(ctx, target) : NULL;
	if (!target || (go ? target->size != 1 : !ms_is_char(target)))
		return false;
	if (length->kind == MS_INT && length->size < 8)
		size = (uint64_t)ms_load_signed((const uint8_t *)&size, length->size, false);
	*length_out = (int64_t)size;
	return true;
}

bool ms_go_slice_of(struct ms_context *ctx, const struct ms_node *node, const uint8_t *bytes, uint64_t *address_out,
		    uint64_t *length_out, const struct ms_node **element_out)
{
	const struct ms_node *data, *type;

	if (node->kind != MS_STRUCT || strncmp(node->name, "[]", 2) ||
	    !ms_word_of(ctx, node, "array", bytes, address_out, &data) ||
	    !ms_word_of(ctx, node, "len", bytes, length_out, &type) || data->kind != MS_POINTER)
		return false;
	*element_out = ms_node_target(ctx, data);
	return *element_out && ms_node_strip(ctx, *element_out);
}

bool ms_is_go_interface(const struct ms_node *node)
{
	return node->kind == MS_STRUCT &&
	       (!strcmp(node->name, "runtime.eface") || !strcmp(node->name, "runtime.iface"));
}

/* The dynamic type: _type of an empty interface, tab->_type of any other.  */
int32_t ms_go_words_of(struct ms_context *ctx, const struct ms_node *node, const uint8_t *bytes,
		       struct ms_go_words *out)
{
	const struct ms_node *type, *tab, *data;
	uint64_t address, offset;
	uint8_t word[8];

	*out = (struct ms_go_words){ 0 };
	if (!ms_is_go_interface(node) || !ms_word_of(ctx, node, "data", bytes, &out->data, &data))
		return MS_BAD_TYPE;
	if (ms_word_of(ctx, node, "_type", bytes, &address, &type) && type->kind == MS_POINTER) {
		/* below */
	} else if (ms_word_of(ctx, node, "tab", bytes, &address, &type) && type->kind == MS_POINTER) {
		tab = ms_node_target(ctx, type);
		tab = tab ? ms_node_strip(ctx, tab) : NULL;
		if (!tab || !ms_node_member(ctx, tab, "_type Type", &offset, &type) || type->kind != MS_POINTER ||
		    type->size > sizeof word)
			return MS_BAD_TYPE;
		if (address) {
			int32_t status = ms_read(ctx, address + offset, word, type->size);
			if (status < 0)
				return status;
			address = ms_load(word, type->size, ctx->memory.big_endian);
		}
	} else {
		return MS_BAD_TYPE;
	}
	const struct ms_node *descriptor = ms_node_target(ctx, type);
	out->descriptor = descriptor ? ms_node_strip(ctx, descriptor) : NULL;
	out->dynamic = address;
	return out->descriptor ? MS_OK : MS_BAD_TYPE;
}

int32_t ms_go_interface_of(struct ms_context *ctx, const struct ms_node *node, const uint8_t *bytes,
			   struct ms_go_held *out)
{
	const struct ms_node *data;
	uint64_t offset, most = sizeof out->bytes;
	struct ms_go_words words;
	int32_t status = ms_go_words_of(ctx, node, bytes, &words);

	out->address = words.data;
	if (status == MS_OK)
		status = words.dynamic ? ms_go_type_read(ctx, words.descriptor, words.dynamic, &out->type)
				       : MS_NOT_FOUND;
	if (status < 0)
		return status;
	ms_node_member(ctx, node, "data", &offset, &data);
	if (out->type.size > (out->type.direct ? data->size : most))
		return MS_BAD_TYPE;
	if (!out->type.direct)
		return ms_read(ctx, words.data, out->bytes, out->type.size);
	out->address = 0;
	memcpy(out->bytes, bytes + offset, data->size);
	return MS_OK;
}
