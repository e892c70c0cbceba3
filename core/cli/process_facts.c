/* Registers are known of a process only while we hold it: then those of its first thread, as of a core. Nobody unwinds here, so
   some of the stack is all of it that is told, and of what a thread is at its innermost function.  */
#include "cli/process_facts.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "mem/corefile.h"

enum {
	AUXV_MOST = 4096,
	STACK = 64 << 10 /* bytes */,
	PID = 32 /* in NT_PRSTATUS of 64-bit machines, linux/elfcore.h */
};

static int64_t read_auxv(struct ms_told *told, uint64_t *size_out)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%lld/auxv", (long long)ms_process_pid(told->process));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;
	free(told->auxv);
	told->auxv = malloc(AUXV_MOST);
	if (told->auxv && fd >= 0)
		got = read(fd, told->auxv, AUXV_MOST);
	if (fd >= 0)
		close(fd);
	*size_out = got < 0 ? 0 : (uint64_t)got;
	return told->auxv ? MS_OK : MS_NO_MEMORY;
}

int64_t ms_told_facts(struct ms_told *told, struct ms_process_facts *out)
{
	uint64_t sp;

	if (ms_told_register(told, "rsp", &sp) == MS_OK)
		out->stack_end = sp + STACK;
	if (told->process) {
		size_t count;
		out->pid = ms_process_pid(told->process);
		out->mappings = ms_process_mappings(told->process, &count);
		out->mapping_count = count;
		int64_t status = read_auxv(told, &out->auxv_size);
		out->auxv = told->auxv;
		return status;
	}
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(told->core);
	if (facts->status_size >= PID + 4 && facts->pointer_size == 8)
		out->pid = (int64_t)ms_load(facts->status + PID, 4, facts->big_endian);
	out->mappings = facts->mappings;
	out->mapping_count = facts->mapping_count;
	out->auxv = facts->auxv;
	out->auxv_size = facts->auxv_size;
	return MS_OK;
}

int64_t ms_told_register(struct ms_told *told, const char *name, uint64_t *value_out)
{
	int at = ms_corefile_x86_64(name);

	if (at < 0)
		return MS_NOT_FOUND;
	if (told->process)
		return ms_process_register(told->process, name, value_out) ? MS_OK : MS_NOT_FOUND;
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(told->core);
	if (facts->machine != EM_X86_64 || facts->status_size < (uint64_t)at + 8)
		return MS_NOT_FOUND;
	*value_out = ms_load(facts->status + at, 8, false);
	return MS_OK;
}

static bool add_thread(int64_t tid, void *user)
{
	struct ms_told *told = user;
	int64_t *threads = realloc(told->threads, (told->thread_count + 1) * sizeof *threads);

	told->no_memory = !threads;
	if (!threads)
		return false;
	told->threads = threads;
	threads[told->thread_count++] = tid;
	return true;
}

/* A process that runs has no threads that stand.  */
static int64_t thread_of_process(struct ms_told *told, uint64_t n, int64_t *tid_out, uint64_t *pc_out)
{
	if (n == 0) {
		told->thread_count = 0;
		if (ms_process_still(told->process))
			ms_process_each_thread(told->process, add_thread, told);
	}
	if (n >= told->thread_count)
		return told->no_memory ? MS_NO_MEMORY : MS_NOT_FOUND;
	*tid_out = told->threads[n];
	ms_process_thread_pc(*tid_out, pc_out);
	return MS_OK;
}

int64_t ms_told_thread(struct ms_told *told, uint64_t n, int64_t *tid_out, uint64_t *pc_out)
{
	if (told->process)
		return thread_of_process(told, n, tid_out, pc_out);
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(told->core);
	uint64_t size, at = (uint64_t)ms_corefile_x86_64("rip");
	const uint8_t *status = ms_elfcore_thread(told->core, n, &size);
	if (facts->machine != EM_X86_64 || facts->pointer_size != 8 || !status || size < at + 8)
		return MS_NOT_FOUND;
	*tid_out = (int64_t)ms_load(status + PID, 4, false);
	*pc_out = ms_load(status + at, 8, false);
	return MS_OK;
}

void ms_told_fini(struct ms_told *told)
{
	free(told->auxv);
	free(told->threads);
	*told = (struct ms_told){ 0 };
}
