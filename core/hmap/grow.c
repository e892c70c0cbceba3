/* Bucket arrays, overflow buckets, and growth: when it starts, how it proceeds bucket by bucket, when it ends. The
   caller holds the hashWriting flag.

   An evacuation that began could not be undone, so the overflow buckets that it may need are set aside before it.  */
#include "hmap/find.h"
#include "hmap/internal.h"

/* What Go's allocator makes of a size (roundupsize). A map's spare buckets fill the difference.  */
static bool round_up_size(size_t size, size_t *out)
{
	if (size > HMAP_PAGE_SIZE * 4)
		return !__builtin_add_overflow(size, (size_t)HMAP_PAGE_SIZE - 1, out) &&
		       (*out &= ~((size_t)HMAP_PAGE_SIZE - 1));
	for (unsigned i = 0; i < HMAP_SIZE_CLASS_COUNT; i++)
		if (hmap_size_classes[i] >= size) {
			*out = hmap_size_classes[i];
			return true;
		}
	return false;
}

static size_t bucket_count(const struct hmap *h, const struct hmap_array *array)
{
	return (array->block.size - sizeof(*array)) / h->type->bucket_size;
}

/* Makes the spare buckets of an array that is otherwise zero ready for use.  */
void hmap_array_link_spares(const struct hmap *h, struct hmap_array *array, unsigned B)
{
	size_t main_count = hmap_mask(B) + 1, count = bucket_count(h, array);

	array->extra.nextOverflow = NULL;
	if (count == main_count)
		return;
	array->extra.nextOverflow = hmap_bucket_at(h, array + 1, main_count);
	*hmap_overflow_of(h, hmap_bucket_at(h, array + 1, count - 1)) = array + 1; /* end mark: not NULL */
}

/* 2^B buckets and, from B = 4 on, spares behind them. NULL: out of memory.  */
struct hmap_array *hmap_array_new(const struct hmap *h, unsigned B)
{
	size_t count = hmap_mask(B) + 1, size, rounded;
	void *payload;

	if (B >= HMAP_SPARE_MIN_B) {
		count += (size_t)1 << (B - HMAP_SPARE_MIN_B);
		if (__builtin_mul_overflow(count, (size_t)h->type->bucket_size, &size) ||
		    !round_up_size(size, &rounded))
			return NULL;
		count = rounded / h->type->bucket_size;
	}
	if (__builtin_mul_overflow(count, (size_t)h->type->bucket_size, &size) ||
	    __builtin_add_overflow(size, sizeof(struct hmap_array) - sizeof(struct hmap_block), &size))
		return NULL;
	payload = hmap_block_new(h, size);
	if (!payload)
		return NULL;

	struct hmap_array *array = (struct hmap_array *)(void *)((struct hmap_block *)payload - 1);

	hmap_array_link_spares(h, array, B);
	return array;
}

/* More than 6.5 entries a bucket, and more than one bucket holds.  */
bool hmap_over_load(size_t count, unsigned B)
{
	return count > HMAP_SLOTS && count > HMAP_LOAD_NUM * (((size_t)1 << B) / HMAP_LOAD_DEN);
}

static bool too_many_overflow_buckets(const struct hmap *h)
{
	return h->noverflow >= 1u << (h->B < HMAP_NOVERFLOW_EXACT_B ? h->B : HMAP_NOVERFLOW_EXACT_B - 1);
}

/* Asked before an entry is added, while no growth is in progress.  */
bool hmap_must_grow(const struct hmap *h)
{
	return hmap_over_load((size_t)h->count + 1, h->B) || too_many_overflow_buckets(h);
}

/* From B = 16 on counts one in 2^(B-15), so that noverflow reaches its limit at about 2^B buckets all the same.  */
static void count_overflow(struct hmap *h)
{
	if (h->B < HMAP_NOVERFLOW_EXACT_B ||
	    !(hmap_random(h) & (((uint32_t)1 << (h->B - (HMAP_NOVERFLOW_EXACT_B - 1))) - 1)))
		h->noverflow++;
}

static size_t spares_left(const struct hmap *h)
{
	const struct hmap_array *books = hmap_books(h);
	const uint8_t *next = books->extra.nextOverflow;

	return next ? (size_t)((const uint8_t *)books + books->block.size - next) / h->type->bucket_size : 0;
}

