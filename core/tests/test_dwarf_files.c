/* Where debug information is found: in the file, compressed in both ways, in separate files by build-id and debuglink; what is
   not read, and the line that says so; symbols and identity of ELF files.  */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "programs.h"
#include "types/dwarf.h"
#include "types/symbols.h"

static const char source[] = "struct point { int x, y; } origin; static int calls; int work(void) { return ++calls; }\n"
			     "int main(void) { return work() - 1; }\n";

/* Can the type be had, and the global?  */
static void assert_whole(const char *path, const struct ms_dwarf_options *options, const char *from)
{
	struct ms_buf error = { 0 };
	struct ms_dwarf *dwarf;
	struct ms_dwarf_variable variable;
	struct ms_type type;
	uint64_t number, address;

	if (ms_dwarf_open(path, options, &dwarf, &error) != MS_OK)
		fail_msg("%s", ms_buf_text(&error));
	assert_int_equal(error.size, 0);
	assert_string_equal(ms_dwarf_path(dwarf), from);
	assert_int_equal(ms_dwarf_lookup(dwarf, "struct point", MS_DWARF_NO_PC, &number), MS_OK);
	assert_int_equal(ms_dwarf_type(dwarf, number, &type), MS_OK);
	assert_int_equal(type.byte_size, 8);
	assert_int_equal(ms_dwarf_global(dwarf, "calls", MS_DWARF_NO_PC, 0, &variable), MS_OK);
	assert_int_equal(ms_dwarf_symbol(dwarf, "work", &address), MS_OK);
	assert_int_equal(ms_dwarf_symbol(dwarf, "no such symbol", &address), MS_NOT_FOUND);
	ms_dwarf_free(dwarf);
	ms_buf_fini(&error);
}

static void assert_refused(const char *path, const struct ms_dwarf_options *options, int64_t status, const char *words)
{
	struct ms_buf error = { 0 };
	struct ms_dwarf *dwarf = (struct ms_dwarf *)&error;
	int64_t found = ms_dwarf_open(path, options, &dwarf, &error);

	if (found != status || !strstr(ms_buf_text(&error), words) || strchr(ms_buf_text(&error), '\n'))
		fail_msg("%d: %s", (int)found, ms_buf_text(&error));
	assert_null(dwarf);
	assert_non_null(strstr(error.data, path));
	ms_buf_fini(&error);
}

static void compressed_sections_are_read(void **state)
{
	static const char *const ways[] = { "zlib", "zlib-gnu", "zlib-gabi", "none" };

	(void)state;
	const char *compilers[] = { "gcc -gdwarf-5", "gcc -gdwarf-4", "clang -gdwarf-5", "clang -gdwarf-4" };
	for (int i = 0; i < 4; i++) {
		const char *path = program_compile(compilers[i], source);
		for (int k = 0; k < 4; k++) {
			program_shell("objcopy --compress-debug-sections=%s %s packed", ways[k], path);
			/* Small sections stay as they are unless told; at least one is smaller.  */
			if (k < 3)
				program_shell("readelf -SW packed | grep -E '\\.zdebug_info| \\.debug_info.* C '");
			const char *packed = program_path("packed");
			assert_whole(packed, NULL, packed);
		}
	}
}

static void other_compression_is_refused(void **state)
{
	(void)state;
	const char *path = program_compile("gcc -g", source);
	program_shell("objcopy --compress-debug-sections=zlib %s odd", path);
	/* The type of compression, of the one header that holds it, becomes zstd's.  */
	program_shell("python3 - <<'EOF'\n"
		      "import re, subprocess\n"
		      "text = subprocess.run(['readelf', '-SW', 'odd'], stdout=subprocess.PIPE, text=True).stdout\n"
		      "at = int(re.search(r'\\.debug_info +PROGBITS +\\S+ (\\S+)', text).group(1), 16)\n"
		      "data = bytearray(open('odd', 'rb').read())\n"
		      "assert data[at] == 1\n"
		      "data[at] = 2\n"
		      "open('odd', 'wb').write(data)\n"
		      "EOF");
	assert_refused(program_path("odd"), NULL, MS_BAD_TYPE, "compressed by another way than zlib");
}

static void exaggerated_size_is_not_allocated(void **state)
{
	(void)state;
	const char *path = program_compile("gcc -g", source);
	program_shell("objcopy --compress-debug-sections=zlib %s bomb", path);
	program_shell("python3 - <<'EOF'\n"
		      "import re, subprocess\n"
		      "text = subprocess.run(['readelf', '-SW', 'bomb'], stdout=subprocess.PIPE, text=True).stdout\n"
		      "at = int(re.search(r'\\.debug_info +PROGBITS +\\S+ (\\S+)', text).group(1), 16)\n"
		      "data = bytearray(open('bomb', 'rb').read())\n"
		      "data[at + 8 : at + 16] = (1 << 44).to_bytes(8, 'little')\n"
		      "open('bomb', 'wb').write(data)\n"
		      "EOF");
	assert_refused(program_path("bomb"), NULL, MS_BAD_TYPE, "section .debug_info: damaged compressed data");
}

