/* Growing texts, and the two ways in which bytes of the target become text.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arith.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/digits.h"

static void text_is_never_null(void **state)
{
	struct ms_buf buf = { 0 };

	(void)state;
	assert_string_equal(ms_buf_text(&buf), "");
	ms_buf_add(&buf, "", 0);
	assert_string_equal(ms_buf_text(&buf), "");
	ms_buf_clear(&buf);
	ms_buf_truncate(&buf, 0);
	assert_string_equal(ms_buf_text(&buf), "");
	ms_buf_fini(&buf);
}

/* Across the sizes at which it grows. */
static void text_grows(void **state)
{
	struct ms_buf buf = { 0 };

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		assert_int_equal(buf.size, i);
		ms_buf_char(&buf, (char)('a' + i % 26));
		assert_int_equal(strlen(ms_buf_text(&buf)), i + 1);
	}
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	ms_buf_truncate(&buf, 5000);
	assert_int_equal(buf.size, 3000);
	ms_buf_truncate(&buf, 3);
	assert_string_equal(ms_buf_text(&buf), "abc");
	ms_buf_printf(&buf, "%s%d", "-", 7);
	assert_string_equal(ms_buf_text(&buf), "abc-7");
	ms_buf_clear(&buf);
	assert_string_equal(ms_buf_text(&buf), "");
	ms_buf_fini(&buf);
}

static void printf_exactly_fills(void **state)
{
	(void)state;
	for (int size = 250; size < 260; size++) {
		struct ms_buf buf = { 0 };
		ms_buf_printf(&buf, "%*d", size, 1);
		assert_int_equal(buf.size, size);
		assert_int_equal(strlen(ms_buf_text(&buf)), size);
		ms_buf_fini(&buf);
	}
}

static void numbers(void **state)
{
	struct ms_buf buf = { 0 };

	(void)state;
	ms_buf_uint(&buf, 0);
	ms_buf_char(&buf, ' ');
	ms_buf_uint(&buf, UINT64_MAX);
	ms_buf_char(&buf, ' ');
	ms_buf_int(&buf, INT64_MIN);
	ms_buf_char(&buf, ' ');
	ms_buf_int(&buf, -1);
	ms_buf_char(&buf, ' ');
	ms_buf_hex(&buf, UINT64_MAX);
	ms_buf_pad(&buf, 2);
	ms_buf_hex(&buf, 0);
	ms_buf_pad(&buf, 1);
	ms_buf_hex_bytes(&buf, (const uint8_t *)"\x00\x7f\xff", 3);
	assert_string_equal(ms_buf_text(&buf),
			    "0 18446744073709551615 -9223372036854775808 -1 0xffffffffffffffff  0x0 007fff");
	ms_buf_fini(&buf);
}

static void assert_digits(uint64_t value)
{
	char text[MS_DIGITS_MOST + 1], expected[MS_DIGITS_MOST + 1];

	*ms_put_uint(text, value) = 0;
	snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
	assert_string_equal(text, expected);
}

/* As printf has them: all of four digits, and around each power of two and of ten.  */
static void digits_are_those_of_printf(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (uint64_t value = 0; value < 10000; value++) {
		assert_digits(value);
		assert_digits(value * 10000 + 9999 - value);
	}
	for (uint32_t bit = 0; bit < 64; bit++)
		for (uint64_t away = 0; away < 3; away++)
			assert_digits(((uint64_t)1 << bit) + away - 1);
	for (uint64_t ten = 1; ten <= UINT64_MAX / 10; ten *= 10)
		for (uint64_t away = 0; away < 3; away++)
			assert_digits(10 * ten + away - 1);
	for (int i = 0; i < 10000; i++, random = random * 6364136223846793005 + 1442695040888963407)
		assert_digits(random >> (i % 64));
}

static void assert_escaped(const char *bytes, size_t size, char quote, const char *expected)
{
	struct ms_buf buf = { 0 };

	ms_buf_escaped(&buf, bytes, size, quote);
	assert_string_equal(ms_buf_text(&buf), expected);
	ms_buf_fini(&buf);
}

static void bytes_are_escaped(void **state)
{
	(void)state;
	assert_escaped("plain text~", 11, '"', "plain text~");
	assert_escaped("", 0, '"', "");
	assert_escaped("a\"b'c\\", 6, '"', "a\\\"b'c\\\\");
	assert_escaped("a\"b'c", 5, '\'', "a\"b\\'c");
	assert_escaped("a\"b'c", 5, 0, "a\"b'c");
	assert_escaped("\n\t\r\a\x1b[2J\x7f", 9, '"', "\\n\\t\\r\\x07\\x1b[2J\\x7f");
	assert_escaped("\0\0", 2, 0, "\\x00\\x00");
	assert_escaped("\xc3\xa9\xe2\x80\xae", 5, 0, "\\xc3\\xa9\\xe2\\x80\\xae");
}

