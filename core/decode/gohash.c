/* Go's memory hashes. The AES one is written once, over a round that is either the host's instruction or four table
   look-ups a column.  */
#include "decode/gohash.h"

#include <string.h>
#if defined(__x86_64__)
#include <wmmintrin.h>
#endif

#include "base/bytes.h"
#include "base/hash.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint64_t load(const uint8_t *p, uint64_t size)
{
	return ms_load(p, size, false);
}

/* ---- AES ---- */

struct block {
	uint64_t low, high;
};

typedef struct block (*aes_round)(const struct ms_gohash *hash, struct block state, struct block key);

static uint8_t double_in_field(uint8_t x)
{
	return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0));
}

/* FIPS 197: SubBytes is the inverse in GF(2^8), found by walking through its powers of 3 and of 1/3, and an affine map; a
   column of MixColumns is 2, 1, 1, 3.  */
static void make_table(uint32_t table[256])
{
	uint8_t power = 1, inverse = 1;

	do {
		power ^= double_in_field(power);
		inverse ^= (uint8_t)(inverse << 1);
		inverse ^= (uint8_t)(inverse << 2);
		inverse ^= (uint8_t)(inverse << 4);
		inverse ^= inverse & 0x80 ? 0x09 : 0;
		uint32_t wide = inverse * 0x101U;
		uint8_t sub = (uint8_t)(wide ^ wide >> 7 ^ wide >> 6 ^ wide >> 5 ^ wide >> 4) ^ 0x63;
		table[power] = sub;
	} while (power != 1);
	table[0] = 0x63;
	for (int i = 0; i < 256; i++) {
		uint8_t one = (uint8_t)table[i], two = double_in_field(one);
		table[i] = two | (uint32_t)one << 8 | (uint32_t)one << 16 | (uint32_t)(two ^ one) << 24;
	}
}

ALWAYS_INLINE uint32_t rotate(uint32_t x, int bits)
{
	return bits ? x << bits | x >> (32 - bits) : x;
}

/* Column C of the next state: ShiftRows takes row r from column c + r.  */
ALWAYS_INLINE uint32_t column(const struct ms_gohash *hash, struct block s, int c)
{
	uint32_t out = 0;

	for (int row = 0; row < 4; row++) {
		int from = (c + row) % 4;
		uint64_t half = from < 2 ? s.low : s.high;
		out ^= rotate(hash->table[half >> (from % 2 * 32 + row * 8) & 0xff], row * 8);
	}
	return out;
}

static struct block round_by_table(const struct ms_gohash *hash, struct block s, struct block key)
{
	return (struct block){
		(column(hash, s, 0) | (uint64_t)column(hash, s, 1) << 32) ^ key.low,
		(column(hash, s, 2) | (uint64_t)column(hash, s, 3) << 32) ^ key.high,
	};
}

ALWAYS_INLINE struct block load_block(const uint8_t *p)
{
	return (struct block){ load(p, 8), load(p + 8, 8) };
}

ALWAYS_INLINE struct block xor_blocks(struct block a, struct block b)
{
	return (struct block){ a.low ^ b.low, a.high ^ b.high };
}

ALWAYS_INLINE struct block scramble(const struct ms_gohash *hash, struct block s, int times, aes_round round)
{
	while (times--)
		s = round(hash, s, s);
	return s;
}

/* The seed of lane I: SIZE repeated in 16 bits each beside the seed, under the lane's key.  */
ALWAYS_INLINE struct block lane_seed(const struct ms_gohash *hash, uint64_t size, uint64_t seed, int lane,
				     aes_round round)
{
	struct block key = { hash->schedule[2 * lane], hash->schedule[2 * lane + 1] };
	struct block s = xor_blocks((struct block){ seed, (size & 0xffff) * 0x0001000100010001 }, key);

	return round(hash, s, s);
}

