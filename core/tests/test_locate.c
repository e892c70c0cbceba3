/* ms_locate, by which front-ends find a variable: call-backs that answer through an argument, or do not; and values of which
   only some pieces are known. What expressions mean is test_location.c's.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mapscope.h"

enum {
	OP_ADDR = 0x03,
	OP_LIT0 = 0x30,
	OP_REG0 = 0x50,
	OP_BREG7 = 0x77,
	OP_FBREG = 0x91,
	OP_PIECE = 0x93,
	OP_CFA = 0x9c
};

struct world {
	int64_t answer; /* of every call-back; 0: a good one */
	uint32_t asked;
};

static void reg(void *user, uint32_t number, void *buffer, uint64_t len, int64_t *answer)
{
	struct world *world = user;

	world->asked++;
	memset(buffer, (int)(0x10 + number), len);
	if (number == 9) /* not known */
		*answer = 0;
	else if (!world->answer)
		*answer = (int64_t)len;
	else if (world->answer != MS_UNANSWERED)
		*answer = world->answer;
}

static void cfa(void *user, uint64_t *out, int64_t *answer)
{
	struct world *world = user;

	*out = 0x7000;
	if (world->answer != MS_UNANSWERED)
		*answer = world->answer ? world->answer : 1;
}

static void read_memory(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	struct world *world = user;

	memset(buffer, (int)address, len);
	if (world->answer != MS_UNANSWERED)
		*answer = world->answer ? world->answer : (int64_t)len;
}

struct found {
	int32_t status;
	uint64_t address;
	uint8_t bytes[32], known[32];
	char why[80];
};

static const uint8_t frame_base[] = { OP_CFA };

static struct found locate(struct world *world, const uint8_t *expression, uint64_t size, uint64_t value_size,
			   bool parts)
{
	struct found found = { 0 };
	struct ms_frame frame = { .size = sizeof frame,
				  .user = world,
				  .reg = reg,
				  .cfa = cfa,
				  .read = read_memory,
				  .bias = 0x100000,
				  .frame_base = frame_base,
				  .frame_base_size = sizeof frame_base,
				  .pointer_size = 8 };

	memset(found.known, 7, sizeof found.known);
	found.status = ms_locate(&frame, expression, size, found.bytes, parts ? found.known : NULL, value_size,
				 &found.address, found.why, sizeof found.why);
	return found;
}

#define LOCATE(world, value_size, parts, ...)                                                                          \
	locate(world, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), value_size, parts)

static void addresses_take_bias_and_frame(void **state)
{
	struct world world = { 0 };
	struct found found = LOCATE(&world, 8, false, OP_ADDR, 0x34, 0x12, 0, 0, 0, 0, 0, 0);

	(void)state;
	assert_int_equal(found.status, MS_OK);
	assert_int_equal(found.address, 0x101234);
	found = LOCATE(&world, 8, true, OP_FBREG, 0x78);
	assert_int_equal(found.status, MS_OK);
	assert_int_equal(found.address, 0x7000 - 8);
	assert_string_equal(found.why, "");
}

static void register_gives_bytes(void **state)
{
	struct world world = { 0 };
	struct found found = LOCATE(&world, 4, true, OP_REG0 + 3);

	(void)state;
	assert_int_equal(found.status, MS_OK);
	assert_int_equal(found.address, 0);
	assert_memory_equal(found.bytes, "\x13\x13\x13\x13\0", 5);
	assert_memory_equal(found.known, "\1\1\1\1\7", 5);
	found = LOCATE(&world, 4, true, OP_REG0 + 9);
	assert_int_equal(found.status, MS_REFUSED);
	assert_string_equal(found.why, "register 9 is not known in this frame");
	found = LOCATE(&world, 4, true, OP_ADDR, 0, 0, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff); /* 0, with the bias */
	assert_int_equal(found.status, MS_OK);
	assert_int_equal(found.address, 0);
}

