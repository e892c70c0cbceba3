/* How answers look: the same data as text for people or as JSON for programs, row by row.  */
#ifndef MS_VIEW_H
#define MS_VIEW_H

#include "decode/check.h"
#include "out/value.h"

/* An entry whose key and elem have been fetched. An address of 0: it could not be.  */
struct ms_entry {
	const uint8_t *key, *elem;
	uint64_t key_address, elem_address;
};

/* How an answer ended. OF is UINT64_MAX where nobody knows how many rows there are.  */
struct ms_end {
	uint64_t shown, of;
	const char *partial; /* NULL, "limit", "interrupted", "damage" */
	const char *next;    /* token of the next page, "" for none */
	const struct ms_notes *notes[2];
};

struct ms_view {
	struct ms_context *ctx;
	struct ms_buf *buf;
	struct ms_style style;
	bool addresses; /* text: --addr */
};

/* Each that returns something returns MS_OK or MS_INTERRUPTED.  */
void ms_view_info(struct ms_view *view, const struct ms_facts *facts, const struct ms_end *end);
/* ENTRIES: one for each slot, set for live ones.  */
int32_t ms_view_row(struct ms_view *view, const struct ms_map *map, const struct ms_row *row,
		    const struct ms_entry *entries);
int32_t ms_view_entry(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry);
/* Buckets of which nothing could be read, where their entries would stand.  */
void ms_view_unreadable(struct ms_view *view, const struct ms_map *map, const struct ms_row *row);
/* The notes alone, in text.  */
void ms_view_notes(struct ms_view *view, const struct ms_end *end);
/* The end of the only object of a JSON answer, and of the object.  */
void ms_view_last(struct ms_view *view, const struct ms_end *end);
/* FILE: where the rows went, NULL for the same place.  */
void ms_view_end(struct ms_view *view, const struct ms_end *end, const char *file);

/* What map-check found.  */
void ms_view_finding(struct ms_view *view, const struct ms_map *map, const struct ms_finding *finding);
/* How a check ended: END counts findings, SUMMARY says what was checked.  */
void ms_view_verdict(struct ms_view *view, const struct ms_end *end, const char *summary);

/* One half of an entry.  */
int32_t ms_view_key(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry);
int32_t ms_view_elem(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry);

#endif
