/* Arithmetic on numbers that came from the target: each returns false instead of wrapping.  */
#ifndef MS_BASE_ARITH_H
#define MS_BASE_ARITH_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ms_add(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool ms_mul(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

/* ADDRESS + INDEX * STRIDE.  */
static inline bool ms_element(uint64_t address, uint64_t index, uint64_t stride, uint64_t *out)
{
	uint64_t offset;

	return ms_mul(index, stride, &offset) && ms_add(address, offset, out);
}

static inline uint64_t ms_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif
