/* The grammar of command lines: the table that commands.md, section 3, asks for, and which expressions assign.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/args.h"
#include "fake_target.h"

enum { ALL = (1 << 15) - 1, NO_ROWS = MS_OPT_JSON | MS_OPT_OUTPUT | MS_OPT_TYPE | MS_OPT_EXPR };

static const struct ms_grammar all = { MS_ONE_EXPR, .options = ALL };

struct line {
	const char *line;
	uint32_t allowed;
	struct ms_args args; /* what it parses to */
	const char *error;   /* instead: the whole message */
};

#define ALL_OPTIONS                                                                                                    \
	"--json --limit --offset --from -o --addr --type --bucket --old --new --sort --expr --where --for --summary "  \
	"(-- ends "                                                                                                    \
	"the options)"

static const struct line table[] = {
	{ "m", ALL, { .expr = "m" }, NULL },
	{ "  m  ", ALL, { .expr = "m" }, NULL },
	{ "\tm\n", ALL, { .expr = "m" }, NULL },
	{ "m --json", ALL, { .expr = "m", .given = MS_OPT_JSON }, NULL },
	{ "--json m", ALL, { .expr = "m", .given = MS_OPT_JSON }, NULL },
	{ "--json --addr m --new --old",
	  ALL,
	  { .expr = "m", .given = MS_OPT_JSON | MS_OPT_ADDR | MS_OPT_NEW | MS_OPT_OLD },
	  NULL },
	{ "-- m", ALL, { .expr = "m" }, NULL },
	{ "--json -- --addr", ALL, { .expr = "--addr", .given = MS_OPT_JSON }, NULL },
	{ "m --", ALL, { .expr = "m" }, NULL },
	{ "--expr f()", ALL, { .expr = "f()", .given = MS_OPT_EXPR }, NULL },
	{ "f() --expr --json", ALL, { .expr = "f()", .given = MS_OPT_EXPR | MS_OPT_JSON }, NULL },
	{ "-- --expr", ALL, { .expr = "--expr" }, NULL },
	{ "-m", ALL, { 0 }, "\"-m\" is no option of this command; it has " ALL_OPTIONS },
	{ "-5", ALL, { .expr = "-5" }, NULL },
	{ "*p", ALL, { .expr = "*p" }, NULL },
	{ "&tables[3].m", ALL, { .expr = "&tables[3].m" }, NULL },
	{ "a->b.c[1]", ALL, { .expr = "a->b.c[1]" }, NULL },
	{ "m[ 1 ]", ALL, { .expr = "m[ 1 ]" }, NULL },
	{ "f( a, b ).m", ALL, { .expr = "f( a, b ).m" }, NULL },
	{ "((struct hmap *) p)", ALL, { .expr = "((struct hmap *) p)" }, NULL },
	{ "(a)*(b) --json", ALL, { .expr = "(a)*(b)", .given = MS_OPT_JSON }, NULL },
	{ "t[\"a b\"]", ALL, { .expr = "t[\"a b\"]" }, NULL },
	{ "t[\"a ] b\"]", ALL, { .expr = "t[\"a ] b\"]" }, NULL },
	{ "t['\\'']", ALL, { .expr = "t['\\'']" }, NULL },
	{ "'a.c'::m", ALL, { .expr = "'a.c'::m" }, NULL },
	{ "t[`a b`]", ALL, { .expr = "t[`a b`]" }, NULL },
	{ "m{ 1 2 }", ALL, { .expr = "m{ 1 2 }" }, NULL },
	{ "a)", ALL, { .expr = "a)" }, NULL },
	{ "m --limit 20", ALL, { .expr = "m", .given = MS_OPT_LIMIT, .limit = 20 }, NULL },
	{ "m --limit=20", ALL, { .expr = "m", .given = MS_OPT_LIMIT, .limit = 20 }, NULL },
	{ "--limit 0 m", ALL, { .expr = "m", .given = MS_OPT_LIMIT, .limit = 0 }, NULL },
	{ "m --limit 1 --limit 2", ALL, { .expr = "m", .given = MS_OPT_LIMIT, .limit = 2 }, NULL },
	{ "m --offset 0x10 --bucket 18446744073709551615",
	  ALL,
	  { .expr = "m", .given = MS_OPT_OFFSET | MS_OPT_BUCKET, .offset = 16, .bucket = UINT64_MAX },
	  NULL },
	{ "m --from new.3.1", ALL, { .expr = "m", .given = MS_OPT_FROM, .from = "new.3.1" }, NULL },
	{ "m --from=new.3.1 --sort key",
	  ALL,
	  { .expr = "m", .given = MS_OPT_FROM | MS_OPT_SORT, .from = "new.3.1", .sort = "key" },
	  NULL },
	{ "m -o out.txt", ALL, { .expr = "m", .given = MS_OPT_OUTPUT, .output = "out.txt" }, NULL },
	{ "-o \"a b.txt\" m", ALL, { .expr = "m", .given = MS_OPT_OUTPUT, .output = "a b.txt" }, NULL },
	{ "-o 'a b.txt' m", ALL, { .expr = "m", .given = MS_OPT_OUTPUT, .output = "a b.txt" }, NULL },
	{ "m -o a -o b", ALL, { .expr = "m", .given = MS_OPT_OUTPUT, .output = "b" }, NULL },
	{ "m -o --json", ALL, { .expr = "m", .given = MS_OPT_OUTPUT, .output = "--json" }, NULL },
	{ "0x7f00 --type counts", ALL, { .expr = "0x7f00", .given = MS_OPT_TYPE, .type = "counts" }, NULL },
	{ "0x7f00 --type (struct counts)",
	  ALL,
	  { .expr = "0x7f00", .given = MS_OPT_TYPE, .type = "struct counts" },
	  NULL },
	{ "0x7f00 --type=(map[string] int)",
	  ALL,
	  { .expr = "0x7f00", .given = MS_OPT_TYPE, .type = "map[string] int" },
	  NULL },
	{ "0 --type map[string]int", ALL, { .expr = "0", .given = MS_OPT_TYPE, .type = "map[string]int" }, NULL },
	{ "0 --type (a)(b)", ALL, { .expr = "0", .given = MS_OPT_TYPE, .type = "(a)(b)" }, NULL },
	{ "0 --type \"struct counts *\"", ALL, { .expr = "0", .given = MS_OPT_TYPE, .type = "struct counts *" }, NULL },

	{ "", ALL, { 0 }, "an EXPR that names a map is missing: a variable, a member, a dereference" },
	{ "  --json ", ALL, { 0 }, "an EXPR that names a map is missing: a variable, a member, a dereference" },
	{ "a b", ALL, { 0 }, "one EXPR is taken; what to do with \"b\"? An EXPR with spaces stands in parentheses" },
	{ "struct counts *",
	  ALL,
	  { 0 },
	  "one EXPR is taken; what to do with \"counts\"? An EXPR with spaces stands in parentheses" },
	{ "m[1", ALL, { 0 }, "[ is never closed: m[1" },
	{ "(a (b) c", ALL, { 0 }, "( is never closed: (a (b) c" },
	{ "m[(1]", ALL, { 0 }, "( is never closed: m[(1]" },
	{ "m{", ALL, { 0 }, "{ is never closed: m{" },
	{ "m[\"a]", ALL, { 0 }, "\" is never closed: m[\"a]" },
	{ "'m", ALL, { 0 }, "' is never closed: 'm" },
	{ "m --type (a", ALL, { 0 }, "( is never closed: (a" },
	{ "m --wide", ALL, { 0 }, "\"--wide\" is no option of this command; it has " ALL_OPTIONS },
	{ "m --wide=1", ALL, { 0 }, "\"--wide\" is no option of this command; it has " ALL_OPTIONS },
	{ "m --limit 3",
	  NO_ROWS,
	  { 0 },
	  "\"--limit\" is no option of this command; it has --json -o --type --expr (-- ends the options)" },
	{ "m --lim 3", ALL, { 0 }, "\"--lim\" is no option of this command; it has " ALL_OPTIONS },
	{ "m --js\x1bon", ALL, { 0 }, "\"--js\\x1bon\" is no option of this command; it has " ALL_OPTIONS },
	{ "m --limit", ALL, { 0 }, "--limit takes a number of rows (0: no limit), found nothing" },
	{ "m --limit=", ALL, { 0 }, "--limit takes a number of rows (0: no limit), found \"\"" },
	{ "m --limit -1", ALL, { 0 }, "--limit takes a number of rows (0: no limit), found \"-1\"" },
	{ "m --limit 1k", ALL, { 0 }, "--limit takes a number of rows (0: no limit), found \"1k\"" },
	{ "m --limit 18446744073709551616",
	  ALL,
	  { 0 },
	  "--limit takes a number of rows (0: no limit), found \"18446744073709551616\"" },
	{ "m --limit 1000000000000000000000000000001",
	  ALL,
	  { 0 },
	  "--limit takes a number of rows (0: no limit), found \"1000000000000000000000000000001\"" },
	{ "m --offset x", ALL, { 0 }, "--offset takes a number of rows to skip, found \"x\"" },
	{ "m --bucket \"\"", ALL, { 0 }, "--bucket takes the number of a bucket, found \"\"\"\"" },
	{ "m -o", ALL, { 0 }, "-o takes a file name, found nothing" },
	{ "m -o \"\"", ALL, { 0 }, "-o takes a file name, found nothing" },
	{ "m --from", ALL, { 0 }, "--from takes the next-page hint of an earlier answer, found nothing" },
	{ "m --type ()", ALL, { 0 }, "--type takes a type, in parentheses if it holds spaces, found nothing" },
	{ "m --sort elem", ALL, { 0 }, "--sort takes the word key, found \"elem\"" },
	{ "--expr=f()", ALL, { 0 }, "\"--expr=f()\" takes nothing behind =" },
	{ "--expr f() g()",
	  ALL,
	  { 0 },
	  "one EXPR is taken; what to do with \"g()\"? An EXPR with spaces stands in parentheses" },
	{ "m --json=yes", ALL, { 0 }, "\"--json=yes\" takes nothing behind =" },
};

