/* The ELF files that a target has mapped, and what each knows by its debug information and symbols, opened when it is asked
   for. Knows nothing of processes and cores but their mappings and their memory.  */
#ifndef MS_CLI_MODULES_H
#define MS_CLI_MODULES_H

#include "cli/image.h"
#include "mapscope.h"
#include "mem/elfcore.h"
#include "types/dwarf.h"
#include "types/symbols.h"

struct ms_module {
	char *name; /* as the target calls it */
	char *path; /* ours to it */
	char *root; /* that NAME and the debug directories stand in; NULL: ours */
	int fd;	    /* of PATH; -1: not open */
	bool given; /* by the user, not by the target */
	enum { MODULE_NEW, MODULE_MAPPED, MODULE_REFUSED } state;
	struct ms_image image;
	uint64_t bias; /* what the loader added to the file's addresses */
	bool go_told;  /* WHY says how Go maps are shown without debug information */
	bool debug_known;
	struct ms_dwarf *dwarf; /* NULL: none */
	struct ms_symbols *symbols;
	struct ms_buf why; /* it was refused, or has no debug information */
};

/* What modules are held against.  */
struct ms_mapped {
	struct ms_image_memory memory;
	const struct ms_mapping *mappings;
	size_t mapping_count;
	const struct ms_elfcore *core; /* NULL: a process */
	uint64_t entry;		       /* where the executable begins to run; 0: not known */
	int64_t newest; /* seconds since 1970: a file changed later is not the one that was mapped; INT64_MAX: no limit */
};

/* Opens the file and finds its bias. False: it is not there or not the one that is mapped; WHY says so. Once.  */
bool ms_module_map(struct ms_module *module, const struct ms_mapped *mapped);
/* Its debug information; NULL: it has none, and WHY says so. For one that is mapped.  */
struct ms_dwarf *ms_module_dwarf(struct ms_module *module);
/* The target's address of its symbol NAME.  */
bool ms_module_symbol(struct ms_module *module, const char *name, uint64_t *out);
/* The name of its symbol that begins at the target's ADDRESS; NULL: none does.  */
const char *ms_module_symbol_at(struct ms_module *module, uint64_t address);
/* The name of its function that the target's ADDRESS lies in; NULL: none that has a symbol.  */
const char *ms_module_function(struct ms_module *module, uint64_t address);
void ms_module_fini(struct ms_module *module);

#endif
