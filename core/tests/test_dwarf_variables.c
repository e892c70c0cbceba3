/* Variables by name and by program counter, against the addresses that the program itself prints; for both compilers, several
   versions of DWARF, with and without optimisation.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dwarf_open.h"
#include "programs.h"
#include "types/dwarf.h"
#include "types/symbols.h"

static const char *const compilers[] = { "gcc -gdwarf-5",   "gcc -gdwarf-4",
					 "gcc -gdwarf-3",   "gcc -gdwarf-2 -gstrict-dwarf",
					 "clang -gdwarf-5", "clang -gdwarf-4",
					 "clang -gdwarf-2" };
/* With -gdwarf-2 -gstrict-dwarf -O2, gcc 12 writes lists of locations that are off by the unit's address; gdb finds none either.  */
enum { COMPILERS = sizeof compilers / sizeof *compilers, OFF_WHEN_OPTIMISED = 3 };

static struct ms_dwarf_variable global(struct ms_dwarf *dwarf, const char *name, uint32_t n)
{
	struct ms_dwarf_variable variable;
	int64_t status = ms_dwarf_global(dwarf, name, MS_DWARF_NO_PC, n, &variable);

	if (status != MS_OK)
		fail_msg("%s number %u: %d %s", name, n, (int)status, ms_dwarf_error(dwarf));
	return variable;
}

/* A target of which nothing is known but what the program printed.  */
struct frame {
	uint64_t cfa, frame_pointer, bias;
};

static bool read_cfa(void *user, uint64_t *out)
{
	*out = ((const struct frame *)user)->cfa;
	return *out;
}

static uint64_t read_register(void *user, uint32_t number, void *buffer, uint64_t size)
{
	const struct frame *frame = user;

	if (number != 6 || size != 8) /* x86-64: rbp */
		return 0;
	memcpy(buffer, &frame->frame_pointer, 8);
	return 8;
}

static uint64_t address(const struct ms_dwarf_variable *variable, struct frame *frame)
{
	struct ms_location_target target = { .user = frame,
					     .cfa = read_cfa,
					     .reg = read_register,
					     .bias = frame->bias,
					     .frame_base = variable->frame_base,
					     .frame_base_size = variable->frame_base_size };
	struct ms_location location;
	struct ms_buf error = { 0 };
	uint64_t out = 0;

	if (ms_location_evaluate(variable->location, variable->location_size, &variable->unit, &target, &location,
				 &error) != MS_OK)
		fail_msg("%s: %s", variable->name, ms_buf_text(&error));
	ms_buf_fini(&error);
	assert_true(ms_location_address(&location, &out));
	return out;
}

static uint64_t global_address(struct ms_dwarf *dwarf, const char *name, uint32_t n, uint64_t bias)
{
	struct ms_dwarf_variable variable = global(dwarf, name, n);

	return address(&variable, &(struct frame){ .bias = bias });
}

static const char *type_name(struct ms_dwarf *dwarf, uint64_t number)
{
	struct ms_type type = { .name = "?" };

	ms_dwarf_type(dwarf, number, &type);
	return type.name;
}

static const char one_c[] =
	"#include <stdio.h>\nint shared = 1; static long cache = 2; extern int elsewhere; extern int nowhere "
	"__attribute__((weak));\n"
	"static int unused_declared(void) { return &nowhere != 0; }\n"
	"void two(void); int counted(void) { static int calls = 5; { static char calls2; calls2++; } return ++calls; "
	"}\n"
	"__thread int per_thread = 3;\n"
	"int *calls_of(void) { static int calls; return &calls; }\n"
	"int main(void) { printf(\"shared %p\\ncache1 %p\\nelsewhere %p\\ncalls_of %p\\nmain %p\\n\", (void *)&shared, "
	"(void *)&cache, "
	"(void *)&elsewhere, (void *)calls_of(), (void *)main); two(); counted(); return per_thread - 3 + !cache + "
	"(sizeof(unused_declared) == 2); }\n";
static const char two_c[] =
	"#include <stdio.h>\nint elsewhere = 4; static long cache = 5; struct in_two { int a; } in_two;\n"
	"void two(void) { printf(\"cache2 %p\\n\", (void *)&cache); }\n";

