/* The map's operations on entries: make, assign, get, delete, clear; and how it gets and gives back memory. Growth
   is in grow.c, iteration in iter.c.

   Where Go would throw for want of memory, this map reports it: every function that may fail allocates first and
   changes the map afterwards.  */
#include "hmap/find.h"
#include "hmap/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

/* A hint that asks for more is as good as none: the address space of Go's heap, maxAlloc on 64-bit machines.  */
#define MAX_ALLOC ((uint64_t)1 << 48)

void hmap_fatal(const struct hmap *h, const char *message)
{
	if (h->env && h->env->fatal)
		h->env->fatal(h->env->user, message);
	fprintf(stderr, "fatal error: %s\n", message);
	abort();
}

/* splitmix64; one sequence a thread, begun by the system's randomness.  */
static uint64_t default_random(void)
{
	static _Thread_local uint64_t state;
	uint64_t x;

	if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) != (ssize_t)sizeof(state))
		state = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&state;
	state += 0x9e3779b97f4a7c15;
	x = state;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint64_t hmap_random(const struct hmap *h)
{
	return h->env && h->env->random ? h->env->random(h->env->user) : default_random();
}

/* Large arrays are asked for in huge pages, as Go asks for its heap: without, each access to a large map misses the TLB.
   A fresh block of that size is mapped on its own, and not touched yet.  */
static void *default_alloc(size_t size)
{
	enum { WORTH_IT = 1 << 22, PAGE = 4096 };
	uint8_t *block = calloc(1, size);

	if (block && size >= WORTH_IT) {
		size_t before = -(uintptr_t)block % PAGE;

		madvise(block + before, (size - before) & ~(size_t)(PAGE - 1), MADV_HUGEPAGE); /* or not: no matter */
	}
	return block;
}

/* Zeroed; NULL: out of memory.  */
void *hmap_block_new(const struct hmap *h, size_t payload_size)
{
	struct hmap_block *block;
	size_t size;

	if (__builtin_add_overflow(payload_size, sizeof(*block), &size))
		return NULL;
	block = h->env && h->env->alloc ? h->env->alloc(h->env->user, size) : default_alloc(size);
	if (!block)
		return NULL;
	block->next = NULL;
	block->size = size;
	return block + 1;
}

static void block_free(const struct hmap *h, struct hmap_block *block)
{
	if (h->env && h->env->free)
		h->env->free(h->env->user, block, block->size);
	else
		free(block);
}

void hmap_block_free(const struct hmap *h, void *payload)
{
	if (payload)
		block_free(h, (struct hmap_block *)payload - 1);
}

void hmap_list_free(const struct hmap *h, struct hmap_block **list)
{
	while (*list) {
		struct hmap_block *block = *list;

		*list = block->next;
		block_free(h, block);
	}
}

/* Frees a block of the map that no lookup reaches any more, but an iterator under way may: then once the last has
   ended.  */
void hmap_retire(struct hmap *h, void *payload)
{
	struct hmap_block *block = (struct hmap_block *)payload - 1;
	struct hmap_array *books = hmap_books(h);

	if (!books->iterators) {
		block_free(h, block);
		return;
	}
	block->next = books->retired;
	books->retired = block;
}

bool hmap_init(struct hmap *h, const struct hmap_type *type, size_t hint, const struct hmap_env *env)
{
	size_t size;
	unsigned B = 0;
	struct hmap_array *array;

	memset(h, 0, sizeof(*h));
	h->type = type;
	h->env = env;
	h->hash0 = (uint32_t)hmap_random(h);
	if (__builtin_mul_overflow(hint, (size_t)type->bucket_size, &size) || size > MAX_ALLOC)
		hint = 0;
	while (hmap_over_load(hint, B))
		B++;
	if (!B)
		return true; /* the first assign allocates */
	array = hmap_array_new(h, B);
	if (!array)
		return false;
	h->B = (uint8_t)B;
	h->buckets = array + 1;
	h->extra = array->extra.nextOverflow ? &array->extra : NULL;
	return true;
}

static void free_indirect_chain(struct hmap *h, uint8_t *chain)
{
	const struct hmap_type *type = h->type;

	if (hmap_is_evacuated(chain))
		return; /* its keys and elems have moved on */
	for (uint8_t *bucket = chain; bucket; bucket = *hmap_overflow_of(h, bucket))
		for (unsigned i = 0; i < HMAP_SLOTS; i++) {
			if (hmap_is_empty(bucket[i]))
				continue;
			if (type->flags & HMAP_INDIRECT_KEY)
				hmap_block_free(h, hmap_key_at(type, bucket, i));
			if (type->flags & HMAP_INDIRECT_ELEM)
				hmap_block_free(h, hmap_elem_at(type, bucket, i));
		}
}

