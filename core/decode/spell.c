/* How types are written in answers: from their kinds and tags, in the language of their program, so that every debugger and
   compiler gives the same text.  */
#include <string.h>

#include "decode/map.h"

enum { SPELL_DEPTH = 16 };

static void spell(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, enum ms_language language,
		  int depth);

/* C's integers: gcc says "long unsigned int" and "__int128 unsigned", clang "unsigned long". We say the latter.  */
static void spell_c_base(struct ms_buf *buf, const char *name)
{
	unsigned longs = 0, shorts = 0, is_unsigned = 0, chars = 0, is_signed = 0, octas = 0;

	for (const char *word = name; *word; word += strspn(word, " ")) {
		size_t size = strcspn(word, " ");
		if (size == 4 && !memcmp(word, "long", 4))
			longs++;
		else if (size == 5 && !memcmp(word, "short", 5))
			shorts++;
		else if (size == 8 && !memcmp(word, "unsigned", 8))
			is_unsigned++;
		else if (size == 4 && !memcmp(word, "char", 4))
			chars++;
		else if (size == 6 && !memcmp(word, "signed", 6))
			is_signed++;
		else if (size == 8 && !memcmp(word, "__int128", 8))
			octas++;
		else if (!(size == 3 && !memcmp(word, "int", 3))) { /* double, a language of its own */
			ms_buf_escaped(buf, name, strlen(name), 0);
			return;
		}
		word += size;
	}
	ms_buf_str(buf, is_unsigned ? "unsigned " : is_signed && chars ? "signed " : "");
	ms_buf_str(buf, octas	    ? "__int128"
			: chars	    ? "char"
			: shorts    ? "short"
			: longs > 1 ? "long long"
			: longs	    ? "long"
				    : "int");
}

/* gcc says "complex double", clang "complex" of each size, lldb "_Complex double".  */
static void spell_c_complex(struct ms_buf *buf, const struct ms_node *node)
{
	static const char *const words[] = { "_Complex", "complex" };
	const char *rest = node->name;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strncmp(rest, words[i], strlen(words[i])))
			rest += strlen(words[i]);
	rest += strspn(rest, " ");
	if (!*rest)
		rest = node->size == 8 ? "float" : node->size == 16 ? "double" : "long double";
	ms_buf_str(buf, "_Complex ");
	spell_c_base(buf, rest);
}

static void spell_target(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node,
			 enum ms_language language, int depth)
{
	const struct ms_node *target = ms_node_target(ctx, node);

	if (target && depth < SPELL_DEPTH)
		spell(ctx, buf, target, language, depth + 1);
	else
		ms_buf_str(buf, target ? "..." : "void");
}

static void spell_pointer(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node,
			  enum ms_language language, int depth)
{
	const struct ms_node *target = ms_node_target(ctx, node);
	bool to_void = !target || target->kind == MS_VOID;

	if (language == MS_GO) {
		if (to_void) {
			ms_buf_str(buf, "unsafe.Pointer");
			return;
		}
		ms_buf_char(buf, '*');
		spell_target(ctx, buf, node, language, depth);
		return;
	}
	if (target && target->kind == MS_FUNCTION) {
		spell_target(ctx, buf, target, language, depth);
		ms_buf_str(buf, " (*)()");
		return;
	}
	size_t before = buf->size;
	spell_target(ctx, buf, node, language, depth);
	bool after_star = buf->size > before && buf->data[buf->size - 1] == '*';
	ms_buf_str(buf, after_star ? "*" : " *");
}

/* C writes the outermost count first: an array of 3 of int[4] is int[3][4].  */
static void spell_array(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node,
			enum ms_language language, int depth)
{
	if (language == MS_GO) {
		ms_buf_printf(buf, "[%llu]", (unsigned long long)node->count);
		spell_target(ctx, buf, node, language, depth);
		return;
	}
	struct ms_buf element = { 0 };
	spell_target(ctx, &element, node, language, depth);
	const char *text = ms_buf_text(&element);
	size_t base = strcspn(text, "[");
	ms_buf_add(buf, text, base);
	ms_buf_printf(buf, "[%llu]", (unsigned long long)node->count);
	ms_buf_str(buf, text + base);
	buf->failed |= element.failed;
	ms_buf_fini(&element);
}

static void spell_tagged(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node,
			 enum ms_language language, int depth)
{
	static const char *const tags[] = { [MS_STRUCT] = "struct", [MS_UNION] = "union", [MS_ENUM] = "enum" };
	const struct ms_shape *shape;

	if (language == MS_GO && depth < SPELL_DEPTH && (shape = ms_shape_of(ctx, node)) && shape->key &&
	    shape->elem) { /* runtime.hmap, which does not say of what it is, keeps its name */
		ms_buf_str(buf, "map[");
		spell(ctx, buf, shape->key, language, depth + 1);
		ms_buf_char(buf, ']');
		spell(ctx, buf, shape->elem, language, depth + 1);
		return;
	}
	if (language == MS_GO && !strcmp(node->name, "runtime.eface")) {
		ms_buf_str(buf, "interface {}");
		return;
	}
	if (language == MS_C) {
		ms_buf_str(buf, tags[node->kind]);
		ms_buf_char(buf, ' ');
	}
	if (*node->name)
		ms_buf_escaped(buf, node->name, strlen(node->name), 0);
	else
		ms_buf_str(buf, "{...}");
}

/* Go's map typedef leads to a pointer to the header; what users call the map's type is the typedef.  */
static void spell(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, enum ms_language language,
		  int depth)
{
	switch (node->kind) {
	case MS_TYPEDEF:
		if (*node->name)
			ms_buf_escaped(buf, node->name, strlen(node->name), 0);
		else
			spell_target(ctx, buf, node, language, depth);
		return;
	case MS_POINTER: {
		const struct ms_node *target = ms_node_target(ctx, node);
		if (language == MS_GO && target && ms_shape_of(ctx, target)) /* the header's pointer is the map */
			spell_target(ctx, buf, node, language, depth);
		else
			spell_pointer(ctx, buf, node, language, depth);
		return;
	}
	case MS_ARRAY:
		spell_array(ctx, buf, node, language, depth);
		return;
	case MS_STRUCT:
	case MS_UNION:
	case MS_ENUM:
		spell_tagged(ctx, buf, node, language, depth);
		return;
	case MS_FUNCTION:
		spell_target(ctx, buf, node, language, depth);
		ms_buf_str(buf, " ()");
		return;
	case MS_VOID:
		ms_buf_escaped(buf, *node->name ? node->name : "void", *node->name ? strlen(node->name) : 4, 0);
		return;
	default:
		if (language == MS_C && node->kind == MS_BOOL) /* lldb says "bool" */
			ms_buf_str(buf, "_Bool");
		else if (language == MS_C && node->kind == MS_COMPLEX)
			spell_c_complex(buf, node);
		else if (language == MS_C)
			spell_c_base(buf, node->name);
		else
			ms_buf_escaped(buf, node->name, strlen(node->name), 0);
	}
}

void ms_spell(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, enum ms_language language)
{
	if (node)
		spell(ctx, buf, node, language, 0);
	else
		ms_buf_str(buf, "bytes");
}
