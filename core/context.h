/* The context's inside, for the library's own files: what the caller lent, the last error, the caches, the slice of time.  */
#ifndef MS_CONTEXT_H
#define MS_CONTEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_cache;
struct ms_node;
struct ms_node_table;

struct ms_context {
	struct ms_memory memory;
	struct ms_types types;
	struct ms_cache *cache;	     /* mem/mem.c: pages read since ms_mem_forget */
	struct ms_node_table *nodes; /* types/types.c: compiled types, until ms_forget */
	struct ms_buf error;
	struct ms_buf scratch;	/* ms_escape's answer */
	uint64_t default_limit; /* rows of a text answer */
	uint64_t deadline;	/* nanoseconds of the monotonic clock: when this slice ends */
	/* While a snapshot is made: told what a value that is shown leads to, but is not shown with: where an object of TYPE, which
	   may be a map's header, lies. NULL: nobody asks.  */
	void (*leads_to)(void *user, uint64_t address, const struct ms_node *type);
	void *leads_user;
	bool interrupted;     /* a call-back did not answer */
	bool short_of_memory; /* ms_fail was told so */
	bool untold;	      /* ms_told met a failure; the caller's to clear */
};

/* Sets the error line and returns CODE. Formats what it is given as it is: text of the target must be escaped before.  */
int32_t ms_fail(struct ms_context *ctx, int32_t code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* MS_INTERRUPTED or MS_NO_MEMORY when either has happened since ms_slice_begin: then what a type seemed to lack is no
   fact, and an answer made of it must not be given. MS_OK otherwise.  */
int32_t ms_stopped(const struct ms_context *ctx);

/* What a call-back has answered about types and names: MS_OK; MS_NOT_FOUND; MS_INTERRUPTED or MS_NO_MEMORY, with an error
   line. One that has failed knows nothing, but ctx->untold says that this is no fact.  */
int32_t ms_told(struct ms_context *ctx, int64_t answer);

/* Begins a piece of work for the caller.  */
void ms_slice_begin(struct ms_context *ctx, uint32_t slice_ms);
/* The slice is over. Asks the clock: once in some dozens of buckets is often enough.  */
bool ms_slice_over(const struct ms_context *ctx);

#endif
