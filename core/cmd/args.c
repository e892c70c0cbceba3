/* Splitting a command line into words, options and an expression. Knows no command.  */
#include "cmd/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct option {
	const char *name;
	enum ms_option bit;
	enum { FLAG, NUMBER, WORD } takes;
	const char *example; /* of what it takes */
} options[] = {
	{ "--json", MS_OPT_JSON, FLAG, NULL },
	{ "--limit", MS_OPT_LIMIT, NUMBER, "a number of rows (0: no limit)" },
	{ "--offset", MS_OPT_OFFSET, NUMBER, "a number of rows to skip" },
	{ "--from", MS_OPT_FROM, WORD, "the next-page hint of an earlier answer" },
	{ "-o", MS_OPT_OUTPUT, WORD, "a file name" },
	{ "--addr", MS_OPT_ADDR, FLAG, NULL },
	{ "--type", MS_OPT_TYPE, WORD, "a type, in parentheses if it holds spaces" },
	{ "--bucket", MS_OPT_BUCKET, NUMBER, "the number of a bucket" },
	{ "--old", MS_OPT_OLD, FLAG, NULL },
	{ "--new", MS_OPT_NEW, FLAG, NULL },
	{ "--sort", MS_OPT_SORT, WORD, "the word key" },
	{ "--expr", MS_OPT_EXPR, FLAG, NULL },
	{ "--where", MS_OPT_WHERE, WORD, "a condition, in parentheses if it holds spaces" },
	{ "--slot", MS_OPT_SLOT, NUMBER, "the number of a slot" },
	{ "--field", MS_OPT_FIELD, WORD, "a member of the map's header" },
	{ "--for", MS_OPT_FOR, NUMBER, "a number of events" },
	{ "--summary", MS_OPT_SUMMARY, WORD, "the file of an earlier trace" },
};

enum { OPTIONS = sizeof options / sizeof *options, NEST_MOST = 256 };

const char *const ms_expr_missing[1] = { "an EXPR that names a map is missing: a variable, a member, a dereference" };

const char *ms_args_option(uint32_t allowed, const char *prefix, uint32_t n)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (allowed & options[i].bit && !strncmp(options[i].name, prefix, strlen(prefix)) && n-- == 0)
			return options[i].name;
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static char closing(char open)
{
	return open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : 0;
}

