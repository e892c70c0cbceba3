/* A program's debug information, which is there.  */
#ifndef DWARF_OPEN_H
#define DWARF_OPEN_H

#include "types/dwarf.h"

/* The test fails where PATH's cannot be opened.  */
struct ms_dwarf *dwarf_open(const char *path);

#endif
