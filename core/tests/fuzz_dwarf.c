/* Fuzzes debug information: the input is an ELF file, of which every question is asked. libdwarf and libelf are not ours, and the
   releases that are about die of some files: which is why only the command-line tool links them, in a process of its own. So
   each input is first tried in a child. One that they die in is passed over, one that we die in, or that does not end, is
   found; only what the child withstood is done again here, where the fuzzer sees which code it reached.  */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dwarf_visit.h"
#include "fuzzing.h"

enum { SECONDS = 10 };

static void look(const char *path)
{
	static const char *const names[] = { "struct node", "point_t",	      "unsigned long",
					     "enum color",  "map[string]int", "x::y" };
	struct ms_buf error = { 0 };
	struct ms_dwarf *dwarf;
	struct dwarf_visit visit = { .names = names, .name_count = sizeof names / sizeof *names };

	if (ms_dwarf_open(path, NULL, &dwarf, &error) == MS_OK) {
		if (ms_dwarf_symbol(dwarf, "work", &visit.pc) == MS_OK)
			visit.pc_size = 64;
		dwarf_visit(dwarf, &visit);
		ms_dwarf_free(dwarf);
	} else {
		fuzz_must(error.size > 0 && !strchr(error.data, '\n'), "a failure without one line");
	}
	ms_buf_fini(&error);
}

/* Whether the file can be looked at here.  */
static bool child_withstands(const char *path)
{
	char report[20000];
	size_t size = 0;
	ssize_t got;
	int ends[2], status;

	fuzz_must(pipe(ends) == 0, "no pipe");
	pid_t child = fork();
	fuzz_must(child >= 0, "no child");
	if (!child) {
		signal(SIGALRM, SIG_DFL);
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		alarm(SECONDS);
		look(path);
		_exit(0);
	}
	close(ends[1]);
	while (size < sizeof report - 1) {
		got = read(ends[0], report + size, sizeof report - 1 - size);
		if (got < 0 && errno == EINTR) /* libFuzzer's clock */
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	report[size] = 0;
	close(ends[0]);
	while (waitpid(child, &status, 0) < 0)
		fuzz_must(errno == EINTR, "a child that is lost");
	if (status == 0)
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fuzz_must(false, "a file that takes longer than 10 s");
	if (!dwarf_is_the_librarys(report)) {
		fputs(report, stderr);
		fuzz_must(false, "our fault");
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);

	if (child_withstands(path))
		look(path);
	return 0;
}