/* A slice in registers whose capacity was not kept.  */
static void lost_piece_is_marked_or_refused(void **state)
{
	struct world world = { 0 };
	struct found found = LOCATE(&world, 24, true, OP_REG0 + 1, OP_PIECE, 8, OP_BREG7, 0, OP_PIECE, 8, OP_PIECE, 8);

	(void)state;
	assert_int_equal(found.status, MS_OK);
	assert_memory_equal(found.known, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0\0\7", 25);
	assert_memory_equal(found.bytes, "\x11\x11\x11\x11\x11\x11\x11\x11\x17\x17\x17\x17\x17\x17\x17\x17\0\0\0", 19);
	found = LOCATE(&world, 24, false, OP_REG0 + 1, OP_PIECE, 8, OP_REG0, OP_PIECE, 8, OP_PIECE, 8);
	assert_int_equal(found.status, MS_REFUSED);
	assert_string_equal(found.why, "optimised out here, in whole or in part");
	found = LOCATE(&world, 24, true, OP_REG0 + 9, OP_PIECE, 8, OP_PIECE, 16);
	assert_int_equal(found.status, MS_REFUSED);
	assert_string_equal(found.why, "register 9 is not known in this frame");
	found = LOCATE(&world, 24, true, OP_REG0 + 1, OP_PIECE, 8); /* the rest is in no piece */
	assert_int_equal(found.status, MS_OK);
	assert_memory_equal(found.known, "\1\1\1\1\1\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7", 25);
}

static void unanswered_call_back_is_an_interrupt(void **state)
{
	struct world world = { .answer = MS_UNANSWERED };

	(void)state;
	assert_int_equal(LOCATE(&world, 8, false, OP_REG0).status, MS_INTERRUPTED);
	assert_int_equal(LOCATE(&world, 8, true, OP_REG0, OP_PIECE, 4, OP_REG0, OP_PIECE, 4).status, MS_INTERRUPTED);
	assert_int_equal(LOCATE(&world, 8, false, OP_FBREG, 0).status, MS_INTERRUPTED);
	assert_int_equal(LOCATE(&world, 8, false, OP_LIT0 + 9, 0x06).status, MS_INTERRUPTED); /* DW_OP_deref */
	world.answer = MS_FAULT;
	struct found found = LOCATE(&world, 8, false, OP_LIT0 + 9, 0x06);
	assert_int_equal(found.status, MS_FAULT);
	assert_string_equal(found.why, "cannot read memory at 0x9");
	assert_int_equal(LOCATE(&world, 8, false, OP_FBREG, 0).status, MS_REFUSED);
}

static void answer_of_too_many_bytes_is_none(void **state)
{
	struct world world = { .answer = INT64_MAX };

	(void)state;
	assert_int_equal(LOCATE(&world, 8, false, OP_REG0).status, MS_REFUSED);
	assert_int_equal(world.asked, 1);
}

static void older_or_strange_callers_are_refused(void **state)
{
	struct ms_frame frame = { .size = sizeof frame - 1, .pointer_size = 8 };
	uint8_t expression[] = { OP_REG0 }, buffer[8];
	uint64_t address;
	char why[4];

	(void)state;
	assert_int_equal(ms_locate(&frame, expression, 1, buffer, NULL, 8, &address, why, sizeof why), MS_USAGE);
	frame.size++;
	assert_int_equal(ms_locate(&frame, expression, 1, buffer, NULL, 8, &address, why, sizeof why), MS_REFUSED);
	assert_string_equal(why, "reg"); /* cut */
	assert_int_equal(ms_locate(&frame, expression, 1, buffer, NULL, 8, &address, NULL, 0), MS_REFUSED);
	frame.pointer_size = 5;
	assert_int_equal(ms_locate(&frame, expression, 1, buffer, NULL, 8, &address, NULL, 0), MS_REFUSED);
	frame.pointer_size = 8;
	assert_int_equal(ms_locate(&frame, NULL, 0, buffer, buffer, 8, &address, NULL, 0), MS_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_take_bias_and_frame),
		cmocka_unit_test(register_gives_bytes),
		cmocka_unit_test(lost_piece_is_marked_or_refused),
		cmocka_unit_test(unanswered_call_back_is_an_interrupt),
		cmocka_unit_test(answer_of_too_many_bytes_is_none),
		cmocka_unit_test(older_or_strange_callers_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
