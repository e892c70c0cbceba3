/* Keys as users give them: a word of a command line, or a value of the debugger's, turned into a key of a map.  */
#ifndef MS_KEY_H
#define MS_KEY_H

#include "cmd/command.h"
#include "decode/own.h"

/* A value of the target as a key of MAP, where its type fits or can be turned into the key's without loss: integers by value, texts by
   content, anything as what a Go interface holds. MS_OK; MS_USAGE: it is of another type; MS_FAULT: it cannot be read;
   MS_INTERRUPTED, MS_NO_MEMORY. ms_key_fini in every case.  */
int32_t ms_key_of_value(struct ms_map *map, const struct ms_value *value, struct ms_key *out);

/* TEXT as a literal of MAP's keys, and where these are texts and it is none, as the text itself. Likewise.  */
int32_t ms_key_of_text(struct ms_map *map, const char *text, struct ms_key *out);

/* WORD as a key of CMD's map: a literal, else an expression, else, for keys that are texts, the text itself, which *ITSELF_OUT says.
   Likewise.  */
int32_t ms_key_of_word(struct ms_command *cmd, const char *word, struct ms_key *out, bool *itself_out);

#endif
