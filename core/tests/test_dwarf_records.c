/* The length of an array that is a member, asked for by what a debugger knows of the struct or union: against sizeof, as the
   program prints it. Not damaged files in general: test_dwarf_damage.c asks it of those.  */
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

static const char source[] =
	"#include <stdio.h>\n"
	"typedef char tag[6]; typedef const tag const_tag; typedef struct { int z; tag t; } plain_t; plain_t plain;\n"
	"struct first { char name[20]; int k; const_tag t; char tail[]; } first;\n"
	"struct third { int k; union { char five[5]; int two[2]; double d; }; struct inside { short m[2][3]; } in; } "
	"third;\n"
	"union fourth { unsigned char three[3]; short two[2]; volatile tag t; int none[0]; } fourth;\n"
	"struct twice { int n; char a[4]; };\n"
	"__attribute__((noinline)) int work(int n) {\n"
	"  struct own { int n; long a[7]; } own = { n, { 0 } }; struct twice twice = { n, { 0 } };\n"
	"  { struct own { int n; long a[3]; } own2 = { n, { 0 } }; n += (int)own2.a[1]; }\n"
	"  { struct other { int n; char a[8]; char b[4]; } other = { n, { 0 }, { 0 } }; n += other.a[1]; }\n"
	"  { struct other { int n; char a[4]; char b[8]; } other = { n, { 0 }, { 0 } }; n += other.a[1]; }\n"
	"  printf(\"own %zu\\n\", sizeof own); return n + twice.a[1] + (int)own.a[2]; }\n"
	"int main(void) {\n"
	"  printf(\"plain %zu\\nfirst %zu\\nthird %zu\\nfourth %zu\\ninside %zu\\nunion %zu\\n\", sizeof plain, sizeof "
	"first,\n"
	"    sizeof third, sizeof fourth, sizeof third.in, sizeof(double)); return work(0); }\n";

static const char *const compilers[] = { "gcc -gdwarf-5",	   "gcc -gdwarf-5 -O2", "gcc -gdwarf-4",
					 "gcc -gdwarf-5 -gz",	   "gcc -gdwarf-2",	"clang -gdwarf-5",
					 "gcc -gdwarf-5 -gdwarf64" };
enum { COMPILERS = sizeof compilers / sizeof *compilers };

/* 0: not known for sure.  */
static uint64_t length(struct ms_dwarf *dwarf, bool of_union, const char *name, uint64_t size, const char *members,
		       uint32_t index)
{
	struct ms_dwarf_member member = { of_union, name, size, members, index };
	struct ms_type type = { .size = sizeof type };
	uint64_t offset = 0, count = 0;
	int64_t status = ms_dwarf_array(dwarf, &member, &offset, &count);

	if (status != MS_OK) {
		assert_int_equal(status, MS_NOT_FOUND);
		return 0;
	}
	/* What is there is such an array.  */
	uint64_t number = offset + 1;
	do {
		assert_int_equal(ms_dwarf_type(dwarf, number, &type), MS_OK);
		number = type.target;
	} while (type.kind == MS_TYPEDEF);
	assert_int_equal(type.kind, MS_ARRAY);
	assert_int_equal(type.count, count);
	assert_true(count > 0);
	return count;
}

