/* One value as text and as JSON: every row of the table in commands.md, section 6, and what a damaged target may hold
   there. Floats have a loop of random bit patterns.  */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "fake_map.h"
#include "hmap_test_env.h"
#include "out/value.h"

enum { MANY_FLOATS = 100000 };

static char *show(struct fake_target *t, uint64_t type, const void *bytes, uint64_t size, struct ms_style style)
{
	struct ms_buf buf = { 0 };

	struct ms_memory memory = t->ctx->memory;
	assert_int_equal(ms_set_memory(t->ctx, &memory), MS_OK); /* forgets what was read */
	ms_slice_begin(t->ctx, 1000);
	const struct ms_node *node = type ? ms_node(t->ctx, type) : NULL;
	assert_int_equal(ms_value(t->ctx, &buf, node, bytes, size, 0x1000, style), MS_OK);
	assert_false(buf.failed);
	fake_is_printable(ms_buf_text(&buf), buf.size);
	char *line = fake_format("%s\n", ms_buf_text(&buf));
	if (style.json)
		fake_is_json_lines(line);
	line[buf.size] = 0;
	ms_buf_fini(&buf);
	return line;
}

static void assert_shown(struct fake_target *t, uint64_t type, const void *bytes, uint64_t size, struct ms_style style,
			 const char *expected)
{
	char *found = show(t, type, bytes, size, style);

	assert_string_equal(found, expected);
	free(found);
}

/* BYTES of TYPE give TEXT and JSON in a C program; a NULL is not compared.  */
static void assert_c(struct fake_target *t, uint64_t type, const void *bytes, const char *text, const char *json)
{
	uint64_t size = fake_size(t, type);

	assert_shown(t, type, bytes, size, (struct ms_style){ false, MS_C }, text);
	assert_shown(t, type, bytes, size, (struct ms_style){ true, MS_C }, json);
}

static void assert_go(struct fake_target *t, uint64_t type, const void *bytes, const char *text, const char *json)
{
	uint64_t size = fake_size(t, type);

	assert_shown(t, type, bytes, size, (struct ms_style){ false, MS_GO }, text);
	assert_shown(t, type, bytes, size, (struct ms_style){ true, MS_GO }, json);
}

static void assert_number(struct fake_target *t, uint64_t type, uint64_t value, const char *text, const char *json)
{
	uint8_t bytes[16];

	fake_store(t, bytes, fake_size(t, type), value);
	assert_c(t, type, bytes, text, json ? json : text);
}

static void target_init(struct fake_target *t)
{
	fake_init(t, 8, false);
	fake_open(t);
}

/* ---- Numbers ---- */

static void integers_of_every_width(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct fake_target t;
		fake_init(&t, 8, big);
		fake_open(&t);
		assert_number(&t, fake_int(&t, 1), 0x80, "-128", NULL);
		assert_number(&t, fake_uint(&t, 1), 0xff, "255", NULL);
		assert_number(&t, fake_int(&t, 2), 0x8000, "-32768", NULL);
		assert_number(&t, fake_uint(&t, 2), 0xffff, "65535", NULL);
		assert_number(&t, fake_int(&t, 4), 0x80000000, "-2147483648", NULL);
		assert_number(&t, fake_uint(&t, 4), 0xffffffff, "4294967295", NULL);
		assert_number(&t, fake_int(&t, 8), (uint64_t)1 << 63, "-9223372036854775808", NULL);
		assert_number(&t, fake_uint(&t, 8), UINT64_MAX, "18446744073709551615", NULL);
		assert_number(&t, fake_int(&t, 3), 0xffffff, "-1", NULL);
		fake_fini(&t);
	}
}

static void integers_of_128_bits(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct fake_target t;
		uint8_t bytes[16];
		fake_init(&t, 8, big);
		fake_open(&t);
		uint64_t wide = fake_scalar(&t, MS_INT, "__int128", 16);
		uint64_t wide_unsigned = fake_scalar(&t, MS_UINT, "__int128 unsigned", 16);
		memset(bytes, 0xff, sizeof bytes);
		assert_c(&t, wide, bytes, "-1", "-1");
		assert_c(&t, wide_unsigned, bytes, "340282366920938463463374607431768211455",
			 "340282366920938463463374607431768211455");
		memset(bytes, 0, sizeof bytes);
		assert_c(&t, wide, bytes, "0", "0");
		bytes[big ? 0 : 15] = 0x80;
		assert_c(&t, wide, bytes, "-170141183460469231731687303715884105728",
			 "-170141183460469231731687303715884105728");
		assert_c(&t, wide_unsigned, bytes, "170141183460469231731687303715884105728",
			 "170141183460469231731687303715884105728");
		uint64_t odd = fake_scalar(&t, MS_INT, "_BitInt(80)", 10);
		memset(bytes, 0x12, sizeof bytes);
		assert_c(&t, odd, bytes, "(_BitInt(80)) 12121212121212121212",
			 "{\"$type\": \"_BitInt(80)\", \"$hex\": \"12121212121212121212\"}");
		fake_fini(&t);
	}
}

static void chars(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	assert_number(&t, fake_char(&t), 'a', "97 'a'", "97");
	assert_number(&t, fake_char(&t), '\'', "39 '\\''", "39");
	assert_number(&t, fake_char(&t), '\n', "10 '\\n'", "10");
	assert_number(&t, fake_char(&t), 0x1b, "27 '\\x1b'", "27");
	assert_number(&t, fake_char(&t), 0xff, "-1 '\\xff'", "-1");
	assert_number(&t, fake_typedef(&t, "letter", fake_char(&t)), 0, "0 '\\x00'", "0");
	fake_fini(&t);
}

static void booleans(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t boolean = fake_scalar(&t, MS_BOOL, "_Bool", 1);
	assert_number(&t, boolean, 0, "false", NULL);
	assert_number(&t, boolean, 1, "true", NULL);
	assert_number(&t, boolean, 0xa5, "165", NULL); /* no bool: what is there */
	fake_fini(&t);
}

static void enums(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct fake_target t;
		fake_init(&t, 8, big);
		fake_open(&t);
		uint64_t tone = fake_enum(&t, "tone", 4);
		fake_enumerator(&t, tone, "LOW", -1);
		fake_enumerator(&t, tone, "MID", 0);
		fake_enumerator(&t, tone, "HIGH", 0x80000000);
		fake_enumerator(&t, tone, "b\xe2\x80\xae\x1b[", 9);
		assert_number(&t, tone, 0xffffffff, "LOW", "\"LOW\"");
		assert_number(&t, tone, 0, "MID", "\"MID\"");
		assert_number(&t, tone, 0x80000000, "HIGH", "\"HIGH\"");
		assert_number(&t, tone, 7, "7", "7");
		assert_number(&t, tone, 0xfffffff0, "-16", "-16");
		assert_number(&t, tone, 9, "b\\xe2\\x80\\xae\\x1b[", "\"b\\u202e\\u001b[\"");
		fake_fini(&t);
	}
}

