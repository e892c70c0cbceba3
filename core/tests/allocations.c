#include "allocations.h"

#include <stdbool.h>

uint64_t allocations, fail_allocation;
size_t largest_growth;

static bool allocation_fails(void)
{
	return fail_allocation && ++allocations == fail_allocation;
}

void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return allocation_fails() ? NULL : __interceptor_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __interceptor_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	largest_growth = size > largest_growth ? size : largest_growth;
	return allocation_fails() ? NULL : __interceptor_realloc(old, size);
}
