/* A hasher's inside; between the files hash*.c only.  */
#ifndef MS_HASHER_H
#define MS_HASHER_H

#include "decode/hash.h"
#include "decode/own.h"

struct ms_hasher {
	struct ms_map *map;
	struct ms_context *ctx; /* the map's */
	uint64_t seed;
	/* As ms_hasher_hash.  */
	int32_t (*hash)(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out);
	/* For keys that are integers: all of them, none of which can fail. NULL: one by one.  */
	void (*words)(struct ms_hasher *hasher, const uint8_t *keys, uint64_t count, uint64_t *out);
	/* As ms_hasher_eight. NULL: not for these.  */
	uint32_t (*eight)(const struct ms_hasher *hasher, const uint8_t *keys, uint32_t count, uint64_t index,
			  uint64_t mask, uint64_t *tops);
	/* For keys that are nothing but a pointer and a length: the hash of a text. NULL: they are not.  */
	uint64_t (*text)(const struct ms_hasher *hasher, const uint8_t *bytes, uint64_t size);
	void *own; /* what only this kind of hasher has */
	void (*free)(void *own);
	const struct ms_own *own_memory; /* ms_hasher_lend; NULL: none */
	struct ms_buf scratch;		 /* the text at hand */
};

/* The SIZE bytes at ADDRESS into hasher->scratch. MS_OK, or as ms_hasher_hash.  */
int32_t ms_hasher_fetch(struct ms_hasher *hasher, uint64_t address, uint64_t size);
/* The same of the text that KEY, a pointer and a length, is.  */
int32_t ms_hasher_fetch_text(struct ms_hasher *hasher, const uint8_t *key);
/* The same of the bytes before the NUL of the text at ADDRESS.  */
int32_t ms_hasher_fetch_cstring(struct ms_hasher *hasher, uint64_t address);

/* hash_hmap.c, hash_go.c: as ms_hasher_new, for a hasher that has its map.  */
int32_t ms_hasher_of_c(struct ms_hasher *hasher);
int32_t ms_hasher_of_go(struct ms_hasher *hasher);

#endif
