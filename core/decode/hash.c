/* Hashers: which kind a map takes, and the texts that keys point to, alone or many at once. The hashes themselves are
   hash_hmap.c's and hash_go.c's.  */
#include "decode/hash.h"

#include <stdlib.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/hasher.h"
#include "decode/read.h"
#include "mem/mem.h"

enum {
	TEXT_MOST = 16 << 20,  /* bytes of a text that is hashed */
	TOGETHER_MOST = 4096,  /* bytes of one that is fetched with others */
	BATCH_MOST = 512,      /* texts fetched together */
	BATCH_BYTES = 1 << 20, /* of them */
	ADDRESS_BITS = 48,     /* a length beyond these is none */
};

int32_t ms_hasher_new(struct ms_map *map, struct ms_hasher **out)
{
	struct ms_hasher *hasher = calloc(1, sizeof *hasher);
	int64_t seed = 0;

	*out = NULL;
	if (!hasher)
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory for a hash");
	hasher->map = map;
	hasher->ctx = map->ctx;
	ms_map_number(map, "hash0", &seed);
	hasher->seed = (uint64_t)seed;
	int32_t status = map->shape->language == MS_GO ? ms_hasher_of_go(hasher) : ms_hasher_of_c(hasher);
	if (ms_stopped(map->ctx) != MS_OK)
		status = ms_stopped(map->ctx);
	if (status < 0) {
		ms_hasher_free(hasher);
		return status;
	}
	*out = hasher;
	return MS_OK;
}

void ms_hasher_free(struct ms_hasher *hasher)
{
	if (!hasher)
		return;
	if (hasher->own)
		hasher->free(hasher->own);
	ms_buf_fini(&hasher->scratch);
	free(hasher);
}

void ms_hasher_lend(struct ms_hasher *hasher, const struct ms_own *own)
{
	hasher->own_memory = own;
}

int32_t ms_hasher_hash(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	*out = 0;
	return hasher->hash(hasher, key, out);
}

/* ---- Texts ---- */

static int32_t unreadable(struct ms_hasher *hasher, int32_t status, uint64_t size, uint64_t address)
{
	if (status != MS_FAULT)
		return status;
	return ms_fail(hasher->ctx, MS_FAULT, "cannot read the %llu bytes at 0x%llx that a key points to",
		       (unsigned long long)size, (unsigned long long)address);
}

/* A length that a text can have.  */
static int32_t check_size(struct ms_hasher *hasher, uint64_t size)
{
	if (size >> ADDRESS_BITS)
		return ms_fail(hasher->ctx, MS_FAULT, "a key has the length %lld", (long long)size);
	if (size > TEXT_MOST)
		return ms_fail(hasher->ctx, MS_NOT_FOUND,
			       "a key of %llu bytes: longer ones than %d are not hashed here", (unsigned long long)size,
			       TEXT_MOST);
	return MS_OK;
}

int32_t ms_hasher_fetch(struct ms_hasher *hasher, uint64_t address, uint64_t size)
{
	int32_t status = check_size(hasher, size);

	if (status < 0)
		return status;
	ms_buf_clear(&hasher->scratch);
	if (!ms_buf_reserve(&hasher->scratch, size))
		return ms_fail(hasher->ctx, MS_NO_MEMORY, "out of memory for a key of %llu bytes",
			       (unsigned long long)size);
	hasher->scratch.size = size;
	const struct ms_own_piece *piece = ms_own_at(hasher->own_memory, hasher->ctx, address);
	if (piece && piece->bytes && piece->size >= size) {
		memcpy(hasher->scratch.data, piece->bytes, size);
		return MS_OK;
	}
	return size ? unreadable(hasher, ms_read(hasher->ctx, address, hasher->scratch.data, size), size, address)
		    : MS_OK;
}

static void pointer_and_length(const struct ms_hasher *hasher, const uint8_t *key, uint64_t *address, uint64_t *size)
{
	*address = ms_map_pointer(hasher->map, key);
	*size = ms_map_pointer(hasher->map, key + hasher->ctx->memory.pointer_size);
}

int32_t ms_hasher_fetch_text(struct ms_hasher *hasher, const uint8_t *key)
{
	uint64_t address, size;

	pointer_and_length(hasher, key, &address, &size);
	return ms_hasher_fetch(hasher, address, size);
}

