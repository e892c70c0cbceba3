/* DWARF expressions, written by hand, against a target of a few registers and a page of memory.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mapscope.h"
#include "types/dwarf_numbers.h"
#include "types/location.h"

enum { MEMORY = 0x1000, MEMORY_SIZE = 256, CFA = 0x7f0010, BIAS = 0x550000 };

struct world {
	uint8_t memory[MEMORY_SIZE];
	struct ms_location_unit unit;
	struct ms_location_target target;
	struct ms_location location;
	struct ms_buf error;
	int64_t status;
};

/* Register N holds N times 0x0101010101010101; there are 40.  */
static uint64_t read_register(void *user, uint32_t number, void *buffer, uint64_t size)
{
	const struct world *w = user;

	if (number >= 40)
		return 0;
	size = size < 8 ? size : 8;
	memset(buffer, (int)number, size);
	if (size == 8 && number == 7) /* a stack pointer into memory */
		for (uint64_t i = 0; i < 8; i++)
			((uint8_t *)buffer)[w->unit.big_endian ? 7 - i : i] = (uint8_t)((uint64_t)MEMORY >> 8 * i);
	return size;
}

static bool read_cfa(void *user, uint64_t *out)
{
	(void)user;
	*out = CFA;
	return true;
}

static int64_t read_memory(void *user, uint64_t address, void *buffer, uint64_t len)
{
	const struct world *w = user;

	if (address < MEMORY || address - MEMORY >= MEMORY_SIZE)
		return 0;
	uint64_t left = MEMORY_SIZE - (address - MEMORY);
	uint64_t size = len < left ? len : left;
	memcpy(buffer, w->memory + (address - MEMORY), size);
	return (int64_t)size;
}

static bool tls(void *user, uint64_t offset, uint64_t *out)
{
	(void)user;
	*out = 0x900000 + offset;
	return true;
}

static void world_init(struct world *w, uint32_t address_size, bool big_endian)
{
	*w = (struct world){ 0 };
	for (int i = 0; i < MEMORY_SIZE; i++)
		w->memory[i] = (uint8_t)i;
	w->unit = (struct ms_location_unit){ .address_size = address_size, .big_endian = big_endian };
	w->target = (struct ms_location_target){
		.user = w, .reg = read_register, .cfa = read_cfa, .read = read_memory, .tls = tls, .bias = BIAS
	};
}

static void evaluate(struct world *w, const uint8_t *expression, uint64_t size)
{
	ms_buf_clear(&w->error);
	/* On the heap, so that a read behind it is seen.  */
	uint8_t *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, expression, size);
	w->status = ms_location_evaluate(copy, size, &w->unit, &w->target, &w->location, &w->error);
	assert_true(w->status == MS_OK || w->error.size > 0);
	assert_true(w->status != MS_OK || w->error.size == 0);
	if (w->status == MS_OK && w->location.count == 1 && w->location.pieces[0].kind == MS_PIECE_BYTES)
		assert_true(w->location.pieces[0].bytes >= copy);
	free(copy);
}

#define EVALUATE(w, ...)                                                                                               \
	do {                                                                                                           \
		const uint8_t expression[] = { __VA_ARGS__ };                                                          \
		evaluate(w, expression, sizeof expression);                                                            \
	} while (0)

static void assert_address(struct world *w, uint64_t expected)
{
	uint64_t address = 0;

	assert_string_equal(ms_buf_text(&w->error), "");
	assert_int_equal(w->status, MS_OK);
	assert_true(ms_location_address(&w->location, &address));
	assert_int_equal(address, expected);
}

static void assert_refused(struct world *w, int64_t status, const char *words)
{
	if (w->status != status || !strstr(ms_buf_text(&w->error), words))
		fail_msg("status %d, %s", (int)w->status, ms_buf_text(&w->error));
}

/* The value that EXPRESSION computes, by DW_OP_stack_value behind it.  */
static uint64_t computed(struct world *w, const uint8_t *expression, uint64_t size)
{
	uint8_t with_value[64];

	memcpy(with_value, expression, size);
	with_value[size] = DW_OP_stack_value;
	evaluate(w, with_value, size + 1);
	assert_string_equal(ms_buf_text(&w->error), "");
	assert_int_equal(w->location.count, 1);
	assert_int_equal(w->location.pieces[0].kind, MS_PIECE_VALUE);
	return w->location.pieces[0].number;
}

