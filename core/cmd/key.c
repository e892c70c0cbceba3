/* What users give as a key, turned into one: literals are literal.c's, expressions the debugger's or a path.  */
#include "cmd/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "cmd/literal.h"
#include "decode/shapes.h"
#include "mem/mem.h"
#include "path/path.h"

enum { TEXT_MOST = 16 << 20, KEY_MOST = 1 << 20 }; /* bytes of a text that is a key, and of any other */

/* A value and what it becomes.  */
struct conversion {
	struct ms_map *map;
	struct ms_context *ctx;
	enum ms_language language;
	const struct ms_node *from, *type; /* behind typedefs, and before; NULL: a plain number */
	const uint8_t *bytes;
	const struct ms_node *to; /* behind typedefs */
	bool typed;		  /* the value lies nowhere: it is a constant of the debugger's own */
	struct ms_key *key;
};

static int32_t new_key(struct ms_map *map, struct ms_key *out)
{
	if (map->key_size > KEY_MOST)
		return ms_fail(map->ctx, MS_BAD_TYPE, "keys of %llu bytes: more than 1 MiB is not looked for",
			       (unsigned long long)map->key_size);
	if (!ms_key_init(out, map->key_size))
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory for a key");
	if (!map->key)
		return ms_fail(map->ctx, MS_USAGE,
			       "nothing tells the type of the keys: name the map by a typed one, or by ADDRESS --type "
			       "TYPE");
	return MS_OK;
}

static int32_t other_type(struct conversion *c)
{
	struct ms_buf from = { 0 }, form = { 0 };

	if (c->type)
		ms_spell(c->ctx, &from, c->type, c->language);
	else
		ms_buf_str(&from, "a number");
	ms_literal_form(c->ctx, c->language, c->map->key, &form);
	ms_fail(c->ctx, MS_USAGE, "its type is %s; expected %s", ms_buf_text(&from), ms_buf_text(&form));
	ms_buf_fini(&from);
	ms_buf_fini(&form);
	return ms_stopped(c->ctx) != MS_OK ? ms_stopped(c->ctx) : MS_USAGE;
}

/* ---- Values ---- */

static bool is_integer(const struct ms_node *node)
{
	return node->kind == MS_INT || node->kind == MS_UINT || node->kind == MS_BOOL || node->kind == MS_ENUM;
}

static int32_t from_integer(struct conversion *c)
{
	uint64_t size = c->from ? c->from->size : 8;
	bool big = c->ctx->memory.big_endian, is_signed = c->from && c->from->kind != MS_UINT;

	if (c->from && c->from->size == c->to->size && c->from->kind == c->to->kind) {
		memcpy(c->key->bytes, c->bytes, size); /* of 16 bytes, too */
		return MS_OK;
	}
	if (size == 0 || size > 8)
		return other_type(c);
	int64_t value = is_signed ? ms_load_signed(c->bytes, size, big) : (int64_t)ms_load(c->bytes, size, big);
	bool negative = is_signed && value < 0;
	if (ms_store_integer(c->ctx, c->to, negative, negative ? 0 - (uint64_t)value : (uint64_t)value, c->key->bytes))
		return MS_OK;
	struct ms_buf form = { 0 };
	ms_literal_form(c->ctx, c->language, c->map->key, &form);
	ms_fail(c->ctx, MS_USAGE, "its value %s%llu does not fit; expected %s", negative ? "-" : "",
		(unsigned long long)(negative ? 0 - (uint64_t)value : (uint64_t)value), ms_buf_text(&form));
	ms_buf_fini(&form);
	return MS_USAGE;
}