static void every_byte_becomes_printable_in_both_forms(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		for (int json = 0; json < 2; json++) {
			struct ms_buf buf = { 0 };
			if (json)
				ms_buf_json_string(&buf, &byte, 1);
			else
				ms_buf_escaped(&buf, &byte, 1, 0);
			for (size_t i = 0; i < buf.size; i++)
				assert_in_range((uint8_t)buf.data[i], ' ', '~');
			ms_buf_fini(&buf);
		}
	}
}

static void assert_json(const char *bytes, size_t size, const char *expected)
{
	struct ms_buf buf = { 0 };

	ms_buf_json_string(&buf, bytes, size);
	assert_string_equal(ms_buf_text(&buf), expected);
	ms_buf_fini(&buf);
}

static void json_strings(void **state)
{
	(void)state;
	assert_json("", 0, "\"\"");
	assert_json("a'b", 3, "\"a'b\"");
	assert_json("\"\\/", 3, "\"\\\"\\\\/\"");
	assert_json("\n\t\r\b\x1b\x7f", 6, "\"\\n\\t\\r\\u0008\\u001b\\u007f\"");
	assert_json("a\0b", 3, "\"a\\u0000b\"");
	assert_json("\xc3\xa9", 2, "\"\\u00e9\"");
	assert_json("\xe2\x80\xae", 3, "\"\\u202e\""); /* right-to-left override */
	assert_json("\xf0\x9f\x98\x80", 4, "\"\\ud83d\\ude00\"");
	assert_json("\xf4\x8f\xbf\xbf", 4, "\"\\udbff\\udfff\"");
	assert_json("a\xff"
		    "b",
		    3, "\"a\\ufffdb\"");
	assert_json("\xe2\x80", 2, "\"\\ufffd\\ufffd\"");
}

static void utf8_is_checked_strictly(void **state)
{
	static const struct {
		const char *bytes;
		bool valid;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },     /* a continuation alone */
		{ "\xc0\x80", false }, /* overlong */
		{ "\xc1\xbf", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xed\xa0\x80", false }, /* surrogates */
		{ "\xed\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xc3", false }, /* cut */
		{ "\xe2\x80", false },
		{ "\xf0\x9f\x98", false },
		{ "\xc3(", false },
		{ "\xe2(\xa1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(ms_utf8_valid(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
}

static void loads_by_size_and_order(void **state)
{
	static const uint8_t bytes[8] = { 0x81, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88 };

	(void)state;
	assert_int_equal(ms_load(bytes, 0, false), 0);
	assert_int_equal(ms_load(bytes, 1, false), 0x81);
	assert_int_equal(ms_load(bytes, 2, false), 0x0281);
	assert_int_equal(ms_load(bytes, 2, true), 0x8102);
	assert_int_equal(ms_load(bytes, 3, true), 0x810203);
	assert_int_equal(ms_load(bytes, 4, false), 0x04030281);
	assert_true(ms_load(bytes, 8, false) == 0x8807060504030281);
	assert_true(ms_load(bytes, 8, true) == 0x8102030405060788);
	assert_int_equal(ms_load(bytes, 9, true), 0);
	assert_true(ms_load_signed(bytes, 1, false) == -127);
	assert_true(ms_load_signed(bytes, 2, true) == (int16_t)0x8102);
	assert_true(ms_load_signed(bytes, 2, false) == 0x0281);
	assert_true(ms_load_signed(bytes, 8, false) == (int64_t)0x8807060504030281);
	assert_true(ms_load_signed("\xff\xff\xff", 3, false) == -1);
}

static void arithmetic_does_not_wrap(void **state)
{
	uint64_t out;

	(void)state;
	assert_true(ms_add(UINT64_MAX, 0, &out) && out == UINT64_MAX);
	assert_false(ms_add(UINT64_MAX, 1, &out));
	assert_true(ms_mul(UINT64_MAX, 1, &out) && out == UINT64_MAX);
	assert_false(ms_mul((uint64_t)1 << 32, (uint64_t)1 << 32, &out));
	assert_true(ms_element(100, 3, 8, &out) && out == 124);
	assert_false(ms_element(UINT64_MAX, 1, 1, &out));
	assert_false(ms_element(0, UINT64_MAX, 2, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_never_null),
		cmocka_unit_test(text_grows),
		cmocka_unit_test(printf_exactly_fills),
		cmocka_unit_test(numbers),
		cmocka_unit_test(digits_are_those_of_printf),
		cmocka_unit_test(bytes_are_escaped),
		cmocka_unit_test(every_byte_becomes_printable_in_both_forms),
		cmocka_unit_test(json_strings),
		cmocka_unit_test(utf8_is_checked_strictly),
		cmocka_unit_test(loads_by_size_and_order),
		cmocka_unit_test(arithmetic_does_not_wrap),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
