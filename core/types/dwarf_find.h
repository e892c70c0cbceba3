/* Where a file's debug information is: in itself, or in a separate file by build-id or debuglink. Inside of core/types.  */
#ifndef MS_TYPES_DWARF_FIND_H
#define MS_TYPES_DWARF_FIND_H

#include "types/dwarf.h"
#include "types/dwarf_elf.h"

/* Opens the ELF file that holds the debug information of the one at PATH. As ms_dwarf_open.  */
int64_t ms_dwarf_find(const char *path, const struct ms_dwarf_options *options, struct ms_elf **out,
		      struct ms_buf *error);

#endif
