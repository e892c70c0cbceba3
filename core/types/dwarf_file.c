/* One file's debug information as a whole: opening and closing it, its error lines, its units and sections. What libdwarf does
   for it is in dwarf.c.  */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "types/dwarf_die.h"
#include "types/dwarf_find.h"
#include "types/dwarf_numbers.h"

/* ---- Errors, memory ---- */

void ms_dwarf_begin(struct ms_dwarf *dwarf)
{
	ms_buf_clear(&dwarf->error);
	ms_buf_clear(&dwarf->damage);
}

int64_t ms_dwarf_fail(struct ms_dwarf *dwarf, int64_t code, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	ms_buf_clear(&dwarf->error);
	/* Names are the target's.  */
	ms_buf_escaped(&dwarf->error, line, strlen(line), 0);
	return code;
}

void ms_dwarf_damage(struct ms_dwarf *dwarf, uint64_t die, const char *what)
{
	if (dwarf->damage.size)
		return;
	ms_buf_printf(&dwarf->damage, "%s: damaged debug information at 0x%llx of .debug_%s: ", dwarf->elf->path,
		      (unsigned long long)(die & (MS_DIE_IN_TYPES - 1)) - (die != 0),
		      die & MS_DIE_IN_TYPES ? "types" : "info");
	ms_buf_escaped(&dwarf->damage, what, strlen(what), 0);
}

int64_t ms_dwarf_damaged(struct ms_dwarf *dwarf)
{
	return dwarf->damage.size ? ms_dwarf_fail(dwarf, MS_BAD_TYPE, "%s", ms_buf_text(&dwarf->damage)) : MS_OK;
}

const char *ms_dwarf_keep(struct ms_dwarf *dwarf, const void *bytes, uint64_t size)
{
	struct ms_kept *kept = size < SIZE_MAX / 2 ? malloc(sizeof *kept + size + 1) : NULL;

	if (!kept)
		return NULL;
	memcpy(kept->bytes, bytes, size);
	kept->bytes[size] = 0;
	kept->next = dwarf->kept;
	dwarf->kept = kept;
	return kept->bytes;
}

/* ---- Units and sections ---- */

static void learn_unit(struct ms_dwarf *dwarf, struct ms_unit *unit)
{
	struct ms_attr attr;

	unit->known = true; /* before ms_die asks for the unit again */
	unit->name = "";
	_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, unit->die);
	if (!die)
		return;
	bool wide = unit->offset_size == 8;
	unit->addr_base = wide ? 16 : 8;
	unit->loclists_base = unit->rnglists_base = wide ? 20 : 12;
	unit->name = ms_die_name(dwarf, die);
	uint64_t language = 0;
	ms_die_unsigned(dwarf, die, DW_AT_language, &language);
	unit->language = (uint32_t)language;
	if (ms_die_attr(dwarf, die, DW_AT_low_pc, &attr) && attr.kind == MS_ATTR_ADDRESS)
		unit->low_pc = attr.number;
	if (ms_die_attr(dwarf, die, DW_AT_addr_base, &attr))
		unit->addr_base = attr.number;
	if (ms_die_attr(dwarf, die, DW_AT_loclists_base, &attr))
		unit->loclists_base = attr.number;
	if (ms_die_attr(dwarf, die, DW_AT_rnglists_base, &attr))
		unit->rnglists_base = attr.number;
}

struct ms_unit *ms_unit_of(struct ms_dwarf *dwarf, uint64_t die)
{
	uint32_t low = 0, high = dwarf->unit_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct ms_unit *unit = &dwarf->units[middle];
		if (die < unit->die) {
			high = middle;
		} else if (die >= unit->end) {
			low = middle + 1;
		} else {
			if (!unit->known)
				learn_unit(dwarf, unit);
			return unit;
		}
	}
	return NULL;
}

struct ms_unit *ms_unit_signed(struct ms_dwarf *dwarf, uint64_t signature)
{
	for (uint32_t i = 0; i < dwarf->unit_count; i++)
		if (dwarf->units[i].signed_type && dwarf->units[i].signature == signature)
			return &dwarf->units[i];
	return NULL;
}

bool ms_dwarf_section(struct ms_dwarf *dwarf, const char *name, const uint8_t **data_out, uint64_t *size_out)
{
	struct ms_buf why = { 0 };
	uint32_t index = ms_elf_find(dwarf->elf, name);
	bool found = index && ms_elf_load(dwarf->elf, index, &why) == MS_OK;

	if (index && !found)
		ms_dwarf_damage(dwarf, 0, ms_buf_text(&why));
	ms_buf_fini(&why);
	*data_out = found ? dwarf->elf->sections[index].data : NULL;
	*size_out = found ? dwarf->elf->sections[index].size : 0;
	return found;
}

struct ms_location_unit ms_unit_location(struct ms_dwarf *dwarf, const struct ms_unit *unit)
{
	struct ms_location_unit out = { .address_size = unit->address_size, .big_endian = dwarf->elf->big_endian };
	const uint8_t *data;
	uint64_t size;

	if (unit->version >= 5 && ms_dwarf_section(dwarf, ".debug_addr", &data, &size) && unit->addr_base <= size) {
		out.addresses = data + unit->addr_base;
		out.addresses_size = size - unit->addr_base;
	}
	return out;
}

/* ---- Opening ---- */

