/* A map of the target: found by the shape of a type, opened from a value, read by its format. Also how types are spelt,
   since Go's map types are spelt by what they hold.  */
#ifndef MS_MAP_H
#define MS_MAP_H

#include "context.h"
#include "decode/format.h"

struct ms_map {
	struct ms_context *ctx;
	const struct ms_format *format;
	const struct ms_shape *shape;
	bool nil;
	uint64_t address; /* of the header; 0: it lies nowhere */
	uint8_t *header;  /* shape->header->size bytes */
	int64_t count;
	const struct ms_node *key, *elem; /* NULL: unknown, shown as bytes */
	uint64_t key_size, elem_size;	  /* bytes of a whole key or elem */
	uint64_t key_slot, elem_slot;	  /* bytes in a slot */
	bool key_indirect, elem_indirect; /* the slot holds a pointer to it */
	const struct ms_node *type;	  /* as the user wrote it, for spelling */
	bool untyped;			  /* broken only in that nothing tells what its buckets hold */
	bool ints;			  /* key and elem are integers of up to 8 bytes, in the slot, */
	bool key_signed, elem_signed;	  /* and then whether they have a sign */
	struct ms_buf broken;		  /* not empty: why no walk is possible */
	struct ms_buf summary;
	struct ms_notes notes; /* on the header */
	struct ms_seek *seek;  /* seek.c: what ms_map_seek has seen; NULL before the first */
};

/* The shape of a struct type that is a map's header; NULL for any other type.  */
const struct ms_shape *ms_shape_of(struct ms_context *ctx, const struct ms_node *node);
/* The same for a header or a pointer to one, through typedefs.  */
const struct ms_shape *ms_shape_of_value(struct ms_context *ctx, const struct ms_node *node);

/* Opens the map that a value of TYPE is or points to. A header whose values are no map's opens too, with map->broken set.
   MS_NOT_FOUND: no map by its type; MS_FAULT: the header cannot be read.  */
int32_t ms_map_open_value(struct ms_context *ctx, const struct ms_value *value, struct ms_map **out);
/* The map whose header is at ADDRESS, of a type that is a header or a pointer to one.  */
int32_t ms_map_open_at(struct ms_context *ctx, uint64_t address, const struct ms_node *type, struct ms_map **out);

void ms_seek_free(struct ms_map *map);
/* What an answer from a program that runs says of itself.  */
void ms_note_running(struct ms_notes *notes);
/* What one that ctx->untold is about says.  */
void ms_note_untold(struct ms_notes *notes);

/* A pointer of the target from bytes of its memory.  */
uint64_t ms_map_pointer(const struct ms_map *map, const uint8_t *bytes);

/* The type in its language's own words: "struct point *", "int[3]"; "*main.Point", "map[string]int". C's integer types have
   one spelling each, whatever the compiler calls them. NULL: "bytes".  */
void ms_spell(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, enum ms_language language);

/* Collects keys and elems of live slots: whole ones, fetched in one batch where they are held indirectly.  */
struct ms_fetch {
	uint64_t capacity, count;
	uint8_t *keys, *elems;			  /* COUNT records */
	uint64_t *key_addresses, *elem_addresses; /* 0: could not be fetched */
	int32_t *key_status, *elem_status;
	uint64_t lost; /* keys and elems that could not be fetched, over all runs */
};

int32_t ms_fetch_init(struct ms_fetch *fetch, const struct ms_map *map, uint64_t capacity);
void ms_fetch_fini(struct ms_fetch *fetch);
/* Adds a slot's key and elem as they lie there; at most CAPACITY.  */
void ms_fetch_add(struct ms_fetch *fetch, const struct ms_map *map, const struct ms_slot *slot);
/* Fetches the indirect ones of all added. MS_OK, MS_INTERRUPTED, MS_NO_MEMORY.  */
int32_t ms_fetch_run(struct ms_fetch *fetch, const struct ms_map *map);
/* At the end of a walk: what could not be fetched.  */
void ms_fetch_note(const struct ms_fetch *fetch, struct ms_notes *notes);

#endif
