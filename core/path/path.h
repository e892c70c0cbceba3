/* EXPR understood as a path, where no debugger evaluates it: from a variable along members, elements and pointers to a value.

	path:     "*" path, "&" path, "(" TYPE ")" path, "(" path ")", NAME, NUMBER, path ".m", path "->m", path "[n]"
	NAME:     cache, main.cache, net/http.DefaultClient, app::cache, table.c::cache, 'table.c'::cache, $rdi, $1
	n:        a number, or a path to an integer

   A cast is told from a group by what follows the parenthesis. "." and "->" both go through one pointer; [n] works on arrays,
   pointers and Go slices. Nothing is called, computed or written; only pointers on the way are read. What is wrong is said
   in gdb's words, so that it reads the same in every window.  */
#ifndef MS_PATH_H
#define MS_PATH_H

#include "context.h"

struct ms_held;

struct ms_path {
	/* Bytes only of what lies nowhere, or what is a pointer or a number that the path made; with an address, the rest is
	   there to be read. Type 0: a plain number, of 8 bytes.  */
	struct ms_value value;
	struct ms_held *held; /* where the bytes are */
};

/* Resolves EXPR. MS_OK, MS_INTERRUPTED, MS_NO_MEMORY, MS_FAULT (a pointer on the way cannot be read), or MS_REFUSED or
   MS_BAD_TYPE, each with an error line. ms_path_fini in every case.  */
int32_t ms_path_resolve(struct ms_context *ctx, const char *expr, struct ms_path *out);
void ms_path_fini(struct ms_path *path);

/* The error line of an index into a Go map, which debuggers take for a pointer into an array.  */
int32_t ms_path_refuse_go_index(struct ms_context *ctx);

#endif
