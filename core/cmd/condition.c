/* Reading a condition of --where, whose grammar is where.h's. What it says of an entry is where.c's.  */
#define _GNU_SOURCE
#include "cmd/condition.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_MOST = 4096, NEST_MOST = 100 }; /* bytes of a condition; operators within each other */

struct reader {
	struct ms_context *ctx;
	const char *at; /* what is still to be read */
	int depth;
	struct ms_cond *all; /* made so far */
};

static struct ms_cond *parse_or(struct reader *r);

static struct ms_cond *fail_near(struct reader *r, const char *what)
{
	const char *shown = ms_escape(r->ctx, r->at, strnlen(r->at, 60));

	if (*r->at)
		ms_fail(r->ctx, MS_USAGE, "--where: %s, found \"%s\"", what, shown);
	else
		ms_fail(r->ctx, MS_USAGE, "--where: %s, found the end of the condition", what);
	return NULL;
}

static struct ms_cond *new_node(struct reader *r, int kind, struct ms_cond *a, struct ms_cond *b)
{
	struct ms_cond *node = calloc(1, sizeof *node);

	if (!node) {
		ms_fail(r->ctx, MS_NO_MEMORY, "out of memory");
		return NULL;
	}
	node->kind = kind;
	node->a = a;
	node->b = b;
	node->next = r->all;
	r->all = node;
	return node;
}

static void skip_spaces(struct reader *r)
{
	r->at += strspn(r->at, " \t\n");
}

/* Passes over TEXT if it comes next.  */
static bool accept(struct reader *r, const char *text)
{
	skip_spaces(r);
	if (strncmp(r->at, text, strlen(text)))
		return false;
	r->at += strlen(text);
	return true;
}

static size_t ident_size(const char *text)
{
	size_t size = 0;

	while ((text[size] >= 'a' && text[size] <= 'z') || (text[size] >= 'A' && text[size] <= 'Z') ||
	       text[size] == '_' || (unsigned char)text[size] >= 0x80 ||
	       (size && text[size] >= '0' && text[size] <= '9'))
		size++;
	return size;
}

static bool is_word(const char *at, size_t size, const char *word)
{
	return strlen(word) == size && !memcmp(at, word, size);
}

static struct ms_cond *named(struct reader *r, struct ms_cond *node, const char *name, size_t size)
{
	if (node && !(node->name = strndup(name, size))) {
		ms_fail(r->ctx, MS_NO_MEMORY, "out of memory");
		return NULL;
	}
	return node;
}

/* A whole number with all of C's prefixes, or a number with a point or an exponent.  */
static struct ms_cond *parse_number(struct reader *r)
{
	struct ms_cond *node = new_node(r, COND_LITERAL, NULL, NULL);
	size_t size = strspn(r->at, "0123456789abcdefABCDEFxX");
	bool real = strncmp(r->at, "0x", 2) && strncmp(r->at, "0X", 2) &&
		    (r->at[size] == '.' || memchr(r->at, 'e', size) || memchr(r->at, 'E', size));
	char *end = NULL;

	if (!node)
		return NULL;
	errno = 0;
	if (real) {
		locale_t c = newlocale(LC_ALL_MASK, "C", NULL), before = c ? uselocale(c) : NULL;
		node->literal.kind = MS_TERM_REAL;
		node->literal.real = strtold(r->at, &end);
		if (before)
			uselocale(before);
		if (c)
			freelocale(c);
	} else {
		node->literal.kind = MS_TERM_NUMBER;
		node->literal.number = (ms_int128)strtoull(r->at, &end, 0);
	}
	if (errno || end == r->at || ident_size(end))
		return fail_near(r, "expected a number of at most 64 bits");
	r->at = end;
	return node;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* One byte of a literal, an escape resolved: \n \t \r \0 \\ \" \' \xHH.  */
static bool literal_byte(const char **at, uint8_t *out)
{
	static const char names[] = "ntr0\\\"'", values[] = "\n\t\r\0\\\"'";
	const char *p = *at;

	*out = (uint8_t)*p++;
	if (*out == '\\') {
		const char *name = *p ? strchr(names, *p) : NULL;
		if (*p == 'x' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
			*out = (uint8_t)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			p += 3;
		} else if (name) {
			*out = (uint8_t)values[name - names];
			p++;
		} else {
			return false;
		}
	}
	*at = p;
	return true;
}

static struct ms_cond *parse_text(struct reader *r)
{
	struct ms_cond *node = named(r, new_node(r, COND_LITERAL, NULL, NULL), r->at + 1, strlen(r->at + 1));
	const char *p = r->at + 1;
	uint64_t length = 0;

