/* Program counters to units, functions and blocks. Ranges of units are read once, functions of a unit when a counter first lies
   in it. Not what the blocks hold: dwarf_variables.c.  */
#include "types/dwarf_scope.h"

#include <stdlib.h>

#include "types/dwarf_lists.h"
#include "types/dwarf_numbers.h"

enum {
	RANGES_MOST = 1 << 16, /* of one DIE */
	ROWS_MOST = 1 << 26,
	DEPTH_MOST = 64,
};

struct row {
	uint64_t low, high;
	uint64_t die; /* of a unit or a function */
};

struct rows {
	struct row *rows;
	uint32_t count, capacity;
	bool known;
};

struct ms_dwarf_scopes {
	struct rows units;
	struct rows *functions; /* by unit */
	uint32_t unit_count;
};

void ms_dwarf_scopes_free(struct ms_dwarf_scopes *scopes)
{
	if (!scopes)
		return;
	for (uint32_t i = 0; scopes->functions && i < scopes->unit_count; i++)
		free(scopes->functions[i].rows);
	free(scopes->functions);
	free(scopes->units.rows);
	free(scopes);
}

static struct ms_dwarf_scopes *scopes_of(struct ms_dwarf *dwarf)
{
	if (dwarf->scopes)
		return dwarf->scopes;
	struct ms_dwarf_scopes *scopes = calloc(1, sizeof *scopes);
	if (scopes) {
		scopes->unit_count = dwarf->unit_count;
		scopes->functions = calloc(dwarf->unit_count + 1, sizeof *scopes->functions);
	}
	if (!scopes || !scopes->functions) {
		ms_dwarf_scopes_free(scopes);
		ms_dwarf_fail(dwarf, MS_NO_MEMORY, "out of memory for the functions of %s", dwarf->elf->path);
		return NULL;
	}
	dwarf->scopes = scopes;
	return scopes;
}

/* ---- Ranges ---- */

bool ms_scope_list(struct ms_dwarf *dwarf, const struct ms_unit *unit, const struct ms_attr *attr, bool of_locations,
		   struct ms_list *out)
{
	const char *section = unit->version < 5 ? (of_locations ? ".debug_loc" : ".debug_ranges")
						: (of_locations ? ".debug_loclists" : ".debug_rnglists");

	*out = (struct ms_list){ .version = unit->version, .base = unit->low_pc, .offset = attr->number };
	/* DWARF 2 and 3 have no form for offsets of their own.  */
	bool is_offset = attr->kind == MS_ATTR_OFFSET || (attr->kind == MS_ATTR_NUMBER && unit->version < 4);
	if (!is_offset && attr->kind != MS_ATTR_INDEX)
		return false;
	out->unit = ms_unit_location(dwarf, unit);
	if (!ms_dwarf_section(dwarf, section, &out->data, &out->size))
		return false;
	return is_offset || ms_list_offset(out, of_locations ? unit->loclists_base : unit->rnglists_base,
					   unit->offset_size, attr->number, &out->offset);
}

struct ranges {
	bool one;
	uint64_t low, high;
	struct ms_list list;
	uint64_t cursor;
	uint32_t count;
};

/* False: the DIE has no addresses.  */
static bool start_ranges(struct ms_dwarf *dwarf, const struct ms_unit *unit, struct Dwarf_Die_s *die,
			 struct ranges *out)
{
	struct ms_attr low, high, attr;

	*out = (struct ranges){ 0 };
	if (ms_die_has(dwarf, die, DW_AT_high_pc)) {
		if (!ms_die_attr(dwarf, die, DW_AT_low_pc, &low) || !ms_die_attr(dwarf, die, DW_AT_high_pc, &high))
			return false;
		out->one = true;
		out->low = low.number;
		out->high = high.kind == MS_ATTR_ADDRESS ? high.number : low.number + high.number;
		return true;
	}
	return ms_die_has(dwarf, die, DW_AT_ranges) && ms_die_attr(dwarf, die, DW_AT_ranges, &attr) &&
	       ms_scope_list(dwarf, unit, &attr, false, &out->list);
}

