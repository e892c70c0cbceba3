/* Lists of locations and ranges, written by hand, in the old and the new form.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mapscope.h"
#include "types/dwarf_lists.h"
#include "types/dwarf_numbers.h"

static const uint8_t addresses[] = { 0x00, 0x10, 0, 0, 0x00, 0x20, 0, 0, 0x00, 0x30, 0, 0 };

/* With addresses of 4 bytes, which are shorter to write.  */
static struct ms_list list_of(const uint8_t *data, uint64_t size, uint32_t version)
{
	return (struct ms_list){
		.data = data,
		.size = size,
		.version = version,
		.base = 0x500,
		.unit = { .address_size = 4, .addresses = addresses, .addresses_size = sizeof addresses }
	};
}

/* The one byte of the expression that holds at PC; 0 for none, -1 for a damaged list.  */
static int at(const struct ms_list *list, uint64_t pc)
{
	const uint8_t *expression;
	uint64_t size = 0;
	int64_t status = ms_list_location(list, pc, &expression, &size);

	if (status != MS_OK)
		return status == MS_NOT_FOUND ? 0 : -1;
	assert_int_equal(size, 1);
	return *expression;
}

static void old_locations_are_relative_to_the_base(void **state)
{
	static const uint8_t bytes[] = { 0x10, 0, 0, 0, 0x20, 0,    0,	  0,	1,    0, 'a', 0x20, 0, 0,    0, 0x30, 0,
					 0,    0, 1, 0, 'b',  0xff, 0xff, 0xff, 0xff, 0, 8,   0,    0, 0x10, 0, 0,    0,
					 0x20, 0, 0, 0, 1,    0,    'c',  0,	0,    0, 0,   0,    0, 0,    0 };
	struct ms_list list = list_of(bytes, sizeof bytes, 4);

	(void)state;
	assert_int_equal(at(&list, 0x50f), 0);
	assert_int_equal(at(&list, 0x510), 'a');
	assert_int_equal(at(&list, 0x51f), 'a');
	assert_int_equal(at(&list, 0x520), 'b');
	assert_int_equal(at(&list, 0x530), 0);
	assert_int_equal(at(&list, 0x810), 'c');
	/* From the second entry on.  */
	list.offset = 11;
	assert_int_equal(at(&list, 0x510), 0);
	assert_int_equal(at(&list, 0x520), 'b');
	for (list.size = 0; list.size < sizeof bytes; list.size++)
		assert_int_equal(at(&list, 0x900), -1);
}

static void new_locations_come_in_every_form(void **state)
{
	static const uint8_t bytes[] = { DW_LLE_GNU_view_pair,
					 1,
					 2,
					 DW_LLE_offset_pair,
					 0x10,
					 0x20,
					 1,
					 'a',
					 DW_LLE_base_addressx,
					 1,
					 DW_LLE_offset_pair,
					 0,
					 4,
					 1,
					 'b',
					 DW_LLE_base_address,
					 0,
					 9,
					 0,
					 0,
					 DW_LLE_offset_pair,
					 0,
					 4,
					 1,
					 'c',
					 DW_LLE_startx_endx,
					 0,
					 1,
					 1,
					 'd',
					 DW_LLE_startx_length,
					 2,
					 8,
					 1,
					 'e',
					 DW_LLE_start_end,
					 0,
					 0x40,
					 0,
					 0,
					 1,
					 0x40,
					 0,
					 0,
					 1,
					 'f',
					 DW_LLE_start_length,
					 0,
					 0x50,
					 0,
					 0,
					 2,
					 1,
					 'g',
					 DW_LLE_end_of_list };
	struct ms_list list = list_of(bytes, sizeof bytes, 5);

	(void)state;
	assert_int_equal(at(&list, 0x510), 'a');
	assert_int_equal(at(&list, 0x2003), 'b');
	assert_int_equal(at(&list, 0x2004), 0);
	assert_int_equal(at(&list, 0x900), 'c');
	assert_int_equal(at(&list, 0x1000), 'd');
	assert_int_equal(at(&list, 0x3007), 'e');
	assert_int_equal(at(&list, 0x4000), 'f');
	assert_int_equal(at(&list, 0x4001), 0);
	assert_int_equal(at(&list, 0x5001), 'g');
	assert_int_equal(at(&list, 0x5002), 0);
	for (list.size = 0; list.size < sizeof bytes; list.size++)
		assert_int_equal(at(&list, 0x9999), -1);
}

static void default_location_holds_where_no_other_does(void **state)
{
	static const uint8_t bytes[] = { DW_LLE_default_location, 1, 'z', DW_LLE_offset_pair, 0x10, 0x20, 1, 'a',
					 DW_LLE_end_of_list };
	struct ms_list list = list_of(bytes, sizeof bytes, 5);

	(void)state;
	assert_int_equal(at(&list, 0x510), 'a');
	assert_int_equal(at(&list, 0x10), 'z');
}

