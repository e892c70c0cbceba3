/* One ELF file through libelf. Sections are read, not mapped: a file that is rewritten meanwhile gives wrong bytes, not SIGBUS.
   Decompression is done here and not by libdwarf, whose older versions know only some sections.  */
#include "types/dwarf_elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

enum {
	SECTIONS_MOST = 65536,
	ZLIB_MOST = 1032,     /* zlib makes no byte out of less than 1/1032 byte */
	NAME_MOST = 256,      /* bytes of a section's name */
	GNU_ZLIB_HEADER = 12, /* "ZLIB" and the size, big-endian */
};

static int64_t damaged(const struct ms_elf *elf, const char *what, struct ms_buf *error)
{
	const char *why = elf_errmsg(-1);

	ms_buf_printf(error, "%s: damaged ELF file: %s%s%s%s", elf->path, what, why ? " (" : "", why ? why : "",
		      why ? ")" : "");
	return MS_BAD_TYPE;
}

static void read_build_id(struct ms_elf *file)
{
	size_t count = 0;

	if (elf_getphdrnum(file->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && i < SECTIONS_MOST; i++) {
		GElf_Phdr phdr;
		if (!gelf_getphdr(file->elf, (int)i, &phdr) || phdr.p_type != PT_NOTE ||
		    phdr.p_filesz > file->file_size)
			continue;
		Elf_Data *data = elf_getdata_rawchunk(file->elf, (int64_t)phdr.p_offset, phdr.p_filesz,
						      phdr.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		GElf_Nhdr note;
		size_t name, desc;
		for (size_t at = 0, next; data && (next = gelf_getnote(data, at, &note, &name, &desc)) > at;
		     at = next) {
			if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || note.n_descsz > 64 ||
			    memcmp((char *)data->d_buf + name, "GNU", 4) != 0)
				continue;
			for (size_t k = 0; k < note.n_descsz; k++) {
				uint8_t byte = ((uint8_t *)data->d_buf)[desc + k];
				file->build_id[2 * k] = "0123456789abcdef"[byte >> 4];
				file->build_id[2 * k + 1] = "0123456789abcdef"[byte & 15];
			}
			return;
		}
	}
}

/* Names and sizes of all sections; nothing is read yet but the table.  */
static int64_t read_sections(struct ms_elf *file, struct ms_buf *error)
{
	size_t count = 0, names = 0;

	if (elf_getshdrnum(file->elf, &count) != 0)
		return damaged(file, "section table", error);
	if (count == 0)
		return MS_OK;
	if (count > SECTIONS_MOST || elf_getshdrstrndx(file->elf, &names) != 0)
		return damaged(file, "section names", error);
	file->sections = calloc(count, sizeof *file->sections);
	if (!file->sections)
		return MS_NO_MEMORY;
	file->section_count = (uint32_t)count;
	for (size_t i = 1; i < count; i++) {
		struct ms_elf_section *section = &file->sections[i];
		GElf_Shdr header;
		section->scn = elf_getscn(file->elf, i);
		if (!section->scn || !gelf_getshdr(section->scn, &header))
			return damaged(file, "section header", error);
		const char *name = elf_strptr(file->elf, names, header.sh_name);
		if (!name)
			return damaged(file, "section names", error);
		section->size = header.sh_type == SHT_NOBITS ? 0 : header.sh_size;
		section->address = header.sh_addr;
		section->gnu_compressed = strncmp(name, ".zdebug_", 8) == 0;
		section->name = strndup(section->gnu_compressed ? name + 1 : name, NAME_MOST);
		if (!section->name)
			return MS_NO_MEMORY;
		if (section->gnu_compressed)
			section->name[0] = '.';
	}
	return MS_OK;
}

static int64_t read_header(struct ms_elf *file, struct ms_buf *error)
{
	GElf_Ehdr header;

	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF || !gelf_getehdr(file->elf, &header)) {
		ms_buf_printf(error, "%s: not an ELF file", file->path);
		return MS_BAD_TYPE;
	}
	file->pointer_size = gelf_getclass(file->elf) == ELFCLASS32 ? 4 : 8;
	file->big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	file->machine = header.e_machine;
	file->type = header.e_type;
	int64_t status = read_sections(file, error);
	if (status == MS_OK)
		read_build_id(file);
	return status;
}

