/* The grammar of --where, and what a condition says of one entry. What values are and how they compare is term.c's.  */
#define _GNU_SOURCE
#include "cmd/where.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "cmd/term.h"
#include "decode/shapes.h"
#include "path/path.h"

enum {
	LENGTH_MOST = 4096,
	NEST_MOST = 100,
	RECORD_MOST = 1 << 20
}; /* bytes of COND; operators within; bytes of a key or elem, see ms_fetch_init */

struct node {
	enum {
		KEY,
		ELEM,
		MEMBER, /* A.NAME */
		ARROW,	/* A->NAME */
		INDEX,	/* A[B] */
		FOLLOW, /* *A */
		LITERAL,
		LEN,
		NOT,
		AND,
		OR,
		COMPARE, /* by COMPARISON */
		COMPUTE, /* by OPERATOR */
	} kind;
	struct node *a, *b;
	char *name; /* also the bytes of a text */
	enum ms_compare comparison;
	char operator;
	struct ms_term literal;
	struct node *next; /* in the list of all */
};

struct ms_where {
	struct ms_map *map;
	struct node *all, *root;
	bool checking; /* a trial with zeros: both sides of && and || count */
	struct ms_places places;
	const struct ms_entry *entry;
	bool through_interface; /* the path at hand has passed one */
	uint64_t unknown, lost; /* entries without an answer; those of them that could not be read */
	struct ms_buf why;	/* of the first lost one */
	/* While it is read: */
	const char *at;
	int depth;
};

/* ---- Reading a condition ---- */

static struct node *parse_or(struct ms_where *w);

static struct node *fail_near(struct ms_where *w, const char *what)
{
	const char *shown = ms_escape(w->map->ctx, w->at, strnlen(w->at, 60));

	if (*w->at)
		ms_fail(w->map->ctx, MS_USAGE, "--where: %s, found \"%s\"", what, shown);
	else
		ms_fail(w->map->ctx, MS_USAGE, "--where: %s, found the end of the condition", what);
	return NULL;
}

static struct node *new_node(struct ms_where *w, int kind, struct node *a, struct node *b)
{
	struct node *node = calloc(1, sizeof *node);

	if (!node) {
		ms_fail(w->map->ctx, MS_NO_MEMORY, "out of memory");
		return NULL;
	}
	node->kind = kind;
	node->a = a;
	node->b = b;
	node->next = w->all;
	w->all = node;
	return node;
}

static void skip_spaces(struct ms_where *w)
{
	w->at += strspn(w->at, " \t\n");
}

