/* Literals as bytes of the target's types, in both word sizes and byte orders, and what is said of those that are none.  */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "cmd/literal.h"
#include "context.h"
#include "fake_target.h"
#include "types/types.h"

static struct fake_target t;
static enum ms_language language;

static void begin(uint32_t pointer_size, bool big_endian, enum ms_language as)
{
	fake_init(&t, pointer_size, big_endian);
	language = as;
	fake_open(&t);
}

static int32_t read(uint64_t type, const char *text, struct ms_key *key)
{
	assert_true(ms_key_init(key, fake_size(&t, type)));
	ms_slice_begin(t.ctx, 1000);
	return ms_literal(t.ctx, language, text, ms_node(t.ctx, type), key);
}

/* TEXT is the integer VALUE of that type.  */
static void is_number(uint64_t type, const char *text, int64_t value)
{
	struct ms_key key;
	uint64_t size = fake_size(&t, type);

	if (read(type, text, &key) != MS_OK)
		fail_msg("%s: %s", text, ms_error(t.ctx));
	uint64_t mask = size < 8 ? ((uint64_t)1 << 8 * size) - 1 : UINT64_MAX;
	assert_int_equal(ms_load(key.bytes, size, t.big_endian), (uint64_t)value & mask);
	ms_key_fini(&key);
}

static void is_bytes(uint64_t type, const char *text, const void *bytes)
{
	struct ms_key key;

	if (read(type, text, &key) != MS_OK)
		fail_msg("%s: %s", text, ms_error(t.ctx));
	assert_memory_equal(key.bytes, bytes, key.size);
	ms_key_fini(&key);
}

static void is_refused(uint64_t type, const char *text, int32_t status, const char *words)
{
	struct ms_key key;

	assert_int_equal(read(type, text, &key), status);
	if (!strstr(ms_error(t.ctx), words))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, ms_error(t.ctx), words);
	ms_key_fini(&key);
}

static void whole_numbers(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		begin(form & 1 ? 4 : 8, form & 2, MS_C);
		uint64_t i1 = fake_int(&t, 1), u1 = fake_uint(&t, 1), i4 = fake_int(&t, 4), i8 = fake_int(&t, 8),
			 u8 = fake_uint(&t, 8), character = fake_char(&t);
		is_number(i4, "5", 5);
		is_number(i4, " -5 ", -5);
		is_number(i4, "+5", 5);
		is_number(i4, "0x7fFF", 0x7fff);
		is_number(i4, "0b101", 5);
		is_number(i4, "017", 15);
		is_number(i4, "0o17", 15);
		is_number(i4, "1_000", 1000);
		is_number(i4, "5UL", 5);
		is_number(i4, "'a'", 'a');
		is_number(i4, "'\\n'", '\n');
		is_number(i4, "'\\x41'", 'A');
		is_number(i4, "'\\''", '\'');
		is_number(i4, "'\xe4\xb8\x96'", 0x4e16);
		is_number(character, "97 'a'", 97);
		is_number(i1, "-128", -128);
		is_number(u1, "255", -1);
		is_number(i8, "-9223372036854775808", INT64_MIN);
		is_number(u8, "18446744073709551615", -1);
		is_refused(i1, "128", MS_USAGE, "128 does not fit; expected signed char: -128 to 127");
		is_refused(i1, "-129", MS_USAGE, "does not fit");
		is_refused(u1, "-1", MS_USAGE, "-1 does not fit; expected unsigned char: 0 to 255");
		is_refused(u1, "256", MS_USAGE, "does not fit");
		is_refused(u8, "18446744073709551616", MS_USAGE, "does not fit");
		is_refused(u8, "999999999999999999999999999999999999999999", MS_NOT_FOUND, "expected");
		is_refused(i4, "\"5\"", MS_USAGE, "found a text");
		is_refused(i4, "''", MS_USAGE, "no single character");
		is_refused(i4, "'ab'", MS_USAGE, "no single character");
		for (const char *const *text =
			     (const char *const[]){ "", "x", "5x", "5 + 1", "1.5", "-", "0x", "_5", "'", NULL };
		     *text; text++) {
			struct ms_key key;
			int32_t status = read(i4, *text, &key);
			assert_true(status == MS_NOT_FOUND || status == MS_USAGE);
			ms_key_fini(&key);
		}
		fake_fini(&t);
	}
}