static void bit_fields(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t bits = fake_struct(&t, "bits"), tone = fake_enum(&t, "tone", 4);
	fake_enumerator(&t, tone, "HIGH", 2);
	fake_claims(&t, bits)->byte_size = 8;
	fake_bits(&t, bits, "a", fake_uint(&t, 4), 0, 0, 3); /* 101 */
	fake_bits(&t, bits, "b", fake_int(&t, 4), 0, 3, 3);  /* 110: -2 */
	fake_bits(&t, bits, "c", fake_scalar(&t, MS_BOOL, "_Bool", 1), 0, 6, 1);
	fake_bits(&t, bits, "d", tone, 0, 7, 2); /* across a byte */
	fake_bits(&t, bits, "e", fake_uint(&t, 8), 1, 1, 33);
	assert_c(&t, bits, "\x75\x13\x00\x00\x00\x02\x00\x00", "{a = 5, b = -2, c = true, d = HIGH, e = 4294967305}",
		 "{\"a\": 5, \"b\": -2, \"c\": true, \"d\": \"HIGH\", \"e\": 4294967305}");
	fake_fini(&t);

	fake_init(&t, 8, true);
	fake_open(&t);
	bits = fake_struct(&t, "bits");
	fake_claims(&t, bits)->byte_size = 4;
	fake_bits(&t, bits, "a", fake_uint(&t, 4), 0, 0, 3);
	fake_bits(&t, bits, "b", fake_int(&t, 4), 0, 3, 7);
	assert_c(&t, bits, "\xbf\xbf\0\0", "{a = 5, b = -2}", "{\"a\": 5, \"b\": -2}"); /* 101 1111110 11… */
	fake_fini(&t);
}

static void bit_fields_that_do_not_fit(void **state)
{
	static const struct {
		int64_t offset;
		uint32_t bit_offset, bit_size;
	} cases[] = { { 3, 4, 8 },  { 0, 0, 65 }, { 0, 0, 0xffffffff }, { 0, 0xffffffff, 8 }, { 0, 0xfffffff8, 8 },
		      { 0, 60, 8 }, { 4, 0, 1 },  { 100, 0, 1 },	{ -1, 0, 1 } };
	struct fake_target t;

	(void)state;
	target_init(&t);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bits = fake_struct(&t, "bits");
		fake_claims(&t, bits)->byte_size = 4;
		fake_bits(&t, bits, "a", fake_uint(&t, 4), cases[i].offset, cases[i].bit_offset, cases[i].bit_size);
		char *found = show(&t, bits, "\1\2\3\4", 4, (struct ms_style){ true, MS_C });
		fake_contains(found, "{\"a\": {\"$error\": \"a ");
		fake_contains(found, "that does not fit its struct\"}}");
		free(found);
	}
	fake_fini(&t);
}

/* ---- Floats ---- */

static void assert_float(struct fake_target *t, double value, uint64_t size, const char *text, const char *json)
{
	uint64_t type = fake_scalar(t, MS_FLOAT, size == 4 ? "float" : "double", size), bits = 0;
	float narrow = (float)value;
	uint32_t low;

	if (size == 4) {
		memcpy(&low, &narrow, sizeof low);
		bits = low;
	} else {
		memcpy(&bits, &value, sizeof bits);
	}
	assert_number(t, type, bits, text, json);
}

static void floats(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct fake_target t;
		fake_init(&t, 8, big);
		fake_open(&t);
		assert_float(&t, 0, 8, "0", NULL);
		assert_float(&t, -0.0, 8, "-0.0", NULL);
		assert_float(&t, 0.1, 8, "0.1", NULL);
		assert_float(&t, 0.1, 4, "0.1", NULL);
		assert_float(&t, 1.0 / 3, 8, "0.3333333333333333", NULL);
		assert_float(&t, 1.0f / 3, 4, "0.33333334", NULL);
		assert_float(&t, 5e-324, 8, "5e-324", NULL);
		assert_float(&t, DBL_MAX, 8, "1.7976931348623157e+308", NULL);
		assert_float(&t, 1e22, 8, "1e+22", NULL);
		assert_float(&t, -1.5, 4, "-1.5", NULL);
		assert_float(&t, 16777216, 4, "16777216", NULL);
		assert_float(&t, NAN, 8, "NaN", "\"NaN\"");
		assert_float(&t, -NAN, 4, "NaN", "\"NaN\"");
		assert_float(&t, INFINITY, 4, "+Inf", "\"+Inf\"");
		assert_float(&t, -INFINITY, 8, "-Inf", "\"-Inf\"");
		fake_fini(&t);
	}
}

/* Fewer digits than FOUND has must not read back as the same number.  */
static bool shorter_reads_back(double value, uint64_t size, const char *found)
{
	int digits = 0;
	char text[400];

	for (const char *p = found; *p && *p != 'e'; p++)
		digits += *p >= '0' && *p <= '9' && (digits || *p != '0');
	if (digits > 17) /* zeros before the point */
		return false;
	for (const char *p = found + strcspn(found, "e") - 1; p > found && *p == '0' && !strchr(found, '.'); p--)
		digits--;
	if (digits < 2)
		return false;
	snprintf(text, sizeof text, "%.*g", digits - 1, value);
	return size == 4 ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

static void random_floats_read_back_from_the_shortest_digits(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < MANY_FLOATS; i++) {
		uint64_t bits = test_random(&random), size = i % 2 ? 4 : 8;
		uint32_t low = (uint32_t)bits;
		double value;
		float narrow;
		struct ms_buf buf = { 0 };

		memcpy(&value, &bits, sizeof value);
		memcpy(&narrow, &low, sizeof narrow);
		value = size == 4 ? (double)narrow : value;
		if (isnan(value) || isinf(value))
			continue;
		ms_value_float(&buf, size == 4 ? (uint8_t *)&low : (uint8_t *)&bits, size, false, true);
		const char *text = ms_buf_text(&buf);
		bool same = size == 4 ? strtof(text, NULL) == narrow : strtod(text, NULL) == value;
		if (!same || shorter_reads_back(value, size, text))
			fail_msg("%a of %d bytes is shown as %s", value, (int)size, text);
		ms_buf_fini(&buf);
	}
}

