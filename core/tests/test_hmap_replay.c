/* The map against real Go: repeats what hmap_replay.go wrote down of Go's own maps and compares every bucket after
   every operation. Usage: test_hmap_replay RECORDING. On a mismatch, HMAP_REPLAY_DUMP=1 shows the bytes compared,
   as hmap_replay NAME LINE does on the other side.  */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hmap_invariants.h"

/* As in hmap_replay.go.  */
enum mode { RAW, LIVE, POINTER };

struct kind {
	const struct hmap_type *type;
	enum mode key_mode, elem_mode;
	void (*make)(void *key, int index);
	int (*index)(const void *key);
};

struct point {
	int32_t x, y, z;
};
struct large {
	int64_t index;
	char rest[192];
};

/* The hash that Go used for the key of an index. Its seed changes only when a map empties, so the last one holds.  */
static uint64_t recorded[1 << 17];

static int index_int(const void *key)
{
	int64_t value;

	memcpy(&value, key, sizeof(value));
	return (int)value;
}

static int index_int32(const void *key)
{
	int32_t value;

	memcpy(&value, key, sizeof(value));
	return value;
}

static int index_float(const void *key)
{
	double value;

	memcpy(&value, key, sizeof(value));
	return (int)value;
}

static int index_string(const void *key)
{
	struct hmap_text text;

	memcpy(&text, key, sizeof(text));
	return atoi(text.ptr + strlen("key "));
}

#define RECORDED(NAME, INDEX)                                                                                          \
	static uint64_t NAME(const void *key, uint64_t seed)                                                           \
	{                                                                                                              \
		(void)seed;                                                                                            \
		return recorded[INDEX(key)];                                                                           \
	}
RECORDED(hash_int, index_int)
RECORDED(hash_int32, index_int32)
RECORDED(hash_float, index_float)
RECORDED(hash_string, index_string)

static bool equal_point(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(struct point));
}

static bool equal_large(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(struct large));
}

HMAP_TYPES(ints, int64_t, int64_t, hash_int, hmap_equal_64)
HMAP_TYPES(strings, struct hmap_text, int64_t, hash_string, hmap_equal_text)
HMAP_TYPES(points, struct point, int64_t, hash_int32, equal_point)
HMAP_TYPES(floats, double, int64_t, hash_float, hmap_equal_f64)
HMAP_TYPES(pointers, int64_t, int64_t *, hash_int, hmap_equal_64)
HMAP_SET(set, int32_t, hash_int32, hmap_equal_32)
HMAP_TYPES(large_elems, int64_t, struct large, hash_int, hmap_equal_64)
HMAP_TYPES(large_keys, struct large, int8_t, hash_int, equal_large)

static void make_int(void *key, int index)
{
	memcpy(key, &(int64_t){ index }, sizeof(int64_t));
}

static void make_int32(void *key, int index)
{
	memcpy(key, &index, sizeof(index));
}

static void make_float(void *key, int index)
{
	memcpy(key, &(double){ index }, sizeof(double));
}

static void make_point(void *key, int index)
{
	memcpy(key, &(struct point){ index, index * 3, -index }, sizeof(struct point));
}

static void make_large(void *key, int index)
{
	memcpy(key, &(struct large){ .index = index }, sizeof(struct large));
}

static void make_string(void *key, int index)
{
	static char texts[sizeof(recorded) / sizeof(*recorded)][16];
	struct hmap_text text = { texts[index], 0 };

	text.length = (size_t)snprintf(texts[index], sizeof(texts[index]), "key %d", index);
	memcpy(key, &text, sizeof(text));
}

static const struct kind kinds[] = {
	{ &ints_type, RAW, RAW, make_int, index_int },
	{ &strings_type, LIVE, RAW, make_string, index_string },
	{ &points_type, RAW, RAW, make_point, index_int32 },
	{ &floats_type, RAW, RAW, make_float, index_float },
	{ &pointers_type, RAW, POINTER, make_int, index_int },
	{ &set_type, RAW, RAW, make_int32, index_int32 },
	{ &large_elems_type, RAW, POINTER, make_int, index_int },
	{ &large_keys_type, POINTER, RAW, make_large, index_int },
};

struct digest {
	uint64_t sum;
	bool dump;
};

static void digest_bytes(struct digest *d, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++) {
		d->sum = (d->sum ^ bytes[i]) * 1099511628211u;
		if (d->dump)
			fprintf(stderr, "%02x", bytes[i]);
	}
}

