/* Go's classic map (Go 1.12 to 1.23) as a C library: same header, buckets, tophash states, growth and iteration.

   HMAP_TYPES(name, K, E, hash, equal) declares a typed map. Its header and bucket are typed in the debug
   information, so that a debugger sees keys and elems. Every map also carries a pointer to its descriptor, so that
   an untyped struct hmap * can be read as well.

	HMAP_TYPES(counts, int, long, hmap_hash_32, hmap_equal_32)

	struct counts m;
	counts_init(&m, 0, NULL);
	long *elem = counts_assign(&m, 7);          NULL: out of memory, the map is as it was
	*elem = 1;
	long *found = counts_get(&m, 7);            NULL: absent
	counts_delete(&m, 7);
	struct counts_iter it;
	for (counts_iter_init(&it, &m); counts_iter_next(&it);)
		use(it.key, it.elem);               pointers into the map, valid until its next change
	counts_fini(&m);

   Limits and promises
   - Not thread-safe: concurrent use is detected where Go detects it, and reported to the environment's fatal().
   - A map must not be moved or copied while iterators or pointers into it are in use; the environment outlives the
     map.
   - K and E are complete object types other than arrays, aligned to no more than max_align_t. Over 128 bytes they
     are held by pointer: the map allocates and frees them.
   - The memory that a key points to (C strings, hmap_text, pointers) stays the caller's. It must outlive the entry
     and, where an entry is removed while other iterators are under way, those iterators: they may read the key
     again.
   - A key passed to an untyped function must not point into the map, except an iterator's current key.
   - A failed allocation leaves the entries as they were. Delete, clear and an assign to a present key never fail:
     growth work for which there is no memory is put off.
   - An iterator started with iter_init ends when iter_next returns false, or by iter_fini. One that is abandoned
     costs memory (arrays that the map has outgrown) until the map empties or is finished, nothing else.
   - A map may be changed under an iterator. Each entry present from iter_init on is produced once; one removed
     before it is reached never; one added may or may not be. When a map empties, by delete or clear, its iterators
     end.
   - Keys unlike themselves (NaN) can be added and iterated, never found or deleted; clear removes them. While a map
     with such keys grows, an iterator may show a copy of the elem that the map has moved on from.
   - Deterministic: with the same env->random, hash and calls, a map has the same bytes (addresses apart).  */
#ifndef HMAP_HMAP_H
#define HMAP_HMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/facts.h"

/* What a map needs of the world. NULL, for the whole or for a member, means: calloc, free, a generator seeded by the
   system, a message on standard error and abort.  */
struct hmap_env {
	void *user;
	void *(*alloc)(void *user, size_t size); /* zeroed, aligned for any type; NULL on failure */
	void (*free)(void *user, void *block, size_t size);
	uint64_t (*random)(void *user); /* hash0, iteration starts, hashes of NaN, noverflow's estimate */
	void (*fatal)(void *user, const char *message); /* concurrent use; must not return */
};

/* Flags of the C map's own, beside enum hmap_type_flag. Go knows from the type whether a key or elem holds pointers
   and clears what does; C is told. Derived for pointers and hmap_text, to be given for structs (HMAP_TYPES_FLAGS).
   They govern: a deleted key is cleared (an elem always is), an evacuated bucket is cleared when no iterator may
   use it.  */
enum hmap_pointer_flag {
	HMAP_KEY_POINTERS = 0x100,
	HMAP_ELEM_POINTERS = 0x200,
};

/* Describes one map type; constant, made by HMAP_TYPES. Sizes and offsets in bytes. A debugger that meets an untyped
   struct hmap * reads this in the target: names are those of the C types, bucket_name can be looked up.  */
struct hmap_type {
	uint32_t key_size, elem_size; /* of K and E themselves */
	uint32_t key_slot, elem_slot; /* of a slot: a pointer's size where the key or elem is indirect */
	uint32_t keys_offset, elems_offset, overflow_offset; /* in a bucket */
	uint32_t bucket_size;
	uint32_t flags; /* enum hmap_type_flag, enum hmap_pointer_flag */
	uint64_t (*hash)(const void *key, uint64_t seed);
	bool (*equal)(const void *a, const void *b);
	const char *name;	 /* "counts" for struct counts */
	const char *key_name;	 /* "int" */
	const char *elem_name;	 /* "long" */
	const char *bucket_name; /* "struct counts_bucket" */
};

