/* One ELF file through libelf: what it is, and its sections, decompressed as they are asked for. Inside of core/types; knows no
   DWARF beyond the names of its sections.  */
#ifndef MS_TYPES_DWARF_ELF_H
#define MS_TYPES_DWARF_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapscope.h"

struct Elf;
struct Elf_Scn;

struct ms_elf_section {
	char *name; /* ".debug_info" also for .zdebug_info */
	struct Elf_Scn *scn;
	uint64_t address; /* 0: it is not loaded */
	uint64_t size;	  /* decompressed */
	const uint8_t *data;
	bool gnu_compressed, loaded;
};

struct ms_elf {
	char *path;
	int fd;
	struct Elf *elf;
	uint64_t file_size;
	uint32_t pointer_size;
	bool big_endian;
	uint16_t machine, type;
	char build_id[129]; /* hex digits; "" if it has none */
	uint32_t section_count;
	struct ms_elf_section *sections; /* [0] is no section, as in ELF */
};

/* MS_OK, MS_IO or MS_BAD_TYPE with a line in ERROR, MS_NO_MEMORY.  */
int64_t ms_elf_open(const char *path, struct ms_elf **out, struct ms_buf *error);
void ms_elf_free(struct ms_elf *elf);
/* The index of section NAME; 0 if the file has none.  */
uint32_t ms_elf_find(const struct ms_elf *elf, const char *name);
/* Reads it and decompresses it, once. MS_OK, else a line in ERROR.  */
int64_t ms_elf_load(struct ms_elf *elf, uint32_t index, struct ms_buf *error);

#endif