static void long_doubles_read_back(void **state)
{
	uint64_t random = 2;

	(void)state;
	if (LDBL_MANT_DIG != 64)
		return; /* on x86 a long double has 10 bytes in 16 */
	for (int i = 0; i < 20000; i++) {
		uint64_t mantissa = test_random(&random) | (uint64_t)1 << 63;
		uint16_t exponent = (uint16_t)(test_random(&random) % 0x7fff);
		uint8_t bytes[16] = { 0 };
		long double value;
		struct ms_buf buf = { 0 };

		exponent |= exponent ? (uint16_t)(i & 1) << 15 : 1;
		memcpy(bytes, &mantissa, 8);
		memcpy(bytes + 8, &exponent, 2);
		memcpy(&value, bytes, sizeof value);
		ms_value_float(&buf, bytes, 16, false, true);
		assert_true(strtold(ms_buf_text(&buf), NULL) == value);
		ms_buf_fini(&buf);
	}
}

/* Also bit patterns that are no number of an x87 must give a line.  */
static void any_16_bytes_give_a_line(void **state)
{
	struct fake_target t;
	uint64_t random = 3;

	(void)state;
	target_init(&t);
	uint64_t type = fake_scalar(&t, MS_FLOAT, "long double", 16);
	for (int i = 0; i < 2000; i++) {
		uint64_t bytes[2] = { test_random(&random), test_random(&random) };
		if (i % 4 == 0)
			bytes[1] |= 0x7fff;
		free(show(&t, type, bytes, 16, (struct ms_style){ true, MS_C }));
	}
	fake_fini(&t);

	fake_init(&t, 8, true);
	fake_open(&t);
	type = fake_scalar(&t, MS_FLOAT, "long double", 16);
	assert_c(&t, type, "0123456789abcdef", "(long double) 30313233343536373839616263646566",
		 "{\"$type\": \"long double\", \"$hex\": \"30313233343536373839616263646566\"}");
	type = fake_scalar(&t, MS_FLOAT, "_Float16", 2);
	assert_c(&t, type, "\x3c\0", "(_Float16) 3c00", "{\"$type\": \"_Float16\", \"$hex\": \"3c00\"}");
	fake_fini(&t);
}

/* In a locale with a decimal comma, made here because none need be installed.  */
static void locale_does_not_matter(void **state)
{
	char folder[] = "/tmp/mapscope-locale-XXXXXX";
	struct fake_target t;

	(void)state;
	assert_non_null(mkdtemp(folder));
	char *make = fake_format("localedef -i de_DE -f UTF-8 %s/comma", folder);
	char *remove = fake_format("rm -r %s", folder);
	assert_int_equal(system(make), 0);
	assert_int_equal(setenv("LOCPATH", folder, 1), 0);
	assert_non_null(setlocale(LC_ALL, "comma"));
	assert_string_equal(localeconv()->decimal_point, ",");
	target_init(&t);
	assert_float(&t, 1234567.5, 8, "1234567.5", NULL);
	fake_fini(&t);
	setlocale(LC_ALL, "C");
	unsetenv("LOCPATH");
	assert_int_equal(system(remove), 0);
	free(make);
	free(remove);
}

static void complex_numbers(void **state)
{
	struct fake_target t;
	double value[2] = { 1.5, -2 };

	(void)state;
	target_init(&t);
	uint64_t type = fake_scalar(&t, MS_COMPLEX, "complex double", 16);
	assert_c(&t, type, value, "(1.5, -2i)",
		 "{\"$type\": \"_Complex double\", \"$hex\": \"000000000000f83f00000000000000c0\"}");
	fake_fini(&t);
}

/* Of 16 bytes as x86's long double is, but laid out otherwise.  */
static void quadruple_floats_are_shown_as_bytes(void **state)
{
	struct fake_target t;
	uint8_t value[16] = { [14] = 0xff, [15] = 0x3f };

	(void)state;
	target_init(&t);
	assert_c(&t, fake_scalar(&t, MS_FLOAT, "_Float128", 16), value, "(_Float128) 0000000000000000000000000000ff3f",
		 "{\"$type\": \"_Float128\", \"$hex\": \"0000000000000000000000000000ff3f\"}");
	fake_fini(&t);
}

/* Each compiler and each debugger has names of its own; ours is C's shortest.  */
static void types_of_c_have_one_spelling(void **state)
{
	static const struct {
		enum ms_kind kind;
		uint64_t size;
		const char *name, *spelt;
	} types[] = {
		{ MS_BOOL, 1, "_Bool", "_Bool" },
		{ MS_BOOL, 1, "bool", "_Bool" },
		{ MS_INT, 1, "char", "char" },
		{ MS_INT, 1, "signed char", "signed char" },
		{ MS_UINT, 8, "long unsigned int", "unsigned long" },
		{ MS_UINT, 8, "unsigned long", "unsigned long" },
		{ MS_INT, 8, "long long int", "long long" },
		{ MS_INT, 2, "short int", "short" },
		{ MS_UINT, 16, "__int128 unsigned", "unsigned __int128" },
		{ MS_UINT, 16, "unsigned __int128", "unsigned __int128" },
		{ MS_FLOAT, 16, "long double", "long double" },
		{ MS_COMPLEX, 16, "complex double", "_Complex double" },
		{ MS_COMPLEX, 32, "complex long double", "_Complex long double" },
		{ MS_COMPLEX, 8, "complex", "_Complex float" },
		{ MS_COMPLEX, 16, "complex", "_Complex double" },
		{ MS_COMPLEX, 32, "complex", "_Complex long double" },
		{ MS_COMPLEX, 8, "_Complex float", "_Complex float" },
	};
	struct fake_target t;

	(void)state;
	target_init(&t);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct ms_buf buf = { 0 };
		uint64_t type = fake_scalar(&t, types[i].kind, types[i].name, types[i].size);
		ms_spell(t.ctx, &buf, ms_node(t.ctx, type), MS_C);
		assert_string_equal(ms_buf_text(&buf), types[i].spelt);
		ms_buf_fini(&buf);
	}
	fake_fini(&t);
}

/* ---- Texts ---- */

static void assert_cstring(struct fake_target *t, uint64_t type, uint64_t address, const char *text, const char *json)
{
	uint8_t pointer[8];

	fake_store(t, pointer, 8, address);
	assert_c(t, type, pointer, text, json);
}

