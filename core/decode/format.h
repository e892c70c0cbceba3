/* A map format as a table of functions, and the terms in which any format answers: facts about a header, rows of slots.
   Formats are told apart by the members that a header type has, never by a version. What only one format has (tophash,
   old buckets, control bytes) stays in its own file and reaches the views as named facts.  */
#ifndef MS_FORMAT_H
#define MS_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "decode/scan.h"
#include "decode/stats.h"
#include "types/types.h"

struct ms_map;
struct ms_search;

enum ms_language { MS_C, MS_GO };

/* What a header type says, found once per type. A format puts its own layout behind this.  */
struct ms_shape {
	const struct ms_format *format;
	const struct ms_node *header;
	enum ms_language language;
	const struct ms_node *key, *elem; /* of whole keys and elems; NULL: only the map's own descriptor knows */
	bool walkable; /* the type or the map itself tells how buckets lie; else only the header can be shown */
};

/* A named value, as JSON names it. With GROUP it is a member of that object; members of one group stand together.  */
struct ms_fact {
	const char *group, *name;
	enum {
		MS_FACT_NULL,
		MS_FACT_UINT,
		MS_FACT_INT,
		MS_FACT_BOOL,
		MS_FACT_ADDRESS,
		MS_FACT_TEXT,
		MS_FACT_WORDS,
		MS_FACT_RATIO,
		MS_FACT_CHANCE, /* a ratio of 0 to 1, shown with more digits */
		MS_FACT_LIST,	/* numbers, of which text makes bars */
	} kind;
	union {
		uint64_t u;
		int64_t i;
		double ratio;
		const char *text; /* MS_FACT_WORDS: a list, words separated by spaces */
		struct {
			const uint64_t *numbers; /* the caller's */
			uint32_t count;
			const char *heading; /* what is counted, by what: "buckets by full slots" */
		} list;
	};
};

enum { MS_FACTS_MOST = 32 };

struct ms_facts {
	uint32_t count;
	struct ms_fact fact[MS_FACTS_MOST];
	struct ms_buf text[3]; /* storage for texts made on the way */
};

void ms_facts_fini(struct ms_facts *facts);
/* False: for want of memory a text is missing.  */
bool ms_facts_whole(const struct ms_facts *facts);
/* Adds a fact, its value still to be set by the caller.  */
struct ms_fact *ms_fact_add(struct ms_facts *facts, const char *group, const char *name);
void ms_fact_uint(struct ms_facts *facts, const char *group, const char *name, uint64_t value);
void ms_fact_bool(struct ms_facts *facts, const char *group, const char *name, bool value);
void ms_fact_text(struct ms_facts *facts, const char *group, const char *name, const char *value);
/* 0 is null.  */
void ms_fact_address(struct ms_facts *facts, const char *group, const char *name, uint64_t value);

enum { MS_SLOTS_MOST = 8 };

/* A slot: its mark (tophash, control byte), what the mark says, and key and elem as they lie in the slot (a pointer where
   the map holds them indirectly). A walk of live slots only sets nothing but LIVE in the others.  */
struct ms_slot {
	uint8_t mark;
	bool live;
	const char *state;
	const uint8_t *key, *elem;
	uint64_t key_address, elem_address;
};

/* A bucket of slots on a walk; a format puts what only it has behind this. Valid until the walk's next step.  */
struct ms_row {
	uint32_t array; /* as in ms_position; its name is the format's */
	uint64_t index; /* in that array */
	uint64_t depth; /* 0: the array's own bucket; 1…: those chained to it */
	uint64_t address;
	uint64_t unreadable; /* this many buckets from INDEX on could not be read, and there are no slots */
	uint32_t slot_count, live_count;
	uint32_t live;		     /* the live slots, as bits */
	const uint8_t *keys, *elems; /* of all slots, side by side */
	struct ms_slot slots[MS_SLOTS_MOST];
};

/* What a reader must be told beside the rows. DAMAGED: the answer is not all that the map holds, or the map is not sound.  */
enum { MS_NOTES_MOST = 16 };

struct ms_notes {
	bool damaged;
	uint32_t count;	  /* kept */
	uint32_t dropped; /* beyond MS_NOTES_MOST */
	char *line[MS_NOTES_MOST];
};

void ms_note(struct ms_notes *notes, bool damage, const char *format, ...) __attribute__((format(printf, 3, 4)));
void ms_notes_fini(struct ms_notes *notes);

/* Where a walk stands, or is to begin: before row DEPTH... of chain INDEX, after SKIP live slots of that chain.  */
struct ms_position {
	uint32_t array; /* 0: the first that the format lists */
	uint64_t index;
	uint64_t skip;
};

struct ms_walk_options {
	bool live_only; /* only buckets that hold a live slot, each entry once; else everything */
	bool bare;	/* rows without SLOTS, which cost more than the rest of a walk */
	bool with[2];	/* the arrays wanted, by ms_position.array */
	bool one;	/* only chain ONLY of the arrays */
	uint64_t only;
	struct ms_position from;
};

