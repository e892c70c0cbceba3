/* Decimal digits, of which a listing of a large map has more than anything else.  */
#ifndef MS_BASE_DIGITS_H
#define MS_BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

enum { MS_DIGITS_MOST = 20, MS_TEN_TO_EIGHT = 100000000 };

/* digits.c: "0000" to "9999". No NUL.  */
extern const char ms_four_digits[10000][4];

/* The eight digits of VALUE, below 10^8, as text: the first digit in the lowest byte.  */
static inline uint64_t ms_eight_digits(uint32_t value)
{
	uint32_t first, last;

	memcpy(&first, ms_four_digits[value / 10000], sizeof first);
	memcpy(&last, ms_four_digits[value % 10000], sizeof last);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return __builtin_bswap32(first) | (uint64_t)__builtin_bswap32(last) << 32;
	return first | (uint64_t)last << 32;
}

static inline void ms_put_eight(char *at, uint64_t digits)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		digits = __builtin_bswap64(digits);
	memcpy(at, &digits, sizeof digits);
}

/* The digits of VALUE, below 10^8, as ms_put_uint.  */
static inline char *ms_put_small(char *at, uint32_t value)
{
	uint64_t digits = ms_eight_digits(value);
	/* Zeros, but for the last digit.  */
	uint32_t leading = (uint32_t)__builtin_ctzll((digits & 0x0f0f0f0f0f0f0f0f) | (uint64_t)1 << 56) / 8;

	ms_put_eight(at, digits >> 8 * leading);
	return at + 8 - leading;
}

/* The digits of VALUE from AT on, where there is room for MS_DIGITS_MOST, all of which may be written to. Returns their end. No
   NUL.  */
static inline char *ms_put_uint(char *at, uint64_t value)
{
	uint64_t high = value / MS_TEN_TO_EIGHT;

	if (!high)
		return ms_put_small(at, (uint32_t)value);
	if (high < MS_TEN_TO_EIGHT) {
		at = ms_put_small(at, (uint32_t)high);
	} else {
		at = ms_put_small(at, (uint32_t)(high / MS_TEN_TO_EIGHT));
		ms_put_eight(at, ms_eight_digits((uint32_t)(high % MS_TEN_TO_EIGHT)));
		at += 8;
	}
	ms_put_eight(at, ms_eight_digits((uint32_t)(value % MS_TEN_TO_EIGHT)));
	return at + 8;
}

#endif