/* LANES blocks, the first half from the beginning of DATA, the second half up to its end.  */
ALWAYS_INLINE uint64_t aes_lanes(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed,
				 int lanes, aes_round round)
{
	struct block sum = { 0 };

	for (int i = 0; i < lanes; i++) {
		uint64_t at = i < lanes / 2 ? 16 * (uint64_t)i : size - 16 * (uint64_t)(lanes - i);
		struct block s = xor_blocks(load_block(data + at), lane_seed(hash, size, seed, i, round));
		sum = xor_blocks(sum, scramble(hash, s, 3, round));
	}
	return sum.low;
}

ALWAYS_INLINE uint64_t aes_long(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed,
				aes_round round)
{
	struct block sum = { 0 };

	for (int i = 0; i < 8; i++) {
		struct block s =
			xor_blocks(load_block(data + size - 128 + 16 * i), lane_seed(hash, size, seed, i, round));
		for (uint64_t at = 0; at < (size - 1) / 128; at++)
			s = round(hash, scramble(hash, s, 1, round), load_block(data + 128 * at + 16 * i));
		sum = xor_blocks(sum, scramble(hash, s, 3, round));
	}
	return sum.low;
}

ALWAYS_INLINE uint64_t aes_run(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed,
			       aes_round round)
{
	uint8_t padded[16] = { 0 };

	if (size == 0)
		return scramble(hash, lane_seed(hash, 0, seed, 0, round), 1, round).low;
	if (size <= 16) {
		memcpy(padded, data, size);
		struct block s = xor_blocks(load_block(padded), lane_seed(hash, size, seed, 0, round));
		return scramble(hash, s, 3, round).low;
	}
	if (size <= 128)
		return aes_lanes(hash, data, size, seed, size <= 32 ? 2 : size <= 64 ? 4 : 8, round);
	return aes_long(hash, data, size, seed, round);
}

ALWAYS_INLINE uint64_t aes_word(const struct ms_gohash *hash, uint64_t word, uint64_t seed, aes_round round)
{
	struct block s = { seed, word };

	for (int i = 0; i < 3; i++)
		s = round(hash, s, (struct block){ hash->schedule[2 * i], hash->schedule[2 * i + 1] });
	return s.low;
}

ALWAYS_INLINE void aes_words(const struct ms_gohash *hash, const uint8_t *data, uint64_t count, uint32_t size,
			     uint64_t seed, uint64_t *out, aes_round round)
{
	if (size == 8)
		for (uint64_t i = 0; i < count; i++)
			out[i] = aes_word(hash, load(data + 8 * i, 8), seed, round);
	else
		for (uint64_t i = 0; i < count; i++)
			out[i] = aes_word(hash, load(data + 4 * i, 4), seed, round);
}

#if defined(__x86_64__)
#define WITH_AES __attribute__((target("aes")))

WITH_AES static struct block round_by_host(const struct ms_gohash *hash, struct block s, struct block key)
{
	(void)hash;
	__m128i state = _mm_set_epi64x((long long)s.high, (long long)s.low);
	__m128i next = _mm_aesenc_si128(state, _mm_set_epi64x((long long)key.high, (long long)key.low));

	return (struct block){ (uint64_t)_mm_cvtsi128_si64(next),
			       (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(next, next)) };
}

WITH_AES static uint64_t run_by_host(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed)
{
	return aes_run(hash, data, size, seed, round_by_host);
}

WITH_AES static void words_by_host(const struct ms_gohash *hash, const uint8_t *data, uint64_t count, uint32_t size,
				   uint64_t seed, uint64_t *out)
{
	aes_words(hash, data, count, size, seed, out, round_by_host);
}

static bool host_has_aes(const struct ms_gohash *hash)
{
	return !hash->portable && __builtin_cpu_supports("aes");
}
#else
static bool host_has_aes(const struct ms_gohash *hash)
{
	(void)hash;
	return false;
}