static void wide_integers(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		begin(8, big, MS_C);
		uint64_t wide = fake_scalar(&t, MS_INT, "__int128", 16);
		struct ms_key key;
		assert_int_equal(read(wide, "-170141183460469231731687303715884105728", &key), MS_OK);
		assert_int_equal(key.bytes[big ? 0 : 15], 0x80);
		assert_int_equal(key.bytes[big ? 15 : 0], 0);
		ms_key_fini(&key);
		is_refused(wide, "170141183460469231731687303715884105728", MS_USAGE, "does not fit");
		fake_fini(&t);
	}
}

static void names_and_truths(void **state)
{
	(void)state;
	begin(8, false, MS_C);
	uint64_t color = fake_enum(&t, "color", 4), truth = fake_scalar(&t, MS_BOOL, "_Bool", 1);
	fake_enumerator(&t, color, "RED", 1);
	fake_enumerator(&t, color, "RED_HOT", -7);
	is_number(color, "RED", 1);
	is_number(color, "RED_HOT", -7);
	is_number(color, "3", 3);
	is_number(truth, "true", 1);
	is_number(truth, "false", 0);
	is_number(truth, "1", 1);
	is_refused(truth, "2", MS_USAGE, "expected _Bool: true or false");
	is_refused(color, "BLUE", MS_NOT_FOUND, "expected enum color: a number or a name: RED, RED_HOT");
	fake_fini(&t);
}

static void floats(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		begin(8, big, MS_GO);
		uint64_t f4 = fake_scalar(&t, MS_FLOAT, "float32", 4), f8 = fake_scalar(&t, MS_FLOAT, "float64", 8),
			 c8 = fake_scalar(&t, MS_COMPLEX, "complex64", 8);
		const struct {
			const char *text;
			double value;
		} cases[] = { { "2.5", 2.5 },	    { "-0.0", -0.0 },	   { "1e300", 1e300 }, { "5e-324", 5e-324 },
			      { "+Inf", INFINITY }, { "-Inf", -INFINITY }, { "3", 3 },	       { ".5", 0.5 } };
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			uint8_t bytes[8], turned[8];
			memcpy(bytes, &cases[i].value, 8);
			for (int b = 0; b < 8; b++)
				turned[b] = bytes[big ? 7 - b : b];
			is_bytes(f8, cases[i].text, turned);
		}
		const uint8_t half[2][4] = { { 0, 0, 0, 0x3f }, { 0x3f, 0, 0, 0 } };
		is_bytes(f4, "0.5", half[big]);
		const uint8_t pair[2][8] = { { 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0 }, { 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0 } };
		for (const char *const *text = (const char *const[]){ "1-2i", "(1, -2i)", "1 - 2i", "(1-2i)", NULL };
		     *text; text++)
			is_bytes(c8, *text, pair[big]);
		struct ms_key key;
		assert_int_equal(read(f8, "NaN", &key), MS_OK);
		ms_key_fini(&key);
		is_refused(f8, "nancy", MS_NOT_FOUND, "expected float64: a number");
		is_refused(f8, "\"1\"", MS_USAGE, "found a text");
		is_refused(c8, "1+i2", MS_NOT_FOUND, "1+2i");
		fake_fini(&t);
	}
}

/* The bytes that a key of a pointer and a length stands for.  */
static void is_text(uint64_t type, const char *text, const char *value, uint64_t size)
{
	uint32_t word = t.pointer_size;
	struct ms_key key;

	if (read(type, text, &key) != MS_OK)
		fail_msg("%s: %s", text, ms_error(t.ctx));
	assert_int_equal(ms_load(key.bytes + word, word, t.big_endian), size);
	const struct ms_own_piece *piece = ms_own_at(&key.own, t.ctx, ms_load(key.bytes, word, t.big_endian));
	assert_true(size ? piece && piece->size == size && !memcmp(piece->bytes, value, size) : !piece);
	ms_key_fini(&key);
}

static uint64_t make_text(const char *name, const char *pointer, const char *length)
{
	uint64_t type = fake_struct(&t, name);

	fake_member(&t, type, pointer, fake_pointer(&t, fake_char(&t)));
	fake_member(&t, type, length, fake_int(&t, t.pointer_size));
	return type;
}

