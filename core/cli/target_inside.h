/* A target's inside: between target.c, target_types.c and target_names.c, which answer, and target_open.c, which finds the
   files that answers come from.  */
#ifndef MS_CLI_TARGET_INSIDE_H
#define MS_CLI_TARGET_INSIDE_H

#include "cli/gotypes.h"
#include "cli/modules.h"
#include "cli/process.h"
#include "cli/process_facts.h"
#include "cli/target.h"
#include "types/answers.h"

/* Where a type's module would be, of types that no module has.  */
enum { GO_RUNTIME = 0xffff, SNAPSHOT = 0xfffe };

struct ms_target {
	const volatile sig_atomic_t *interrupted;
	struct ms_process *process; /* or */
	struct ms_elfcore *core;
	uint32_t pointer_size;
	bool big_endian;
	struct ms_mapped mapped;
	struct ms_module *modules; /* the executable first */
	size_t module_count;
	struct ms_answers *answers; /* of a snapshot; their module is SNAPSHOT */
	struct ms_types known;	    /* gives them */
	struct ms_told told;
	char thread[24];	    /* the name of the one told last */
	struct ms_gotypes *gotypes; /* with --type-descriptor; their module is GO_RUNTIME */
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

/* Does the user want no more? Then ANSWER says so.  */
bool ms_target_is_interrupted(const struct ms_target *target, int64_t *answer);
/* The debug information of module I; NULL: it has none, or is not mapped.  */
struct ms_dwarf *ms_target_dwarf(struct ms_target *target, size_t i);
/* The executable's, or a library's of the program's own; NULL for others.  */
struct ms_dwarf *ms_target_own_dwarf(struct ms_target *target, size_t i);
/* The modules in the order in which names are looked for: the executable, then libraries that have debug information in them, as
   the program's own have, then those that have it elsewhere, as the system's. COUNT behind the last. *AT is 0 at first.  */
size_t ms_target_next_module(struct ms_target *target, size_t *at);
/* STATUS, with its line kept where debug information is at fault.  */
int64_t ms_target_told(struct ms_target *target, const struct ms_dwarf *dwarf, int64_t status);
/* The number of the type that MODULE calls NUMBER; 0 stays 0.  */
uint64_t ms_target_type(uint64_t module, uint64_t number);

/* The call-backs of target_types.c and of target_names.c.  */
void ms_target_answer_types(struct ms_types *table);
void ms_target_answer_names(const struct ms_target *target, struct ms_types *table);

#endif