int32_t ms_hasher_fetch_cstring(struct ms_hasher *hasher, uint64_t address)
{
	uint8_t first[MS_TEXT_MOST];
	uint64_t size = 0;
	const struct ms_own_piece *piece = ms_own_at(hasher->own_memory, hasher->ctx, address);
	int32_t status;

	if (piece)
		return ms_hasher_fetch(hasher, address, piece->size);
	status = ms_read_cstring(hasher->ctx, address, first, &size);

	if (status < 0)
		return unreadable(hasher, status, size + 1, address);
	if (size >= MS_CSTRING_MOST)
		return ms_fail(hasher->ctx, MS_NOT_FOUND, "a key of %d bytes or more: no longer ones are hashed here",
			       MS_CSTRING_MOST);
	return ms_hasher_fetch(hasher, address, size);
}

/* ---- Many ---- */

/* Short texts that wait to be fetched together.  */
struct batch {
	uint64_t count, size; /* texts; bytes in all */
	uint64_t at[BATCH_MOST], offset[BATCH_MOST], length[BATCH_MOST];
	int32_t status[BATCH_MOST];
	struct ms_range ranges[BATCH_MOST];
	uint8_t bytes[BATCH_BYTES];
};

static int32_t run_batch(struct ms_hasher *hasher, struct batch *batch, uint64_t *out, int32_t *status)
{
	int32_t result = ms_mem_read_many(hasher->ctx, batch->ranges, batch->count);

	for (uint64_t i = 0; i < batch->count && result == MS_OK; i++) {
		status[batch->at[i]] = batch->status[i];
		out[batch->at[i]] = hasher->text(hasher, batch->bytes + batch->offset[i], batch->length[i]);
	}
	batch->count = batch->size = 0;
	return result;
}

static void add_to_batch(struct batch *batch, uint64_t at, uint64_t address, uint64_t size)
{
	uint64_t i = batch->count++;

	batch->at[i] = at;
	batch->offset[i] = batch->size;
	batch->length[i] = size;
	batch->status[i] = MS_FAULT;
	batch->ranges[i] = (struct ms_range){ address, size, batch->bytes + batch->size, &batch->status[i] };
	batch->size += size;
}

/* What hash_one says of a key that alone cannot be hashed is no reason to stop.  */
static bool ends_all(int32_t status)
{
	return status == MS_INTERRUPTED || status == MS_NO_MEMORY;
}

static int32_t many_texts(struct ms_hasher *hasher, const uint8_t *keys, uint64_t count, uint64_t *out, int32_t *status)
{
	struct batch *batch = malloc(sizeof *batch);
	int32_t result = batch ? MS_OK : ms_fail(hasher->ctx, MS_NO_MEMORY, "out of memory for a batch of keys");

	if (batch)
		batch->count = batch->size = 0;
	for (uint64_t i = 0; i < count && result == MS_OK; i++) {
		const uint8_t *key = keys + i * hasher->map->key_size;
		uint64_t address, size;
		pointer_and_length(hasher, key, &address, &size);
		if (size == 0 || size > TOGETHER_MOST) {
			status[i] = ms_hasher_hash(hasher, key, &out[i]);
			result = ends_all(status[i]) ? status[i] : MS_OK;
			continue;
		}
		if (batch->count == BATCH_MOST || batch->size + size > BATCH_BYTES)
			result = run_batch(hasher, batch, out, status);
		if (result == MS_OK)
			add_to_batch(batch, i, address, size);
	}
	if (result == MS_OK && batch->count)
		result = run_batch(hasher, batch, out, status);
	free(batch);
	return result;
}

bool ms_hasher_takes_eight(const struct ms_hasher *hasher)
{
	return hasher->eight;
}

uint32_t ms_hasher_eight(const struct ms_hasher *hasher, const uint8_t *keys, uint32_t count, uint64_t index,
			 uint64_t mask, uint64_t *tops)
{
	return hasher->eight(hasher, keys, count, index, mask, tops);
}

int32_t ms_hasher_hash_many(struct ms_hasher *hasher, const uint8_t *keys, uint64_t count, uint64_t *out,
			    int32_t *status)
{
	if (hasher->words) {
		hasher->words(hasher, keys, count, out);
		memset(status, 0, count * sizeof *status);
		return MS_OK;
	}
	if (hasher->text && count > 1)
		return many_texts(hasher, keys, count, out, status);
	for (uint64_t i = 0; i < count; i++) {
		status[i] = ms_hasher_hash(hasher, keys + i * hasher->map->key_size, &out[i]);
		if (ends_all(status[i]))
			return status[i];
	}
	return MS_OK;
}
