/* The fake target and the map on it that most tests of the classic format begin with.  */
#ifndef FAKE_WORLD_H
#define FAKE_WORLD_H

#include "fake_map.h"

struct world {
	struct fake_target t;
	struct fake_map m;
};

/* A map of int to long in a layout whose key and elem types are filled in unless they are given.  */
void world_init(struct world *w, uint32_t pointer_size, bool big_endian, struct fake_layout layout);
void world_plain(struct world *w);
void world_fini(struct world *w);
/* Writes the map, compares every answer with the builder's account, and ends the world.  */
void world_check(struct world *w);
/* A growth just begun from 2^B old buckets with a chain or two.  */
void world_grow(struct world *w, uint8_t B, bool same_size);

/* ---- Maps whose keys lie where the map in C puts them ---- */

enum { WORLD_HASH = 0x400100, WORLD_EQUAL = 0x400200 }; /* addresses of functions */

/* A map of int to long that is hashed and compared by functions of the library's.  */
void world_hashed(struct world *w, uint32_t pointer_size, bool big_endian);
uint64_t world_hash(const struct world *w, uint64_t key);
uint8_t world_tophash(const struct world *w, uint64_t key);
/* Puts KEY where its hash says, with the tophash that it says. The index of its bucket.  */
uint64_t world_put(struct world *w, struct fake_array *array, uint64_t key);
/* Doubles the map, half of the old chains moved to where the keys' hashes send them.  */
void world_grow_hashed(struct world *w);

#endif
