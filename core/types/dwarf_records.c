/* Structs and unions by their size, wherever they stand, also in functions: one pass over the entries, then a search. Not what
   can be asked for by name: dwarf_index.c.  */
#include <stdlib.h>

#include "types/dwarf_index.h"
#include "types/dwarf_numbers.h"

enum {
	RECORDS_MOST = 1 << 26,
	DEPTH_MOST = 256, /* blocks in blocks */
	CHAIN_MOST = 64,  /* typedefs on the way to an array; a damaged file may make a circle */
};

struct record {
	uint64_t size, die;
	const char *name; /* "" for none */
	bool is_union;
};

struct ms_dwarf_records {
	struct record *all; /* structs before unions, each by size, then in the order of the file */
	uint32_t count, capacity;
	uint64_t passed; /* the last entry that was looked at */
	bool failed;
};

void ms_dwarf_records_free(struct ms_dwarf_records *records)
{
	if (records)
		free(records->all);
	free(records);
}

/* ---- Reading ---- */

static bool is_record(uint32_t tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

/* What types may stand in. Calls that were inlined hold none: these stand in the function that was called.  */
static bool holds_types(uint32_t tag)
{
	return is_record(tag) || tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block || tag == DW_TAG_namespace ||
	       tag == DW_TAG_module || tag == DW_TAG_interface_type || tag == DW_TAG_try_block ||
	       tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt;
}

static void keep(struct ms_dwarf *dwarf, struct ms_dwarf_records *records, struct Dwarf_Die_s *die, bool is_union)
{
	uint64_t size = 0;

	if (!ms_die_unsigned(dwarf, die, DW_AT_byte_size, &size) || !size)
		return;
	if (records->count == records->capacity) {
		uint32_t capacity = records->capacity ? 2 * records->capacity : 1024;
		struct record *all = capacity <= RECORDS_MOST ? realloc(records->all, capacity * sizeof *all) : NULL;
		if (!all) {
			records->failed = true;
			return;
		}
		records->all = all;
		records->capacity = capacity;
	}
	records->all[records->count++] =
		(struct record){ size, ms_die_number(dwarf, die), ms_die_name(dwarf, die), is_union };
}

/* Each entry once: in a damaged file, the siblings of one may be its children.  */
static void read_children(struct ms_dwarf *dwarf, struct ms_dwarf_records *records, struct Dwarf_Die_s *parent,
			  int depth)
{
	struct Dwarf_Die_s *die = ms_die_child(dwarf, parent);

	for (; die; die = ms_die_next(dwarf, die)) {
		uint64_t number = ms_die_number(dwarf, die);
		uint32_t tag = ms_die_tag(dwarf, die);
		bool passed = number <= records->passed;
		records->passed = passed ? records->passed : number;
		if (passed || !holds_types(tag))
			continue;
		if (is_record(tag))
			keep(dwarf, records, die, tag == DW_TAG_union_type);
		if (depth < DEPTH_MOST)
			read_children(dwarf, records, die, depth + 1);
	}
}

static int compare(bool is_union, uint64_t size, const struct record *record)
{
	if (is_union != record->is_union)
		return is_union ? 1 : -1;
	return size < record->size ? -1 : size > record->size;
}

static int by_size(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = compare(x->is_union, x->size, y);

	return order ? order : x->die < y->die ? -1 : x->die > y->die;
}

/* Of .debug_info only. NULL when memory is short. Damage in one unit is no reason to have none of the others.  */
static struct ms_dwarf_records *make(struct ms_dwarf *dwarf)
{
	struct ms_dwarf_records *records = calloc(1, sizeof *records);

	for (uint32_t i = 0; records && i < dwarf->unit_count && !records->failed; i++) {
		uint64_t number = dwarf->units[i].die;
		_cleanup_die_ struct Dwarf_Die_s *die = number & MS_DIE_IN_TYPES ? NULL : ms_die(dwarf, number);
		if (die)
			read_children(dwarf, records, die, 0);
	}
	if (!records || records->failed) {
		ms_dwarf_records_free(records);
		return NULL;
	}
	if (records->count)
		qsort(records->all, records->count, sizeof *records->all, by_size);
	return records;
}

/* ---- Asking ---- */

/* The type of member INDEX if the members of DIE are called NAMES; 0 if they are not.  */
static uint64_t member_type(struct ms_dwarf *dwarf, uint64_t number, const char *names, uint32_t index)
{
	_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, number);
	uint64_t type = 0;
	uint32_t count = 0;

	for (struct Dwarf_Die_s *child = die ? ms_die_child(dwarf, die) : NULL; child;
	     child = ms_die_next(dwarf, child)) {
		/* Not static ones.  */
		if (ms_die_tag(dwarf, child) != DW_TAG_member || ms_die_flag(dwarf, child, DW_AT_external) ||
		    ms_die_flag(dwarf, child, DW_AT_declaration))
			continue;
		const char *name = ms_die_name(dwarf, child);
		size_t size = names ? strcspn(names, "\t") : 0;
		if (!names || strlen(name) != size || memcmp(name, names, size) != 0) {
			ms_die_free(child);
			return 0;
		}
		names = names[size] ? names + size + 1 : NULL;
		if (count++ == index)
			type = ms_die_reference(dwarf, child, DW_AT_type);
	}
	return names ? 0 : type;
}

/* What TYPE is behind its typedefs. False: that is not known.  */
static bool strip(struct ms_dwarf *dwarf, uint64_t type, struct ms_type *out)
{
	for (int i = 0; i < CHAIN_MOST; i++) {
		if (ms_dwarf_type(dwarf, type, out) != MS_OK)
			return false;
		if (out->kind != MS_TYPEDEF)
			return true;
		type = out->target;
	}
	return false;
}

static bool may_be_called(const struct record *record, const char *name)
{
	return !*name || !*record->name || !strcmp(record->name, ms_name_last(name));
}

int64_t ms_dwarf_array(struct ms_dwarf *dwarf, const struct ms_dwarf_member *member, uint64_t *offset_out,
		       uint64_t *count_out)
{
	struct ms_type array = { .size = sizeof array };
	uint64_t found = 0, size = 0;

	ms_dwarf_begin(dwarf);
	if (!dwarf->records)
		dwarf->records = make(dwarf);
	if (!dwarf->records)
		return ms_dwarf_fail(dwarf, MS_NO_MEMORY, "out of memory for types");
	const struct record *all = dwarf->records->all;
	uint32_t count = dwarf->records->count, low = 0, high = count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare(member->of_union, member->byte_size, &all[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && !compare(member->of_union, member->byte_size, &all[low]); low++) {
		if (!may_be_called(&all[low], member->name))
			continue;
		ms_dwarf_begin(dwarf);
		uint64_t type = member_type(dwarf, all[low].die, member->members, member->index);
		if (dwarf->damage.size)
			return MS_NOT_FOUND;
		if (!type)
			continue;
		if (!strip(dwarf, type, &array) || array.kind != MS_ARRAY || !array.count ||
		    type & (MS_DIE_IN_TYPES | MS_DIE_DERIVED) ||
		    (found && (*count_out != array.count || size != array.byte_size)))
			return MS_NOT_FOUND;
		found = type;
		size = array.byte_size;
		*count_out = array.count;
	}
	*offset_out = found - (found != 0);
	return found ? MS_OK : MS_NOT_FOUND;
}
