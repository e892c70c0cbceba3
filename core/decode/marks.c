/* A set of addresses as bits of pages.  */
#include "decode/marks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem/mem.h"

enum { UNIT = 4, WORD_BITS = 64, WORDS = MS_PAGE / UNIT / WORD_BITS, FIRST = 16, PAGES_MOST = 1 << 15 };

struct ms_marked_page {
	uint64_t number; /* and 1; 0: free */
	uint64_t bits[WORDS];
};

/* Where page NUMBER is, or would be; one place at least is free.  */
static uint64_t place(const struct ms_marks *marks, uint64_t number)
{
	uint64_t at = (number * 0x9e3779b97f4a7c15 >> 20) % marks->capacity;

	while (marks->pages[at].number && marks->pages[at].number != number)
		at = (at + 1) % marks->capacity;
	return at;
}

static bool grow(struct ms_marks *marks)
{
	struct ms_marks larger = { .capacity = marks->capacity ? marks->capacity * 2 : FIRST, .count = marks->count };

	larger.pages = calloc(larger.capacity, sizeof *larger.pages);
	if (!larger.pages)
		return false;
	for (uint64_t i = 0; i < marks->capacity; i++)
		if (marks->pages[i].number)
			larger.pages[place(&larger, marks->pages[i].number)] = marks->pages[i];
	free(marks->pages);
	*marks = larger;
	return true;
}

/* Room for one more page.  */
static bool make_room(struct ms_marks *marks)
{
	if (marks->count == PAGES_MOST) {
		memset(marks->pages, 0, marks->capacity * sizeof *marks->pages);
		marks->count = 0;
	}
	return marks->count * 2 < marks->capacity || grow(marks);
}

enum ms_visit ms_marks_add(struct ms_marks *marks, uint64_t address)
{
	uint64_t number = address / MS_PAGE + 1, unit = address % MS_PAGE / UNIT, bit = (uint64_t)1 << unit % WORD_BITS;

	if (!marks->capacity || marks->pages[marks->last].number != number) {
		if (!make_room(marks))
			return MS_VISIT_NO_ROOM;
		marks->last = place(marks, number);
		marks->count += !marks->pages[marks->last].number;
		marks->pages[marks->last].number = number;
	}
	uint64_t *word = &marks->pages[marks->last].bits[unit / WORD_BITS];
	if (*word & bit)
		return MS_VISIT_AGAIN;
	*word |= bit;
	return MS_VISIT_FIRST;
}

void ms_marks_fini(struct ms_marks *marks)
{
	free(marks->pages);
	*marks = (struct ms_marks){ 0 };
}