static void pointers_to_char_are_texts(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = fake_pointer(&t, fake_typedef(&t, "", fake_char(&t))); /* const char * */
	assert_cstring(&t, type, fake_text(&t, "hello"), "\"hello\"", "\"hello\"");
	assert_cstring(&t, type, fake_text(&t, ""), "\"\"", "\"\"");
	assert_cstring(&t, type, 0, "NULL", "null");
	assert_cstring(&t, type, fake_text(&t, "\"\\\n\t\r"), "\"\\\"\\\\\\n\\t\\r\"", "\"\\\"\\\\\\n\\t\\r\"");
	assert_cstring(&t, type, fake_text(&t, "caf\xc3\xa9"), "\"caf\\xc3\\xa9\"", "\"caf\\u00e9\"");
	assert_cstring(&t, type, fake_text(&t, "\x1b]0;x\a\r\xe2\x80\xae"), "\"\\x1b]0;x\\x07\\r\\xe2\\x80\\xae\"",
		       "\"\\u001b]0;x\\u0007\\r\\u202e\"");
	assert_cstring(&t, type, fake_text(&t, "bad\xff"), "\"bad\\xff\"", "{\"$hex\": \"626164ff\"}");
	assert_cstring(&t, type, 0x10, "<cannot read 1 byte at 0x10>", "{\"$error\": \"cannot read 1 byte at 0x10\"}");
	assert_cstring(&t, type, UINT64_MAX, "<cannot read 1 byte at 0xffffffffffffffff>",
		       "{\"$error\": \"cannot read 1 byte at 0xffffffffffffffff\"}");
	uint64_t bytes = fake_pointer(&t, fake_uint(&t, 1)), object = fake_text(&t, "x");
	char *address = fake_format("0x%llx", (unsigned long long)object), *json = fake_format("\"%s\"", address);
	assert_cstring(&t, bytes, object, address, json); /* uint8_t * is no text */
	free(address);
	free(json);
	fake_fini(&t);
}

/* A text that ends with its page is not read beyond it.  */
static void text_at_the_end_of_memory(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = fake_pointer(&t, fake_char(&t));
	fake_map_pages(&t, 0x10000, FAKE_PAGE);
	fake_write(&t, 0x10000 + FAKE_PAGE - 4, "end", 4);
	assert_cstring(&t, type, 0x10000 + FAKE_PAGE - 4, "\"end\"", "\"end\"");
	fake_write(&t, 0x10000 + FAKE_PAGE - 4, "ends", 4); /* without a NUL */
	assert_cstring(&t, type, 0x10000 + FAKE_PAGE - 4, "<cannot read 1 byte at 0x11000>",
		       "{\"$error\": \"cannot read 1 byte at 0x11000\"}");
	fake_fini(&t);
}

/* LENGTH bytes of which the last but TAIL are "a"; to be freed.  */
static char *long_text(size_t length, const char *tail)
{
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, 'a', length);
	memcpy(text + length - strlen(tail), tail, strlen(tail) + 1);
	return text;
}

static void texts_are_cut_at_4096_bytes(void **state)
{
	static const struct {
		size_t length;
		const char *tail; /* stands at the end of the first KEPT + SPLIT bytes */
		size_t kept;	  /* in JSON */
	} cases[] = {
		{ 4096, "", 4096 },
		{ 4097, "", 4096 },
		{ 4097, "\xc3\xa9", 4095 },
		{ 4098, "\xe2\x82\xac", 4095 },
		{ 4097, "\xe2\x82\xac", 4094 },
		{ 4099, "\xf0\x9f\x98\x80", 4095 },
		{ 4098, "\xf0\x9f\x98\x80", 4094 },
		{ 4097, "\xf0\x9f\x98\x80", 4093 },
	};
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = fake_pointer(&t, fake_char(&t));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *whole = long_text(cases[i].length, cases[i].tail), *as = long_text(cases[i].kept, "");
		char *json = cases[i].length > 4096
				     ? fake_format("{\"$text\": \"%s\", \"$length\": %zu}", as, cases[i].length)
				     : fake_format("\"%s\"", as);
		uint8_t pointer[8];
		fake_store(&t, pointer, 8, fake_text(&t, whole));
		assert_shown(&t, type, pointer, 8, (struct ms_style){ true, MS_C }, json);
		char *text = show(&t, type, pointer, 8, (struct ms_style){ false, MS_C });
		assert_int_equal(!strcmp(text + strlen(text) - 3, "..."), cases[i].length > 4096);
		free(text);
		free(whole);
		free(as);
		free(json);
	}
	fake_fini(&t);
}

static void long_invalid_text_is_hex(void **state)
{
	struct fake_target t;
	uint8_t pointer[8];

	(void)state;
	target_init(&t);
	uint64_t type = fake_pointer(&t, fake_char(&t));
	char *text = long_text(5000, "");
	text[7] = '\xff';
	fake_store(&t, pointer, 8, fake_text(&t, text));
	char *found = show(&t, type, pointer, 8, (struct ms_style){ true, MS_C });
	fake_contains(found, "{\"$hex\": \"61616161616161ff61");
	fake_contains(found, "\", \"$length\": 5000}");
	assert_int_equal(strlen(found), strlen("{\"$hex\": \"\", \"$length\": 5000}") + 2 * 4096);
	free(found);
	free(text);
	fake_fini(&t);
}

/* A text without an end costs no more than a MiB.  */
static void endless_text_is_bounded(void **state)
{
	struct fake_target t;
	uint8_t pointer[8];

	(void)state;
	target_init(&t);
	fake_map_pages(&t, 0x10000000, 4 << 20); /* 0xa5 everywhere */
	fake_store(&t, pointer, 8, 0x10000000);
	fake_reset_counts(&t);
	char *found = show(&t, fake_pointer(&t, fake_char(&t)), pointer, 8, (struct ms_style){ true, MS_C });
	fake_contains(found, "\"$length\": 1048576}");
	assert_true(t.bytes_asked <= (1 << 20) + FAKE_PAGE);
	free(found);
	fake_fini(&t);
}

static void arrays_of_char_are_texts_up_to_their_nul(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = fake_array(&t, fake_char(&t), 5), bytes = fake_array(&t, fake_uint(&t, 1), 3);
	assert_c(&t, type, "ab\0cd", "\"ab\"", "\"ab\"");
	assert_c(&t, type, "abcde", "\"abcde\"", "\"abcde\"");
	assert_c(&t, type, "\0bcde", "\"\"", "\"\"");
	assert_c(&t, type, "a\xff\0\0\0", "\"a\\xff\"", "{\"$hex\": \"61ff\"}");
	assert_c(&t, bytes, "abc", "{97, 98, 99}", "[97, 98, 99]");
	fake_fini(&t);
}

/* {pointer, length}, in a C struct of just those two.  */
static uint64_t counted_type(struct fake_target *t, uint64_t length)
{
	uint64_t type = fake_struct(t, "text");

	fake_member(t, type, "ptr", fake_pointer(t, fake_char(t)));
	fake_member(t, type, "length", length);
	return type;
}

