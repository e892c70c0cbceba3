/* Names of types, as users write them: asked of the caller as a whole, then taken apart here, once for all front-ends. Knows
   the notations of C and Go, not their grammars: no function types, no "T (*)[3]".  */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "context.h"
#include "types/types.h"

enum { NAME_MOST = 512, DERIVE_MOST = 16 }; /* bytes of a name; pointers and arrays in it */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
	       (unsigned char)c >= 0x80;
}

static bool is_qualifier(const char *word, size_t size)
{
	static const char *const qualifiers[] = { "const", "volatile", "restrict", "__restrict", "_Atomic" };

	for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++)
		if (strlen(qualifiers[i]) == size && !memcmp(qualifiers[i], word, size))
			return true;
	return false;
}

bool ms_types_plain(const char *name, struct ms_buf *out)
{
	bool qualified = false;
	const char *end;

	for (const char *p = name + strspn(name, " \t\n"); *p; p = end) {
		for (end = p; is_word(*end); end++)
			;
		end += end == p; /* a character that is no word's */
		bool qualifier = is_qualifier(p, (size_t)(end - p));
		qualified |= qualifier;
		if (!qualifier)
			ms_buf_add(out, p, (size_t)(end - p));
		size_t spaces = strspn(end, " \t\n");
		end += spaces;
		if (spaces && *end && out->size && out->data[out->size - 1] != ' ')
			ms_buf_char(out, ' ');
	}
	if (out->size && out->data[out->size - 1] == ' ')
		ms_buf_truncate(out, out->size - 1);
	return qualified;
}

/* The caller's own answer. MS_NOT_FOUND leaves no error line.  */
static int32_t ask(struct ms_context *ctx, const char *name, uint64_t *type_out)
{
	int64_t answer = MS_UNANSWERED;

	ctx->types.lookup(ctx->types.user, name, type_out, &answer);
	return ms_told(ctx, answer);
}

struct ms_node *ms_types_derive(struct ms_context *ctx, enum ms_kind kind, uint64_t type, uint64_t count)
{
	int64_t answer = MS_NOT_FOUND;
	uint64_t made = 0;

	if (ctx->types.derive) {
		answer = MS_UNANSWERED;
		ctx->types.derive(ctx->types.user, kind, type, count, &made, &answer);
	}
	int32_t status = ms_told(ctx, answer);
	if (status == MS_OK)
		return ms_node(ctx, made);
	if (status == MS_NOT_FOUND)
		ms_fail(ctx, MS_BAD_TYPE, "the debugger makes no %s here",
			kind == MS_POINTER ? "pointer to a type" : "array of a type");
	return NULL;
}

/* C's integers have several names: gcc's debug information says "long unsigned int", clang's "unsigned long". Asks for the
   other ones.  */
static int32_t ask_integer(struct ms_context *ctx, const char *name, uint64_t *type_out)
{
	static const struct {
		const char *gcc, *clang;
	} bases[] = {
		{ "int", "int" }, { "long int", "long" }, { "long long int", "long long" }, { "short int", "short" }
	};
	unsigned longs = 0, shorts = 0, is_unsigned = 0, size;
	char gcc[32] = "", clang[32] = "";

	for (const char *word = name; *word; word += size, word += *word == ' ') {
		size = (unsigned)strcspn(word, " ");
		if (size == 4 && !memcmp(word, "long", 4))
			longs++;
		else if (size == 5 && !memcmp(word, "short", 5))
			shorts++;
		else if (size == 8 && !memcmp(word, "unsigned", 8))
			is_unsigned++;
		else if (!(size == 3 && !memcmp(word, "int", 3)) && !(size == 6 && !memcmp(word, "signed", 6)))
			return MS_NOT_FOUND;
	}
	if (longs > 2 || shorts > 1 || (longs && shorts) || is_unsigned > 1)
		return MS_NOT_FOUND;
	unsigned base = shorts ? 3 : longs;
	const char *long_form = bases[base].gcc;
	int head = (int)(strlen(long_form) - strlen("int"));
	snprintf(gcc, sizeof gcc, "%.*s%sint", head, long_form, is_unsigned ? "unsigned " : "");
	snprintf(clang, sizeof clang, "%s%s", is_unsigned ? "unsigned " : "", bases[base].clang);
	int32_t status = ask(ctx, gcc, type_out);
	return status == MS_NOT_FOUND && strcmp(gcc, clang) ? ask(ctx, clang, type_out) : status;
}

static int32_t find(struct ms_context *ctx, char *name, size_t size, int depth, uint64_t *type_out);