/* Frees what entries hold outside their slots, and every block but the current array.  */
static void free_all_but_buckets(struct hmap *h)
{
	struct hmap_array *books = hmap_books(h);

	if (h->type->flags & HMAP_INDIRECT) {
		for (size_t i = 0; i <= hmap_mask(h->B); i++)
			free_indirect_chain(h, hmap_bucket_at(h, h->buckets, i));
		for (size_t i = 0; h->oldbuckets && i < hmap_old_count(h); i++)
			free_indirect_chain(h, hmap_bucket_at(h, h->oldbuckets, i));
	}
	if (h->oldbuckets)
		hmap_block_free(h, &((struct hmap_array *)h->oldbuckets - 1)->block + 1);
	h->oldbuckets = NULL;
	hmap_list_free(h, &books->extra.overflow);
	hmap_list_free(h, &books->extra.oldoverflow);
	hmap_list_free(h, &books->retired);
	hmap_list_free(h, &books->reserve);
}

void hmap_fini(struct hmap *h)
{
	if (!h || !h->buckets)
		return;
	free_all_but_buckets(h);
	hmap_block_free(h, &hmap_books(h)->block + 1);
	h->count = 0;
	h->flags = 0;
	h->B = 0;
	h->noverflow = 0;
	h->buckets = NULL;
	h->nevacuate = 0;
	h->extra = NULL;
}

/* Iterators under way have nothing left to visit, so what was kept for them can go.  */
static void end_iterators(struct hmap *h)
{
	struct hmap_array *books = hmap_books(h);

	books->epoch++;
	books->iterators = 0;
	hmap_list_free(h, &books->retired);
}

HMAP_FOR_KEYS void *get(const struct hmap *h, const void *key, enum hmap_keys keys)
{
	uint8_t *bucket;
	uint64_t hash;
	unsigned slot;

	if (hmap_unlike_itself(h, key, keys))
		return NULL;
	hash = hmap_hash_like(h, key, keys);
	bucket = hmap_find(h, hmap_chain_of(h, hash), key, hash, &slot, keys);
	return bucket ? hmap_elem_at(h->type, bucket, slot) : NULL;
}

void *hmap_get(const struct hmap *h, const void *key)
{
	if (!h || !h->count)
		return NULL;
	if (h->flags & HMAP_HASH_WRITING)
		hmap_fatal(h, "concurrent map read and map write");
	HMAP_BY_KEYS(h->type, get, h, key)
}

static void begin_write(struct hmap *h)
{
	h->flags ^= HMAP_HASH_WRITING;
}

/* The check catches a second writer that has come and gone meanwhile.  */
static void end_write(struct hmap *h)
{
	if (!(h->flags & HMAP_HASH_WRITING))
		hmap_fatal(h, "concurrent map writes");
	h->flags &= (uint8_t)~HMAP_HASH_WRITING;
}

static void *update(struct hmap *h, uint8_t *bucket, unsigned slot, const void *key)
{
	if (h->type->flags & HMAP_NEED_KEY_UPDATE)
		hmap_slot_copy(hmap_key_at(h->type, bucket, slot), key, h->type->key_size);
	return hmap_elem_at(h->type, bucket, slot);
}

/* Stores a new entry in an empty slot, or, where BUCKET is NULL, in a new overflow bucket behind LAST.  */
static void *insert(struct hmap *h, uint8_t *bucket, unsigned slot, uint8_t *last, const void *key, uint64_t hash)
{
	const struct hmap_type *type = h->type;
	bool indirect_key = type->flags & HMAP_INDIRECT_KEY, indirect_elem = type->flags & HMAP_INDIRECT_ELEM;
	void *key_memory = indirect_key ? hmap_block_new(h, type->key_size) : NULL;
	void *elem_memory = indirect_elem ? hmap_block_new(h, type->elem_size) : NULL;

	if (!bucket && (key_memory || !indirect_key) && (elem_memory || !indirect_elem)) {
		bucket = hmap_new_overflow(h, last);
		slot = 0;
	}
	if (!bucket || (indirect_key && !key_memory) || (indirect_elem && !elem_memory)) {
		hmap_block_free(h, key_memory);
		hmap_block_free(h, elem_memory);
		return NULL;
	}
	if (indirect_key)
		*(hmap_pointer *)hmap_key_slot(type, bucket, slot) = key_memory;
	if (indirect_elem)
		*(hmap_pointer *)hmap_elem_slot(type, bucket, slot) = elem_memory;
	hmap_slot_copy(hmap_key_at(type, bucket, slot), key, type->key_size);
	bucket[slot] = hmap_tophash(hash);
	h->count++;
	return hmap_elem_at(type, bucket, slot);
}

