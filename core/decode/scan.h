/* All buckets of a map as raw bytes in large pieces, for questions about the whole map: at the speed of reading its memory,
   overflow buckets included. Not the walk (format.h, walk_new), which gives rows in order: here the order between chains is
   whatever reads fastest, and what the bytes mean is left to who asks, a file of the same format.  */
#ifndef MS_SCAN_H
#define MS_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* The place of an overflow bucket.  */
struct ms_link {
	uint64_t address;
	uint64_t index;	 /* of the chain, in its array */
	uint32_t depth;	 /* from 1 */
	uint32_t offset; /* of its bytes in those of the piece */
	uint8_t array;	 /* as in ms_position */
	bool evacuated;	 /* the chain is: its entries have moved */
};

/* What a scan could not read or must not follow.  */
enum ms_trouble_kind {
	MS_SOUND,
	/* Of an overflow pointer: FROM is the bucket that holds it, at INDEX and DEPTH; TO is where it leads.  */
	MS_UNALIGNED,
	MS_BEYOND_MEMORY,
	MS_INTO_ARRAY,
	MS_CYCLE,
	MS_SHARED,	 /* leads to a bucket that another chain has */
	MS_SEEN,	 /* one of the two; not found out which */
	MS_TOO_LONG,	 /* a chain of 2^20 overflow buckets */
	MS_TOO_MANY,	 /* more overflow buckets than such a map has */
	MS_NOT_FOLLOWED, /* out of memory */
	/* Of COUNT buckets from INDEX on, or of one overflow bucket, at FROM.  */
	MS_UNREADABLE,
	MS_GIVEN_UP, /* the same, to the array's end, after many unreadable pages in a row */
};

struct ms_trouble {
	enum ms_trouble_kind kind;
	uint32_t array, depth;
	uint64_t index, count;
	uint64_t from, to;
};

/* COUNT whole buckets of SIZE bytes, or a trouble and no bucket. Each bucket of the map comes in one piece only. Valid until the
   scan's next step.  */
struct ms_piece {
	uint64_t count, size;
	const uint8_t *bytes;
	/* LINKS NULL: an array's own buckets, from INDEX on, which lie one behind the other from ADDRESS on.  */
	uint32_t array;
	uint64_t index, address;
	const struct ms_link *links; /* COUNT overflow buckets */
	bool spare;		     /* these lie behind their array, in one block of memory with it */
	struct ms_trouble trouble;
};

/* The bytes of the piece's bucket I.  */
static inline const uint8_t *ms_piece_bucket(const struct ms_piece *piece, uint64_t i)
{
	return piece->bytes + (piece->links ? piece->links[i].offset : i * piece->size);
}

struct ms_scan;

#endif
