/* A set of addresses as bits of pages.  */
#include "decode/marks.h"

#include <stdlib.h>
#include <string.h>

enum { UNITS = 512, WORD_BITS = 64, WORDS = UNITS / WORD_BITS, FIRST = 16, PAGES_MOST = 1 << 15 };

struct ms_marked_page {
	uint64_t number; /* and 1; 0: free */
	uint64_t bits[WORDS];
};

/* Where page NUMBER is, or would be; one place at least is free.  */
static uint64_t place(const struct ms_marks *marks, uint64_t number)
{
	uint64_t at = (number * 0x9e3779b97f4a7c15 >> 20) & (marks->capacity - 1);

	while (marks->pages[at].number && marks->pages[at].number != number)
		at = (at + 1) & (marks->capacity - 1);
	return at;
}

static bool grow(struct ms_marks *marks)
{
	struct ms_marks larger = *marks;

	larger.capacity = marks->capacity ? marks->capacity * 2 : FIRST; /* a power of two */
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
		if (!marks->forgets)
			return false;
		memset(marks->pages, 0, marks->capacity * sizeof *marks->pages);
		marks->count = marks->known = 0;
	}
	return marks->count * 2 < marks->capacity || grow(marks);
}

enum ms_visit ms_marks_add(struct ms_marks *marks, uint64_t address)
{
	uint64_t unit = address >> marks->shift, number = unit / UNITS + 1, bit = (uint64_t)1 << unit % WORD_BITS;

	if (!marks->capacity || marks->pages[marks->last].number != number) {
		uint64_t at = marks->capacity ? place(marks, number) : 0;
		if (!marks->capacity || !marks->pages[at].number) {
			if (!make_room(marks))
				return MS_VISIT_NO_ROOM;
			at = place(marks, number);
			marks->count++;
			marks->pages[at].number = number;
		}
		marks->last = at;
	}
	uint64_t *word = &marks->pages[marks->last].bits[unit % UNITS / WORD_BITS];
	if (*word & bit)
		return MS_VISIT_AGAIN;
	*word |= bit;
	marks->known++;
	return MS_VISIT_FIRST;
}

bool ms_marks_has(const struct ms_marks *marks, uint64_t address)
{
	uint64_t unit = address >> marks->shift, number = unit / UNITS + 1, bit = (uint64_t)1 << unit % WORD_BITS;

	if (!marks->capacity)
		return false;
	const struct ms_marked_page *page = &marks->pages[marks->last];
	if (page->number != number)
		page = &marks->pages[place(marks, number)];
	return page->number == number && page->bits[unit % UNITS / WORD_BITS] & bit;
}

/* PLACE counts units of the table's pages.  */
uint64_t ms_marks_without(const struct ms_marks *marks, const struct ms_marks *other, uint64_t *at)
{
	while (*at < marks->capacity * UNITS) {
		const struct ms_marked_page *page = &marks->pages[*at / UNITS];
		uint64_t unit = *at % UNITS, left = page->bits[unit / WORD_BITS] >> unit % WORD_BITS;
		if (!page->number || !left) {
			*at += page->number ? WORD_BITS - unit % WORD_BITS : UNITS;
			continue;
		}
		uint64_t zeros = (uint64_t)__builtin_ctzll(left);
		uint64_t address = ((page->number - 1) * UNITS + unit + zeros) << marks->shift;
		*at += zeros + 1;
		if (!ms_marks_has(other, address))
			return address;
	}
	return 0;
}

void ms_marks_fini(struct ms_marks *marks)
{
	free(marks->pages);
	*marks = (struct ms_marks){ .shift = marks->shift, .forgets = marks->forgets };
}
