/* The steps of a classic map's growth, as a stop at the first instruction of the function that takes a step finds them: what an
   old bucket holds before it moves, where its entries are afterwards, and which step is the last one. Walks nothing: a step
   is one chain.  */
#ifndef MS_GROWTH_H
#define MS_GROWTH_H

#include "decode/map.h"

/* What the header says of size and growth.  */
struct ms_growth {
	int64_t count;
	uint8_t B;
	uint16_t noverflow;
	uint64_t buckets;     /* 0: none yet */
	uint64_t old_buckets; /* 0: at rest */
	uint64_t nevacuate;
	bool same_size; /* of the growth in progress */
	bool writing;	/* an assign, delete or clear is under way */
};

/* MAP must not be broken.  */
void ms_growth_of(const struct ms_map *map, struct ms_growth *out);

/* Which growth begins when an entry more is to be added: the rules of map.go, overLoadFactor and tooManyOverflowBuckets. EITHER:
   Go 1.21, whose load factor is 6.0, and other releases differ here.  */
enum ms_growth_kind { MS_GROWTH_DOUBLE, MS_GROWTH_SAME_SIZE, MS_GROWTH_EITHER };
enum ms_growth_kind ms_growth_next(const struct ms_map *map);

/* The smallest B whose buckets hold COUNT entries without growing, by the load factor of 6.5.  */
uint8_t ms_growth_B_for(uint64_t count);

enum { MS_CHAIN_MOST = 256 }; /* buckets of a chain that are looked at */

/* A chain of the old array.  */
struct ms_chain {
	uint64_t index; /* of its first bucket */
	bool evacuated;
	bool whole; /* all its buckets have been read; else COUNT and LIVE are too small */
	uint64_t live;
	uint32_t count; /* buckets */
	uint64_t address[MS_CHAIN_MOST];
};

/* Old chain INDEX of a growing map as it is. MS_OK, MS_NOT_FOUND (no such bucket, or no growth), MS_FAULT (its first bucket
   cannot be read), MS_INTERRUPTED.  */
int32_t ms_chain_read(const struct ms_map *map, uint64_t index, struct ms_chain *out);

/* Where the entries of CHAIN, which has not moved, are going to go in a double growth, by their hashes. MS_NOT_FOUND: some of them
   cannot be computed.  */
int32_t ms_chain_predict(struct ms_map *map, const struct ms_chain *chain, uint64_t to_out[2]);

/* Where the entries of CHAIN, read before, have gone since: how many to the bucket of its index, how many to that plus the old
   bucket count. By the marks that evacuation leaves, which the map does not touch until the growth ends. MS_NOT_FOUND: the marks
   do not add up to what the chain held.  */
int32_t ms_chain_settle(struct ms_context *ctx, const struct ms_chain *chain, uint64_t to_out[2]);

/* Whether the growth ends when the mark moves on from where it is: asked where advanceEvacuationMark (hmap_advance_mark) begins,
   old bucket nevacuate having been evacuated. MS_OK, MS_FAULT or MS_INTERRUPTED.  */
int32_t ms_growth_ends(const struct ms_map *map, bool *out);

#endif
