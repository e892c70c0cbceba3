/* Hashes and equalities for common keys. The hash folds 64 x 64 bit products (high half xor low half) of the data with
   odd-looking constants; it is fast and even, but no defence against keys chosen by someone who knows hash0.  */
#include "hmap/hmap.h"

#include <float.h>
#include <string.h>

/* Digits of pi's fraction: nothing up the sleeve. Each has about as many ones as zeros.  */
#define PI_0 0x243f6a8885a308d3
#define PI_1 0x13198a2e03707344
#define PI_2 0xa4093822299f31d0
#define PI_3 0x082efa98ec4e6c89

static inline uint64_t fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
#else
	uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX), high = (a >> 32) * (b >> 32);
	uint64_t cross = (a >> 32) * (b & UINT32_MAX) + (low >> 32); /* cannot overflow */
	uint64_t other = (a & UINT32_MAX) * (b >> 32) + (cross & UINT32_MAX);

	return (high + (cross >> 32) + (other >> 32)) ^ (other << 32 | (low & UINT32_MAX));
#endif
}

static inline uint64_t mix(uint64_t word, uint64_t seed)
{
	return fold(fold(word ^ PI_0, seed ^ PI_1) ^ PI_2, PI_3 ^ seed << 32);
}

static inline uint64_t load(const uint8_t *p, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, p, size);
	return word;
}

uint64_t hmap_hash_bytes(const void *data, size_t size, uint64_t seed)
{
	const uint8_t *p = data;
	size_t left = size;
	uint64_t a = 0, b = 0;

	seed = fold(seed ^ PI_0, PI_1);
	for (; left > 16; left -= 16, p += 16)
		seed = fold(load(p, 8) ^ PI_2, load(p + 8, 8) ^ seed);
	if (left >= 8) {
		a = load(p, 8);
		b = load(p + left - 8, 8);
	} else if (left >= 4) {
		a = load(p, 4);
		b = load(p + left - 4, 4);
	} else if (left) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[left / 2] << 8 | p[left - 1];
	}
	return fold(fold(a ^ PI_2, b ^ seed) ^ PI_3, PI_0 ^ size);
}

uint64_t hmap_hash_8(const void *key, uint64_t seed)
{
	return mix(load(key, 1), seed);
}

uint64_t hmap_hash_16(const void *key, uint64_t seed)
{
	return mix(load(key, 2), seed);
}

uint64_t hmap_hash_32(const void *key, uint64_t seed)
{
	return mix(load(key, 4), seed);
}

uint64_t hmap_hash_64(const void *key, uint64_t seed)
{
	return mix(load(key, 8), seed);
}

uint64_t hmap_hash_pointer(const void *key, uint64_t seed)
{
	return mix(load(key, sizeof(void *)), seed);
}

uint64_t hmap_hash_f32(const void *key, uint64_t seed)
{
	float value;

	memcpy(&value, key, sizeof(value));
	if (value == 0)
		value = 0; /* -0 */
	return mix(load((const uint8_t *)&value, sizeof(value)), seed);
}

uint64_t hmap_hash_f64(const void *key, uint64_t seed)
{
	double value;

	memcpy(&value, key, sizeof(value));
	if (value == 0)
		value = 0;
	return mix(load((const uint8_t *)&value, sizeof(value)), seed);
}

/* x86's format leaves 6 of 16 bytes (2 of 12) unused, with any content.  */
uint64_t hmap_hash_long_double(const void *key, uint64_t seed)
{
	long double value;

	memcpy(&value, key, sizeof(value));
	if (value == 0)
		value = 0;
	return hmap_hash_bytes(&value, LDBL_MANT_DIG == 64 ? 10 : sizeof(value), seed);
}

uint64_t hmap_hash_cstring(const void *key, uint64_t seed)
{
	const char *text;

	memcpy(&text, key, sizeof(text));
	return hmap_hash_bytes(text, strlen(text), seed);
}

uint64_t hmap_hash_text(const void *key, uint64_t seed)
{
	struct hmap_text text;

	memcpy(&text, key, sizeof(text));
	return hmap_hash_bytes(text.ptr, text.length, seed);
}

bool hmap_equal_8(const void *a, const void *b)
{
	return !memcmp(a, b, 1);
}

bool hmap_equal_16(const void *a, const void *b)
{
	return !memcmp(a, b, 2);
}

bool hmap_equal_32(const void *a, const void *b)
{
	return !memcmp(a, b, 4);
}

bool hmap_equal_64(const void *a, const void *b)
{
	return !memcmp(a, b, 8);
}

bool hmap_equal_pointer(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(void *));
}

bool hmap_equal_f32(const void *a, const void *b)
{
	float x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x == y;
}

bool hmap_equal_f64(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x == y;
}

bool hmap_equal_long_double(const void *a, const void *b)
{
	long double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x == y;
}

bool hmap_equal_cstring(const void *a, const void *b)
{
	const char *x, *y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return !strcmp(x, y);
}

bool hmap_equal_text(const void *a, const void *b)
{
	struct hmap_text x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x.length == y.length && (!x.length || !memcmp(x.ptr, y.ptr, x.length));
}