/* Passes over TEXT if it comes next.  */
static bool accept(struct ms_where *w, const char *text)
{
	skip_spaces(w);
	if (strncmp(w->at, text, strlen(text)))
		return false;
	w->at += strlen(text);
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

static struct node *named(struct ms_where *w, struct node *node, const char *name, size_t size)
{
	if (node && !(node->name = strndup(name, size))) {
		ms_fail(w->map->ctx, MS_NO_MEMORY, "out of memory");
		return NULL;
	}
	return node;
}

/* A whole number with all of C's prefixes, or a number with a point or an exponent.  */
static struct node *parse_number(struct ms_where *w)
{
	struct node *node = new_node(w, LITERAL, NULL, NULL);
	size_t size = strspn(w->at, "0123456789abcdefABCDEFxX");
	bool real = strncmp(w->at, "0x", 2) && strncmp(w->at, "0X", 2) &&
		    (w->at[size] == '.' || memchr(w->at, 'e', size) || memchr(w->at, 'E', size));
	char *end = NULL;

	if (!node)
		return NULL;
	errno = 0;
	if (real) {
		locale_t c = newlocale(LC_ALL_MASK, "C", NULL), before = c ? uselocale(c) : NULL;
		node->literal.kind = MS_TERM_REAL;
		node->literal.real = strtold(w->at, &end);
		if (before)
			uselocale(before);
		if (c)
			freelocale(c);
	} else {
		node->literal.kind = MS_TERM_NUMBER;
		node->literal.number = (ms_int128)strtoull(w->at, &end, 0);
	}
	if (errno || end == w->at || ident_size(end))
		return fail_near(w, "expected a number of at most 64 bits");
	w->at = end;
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

static struct node *parse_text(struct ms_where *w)
{
	struct node *node = named(w, new_node(w, LITERAL, NULL, NULL), w->at + 1, strlen(w->at + 1));
	const char *p = w->at + 1;
	uint64_t length = 0;

	if (!node)
		return NULL;
	while (*p && *p != '"') {
		if (!literal_byte(&p, (uint8_t *)&node->name[length]))
			return fail_near(w, "expected a text with no escapes but \\n \\t \\r \\0 \\\\ \\\" \\xHH");
		length++;
	}
	if (!*p)
		return fail_near(w, "expected a text that ends in \"");
	node->literal = (struct ms_term){ .kind = MS_TERM_TEXT, .text = (uint8_t *)node->name, .length = length };
	w->at = p + 1;
	return node;
}

static struct node *parse_character(struct ms_where *w)
{
	struct node *node = new_node(w, LITERAL, NULL, NULL);
	const char *p = w->at + 1;
	uint8_t byte = 0;

	if (!node)
		return NULL;
	if (!*p || *p == '\'' || !literal_byte(&p, &byte) || *p != '\'')
		return fail_near(w, "expected one character in '");
	node->literal = (struct ms_term){ .kind = MS_TERM_NUMBER, .number = byte };
	w->at = p + 1;
	return node;
}

static struct node *parse_word(struct ms_where *w)
{
	const char *at = w->at;
	size_t size = ident_size(at);
	struct node *node;

	w->at += size;
	if (is_word(at, size, "key"))
		return new_node(w, KEY, NULL, NULL);
	if (is_word(at, size, "elem"))
		return new_node(w, ELEM, NULL, NULL);
	if (is_word(at, size, "len") && accept(w, "(")) {
		node = parse_or(w);
		if (node && !accept(w, ")"))
			return fail_near(w, "expected )");
		return node ? new_node(w, LEN, node, NULL) : NULL;
	}
	node = named(w, new_node(w, LITERAL, NULL, NULL), at, size);
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

static struct node *parse_primary(struct ms_where *w)
{
	struct node *node;

	skip_spaces(w);
	if (accept(w, "(")) {
		node = parse_or(w);
		return node && !accept(w, ")") ? fail_near(w, "expected )") : node;
	}
	if (*w->at >= '0' && *w->at <= '9')
		return parse_number(w);
	if (*w->at == '"')
		return parse_text(w);
	if (*w->at == '\'')
		return parse_character(w);
	if (ident_size(w->at))
		return parse_word(w);
	return fail_near(w, "expected key, elem, a number, a text or a parenthesis");
}

static struct node *parse_path(struct ms_where *w)
{
	struct node *node = parse_primary(w);

	while (node) {
		bool arrow = accept(w, "->");
		if (arrow || accept(w, ".")) {
			skip_spaces(w);
			size_t size = ident_size(w->at);
			if (!size)
				return fail_near(w, "expected the name of a member");
			node = named(w, new_node(w, arrow ? ARROW : MEMBER, node, NULL), w->at, size);
			w->at += size;
		} else if (accept(w, "[")) {
			struct node *index = parse_or(w);
			if (index && !accept(w, "]"))
				return fail_near(w, "expected ]");
			node = index ? new_node(w, INDEX, node, index) : NULL;
		} else {
			break;
		}
	}
	return node;
}

static struct node *parse_unary(struct ms_where *w)
{
	struct node *node, *zero;

	skip_spaces(w);
	if (++w->depth > NEST_MOST)
		return fail_near(w, "expected at most 100 operators within each other");
	if (*w->at == '!' && w->at[1] != '=') {
		w->at++;
		node = parse_unary(w);
		node = node ? new_node(w, NOT, node, NULL) : NULL;
	} else if (accept(w, "*")) {
		node = parse_unary(w);
		node = node ? new_node(w, FOLLOW, node, NULL) : NULL;
	} else if (accept(w, "-")) {
		node = parse_unary(w);
		zero = node ? new_node(w, LITERAL, NULL, NULL) : NULL;
		node = zero ? new_node(w, COMPUTE, zero, node) : NULL;
		if (node)
			node->operator= '-';
	} else {
		node = parse_path(w);
	}
	w->depth--;
	return node;
}

/* A chain of the one-byte OPERATORS between operands that BELOW reads.  */
static struct node *parse_chain(struct ms_where *w, const char *operators, struct node *(*below)(struct ms_where *))
{
	struct node *node = below(w);

	for (skip_spaces(w); node && *w->at && strchr(operators, *w->at) && w->at[1] != *w->at; skip_spaces(w)) {
		char operator= * w->at++;
		struct node *right = below(w);
		node = right ? new_node(w, COMPUTE, node, right) : NULL;
		if (node)
			node->operator= operator;
	}
	return node;
}

static struct node *parse_product(struct ms_where *w)
{
	return parse_chain(w, "*/%", parse_unary);
}

static struct node *parse_sum(struct ms_where *w)
{
	return parse_chain(w, "+-", parse_product);
}

/* Closer than a comparison, as everywhere but in C.  */
static struct node *parse_bits(struct ms_where *w)
{
	return parse_chain(w, "&|^", parse_sum);
}

static struct node *parse_comparison(struct ms_where *w)
{
	static const struct {
		const char *sign;
		enum ms_compare how;
	} signs[] = { { "==", MS_EQUAL }, { "!=", MS_UNEQUAL }, { "<=", MS_AT_MOST }, { ">=", MS_AT_LEAST },
		      { "<", MS_LESS },	  { ">", MS_MORE },	{ "~", MS_CONTAINS } };
	struct node *left = parse_bits(w);

	for (size_t i = 0; left && i < sizeof signs / sizeof *signs; i++) {
		if (!accept(w, signs[i].sign))
			continue;
		struct node *right = parse_bits(w);
		struct node *node = right ? new_node(w, COMPARE, left, right) : NULL;
		if (node)
			node->comparison = signs[i].how;
		return node;
	}
	return left;
}

static struct node *parse_and(struct ms_where *w)
{
	struct node *node = parse_comparison(w);

	while (node && accept(w, "&&")) {
		struct node *right = parse_comparison(w);
		node = right ? new_node(w, AND, node, right) : NULL;
	}
	return node;
}

static struct node *parse_or(struct ms_where *w)
{
	struct node *node = ++w->depth > NEST_MOST ? fail_near(w, "expected at most 100 parentheses within each other")
						   : parse_and(w);

	while (node && accept(w, "||")) {
		struct node *right = parse_and(w);
		node = right ? new_node(w, OR, node, right) : NULL;
	}
	w->depth--;
	return node;
}

/* ---- What it says of an entry ---- */

/* Each of these: MS_OK; MS_NOT_FOUND: a pointer on the way is nil; MS_FAULT; or what ends the command.  */
static int32_t evaluate(struct ms_where *w, const struct node *node, struct ms_term *out);

/* What has parts: an interface gives way to what it holds, and a pointer that is nil has nothing behind it.  */
static int32_t open_place(struct ms_where *w, struct ms_place *place)
{
	const struct ms_node *type = ms_place_type(&w->places, place);
	bool interface = type && w->map->shape->language == MS_GO && ms_is_go_interface(type);
	struct ms_term term;

	if (!type || (type->kind != MS_POINTER && !interface))
		return MS_OK;
	int32_t status = ms_term_load(&w->places, place, w->map->shape->language, &term);
	if (status < 0)
		return status;
	if (interface) {
		w->through_interface = true;
		if (term.kind == MS_TERM_NIL || !term.node || term.node == type)
			return MS_NOT_FOUND;
		*place = term.place;
	}
	return term.kind == MS_TERM_NUMBER && term.node->kind == MS_POINTER && !term.number ? MS_NOT_FOUND : MS_OK;
}

static int32_t place_of(struct ms_where *w, const struct node *node, struct ms_place *out);

static int32_t index_place(struct ms_where *w, const struct node *node, struct ms_place *out)
{
	struct ms_term index;
	struct ms_place number;
	int32_t status = ms_place_takes_index(&w->places, out);

	if (status == MS_OK)
		status = evaluate(w, node->b, &index);
	if (status < 0)
		return status;
	if (index.kind != MS_TERM_NUMBER || index.number != (ms_int128)(int64_t)index.number)
		return ms_fail(w->map->ctx, MS_USAGE, "--where: an index must be an integer");
	status = ms_place_number(&w->places, (uint64_t)(int64_t)index.number, &number);
	if (status == MS_OK)
		status = ms_place_element(&w->places, out, &number);
	return status == MS_REFUSED ? MS_NOT_FOUND : status; /* there is no such element in this entry */
}

static int32_t place_of(struct ms_where *w, const struct node *node, struct ms_place *out)
{
	const struct ms_map *map = w->map;
	bool is_key = node->kind == KEY;
	int32_t status;

	if (is_key || node->kind == ELEM) {
		*out = (struct ms_place){ .node = is_key ? map->key : map->elem,
					  .bytes = is_key ? w->entry->key : w->entry->elem,
					  .byte_count = is_key ? map->key_size : map->elem_size };
		if (!out->node)
			return ms_fail(map->ctx, MS_USAGE, "--where: the type of %ss is not known here",
				       is_key ? "key" : "elem");
		return (is_key ? w->entry->key_address : w->entry->elem_address) ? MS_OK : MS_FAULT;
	}
	if (node->kind != MEMBER && node->kind != ARROW && node->kind != INDEX && node->kind != FOLLOW)
		return ms_fail(map->ctx, MS_USAGE, "--where: only key, elem and what they hold have parts");
	status = place_of(w, node->a, out);
	if (status == MS_OK)
		status = open_place(w, out);
	if (status < 0)
		return status;
	if (node->kind == INDEX)
		status = index_place(w, node, out);
	else if (node->kind == FOLLOW)
		status = ms_place_follow(&w->places, out);
	else
		status = ms_place_member(&w->places, out, node->name, node->kind == ARROW);
	/* Another entry's interface may hold a type that has such a part.  */
	return status == MS_REFUSED && w->through_interface ? MS_NOT_FOUND : status;
}

static int32_t truth_of(struct ms_where *w, const struct node *node, bool *out)
{
	struct ms_term term;
	int32_t status = evaluate(w, node, &term);

	return status < 0 ? status : ms_term_truth(w->map->ctx, &term, out);
}

static bool unknown(int32_t status)
{
	return status == MS_NOT_FOUND || status == MS_FAULT;
}

/* Unknown on one side decides nothing where the other side does.  */
static int32_t join(struct ms_where *w, const struct node *node, bool *out)
{
	bool decides = node->kind == OR, left = false, right = false;
	int32_t status = truth_of(w, node->a, &left);

	if ((status < 0 && !unknown(status)) || (status == MS_OK && left == decides && !w->checking)) {
		*out = left;
		return status;
	}
	int32_t other = truth_of(w, node->b, &right);
	if (other == MS_OK && (right == decides || status == MS_OK)) {
		*out = status == MS_OK && left == decides ? left : right;
		return MS_OK;
	}
	return other < 0 ? other : status;
}

static struct ms_term number_term(ms_int128 number)
{
	return (struct ms_term){ .kind = MS_TERM_NUMBER, .number = number };
}

static int32_t evaluate(struct ms_where *w, const struct node *node, struct ms_term *out)
{
	struct ms_term a, b;
	struct ms_place place;
	bool yes = false;
	int32_t status;

	switch (node->kind) {
	case LITERAL:
		*out = node->literal;
		return MS_OK;
	case NOT:
		status = truth_of(w, node->a, &yes);
		*out = number_term(!yes);
		return status;
	case AND:
	case OR:
		status = join(w, node, &yes);
		*out = number_term(yes);
		return status;
	case LEN:
		status = evaluate(w, node->a, &a);
		return status < 0 ? status : ms_term_length(&w->places, &a, out);
	case COMPARE:
	case COMPUTE:
		status = evaluate(w, node->a, &a);
		if (status == MS_OK)
			status = evaluate(w, node->b, &b);
		if (status < 0)
			return status;
		if (node->kind == COMPUTE)
			return ms_term_compute(w->map->ctx, node->operator, & a, &b, out);
		status = ms_term_compare(&w->places, node->comparison, &a, &b, &yes);
		*out = number_term(yes);
		return status;
	default:
		w->through_interface = false;
		status = place_of(w, node, &place);
		return status < 0 ? status : ms_term_load(&w->places, &place, w->map->shape->language, out);
	}
}

static int32_t judge(struct ms_where *w, const struct ms_entry *entry, bool *out)
{
	w->entry = entry;
	w->places = (struct ms_places){ .ctx = w->map->ctx };
	*out = false;
	int32_t status = truth_of(w, w->root, out);
	ms_path_fini(&(struct ms_path){ .held = w->places.held });
	return status;
}

int32_t ms_where_holds(struct ms_where *where, const struct ms_entry *entry, bool *out)
{
	int32_t status = judge(where, entry, out);

	if (!unknown(status))
		return status == MS_REFUSED || status == MS_USAGE ? MS_BAD_TYPE : status;
	*out = false;
	where->unknown++;
	if (status == MS_FAULT && !where->lost++)
		ms_buf_str(&where->why, ms_error(where->map->ctx));
	return where->why.failed ? MS_NO_MEMORY : MS_OK;
}

/* Types are checked with an entry of zeros, so that what does not fit is said of an empty map as well.  */
static int32_t check(struct ms_where *w)
{
	uint64_t size = w->map->key_size + w->map->elem_size;
	uint8_t *zeros = size <= 2 * RECORD_MOST ? calloc(1, size + 1) : NULL;
	struct ms_entry entry = { zeros, zeros, 1, 1 };
	bool holds;

	if (!zeros)
		return ms_fail(w->map->ctx, MS_NO_MEMORY, "out of memory");
	w->checking = true;
	int32_t status = judge(w, &entry, &holds);
	w->checking = false;
	free(zeros);
	if (status == MS_REFUSED) {
		struct ms_buf why = { 0 };
		ms_buf_str(&why, ms_error(w->map->ctx));
		ms_fail(w->map->ctx, MS_USAGE, "--where: %s", ms_buf_text(&why));
		ms_buf_fini(&why);
		return MS_USAGE;
	}
	return unknown(status) ? MS_OK : status;
}

int32_t ms_where_new(struct ms_map *map, const char *cond, struct ms_where **out)
{
	struct ms_where *w = calloc(1, sizeof *w);

	if (!w)
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory");
	*out = w;
	w->map = map;
	w->at = cond;
	if (strlen(cond) > LENGTH_MOST)
		return ms_fail(map->ctx, MS_USAGE, "--where takes a condition of at most %d bytes", LENGTH_MOST);
	ms_buf_clear(&map->ctx->error);
	w->root = parse_or(w);
	if (w->root) {
		skip_spaces(w);
		if (*w->at)
			w->root = fail_near(w, "expected an operator or the end");
	}
	if (!w->root)
		return map->ctx->short_of_memory ? MS_NO_MEMORY : MS_USAGE;
	return check(w);
}

void ms_where_free(struct ms_where *where)
{
	if (!where)
		return;
	for (struct node *node = where->all, *next; node; node = next) {
		next = node->next;
		free(node->name);
		free(node);
	}
	ms_buf_fini(&where->why);
	free(where);
}

void ms_where_note(const struct ms_where *where, struct ms_notes *notes)
{
	if (where->lost)
		ms_note(notes, true, "--where: %llu entries are not shown, for what it asks cannot be read: %s",
			(unsigned long long)where->lost, ms_buf_text(&where->why));
	if (where->unknown > where->lost)
		ms_note(notes, false,
			"--where: %llu entries are not shown, for it has no answer there (a nil pointer, no such "
			"element, another dynamic type, a division by zero, more than 127 bits)",
			(unsigned long long)(where->unknown - where->lost));
}
