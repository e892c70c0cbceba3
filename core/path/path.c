/* The grammar of paths: words, operators and what is wrong with them. Names are asked of the caller; what a step means is
   place.c's.  */
#include "path/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path/place.h"

enum { LENGTH_MOST = 4096, NEST_MOST = 100, JOIN_MOST = 16 }; /* bytes of a path; operators within; dots in a package */

struct path_parser {
	struct ms_places places;
	const char *at; /* in the text of the path */
	int depth;
};

static int32_t parse_operand(struct path_parser *p, struct ms_place *out);

/* ---- Characters ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static size_t ident_size(const char *text)
{
	size_t size = 0;

	while (is_letter(text[size]) || (size && is_digit(text[size])))
		size++;
	return size;
}

static const char *skip_spaces(const char *at)
{
	return at + strspn(at, " \t\n");
}

/* The closing quote of the text that begins at P; NULL: there is none.  */
static const char *end_of_quoted(const char *p)
{
	return strchr(p + 1, *p);
}

/* ---- What is wrong ---- */

static int32_t refuse(struct path_parser *p, const char *before, const char *what, size_t size, const char *after)
{
	struct ms_buf shown = { 0 };

	ms_buf_escaped(&shown, what, size < 500 ? size : 500, 0);
	ms_fail(p->places.ctx, MS_REFUSED, "%s%s%s", before, ms_buf_text(&shown), after);
	ms_buf_fini(&shown);
	return MS_REFUSED;
}

static int32_t syntax_error(struct path_parser *p, const char *at)
{
	return refuse(p, "A syntax error in expression, near `", at, strlen(at), "'.");
}

static int32_t no_symbol(struct path_parser *p, const char *name, size_t size)
{
	return refuse(p, "No symbol \"", name, size, "\" in current context.");
}

static int32_t no_part(struct path_parser *p, const char *at, size_t size)
{
	bool evaluates = p->places.ctx->types.evaluate;

	return refuse(p, "\"", at, size,
		      evaluates ? "\" is no part of a path (names, ., ->, [n], *, &, casts): --expr has the debugger "
				  "evaluate it"
				: "\" is no part of a path (names, ., ->, [n], *, &, casts)");
}

/* Bytes of the operator at AT that only a full expression has, longest first; 0: none.  */
static size_t operator_size(const char *at)
{
	static const char *const operators[] = { "<<", ">>", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "::" };

	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (!strncmp(at, operators[i], 2))
			return 2;
	return *at && strchr("+-*/%<>=|^&?:,@~!({\"`", *at) ? 1 : 0;
}

/* What stands at AT does not go on with the path that ends there.  */
static int32_t unexpected(struct path_parser *p, const char *at)
{
	if (operator_size(at))
		return no_part(p, at, operator_size(at));
	if (*at && (strchr("#;\\", *at) || (unsigned char)*at < ' ' || *at == 0x7f))
		return refuse(p, "Invalid character '", at, 1, "' in expression.");
	return syntax_error(p, at);
}

/* What stands at AT begins no path.  */
static int32_t no_operand(struct path_parser *p, const char *at)
{
	size_t size = operator_size(at);

	if (size == 1 && strchr("+-~!\"`{", *at))
		return no_part(p, at, size);
	return size ? syntax_error(p, at) : unexpected(p, at);
}

/* ---- Names ---- */

/* Adds the name at *AT to NAME: idents, joined by :: and, where a letter follows, by / (a Go package), or quoted texts.  */
static int32_t read_name(struct path_parser *p, struct ms_buf *name)
{
	for (;;) {
		if (*p->at == '\'') {
			const char *end = end_of_quoted(p->at);
			if (!end)
				return refuse(p, "Unmatched single quote.", "", 0, "");
			ms_buf_add(name, p->at + 1, (size_t)(end - p->at) - 1);
			p->at = end + 1;
		} else {
			ms_buf_add(name, p->at, ident_size(p->at));
			p->at += ident_size(p->at);
		}
		if (p->at[0] == '/' && is_letter(p->at[1])) {
			ms_buf_char(name, *p->at++);
		} else if (p->at[0] == ':' && p->at[1] == ':' && (is_letter(p->at[2]) || p->at[2] == '\'')) {
			ms_buf_str(name, "::");
			p->at += 2;
		} else {
			return name->failed ? ms_fail(p->places.ctx, MS_NO_MEMORY, "out of memory for a name") : MS_OK;
		}
	}
}

