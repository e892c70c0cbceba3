/* A set of addresses that lie close together, such as all overflow buckets of a map: a bit for each, by pages of 512 units.  */
#ifndef MS_MARKS_H
#define MS_MARKS_H

#include "decode/visited.h"

struct ms_marked_page;

/* All zero at the beginning, but for the first two.  */
struct ms_marks {
	uint32_t shift; /* addresses are multiples of 2^SHIFT, a unit */
	bool forgets;	/* a page too many, and it forgets all that it held; or it has no room for it */

	uint64_t known;		      /* addresses in the set */
	struct ms_marked_page *pages; /* open addressing; up to 2^15, in 5 MiB */
	uint64_t capacity, count;
	uint64_t last; /* index of the page used last */
};

enum ms_visit ms_marks_add(struct ms_marks *marks, uint64_t address);
bool ms_marks_has(const struct ms_marks *marks, uint64_t address);
/* The next address that MARKS has and OTHER has not, both of the same unit, from *PLACE on, which begins with 0; 0 for no more.  */
uint64_t ms_marks_without(const struct ms_marks *marks, const struct ms_marks *other, uint64_t *place);
void ms_marks_fini(struct ms_marks *marks);

#endif