static uint64_t run_by_host(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed)
{
	return aes_run(hash, data, size, seed, round_by_table);
}

static void words_by_host(const struct ms_gohash *hash, const uint8_t *data, uint64_t count, uint32_t size,
			  uint64_t seed, uint64_t *out)
{
	aes_words(hash, data, count, size, seed, out, round_by_table);
}
#endif

static uint64_t run_by_table(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed)
{
	return aes_run(hash, data, size, seed, round_by_table);
}

static void words_by_table(const struct ms_gohash *hash, const uint8_t *data, uint64_t count, uint32_t size,
			   uint64_t seed, uint64_t *out)
{
	aes_words(hash, data, count, size, seed, out, round_by_table);
}

/* ---- Without AES, Go 1.19 and later ---- */

/* m1 to m5 of hash64.go.  */
#define GO_M1 0xa0761d6478bd642f
#define GO_M2 0xe7037ed1a0b428db
#define GO_M3 0x8ebc6af09c88c6e3
#define GO_M4 0x589965cc75374cc3
#define GO_M5 0x1d8e4e27c47d124f

struct constants {
	uint64_t m1, m2, m3, m4;
};

static struct constants constants_of(const struct ms_gohash *hash)
{
	if (hash->kind == MS_GOHASH_1_19)
		return (struct constants){ GO_M1, GO_M2, GO_M3, GO_M4 };
	return (struct constants){ 0, hash->key[1], hash->key[2], hash->key[3] };
}

static uint64_t fold_end(const struct constants *m, uint64_t a, uint64_t b, uint64_t size, uint64_t seed)
{
	return hmap_fold(GO_M5 ^ size, hmap_fold(a ^ m->m2, b ^ seed));
}

static uint64_t fold_run(const struct ms_gohash *hash, const uint8_t *p, uint64_t size, uint64_t seed)
{
	struct constants m = constants_of(hash);
	uint64_t left = size, a = 0, b = 0;

	seed ^= hash->key[0] ^ m.m1;
	if (size == 0)
		return seed;
	if (size < 4) {
		a = (uint64_t)p[0] | (uint64_t)p[size / 2] << 8 | (uint64_t)p[size - 1] << 16;
	} else if (size <= 8) {
		uint64_t word = size == 8 ? 8 : 4;
		a = load(p, word);
		b = load(p + size - word, word);
	} else {
		uint64_t second = seed, third = seed;
		for (; left > 48; left -= 48, p += 48) {
			seed = hmap_fold(load(p, 8) ^ m.m2, load(p + 8, 8) ^ seed);
			second = hmap_fold(load(p + 16, 8) ^ m.m3, load(p + 24, 8) ^ second);
			third = hmap_fold(load(p + 32, 8) ^ m.m4, load(p + 40, 8) ^ third);
		}
		seed ^= second ^ third; /* without a block, the two are equal */
		for (; left > 16; left -= 16, p += 16)
			seed = hmap_fold(load(p, 8) ^ m.m2, load(p + 8, 8) ^ seed);
		a = size > 16 ? load(p + left - 16, 8) : load(p, 8);
		b = load(p + left - 8, 8);
	}
	return fold_end(&m, a, b, size, seed);
}

static uint64_t fold_word(const struct ms_gohash *hash, uint64_t word, uint64_t size, uint64_t seed)
{
	struct constants m = constants_of(hash);

	return fold_end(&m, word, word, size, seed ^ hash->key[0] ^ m.m1);
}

/* ---- Without AES, Go 1.15 ---- */

#define GO_Q1 16877499708836156737U
#define GO_Q2 2820277070424839065U
#define GO_Q3 9497967016996688599U
#define GO_Q4 15839092249703872147U

static uint64_t rotate_31(uint64_t x)
{
	return x << 31 | x >> 33;
}

static uint64_t prime_round(uint64_t x)
{
	return rotate_31(x * GO_Q1) * GO_Q2;
}