static int32_t from_float(struct conversion *c)
{
	bool swap = c->ctx->memory.big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	uint8_t bytes[sizeof(long double)];
	long double value;
	double wide;
	float narrow;

	if (c->from->size == c->to->size) {
		memcpy(c->key->bytes, c->bytes, c->to->size);
		return MS_OK;
	}
	if (c->from->size > sizeof bytes || (c->from->size > 8 && swap))
		return other_type(c);
	for (uint64_t i = 0; i < c->from->size; i++)
		bytes[swap ? c->from->size - 1 - i : i] = c->bytes[i];
	if (c->from->size == sizeof narrow) {
		memcpy(&narrow, bytes, sizeof narrow);
		value = narrow;
	} else if (c->from->size == sizeof wide) {
		memcpy(&wide, bytes, sizeof wide);
		value = wide;
	} else {
		memcpy(&value, bytes, sizeof value);
	}
	return ms_store_float(c->ctx, c->to->size, value, c->key->bytes) ? MS_OK : other_type(c);
}

static const struct ms_node *element_of(struct conversion *c)
{
	bool inner = c->from->kind == MS_ARRAY || c->from->kind == MS_POINTER;
	const struct ms_node *node = inner ? ms_node_target(c->ctx, c->from) : NULL;

	return node ? ms_node_strip(c->ctx, node) : NULL;
}

static bool is_char_array(struct conversion *c)
{
	const struct ms_node *element = element_of(c);

	return c->from->kind == MS_ARRAY && element && ms_is_char(element);
}

/* The text that a value is, whatever its kind; to be freed. MS_NOT_FOUND: it is none.  */
static int32_t text_of(struct conversion *c, struct ms_buf *out)
{
	uint64_t word = c->ctx->memory.pointer_size, address, size;
	const struct ms_node *element = element_of(c);
	uint8_t first[MS_TEXT_MOST];
	int64_t length;

	if (is_char_array(c)) {
		ms_buf_add(out, c->bytes, strnlen((const char *)c->bytes, c->from->size));
		return out->failed ? MS_NO_MEMORY : MS_OK;
	}
	if (c->from->kind == MS_POINTER && element && ms_is_char(element)) {
		address = ms_load(c->bytes, ms_min(c->from->size, 8), c->ctx->memory.big_endian);
		int32_t status = address ? ms_read_cstring(c->ctx, address, first, &size) : MS_NOT_FOUND;
		if (status != MS_OK)
			return status;
	} else if (ms_is_go_text(c->ctx, c->from)) {
		address = ms_map_pointer(c->map, c->bytes);
		size = ms_map_pointer(c->map, c->bytes + word);
	} else if (ms_text_of(c->ctx, MS_C, c->from, c->bytes, &address, &length)) {
		size = (uint64_t)length;
	} else {
		return MS_NOT_FOUND;
	}
	if (size > TEXT_MOST)
		return ms_fail(c->ctx, MS_USAGE, "a text of %llu bytes: up to %d are looked for",
			       (unsigned long long)size, TEXT_MOST);
	if (!ms_buf_reserve(out, size))
		return MS_NO_MEMORY;
	out->size = size;
	return ms_read(c->ctx, address, out->data, size);
}

/* TEXT as if it had been typed.  */
static int32_t from_literal(struct conversion *c, const char *text)
{
	int32_t status = ms_literal(c->ctx, c->language, text, c->map->key, c->key);

	return status == MS_NOT_FOUND ? other_type(c) : status;
}

static int32_t from_text(struct conversion *c)
{
	struct ms_buf text = { 0 };
	int32_t status = text_of(c, &text);

	if (status == MS_OK && ms_is_text(c->ctx, c->language, c->to))
		status = ms_store_text(c->ctx, c->language, c->to, ms_buf_text(&text), text.size, &c->key->own,
				       c->key->bytes);
	else if (status == MS_OK && is_char_array(c) && ms_is_go_interface(c->to) && !strpbrk(ms_buf_text(&text), "({"))
		status = ms_store_held_text(c->ctx, c->to, ms_buf_text(&text), text.size, &c->key->own, c->key->bytes);
	else if (status == MS_OK && c->typed && is_char_array(c)) /* $map_get(m, "{1, 2}") */
		status = from_literal(c, ms_buf_text(&text));
	else if (status == MS_OK)
		status = MS_NOT_FOUND;
	else if (status == MS_FAULT)
		ms_fail(c->ctx, status, "the text of the key cannot be read");
	ms_buf_fini(&text);
	return status;
}

