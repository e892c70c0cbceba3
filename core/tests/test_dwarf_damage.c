/* Damaged files: bytes changed at random in the debug information, in all of the file, and truncation, with a fixed seed. Every
   question is asked of each; none may read outside of what it has, run without end, or succeed without an answer. In processes of
   their own: old versions of libdwarf die of some files, which is why only the command-line tool links it. Such deaths
   are told from ours by the sanitizer's report, and are few.  */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dwarf_visit.h"
#include "programs.h"
#include "types/dwarf.h"
#include "types/symbols.h"

enum { ROUNDS = 2000, SECONDS = 10, DEATHS_MOST = ROUNDS / 20, RANGES_MOST = 64 };

static const char source[] =
	"struct point { int x, y; }; enum color { RED, GREEN }; typedef struct point point_t;\n"
	"struct node { struct node *next; point_t at[3]; unsigned bits : 5; union { int i; float f; }; enum color "
	"color; int (*call)(int); };\n"
	"struct node list; static struct node *cache; struct hidden; struct hidden *hidden; int grid[3][4];\n"
	"static inline __attribute__((always_inline)) int inner(int in) { int deep = in * 3; return deep + grid[0][1]; "
	"}\n"
	"__attribute__((noinline)) int work(int a, struct node *n) { static int calls; int sum = calls++;\n"
	"  for (int i = 0; i < a; i++) { struct point p = { i, a }; sum += inner(p.x) + n->at[0].x; } return sum; }\n"
	"int main(int argc, char **argv) { (void)argv; cache = &list; return work(argc, cache) & 0; }\n";

struct input {
	uint8_t *bytes;
	size_t size;
	uint64_t starts[RANGES_MOST], sizes[RANGES_MOST]; /* of the debug sections */
	int ranges;
	uint64_t work, work_size;
};

static uint64_t seed;

static uint64_t any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below ? seed % below : 0;
}

static void read_ranges(struct input *input, const char *path)
{
	size_t names;
	GElf_Shdr header;
	int fd = open(path, O_RDONLY);

	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) && input->ranges < RANGES_MOST;) {
		gelf_getshdr(scn, &header);
		if (strncmp(elf_strptr(elf, names, header.sh_name), ".debug_", 7) != 0)
			continue;
		input->starts[input->ranges] = header.sh_offset;
		input->sizes[input->ranges++] = header.sh_size;
	}
	elf_end(elf);
	close(fd);
}

static void input_init(struct input *input, const char *path)
{
	struct ms_symbols *symbols;
	struct ms_symbol work;
	struct ms_buf error = { 0 };
	FILE *file = fopen(path, "r");

	*input = (struct input){ 0 };
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	input->size = (size_t)ftell(file);
	rewind(file);
	input->bytes = malloc(input->size);
	assert_int_equal(fread(input->bytes, 1, input->size, file), input->size);
	fclose(file);
	read_ranges(input, path);
	assert_int_equal(ms_symbols_open(path, &symbols, &error), MS_OK);
	assert_int_equal(ms_symbols_find(symbols, "work", &work), MS_OK);
	input->work = work.address;
	input->work_size = work.size;
	ms_symbols_free(symbols);
	assert_true(input->ranges > 3);
}

/* ---- One damaged file ---- */

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "our fault: %s\n", what);
	_exit(3);
}

/* Damages BYTES in the way of ROUND; the new size.  */
static size_t damage(const struct input *input, uint8_t *bytes)
{
	uint64_t way = any(16);

	if (way == 0)
		return any(input->size);
	for (uint64_t i = 1 + any(6); i > 0; i--) {
		uint64_t range = any((uint64_t)input->ranges);
		uint64_t at =
			way < 3 ? any(way == 1 ? 1024 : input->size) : input->starts[range] + any(input->sizes[range]);
		/* Often a number that is special: none, all, a little more or less.  */
		uint64_t kind = any(4);
		bytes[at] = kind == 0 ? 0 : kind == 1 ? 0xff : kind == 2 ? (uint8_t)(bytes[at] + 1) : (uint8_t)any(256);
	}
	return input->size;
}

