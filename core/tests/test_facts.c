/* base/facts.h against Go's own text: the runtime's source of an installed Go (MAPSCOPE_GO_SOURCE; Debian 12's Go 1.19
   otherwise), and the spare buckets that were measured in live programs. A source that is not there is a failure.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/facts.h"
#include "decode/classic.h"

/* The whole text of a file of Go's package runtime; to be freed.  */
static char *go_source(const char *name)
{
	const char *root = getenv("MAPSCOPE_GO_SOURCE");
	char path[512];
	char *text = NULL;
	size_t size = 0;

	snprintf(path, sizeof path, "%s/runtime/%s", root ? root : "/usr/share/go-1.19/src", name);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("%s cannot be read: install golang-1.19-src, or set MAPSCOPE_GO_SOURCE to the src of another "
			 "Go",
			 path);
	if (getdelim(&text, &size, 0, file) < 0)
		fail_msg("%s is empty", path);
	fclose(file);
	return text;
}

/* The number behind the first "NAME ... = " that begins a line of TEXT (after tabs).  */
static uint64_t go_constant(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *word = line + strspn(line, "\t ");
		if (strncmp(word, name, size) || !strchr(" \t=", word[size]))
			continue;
		const char *value = word + size + strspn(word + size, " \t");
		if (*value == '=')
			return strtoull(value + 1, NULL, 0);
	}
	fail_msg("no constant %s in Go's source", name);
	return 0;
}

static void size_classes_are_go_s(void **state)
{
	char *text = go_source("sizeclasses.go");
	const char *at = strstr(text, "var class_to_size = ");

	(void)state;
	assert_non_null(at);
	at = strchr(at, '{') + 1;
	assert_int_equal(strtoul(at, (char **)&at, 10), 0); /* class 0 is not used */
	for (int i = 0; i < HMAP_SIZE_CLASS_COUNT; i++) {
		assert_int_equal(*at, ',');
		assert_int_equal(strtoul(at + 1, (char **)&at, 10), hmap_size_classes[i]);
	}
	assert_int_equal(*at, '}');
	assert_int_equal(go_constant(text, "_NumSizeClasses"), HMAP_SIZE_CLASS_COUNT + 1);
	assert_int_equal(1u << go_constant(text, "_PageShift"), HMAP_PAGE_SIZE);
	free(text);
}

static void tophash_values_and_flags_are_go_s(void **state)
{
	static const struct {
		const char *name;
		uint64_t value;
	} facts[] = {
		{ "emptyRest", HMAP_EMPTY_REST },
		{ "emptyOne", HMAP_EMPTY_ONE },
		{ "evacuatedX", HMAP_EVACUATED_X },
		{ "evacuatedY", HMAP_EVACUATED_Y },
		{ "evacuatedEmpty", HMAP_EVACUATED_EMPTY },
		{ "minTopHash", HMAP_MIN_TOPHASH },
		{ "iterator", HMAP_ITERATOR },
		{ "oldIterator", HMAP_OLD_ITERATOR },
		{ "hashWriting", HMAP_HASH_WRITING },
		{ "sameSizeGrow", HMAP_SAME_SIZE_GROW },
		{ "bucketCntBits", 3 },
		{ "maxKeySize", HMAP_MAX_INLINE },
		{ "maxElemSize", HMAP_MAX_INLINE },
		{ "loadFactorNum", HMAP_LOAD_NUM },
		{ "loadFactorDen", HMAP_LOAD_DEN },
	};
	char *text = go_source("map.go");

	(void)state;
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		print_message("[          ] %s\n", facts[i].name);
		assert_int_equal(go_constant(text, facts[i].name), facts[i].value);
	}
	assert_int_equal(HMAP_SLOTS, 1 << 3);
	free(text);
}

/* The lines of map.go and type.go that the decoder's rules rest on.  */
static void rules_stand_in_go_s_text(void **state)
{
	static const char *const rules[] = {
		"return h > emptyOne && h < minTopHash", /* evacuated */
		"if b >= 4 {",				 /* makeBucketArray: spares */
		"nbuckets += bucketShift(b - 4)",
		"if h.B < 16 {",			 /* incrnoverflow: exact */
		"if !h.sameSizeGrow() {",		 /* noldbuckets */
		"return h.oldbuckets != nil",		 /* growing */
		"b.tophash[i] = evacuatedX + useY",	 /* marked before it is moved */
		"last.setoverflow(t, (*bmap)(buckets))", /* the spares' end mark */
	};
	char *text = go_source("map.go"), *types = go_source("type.go");

	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (!strstr(text, rules[i]))
			fail_msg("map.go no longer says: %s", rules[i]);
	assert_non_null(strstr(types, "return mt.flags&1 != 0"));  /* indirectkey */
	assert_non_null(strstr(types, "return mt.flags&2 != 0"));  /* indirectelem */
	assert_non_null(strstr(types, "return mt.flags&4 != 0"));  /* reflexivekey */
	assert_non_null(strstr(types, "return mt.flags&8 != 0"));  /* needkeyupdate */
	assert_non_null(strstr(types, "return mt.flags&16 != 0")); /* hashMightPanic */
	assert_int_equal(HMAP_INDIRECT_KEY | HMAP_INDIRECT_ELEM << 8 | HMAP_REFLEXIVE_KEY << 16, 0x40201);
	assert_int_equal(HMAP_NEED_KEY_UPDATE, 8);
	assert_int_equal(HMAP_HASH_MIGHT_PANIC, 16);
	free(text);
	free(types);
}

/* Spare buckets behind 2^B, measured in live programs of Go 1.15, 1.19, 1.21, 1.22 and 1.23, all alike.  */
static void spares_as_measured(void **state)
{
	static const uint64_t bucket_sizes[] = { 144, 208, 272, 80, 8 + 800 + 64 + 8 };
	static const struct {
		uint8_t B;
		uint64_t spares[5]; /* int/int, string/int, string/string, int/struct{}, [100]byte/int */
	} measured[] = {
		{ 4, { 2, 3, 1, 1, 2 } },
		{ 5, { 5, 7, 2, 6, 5 } },
		{ 6, { 7, 4, 6, 12, 10 } },
		{ 7, { 14, 9, 22, 8, 11 } },
		{ 8, { 28, 19, 45, 16, 23 } },
		{ 9, { 56, 39, 60, 102, 37 } },
		{ 10, { 113, 78, 90, 102, 65 } },
		{ 11, { 170, 157, 150, 204, 130 } },
		{ 14, { 1024, 1024, 1024, 1024, 1024 } },
	};
	struct classic_shape shape = { .has_extra = true };
	struct classic_map map = { .map.shape = &shape.common };

	(void)state;
	for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
		for (int type = 0; type < 5; type++) {
			map.bucket.size = bucket_sizes[type];
			uint64_t count = ((uint64_t)1 << measured[i].B) + measured[i].spares[type];
			assert_int_equal(classic_array_bytes(&map, measured[i].B), count * map.bucket.size);
		}
	for (int B = 0; B < HMAP_SPARE_MIN_B; B++)
		assert_int_equal(classic_array_bytes(&map, (uint8_t)B), map.bucket.size << B);
	shape.has_extra = false; /* a map without a place for spares has none */
	assert_int_equal(classic_array_bytes(&map, 5), map.bucket.size << 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_classes_are_go_s),
		cmocka_unit_test(tophash_values_and_flags_are_go_s),
		cmocka_unit_test(rules_stand_in_go_s_text),
		cmocka_unit_test(spares_as_measured),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