static void texts(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		begin(form & 1 ? 4 : 8, form & 2, MS_C);
		uint64_t counted = make_text("text", "ptr", "length"), pointer = fake_pointer(&t, fake_char(&t)),
			 array = fake_array(&t, fake_char(&t), 4);
		struct ms_key key;
		is_text(counted, "\"\"", "", 0);
		is_text(counted, "\"a b\"", "a b", 3);
		is_text(counted, "\"a\\0b\\x01\\\"\\\\\\t\\101\\u00e9\\U0001f642\"",
			"a\0b\1\"\\\tA\xc3\xa9\xf0\x9f\x99\x82", 14);
		is_text(counted, "`a\\n`", "a\\n", 3);
		is_bytes(array, "\"ab\"", "ab\0\0");
		is_bytes(array, "\"abcd\"", "abcd");
		is_refused(array, "\"abcde\"", MS_USAGE, "a text of 5 bytes is too long");
		is_refused(counted, "\"a", MS_USAGE, "without an end");
		is_refused(counted, "\"\\q\"", MS_USAGE, "an escape that is none");
		is_refused(counted, "\"a\" b", MS_USAGE, "\"b\" is left over");
		is_refused(counted, "word", MS_NOT_FOUND, "a text in double quotes");
		is_refused(pointer, "\"a\\0b\"", MS_USAGE, "a NUL ends");
		is_number(pointer, "0x1234", 0x1234);
		is_number(pointer, "NULL", 0);
		assert_int_equal(read(pointer, "\"\"", &key), MS_OK);
		assert_non_null(ms_own_at(&key.own, t.ctx, ms_load(key.bytes, t.pointer_size, t.big_endian)));
		ms_key_fini(&key);
		fake_fini(&t);
	}
}

static void structs_and_arrays(void **state)
{
	(void)state;
	begin(8, false, MS_C);
	uint64_t point = fake_struct(&t, "point"), inner = fake_struct(&t, ""), flags = fake_struct(&t, "flags");
	fake_member(&t, inner, "y", fake_int(&t, 2));
	fake_member(&t, point, "x", fake_int(&t, 2));
	fake_member(&t, point, "", inner);
	uint64_t pair = fake_array(&t, point, 2);
	fake_bits(&t, flags, "a", fake_uint(&t, 1), 0, 0, 3);
	fake_bits(&t, flags, "b", fake_int(&t, 1), 0, 3, 5);
	fake_claims(&t, flags)->byte_size = 1;
	const uint8_t one_two[4] = { 1, 0, 2, 0 }, zero_two[4] = { 0, 0, 2, 0 }, bits[1] = { 5 | 29 << 3 };
	for (const char *const *text =
		     (const char *const[]){ "{1, 2}", "{x = 1, y = 2}", "{y: 2, x: 1}", "{.x = 1, .y = 2}",
					    "point{1,2}", "struct point{1, 2}", "(struct point){1, 2}", "point({1, 2})",
					    "{ 1 , 2 , }", NULL };
	     *text; text++)
		is_bytes(point, *text, one_two);
	is_bytes(point, "{y = 2}", zero_two);
	is_bytes(point, "{}", "\0\0\0\0");
	is_bytes(pair, "{{1, 2}, {1, 2}}", (const uint8_t[]){ 1, 0, 2, 0, 1, 0, 2, 0 });
	is_bytes(pair, "{1: {1, 2}}", (const uint8_t[]){ 0, 0, 0, 0, 1, 0, 2, 0 });
	is_bytes(flags, "{5, -3}", bits);
	is_refused(flags, "{8, 0}", MS_USAGE, "8 does not fit the 3 bits of a");
	is_refused(flags, "{0, 16}", MS_USAGE, "16 does not fit the 5 bits of b");
	is_refused(point, "{1, 2, 3}", MS_USAGE,
		   "it has 2 members, here are more; expected struct point: {x = ..., y = ...}");
	is_refused(point, "{z = 1}", MS_USAGE, "it has no member z");
	is_refused(point, "{1 2}", MS_USAGE, "a , or } is missing before \"2}\"");
	is_refused(point, "{1, 2", MS_USAGE, "missing");
	is_refused(point, "{70000, 2}", MS_USAGE, "70000 does not fit");
	is_refused(point, "{1, 2} x", MS_USAGE, "\"x\" is left over");
	is_refused(point, "other{1, 2}", MS_USAGE, "found other; expected struct point");
	is_refused(point, "p", MS_NOT_FOUND, "expected struct point: {x = ..., y = ...}");
	is_refused(pair, "{{1,2},{1,2},{1,2}}", MS_USAGE, "it has 2 elements, here are more");
	fake_fini(&t);
	begin(8, false, MS_GO);
	point = fake_struct(&t, "main.point");
	fake_member(&t, point, "x", fake_int(&t, 2));
	fake_member(&t, point, "y", fake_int(&t, 2));
	is_bytes(point, "main.point{1, 2}", one_two);
	is_bytes(point, "point{1, 2}", one_two);
	is_bytes(point, "main.point({x = 1, y = 2})", one_two);
	is_refused(point, "{1}", MS_USAGE, "it has 2 members, here are 1");
	fake_fini(&t);
}

