/* A command line, split and understood: the grammar of commands.md, section 3.  */
#ifndef MS_ARGS_H
#define MS_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

enum ms_option {
	MS_OPT_JSON = 1 << 0,
	MS_OPT_LIMIT = 1 << 1,
	MS_OPT_OFFSET = 1 << 2,
	MS_OPT_FROM = 1 << 3,
	MS_OPT_OUTPUT = 1 << 4,
	MS_OPT_ADDR = 1 << 5,
	MS_OPT_TYPE = 1 << 6,
	MS_OPT_BUCKET = 1 << 7,
	MS_OPT_OLD = 1 << 8,
	MS_OPT_NEW = 1 << 9,
	MS_OPT_SORT = 1 << 10,
	MS_OPT_EXPR = 1 << 11,
	MS_OPT_WHERE = 1 << 12,
	MS_OPT_FOR = 1 << 13,
	MS_OPT_SUMMARY = 1 << 14,
	MS_OPT_SLOT = 1 << 20,
	MS_OPT_FIELD = 1 << 21,
};

enum { MS_WORDS_MOST = 256 };

/* What a command takes beside options: words, of which the first one is an EXPR unless WORDS says otherwise.  */
struct ms_grammar {
	uint32_t options;	    /* enum ms_option */
	uint32_t least, most;	    /* words */
	const char *words;	    /* what they are, as the usage line has it: "EXPR KEY..." */
	const char *const *missing; /* LEAST texts: what each word is, "a KEY: ..."; NULL: one EXPR */
	bool condition;		    /* a word "if" ends the words: what follows is the debugger's, as it is */
};

/* Of a grammar: one EXPR and nothing else.  */
#define MS_ONE_EXPR .least = 1, .most = 1, .words = "one EXPR", .missing = ms_expr_missing
extern const char *const ms_expr_missing[1];

struct ms_args {
	uint32_t given;	     /* enum ms_option */
	const char *expr;    /* the first of WORDS, NULL for none */
	uint32_t word_count; /* all words, EXPR among them, as they were typed */
	char **words;
	char *from, *output, *type, *sort, *where, *summary, *field;
	char *condition; /* behind "if"; NULL for none */
	uint64_t limit, offset, bucket, slot, events;
};

/* Understands LINE for a command of that GRAMMAR. MS_OK, MS_NO_MEMORY, or MS_USAGE with the reason
   in ms_error. ms_args_fini in every case.  */
int32_t ms_args_parse(struct ms_context *ctx, const char *line, const struct ms_grammar *grammar, struct ms_args *out);
/* The same of words that are split already, as a shell does: each is one word, whatever it holds. NULL stands behind the last.  */
int32_t ms_args_parse_words(struct ms_context *ctx, const char *const *words, const struct ms_grammar *grammar,
			    struct ms_args *out);
void ms_args_fini(struct ms_args *args);

/* The N-th option of ALLOWED that begins with PREFIX; NULL behind the last.  */
const char *ms_args_option(uint32_t allowed, const char *prefix, uint32_t n);

/* The operator in EXPR that assigns ("=", "+=", "++"), NULL if there is none.  */
const char *ms_args_assigns(const char *expr);

#endif
