/* Which addresses a walk along a chain has been at: a set that is cheap to empty, since most chains are short. Each may bear
   a mark as well.  */
#ifndef MS_VISITED_H
#define MS_VISITED_H

#include <stdbool.h>
#include <stdint.h>

struct ms_visited {
	uint64_t *slots; /* open addressing; 0: free; bit 0: marked */
	uint64_t capacity, count;
};

enum ms_visit { MS_VISIT_FIRST, MS_VISIT_AGAIN, MS_VISIT_NO_ROOM };

/* ADDRESS is even and not 0.  */
enum ms_visit ms_visited_add(struct ms_visited *visited, uint64_t address);
/* Adds it if it is not there, and marks it. AGAIN: it was marked; *ADDED_OUT: it was not there.  */
enum ms_visit ms_visited_mark(struct ms_visited *visited, uint64_t address, bool *added_out);
/* The next address without a mark from *PLACE on, which begins with 0; 0 for no more.  */
uint64_t ms_visited_unmarked(const struct ms_visited *visited, uint64_t *place);
void ms_visited_clear(struct ms_visited *visited);
void ms_visited_fini(struct ms_visited *visited);

#endif
