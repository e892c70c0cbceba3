/* What the fuzz targets (fuzz_*.c) share: an input read piece by piece, and every command run on a context as a front-end
   would, with what must hold of any answer checked. A target is one function, LLVMFuzzerTestOneInput: libFuzzer and
   AFL++ link it with a main of theirs, `make check` with fuzz_main.c.  */
#ifndef FUZZING_H
#define FUZZING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
	const uint8_t *data;
	size_t size; /* what is left */
};

/* The next byte, or number of SIZE bytes (at most 8, little-endian); zeros behind the end.  */
uint8_t fuzz_byte(struct fuzz_input *in);
uint64_t fuzz_number(struct fuzz_input *in, size_t size);
/* Up to SIZE bytes; *SIZE becomes how many.  */
const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t *size);

/* Ends the process, as a sanitizer would, when GOOD is false.  */
void fuzz_must(bool good, const char *what);

/* Runs the command NAME with LINE, or with WORDS up to NULL, to its end or until it has printed or read a lot. Makes no file.
   Checks: it ends, has a status of the contract's, one printable line of error where it failed, and printable output.  */
void fuzz_line(struct ms_context *ctx, const char *name, const char *line);
void fuzz_words(struct ms_context *ctx, const char *name, const char *const *words);
/* Every command there is, on the map EXPR, in several ways.  */
void fuzz_commands(struct ms_context *ctx, const char *expr);
/* Opens VALUE as a map, as the printers do, and takes entries from it.  */
void fuzz_printers(struct ms_context *ctx, const struct ms_value *value);

/* The path of a file that holds DATA, until the next call.  */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
