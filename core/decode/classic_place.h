/* Where a bucket belongs, in one number: the chain's index in its array (an array has less than 2^44 bytes, a bucket 8 at least), the
   array, whether the chain is evacuated, and the depth, up to CLASSIC_CHAIN_MOST. Depth 0 is an array's own bucket; or that of nobody.
   Shared by the files classic*.c only.  */
#ifndef MS_CLASSIC_PLACE_H
#define MS_CLASSIC_PLACE_H

#include "decode/scan.h"

enum { PLACE_ARRAY = 41, PLACE_EVACUATED = 42, PLACE_DEPTH = 43 };

static inline uint64_t place_make(uint64_t index, uint32_t array, bool evacuated, uint64_t depth)
{
	return index | (uint64_t)array << PLACE_ARRAY | (uint64_t)evacuated << PLACE_EVACUATED | depth << PLACE_DEPTH;
}

static inline uint64_t place_index(uint64_t place)
{
	return place & (((uint64_t)1 << PLACE_ARRAY) - 1);
}

static inline uint32_t place_array(uint64_t place)
{
	return place >> PLACE_ARRAY & 1;
}

static inline uint64_t place_depth(uint64_t place)
{
	return place >> PLACE_DEPTH;
}

/* The place one bucket further in the chain, or one before.  */
static inline uint64_t place_behind(uint64_t place)
{
	return place + ((uint64_t)1 << PLACE_DEPTH);
}

static inline uint64_t place_before(uint64_t place)
{
	return place - ((uint64_t)1 << PLACE_DEPTH);
}

/* The overflow bucket at ADDRESS, whose bytes are at OFFSET of a piece's.  */
static inline struct ms_link place_link(uint64_t place, uint64_t address, uint64_t offset)
{
	return (struct ms_link){ .address = address,
				 .index = place_index(place),
				 .depth = (uint32_t)place_depth(place),
				 .offset = (uint32_t)offset,
				 .array = (uint8_t)place_array(place),
				 .evacuated = place >> PLACE_EVACUATED & 1 };
}

#endif
