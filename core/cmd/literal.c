/* Literals of composite types and interfaces; numbers and texts are literal_scalar.c's.  */
#include "cmd/literal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "cmd/literal_reader.h"
#include "decode/shapes.h"

enum { NEST_MOST = 32, MEMBERS_SHOWN = 4 };

static int32_t read_value(struct ms_reader *r, const struct ms_node *node, uint8_t *out);

/* ---- Members ---- */

struct leaf {
	const struct ms_member *member;
	uint64_t offset; /* of the struct that is looked at */
	const struct ms_node *owner;
};

static const struct ms_node *member_type(struct ms_context *ctx, const struct ms_node *node,
					 const struct ms_member *member)
{
	const struct ms_node *type = ms_node(ctx, member->type);
	const struct ms_node *stripped = type ? ms_node_strip(ctx, type) : NULL;
	bool fits = stripped && member->offset >= 0 && (uint64_t)member->offset <= node->size &&
		    (member->bit_size || stripped->size <= node->size - (uint64_t)member->offset);

	return fits ? stripped : NULL;
}

/* The member number *N, those of anonymous members among them, as they are shown; *N is what is left when there is none.  */
static bool nth_leaf(struct ms_context *ctx, const struct ms_node *node, uint32_t *n, uint64_t base, int depth,
		     struct leaf *out)
{
	for (uint32_t i = 0; i < node->member_count && depth < NEST_MOST; i++) {
		const struct ms_member *member = &node->members[i];
		const struct ms_node *type = member_type(ctx, node, member);
		uint64_t at = base + (uint64_t)member->offset;
		if (type && !*member->name && (type->kind == MS_STRUCT || type->kind == MS_UNION)) {
			if (nth_leaf(ctx, type, n, at, depth + 1, out))
				return true;
			continue;
		}
		if ((*n)-- == 0) {
			*out = (struct leaf){ member, at, node };
			return true;
		}
	}
	return false;
}

static uint32_t leaf_count(struct ms_context *ctx, const struct ms_node *node)
{
	uint32_t n = UINT32_MAX;
	struct leaf leaf;

	nth_leaf(ctx, node, &n, 0, 0, &leaf);
	return UINT32_MAX - n;
}

static bool named_leaf(struct ms_context *ctx, const struct ms_node *node, const char *name, size_t size,
		       struct leaf *out)
{
	uint32_t count = leaf_count(ctx, node);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = i;
		if (nth_leaf(ctx, node, &n, 0, 0, out) && strlen(out->member->name) == size &&
		    !memcmp(out->member->name, name, size))
			return true;
	}
	return false;
}

static int32_t read_bits(struct ms_reader *r, const struct ms_node *type, const struct leaf *leaf, uint8_t *at)
{
	const struct ms_member *member = leaf->member;
	uint64_t size = ((uint64_t)member->bit_offset + member->bit_size + 7) / 8, value;
	uint64_t available = leaf->owner->size - (uint64_t)member->offset;
	bool big = r->ctx->memory.big_endian;
	struct ms_node wide = *type;
	uint8_t whole[8];

	if (size == 0 || size > 8 || size > available || member->bit_size > 64)
		return ms_fail(r->ctx, MS_USAGE, "a bit-field that does not fit its struct");
	wide.size = sizeof whole;
	int32_t status = read_value(r, &wide, whole);
	if (status != MS_OK)
		return status;
	value = ms_load(whole, 8, big);
	uint64_t high = member->bit_size < 64 ? value >> member->bit_size : 0;
	uint64_t sign = type->kind == MS_INT ? value >> (member->bit_size - 1) : 0;
	if (type->kind == MS_INT ? sign && sign != UINT64_MAX >> (member->bit_size - 1) : high)
		return ms_fail(r->ctx, MS_USAGE, "%lld does not fit the %u bits of %s", (long long)value,
			       member->bit_size, ms_escape(r->ctx, member->name, strlen(member->name)));
	uint64_t mask = member->bit_size < 64 ? ((uint64_t)1 << member->bit_size) - 1 : UINT64_MAX;
	uint32_t shift = (uint32_t)(big ? 8 * size - member->bit_offset - member->bit_size : member->bit_offset);
	value = (ms_load(at, size, big) & ~(mask << shift)) | (value & mask) << shift;
	ms_reader_store(r, value, size, at);
	return MS_OK;
}

