/* The tool's own command line: which command, which program, and the words that are the decoder's to understand.  */
#ifndef MS_CLI_OPTIONS_H
#define MS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct ms_options {
	enum { DO_RUN, DO_HELP, DO_VERSION, DO_SERVE } what;
	const char *command; /* as the decoder calls it ("map-info"); NULL: none was named */
	int64_t pid;	     /* 0: not given */
	const char *core, *exe;
	bool stop;
	bool alone;	    /* the command asks no program */
	char *descriptor;   /* the type that --type-descriptor names */
	const char **words; /* the rest: EXPR and the command's options */
	uint32_t word_count;
};

/* False: it cannot be understood, with one line in ERROR. ms_options_fini in every case.  */
bool ms_options_parse(int argc, char **argv, struct ms_options *out, struct ms_buf *error);
void ms_options_fini(struct ms_options *options);

/* Help on COMMAND, or on the tool as a whole where it is NULL.  */
void ms_options_help(const char *command, struct ms_buf *out);

#endif