	if (!node)
		return NULL;
	while (*p && *p != '"') {
		if (!literal_byte(&p, (uint8_t *)&node->name[length]))
			return fail_near(r, "expected a text with no escapes but \\n \\t \\r \\0 \\\\ \\\" \\xHH");
		length++;
	}
	if (!*p)
		return fail_near(r, "expected a text that ends in \"");
	node->literal = (struct ms_term){ .kind = MS_TERM_TEXT, .text = (uint8_t *)node->name, .length = length };
	r->at = p + 1;
	return node;
}

static struct ms_cond *parse_character(struct reader *r)
{
	struct ms_cond *node = new_node(r, COND_LITERAL, NULL, NULL);
	const char *p = r->at + 1;
	uint8_t byte = 0;

	if (!node)
		return NULL;
	if (!*p || *p == '\'' || !literal_byte(&p, &byte) || *p != '\'')
		return fail_near(r, "expected one character in '");
	node->literal = (struct ms_term){ .kind = MS_TERM_NUMBER, .number = byte };
	r->at = p + 1;
	return node;
}

static struct ms_cond *parse_word(struct reader *r)
{
	const char *at = r->at;
	size_t size = ident_size(at);
	struct ms_cond *node;

	r->at += size;
	if (is_word(at, size, "key"))
		return new_node(r, COND_KEY, NULL, NULL);
	if (is_word(at, size, "elem"))
		return new_node(r, COND_ELEM, NULL, NULL);
	if (is_word(at, size, "len") && accept(r, "(")) {
		node = parse_or(r);
		if (node && !accept(r, ")"))
			return fail_near(r, "expected )");
		return node ? new_node(r, COND_LEN, node, NULL) : NULL;
	}
	node = named(r, new_node(r, COND_LITERAL, NULL, NULL), at, size);
	if (!node)
		return NULL;
	if (is_word(at, size, "true") || is_word(at, size, "false"))
		node->literal = (struct ms_term){ .kind = MS_TERM_NUMBER, .number = *at == 't' };
	else if (is_word(at, size, "nil") || is_word(at, size, "NULL") || is_word(at, size, "null"))
		node->literal = (struct ms_term){ .kind = MS_TERM_NIL };
	else
		node->literal = (struct ms_term){ .kind = MS_TERM_NAME, .text = (uint8_t *)node->name, .length = size };
	return node;
}

static struct ms_cond *parse_primary(struct reader *r)
{
	struct ms_cond *node;

	skip_spaces(r);
	if (accept(r, "(")) {
		node = parse_or(r);
		return node && !accept(r, ")") ? fail_near(r, "expected )") : node;
	}
	if (*r->at >= '0' && *r->at <= '9')
		return parse_number(r);
	if (*r->at == '"')
		return parse_text(r);
	if (*r->at == '\'')
		return parse_character(r);
	if (ident_size(r->at))
		return parse_word(r);
	return fail_near(r, "expected key, elem, a number, a text or a parenthesis");
}

static struct ms_cond *parse_path(struct reader *r)
{
	struct ms_cond *node = parse_primary(r);

	while (node) {
		bool arrow = accept(r, "->");
		if (arrow || accept(r, ".")) {
			skip_spaces(r);
			size_t size = ident_size(r->at);
			if (!size)
				return fail_near(r, "expected the name of a member");
			node = named(r, new_node(r, arrow ? COND_ARROW : COND_MEMBER, node, NULL), r->at, size);
			r->at += size;
		} else if (accept(r, "[")) {
			struct ms_cond *index = parse_or(r);
			if (index && !accept(r, "]"))
				return fail_near(r, "expected ]");
			node = index ? new_node(r, COND_INDEX, node, index) : NULL;
		} else {
			break;
		}
	}
	return node;
}

static struct ms_cond *parse_unary(struct reader *r)
{
	struct ms_cond *node, *zero;

