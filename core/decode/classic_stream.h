/* The buckets of one array, read one behind the other in chunks that begin at 16 KiB and double to 1 MiB. An unreadable page
   costs the buckets that touch it. Shared by the files classic*.c only; what buckets hold is theirs.  */
#ifndef MS_CLASSIC_STREAM_H
#define MS_CLASSIC_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

enum { STREAM_FAULTS_IN_A_ROW = 64 }; /* unreadable pages after which the rest of an array is given up */

struct classic_stream {
	struct ms_context *ctx;
	uint64_t address, bucket_size; /* of the array */
	uint64_t first, count;	       /* buckets in the chunk */
	uint8_t *bytes;
	uint8_t *unreadable; /* one a bucket of the chunk */
	bool damaged;	     /* some are */

	uint64_t capacity; /* bytes */
	uint64_t ask;	   /* bytes to ask for next */
	uint64_t faults;   /* unreadable pages in a row */
};

/* Begins at a new array, of buckets of SIZE bytes; what is allocated stays.  */
void classic_stream_begin(struct classic_stream *stream, struct ms_context *ctx, uint64_t address, uint64_t size);
/* The chunk that begins with bucket INDEX, not beyond LAST; INDEX < LAST. MS_OK, MS_INTERRUPTED, MS_NO_MEMORY: then there is no
   chunk, and it can be asked for again.  */
int32_t classic_stream_read(struct classic_stream *stream, uint64_t index, uint64_t last);
/* How many buckets from bucket AT of the chunk on are all readable, or all not.  */
uint64_t classic_stream_run(const struct classic_stream *stream, uint64_t at);
/* So many pages in a row could not be read that the array's rest is given up.  */
static inline bool classic_stream_gave_up(const struct classic_stream *stream)
{
	return stream->faults >= STREAM_FAULTS_IN_A_ROW;
}
/* How many of COUNT pointers, STRIDE bytes apart, are 0 before the first that is not.  */
uint64_t classic_zeros(const uint8_t *bytes, uint64_t stride, uint64_t count, uint32_t pointer_size);
void classic_stream_fini(struct classic_stream *stream);

#endif