/* MS_NOT_FOUND leaves no error line.  */
static int32_t ask(struct path_parser *p, const char *name, struct ms_place *out)
{
	struct ms_context *ctx = p->places.ctx;
	struct ms_value value = { .size = sizeof value };
	int64_t answer = MS_UNANSWERED;

	ctx->types.variable(ctx->types.user, name, &value, &answer);
	int32_t status = answer == MS_REFUSED ? MS_NOT_FOUND : ms_told(ctx, answer);
	if (status == MS_OK)
		return ms_place_variable(&p->places, &value, out);
	if (status != MS_NOT_FOUND || answer == MS_NOT_FOUND)
		return status;
	const char *why = value.error ? value.error : "it has no value here";
	return refuse(p, "", why, strlen(why), "");
}

static bool is_function(struct path_parser *p, const struct ms_place *place)
{
	const struct ms_node *type = ms_place_type(&p->places, place);

	return type && type->kind == MS_FUNCTION;
}

/* Go puts a variable that a closure shares or that outlives its function on the heap; its debug information then calls the
   pointer to it "&name".  */
static int32_t ask_escaped(struct path_parser *p, const char *name, struct ms_place *out)
{
	struct ms_buf escaped = { 0 };

	ms_buf_printf(&escaped, "&%s", name);
	int32_t status = escaped.failed ? ms_fail(p->places.ctx, MS_NO_MEMORY, "out of memory for a name")
					: ask(p, ms_buf_text(&escaped), out);
	ms_buf_fini(&escaped);
	return status == MS_OK ? ms_place_follow(&p->places, out) : status;
}

/* NAME, or what it begins: a Go package's own variables are called "main.cache", its path "github.com/a/b.cache".  */
static int32_t find_variable(struct path_parser *p, struct ms_buf *name, struct ms_place *out)
{
	/* Only a file's name has a dot before "::", whatever else its first part may be: table.c::cache.  */
	bool file = p->at[0] == '.' && is_letter(p->at[1]) && !strncmp(p->at + 1 + ident_size(p->at + 1), "::", 2);
	int32_t status = file ? MS_NOT_FOUND : ask(p, ms_buf_text(name), out);

	for (int dots = 0; dots < JOIN_MOST && p->at[0] == '.' && is_letter(p->at[1]); dots++) {
		if (status != MS_NOT_FOUND && !(status == MS_OK && is_function(p, out)))
			return status;
		ms_buf_char(name, *p->at++);
		int32_t read = read_name(p, name);
		status = read < 0 ? read : ask(p, ms_buf_text(name), out);
	}
	return status;
}

/* NAME on Go's heap, or a member of the object whose method the frame is in.  */
static int32_t find_elsewhere(struct path_parser *p, const char *name, struct ms_place *out)
{
	int32_t status = ask_escaped(p, name, out);

	if (status != MS_NOT_FOUND || ask(p, "this", out) != MS_OK)
		return status;
	status = ms_place_member(&p->places, out, name, true);
	return status == MS_OK || status == MS_FAULT ? status : MS_NOT_FOUND;
}

static int32_t parse_name(struct path_parser *p, struct ms_place *out)
{
	struct ms_buf name = { 0 };

	if (!strncmp(p->at, "::", 2)) {
		ms_buf_str(&name, "::");
		p->at += 2;
	}
	int32_t status = read_name(p, &name);
	const char *end = p->at;
	size_t size = name.size; /* without what find_variable adds */
	if (status == MS_OK)
		status = find_variable(p, &name, out);
	if (status == MS_NOT_FOUND) {
		char *first = strndup(ms_buf_text(&name), size);
		p->at = end;
		status = first ? find_elsewhere(p, first, out) : ms_fail(p->places.ctx, MS_NO_MEMORY, "out of memory");
		free(first);
	}
	if (ms_stopped(p->places.ctx) != MS_OK)
		status = ms_stopped(p->places.ctx);
	if (status == MS_NOT_FOUND && *skip_spaces(end) == '(') { /* functions are not asked for */
		status = unexpected(p, skip_spaces(end));
	} else if (status == MS_NOT_FOUND) {
		bool package = size == 4 && !memcmp(ms_buf_text(&name), "main", 4);
		status = no_symbol(p, ms_buf_text(&name), package ? name.size : size);
	}
	ms_buf_fini(&name);
	return status;
}