/* The program stripped, and its debug information in ./only.debug.  */
static const char *split_off(const char *flags, const char *name)
{
	const char *path = program_compile(flags, source);

	program_shell("objcopy --only-keep-debug %s only.debug && objcopy --strip-all %s %s && rm %s", path, path, name,
		      path);
	return program_path(name);
}

static void separate_file_is_found_by_build_id(void **state)
{
	(void)state;
	const char *path = split_off("gcc -g -Wl,--build-id", "stripped");
	program_shell("id=$(readelf -n stripped | sed -n 's/.*Build ID: //p'); test -n \"$id\"; mkdir -p "
		      "root/dbg/.build-id/${id%%${id#??}}; "
		      "cp only.debug root/dbg/.build-id/${id%%${id#??}}/${id#??}.debug; echo -n $id > id");
	char expected[512], id[128] = "";
	FILE *file = fopen(program_path("id"), "r");
	assert_non_null(file);
	assert_true(fread(id, 1, sizeof id - 1, file) > 8);
	fclose(file);
	snprintf(expected, sizeof expected, "%s/.build-id/%.2s/%s.debug", program_path("root/dbg"), id, id + 2);
	const char *directories[] = { "/nowhere", program_path("root/dbg"), NULL };
	assert_whole(path, &(struct ms_dwarf_options){ .debug_directories = directories }, expected);
	/* The same directory as a container has it.  */
	const char *inside[] = { "/dbg", NULL };
	assert_whole(path, &(struct ms_dwarf_options){ .debug_directories = inside, .root = program_path("root") },
		     expected);

	const char *nowhere[] = { "/nowhere", NULL };
	assert_refused(path, &(struct ms_dwarf_options){ .debug_directories = nowhere }, MS_NOT_FOUND, id);
	/* Another build's under this one's name.  */
	split_off("gcc -g -O1 -Wl,--build-id", "other");
	program_shell("id=$(cat id); cp only.debug root/dbg/.build-id/${id%%${id#??}}/${id#??}.debug");
	assert_refused(path, &(struct ms_dwarf_options){ .debug_directories = directories }, MS_NOT_FOUND,
		       "belongs to another build");
}

static void separate_file_is_found_by_debuglink(void **state)
{
	(void)state;
	const char *directories[] = { program_path("dbg"), NULL };
	const struct ms_dwarf_options options = { .debug_directories = directories };
	char expected[512];

	split_off("gcc -g -Wl,--build-id=none", "linked");
	program_shell("mkdir -p bin/.debug dbg && objcopy --add-gnu-debuglink=only.debug linked bin/linked");
	const char *path = program_path("bin/linked");
	assert_refused(path, &options, MS_NOT_FOUND, "no debug information (built without -g, or stripped)");
	program_shell("cp only.debug bin/only.debug");
	assert_whole(path, &options, program_path("bin/only.debug"));
	program_shell("mv bin/only.debug bin/.debug/only.debug");
	assert_whole(path, &options, program_path("bin/.debug/only.debug"));
	program_shell("mkdir -p dbg$PWD/bin && mv bin/.debug/only.debug dbg$PWD/bin/only.debug");
	snprintf(expected, sizeof expected, "%s%s", program_path("dbg"), program_path("bin/only.debug"));
	assert_whole(path, &options, expected);
	program_shell("rm -r dbg$PWD/bin; mv only.debug dbg/only.debug");
	snprintf(expected, sizeof expected, "%s", program_path("dbg/only.debug"));
	/* Its name directly in the debug directory, with a slash between.  */
	assert_whole(path, &options, expected);
	/* In a container, next to where the file is there.  */
	program_shell("mkdir -p ctr/usr/bin && mv dbg/only.debug ctr/usr/bin/only.debug");
	assert_whole(path,
		     &(struct ms_dwarf_options){ .debug_directories = directories,
						 .root = program_path("ctr"),
						 .real_path = "/usr/bin/linked" },
		     program_path("ctr/usr/bin/only.debug"));
	/* One byte more: another checksum.  */
	program_shell("cp ctr/usr/bin/only.debug bin/only.debug && echo >> bin/only.debug");
	assert_refused(path, &options, MS_NOT_FOUND, "belongs to another build");
}