static void assert_counted(struct fake_target *t, uint64_t type, uint64_t address, uint64_t length, const char *text,
			   const char *json)
{
	uint8_t bytes[16] = { 0 };

	fake_store(t, bytes, 8, address);
	fake_store(t, bytes + 8, fake_size(t, type) == 16 ? 8 : 4, length);
	assert_c(t, type, bytes, text, json);
}

static void texts_with_a_length(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = counted_type(&t, fake_uint(&t, 8)), text = fake_text(&t, "hello");
	assert_counted(&t, type, text, 5, "\"hello\"", "\"hello\"");
	assert_counted(&t, type, text, 6, "\"hello\\x00\"", "\"hello\\u0000\"");
	assert_counted(&t, type, text, 0, "\"\"", "\"\"");
	assert_counted(&t, type, 0, 0, "\"\"", "\"\"");
	assert_counted(&t, type, 0, 3, "<cannot read 3 bytes at 0x0>", "{\"$error\": \"cannot read 3 bytes at 0x0\"}");
	assert_counted(&t, type, UINT64_MAX - 1, 3, "<cannot read 3 bytes at 0xfffffffffffffffe>",
		       "{\"$error\": \"cannot read 3 bytes at 0xfffffffffffffffe\"}");
	assert_counted(&t, type, 0x10, (uint64_t)1 << 60, "<cannot read 4096 bytes at 0x10>",
		       "{\"$error\": \"cannot read 4096 bytes at 0x10\"}");
	assert_counted(&t, type, text, UINT64_MAX, "<a text of length -1>", "{\"$error\": \"a text of length -1\"}");
	type = fake_struct(&t, "text32");
	fake_member(&t, type, "data", fake_pointer(&t, fake_char(&t)));
	fake_member_at(&t, type, "len", fake_int(&t, 4), 8);
	fake_claims(&t, type)->byte_size = 12;
	assert_counted(&t, type, text, 0xfffffffe, "<a text of length -2>", "{\"$error\": \"a text of length -2\"}");
	assert_counted(&t, type, text, 2, "\"he\"", "\"he\"");
	fake_fini(&t);
}

/* ---- Containers ---- */

static void structs_unions_and_anonymous_members(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t word = fake_int(&t, 4), half = fake_uint(&t, 2), type = fake_struct(&t, "outer");
	uint64_t inner = fake_struct(&t, ""), either = fake_union(&t, "either");
	fake_member(&t, inner, "b", word);
	fake_member(&t, inner, "c", word);
	fake_member(&t, either, "whole", fake_uint(&t, 4));
	fake_member(&t, either, "half", half);
	fake_member(&t, type, "a", word);
	fake_member(&t, type, "", inner);
	fake_member(&t, type, "u", either);
	static const uint32_t value[] = { 1, 2, 3, 0x50004 };
	assert_c(&t, type, value, "{a = 1, b = 2, c = 3, u = {whole = 327684, half = 4}}",
		 "{\"a\": 1, \"b\": 2, \"c\": 3, \"u\": {\"whole\": 327684, \"half\": 4}}");
	assert_c(&t, fake_struct(&t, "nothing"), "", "{}", "{}");
	fake_fini(&t);
}

static void arrays(void **state)
{
	struct fake_target t;
	static const uint32_t value[] = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	target_init(&t);
	uint64_t word = fake_int(&t, 4), three = fake_array(&t, word, 3);
	assert_c(&t, three, value, "{1, 2, 3}", "[1, 2, 3]");
	assert_c(&t, fake_array(&t, three, 2), value, "{{1, 2, 3}, {4, 5, 6}}", "[[1, 2, 3], [4, 5, 6]]");
	assert_c(&t, fake_array(&t, word, 0), value, "{}", "[]");
	uint64_t many = fake_array(&t, fake_uint(&t, 1), 300);
	char *zeros = calloc(1, 300), *found = show(&t, many, zeros, 300, (struct ms_style){ true, MS_C });
	assert_string_equal(found + strlen(found) - 19, "0, {\"$more\": true}]");
	free(zeros);
	free(found);
	fake_fini(&t);
}

static void pointers(void **state)
{
	struct fake_target t;
	static const uint64_t address = 0x7f1234;

	(void)state;
	target_init(&t);
	uint64_t function = fake_scalar(&t, MS_FUNCTION, "", 1);
	assert_c(&t, fake_pointer(&t, 0), &address, "0x7f1234", "\"0x7f1234\"");
	assert_c(&t, fake_pointer(&t, fake_int(&t, 4)), &address, "0x7f1234", "\"0x7f1234\"");
	assert_c(&t, fake_pointer(&t, function), &address, "0x7f1234", "\"0x7f1234\"");
	assert_c(&t, fake_pointer(&t, 0), "\0\0\0\0\0\0\0", "NULL", "null");
	assert_go(&t, fake_pointer(&t, 0), "\0\0\0\0\0\0\0", "nil", "null");
	fake_fini(&t);
}

static void below_depth_4_there_is_more(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = fake_int(&t, 4);
	for (int i = 0; i < 6; i++) {
		uint64_t outer = fake_struct(&t, "nest");
		fake_member(&t, outer, "m", type);
		type = outer;
	}
	assert_c(&t, type, "\1\0\0\0", "{m = {m = {m = {m = ...}}}}",
		 "{\"m\": {\"m\": {\"m\": {\"m\": {\"$more\": true}}}}}");
	fake_fini(&t);
}

/* A struct that claims to hold itself, a thousand members wide, must not take time or room without end.  */
static void self_referring_types_end(void **state)
{
	struct fake_target t;
	uint8_t bytes[64] = { 0 };

	(void)state;
	target_init(&t);
	uint64_t type = fake_struct(&t, "self"), anonymous = fake_struct(&t, "again");
	for (int i = 0; i < 1000; i++)
		fake_member_at(&t, type, "m", type, 0);
	fake_claims(&t, type)->byte_size = sizeof bytes;
	char *found = show(&t, type, bytes, sizeof bytes, (struct ms_style){ true, MS_C });
	assert_true(strlen(found) < 100 << 20);
	free(found);
	fake_member_at(&t, anonymous, "", anonymous, 0);
	fake_claims(&t, anonymous)->byte_size = sizeof bytes;
	free(show(&t, anonymous, bytes, sizeof bytes, (struct ms_style){ true, MS_C }));
	uint64_t a = fake_typedef(&t, "a", fake_int(&t, 4)), b = fake_typedef(&t, "b", a);
	fake_claims(&t, a)->target = b;
	assert_c(&t, b, "\1\2\3\4", "0x01020304", "{\"$hex\": \"01020304\"}");
	fake_fini(&t);
}

