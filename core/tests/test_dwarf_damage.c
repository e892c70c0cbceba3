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

#include "programs.h"
#include "types/dwarf.h"
#include "types/symbols.h"

enum { ROUNDS = 2000, SECONDS = 10, DEATHS_MOST = ROUNDS / 20, RANGES_MOST = 64, FIELDS_MOST = 256 };

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

static bool no_frame(void *user, uint64_t *out)
{
	(void)user;
	*out = 0x1000;
	return true;
}

static uint64_t no_register(void *user, uint32_t number, void *buffer, uint64_t size)
{
	(void)user;
	memset(buffer, (int)number, size);
	return size;
}

static int64_t no_memory(void *user, uint64_t address, void *buffer, uint64_t len)
{
	(void)user;
	memset(buffer, (int)address, len);
	return (int64_t)len;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "our fault: %s\n", what);
	_exit(3);
}

/* A type and what it is made of, DEPTH levels; at most 256 members of each.  */
static void visit_type(struct ms_dwarf *dwarf, uint64_t number, int depth)
{
	struct ms_type type = { 0 };
	struct ms_field field;
	struct ms_dwarf_go go;

	if (ms_dwarf_type(dwarf, number, &type) != MS_OK) {
		must(*ms_dwarf_error(dwarf), "a failure without a line");
		return;
	}
	must(type.name && type.kind <= MS_TYPEDEF, "a type without name or kind");
	must(strlen(type.name) < 1 << 20, "a name without end");
	ms_dwarf_go(dwarf, number, &go);
	ms_dwarf_language(dwarf, number);
	for (uint32_t i = 0; i < type.field_count && i < FIELDS_MOST; i++) {
		must(ms_dwarf_field(dwarf, number, i, &field) == MS_OK && field.name, "a member that is not there");
		must(field.bit_offset < 8, "a bit beyond its byte");
		if (depth > 0 && field.type)
			visit_type(dwarf, field.type, depth - 1);
	}
	if (depth > 0 && type.target)
		visit_type(dwarf, type.target, depth - 1);
}

static void visit_variable(struct ms_dwarf *dwarf, const struct ms_dwarf_variable *variable)
{
	struct ms_location_target target = { .cfa = no_frame,
					     .reg = no_register,
					     .read = no_memory,
					     .frame_base = variable->frame_base,
					     .frame_base_size = variable->frame_base_size };
	struct ms_location location;
	struct ms_buf error = { 0 };
	uint8_t bytes[64];

	must(variable->name && variable->file && variable->location, "a variable without name, file or place");
	if (variable->type)
		visit_type(dwarf, variable->type, 3);
	if (ms_location_evaluate(variable->location, variable->location_size, &variable->unit, &target, &location,
				 &error) == MS_OK)
		ms_location_gather(&location, &variable->unit, &target, bytes, sizeof bytes, &error);
	ms_buf_fini(&error);
}

static void visit(struct ms_dwarf *dwarf, const struct input *input)
{
	static const char *const names[] = { "struct node", "point_t", "unsigned long", "enum color", "work", "x::y" };
	struct ms_dwarf_variable variable;
	uint64_t type, cursor = 0, address;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (ms_dwarf_lookup(dwarf, names[i], input->work, &type) == MS_OK)
			visit_type(dwarf, type, 4);
	for (int i = 0; i < 20; i++)
		visit_type(dwarf, any(0x400), 2);
	for (int i = 0; i < 1000 && ms_dwarf_next_global(dwarf, &cursor, &variable) == MS_OK; i++)
		visit_variable(dwarf, &variable);
	if (ms_dwarf_global(dwarf, "work::calls", MS_DWARF_NO_PC, 0, &variable) == MS_OK)
		visit_variable(dwarf, &variable);
	for (uint64_t pc = input->work; pc < input->work + input->work_size; pc += 1 + any(8)) {
		if (ms_dwarf_local(dwarf, pc, (uint32_t)any(2), "p", &variable) == MS_OK)
			visit_variable(dwarf, &variable);
		for (uint32_t n = 0; n < 20 && ms_dwarf_local_nth(dwarf, pc, 0, n, &variable) == MS_OK; n++)
			visit_variable(dwarf, &variable);
	}
	ms_dwarf_symbol(dwarf, "main", &address);
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
		visit(dwarf, input);
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

/* Was it libdwarf or libelf that the sanitizer found at fault: is the first frame that is not the sanitizer's own theirs?  */
static bool is_the_librarys(const char *report)
{
	for (const char *line = strstr(report, "    #0 "); line; line = strstr(line + 1, "    #")) {
		char frame[512];
		snprintf(frame, sizeof frame, "%.*s", (int)strcspn(line, "\n"), line);
		if (strstr(frame, "libsanitizer") || strstr(frame, "interceptor") || strstr(frame, "asan") ||
		    strstr(frame, "/libc.so") || strstr(frame, "compiler-rt"))
			continue;
		return strstr(frame, "libdwarf") || strstr(frame, "libelf");
	}
	return false;
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
		if (!is_the_librarys(report))
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