static void globals_and_statics_are_where_the_program_says(void **state)
{
	struct ms_dwarf_variable variable;

	(void)state;
	program_write("one.c", one_c);
	program_write("two.c", two_c);
	for (int i = 0; i < COMPILERS; i++) {
		program_shell("%s one.c two.c -o both", compilers[i]);
		const char *path = program_path("both");
		struct ms_buf account = { 0 };
		program_output(path, &account);
		struct ms_dwarf *dwarf = dwarf_open(path);
		uint64_t pc;
		assert_int_equal(ms_dwarf_symbol(dwarf, "main", &pc), MS_OK);
		uint64_t bias = program_number(account.data, "main") - pc;
		assert_int_equal(global_address(dwarf, "shared", 0, bias), program_number(account.data, "shared"));
		assert_int_equal(global_address(dwarf, "elsewhere", 0, bias),
				 program_number(account.data, "elsewhere"));
		uint64_t cache1 = program_number(account.data, "cache1"),
			 cache2 = program_number(account.data, "cache2");
		assert_int_equal(global_address(dwarf, "cache", 0, bias), cache1);
		assert_int_equal(global_address(dwarf, "cache", 1, bias), cache2);
		assert_int_equal(ms_dwarf_global(dwarf, "cache", MS_DWARF_NO_PC, 2, &variable), MS_NOT_FOUND);
		assert_int_equal(global_address(dwarf, "one.c::cache", 0, bias), cache1);
		assert_int_equal(global_address(dwarf, "two.c::cache", 0, bias), cache2);
		assert_int_equal(global_address(dwarf, "'two.c'::cache", 0, bias), cache2);
		assert_int_equal(ms_dwarf_global(dwarf, "two.c::shared", MS_DWARF_NO_PC, 0, &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_global(dwarf, "three.c::cache", MS_DWARF_NO_PC, 0, &variable), MS_NOT_FOUND);
		/* The unit of the program counter comes first.  */
		assert_int_equal(ms_dwarf_symbol(dwarf, "two", &pc), MS_OK);
		assert_int_equal(ms_dwarf_global(dwarf, "cache", pc, 0, &variable), MS_OK);
		assert_int_equal(address(&variable, &(struct frame){ .bias = bias }), cache2);
		assert_string_equal(variable.file, "two.c");
		assert_string_equal(variable.qualified, "two.c::cache");
		assert_false(variable.external);
		assert_int_equal(global_address(dwarf, "calls_of::calls", 0, bias),
				 program_number(account.data, "calls_of"));
		assert_true(global_address(dwarf, "counted::calls", 0, bias) !=
			    program_number(account.data, "calls_of"));
		variable = global(dwarf, "counted::calls2", 0);
		assert_string_equal(type_name(dwarf, variable.type), "char");
		assert_int_equal(ms_dwarf_global(dwarf, "main::calls", MS_DWARF_NO_PC, 0, &variable), MS_NOT_FOUND);
		variable = global(dwarf, "shared", 0);
		assert_true(variable.external);
		assert_string_equal(variable.file, "one.c");
		assert_string_equal(variable.qualified, "shared");
		assert_string_equal(type_name(dwarf, variable.type), "int");
		/* Its declaration is there, but its place is another file's.  */
		int64_t status = ms_dwarf_global(dwarf, "nowhere", MS_DWARF_NO_PC, 0, &variable);
		assert_true(status == MS_NOT_FOUND || status == MS_REFUSED);
		ms_dwarf_free(dwarf);
		ms_buf_fini(&account);
	}
}

static void thread_local_variable_is_told_by_its_location(void **state)
{
	struct ms_location location;
	struct ms_buf error = { 0 };

	(void)state;
	struct ms_dwarf *dwarf =
		dwarf_open(program_compile("gcc -gdwarf-5", "__thread int t = 3; int main(void) { return t - 3; }"));
	struct ms_dwarf_variable variable = global(dwarf, "t", 0);
	assert_int_equal(ms_location_evaluate(variable.location, variable.location_size, &variable.unit,
					      &(struct ms_location_target){ 0 }, &location, &error),
			 MS_REFUSED);
	assert_non_null(strstr(error.data, "thread-local"));
	ms_buf_fini(&error);
	ms_dwarf_free(dwarf);
}

static void all_globals_are_listed_once_with_a_name_that_finds_them(void **state)
{
	static const char *const expected[] = { "shared",	  "cache",	     "per_thread",
						"elsewhere",	  "two.c::cache",    "in_two",
						"counted::calls", "counted::calls2", "calls_of::calls" };
	enum { EXPECTED = sizeof expected / sizeof *expected };

	(void)state;
	program_write("one.c", one_c);
	program_write("two.c", two_c);
	for (int i = 0; i < COMPILERS; i++) {
		struct ms_dwarf_variable variable, again;
		unsigned seen[EXPECTED] = { 0 };
		uint64_t cursor = 0;
		program_shell("%s one.c two.c -o both", compilers[i]);
		struct ms_dwarf *dwarf = dwarf_open(program_path("both"));
		while (ms_dwarf_next_global(dwarf, &cursor, &variable) == MS_OK) {
			int k = 0;
			while (k < EXPECTED && strcmp(expected[k], variable.qualified))
				k++;
			if (k == EXPECTED)
				fail_msg("%s: not expected", variable.qualified);
			seen[k]++;
			again = global(dwarf, variable.qualified, 0);
			assert_ptr_equal(again.location, variable.location);
		}
		for (int k = 0; k < EXPECTED; k++)
			if (seen[k] != 1)
				fail_msg("%s: %s %u times", compilers[i], expected[k], seen[k]);
		assert_int_equal(ms_dwarf_next_global(dwarf, &cursor, &variable), MS_NOT_FOUND);
		ms_dwarf_free(dwarf);
	}
}

static void cxx_variables_are_found_with_their_scopes(void **state)
{
	static const char *const cxx[] = { "g++ -gdwarf-5", "g++ -gdwarf-4", "clang++ -gdwarf-5", "clang++ -gdwarf-4" };
	static const char source[] = "#include <cstdio>\nnamespace app { int cache = 1; namespace { int hidden = 2; } "
				     "struct Server { static int count; };\n"
				     "int Server::count = 3; inline namespace v1 { int versioned = 4; } } int cache = "
				     "5; extern int later; int later = 6;\n"
				     "int main() { printf(\"app::cache %p\\napp::hidden %p\\napp::Server::count "
				     "%p\\napp::versioned %p\\ncache %p\\nlater %p\\n\"\n"
				     "\"main %p\\n\", (void *)&app::cache, (void *)&app::hidden, (void "
				     "*)&app::Server::count, (void *)&app::versioned,\n"
				     "(void *)&cache, (void *)&later, (void *)main); return 0; }\n";
	static const char *const names[] = { "app::cache",     "app::hidden", "app::Server::count",
					     "app::versioned", "cache",	      "later" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		const char *path = program_compile(cxx[i], source);
		struct ms_buf account = { 0 };
		struct ms_dwarf_variable variable;
		program_output(path, &account);
		struct ms_dwarf *dwarf = dwarf_open(path);
		uint64_t pc;
		assert_int_equal(ms_dwarf_symbol(dwarf, "main", &pc), MS_OK);
		uint64_t bias = program_number(account.data, "main") - pc;
		for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
			assert_int_equal(global_address(dwarf, names[k], 0, bias),
					 program_number(account.data, names[k]));
			assert_int_equal(ms_dwarf_global(dwarf, names[k], MS_DWARF_NO_PC, 1, &variable), MS_NOT_FOUND);
		}
		assert_string_equal(global(dwarf, "::app::cache", 0).qualified, "app::cache");
		assert_int_equal(ms_dwarf_global(dwarf, "hidden", MS_DWARF_NO_PC, 0, &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_global(dwarf, "Server::count", MS_DWARF_NO_PC, 0, &variable), MS_NOT_FOUND);
		ms_dwarf_free(dwarf);
		ms_buf_fini(&account);
	}
}

/* Each HERE tells where it is (by a label), what the frame is, and where its variables are.  */
static const char locals_c[] =
	"#include <stdio.h>\n"
	"#define FRAME(n) __asm__ volatile(\".globl here_\" #n \"\\nhere_\" #n \":\"); extern char here_##n[]; \\\n"
	"  printf(\"pc\" #n \" %p\\ncfa\" #n \" %p\\nfp\" #n \" %p\\n\", (void *)here_##n, (void *)((char "
	"*)__builtin_frame_address(0) + 16), __builtin_frame_address(0))\n"
	"#define TELL(name, v) printf(name \" %p\\n\", (void *)&(v))\n"
	"int x = 1;\n"
	"int work(int a, double b) {\n"
	"  long x = a; static int kept = 4; FRAME(1); TELL(\"outer\", x); TELL(\"a\", a); TELL(\"b\", b); "
	"TELL(\"kept\", kept);\n"
	"  for (int i = 0; i < 1; i++) { char x[3] = { 1, 2, 3 }; short only = x[0]; FRAME(2); TELL(\"inner\", x); "
	"TELL(\"i\", i); TELL(\"only\", only); }\n"
	"  { int other = 5; TELL(\"other\", other); }\n"
	"  return a; }\n"
	"int main(void) { printf(\"main %p\\n\", (void *)main); TELL(\"x\", x); return work(0, 2.5); }\n";

static struct ms_dwarf_variable local(struct ms_dwarf *dwarf, uint64_t pc, const char *name)
{
	struct ms_dwarf_variable variable;
	int64_t status = ms_dwarf_local(dwarf, pc, 0, name, &variable);

	if (status != MS_OK)
		fail_msg("%s at 0x%llx: %d %s", name, (unsigned long long)pc, (int)status, ms_dwarf_error(dwarf));
	assert_string_equal(variable.name, name);
	return variable;
}

static void assert_local(struct ms_dwarf *dwarf, const char *account, int here, const char *name, const char *told)
{
	char pc[8], cfa[8], fp[8];

	snprintf(pc, sizeof pc, "pc%d", here);
	snprintf(cfa, sizeof cfa, "cfa%d", here);
	snprintf(fp, sizeof fp, "fp%d", here);
	uint64_t main_pc = 0;
	assert_int_equal(ms_dwarf_symbol(dwarf, "main", &main_pc), MS_OK);
	struct frame frame = { .cfa = program_number(account, cfa),
			       .frame_pointer = program_number(account, fp),
			       .bias = program_number(account, "main") - main_pc };
	struct ms_dwarf_variable variable = local(dwarf, program_number(account, pc) - frame.bias, name);
	assert_int_equal(address(&variable, &frame), program_number(account, told));
}

static void innermost_block_comes_first(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		char command[128];
		snprintf(command, sizeof command, "%s -O0 -fno-omit-frame-pointer", compilers[i]);
		const char *path = program_compile(command, locals_c);
		struct ms_buf account = { 0 };
		struct ms_dwarf_variable variable;
		program_output(path, &account);
		struct ms_dwarf *dwarf = dwarf_open(path);
		assert_local(dwarf, account.data, 1, "x", "outer");
		assert_local(dwarf, account.data, 1, "a", "a");
		assert_local(dwarf, account.data, 1, "b", "b");
		assert_local(dwarf, account.data, 1, "kept", "kept");
		assert_local(dwarf, account.data, 2, "x", "inner");
		assert_local(dwarf, account.data, 2, "i", "i");
		assert_local(dwarf, account.data, 2, "only", "only");
		assert_local(dwarf, account.data, 2, "a", "a");
		uint64_t pc = 0, here = 0;
		assert_int_equal(ms_dwarf_symbol(dwarf, "here_1", &pc), MS_OK);
		assert_int_equal(ms_dwarf_symbol(dwarf, "here_2", &here), MS_OK);
		assert_true(local(dwarf, pc, "a").parameter);
		assert_false(local(dwarf, pc, "x").parameter);
		assert_int_equal(ms_dwarf_local(dwarf, pc, 0, "only", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, here, 0, "other", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, pc, 0, "main", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, pc, 1, "x", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, 3, 0, "x", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, MS_DWARF_NO_PC, 0, "x", &variable), MS_NOT_FOUND);
		/* All of them, inner before outer: x i only | ... | a b x kept.  */
		unsigned count = 0, xs = 0;
		for (; ms_dwarf_local_nth(dwarf, here, 0, count, &variable) == MS_OK; count++)
			xs += !strcmp(variable.name, "x");
		assert_int_equal(count, 7);
		assert_int_equal(xs, 2);
		ms_dwarf_free(dwarf);
		ms_buf_fini(&account);
	}
}