/* True where the file could be opened all the same.  */
static bool one_round(const struct input *input, uint64_t round, const char *path)
{
	static const char *const names[] = { "struct node", "point_t", "unsigned long", "enum color", "work", "x::y" };
	struct ms_buf error = { 0 };
	struct ms_dwarf *dwarf;
	uint8_t *bytes = malloc(input->size);

	seed = 0x9e3779b97f4a7c15 * (round + 1);
	memcpy(bytes, input->bytes, input->size);
	size_t size = damage(input, bytes);
	FILE *file = fopen(path, "w");
	must(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "cannot write the file");
	free(bytes);
	bool opened = ms_dwarf_open(path, NULL, &dwarf, &error) == MS_OK;
	if (opened) {
		dwarf_visit(dwarf, &(struct dwarf_visit){ .names = names,
							  .name_count = sizeof names / sizeof *names,
							  .pc = input->work,
							  .pc_size = input->work_size,
							  .seed = seed });
		ms_dwarf_free(dwarf);
	} else {
		must(error.size > 0 && !strchr(error.data, '\n'), "a failure without one line");
	}
	ms_buf_fini(&error);
	return opened;
}

/* ---- Many ---- */

struct progress {
	uint64_t round;
	uint64_t opened; /* before it, in this process */
};

/* Rounds from FIRST on, in a child; the round it died in, or ROUNDS. Its report is in FILE. Adds to *OPENED.  */
static uint64_t run(const struct input *input, uint64_t first, const char *path, const char *report, int *status_out,
		    uint64_t *opened)
{
	int progress[2];
	struct progress now = { .round = first };

	assert_int_equal(pipe(progress), 0);
	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(report, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 2);
		close(progress[0]);
		for (; now.round < ROUNDS; now.round++) {
			if (write(progress[1], &now, sizeof now) != sizeof now)
				_exit(4);
			alarm(SECONDS);
			now.opened += one_round(input, now.round, path);
		}
		_exit(0);
	}
	close(progress[1]);
	while (read(progress[0], &now, sizeof now) == sizeof now)
		;
	close(progress[0]);
	*opened += now.opened;
	assert_int_equal(waitpid(child, status_out, 0), child);
	return *status_out == 0 ? ROUNDS : now.round;
}

static void assert_withstands(const char *command)
{
	struct input input;
	int deaths = 0, status;
	uint64_t opened = 0;

	input_init(&input, program_compile(command, source));
	for (uint64_t round = 0; round < ROUNDS;) {
		char report[20000] = "";
		round = run(&input, round, program_path("damaged"), program_path("report"), &status, &opened);
		if (round == ROUNDS)
			break;
		FILE *file = fopen(program_path("report"), "r");
		assert_non_null(file);
		report[fread(report, 1, sizeof report - 1, file)] = 0;
		fclose(file);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
			fail_msg("%s: round %d does not end", command, (int)round);
		if (!dwarf_is_the_librarys(report))
			fail_msg("%s: round %d: status 0x%x: %s", command, (int)round, (unsigned)status, report);
		if (++deaths > DEATHS_MOST)
			fail_msg("%s: libdwarf died %d times by round %d: %s", command, deaths, (int)round, report);
		round++;
	}
	print_message("# %s: %d of %d could be opened, libdwarf died of %d\n", command, (int)opened, ROUNDS, deaths);
	/* Most damage lies behind what opening looks at, so that the questions met it.  */
	assert_true(opened > ROUNDS / 8);
	free(input.bytes);
}

static void damaged_gcc_dwarf_5_is_withstood(void **state)
{
	(void)state;
	assert_withstands("gcc -gdwarf-5 -O2 -fdebug-types-section");
}

static void damaged_gcc_dwarf_4_is_withstood(void **state)
{
	(void)state;
	assert_withstands("gcc -gdwarf-4 -O2 -fdebug-types-section");
}

static void damaged_clang_dwarf_5_is_withstood(void **state)
{
	(void)state;
	assert_withstands("clang -gdwarf-5 -O2");
}

static void damaged_compressed_sections_are_withstood(void **state)
{
	(void)state;
	assert_withstands("gcc -gdwarf-4 -O0 -gz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_gcc_dwarf_5_is_withstood),
		cmocka_unit_test(damaged_gcc_dwarf_4_is_withstood),
		cmocka_unit_test(damaged_clang_dwarf_5_is_withstood),
		cmocka_unit_test(damaged_compressed_sections_are_withstood),
	};

	return cmocka_run_group_tests(tests, programs_setup, programs_teardown);
}
