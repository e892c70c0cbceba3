/* Location lists and range lists of DWARF 2 to 5, from the bytes of their sections. Inside of core/types; knows no libdwarf.  */
#ifndef MS_TYPES_DWARF_LISTS_H
#define MS_TYPES_DWARF_LISTS_H

#include "types/location.h"

struct ms_list {
	const uint8_t *data; /* the section that it lies in */
	uint64_t size;
	uint64_t offset;	      /* where it starts there */
	uint32_t version;	      /* of DWARF: 5 and up has another form */
	struct ms_location_unit unit; /* with .debug_addr, which version 5 may use */
	uint64_t base;		      /* the unit's low_pc */
};

/* The expression that holds at PC. MS_OK; MS_NOT_FOUND: none does; MS_BAD_TYPE: the list is damaged.  */
int64_t ms_list_location(const struct ms_list *list, uint64_t pc, const uint8_t **expression_out, uint64_t *size_out);

/* One range after the other, from *CURSOR 0. MS_OK, MS_NOT_FOUND at the end, MS_BAD_TYPE. The base moves with the list, so one
   list is to be read with one struct, from its start.  */
int64_t ms_list_range(struct ms_list *list, uint64_t *cursor, uint64_t *low_out, uint64_t *high_out);

/* The offset of list number INDEX by the table of offsets at BASE (of loclists_base, rnglists_base).  */
bool ms_list_offset(const struct ms_list *list, uint64_t base, uint32_t offset_size, uint64_t index,
		    uint64_t *offset_out);

#endif
