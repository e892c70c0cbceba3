/* Cores of both classes and byte orders, built here byte by byte: what they hold is read, what they claim beyond that is not.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "mapscope.h"
#include "mem/elfcore.h"

enum { SIZE_MOST = 1 << 16, PAGE = 4096 };

/* ---- Building ---- */

struct image {
	uint32_t word; /* 4 or 8 */
	bool big_endian;
	size_t size;
	uint8_t bytes[SIZE_MOST];
	size_t phoff, phnum;
	char path[64];
};

static const struct {
	uint32_t word;
	bool big_endian;
} kinds[] = { { 8, false }, { 8, true }, { 4, false }, { 4, true } };
enum { KINDS = sizeof kinds / sizeof *kinds };

static void put(struct image *image, size_t at, uint64_t value, size_t size)
{
	assert_true(at + size <= SIZE_MOST);
	for (size_t i = 0; i < size; i++)
		image->bytes[at + (image->big_endian ? size - 1 - i : i)] = (uint8_t)(value >> 8 * i);
	if (image->size < at + size)
		image->size = at + size;
}

#define PUT(image, base, type, member, value)                                                                          \
	((image)->word == 8                                                                                            \
		 ? put(image, (base) + offsetof(Elf64_##type, member), value, sizeof(((Elf64_##type *)0)->member))     \
		 : put(image, (base) + offsetof(Elf32_##type, member), value, sizeof(((Elf32_##type *)0)->member)))

static size_t segment_size(const struct image *image)
{
	return image->word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static void begin(struct image *image, size_t kind, size_t segments)
{
	*image = (struct image){ .word = kinds[kind].word, .big_endian = kinds[kind].big_endian };
	memcpy(image->bytes, ELFMAG, SELFMAG);
	image->bytes[EI_CLASS] = image->word == 8 ? ELFCLASS64 : ELFCLASS32;
	image->bytes[EI_DATA] = image->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	image->bytes[EI_VERSION] = EV_CURRENT;
	image->phoff = image->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	PUT(image, 0, Ehdr, e_type, ET_CORE);
	PUT(image, 0, Ehdr, e_machine, EM_PPC64);
	PUT(image, 0, Ehdr, e_phoff, image->phoff);
	PUT(image, 0, Ehdr, e_phentsize, segment_size(image));
	PUT(image, 0, Ehdr, e_phnum, segments);
	image->size = image->phoff + segments * segment_size(image);
}

/* The next program header; its contents come at the end of the file.  */
static size_t segment(struct image *image, uint32_t type, uint64_t address, uint64_t size, uint32_t flags)
{
	size_t at = image->phoff + image->phnum++ * segment_size(image);

	PUT(image, at, Phdr, p_type, type);
	PUT(image, at, Phdr, p_flags, flags);
	PUT(image, at, Phdr, p_offset, image->size);
	PUT(image, at, Phdr, p_vaddr, address);
	PUT(image, at, Phdr, p_filesz, size);
	PUT(image, at, Phdr, p_memsz, size ? size : PAGE);
	return at;
}

/* The byte that memory at ADDRESS holds.  */
static uint8_t byte_at(uint64_t address)
{
	return (uint8_t)(address * 7 + (address >> 8));
}

static void memory(struct image *image, uint64_t address, uint64_t size, uint32_t flags)
{
	segment(image, PT_LOAD, address, size, flags);
	for (uint64_t i = 0; i < size; i++)
		put(image, image->size, byte_at(address + i), 1);
}

static void note(struct image *image, const char *name, uint32_t type, size_t data_size)
{
	size_t name_size = strlen(name) + 1;

	put(image, image->size, name_size, 4);
	put(image, image->size, data_size, 4);
	put(image, image->size, type, 4);
	for (size_t i = 0; i < (name_size + 3) / 4 * 4; i++)
		put(image, image->size, i < name_size ? (uint8_t)name[i] : 0, 1);
}

static void word(struct image *image, uint64_t value)
{
	put(image, image->size, value, image->word);
}

static void text(struct image *image, const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(image, image->size, i <= strlen(value) ? (uint8_t)value[i] : 0, 1);
}

static const char *const names[] = { "/bin/a", "/bin/a", "/lib/b c" };
enum { NOTE_MAPPINGS = 3, ENTRY = 0x11010, BASE = 0x10000 };

static void notes(struct image *image)
{
	size_t at = segment(image, PT_NOTE, 0, 0, PF_R), start = image->size;

	note(image, "LINUX", NT_AUXV, 2 * image->word); /* not the kernel's own */
	word(image, AT_ENTRY);
	word(image, 1);
	note(image, "CORE", NT_PRPSINFO, 40 + 96);
	text(image, "", 40);
	text(image, "program", 16);
	text(image, "program with words", 80);
	note(image, "CORE", NT_AUXV, 6 * image->word);
	word(image, AT_PAGESZ);
	word(image, PAGE);
	word(image, AT_ENTRY);
	word(image, ENTRY);
	word(image, AT_NULL);
	word(image, 0);
	note(image, "CORE", NT_FILE, (2 + 3 * NOTE_MAPPINGS) * image->word + 7 + 7 + 9);
	word(image, NOTE_MAPPINGS);
	word(image, PAGE);
	for (uint64_t i = 0; i < NOTE_MAPPINGS; i++) {
		word(image, BASE + i * PAGE);
		word(image, BASE + (i + 1) * PAGE);
		word(image, i);
	}
	for (int i = 0; i < NOTE_MAPPINGS; i++)
		text(image, names[i], strlen(names[i]) + 1);
	PUT(image, at, Phdr, p_filesz, image->size - start);
}

/* Notes, 600 and 300 adjacent bytes, an empty segment and 200 bytes behind a gap.  */
static void usual(struct image *image, size_t kind)
{
	begin(image, kind, 5);
	notes(image);
	memory(image, BASE, 600, PF_R);
	memory(image, BASE + 600, 300, PF_R | PF_W);
	memory(image, 0x30000, 0, PF_R);
	memory(image, 0x40000, 200, PF_R | PF_W);
}

static const char *store(struct image *image)
{
	strcpy(image->path, "/tmp/mapscope-core-XXXXXX");
	int fd = mkstemp(image->path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image->bytes, image->size), image->size);
	close(fd);
	return image->path;
}

/* The core, or NULL with one line of error.  */
static struct ms_elfcore *open_image(struct image *image, struct ms_buf *error)
{
	struct ms_elfcore *core = NULL;
	int64_t status = ms_elfcore_open(store(image), &core, error);

	unlink(image->path);
	assert_int_equal(status == MS_OK, core != NULL);
	assert_int_equal(status == MS_OK, error->size == 0);
	assert_null(strchr(ms_buf_text(error), '\n'));
	return core;
}

static struct ms_elfcore *open_sound(struct image *image)
{
	struct ms_buf error = { 0 };
	struct ms_elfcore *core = open_image(image, &error);

	assert_string_equal(ms_buf_text(&error), "");
	ms_buf_fini(&error);
	return core;
}

static void check_refused(struct image *image, const char *expected)
{
	struct ms_buf error = { 0 };
	struct ms_elfcore *core = open_image(image, &error);

	assert_null(core);
	assert_non_null(strstr(ms_buf_text(&error), expected));
	assert_int_equal(strncmp(ms_buf_text(&error), image->path, strlen(image->path)), 0);
	ms_buf_fini(&error);
}

/* Reads SIZE bytes: WANTED of them come, each as memory held it.  */
static void check_read(const struct ms_elfcore *core, uint64_t address, uint64_t size, uint64_t wanted)
{
	uint8_t *buffer = malloc(size + 1);

	assert_int_equal(ms_elfcore_read(core, address, buffer, size), wanted);
	for (uint64_t i = 0; i < wanted; i++)
		assert_int_equal(buffer[i], byte_at(address + i));
	free(buffer);
}

/* ---- Tests ---- */

static void memory_is_read_up_to_its_end(void **state)
{
	struct image *image = malloc(sizeof *image);

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		usual(image, kind);
		struct ms_elfcore *core = open_sound(image);
		check_read(core, BASE, 600, 600);
		check_read(core, BASE + 5, 10, 10);
		check_read(core, BASE + 590, 20, 20); /* over the border of two segments */
		check_read(core, BASE, 5000, 900);
		check_read(core, BASE + 899, 2, 1);
		check_read(core, BASE + 900, 1, 0);
		check_read(core, BASE - 1, 10, 0);
		check_read(core, 0x30000, 10, 0);
		check_read(core, 0x40000, 200, 200);
		check_read(core, 0, 10, 0);
		check_read(core, UINT64_MAX - 3, 10, 0);
		check_read(core, BASE, 0, 0);
		assert_false(ms_elfcore_writable(core, BASE));
		assert_true(ms_elfcore_writable(core, BASE + 600));
		assert_false(ms_elfcore_writable(core, 0));
		ms_elfcore_free(core);
	}
	free(image);
}

static void notes_tell_of_the_program(void **state)
{
	struct image *image = malloc(sizeof *image);

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		usual(image, kind);
		struct ms_elfcore *core = open_sound(image);
		const struct ms_elfcore_facts *facts = ms_elfcore_facts(core);
		assert_int_equal(facts->pointer_size, kinds[kind].word);
		assert_int_equal(facts->big_endian, kinds[kind].big_endian);
		assert_int_equal(facts->machine, EM_PPC64);
		assert_int_equal(facts->entry, ENTRY);
		assert_int_equal(facts->missing, 0);
		assert_string_equal(facts->command, "program");
		assert_int_equal(facts->mapping_count, NOTE_MAPPINGS);
		for (uint64_t i = 0; i < NOTE_MAPPINGS; i++) {
			assert_int_equal(facts->mappings[i].start, BASE + i * PAGE);
			assert_int_equal(facts->mappings[i].end, BASE + (i + 1) * PAGE);
			assert_int_equal(facts->mappings[i].offset, i * PAGE);
			assert_string_equal(facts->mappings[i].path, names[i]);
		}
		ms_elfcore_free(core);
	}
	free(image);
}

/* Each byte that is read is right, and a core that lost memory says so.  */
static void check_truncated(struct image *image, size_t whole, uint64_t missing)
{
	struct ms_buf error = { 0 };
	struct ms_elfcore *core = open_image(image, &error);
	uint8_t buffer[1000];

	ms_buf_fini(&error);
	if (!core)
		return;
	uint64_t lost = whole - image->size;
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(core);
	assert_int_equal(facts->missing, lost < missing ? lost : facts->missing);
	assert_true(facts->missing > 0);
	for (size_t i = 0; i < facts->mapping_count; i++)
		assert_string_equal(facts->mappings[i].path, names[i]);
	for (uint64_t address = BASE - 10; address < BASE + 1000; address += 123) {
		int64_t got = ms_elfcore_read(core, address, buffer, sizeof buffer);
		assert_in_range(got, 0, 900);
		for (int64_t i = 0; i < got; i++)
			assert_int_equal(buffer[i], byte_at(address + (uint64_t)i));
	}
	ms_elfcore_free(core);
}

static void truncated_at_every_length(void **state)
{
	struct image *image = malloc(sizeof *image);

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		usual(image, kind);
		size_t whole = image->size;
		for (image->size = 0; image->size < whole; image->size++)
			check_truncated(image, whole, 600 + 300 + 200);
	}
	free(image);
}

/* Whatever a header says: no crash, no endless loop, no reading outside (the sanitizers watch).  */
static void every_byte_of_the_headers_may_lie(void **state)
{
	static const uint8_t lies[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct image *image = malloc(sizeof *image);
	uint8_t buffer[256];

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		usual(image, kind);
		size_t headers = image->size - 600 - 300 - 200;
		for (size_t at = 0; at < headers; at++)
			for (size_t i = 0; i < sizeof lies; i++) {
				struct ms_buf error = { 0 };
				uint8_t was = image->bytes[at];
				image->bytes[at] = lies[i];
				struct ms_elfcore *core = open_image(image, &error);
				ms_buf_fini(&error);
				for (uint64_t address = 0; core && address < 0x50000; address += 0xff0)
					assert_in_range(ms_elfcore_read(core, address, buffer, sizeof buffer), 0,
							sizeof buffer);
				for (size_t m = 0; core && m < ms_elfcore_facts(core)->mapping_count; m++)
					assert_true(strlen(ms_elfcore_facts(core)->mappings[m].path) < 4096);
				ms_elfcore_free(core);
				image->bytes[at] = was;
			}
	}
	free(image);
}

static void claims_beyond_the_address_space(void **state)
{
	struct image *image = malloc(sizeof *image);

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		uint64_t most = kinds[kind].word == 8 ? UINT64_MAX : UINT32_MAX;
		begin(image, kind, 3);
		memory(image, most - 99, 50, PF_R);
		PUT(image, image->phoff, Phdr, p_filesz, most);
		size_t at = segment(image, PT_LOAD, 0x1000, 100, PF_R);
		PUT(image, at, Phdr, p_offset, most);
		memory(image, 0x2000, 50, PF_R);
		struct ms_elfcore *core = open_sound(image);
		uint8_t buffer[200];
		/* The file's rest follows the first segment's own 50 bytes.  */
		assert_int_equal(ms_elfcore_read(core, most - 99, buffer, 200), 100);
		assert_int_equal(ms_elfcore_read(core, 0x1000, buffer, 200), 0);
		check_read(core, 0x2000, 100, 50);
		assert_true(ms_elfcore_facts(core)->missing >= 100);
		ms_elfcore_free(core);
	}
	free(image);
}

static void more_segments_than_the_header_can_count(void **state)
{
	struct image *image = malloc(sizeof *image);

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		begin(image, kind, 3);
		memory(image, 0x1000, 10, PF_R);
		memory(image, 0x2000, 10, PF_R);
		memory(image, 0x3000, 10, PF_R);
		PUT(image, 0, Ehdr, e_phnum, PN_XNUM);
		size_t section = image->size;
		PUT(image, 0, Ehdr, e_shoff, section);
		PUT(image, section, Shdr, sh_info, 2);
		image->size = section + sizeof(Elf64_Shdr);
		struct ms_elfcore *core = open_sound(image);
		check_read(core, 0x2000, 10, 10);
		check_read(core, 0x3000, 10, 0);
		ms_elfcore_free(core);
		PUT(image, section, Shdr, sh_info, UINT32_MAX); /* as many as the file has room for */
		core = open_sound(image);
		check_read(core, 0x3000, 10, 10);
		ms_elfcore_free(core);
	}
	free(image);
}

