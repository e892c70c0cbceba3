/* The entries (DIEs) of one file's debug information and their attributes, as libdwarf reads them. Inside of core/types: dwarf.c
   is behind it, the only file that includes libdwarf; types, index and variables are made of this.

   What is damaged is remembered, the first of it, in a line, and shows as absent: who must not take a part for the whole
   asks ms_dwarf_damaged at the end.  */
#ifndef MS_TYPES_DWARF_DIE_H
#define MS_TYPES_DWARF_DIE_H

#include "types/dwarf.h"
#include "types/dwarf_elf.h"
#include "types/symbols.h"

struct Dwarf_Die_s;
struct Dwarf_Debug_s;

/* Numbers of DIEs: offset in its section + 1, and a bit for .debug_types; numbers of types are these, and those of derived types
   (dwarf_types.c).  */
enum { MS_DIE_OFFSET_BITS = 46 };
#define MS_DIE_IN_TYPES ((uint64_t)1 << 46)
#define MS_DIE_DERIVED ((uint64_t)1 << 47)

struct ms_unit {
	uint64_t die; /* number of its own DIE */
	uint64_t end; /* number that its last DIE is below */
	uint16_t version;
	uint8_t address_size, offset_size;
	uint64_t signature,
		signed_type; /* of a type unit: its signature, and the number of its type; 0 if it is none */
	bool known;	     /* what follows has been read */
	uint32_t language;   /* DW_LANG_… */
	const char *name;    /* of its source file; "" for none */
	uint64_t low_pc;     /* what its lists are relative to */
	uint64_t addr_base, loclists_base, rnglists_base;
};

enum ms_attr_kind {
	MS_ATTR_NONE = 0,  /* absent, or of a form that leads elsewhere */
	MS_ATTR_NUMBER,	   /* NUMBER, sign-extended if IS_SIGNED; SIZE its bytes in the file, 0 for LEB128 */
	MS_ATTR_ADDRESS,   /* NUMBER */
	MS_ATTR_BYTES,	   /* an expression or block */
	MS_ATTR_REFERENCE, /* NUMBER is a DIE's */
	MS_ATTR_STRING,	   /* BYTES, SIZE without its NUL */
	MS_ATTR_OFFSET,	   /* NUMBER: into another section */
	MS_ATTR_INDEX,	   /* NUMBER: into a table of lists */
};

struct ms_attr {
	enum ms_attr_kind kind;
	bool is_signed;
	uint64_t number;
	const uint8_t *bytes;
	uint64_t size;
};

/* Bytes that live as long as the file.  */
struct ms_kept {
	struct ms_kept *next;
	char bytes[];
};

struct ms_dwarf_types;
struct ms_dwarf_index;
struct ms_dwarf_scopes;
struct ms_dwarf_runtime;
struct ms_dwarf_records;

struct ms_dwarf {
	struct ms_elf *elf; /* the file with the debug information */
	char *own_path;	    /* the file it is about, maybe the same */
	struct ms_symbols *symbols[2];
	bool symbols_known;
	struct Dwarf_Debug_s *handle;
	void *access;
	struct ms_buf error, note, damage;
	uint32_t split_count, misread_count; /* units that are left out */
	uint32_t unit_count, unit_capacity;
	struct ms_unit *units; /* in the order of their numbers */
	struct ms_dwarf_types *types;
	struct ms_dwarf_index *index;
	struct ms_dwarf_scopes *scopes;
	struct ms_dwarf_runtime *runtime;
	struct ms_dwarf_records *records;
	struct ms_kept *kept;
};

/* A copy of SIZE bytes and a NUL; NULL when memory is short.  */
const char *ms_dwarf_keep(struct ms_dwarf *dwarf, const void *bytes, uint64_t size);

/* Every call of the public interface begins with this one.  */
void ms_dwarf_begin(struct ms_dwarf *dwarf);
/* Sets the error line and returns CODE.  */
int64_t ms_dwarf_fail(struct ms_dwarf *dwarf, int64_t code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* MS_OK, or MS_BAD_TYPE with a line when something damaged was met since ms_dwarf_begin.  */
int64_t ms_dwarf_damaged(struct ms_dwarf *dwarf);
/* Remembers that WHAT is wrong at a DIE.  */
void ms_dwarf_damage(struct ms_dwarf *dwarf, uint64_t die, const char *what);

/* The unit that a DIE's number lies in, with all that is known of it; NULL if none.  */
struct ms_unit *ms_unit_of(struct ms_dwarf *dwarf, uint64_t die);
/* The type unit of that signature.  */
struct ms_unit *ms_unit_signed(struct ms_dwarf *dwarf, uint64_t signature);
/* All of section NAME; false if there is none (or it is damaged).  */
bool ms_dwarf_section(struct ms_dwarf *dwarf, const char *name, const uint8_t **data_out, uint64_t *size_out);
/* The unit as expressions want it.  */
struct ms_location_unit ms_unit_location(struct ms_dwarf *dwarf, const struct ms_unit *unit);

/* The DIE of that number, to be freed; NULL if there is none.  */
struct Dwarf_Die_s *ms_die(struct ms_dwarf *dwarf, uint64_t number);
void ms_die_free(struct Dwarf_Die_s *die);
#define _cleanup_die_ __attribute__((cleanup(ms_die_cleanup)))
void ms_die_cleanup(struct Dwarf_Die_s **die);
/* The first child, and the next sibling, whose predecessor it frees: for loops that bear damage without end.
	for (die = ms_die_child(dwarf, parent); die; die = ms_die_next(dwarf, die))  */
struct Dwarf_Die_s *ms_die_child(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die);
struct Dwarf_Die_s *ms_die_next(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die);
uint64_t ms_die_number(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die);
uint32_t ms_die_tag(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die);
/* "" for none.  */
const char *ms_die_name(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die);

/* One attribute; false, and MS_ATTR_NONE, where it is absent.  */
bool ms_die_attr(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t at, struct ms_attr *out);
bool ms_die_has(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t at);
bool ms_die_flag(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t at);
/* A number, of either sign; false where it is absent or no number.  */
bool ms_die_unsigned(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t at, uint64_t *out);
/* The number of the DIE that the attribute refers to; 0 for none.  */
uint64_t ms_die_reference(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t at);

/* The address of the run-time type descriptor that Go's attribute says; 0: none.  */
uint64_t ms_dwarf_go_descriptor(struct ms_dwarf *dwarf, uint64_t value);
/* The size of a type in bytes; 0 where it is not known.  */
uint64_t ms_dwarf_size(struct ms_dwarf *dwarf, uint64_t type);

/* Opens libdwarf on the sections of dwarf->elf, and reads the units. MS_OK, also if some units are damaged or left out; else with a
   line in ERROR.  */
int64_t ms_libdwarf_start(struct ms_dwarf *dwarf, struct ms_buf *error);
void ms_libdwarf_finish(struct ms_dwarf *dwarf);
const char *ms_libdwarf_version(void);

/* Parts of struct ms_dwarf with a noun of their own.  */
void ms_dwarf_types_free(struct ms_dwarf_types *types);
void ms_dwarf_index_free(struct ms_dwarf_index *index);
void ms_dwarf_scopes_free(struct ms_dwarf_scopes *scopes);
void ms_dwarf_runtime_free(struct ms_dwarf_runtime *runtime);
void ms_dwarf_records_free(struct ms_dwarf_records *records);

#endif