static void assert_text(const char *found, const char *expected)
{
	if (!found || !expected)
		assert_ptr_equal(found, expected);
	else
		assert_string_equal(found, expected);
}

static void check_line(struct ms_context *ctx, const struct line *line)
{
	struct ms_args args;
	struct ms_grammar grammar = { MS_ONE_EXPR, .options = line->allowed };
	int32_t status = ms_args_parse(ctx, line->line, &grammar, &args);

	print_message("[          ] %s\n", line->error ? line->error : line->line);
	if (line->error) {
		assert_int_equal(status, MS_USAGE);
		assert_string_equal(ms_error(ctx), line->error);
	} else {
		assert_int_equal(status, MS_OK);
		assert_text(args.expr, line->args.expr);
		assert_int_equal(args.given, line->args.given);
		assert_text(args.from, line->args.from);
		assert_text(args.output, line->args.output);
		assert_text(args.type, line->args.type);
		assert_text(args.sort, line->args.sort);
		assert_int_equal(args.limit, line->args.limit);
		assert_int_equal(args.offset, line->args.offset);
		assert_int_equal(args.bucket, line->args.bucket);
	}
	ms_args_fini(&args);
}

static void command_lines(void **state)
{
	struct fake_target t;

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check_line(t.ctx, &table[i]);
	fake_fini(&t);
}