	skip_spaces(r);
	if (++r->depth > NEST_MOST)
		return fail_near(r, "expected at most 100 operators within each other");
	if (*r->at == '!' && r->at[1] != '=') {
		r->at++;
		node = parse_unary(r);
		node = node ? new_node(r, COND_NOT, node, NULL) : NULL;
	} else if (accept(r, "*")) {
		node = parse_unary(r);
		node = node ? new_node(r, COND_FOLLOW, node, NULL) : NULL;
	} else if (accept(r, "-")) {
		node = parse_unary(r);
		zero = node ? new_node(r, COND_LITERAL, NULL, NULL) : NULL;
		node = zero ? new_node(r, COND_COMPUTE, zero, node) : NULL;
		if (node)
			node->operator= '-';
	} else {
		node = parse_path(r);
	}
	r->depth--;
	return node;
}

/* A chain of the one-byte OPERATORS between operands that BELOW reads.  */
static struct ms_cond *parse_chain(struct reader *r, const char *operators, struct ms_cond *(*below)(struct reader *))
{
	struct ms_cond *node = below(r);

	for (skip_spaces(r); node && *r->at && strchr(operators, *r->at) && r->at[1] != *r->at; skip_spaces(r)) {
		char operator= * r->at++;
		struct ms_cond *right = below(r);
		node = right ? new_node(r, COND_COMPUTE, node, right) : NULL;
		if (node)
			node->operator= operator;
	}
	return node;
}

static struct ms_cond *parse_product(struct reader *r)
{
	return parse_chain(r, "*/%", parse_unary);
}

static struct ms_cond *parse_sum(struct reader *r)
{
	return parse_chain(r, "+-", parse_product);
}

/* Closer than a comparison, as everywhere but in C.  */
static struct ms_cond *parse_bits(struct reader *r)
{
	return parse_chain(r, "&|^", parse_sum);
}

static struct ms_cond *parse_comparison(struct reader *r)
{
	static const struct {
		const char *sign;
		enum ms_compare how;
	} signs[] = { { "==", MS_EQUAL }, { "!=", MS_UNEQUAL }, { "<=", MS_AT_MOST }, { ">=", MS_AT_LEAST },
		      { "<", MS_LESS },	  { ">", MS_MORE },	{ "~", MS_CONTAINS } };
	struct ms_cond *left = parse_bits(r);

	for (size_t i = 0; left && i < sizeof signs / sizeof *signs; i++) {
		if (!accept(r, signs[i].sign))
			continue;
		struct ms_cond *right = parse_bits(r);
		struct ms_cond *node = right ? new_node(r, COND_COMPARE, left, right) : NULL;
		if (node)
			node->comparison = signs[i].how;
		return node;
	}
	return left;
}

static struct ms_cond *parse_and(struct reader *r)
{
	struct ms_cond *node = parse_comparison(r);

	while (node && accept(r, "&&")) {
		struct ms_cond *right = parse_comparison(r);
		node = right ? new_node(r, COND_AND, node, right) : NULL;
	}
	return node;
}

static struct ms_cond *parse_or(struct reader *r)
{
	struct ms_cond *node = ++r->depth > NEST_MOST
				       ? fail_near(r, "expected at most 100 parentheses within each other")
				       : parse_and(r);

	while (node && accept(r, "||")) {
		struct ms_cond *right = parse_and(r);
		node = right ? new_node(r, COND_OR, node, right) : NULL;
	}
	r->depth--;
	return node;
}

int32_t ms_cond_read(struct ms_context *ctx, const char *text, struct ms_cond **all_out,
		     const struct ms_cond **root_out)
{
	struct reader reader = { .ctx = ctx, .at = text };
	struct ms_cond *root;

	if (strlen(text) > LENGTH_MOST)
		return ms_fail(ctx, MS_USAGE, "--where takes a condition of at most %d bytes", LENGTH_MOST);
	root = parse_or(&reader);
	skip_spaces(&reader);
	if (root && *reader.at)
		root = fail_near(&reader, "expected an operator or the end");
	*all_out = reader.all;
	*root_out = root;
	return root ? MS_OK : ctx->short_of_memory ? MS_NO_MEMORY : MS_USAGE;
}

void ms_cond_free(struct ms_cond *all)
{
	for (struct ms_cond *next; all; all = next) {
		next = all->next;
		free(all->name);
		free(all);
	}
}