/* The Go type and value that an interface of a literal holds.  */
static void holds(uint64_t eface, const char *text, const char *name, uint64_t size, int64_t value)
{
	const struct ms_go_type *type;
	const uint8_t *bytes;
	struct ms_key key;

	if (read(eface, text, &key) != MS_OK)
		fail_msg("%s: %s", text, ms_error(t.ctx));
	assert_true(ms_own_interface(&key.own, t.ctx, key.bytes, &type, &bytes));
	assert_string_equal(type->name, name);
	assert_int_equal(type->size, size);
	if (strcmp(name, "string") != 0)
		assert_int_equal(ms_load_signed(bytes, size, t.big_endian), value);
	ms_key_fini(&key);
}

static void interfaces(void **state)
{
	(void)state;
	for (uint32_t word = 4; word <= 8; word += 4) {
		begin(word, false, MS_GO);
		uint64_t eface = fake_struct(&t, "runtime.eface"), point = fake_struct(&t, "main.point");
		fake_member(&t, eface, "_type", fake_pointer(&t, fake_struct(&t, "runtime._type")));
		fake_member(&t, eface, "data", fake_pointer(&t, 0));
		fake_member(&t, point, "x", fake_int(&t, 2));
		fake_name(&t, "main.point", point);
		holds(eface, "int(5)", "int", word, 5);
		holds(eface, "5", "int", word, 5);
		holds(eface, "-5", "int", word, -5);
		holds(eface, "uint8(200)", "uint8", 1, -56);
		holds(eface, "byte(7)", "uint8", 1, 7);
		holds(eface, "'a'", "int32", 4, 97);
		holds(eface, "true", "bool", 1, 1);
		holds(eface, "2.5", "float64", 8, 0x4004000000000000);
		holds(eface, "string(\"x\")", "string", 2 * word, 0);
		holds(eface, "\"x\"", "string", 2 * word, 0);
		holds(eface, "main.point({x = 3})", "main.point", 2, 3);
		holds(eface, "main.point{3}", "main.point", 2, 3);
		holds(eface, "*main.point(0x10)", "*main.point", word, 0x10);
		is_bytes(eface, "nil", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
		is_refused(eface, "uint8(256)", MS_USAGE, "256 does not fit; expected uint8: 0 to 255");
		is_refused(eface, "int(5", MS_USAGE, "a ) is missing");
		is_refused(eface, "main.other(5)", MS_NOT_FOUND, "no type is named \"main.other\" here");
		is_refused(eface, "word", MS_NOT_FOUND, "expected interface {}: int(5)");
		fake_fini(&t);
	}
}

/* Whatever is cut off or put in, the answer is one of three, and has words.  */
static void damaged_literals_are_refused_in_words(void **state)
{
	(void)state;
	begin(8, false, MS_GO);
	uint64_t eface = fake_struct(&t, "runtime.eface"), point = fake_struct(&t, "main.point");
	fake_member(&t, eface, "_type", fake_pointer(&t, fake_struct(&t, "runtime._type")));
	fake_member(&t, eface, "data", fake_pointer(&t, 0));
	fake_member(&t, point, "x", fake_int(&t, 2));
	fake_member(&t, point, "any", eface);
	fake_name(&t, "main.point", point);
	static const char whole[] = "main.point{x: 0x1f, any: main.point({any = string(\"a\\x41\\u00e9\"), x = 'b'})}";
	static const char put_in[] = "{}()[]\"'`\\,:=.-+ i\xff";
	for (size_t at = 0; at < sizeof whole; at++) {
		for (size_t with = 0; with < sizeof put_in; with++) {
			char text[sizeof whole + 1];
			struct ms_key key;
			memcpy(text, whole, sizeof whole);
			text[at] = put_in[with];
			text[sizeof whole] = 0;
			int32_t status = read(point, text, &key);
			assert_true(status == MS_OK || status == MS_NOT_FOUND || status == MS_USAGE);
			assert_true(status == MS_OK || *ms_error(t.ctx));
			fake_is_printable(ms_error(t.ctx), strlen(ms_error(t.ctx)));
			ms_key_fini(&key);
		}
	}
	char deep[4096];
	memset(deep, '{', sizeof deep);
	deep[sizeof deep - 1] = 0;
	is_refused(point, deep, MS_USAGE, "");
	fake_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(wide_integers),
		cmocka_unit_test(names_and_truths),
		cmocka_unit_test(floats),
		cmocka_unit_test(texts),
		cmocka_unit_test(structs_and_arrays),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(damaged_literals_are_refused_in_words),
	};

	return cmocka_run_group_tests_name("literal", tests, NULL, NULL);
}