static void array_has_its_length(void **state)
{
	(void)state;
	for (int i = 0; i < COMPILERS; i++) {
		const char *path = program_compile(compilers[i], source);
		struct ms_buf told = { 0 };
		program_output(path, &told);
		struct ms_dwarf *dwarf = dwarf_open(path);
		const uint64_t first = program_number(told.data, "first"), third = program_number(told.data, "third");
		const uint64_t fourth = program_number(told.data, "fourth"),
			       either = program_number(told.data, "union");
		assert_int_equal(length(dwarf, false, "first", first, "name\tk\tt\ttail", 0), 20);
		assert_int_equal(length(dwarf, false, "first", first, "name\tk\tt\ttail", 2), 6);
		assert_int_equal(length(dwarf, true, "fourth", fourth, "three\ttwo\tt\tnone", 0), 3);
		assert_int_equal(length(dwarf, true, "fourth", fourth, "three\ttwo\tt\tnone", 1), 2);
		assert_int_equal(length(dwarf, true, "fourth", fourth, "three\ttwo\tt\tnone", 2), 6);
		/* The outermost dimension.  */
		assert_int_equal(length(dwarf, false, "inside", program_number(told.data, "inside"), "m", 0), 2);
		/* Without a name, or by that of a typedef; around it a member without a name.  */
		assert_int_equal(length(dwarf, true, "", either, "five\ttwo\td", 0), 5);
		assert_int_equal(length(dwarf, false, "plain_t", program_number(told.data, "plain"), "z\tt", 1), 6);
		assert_int_equal(length(dwarf, false, "third", third, "k\t\tin", 0), 0);
		assert_int_equal(length(dwarf, false, "app::first", first, "name\tk\tt\ttail", 0), 20);
		/* In functions and their blocks.  */
		assert_int_equal(length(dwarf, false, "own", program_number(told.data, "own"), "n\ta", 1), 7);
		assert_int_equal(length(dwarf, false, "own", 32, "n\ta", 1), 3);
		ms_dwarf_free(dwarf);
		ms_buf_fini(&told);
	}
}

static void what_is_not_known_for_sure_is_not_found(void **state)
{
	(void)state;
	struct ms_dwarf *dwarf = dwarf_open(program_compile("gcc -gdwarf-5", source));
	const char *members = "name\tk\tt\ttail";

	assert_int_equal(length(dwarf, false, "first", 32, members, 0), 20);
	assert_int_equal(length(dwarf, false, "first", 31, members, 0), 0);
	assert_int_equal(length(dwarf, true, "first", 32, members, 0), 0);
	assert_int_equal(length(dwarf, false, "second", 32, members, 0), 0);
	assert_int_equal(length(dwarf, false, "first", 32, "name\tk\tt", 0), 0);
	assert_int_equal(length(dwarf, false, "first", 32, "name\tk\tt\ttail\t", 0), 0);
	assert_int_equal(length(dwarf, false, "first", 32, "nam\tk\tt\ttail", 0), 0);
	assert_int_equal(length(dwarf, false, "first", 32, "", 0), 0);
	/* No array, one without a length, none.  */
	assert_int_equal(length(dwarf, false, "first", 32, members, 1), 0);
	assert_int_equal(length(dwarf, false, "first", 32, members, 3), 0);
	assert_int_equal(length(dwarf, false, "first", 32, members, 4), 0);
	assert_int_equal(length(dwarf, false, "first", 32, members, UINT32_MAX), 0);
	assert_int_equal(length(dwarf, true, "fourth", 8, "three\ttwo\tt\tnone", 3), 0);
	/* Two of one name and size that differ, and one that all agree on.  */
	assert_int_equal(length(dwarf, false, "other", 16, "n\ta\tb", 1), 0);
	assert_int_equal(length(dwarf, false, "twice", 8, "n\ta", 1), 4);
	ms_dwarf_free(dwarf);

	/* The same over units.  */
	program_write("one.c", "struct s { char a[4]; int b[2]; short c; } s; struct t { char a[3]; int b; } t;\n"
			       "int main(void) { return 0; }");
	program_write("two.c", "struct s { char a[2]; int b[2]; short c; } s2; struct t { char a[3]; int b; } t2;");
	program_shell("gcc -gdwarf-5 one.c two.c -o two");
	dwarf = dwarf_open(program_path("two"));
	assert_int_equal(length(dwarf, false, "s", 16, "a\tb\tc", 0), 0);
	assert_int_equal(length(dwarf, false, "s", 16, "a\tb\tc", 1), 2);
	assert_int_equal(length(dwarf, false, "t", 8, "a\tb", 0), 3);
	ms_dwarf_free(dwarf);
}

