/* What keys and elems lead to but are not shown with: the objects that pointers point to, and the entries of maps within. Of
   map-save, which saves them one level deep.  */
#ifndef MS_LEADS_H
#define MS_LEADS_H

#include "decode/map.h"
#include "decode/visited.h"

struct ms_lead {
	uint64_t address;
	const struct ms_node *type; /* of a map's header */
};

struct ms_leads {
	struct ms_context *ctx;
	struct ms_visited seen; /* maps */
	struct ms_lead *maps;
	uint64_t map_count, map_capacity;
	uint64_t left_out; /* maps */
	bool no_memory;
	uint64_t at;	    /* in MAPS: the next one to walk */
	struct ms_map *map; /* being walked */
	struct ms_walk *walk;
	struct ms_fetch fetch;
	struct ms_notes notes;
	struct ms_buf text;
};

/* From now on, what values of CTX lead to when they are shown is read, or remembered.  */
void ms_leads_watch(struct ms_leads *leads, struct ms_context *ctx);
void ms_leads_fini(struct ms_leads *leads);
/* Reads some of what was remembered. MS_OK: there is more; MS_AGAIN: the slice is over; MS_NOT_FOUND: that was all; or
   MS_INTERRUPTED, MS_NO_MEMORY.  */
int32_t ms_leads_step(struct ms_leads *leads);

#endif
