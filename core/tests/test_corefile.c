/* Cores that are written, read back: both classes and byte orders; and the set of pages that they hold.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "mem/corefile.h"
#include "mem/elfcore.h"
#include "mem/mem.h"

static const struct {
	uint32_t pointer_size;
	bool big_endian;
} kinds[] = { { 8, false }, { 8, true }, { 4, false }, { 4, true } };
enum { KINDS = sizeof kinds / sizeof *kinds };

static uint8_t byte_at(uint64_t address)
{
	return (uint8_t)(address * 7 + (address >> 8));
}

/* ---- Pages ---- */

static void pages_come_once_and_in_order(void **state)
{
	enum { PAGES = 5000, ADDED = 40000 };
	struct ms_pages pages = { 0 };
	uint64_t have[PAGES] = { 0 }, address, size, seen = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < ADDED; i++) {
		uint64_t page = (uint64_t)rand() % PAGES, part = rand() % 4 ? MS_PAGE : 1 + (uint64_t)rand() % MS_PAGE;
		have[page] = have[page] < part ? part : have[page];
		assert_true(ms_pages_add(&pages, page * MS_PAGE + (uint64_t)rand() % MS_PAGE, part));
	}
	assert_true(pages.capacity <= 4 * PAGES); /* added eight times as many */
	ms_pages_sort(&pages);
	uint64_t next = 0;
	for (size_t at = 0; ms_pages_run(&pages, &at, 16, &address, &size); next = address / MS_PAGE) {
		uint64_t page = address / MS_PAGE;
		assert_true(page >= next && size <= 16 * MS_PAGE);
		for (; next < page; next++)
			assert_int_equal(have[next], 0);
		for (address += size; size; page++) {
			uint64_t part = size < MS_PAGE ? size : MS_PAGE;
			assert_int_equal(have[page], part);
			size -= part;
			seen++;
		}
		address = page * MS_PAGE;
	}
	for (; next < PAGES; next++)
		assert_int_equal(have[next], 0);
	assert_int_equal(seen, pages.count);
	ms_pages_fini(&pages);
}

static void page_at_address_zero_and_at_the_end_of_memory(void **state)
{
	struct ms_pages pages = { 0 };
	uint64_t address, size;
	size_t at = 0;

	(void)state;
	assert_true(ms_pages_add(&pages, UINT64_MAX - 5, MS_PAGE) && ms_pages_add(&pages, 0, 1));
	ms_pages_sort(&pages);
	assert_true(ms_pages_run(&pages, &at, 8, &address, &size));
	assert_true(address == 0 && size == 1);
	assert_true(ms_pages_run(&pages, &at, 8, &address, &size));
	assert_true(address == UINT64_MAX - 4095 && size == MS_PAGE);
	assert_false(ms_pages_run(&pages, &at, 8, &address, &size));
	ms_pages_fini(&pages);
}

/* ---- Cores ---- */

static bool give_register(void *user, const char *name, uint64_t *out)
{
	*out = 0x1000 + (uint64_t)ms_corefile_x86_64(name);
	return strcmp(name, "fs_base") != 0 && (!user || strcmp(name, user) != 0);
}

static char path[] = "/tmp/test_corefile.XXXXXX";

/* Writes CORE with the memory of PAGES, and opens it.  */
static struct ms_elfcore *write_and_open(const struct ms_corefile *core, struct ms_pages *pages)
{
	FILE *file = fopen(path, "w");
	struct ms_elfcore *out = NULL;
	struct ms_buf error = { 0 };
	uint64_t address, size;

	assert_non_null(file);
	ms_pages_sort(pages);
	assert_true(ms_corefile_begin(core, pages, file));
	for (size_t at = 0; ms_pages_run(pages, &at, 4, &address, &size);)
		for (uint64_t i = 0; i < size; i++)
			fputc(byte_at(address + i), file);
	assert_int_equal(fclose(file), 0);
	if (ms_elfcore_open(path, &out, &error) != MS_OK)
		fail_msg("%s", ms_buf_text(&error));
	return out;
}

static void assert_holds(const struct ms_elfcore *core, uint64_t address, uint64_t size, uint64_t expected)
{
	uint8_t *bytes = malloc(size);

	assert_int_equal(ms_elfcore_read(core, address, bytes, size), expected);
	for (uint64_t i = 0; i < expected; i++)
		assert_int_equal(bytes[i], byte_at(address + i));
	free(bytes);
}

