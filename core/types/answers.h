/* What a caller said of types and names, kept so that it can be said again without him: recorded while somebody asks, written
   as bytes, read back, replayed. Types are numbered anew, in the order in which they came up. Knows nothing of maps.

   The bytes: numbers are 64-bit words, the lowest byte first, whatever the target; a text is its length and its bytes. First a
   version and how many types there are, then records, each a word that says what it is (enum record in answers_inside.h) and
   its members.  */
#ifndef MS_ANSWERS_H
#define MS_ANSWERS_H

#include <stdbool.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_answers;

/* NULL: memory is short.  */
struct ms_answers *ms_answers_new(void);
void ms_answers_free(struct ms_answers *answers);

/* A table that asks what FROM asks, and keeps what is answered. A name that FROM would have evaluated, having no call-back for
   variables, is evaluated. FROM and ANSWERS must outlive it.  */
struct ms_types ms_answers_record(struct ms_answers *answers, const struct ms_types *from);
/* Asks for some of the types that those known so far lead to, from number *NEXT (0 at first) to MOST. MS_OK: these are all;
   MS_AGAIN: call again; MS_BAD_TYPE: the same, but one could not be told; MS_INTERRUPTED: a call-back did not answer.  */
int32_t ms_answers_close(struct ms_answers *answers, uint64_t *next, uint64_t most);
/* False: memory was short, and something is missing.  */
bool ms_answers_whole(const struct ms_answers *answers);

/* Texts that belong to what is recorded, by number from 0; NULL behind the last.  */
void ms_answers_add_word(struct ms_answers *answers, const char *word);
const char *ms_answers_word(const struct ms_answers *answers, uint64_t n);

/* The N-th variable or expression that has a value, from 0; false behind the last.  */
bool ms_answers_value(const struct ms_answers *answers, uint64_t n, uint64_t *address_out, uint64_t *size_out);

void ms_answers_write(const struct ms_answers *answers, struct ms_buf *out);
/* NULL: BYTES are no such answers, or not whole; or memory is short, where *SHORT_OUT is set.  */
struct ms_answers *ms_answers_read(const void *bytes, uint64_t size, bool *short_out);
/* A table that answers as it was answered then, and MS_NOT_FOUND to what was not asked. POINTER_SIZE is for pointers that
   nobody had asked for.  */
struct ms_types ms_answers_replay(struct ms_answers *answers, uint32_t pointer_size);

#endif