#define COMPUTED(w, ...) computed(w, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void static_address_moves_with_the_load_bias(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	EVALUATE(&w, DW_OP_addr, 0x10, 0x32, 0x54, 0, 0, 0, 0, 0);
	assert_address(&w, 0x543210 + BIAS);
	world_init(&w, 4, true);
	EVALUATE(&w, DW_OP_addr, 0x00, 0x54, 0x32, 0x10);
	assert_address(&w, 0x543210 + BIAS);
	ms_buf_fini(&w.error);
}

static void indexed_address_comes_from_the_units_table(void **state)
{
	static const uint8_t table[] = { 1, 0, 0, 0, 0, 0, 0, 0, 0x20, 0x10, 0, 0, 0, 0, 0, 0 };
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	w.unit.addresses = table;
	w.unit.addresses_size = sizeof table;
	EVALUATE(&w, DW_OP_addrx, 1);
	assert_address(&w, 0x1020 + BIAS);
	EVALUATE(&w, DW_OP_constx, 1);
	assert_address(&w, 0x1020);
	EVALUATE(&w, DW_OP_addrx, 2);
	assert_refused(&w, MS_BAD_TYPE, "no address number 2 in .debug_addr");
	ms_buf_fini(&w.error);
}

static void frame_is_reached_by_cfa_register_or_frame_base(void **state)
{
	static const uint8_t by_cfa[] = { DW_OP_call_frame_cfa };
	static const uint8_t by_register[] = { DW_OP_reg0 + 7 };
	static const uint8_t by_offset[] = { DW_OP_breg0 + 7, 16 };
	static const uint8_t circle[] = { DW_OP_fbreg, 0 };
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	EVALUATE(&w, DW_OP_call_frame_cfa, DW_OP_plus_uconst, 8);
	assert_address(&w, CFA + 8);
	EVALUATE(&w, DW_OP_breg0 + 7, 0x70); /* -16 */
	assert_address(&w, MEMORY - 16);
	EVALUATE(&w, DW_OP_bregx, 7, 0x80, 1);
	assert_address(&w, MEMORY + 128);

	EVALUATE(&w, DW_OP_fbreg, 0x70);
	assert_refused(&w, MS_REFUSED, "frame");
	w.target.frame_base = by_cfa;
	w.target.frame_base_size = 1;
	EVALUATE(&w, DW_OP_fbreg, 0x70);
	assert_address(&w, CFA - 16);
	w.target.frame_base = by_register;
	EVALUATE(&w, DW_OP_fbreg, 0x70);
	assert_address(&w, MEMORY - 16);
	w.target.frame_base = by_offset;
	w.target.frame_base_size = 2;
	EVALUATE(&w, DW_OP_fbreg, 0x70);
	assert_address(&w, MEMORY);
	w.target.frame_base = circle;
	EVALUATE(&w, DW_OP_fbreg, 0);
	assert_refused(&w, MS_REFUSED, "frame");

	w.target.cfa = NULL;
	EVALUATE(&w, DW_OP_call_frame_cfa);
	assert_refused(&w, MS_REFUSED, "address of its frame");
	w.target.reg = NULL;
	EVALUATE(&w, DW_OP_breg0 + 7, 0);
	assert_refused(&w, MS_REFUSED, "register 7 is not known in this frame");
	ms_buf_fini(&w.error);
}

static void constants_are_read_by_size_and_sign(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 31), 31);
	assert_int_equal(COMPUTED(&w, DW_OP_const1u, 0xff), 255);
	assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff), -1);
	assert_int_equal(COMPUTED(&w, DW_OP_const2u, 0xfe, 0xff), 0xfffe);
	assert_int_equal(COMPUTED(&w, DW_OP_const2s, 0xfe, 0xff), -2);
	assert_int_equal(COMPUTED(&w, DW_OP_const4u, 0xfd, 0xff, 0xff, 0xff), 0xfffffffd);
	assert_int_equal(COMPUTED(&w, DW_OP_const4s, 0xfd, 0xff, 0xff, 0xff), -3);
	assert_int_equal(COMPUTED(&w, DW_OP_const8s, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), -4);
	assert_int_equal(COMPUTED(&w, DW_OP_constu, 0xe5, 0x8e, 0x26), 624485); /* the standard's example */
	assert_int_equal(COMPUTED(&w, DW_OP_consts, 0x80, 0x7f), -128);
	world_init(&w, 4, true);
	assert_int_equal(COMPUTED(&w, DW_OP_const2u, 0x12, 0x34), 0x1234);
	assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff), 0xffffffff);
	ms_buf_fini(&w.error);
}

