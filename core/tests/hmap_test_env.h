/* The world as the map's tests want it: random numbers that are the same each time, an allocator that counts, can
   be told to fail and spoils what is freed, and a fatal() that fails the test unless the test expects it.  */
#ifndef HMAP_TEST_ENV_H
#define HMAP_TEST_ENV_H

#include <setjmp.h>

#include "hmap/hmap.h"

struct test_env {
	struct hmap_env env;
	uint64_t random;
	size_t blocks, bytes;	      /* allocated now */
	size_t allocations;	      /* asked for so far */
	size_t fail_from, fail_count; /* allocations number fail_from (from 1) and so on fail; count 0: none */
	unsigned fail_one_in;	      /* besides, one in so many fails; 0: none */
	bool failed;		      /* one has since this was last reset */
	const char *fatal;	      /* last message; only where fatal is expected: */
	bool expect_fatal;
	jmp_buf on_fatal;
};

void test_env_init(struct test_env *e, uint64_t seed);
void test_env_fini(struct test_env *e); /* asserts that everything has been freed */

/* splitmix64  */
uint64_t test_random(uint64_t *state);

/* The message of the fatal error that EXPRESSION causes, or NULL.  */
#define FATAL_OF(E, EXPRESSION)                                                                                        \
	((E)->fatal = NULL, (E)->expect_fatal = true, setjmp((E)->on_fatal) ? (void)0 : (void)(EXPRESSION),            \
	 (E)->expect_fatal = false, (E)->fatal)

#endif