static int32_t read_leaf(struct ms_reader *r, const struct leaf *leaf, uint8_t *out)
{
	const struct ms_node *type = member_type(r->ctx, leaf->owner, leaf->member);

	if (!type)
		return ms_fail(r->ctx, MS_USAGE, "a member that does not fit its struct");
	return leaf->member->bit_size ? read_bits(r, type, leaf, out + leaf->offset)
				      : read_value(r, type, out + leaf->offset);
}

/* "name =", "name:" or ".name =" at R; NULL: there is none.  */
static const char *member_name(const struct ms_reader *r, size_t *size_out, const char **after)
{
	const char *start = r->p + (*r->p == '.'), *end = start;

	while (ms_reader_is_word(*end))
		end++;
	const char *sign = end + strspn(end, " ");
	if (end == start || (*start >= '0' && *start <= '9') || !(*sign == ':' || (*sign == '=' && sign[1] != '=')))
		return NULL;
	*size_out = (size_t)(end - start);
	*after = sign + 1;
	return start;
}

static int32_t read_struct(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	uint32_t count = leaf_count(r->ctx, node), next = 0;
	bool by_name = false;

	while (!ms_reader_takes(r, '}')) {
		size_t size;
		const char *after, *name = member_name(r, &size, &after);
		struct leaf leaf;
		uint32_t n = next;
		if (name && !named_leaf(r->ctx, node, name, size, &leaf))
			return ms_reader_wrong(r, node, "it has no member %.*s", (int)ms_min(size, 100), name);
		if (!name && !nth_leaf(r->ctx, node, &n, 0, 0, &leaf))
			return ms_reader_wrong(r, node, "it has %u members, here are more", count);
		by_name |= name != NULL;
		if (name)
			r->p = after;
		next++;
		int32_t status = read_leaf(r, &leaf, out);
		if (status != MS_OK)
			return status;
		if (!ms_reader_takes(r, ',') && *r->p != '}')
			return ms_reader_wrong(r, node, "a , or } is missing before \"%.20s\"", r->p);
	}
	if (!by_name && next && next < count && r->language == MS_GO)
		return ms_reader_wrong(r, node, "it has %u members, here are %u", count, next);
	return MS_OK;
}

static int32_t read_array(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	const struct ms_node *element = ms_node_target(r->ctx, node);
	uint64_t size, next = 0;

	element = element ? ms_node_strip(r->ctx, element) : NULL;
	if (!element || !ms_mul(element->size, node->count, &size) || size > node->size)
		return ms_fail(r->ctx, MS_USAGE, "an array whose elements do not fit it");
	while (!ms_reader_takes(r, '}')) {
		const char *end = r->p;
		while (*end >= '0' && *end <= '9')
			end++;
		if (end > r->p && end - r->p < 18 && end[strspn(end, " ")] == ':') {
			next = strtoull(r->p, NULL, 10);
			r->p = end + strspn(end, " ") + 1;
		}
		if (next >= node->count)
			return ms_reader_wrong(r, node, "it has %llu elements, here are more",
					       (unsigned long long)node->count);
		int32_t status = read_value(r, element, out + next++ * element->size);
		if (status != MS_OK)
			return status;
		if (!ms_reader_takes(r, ',') && *r->p != '}')
			return ms_reader_wrong(r, node, "a , or } is missing before \"%.20s\"", r->p);
	}
	return MS_OK;
}

/* ---- A type before its value ---- */

/* The type's name at R that an opening bracket follows: "main.point" of "main.point{1}". Its size; 0: there is none.  */
static size_t type_name(const char *p, const char *open)
{
	size_t size = 0;

	for (int depth = 0; p[size]; size++) {
		if (depth == 0 && strchr(open, p[size]))
			break;
		depth += p[size] == '[';
		depth -= p[size] == ']';
		if (!ms_reader_is_word(p[size]) && !strchr("[].*/ <>-", p[size]))
			return 0;
	}
	while (size && p[size] && p[size - 1] == ' ')
		size--;
	return p[size] ? size : 0;
}

static const char *without_tag(const char *name)
{
	static const char *const tags[] = { "struct ", "union ", "enum " };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (!strncmp(name, tags[i], strlen(tags[i])))
			name += strlen(tags[i]);
	return name;
}

/* Whether the SIZE bytes at NAME are the name of NODE, or its last part ("point" of "main.point").  */
static bool names(struct ms_reader *r, const char *name, size_t size, const struct ms_node *node)
{
	struct ms_buf spelled = { 0 };
	bool same = false;

	ms_spell(r->ctx, &spelled, node, r->language);
	const char *whole = without_tag(ms_buf_text(&spelled)), *given = without_tag(name);
	size -= (size_t)(given - name);
	size_t length = strlen(whole);
	if (size && size <= length)
		same = !memcmp(whole + length - size, given, size) &&
		       (size == length || whole[length - size - 1] == '.');
	ms_buf_fini(&spelled);
	return same;
}

