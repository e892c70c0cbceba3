/* A C map of this process, told to the decoder as its debug information would tell it.  */
#ifndef REAL_MAP_H
#define REAL_MAP_H

#include "fake_target.h"
#include "hmap/hmap.h"

/* Adds the types of the header, the buckets and what hangs from them; KEY and ELEM are type numbers, of what slots hold. The header's.  */
uint64_t real_map_types(struct fake_target *t, const struct hmap_type *type, uint64_t key, uint64_t elem);
/* Opens the target for reading this process: by the kernel's call, or else through a callback, as a debugger's memory is read.  */
void real_map_open(struct fake_target *t, bool directly);

#endif