/* Members in anonymous members in anonymous members, eight wide and eight deep, would be 8^8.  */
static void wide_anonymous_nests_end(void **state)
{
	struct fake_target t;
	uint8_t bytes[8] = { 0 };

	(void)state;
	target_init(&t);
	uint64_t type = fake_struct(&t, "wide");
	for (int i = 0; i < 8; i++)
		fake_member_at(&t, type, "", type, 0);
	fake_claims(&t, type)->byte_size = sizeof bytes;
	char *found = show(&t, type, bytes, sizeof bytes, (struct ms_style){ true, MS_C });
	assert_true(strlen(found) < 100 << 20);
	free(found);
	fake_fini(&t);
}

static void members_outside_their_struct(void **state)
{
	struct fake_target t;
	static const int64_t offsets[] = { 1, 4, 5, INT64_MAX, -1, INT64_MIN };

	(void)state;
	target_init(&t);
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		uint64_t type = fake_struct(&t, "liar");
		fake_member_at(&t, type, "m", fake_int(&t, 4), offsets[i]);
		fake_claims(&t, type)->byte_size = 4;
		assert_c(&t, type, "\1\2\3\4", "{m = <a member that does not fit its struct>}",
			 "{\"m\": {\"$error\": \"a member that does not fit its struct\"}}");
	}
	uint64_t array = fake_array(&t, fake_int(&t, 4), 2);
	fake_claims(&t, array)->count = (uint64_t)1 << 62; /* more than it has bytes, and a product that wraps */
	assert_c(&t, array, "\1\0\0\0\2\0\0\0", "(int[4611686018427387904]) 0100000002000000",
		 "{\"$type\": \"int[4611686018427387904]\", \"$hex\": \"0100000002000000\"}");
	fake_claims(&t, array)->byte_size = 0;
	fake_fini(&t);
}

static void bytes_without_a_type(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	assert_shown(&t, 0, "\1\xff", 2, (struct ms_style){ false, MS_C }, "0x01ff");
	assert_shown(&t, 0, "\1\xff", 2, (struct ms_style){ true, MS_C }, "{\"$hex\": \"01ff\"}");
	assert_shown(&t, fake_int(&t, 4), "\1\xff", 2, (struct ms_style){ true, MS_C }, "{\"$hex\": \"01ff\"}");
	uint64_t opaque = fake_scalar(&t, MS_VOID, "op\x1b[aque", 2);
	assert_c(&t, opaque, "\1\xff", "(op\\x1b[aque) 01ff", "{\"$type\": \"op\\\\x1b[aque\", \"$hex\": \"01ff\"}");
	fake_fini(&t);
}

static void names_of_the_target_are_escaped(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = fake_struct(&t, "s");
	fake_member(&t, type, "a\x1b\a\r\xe2\x80\xae", fake_int(&t, 1));
	assert_c(&t, type, "\1", "{a\\x1b\\x07\\r\\xe2\\x80\\xae = 1}", "{\"a\\u001b\\u0007\\r\\u202e\": 1}");
	fake_fini(&t);
}

static void maps_inside(void **state)
{
	struct fake_target t;
	struct fake_map m;
	uint8_t pointer[8];

	(void)state;
	target_init(&t);
	struct fake_layout layout = { .name = "counts", .key = fake_int(&t, 4), .elem = fake_int(&t, 8) };
	fake_map_init(&m, &t, &layout);
	fake_map_array(&m, &m.new, 1);
	fake_map_fill(&m, &m.new, 0, 9);
	fake_map_write(&m);
	fake_store(&t, pointer, 8, m.address);
	char *json = fake_format("{\"$map\": \"0x%llx\", \"count\": 9}", (unsigned long long)m.address);
	assert_c(&t, m.pointer_type, pointer, "{struct counts *, len 9, B 1}", json);
	assert_c(&t, m.pointer_type, "\0\0\0\0\0\0\0", "NULL", "null");
	assert_c(&t, m.pointer_type, "\x10\0\0\0\0\0\0", "<cannot read the map's header, 48 bytes at 0x10>",
		 "{\"$error\": \"cannot read the map's header, 48 bytes at 0x10\"}");
	fake_map_poke(&m, "B", 99);
	assert_c(&t, m.pointer_type, pointer, "<not a valid map: B is 99: expected at most 63>",
		 "{\"$error\": \"not a valid map: B is 99: expected at most 63\"}");
	free(json);
	fake_map_fini(&m);
	fake_fini(&t);
}

/* ---- Go ---- */

static uint64_t go_string(struct fake_target *t)
{
	uint64_t type = fake_struct(t, "string");

	fake_member(t, type, "str", fake_pointer(t, fake_scalar(t, MS_UINT, "uint8", 1)));
	fake_member(t, type, "len", fake_scalar(t, MS_INT, "int", 8));
	return type;
}

static uint64_t go_slice(struct fake_target *t, const char *name, uint64_t element)
{
	uint64_t type = fake_struct(t, name), number = fake_scalar(t, MS_INT, "int", 8);

	fake_member(t, type, "array", fake_pointer(t, element));
	fake_member(t, type, "len", number);
	fake_member(t, type, "cap", number);
	return type;
}

static void go_strings(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = go_string(&t), text = fake_text(&t, "gopher");
	assert_go(&t, type, &(uint64_t[]){ text, 6 }, "\"gopher\"", "\"gopher\"");
	assert_go(&t, fake_typedef(&t, "main.Name", type), &(uint64_t[]){ text, 2 }, "\"go\"", "\"go\"");
	assert_go(&t, type, &(uint64_t[]){ 0, 0 }, "\"\"", "\"\"");
	assert_go(&t, type, &(uint64_t[]){ text, (uint64_t)-5 }, "<a text of length -5>",
		  "{\"$error\": \"a text of length -5\"}");
	assert_go(&t, type, &(uint64_t[]){ 0x20, INT64_MAX }, "<cannot read 4096 bytes at 0x20>",
		  "{\"$error\": \"cannot read 4096 bytes at 0x20\"}");
	fake_fini(&t);
}