static void damaged_locations_are_told(void **state)
{
	static const uint8_t unknown[] = { 99 };
	static const uint8_t index[] = { DW_LLE_base_addressx, 3, DW_LLE_end_of_list };
	static const uint8_t block[] = { DW_LLE_offset_pair, 0, 16, 200, 'a', DW_LLE_end_of_list };
	struct ms_list list = list_of(unknown, sizeof unknown, 5);

	(void)state;
	assert_int_equal(at(&list, 0x500), -1);
	list = list_of(index, sizeof index, 5);
	assert_int_equal(at(&list, 0x500), -1);
	list = list_of(block, sizeof block, 5);
	assert_int_equal(at(&list, 0x500), -1);
	list.offset = 1000;
	assert_int_equal(at(&list, 0x500), -1);
}

static void assert_ranges(struct ms_list list, const uint64_t *expected, uint32_t count, int64_t end)
{
	uint64_t cursor = 0, low, high;

	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(ms_list_range(&list, &cursor, &low, &high), MS_OK);
		assert_int_equal(low, expected[2 * i]);
		assert_int_equal(high, expected[2 * i + 1]);
	}
	assert_int_equal(ms_list_range(&list, &cursor, &low, &high), end);
}

static void ranges_are_read_one_by_one(void **state)
{
	static const uint8_t old[] = { 0x10, 0, 0, 0, 0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 8, 0, 0,
				       1,    0, 0, 0, 2,    0, 0, 0, 0,	   0,	 0,    0,    0, 0, 0, 0 };
	static const uint8_t new[] = { DW_RLE_offset_pair,
				       1,
				       2,
				       DW_RLE_base_addressx,
				       2,
				       DW_RLE_offset_pair,
				       1,
				       2,
				       DW_RLE_base_address,
				       0,
				       9,
				       0,
				       0,
				       DW_RLE_offset_pair,
				       1,
				       2,
				       DW_RLE_startx_endx,
				       0,
				       1,
				       DW_RLE_startx_length,
				       0,
				       5,
				       DW_RLE_start_end,
				       0,
				       0x40,
				       0,
				       0,
				       1,
				       0x40,
				       0,
				       0,
				       DW_RLE_start_length,
				       0,
				       0x50,
				       0,
				       0,
				       2,
				       DW_RLE_end_of_list };
	static const uint64_t of_old[] = { 0x510, 0x520, 0x801, 0x802 };
	static const uint64_t of_new[] = { 0x501,  0x502,  0x3001, 0x3002, 0x901,  0x902,  0x1000,
					   0x2000, 0x1000, 0x1005, 0x4000, 0x4001, 0x5000, 0x5002 };

	(void)state;
	assert_ranges(list_of(old, sizeof old, 4), of_old, 2, MS_NOT_FOUND);
	assert_ranges(list_of(new, sizeof new, 5), of_new, 7, MS_NOT_FOUND);
	assert_ranges(list_of(old, sizeof old - 1, 4), of_old, 2, MS_BAD_TYPE);
	assert_ranges(list_of(new, sizeof new - 1, 5), of_new, 7, MS_BAD_TYPE);
	/* What is a view pair in a list of locations is nothing here.  */
	assert_ranges(list_of((const uint8_t[]){ 8, 0, 0, 0 }, 4, 5), NULL, 0, MS_BAD_TYPE);
}

static void lists_are_found_by_number(void **state)
{
	/* A table of two offsets of 4 bytes at 12, relative to itself.  */
	static const uint8_t bytes[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 'x', 'y' };
	struct ms_list list = list_of(bytes, sizeof bytes, 5);
	uint64_t offset;

	(void)state;
	assert_true(ms_list_offset(&list, 12, 4, 0, &offset));
	assert_int_equal(offset, 20);
	assert_true(ms_list_offset(&list, 12, 4, 1, &offset));
	assert_int_equal(offset, 21);
	assert_false(ms_list_offset(&list, 12, 4, 2, &offset));
	assert_false(ms_list_offset(&list, 12, 4, UINT64_MAX / 4 + 1, &offset));
	assert_false(ms_list_offset(&list, 23, 4, 0, &offset));
	assert_false(ms_list_offset(&list, UINT64_MAX, 4, 0, &offset));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_locations_are_relative_to_the_base),
		cmocka_unit_test(new_locations_come_in_every_form),
		cmocka_unit_test(default_location_holds_where_no_other_does),
		cmocka_unit_test(damaged_locations_are_told),
		cmocka_unit_test(ranges_are_read_one_by_one),
		cmocka_unit_test(lists_are_found_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
