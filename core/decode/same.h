/* Whether two keys are one and the same, as far as their bytes tell.  */
#ifndef MS_SAME_H
#define MS_SAME_H

#include "decode/map.h"

/* Of two keys of equal hash, whether they are two all the same: by the numbers in them, the lengths of texts, the types that
   interfaces hold. What keys point to is not read: there the hash, of 64 bits, has told. NODE NULL: by all of their bytes.  */
bool ms_keys_differ(const struct ms_map *map, const struct ms_node *node, const uint8_t *a, const uint8_t *b);

/* No value of this type is unlike itself, as a NaN is. False where that is not known.  */
bool ms_is_like_itself(struct ms_context *ctx, const struct ms_node *node);

#endif