/* "{...}", with the type before it or around it in one of its notations. READ begins behind the brace.  */
static int32_t read_braces(struct ms_reader *r, const struct ms_node *node, uint8_t *out,
			   int32_t (*read)(struct ms_reader *, const struct ms_node *, uint8_t *))
{
	bool cast = *r->p == '(', wrapped = false;
	size_t size = 0;

	if (*r->p != '{') {
		const char *start = r->p + cast;
		size = type_name(start, cast ? ")" : "{(");
		if (!size)
			return ms_reader_none(r, node);
		if (!names(r, start, size, node))
			return strchr(start + size, '{')
				       ? ms_reader_wrong(r, node, "found %.*s", (int)ms_min(size, 100), start)
				       : ms_reader_none(r, node);
		r->p = start + size;
		ms_reader_skip(r);
		wrapped = !cast && *r->p == '(';
		r->p += cast || wrapped;
		ms_reader_skip(r);
	}
	if (!ms_reader_takes(r, '{'))
		return ms_reader_none(r, node);
	int32_t status = read(r, node, out);
	if (status == MS_OK && wrapped && !ms_reader_takes(r, ')'))
		return ms_reader_wrong(r, node, "a ) is missing");
	/* What begins with a brace is no expression.  */
	return status == MS_NOT_FOUND ? MS_USAGE : status;
}

/* ---- Interfaces ---- */

int32_t ms_store_interface(struct ms_context *ctx, const struct ms_node *interface, const struct ms_go_type *type,
			   const uint8_t *value, struct ms_own *own, uint8_t *out)
{
	struct ms_reader r = { .ctx = ctx, .language = MS_GO, .own = own };
	uint64_t word = ctx->memory.pointer_size;

	if (interface->size != 2 * word)
		return ms_fail(ctx, MS_USAGE, "an interface of an unknown shape");
	uint64_t dynamic = ms_own_add_type(own, ctx, type), data = ms_own_add(own, ctx, value, type->size);
	if (!dynamic || !data)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory for a key, or too many parts in it");
	ms_reader_store(&r, dynamic, word, out);
	ms_reader_store(&r, data, word, out + word);
	return MS_OK;
}

int32_t ms_store_held_text(struct ms_context *ctx, const struct ms_node *interface, const void *text, uint64_t size,
			   struct ms_own *own, uint8_t *out)
{
	struct ms_reader r = { .ctx = ctx, .language = MS_GO, .own = own };
	uint64_t word = ctx->memory.pointer_size, address = size ? ms_own_add(own, ctx, text, size) : 0;
	struct ms_go_type type = { .kind = MS_GO_STRING, .size = 2 * word, .name = "string" };
	uint8_t value[16];

	if (size && !address)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory for a key, or too many parts in it");
	ms_reader_store(&r, address, word, value);
	ms_reader_store(&r, size, word, value + word);
	return ms_store_interface(ctx, interface, &type, value, own, out);
}

/* Go's basic types, which need no debug information. Kinds in the order of reflect's. SIZE 0: a word.  */
static const struct basic {
	const char *name;
	enum ms_kind kind;
	int go_kind;
	uint32_t size;
} basics[] = {
	{ "bool", MS_BOOL, MS_GO_BOOL, 1 },	   { "int", MS_INT, MS_GO_INT, 0 },
	{ "int8", MS_INT, MS_GO_INT + 1, 1 },	   { "int16", MS_INT, MS_GO_INT + 2, 2 },
	{ "int32", MS_INT, MS_GO_INT + 3, 4 },	   { "int64", MS_INT, MS_GO_INT64, 8 },
	{ "uint", MS_UINT, MS_GO_UINT, 0 },	   { "uint8", MS_UINT, MS_GO_UINT + 1, 1 },
	{ "uint16", MS_UINT, MS_GO_UINT + 2, 2 },  { "uint32", MS_UINT, MS_GO_UINT + 3, 4 },
	{ "uint64", MS_UINT, MS_GO_UINT + 4, 8 },  { "uintptr", MS_UINT, MS_GO_UINTPTR, 0 },
	{ "float32", MS_FLOAT, MS_GO_FLOAT32, 4 }, { "float64", MS_FLOAT, MS_GO_FLOAT64, 8 },
};

/* A dynamic type, and how a literal of it is read. NODE is NULL for a string.  */
struct dynamic {
	struct ms_go_type type;
	struct ms_node basic;
	const struct ms_node *node;
};