static bool next_range(struct ms_dwarf *dwarf, uint64_t die, struct ranges *ranges, uint64_t *low, uint64_t *high)
{
	if (ranges->count++ >= RANGES_MOST)
		return false;
	if (ranges->one) {
		*low = ranges->low;
		*high = ranges->high;
		return ranges->count == 1;
	}
	int64_t status = ms_list_range(&ranges->list, &ranges->cursor, low, high);
	if (status == MS_BAD_TYPE)
		ms_dwarf_damage(dwarf, die, "its list of ranges");
	return status == MS_OK;
}

bool ms_scope_has_addresses(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die)
{
	return ms_die_has(dwarf, die, DW_AT_high_pc) || ms_die_has(dwarf, die, DW_AT_ranges);
}

static bool contains(struct ms_dwarf *dwarf, const struct ms_unit *unit, struct Dwarf_Die_s *die, uint64_t pc)
{
	struct ranges ranges;
	uint64_t low, high;

	if (!start_ranges(dwarf, unit, die, &ranges))
		return false;
	while (next_range(dwarf, ms_die_number(dwarf, die), &ranges, &low, &high))
		if (low <= pc && pc < high)
			return true;
	return false;
}

static void add_row(struct rows *rows, uint64_t low, uint64_t high, uint64_t die)
{
	/* A function that the linker dropped stays in the debug information, at 0.  */
	if (low >= high || low == 0)
		return;
	if (rows->count == rows->capacity) {
		uint32_t capacity = rows->capacity ? 2 * rows->capacity : 64;
		struct row *more = capacity <= ROWS_MOST ? realloc(rows->rows, capacity * sizeof *more) : NULL;
		if (!more)
			return;
		rows->rows = more;
		rows->capacity = capacity;
	}
	rows->rows[rows->count++] = (struct row){ low, high, die };
}

static void add_rows(struct ms_dwarf *dwarf, const struct ms_unit *unit, struct Dwarf_Die_s *die, struct rows *rows)
{
	struct ranges ranges;
	uint64_t low, high, number = ms_die_number(dwarf, die);

	if (!start_ranges(dwarf, unit, die, &ranges))
		return;
	while (next_range(dwarf, number, &ranges, &low, &high))
		add_row(rows, low, high, number);
}

/* ---- Units ---- */

static void read_units(struct ms_dwarf *dwarf, struct rows *rows)
{
	for (uint32_t i = 0; i < dwarf->unit_count; i++) {
		const struct ms_unit *unit = ms_unit_of(dwarf, dwarf->units[i].die);
		_cleanup_die_ struct Dwarf_Die_s *die = unit->signed_type ? NULL : ms_die(dwarf, unit->die);
		if (die)
			add_rows(dwarf, unit, die, rows);
	}
	rows->known = true;
}

/* Functions at the top of a unit, in its namespaces and classes.  */
static void read_functions(struct ms_dwarf *dwarf, const struct ms_unit *unit, struct Dwarf_Die_s *parent,
			   struct rows *rows, int depth)
{
	struct Dwarf_Die_s *die = ms_die_child(dwarf, parent);

	for (; die; die = ms_die_next(dwarf, die)) {
		switch (ms_die_tag(dwarf, die)) {
		case DW_TAG_subprogram:
			add_rows(dwarf, unit, die, rows);
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
			if (depth < DEPTH_MOST)
				read_functions(dwarf, unit, die, rows, depth + 1);
		}
	}
}

static const struct rows *functions_of(struct ms_dwarf *dwarf, const struct ms_unit *unit)
{
	struct rows *rows = &dwarf->scopes->functions[unit - dwarf->units];

	if (!rows->known) {
		_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, unit->die);
		rows->known = true;
		if (die)
			read_functions(dwarf, unit, die, rows, 0);
	}
	return rows;
}

