/* Everything is read from /proc/PID: maps, mem, exe, root, task. Stopping is ptrace's SEIZE and INTERRUPT, which leave no trace:
   no signal is sent, a job-control stop stays one, and the kernel detaches when we die.  */
#include "cli/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "mapscope.h"
#include "mem/corefile.h"

enum {
	STOP_MS = 2000, /* how long threads may take to stop */
	ASLEEP_MS =
		100, /* after that, one in uninterruptible sleep counts: it stops before it runs its own code again */
	ROUNDS_MOST = 1000,
};

struct thread {
	pid_t tid;
	enum { THREAD_SEIZED, THREAD_STOPPED, THREAD_GONE } state;
	int signal; /* one that it was about to be given: it gets it when it goes on */
};

struct ms_process {
	int64_t pid;
	int memory; /* /proc/PID/mem */
	char *exe;
	struct ms_mapping *mappings;
	size_t mapping_count;
	struct thread *threads;
	size_t thread_count;
	bool masked;
	sigset_t mask; /* before we held the process */
};

static const char deleted[] = " (deleted)";

static int64_t no_memory(struct ms_buf *error)
{
	ms_buf_str(error, "out of memory");
	return MS_NO_MEMORY;
}

/* The file NAME of /proc/PID, or of /proc/PID/task/TID; false if it cannot be read.  */
static bool read_small(int64_t pid, const char *name, char *out, size_t size)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	out[got < 0 ? 0 : got] = 0;
	return got >= 0;
}

/* The number behind NAME in /proc/PID/status; -1 where there is none.  */
static int64_t status_number(int64_t pid, const char *name)
{
	char text[4096];

	if (!read_small(pid, "status", text, sizeof text))
		return -1;
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			return strtoll(line + strlen(name) + 1, NULL, 10);
	}
	return -1;
}

/* The letter of a thread's state: proc(5), stat; 0: it is gone. Its name, in parentheses, may hold anything.  */
static char thread_state(pid_t tid)
{
	char text[512];
	const char *end = read_small(tid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;

	return end && end[1] == ' ' ? end[2] : 0;
}

/* ---- Opening ---- */

static void say_permission(int64_t pid, struct ms_buf *error)
{
	char path[64], scope[16] = "";
	struct stat status;
	int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t got = read(fd, scope, sizeof scope - 1);
		scope[got < 0 ? 0 : got] = 0;
		close(fd);
	}
	ms_buf_printf(error, "process %lld may not be read: ", (long long)pid);
	snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
	if (stat(path, &status) == 0 && status.st_uid != geteuid() && geteuid() != 0) {
		const struct passwd *owner = getpwuid(status.st_uid);
		ms_buf_printf(error, "it belongs to user %u", (unsigned)status.st_uid);
		if (owner)
			ms_buf_printf(error, " (%s)", owner->pw_name);
		ms_buf_str(error, "; run mapscope as that user or as root (capability CAP_SYS_PTRACE)");
	} else if (*scope > '0') {
		ms_buf_printf(error, "kernel.yama.ptrace_scope is %c; run mapscope as root (capability CAP_SYS_PTRACE)",
			      *scope);
		if (*scope < '3')
			ms_buf_str(error, ", or as root: sysctl kernel.yama.ptrace_scope=0");
	} else {
		ms_buf_str(
			error,
			"the capability CAP_SYS_PTRACE is needed (run mapscope as root; in a container, start it with "
			"--cap-add SYS_PTRACE)");
	}
}

static int64_t refuse(int64_t pid, struct ms_buf *error)
{
	char state = thread_state((pid_t)pid);

	if (state == 'Z' || state == 'X')
		ms_buf_printf(error, "process %lld has ended; its parent has not yet asked how", (long long)pid);
	else if (!state)
		ms_buf_printf(error, "there is no process %lld", (long long)pid);
	else
		say_permission(pid, error);
	return MS_REFUSED;
}

static void drop_deleted(char *path)
{
	size_t size = strlen(path), mark = sizeof deleted - 1;

	if (size > mark && !strcmp(path + size - mark, deleted))
		path[size - mark] = 0;
}

