/* Checks of a map's inner structure. Written from the facts (go-maps.md A.1 to A.9), with the library's helpers
   only where a place in memory is meant.  */
#include "hmap_invariants.h"

#include <stdlib.h>
#include <string.h>

#include "hmap/find.h"
#include "hmap/internal.h"

#define REQUIRE(condition, words)                                                                                      \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return words;                                                                                  \
	} while (0)

/* One array with its overflow buckets, while it is walked.  */
struct walk {
	const struct hmap *h;
	uint8_t *array;
	size_t main_count, total_count; /* with spares */
	size_t live, overflow, overflow_singles, overflow_spares;
	struct hmap_block *singles; /* the list that must hold every overflow bucket outside the array */
	size_t single_count;
	const void **sorted; /* the same as addresses */
	uint8_t *seen_spare; /* by index behind main_count */
};

size_t hmap_expected_spares(size_t bucket_size, unsigned B)
{
	size_t count = (size_t)1 << B, size, up = 0;

	if (B < 4)
		return 0;
	count += (size_t)1 << (B - 4);
	size = count * bucket_size;
	for (unsigned i = 0; i < HMAP_SIZE_CLASS_COUNT && size <= 32768 && !up; i++)
		if (hmap_size_classes[i] >= size)
			up = hmap_size_classes[i];
	if (!up)
		up = (size + 8191) / 8192 * 8192;
	if (up != size)
		count = up / bucket_size;
	return count - ((size_t)1 << B);
}

size_t hmap_spares_left(const struct hmap *h)
{
	const uint8_t *next = h->extra ? h->extra->nextOverflow : NULL;
	size_t all = ((size_t)1 << h->B) + hmap_expected_spares(h->type->bucket_size, h->B);

	return next ? all - (size_t)(next - (const uint8_t *)h->buckets) / h->type->bucket_size : 0;
}

