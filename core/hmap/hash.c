/* Hashes and equalities for common keys, as a map's descriptor names them. The hashes themselves are base/hash.h's.  */
#include "hmap/hmap.h"

#include <float.h>
#include <string.h>

#include "base/hash.h"

uint64_t hmap_hash_bytes(const void *data, size_t size, uint64_t seed)
{
	return hmap_hash_run(data, size, seed, HMAP_HOST_BIG_ENDIAN);
}

uint64_t hmap_hash_8(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_word(key, 1, HMAP_HOST_BIG_ENDIAN), seed);
}

uint64_t hmap_hash_16(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_word(key, 2, HMAP_HOST_BIG_ENDIAN), seed);
}

uint64_t hmap_hash_32(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_word(key, 4, HMAP_HOST_BIG_ENDIAN), seed);
}

uint64_t hmap_hash_64(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_word(key, 8, HMAP_HOST_BIG_ENDIAN), seed);
}

uint64_t hmap_hash_pointer(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_word(key, sizeof(void *), HMAP_HOST_BIG_ENDIAN), seed);
}

uint64_t hmap_hash_f32(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_float_word(key, sizeof(float), HMAP_HOST_BIG_ENDIAN), seed);
}

uint64_t hmap_hash_f64(const void *key, uint64_t seed)
{
	return hmap_hash_word(hmap_float_word(key, sizeof(double), HMAP_HOST_BIG_ENDIAN), seed);
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