/* Optimised: parameters come in registers that the ABI names; the inlined function has a frame of its own to its user.  */
static const char optimised_c[] =
	"volatile long sink; long *volatile place;\n"
	"static inline __attribute__((always_inline)) long inlined(long in) { long deep = in * 3;\n"
	"  __asm__ volatile(\".globl in_inlined\\nin_inlined: nop\" : \"+r\"(deep)); sink = deep; return deep + 1; }\n"
	"__attribute__((noinline)) long entry(long first, int second, const char *third) {\n"
	"  long gone; __asm__ volatile(\"\" : \"=r\"(gone)); const int constant = 77; long result = inlined(first + "
	"second);\n"
	"  __asm__ volatile(\".globl behind\\nbehind: nop\" ::: \"rax\", \"rcx\", \"rdi\", \"rsi\", \"rdx\", \"r8\", "
	"\"r9\", \"r10\", \"r11\", \"memory\"); sink = "
	"constant; return result + third[0]; }\n"
	"int main(int argc, char **argv) { return (int)entry(argc, argc, argv[0]) & 0; }\n";

static void assert_register(struct ms_dwarf *dwarf, uint64_t pc, const char *name, uint64_t number)
{
	struct ms_dwarf_variable variable = local(dwarf, pc, name);
	struct ms_location location;
	struct ms_buf error = { 0 };

	assert_int_equal(ms_location_evaluate(variable.location, variable.location_size, &variable.unit,
					      &(struct ms_location_target){ 0 }, &location, &error),
			 MS_OK);
	assert_int_equal(location.count, 1);
	assert_int_equal(location.pieces[0].kind, MS_PIECE_REGISTER);
	assert_int_equal(location.pieces[0].number, number);
	ms_buf_fini(&error);
}

