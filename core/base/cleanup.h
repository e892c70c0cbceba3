/* Scope guards: a variable marked so is released when it goes out of scope.  */
#ifndef MS_BASE_CLEANUP_H
#define MS_BASE_CLEANUP_H

#include <stdlib.h>

static inline void ms_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}
#define _cleanup_free_ __attribute__((cleanup(ms_cleanup_free)))

#endif