static uint8_t *take_spare(struct hmap *h)
{
	struct hmap_extra *extra = &hmap_books(h)->extra;
	uint8_t *bucket = extra->nextOverflow;

	if (*hmap_overflow_of(h, bucket)) {
		*hmap_overflow_of(h, bucket) = NULL; /* the end mark */
		extra->nextOverflow = NULL;
	} else {
		extra->nextOverflow = bucket + h->type->bucket_size;
	}
	return bucket;
}

/* Puts an overflow bucket in service behind LAST, the end of its chain. NULL: out of memory.  */
void *hmap_new_overflow(struct hmap *h, uint8_t *last)
{
	struct hmap_array *books = hmap_books(h);
	uint8_t *bucket;

	if (books->extra.nextOverflow) {
		bucket = take_spare(h);
	} else {
		struct hmap_block *block = books->reserve;

		if (block) {
			books->reserve = block->next;
			bucket = (uint8_t *)(block + 1);
		} else {
			bucket = hmap_block_new(h, h->type->bucket_size);
			if (!bucket)
				return NULL;
			block = (struct hmap_block *)(void *)bucket - 1;
		}
		block->next = books->extra.overflow;
		books->extra.overflow = block;
	}
	h->extra = &books->extra;
	count_overflow(h);
	*hmap_overflow_of(h, last) = bucket;
	return bucket;
}

/* Makes sure that a chain can be evacuated. Its n entries need no more than (n - 1) / 8 overflow buckets, however
   they are split in two. What is left over serves the next bucket.  */
static bool reserve_overflow(struct hmap *h, uint8_t *chain)
{
	struct hmap_array *books = hmap_books(h);
	size_t live_count = 0, have;

	if (!*hmap_overflow_of(h, chain))
		return true;
	for (uint8_t *bucket = chain; bucket; bucket = *hmap_overflow_of(h, bucket))
		for (unsigned i = 0; i < HMAP_SLOTS; i++)
			live_count += !hmap_is_empty(bucket[i]);
	if (!live_count)
		return true;
	have = spares_left(h);
	for (struct hmap_block *block = books->reserve; block; block = block->next)
		have++;
	for (; have < (live_count - 1) / HMAP_SLOTS; have++) {
		struct hmap_block *block = hmap_block_new(h, h->type->bucket_size);

		if (!block)
			return false;
		block--; /* from the payload to its head */
		block->next = books->reserve;
		books->reserve = block;
	}
	return true;
}

/* Starts a growth: to twice the buckets if the load asks for it, else to as many, to get rid of overflow buckets.
   Copies nothing. False: out of memory, nothing has changed.  */
bool hmap_grow(struct hmap *h)
{
	struct hmap_array *old = hmap_books(h), *array;
	unsigned bigger = hmap_over_load((size_t)h->count + 1, h->B);
	uint8_t flags = h->flags & (uint8_t) ~(HMAP_ITERATOR | HMAP_OLD_ITERATOR);

	array = hmap_array_new(h, h->B + bigger);
	if (!array)
		return false;
	array->extra.oldoverflow = old->extra.overflow;
	array->iterators = old->iterators;
	array->epoch = old->epoch;
	array->retired = old->retired;
	array->reserve = old->reserve;

	if (h->flags & HMAP_ITERATOR)
		flags |= HMAP_OLD_ITERATOR;
	if (!bigger)
		flags |= HMAP_SAME_SIZE_GROW;
	h->B = (uint8_t)(h->B + bigger);
	h->flags = flags;
	h->oldbuckets = h->buckets;
	h->buckets = array + 1;
	h->nevacuate = 0;
	h->noverflow = 0;
	h->extra = h->extra || array->extra.nextOverflow ? &array->extra : NULL;
	return true;
}

/* Evacuates the old bucket that BUCKET of the new array draws from, and one more to make progress. False: no memory
   for the first; the growth is put off, and its keys are where they were.  */
bool hmap_grow_work(struct hmap *h, size_t bucket)
{
	if (!hmap_evacuate(h, bucket & (hmap_old_count(h) - 1)))
		return false;
	if (h->oldbuckets)
		hmap_evacuate(h, h->nevacuate);
	return true;
}

/* Where the next entry of an evacuated bucket goes.  */
struct destination {
	uint8_t *bucket;
	unsigned slot;
};

static void move_entry(struct hmap *h, struct destination *to, uint8_t top, uint8_t *from, unsigned slot)
{
	const struct hmap_type *type = h->type;

	if (to->slot == HMAP_SLOTS) {
		to->bucket = hmap_new_overflow(h, to->bucket); /* set aside: cannot fail */
		to->slot = 0;
	}
	to->bucket[to->slot] = top;
	hmap_slot_copy(hmap_key_slot(type, to->bucket, to->slot), hmap_key_slot(type, from, slot), type->key_slot);
	hmap_slot_copy(hmap_elem_slot(type, to->bucket, to->slot), hmap_elem_slot(type, from, slot), type->elem_slot);
	to->slot++;
}