static void assert_no_value(struct ms_dwarf *dwarf, uint64_t pc, uint32_t inlined, const char *name)
{
	struct ms_dwarf_variable variable;

	assert_int_equal(ms_dwarf_local(dwarf, pc, inlined, name, &variable), MS_REFUSED);
	assert_string_equal(variable.name, name);
	assert_true(variable.type != 0);
	assert_null(variable.location);
	assert_non_null(strstr(ms_dwarf_error(dwarf), name));
	assert_non_null(strstr(ms_dwarf_error(dwarf), "has no value at this point of the program"));
}

static void optimised_code_tells_registers_constants_and_what_is_gone(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		char command[128];
		if (i == OFF_WHEN_OPTIMISED)
			continue;
		snprintf(command, sizeof command, "%s -O2", compilers[i]);
		struct ms_dwarf *dwarf = dwarf_open(program_compile(command, optimised_c));
		struct ms_dwarf_variable variable;
		uint64_t pc, inside, behind;
		assert_int_equal(ms_dwarf_symbol(dwarf, "entry", &pc), MS_OK);
		assert_int_equal(ms_dwarf_symbol(dwarf, "in_inlined", &inside), MS_OK);
		assert_int_equal(ms_dwarf_symbol(dwarf, "behind", &behind), MS_OK);
		/* DWARF's numbers of rdi, rsi, rdx.  */
		assert_register(dwarf, pc, "first", 5);
		assert_register(dwarf, pc, "second", 4);
		assert_register(dwarf, pc, "third", 1);
		assert_no_value(dwarf, behind + 1, 0, "gone");

		/* In the inlined call, its own names; one level out, those of its caller.  */
		assert_int_not_equal(ms_dwarf_local(dwarf, inside, 0, "deep", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, inside, 0, "third", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, inside, 1, "deep", &variable), MS_NOT_FOUND);
		assert_int_not_equal(ms_dwarf_local(dwarf, inside, 1, "third", &variable), MS_NOT_FOUND);
		assert_int_equal(ms_dwarf_local(dwarf, inside, 2, "third", &variable), MS_NOT_FOUND);

		struct ms_location location;
		struct ms_buf error = { 0 };
		struct ms_location_target nothing = { 0 };
		int number = 0;
		/* Before DWARF 4 there are no words for it; clang 14 writes it as an address.  */
		if (!strstr(compilers[i], "dwarf-5") && !strstr(compilers[i], "dwarf-4")) {
			ms_dwarf_free(dwarf);
			continue;
		}
		variable = local(dwarf, behind + 1, "constant");
		assert_int_equal(ms_location_evaluate(variable.location, variable.location_size, &variable.unit,
						      &nothing, &location, &error),
				 MS_OK);
		assert_int_equal(ms_location_gather(&location, &variable.unit, &nothing, &number, sizeof number,
						    &error),
				 MS_OK);
		assert_int_equal(number, 77);
		ms_buf_fini(&error);
		ms_dwarf_free(dwarf);
	}
}

