/* Which pages of a target were read: a set that grows by eight bytes a page, and their order. Holds no memory of the target.  */
#ifndef MS_MEM_PAGES_H
#define MS_MEM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages in no order, some of them more than once, until ms_pages_sort. Of each: its address, which ends in zeros, with the
   number of its readable leading bytes, less one, in their place.  */
struct ms_pages {
	uint64_t *all;
	size_t count, capacity;
};

void ms_pages_fini(struct ms_pages *pages);
/* Adds the page at ADDRESS, of which the first HAVE bytes (1 to MS_PAGE) can be read. False: memory is short.  */
bool ms_pages_add(struct ms_pages *pages, uint64_t address, uint64_t have);
/* By address, each once.  */
void ms_pages_sort(struct ms_pages *pages);

/* The bytes from page *AT on that lie one after the other, at most MOST pages of them; then *AT is behind them. Of sorted
   ones; false behind the last.  */
bool ms_pages_run(const struct ms_pages *pages, size_t *at, size_t most, uint64_t *address_out, uint64_t *size_out);

#endif