/* What a Go interface would hold. A number of the debugger's own has C's type: it is taken for a constant of Go's.  */
static int32_t to_interface(struct conversion *c)
{
	static const char *const go_integers[] = { "int",   "int8",   "int16",	"int32",  "int64",  "uint",
						   "uint8", "uint16", "uint32", "uint64", "uintptr" };
	struct ms_go_type type = { .size = c->from->size, .node = c->type, .direct = c->from->kind == MS_POINTER };
	struct ms_buf name = { 0 };
	bool go_type = !is_integer(c->from) || c->from->kind == MS_BOOL || strchr(c->from->name, '.');

	for (size_t i = 0; i < sizeof go_integers / sizeof *go_integers; i++)
		go_type |= !strcmp(c->from->name, go_integers[i]);
	if (!strcmp(c->from->name, "int") && c->from->size != c->ctx->memory.pointer_size)
		go_type = false;
	if (!go_type && c->from->size <= 8) {
		ms_buf_int(&name, ms_load_signed(c->bytes, c->from->size, c->ctx->memory.big_endian));
		int32_t status = from_literal(c, ms_buf_text(&name));
		ms_buf_fini(&name);
		return status;
	}
	ms_spell(c->ctx, &name, c->type, MS_GO);
	const char *spelled = ms_buf_text(&name);
	if (c->from->kind == MS_FLOAT)
		spelled = !strcmp(spelled, "double") ? "float64" : !strcmp(spelled, "float") ? "float32" : spelled;
	snprintf(type.name, sizeof type.name, "%s", spelled);
	ms_buf_fini(&name);
	return ms_store_interface(c->ctx, c->to, &type, c->bytes, &c->key->own, c->key->bytes);
}

static bool same_type(const struct conversion *c)
{
	return c->from == c->to ||
	       (c->from->kind == c->to->kind && c->from->size == c->to->size && *c->from->name &&
		!strcmp(c->from->name, c->to->name)) ||
	       (c->from->kind == MS_ARRAY && c->to->kind == MS_ARRAY && c->from->size == c->to->size &&
		c->from->count == c->to->count);
}

static int32_t convert(struct conversion *c)
{
	if (!c->from || is_integer(c->from)) {
		if (is_integer(c->to) || c->to->kind == MS_FLOAT)
			return from_integer(c);
		if (!c->from || !ms_is_go_interface(c->to))
			return other_type(c);
	}
	if (same_type(c)) {
		memcpy(c->key->bytes, c->bytes, c->to->size);
		return MS_OK;
	}
	if (c->from->kind == MS_FLOAT && c->to->kind == MS_FLOAT)
		return from_float(c);
	if (c->from->kind == MS_POINTER && c->to->kind == MS_POINTER && c->from->size == c->to->size) {
		memcpy(c->key->bytes, c->bytes, c->to->size);
		return MS_OK;
	}
	int32_t status = from_text(c);
	if (status != MS_NOT_FOUND)
		return status;
	return ms_is_go_interface(c->to) && c->from->size ? to_interface(c) : other_type(c);
}

/* The SIZE bytes of VALUE, of which HELD have been copied to *BYTES already.  */
static int32_t whole_value(struct ms_context *ctx, const struct ms_value *value, uint64_t held, uint64_t size,
			   uint8_t **bytes)
{
	if (held >= size)
		return MS_OK;
	uint8_t *grown = realloc(*bytes, size + 1);
	if (!grown)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory for a key");
	*bytes = grown;
	int32_t status = ms_mem_read_cached(ctx, value->address, grown, size);
	if (status == MS_FAULT)
		ms_fail(ctx, status, "cannot read the key, %llu bytes at 0x%llx", (unsigned long long)size,
			(unsigned long long)value->address);
	return status;
}

