/* Location lists and range lists. Both have two forms: pairs of addresses up to DWARF 4 (2.6.2, 2.17.3), tagged entries since
   DWARF 5 (2.6.2, 2.17.3; the tags are not quite the same). An address all of ones selects a new base in the older form.  */
#include "types/dwarf_lists.h"

#include "mapscope.h"
#include "types/dwarf_cursor.h"
#include "types/dwarf_numbers.h"

/* What an entry says.  */
enum entry { ENTRY_END, ENTRY_RANGE, ENTRY_BASE, ENTRY_DEFAULT, ENTRY_SKIP, ENTRY_BAD };

static struct ms_cursor start_at(const struct ms_list *list, uint64_t offset)
{
	struct ms_cursor cursor = { list->data, list->data + list->size, list->unit.big_endian, false };

	ms_cursor_bytes(&cursor, offset);
	return cursor;
}

static uint64_t all_ones(uint32_t address_size)
{
	return address_size >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * address_size) - 1;
}

/* Address number INDEX of .debug_addr.  */
static uint64_t indexed(const struct ms_list *list, struct ms_cursor *cursor)
{
	uint64_t index = ms_cursor_uleb(cursor), size = list->unit.address_size;

	if (!size || index >= list->unit.addresses_size / size) {
		cursor->failed = true;
		return 0;
	}
	return ms_load(list->unit.addresses + index * size, size, list->unit.big_endian);
}

static enum entry read_pair(struct ms_list *list, struct ms_cursor *cursor, uint64_t *low, uint64_t *high)
{
	uint32_t size = list->unit.address_size;

	*low = ms_cursor_number(cursor, size);
	*high = ms_cursor_number(cursor, size);
	if (cursor->failed)
		return ENTRY_BAD;
	if (*low == 0 && *high == 0)
		return ENTRY_END;
	if (*low == all_ones(size)) {
		list->base = *high;
		return ENTRY_BASE;
	}
	*low += list->base;
	*high += list->base;
	return ENTRY_RANGE;
}

static enum entry read_tagged(struct ms_list *list, struct ms_cursor *cursor, bool of_locations, uint64_t *low,
			      uint64_t *high)
{
	uint32_t size = list->unit.address_size;
	uint64_t tag = ms_cursor_number(cursor, 1);
	enum entry entry = ENTRY_RANGE;

	if (cursor->failed)
		return ENTRY_BAD;
	/* From 5 on, locations have one tag more.  */
	if (!of_locations && tag >= DW_RLE_base_address)
		tag++;
	switch (tag) {
	case DW_LLE_end_of_list:
		return ENTRY_END;
	case DW_LLE_base_addressx:
		list->base = indexed(list, cursor);
		entry = ENTRY_BASE;
		break;
	case DW_LLE_startx_endx:
		*low = indexed(list, cursor);
		*high = indexed(list, cursor);
		break;
	case DW_LLE_startx_length:
		*low = indexed(list, cursor);
		*high = *low + ms_cursor_uleb(cursor);
		break;
	case DW_LLE_offset_pair:
		*low = list->base + ms_cursor_uleb(cursor);
		*high = list->base + ms_cursor_uleb(cursor);
		break;
	case DW_LLE_default_location:
		entry = ENTRY_DEFAULT;
		break;
	case DW_LLE_base_address:
		list->base = ms_cursor_number(cursor, size);
		entry = ENTRY_BASE;
		break;
	case DW_LLE_start_end:
		*low = ms_cursor_number(cursor, size);
		*high = ms_cursor_number(cursor, size);
		break;
	case DW_LLE_start_length:
		*low = ms_cursor_number(cursor, size);
		*high = *low + ms_cursor_uleb(cursor);
		break;
	case DW_LLE_GNU_view_pair:
		if (!of_locations)
			return ENTRY_BAD;
		ms_cursor_uleb(cursor);
		ms_cursor_uleb(cursor);
		entry = ENTRY_SKIP;
		break;
	default:
		return ENTRY_BAD;
	}
	return cursor->failed ? ENTRY_BAD : entry;
}

int64_t ms_list_location(const struct ms_list *list, uint64_t pc, const uint8_t **expression_out, uint64_t *size_out)
{
	struct ms_list walk = *list;
	struct ms_cursor cursor = start_at(list, list->offset);
	int64_t status = MS_NOT_FOUND;

	for (;;) {
		uint64_t low = 0, high = 0;
		enum entry entry = list->version < 5 ? read_pair(&walk, &cursor, &low, &high)
						     : read_tagged(&walk, &cursor, true, &low, &high);
		if (entry == ENTRY_BAD || entry == ENTRY_END)
			return entry == ENTRY_BAD ? MS_BAD_TYPE : status;
		if (entry == ENTRY_BASE || entry == ENTRY_SKIP)
			continue;
		uint64_t size = list->version < 5 ? ms_cursor_number(&cursor, 2) : ms_cursor_uleb(&cursor);
		const uint8_t *expression = ms_cursor_bytes(&cursor, size);
		if (cursor.failed)
			return MS_BAD_TYPE;
		bool holds = entry == ENTRY_RANGE && low <= pc && pc < high;
		if (holds || (entry == ENTRY_DEFAULT && status == MS_NOT_FOUND)) {
			*expression_out = expression;
			*size_out = size;
			status = MS_OK;
		}
		if (holds)
			return MS_OK;
	}
}

int64_t ms_list_range(struct ms_list *list, uint64_t *cursor, uint64_t *low_out, uint64_t *high_out)
{
	struct ms_cursor bytes = start_at(list, *cursor ? *cursor - 1 : list->offset);

	for (;;) {
		enum entry entry = list->version < 5 ? read_pair(list, &bytes, low_out, high_out)
						     : read_tagged(list, &bytes, false, low_out, high_out);
		if (entry == ENTRY_BASE)
			continue;
		*cursor = (uint64_t)(bytes.at - list->data) + 1;
		return entry == ENTRY_RANGE ? MS_OK : entry == ENTRY_END ? MS_NOT_FOUND : MS_BAD_TYPE;
	}
}

bool ms_list_offset(const struct ms_list *list, uint64_t base, uint32_t offset_size, uint64_t index,
		    uint64_t *offset_out)
{
	if (base > list->size || index >= (list->size - base) / offset_size)
		return false;
	struct ms_cursor cursor = start_at(list, base + index * offset_size);
	*offset_out = base + ms_cursor_number(&cursor, offset_size);
	return !cursor.failed;
}
