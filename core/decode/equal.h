/* Whether a key of a map is the one that is looked for, as the map's program would say. Nothing is called: Go's keys are compared
   as their type has it, C's as the equality function of core/hmap that their descriptor names; where that is another one,
   member by member.  */
#ifndef MS_EQUAL_H
#define MS_EQUAL_H

#include "decode/map.h"
#include "decode/own.h"

struct ms_equal;

/* MAP and WANTED, of map->key_size bytes, outlive it. MS_OK, MS_NO_MEMORY, MS_INTERRUPTED.  */
int32_t ms_equal_new(struct ms_map *map, const struct ms_key *wanted, struct ms_equal **out);
void ms_equal_free(struct ms_equal *equal);

/* KEY: a whole key, as ms_fetch gives it. MS_OK: it is the one. MS_NOT_FOUND: it is another one. MS_FAULT: what it points to cannot
   be read. MS_INTERRUPTED, MS_NO_MEMORY. A NaN is taken for any other one.  */
int32_t ms_equal_key(struct ms_equal *equal, const uint8_t *key);

/* Requests to the target so far.  */
uint64_t ms_equal_reads(const struct ms_equal *equal);
/* Why keys are not compared as the program does; "" when they are.  */
const char *ms_equal_note(const struct ms_equal *equal);

#endif