/* Behind a quoted text that begins at P; NULL if it never ends. C's escapes hold in it.  */
static const char *skip_quoted(const char *p)
{
	char quote = *p++;

	for (; *p && *p != quote; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : NULL;
}

/* Behind the word at P: up to a space outside brackets and quotes. NULL: *OPEN_OUT is never closed.  */
static const char *skip_word(const char *p, char *open_out)
{
	char stack[NEST_MOST];
	size_t depth = 0;

	while (*p && (depth || !is_space(*p))) {
		*open_out = depth ? stack[depth - 1] : 0;
		if (*p == '"' || *p == '\'' || *p == '`') {
			*open_out = *p;
			p = skip_quoted(p);
			if (!p)
				return NULL;
			continue;
		}
		if (closing(*p)) {
			if (depth == NEST_MOST)
				return NULL;
			stack[depth++] = *p;
		} else if (depth && *p == closing(stack[depth - 1])) {
			depth--;
		}
		p++;
	}
	*open_out = depth ? stack[depth - 1] : 0;
	return depth ? NULL : p;
}

static char *copy(const char *text, size_t size)
{
	char *out = malloc(size + 1);

	if (out) {
		memcpy(out, text, size);
		out[size] = 0;
	}
	return out;
}

/* Without the quotes or the parentheses around the whole of it.  */
static char *copy_unwrapped(const char *text, size_t size)
{
	bool quoted = size >= 2 && (*text == '"' || *text == '\'') && skip_quoted(text) == text + size;
	bool wrapped = size >= 2 && *text == '(';

	if (wrapped) { /* not "(a)*(b)" */
		int depth = 0;
		for (size_t i = 0; i + 1 < size && wrapped; i++) {
			depth += text[i] == '(';
			depth -= text[i] == ')';
			wrapped = depth > 0;
		}
	}
	return quoted || wrapped ? copy(text + 1, size - 2) : copy(text, size);
}

const char *ms_args_assigns(const char *expr)
{
	for (const char *p = expr; *p; p++) {
		if (*p == '"' || *p == '\'' || *p == '`') {
			p = skip_quoted(p);
			if (!p)
				return NULL;
			p--;
			continue;
		}
		if ((*p == '+' || *p == '-') && p[1] == *p)
			return *p == '+' ? "++" : "--";
		if (*p != '=')
			continue;
		if (p[1] == '=') { /* a comparison */
			p++;
			continue;
		}
		char before = p > expr ? p[-1] : 0;
		bool shift = (before == '<' || before == '>') && p - expr > 1 && p[-2] == before;
		if (!shift && before && strchr("<>!", before))
			continue;
		return "=";
	}
	return NULL;
}

/* ---- Words to options ---- */

static int32_t usage(struct ms_context *ctx, const char *before, const char *word, size_t size, const char *after)
{
	struct ms_buf shown = { 0 };

	ms_buf_escaped(&shown, word, size < 200 ? size : 200, 0);
	ms_fail(ctx, MS_USAGE, "%s\"%s\"%s", before, ms_buf_text(&shown), after);
	ms_buf_fini(&shown);
	return MS_USAGE;
}

static int32_t never_closed(struct ms_context *ctx, char open, const char *word)
{
	return ms_fail(ctx, MS_USAGE, "%c is never closed: %.100s", open, ms_escape(ctx, word, strlen(word)));
}

static const struct option *find_option(const char *word, size_t size)
{
	const char *equals = memchr(word, '=', size);
	size_t name = equals ? (size_t)(equals - word) : size;

	for (size_t i = 0; i < OPTIONS; i++)
		if (strlen(options[i].name) == name && !memcmp(options[i].name, word, name))
			return &options[i];
	return NULL;
}

static char **word_place(struct ms_args *args, enum ms_option bit)
{
	switch (bit) {
	case MS_OPT_FROM:
		return &args->from;
	case MS_OPT_OUTPUT:
		return &args->output;
	case MS_OPT_TYPE:
		return &args->type;
	case MS_OPT_WHERE:
		return &args->where;
	case MS_OPT_SUMMARY:
		return &args->summary;
	case MS_OPT_FIELD:
		return &args->field;
	default:
		return &args->sort;
	}
}

static int32_t take_number(struct ms_context *ctx, const struct option *option, struct ms_args *args, const char *word,
			   size_t size)
{
	uint64_t *place = option->bit == MS_OPT_LIMIT	 ? &args->limit
			  : option->bit == MS_OPT_OFFSET ? &args->offset
			  : option->bit == MS_OPT_FOR	 ? &args->events
			  : option->bit == MS_OPT_SLOT	 ? &args->slot
							 : &args->bucket;
	char digits[24] = "", *end = digits;

	if (size < sizeof digits)
		memcpy(digits, word, size);
	errno = 0;
	if (*digits >= '0' && *digits <= '9')
		*place = strtoull(digits, &end, digits[1] == 'x' ? 16 : 10);
	if (end == digits || *end || errno) {
		struct ms_buf before = { 0 };
		ms_buf_printf(&before, "%s takes %s, found ", option->name, option->example);
		usage(ctx, ms_buf_text(&before), word, size, "");
		ms_buf_fini(&before);
		return MS_USAGE;
	}
	return MS_OK;
}

static int32_t take_value(struct ms_context *ctx, const struct option *option, struct ms_args *args, const char *word,
			  size_t size)
{
	if (option->takes == NUMBER)
		return take_number(ctx, option, args, word, size);
	char **place = word_place(args, option->bit);
	free(*place);
	*place = copy_unwrapped(word, size);
	if (!*place)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory");
	if (!**place)
		return ms_fail(ctx, MS_USAGE, "%s takes %s, found nothing", option->name, option->example);
	if (option->bit == MS_OPT_SORT && strcmp(*place, "key"))
		return usage(ctx, "--sort takes the word key, found ", word, size, "");
	return MS_OK;
}

static int32_t unknown_option(struct ms_context *ctx, uint32_t allowed, const char *word, size_t size)
{
	struct ms_buf known = { 0 };
	const char *name;

	ms_buf_str(&known, " is no option of this command; it has");
	for (uint32_t n = 0; (name = ms_args_option(allowed, "", n)); n++)
		ms_buf_printf(&known, " %s", name);
	ms_buf_str(&known, " (-- ends the options)");
	usage(ctx, "", word, size, ms_buf_text(&known));
	ms_buf_fini(&known);
	return MS_USAGE;
}

static int32_t take_word(struct ms_context *ctx, const struct ms_grammar *grammar, struct ms_args *args,
			 const char *word, size_t size)
{
	if (args->word_count == grammar->most) {
		struct ms_buf before = { 0 };
		ms_buf_printf(&before, "%s is taken; what to do with ", grammar->most ? grammar->words : "no EXPR");
		usage(ctx, ms_buf_text(&before), word, size,
		      grammar->most ? "? An EXPR with spaces stands in parentheses" : "?");
		ms_buf_fini(&before);
		return MS_USAGE;
	}
	if (!args->words)
		args->words = calloc(grammar->most, sizeof *args->words);
	char *kept = args->words ? copy(word, size) : NULL;
	if (!kept)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory");
	args->words[args->word_count++] = kept;
	args->expr = args->words[0];
	return MS_OK;
}

/* Where words come from: a line that is still to be split, or a list of them.  */
struct source {
	struct ms_context *ctx;
	const char *line;	  /* the rest of it; NULL: there is a list */
	const char *const *words; /* the next one; NULL behind the last */
};

/* MS_OK, MS_NOT_FOUND behind the last word, or MS_USAGE.  */
static int32_t next_word(struct source *source, const char **word, size_t *size)
{
	char open = 0;

	if (!source->line) {
		*word = *source->words;
		if (!*word)
			return MS_NOT_FOUND;
		*size = strlen(*word);
		source->words++;
		return MS_OK;
	}
	while (is_space(*source->line))
		source->line++;
	if (!*source->line)
		return MS_NOT_FOUND;
	*word = source->line;
	const char *end = skip_word(*word, &open);
	if (!end)
		return never_closed(source->ctx, open, *word);
	source->line = end;
	*size = (size_t)(end - *word);
	return MS_OK;
}

/* The option WORD, and the word behind it where it takes one.  */
static int32_t take_option(struct source *source, uint32_t allowed, struct ms_args *args, const char *word, size_t size)
{
	struct ms_context *ctx = source->ctx;
	const struct option *option = find_option(word, size);
	const char *equals = memchr(word, '=', size);

	if (!option || !(allowed & option->bit))
		return unknown_option(ctx, allowed, word, equals ? (size_t)(equals - word) : size);
	args->given |= option->bit;
	if (option->takes == FLAG)
		return equals ? usage(ctx, "", word, size, " takes nothing behind =") : MS_OK;
	if (equals)
		return take_value(ctx, option, args, equals + 1, size - (size_t)(equals + 1 - word));
	int32_t status = next_word(source, &word, &size);
	if (status == MS_NOT_FOUND)
		return ms_fail(ctx, MS_USAGE, "%s takes %s, found nothing", option->name, option->example);
	return status == MS_OK ? take_value(ctx, option, args, word, size) : status;
}

/* Behind "if" the rest of the line is the condition, in the debugger's language. WORD is "if", or begins with "if(".  */
static int32_t take_condition(struct source *source, struct ms_args *args, const char *word)
{
	const char *rest = source->line || word[2] ? word + 2 : *source->words ? *source->words : "";
	size_t size;

	rest += strspn(rest, " \t\n");
	size = strlen(rest);
	while (size && is_space(rest[size - 1]))
		size--;
	if (!size)
		return ms_fail(source->ctx, MS_USAGE, "a condition is missing behind if");
	args->condition = copy(rest, size);
	return args->condition ? MS_NOT_FOUND : ms_fail(source->ctx, MS_NO_MEMORY, "out of memory");
}

/* An empty word is none.  */
static int32_t check_words(struct ms_context *ctx, const struct ms_grammar *grammar, const struct ms_args *args)
{
	for (uint32_t i = 0; i < grammar->least; i++)
		if (i >= args->word_count || !*args->words[i])
			return ms_fail(ctx, MS_USAGE, "%s", grammar->missing[i]);
	return MS_OK;
}

static int32_t parse(struct source *source, const struct ms_grammar *grammar, struct ms_args *out)
{
	bool options_end = false;
	const char *word;
	size_t size;
	int32_t status;

	*out = (struct ms_args){ 0 };
	while ((status = next_word(source, &word, &size)) == MS_OK) {
		bool option = !options_end && size > 1 && *word == '-' &&
			      (word[1] == '-' || (word[1] >= 'a' && word[1] <= 'z' && size == 2));
		if (option && size == 2 && word[1] == '-')
			options_end = true;
		else if (option)
			status = take_option(source, grammar->options, out, word, size);
		else if (grammar->condition && !strncmp(word, "if", 2) && (size == 2 || word[2] == '('))
			status = take_condition(source, out, word);
		else
			status = take_word(source->ctx, grammar, out, word, size);
		if (status == MS_NOT_FOUND)
			break;
		if (status < 0)
			return status;
	}
	return status == MS_NOT_FOUND ? check_words(source->ctx, grammar, out) : status;
}

int32_t ms_args_parse(struct ms_context *ctx, const char *line, const struct ms_grammar *grammar, struct ms_args *out)
{
	return parse(&(struct source){ .ctx = ctx, .line = line }, grammar, out);
}

int32_t ms_args_parse_words(struct ms_context *ctx, const char *const *words, const struct ms_grammar *grammar,
			    struct ms_args *out)
{
	return parse(&(struct source){ .ctx = ctx, .words = words }, grammar, out);
}

void ms_args_fini(struct ms_args *args)
{
	for (uint32_t i = 0; i < args->word_count; i++)
		free(args->words[i]);
	free(args->words);
	free(args->from);
	free(args->output);
	free(args->type);
	free(args->sort);
	free(args->where);
	free(args->summary);
	free(args->field);
	free(args->condition);
	*args = (struct ms_args){ 0 };
}
