/* Go's memory hashes: of a run of bytes, of 4 and of 8 bytes, by the algorithm and the random keys of one process. Which of
   them a key's type takes is hash_go.c's.

   Sources: Go 1.15 to 1.26, src/runtime: asm_amd64.s (aeshash), hash64.go. The same on amd64 and, without AES, on any machine
   of 64 bits and little-endian byte order. Held against vectors of verified processes by core/tests/test_gohash.c.  */
#ifndef MS_GOHASH_H
#define MS_GOHASH_H

#include <stdbool.h>
#include <stdint.h>

enum ms_gohash_kind {
	MS_GOHASH_AES,	/* runtime.useAeshash on amd64 */
	MS_GOHASH_1_15, /* multiplications by fixed primes */
	MS_GOHASH_1_19, /* 1.19 to 1.22: folded products, fixed constants */
	MS_GOHASH_1_23, /* the same, the process's own constants */
};

enum { MS_GOHASH_SCHEDULE = 128, MS_GOHASH_KEYS = 32 }; /* bytes of runtime.aeskeysched and of runtime.hashkey */

struct ms_gohash {
	enum ms_gohash_kind kind;
	bool portable;	       /* no instruction of the host for AES, even where it has one */
	uint64_t schedule[16]; /* AES: two words for each of eight lanes */
	uint32_t table[256];   /* AES: MixColumns of SubBytes of a byte in the first row */
	uint64_t key[4];       /* else */
};

/* SECRET: the bytes of runtime.aeskeysched, or of runtime.hashkey.  */
void ms_gohash_init(struct ms_gohash *hash, enum ms_gohash_kind kind, const uint8_t *secret);

uint64_t ms_gohash_run(const struct ms_gohash *hash, const uint8_t *data, uint64_t size, uint64_t seed);
uint64_t ms_gohash_32(const struct ms_gohash *hash, const uint8_t *data, uint64_t seed);
uint64_t ms_gohash_64(const struct ms_gohash *hash, const uint8_t *data, uint64_t seed);
/* COUNT values of SIZE (4 or 8) bytes back to back.  */
void ms_gohash_words(const struct ms_gohash *hash, const uint8_t *data, uint64_t count, uint32_t size, uint64_t seed,
		     uint64_t *out);

#endif