/* Every beginning of every line is either understood or refused with a reason.  */
static void half_typed_lines(void **state)
{
	struct fake_target t;

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (size_t size = 0; size < strlen(table[i].line); size++) {
			char *part = strndup(table[i].line, size);
			struct ms_args args;
			int32_t status = ms_args_parse(t.ctx, part, &all, &args);
			assert_true(status == MS_OK ? args.expr != NULL : status == MS_USAGE && *ms_error(t.ctx));
			ms_args_fini(&args);
			free(part);
		}
	fake_fini(&t);
}

/* Each is one word, whatever it holds; what is around the value of an option is taken off as in a line.  */
static void words_of_a_shell(void **state)
{
	static const char *const sound[] = { "--type", "struct counts", "(struct counts *) p", "-o", "a b", "--json",
					     NULL };
	static const char *const open[] = { "m[\"", "--type", "(struct counts)", "--", NULL };
	static const char *const two[] = { "a", "--addr", "b c", NULL };
	static const char *const cut[] = { "m", "--limit", NULL };
	static const char *const none[] = { "", NULL };
	struct fake_target t;
	struct ms_args args;

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	assert_int_equal(ms_args_parse_words(t.ctx, sound, &all, &args), MS_OK);
	assert_int_equal(args.given, MS_OPT_TYPE | MS_OPT_OUTPUT | MS_OPT_JSON);
	assert_text(args.expr, "(struct counts *) p");
	assert_text(args.type, "struct counts");
	assert_text(args.output, "a b");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse_words(t.ctx, open, &all, &args), MS_OK);
	assert_text(args.expr, "m[\"");
	assert_text(args.type, "struct counts");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse_words(t.ctx, two, &all, &args), MS_USAGE);
	assert_string_equal(ms_error(t.ctx),
			    "one EXPR is taken; what to do with \"b c\"? An EXPR with spaces stands in parentheses");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse_words(t.ctx, cut, &all, &args), MS_USAGE);
	assert_string_equal(ms_error(t.ctx), "--limit takes a number of rows (0: no limit), found nothing");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse_words(t.ctx, none, &all, &args), MS_USAGE);
	assert_string_equal(ms_error(t.ctx),
			    "an EXPR that names a map is missing: a variable, a member, a dereference");
	ms_args_fini(&args);
	fake_fini(&t);
}

