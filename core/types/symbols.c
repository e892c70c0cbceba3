/* An ELF file's own account of itself, with libelf: identity, load addresses, symbols. No debug information.  */
#include "types/symbols.h"

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>

#include "types/dwarf_elf.h"

enum { SYMBOLS_MOST = 1 << 26, PAGE = 4096, SEGMENTS_MOST = 65536 };

struct row {
	struct ms_symbol symbol;
	/* A stub stands for a function of another file whose address the program takes; it is found by its address only.  */
	enum { GLOBAL, LOCAL, STUB } rank;
};

struct ms_symbols {
	struct ms_elf *elf;
	struct ms_symbols_file file;
	bool known;	  /* the tables have been read */
	struct row *rows; /* by name; global ones first among equals */
	const struct row **by_address;
	uint32_t count, capacity;
};

/* The first PT_LOAD, which a loader maps first and where its bias shows.  */
static void read_base(struct ms_symbols *symbols)
{
	size_t count = 0;
	bool found = false;

	if (elf_getphdrnum(symbols->elf->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && i < SEGMENTS_MOST; i++) {
		GElf_Phdr header;
		if (!gelf_getphdr(symbols->elf->elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		if (found && header.p_vaddr >= symbols->file.base)
			continue;
		found = true;
		symbols->file.base = header.p_vaddr & ~(uint64_t)(PAGE - 1);
		symbols->file.base_offset = header.p_offset & ~(uint64_t)(PAGE - 1);
	}
}

int64_t ms_symbols_open(const char *path, struct ms_symbols **out, struct ms_buf *error)
{
	struct ms_symbols *symbols = calloc(1, sizeof *symbols);
	int64_t status = MS_NO_MEMORY;

	*out = NULL;
	if (symbols)
		status = ms_elf_open(path, &symbols->elf, error);
	if (status != MS_OK) {
		if (status == MS_NO_MEMORY)
			ms_buf_printf(error, "%s: out of memory", path);
		ms_symbols_free(symbols);
		return status;
	}
	const struct ms_elf *elf = symbols->elf;
	symbols->file = (struct ms_symbols_file){ .pointer_size = elf->pointer_size,
						  .big_endian = elf->big_endian,
						  .machine = elf->machine,
						  .type = elf->type,
						  .build_id = elf->build_id,
						  .has_symbols = ms_elf_find(elf, ".symtab") != 0,
						  .is_go = ms_elf_find(elf, ".go.buildinfo") ||
							   ms_elf_find(elf, ".gopclntab") ||
							   ms_elf_find(elf, ".note.go.buildid") };
	read_base(symbols);
	*out = symbols;
	return MS_OK;
}

void ms_symbols_free(struct ms_symbols *symbols)
{
	if (!symbols)
		return;
	for (uint32_t i = 0; i < symbols->count; i++)
		free((char *)symbols->rows[i].symbol.name);
	free(symbols->rows);
	free(symbols->by_address);
	ms_elf_free(symbols->elf);
	free(symbols);
}

const struct ms_symbols_file *ms_symbols_file(const struct ms_symbols *symbols)
{
	return &symbols->file;
}

/* ---- The tables ---- */

static void add_symbol(struct ms_symbols *symbols, const char *name, const GElf_Sym *symbol)
{
	if (symbols->count == symbols->capacity) {
		uint32_t capacity = symbols->capacity ? 2 * symbols->capacity : 256;
		struct row *rows = capacity <= SYMBOLS_MOST ? realloc(symbols->rows, capacity * sizeof *rows) : NULL;
		if (!rows)
			return;
		symbols->rows = rows;
		symbols->capacity = capacity;
	}
	char *kept = strdup(name);
	if (!kept)
		return;
	/* A versioned name ("memcpy@GLIBC_2.14") is called without its version.  */
	kept[strcspn(kept, "@")] = 0;
	symbols->rows[symbols->count++] =
		(struct row){ { kept, symbol->st_value, symbol->st_size, GELF_ST_TYPE(symbol->st_info) == STT_FUNC },
			      symbol->st_shndx == SHN_UNDEF		   ? STUB
			      : GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? LOCAL
									   : GLOBAL };
}

static void read_table(struct ms_symbols *symbols, const char *section)
{
	uint32_t index = ms_elf_find(symbols->elf, section);
	GElf_Shdr header;

	if (!index || !gelf_getshdr(symbols->elf->sections[index].scn, &header))
		return;
	Elf_Data *data = elf_getdata(symbols->elf->sections[index].scn, NULL);
	size_t size = gelf_fsize(symbols->elf->elf, ELF_T_SYM, 1, EV_CURRENT);
	for (size_t i = 1; data && size && i < data->d_size / size && i < SYMBOLS_MOST; i++) {
		GElf_Sym symbol;
		if (!gelf_getsym(data, (int)i, &symbol) || (symbol.st_shndx == SHN_UNDEF && !symbol.st_value) ||
		    GELF_ST_TYPE(symbol.st_info) == STT_FILE || GELF_ST_TYPE(symbol.st_info) == STT_SECTION ||
		    GELF_ST_TYPE(symbol.st_info) == STT_TLS)
			continue;
		const char *name = elf_strptr(symbols->elf->elf, header.sh_link, symbol.st_name);
		if (name && *name)
			add_symbol(symbols, name, &symbol);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->symbol.name, y->symbol.name);

	return order ? order : (int)x->rank - (int)y->rank;
}

static int by_address(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	if (x->symbol.address != y->symbol.address)
		return x->symbol.address < y->symbol.address ? -1 : 1;
	return (int)x->rank - (int)y->rank;
}

static void read_tables(struct ms_symbols *symbols)
{
	if (symbols->known)
		return;
	symbols->known = true;
	read_table(symbols, ".symtab");
	if (!symbols->count)
		read_table(symbols, ".dynsym");
	if (symbols->count)
		qsort(symbols->rows, symbols->count, sizeof *symbols->rows, by_name);
}

int64_t ms_symbols_find(struct ms_symbols *symbols, const char *name, struct ms_symbol *out)
{
	read_tables(symbols);
	uint32_t low = 0, high = symbols->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (strcmp(symbols->rows[middle].symbol.name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == symbols->count || symbols->rows[low].rank == STUB ||
	    strcmp(symbols->rows[low].symbol.name, name) != 0)
		return MS_NOT_FOUND;
	*out = symbols->rows[low].symbol;
	return MS_OK;
}

int64_t ms_symbols_at(struct ms_symbols *symbols, uint64_t address, struct ms_symbol *out)
{
	read_tables(symbols);
	if (!symbols->by_address && symbols->count) {
		symbols->by_address = malloc(symbols->count * sizeof *symbols->by_address);
		for (uint32_t i = 0; symbols->by_address && i < symbols->count; i++)
			symbols->by_address[i] = &symbols->rows[i];
		if (symbols->by_address)
			qsort(symbols->by_address, symbols->count, sizeof *symbols->by_address, by_address);
	}
	uint32_t low = 0, high = symbols->by_address ? symbols->count : 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (symbols->by_address[middle]->symbol.address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return MS_NOT_FOUND;
	const struct ms_symbol *before = &symbols->by_address[low - 1]->symbol;
	if (address - before->address >= (before->size ? before->size : 1))
		return MS_NOT_FOUND;
	*out = *before;
	return MS_OK;
}