static int32_t key_of_value(struct ms_map *map, const struct ms_value *value, uint64_t held, uint8_t **bytes,
			    struct ms_key *out)
{
	struct ms_context *ctx = map->ctx;
	struct conversion c = { .map = map,
				.ctx = ctx,
				.language = map->shape->language,
				.type = value->type ? ms_node(ctx, value->type) : NULL,
				.to = ms_node_strip(ctx, map->key),
				.typed = !value->address,
				.key = out };

	c.from = c.type ? ms_node_strip(ctx, c.type) : NULL;
	if (!c.to || (value->type && !c.from))
		return ms_stopped(ctx) != MS_OK ? ms_stopped(ctx) : MS_BAD_TYPE;
	uint64_t size = c.from ? c.from->size : 8;
	if (size > KEY_MOST || c.to->size > out->size)
		return other_type(&c);
	int32_t status = whole_value(ctx, value, held, size, bytes);
	c.bytes = *bytes;
	return status == MS_OK ? convert(&c) : status;
}

int32_t ms_key_of_value(struct ms_map *map, const struct ms_value *value, struct ms_key *out)
{
	/* The caller's bytes do not outlive the next call-back.  */
	uint64_t held = ms_min(value->byte_count, KEY_MOST);
	uint8_t *bytes = malloc(held + 1);

	if (bytes && held)
		memcpy(bytes, value->bytes, held);
	int32_t status = new_key(map, out);
	if (status == MS_OK)
		status = bytes ? key_of_value(map, value, held, &bytes, out)
			       : ms_fail(map->ctx, MS_NO_MEMORY, "out of memory for a key");
	free(bytes);
	return status;
}

int32_t ms_key_of_text(struct ms_map *map, const char *text, struct ms_key *out)
{
	int32_t status = new_key(map, out);
	const struct ms_node *node = status == MS_OK ? ms_node_strip(map->ctx, map->key) : NULL;

	if (status != MS_OK)
		return status;
	status = ms_literal(map->ctx, map->shape->language, text, map->key, out);
	if (status == MS_NOT_FOUND && node && ms_is_text(map->ctx, map->shape->language, node))
		return ms_store_text(map->ctx, map->shape->language, node, text, strlen(text), &out->own, out->bytes);
	return status == MS_NOT_FOUND ? MS_USAGE : status;
}

/* ---- Words ---- */

static bool takes_texts(struct ms_map *map)
{
	const struct ms_node *node = ms_node_strip(map->ctx, map->key);

	return node && ms_is_text(map->ctx, map->shape->language, node);
}

/* Neither a literal nor a name: what the debugger says, and what was expected.  */
static int32_t neither(struct ms_command *cmd, const char *expected)
{
	char why[500];

	snprintf(why, sizeof why, "%s", ms_error(cmd->ctx));
	size_t size = strlen(why);
	bool stop = size && why[size - 1] == '.'; /* the sentence goes on */
	return ms_fail(cmd->ctx, MS_USAGE, "%.*s; %s", (int)(size - stop), why, expected);
}

int32_t ms_key_of_word(struct ms_command *cmd, const char *word, struct ms_key *out, bool *itself_out)
{
	struct ms_map *map = cmd->map;
	struct ms_path path;
	char expected[400];
	int32_t status = new_key(map, out);

	*itself_out = false;
	if (status == MS_OK)
		status = ms_literal(cmd->ctx, map->shape->language, word, map->key, out);
	if (status != MS_NOT_FOUND)
		return status;
	snprintf(expected, sizeof expected, "%s", ms_error(cmd->ctx));
	status = ms_command_evaluate(cmd, word, &path);
	if (status == MS_OK) {
		ms_key_fini(out);
		status = ms_key_of_value(map, &path.value, out);
	} else if (ms_stopped(cmd->ctx) == MS_OK) {
		bool texts = takes_texts(map);
		if (texts) {
			const struct ms_node *node = ms_node_strip(cmd->ctx, map->key);
			*itself_out = true;
			status = ms_store_text(cmd->ctx, map->shape->language, node, word, strlen(word), &out->own,
					       out->bytes);
		} else {
			status = neither(cmd, expected);
		}
	}
	ms_path_fini(&path);
	return status;
}
