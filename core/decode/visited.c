/* A hash set of addresses.  */
#include "decode/visited.h"

#include <stdlib.h>
#include <string.h>

/* Where ADDRESS is, or would be; one place at least is free.  */
static uint64_t *place(const struct ms_visited *visited, uint64_t address)
{
	uint64_t at = address * 0x9e3779b97f4a7c15 >> 20;

	while (visited->slots[at % visited->capacity] && visited->slots[at % visited->capacity] != address)
		at++;
	return &visited->slots[at % visited->capacity];
}

static bool grow(struct ms_visited *visited)
{
	struct ms_visited larger = { .capacity = visited->capacity ? visited->capacity * 2 : 64,
				     .count = visited->count };

	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (uint64_t i = 0; i < visited->capacity; i++)
		if (visited->slots[i])
			*place(&larger, visited->slots[i]) = visited->slots[i];
	free(visited->slots);
	*visited = larger;
	return true;
}

enum ms_visit ms_visited_add(struct ms_visited *visited, uint64_t address)
{
	if (visited->count * 2 >= visited->capacity && !grow(visited))
		return MS_VISIT_NO_ROOM;
	uint64_t *slot = place(visited, address);
	if (*slot)
		return MS_VISIT_AGAIN;
	*slot = address;
	visited->count++;
	return MS_VISIT_FIRST;
}

void ms_visited_clear(struct ms_visited *visited)
{
	if (!visited->count)
		return;
	if (visited->capacity > 4096) { /* a single long chain must not make every later one pay */
		ms_visited_fini(visited);
	} else {
		memset(visited->slots, 0, visited->capacity * sizeof *visited->slots);
		visited->count = 0;
	}
}

void ms_visited_fini(struct ms_visited *visited)
{
	free(visited->slots);
	*visited = (struct ms_visited){ 0 };
}