static void go_slices(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t number = fake_scalar(&t, MS_INT, "int", 8), type = go_slice(&t, "[]int", number),
		 at = fake_alloc(&t, 80);
	for (uint64_t i = 0; i < 3; i++)
		fake_write_uint(&t, at + 8 * i, 8, i + 1);
	assert_go(&t, type, &(uint64_t[]){ at, 3, 10 }, "{1, 2, 3}", "[1, 2, 3]");
	assert_go(&t, type, &(uint64_t[]){ at, 0, 10 }, "{}", "[]");
	assert_go(&t, type, &(uint64_t[]){ 0, 0, 0 }, "nil", "null");
	assert_go(&t, type, &(uint64_t[]){ at, UINT64_MAX, 0 }, "<a slice of length -1>",
		  "{\"$error\": \"a slice of length -1\"}");
	assert_go(&t, type, &(uint64_t[]){ at, (uint64_t)1 << 60, 0 }, "<a slice of length 1152921504606846976>",
		  "{\"$error\": \"a slice of length 1152921504606846976\"}");
	assert_go(&t, type, &(uint64_t[]){ 0x20, 2, 2 }, "<cannot read 16 bytes at 0x20>",
		  "{\"$error\": \"cannot read 16 bytes at 0x20\"}");
	uint64_t huge = fake_struct(&t, "main.Huge");
	fake_claims(&t, huge)->byte_size = (uint64_t)1 << 40;
	assert_go(&t, go_slice(&t, "[]main.Huge", huge), &(uint64_t[]){ at, 3, 3 }, "{...}", "[{\"$more\": true}]");
	uint64_t nothing = fake_struct(&t, "struct {}");
	assert_go(&t, go_slice(&t, "[]struct {}", nothing), &(uint64_t[]){ at, 2, 2 }, "{{}, {}}", "[{}, {}]");
	fake_fini(&t);
}

/* A slice whose elements are the slice itself. */
static void go_slice_of_itself_ends(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t type = go_slice(&t, "[]main.T", fake_int(&t, 8)), at = fake_alloc(&t, 24 * 300);
	fake_claims(&t, fake_claims(&t, type)->field_count ? type + 2 : type)->target = type; /* its own pointer */
	for (uint64_t i = 0; i < 300; i++) {
		fake_write_uint(&t, at + 24 * i, 8, at);
		fake_write_uint(&t, at + 24 * i + 8, 8, 300);
		fake_write_uint(&t, at + 24 * i + 16, 8, 300);
	}
	char *found = show(&t, type, &(uint64_t[]){ at, 300, 300 }, 24, (struct ms_style){ true, MS_GO });
	assert_true(strlen(found) < 10 << 20);
	free(found);
	fake_fini(&t);
}

/* A hundred thousand texts of 4 KiB in one value would be half a GB of output.  */
static void texts_of_one_value_are_bounded(void **state)
{
	struct fake_target t;

	(void)state;
	target_init(&t);
	uint64_t text = fake_alloc(&t, 5000), inner = fake_alloc(&t, 256 * 16), outer = fake_alloc(&t, 256 * 24);
	uint64_t texts = go_slice(&t, "[]string", go_string(&t)), type = go_slice(&t, "[][]string", texts);
	for (uint64_t i = 0; i < 256; i++) {
		fake_write_uint(&t, inner + 16 * i, 8, text);
		fake_write_uint(&t, inner + 16 * i + 8, 8, 5000);
		fake_write_uint(&t, outer + 24 * i, 8, inner);
		fake_write_uint(&t, outer + 24 * i + 8, 8, 256);
	}
	char *found = show(&t, type, &(uint64_t[]){ outer, 256, 256 }, 24, (struct ms_style){ true, MS_GO });
	assert_true(strlen(found) < 16 << 20);
	free(found);
	fake_fini(&t);
}

static void go_maps_chans_funcs_and_pointers(void **state)
{
	struct fake_target t;
	struct fake_map m;
	uint8_t pointer[8];

	(void)state;
	target_init(&t);
	struct fake_layout layout = { .name = "hash<int,int>",
				      .key = fake_scalar(&t, MS_INT, "int", 8),
				      .elem = fake_scalar(&t, MS_INT, "int", 8) };
	fake_map_init(&m, &t, &layout);
	fake_map_array(&m, &m.new, 0);
	fake_map_fill(&m, &m.new, 0, 2);
	fake_map_write(&m);
	fake_store(&t, pointer, 8, m.address);
	uint64_t type = fake_typedef(&t, "map[int]int", m.pointer_type);
	char *json = fake_format("{\"$map\": \"0x%llx\", \"count\": 2}", (unsigned long long)m.address);
	assert_go(&t, type, pointer, "{map[int]int, len 2, B 0}", json);
	assert_go(&t, type, "\0\0\0\0\0\0\0", "nil", "null");
	uint64_t channel = fake_typedef(&t, "chan int", fake_pointer(&t, fake_struct(&t, "hchan<int>")));
	assert_go(&t, channel, "\1\2\3\4\5\6\7", "(chan int) 0102030405060700",
		  "{\"$type\": \"chan int\", \"$hex\": \"0102030405060700\"}");
	uint64_t function = fake_typedef(&t, "func(int) string", fake_pointer(&t, fake_scalar(&t, MS_FUNCTION, "", 1)));
	assert_go(&t, function, "\1\0\0\0\0\0\0", "(func(int) string) 0100000000000000",
		  "{\"$type\": \"func(int) string\", \"$hex\": \"0100000000000000\"}");
	uint64_t any = fake_typedef(&t, "unsafe.Pointer", fake_pointer(&t, 0));
	assert_go(&t, any, "\1\0\0\0\0\0\0", "0x1", "\"0x1\"");
	free(json);
	fake_map_fini(&m);
	fake_fini(&t);
}

/* The run-time type descriptor, as Go 1.19 has it, and interfaces of both kinds.  */
struct go_world {
	struct fake_target t;
	uint64_t descriptor, eface, iface, names;
};

static void go_world_init(struct go_world *w)
{
	struct fake_target *t = &w->t;

	target_init(t);
	w->descriptor = fake_struct(t, "runtime._type");
	fake_member(t, w->descriptor, "size", fake_uint(t, 8));
	fake_member(t, w->descriptor, "tflag", fake_uint(t, 1));
	fake_member(t, w->descriptor, "kind", fake_uint(t, 1));
	fake_member(t, w->descriptor, "str", fake_int(t, 4));
	w->eface = fake_struct(t, "runtime.eface");
	fake_member(t, w->eface, "_type", fake_pointer(t, w->descriptor));
	fake_member(t, w->eface, "data", fake_pointer(t, 0));
	uint64_t tab = fake_struct(t, "runtime.itab");
	fake_member(t, tab, "inter", fake_pointer(t, 0));
	fake_member(t, tab, "_type", fake_pointer(t, w->descriptor));
	w->iface = fake_struct(t, "runtime.iface");
	fake_member(t, w->iface, "tab", fake_pointer(t, tab));
	fake_member(t, w->iface, "data", fake_pointer(t, 0));
	w->names = fake_alloc(t, 4096);
	fake_symbol(t, "runtime.types", w->names);
}

/* The address of a descriptor; NAME as the runtime holds it.  */
static uint64_t go_type(struct go_world *w, uint64_t size, uint8_t kind, const char *name, uint32_t at)
{
	uint64_t address = fake_alloc(&w->t, fake_size(&w->t, w->descriptor));
	uint8_t head[2] = { 0, (uint8_t)strlen(name) };

	fake_write_uint(&w->t, address, 8, size);
	fake_write_uint(&w->t, address + 8, 1, 0);
	fake_write_uint(&w->t, address + 9, 1, kind);
	fake_write_uint(&w->t, address + fake_offset(&w->t, w->descriptor, "str"), 4, at);
	fake_write(&w->t, w->names + at, head, 2);
	fake_write(&w->t, w->names + at + 2, name, strlen(name));
	return address;
}