static void take_basic(struct ms_reader *r, const char *name, struct dynamic *out)
{
	for (size_t i = 0; i < sizeof basics / sizeof *basics; i++) {
		if (strcmp(basics[i].name, name) != 0)
			continue;
		uint64_t size = basics[i].size ? basics[i].size : r->ctx->memory.pointer_size;
		out->type.kind = (enum ms_go_kind)basics[i].go_kind;
		out->type.size = size;
		out->basic = (struct ms_node){ .kind = basics[i].kind, .size = size, .name = basics[i].name };
		out->node = &out->basic;
	}
	if (!strcmp(name, "string")) {
		out->type.kind = MS_GO_STRING;
		out->type.size = 2 * (uint64_t)r->ctx->memory.pointer_size;
	}
}

/* The type that NAME means in an interface. MS_OK, MS_NOT_FOUND (no such type), MS_INTERRUPTED.  */
static int32_t find_dynamic(struct ms_reader *r, const char *name, struct dynamic *out)
{
	*out = (struct dynamic){ 0 };
	name = !strcmp(name, "byte") ? "uint8" : !strcmp(name, "rune") ? "int32" : name;
	snprintf(out->type.name, sizeof out->type.name, "%s", name);
	take_basic(r, name, out);
	if (out->type.size)
		return MS_OK;
	const struct ms_node *found = ms_types_lookup(r->ctx, name);
	const struct ms_node *node = found ? ms_node_strip(r->ctx, found) : NULL;
	if (!node)
		return ms_stopped(r->ctx) != MS_OK ? ms_stopped(r->ctx) : MS_NOT_FOUND;
	out->type.size = node->size;
	out->type.node = found;
	out->type.direct = node->kind == MS_POINTER;
	out->node = node;
	return MS_OK;
}

/* The value of a dynamic type, and the interface that holds it.  */
static int32_t read_dynamic(struct ms_reader *r, const struct ms_node *node, struct dynamic *dynamic, uint8_t *out)
{
	enum { VALUE_MOST = 1 << 20 };
	uint64_t size = dynamic->type.size;
	uint8_t *value = size <= VALUE_MOST ? calloc(1, size + 1) : NULL;

	if (!value)
		return ms_fail(r->ctx, MS_NO_MEMORY, "out of memory for a key");
	int32_t status = dynamic->node ? read_value(r, dynamic->node, value) : ms_reader_go_string(r, node, value);
	if (status == MS_OK)
		status = ms_store_interface(r->ctx, node, &dynamic->type, value, r->own, out);
	free(value);
	return status;
}

/* What Go makes of a constant without a type.  */
static int32_t read_untyped(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	static const char *const in_order[] = { "int", "float64" };
	const char *start = r->p, *name = ms_reader_default_type(r);
	struct dynamic dynamic;

	if (name) {
		int32_t status = find_dynamic(r, name, &dynamic);
		return status == MS_OK ? read_dynamic(r, node, &dynamic, out) : status;
	}
	for (int i = 0; i < 2; i++) {
		r->p = start;
		int32_t status = find_dynamic(r, in_order[i], &dynamic);
		if (status == MS_OK)
			status = read_dynamic(r, node, &dynamic, out);
		if (status != MS_NOT_FOUND)
			return status;
	}
	return ms_reader_none(r, node);
}

static int32_t read_interface(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	struct dynamic dynamic;
	char name[sizeof dynamic.type.name];
	size_t size = type_name(r->p, "({");

	if (ms_reader_takes_word(r, "nil"))
		return MS_OK;
	if (!size || size >= sizeof name || (*r->p >= '0' && *r->p <= '9') || strchr("+-.", *r->p))
		return read_untyped(r, node, out);
	memcpy(name, r->p, size);
	name[size] = 0;
	int32_t status = find_dynamic(r, name, &dynamic);
	if (status != MS_OK)
		return status;
	r->p += size;
	bool wrapped = ms_reader_takes(r, '(');
	status = read_dynamic(r, node, &dynamic, out);
	if (status == MS_OK && wrapped && !ms_reader_takes(r, ')'))
		return ms_reader_wrong(r, node, "a ) is missing");
	return status;
}

/* ---- Any value ---- */

