/* Types and variables of one ELF file from its debug information, read with libdwarf. Knows nothing of processes: addresses in
   and out are the file's own (subtract, or add, what the loader added). Belongs to the command-line tool: libmapscope.so does
   not link libdwarf, because a bad file may take the process down.

	struct ms_dwarf *dwarf;
	ms_dwarf_open("/proc/123/exe", &(struct ms_dwarf_options){ .root = "/proc/123/root" }, &dwarf, &error);
	ms_dwarf_global(dwarf, "cache", MS_DWARF_NO_PC, 0, &variable);
	ms_location_evaluate(variable.location, variable.location_size, &variable.unit, &target, &location, &error);
	ms_dwarf_type(dwarf, variable.type, &type);

   Calls return enum ms_code: MS_OK; MS_NOT_FOUND, an answer; MS_REFUSED: it exists, but not here; MS_BAD_TYPE: the file is
   damaged or holds what we do not read; MS_NO_MEMORY. After the last three ms_dwarf_error has one line. All of them on one
   thread (a rule of libdwarf, for all its handles together).

   A type's number stays below 2^48, so that a caller with several files can put the file's own number above. The same type
   seen twice has the same number; types of one name in several units have several.  */
#ifndef MS_TYPES_DWARF_H
#define MS_TYPES_DWARF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapscope.h"
#include "types/location.h"

struct ms_dwarf;

/* Zeroed: the defaults.  */
struct ms_dwarf_options {
	const char *root; /* put before the debug directories and REAL_PATH ("/proc/123/root"); NULL: nothing */
	const char *
		real_path; /* where the file stands within ROOT, for debug files next to it; NULL: PATH itself, without ROOT */
	const char *const *debug_directories; /* NULL behind the last; NULL: /usr/lib/debug */
};

/* Opens the debug information of the ELF file at PATH, in it (compressed or not), or in a separate file by build-id or debuglink.
   MS_OK; else one line in ERROR and: MS_IO: cannot be opened; MS_NOT_FOUND: an ELF file without debug information; MS_BAD_TYPE: no
   ELF file, damaged, or of a kind that is not read (split DWARF, dwz's shared file). Cheap: nothing is indexed yet.  */
int64_t ms_dwarf_open(const char *path, const struct ms_dwarf_options *options, struct ms_dwarf **out,
		      struct ms_buf *error);
void ms_dwarf_free(struct ms_dwarf *dwarf);
/* One line on the last call that failed; "" if it did not.  */
const char *ms_dwarf_error(const struct ms_dwarf *dwarf);
/* One line on what was left out ("2 of 9 units are split DWARF..."), for a note; "" if nothing was.  */
const char *ms_dwarf_note(const struct ms_dwarf *dwarf);
/* The file that the debug information came from: PATH or a separate one.  */
const char *ms_dwarf_path(const struct ms_dwarf *dwarf);
/* Of that file, in hex digits; "" if it has none.  */
const char *ms_dwarf_build_id(const struct ms_dwarf *dwarf);
uint32_t ms_dwarf_pointer_size(const struct ms_dwarf *dwarf);
bool ms_dwarf_big_endian(const struct ms_dwarf *dwarf);
/* Address of the symbol NAME, of the file or of its separate debug file. MS_OK or MS_NOT_FOUND.  */
int64_t ms_dwarf_symbol(struct ms_dwarf *dwarf, const char *name, uint64_t *address_out);
/* Address of the section NAME. MS_OK, or MS_NOT_FOUND: there is none, or it is not loaded.  */
int64_t ms_dwarf_section_address(const struct ms_dwarf *dwarf, const char *name, uint64_t *address_out);

/* ---- Types: the answers of struct ms_types ---- */

/* Names given out live as long as DWARF.  */
int64_t ms_dwarf_type(struct ms_dwarf *dwarf, uint64_t type, struct ms_type *out);
int64_t ms_dwarf_field(struct ms_dwarf *dwarf, uint64_t type, uint32_t index, struct ms_field *out);
int64_t ms_dwarf_derive(struct ms_dwarf *dwarf, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out);
/* The type that a user calls NAME: with its tag or without ("struct point", "point"), C's basic types in any order of their
   words ("unsigned long"), C++'s with namespaces, Go's as the compiler spells them ("map[string]int", "main.T",
   "hash<string,int>"). Of several, one with a definition, and best of the unit that PC lies in.  */