/* The head of every bucket; keys, elems and the overflow pointer follow at the descriptor's offsets.  */
struct hmap_bucket {
	uint8_t tophash[HMAP_SLOTS];
};

/* Present once the map has overflow buckets or preallocated ones. The two lists own the overflow buckets that were
   allocated singly (preallocated ones belong to their array).  */
struct hmap_extra {
	struct hmap_block *overflow;	/* of buckets */
	struct hmap_block *oldoverflow; /* of oldbuckets */
	void *nextOverflow; /* next preallocated bucket behind buckets; the last one's overflow is buckets */
};

/* The header. The first nine members are Go's, with Go's meaning, order and offsets.  */
struct __attribute__((may_alias)) hmap {
	intptr_t count;	     /* live entries */
	uint8_t flags;	     /* enum hmap_flag */
	uint8_t B;	     /* there are 2^B buckets */
	uint16_t noverflow;  /* overflow buckets in service; an estimate when B >= 16 */
	uint32_t hash0;	     /* seed */
	void *buckets;	     /* array of 2^B; NULL until the first assign when B is 0 */
	void *oldbuckets;    /* the previous array, while growing */
	uintptr_t nevacuate; /* old buckets below this index are evacuated */
	struct hmap_extra *extra;
	const struct hmap_type *type;
	const struct hmap_env *env;
};

/* An iteration under way, to be made by hmap_iter_init. Members after elem are the library's.  */
struct hmap_iter {
	const void *key; /* of the current entry; NULL at the end */
	void *elem;
	struct hmap *map; /* NULL: ended */
	void *buckets;	  /* when the iterator started, as is B */
	void *bucket_ptr; /* current bucket of a chain; NULL: take the next chain */
	uintptr_t start_bucket, bucket, check_bucket;
	uint64_t epoch; /* of the map's life since it was last empty */
	uint8_t offset; /* where in each bucket it starts */
	bool wrapped;
	uint8_t B;
	uint8_t i;
};

/* Go's make(map, hint). TYPE is kept by reference. False: out of memory, and the map is empty without a hint: it may be
   used or finished.  */
bool hmap_init(struct hmap *h, const struct hmap_type *type, size_t hint, const struct hmap_env *env);

/* Frees all that the map owns and leaves it empty. Ends the use of iterators still under way.  */
void hmap_fini(struct hmap *h);

/* The place of KEY's elem, zeroed if the key is new. NULL: out of memory, entries as they were. A present key is stored
   again only if the type says HMAP_NEED_KEY_UPDATE.  */
void *hmap_assign(struct hmap *h, const void *key);

/* The place of KEY's elem, or NULL: absent. A NULL map is empty, here and below.  */
void *hmap_get(const struct hmap *h, const void *key);

/* True: it was there.  */
bool hmap_delete(struct hmap *h, const void *key);

/* Removes every entry; keeps the bucket array.  */
void hmap_clear(struct hmap *h);

void hmap_iter_init(struct hmap_iter *it, struct hmap *h);
bool hmap_iter_next(struct hmap_iter *it); /* false: no more, and the iterator has ended */
void hmap_iter_fini(struct hmap_iter *it); /* ends it early; harmless on one that has ended */

/* Hashes and equalities. All 64 bits of a hash are used: low ones choose the bucket, the top 8 are the tophash. A key
   unlike itself never reaches the hash: its type lacks HMAP_REFLEXIVE_KEY, and the map draws a hash by env->random.  */
uint64_t hmap_hash_bytes(const void *data, size_t size, uint64_t seed);

uint64_t hmap_hash_8(const void *key, uint64_t seed);
uint64_t hmap_hash_16(const void *key, uint64_t seed);
uint64_t hmap_hash_32(const void *key, uint64_t seed);
uint64_t hmap_hash_64(const void *key, uint64_t seed);
uint64_t hmap_hash_pointer(const void *key, uint64_t seed);
uint64_t hmap_hash_f32(const void *key, uint64_t seed); /* +0 and -0 alike */
uint64_t hmap_hash_f64(const void *key, uint64_t seed);
uint64_t hmap_hash_long_double(const void *key, uint64_t seed);
uint64_t hmap_hash_cstring(const void *key, uint64_t seed); /* const char *, not NULL */
uint64_t hmap_hash_text(const void *key, uint64_t seed);
bool hmap_equal_8(const void *a, const void *b);
bool hmap_equal_16(const void *a, const void *b);
bool hmap_equal_32(const void *a, const void *b);
bool hmap_equal_64(const void *a, const void *b);
bool hmap_equal_pointer(const void *a, const void *b);
bool hmap_equal_f32(const void *a, const void *b);
bool hmap_equal_f64(const void *a, const void *b);
bool hmap_equal_long_double(const void *a, const void *b);
bool hmap_equal_cstring(const void *a, const void *b);
bool hmap_equal_text(const void *a, const void *b);