static void what_cannot_be_read_gets_one_line(void **state)
{
	(void)state;
	const char *path = program_compile("gcc -s -Wl,--build-id=none", source);
	assert_refused(path, NULL, MS_NOT_FOUND, "no debug information (built without -g, or stripped)");
	assert_refused(program_path("missing"), NULL, MS_IO, "No such file");
	assert_refused("/tmp", NULL, MS_IO, "not a regular file");
	program_write("text", "this is no program\n");
	assert_refused(program_path("text"), NULL, MS_BAD_TYPE, "not an ELF file");
	program_write("object.c", source);
	program_shell("gcc -g -c object.c");
	assert_refused(program_path("object.o"), NULL, MS_BAD_TYPE, "an object file");
	program_write("empty", "");
	assert_refused(program_path("empty"), NULL, MS_BAD_TYPE, "not an ELF file");
	program_write("short", "\177ELF\2\1\1");
	assert_refused(program_path("short"), NULL, MS_BAD_TYPE, "");
	path = program_compile("gcc -g", source);
	program_shell("objcopy --add-section .gnu_debugaltlink=/dev/null %s alt 2>/dev/null || "
		      "{ echo -n x > x; objcopy --add-section .gnu_debugaltlink=x %s alt; }",
		      path, path);
	assert_refused(program_path("alt"), NULL, MS_BAD_TYPE, "dwz");
}

static void split_dwarf_is_told(void **state)
{
	static const char *const compilers[] = { "gcc -gdwarf-5", "gcc -gdwarf-4", "clang -gdwarf-5",
						 "clang -gdwarf-4" };

	(void)state;
	program_write("a.c", source);
	program_write("b.c", "struct other { long a; } other;");
	for (int i = 0; i < 4; i++) {
		program_shell("%s -gsplit-dwarf -c a.c && %s -gsplit-dwarf -c b.c && gcc a.o b.o -o split",
			      compilers[i], compilers[i]);
		assert_refused(program_path("split"), NULL, MS_BAD_TYPE,
			       "2 of 2 units have their debug information in .dwo files (split DWARF)");
		/* One of two: what there is can be had, with a note.  */
		program_shell("%s -c b.c && gcc a.o b.o -o split", compilers[i]);
		struct ms_buf error = { 0 };
		struct ms_dwarf *dwarf;
		uint64_t type;
		assert_int_equal(ms_dwarf_open(program_path("split"), NULL, &dwarf, &error), MS_OK);
		assert_non_null(strstr(ms_dwarf_note(dwarf), "1 of 2 units"));
		assert_int_equal(ms_dwarf_lookup(dwarf, "struct other", MS_DWARF_NO_PC, &type), MS_OK);
		assert_int_equal(ms_dwarf_lookup(dwarf, "struct point", MS_DWARF_NO_PC, &type), MS_NOT_FOUND);
		ms_dwarf_free(dwarf);
	}
}

static struct ms_field member(struct ms_dwarf *dwarf, uint64_t type, const char *name)
{
	struct ms_field field;

	for (uint32_t i = 0; ms_dwarf_field(dwarf, type, i, &field) == MS_OK; i++)
		if (!strcmp(field.name, name))
			return field;
	fail_msg("no member %s", name);
	return field;
}

/* With clang, which has all machines, and lld; nothing is run.  */
static void other_machines_are_read(void **state)
{
	static const struct {
		const char *name;
		uint32_t pointer_size;
		bool big_endian;
		uint64_t size;
	} machines[] = { { "i386-linux-gnu", 4, false, 24 },
			 { "mips-linux-gnu", 4, true, 24 },
			 { "powerpc64-linux-gnu", 8, true, 32 },
			 { "aarch64-linux-gnu", 8, false, 32 } };

	(void)state;
	program_write(
		"other.c",
		"struct other { long l; char *p; long long ll; unsigned a : 3, b : 7; int c : 20; int e; } other;\n"
		"void __start(void) { other.e = 1; }\n");
	for (int i = 0; i < 4; i++) {
		for (int version = 3; version <= 5; version++) {
			struct ms_buf error = { 0 };
			struct ms_dwarf *dwarf;
			struct ms_type type;
			uint64_t number;
			program_shell("clang --target=%s -ffreestanding -gdwarf-%d -c other.c -o other.o && "
				      "ld.lld -e __start other.o -o other",
				      machines[i].name, version);
			if (ms_dwarf_open(program_path("other"), NULL, &dwarf, &error) != MS_OK)
				fail_msg("%s", ms_buf_text(&error));
			assert_int_equal(ms_dwarf_pointer_size(dwarf), machines[i].pointer_size);
			assert_int_equal(ms_dwarf_big_endian(dwarf), machines[i].big_endian);
			assert_int_equal(ms_dwarf_lookup(dwarf, "struct other", MS_DWARF_NO_PC, &number), MS_OK);
			assert_int_equal(ms_dwarf_type(dwarf, number, &type), MS_OK);
			assert_int_equal(type.byte_size, machines[i].size);
			assert_int_equal(member(dwarf, number, "p").offset, machines[i].pointer_size);
			/* From the lowest bit or from the highest, the first bit-field comes first.  */
			int64_t bits = member(dwarf, number, "a").offset;
			assert_int_equal(bits, type.byte_size - 8);
			assert_int_equal(member(dwarf, number, "a").bit_offset, 0);
			assert_int_equal(member(dwarf, number, "b").offset, bits);
			assert_int_equal(member(dwarf, number, "b").bit_offset, 3);
			assert_int_equal(member(dwarf, number, "c").offset, bits + 1);
			assert_int_equal(member(dwarf, number, "c").bit_offset, 2);
			assert_int_equal(member(dwarf, number, "c").bit_size, 20);
			ms_dwarf_free(dwarf);
		}
	}
}

