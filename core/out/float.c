/* Floating-point numbers: the shortest digits that read back as the same number in its own width, in the C locale whatever
   the debugger has set.  */
#define _GNU_SOURCE
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "out/value.h"

/* Whether TEXT reads back as VALUE in a float of SIZE bytes.  */
static bool reads_back(const char *text, long double value, uint64_t size)
{
	if (size == 4)
		return strtof(text, NULL) == (float)value;
	if (size == 8)
		return strtod(text, NULL) == (double)value;
	return strtold(text, NULL) == value;
}

static void shortest(struct ms_buf *buf, long double value, uint64_t size)
{
	static const int digits_most[] = { [4] = 9, [8] = 17, [16] = 21 };
	static const int digits_exact[] = { [4] = FLT_DIG, [8] = DBL_DIG, [16] = LDBL_DIG };
	char text[64];

	/* A normal number that has a short form shows it at *_DIG digits already, since %g drops trailing zeros.  */
	bool normal = fabsl(value) >= (size == 4 ? FLT_MIN : size == 8 ? DBL_MIN : LDBL_MIN);
	for (int digits = normal ? digits_exact[size] : 1; digits <= digits_most[size]; digits++) {
		snprintf(text, sizeof text, "%.*Lg", digits, value);
		if (reads_back(text, value, size))
			break;
	}
	ms_buf_str(buf, text);
}

static long double load(const uint8_t *bytes, uint64_t size, bool big_endian)
{
	uint64_t bits = size <= 8 ? ms_load(bytes, size, big_endian) : 0;
	long double value = 0;
	double wide;
	float narrow;
	uint32_t low = (uint32_t)bits;

	if (size == 4) {
		memcpy(&narrow, &low, sizeof narrow);
		return narrow;
	}
	if (size == 8) {
		memcpy(&wide, &bits, sizeof wide);
		return wide;
	}
	memcpy(&value, bytes, sizeof value);
	return value;
}

void ms_value_float(struct ms_buf *buf, const uint8_t *bytes, uint64_t size, bool big_endian, bool json)
{
	static locale_t c_locale; /* made once; losing a race leaks one */
	long double value = load(bytes, size, big_endian);
	const char *quote = json ? "\"" : "";

	if (isnan(value) || isinf(value)) {
		ms_buf_printf(buf, "%s%s%s", quote, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf", quote);
		return;
	}
	if (value == 0 && signbit(value)) { /* many readers of JSON take -0 for the integer 0 */
		ms_buf_str(buf, "-0.0");
		return;
	}
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	locale_t before = c_locale ? uselocale(c_locale) : NULL;
	shortest(buf, value, size);
	if (before)
		uselocale(before);
}
