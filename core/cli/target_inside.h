/* A target's inside: between target.c, which answers, and target_open.c, which finds the files that answers come from.  */
#ifndef MS_CLI_TARGET_INSIDE_H
#define MS_CLI_TARGET_INSIDE_H

#include "cli/gotypes.h"
#include "cli/modules.h"
#include "cli/process.h"
#include "cli/process_facts.h"
#include "cli/target.h"
#include "types/answers.h"

struct ms_target {
	const volatile sig_atomic_t *interrupted;
	struct ms_process *process; /* or */
	struct ms_elfcore *core;
	uint32_t pointer_size;
	bool big_endian;
	struct ms_mapped mapped;
	struct ms_module *modules; /* the executable first */
	size_t module_count;
	struct ms_answers *answers; /* of a snapshot; their number is SNAPSHOT */
	struct ms_types known;	    /* gives them */
	struct ms_told told;
	char thread[24];	    /* the name of the one told last */
	struct ms_gotypes *gotypes; /* with --type-descriptor; their number is GO_RUNTIME */
	uint8_t *held;		    /* bytes of the last value that lies nowhere */
	struct {
		size_t module;
		uint64_t cursor;
	} listed;		 /* globals */
	struct ms_buf why;	 /* the error of the last value */
	struct ms_buf trouble;	 /* debug information that makes no sense */
	struct ms_buf notes;	 /* lines */
	struct ms_buf ambiguity; /* a line on the last variable */
	struct ms_buf all_notes;
};

/* Memory of TARGET, a struct ms_target: as ms_elfcore_read.  */
int64_t ms_target_read(void *target, uint64_t address, void *buffer, uint64_t len);

#endif
