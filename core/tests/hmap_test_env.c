/* The environment that the map's tests run in: see the header.  */
#include "hmap_test_env.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint64_t test_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static uint64_t env_random(void *user)
{
	struct test_env *e = user;

	return test_random(&e->random);
}

static void *env_alloc(void *user, size_t size)
{
	struct test_env *e = user;

	e->allocations++;
	if ((e->allocations >= e->fail_from && e->allocations - e->fail_from < e->fail_count) ||
	    (e->fail_one_in && !(test_random(&e->random) % e->fail_one_in))) {
		e->failed = true;
		return NULL;
	}
	e->blocks++;
	e->bytes += size;
	return calloc(1, size);
}

static void env_free(void *user, void *block, size_t size)
{
	struct test_env *e = user;

	assert_non_null(block);
	assert_true(e->blocks > 0 && e->bytes >= size);
	e->blocks--;
	e->bytes -= size;
	memset(block, 0xdd, size); /* who still reads it will notice */
	free(block);
}

static void env_fatal(void *user, const char *message)
{
	struct test_env *e = user;

	if (!e->expect_fatal)
		fail_msg("fatal: %s", message);
	e->fatal = message;
	longjmp(e->on_fatal, 1);
}

void test_env_init(struct test_env *e, uint64_t seed)
{
	memset(e, 0, sizeof(*e));
	e->env = (struct hmap_env){ e, env_alloc, env_free, env_random, env_fatal };
	e->random = seed;
}

void test_env_fini(struct test_env *e)
{
	assert_int_equal(e->blocks, 0);
	assert_int_equal(e->bytes, 0);
}
