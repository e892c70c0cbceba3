/* Iteration: from a random bucket and slot, right while the map grows, is written and deleted under it.

   An iterator walks the buckets of the array that it started on. It keeps, with the map's books, everything alive
   that it may read; entries that have moved on from there are looked up in the map as it is now.  */
#include "hmap/find.h"
#include "hmap/internal.h"

/* check_bucket: every entry of the chain is wanted.  */
#define NO_CHECK UINTPTR_MAX

void hmap_iter_init(struct hmap_iter *it, struct hmap *h)
{
	uint64_t start;

	*it = (struct hmap_iter){ 0 };
	if (!h || !h->count)
		return;
	start = hmap_random(h);
	it->map = h;
	it->buckets = h->buckets;
	it->B = h->B;
	it->start_bucket = it->bucket = (size_t)start & hmap_mask(h->B);
	it->offset = start >> h->B & (HMAP_SLOTS - 1);
	it->epoch = hmap_books(h)->epoch;
	hmap_books(h)->iterators++;
	h->flags |= HMAP_ITERATOR | HMAP_OLD_ITERATOR;
}

/* No iterator of an earlier epoch is in the books.  */
static bool is_current(const struct hmap_iter *it)
{
	return it->map->buckets && hmap_books(it->map)->epoch == it->epoch;
}

void hmap_iter_fini(struct hmap_iter *it)
{
	struct hmap *h = it->map;

	if (h && is_current(it) && --hmap_books(h)->iterators == 0)
		hmap_list_free(h, &hmap_books(h)->retired);
	it->map = NULL;
	it->key = NULL;
	it->elem = NULL;
}

/* What a walk of the array will want some chains later; behind the array's end that does no harm.  */
static inline void prefetch_ahead(const struct hmap_type *type, const void *bucket)
{
	uintptr_t ahead = (uintptr_t)bucket + 8 * (uintptr_t)type->bucket_size;

	__builtin_prefetch((const void *)ahead);
	__builtin_prefetch((const void *)(ahead + type->elems_offset));
}

/* Takes the next chain. If the map is growing to the size that the iterator knows, and has not evacuated the chain
   yet, that is the old one, of which only what will move to this bucket is wanted. False: all are done.  */
static bool next_chain(struct hmap_iter *it)
{
	struct hmap *h = it->map;

	if (it->wrapped && it->bucket == it->start_bucket)
		return false;
	it->bucket_ptr = hmap_bucket_at(h, it->buckets, it->bucket);
	it->check_bucket = NO_CHECK;
	if (h->oldbuckets && it->B == h->B) {
		uint8_t *old = hmap_bucket_at(h, h->oldbuckets, it->bucket & (hmap_old_count(h) - 1));

		if (!hmap_is_evacuated(old)) {
			it->bucket_ptr = old;
			if (!(h->flags & HMAP_SAME_SIZE_GROW))
				it->check_bucket = it->bucket;
		}
	}
	prefetch_ahead(h->type, it->bucket_ptr);
	it->i = 0;
	if (++it->bucket > hmap_mask(it->B)) {
		it->bucket = 0;
		it->wrapped = true;
	}
	return true;
}

/* Sets key and elem from a slot that is not empty; false if it holds no entry, none of this iteration's, or one that has
   been removed.  */
static inline bool take_slot(struct hmap_iter *it, uint8_t *bucket, unsigned slot)
{
	const struct hmap *h = it->map;
	const struct hmap_type *type = h->type;
	uint8_t top = bucket[slot];
	const void *key;
	uint64_t hash;

	if (top == HMAP_EVACUATED_EMPTY)
		return false;
	key = hmap_key_at(type, bucket, slot);
	if (hmap_unlike_itself(h, key, HMAP_KEYS_ANY)) {
		/* Cannot have been removed; which way it will go, or went, shows in the low bit (see goes_up).  */
		if (it->check_bucket != NO_CHECK && it->check_bucket >> (it->B - 1) != (top & 1))
			return false;
		it->key = key;
		it->elem = hmap_elem_at(type, bucket, slot);
		return true;
	}
	if (top >= HMAP_MIN_TOPHASH && it->check_bucket == NO_CHECK) {
		it->key = key;
		it->elem = hmap_elem_at(type, bucket, slot);
		return true;
	}
	hash = type->hash(key, h->hash0);
	if (it->check_bucket != NO_CHECK && ((size_t)hash & hmap_mask(it->B)) != it->check_bucket)
		return false;
	if (top < HMAP_MIN_TOPHASH) {
		bucket = hmap_find(h, hmap_chain_of(h, hash), key, hash, &slot, HMAP_KEYS_ANY);
		if (!bucket)
			return false;
	}
	it->key = hmap_key_at(type, bucket, slot);
	it->elem = hmap_elem_at(type, bucket, slot);
	return true;
}

/* Slots not yet visited that are not empty, the I-th in order of visit in byte I.  */
static inline uint64_t slots_left(const struct hmap_iter *it, const uint8_t *bucket)
{
	uint64_t used = hmap_not_empty(hmap_tophashes(bucket));

	if (it->i == HMAP_SLOTS)
		return 0;
	used = (((used & HMAP_IN_EVERY_SLOT(0x7f)) + HMAP_IN_EVERY_SLOT(0x7f)) | used) & HMAP_IN_EVERY_SLOT(0x80);
	return (used >> 8 * it->offset | used << (64 - 8 * it->offset) % 64) & ~(uint64_t)0 << 8 * it->i;
}

static __attribute__((noinline)) bool next_entry(struct hmap_iter *it)
{
	while (is_current(it) && (it->bucket_ptr || next_chain(it))) {
		uint8_t *bucket = it->bucket_ptr;

		for (uint64_t left = slots_left(it, bucket); left; left &= left - 1) {
			it->i = (uint8_t)(hmap_first_slot(left) + 1);
			if (take_slot(it, bucket, (it->i - 1u + it->offset) & (HMAP_SLOTS - 1)))
				return true;
		}
		it->bucket_ptr = *hmap_overflow_of(it->map, bucket);
		it->i = 0;
	}
	hmap_iter_fini(it);
	return false;
}

bool hmap_iter_next(struct hmap_iter *it)
{
	struct hmap *h = it->map;

	if (!h)
		return false;
	if (h->flags & HMAP_HASH_WRITING)
		hmap_fatal(h, "concurrent map iteration and map write");
	/* The commonest case: the next slot in use of a bucket that nothing happens to.  */
	if (it->bucket_ptr && it->check_bucket == NO_CHECK && h->type->flags & HMAP_REFLEXIVE_KEY && is_current(it)) {
		uint8_t *bucket = it->bucket_ptr;
		uint64_t left = slots_left(it, bucket);

		if (left) {
			unsigned i = hmap_first_slot(left), slot = (i + it->offset) & (HMAP_SLOTS - 1);

			if (bucket[slot] >= HMAP_MIN_TOPHASH) {
				it->i = (uint8_t)(i + 1);
				it->key = hmap_key_at(h->type, bucket, slot);
				it->elem = hmap_elem_at(h->type, bucket, slot);
				return true;
			}
		}
	}
	return next_entry(it);
}