/* Several words, as typed, quotes and all; none of them too many, and each that is missing named.  */
static void commands_of_several_words(void **state)
{
	static const char *const missing[] = { "an EXPR is missing", "a KEY is missing" };
	const struct ms_grammar keys = { .options = MS_OPT_JSON,
					 .least = 2,
					 .most = 3,
					 .words = "EXPR and at most two KEYs",
					 .missing = missing },
				none = { .options = MS_OPT_JSON };
	struct fake_target t;
	struct ms_args args;

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	assert_int_equal(ms_args_parse(t.ctx, "m \"a b\" --json {1, 2}", &keys, &args), MS_OK);
	assert_int_equal(args.word_count, 3);
	assert_text(args.expr, "m");
	assert_text(args.words[1], "\"a b\"");
	assert_text(args.words[2], "{1, 2}");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse(t.ctx, "m --json", &keys, &args), MS_USAGE);
	assert_string_equal(ms_error(t.ctx), "a KEY is missing");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse(t.ctx, "--json", &keys, &args), MS_USAGE);
	assert_string_equal(ms_error(t.ctx), "an EXPR is missing");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse(t.ctx, "m 1 2 3", &keys, &args), MS_USAGE);
	fake_contains(ms_error(t.ctx), "EXPR and at most two KEYs is taken; what to do with \"3\"?");
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse(t.ctx, "--json", &none, &args), MS_OK);
	assert_null(args.expr);
	ms_args_fini(&args);
	assert_int_equal(ms_args_parse(t.ctx, "m", &none, &args), MS_USAGE);
	assert_string_equal(ms_error(t.ctx), "no EXPR is taken; what to do with \"m\"?");
	ms_args_fini(&args);
	fake_fini(&t);
}

static void deep_brackets_are_refused(void **state)
{
	struct fake_target t;
	struct ms_args args;
	char line[1025];

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	memset(line, '(', 1024);
	line[1024] = 0;
	assert_int_equal(ms_args_parse(t.ctx, line, &all, &args), MS_USAGE);
	fake_contains(ms_error(t.ctx), "( is never closed: ((((");
	ms_args_fini(&args);
	fake_fini(&t);
}

static void options_are_completed(void **state)
{
	(void)state;
	assert_string_equal(ms_args_option(ALL, "--o", 0), "--offset");
	assert_string_equal(ms_args_option(ALL, "--o", 1), "--old");
	assert_null(ms_args_option(ALL, "--o", 2));
	assert_string_equal(ms_args_option(NO_ROWS, "", 0), "--json");
	assert_null(ms_args_option(NO_ROWS, "--limit", 0));
	assert_null(ms_args_option(ALL, "x", 0));
}

static void expressions_that_assign(void **state)
{
	static const struct {
		const char *expr, *found;
	} cases[] = {
		{ "m", NULL },
		{ "a == b", NULL },
		{ "a==b", NULL },
		{ "a <= b", NULL },
		{ "a>=b", NULL },
		{ "a != b", NULL },
		{ "a << b", NULL },
		{ "a->b", NULL },
		{ "*p", NULL },
		{ "a - -b", NULL },
		{ "m[-1]", NULL },
		{ "t[\"a=b\"]", NULL },
		{ "t[\"a\\\"=b\"]", NULL },
		{ "t['=']", NULL },
		{ "t[\"++\"]", NULL },
		{ "t[`a=b`]", NULL },
		{ "a = b", "=" },
		{ "a=b", "=" },
		{ "=", "=" },
		{ "a += 1", "=" },
		{ "a -= 1", "=" },
		{ "a |= 1", "=" },
		{ "a <<= 1", "=" },
		{ "a>>=1", "=" },
		{ "a == (b = c)", "=" },
		{ "t[\"x\"] = 1", "=" },
		{ "$x := 1", "=" },
		{ "i++", "++" },
		{ "++i", "++" },
		{ "t[i--]", "--" },
		{ "--i", "--" },
		{ "\"open = ", NULL }, /* no expression: the evaluator says so */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("[          ] %s\n", cases[i].expr);
		assert_text(ms_args_assigns(cases[i].expr), cases[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines),
		cmocka_unit_test(half_typed_lines),
		cmocka_unit_test(words_of_a_shell),
		cmocka_unit_test(deep_brackets_are_refused),
		cmocka_unit_test(options_are_completed),
		cmocka_unit_test(expressions_that_assign),
		cmocka_unit_test(commands_of_several_words),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
