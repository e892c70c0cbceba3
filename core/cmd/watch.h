/* map-watch: the memory that tells of a header's member, a bucket's marks or one slot, and a change of it in the map's words. The
   watchpoints are the front-end's part, see ms_watch_new in mapscope.h; where things lie is decode/watch.h's.  */
#ifndef MS_CMD_WATCH_H
#define MS_CMD_WATCH_H

#include "decode/watch.h"

enum { MS_PIECES_MOST = 16, MS_HEADER_MEMBERS = 8, MS_PART_MOST = 256 }; /* the last: bytes of a key or elem */

/* A key or elem in its slot, as it was seen last.  */
struct ms_part {
	uint64_t size; /* at most MS_PART_MOST bytes of it */
	uint8_t bytes[MS_PART_MOST];
	/* While an entry that has moved is on its way: what lay here before it. Until that changes it has not come.  */
	bool awaited;
	uint8_t before[MS_PART_MOST];
};

struct ms_watch {
	struct ms_context *ctx;
	uint64_t map; /* address */
	enum { WATCH_HEADER, WATCH_BUCKET, WATCH_SLOT } what;
	uint32_t members; /* a bit for each header member that is watched */
	uint64_t header[MS_HEADER_MEMBERS];
	struct ms_slot_place place;
	uint8_t marks[8]; /* a bucket's; a slot's is the first */
	bool mark_awaited;
	uint64_t behind; /* the entry goes to an overflow bucket still to be made behind this one; 0: it does not */
	uint64_t overflow;
	struct ms_part key, elem;
	uint32_t most; /* watchpoints that may be used */
	uint32_t piece_count;
	struct {
		uint64_t address;
		uint32_t size;
		const char *name;
	} pieces[MS_PIECES_MOST];
	struct ms_buf name, left_out, text;
};

#endif
