/* Checks of a map's inner structure, for tests: what must hold between any two operations. Not a part of the
   library.  */
#ifndef HMAP_INVARIANTS_H
#define HMAP_INVARIANTS_H

#include "hmap/hmap.h"

/* NULL if all hold, else the broken one in words. Reads the map without an operation on it: nothing is drawn from
   env->random, no flag is set.  */
const char *hmap_broken_invariant(const struct hmap *h);

/* Overflow buckets that Go preallocates behind 2^B buckets of BUCKET_SIZE bytes: a second computation, after
   makeBucketArray and roundupsize.  */
size_t hmap_expected_spares(size_t bucket_size, unsigned B);

/* Preallocated overflow buckets of the current array that are not in service.  */
size_t hmap_spares_left(const struct hmap *h);

#endif
