/* Names of a file's types, variables, functions and namespaces, hashed once. Inside of core/types.  */
#ifndef MS_TYPES_DWARF_INDEX_H
#define MS_TYPES_DWARF_INDEX_H

#include "types/dwarf_die.h"

enum { MS_ENTRY_DECLARATION = 1, MS_ENTRY_EXTERNAL = 2, MS_ENTRY_TRANSPARENT = 4 };

struct ms_entry {
	const char *name;	/* "" for an anonymous namespace */
	uint64_t die;		/* its number */
	uint64_t specification; /* the DIE that it completes, 0 for none */
	uint32_t scope;		/* index + 1 of the namespace or class around it; 0: none */
	uint32_t next;		/* index + 1 of the next one in its hash chain */
	uint16_t tag;
	uint8_t flags;	/* MS_ENTRY_… */
	bool has_place; /* a variable with a location or a value */
};

/* Entries in the order of their DIEs; NULL when memory is short (with an error line). What is damaged is left out, with a note.  */
const struct ms_entry *ms_index(struct ms_dwarf *dwarf, uint32_t *count_out);
/* The entry of a DIE; NULL if it has none.  */
const struct ms_entry *ms_index_die(struct ms_dwarf *dwarf, uint64_t die);
/* The first entry called NAME (SIZE bytes of it, the last component) and the next one of the same name; NULL: no more.  */
const struct ms_entry *ms_index_first(struct ms_dwarf *dwarf, const char *name, uint64_t size);
const struct ms_entry *ms_index_next(struct ms_dwarf *dwarf, const struct ms_entry *entry, uint64_t size);
/* The namespace or class around; NULL for none.  */
const struct ms_entry *ms_index_scope(struct ms_dwarf *dwarf, const struct ms_entry *entry);
/* Does ENTRY stand in exactly the scopes that the SIZE bytes at SCOPES name ("app::inner", "" for none)? Anonymous and inline
   namespaces need not be named.  */
bool ms_index_in(struct ms_dwarf *dwarf, const struct ms_entry *entry, const char *scopes, uint64_t size);
/* "app::inner::" + its name. NULL when memory is short.  */
const char *ms_index_qualified(struct ms_dwarf *dwarf, const struct ms_entry *entry);
/* Where the last component of a name starts: behind the last "::" that is in no brackets.  */
const char *ms_name_last(const char *name);
/* The definition of the struct, union, class or enum that DIE only declares; 0 if there is none.  */
uint64_t ms_index_definition(struct ms_dwarf *dwarf, uint64_t die);

#endif