/* Whether the entry goes to the upper half, the new hash bit being NEW_BIT. May change *TOP.  */
static bool goes_up(struct hmap *h, uint8_t *bucket, unsigned slot, size_t new_bit, uint8_t *top)
{
	const void *key = hmap_key_at(h->type, bucket, slot);
	bool strange = hmap_unlike_itself(h, key, HMAP_KEYS_ANY), up;
	uint64_t hash = strange ? hmap_random(h) : h->type->hash(key, h->hash0);

	if (!strange || !(h->flags & HMAP_ITERATOR))
		return (size_t)hash & new_bit;
	/* An iterator must be able to tell the direction beforehand, and no hash of such a key can be repeated: the old
	   tophash's low bit decides, and a new tophash spreads these keys again at the next growth.  */
	up = *top & 1;
	*top = hmap_tophash(hash);
	return up;
}

static void move_chain(struct hmap *h, uint8_t *chain, size_t oldbucket)
{
	size_t new_bit = hmap_old_count(h);
	bool same_size = h->flags & HMAP_SAME_SIZE_GROW;
	struct destination to[2] = { { hmap_bucket_at(h, h->buckets, oldbucket), 0 }, { NULL, 0 } };

	if (!same_size)
		to[1].bucket = hmap_bucket_at(h, h->buckets, oldbucket + new_bit);
	for (uint8_t *bucket = chain; bucket; bucket = *hmap_overflow_of(h, bucket))
		for (unsigned i = 0; i < HMAP_SLOTS; i++) {
			uint8_t top = bucket[i];
			bool up;

			if (hmap_is_empty(top)) {
				bucket[i] = HMAP_EVACUATED_EMPTY;
				continue;
			}
			if (top < HMAP_MIN_TOPHASH)
				hmap_fatal(h, "bad map state");
			up = !same_size && goes_up(h, bucket, i, new_bit, &top);
			bucket[i] = up ? HMAP_EVACUATED_Y : HMAP_EVACUATED_X;
			move_entry(h, &to[up], top, bucket, i);
		}
}

/* Moves an old bucket's chain into the new array, unless that is done already. False: no memory, nothing has
   changed.  */
bool hmap_evacuate(struct hmap *h, size_t oldbucket)
{
	const struct hmap_type *type = h->type;
	uint8_t *chain = hmap_bucket_at(h, h->oldbuckets, oldbucket);

	if (!hmap_is_evacuated(chain)) {
		if (!reserve_overflow(h, chain))
			return false;
		move_chain(h, chain, oldbucket);
		/* Go clears for its collector's sake. Its flag is not enough here: an iterator may outlast two
		   growths.  */
		if (!(h->flags & HMAP_OLD_ITERATOR) && !hmap_books(h)->iterators &&
		    type->flags & (HMAP_INDIRECT | HMAP_KEY_POINTERS | HMAP_ELEM_POINTERS))
			memset(chain + HMAP_SLOTS, 0, type->bucket_size - HMAP_SLOTS);
	}
	if (oldbucket == h->nevacuate)
		hmap_advance_mark(h);
	return true;
}

static void finish_growth(struct hmap *h)
{
	struct hmap_array *books = hmap_books(h), *old = (struct hmap_array *)h->oldbuckets - 1;

	h->oldbuckets = NULL;
	while (books->extra.oldoverflow) {
		struct hmap_block *block = books->extra.oldoverflow;

		books->extra.oldoverflow = block->next;
		hmap_retire(h, block + 1);
	}
	hmap_retire(h, &old->block + 1);
	hmap_list_free(h, &books->reserve);
	h->flags &= (uint8_t)~HMAP_SAME_SIZE_GROW;
}

/* Old bucket nevacuate is done: moves the mark on, over buckets evacuated out of turn but never more than 1024 of
   them, so that no assign takes long.  */
void hmap_advance_mark(struct hmap *h)
{
	size_t old_count = hmap_old_count(h), stop;

	h->nevacuate++;
	stop = old_count - h->nevacuate > 1024 ? h->nevacuate + 1024 : old_count;
	while (h->nevacuate != stop && hmap_is_evacuated(hmap_bucket_at(h, h->oldbuckets, h->nevacuate)))
		h->nevacuate++;
	if (h->nevacuate == old_count)
		finish_growth(h);
}
