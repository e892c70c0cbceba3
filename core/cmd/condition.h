/* A condition of --where as a tree; between the files where.c and condition.c only.  */
#ifndef MS_CONDITION_H
#define MS_CONDITION_H

#include "cmd/term.h"

struct ms_cond {
	enum {
		COND_KEY,
		COND_ELEM,
		COND_MEMBER, /* A.NAME */
		COND_ARROW,  /* A->NAME */
		COND_INDEX,  /* A[B] */
		COND_FOLLOW, /* *A */
		COND_LITERAL,
		COND_LEN,
		COND_NOT,
		COND_AND,
		COND_OR,
		COND_COMPARE, /* by COMPARISON */
		COND_COMPUTE, /* by OPERATOR */
	} kind;
	struct ms_cond *a, *b;
	char *name; /* also the bytes of a text */
	enum ms_compare comparison;
	char operator;
	struct ms_term literal;
	struct ms_cond *next; /* in the list of all */
};

/* Reads TEXT. MS_OK; MS_USAGE with an error line; MS_NO_MEMORY. *ALL_OUT is to be freed after each of them, and holds the tree.  */
int32_t ms_cond_read(struct ms_context *ctx, const char *text, struct ms_cond **all_out,
		     const struct ms_cond **root_out);
void ms_cond_free(struct ms_cond *all);

#endif
