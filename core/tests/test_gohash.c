/* Go's memory hashes against vectors that were computed by readers verified on live processes of every release
   (gohash_vectors.txt: a line "ALGORITHM SECRET", then lines "FUNCTION SEED DATA HASH"); on the host's own AES and without.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/gohash.h"

static const char *const names[] = { "aes", "fallback-1.15", "fallback-1.19", "fallback-1.23" };

static uint64_t from_hex(const char *hex, uint8_t *out)
{
	uint64_t size = *hex == '-' ? 0 : strlen(hex) / 2;

	for (uint64_t i = 0; i < size; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return size;
}

static bool begin_algorithm(const char *name, const char *secret, bool portable, struct ms_gohash *hash)
{
	uint8_t bytes[MS_GOHASH_SCHEDULE];

	for (int kind = 0; kind < 4; kind++) {
		if (strcmp(names[kind], name) != 0)
			continue;
		uint64_t size = from_hex(secret, bytes);
		assert_int_equal(size, kind == MS_GOHASH_AES ? MS_GOHASH_SCHEDULE : MS_GOHASH_KEYS);
		ms_gohash_init(hash, (enum ms_gohash_kind)kind, bytes);
		hash->portable = portable;
		return true;
	}
	return false;
}

static uint64_t hash_of(const struct ms_gohash *hash, const char *function, const char *hex, uint64_t seed)
{
	uint8_t *data = malloc(strlen(hex) / 2 + 1), twice[16];
	uint64_t size = from_hex(hex, data), out, both[2];
	uint8_t *exact = malloc(size ? size : 1); /* so that a byte too many is seen */

	memcpy(exact, data, size);
	if (!strcmp(function, "memhash")) {
		out = ms_gohash_run(hash, exact, size, seed);
	} else {
		out = size == 4 ? ms_gohash_32(hash, exact, seed) : ms_gohash_64(hash, exact, seed);
		memcpy(twice, data, size);
		memcpy(twice + size, data, size);
		ms_gohash_words(hash, twice, 2, (uint32_t)size, seed, both);
		assert_true(both[0] == out && both[1] == out);
	}
	free(exact);
	free(data);
	return out;
}

static void check_vectors(bool portable)
{
	FILE *file = fopen("core/tests/gohash_vectors.txt", "r");
	static char line[1 << 14], words[4][1 << 13];
	struct ms_gohash hash = { 0 };
	int checked[4] = { 0 };

	if (!file)
		fail_msg("core/tests/gohash_vectors.txt cannot be read: run this from the root of the repository");
	while (fgets(line, sizeof line, file)) {
		int count = sscanf(line, "%8191s %8191s %8191s %8191s", words[0], words[1], words[2], words[3]);
		if (count == 2) {
			assert_true(begin_algorithm(words[0], words[1], portable, &hash));
			continue;
		}
		assert_int_equal(count, 4);
		uint64_t found = hash_of(&hash, words[0], words[2], strtoull(words[1], NULL, 0));
		if (found != strtoull(words[3], NULL, 0))
			fail_msg("%s: %s seed %s data %.40s: found %#llx, expected %s", names[hash.kind], words[0],
				 words[1], words[2], (unsigned long long)found, words[3]);
		checked[hash.kind]++;
	}
	fclose(file);
	for (int kind = 0; kind < 4; kind++)
		assert_true(checked[kind] >= 90);
}

static void vectors_by_the_hosts_instruction(void **state)
{
	(void)state;
	check_vectors(false);
}

static void vectors_by_tables(void **state)
{
	(void)state;
	check_vectors(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_by_the_hosts_instruction),
		cmocka_unit_test(vectors_by_tables),
	};

	return cmocka_run_group_tests_name("gohash", tests, NULL, NULL);
}