static void arithmetic_is_as_wide_as_an_address(void **state)
{
	struct world w;

	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		uint64_t ones = wide ? UINT64_MAX : UINT32_MAX;
		world_init(&w, wide ? 8 : 4, false);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0, DW_OP_lit0 + 1, DW_OP_minus), ones);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 7, DW_OP_const1s, 0xfe, DW_OP_div), ones - 2);
		assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff, DW_OP_lit0 + 16, DW_OP_mod), 15);
		assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff, DW_OP_lit0 + 4, DW_OP_shr), ones >> 4);
		assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff, DW_OP_lit0 + 4, DW_OP_shra), ones);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 1, DW_OP_const1u, 200, DW_OP_shl), 0);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 1, DW_OP_const1u, 200, DW_OP_shra), 0);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 5, DW_OP_neg, DW_OP_abs), 5);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0, DW_OP_not), ones);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 6, DW_OP_lit0 + 3, DW_OP_mul), 18);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 6, DW_OP_lit0 + 3, DW_OP_and), 2);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 6, DW_OP_lit0 + 3, DW_OP_or), 7);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 6, DW_OP_lit0 + 3, DW_OP_xor), 5);
		/* Comparisons are signed.  */
		assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff, DW_OP_lit0 + 3, DW_OP_lt), 1);
		assert_int_equal(COMPUTED(&w, DW_OP_const1s, 0xff, DW_OP_lit0 + 3, DW_OP_ge), 0);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 3, DW_OP_lit0 + 3, DW_OP_eq), 1);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 3, DW_OP_lit0 + 3, DW_OP_ne), 0);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 3, DW_OP_lit0 + 3, DW_OP_le), 1);
		assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 3, DW_OP_lit0 + 3, DW_OP_gt), 0);
	}
	/* The one quotient that does not fit.  */
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 1, DW_OP_lit0 + 31, DW_OP_lit0 + 31, DW_OP_lit0 + 1, DW_OP_plus,
				  DW_OP_plus, DW_OP_shl, DW_OP_const1s, 0xff, DW_OP_div),
			 (uint64_t)1 << 63);
	EVALUATE(&w, DW_OP_lit0, DW_OP_lit0, DW_OP_div);
	assert_refused(&w, MS_BAD_TYPE, "divides by zero");
	EVALUATE(&w, DW_OP_lit0, DW_OP_lit0, DW_OP_mod);
	assert_refused(&w, MS_BAD_TYPE, "divides by zero");
	ms_buf_fini(&w.error);
}

static void stack_is_moved_as_the_standard_says(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	/* The examples of DWARF 5, D.1.2, with 17, 29 and 1000 as 17, 29, 30: the top of the stack is last.  */
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 17, DW_OP_dup, DW_OP_plus), 34);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 17, DW_OP_lit0 + 29, DW_OP_drop), 17);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 30, DW_OP_lit0 + 29, DW_OP_lit0 + 17, DW_OP_pick, 2), 30);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 30, DW_OP_lit0 + 29, DW_OP_lit0 + 17, DW_OP_over), 29);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 30, DW_OP_lit0 + 29, DW_OP_lit0 + 17, DW_OP_swap), 29);
	/* rot: 17 goes third, 29 comes first, then 30.  */
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 30, DW_OP_lit0 + 29, DW_OP_lit0 + 17, DW_OP_rot), 29);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 30, DW_OP_lit0 + 29, DW_OP_lit0 + 17, DW_OP_rot, DW_OP_drop), 30);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 30, DW_OP_lit0 + 29, DW_OP_lit0 + 17, DW_OP_rot, DW_OP_drop,
				  DW_OP_drop),
			 17);
	static const uint8_t short_of[][3] = {
		{ DW_OP_plus, DW_OP_nop, DW_OP_nop },  { DW_OP_lit0, DW_OP_plus, DW_OP_nop },
		{ DW_OP_lit0, DW_OP_swap, DW_OP_nop }, { DW_OP_lit0, DW_OP_lit0, DW_OP_rot },
		{ DW_OP_lit0, DW_OP_pick, 1 },	       { DW_OP_drop, DW_OP_nop, DW_OP_nop },
		{ DW_OP_dup, DW_OP_nop, DW_OP_nop },   { DW_OP_stack_value, DW_OP_nop, DW_OP_nop }
	};
	for (size_t i = 0; i < sizeof short_of / sizeof *short_of; i++) {
		evaluate(&w, short_of[i], 3);
		assert_refused(&w, MS_BAD_TYPE, "stack is empty");
	}
	ms_buf_fini(&w.error);
}

