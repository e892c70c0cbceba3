/* Writes a small ELF core: some notes and some pages of a process. What they are is the caller's; elfcore.h reads them.  */
#ifndef MS_MEM_COREFILE_H
#define MS_MEM_COREFILE_H

#include <stdio.h>

#include "base/buf.h"
#include "mapscope.h"
#include "mem/pages.h"

struct ms_corefile {
	uint32_t pointer_size; /* 4 or 8 */
	bool big_endian;
	uint16_t machine; /* EM_X86_64, ... */
	struct ms_buf notes;
};

void ms_corefile_fini(struct ms_corefile *core);

/* Adds a note; the first ones of owner CORE are what debuggers look for in this order: NT_PRSTATUS, NT_PRPSINFO, NT_AUXV,
   NT_FILE.  */
void ms_corefile_note(struct ms_corefile *core, const char *owner, uint32_t type, const void *data, uint64_t size);
/* NT_PRSTATUS of thread TID. REG gives the value of a register by its name, false where it has none. False: it has no program
   counter or stack pointer, and all registers are 0 (lldb 19 opens no core without a thread); or this machine's registers are
   not known here (only x86-64's are), and there is no note.  */
bool ms_corefile_registers(struct ms_corefile *core, int64_t tid,
			   bool (*reg)(void *user, const char *name, uint64_t *out), void *user);
/* NT_PRPSINFO; PROGRAM: its path.  */
void ms_corefile_program(struct ms_corefile *core, int64_t pid, const char *program);
/* NT_FILE.  */
void ms_corefile_files(struct ms_corefile *core, const struct ms_mapping *mappings, uint64_t count);

/* Writes all that comes before the pages, which then are written one after the other, as PAGES, sorted, has them. False: memory
   is short, or errno tells.  */
bool ms_corefile_begin(const struct ms_corefile *core, const struct ms_pages *pages, FILE *file);

/* Where NAME stands in pr_reg of an x86-64 NT_PRSTATUS note, in bytes from the note's start; -1: no such register.  */
int ms_corefile_x86_64(const char *name);

#endif