int64_t ms_dwarf_lookup(struct ms_dwarf *dwarf, const char *name, uint64_t pc, uint64_t *type_out);
enum { MS_DWARF_C = 1, MS_DWARF_CXX, MS_DWARF_GO, MS_DWARF_OTHER };
/* The language of the unit that TYPE stands in, one of the above; 0 for none.  */
uint32_t ms_dwarf_language(struct ms_dwarf *dwarf, uint64_t type);

/* A member of a struct or union, by all that one knows of it who knows no more than a debugger tells.  */
struct ms_dwarf_member {
	bool of_union;
	const char *name; /* of the struct or union, with or without scopes; "": not known */
	uint64_t byte_size;
	const char *members; /* the names of all its members, with a tab between; "" for one that has none */
	uint32_t index;	     /* which one is meant */
};
/* Where in .debug_info the type of that member stands, an array or a typedef of one, and how many elements it has. MS_NOT_FOUND
   also where that is not known for sure: several such structs have arrays that differ. One without a name may be the one that
   is asked for. The first call looks at all types.  */
int64_t ms_dwarf_array(struct ms_dwarf *dwarf, const struct ms_dwarf_member *member, uint64_t *offset_out,
		       uint64_t *count_out);

/* What Go says of a type beyond C's notions. Zero: not said.  */
struct ms_dwarf_go {
	uint32_t kind;	       /* reflect.Kind: 21 map, 23 slice, 24 string, ... */
	uint64_t key, elem;    /* types of a map's keys and elems; elem also of slices and channels */
	uint64_t runtime_type; /* address of the run-time type descriptor */
};
int64_t ms_dwarf_go(struct ms_dwarf *dwarf, uint64_t type, struct ms_dwarf_go *out);
/* The type that the run-time type descriptor at ADDRESS describes. MS_OK or MS_NOT_FOUND. The first call looks at all types.  */
int64_t ms_dwarf_runtime_type(struct ms_dwarf *dwarf, uint64_t address, uint64_t *type_out);

/* ---- Variables ---- */

#define MS_DWARF_NO_PC UINT64_MAX

struct ms_dwarf_variable {
	const char *name; /* as the debug information has it ("cache", "main.cache") */
	const char
		*qualified; /* globals only: a name that ms_dwarf_global finds it by ("app::cache", "table.c::cache") */
	uint64_t type;
	/* Its place: an expression for ms_location_evaluate (a known constant is one too). NULL with MS_REFUSED.  */
	const uint8_t *location;
	uint64_t location_size;
	struct ms_location_unit unit;
	const uint8_t *frame_base; /* locals only: of the function around; for struct ms_location_target */
	uint64_t frame_base_size;
	const char *file; /* the source file of its unit, as the compiler was given it */
	bool external;	  /* a global of the whole program, not of its file */
	bool parameter;
};

/* The N-th (from 0) global or static variable called NAME: plain, or with its namespaces, classes, source file or function before
   it ("app::cache", "table.c::cache", "lookup::cache" for a static of a function). Those of the unit that PC lies in come
   first, then external ones, then file order. MS_NOT_FOUND; MS_REFUSED: it has no place (optimised out, or defined in
   another file: OUT is filled all the same).  */
int64_t ms_dwarf_global(struct ms_dwarf *dwarf, const char *name, uint64_t pc, uint32_t n,
			struct ms_dwarf_variable *out);
/* All globals and file-statics that have a place, with statics of functions; *CURSOR is 0 at first. MS_NOT_FOUND: no more.  */
int64_t ms_dwarf_next_global(struct ms_dwarf *dwarf, uint64_t *cursor, struct ms_dwarf_variable *out);

/* The variable or parameter NAME of the function that PC lies in (of a caller's frame: its return address - 1), innermost block
   first. INLINED: how many inlined calls to go out of (0: the innermost function; as debuggers count frames). MS_NOT_FOUND:
   no variable of that name, or no function there; MS_REFUSED: there is one, but it has no value at PC (OUT is filled). A Go
   variable that was moved to the heap, which DWARF calls "&m", is found as "m" too.  */
int64_t ms_dwarf_local(struct ms_dwarf *dwarf, uint64_t pc, uint32_t inlined, const char *name,
		       struct ms_dwarf_variable *out);
/* The N-th (from 0) of all that are in scope there, inner before outer; MS_NOT_FOUND behind the last.  */
int64_t ms_dwarf_local_nth(struct ms_dwarf *dwarf, uint64_t pc, uint32_t inlined, uint32_t n,
			   struct ms_dwarf_variable *out);

#endif
