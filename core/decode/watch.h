/* Places in a classic map that can be watched: members of its header, one slot, the marks of one bucket. Finds and reads them, and
   says where an entry goes that evacuation moves. What a change means in words is cmd/watch.c's.  */
#ifndef MS_DECODE_WATCH_H
#define MS_DECODE_WATCH_H

#include "decode/map.h"

/* The N-th member of the header by Go's name, NULL behind the last: count, flags, B, noverflow, hash0, buckets, oldbuckets,
   nevacuate. Its bytes stand in map->header at OFFSET.  */
const char *ms_header_member(const struct ms_map *map, uint32_t n, uint64_t *offset_out, uint64_t *size_out);

struct ms_slot_place {
	bool old;	 /* in the old array */
	uint64_t array;	 /* its address, by which it is known again when it becomes the old one */
	uint64_t index;	 /* of the chain */
	uint64_t slot;	 /* in the chain: 8 is the first of the first overflow bucket */
	uint64_t bucket; /* address of the one that holds it */
};

/* Slot SLOT of chain INDEX. MS_OK; MS_NOT_FOUND: no such bucket or slot, with *SLOTS_OUT, how many the chain has; MS_FAULT; or
   MS_INTERRUPTED.  */
int32_t ms_slot_find(const struct ms_map *map, bool old, uint64_t index, uint64_t slot, struct ms_slot_place *out,
		     uint64_t *slots_out);
/* Whether PLACE is still in one of MAP's arrays; sets place->old.  */
bool ms_slot_belongs(const struct ms_map *map, struct ms_slot_place *place);
/* Where evacuation puts the next entry from PLACE, an old slot: of destination Y or X the first slot behind all that are there.
   MS_OK; MS_NOT_FOUND: in an overflow bucket that is still to be made, behind the bucket at *BEHIND_OUT; MS_FAULT; MS_BAD_MAP: the
   chain has no end that is believed; MS_INTERRUPTED.  */
int32_t ms_slot_destination(const struct ms_map *map, const struct ms_slot_place *place, bool y,
			    struct ms_slot_place *out, uint64_t *behind_out);

/* Addresses and bytes of a slot's parts.  */
struct ms_slot_parts {
	uint64_t tophash, key, elem, overflow; /* addresses */
	uint64_t key_size, elem_size;	       /* in the slot */
};
void ms_slot_parts(const struct ms_map *map, const struct ms_slot_place *place, struct ms_slot_parts *out);

#endif
