/* A check of a classic map under way: what its parts share. Between the files classic_check*.c only.

   classic_check.c reads chain by chain, old array before new, and judges what concerns the whole map; classic_check_slots.c judges the
   slots of a chain; classic_check_keys.c what they point to; classic_check_hashes.c entries by their keys' hashes;
   classic_check_overflow.c overflow buckets: where they lie, and who owns them. Most chains are sound: classic_check_quick.c tells so
   of those of one bucket as they are read, classic_check_glance.c, of a large live map, before the others look at any.  */
#ifndef MS_CLASSIC_CHECK_H
#define MS_CLASSIC_CHECK_H

#include "decode/check.h"
#include "decode/classic_ahead.h"
#include "decode/classic_pair.h"
#include "decode/hash.h"
#include "decode/marks.h"
#include "decode/visited.h"

/* The chain at hand.  */
struct check_chain {
	struct ms_check_place place; /* of its bucket at hand */
	bool evacuated;		     /* by its first slot; in an old array */
	bool live_counts;	     /* its live slots are entries of the map */
	bool moving;		     /* it is being evacuated right now: a write is under way */
	bool half_told, rest, rest_told;
	uint64_t live;
};

/* The overflow buckets of one array.  */
struct check_owners {
	/* Those outside of the array, by classic_half: in the map's list; in a chain.  */
	struct ms_marks list[CLASSIC_PAIR], met[CLASSIC_PAIR];
	bool listed;	      /* the map has a list of them, which was read */
	bool list_has_spares; /* Go's does */
	bool full;	      /* there is no room for more marks: from here on sharing is not noticed */
	uint64_t list_next;   /* C: the next block to read; Go: elements read so far */
	uint64_t list_address, list_length, list_spares;
	uint64_t spare_most, spare_least; /* preallocated buckets behind the array: so many, and at least; 0: none */
	uint64_t spare_end;		  /* the first one not in use; UINT64_MAX: not known */
	uint8_t *spare_used;		  /* bits; NULL: there are none, or too many */
	uint64_t spares_used;
	uint64_t count; /* met in chains */
};

/* A piece of memory, all of which is kept.  */
struct check_window {
	uint64_t address, size; /* SIZE 0: nothing is kept of it */
	uint8_t *bytes;
};

/* A bucket with entries.  */
struct check_bucket {
	uint64_t index, depth, address;
	uint32_t array, start; /* START: number of its first entry */
	uint8_t live;	       /* slots, as bits */
	bool first;	       /* of its chain that has any */
	uint8_t tophash[HMAP_SLOTS];
};

/* Entries that wait for their keys to be hashed, many at once.  */
struct check_keys {
	uint64_t count, capacity;
	struct check_bucket *buckets; /* that they are in */
	uint64_t bucket_count;
	uint8_t *keys;				  /* whole ones */
	uint64_t *key_addresses, *elem_addresses; /* where they are held by pointer */
	uint64_t *hashes;
	int32_t *status;
	uint32_t *table; /* of a long chain's hashes */
	struct ms_hasher *hasher;
	bool eight;		/* a bucket's can be hashed where they lie, eight at once, and elems lie beside them */
	bool is_float;		/* keys are numbers, of which NaN has no hash */
	bool compares_bytes;	/* keys of equal bytes are the same one */
	struct ms_buf unhashed; /* not empty: why there is no hasher */
	uint64_t without_hash;	/* keys */
	bool split;		/* a chain's entries were not judged together */
};

struct ms_check {
	struct classic_map *map;
	struct ms_notes *notes;
	struct ms_findings findings;
	uint64_t given;		 /* of the findings kept */
	bool writing;		 /* flag hashWriting */
	struct ms_findings held; /* while writing: what the entry under way may look like, unless there are two */
	struct ms_writers writers;

	enum { CHECK_HEADER, CHECK_ARRAY, CHECK_LIST, CHECK_CHAINS, CHECK_END, CHECK_DONE } phase;
	uint32_t array; /* at hand */
	struct classic_stream stream;
	struct classic_ahead ahead;
	struct check_glance *glance; /* NULL: each chain is looked at closely */
	uint64_t at, until;	     /* next bucket of the array; behind the last one to be read now */
	struct check_chain chain;
	uint64_t next; /* address of the chain's next bucket; 0: the chain is done */
	uint32_t next_ahead;
	bool unlisted;		   /* that bucket is in no list */
	struct ms_visited visited; /* of the chain at hand */
	uint8_t *single;	   /* a bucket that was not fetched ahead */

	struct check_owners owners[CLASSIC_ARRAYS];
	struct check_window window; /* on the list at hand */
	struct check_keys keys;
	uint8_t *evacuated; /* bits, of the old array's chains; NULL: none, or too many to keep */

	uint64_t live, evacuated_count, moving_count, overflow_count;
	uint64_t cut;	/* chains that could not be followed to their end, buckets that could not be read */
	bool extra_bad; /* extra cannot be read */
	uint64_t extra; /* address; 0: none */
	const struct ms_node *extra_type; /* NULL: not known */
};