int64_t ms_elf_open(const char *path, struct ms_elf **out, struct ms_buf *error)
{
	struct stat about;
	struct ms_elf *file = calloc(1, sizeof *file);

	if (!file)
		return MS_NO_MEMORY;
	file->path = strdup(path);
	/* Not to wait for the other end where PATH names a pipe.  */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int64_t status = MS_OK;
	if (!file->path) {
		status = MS_NO_MEMORY;
	} else if (file->fd < 0 || fstat(file->fd, &about) != 0) {
		ms_buf_printf(error, "%s: %s", path, strerror(errno));
		status = MS_IO;
	} else if (!S_ISREG(about.st_mode)) {
		ms_buf_printf(error, "%s: not a regular file", path);
		status = MS_IO;
	} else {
		file->file_size = (uint64_t)about.st_size;
		status = read_header(file, error);
	}
	if (status == MS_OK) {
		*out = file;
	} else {
		ms_elf_free(file);
		*out = NULL;
	}
	return status;
}

void ms_elf_free(struct ms_elf *elf)
{
	if (!elf)
		return;
	for (uint32_t i = 0; i < elf->section_count; i++)
		free(elf->sections[i].name);
	free(elf->sections);
	if (elf->elf)
		elf_end(elf->elf);
	if (elf->fd >= 0)
		close(elf->fd);
	free(elf->path);
	free(elf);
}

uint32_t ms_elf_find(const struct ms_elf *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->section_count; i++)
		if (!strcmp(elf->sections[i].name, name))
			return i;
	return 0;
}

static int64_t bad_section(const struct ms_elf *elf, const struct ms_elf_section *section, const char *what,
			   struct ms_buf *error)
{
	ms_buf_printf(error, "%s: section %s: %s", elf->path, section->name, what);
	return MS_BAD_TYPE;
}

/* A compressed section claims a size; believed only as far as zlib can have made it from SIZE bytes.  */
static bool believable(uint64_t claimed, uint64_t size)
{
	return claimed / ZLIB_MOST <= size;
}

static int64_t decompress(struct ms_elf *elf, struct ms_elf_section *section, struct ms_buf *error)
{
	GElf_Shdr header;
	GElf_Chdr compression;

	if (!gelf_getshdr(section->scn, &header) || header.sh_type == SHT_NOBITS)
		return bad_section(elf, section, "has no contents", error);
	if (header.sh_flags & SHF_COMPRESSED) {
		if (!gelf_getchdr(section->scn, &compression))
			return bad_section(elf, section, "damaged compression header", error);
		if (compression.ch_type != ELFCOMPRESS_ZLIB)
			return bad_section(elf, section,
					   "compressed by another way than zlib, which is not supported: "
					   "objcopy --decompress-debug-sections makes a copy that can be read",
					   error);
		if (!believable(compression.ch_size, header.sh_size) || elf_compress(section->scn, 0, 0) < 0)
			return bad_section(elf, section, "damaged compressed data", error);
	} else if (section->gnu_compressed) {
		const Elf_Data *raw = elf_rawdata(section->scn, NULL);
		if (!raw || !raw->d_buf || raw->d_size < GNU_ZLIB_HEADER || memcmp(raw->d_buf, "ZLIB", 4) != 0 ||
		    !believable(ms_load((const uint8_t *)raw->d_buf + 4, 8, true), raw->d_size) ||
		    elf_compress_gnu(section->scn, 0, 0) < 0)
			return bad_section(elf, section, "damaged compressed data", error);
	}
	return MS_OK;
}

int64_t ms_elf_load(struct ms_elf *elf, uint32_t index, struct ms_buf *error)
{
	struct ms_elf_section *section = &elf->sections[index];

	if (section->loaded)
		return MS_OK;
	int64_t status = decompress(elf, section, error);
	if (status != MS_OK)
		return status;
	const Elf_Data *data = elf_rawdata(section->scn, NULL);
	if (!data || (data->d_size && !data->d_buf))
		return bad_section(elf, section, "lies beyond the end of the file: truncated?", error);
	section->data = data->d_buf;
	section->size = data->d_size;
	section->loaded = true;
	return MS_OK;
}