static void segments_out_of_order(void **state)
{
	struct image *image = malloc(sizeof *image);

	(void)state;
	begin(image, 0, 3);
	memory(image, 0x3000, 10, PF_R);
	memory(image, 0x1000, 10, PF_R);
	memory(image, 0x2000, 10, PF_R);
	struct ms_elfcore *core = open_sound(image);
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t address = 0;
		check_read(core, 0x1000 * (i + 1), 20, 10);
		assert_true(ms_elfcore_segment(core, i, &address));
		assert_int_equal(address, 0x1000 * (i + 1));
		assert_false(ms_elfcore_segment(core, 3 + i, &address));
	}
	ms_elfcore_free(core);
	free(image);
}

static void what_was_left_out_is_lent(void **state)
{
	struct image *image = malloc(sizeof *image);
	char path[] = "/tmp/mapscope-lent-XXXXXX";
	int fd = mkstemp(path);
	uint8_t buffer[100];

	(void)state;
	unlink(path);
	for (uint64_t i = 0; i < 3000; i++)
		assert_int_equal(write(fd, (uint8_t[]){ byte_at(BASE + i) }, 1), 1);
	usual(image, 0);
	struct ms_elfcore *core = open_sound(image);
	assert_true(ms_elfcore_lend(core, BASE + 700, 1300, fd, 700));
	assert_true(ms_elfcore_lend(core, BASE + 2500, 5000, fd, 2500));
	assert_true(ms_elfcore_lend(core, UINT64_MAX - 5, 100, fd, 0)); /* makes no sense, and is not taken */
	assert_true(ms_elfcore_lend(core, 0x7000, 0, fd, 0));
	check_read(core, BASE, 5000, 2000); /* 900 of its own, then what was lent */
	check_read(core, BASE + 1500, 100, 100);
	check_read(core, BASE + 2400, 100, 0);
	check_read(core, BASE + 2500, 1000, 500); /* the file ends */
	assert_true(ms_elfcore_lend(core, 0x3ffc0, 0x100, fd, 0x3000));
	assert_int_equal(ms_elfcore_read(core, 0x40000, buffer, 100), 100); /* its own before what is lent */
	assert_int_equal(buffer[0], byte_at(0x40000));
	ms_elfcore_free(core);
	close(fd);
	free(image);
}

