/* Opening debug information.  */
#include "dwarf_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct ms_dwarf *dwarf_open(const char *path)
{
	struct ms_buf error = { 0 };
	struct ms_dwarf *dwarf;

	if (ms_dwarf_open(path, NULL, &dwarf, &error) != MS_OK)
		fail_msg("%s", ms_buf_text(&error));
	ms_buf_fini(&error);
	return dwarf;
}