/* C's integers; a suffix says nothing here.  */
static int32_t parse_number(struct path_parser *p, struct ms_place *out, bool negative)
{
	const char *start = p->at;
	size_t size = 0;
	char *end;

	while (is_digit(start[size]) || is_letter(start[size]) || (start[size] == '.' && is_digit(start[size + 1])))
		size++;
	p->at += size;
	errno = 0;
	uint64_t number = strtoull(start, &end, 0);
	if (errno)
		return refuse(p, "Numeric constant too large.", "", 0, "");
	if (strspn(end, "uUlL") > 3 || end + strspn(end, "uUlL") != start + size)
		return refuse(p, "Invalid number \"", start, size, "\".");
	return ms_place_number(&p->places, negative ? 0 - number : number, out);
}

/* ---- Steps behind an operand ---- */

static int32_t parse_member(struct path_parser *p, const char *name, bool arrow, struct ms_place *place)
{
	size_t size = ident_size(name);

	if (!size) /* ".5" is a number to gdb */
		return !arrow && is_digit(*name) ? syntax_error(p, p->at) : unexpected(p, name);
	char *copy = strndup(name, size);
	p->at = name + size;
	int32_t status = copy ? ms_place_member(&p->places, place, copy, arrow)
			      : ms_fail(p->places.ctx, MS_NO_MEMORY, "out of memory");
	free(copy);
	return status;
}

static int32_t parse_index(struct path_parser *p, struct ms_place *place)
{
	struct ms_place index;
	int32_t status = ms_place_takes_index(&p->places, place);

	p->at++;
	if (status == MS_OK)
		status = parse_operand(p, &index);
	if (status < 0)
		return status;
	p->at = skip_spaces(p->at);
	if (*p->at != ']')
		return unexpected(p, p->at);
	p->at++;
	return ms_place_element(&p->places, place, &index);
}

static int32_t parse_steps(struct path_parser *p, struct ms_place *place)
{
	int32_t status = MS_OK;

	while (status == MS_OK) {
		p->at = skip_spaces(p->at);
		if (*p->at == '.')
			status = parse_member(p, skip_spaces(p->at + 1), false, place);
		else if (p->at[0] == '-' && p->at[1] == '>')
			status = parse_member(p, skip_spaces(p->at + 2), true, place);
		else if (*p->at == '[')
			status = parse_index(p, place);
		else
			break;
	}
	return status;
}

/* ---- Parentheses ---- */

/* The one that closes the parenthesis at OPEN; NULL: there is none.  */
static const char *closing(const char *open)
{
	int depth = 0;

	for (const char *at = open; at && *at; at++) {
		if (*at == '\'' || *at == '"' || *at == '`')
			at = end_of_quoted(at);
		else if (*at == '(')
			depth++;
		else if (*at == ')' && --depth == 0)
			return at;
		if (!at)
			break;
	}
	return NULL;
}

/* What may follow the parenthesis of a cast.  */
static bool begins_operand(const char *at)
{
	bool minus = *at == '-' && is_digit(*skip_spaces(at + 1)), scope = at[0] == ':' && at[1] == ':';

	return is_letter(*at) || is_digit(*at) || minus || scope || (*at && strchr("'(*", *at)) ||
	       (at[0] == '&' && at[1] != '&');
}

static int32_t parse_group(struct path_parser *p, struct ms_place *out)
{
	p->at++;
	int32_t status = parse_operand(p, out);
	if (status < 0)
		return status;
	p->at = skip_spaces(p->at);
	if (*p->at != ')')
		return unexpected(p, p->at);
	p->at++;
	return MS_OK;
}

/* The error line of a type that is not there, if NAME can be nothing else: MS_OK if it may be a value's.  */
static int32_t no_type(struct path_parser *p, const char *name)
{
	static const char *const tags[] = { "struct ", "union ", "enum ", "class " };
	struct ms_buf plain = { 0 };
	bool qualified = ms_types_plain(name, &plain);
	const char *text = ms_buf_text(&plain);
	int32_t status = MS_OK;

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		size_t tag = strlen(tags[i]);
		char before[32];
		if (strncmp(text, tags[i], tag) != 0)
			continue;
		snprintf(before, sizeof before, "No %stype named ", tags[i]);
		status = refuse(p, before, text + tag, strcspn(text + tag, " *[("), ".");
	}
	if (status == MS_OK && qualified)
		status = no_symbol(p, text, strcspn(text, " *[("));
	ms_buf_fini(&plain);
	return status;
}

