/* The target's memory: faults, the page cache, batches, and the direct way into a live process.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "context.h"
#include "fake_target.h"
#include "mem/mem.h"

enum { BASE = 0x100000 };

/* PAGES readable pages whose bytes tell their place.  */
static void pages_init(struct fake_target *t, uint64_t pages)
{
	fake_init(t, 8, false);
	fake_open(t);
	fake_map_pages(t, BASE, pages * FAKE_PAGE);
	for (uint64_t at = 0; at < pages * FAKE_PAGE; at += 8)
		fake_write_uint(t, BASE + at, 8, BASE + at);
}

static void assert_place(const uint8_t *bytes, uint64_t address)
{
	uint64_t found;

	memcpy(&found, bytes, sizeof found);
	assert_int_equal(found, address);
}

static void reads_what_is_there_up_to_the_first_fault(void **state)
{
	struct fake_target t;
	static uint8_t bytes[4 * FAKE_PAGE];

	(void)state;
	pages_init(&t, 2);
	assert_int_equal(ms_mem_read(t.ctx, BASE, bytes, sizeof bytes), 2 * FAKE_PAGE);
	assert_place(bytes + FAKE_PAGE, BASE + FAKE_PAGE);
	assert_int_equal(ms_mem_read(t.ctx, BASE + 2 * FAKE_PAGE - 8, bytes, 100), 8);
	assert_int_equal(ms_mem_read(t.ctx, BASE - 1, bytes, 100), 0);
	assert_int_equal(ms_mem_read(t.ctx, BASE, bytes, 0), 0);
	assert_int_equal(ms_mem_read(t.ctx, UINT64_MAX, bytes, 100), 0);
	fake_fini(&t);
}

static void reads_do_not_wrap_around(void **state)
{
	struct fake_target t;
	uint8_t bytes[16];

	(void)state;
	fake_init(&t, 8, false);
	fake_open(&t);
	fake_map_pages(&t, 0, FAKE_PAGE);
	fake_map_pages(&t, UINT64_MAX - FAKE_PAGE + 1, 1);
	assert_int_equal(ms_mem_read(t.ctx, UINT64_MAX - 7, bytes, sizeof bytes), 8);
	assert_int_equal(ms_mem_read_cached(t.ctx, UINT64_MAX - 7, bytes, sizeof bytes), MS_FAULT);
	assert_int_equal(ms_mem_read_cached(t.ctx, UINT64_MAX - 15, bytes, 15), MS_OK);
	fake_fini(&t);
}

static void small_reads_cost_a_page_once(void **state)
{
	struct fake_target t;
	uint8_t bytes[FAKE_PAGE];

	(void)state;
	pages_init(&t, 3);
	fake_reset_counts(&t);
	for (uint64_t at = 0; at < FAKE_PAGE; at += 8) {
		assert_int_equal(ms_mem_read_cached(t.ctx, BASE + at, bytes, 8), MS_OK);
		assert_place(bytes, BASE + at);
	}
	assert_int_equal(t.reads, 1);
	assert_int_equal(ms_mem_read_cached(t.ctx, BASE + FAKE_PAGE - 8, bytes, 16), MS_OK); /* across two pages */
	assert_place(bytes + 8, BASE + FAKE_PAGE);
	assert_int_equal(t.reads, 2);
	ms_mem_forget(t.ctx);
	assert_int_equal(ms_mem_read_cached(t.ctx, BASE, bytes, 8), MS_OK);
	assert_int_equal(t.reads, 3);
	fake_fini(&t);
}

static void pages_of_one_cache_line_do_not_mix(void **state)
{
	struct fake_target t;
	uint8_t bytes[8];

	(void)state;
	pages_init(&t, 520);
	for (uint64_t i = 0; i < 1040; i++) {
		uint64_t address = BASE + i % 520 * FAKE_PAGE;
		assert_int_equal(ms_mem_read_cached(t.ctx, address, bytes, 8), MS_OK);
		assert_place(bytes, address);
	}
	fake_fini(&t);
}

