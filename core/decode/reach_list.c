/* The maps that were reached: all of them as long as there is room, then the largest.  */
#include <stdlib.h>

#include "decode/reach.h"

enum { MAPS_MOST = 100000 };

static bool holds_less(const struct ms_reached *a, const struct ms_reached *b)
{
	return a->memory != b->memory ? a->memory < b->memory : a->address > b->address;
}

/* Puts what stands at AT where it belongs in the heap, whose root holds least.  */
static void sift(struct ms_reached *heap, uint64_t count, uint64_t at)
{
	for (uint64_t child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && holds_less(&heap[child + 1], &heap[child]))
			child++;
		if (!holds_less(&heap[child], &heap[at]))
			return;
		struct ms_reached moved = heap[at];
		heap[at] = heap[child];
		heap[child] = moved;
	}
}

bool ms_reached_add(struct ms_reached_list *list, const struct ms_reached *map)
{
	list->found++;
	if (list->count == MAPS_MOST) {
		if (holds_less(&list->maps[0], map)) {
			list->maps[0] = *map;
			sift(list->maps, MAPS_MOST, 0);
		}
		return true;
	}
	if ((list->count & (list->count + 1)) == 0) { /* 0, 1, 3, 7, ...: full */
		struct ms_reached *grown = realloc(list->maps, (2 * list->count + 1) * sizeof *grown);
		if (!grown)
			return false;
		list->maps = grown;
	}
	list->maps[list->count++] = *map;
	if (list->count == MAPS_MOST)
		for (uint64_t i = MAPS_MOST / 2; i-- > 0;)
			sift(list->maps, MAPS_MOST, i);
	return true;
}

static int largest_first(const void *a, const void *b)
{
	return holds_less(a, b) ? 1 : holds_less(b, a) ? -1 : 0;
}

void ms_reached_sort(struct ms_reached_list *list)
{
	if (list->count)
		qsort(list->maps, list->count, sizeof *list->maps, largest_first);
}