/* A cast, or a path in parentheses, which takes steps.  */
static int32_t parse_parenthesis(struct path_parser *p, struct ms_place *out)
{
	struct ms_context *ctx = p->places.ctx;
	const char *end = closing(p->at), *after = end ? skip_spaces(end + 1) : NULL;

	if (!end || !begins_operand(after)) {
		int32_t status = parse_group(p, out);
		return status == MS_OK ? parse_steps(p, out) : status;
	}
	char *name = strndup(p->at + 1, (size_t)(end - p->at) - 1);
	if (!name)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory");
	const struct ms_node *type = ms_types_lookup(ctx, name);
	int32_t status = ms_stopped(ctx);
	if (status == MS_OK && type) {
		p->at = after;
		status = parse_operand(p, out);
		if (status == MS_OK)
			status = ms_place_cast(&p->places, out, type);
	} else if (status == MS_OK) {
		struct ms_place group;
		status = no_type(p, name);
		if (status == MS_OK)
			status = parse_group(p, &group);
		if (status == MS_OK)
			status = unexpected(p, after);
	}
	free(name);
	return status;
}

/* ---- Operands ---- */

static int32_t parse_minus(struct path_parser *p, struct ms_place *out)
{
	const char *digits = skip_spaces(p->at + 1);

	if (!is_digit(*digits))
		return no_operand(p, p->at);
	p->at = digits;
	return parse_number(p, out, true);
}

static int32_t parse_prefixed(struct path_parser *p, struct ms_place *out)
{
	char c = *p->at;
	int32_t status;

	if (c == '*' || (c == '&' && p->at[1] != '&')) {
		p->at++;
		status = parse_operand(p, out);
		if (status < 0)
			return status;
		return c == '*' ? ms_place_follow(&p->places, out) : ms_place_address(&p->places, out);
	}
	if (c == '(')
		return parse_parenthesis(p, out);
	if (is_digit(c))
		status = parse_number(p, out, false);
	else if (c == '-')
		status = parse_minus(p, out);
	else if (is_letter(c) || c == '\'' || (c == ':' && p->at[1] == ':' && is_letter(p->at[2])))
		status = parse_name(p, out);
	else
		status = no_operand(p, p->at);
	return status == MS_OK ? parse_steps(p, out) : status;
}

static int32_t parse_operand(struct path_parser *p, struct ms_place *out)
{
	p->at = skip_spaces(p->at);
	if (p->depth == NEST_MOST)
		return ms_fail(p->places.ctx, MS_REFUSED, "more than %d operators within each other", NEST_MOST);
	p->depth++;
	int32_t status = parse_prefixed(p, out);
	p->depth--;
	return status;
}

/* ---- The whole ---- */

static int32_t finish(struct path_parser *p, const struct ms_place *place, struct ms_value *out)
{
	if (*p->at == ')' || *p->at == ']')
		return refuse(p, "Junk after end of expression.", "", 0, "");
	if (*p->at)
		return unexpected(p, p->at);
	if (place->lies && !place->address)
		return ms_fail(p->places.ctx, MS_FAULT, "Cannot access memory at address 0x0");
	*out = (struct ms_value){ .size = sizeof *out,
				  .type = place->node ? place->node->type : 0,
				  .address = place->lies ? place->address : 0,
				  .bytes = place->bytes,
				  .byte_count = place->byte_count };
	return MS_OK;
}

int32_t ms_path_resolve(struct ms_context *ctx, const char *expr, struct ms_path *out)
{
	struct path_parser parser = { .places = { .ctx = ctx }, .at = expr };
	struct ms_place place = { 0 };

	*out = (struct ms_path){ 0 };
	if (strlen(expr) > LENGTH_MOST)
		return ms_fail(ctx, MS_REFUSED, "a path of more than %d characters", LENGTH_MOST);
	int32_t status = parse_operand(&parser, &place);
	parser.at = skip_spaces(parser.at);
	if (status == MS_OK)
		status = finish(&parser, &place, &out->value);
	out->held = parser.places.held;
	return status;
}

void ms_path_fini(struct ms_path *path)
{
	for (struct ms_held *held = path->held, *next; held; held = next) {
		next = held->next;
		free(held);
	}
	*path = (struct ms_path){ 0 };
}