/* Whatever optimisation left, each program counter has one answer, and none is called damaged.  */
static void every_program_counter_has_an_answer(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		char command[128];
		if (i == OFF_WHEN_OPTIMISED)
			continue;
		snprintf(command, sizeof command, "%s -O2", compilers[i]);
		const char *path = program_compile(command, optimised_c);
		struct ms_dwarf *dwarf = dwarf_open(path);
		struct ms_symbols *symbols;
		struct ms_symbol symbol;
		struct ms_buf error = { 0 };
		unsigned found = 0, refused = 0;
		assert_int_equal(ms_symbols_open(path, &symbols, &error), MS_OK);
		assert_int_equal(ms_symbols_find(symbols, "entry", &symbol), MS_OK);
		for (uint64_t pc = symbol.address; pc < symbol.address + symbol.size; pc++) {
			struct ms_dwarf_variable variable;
			for (uint32_t inlined = 0; inlined < 2; inlined++) {
				int64_t status = ms_dwarf_local(dwarf, pc, inlined, "third", &variable);
				found += status == MS_OK;
				refused += status == MS_REFUSED;
				if (status != MS_OK && status != MS_REFUSED && status != MS_NOT_FOUND)
					fail_msg("%s: %s", command, ms_dwarf_error(dwarf));
			}
		}
		assert_true(found > 0);
		assert_int_equal(found + refused, symbol.size);
		ms_symbols_free(symbols);
		ms_dwarf_free(dwarf);
	}
}