static void symbols_are_found_by_name_and_address(void **state)
{
	struct ms_symbols *symbols;
	struct ms_symbol symbol, main_symbol;
	struct ms_buf error = { 0 }, account = { 0 };

	(void)state;
	const char *path =
		program_compile("gcc -no-pie", "#include <stdio.h>\nstatic int hidden; int shown;\n"
					       "int main(void) { printf(\"main %p\\nhidden %p\\nshown %p\\n\", "
					       "(void *)main, (void *)&hidden, (void *)&shown); return 0; }");
	program_output(path, &account);
	assert_int_equal(ms_symbols_open(path, &symbols, &error), MS_OK);
	assert_int_equal(ms_symbols_find(symbols, "main", &main_symbol), MS_OK);
	assert_true(main_symbol.function);
	assert_int_equal(main_symbol.address, program_number(account.data, "main"));
	assert_int_equal(ms_symbols_find(symbols, "hidden", &symbol), MS_OK);
	assert_int_equal(symbol.address, program_number(account.data, "hidden"));
	assert_int_equal(symbol.size, 4);
	assert_false(symbol.function);
	assert_int_equal(ms_symbols_find(symbols, "shown", &symbol), MS_OK);
	assert_int_equal(symbol.address, program_number(account.data, "shown"));
	assert_int_equal(ms_symbols_find(symbols, "", &symbol), MS_NOT_FOUND);
	assert_int_equal(ms_symbols_find(symbols, "main ", &symbol), MS_NOT_FOUND);

	assert_int_equal(ms_symbols_at(symbols, main_symbol.address + main_symbol.size - 1, &symbol), MS_OK);
	assert_string_equal(symbol.name, "main");
	assert_int_equal(ms_symbols_at(symbols, 1, &symbol), MS_NOT_FOUND);
	assert_int_equal(ms_symbols_at(symbols, UINT64_MAX, &symbol), MS_NOT_FOUND);
	const struct ms_symbols_file *file = ms_symbols_file(symbols);
	assert_int_equal(file->pointer_size, 8);
	assert_int_equal(file->type, ET_EXEC);
	assert_int_equal(file->base, 0x400000);
	assert_int_equal(file->base_offset, 0);
	assert_true(file->has_symbols);
	assert_false(file->is_go);
	ms_symbols_free(symbols);

	path = program_compile("gcc -s -Wl,--build-id=0x0123456789abcdef", source);
	assert_int_equal(ms_symbols_open(path, &symbols, &error), MS_OK);
	assert_string_equal(ms_symbols_file(symbols)->build_id, "0123456789abcdef");
	assert_int_equal(ms_symbols_file(symbols)->type, ET_DYN);
	assert_int_equal(ms_symbols_file(symbols)->base, 0);
	assert_false(ms_symbols_file(symbols)->has_symbols);
	assert_int_equal(ms_symbols_find(symbols, "work", &symbol), MS_NOT_FOUND);
	ms_symbols_free(symbols);
	assert_int_equal(ms_symbols_open("/nowhere/at/all", &symbols, &error), MS_IO);
	assert_string_equal(error.data, "/nowhere/at/all: No such file or directory");
	assert_int_equal(ms_symbols_open("build/fixtures/growing.go", &symbols, &account), MS_OK);
	assert_true(ms_symbols_file(symbols)->is_go);
	assert_int_equal(ms_symbols_find(symbols, "runtime.types", &symbol), MS_OK);
	ms_symbols_free(symbols);
	ms_buf_fini(&error);
	ms_buf_fini(&account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_sections_are_read),
		cmocka_unit_test(other_compression_is_refused),
		cmocka_unit_test(exaggerated_size_is_not_allocated),
		cmocka_unit_test(separate_file_is_found_by_build_id),
		cmocka_unit_test(separate_file_is_found_by_debuglink),
		cmocka_unit_test(what_cannot_be_read_gets_one_line),
		cmocka_unit_test(split_dwarf_is_told),
		cmocka_unit_test(other_machines_are_read),
		cmocka_unit_test(symbols_are_found_by_name_and_address),
	};

	return cmocka_run_group_tests(tests, programs_setup, programs_teardown);
}