/* Looks for KEY and the first free slot at once. Returns the elem's place, or NULL with *FREE_BUCKET (NULL: chain
   is full) and *FREE_SLOT, and *LAST, the bucket where the search ended.  */
HMAP_FOR_KEYS void *find_or_free_slot(struct hmap *h, uint8_t *chain, const void *key, uint64_t hash,
				      uint8_t **free_bucket, unsigned *free_slot, uint8_t **last, enum hmap_keys keys)
{
	const struct hmap_type *type = h->type;
	unsigned slot;

	*free_bucket = NULL;
	hmap_prefetch(type, chain);
	for (uint8_t *bucket = *last = chain; bucket; bucket = *hmap_overflow_of(h, bucket)) {
		uint64_t tophashes = hmap_tophashes(bucket), empty = hmap_zero_slots(hmap_not_empty(tophashes));

		*last = bucket;
		if (hmap_find_in(type, bucket, tophashes, key, hash, &slot, keys))
			return update(h, bucket, slot, key);
		if (empty && !*free_bucket) {
			*free_bucket = bucket;
			*free_slot = hmap_first_slot(empty);
		}
		if (hmap_chain_ends(tophashes))
			break;
	}
	return NULL;
}

HMAP_FOR_KEYS void *assign_hashed(struct hmap *h, const void *key, uint64_t hash, enum hmap_keys keys)
{
	uint8_t *bucket, *last;
	unsigned slot = 0;
	void *elem;

	if (!h->buckets) {
		struct hmap_array *array = hmap_array_new(h, 0);

		if (!array)
			return NULL;
		h->buckets = array + 1;
	}
	for (;;) {
		if (h->oldbuckets && !hmap_grow_work(h, (size_t)hash & hmap_mask(h->B))) {
			/* No memory to evacuate the key's bucket; a key that is there needs none.  */
			bucket = hmap_find(h, hmap_chain_of(h, hash), key, hash, &slot, keys);
			return bucket ? update(h, bucket, slot, key) : NULL;
		}
		elem = find_or_free_slot(h, hmap_bucket_at(h, h->buckets, (size_t)hash & hmap_mask(h->B)), key, hash,
					 &bucket, &slot, &last, keys);
		if (elem)
			return elem;
		if (h->oldbuckets || !hmap_must_grow(h))
			return insert(h, bucket, slot, last, key, hash);
		if (!hmap_grow(h))
			return NULL;
	}
}

HMAP_FOR_KEYS void *assign(struct hmap *h, const void *key, enum hmap_keys keys)
{
	uint64_t hash = hmap_hash_of(h, key, keys);
	void *elem;

	begin_write(h);
	elem = assign_hashed(h, key, hash, keys);
	end_write(h);
	return elem;
}

void *hmap_assign(struct hmap *h, const void *key)
{
	if (h->flags & HMAP_HASH_WRITING)
		hmap_fatal(h, "concurrent map writes");
	HMAP_BY_KEYS(h->type, assign, h, key)
}

/* The slots right before SLOT, itself emptyRest, become so too as far as they are emptyOne.  */
static void extend_rest(const struct hmap *h, uint8_t *chain, uint8_t *bucket, unsigned slot)
{
	for (;;) {
		if (slot) {
			slot--;
		} else {
			uint8_t *before = chain;

			if (bucket == chain)
				return;
			while (*hmap_overflow_of(h, before) != bucket)
				before = *hmap_overflow_of(h, before);
			bucket = before;
			slot = HMAP_SLOTS - 1;
		}
		if (bucket[slot] != HMAP_EMPTY_ONE)
			return;
		bucket[slot] = HMAP_EMPTY_REST;
	}
}

