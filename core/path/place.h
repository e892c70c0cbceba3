/* A value on a path, and the steps from one to the next: member, element, dereference, address, cast. Inside of core/path;
   knows no syntax.  */
#ifndef MS_PLACE_H
#define MS_PLACE_H

#include "context.h"
#include "types/types.h"

/* Bytes that belong to a path, until its end.  */
struct ms_held {
	struct ms_held *next;
	uint8_t bytes[];
};

struct ms_place {
	const struct ms_node *node; /* as declared; NULL: a number as it was typed, of 8 bytes */
	bool lies;		    /* in memory, at ADDRESS */
	uint64_t address;
	const uint8_t *bytes; /* of what lies nowhere, and of scalars that were read or made; NULL: not read yet */
	uint64_t byte_count;
};

/* What places share on one path.  */
struct ms_places {
	struct ms_context *ctx;
	struct ms_held *held;
	uint64_t held_size;
};

/* SIZE bytes kept until the path's end. NULL: out of memory.  */
uint8_t *ms_places_hold(struct ms_places *places, const void *bytes, uint64_t size);

/* A number as it was typed.  */
int32_t ms_place_number(struct ms_places *places, uint64_t number, struct ms_place *out);
/* What the caller answered. Asks for its type only after the bytes, which its next call-back ends, are kept.  */
int32_t ms_place_variable(struct ms_places *places, const struct ms_value *value, struct ms_place *out);

/* Behind typedefs; NULL for a number as it was typed, and when a type is missing (ms_stopped and ms_error tell).  */
const struct ms_node *ms_place_type(struct ms_places *places, const struct ms_place *place);

/* The steps change PLACE. MS_OK, MS_REFUSED, MS_FAULT, MS_BAD_TYPE, MS_INTERRUPTED or MS_NO_MEMORY, with an error line.  */
int32_t ms_place_member(struct ms_places *places, struct ms_place *place, const char *name, bool arrow);
int32_t ms_place_follow(struct ms_places *places, struct ms_place *place);
int32_t ms_place_address(struct ms_places *places, struct ms_place *place);
int32_t ms_place_cast(struct ms_places *places, struct ms_place *place, const struct ms_node *to);
/* Can it take an index at all? Said before the index is looked at, since a Go map's may be a text.  */
int32_t ms_place_takes_index(struct ms_places *places, const struct ms_place *place);
int32_t ms_place_element(struct ms_places *places, struct ms_place *place, const struct ms_place *index);

#endif
