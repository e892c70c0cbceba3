/* The overflow buckets of a chunk of an array, fetched in batches, level by level, since each only tells where the next one is.
   Chains that are longer, or more than fit, are the caller's to follow. Shared by the files classic*.c only.  */
#ifndef MS_CLASSIC_AHEAD_H
#define MS_CLASSIC_AHEAD_H

#include "decode/classic.h"
#include "decode/classic_stream.h"

/* Instead of a number: its chain ends, or nobody wants to know how it goes on; it was not fetched.  */
enum { AHEAD_NONE = 0, AHEAD_MISSING = UINT32_MAX };

/* The spare buckets behind an array. Chains take them as they come, so that those of a chunk lie all over: one by one they cost
   more than their bytes.  */
struct classic_spares {
	uint64_t array;		/* its address */
	uint64_t address, size; /* bytes; 0: they are not kept */
	uint64_t met;		/* buckets that were fetched one by one */
	uint8_t *bytes;		/* NULL: not yet read */
};

struct classic_ahead {
	struct classic_map *map;
	struct classic_spares spares; /* of the array at hand */
	uint32_t *first; /* of each bucket of the chunk: number + 1 of its overflow bucket, or one of those below */
	uint64_t first_capacity;
	uint64_t count, capacity; /* of those fetched */
	uint64_t *address;
	uint32_t *next; /* number + 1 of the bucket that follows, likewise */
	int32_t *status;
	uint8_t *bytes;
};

/* Whether what follows BUCKET is wanted. OWN: it is the array's own, and begins its chain.  */
typedef bool classic_wants(const void *user, const uint8_t *bucket, bool own);

void classic_ahead_init(struct classic_ahead *ahead, struct classic_map *map);
void classic_ahead_fini(struct classic_ahead *ahead);
/* Fetches what belongs to the chunk at hand. MS_OK, also where some could not be read: their STATUS says so; MS_INTERRUPTED,
   MS_NO_MEMORY.  */
int32_t classic_ahead_read(struct classic_ahead *ahead, const struct classic_stream *stream, classic_wants *wants,
			   const void *user);

static inline const uint8_t *classic_ahead_bytes(const struct classic_ahead *ahead, uint32_t number)
{
	return ahead->bytes + (number - 1) * ahead->map->bucket.size;
}

#endif