static void digest_number(struct digest *d, uint64_t number)
{
	digest_bytes(d, &number, sizeof(number));
}

static const void *load_pointer(const void *place)
{
	const void *pointer;

	memcpy(&pointer, place, sizeof(pointer));
	return pointer;
}

static void digest_is_set(struct digest *d, const void *pointer)
{
	digest_bytes(d, &(uint8_t){ pointer != NULL }, 1);
}

static void digest_slots(struct digest *d, const struct kind *kind, const uint8_t *bucket)
{
	const struct hmap_type *type = kind->type;

	for (size_t i = 0; i < HMAP_SLOTS; i++) {
		const void *key = bucket + type->keys_offset + i * type->key_slot;
		const void *elem = bucket + type->elems_offset + i * type->elem_slot;

		digest_bytes(d, bucket + i, 1);
		if (kind->key_mode == POINTER) {
			key = load_pointer(key);
			digest_is_set(d, key);
		}
		if (kind->key_mode == RAW)
			digest_bytes(d, key, type->key_slot);
		else if (bucket[i] >= HMAP_MIN_TOPHASH)
			digest_number(d, (uint64_t)kind->index(key));
		if (kind->elem_mode == RAW)
			digest_bytes(d, elem, type->elem_slot);
		else
			digest_is_set(d, load_pointer(elem));
	}
}

static void digest_array(struct digest *d, const struct kind *kind, const void *array, unsigned B)
{
	const struct hmap_type *type = kind->type;
	size_t main_count = (size_t)1 << B, all = main_count + hmap_expected_spares(type->bucket_size, B);

	for (size_t i = 0; i < main_count; i++) {
		const uint8_t *bucket = (const uint8_t *)array + i * type->bucket_size;

		while (bucket) {
			uintptr_t offset;

			digest_slots(d, kind, bucket);
			bucket = load_pointer(bucket + type->overflow_offset);
			offset = (uintptr_t)bucket - (uintptr_t)array;
			if (!bucket)
				digest_number(d, 0);
			else if (offset < all * type->bucket_size)
				digest_number(d, 2 + offset / type->bucket_size - main_count);
			else
				digest_number(d, 1);
			if (d->dump)
				fputc('\n', stderr);
		}
	}
}

static void state_text(const struct kind *kind, const struct hmap *h, bool dump, char *text, size_t size)
{
	struct digest d = { 14695981039346656037u, dump };

	if (h->buckets)
		digest_array(&d, kind, h->buckets, h->B);
	if (h->oldbuckets)
		digest_array(&d, kind, h->oldbuckets, h->B - !(h->flags & HMAP_SAME_SIZE_GROW));
	snprintf(text, size, "%td %u %u %u %" PRIuPTR " %d %zu %" PRIx64, (ptrdiff_t)h->count, h->B, h->flags,
		 h->noverflow, h->nevacuate, h->oldbuckets != NULL, hmap_spares_left(h), d.sum);
}

static void env_fatal(void *user, const char *message)
{
	(void)user;
	fail_msg("fatal: %s", message);
}

struct replay {
	FILE *file;
	const struct kind *kind;
	struct hmap map;
	unsigned lines; /* of the current map */
	unsigned maps, operations, same_size, doubles;
	struct hmap_env env;
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].type->name, name))
			return &kinds[i];
	fail_msg("no kind %s", name);
	return NULL;
}

static void compare_type(const char *line)
{
	char name[32];
	unsigned bucket_size, key_size, elem_size, flags;
	const struct hmap_type *type;

	assert_int_equal(sscanf(line, "type %31s %u %u %u %u", name, &bucket_size, &key_size, &elem_size, &flags), 5);
	type = find_kind(name)->type;
	assert_int_equal(type->bucket_size, bucket_size);
	assert_int_equal(type->key_slot, key_size);
	assert_int_equal(type->elem_slot, elem_size);
	/* Go stores a string key again at each assign, for its collector; C need not.  */
	assert_int_equal(type->flags & (HMAP_INDIRECT_KEY | HMAP_INDIRECT_ELEM | HMAP_REFLEXIVE_KEY), flags & 7);
}

static void compare_spares(const char *line)
{
	char name[32];
	unsigned B, count;
	struct hmap map;

	assert_int_equal(sscanf(line, "spares %31s %u %u", name, &B, &count), 3);
	assert_true(hmap_init(&map, find_kind(name)->type, (13u << B) / 2, NULL));
	assert_int_equal(map.B, B);
	assert_int_equal(hmap_spares_left(&map), count);
	hmap_fini(&map);
}