/* Pointers to the type called by the SIZE bytes at NAME, which need not be known: void.  */
static int32_t find_pointer(struct ms_context *ctx, char *name, size_t size, int depth, uint64_t *type_out)
{
	int32_t status = find(ctx, name, size, depth + 1, type_out);

	if (status == MS_NOT_FOUND && !strcmp(name + strspn(name, " "), "void")) {
		*type_out = 0;
		status = MS_OK;
	}
	if (status < 0)
		return status;
	const struct ms_node *node = ms_types_derive(ctx, MS_POINTER, *type_out, 0);
	*type_out = node ? node->type : 0;
	return node ? MS_OK : ctx->interrupted ? MS_INTERRUPTED : MS_BAD_TYPE;
}

static int32_t find_array(struct ms_context *ctx, char *name, size_t size, int depth, uint64_t count,
			  uint64_t *type_out)
{
	uint64_t bytes;
	int32_t status = find(ctx, name, size, depth + 1, type_out);
	if (status < 0)
		return status;

	const struct ms_node *node = ms_node(ctx, *type_out);
	if (node && (!ms_mul(node->size, count, &bytes) || bytes > INT64_MAX))
		return ms_fail(ctx, MS_BAD_TYPE, "an array of %llu times %llu bytes is more than memory has",
			       (unsigned long long)count, (unsigned long long)node->size);
	node = node ? ms_types_derive(ctx, MS_ARRAY, *type_out, count) : NULL;
	*type_out = node ? node->type : 0;
	return node ? MS_OK : ctx->interrupted ? MS_INTERRUPTED : MS_BAD_TYPE;
}

/* The number in the brackets that begin at P; NULL when it is none, else what follows them.  */
static const char *read_count(const char *p, uint64_t *out)
{
	char *end;

	p += 1 + strspn(p + 1, " ");
	errno = 0;
	if (*p < '0' || *p > '9')
		return NULL;
	*out = strtoull(p, &end, 0);
	end += strspn(end, " ");
	return *end == ']' && !errno ? end + 1 : NULL;
}

/* Takes a name apart that nobody knows as a whole: C's "T *" and "T[3][4]", Go's "*T" and "[3]T".  */
static int32_t take_apart(struct ms_context *ctx, char *name, size_t size, int depth, uint64_t *type_out)
{
	const char *rest;
	uint64_t count;

	if (name[size - 1] == '*')
		return find_pointer(ctx, name, size - 1, depth, type_out);
	if (*name == '*')
		return find_pointer(ctx, name + 1, size - 1, depth, type_out);
	if (*name == '[') {
		rest = read_count(name, &count);
		return rest ? find_array(ctx, name + (rest - name), size - (size_t)(rest - name), depth, count,
					 type_out)
			    : MS_NOT_FOUND;
	}
	if (name[size - 1] != ']')
		return ask_integer(ctx, name, type_out);
	/* The outermost count stands first: int[3][4] is an array of 3 of int[4].  */
	size_t open = strcspn(name, "[");
	rest = open < size ? read_count(name + open, &count) : NULL;
	if (!rest)
		return MS_NOT_FOUND;
	size_t removed = (size_t)(rest - name) - open;
	memmove(name + open, rest, size - (size_t)(rest - name) + 1);
	return find_array(ctx, name, size - removed, depth, count, type_out);
}

/* The type called by the SIZE bytes at NAME, which is scratch.  */
static int32_t find(struct ms_context *ctx, char *name, size_t size, int depth, uint64_t *type_out)
{
	while (size && name[size - 1] == ' ')
		size--;
	while (size && *name == ' ') {
		name++;
		size--;
	}
	name[size] = 0;
	if (size == 0 || depth > DERIVE_MOST)
		return MS_NOT_FOUND;
	int32_t status = ask(ctx, name, type_out);
	return status == MS_NOT_FOUND ? take_apart(ctx, name, size, depth, type_out) : status;
}

static bool is_name(const char *name)
{
	size_t size = strlen(name), words = 0;

	for (size_t i = 0; i < size; i++)
		words += is_word(name[i]);
	return words && size < NAME_MOST;
}

struct ms_node *ms_types_lookup(struct ms_context *ctx, const char *name)
{
	struct ms_buf plain = { 0 }, shown = { 0 };
	int32_t status = MS_NOT_FOUND;
	uint64_t type = 0;

	if (!is_name(name)) {
		ms_fail(ctx, MS_BAD_TYPE, "not the name of a type");
		return NULL;
	}
	ms_types_plain(name, &plain);
	if (strcmp(ms_buf_text(&plain), name) != 0)
		status = ask(ctx, name, &type);
	if (status == MS_NOT_FOUND && plain.size && !plain.failed)
		status = find(ctx, plain.data, plain.size, 0, &type);
	if (plain.failed) {
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for a type's name");
	} else if (status == MS_NOT_FOUND) {
		ms_buf_escaped(&shown, name, strlen(name), 0);
		ms_fail(ctx, MS_NOT_FOUND, "no type is named \"%.900s\" here", ms_buf_text(&shown));
	}
	ms_buf_fini(&shown);
	ms_buf_fini(&plain);
	return status == MS_OK ? ms_node(ctx, type) : NULL;
}
