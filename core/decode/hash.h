/* How a map hashes its keys, computed as its program does, from the keys' bytes and the process's own random keys.

   C maps of core/hmap: by the name of the function that their descriptor holds. Go maps: by the key's type, the map's seed and
   the runtime's secret. What a key points to (a string's bytes, an interface's value) is read from the target.  */
#ifndef MS_HASH_H
#define MS_HASH_H

#include "decode/map.h"

struct ms_hasher;
struct ms_own;

/* MS_OK; MS_NOT_FOUND: it cannot be computed (a user's own function, an unknown runtime), the reason in ms_error; or a failure.
   MAP is open, neither nil nor broken, and outlives the hasher.  */
int32_t ms_hasher_new(struct ms_map *map, struct ms_hasher **out);
void ms_hasher_free(struct ms_hasher *hasher);

/* The hash of a whole key, as ms_fetch gives it: the bucket is its low bits, the tophash its high ones. MS_OK; MS_NOT_FOUND: this
   key has none (NaN), or none that can be computed; MS_FAULT: what it points to cannot be read, or cannot be a pointer or a
   length; the reason in ms_error. MS_INTERRUPTED, MS_NO_MEMORY.  */
int32_t ms_hasher_hash(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out);

/* From now on keys may point to what is OWN's, which outlives the hasher.  */
void ms_hasher_lend(struct ms_hasher *hasher, const struct ms_own *own);

/* The same of COUNT keys, of map->key_size bytes each, back to back: fast where they are integers, and texts are fetched many at
   once. STATUS has one of MS_OK, MS_NOT_FOUND and MS_FAULT for each key. MS_OK, MS_INTERRUPTED or MS_NO_MEMORY.  */
int32_t ms_hasher_hash_many(struct ms_hasher *hasher, const uint8_t *keys, uint64_t count, uint64_t *out,
			    int32_t *status);
/* Eight keys at once, side by side, to see whether they belong where they lie: bit I of the answer says that the lowest bits of key I's
   hash, those of MASK, are not INDEX; byte I of TOPS is its top byte. Of the keys behind the first COUNT they may say nothing. Only
   for keys of which ms_hasher_takes_eight says so: integers.  */
bool ms_hasher_takes_eight(const struct ms_hasher *hasher);
uint32_t ms_hasher_eight(const struct ms_hasher *hasher, const uint8_t *keys, uint32_t count, uint64_t index,
			 uint64_t mask, uint64_t *tops);

#endif