static void memory_is_read_by_size(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	EVALUATE(&w, DW_OP_breg0 + 7, 8, DW_OP_deref);
	assert_address(&w, 0x0f0e0d0c0b0a0908);
	EVALUATE(&w, DW_OP_breg0 + 7, 8, DW_OP_deref_size, 2);
	assert_address(&w, 0x0908);
	EVALUATE(&w, DW_OP_lit0 + 3, DW_OP_deref);
	assert_refused(&w, MS_FAULT, "cannot read memory at 0x3");
	/* Its last bytes are missing.  */
	EVALUATE(&w, DW_OP_const2u, 0xfc, 0x10, DW_OP_deref);
	assert_refused(&w, MS_FAULT, "cannot read memory at 0x10fc");
	EVALUATE(&w, DW_OP_breg0 + 7, 8, DW_OP_deref_size, 9);
	assert_refused(&w, MS_BAD_TYPE, "9 bytes");
	EVALUATE(&w, DW_OP_breg0 + 7, 8, DW_OP_deref_size, 0);
	assert_refused(&w, MS_BAD_TYPE, "0 bytes");
	ms_buf_fini(&w.error);
}

static void jumps_end(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	/* 1 if 5 > 3 else 2.  */
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 5, DW_OP_lit0 + 3, DW_OP_gt, DW_OP_bra, 4, 0, DW_OP_lit0 + 2,
				  DW_OP_skip, 1, 0, DW_OP_lit0 + 1),
			 1);
	assert_int_equal(COMPUTED(&w, DW_OP_lit0 + 3, DW_OP_lit0 + 5, DW_OP_gt, DW_OP_bra, 4, 0, DW_OP_lit0 + 2,
				  DW_OP_skip, 1, 0, DW_OP_lit0 + 1),
			 2);
	EVALUATE(&w, DW_OP_skip, 0xfd, 0xff);
	assert_refused(&w, MS_BAD_TYPE, "does not end");
	EVALUATE(&w, DW_OP_lit0, DW_OP_skip, 0xfc, 0xff);
	assert_refused(&w, MS_BAD_TYPE, "stack grows without end");
	EVALUATE(&w, DW_OP_skip, 0xfc, 0xff);
	assert_refused(&w, MS_BAD_TYPE, "jumps out of itself");
	EVALUATE(&w, DW_OP_skip, 1, 0);
	assert_refused(&w, MS_BAD_TYPE, "jumps out of itself");
	ms_buf_fini(&w.error);
}