struct ms_walk;
struct ms_check;
struct ms_finding;

struct ms_format {
	const char *kind;      /* "classic" */
	const char *mark_name; /* "tophash" */
	uint64_t map_size;     /* bytes of the format's map, whose first member is struct ms_map */

	/* The shape of a struct that is a header of this format, malloc'd; NULL with nothing in ms_error when it is none.  */
	struct ms_shape *(*recognise)(struct ms_context *ctx, struct ms_node *header);
	/* Reads what is in map->header; sets count, key, elem, and map->broken when the values are no map's.  */
	int32_t (*open)(struct ms_map *map);
	void (*describe)(struct ms_map *map, struct ms_facts *facts);
	const char *(*array_name)(uint32_t array); /* "new" */
	/* A row in words, "old bucket 3 overflow 1, evacuated", and its facts before its slots.  */
	void (*row_title)(const struct ms_row *row, struct ms_buf *buf);
	void (*describe_row)(const struct ms_row *row, struct ms_facts *facts);
	/* What comes after the length in the one-line summary: "B 5, growing (double, 9 of 16 evacuated)".  */
	void (*summarise)(struct ms_map *map, struct ms_buf *buf);
	int32_t (*number)(const struct ms_map *map, const char *name, int64_t *out);

	int32_t (*walk_new)(struct ms_map *map, const struct ms_walk_options *options, struct ms_notes *notes,
			    struct ms_walk **out);
	/* MS_OK with a row, MS_NOT_FOUND at the end, MS_AGAIN when the slice is over, MS_INTERRUPTED, MS_NO_MEMORY.  */
	int32_t (*walk_next)(struct ms_walk *walk, const struct ms_row **out);
	void (*walk_progress)(const struct ms_walk *walk, uint64_t *done, uint64_t *total);
	void (*walk_free)(struct ms_walk *walk);
	/* Everything that the map has, as raw bytes (scan.h): MS_OK with a piece, MS_NOT_FOUND at the end, MS_AGAIN when the slice
	   is over, MS_INTERRUPTED, MS_NO_MEMORY.  */
	int32_t (*scan_new)(struct ms_map *map, struct ms_scan **out);
	/* From now on the scan may count arrays' own buckets into STATS, as stats_add does, instead of handing them out.  */
	void (*scan_count)(struct ms_scan *scan, struct ms_stats *stats);
	int32_t (*scan_next)(struct ms_scan *scan, struct ms_piece *out);
	void (*scan_progress)(const struct ms_scan *scan, uint64_t *done, uint64_t *total);
	void (*scan_free)(struct ms_scan *scan);
	/* Looks for a key by its hash (find.h), a bucket a step: MS_AGAIN; MS_OK: it is in search->slot; MS_NOT_FOUND; MS_INTERRUPTED,
	   MS_NO_MEMORY.  */
	int32_t (*search)(struct ms_search *search);
	/* Every invariant of the format, what cannot be checked in NOTES; check.h. A map that is nil or broken, too. MS_OK with a
	   finding, MS_NOT_FOUND when all is checked, MS_AGAIN when the slice is over, MS_INTERRUPTED, MS_NO_MEMORY.  */
	int32_t (*check_new)(struct ms_map *map, struct ms_notes *notes, struct ms_check **out);
	int32_t (*check_next)(struct ms_check *check, const struct ms_finding **out);
	/* Findings so far: more than were given where there are very many.  */
	uint64_t (*check_total)(const struct ms_check *check);
	/* What was checked: "105 entries in 32 buckets, 3 overflow buckets".  */
	void (*check_summary)(const struct ms_check *check, struct ms_buf *buf);
	void (*check_progress)(const struct ms_check *check, uint64_t *done, uint64_t *total);
	void (*check_free)(struct ms_check *check);
	const char *const *array_names; /* of ms_position.array */
	/* Tells a trouble that a scan met as a note.  */
	void (*trouble_note)(const struct ms_trouble *trouble, struct ms_notes *notes);
	/* map-stats: counts a piece of a scan; makes what follows from all of them; tells it. STATS is zero at first.  */
	void (*stats_add)(const struct ms_map *map, const struct ms_piece *piece, struct ms_stats *stats);
	void (*stats_end)(const struct ms_map *map, struct ms_stats *stats);
	void (*stats_describe)(const struct ms_map *map, const struct ms_stats *stats, struct ms_facts *facts);
	/* "new.12.3": the text of a position and back; false for what is none of this map.  */
	void (*position_text)(const struct ms_position *position, struct ms_buf *buf);
	bool (*position_parse)(const struct ms_map *map, const char *text, struct ms_position *out);
};

extern const struct ms_format ms_format_classic;

#endif
