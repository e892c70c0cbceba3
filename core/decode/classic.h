/* Go's classic map as the decoder sees it: offsets of the header's and bucket's members, and the header's values. Shared by
   the files classic*.c only.  */
#ifndef MS_CLASSIC_H
#define MS_CLASSIC_H

#include "base/facts.h"
#include "decode/map.h"
#include "decode/scan.h"

/* Offsets in bytes from the bucket's start, from the target's debug information or from the map's own descriptor.  */
struct classic_bucket {
	uint64_t size;
	uint64_t tophash, keys, elems, overflow;
	uint64_t key_slot, elem_slot;	  /* bytes of a slot's key and elem */
	const struct ms_node *key, *elem; /* as the slot holds them; NULL: bytes */
};

struct classic_shape {
	struct ms_shape common;
	struct {
		uint64_t offset, size;
	} count, flags, B, noverflow, hash0, buckets, oldbuckets, nevacuate;
	bool has_extra;			  /* then arrays have preallocated overflow buckets behind them */
	bool has_bucket;		  /* BUCKET is known from the type alone */
	bool key_indirect, elem_indirect; /* Go: from the header's name */
	struct classic_bucket bucket;
	const struct ms_node *descriptor; /* of the header's member "type", a pointer to this struct; NULL: none */
	uint64_t descriptor_offset;	  /* of that member in the header */
};

struct classic_map {
	struct ms_map map;
	uint8_t flags, B, old_B;
	uint16_t noverflow;
	uint32_t hash0;
	uint64_t buckets, oldbuckets, nevacuate;
	struct classic_bucket bucket;
};

/* Arrays by number, as ms_position and ms_walk_options count them.  */
enum { CLASSIC_OLD, CLASSIC_NEW, CLASSIC_ARRAYS };

struct classic_row {
	struct ms_row common;
	uint64_t overflow; /* the next bucket of the chain, 0 for none */
	bool evacuated;
};

const char *classic_array_name(uint32_t array);

static inline bool classic_growing(const struct classic_map *map)
{
	return map->oldbuckets != 0;
}

/* Of an array: CLASSIC_OLD or CLASSIC_NEW. Address 0: there is none.  */
static inline uint64_t classic_array_address(const struct classic_map *map, uint32_t array)
{
	return array == CLASSIC_OLD ? map->oldbuckets : map->buckets;
}

static inline uint8_t classic_array_B(const struct classic_map *map, uint32_t array)
{
	return array == CLASSIC_OLD ? map->old_B : map->B;
}

/* Its own buckets.  */
static inline uint64_t classic_array_count(const struct classic_map *map, uint32_t array)
{
	return classic_array_address(map, array) ? (uint64_t)1 << classic_array_B(map, array) : 0;
}

static inline bool classic_evacuated(uint8_t first_tophash)
{
	return first_tophash >= HMAP_EVACUATED_X && first_tophash <= HMAP_EVACUATED_EMPTY;
}

/* Where a bucket's chain goes on; 0: it ends. Most do.  */
static inline uint64_t classic_overflow(const struct classic_map *map, const uint8_t *bucket)
{
	uint64_t raw = 0;

	memcpy(&raw, bucket + map->bucket.overflow, map->map.ctx->memory.pointer_size == 8 ? 8 : 4);
	return raw ? ms_map_pointer(&map->map, bucket + map->bucket.overflow) : 0;
}

/* Buckets lie at multiples of 2^this.  */
static inline uint32_t classic_pointer_shift(const struct classic_map *map)
{
	return map->map.ctx->memory.pointer_size == 8 ? 3 : 2;
}

/* "none", "double", "same-size".  */
const char *classic_growth_kind(const struct classic_map *map);

/* Bytes of an array of 2^B buckets with the overflow buckets preallocated behind it.  */
uint64_t classic_array_bytes(const struct classic_map *map, uint8_t B);

enum { CLASSIC_CHAIN_MOST = 1 << 20 }; /* overflow buckets in one chain */

/* Overflow buckets in all that are followed: sixteen for each bucket, and 2^20 more.  */
static inline uint64_t classic_overflow_most(const struct classic_map *map)
{
	return ((uint64_t)1 << 20) + ((uint64_t)16 << map->B);
}

/* classic_trouble.c: why ADDRESS leads to no overflow bucket at all; and any trouble as a note on damage.  */
enum ms_trouble_kind classic_bad_overflow(const struct classic_map *map, uint64_t address);
void classic_trouble_note(const struct ms_trouble *trouble, struct ms_notes *notes);

/* classic_layout.c */
struct ms_shape *classic_recognise(struct ms_context *ctx, struct ms_node *header);
/* Sets the layout that holds for this map and what its keys and elems are, from MAP->header; or map->broken.  */
void classic_settle_layout(struct classic_map *classic);

/* What the descriptor that a C map carries says of its member NAME, a number or a pointer; false when there is none, or it cannot
   be read.  */
bool classic_descriptor(const struct classic_map *classic, const char *name, uint64_t *out);

/* classic_walk.c */
int32_t classic_walk_new(struct ms_map *map, const struct ms_walk_options *options, struct ms_notes *notes,
			 struct ms_walk **out);
int32_t classic_walk_next(struct ms_walk *walk, const struct ms_row **out);
void classic_walk_progress(const struct ms_walk *walk, uint64_t *done, uint64_t *total);
void classic_walk_free(struct ms_walk *walk);

/* classic_find.c */
int32_t classic_search(struct ms_search *search);

/* classic_scan.c */
int32_t classic_scan_new(struct ms_map *map, struct ms_scan **out);
void classic_scan_count(struct ms_scan *scan, struct ms_stats *stats);
int32_t classic_scan_next(struct ms_scan *scan, struct ms_piece *out);
void classic_scan_progress(const struct ms_scan *scan, uint64_t *done, uint64_t *total);
void classic_scan_free(struct ms_scan *scan);

/* classic_check.c */
int32_t classic_check_new(struct ms_map *map, struct ms_notes *notes, struct ms_check **out);
int32_t classic_check_next(struct ms_check *check, const struct ms_finding **out);
uint64_t classic_check_total(const struct ms_check *check);
void classic_check_summary(const struct ms_check *check, struct ms_buf *buf);
void classic_check_progress(const struct ms_check *check, uint64_t *done, uint64_t *total);
void classic_check_free(struct ms_check *check);

/* classic_stats.c */
void classic_stats_add(const struct ms_map *map, const struct ms_piece *piece, struct ms_stats *stats);
/* Adds what was counted of other pieces.  */
void classic_stats_merge(struct ms_stats *into, const struct ms_stats *more);
void classic_stats_end(const struct ms_map *map, struct ms_stats *stats);
void classic_stats_describe(const struct ms_map *map, const struct ms_stats *stats, struct ms_facts *facts);

#endif
