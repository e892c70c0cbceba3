/* libelf reads the headers; where the segments of an image lie in memory is ours.  */
#include "cli/image.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/bytes.h"

enum {
	HEAD_SIZE = 4096,   /* of an image: the ELF header and the program headers are in its first page */
	NOTES_MOST = 4096,  /* bytes of a segment of notes that are searched for a build-id */
	BUILD_ID_MOST = 32, /* bytes; usual are 16 to 20 */
	PAGE = 4096,	    /* smaller than or equal to any machine's */
};

/* Reads SIZE bytes of a segment: at OFFSET of a file, or at ADDRESS of memory.  */
struct source {
	int fd;
	const struct ms_image_memory *memory; /* NULL: the file */
	uint64_t bias;
};

static int64_t read_segment(const struct source *source, const GElf_Phdr *header, void *buffer, uint64_t size)
{
	if (source->memory)
		return source->memory->read(source->memory->user, source->bias + header->p_vaddr, buffer, size);
	return header->p_offset <= INT64_MAX ? pread(source->fd, buffer, size, (off_t)header->p_offset) : -1;
}

/* The build-id among the notes of a segment: name "GNU", type 3.  */
static void find_build_id(const struct source *source, const GElf_Phdr *header, bool big_endian, char *out)
{
	uint8_t notes[NOTES_MOST];
	int64_t got = read_segment(source, header, notes, ms_min(header->p_filesz, sizeof notes));
	uint64_t align = header->p_align == 8 ? 8 : 4, at = 0, have = got < 0 ? 0 : (uint64_t)got;

	while (have - at >= 12) {
		uint64_t name_size = ms_load(notes + at, 4, big_endian), size = ms_load(notes + at + 4, 4, big_endian);
		uint64_t data = at + 12 + (name_size + 3) / 4 * 4, next = data + (size + align - 1) / align * align;
		if (data > have || size > have - data)
			return;
		bool found = name_size == 4 && !memcmp(notes + at + 12, "GNU", 4) && size <= BUILD_ID_MOST;
		if (found && ms_load(notes + at + 8, 4, big_endian) == 3) {
			for (uint64_t i = 0; i < size; i++)
				memcpy(out + 2 * i,
				       (char[]){ "0123456789abcdef"[notes[data + i] >> 4],
						 "0123456789abcdef"[notes[data + i] & 15], 0 },
				       3);
			return;
		}
		at = ms_min(next, have);
	}
}

static void take_segment(struct ms_image *out, const GElf_Phdr *header)
{
	uint64_t skipped = header->p_vaddr % PAGE, whole, end;

	if (out->count == MS_IMAGE_SEGMENTS || header->p_offset < skipped ||
	    !ms_add(header->p_filesz, skipped, &whole) || !ms_add(whole, PAGE - 1, &whole) ||
	    !ms_add(header->p_vaddr, whole, &end))
		return;
	out->segments[out->count++] = (struct ms_image_segment){ .address = header->p_vaddr - skipped,
								 .offset = header->p_offset - skipped,
								 .size = whole / PAGE * PAGE,
								 .writable = header->p_flags & PF_W };
}

static bool take_headers(Elf *elf, struct source *source, uint64_t address, struct ms_image *out)
{
	GElf_Ehdr header;
	GElf_Phdr segment;
	size_t count;

	*out = (struct ms_image){ 0 };
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count) < 0)
		return false;
	out->pointer_size = header.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	out->big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	out->machine = header.e_machine;
	out->movable = header.e_type == ET_DYN;
	out->entry = header.e_entry;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &segment); i++)
		if (segment.p_type == PT_LOAD)
			take_segment(out, &segment);
	if (!out->count)
		return false;
	source->bias = address - out->segments[0].address;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &segment); i++)
		if (segment.p_type == PT_NOTE && !*out->build_id)
			find_build_id(source, &segment, out->big_endian, out->build_id);
	return true;
}

bool ms_image_of_file(int fd, struct ms_image *out)
{
	struct source source = { .fd = fd };

	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	bool found = take_headers(elf, &source, 0, out);
	elf_end(elf);
	return found;
}

static bool find_section(int fd, const char *name, uint64_t *address_out)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;
	bool has = false;

	if (elf && elf_getshdrstrndx(elf, &names) == 0)
		while (!has && (section = elf_nextscn(elf, section)) && gelf_getshdr(section, &header)) {
			const char *found = elf_strptr(elf, names, header.sh_name);
			has = found && !strcmp(found, name);
			*address_out = header.sh_addr;
		}
	elf_end(elf);
	return has;
}

uint64_t ms_image_section(int fd, const char *name)
{
	uint64_t address;

	return find_section(fd, name, &address) ? address : 0;
}

bool ms_image_has_debug(int fd)
{
	uint64_t address;

	elf_version(EV_CURRENT);
	return find_section(fd, ".debug_info", &address) || find_section(fd, ".zdebug_info", &address);
}

/* Section headers are not mapped; libelf would miss them.  */
static void drop_sections(char *head)
{
	if (head[EI_CLASS] == ELFCLASS64) {
		memset(head + offsetof(Elf64_Ehdr, e_shoff), 0, sizeof(Elf64_Off));
		memset(head + offsetof(Elf64_Ehdr, e_shnum), 0, 2 * sizeof(Elf64_Half)); /* and e_shstrndx */
	} else {
		memset(head + offsetof(Elf32_Ehdr, e_shoff), 0, sizeof(Elf32_Off));
		memset(head + offsetof(Elf32_Ehdr, e_shnum), 0, 2 * sizeof(Elf32_Half));
	}
}

bool ms_image_of_memory(const struct ms_image_memory *memory, uint64_t address, struct ms_image *out)
{
	struct source source = { .memory = memory };
	_Alignas(8) char head[HEAD_SIZE] = "";

	elf_version(EV_CURRENT);
	int64_t got = memory->read(memory->user, address, head, sizeof head);
	drop_sections(head);
	Elf *elf = got > EI_NIDENT ? elf_memory(head, (size_t)got) : NULL;
	bool found = take_headers(elf, &source, address, out);
	elf_end(elf);
	return found;
}

bool ms_image_same(const struct ms_image *file, const struct ms_image *mapped, struct ms_buf *why)
{
	if (file->machine != mapped->machine) {
		ms_buf_printf(why, "it is for another machine (ELF number %u, expected %u)", file->machine,
			      mapped->machine);
		return false;
	}
	if (*file->build_id && *mapped->build_id && strcmp(file->build_id, mapped->build_id)) {
		ms_buf_printf(why, "it is another build (build-id %s, expected %s)", file->build_id, mapped->build_id);
		return false;
	}
	bool same = file->entry == mapped->entry && file->count == mapped->count;
	for (uint32_t i = 0; i < file->count && same; i++)
		same = file->segments[i].address == mapped->segments[i].address &&
		       file->segments[i].writable == mapped->segments[i].writable;
	if (!same)
		ms_buf_str(why, "it is another build (its segments are others)");
	return same;
}
