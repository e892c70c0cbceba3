/* Loads and stores of the target's integers in a copy of its memory, by size and byte order.  */
#ifndef MS_BASE_BYTES_H
#define MS_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An unsigned integer of SIZE bytes; 0 for a size over 8.  */
static inline uint64_t ms_load(const void *bytes, uint64_t size, bool big_endian)
{
	const uint8_t *p = bytes;
	uint64_t value = 0;

	if (!big_endian && size == 8) {
		memcpy(&value, p, 8);
		return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? value : __builtin_bswap64(value);
	}
	if (!big_endian && size == 4)
		return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
	if (size > 8)
		return 0;
	for (uint64_t i = 0; i < size; i++)
		value |= (uint64_t)p[i] << 8 * (big_endian ? size - 1 - i : i);
	return value;
}

/* The same, sign-extended.  */
static inline int64_t ms_load_signed(const void *bytes, uint64_t size, bool big_endian)
{
	uint64_t value = ms_load(bytes, size, big_endian);

	if (size == 0 || size >= 8)
		return (int64_t)value;
	uint64_t sign = (uint64_t)1 << (8 * size - 1);
	return (int64_t)((value ^ sign) - sign);
}

/* The lowest SIZE bytes of VALUE, as the target holds them; zeros beyond 8.  */
static inline void ms_store(void *bytes, uint64_t size, uint64_t value, bool big_endian)
{
	uint8_t *p = bytes;

	for (uint64_t i = 0; i < size; i++)
		p[big_endian ? size - 1 - i : i] = i < 8 ? (uint8_t)(value >> 8 * i) : 0;
}

#endif