static void go_interfaces(void **state)
{
	enum { INT = 2, FLOAT64 = 14, STRUCT = 25, PTR = 22, STRING = 24, BOOL = 1, DIRECT = 32 };
	struct go_world w;

	(void)state;
	go_world_init(&w);
	uint64_t number = go_type(&w, 8, INT, "int", 64), data = fake_alloc(&w.t, 512);
	fake_write_uint(&w.t, data, 8, (uint64_t)-7);
	assert_go(&w.t, w.eface, &(uint64_t[]){ 0, 0 }, "nil", "null");
	assert_go(&w.t, w.eface, &(uint64_t[]){ number, data }, "int(-7)", "{\"$type\": \"int\", \"$value\": -7}");
	assert_go(&w.t, w.eface, &(uint64_t[]){ number, 0x20 },
		  "<an interface whose type or value at 0x20 cannot be read>",
		  "{\"$error\": \"an interface whose type or value at 0x20 cannot be read\"}");
	char *text_error =
		fake_format("<an interface whose type or value at 0x%llx cannot be read>", (unsigned long long)data);
	char *json_error = fake_format("{\"$error\": \"an interface whose type or value at 0x%llx cannot be read\"}",
				       (unsigned long long)data);
	assert_go(&w.t, w.eface, &(uint64_t[]){ 0x30, data }, text_error, json_error);
	uint64_t tab = fake_alloc(&w.t, 16);
	fake_write_uint(&w.t, tab + 8, 8, number);
	assert_go(&w.t, w.iface, &(uint64_t[]){ tab, data }, "int(-7)", "{\"$type\": \"int\", \"$value\": -7}");
	assert_go(&w.t, w.iface, &(uint64_t[]){ 0, 0 }, "nil", "null");
	uint64_t pointer = go_type(&w, 8, PTR | DIRECT, "*main.T", 128);
	assert_go(&w.t, w.eface, &(uint64_t[]){ pointer, 0xabc }, "*main.T(0xabc)",
		  "{\"$type\": \"*main.T\", \"$value\": \"0xabc\"}");
	uint64_t large = go_type(&w, (uint64_t)1 << 40, STRUCT, "main.L", 192);
	assert_go(&w.t, w.eface, &(uint64_t[]){ large, data }, text_error, json_error);
	free(text_error);
	free(json_error);
	/* A descriptor that says "the data word is the value" of what is larger than a word.  */
	uint64_t liar = go_type(&w, 200, STRUCT | DIRECT, "main.W", 256);
	assert_go(&w.t, w.eface, &(uint64_t[]){ liar, 0xabc },
		  "<an interface whose type or value at 0xabc cannot be read>",
		  "{\"$error\": \"an interface whose type or value at 0xabc cannot be read\"}");
	uint64_t text = go_type(&w, 16, STRING, "string", 320);
	fake_write_uint(&w.t, data, 8, fake_text(&w.t, "boxed"));
	fake_write_uint(&w.t, data + 8, 8, 5);
	assert_go(&w.t, w.eface, &(uint64_t[]){ text, data }, "string(\"boxed\")",
		  "{\"$type\": \"string\", \"$value\": \"boxed\"}");
	/* Go 1.15 and 1.16 hold a name's length in two bytes, the high one first.  */
	uint64_t old = go_type(&w, 8, INT, "", 352);
	fake_write(&w.t, w.names + 352, "\0\0\3int", 6);
	assert_go(&w.t, w.eface, &(uint64_t[]){ old, data + 8 }, "int(5)", "{\"$type\": \"int\", \"$value\": 5}");
	/* Of a type that the debug information knows, its members.  */
	uint64_t point = fake_struct(&w.t, "main.Point");
	fake_member(&w.t, point, "X", fake_scalar(&w.t, MS_INT, "int", 8));
	fake_name(&w.t, "main.Point", point);
	fake_write_uint(&w.t, data, 8, 3);
	uint64_t boxed = go_type(&w, 8, STRUCT, "main.Point", 384);
	assert_go(&w.t, w.eface, &(uint64_t[]){ boxed, data }, "main.Point({X = 3})",
		  "{\"$type\": \"main.Point\", \"$value\": {\"X\": 3}}");
	fake_fini(&w.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_of_every_width),
		cmocka_unit_test(integers_of_128_bits),
		cmocka_unit_test(chars),
		cmocka_unit_test(booleans),
		cmocka_unit_test(enums),
		cmocka_unit_test(bit_fields),
		cmocka_unit_test(bit_fields_that_do_not_fit),
		cmocka_unit_test(floats),
		cmocka_unit_test(random_floats_read_back_from_the_shortest_digits),
		cmocka_unit_test(long_doubles_read_back),
		cmocka_unit_test(any_16_bytes_give_a_line),
		cmocka_unit_test(locale_does_not_matter),
		cmocka_unit_test(complex_numbers),
		cmocka_unit_test(quadruple_floats_are_shown_as_bytes),
		cmocka_unit_test(types_of_c_have_one_spelling),
		cmocka_unit_test(pointers_to_char_are_texts),
		cmocka_unit_test(text_at_the_end_of_memory),
		cmocka_unit_test(texts_are_cut_at_4096_bytes),
		cmocka_unit_test(long_invalid_text_is_hex),
		cmocka_unit_test(endless_text_is_bounded),
		cmocka_unit_test(arrays_of_char_are_texts_up_to_their_nul),
		cmocka_unit_test(texts_with_a_length),
		cmocka_unit_test(structs_unions_and_anonymous_members),
		cmocka_unit_test(arrays),
		cmocka_unit_test(pointers),
		cmocka_unit_test(below_depth_4_there_is_more),
		cmocka_unit_test(self_referring_types_end),
		cmocka_unit_test(wide_anonymous_nests_end),
		cmocka_unit_test(members_outside_their_struct),
		cmocka_unit_test(bytes_without_a_type),
		cmocka_unit_test(names_of_the_target_are_escaped),
		cmocka_unit_test(maps_inside),
		cmocka_unit_test(go_strings),
		cmocka_unit_test(go_slices),
		cmocka_unit_test(go_slice_of_itself_ends),
		cmocka_unit_test(texts_of_one_value_are_bounded),
		cmocka_unit_test(go_maps_chans_funcs_and_pointers),
		cmocka_unit_test(go_interfaces),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
