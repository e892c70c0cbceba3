/* Which addresses a walk along a chain has been at: a set that is cheap to empty, since most chains are short.  */
#ifndef MS_VISITED_H
#define MS_VISITED_H

#include <stdbool.h>
#include <stdint.h>

struct ms_visited {
	uint64_t *slots; /* open addressing; 0: free */
	uint64_t capacity, count;
};

enum ms_visit { MS_VISIT_FIRST, MS_VISIT_AGAIN, MS_VISIT_NO_ROOM };

/* ADDRESS is not 0.  */
enum ms_visit ms_visited_add(struct ms_visited *visited, uint64_t address);
void ms_visited_clear(struct ms_visited *visited);
void ms_visited_fini(struct ms_visited *visited);

#endif
