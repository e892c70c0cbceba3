/* A target that is not there: pages of memory at addresses of the test's choice, types from a description, expressions
   from a table. Counts what it is asked and can be told to fail. Knows nothing of maps (fake_map.h does), nor of the
   decoder's inside: it is a caller of mapscope.h.  */
#ifndef FAKE_TARGET_H
#define FAKE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapscope.h"

enum { FAKE_PAGE = 4096 };

struct fake_page;
struct fake_type;

struct fake_read {
	uint64_t address, size;
};

struct fake_expr {
	char *text;
	uint64_t type, address;
	uint8_t *bytes;
	uint64_t byte_count;
};

struct fake_target {
	uint32_t pointer_size; /* 4 or 8 */
	bool big_endian;
	struct ms_context *ctx; /* made by fake_open */

	struct fake_page *pages; /* open addressing by page number */
	uint64_t page_capacity, page_count;
	uint64_t next; /* where fake_alloc goes on */

	struct fake_type *types; /* type number N is types[N - 1] */
	uint32_t type_count, type_capacity;
	struct fake_expr *exprs, *symbols, *variables;
	uint32_t expr_count, symbol_count, variable_count;
	bool paths;	  /* EXPR is a path: the call-back for variables is lent, with what fake_variable told */
	bool no_evaluate; /* the one for expressions is not */
	bool no_derive;	  /* nor the one that makes pointers and arrays */
	bool globals; /* variables with an address can be listed, and run-time types be asked for: symbols "type ADDRESS" */
	const char
		*threads[8]; /* the functions that each stands in, innermost first, one a line; NULL behind the last */

	/* What it was asked since fake_reset_counts.  */
	struct fake_read *log; /* one for each of READS */
	uint64_t log_capacity;
	uint64_t reads, bytes_asked, questions; /* questions: all but reads */
	/* The N-th one (from 1, since fake_reset_counts) fails, or is never answered; 0: none.  */
	uint64_t fail_read, fail_question, silent_call;
	uint64_t short_read; /* gives half of what it would */
	bool provoked;	     /* one of them has happened */
	uint8_t *lent;	     /* the bytes of the last answer */
};

void fake_init(struct fake_target *t, uint32_t pointer_size, bool big_endian);
void fake_fini(struct fake_target *t);
/* A new context on the target; replaces the one before.  */
struct ms_context *fake_open(struct fake_target *t);
void fake_reset_counts(struct fake_target *t);

/* ---- Memory ---- */

/* Memory that was never written holds 0xa5. Whole pages become readable.  */
void fake_map_pages(struct fake_target *t, uint64_t address, uint64_t size);
void fake_unmap_pages(struct fake_target *t, uint64_t address, uint64_t size);
/* SIZE fresh readable bytes, aligned to 16 and, from a page on, to pages.  */
uint64_t fake_alloc(struct fake_target *t, uint64_t size);
void fake_write(struct fake_target *t, uint64_t address, const void *bytes, uint64_t size);
void fake_write_uint(struct fake_target *t, uint64_t address, uint64_t size, uint64_t value);
/* VALUE as the target would store it in SIZE bytes, the rest above 8 zero.  */
void fake_store(const struct fake_target *t, uint8_t *bytes, uint64_t size, uint64_t value);
/* The address of a copy of TEXT with its NUL.  */
uint64_t fake_text(struct fake_target *t, const char *text);

/* ---- Types: all return a type number ---- */

uint64_t fake_scalar(struct fake_target *t, enum ms_kind kind, const char *name, uint64_t size);
uint64_t fake_int(struct fake_target *t, uint64_t size);  /* "int", "long", … */
uint64_t fake_uint(struct fake_target *t, uint64_t size); /* "unsigned char", … */
uint64_t fake_char(struct fake_target *t);
uint64_t fake_pointer(struct fake_target *t, uint64_t target); /* 0: to void */
uint64_t fake_array(struct fake_target *t, uint64_t element, uint64_t count);
uint64_t fake_typedef(struct fake_target *t, const char *name, uint64_t target);
uint64_t fake_struct(struct fake_target *t, const char *name); /* grows with its members */
uint64_t fake_union(struct fake_target *t, const char *name);
uint64_t fake_enum(struct fake_target *t, const char *name, uint64_t size);
void fake_enumerator(struct fake_target *t, uint64_t type, const char *name, int64_t value);
/* Behind the last member, or at OFFSET, which may be anything.  */
void fake_member(struct fake_target *t, uint64_t type, const char *name, uint64_t member);
void fake_member_at(struct fake_target *t, uint64_t type, const char *name, uint64_t member, int64_t offset);
void fake_bits(struct fake_target *t, uint64_t type, const char *name, uint64_t member, int64_t offset,
	       uint32_t bit_offset, uint32_t bit_size);
uint64_t fake_size(const struct fake_target *t, uint64_t type);
/* A struct's offset of a member of its own.  */
uint64_t fake_offset(const struct fake_target *t, uint64_t type, const char *member);
/* Direct access, to claim what no compiler would.  */
struct ms_type *fake_claims(struct fake_target *t, uint64_t type);
/* NAME can be looked up.  */
void fake_name(struct fake_target *t, const char *name, uint64_t type);

/* ---- Expressions and symbols ---- */

/* TEXT is a value of TYPE at ADDRESS; with BYTES it is held as these (a register, when ADDRESS is 0).  */
void fake_expr(struct fake_target *t, const char *text, uint64_t type, uint64_t address, const void *bytes,
	       uint64_t byte_count);
void fake_symbol(struct fake_target *t, const char *name, uint64_t address);
/* The same for a variable, which paths begin with. WHY: it exists, but has no value.  */
void fake_variable(struct fake_target *t, const char *name, uint64_t type, uint64_t address, const void *bytes,
		   uint64_t byte_count);
void fake_variable_refused(struct fake_target *t, const char *name, const char *why);

/* ---- Commands ---- */

struct fake_run {
	char *out; /* all output, NUL-terminated */
	uint64_t size, steps;
	uint64_t largest; /* of one step's output */
	char *error;
	int32_t status;
};

/* Runs a command to its end, in slices of SLICE_MS, fetching the output of each.  */
struct fake_run fake_run(struct fake_target *t, const char *name, const char *line);
struct fake_run fake_run_sliced(struct fake_target *t, const char *name, const char *line, uint32_t slice_ms);
/* The same, with ms_command_interrupt before step number STEP (from 1).  */
struct fake_run fake_run_interrupted(struct fake_target *t, const char *name, const char *line, uint64_t step);
void fake_run_fini(struct fake_run *run);

/* Runs and asserts the status and the whole output; an error must be "".  */
void fake_expect(struct fake_target *t, const char *name, const char *line, int32_t status, const char *out);
/* Runs and asserts that it fails with STATUS, that whole error line, and no output.  */
void fake_expect_error(struct fake_target *t, const char *name, const char *line, int32_t status, const char *error);

/* Asserts that TEXT holds PART.  */
void fake_contains(const char *text, const char *part);
/* JSON has a member NAME, not the last one, that is NUMBER.  */
void fake_has_number(const char *json, const char *name, uint64_t number);
/* Asserts that TEXT is one JSON value a line, each well-formed, all printable ASCII.  */
void fake_is_json_lines(const char *text);
/* Asserts that TEXT is printable ASCII and newlines.  */
void fake_is_printable(const char *text, uint64_t size);
/* A text made as printf makes it; to be freed.  */
char *fake_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
