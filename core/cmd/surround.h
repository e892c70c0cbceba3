/* What debuggers need of the process around a map to find variables by name in a core: where its files were loaded, the
   selected thread's registers and stack. Inside of map-save.  */
#ifndef MS_SURROUND_H
#define MS_SURROUND_H

#include "context.h"
#include "mem/corefile.h"

/* Reads of CTX, a context that records them, what debuggers will read; asks FROM for the rest; adds notes to CORE and sets its
   machine. What is missing is told in LACKS, lines. MS_OK, MS_INTERRUPTED or MS_NO_MEMORY.  */
int32_t ms_surround(struct ms_context *ctx, const struct ms_types *from, struct ms_corefile *core,
		    struct ms_buf *lacks);

#endif
