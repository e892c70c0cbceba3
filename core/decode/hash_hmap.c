/* The hash of a C map: its descriptor holds a function, whose name tells which of core/hmap's it is. A function that is
   none of them is the program's own; it is not called.  */
#include <float.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "decode/hasher.h"
#include "types/ask.h"

struct function {
	const char *name;
	int32_t (*hash)(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out);
	uint32_t size;	/* bytes of the key that it looks at */
	uint32_t words; /* and pointers */
};

/* x86's format leaves 6 of 16 bytes unused, with any content. A target's long double is taken for the host's, as in out/.  */
enum { LONG_DOUBLE_USED = LDBL_MANT_DIG == 64 ? 10 : sizeof(long double) };

static bool big_endian(const struct ms_hasher *hasher)
{
	return hasher->ctx->memory.big_endian;
}

static uint64_t size_of(const struct ms_hasher *hasher, const struct function *function)
{
	return function->size + function->words * hasher->ctx->memory.pointer_size;
}

static int32_t hash_word(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	const struct function *function = hasher->own;

	if (function->words && ms_own_at(hasher->own_memory, hasher->ctx, ms_map_pointer(hasher->map, key)))
		return ms_fail(hasher->ctx, MS_NOT_FOUND,
			       "its keys are told apart by address, and the text that was typed has none");
	*out = hmap_hash_word(hmap_word(key, size_of(hasher, hasher->own), big_endian(hasher)), hasher->seed);
	return MS_OK;
}

/* A loop for each size that is common, so that its load is one instruction.  */
static void hash_words(struct ms_hasher *hasher, const uint8_t *keys, uint64_t count, uint64_t *out)
{
	uint64_t seed = hasher->seed, stride = hasher->map->key_size, size = size_of(hasher, hasher->own);
	bool big = big_endian(hasher);

	if (size == 8 && stride == 8)
		for (uint64_t i = 0; i < count; i++)
			out[i] = hmap_hash_word(hmap_word(keys + 8 * i, 8, big), seed);
	else if (size == 4 && stride == 4)
		for (uint64_t i = 0; i < count; i++)
			out[i] = hmap_hash_word(hmap_word(keys + 4 * i, 4, big), seed);
	else
		for (uint64_t i = 0; i < count; i++)
			out[i] = hmap_hash_word(hmap_word(keys + stride * i, size, big), seed);
}

/* ---- Eight integers ---- */

struct eight {
	uint64_t index, mask, seed, tops, away;
};

static inline void add_one(struct eight *eight, const uint8_t *keys, uint32_t i, uint64_t size)
{
	uint64_t hash = hmap_hash_word(hmap_word(keys + i * size, size, HMAP_HOST_BIG_ENDIAN), eight->seed);

	eight->tops |= hash >> 56 << 8 * i;
	eight->away |= (0 - ((hash ^ eight->index) & eight->mask)) >> 63 << i; /* MASK is less than 2^63 */
}

/* Without a loop, and without the keys that few buckets have: a check of a large map does little else.  */
static inline uint32_t add_eight(struct eight eight, const uint8_t *keys, uint32_t count, uint64_t size, uint64_t *tops)
{
	add_one(&eight, keys, 0, size);
	add_one(&eight, keys, 1, size);
	add_one(&eight, keys, 2, size);
	add_one(&eight, keys, 3, size);
	if (count > 4) {
		add_one(&eight, keys, 4, size);
		add_one(&eight, keys, 5, size);
	}
	if (count > 6) {
		add_one(&eight, keys, 6, size);
		add_one(&eight, keys, 7, size);
	}
	*tops = eight.tops;
	return (uint32_t)eight.away;
}

static uint32_t eight_of_4(const struct ms_hasher *hasher, const uint8_t *keys, uint32_t count, uint64_t index,
			   uint64_t mask, uint64_t *tops)
{
	return add_eight((struct eight){ index, mask, hasher->seed, 0, 0 }, keys, count, 4, tops);
}

static uint32_t eight_of_8(const struct ms_hasher *hasher, const uint8_t *keys, uint32_t count, uint64_t index,
			   uint64_t mask, uint64_t *tops)
{
	return add_eight((struct eight){ index, mask, hasher->seed, 0, 0 }, keys, count, 8, tops);
}

static void set_eight(struct ms_hasher *hasher, uint64_t size)
{
	if (size != hasher->map->key_size || big_endian(hasher) != HMAP_HOST_BIG_ENDIAN)
		return;
	hasher->eight = size == 4 ? eight_of_4 : size == 8 ? eight_of_8 : NULL;
}

static int32_t not_a_number(struct ms_hasher *hasher)
{
	return ms_fail(hasher->ctx, MS_NOT_FOUND, "the key is NaN, which has no hash: each assign draws one at random");
}

