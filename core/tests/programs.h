/* Small programs that a test compiles for itself, in a folder of its own that goes away with it, and what they print.  */
#ifndef MS_TESTS_PROGRAMS_H
#define MS_TESTS_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* cmocka's group functions.  */
int programs_setup(void **state);
int programs_teardown(void **state);

/* PATH within the folder; good until the next dozen of calls.  */
const char *program_path(const char *name);
void program_write(const char *name, const char *text);
/* Runs a shell command in the folder, printf's way; fails the test, with its output, unless it succeeds.  */
void program_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* SOURCE (C unless COMMAND names a C++ compiler) through COMMAND ("gcc -gdwarf-5 -O0"), to an executable; its path.  */
const char *program_compile(const char *command, const char *source);
/* What a program prints: to be freed with ms_buf_fini.  */
void program_output(const char *path, struct ms_buf *out);
/* The number that follows NAME and a space in TEXT; fails the test if there is none.  */
uint64_t program_number(const char *text, const char *name);

#endif
