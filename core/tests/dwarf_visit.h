/* Every question that there is, asked of a file's debug information that may be damaged: it is answered or refused with a line,
   and no answer makes no sense. For processes that may die of it.  */
#ifndef DWARF_VISIT_H
#define DWARF_VISIT_H

#include "types/dwarf.h"

struct dwarf_visit {
	const char *const *names; /* of types to look up */
	size_t name_count;
	uint64_t pc, pc_size; /* of a function */
	uint64_t seed;	      /* of what is picked at random */
};

/* Prints "our fault: ..." and ends the process with status 3 when something does not hold.  */
void dwarf_visit(struct ms_dwarf *dwarf, const struct dwarf_visit *visit);

/* Was it libdwarf or libelf that a sanitizer found at fault: is the first frame of its REPORT that is not the sanitizer's own
   theirs?  */
bool dwarf_is_the_librarys(const char *report);

#endif