static void cached_reads_fault_as_others(void **state)
{
	struct fake_target t;
	uint8_t bytes[16];

	(void)state;
	pages_init(&t, 1);
	assert_int_equal(ms_mem_read_cached(t.ctx, BASE + FAKE_PAGE - 8, bytes, 16), MS_FAULT);
	assert_int_equal(ms_mem_read_cached(t.ctx, BASE + FAKE_PAGE, bytes, 1), MS_FAULT);
	assert_int_equal(ms_mem_read_cached(t.ctx, 0, bytes, 1), MS_FAULT);
	assert_int_equal(ms_mem_read_cached(t.ctx, 0, bytes, 0), MS_OK);
	fake_reset_counts(&t);
	t.silent_call = 1;
	ms_mem_forget(t.ctx);
	assert_int_equal(ms_mem_read_cached(t.ctx, BASE, bytes, 8), MS_INTERRUPTED);
	assert_int_equal(ms_mem_read_cached(t.ctx, BASE, bytes, 8), MS_OK); /* the page was not kept as faulty */
	fake_fini(&t);
}

/* A reader that claims more than it was asked for, or a code of its own.  */
static void liar(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	(void)address;
	memset(buffer, 0, len);
	*answer = *(const int64_t *)user;
}

static void answers_out_of_range(void **state)
{
	int64_t says;
	struct ms_memory memory = { .size = sizeof memory, .user = &says, .read = liar, .pointer_size = 8 };
	struct ms_types types = { .size = sizeof types };
	uint8_t bytes[64];
	struct ms_context *ctx = ms_new(&memory, &types);

	(void)state;
	assert_non_null(ctx);
	says = INT64_MAX;
	assert_int_equal(ms_mem_read(ctx, BASE, bytes, sizeof bytes), sizeof bytes);
	says = MS_FAULT;
	assert_int_equal(ms_mem_read(ctx, BASE, bytes, sizeof bytes), 0);
	says = INT64_MIN;
	assert_int_equal(ms_mem_read(ctx, BASE, bytes, sizeof bytes), 0);
	says = MS_INTERRUPTED;
	assert_int_equal(ms_mem_read(ctx, BASE, bytes, sizeof bytes), MS_INTERRUPTED);
	says = MS_UNANSWERED;
	assert_int_equal(ms_mem_read(ctx, BASE, bytes, sizeof bytes), MS_INTERRUPTED);
	memory.big_endian = 2;
	assert_int_equal(ms_set_memory(ctx, &memory), MS_USAGE);
	assert_string_equal(ms_error(ctx), "memory table: size, read, pointer_size or big_endian is wrong");
	ms_free(ctx);
}

/* ---- Batches ---- */

static void neighbours_are_read_together(void **state)
{
	enum { COUNT = 64 };
	struct fake_target t;
	struct ms_range ranges[COUNT];
	uint8_t bytes[COUNT][8];
	int32_t status[COUNT];

	(void)state;
	pages_init(&t, 64);
	fake_reset_counts(&t);
	for (int i = 0; i < COUNT; i++) { /* in no order */
		int place = i * 37 % COUNT;
		ranges[i] = (struct ms_range){ BASE + (uint64_t)place * 512, 8, bytes[place], &status[place] };
		status[place] = MS_FAULT;
	}
	assert_int_equal(ms_mem_read_many(t.ctx, ranges, COUNT), MS_OK);
	assert_int_equal(t.reads, 1);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(status[i], MS_OK);
		assert_place(bytes[i], BASE + (uint64_t)i * 512);
	}
	fake_fini(&t);
}

static void one_bad_range_spoils_no_other(void **state)
{
	struct fake_target t;
	uint8_t bytes[6][8];
	int32_t status[6] = { 1, 1, 1, 1, 1, 1 };

	(void)state;
	pages_init(&t, 4);
	fake_unmap_pages(&t, BASE + FAKE_PAGE, FAKE_PAGE);
	struct ms_range ranges[] = {
		{ UINT64_MAX - 3, 8, bytes[0], &status[0] },
		{ BASE + FAKE_PAGE - 8, 8, bytes[1], &status[1] },
		{ BASE + FAKE_PAGE, 8, bytes[2], &status[2] },
		{ BASE + FAKE_PAGE - 8, 8, bytes[3], &status[3] }, /* twice */
		{ BASE + 2 * FAKE_PAGE, 8, bytes[4], &status[4] },
		{ 0, 8, bytes[5], &status[5] },
	};
	assert_int_equal(ms_mem_read_many(t.ctx, ranges, 6), MS_OK);
	static const int32_t expected[] = { MS_FAULT, MS_OK, MS_FAULT, MS_OK, MS_OK, MS_FAULT };
	for (int i = 0; i < 6; i++)
		assert_int_equal(status[i], expected[i]);
	assert_place(bytes[1], BASE + FAKE_PAGE - 8);
	assert_place(bytes[3], BASE + FAKE_PAGE - 8);
	assert_place(bytes[4], BASE + 2 * FAKE_PAGE);
	assert_int_equal(ms_mem_read_many(t.ctx, ranges, 0), MS_OK);
	fake_fini(&t);
}

