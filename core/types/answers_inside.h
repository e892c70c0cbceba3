/* The inside of what was answered: between the files answers*.c only.  */
#ifndef MS_ANSWERS_INSIDE_H
#define MS_ANSWERS_INSIDE_H

#include "types/answers.h"

enum {
	TYPES_MOST = 1 << 20, /* and */
	FIELDS_MOST = 65536,  /* of one: more than any has, less than a damaged file may claim */
	CHAINS = 1024,
};

enum record {
	RECORD_TYPE = 1,
	RECORD_NAME,
	RECORD_SYMBOL,
	RECORD_SYMBOL_AT, /* TEXT is the address, BYTES the name */
	RECORD_VARIABLE,
	RECORD_EXPRESSION,
	RECORD_WORD,
};

struct type {
	struct ms_type type; /* NAME and FIELDS are ours, numbers of types too */
	struct ms_field *fields;
	uint64_t theirs; /* the caller's number; 0 in what was read back */
	bool asked, known;
	uint64_t next; /* in its chain, counted from 1 */
};

/* A name and what it is: a type, an address, a value. */
struct name {
	enum record kind;
	char *text;
	int64_t status;
	uint64_t type, address; /* a number of ours */
	uint8_t *bytes;
	uint64_t byte_count;
	char *error;
};

struct ms_answers {
	const struct ms_types *from;
	struct type *types; /* number N is types[N - 1] */
	uint64_t type_count, type_capacity;
	uint64_t chains[CHAINS]; /* by the caller's number; counted from 1 */
	struct name *names;
	uint64_t name_count, name_capacity;
	char **words;
	uint64_t word_count;
	uint32_t pointer_size;
	bool failed; /* memory was short */
};

/* A new type, of number type_count then; NULL: memory is short, or there are too many.  */
struct type *answers_add_type(struct ms_answers *answers);
/* A new name with a copy of TEXT; NULL: memory is short.  */
struct name *answers_add_name(struct ms_answers *answers, enum record kind, const char *text);
struct name *answers_find_name(const struct ms_answers *answers, enum record kind, const char *text);
/* The same of the symbol that was asked for by ADDRESS.  */
struct name *answers_find_symbol_at(const struct ms_answers *answers, uint64_t address);
/* As call-backs of struct ms_types.  */
void answers_give_name(const struct name *name, const char **name_out, int64_t *answer);
void answers_give_value(const struct name *name, struct ms_value *out, int64_t *answer);

#endif
