/* A set of addresses that lie close together, such as all overflow buckets of a map: a bit for each, by pages.  */
#ifndef MS_MARKS_H
#define MS_MARKS_H

#include "decode/visited.h"

struct ms_marked_page;

struct ms_marks {
	struct ms_marked_page *pages; /* open addressing */
	uint64_t capacity, count;
	uint64_t last; /* index of the page used last */
};

/* ADDRESS is a multiple of 4. Holds addresses on 2^15 pages (in 9 MiB); a page more, and it forgets all that it held.  */
enum ms_visit ms_marks_add(struct ms_marks *marks, uint64_t address);
void ms_marks_fini(struct ms_marks *marks);

#endif
