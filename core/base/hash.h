/* The hashes of the map in C (core/hmap), for the map itself and for who looks a key up in a target as the map would. Keys
   are bytes as they lie in a memory of that byte order. Even and fast, but no defence against keys chosen by someone who
   knows the seed.  */
#ifndef MS_BASE_HASH_H
#define MS_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HMAP_HOST_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* Digits of pi's fraction: nothing up the sleeve. Each has about as many ones as zeros.  */
#define HMAP_PI_0 0x243f6a8885a308d3
#define HMAP_PI_1 0x13198a2e03707344
#define HMAP_PI_2 0xa4093822299f31d0
#define HMAP_PI_3 0x082efa98ec4e6c89

/* High half xor low half of the product of 128 bits.  */
static inline uint64_t hmap_fold(uint64_t a, uint64_t b)
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

/* SIZE bytes, at most 8, as a load of 64 bits has them where zeros follow.  */
static inline uint64_t hmap_word(const void *p, size_t size, bool big_endian)
{
	uint64_t word = 0;

	memcpy(&word, p, size);
	return big_endian == HMAP_HOST_BIG_ENDIAN ? word : __builtin_bswap64(word);
}

/* Of a key of one word.  */
static inline uint64_t hmap_hash_word(uint64_t word, uint64_t seed)
{
	return hmap_fold(hmap_fold(word ^ HMAP_PI_0, seed ^ HMAP_PI_1) ^ HMAP_PI_2, HMAP_PI_3 ^ seed << 32);
}

/* A float or double as a word; +0 and -0 alike.  */
static inline uint64_t hmap_float_word(const void *p, size_t size, bool big_endian)
{
	uint64_t word = hmap_word(p, size, big_endian);
	uint64_t without_sign = big_endian ? word << 1 : word << (64 - 8 * size) << 1;

	return without_sign ? word : 0;
}

static inline uint64_t hmap_hash_run(const void *data, size_t size, uint64_t seed, bool big_endian)
{
	const uint8_t *p = data;
	size_t left = size;
	uint64_t a = 0, b = 0;

	seed = hmap_fold(seed ^ HMAP_PI_0, HMAP_PI_1);
	for (; left > 16; left -= 16, p += 16)
		seed = hmap_fold(hmap_word(p, 8, big_endian) ^ HMAP_PI_2, hmap_word(p + 8, 8, big_endian) ^ seed);
	if (left >= 8) {
		a = hmap_word(p, 8, big_endian);
		b = hmap_word(p + left - 8, 8, big_endian);
	} else if (left >= 4) {
		a = hmap_word(p, 4, big_endian);
		b = hmap_word(p + left - 4, 4, big_endian);
	} else if (left) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[left / 2] << 8 | p[left - 1];
	}
	return hmap_fold(hmap_fold(a ^ HMAP_PI_2, b ^ seed) ^ HMAP_PI_3, HMAP_PI_0 ^ size);
}

#endif
