/* What the map's sources share: memory blocks, places in buckets, the chain that a key is in. Not for users of the
   map.  */
#ifndef HMAP_INTERNAL_H
#define HMAP_INTERNAL_H

#include <string.h>

#include "hmap/hmap.h"

/* Heads every block that a map allocates; what it is allocated for (the payload) follows.  */
struct hmap_block {
	_Alignas(max_align_t) struct hmap_block *next; /* in whichever list owns the block */
	size_t size;				       /* with this head */
};

/* Heads a bucket array. Go leaves ownership to its collector; a C map keeps the books here, in front of the current
   array, and so needs no allocation for them: hmap_iter_init and hmap_delete cannot fail. hmap_grow hands them on
   to the new array. In an old array only `block' has a meaning.  */
struct hmap_array {
	struct hmap_block block;
	struct hmap_extra extra; /* what the header's extra points to, once there is anything in it */
	size_t iterators;	 /* under way, of this epoch */
	uint64_t epoch;		 /* counts how often the map became empty; older iterators have nothing left to visit */
	struct hmap_block *retired; /* out of use, but iterators may still read them */
	struct hmap_block *reserve; /* overflow buckets allocated before an evacuation that may need them */
};

/* A pointer stored in a bucket: the same bytes are a K * or struct name_bucket * in the typed bucket.  */
typedef void *__attribute__((may_alias)) hmap_pointer;

#define HMAP_INDIRECT (HMAP_INDIRECT_KEY | HMAP_INDIRECT_ELEM)

/* hmap.c */
_Noreturn void hmap_fatal(const struct hmap *h, const char *message);
uint64_t hmap_random(const struct hmap *h);
void *hmap_block_new(const struct hmap *h, size_t payload_size);
void hmap_block_free(const struct hmap *h, void *payload);
void hmap_list_free(const struct hmap *h, struct hmap_block **list);
void hmap_retire(struct hmap *h, void *payload);

/* What a session may break on stays a function of its own at any optimisation, as it does in Go's builds.  */
#if __has_attribute(noclone)
#define HMAP_EVENT __attribute__((noinline, noclone))
#else
#define HMAP_EVENT __attribute__((noinline))
#endif

/* grow.c */
struct hmap_array *hmap_array_new(const struct hmap *h, unsigned B);
void hmap_array_link_spares(const struct hmap *h, struct hmap_array *array, unsigned B);
bool hmap_over_load(size_t count, unsigned B);
bool hmap_must_grow(const struct hmap *h);
HMAP_EVENT bool hmap_grow(struct hmap *h);
HMAP_EVENT bool hmap_grow_work(struct hmap *h, size_t bucket);
HMAP_EVENT bool hmap_evacuate(struct hmap *h, size_t oldbucket);
HMAP_EVENT void hmap_advance_mark(struct hmap *h);
HMAP_EVENT void *hmap_new_overflow(struct hmap *h, uint8_t *last);

/* The books; h->buckets must not be NULL.  */
static inline struct hmap_array *hmap_books(const struct hmap *h)
{
	return (struct hmap_array *)h->buckets - 1;
}

static inline size_t hmap_mask(unsigned B)
{
	return ((size_t)1 << B) - 1;
}

static inline size_t hmap_old_count(const struct hmap *h)
{
	return (size_t)1 << (h->B - !(h->flags & HMAP_SAME_SIZE_GROW));
}

static inline uint8_t hmap_tophash(uint64_t hash)
{
	uint8_t top = (uint8_t)(hash >> 56);

	return top < HMAP_MIN_TOPHASH ? (uint8_t)(top + HMAP_MIN_TOPHASH) : top;
}

static inline bool hmap_is_empty(uint8_t tophash)
{
	return tophash <= HMAP_EMPTY_ONE;
}

/* Of a chain, told by its main bucket.  */
static inline bool hmap_is_evacuated(const uint8_t *bucket)
{
	return bucket[0] > HMAP_EMPTY_ONE && bucket[0] < HMAP_MIN_TOPHASH;
}

static inline uint8_t *hmap_bucket_at(const struct hmap *h, void *array, size_t index)
{
	return (uint8_t *)array + index * h->type->bucket_size;
}

static inline hmap_pointer *hmap_overflow_of(const struct hmap *h, uint8_t *bucket)
{
	return (hmap_pointer *)(void *)(bucket + h->type->overflow_offset);
}

static inline void *hmap_key_slot(const struct hmap_type *type, uint8_t *bucket, unsigned slot)
{
	return bucket + type->keys_offset + slot * type->key_slot;
}

static inline void *hmap_elem_slot(const struct hmap_type *type, uint8_t *bucket, unsigned slot)
{
	return bucket + type->elems_offset + slot * type->elem_slot;
}

static inline void *hmap_key_at(const struct hmap_type *type, uint8_t *bucket, unsigned slot)
{
	void *place = hmap_key_slot(type, bucket, slot);

	return type->flags & HMAP_INDIRECT_KEY ? *(hmap_pointer *)place : place;
}

static inline void *hmap_elem_at(const struct hmap_type *type, uint8_t *bucket, unsigned slot)
{
	void *place = hmap_elem_slot(type, bucket, slot);

	return type->flags & HMAP_INDIRECT_ELEM ? *(hmap_pointer *)place : place;
}

/* memset and memmove of a slot, without a call for the sizes that most keys and elems have.  */
static inline void hmap_slot_clear(void *to, size_t size)
{
	if (size == 8)
		memset(to, 0, 8);
	else if (size == 4)
		memset(to, 0, 4);
	else if (size == 16)
		memset(to, 0, 16);
	else
		memset(to, 0, size);
}

static inline void hmap_slot_copy(void *to, const void *from, size_t size)
{
	if (size == 8)
		memmove(to, from, 8);
	else if (size == 4)
		memmove(to, from, 4);
	else if (size == 16)
		memmove(to, from, 16);
	else
		memmove(to, from, size);
}

#endif
