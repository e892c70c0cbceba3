/* An ELF file's own account of itself: class, byte order, build-id, load addresses, and the addresses of its symbols. Needs no
   debug information. Uses libelf, so it belongs to the command-line tool, not to libmapscope.so.  */
#ifndef MS_TYPES_SYMBOLS_H
#define MS_TYPES_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_symbols;

struct ms_symbols_file {
	uint32_t pointer_size; /* 4 or 8 */
	bool big_endian;
	uint16_t machine; /* EM_X86_64, ... */
	uint16_t type;	  /* ET_EXEC, ET_DYN, ... */
	uint64_t base;	  /* address of the first PT_LOAD, rounded down to a page: bias = start of its mapping - base */
	uint64_t base_offset; /* of that PT_LOAD in the file, rounded likewise */
	const char *build_id; /* hex digits; "" if the file has none */
	bool has_symbols;     /* false: stripped; then only what dynamic linking needs is known */
	bool is_go;	      /* has Go's own sections or symbols (.go.buildinfo, .gopclntab) */
};

struct ms_symbol {
	const char *name;
	uint64_t address; /* as in the file: add the bias */
	uint64_t size;
	bool function;
};

/* Opens the ELF file at PATH. MS_OK; MS_IO: cannot be opened; MS_BAD_TYPE: not an ELF file, or a damaged one; with one line in
   ERROR.  */
int64_t ms_symbols_open(const char *path, struct ms_symbols **out, struct ms_buf *error);
void ms_symbols_free(struct ms_symbols *symbols);
const struct ms_symbols_file *ms_symbols_file(const struct ms_symbols *symbols);

/* The symbol NAME, global before local ones. MS_OK or MS_NOT_FOUND. The first call reads and hashes all names.  */
int64_t ms_symbols_find(struct ms_symbols *symbols, const char *name, struct ms_symbol *out);
/* The symbol that ADDRESS lies in. MS_OK or MS_NOT_FOUND.  */
int64_t ms_symbols_at(struct ms_symbols *symbols, uint64_t address, struct ms_symbol *out);

#endif
