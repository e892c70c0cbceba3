/* A literal being read; between the files cmd/literal*.c only.  */
#ifndef MS_LITERAL_READER_H
#define MS_LITERAL_READER_H

#include "cmd/literal.h"

struct ms_reader {
	struct ms_context *ctx;
	enum ms_language language;
	const char *p; /* what is still to be read */
	struct ms_own *own;
	int depth;
};

bool ms_reader_is_word(char c);
void ms_reader_skip(struct ms_reader *r); /* spaces */
/* C, and the spaces around it.  */
bool ms_reader_takes(struct ms_reader *r, char c);
/* WORD, when it stands alone.  */
bool ms_reader_takes_word(struct ms_reader *r, const char *word);
bool ms_reader_at_quote(const struct ms_reader *r);

/* MS_NOT_FOUND and MS_USAGE, with what was expected: a literal of NODE.  */
int32_t ms_reader_none(struct ms_reader *r, const struct ms_node *node);
int32_t ms_reader_wrong(struct ms_reader *r, const struct ms_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* An integer of SIZE bytes in the target's order.  */
void ms_reader_store(const struct ms_reader *r, uint64_t value, uint64_t size, uint8_t *out);

/* Each reads a value of NODE (TYPE before its typedefs were taken off). As ms_literal.  */
int32_t ms_reader_scalar(struct ms_reader *r, const struct ms_node *type, const struct ms_node *node, uint8_t *out);
int32_t ms_reader_text(struct ms_reader *r, const struct ms_node *node, uint8_t *out);
/* A text as the bytes of a Go string, for the interface NODE.  */
int32_t ms_reader_go_string(struct ms_reader *r, const struct ms_node *node, uint8_t *out);
/* "string", "int32" or "bool", when what is to be read is such a constant; NULL: it is a number, or none.  */
const char *ms_reader_default_type(const struct ms_reader *r);

#endif
