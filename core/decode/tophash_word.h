/* The tophashes of a bucket's eight slots as one word, slot 0's in the lowest byte: what is asked of all of them at once costs a
   few operations, and a large map is read as fast as memory. An answer is the high bit of a slot's byte.  */
#ifndef MS_TOPHASH_WORD_H
#define MS_TOPHASH_WORD_H

#include "base/bytes.h"
#include "decode/classic.h"

#define TOPS_HIGH ((uint64_t)0x8080808080808080)
#define TOPS_ALL(byte) ((uint64_t)(byte)*0x0101010101010101)

static inline uint64_t tops_load(const uint8_t *tophash)
{
	return ms_load(tophash, HMAP_SLOTS, false);
}

/* The slots whose tophash is LEAST or more; LEAST is at most 0x80. Such a byte carries into its high bit, or has it.  */
static inline uint64_t tops_from(uint64_t word, uint8_t least)
{
	return (((word & ~TOPS_HIGH) + TOPS_ALL(0x80 - least)) | word) & TOPS_HIGH;
}

/* The slots that hold an entry, unless their chain is evacuated.  */
static inline uint64_t tops_live(uint64_t word)
{
	return tops_from(word, HMAP_MIN_TOPHASH);
}

/* How many slots an answer names; its slots as bits, slot 0 in the lowest; as whole bytes.  */
static inline uint32_t tops_count(uint64_t slots)
{
	return (uint32_t)((slots >> 7) * TOPS_ALL(1) >> 56);
}

static inline uint8_t tops_bits(uint64_t slots)
{
	return (uint8_t)((slots >> 7) * 0x0102040810204080 >> 56);
}

static inline uint64_t tops_bytes(uint64_t slots)
{
	return (slots >> 7) * 0xff;
}

/* Neither marks of evacuation nor anything behind emptyRest: nothing is wrong with these slots.  */
static inline bool tops_are_plain(uint64_t word, uint64_t live)
{
	uint64_t used = tops_from(word, HMAP_EMPTY_ONE), rest = ~used & TOPS_HIGH;
	uint64_t marks = tops_from(word, HMAP_EVACUATED_X) & ~live;

	return !marks && !(used & (0 - (rest & (0 - rest))));
}

#endif
