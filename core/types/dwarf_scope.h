/* Program counters: the unit, the function and the blocks that one lies in. Inside of core/types.  */
#ifndef MS_TYPES_DWARF_SCOPE_H
#define MS_TYPES_DWARF_SCOPE_H

#include "types/dwarf_die.h"

enum { MS_BLOCKS_MOST = 64 };

/* Blocks from the function inwards, each within the one before.  */
struct ms_blocks {
	const struct ms_unit *unit;
	uint32_t count;
	uint64_t dies[MS_BLOCKS_MOST];
	bool inlined[MS_BLOCKS_MOST]; /* an inlined call: a function of its own to its user */
};

/* NULL for a counter that no unit claims.  */
const struct ms_unit *ms_scope_unit(struct ms_dwarf *dwarf, uint64_t pc);
/* False: no function is there.  */
bool ms_scope_blocks(struct ms_dwarf *dwarf, uint64_t pc, struct ms_blocks *out);
/* Is this a DIE within a function that only groups others, with or without addresses of its own?  */
bool ms_scope_is_block(uint32_t tag);
/* Has the DIE addresses at all?  */
bool ms_scope_has_addresses(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die);
/* Where ATTR, a list of locations or ranges, starts; false if it is no list.  */
struct ms_list;
bool ms_scope_list(struct ms_dwarf *dwarf, const struct ms_unit *unit, const struct ms_attr *attr, bool of_locations,
		   struct ms_list *out);

#endif
