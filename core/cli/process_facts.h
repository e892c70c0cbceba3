/* What map-save asks of the process around a map, from /proc or from a core's notes.  */
#ifndef MS_CLI_PROCESS_FACTS_H
#define MS_CLI_PROCESS_FACTS_H

#include "cli/process.h"
#include "mapscope.h"
#include "mem/elfcore.h"

struct ms_told {
	const struct ms_process *process; /* or */
	const struct ms_elfcore *core;
	uint8_t *auxv; /* of a process */
};

/* As the call-backs of struct ms_types; the pointers are TOLD's, until the next call or its end.  */
int64_t ms_told_facts(struct ms_told *told, struct ms_process_facts *out);
int64_t ms_told_register(struct ms_told *told, const char *name, uint64_t *value_out);
void ms_told_fini(struct ms_told *told);

#endif
