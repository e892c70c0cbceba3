/* A classic map laid out in a fake target's memory, in any layout and state, with its own account of what lives where.
   The account is kept as the map is built and shares no code with the decoder, so that the decoder is tested against
   something that it did not say.  */
#ifndef FAKE_MAP_H
#define FAKE_MAP_H

#include "fake_target.h"

enum { FAKE_SLOTS = 8 };

struct fake_layout {
	const char *name;		  /* of the header's struct: "counts", or "hash<int,int>" for Go */
	uint64_t key, elem;		  /* types of a slot's halves */
	uint64_t key_target, elem_target; /* not 0: the slot points to a key or elem of this type */
	bool reversed;			  /* members of header and bucket in the opposite order */
	bool typedefs;			  /* members through typedefs of typedefs */
	bool values;			  /* the bucket's elems are called values */
	bool nested;			  /* the header's first members in an anonymous struct */
	bool untyped;			  /* buckets are void * */
	bool descriptor;		  /* the header has a member "type" */
	bool no_extra;			  /* the header has no member "extra" */
	uint64_t hash, equal;		  /* addresses of functions in the descriptor */
};

/* A slot of the account. SHOWN: an entry that a listing of the map must show, here.  */
struct fake_slot {
	uint8_t tophash;
	const char *state;
	uint64_t key, elem;	    /* what they are */
	uint64_t key_raw, elem_raw; /* what the slot holds: the same, or a pointer to it */
	bool shown;
};

struct fake_bucket {
	uint64_t address;
	struct fake_slot slots[FAKE_SLOTS];
	struct fake_bucket *next; /* in the account */
	bool bad_next;		  /* memory holds BAD instead of a pointer to NEXT */
	uint64_t bad;
};

struct fake_array {
	uint64_t address, count;
	uint8_t B;
	struct fake_bucket *buckets;
	bool *evacuated; /* one a bucket */
	uint64_t spares, spares_used;
};

struct fake_map {
	struct fake_target *t;
	struct fake_layout layout;
	uint64_t header_type, bucket_type, pointer_type; /* the last: a pointer to the header */
	uint64_t descriptor_type, descriptor;
	uint64_t address; /* of the header */
	uint64_t bucket_size;
	struct fake_array old, new;
	int64_t count;
	uint64_t flags, noverflow, hash0, nevacuate;
	const char *key_format, *elem_format; /* JSON of a key and elem, made of a number */
};

/* Types, and a header that is empty and without buckets.  */
void fake_map_init(struct fake_map *m, struct fake_target *t, const struct fake_layout *layout);
void fake_map_fini(struct fake_map *m);

/* An array of 2^B empty buckets.  */
void fake_map_array(struct fake_map *m, struct fake_array *array, uint8_t B);
/* The same with SPARES buckets behind them, which become the first overflow buckets.  */
void fake_map_array_spares(struct fake_map *m, struct fake_array *array, uint8_t B, uint64_t spares);
/* Adds an overflow bucket to the chain's end.  */
struct fake_bucket *fake_map_overflow(struct fake_map *m, struct fake_array *array, uint64_t index);
/* Puts an entry into the first free slot of the chain, extending it if there is none. Counts it.  */
void fake_map_put(struct fake_map *m, struct fake_array *array, uint64_t index, uint64_t key, uint64_t elem);
/* Puts keys FROM to TO - 1 with elems ten times as large, spread over the array.  */
void fake_map_fill(struct fake_map *m, struct fake_array *array, uint64_t from, uint64_t to);
/* Removes the entry in slot SLOT of the chain's bucket DEPTH, as the runtime marks it.  */
void fake_map_delete(struct fake_map *m, struct fake_array *array, uint64_t index, uint64_t depth, uint64_t slot);
/* Turns the array into the old one of a growth: double, or of the same size.  */
void fake_map_grow(struct fake_map *m, bool same_size);
/* Evacuates the first SLOTS slots of old chain INDEX, every other entry to Y in a double growth. UNLINK: its overflow
   pointer is cleared, as where the bucket holds pointers.  */
void fake_map_evacuate(struct fake_map *m, uint64_t index, uint64_t slots, bool unlink);
/* The same for all of it.  */
void fake_map_evacuate_whole(struct fake_map *m, uint64_t index, bool unlink);

/* Writes all of it into the target's memory, and names the expressions "m" (the header) and "p" (a pointer to it).  */
void fake_map_write(struct fake_map *m);
/* Overwrites a member of the header that fake_map_write wrote.  */
void fake_map_poke(struct fake_map *m, const char *member, uint64_t value);

/* What map-entries --json must print, without the last line; and map-buckets --json. To be freed.  */
char *fake_map_entries(const struct fake_map *m);
char *fake_map_rows(const struct fake_map *m);
uint64_t fake_map_row_count(const struct fake_map *m);
/* The last line. To be freed.  */
char *fake_end(uint64_t shown, uint64_t of, const char *partial, const char *notes);

/* Runs map-entries and map-buckets and asserts that they give the account, whole and sound.  */
void fake_map_check(struct fake_map *m);

#endif
