/* Symbols of the target, asked of the caller.  */
#ifndef MS_ASK_H
#define MS_ASK_H

#include <stdint.h>

struct ms_buf;
struct ms_context;

/* MS_OK with the address of the symbol NAME; MS_NOT_FOUND, without an error line; MS_INTERRUPTED.  */
int32_t ms_ask_symbol(struct ms_context *ctx, const char *name, uint64_t *out);
/* MS_OK with the name of the symbol that begins at ADDRESS, the caller's until its next call-back; else likewise.  */
int32_t ms_ask_symbol_at(struct ms_context *ctx, uint64_t address, const char **out);

/* Which of the COUNT functions called NAMES begins at ADDRESS; -1: none, and its name, or "", is added to *NAME_OUT. A file may have
   its symbols elsewhere, and several functions may have been folded into one: so both ways are asked.  */
int ms_ask_which(struct ms_context *ctx, uint64_t address, const char *const *names, int count,
		 struct ms_buf *name_out);

#endif