static void core_is_read_as_it_was_written(void **state)
{
	static const struct ms_mapping files[] = { { 0x400000, 0x403000, 0, "/opt/a b" },
						   { 0x403000, 0x404000, 0x3000, "/opt/a b" },
						   { 0x700000, 0x701000, 0x10000, "/lib/x.so" } };

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct ms_corefile core = { .pointer_size = kinds[kind].pointer_size,
					    .big_endian = kinds[kind].big_endian,
					    .machine = EM_PPC64 };
		struct ms_pages pages = { 0 };
		uint8_t auxv[4 * 8] = { 0 };
		bool big = core.big_endian;
		uint32_t word = core.pointer_size;

		ms_store(auxv, word, AT_ENTRY, big);
		ms_store(auxv + word, word, 0x401234, big);
		assert_false(ms_corefile_registers(&core, 5, give_register, NULL)); /* not this machine's */
		ms_corefile_program(&core, 77, "/opt/a b");
		ms_corefile_note(&core, "CORE", NT_AUXV, auxv, 4 * word);
		ms_corefile_files(&core, files, 3);
		ms_corefile_note(&core, MS_SNAPSHOT_OWNER, MS_SNAPSHOT_NOTE, "answers", 7);
		for (uint64_t page = 0; page < 10; page++)
			assert_true(ms_pages_add(&pages, 0x10000 + page * MS_PAGE, page == 9 ? 100 : MS_PAGE));
		assert_true(ms_pages_add(&pages, 0x40000, MS_PAGE));
		struct ms_elfcore *read = write_and_open(&core, &pages);
		const struct ms_elfcore_facts *facts = ms_elfcore_facts(read);
		assert_true(facts->pointer_size == word && facts->big_endian == big && facts->machine == EM_PPC64);
		assert_true(facts->entry == 0x401234 && facts->missing == 0 && !facts->status);
		assert_string_equal(facts->command, "a b");
		assert_int_equal(facts->auxv_size, 4 * word);
		assert_memory_equal(facts->auxv, auxv, 4 * word);
		assert_int_equal(facts->answers_size, 7);
		assert_memory_equal(facts->answers, "answers", 7);
		assert_int_equal(facts->mapping_count, 3);
		for (int i = 0; i < 3; i++) {
			assert_true(facts->mappings[i].start == files[i].start &&
				    facts->mappings[i].end == files[i].end &&
				    facts->mappings[i].offset == files[i].offset);
			assert_string_equal(facts->mappings[i].path, files[i].path);
		}
		assert_holds(read, 0x10000, 20 * MS_PAGE, 9 * MS_PAGE + 100);
		assert_holds(read, 0x10ffe, 4, 4);
		assert_holds(read, 0x40000, 8192, 4096);
		assert_holds(read, 0x41000, 1, 0);
		assert_true(ms_elfcore_writable(read, 0x40fff) && !ms_elfcore_writable(read, 0x41000));
		ms_elfcore_free(read);
		ms_pages_fini(&pages);
		ms_corefile_fini(&core);
	}
}

static uint64_t saved_register(const struct ms_elfcore *core, const char *name)
{
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(core);

	assert_true(facts->status && facts->status_size == 336);
	return ms_load(facts->status + ms_corefile_x86_64(name), 8, false);
}

static void each_thread_has_its_note(void **state)
{
	struct ms_corefile core = { .pointer_size = 8, .machine = EM_X86_64 };
	struct ms_pages pages = { 0 };
	uint64_t size;

	(void)state;
	assert_true(ms_pages_add(&pages, 0x10000, MS_PAGE));
	for (int64_t tid = 1; tid <= 5; tid++)
		assert_true(ms_corefile_registers(&core, tid, give_register, NULL));
	struct ms_elfcore *read = write_and_open(&core, &pages);
	for (size_t n = 0; n < 5; n++)
		assert_int_equal(ms_load(ms_elfcore_thread(read, n, &size) + 32, 4, false), n + 1);
	assert_ptr_equal(ms_elfcore_thread(read, 0, &size), ms_elfcore_facts(read)->status);
	assert_int_equal(size, 336);
	assert_null(ms_elfcore_thread(read, 5, &size));
	ms_elfcore_free(read);
	ms_corefile_fini(&core);
	ms_pages_fini(&pages);
}

static void registers_of_x86_64_stand_where_they_belong(void **state)
{
	struct ms_pages pages = { 0 };

	(void)state;
	assert_true(ms_pages_add(&pages, 0x10000, MS_PAGE));
	for (int lacks = 0; lacks < 2; lacks++) {
		struct ms_corefile core = { .pointer_size = 8, .machine = EM_X86_64 };
		assert_int_equal(ms_corefile_registers(&core, 1234, give_register, lacks ? "rip" : NULL), !lacks);
		struct ms_elfcore *read = write_and_open(&core, &pages);
		/* <sys/user.h>, struct user_regs_struct; <sys/procfs.h>, struct elf_prstatus */
		assert_int_equal(saved_register(read, "rip"), lacks ? 0 : 0x1000 + 112 + 16 * 8);
		assert_int_equal(saved_register(read, "rsp"), lacks ? 0 : 0x1000 + 112 + 19 * 8);
		assert_int_equal(saved_register(read, "fs_base"), 0);
		assert_int_equal(ms_load(ms_elfcore_facts(read)->status + 32, 4, false), 1234);
		ms_elfcore_free(read);
		ms_corefile_fini(&core);
	}
	assert_int_equal(ms_corefile_x86_64("xmm0"), -1);
	ms_pages_fini(&pages);
}

/* Beyond 65 534 segments their number stands in a section header.  */
static void more_segments_than_the_header_counts(void **state)
{
	enum { SEGMENTS = 70000 };
	struct ms_corefile core = { .pointer_size = 8, .machine = EM_X86_64 };
	struct ms_pages pages = { 0 };
	uint64_t address;

	(void)state;
	for (uint64_t i = 0; i < SEGMENTS; i++)
		assert_true(ms_pages_add(&pages, (2 * i + 1) * MS_PAGE, 1));
	struct ms_elfcore *read = write_and_open(&core, &pages);
	assert_true(ms_elfcore_segment(read, SEGMENTS - 1, &address));
	assert_int_equal(address, (2 * SEGMENTS - 1) * (uint64_t)MS_PAGE);
	assert_false(ms_elfcore_segment(read, SEGMENTS, &address));
	assert_holds(read, address, 2, 1);
	ms_elfcore_free(read);
	ms_pages_fini(&pages);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_once_and_in_order),
		cmocka_unit_test(page_at_address_zero_and_at_the_end_of_memory),
		cmocka_unit_test(core_is_read_as_it_was_written),
		cmocka_unit_test(each_thread_has_its_note),
		cmocka_unit_test(registers_of_x86_64_stand_where_they_belong),
		cmocka_unit_test(more_segments_than_the_header_counts),
	};

	return cmocka_run_group_tests_name("corefile", tests, make_file, remove_file);
}