static void go_variables_are_called_with_their_package(void **state)
{
	struct ms_dwarf_variable variable;
	static const char source[] = "package main\nvar cache = map[string]int{}\nfunc use(m map[string]int, p "
				     "*map[int]int) { m[\"a\"] = len(*p) }\n"
				     "//go:noinline\nfunc work(m map[string]int) { moved := map[int]int{}; local := m; "
				     "use(local, &moved); keep = &moved }\n"
				     "var keep *map[int]int\nfunc main() { work(cache) }\n";

	(void)state;
	program_write("main.go", source);
	program_shell("GO111MODULE=off GOFLAGS= GOCACHE=${GOCACHE:-$root/build/go-cache} $(command -v go || echo "
		      "/usr/lib/go-1.19/bin/go) build -gcflags='-N -l' -o main.exe main.go");
	struct ms_dwarf *dwarf = dwarf_open(program_path("main.exe"));
	variable = global(dwarf, "main.cache", 0);
	assert_string_equal(type_name(dwarf, variable.type), "map[string]int");
	assert_string_equal(variable.qualified, "main.cache");
	assert_string_equal(variable.file, "main");
	uint64_t pc, symbol;
	assert_int_equal(ms_dwarf_symbol(dwarf, "main.cache", &symbol), MS_OK);
	assert_int_equal(global_address(dwarf, "main.cache", 0, 0), symbol);
	assert_int_equal(ms_dwarf_global(dwarf, "cache", MS_DWARF_NO_PC, 0, &variable), MS_NOT_FOUND);

	struct ms_symbols *symbols;
	struct ms_symbol work;
	struct ms_buf error = { 0 };
	assert_int_equal(ms_symbols_open(program_path("main.exe"), &symbols, &error), MS_OK);
	assert_int_equal(ms_symbols_find(symbols, "main.work", &work), MS_OK);
	pc = work.address + work.size / 2;
	variable = local(dwarf, pc, "m");
	assert_string_equal(type_name(dwarf, variable.type), "map[string]int");
	assert_true(variable.parameter);
	assert_string_equal(type_name(dwarf, local(dwarf, pc, "local").type), "map[string]int");
	/* It lives on the heap; DWARF has a pointer to it, called &moved.  */
	variable = local(dwarf, pc, "moved");
	assert_string_equal(type_name(dwarf, variable.type), "map[int]int");
	struct ms_dwarf_variable pointer = local(dwarf, pc, "&moved");
	assert_string_equal(type_name(dwarf, pointer.type), "*map[int]int");
	assert_int_equal(variable.location_size, pointer.location_size + 1);
	assert_int_equal(variable.location[variable.location_size - 1], 0x06); /* DW_OP_deref */
	ms_symbols_free(symbols);
	ms_dwarf_free(dwarf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globals_and_statics_are_where_the_program_says),
		cmocka_unit_test(thread_local_variable_is_told_by_its_location),
		cmocka_unit_test(all_globals_are_listed_once_with_a_name_that_finds_them),
		cmocka_unit_test(cxx_variables_are_found_with_their_scopes),
		cmocka_unit_test(innermost_block_comes_first),
		cmocka_unit_test(optimised_code_tells_registers_constants_and_what_is_gone),
		cmocka_unit_test(every_program_counter_has_an_answer),
		cmocka_unit_test(go_variables_are_called_with_their_package),
	};

	return cmocka_run_group_tests(tests, programs_setup, programs_teardown);
}