/* A string that knows its length; bytes may be any.  */
struct hmap_text {
	const char *ptr;
	size_t length;
};

/* The elem of a set.  */
struct hmap_nothing {
};

/* A typed map as described above. For struct name: name_init, name_fini, name_assign, name_set, name_get, name_delete,
   name_clear, name_iter_init, name_iter_next, name_iter_fini, with K and E in place of pointers to void; name_set is
   assign and store, false when out of memory. Also struct name_bucket, struct name_iter, name_type.  */
#define HMAP_TYPES(NAME, K, E, HASH, EQUAL) HMAP_TYPES_FLAGS(NAME, K, E, HASH, EQUAL, HMAP_DERIVED_FLAGS(K, E))

#define HMAP_SET(NAME, K, HASH, EQUAL) HMAP_TYPES(NAME, K, struct hmap_nothing, HASH, EQUAL)

/* What HMAP_TYPES finds out: floating keys are HMAP_FLOAT_KEY, others reflexive; whether K or E is a pointer or a text.
   The numbers are gcc's type classes, which clang shares: 5 pointer, 8 real, 9 complex.  */
#define HMAP_DERIVED_FLAGS(K, E)                                                                                       \
	((HMAP_CLASS(K) == 8 || HMAP_CLASS(K) == 9 ? HMAP_FLOAT_KEY : HMAP_REFLEXIVE_KEY) |                            \
	 (HMAP_IS_POINTER(K) ? HMAP_KEY_POINTERS : 0) | (HMAP_IS_POINTER(E) ? HMAP_ELEM_POINTERS : 0))
#define HMAP_CLASS(T) __builtin_classify_type(*(__typeof__(T) *)0)
#define HMAP_IS_POINTER(T) (HMAP_CLASS(T) == 5 || __builtin_types_compatible_p(T, struct hmap_text))

/* Flags for keys that hold floating point: NaN is unlike itself, and an assign stores the key again (+0, -0).  */
#define HMAP_FLOAT_KEY HMAP_NEED_KEY_UPDATE

/* What a slot holds of T.  */
#define HMAP_SLOT(T)                                                                                                   \
	__typeof__(__builtin_choose_expr(sizeof(T) > HMAP_MAX_INLINE, (__typeof__(T) *)0, *(__typeof__(T) *)0))
#define HMAP_UNUSED __attribute__((unused))

/* HMAP_TYPES with all flags but the indirect ones given: for a struct key with a float in it, HMAP_FLOAT_KEY; for
   one with a pointer in it, HMAP_REFLEXIVE_KEY | HMAP_KEY_POINTERS.  */