static void what_is_no_core(void **state)
{
	static const char *const packed[][2] = {
		{ "\x28\xb5\x2f\xfd", "unpack it first (zstd -d)" },
		{ "\x04\x22\x4d\x18", "unpack it first (lz4 -d)" },
		{ "\xfd\x37\x7a\x58", "unpack it first (xz -d)" },
		{ "\x1f\x8b\x08 ", "unpack it first (gzip -d)" },
	};
	struct image *image = malloc(sizeof *image);
	struct ms_buf error = { 0 };
	struct ms_elfcore *core;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		usual(image, 0);
		memcpy(image->bytes, packed[i][0], 4);
		check_refused(image, packed[i][1]);
	}
	usual(image, 0);
	PUT(image, 0, Ehdr, e_type, ET_EXEC);
	check_refused(image, ": not a core file, but an executable");
	PUT(image, 0, Ehdr, e_type, 0xfe00);
	check_refused(image, ": not a core file, but something else in ELF");
	usual(image, 0);
	image->bytes[EI_CLASS] = 3;
	check_refused(image, ": an ELF file of neither 32 nor 64 bit, or of no byte order");
	usual(image, 0);
	image->bytes[EI_DATA] = 0;
	check_refused(image, ": an ELF file of neither 32 nor 64 bit, or of no byte order");
	usual(image, 0);
	PUT(image, 0, Ehdr, e_phentsize, 8);
	check_refused(image, ": a core without program headers");
	usual(image, 0);
	PUT(image, 0, Ehdr, e_phnum, 0);
	check_refused(image, ": a core without program headers");
	usual(image, 0);
	PUT(image, 0, Ehdr, e_phoff, 1 << 30);
	check_refused(image, ": a core that ends before its program headers");
	begin(image, 0, 1);
	notes(image);
	check_refused(image, ": a core that holds no memory");
	image->size = 20;
	check_refused(image, ": an ELF file that ends within its header");
	image->size = 0;
	check_refused(image, ": not an ELF file; expected a core file");
	assert_int_equal(ms_elfcore_open("/nowhere\n", &core, &error), MS_IO);
	assert_string_equal(ms_buf_text(&error), "/nowhere\\n: cannot be opened: No such file or directory");
	ms_buf_fini(&error);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_read_up_to_its_end),
		cmocka_unit_test(notes_tell_of_the_program),
		cmocka_unit_test(truncated_at_every_length),
		cmocka_unit_test(every_byte_of_the_headers_may_lie),
		cmocka_unit_test(claims_beyond_the_address_space),
		cmocka_unit_test(more_segments_than_the_header_can_count),
		cmocka_unit_test(segments_out_of_order),
		cmocka_unit_test(what_was_left_out_is_lent),
		cmocka_unit_test(what_is_no_core),
	};

	return cmocka_run_group_tests_name("elfcore", tests, NULL, NULL);
}