static void note_left_out(struct ms_dwarf *dwarf)
{
	uint32_t all = dwarf->unit_count + dwarf->split_count + dwarf->misread_count;

	if (dwarf->split_count)
		ms_buf_printf(&dwarf->note,
			      "%s: %u of %u units have their debug information in .dwo files (split DWARF), which are "
			      "not read: build without -gsplit-dwarf",
			      dwarf->elf->path, dwarf->split_count, all);
	else if (dwarf->misread_count)
		ms_buf_printf(
			&dwarf->note,
			"%s: %u of %u units have more than 65536 names, which this version of libdwarf (%s) misreads: "
			"build mapscope with libdwarf 0.6 or newer, or the program with -gdwarf-4",
			dwarf->elf->path, dwarf->misread_count, all, ms_libdwarf_version());
}

static int64_t start(struct ms_dwarf *dwarf, struct ms_buf *error)
{
	int64_t status = ms_libdwarf_start(dwarf, error);

	if (status != MS_OK)
		return status;
	note_left_out(dwarf);
	if (dwarf->damage.size && !dwarf->note.size)
		ms_buf_str(&dwarf->note, ms_buf_text(&dwarf->damage));
	if (dwarf->unit_count)
		return MS_OK;
	if (dwarf->note.size)
		ms_buf_str(error, ms_buf_text(&dwarf->note));
	else
		ms_buf_printf(error, "%s: its debug information is empty: build with -g", dwarf->elf->path);
	return dwarf->note.size ? MS_BAD_TYPE : MS_NOT_FOUND;
}

int64_t ms_dwarf_open(const char *path, const struct ms_dwarf_options *options, struct ms_dwarf **out,
		      struct ms_buf *error)
{
	static const struct ms_dwarf_options defaults;
	struct ms_dwarf *dwarf = calloc(1, sizeof *dwarf);
	int64_t status = MS_NO_MEMORY;

	*out = NULL;
	if (dwarf)
		dwarf->own_path = strdup(path);
	if (dwarf && dwarf->own_path)
		status = ms_dwarf_find(path, options ? options : &defaults, &dwarf->elf, error);
	if (status == MS_OK)
		status = start(dwarf, error);
	if (status == MS_NO_MEMORY && !error->size)
		ms_buf_printf(error, "%s: out of memory for its debug information", path);
	if (status == MS_OK)
		*out = dwarf;
	else
		ms_dwarf_free(dwarf);
	return status;
}

void ms_dwarf_free(struct ms_dwarf *dwarf)
{
	if (!dwarf)
		return;
	ms_dwarf_scopes_free(dwarf->scopes);
	ms_dwarf_index_free(dwarf->index);
	ms_dwarf_runtime_free(dwarf->runtime);
	ms_dwarf_records_free(dwarf->records);
	ms_dwarf_types_free(dwarf->types);
	ms_libdwarf_finish(dwarf);
	free(dwarf->units);
	ms_elf_free(dwarf->elf);
	free(dwarf->own_path);
	for (int i = 0; i < 2; i++)
		ms_symbols_free(dwarf->symbols[i]);
	for (struct ms_kept *kept = dwarf->kept, *next; kept; kept = next) {
		next = kept->next;
		free(kept);
	}
	ms_buf_fini(&dwarf->error);
	ms_buf_fini(&dwarf->note);
	ms_buf_fini(&dwarf->damage);
	free(dwarf);
}

const char *ms_dwarf_error(const struct ms_dwarf *dwarf)
{
	return ms_buf_text(&dwarf->error);
}

const char *ms_dwarf_note(const struct ms_dwarf *dwarf)
{
	return ms_buf_text(&dwarf->note);
}

const char *ms_dwarf_path(const struct ms_dwarf *dwarf)
{
	return dwarf->elf->path;
}

const char *ms_dwarf_build_id(const struct ms_dwarf *dwarf)
{
	return dwarf->elf->build_id;
}

uint32_t ms_dwarf_pointer_size(const struct ms_dwarf *dwarf)
{
	return dwarf->elf->pointer_size;
}

bool ms_dwarf_big_endian(const struct ms_dwarf *dwarf)
{
	return dwarf->elf->big_endian;
}

int64_t ms_dwarf_section_address(const struct ms_dwarf *dwarf, const char *name, uint64_t *address_out)
{
	*address_out = dwarf->elf->sections[ms_elf_find(dwarf->elf, name)].address;
	return *address_out ? MS_OK : MS_NOT_FOUND;
}

int64_t ms_dwarf_symbol(struct ms_dwarf *dwarf, const char *name, uint64_t *address_out)
{
	struct ms_symbol symbol;

	ms_dwarf_begin(dwarf);
	if (!dwarf->symbols_known) {
		struct ms_buf why = { 0 };
		bool separate = strcmp(dwarf->own_path, dwarf->elf->path) != 0;
		dwarf->symbols_known = true;
		ms_symbols_open(dwarf->own_path, &dwarf->symbols[0], &why);
		if (separate)
			ms_symbols_open(dwarf->elf->path, &dwarf->symbols[1], &why);
		ms_buf_fini(&why);
	}
	for (int i = 0; i < 2; i++) {
		if (dwarf->symbols[i] && ms_symbols_find(dwarf->symbols[i], name, &symbol) == MS_OK) {
			*address_out = symbol.address;
			return MS_OK;
		}
	}
	return MS_NOT_FOUND;
}