#define HMAP_TYPES_FLAGS(NAME, K, E, HASH, EQUAL, FLAGS)                                                               \
	struct NAME##_bucket {                                                                                         \
		uint8_t tophash[HMAP_SLOTS];                                                                           \
		HMAP_SLOT(K) keys[HMAP_SLOTS];                                                                         \
		HMAP_SLOT(E) elems[HMAP_SLOTS];                                                                        \
		struct NAME##_bucket *overflow;                                                                        \
	};                                                                                                             \
	struct __attribute__((may_alias)) NAME {                                                                       \
		intptr_t count;                                                                                        \
		uint8_t flags;                                                                                         \
		uint8_t B;                                                                                             \
		uint16_t noverflow;                                                                                    \
		uint32_t hash0;                                                                                        \
		struct NAME##_bucket *buckets;                                                                         \
		struct NAME##_bucket *oldbuckets;                                                                      \
		uintptr_t nevacuate;                                                                                   \
		struct hmap_extra *extra;                                                                              \
		const struct hmap_type *type;                                                                          \
		const struct hmap_env *env;                                                                            \
	};                                                                                                             \
	struct NAME##_iter {                                                                                           \
		const __typeof__(K) *key;                                                                              \
		__typeof__(E) *elem;                                                                                   \
		struct hmap_iter untyped;                                                                              \
	};                                                                                                             \
	_Static_assert(sizeof(struct NAME) == sizeof(struct hmap), "the typed header is struct hmap");                 \
	_Static_assert(_Alignof(struct NAME##_bucket) <= _Alignof(max_align_t), "K or E is over-aligned");             \
	static const struct hmap_type NAME##_type HMAP_UNUSED = {                                                      \
		.key_size = sizeof(K),                                                                                 \
		.elem_size = sizeof(E),                                                                                \
		.key_slot = sizeof(HMAP_SLOT(K)),                                                                      \
		.elem_slot = sizeof(HMAP_SLOT(E)),                                                                     \
		.keys_offset = offsetof(struct NAME##_bucket, keys),                                                   \
		.elems_offset = offsetof(struct NAME##_bucket, elems),                                                 \
		.overflow_offset = offsetof(struct NAME##_bucket, overflow),                                           \
		.bucket_size = sizeof(struct NAME##_bucket),                                                           \
		.flags = ((FLAGS) & ~(uint32_t)(HMAP_INDIRECT_KEY | HMAP_INDIRECT_ELEM)) |                             \
			 (sizeof(K) > HMAP_MAX_INLINE ? HMAP_INDIRECT_KEY : 0u) |                                      \
			 (sizeof(E) > HMAP_MAX_INLINE ? HMAP_INDIRECT_ELEM : 0u),                                      \
		.hash = (HASH),                                                                                        \
		.equal = (EQUAL),                                                                                      \
		.name = #NAME,                                                                                         \
		.key_name = #K,                                                                                        \
		.elem_name = #E,                                                                                       \
		.bucket_name = "struct " #NAME "_bucket",                                                              \
	};                                                                                                             \
	HMAP_UNUSED static inline bool NAME##_init(struct NAME *m, size_t hint, const struct hmap_env *env)            \
	{                                                                                                              \
		return hmap_init((struct hmap *)m, &NAME##_type, hint, env);                                           \
	}                                                                                                              \
	HMAP_UNUSED static inline void NAME##_fini(struct NAME *m)                                                     \
	{                                                                                                              \
		hmap_fini((struct hmap *)m);                                                                           \
	}                                                                                                              \
	HMAP_UNUSED static inline __typeof__(E) *NAME##_assign(struct NAME *m, __typeof__(K) key)                      \
	{                                                                                                              \
		return hmap_assign((struct hmap *)m, &key);                                                            \
	}                                                                                                              \
	HMAP_UNUSED static inline bool NAME##_set(struct NAME *m, __typeof__(K) key, __typeof__(E) elem)               \
	{                                                                                                              \
		__typeof__(E) *place = hmap_assign((struct hmap *)m, &key);                                            \
                                                                                                                       \
		if (!place)                                                                                            \
			return false;                                                                                  \
		*place = elem;                                                                                         \
		return true;                                                                                           \
	}                                                                                                              \
	HMAP_UNUSED static inline __typeof__(E) *NAME##_get(const struct NAME *m, __typeof__(K) key)                   \
	{                                                                                                              \
		return hmap_get((const struct hmap *)m, &key);                                                         \
	}                                                                                                              \
	HMAP_UNUSED static inline bool NAME##_delete(struct NAME *m, __typeof__(K) key)                                \
	{                                                                                                              \
		return hmap_delete((struct hmap *)m, &key);                                                            \
	}                                                                                                              \
	HMAP_UNUSED static inline void NAME##_clear(struct NAME *m)                                                    \
	{                                                                                                              \
		hmap_clear((struct hmap *)m);                                                                          \
	}                                                                                                              \
	HMAP_UNUSED static inline void NAME##_iter_init(struct NAME##_iter *it, struct NAME *m)                        \
	{                                                                                                              \
		it->key = NULL;                                                                                        \
		it->elem = NULL;                                                                                       \
		hmap_iter_init(&it->untyped, (struct hmap *)m);                                                        \
	}                                                                                                              \
	HMAP_UNUSED static inline bool NAME##_iter_next(struct NAME##_iter *it)                                        \
	{                                                                                                              \
		bool more = hmap_iter_next(&it->untyped);                                                              \
                                                                                                                       \
		it->key = it->untyped.key;                                                                             \
		it->elem = it->untyped.elem;                                                                           \
		return more;                                                                                           \
	}                                                                                                              \
	HMAP_UNUSED static inline void NAME##_iter_fini(struct NAME##_iter *it)                                        \
	{                                                                                                              \
		hmap_iter_fini(&it->untyped);                                                                          \
	}

#endif