static uint64_t prime_end(uint64_t h)
{
	h ^= h >> 29;
	h *= GO_Q3;
	return h ^ h >> 32;
}

/* What is left of DATA: up to 32 bytes.  */
static uint64_t prime_tail(const uint8_t *p, uint64_t size, uint64_t h)
{
	if (size == 0)
		return h;
	if (size < 4)
		return prime_round(h ^ ((uint64_t)p[0] | (uint64_t)p[size / 2] << 8 | (uint64_t)p[size - 1] << 16));
	if (size <= 8)
		return prime_round(h ^ (load(p, 4) | load(p + size - 4, 4) << 32));
	h = prime_round(h ^ load(p, 8));
	if (size > 16) {
		h = prime_round(h ^ load(p + 8, 8));
		h = prime_round(h ^ load(p + size - 16, 8));
	}
	return prime_round(h ^ load(p + size - 8, 8));
}

static uint64_t prime_run(const struct ms_gohash *hash, const uint8_t *p, uint64_t size, uint64_t seed)
{
	static const uint64_t primes[5] = { GO_Q1, GO_Q2, GO_Q3, GO_Q4, GO_Q1 };
	uint64_t h = seed + size * hash->key[0];

	if (size <= 32)
		return prime_end(prime_tail(p, size, h));
	uint64_t v[4] = { h, seed * hash->key[1], seed * hash->key[2], seed * hash->key[3] };
	for (; size >= 32; size -= 32, p += 32)
		for (int i = 0; i < 4; i++)
			v[i] = rotate_31((v[i] ^ load(p + 8 * i, 8)) * primes[i]) * primes[i + 1];
	return prime_end(prime_tail(p, size, v[0] ^ v[1] ^ v[2] ^ v[3]));
}

static uint64_t prime_word(const struct ms_gohash *hash, uint64_t word, uint64_t size, uint64_t seed)
{
	return prime_end(prime_round((seed + size * hash->key[0]) ^ word));
}

/* ---- All ---- */

void ms_gohash_init(struct ms_gohash *hash, enum ms_gohash_kind kind, const uint8_t *secret)
{
	*hash = (struct ms_gohash){ .kind = kind };
	if (kind == MS_GOHASH_AES) {
		make_table(hash->table);
		for (int i = 0; i < 16; i++)
			hash->schedule[i] = load(secret + 8 * i, 8);
		return;
	}
	for (int i = 0; i < 4; i++)
		hash->key[i] = load(secret + 8 * i, 8);
}

uint64_t ms_gohash_run(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed)
{
	switch (hash->kind) {
	case MS_GOHASH_AES:
		return (host_has_aes(hash) ? run_by_host : run_by_table)(hash, data, size, seed);
	case MS_GOHASH_1_15:
		return prime_run(hash, data, size, seed);
	default:
		return fold_run(hash, data, size, seed);
	}
}

uint64_t ms_gohash_32(const struct ms_gohash *hash, const uint8_t *data, uint64_t seed)
{
	uint64_t out;

	ms_gohash_words(hash, data, 1, 4, seed, &out);
	return out;
}

uint64_t ms_gohash_64(const struct ms_gohash *hash, const uint8_t *data, uint64_t seed)
{
	uint64_t out;

	ms_gohash_words(hash, data, 1, 8, seed, &out);
	return out;
}

void ms_gohash_words(const struct ms_gohash *hash, const uint8_t *data, uint64_t count, uint32_t size, uint64_t seed,
		     uint64_t *out)
{
	if (hash->kind == MS_GOHASH_AES) {
		(host_has_aes(hash) ? words_by_host : words_by_table)(hash, data, count, size, seed, out);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t word = load(data + i * size, size);
		if (hash->kind == MS_GOHASH_1_15)
			out[i] = prime_word(hash, size == 4 ? word | word << 32 : word, size, seed);
		else
			out[i] = fold_word(hash, word, size, seed);
	}
}