static int32_t read_value(struct ms_reader *r, const struct ms_node *type, uint8_t *out)
{
	const struct ms_node *node = ms_node_strip(r->ctx, type);
	int32_t status;

	if (!node)
		return ms_stopped(r->ctx) != MS_OK ? ms_stopped(r->ctx) : MS_NOT_FOUND;
	if (++r->depth > NEST_MOST)
		return ms_fail(r->ctx, MS_USAGE, "brackets are nested too deeply");
	ms_reader_skip(r);
	if (ms_is_text(r->ctx, r->language, node) && ms_reader_at_quote(r))
		status = ms_reader_text(r, node, out);
	else if (node->kind == MS_ARRAY)
		status = read_braces(r, node, out, read_array);
	else if (ms_is_go_interface(node))
		status = read_interface(r, node, out);
	else if (node->kind == MS_STRUCT || node->kind == MS_UNION)
		status = read_braces(r, node, out, read_struct);
	else
		status = ms_reader_scalar(r, type, node, out);
	r->depth--;
	ms_reader_skip(r);
	return status;
}

int32_t ms_literal(struct ms_context *ctx, enum ms_language language, const char *text, const struct ms_node *node,
		   struct ms_key *key)
{
	struct ms_reader r = { .ctx = ctx, .language = language, .p = text, .own = &key->own };
	int32_t status = read_value(&r, node, key->bytes);

	if (status != MS_OK || !*r.p)
		return status;
	/* "5 + 1" may be an expression, "{1} x" is nothing.  */
	return *text == '{' || *text == '"' || *text == '`' ? ms_reader_wrong(&r, node, "\"%.20s\" is left over", r.p)
							    : ms_reader_none(&r, node);
}

/* ---- What a literal looks like ---- */

static void struct_form(struct ms_context *ctx, const struct ms_node *node, struct ms_buf *out)
{
	uint32_t count = leaf_count(ctx, node);

	ms_buf_char(out, '{');
	for (uint32_t i = 0; i < count && i < MEMBERS_SHOWN; i++) {
		struct leaf leaf;
		uint32_t n = i;
		if (!nth_leaf(ctx, node, &n, 0, 0, &leaf))
			break;
		ms_buf_str(out, i ? ", " : "");
		ms_buf_escaped(out, leaf.member->name, strlen(leaf.member->name), 0);
		ms_buf_str(out, " = ...");
	}
	ms_buf_str(out, count > MEMBERS_SHOWN ? ", ...}" : "}");
}

static void enum_form(const struct ms_node *node, struct ms_buf *out)
{
	ms_buf_str(out, "a number");
	for (uint32_t i = 0; i < node->member_count && i < MEMBERS_SHOWN; i++) {
		ms_buf_str(out, i ? ", " : " or a name: ");
		ms_buf_escaped(out, node->members[i].name, strlen(node->members[i].name), 0);
	}
	ms_buf_str(out, node->member_count > MEMBERS_SHOWN ? ", ..." : "");
}

static void integer_form(const struct ms_node *node, struct ms_buf *out)
{
	uint64_t most = node->size < 8 ? ((uint64_t)1 << 8 * node->size) - 1 : UINT64_MAX;

	if (node->size == 0 || node->size > 8)
		ms_buf_str(out, "a whole number");
	else if (node->kind == MS_INT)
		ms_buf_printf(out, "%lld to %llu", -(long long)(most / 2) - 1, (unsigned long long)(most / 2));
	else
		ms_buf_printf(out, "0 to %llu", (unsigned long long)most);
}

void ms_literal_form(struct ms_context *ctx, enum ms_language language, const struct ms_node *node, struct ms_buf *out)
{
	const struct ms_node *type = ms_node_strip(ctx, node);

	ms_spell(ctx, out, node, language);
	if (!type)
		return;
	ms_buf_str(out, ": ");
	if (ms_is_text(ctx, language, type))
		ms_buf_str(out, "a text in double quotes");
	else if (ms_is_go_interface(type))
		ms_buf_str(out, "int(5), string(\"x\"), main.T({...}) or nil");
	else if (type->kind == MS_ARRAY)
		ms_buf_printf(out, "{...} with up to %llu elements", (unsigned long long)type->count);
	else if (type->kind == MS_STRUCT || type->kind == MS_UNION)
		struct_form(ctx, type, out);
	else if (type->kind == MS_ENUM)
		enum_form(type, out);
	else if (type->kind == MS_BOOL)
		ms_buf_str(out, "true or false");
	else if (type->kind == MS_POINTER)
		ms_buf_str(out, language == MS_GO ? "an address (0x...) or nil" : "an address (0x...) or NULL");
	else if (type->kind == MS_COMPLEX)
		ms_buf_str(out, "a number such as 1+2i");
	else if (type->kind == MS_FLOAT)
		ms_buf_str(out, "a number");
	else
		integer_form(type, out);
}
