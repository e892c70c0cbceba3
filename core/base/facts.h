/* What the bytes of a classic Go map mean: states, flags, limits, the allocator's size classes. Shared by the map in C and
   by its decoder. No offsets: those come from the target's own debug information.

   Sources: Go 1.12 to 1.23, src/runtime/map.go and src/runtime/sizeclasses.go. Re-checked by core/tests/test_facts.c (against
   the fixtures' DWARF and the Go runtime's own constants).  */
#ifndef MS_BASE_FACTS_H
#define MS_BASE_FACTS_H

#include <stdint.h>

/* Slots in a bucket: bucketCnt.  */
enum { HMAP_SLOTS = 8 };

/* Meaning of a slot's tophash byte: map.go, "Possible tophash values". From HMAP_MIN_TOPHASH on it is the top 8 bits of the
   key's hash, with HMAP_MIN_TOPHASH added when those bits are below it.  */
enum hmap_tophash {
	HMAP_EMPTY_REST = 0,	  /* empty, and so is every later slot of the chain */
	HMAP_EMPTY_ONE = 1,	  /* empty, something may follow */
	HMAP_EVACUATED_X = 2,	  /* old bucket: the entry moved to the bucket of the same index */
	HMAP_EVACUATED_Y = 3,	  /* old bucket: the entry moved to that index plus the old bucket count */
	HMAP_EVACUATED_EMPTY = 4, /* old bucket: was empty, the bucket is evacuated */
	HMAP_MIN_TOPHASH = 5,
};

/* hmap.flags: map.go, "flags".  */
enum hmap_flag {
	HMAP_ITERATOR = 1,	 /* an iterator may use buckets */
	HMAP_OLD_ITERATOR = 2,	 /* an iterator may use oldbuckets */
	HMAP_HASH_WRITING = 4,	 /* an assign, delete or clear is under way */
	HMAP_SAME_SIZE_GROW = 8, /* the growth in progress keeps the number of buckets */
};

/* maptype.flags (type.go, struct maptype); the C map's descriptor uses the same bits.  */
enum hmap_type_flag {
	HMAP_INDIRECT_KEY = 1, /* a slot holds a pointer to the key */
	HMAP_INDIRECT_ELEM = 2,
	HMAP_REFLEXIVE_KEY = 4,	  /* k == k for every k: no NaN */
	HMAP_NEED_KEY_UPDATE = 8, /* an assign to a present key stores the key again */
	HMAP_HASH_MIGHT_PANIC = 16,
};

/* Keys and elems larger than this are held by pointer: maxKeySize, maxElemSize.  */
enum { HMAP_MAX_INLINE = 128 };

/* Load factor as a fraction: loadFactorNum / loadFactorDen, 6.5 per bucket (Go 1.21: 6.0).  */
enum { HMAP_LOAD_NUM = 13, HMAP_LOAD_DEN = 2 };

/* From this B on, bucket arrays have preallocated overflow buckets behind them: makeBucketArray.  */
enum { HMAP_SPARE_MIN_B = 4 };

/* From this B on noverflow is an estimate: incrnoverflow.  */
enum { HMAP_NOVERFLOW_EXACT_B = 16 };

/* Go's small size classes in bytes: sizeclasses.go, class_to_size. Larger sizes are rounded up to whole pages of 8 KiB. Same
   in Go 1.16 to 1.23; 1.15 differs above 8 KiB, where no bucket array of B >= 4 was seen to round differently.  */
static const uint16_t hmap_size_classes[] = {
	8,     16,    24,    32,    48,	   64,	  80,	 96,	112,   128,   144,   160,   176,   192,
	208,   224,   240,   256,   288,   320,	  352,	 384,	416,   448,   480,   512,   576,   640,
	704,   768,   896,   1024,  1152,  1280,  1408,	 1536,	1792,  2048,  2304,  2688,  3072,  3200,
	3456,  4096,  4864,  5376,  6144,  6528,  6784,	 6912,	8192,  9472,  9728,  10240, 10880, 12288,
	13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
};
enum { HMAP_SIZE_CLASS_COUNT = sizeof hmap_size_classes / sizeof *hmap_size_classes, HMAP_PAGE_SIZE = 8192 };

#endif