/* The kernel writes a newline in a name as \012, and nothing else so.  */
static void unescape(char *path)
{
	for (char *found = path; (found = strstr(found, "\\012")); found++) {
		*found = '\n';
		memmove(found + 1, found + 4, strlen(found + 4) + 1);
	}
}

/* One line of maps, if it is a file's. False: memory is short.  */
static bool take_mapping(struct ms_process *process, const char *line)
{
	unsigned long long start, end, offset;
	int name = 0;

	if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %n", &start, &end, &offset, &name) < 3 || !name ||
	    line[name] != '/')
		return true;
	size_t count = process->mapping_count;
	if ((count & (count + 1)) == 0) { /* 0, 1, 3, 7, ...: full */
		struct ms_mapping *grown = realloc(process->mappings, (2 * count + 1) * sizeof *grown);
		if (!grown)
			return false;
		process->mappings = grown;
	}
	char *path = strdup(line + name);
	if (!path)
		return false;
	path[strcspn(path, "\n")] = 0;
	drop_deleted(path);
	unescape(path);
	process->mappings[process->mapping_count++] = (struct ms_mapping){ start, end, offset, path };
	return true;
}

static int64_t read_mappings(struct ms_process *process, struct ms_buf *error)
{
	char path[64], *line = NULL;
	size_t size = 0;

	snprintf(path, sizeof path, "/proc/%lld/maps", (long long)process->pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return refuse(process->pid, error);
	bool whole = true;
	while (whole && getline(&line, &size, file) > 0)
		whole = take_mapping(process, line);
	free(line);
	fclose(file);
	return whole ? MS_OK : no_memory(error);
}

static int64_t open_all(struct ms_process *process, struct ms_buf *error)
{
	char path[64], exe[PATH_MAX] = "";

	snprintf(path, sizeof path, "/proc/%lld/mem", (long long)process->pid);
	process->memory = open(path, O_RDONLY | O_CLOEXEC);
	if (process->memory < 0)
		return refuse(process->pid, error);
	snprintf(path, sizeof path, "/proc/%lld/exe", (long long)process->pid);
	ssize_t size = readlink(path, exe, sizeof exe - 1);
	exe[size < 0 ? 0 : size] = 0;
	drop_deleted(exe);
	process->exe = strdup(exe);
	if (!process->exe)
		return no_memory(error);
	int64_t status = read_mappings(process, error);
	if (status == MS_OK && !process->mapping_count) {
		char state = thread_state((pid_t)process->pid);
		if (state == 'Z' || state == 'X' || !state)
			return refuse(process->pid, error);
		ms_buf_printf(error, "process %lld has no program: it belongs to the kernel", (long long)process->pid);
		return MS_REFUSED;
	}
	return status;
}

int64_t ms_process_open(int64_t pid, struct ms_process **out, struct ms_buf *error)
{
	struct ms_process *process = calloc(1, sizeof *process);
	int64_t group = status_number(pid, "Tgid");

	if (!process)
		return no_memory(error);
	process->pid = group > 0 ? group : pid; /* a thread's number stands for its process */
	process->memory = -1;
	int64_t status = open_all(process, error);
	if (status == MS_OK)
		*out = process;
	else
		ms_process_free(process);
	return status;
}

void ms_process_free(struct ms_process *process)
{
	if (!process)
		return;
	ms_process_release(process);
	if (process->memory >= 0)
		close(process->memory);
	for (size_t i = 0; i < process->mapping_count; i++)
		free((char *)process->mappings[i].path);
	free(process->mappings);
	free(process->exe);
	free(process);
}

/* ---- What it is ---- */

int64_t ms_process_pid(const struct ms_process *process)
{
	return process->pid;
}

const struct ms_mapping *ms_process_mappings(const struct ms_process *process, size_t *count_out)
{
	*count_out = process->mapping_count;
	return process->mappings;
}

const char *ms_process_exe(const struct ms_process *process)
{
	return process->exe;
}

void ms_process_path(const struct ms_process *process, const struct ms_mapping *mapping, struct ms_buf *out)
{
	ms_buf_clear(out);
	if (!strcmp(mapping->path, process->exe))
		ms_buf_printf(out, "/proc/%lld/exe", (long long)process->pid);
	else
		ms_buf_printf(out, "/proc/%lld/map_files/%llx-%llx", (long long)process->pid,
			      (unsigned long long)mapping->start, (unsigned long long)mapping->end);
	if (access(ms_buf_text(out), R_OK) == 0)
		return;
	ms_buf_clear(out);
	ms_buf_printf(out, "/proc/%lld/root%s", (long long)process->pid, mapping->path);
}

int64_t ms_process_read(const struct ms_process *process, uint64_t address, void *buffer, uint64_t len)
{
	uint64_t done = 0;

	while (done < len) {
		/* The addresses of this file go beyond what off_t holds only where the kernel itself lies.  */
		ssize_t got = address + done > INT64_MAX ? 0
							 : pread(process->memory, (char *)buffer + done, len - done,
								 (off_t)(address + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (uint64_t)got;
	}
	return (int64_t)done;
}

bool ms_process_each_thread(const struct ms_process *process, bool (*visit)(int64_t tid, void *user), void *user)
{
	char path[64];
	bool on = true;

	snprintf(path, sizeof path, "/proc/%lld/task", (long long)process->pid);
	DIR *dir = opendir(path);
	if (!dir)
		return false;
	for (struct dirent *entry; on && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			on = visit(atol(entry->d_name), user);
	closedir(dir);
	return on;
}

static bool is_still(int64_t tid, void *user)
{
	char state = thread_state((pid_t)tid);

	(void)user;
	return !state || strchr("tTZX", state);
}

bool ms_process_still(const struct ms_process *process)
{
	return process->thread_count || ms_process_each_thread(process, is_still, NULL);
}

/* proc(5), syscall: a call's number and arguments, or -1, then the stack pointer and the program counter.  */
bool ms_process_thread_pc(int64_t tid, uint64_t *out)
{
	char text[256];
	const char *last = read_small(tid, "syscall", text, sizeof text) ? strrchr(text, ' ') : NULL;

	*out = last ? strtoull(last + 1, NULL, 16) : 0;
	return *out;
}

bool ms_process_gone(const struct ms_process *process)
{
	char state = thread_state((pid_t)process->pid), pages[64], byte;
	/* On its way out a process has given up its memory before it is a zombie: proc(5), statm.  */
	bool bare = read_small((pid_t)process->pid, "statm", pages, sizeof pages) && !strncmp(pages, "0 ", 2);

	/* A leader that ended before its threads is bare, too, and the memory still there.  */
	return !state || ((state == 'Z' || state == 'X' || bare) && process->mapping_count &&
			  ms_process_read(process, process->mappings[0].start, &byte, 1) < 1);
}

/* ---- Stopping ---- */

struct seizing {
	struct ms_process *process;
	struct ms_buf *error;
	size_t found; /* new threads in this round */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool cannot_seize(struct seizing *seizing, pid_t tid)
{
	struct ms_process *process = seizing->process;
	int64_t tracer = status_number(process->pid, "TracerPid");

	if (errno == ESRCH || strchr("ZX", thread_state(tid)))
		return true; /* it ended meanwhile */
	if (tracer > 0)
		ms_buf_printf(
			seizing->error,
			"process %lld cannot be stopped: process %lld debugs it; stop it there, and leave out --stop",
			(long long)process->pid, (long long)tracer);
	else
		ms_buf_printf(seizing->error,
			      "process %lld cannot be stopped: %s; the capability CAP_SYS_PTRACE is needed",
			      (long long)process->pid, strerror(errno));
	return false;
}

static bool seize(int64_t thread, void *user)
{
	pid_t tid = (pid_t)thread;
	struct seizing *seizing = user;
	struct ms_process *process = seizing->process;

	for (size_t i = 0; i < process->thread_count; i++)
		if (process->threads[i].tid == tid)
			return true;
	struct thread *grown = realloc(process->threads, (process->thread_count + 1) * sizeof *grown);
	if (!grown) {
		no_memory(seizing->error);
		return false;
	}
	process->threads = grown;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return cannot_seize(seizing, tid);
	grown[process->thread_count++] = (struct thread){ .tid = tid };
	seizing->found++;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	return true;
}

/* Whether THREAD has stopped, or ended.  */
static bool has_stopped(struct thread *thread)
{
	int status;
	pid_t got = thread->state == THREAD_SEIZED ? waitpid(thread->tid, &status, __WALL | WNOHANG) : 0;

	if (got < 0 && errno != EINTR)
		thread->state = THREAD_GONE;
	if (got > 0 && !WIFSTOPPED(status))
		thread->state = THREAD_GONE;
	if (got > 0 && WIFSTOPPED(status)) {
		thread->state = THREAD_STOPPED;
		thread->signal = status >> 16 ? 0 : WSTOPSIG(status); /* no event: a signal on its way */
	}
	return thread->state != THREAD_SEIZED;
}

/* Waits until all that were seized have stopped.  */
static bool wait_for_all(struct ms_process *process, int64_t start, struct ms_buf *error)
{
	long pause = 20000; /* nanoseconds */

	for (size_t i = 0; i < process->thread_count;) {
		struct thread *thread = &process->threads[i];
		int64_t waited = now_ms() - start;
		if (has_stopped(thread) || (waited > ASLEEP_MS && thread_state(thread->tid) == 'D')) {
			i++;
			continue;
		}
		if (waited > STOP_MS) {
			ms_buf_printf(error, "thread %lld of process %lld did not stop in %d seconds",
				      (long long)thread->tid, (long long)process->pid, STOP_MS / 1000);
			return false;
		}
		nanosleep(&(struct timespec){ .tv_nsec = pause }, NULL);
		pause = pause < 1000000 ? pause * 2 : pause;
	}
	return true;
}

/* While we hold the process, Ctrl-Z must not stop us.  */
static void mask_stops(struct ms_process *process)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	process->masked = sigprocmask(SIG_BLOCK, &stops, &process->mask) == 0;
}

int64_t ms_process_stop(struct ms_process *process, struct ms_buf *error)
{
	struct seizing seizing = { .process = process, .error = error };
	int64_t start = now_ms();
	bool stopped = false;

	if (status_number(process->pid, "TracerPid") > 0 && ms_process_still(process))
		return MS_OK; /* held by a debugger */
	mask_stops(process);
	/* A thread that still runs may start others; once a round finds none, all stand.  */
	for (int round = 0; round < ROUNDS_MOST && !stopped; round++) {
		seizing.found = 0;
		if (!ms_process_each_thread(process, seize, &seizing) || !wait_for_all(process, start, error))
			break;
		stopped = !seizing.found;
	}
	if (stopped && process->thread_count)
		return MS_OK;
	if (!error->size)
		ms_buf_printf(error,
			      ms_process_gone(process) ? "process %lld has ended" : "process %lld cannot be stopped",
			      (long long)process->pid);
	ms_process_release(process);
	return MS_REFUSED;
}

bool ms_process_register(const struct ms_process *process, const char *name, uint64_t *out)
{
#ifdef __x86_64__
	int at = ms_corefile_x86_64(name) - ms_corefile_x86_64("r15");
	struct user_regs_struct registers; /* in the order of a core's */

	for (size_t i = 0; i < process->thread_count; i++) {
		const struct thread *thread = &process->threads[i];
		if (thread->tid != process->pid || thread->state != THREAD_STOPPED || at < 0 ||
		    (size_t)at + 8 > sizeof registers || ptrace(PTRACE_GETREGS, thread->tid, NULL, &registers) < 0)
			continue;
		*out = ms_load((const uint8_t *)&registers + at, 8, false);
		return true;
	}
#endif
	return false;
}

void ms_process_release(struct ms_process *process)
{
	for (size_t i = 0; i < process->thread_count; i++) {
		struct thread *thread = &process->threads[i];
		if (thread->state == THREAD_SEIZED)
			has_stopped(thread);
		if (thread->state == THREAD_STOPPED)
			ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)thread->signal);
	}
	free(process->threads);
	process->threads = NULL;
	process->thread_count = 0;
	if (process->masked)
		sigprocmask(SIG_SETMASK, &process->mask, NULL);
	process->masked = false;
}
