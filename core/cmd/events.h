/* Events of maps: which functions of a program mark them, and an event at hand, read. What map-break and map-trace share.  */
#ifndef MS_EVENTS_H
#define MS_EVENTS_H

#include "decode/growth.h"

enum ms_event_kind {
	MS_EVENT_MAKE,
	MS_EVENT_ASSIGN,
	MS_EVENT_DELETE,
	MS_EVENT_CLEAR,
	MS_EVENT_GROW,
	MS_EVENT_EVACUATE,
	MS_EVENT_GROW_DONE,
	MS_EVENTS,
};

/* A word among the arguments of a function: its number, from 1; 0: there is none.  */
struct ms_site {
	const char *function, *arguments;
	uint8_t argument_count, go, map, type, number, key;
	bool clears; /* its call is a clear, which ends a growth at once */
	enum {
		MS_KEY_ADDRESS,
		MS_KEY_VALUE,
		MS_KEY_TEXT
	} key_is; /* a pointer to it; it itself; a Go string's two words */
};

/* NULL behind the last.  */
const struct ms_site *ms_site(uint32_t event, uint32_t n);
/* The number of the event called NAME; MS_EVENTS: there is none.  */
uint32_t ms_event_find(const char *name);

struct ms_hit {
	struct ms_context *ctx;
	struct ms_event event;
	const struct ms_site *site;
	struct ms_map *map; /* NULL: it does not exist yet, or cannot be opened */
	struct ms_growth growth;
	struct ms_chain chain; /* of an evacuation */
	uint8_t *key;	       /* map->key_size bytes; NULL: none */
	uint64_t key_address;
	struct ms_buf text, key_text, trouble; /* TROUBLE: why there is no map */
};

/* A word of HIT's arguments, number N from 1.  */
uint64_t ms_hit_word(const struct ms_hit *hit, uint8_t n);

#endif
