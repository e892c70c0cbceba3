/* A value in a condition: a number, a text, or something that only nil can be compared with. Knows no grammar.  */
#ifndef MS_TERM_H
#define MS_TERM_H

#include "decode/format.h"
#include "path/place.h"

/* gcc and clang have it; C11's strict form has not.  */
__extension__ typedef __int128 ms_int128;

struct ms_term {
	enum {
		MS_TERM_NUMBER, /* integers, bools, enums, pointers, characters */
		MS_TERM_REAL,
		MS_TERM_TEXT,
		MS_TERM_NAME,  /* of an enumerator, as it was typed; in TEXT */
		MS_TERM_NIL,   /* nil, NULL, null */
		MS_TERM_OTHER, /* a struct, a slice, an array */
	} kind;
	ms_int128 number;
	bool held; /* by an interface: another type in another entry is no fault of the condition */
	long double real;
	const uint8_t *text; /* LENGTH bytes; NULL: they lie in the target at ADDRESS */
	uint64_t length, address;
	const struct ms_node *node; /* behind typedefs; NULL: a literal, or computed */
	struct ms_place place;	    /* with NODE */
};

enum ms_compare { MS_EQUAL, MS_UNEQUAL, MS_LESS, MS_AT_MOST, MS_MORE, MS_AT_LEAST, MS_CONTAINS };

/* Each returns MS_OK; MS_NOT_FOUND: there is no answer (a nil pointer, a division by zero); MS_FAULT with an error line: it cannot
   be read; MS_USAGE with one: the types do not fit; MS_INTERRUPTED, MS_NO_MEMORY or MS_BAD_TYPE.  */
int32_t ms_term_load(struct ms_places *places, const struct ms_place *place, enum ms_language language,
		     struct ms_term *out);
int32_t ms_term_compare(struct ms_places *places, enum ms_compare how, struct ms_term *a, struct ms_term *b, bool *out);
/* OPERATOR: + - * / % & | ^. Whole numbers have 128 bits.  */
int32_t ms_term_compute(struct ms_context *ctx, char operator, const struct ms_term * a, const struct ms_term *b,
			struct ms_term *out);
/* As a condition of its own: a number that is not 0.  */
int32_t ms_term_truth(struct ms_context *ctx, const struct ms_term *term, bool *out);
/* How many bytes a text has, elements an array or a slice, entries a map.  */
int32_t ms_term_length(struct ms_places *places, const struct ms_term *term, struct ms_term *out);

#endif