static void truncated_expression_is_damaged(void **state)
{
	static const uint8_t whole[] = { DW_OP_addr, 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t block[] = { DW_OP_implicit_value, 4, 1, 2, 3 };
	static const uint8_t leb[] = { DW_OP_constu, 0x80, 0x80 };
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	for (uint64_t size = 1; size < sizeof whole; size++) {
		evaluate(&w, whole, size);
		assert_refused(&w, MS_BAD_TYPE, "ends too early");
	}
	evaluate(&w, block, sizeof block);
	assert_refused(&w, MS_BAD_TYPE, "ends too early");
	evaluate(&w, leb, sizeof leb);
	assert_refused(&w, MS_BAD_TYPE, "ends too early");
	ms_buf_fini(&w.error);
}

static void assert_gathered(struct world *w, const void *expected, uint64_t size)
{
	uint8_t bytes[32];

	assert_string_equal(ms_buf_text(&w->error), "");
	assert_int_equal(ms_location_gather(&w->location, &w->unit, &w->target, bytes, size, &w->error), MS_OK);
	assert_memory_equal(bytes, expected, size);
}

static void assert_not_gathered(struct world *w, uint64_t size, int64_t status, const char *words)
{
	uint8_t bytes[32];

	assert_int_equal(w->status, MS_OK);
	w->status = ms_location_gather(&w->location, &w->unit, &w->target, bytes, size, &w->error);
	assert_refused(w, status, words);
	ms_buf_clear(&w->error);
}

static void value_is_gathered_from_one_place(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	EVALUATE(&w, DW_OP_reg0 + 3);
	assert_false(ms_location_address(&w.location, &(uint64_t){ 0 }));
	assert_gathered(&w, "\3\3\3\3", 4);
	EVALUATE(&w, DW_OP_regx, 39);
	assert_gathered(&w, "\x27\x27", 2);
	EVALUATE(&w, DW_OP_breg0 + 7, 4);
	assert_gathered(&w, "\4\5\6", 3);
	EVALUATE(&w, DW_OP_const2u, 0x34, 0x12, DW_OP_stack_value);
	assert_gathered(&w, "\x34\x12\0\0", 4);
	w.unit.big_endian = true;
	assert_gathered(&w, "\0\0\x12\x34", 4);

	EVALUATE(&w, DW_OP_regx, 40);
	assert_not_gathered(&w, 4, MS_REFUSED, "register 40 is not known in this frame");
	EVALUATE(&w, DW_OP_reg0 + 3);
	assert_not_gathered(&w, 16, MS_REFUSED, "register 3 is narrower");
	EVALUATE(&w, DW_OP_lit0 + 3);
	assert_not_gathered(&w, 16, MS_FAULT, "cannot read memory at 0x3");
	EVALUATE(&w, DW_OP_lit0 + 3, DW_OP_stack_value);
	assert_not_gathered(&w, 16, MS_REFUSED, "value of 16");
	evaluate(&w, (const uint8_t *)"", 0);
	assert_int_equal(w.location.pieces[0].kind, MS_PIECE_NONE);
	assert_not_gathered(&w, 4, MS_REFUSED, "optimised out");
	ms_buf_fini(&w.error);
}

static void implicit_value_is_its_bytes(void **state)
{
	static const uint8_t expression[] = { DW_OP_implicit_value, 3, 7, 8, 9 };
	struct world w;

	(void)state;
	world_init(&w, 8, true);
	w.status = ms_location_evaluate(expression, sizeof expression, &w.unit, &w.target, &w.location, &w.error);
	assert_gathered(&w, "\7\10\11", 3);
	assert_not_gathered(&w, 4, MS_REFUSED, "value of 4");
	ms_buf_fini(&w.error);
}

static void pieces_are_put_together_and_a_hole_is_told(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	/* A Go string: its pointer in one register, its length in another.  */
	EVALUATE(&w, DW_OP_reg0 + 1, DW_OP_piece, 8, DW_OP_reg0 + 2, DW_OP_piece, 8);
	assert_int_equal(w.location.count, 2);
	assert_false(ms_location_address(&w.location, &(uint64_t){ 0 }));
	assert_gathered(&w, "\1\1\1\1\1\1\1\1\2\2\2\2\2\2\2\2", 16);
	EVALUATE(&w, DW_OP_breg0 + 7, 2, DW_OP_piece, 2, DW_OP_lit0 + 9, DW_OP_stack_value, DW_OP_piece, 1,
		 DW_OP_reg0 + 5, DW_OP_piece, 4);
	assert_gathered(&w, "\2\3\11\5\5\5\5", 7);
	/* Only as much as is asked for.  */
	assert_gathered(&w, "\2\3\11\5", 4);
	assert_not_gathered(&w, 8, MS_REFUSED, "do not make up all of it");
	EVALUATE(&w, DW_OP_reg0 + 1, DW_OP_piece, 4, DW_OP_piece, 4);
	assert_int_equal(w.location.pieces[1].kind, MS_PIECE_NONE);
	assert_gathered(&w, "\1\1\1\1", 4);
	assert_not_gathered(&w, 8, MS_REFUSED, "optimised out here, in whole or in part");
	EVALUATE(&w, DW_OP_reg0 + 1, DW_OP_piece, 0, DW_OP_reg0 + 2, DW_OP_piece, 4);
	assert_gathered(&w, "\2\2\2\2", 4);

	uint8_t many[2 * (MS_PIECES_MOST + 1)];
	for (size_t i = 0; i < sizeof many; i += 2) {
		many[i] = DW_OP_piece;
		many[i + 1] = 1;
	}
	evaluate(&w, many, sizeof many - 2);
	assert_int_equal(w.status, MS_OK);
	evaluate(&w, many, sizeof many);
	assert_refused(&w, MS_REFUSED, "more than 64 pieces");
	ms_buf_fini(&w.error);
}

static void thread_local_needs_the_thread(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	EVALUATE(&w, DW_OP_const1u, 0x40, DW_OP_GNU_push_tls_address);
	assert_address(&w, 0x900040);
	EVALUATE(&w, DW_OP_const1u, 0x40, DW_OP_form_tls_address);
	assert_address(&w, 0x900040);
	w.target.tls = NULL;
	EVALUATE(&w, DW_OP_const1u, 0x40, DW_OP_form_tls_address);
	assert_refused(&w, MS_REFUSED, "thread-local");
	ms_buf_fini(&w.error);
}

static void what_is_not_supported_is_named(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	EVALUATE(&w, DW_OP_entry_value, 1, DW_OP_reg0 + 5, DW_OP_stack_value);
	assert_refused(&w, MS_REFUSED, "entry value");
	EVALUATE(&w, DW_OP_GNU_entry_value, 1, DW_OP_reg0 + 5, DW_OP_stack_value);
	assert_refused(&w, MS_REFUSED, "entry value");
	EVALUATE(&w, DW_OP_reg0, DW_OP_bit_piece, 3, 0);
	assert_refused(&w, MS_REFUSED, "single bits");
	EVALUATE(&w, DW_OP_implicit_pointer, 0, 0, 0, 0, 0);
	assert_refused(&w, MS_REFUSED, "optimised out");
	EVALUATE(&w, 0xa5, 0, 0); /* DW_OP_regval_type */
	assert_refused(&w, MS_REFUSED, "typed arithmetic");
	EVALUATE(&w, DW_OP_call4, 0, 0, 0, 0);
	assert_refused(&w, MS_REFUSED, "DWARF operation 0x99");
	EVALUATE(&w, 0xee);
	assert_refused(&w, MS_REFUSED, "DWARF operation 0xee");
	w.unit.address_size = 2;
	EVALUATE(&w, DW_OP_lit0);
	assert_refused(&w, MS_REFUSED, "2 bytes");
	ms_buf_fini(&w.error);
}

/* Whatever the bytes are, it ends, with a line if it fails; the sanitizers watch.  */
static void random_expressions_end(void **state)
{
	struct world w;
	uint8_t expression[24], bytes[32];
	uint64_t seed = 0x9e3779b97f4a7c15;
	unsigned good = 0;

	(void)state;
	world_init(&w, 8, false);
	w.target.frame_base = (const uint8_t[]){ DW_OP_call_frame_cfa };
	w.target.frame_base_size = 1;
	for (int round = 0; round < 200000; round++) {
		for (size_t i = 0; i < sizeof expression; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			expression[i] = (uint8_t)(seed >> 56);
		}
		uint64_t size = 1 + seed % sizeof expression;
		ms_buf_clear(&w.error);
		w.status = ms_location_evaluate(expression, size, &w.unit, &w.target, &w.location, &w.error);
		assert_true((w.status == MS_OK) == (w.error.size == 0));
		if (w.status != MS_OK)
			continue;
		good++;
		ms_location_gather(&w.location, &w.unit, &w.target, bytes, 1 + seed % sizeof bytes, &w.error);
	}
	assert_true(good > 1000);
	ms_buf_fini(&w.error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(static_address_moves_with_the_load_bias),
		cmocka_unit_test(indexed_address_comes_from_the_units_table),
		cmocka_unit_test(frame_is_reached_by_cfa_register_or_frame_base),
		cmocka_unit_test(constants_are_read_by_size_and_sign),
		cmocka_unit_test(arithmetic_is_as_wide_as_an_address),
		cmocka_unit_test(stack_is_moved_as_the_standard_says),
		cmocka_unit_test(memory_is_read_by_size),
		cmocka_unit_test(jumps_end),
		cmocka_unit_test(truncated_expression_is_damaged),
		cmocka_unit_test(value_is_gathered_from_one_place),
		cmocka_unit_test(implicit_value_is_its_bytes),
		cmocka_unit_test(pieces_are_put_together_and_a_hole_is_told),
		cmocka_unit_test(thread_local_needs_the_thread),
		cmocka_unit_test(what_is_not_supported_is_named),
		cmocka_unit_test(random_expressions_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