/* The function of UNIT that PC lies in; 0 if there is none.  */
static uint64_t function_at(struct ms_dwarf *dwarf, const struct ms_unit *unit, uint64_t pc)
{
	const struct rows *functions = functions_of(dwarf, unit);

	for (uint32_t i = 0; i < functions->count; i++)
		if (functions->rows[i].low <= pc && pc < functions->rows[i].high)
			return functions->rows[i].die;
	return 0;
}

/* The function that PC lies in, of the unit that claims it; the function's number in *DIE_OUT, 0 if there is none.  */
static const struct ms_unit *find(struct ms_dwarf *dwarf, uint64_t pc, uint64_t *die_out)
{
	struct ms_dwarf_scopes *scopes = pc == MS_DWARF_NO_PC ? NULL : scopes_of(dwarf);
	const struct ms_unit *first = NULL;

	*die_out = 0;
	if (!scopes)
		return NULL;
	if (!scopes->units.known)
		read_units(dwarf, &scopes->units);
	for (uint32_t i = 0; i < scopes->units.count; i++) {
		const struct row *row = &scopes->units.rows[i];
		if (pc < row->low || pc >= row->high)
			continue;
		const struct ms_unit *unit = ms_unit_of(dwarf, row->die);
		*die_out = function_at(dwarf, unit, pc);
		if (*die_out)
			return unit;
		first = first ? first : unit;
	}
	/* DWARF 2 has no words for a unit in several parts (-freorder-functions): ask them all.  */
	for (uint32_t i = 0; i < dwarf->unit_count && !first; i++) {
		*die_out = dwarf->units[i].signed_type ? 0 : function_at(dwarf, &dwarf->units[i], pc);
		if (*die_out)
			return &dwarf->units[i];
	}
	return first;
}

const struct ms_unit *ms_scope_unit(struct ms_dwarf *dwarf, uint64_t pc)
{
	uint64_t function;

	return find(dwarf, pc, &function);
}

/* ---- Blocks ---- */

bool ms_scope_is_block(uint32_t tag)
{
	return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block ||
	       tag == DW_TAG_with_stmt;
}

/* The block directly inside of DIE that PC lies in; 0 for none. A block without addresses is no border: what is in it is taken
   for its parent's, as gdb does.  */
static uint64_t inner_block(struct ms_dwarf *dwarf, const struct ms_unit *unit, struct Dwarf_Die_s *parent, uint64_t pc,
			    int depth, bool *inlined_out)
{
	struct Dwarf_Die_s *die = ms_die_child(dwarf, parent);
	uint64_t found = 0;

	for (; die && !found; die = ms_die_next(dwarf, die)) {
		uint32_t tag = ms_die_tag(dwarf, die);
		if (tag != DW_TAG_inlined_subroutine && !ms_scope_is_block(tag))
			continue;
		if (!ms_scope_has_addresses(dwarf, die)) {
			if (depth < DEPTH_MOST && tag != DW_TAG_inlined_subroutine)
				found = inner_block(dwarf, unit, die, pc, depth + 1, inlined_out);
		} else if (contains(dwarf, unit, die, pc)) {
			found = ms_die_number(dwarf, die);
			*inlined_out = tag == DW_TAG_inlined_subroutine;
		}
	}
	ms_die_free(die);
	return found;
}

bool ms_scope_blocks(struct ms_dwarf *dwarf, uint64_t pc, struct ms_blocks *out)
{
	uint64_t number;
	bool inlined = false;

	*out = (struct ms_blocks){ 0 };
	out->unit = find(dwarf, pc, &number);
	while (number && out->count < MS_BLOCKS_MOST) {
		out->dies[out->count] = number;
		out->inlined[out->count++] = inlined;
		_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, number);
		number = die ? inner_block(dwarf, out->unit, die, pc, 0, &inlined) : 0;
	}
	return out->count > 0;
}