static int compare_addresses(const void *a, const void *b)
{
	const char *x, *y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void walk_init(struct walk *w, const struct hmap *h, void *array, size_t main_count, unsigned B,
		      struct hmap_block *singles)
{
	size_t spares = hmap_expected_spares(h->type->bucket_size, B), i = 0;

	*w = (struct walk){ .h = h, .array = array, .main_count = main_count, .total_count = main_count + spares };
	w->singles = singles;
	for (struct hmap_block *block = singles; block; block = block->next)
		w->single_count++;
	w->sorted = calloc(w->single_count + 1, sizeof(*w->sorted));
	w->seen_spare = calloc(spares + 1, 1);
	if (!w->sorted || !w->seen_spare)
		abort();
	for (struct hmap_block *block = singles; block; block = block->next)
		w->sorted[i++] = block + 1;
	qsort(w->sorted, w->single_count, sizeof(*w->sorted), compare_addresses);
}

static void walk_fini(struct walk *w)
{
	free(w->sorted);
	free(w->seen_spare);
}

/* An overflow bucket must be one of the list, or a spare not met before.  */
static const char *check_overflow_place(struct walk *w, uint8_t *bucket)
{
	size_t size = w->h->type->bucket_size;
	uintptr_t offset = (uintptr_t)bucket - (uintptr_t)w->array;
	const void *address = bucket;

	w->overflow++;
	if (offset < w->total_count * size) {
		REQUIRE(offset % size == 0, "an overflow pointer points into the middle of a bucket");
		REQUIRE(offset / size >= w->main_count, "an overflow pointer points to a main bucket");
		REQUIRE(!w->seen_spare[offset / size - w->main_count]++, "a spare bucket is in two chains");
		w->overflow_spares++;
		return NULL;
	}
	REQUIRE(bsearch(&address, w->sorted, w->single_count, sizeof(*w->sorted), compare_addresses),
		"an overflow bucket is in no list of the map");
	w->overflow_singles++;
	return NULL;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

/* A live slot: in the right bucket, with the right tophash, and the first that a lookup of its key finds.  */
static const char *check_live(struct walk *w, uint8_t *chain, uint8_t *bucket, unsigned slot, size_t index)
{
	const struct hmap *h = w->h;
	const void *key = hmap_key_at(h->type, bucket, slot);
	uint8_t *found;
	unsigned found_slot;
	uint64_t hash;

	w->live++;
	REQUIRE(key, "an indirect key is NULL");
	REQUIRE(!(h->type->flags & HMAP_INDIRECT_ELEM) || hmap_elem_at(h->type, bucket, slot),
		"an indirect elem is NULL");
	if (!(h->type->flags & HMAP_REFLEXIVE_KEY) && !h->type->equal(key, key))
		return NULL;
	hash = h->type->hash(key, h->hash0);
	REQUIRE(((size_t)hash & (w->main_count - 1)) == index, "an entry is in a bucket that its hash does not name");
	REQUIRE(bucket[slot] == (hash >> 56 < 5 ? (hash >> 56) + 5 : hash >> 56), "a tophash is not its key's");
	REQUIRE(hmap_chain_of(h, hash) == chain, "an entry is in a chain where no lookup goes");
	found = hmap_find(h, chain, key, hash, &found_slot, HMAP_KEYS_ANY);
	REQUIRE(found == bucket && found_slot == slot, "a key is in its chain twice, or cannot be found");
	return NULL;
}

/* A chain that is in use: live slots, free slots, the truth of emptyRest.  */
static const char *check_chain(struct walk *w, size_t index)
{
	const struct hmap_type *type = w->h->type;
	uint8_t *chain = w->array + index * type->bucket_size;
	bool rest = false, empty_run = false;
	const char *broken = NULL;

	for (uint8_t *bucket = chain; bucket && !broken; bucket = *hmap_overflow_of(w->h, bucket)) {
		if (bucket != chain)
			broken = check_overflow_place(w, bucket);
		for (unsigned i = 0; i < HMAP_SLOTS && !broken; i++) {
			uint8_t top = bucket[i];

			REQUIRE(top <= HMAP_EMPTY_ONE || top >= HMAP_MIN_TOPHASH,
				"an evacuation mark in a bucket in use");
			REQUIRE(!rest || top == HMAP_EMPTY_REST, "something follows an emptyRest slot");
			rest = top == HMAP_EMPTY_REST;
			REQUIRE(!rest || !empty_run, "an emptyOne slot is followed by nothing but empty ones");
			empty_run = top == HMAP_EMPTY_ONE;
			if (top >= HMAP_MIN_TOPHASH)
				broken = check_live(w, chain, bucket, i, index);
			else
				REQUIRE(is_zero(hmap_elem_slot(type, bucket, i), type->elem_slot),
					"an empty slot's elem is not zero");
		}
	}
	REQUIRE(broken || !empty_run, "an emptyOne slot ends a chain");
	return broken;
}

/* An evacuated old chain, and that what it says of directions is possible.  */
static const char *check_evacuated(struct walk *w, size_t index)
{
	uint8_t *chain = w->array + index * w->h->type->bucket_size;
	bool same_size = w->h->flags & HMAP_SAME_SIZE_GROW;

	for (uint8_t *bucket = chain; bucket; bucket = *hmap_overflow_of(w->h, bucket)) {
		const char *broken = bucket == chain ? NULL : check_overflow_place(w, bucket);

		if (broken)
			return broken;
		for (unsigned i = 0; i < HMAP_SLOTS; i++) {
			REQUIRE(bucket[i] >= HMAP_EVACUATED_X && bucket[i] <= HMAP_EVACUATED_EMPTY,
				"a slot without evacuation mark in an evacuated chain");
			REQUIRE(!same_size || bucket[i] != HMAP_EVACUATED_Y, "evacuatedY in a same-size growth");
		}
	}
	return NULL;
}

/* Nothing can be in the new buckets that an old one not yet evacuated will fill.  */
static const char *check_untouched(const struct hmap *h, size_t old_index)
{
	for (size_t i = old_index; i <= hmap_mask(h->B); i += hmap_old_count(h))
		REQUIRE(is_zero(hmap_bucket_at(h, h->buckets, i), h->type->bucket_size),
			"a new bucket is in use before its old bucket is evacuated");
	return NULL;
}

static const char *check_old(struct walk *w)
{
	const struct hmap *h = w->h;
	const char *broken = NULL;

	REQUIRE(h->nevacuate < w->main_count, "nevacuate has reached the end of a growth in progress");
	for (size_t i = 0; i < w->main_count && !broken; i++) {
		bool evacuated = hmap_is_evacuated(w->array + i * h->type->bucket_size);

		REQUIRE(evacuated || i >= h->nevacuate, "an old bucket below nevacuate is not evacuated");
		REQUIRE(!evacuated || i != h->nevacuate || w->main_count > 1024,
			"nevacuate stands on an evacuated bucket");
		broken = evacuated ? check_evacuated(w, i) : check_chain(w, i);
		if (!broken && !evacuated)
			broken = check_untouched(h, i);
	}
	return broken;
}

static const char *check_spares(struct walk *w)
{
	const struct hmap *h = w->h;
	size_t size = h->type->bucket_size, spares = w->total_count - w->main_count, left = hmap_spares_left(h);
	uint8_t *next = h->extra ? h->extra->nextOverflow : NULL;

	REQUIRE(hmap_books(h)->block.size - sizeof(struct hmap_array) == w->total_count * size,
		"the array's size is not Go's");
	REQUIRE(w->overflow_spares == spares - left, "a spare bucket in service is in no chain");
	REQUIRE(w->overflow_singles == w->single_count, "an overflow bucket of the list is in no chain");
	if (!next)
		return NULL;
	REQUIRE(left >= 1 && left <= spares, "nextOverflow points outside the spare buckets");
	REQUIRE(next == w->array + (w->total_count - left) * size, "nextOverflow points into the middle of a bucket");
	for (size_t i = 0; i < left; i++) {
		uint8_t *bucket = next + i * size;

		REQUIRE(*hmap_overflow_of(h, bucket) == (i + 1 == left ? h->buckets : NULL),
			"the spare buckets' end mark is wrong");
		REQUIRE(is_zero(bucket, h->type->overflow_offset), "a spare bucket has been written to");
	}
	return NULL;
}

static const char *check_empty_header(const struct hmap *h)
{
	REQUIRE(!h->count && !h->B && !h->noverflow && !h->nevacuate && !h->oldbuckets && !h->extra,
		"a map without buckets has something else");
	return NULL;
}

static const char *check_books(const struct hmap *h)
{
	const struct hmap_array *books = hmap_books(h);

	REQUIRE(h->extra == &books->extra || (!h->extra && !books->extra.overflow && !books->extra.nextOverflow),
		"extra is not the current array's");
	REQUIRE(h->oldbuckets || !books->extra.oldoverflow, "old overflow buckets without a growth");
	REQUIRE(h->oldbuckets || !books->reserve, "buckets set aside without a growth");
	REQUIRE(books->iterators || !books->retired, "blocks kept for iterators, and no iterator");
	REQUIRE(!books->iterators || h->count, "iterators on an empty map");
	return NULL;
}

static const char *check_arrays(const struct hmap *h)
{
	struct walk now, old = { 0 };
	const struct hmap_array *books = hmap_books(h);
	unsigned old_B = h->B - !(h->flags & HMAP_SAME_SIZE_GROW);
	const char *broken = NULL;

	walk_init(&now, h, h->buckets, hmap_mask(h->B) + 1, h->B, books->extra.overflow);
	for (size_t i = 0; i < now.main_count && !broken; i++)
		broken = check_chain(&now, i);
	if (!broken)
		broken = check_spares(&now);
	if (!broken && h->B < 16 && h->noverflow != now.overflow)
		broken = "noverflow is not the number of overflow buckets";
	if (!broken && h->oldbuckets) {
		walk_init(&old, h, h->oldbuckets, (size_t)1 << old_B, old_B, books->extra.oldoverflow);
		broken = check_old(&old);
		walk_fini(&old);
	}
	walk_fini(&now);
	REQUIRE(broken || now.live + old.live == (size_t)h->count, "count is not the number of live entries");
	return broken;
}

const char *hmap_broken_invariant(const struct hmap *h)
{
	const char *broken;

	REQUIRE(!(h->flags & ~(HMAP_ITERATOR | HMAP_OLD_ITERATOR | HMAP_SAME_SIZE_GROW)),
		"a flag is set that must not be");
	REQUIRE(h->oldbuckets || !(h->flags & HMAP_SAME_SIZE_GROW), "the same-size flag without a growth");
	if (!h->buckets)
		return check_empty_header(h);
	broken = check_books(h);
	return broken ? broken : check_arrays(h);
}
