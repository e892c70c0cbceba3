/* What map-save asks of the process around a map, and where its threads stand, from /proc or from a core's notes.  */
#ifndef MS_CLI_PROCESS_FACTS_H
#define MS_CLI_PROCESS_FACTS_H

#include "cli/process.h"
#include "mapscope.h"
#include "mem/elfcore.h"

struct ms_told {
	const struct ms_process *process; /* or */
	const struct ms_elfcore *core;
	uint8_t *auxv;	  /* of a process */
	int64_t *threads; /* of a process: their numbers */
	size_t thread_count;
	bool no_memory;
};

/* As the call-backs of struct ms_types; the pointers are TOLD's, until the next call or its end.  */
int64_t ms_told_facts(struct ms_told *told, struct ms_process_facts *out);
int64_t ms_told_register(struct ms_told *told, const char *name, uint64_t *value_out);
/* The number of the N-th thread from 0, and its program counter; 0: it is not known.  */
int64_t ms_told_thread(struct ms_told *told, uint64_t n, int64_t *tid_out, uint64_t *pc_out);
void ms_told_fini(struct ms_told *told);

#endif
