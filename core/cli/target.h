/* A live process or a core, as the decoder wants it: memory, types, variables and symbols. Knows nothing of maps, and prints
   nothing.  */
#ifndef MS_CLI_TARGET_H
#define MS_CLI_TARGET_H

#include <signal.h>
#include <stdbool.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_process;
struct ms_target;

struct ms_target_options {
	int64_t pid;				  /* 0: there is a core */
	const char *core;			  /* NULL: there is a process */
	const char *exe;			  /* the file of its executable; NULL: the one that the target names */
	const volatile sig_atomic_t *interrupted; /* the user wants no more */
};

/* MS_OK, or another code with one line in ERROR.  */
int64_t ms_target_open(const struct ms_target_options *options, struct ms_target **out, struct ms_buf *error);
void ms_target_free(struct ms_target *target);

/* The tables for ms_new. They hold as long as TARGET; memory is to be asked for anew after the process was stopped.  */
struct ms_memory ms_target_memory(const struct ms_target *target);
struct ms_types ms_target_types(struct ms_target *target);

/* NULL: a core.  */
struct ms_process *ms_target_process(const struct ms_target *target);

/* What the user should know beside the answer, a line each; "" for nothing.  */
const char *ms_target_notes(struct ms_target *target);
/* What was found wrong in debug information, or in a type descriptor; "" for nothing.  */
const char *ms_target_trouble(const struct ms_target *target);
/* Why names of the executable are not known, for the end of an error line; "" if they are.  */
const char *ms_target_lack(struct ms_target *target);

#endif
