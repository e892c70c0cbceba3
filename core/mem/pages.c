/* A list that is sorted when it is full, which takes out what was added twice; only then it grows.  */
#include "mem/pages.h"

#include <stdlib.h>

#include "mem/mem.h"

enum { FIRST = 1024 };

void ms_pages_fini(struct ms_pages *pages)
{
	free(pages->all);
	*pages = (struct ms_pages){ 0 };
}

static uint64_t page_of(uint64_t entry)
{
	return entry / MS_PAGE * MS_PAGE;
}

static int by_entry(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void ms_pages_sort(struct ms_pages *pages)
{
	size_t kept = 0;

	if (pages->count)
		qsort(pages->all, pages->count, sizeof *pages->all, by_entry);
	for (size_t i = 0; i < pages->count; i++) {
		if (kept && page_of(pages->all[kept - 1]) == page_of(pages->all[i]))
			kept--; /* the later one has at least as many bytes */
		pages->all[kept++] = pages->all[i];
	}
	pages->count = kept;
}

bool ms_pages_add(struct ms_pages *pages, uint64_t address, uint64_t have)
{
	uint64_t entry = page_of(address) + have - 1;

	if (pages->count && pages->all[pages->count - 1] == entry)
		return true;
	if (pages->count == pages->capacity) {
		ms_pages_sort(pages);
		if (pages->count >= pages->capacity / 2) {
			size_t capacity = pages->capacity ? pages->capacity * 2 : FIRST;
			uint64_t *all = realloc(pages->all, capacity * sizeof *all);
			if (!all)
				return false;
			pages->all = all;
			pages->capacity = capacity;
		}
	}
	pages->all[pages->count++] = entry;
	return true;
}

bool ms_pages_run(const struct ms_pages *pages, size_t *at, size_t most, uint64_t *address_out, uint64_t *size_out)
{
	size_t first = *at;

	if (first >= pages->count)
		return false;
	*address_out = page_of(pages->all[first]);
	for (*size_out = 0; *at < pages->count && *at - first < most; ++*at) {
		uint64_t entry = pages->all[*at];
		if (page_of(entry) != *address_out + *size_out)
			break;
		*size_out += entry % MS_PAGE + 1;
	}
	return true;
}
