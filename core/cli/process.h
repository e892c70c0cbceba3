/* A live process of this machine: its mappings, its memory, and whether it stands still. Knows nothing of types or maps. Only
   ms_process_stop touches the process, and it is let go whatever happens: the kernel does it where we no longer can.  */
#ifndef MS_CLI_PROCESS_H
#define MS_CLI_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mem/elfcore.h"

struct ms_process;

/* MS_OK; MS_REFUSED: no such process, or it may not be read, with one line in ERROR that says what is needed;
   MS_NO_MEMORY.  */
int64_t ms_process_open(int64_t pid, struct ms_process **out, struct ms_buf *error);
/* Lets it run, if ms_process_stop was called.  */
void ms_process_free(struct ms_process *process);

int64_t ms_process_pid(const struct ms_process *process);
/* The files that it maps, by address. "(deleted)" is not part of their names.  */
const struct ms_mapping *ms_process_mappings(const struct ms_process *process, size_t *count_out);
/* The name of its executable, as it stands in the process's own root; "" where the kernel does not tell.  */
const char *ms_process_exe(const struct ms_process *process);
/* A path of ours to the file that it maps at MAPPING: the very file, also when another one has its name by now, where we
   are allowed to; else the one of that name in the process's root.  */
void ms_process_path(const struct ms_process *process, const struct ms_mapping *mapping, struct ms_buf *out);

/* Copies up to LEN bytes at ADDRESS as a debugger would read them (pages too that the process itself may not read);
   returns how many leading bytes it got.  */
int64_t ms_process_read(const struct ms_process *process, uint64_t address, void *buffer, uint64_t len);

/* Whether all of its threads are stopped, by us, a debugger or a signal.  */
bool ms_process_still(const struct ms_process *process);
bool ms_process_gone(const struct ms_process *process);
/* Calls VISIT with each thread until it returns false. False: it did, or there are none to be seen.  */
bool ms_process_each_thread(const struct ms_process *process, bool (*visit)(int64_t tid, void *user), void *user);
/* The program counter of a thread that stands, whoever holds it. False: it runs, or the kernel does not tell.  */
bool ms_process_thread_pc(int64_t tid, uint64_t *out);

/* Stops all threads, until ms_process_release or our own death: neither a signal to us nor a crash keeps them. One that
   is stopped already stays so. MS_OK; MS_REFUSED with one line in ERROR, and then it runs as before.  */
int64_t ms_process_stop(struct ms_process *process, struct ms_buf *error);
void ms_process_release(struct ms_process *process);
/* The register NAME of x86-64 ("rip") of its first thread, while ms_process_stop holds it. False: not known.  */
bool ms_process_register(const struct ms_process *process, const char *name, uint64_t *out);

#endif