static void begin_map(struct replay *r, const char *line)
{
	char name[32];
	unsigned hint;

	assert_int_equal(sscanf(line, "map %31s %u", name, &hint), 2);
	hmap_fini(&r->map);
	r->kind = find_kind(name);
	r->env.fatal = env_fatal;
	assert_true(hmap_init(&r->map, r->kind->type, hint, &r->env));
	r->lines = 0;
	r->maps++;
}

static void assign(struct replay *r, const void *key)
{
	const void *was_growing = r->map.oldbuckets;
	void *elem = hmap_assign(&r->map, key);
	int64_t value = r->lines;

	assert_non_null(elem);
	if (r->kind->type == &large_keys_type)
		memcpy(elem, &(int8_t){ (int8_t)value }, 1);
	else if (r->kind->type != &set_type)
		memcpy(elem, &value, sizeof(value)); /* what kind of pointer does not matter, nor the rest of a large */
	if (!was_growing && r->map.oldbuckets) {
		r->same_size += !!(r->map.flags & HMAP_SAME_SIZE_GROW);
		r->doubles += !(r->map.flags & HMAP_SAME_SIZE_GROW);
	}
}

static void perform(struct replay *r, const char *line)
{
	_Alignas(max_align_t) char key[sizeof(struct large)];
	struct hmap_iter it;
	int index;
	uint64_t hash;

	if (*line == 'a' || *line == 'd') {
		assert_int_equal(sscanf(line + 1, "%d %" SCNx64, &index, &hash), 2);
		assert_in_range(index, 0, sizeof(recorded) / sizeof(*recorded) - 1);
		recorded[index] = hash;
		r->kind->make(key, index);
	}
	switch (*line) {
	case 'a':
		assign(r, key);
		break;
	case 'd':
		hmap_delete(&r->map, key);
		break;
	case 'c':
		hmap_clear(&r->map);
		break;
	case 'i':
		hmap_iter_init(&it, &r->map);
		hmap_iter_next(&it);
		hmap_iter_fini(&it);
		break;
	default:
		assert_int_equal(*line, 'm');
		begin_map(r, line);
	}
	r->operations++;
}

/* Where the state begins in a line: after the operation's own words.  */
static const char *state_of(const char *line)
{
	for (int words = *line == 'c' || *line == 'i' ? 1 : 3; words; words--)
		line = strchr(line, ' ') + 1;
	return line;
}

static void compare_state(struct replay *r, const char *line)
{
	char text[256];
	const char *broken;

	state_text(r->kind, &r->map, false, text, sizeof(text));
	if (strcmp(text, state_of(line))) {
		if (getenv("HMAP_REPLAY_DUMP"))
			state_text(r->kind, &r->map, true, text, sizeof(text));
		fail_msg("%s, line %u of map %u: %s\nhere: %s", r->kind->type->name, r->lines, r->maps, line, text);
	}
	r->lines++;
	/* Costly, and another test's task; here to see that Go's own sequences keep what that test requires.  */
	broken = r->operations % 8 ? NULL : hmap_broken_invariant(&r->map);
	if (broken)
		fail_msg("%s, line %u: %s", r->kind->type->name, r->lines, broken);
}

static const char *recording;

static void same_memory_as_real_go(void **state)
{
	struct replay r = { .file = fopen(recording, "r") };
	char line[512];

	(void)state;
	assert_non_null(r.file);
	while (fgets(line, sizeof(line), r.file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "type ", 5)) {
			compare_type(line);
		} else if (!strncmp(line, "spares ", 7)) {
			compare_spares(line);
		} else {
			perform(&r, line);
			compare_state(&r, line);
		}
	}
	hmap_fini(&r.map);
	fclose(r.file);
	print_message("%u operations on %u maps, %u double and %u same-size growths\n", r.operations, r.maps, r.doubles,
		      r.same_size);
	assert_int_equal(r.maps, 2 * sizeof(kinds) / sizeof(*kinds));
	assert_true(r.operations > 10000 && r.doubles > 40 && r.same_size > 16);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_memory_as_real_go) };

	if (argc != 2) {
		fprintf(stderr, "usage: %s RECORDING\n", argv[0]);
		return 2;
	}
	recording = argv[1];
	return cmocka_run_group_tests_name("hmap_replay", tests, NULL, NULL);
}