static inline uint64_t check_array_address(const struct ms_check *check, uint32_t array)
{
	return classic_array_address(check->map, array);
}

static inline uint64_t check_array_count(const struct ms_check *check, uint32_t array)
{
	return classic_array_count(check->map, array);
}

static inline bool check_bit(const uint8_t *bits, uint64_t i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static inline void check_set_bit(uint8_t *bits, uint64_t i)
{
	bits[i / 8] |= (uint8_t)(1 << i % 8);
}

/* The place of a slot of the chain's bucket at hand.  */
static inline struct ms_check_place check_slot_place(const struct check_chain *chain, uint32_t slot)
{
	struct ms_check_place place = chain->place;

	place.in_slot = true;
	place.slot = slot;
	return place;
}

/* classic_check_slots.c: the bucket at hand; its live slots go to check->keys. MS_OK or a failure.  */
void check_chain_begin(struct ms_check *check, const uint8_t *bytes);
int32_t check_slots(struct ms_check *check, const uint8_t *bytes);
void check_chain_end(struct ms_check *check);

/* classic_check_quick.c: chains of the new array that begin with the chunk's bucket AT, as many as are one bucket each and have nothing
   wrong with their slots, up to some dozens: how many. Entries that need a closer look go to check->keys.  */
uint64_t check_quick_chains(struct ms_check *check, uint64_t at);
/* Where keys->eight: whether the LIVE slots of a bucket of chain INDEX hold keys that belong there under their tophashes, WORD, each
   once. In doubt, no.  */
bool check_entries_are_sound(const struct ms_check *check, uint64_t index, uint64_t word, uint64_t live,
			     const uint8_t *bytes);
/* A byte of each of a bucket's eight keys, which is equal for equal keys; where keys->eight.  */
uint64_t check_folds(const struct ms_check *check, const uint8_t *bytes);
/* Whether a LIVE slot of a bucket may have a key of another one, as far as that one's tophashes and folds tell.  */
bool check_may_share(const struct ms_check *check, const uint8_t *bytes, uint64_t live, uint64_t other,
		     uint64_t other_folds);

/* classic_check_glance.c: passes the chains of a large live map's new array over that are sound, as far as it can; sets check->glance, unless
   the map is none for it.  */
void check_glance_begin(struct ms_check *check);
void check_glance_free(struct check_glance *glance);
/* Own buckets it has seen.  */
uint64_t check_glance_done(const struct check_glance *glance);
/* A piece of work. True: the chain at check->at, all by itself, needs a closer look. At the end check->glance is NULL, and all chains
   before check->at are dealt with.  */
bool check_glance_step(struct ms_check *check);

/* classic_check_keys.c. MS_OK, MS_INTERRUPTED, MS_NO_MEMORY.  */
int32_t check_keys_init(struct ms_check *check);
void check_keys_fini(struct check_keys *keys);
static inline bool check_keys_full(const struct check_keys *keys)
{
	return keys->count + HMAP_SLOTS > keys->capacity;
}
/* Before a chain: so that its entries are judged together, unless there are very many.  */
static inline bool check_keys_half_full(const struct check_keys *keys)
{
	return keys->count > keys->capacity / 2;
}
/* Adds a bucket's live slots, and counts them. All of BUCKET is set but START.  */
uint64_t check_keys_add(struct ms_check *check, const struct check_bucket *bucket, const uint8_t *bytes);
/* Judges those that wait.  */
int32_t check_keys_run(struct ms_check *check);
struct ms_check_place check_keys_place(const struct check_keys *keys, uint64_t n);

/* classic_check_hashes.c: those that wait, their keys at hand. Likewise.  */
int32_t check_hashes(struct ms_check *check);

/* classic_check_overflow.c: what lies behind an array and in which lists. MS_OK, MS_AGAIN (call again), MS_INTERRUPTED,
   MS_NO_MEMORY.  */
void check_extra_begin(struct ms_check *check);
int32_t check_owners_begin(struct ms_check *check, uint32_t array);
int32_t check_owners_list(struct ms_check *check, uint32_t array);
void check_owners_fini(struct check_owners *owners);
/* Whether the chain may go on from the bucket at hand to TO; if not, there is a finding.  */
bool check_overflow(struct ms_check *check, uint64_t to);
/* In which half of an array's overflow buckets TO is, 0 or 1.  */
uint32_t check_half(const struct ms_check *check, uint64_t to);
/* Whether a sound chain of the new array may go on to TO, which is met for the first time, and is remembered as met. Two threads may ask,
   about a half each: what MET adds up to is added to owners when both are done, and its marks are those of owners->met.  */
struct check_met {
	struct ms_marks marks; /* of the half */
	uint64_t count, spares;
	bool full; /* as owners->full */
};
bool check_overflow_is_sound(const struct ms_check *check, uint64_t to, struct check_met *met);
/* After the array's last chain.  */
void check_owners_end(struct ms_check *check, uint32_t array);

/* A finding that a write under way may explain: kept back as long as it is the only one.  */
#define check_find_entry(check, code, place, ...)                                                                      \
	ms_find((check)->writing ? &(check)->held : &(check)->findings, code, place, __VA_ARGS__)

#endif