static int32_t hash_float(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	uint64_t size = size_of(hasher, hasher->own);
	uint64_t magnitude = ms_load(key, size, big_endian(hasher)) << (64 - 8 * size) << 1;
	uint64_t infinity = size == 4 ? (uint64_t)0x7f800000 << 33 : (uint64_t)0x7ff0000000000000 << 1;

	if (magnitude > infinity)
		return not_a_number(hasher);
	*out = hmap_hash_word(hmap_float_word(key, size, big_endian(hasher)), hasher->seed);
	return MS_OK;
}

static int32_t hash_long_double(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	long double value;

	memcpy(&value, key, sizeof value);
	if (value != value)
		return not_a_number(hasher);
	if (value == 0)
		value = 0; /* -0 */
	*out = hmap_hash_run(&value, LONG_DOUBLE_USED, hasher->seed, HMAP_HOST_BIG_ENDIAN);
	return MS_OK;
}

static uint64_t hash_bytes(const struct ms_hasher *hasher, const uint8_t *bytes, uint64_t size)
{
	return hmap_hash_run(bytes, size, hasher->seed, big_endian(hasher));
}

static int32_t hash_scratch(struct ms_hasher *hasher, int32_t status, uint64_t *out)
{
	if (status == MS_OK)
		*out = hash_bytes(hasher, (const uint8_t *)hasher->scratch.data, hasher->scratch.size);
	return status;
}

static int32_t hash_cstring(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	return hash_scratch(hasher, ms_hasher_fetch_cstring(hasher, ms_map_pointer(hasher->map, key)), out);
}

static int32_t hash_text(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	return hash_scratch(hasher, ms_hasher_fetch_text(hasher, key), out);
}

static const struct function functions[] = {
	{ "hmap_hash_8", hash_word, 1, 0 },
	{ "hmap_hash_16", hash_word, 2, 0 },
	{ "hmap_hash_32", hash_word, 4, 0 },
	{ "hmap_hash_64", hash_word, 8, 0 },
	{ "hmap_hash_pointer", hash_word, 0, 1 },
	{ "hmap_hash_f32", hash_float, 4, 0 },
	{ "hmap_hash_f64", hash_float, 8, 0 },
	{ "hmap_hash_long_double", hash_long_double, sizeof(long double), 0 },
	{ "hmap_hash_cstring", hash_cstring, 0, 1 },
	{ "hmap_hash_text", hash_text, 0, 2 },
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static int32_t take(struct ms_hasher *hasher, const struct function *function)
{
	struct ms_context *ctx = hasher->ctx;
	uint64_t size = size_of(hasher, function);

	if (size > hasher->map->key_size)
		return ms_fail(ctx, MS_NOT_FOUND, "its hash function %s takes %llu bytes, a key has %llu",
			       function->name, (unsigned long long)size, (unsigned long long)hasher->map->key_size);
	if (function->hash == hash_long_double && big_endian(hasher) != HMAP_HOST_BIG_ENDIAN)
		return ms_fail(ctx, MS_NOT_FOUND, "its keys are long doubles of another machine");
	hasher->own = (void *)function;
	hasher->hash = function->hash;
	if (function->hash == hash_word) {
		hasher->words = hash_words;
		set_eight(hasher, size);
	}
	hasher->text = function->hash == hash_text && size == hasher->map->key_size ? hash_bytes : NULL;
	return MS_OK;
}

static void keep(void *own)
{
	(void)own; /* a row of the table */
}

int32_t ms_hasher_of_c(struct ms_hasher *hasher)
{
	struct ms_context *ctx = hasher->ctx;
	const char *names[FUNCTIONS];
	struct ms_buf name = { 0 };
	int64_t address;
	int32_t status;

	hasher->free = keep;
	if (ms_map_number(hasher->map, "hash", &address) != MS_OK || !address)
		return ms_fail(ctx, MS_NOT_FOUND, "nothing in the map tells how its keys are hashed");
	for (int i = 0; i < FUNCTIONS; i++)
		names[i] = functions[i].name;
	int found = ms_ask_which(ctx, (uint64_t)address, names, FUNCTIONS, &name);
	if (found >= 0)
		status = take(hasher, &functions[found]);
	else if (name.size)
		status = ms_fail(ctx, MS_NOT_FOUND, "its hash function is the program's own, %.300s",
				 ms_buf_text(&name));
	else
		status = ms_fail(ctx, MS_NOT_FOUND, "its hash function at 0x%llx has no name: no symbols tell it",
				 (unsigned long long)address);
	ms_buf_fini(&name);
	return status;
}