/* ---- The process itself ---- */

static void own_process(struct fake_target *t)
{
	struct ms_memory memory;

	fake_init(t, 8, false);
	fake_open(t);
	memory = t->ctx->memory;
	memory.pid = getpid();
	assert_int_equal(ms_set_memory(t->ctx, &memory), MS_OK);
}

static void live_process_is_read_directly(void **state)
{
	struct fake_target t;
	char here[] = "read me", there[sizeof here] = "";

	(void)state;
	own_process(&t);
	uint64_t address = (uint64_t)(uintptr_t)here;
	assert_int_equal(ms_mem_read(t.ctx, address, there, sizeof here), sizeof here);
	assert_string_equal(there, here);
	memset(there, 0, sizeof there);
	assert_int_equal(ms_mem_read_cached(t.ctx, address, there, sizeof here), MS_OK);
	assert_string_equal(there, here);
	assert_int_equal(t.reads, 0); /* the caller was not asked */
	assert_int_equal(ms_mem_read(t.ctx, 0x10, there, 4), 0);
	assert_int_equal(t.reads, 1); /* it may read what the process itself may not */
	fake_fini(&t);
}

static void live_batches_survive_a_fault(void **state)
{
	enum { COUNT = 600 };
	static uint8_t bytes[COUNT][8];
	static int32_t status[COUNT];
	static struct ms_range ranges[COUNT];
	struct fake_target t;
	uint8_t *area = mmap(NULL, 3 * FAKE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(area != MAP_FAILED);
	own_process(&t);
	for (uint64_t i = 0; i < COUNT; i++) {
		uint64_t address = (uint64_t)(uintptr_t)area + i * 16;
		memcpy(area + i * 16, &address, 8);
		ranges[i] = (struct ms_range){ address, 8, bytes[i], &status[i] };
		status[i] = 1;
	}
	mprotect(area + FAKE_PAGE, FAKE_PAGE, PROT_NONE);
	assert_int_equal(ms_mem_read_many(t.ctx, ranges, COUNT), MS_OK);
	for (uint64_t i = 0; i < COUNT; i++) {
		bool bad = i * 16 >= FAKE_PAGE && i * 16 < 2 * FAKE_PAGE;
		assert_int_equal(status[i], bad ? MS_FAULT : MS_OK);
		if (!bad)
			assert_place(bytes[i], (uint64_t)(uintptr_t)area + i * 16);
	}
	munmap(area, 3 * FAKE_PAGE);
	fake_fini(&t);
}

/* Where the kernel refuses (here: no such process), the caller is asked instead, for good.  */
static void refused_process_is_read_through_the_caller(void **state)
{
	struct fake_target t;
	uint8_t bytes[8];
	int32_t status = 1;

	(void)state;
	pages_init(&t, 1);
	struct ms_memory memory = t.ctx->memory;
	memory.pid = 0x7ffffff0;
	ms_set_memory(t.ctx, &memory);
	assert_int_equal(ms_mem_read(t.ctx, BASE, bytes, 8), 8);
	assert_place(bytes, BASE);
	assert_int_equal(t.reads, 1);
	ms_set_memory(t.ctx, &memory);
	struct ms_range range = { BASE + 8, 8, bytes, &status };
	assert_int_equal(ms_mem_read_many(t.ctx, &range, 1), MS_OK);
	assert_int_equal(status, MS_OK);
	assert_place(bytes, BASE + 8);
	fake_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_there_up_to_the_first_fault),
		cmocka_unit_test(reads_do_not_wrap_around),
		cmocka_unit_test(small_reads_cost_a_page_once),
		cmocka_unit_test(pages_of_one_cache_line_do_not_mix),
		cmocka_unit_test(cached_reads_fault_as_others),
		cmocka_unit_test(answers_out_of_range),
		cmocka_unit_test(neighbours_are_read_together),
		cmocka_unit_test(one_bad_range_spoils_no_other),
		cmocka_unit_test(live_process_is_read_directly),
		cmocka_unit_test(live_batches_survive_a_fault),
		cmocka_unit_test(refused_process_is_read_through_the_caller),
	};

	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