static void classes_are_asked_for_with_their_scopes(void **state)
{
	static const char *const cxx[] = { "g++ -gdwarf-5", "g++ -gdwarf-4", "clang++ -gdwarf-5" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct ms_dwarf *dwarf = dwarf_open(program_compile(
			cxx[i],
			"namespace app { struct Base { int id; }; namespace { struct Local { char c[3]; }; }\n"
			"class Derived : public Base { public: static int shared; char name[12]; struct Nested { char "
			"in[9]; "
			"} nested; union { char u[4]; int i; }; };\n"
			"int Derived::shared; Local local_; template <class T> struct Box { T items[5]; }; }\n"
			"app::Derived derived; app::Box<app::Base> box; int main() { return app::local_.c[0]; }\n"));
		assert_int_equal(length(dwarf, false, "app::Derived", 32, "name\tnested\t", 0), 12);
		assert_int_equal(length(dwarf, false, "Derived", 32, "name\tnested\t", 0), 12);
		assert_int_equal(length(dwarf, false, "app::Derived::Nested", 9, "in", 0), 9);
		assert_int_equal(length(dwarf, false, "app::(anonymous namespace)::Local", 3, "c", 0), 3);
		assert_int_equal(length(dwarf, false, "app::Box<app::Base>", 20, "items", 0), 5);
		assert_int_equal(length(dwarf, true, "", 4, "u\ti", 0), 4);
		ms_dwarf_free(dwarf);
	}
}

/* The lengths of types that lead in a circle, or out of the file, are not known.  */
static void damaged_type_has_no_length(void **state)
{
	(void)state;
	program_write("ring.s", ".section .debug_abbrev,\"\",@progbits\n"
				".byte 1, 0x11, 1, 0, 0\n"			   /* unit */
				".byte 2, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0\n" /* struct: name, size */
				".byte 3, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0, 0\n" /* member: name, type */
				".byte 4, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0\n" /* typedef: name, type */
				".byte 0\n"
				".section .debug_info,\"\",@progbits\n"
				"begin: .long end - start\nstart: .value 4\n.long 0\n.byte 8\n.byte 1\n"
				".byte 2\n.asciz \"s\"\n.byte 8\n"
				".byte 3\n.asciz \"a\"\n.long ring - begin\n"
				".byte 3\n.asciz \"b\"\n.long 0x7fffffff\n.byte 0\n"
				"ring: .byte 4\n.asciz \"r\"\n.long ring - begin\n"
				".byte 0\nend:\n");
	program_write("main.c", "int main(void) { return 0; }");
	program_shell("gcc main.c ring.s -o ring");
	struct ms_dwarf *dwarf = dwarf_open(program_path("ring"));
	assert_int_equal(length(dwarf, false, "s", 8, "a\tb", 0), 0);
	assert_int_equal(length(dwarf, false, "s", 8, "a\tb", 1), 0);
	ms_dwarf_free(dwarf);
}

/* A struct whose next sibling is its first child, forty times: 2^40 ways to go, and one record.  */
static void siblings_that_are_children_are_passed_once(void **state)
{
	struct ms_buf text = { 0 };

	(void)state;
	ms_buf_str(&text, ".section .debug_abbrev,\"\",@progbits\n"
			  ".byte 1, 0x11, 1, 0, 0\n"			     /* unit */
			  ".byte 2, 0x13, 1, 0x01, 0x13, 0x0b, 0x0b, 0, 0\n" /* struct: sibling, size */
			  ".byte 0\n"
			  ".section .debug_info,\"\",@progbits\n"
			  "begin: .long end - start\nstart: .value 4\n.long 0\n.byte 8\n.byte 1\n");
	for (int i = 0; i < 40; i++)
		ms_buf_printf(&text, "s%d: .byte 2\n.long s%d - begin\n.byte 8\n", i, i + 1);
	ms_buf_str(&text, "s40: .byte 0\nend:\n");
	program_write("nest.s", ms_buf_text(&text));
	ms_buf_fini(&text);
	program_write("main.c", "int main(void) { return 0; }");
	program_shell("gcc main.c nest.s -o nest");
	struct ms_dwarf *dwarf = dwarf_open(program_path("nest"));
	assert_int_equal(length(dwarf, false, "s", 8, "a\tb", 0), 0);
	ms_dwarf_free(dwarf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_has_its_length),
		cmocka_unit_test(what_is_not_known_for_sure_is_not_found),
		cmocka_unit_test(classes_are_asked_for_with_their_scopes),
		cmocka_unit_test(damaged_type_has_no_length),
		cmocka_unit_test(siblings_that_are_children_are_passed_once),
	};

	return cmocka_run_group_tests(tests, programs_setup, programs_teardown);
}