/* Empties a slot; if nothing follows it, it and the emptyOne slots right before it become emptyRest.  */
static inline void empty_slot(const struct hmap *h, uint8_t *chain, uint8_t *bucket, unsigned slot)
{
	uint64_t tophashes = hmap_tophashes(bucket);
	uint8_t *next;

	if (hmap_chain_ends(tophashes)) {
		/* All behind the last slot in use is to be emptyRest. No branch depends on which that is.  */
		uint64_t others = tophashes & ~((uint64_t)0xff << 8 * slot), used = hmap_not_empty(others);

		if (bucket == chain || used) {
			unsigned last_bit = 63 - (unsigned)__builtin_clzll(used | 1);
			uint64_t up_to_last = ((uint64_t)2 << (last_bit | 7)) - 1;

			others |= (uint64_t)HMAP_EMPTY_ONE << 8 * slot;
			hmap_set_tophashes(bucket, others & up_to_last & -(uint64_t)(used != 0));
		} else {
			hmap_set_tophashes(bucket, 0);
			extend_rest(h, chain, bucket, 0);
		}
		return;
	}
	bucket[slot] = HMAP_EMPTY_ONE;
	if (slot < HMAP_SLOTS - 1)
		return; /* emptyRest comes no sooner than in an overflow bucket */
	next = *hmap_overflow_of(h, bucket);
	if (!next || *next == HMAP_EMPTY_REST) {
		bucket[slot] = HMAP_EMPTY_REST;
		extend_rest(h, chain, bucket, slot);
	}
}

HMAP_FOR_KEYS void erase(struct hmap *h, uint8_t *chain, uint8_t *bucket, unsigned slot, enum hmap_keys keys)
{
	const struct hmap_type *type = h->type;
	void *key_slot = hmap_key_slot(type, bucket, slot), *elem_slot = hmap_elem_slot(type, bucket, slot);
	bool last = --h->count == 0;

	empty_slot(h, chain, bucket, slot);
	if (hmap_keys_indirect(type, keys))
		hmap_retire(h, *(hmap_pointer *)key_slot); /* an old array may still have it */
	if (type->flags & HMAP_INDIRECT_ELEM)
		hmap_block_free(h, *(hmap_pointer *)elem_slot);
	if (type->flags & (HMAP_INDIRECT_KEY | HMAP_KEY_POINTERS))
		hmap_slot_clear(key_slot, type->key_slot);
	hmap_slot_clear(elem_slot, type->elem_slot);
	if (last) {
		h->hash0 = (uint32_t)hmap_random(h);
		end_iterators(h);
	}
}

/* As hmap_find, but slot by slot: which slot it is, is then a matter of branches, and the processor guesses them while the
   tophashes come from memory. A store to a place that only they could tell would hold up the next delete.  */
HMAP_FOR_KEYS uint8_t *find_to_erase(const struct hmap *h, uint8_t *chain, const void *key, uint64_t hash,
				     unsigned *slot, enum hmap_keys keys)
{
	uint8_t top = hmap_tophash(hash);

	for (uint8_t *bucket = chain; bucket; bucket = *hmap_overflow_of(h, bucket)) {
		for (*slot = 0; *slot < HMAP_SLOTS; ++*slot)
			if (bucket[*slot] == top && hmap_slot_has(h->type, bucket, *slot, key, keys))
				return bucket;
		if (hmap_chain_ends(hmap_tophashes(bucket)))
			return NULL;
	}
	return NULL;
}

HMAP_FOR_KEYS bool delete_key(struct hmap *h, const void *key, enum hmap_keys keys)
{
	uint64_t hash = hmap_hash_of(h, key, keys);
	uint8_t *chain, *bucket;
	unsigned slot;

	begin_write(h);
	if (h->oldbuckets)
		hmap_grow_work(h, (size_t)hash & hmap_mask(h->B));
	chain = hmap_chain_of(h, hash); /* an old one if there was no memory to evacuate it */
	bucket = find_to_erase(h, chain, key, hash, &slot, keys);
	if (bucket)
		erase(h, chain, bucket, slot, keys);
	end_write(h);
	return bucket;
}

bool hmap_delete(struct hmap *h, const void *key)
{
	if (!h || !h->count)
		return false;
	if (h->flags & HMAP_HASH_WRITING)
		hmap_fatal(h, "concurrent map writes");
	HMAP_BY_KEYS(h->type, delete_key, h, key)
}

void hmap_clear(struct hmap *h)
{
	struct hmap_array *array;

	if (!h || !h->count)
		return;
	if (h->flags & HMAP_HASH_WRITING)
		hmap_fatal(h, "concurrent map writes");
	begin_write(h);
	array = hmap_books(h);
	free_all_but_buckets(h);
	end_iterators(h);
	h->flags &= (uint8_t)~HMAP_SAME_SIZE_GROW;
	h->nevacuate = 0;
	h->noverflow = 0;
	h->count = 0;
	h->hash0 = (uint32_t)hmap_random(h);
	memset(h->buckets, 0, array->block.size - sizeof(*array));
	hmap_array_link_spares(h, array, h->B);
	end_write(h);
}
