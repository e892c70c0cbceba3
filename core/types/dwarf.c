/* Debug information of one file through libdwarf: its units, DIEs and attributes. The only file that includes libdwarf, whose entry
   points changed between 20210528 (Debian 12) and 0.x: what differs stands behind DW_LIBDWARF_VERSION, which only the newer
   header has. Not the meaning of DIEs: dwarf_types.c, dwarf_index.c, dwarf_variables.c.

   libdwarf gets its sections from us (dwarf_elf.c), so compression and the search for separate files are the same with every
   version of it. Each call passes an error pointer: without one it ends the process.  */
#include <dwarf.h>
#include <libdwarf.h>
#include <stdlib.h>

#include "types/dwarf_cursor.h"
#include "types/dwarf_die.h"

enum { UNITS_MOST = 1 << 22, OFFSET_MOST_BITS = 45 };

/* What libdwarf itself reads. Lists of locations and ranges are read by us (dwarf_lists.c).  */
static const char *const section_names[] = { "",
					     ".debug_info",
					     ".debug_abbrev",
					     ".debug_str",
					     ".debug_line_str",
					     ".debug_str_offsets",
					     ".debug_addr",
					     ".debug_types" };
enum { SECTION_NAMES = sizeof section_names / sizeof *section_names };

/* ---- What we lend libdwarf ---- */

#ifdef DW_LIBDWARF_VERSION
typedef Dwarf_Obj_Access_Interface_a access_interface;
typedef Dwarf_Obj_Access_Methods_a access_methods;
typedef Dwarf_Unsigned access_index;
#else
typedef Dwarf_Obj_Access_Interface access_interface;
typedef Dwarf_Obj_Access_Methods access_methods;
typedef Dwarf_Half access_index;
#endif

struct access {
	access_interface interface;
	uint32_t sections[SECTION_NAMES]; /* index in ELF of each */
	uint32_t count;
};

static Dwarf_Unsigned section_count(void *object)
{
	const struct ms_dwarf *dwarf = object;

	return ((const struct access *)dwarf->access)->count;
}

static const struct ms_elf_section *section_at(void *object, Dwarf_Unsigned index)
{
	const struct ms_dwarf *dwarf = object;
	const struct access *access = dwarf->access;

	return index < access->count && access->sections[index] ? &dwarf->elf->sections[access->sections[index]] : NULL;
}

static int load_section(void *object, access_index index, Dwarf_Small **data_out, int *error)
{
	const struct ms_elf_section *section = section_at(object, index);

	*error = 0;
	if (!section || !section->data)
		return DW_DLV_NO_ENTRY;
	*data_out = (Dwarf_Small *)section->data;
	return DW_DLV_OK;
}

static Dwarf_Small pointer_size(void *object)
{
	return (Dwarf_Small)((struct ms_dwarf *)object)->elf->pointer_size;
}

#ifdef DW_LIBDWARF_VERSION
static int section_info(void *object, Dwarf_Unsigned index, Dwarf_Obj_Access_Section_a *out, int *error)
{
	const struct ms_elf_section *section = section_at(object, index);

	*error = 0;
	*out = (Dwarf_Obj_Access_Section_a){ .as_name = section ? section->name : "",
					     .as_type = section ? 1 : 0, /* SHT_PROGBITS */
					     .as_size = section ? section->size : 0 };
	return DW_DLV_OK;
}

static Dwarf_Small byte_order(void *object)
{
	return ((struct ms_dwarf *)object)->elf->big_endian ? DW_END_big : DW_END_little;
}

/* Newer versions compare sizes in the file with it; ours are decompressed.  */
static Dwarf_Unsigned file_size(void *object)
{
	const struct ms_dwarf *dwarf = object;
	Dwarf_Unsigned size = dwarf->elf->file_size;

	for (uint32_t i = 1; i < dwarf->elf->section_count; i++)
		if (dwarf->elf->sections[i].loaded)
			size += dwarf->elf->sections[i].size;
	return size;
}

static const access_methods methods = { .om_get_section_info = section_info,
					.om_get_byte_order = byte_order,
					.om_get_length_size = pointer_size,
					.om_get_pointer_size = pointer_size,
					.om_get_filesize = file_size,
					.om_get_section_count = section_count,
					.om_load_section = load_section };
#else
static int section_info(void *object, Dwarf_Half index, Dwarf_Obj_Access_Section *out, int *error)
{
	const struct ms_elf_section *section = section_at(object, index);

	*error = 0;
	*out = (Dwarf_Obj_Access_Section){ .name = section ? section->name : "",
					   .type = section ? 1 : 0, /* SHT_PROGBITS */
					   .size = section ? section->size : 0 };
	return DW_DLV_OK;
}

static Dwarf_Endianness byte_order(void *object)
{
	return ((struct ms_dwarf *)object)->elf->big_endian ? DW_OBJECT_MSB : DW_OBJECT_LSB;
}

static const access_methods methods = { .get_section_info = section_info,
					.get_byte_order = byte_order,
					.get_length_size = pointer_size,
					.get_pointer_size = pointer_size,
					.get_section_count = section_count,
					.load_section = load_section };
#endif

static void finish(Dwarf_Debug handle)
{
#ifdef DW_LIBDWARF_VERSION
	dwarf_object_finish(handle);
#else
	Dwarf_Error error = NULL;
	dwarf_object_finish(handle, &error);
#endif
}

/* Frees libdwarf's error, and remembers its text.  */
static void take_error(struct ms_dwarf *dwarf, uint64_t die, Dwarf_Error error)
{
	ms_dwarf_damage(dwarf, die, error ? dwarf_errmsg(error) : "libdwarf gives no reason");
	if (error)
		dwarf_dealloc_error(dwarf->handle, error);
}

/* ---- DIEs ---- */

Dwarf_Die ms_die(struct ms_dwarf *dwarf, uint64_t number)
{
	Dwarf_Die die = NULL;
	Dwarf_Error error = NULL;

	if (!number || number & MS_DIE_DERIVED || !ms_unit_of(dwarf, number))
		return NULL;
	int result = dwarf_offdie_b(dwarf->handle, (number & (MS_DIE_IN_TYPES - 1)) - 1, !(number & MS_DIE_IN_TYPES),
				    &die, &error);
	if (result == DW_DLV_ERROR)
		take_error(dwarf, number, error);
	return result == DW_DLV_OK ? die : NULL;
}

void ms_die_free(Dwarf_Die die)
{
	if (die)
		dwarf_dealloc_die(die);
}

void ms_die_cleanup(Dwarf_Die *die)
{
	ms_die_free(*die);
}

uint64_t ms_die_number(struct ms_dwarf *dwarf, Dwarf_Die die)
{
	Dwarf_Off offset = 0;
	Dwarf_Error error = NULL;

	if (dwarf_dieoffset(die, &offset, &error) != DW_DLV_OK)
		take_error(dwarf, 0, error);
	return (offset + 1) | (dwarf_get_die_infotypes_flag(die) ? 0 : MS_DIE_IN_TYPES);
}

/* A DIE that libdwarf took for a child or sibling of the one numbered BEFORE, which it must lie behind.  */
static Dwarf_Die behind(struct ms_dwarf *dwarf, int result, Dwarf_Die die, uint64_t before, Dwarf_Error error)
{
	if (result == DW_DLV_ERROR)
		take_error(dwarf, before, error);
	if (result != DW_DLV_OK)
		return NULL;
	if (ms_die_number(dwarf, die) > before)
		return die;
	ms_dwarf_damage(dwarf, before, "a sibling lies before it");
	ms_die_free(die);
	return NULL;
}

Dwarf_Die ms_die_child(struct ms_dwarf *dwarf, Dwarf_Die die)
{
	Dwarf_Die child = NULL;
	Dwarf_Error error = NULL;
	int result = dwarf_child(die, &child, &error);

	return behind(dwarf, result, child, ms_die_number(dwarf, die), error);
}

Dwarf_Die ms_die_next(struct ms_dwarf *dwarf, Dwarf_Die die)
{
	Dwarf_Die next = NULL;
	Dwarf_Error error = NULL;
	uint64_t number = ms_die_number(dwarf, die);
	int result = dwarf_siblingof_b(dwarf->handle, die, !(number & MS_DIE_IN_TYPES), &next, &error);

	ms_die_free(die);
	return behind(dwarf, result, next, number, error);
}

uint32_t ms_die_tag(struct ms_dwarf *dwarf, Dwarf_Die die)
{
	Dwarf_Half tag = 0;
	Dwarf_Error error = NULL;

	if (dwarf_tag(die, &tag, &error) != DW_DLV_OK)
		take_error(dwarf, 0, error);
	return tag;
}

const char *ms_die_name(struct ms_dwarf *dwarf, Dwarf_Die die)
{
	char *name = NULL;
	Dwarf_Error error = NULL;
	int result = dwarf_diename(die, &name, &error);

	if (result == DW_DLV_ERROR)
		take_error(dwarf, ms_die_number(dwarf, die), error);
	return result == DW_DLV_OK ? name : "";
}

/* ---- Attributes ---- */

/* The number of the DIE that a reference leads to; 0 where it leads out of the file.  */
static int read_reference(struct ms_dwarf *dwarf, Dwarf_Attribute attribute, Dwarf_Half form, bool in_types,
			  uint64_t *out, Dwarf_Error *error)
{
	Dwarf_Off offset = 0;
	Dwarf_Sig8 signature;
	uint64_t number;

	if (form == DW_FORM_ref_sig8) {
		int result = dwarf_formsig8(attribute, &signature, error);
		memcpy(&number, &signature, sizeof number);
		const struct ms_unit *unit = result == DW_DLV_OK ? ms_unit_signed(dwarf, number) : NULL;
		*out = unit ? unit->signed_type : 0;
		return result;
	}
	int result = dwarf_global_formref(attribute, &offset, error);
	if (result == DW_DLV_OK && offset >> OFFSET_MOST_BITS == 0)
		*out = (offset + 1) | (in_types && form != DW_FORM_ref_addr ? MS_DIE_IN_TYPES : 0);
	return result;
}

static int read_block(struct ms_dwarf *dwarf, Dwarf_Attribute attribute, struct ms_attr *out, Dwarf_Error *error)
{
	Dwarf_Block *block = NULL;
	int result = dwarf_formblock(attribute, &block, error);

	if (result == DW_DLV_OK) {
		out->bytes = block->bl_data;
		out->size = block->bl_len;
		dwarf_dealloc(dwarf->handle, block, DW_DLA_BLOCK);
	}
	return result;
}

static int read_data16(struct ms_dwarf *dwarf, Dwarf_Attribute attribute, struct ms_attr *out, Dwarf_Error *error)
{
	Dwarf_Form_Data16 data;
	int result = dwarf_formdata16(attribute, &data, error);

	if (result == DW_DLV_OK) {
		out->bytes = (const uint8_t *)ms_dwarf_keep(dwarf, &data, sizeof data);
		out->size = out->bytes ? sizeof data : 0;
	}
	return result;
}

static enum ms_attr_kind kind_of_form(Dwarf_Half form)
{
	switch (form) {
	case DW_FORM_addr:
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
		return MS_ATTR_ADDRESS;
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
	case DW_FORM_flag:
	case DW_FORM_flag_present:
		return MS_ATTR_NUMBER;
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_data16:
	case DW_FORM_exprloc:
		return MS_ATTR_BYTES;
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
	case DW_FORM_ref_addr:
	case DW_FORM_ref_sig8:
		return MS_ATTR_REFERENCE;
	case DW_FORM_string:
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		return MS_ATTR_STRING;
	case DW_FORM_sec_offset:
		return MS_ATTR_OFFSET;
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
		return MS_ATTR_INDEX;
	default:
		return MS_ATTR_NONE;
	}
}

static int read_number(Dwarf_Attribute attribute, Dwarf_Half form, struct ms_attr *out, Dwarf_Error *error)
{
	Dwarf_Signed number = 0;
	Dwarf_Unsigned bits = 0;
	Dwarf_Bool flag = 0;
	int result;

	switch (form) {
	case DW_FORM_flag:
	case DW_FORM_flag_present:
		result = dwarf_formflag(attribute, &flag, error);
		out->number = flag != 0;
		return result;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		result = dwarf_formsdata(attribute, &number, error);
		out->number = (uint64_t)number;
		out->is_signed = true;
		return result;
	default:
		result = dwarf_formudata(attribute, &bits, error);
		out->number = bits;
		out->size = form == DW_FORM_data1   ? 1
			    : form == DW_FORM_data2 ? 2
			    : form == DW_FORM_data4 ? 4
			    : form == DW_FORM_data8 ? 8
						    : 0;
		return result;
	}
}

static int read_attribute(struct ms_dwarf *dwarf, Dwarf_Attribute attribute, bool in_types, struct ms_attr *out,
			  Dwarf_Error *error)
{
	Dwarf_Half form = 0;
	Dwarf_Unsigned number = 0, size = 0;
	Dwarf_Ptr bytes = NULL;
	char *text = NULL;
	int result = dwarf_whatform(attribute, &form, error);

	if (result != DW_DLV_OK)
		return result;
	out->kind = kind_of_form(form);
	switch (out->kind) {
	case MS_ATTR_NUMBER:
		return read_number(attribute, form, out, error);
	case MS_ATTR_REFERENCE:
		return read_reference(dwarf, attribute, form, in_types, &out->number, error);
	case MS_ATTR_ADDRESS:
		result = dwarf_formaddr(attribute, &number, error);
		break;
	case MS_ATTR_OFFSET:
		result = dwarf_global_formref(attribute, &number, error);
		break;
	case MS_ATTR_INDEX:
		result = dwarf_formudata(attribute, &number, error);
		break;
	case MS_ATTR_STRING:
		result = dwarf_formstring(attribute, &text, error);
		out->bytes = (const uint8_t *)text;
		out->size = result == DW_DLV_OK ? strlen(text) : 0;
		return result;
	case MS_ATTR_BYTES:
		if (form == DW_FORM_data16)
			return read_data16(dwarf, attribute, out, error);
		if (form != DW_FORM_exprloc)
			return read_block(dwarf, attribute, out, error);
		result = dwarf_formexprloc(attribute, &size, &bytes, error);
		out->bytes = bytes;
		out->size = size;
		return result;
	case MS_ATTR_NONE:
		break;
	}
	out->number = number;
	return result;
}

bool ms_die_attr(struct ms_dwarf *dwarf, Dwarf_Die die, uint32_t at, struct ms_attr *out)
{
	Dwarf_Attribute attribute = NULL;
	Dwarf_Error error = NULL;

	*out = (struct ms_attr){ 0 };
	int result = dwarf_attr(die, (Dwarf_Half)at, &attribute, &error);
	if (result == DW_DLV_OK) {
		result = read_attribute(dwarf, attribute, !dwarf_get_die_infotypes_flag(die), out, &error);
		dwarf_dealloc_attribute(attribute);
	}
	if (result == DW_DLV_ERROR)
		take_error(dwarf, ms_die_number(dwarf, die), error);
	if (result != DW_DLV_OK)
		out->kind = MS_ATTR_NONE;
	return out->kind != MS_ATTR_NONE;
}

bool ms_die_has(struct ms_dwarf *dwarf, Dwarf_Die die, uint32_t at)
{
	Dwarf_Bool has = 0;
	Dwarf_Error error = NULL;

	if (dwarf_hasattr(die, (Dwarf_Half)at, &has, &error) == DW_DLV_ERROR)
		take_error(dwarf, ms_die_number(dwarf, die), error);
	return has;
}

bool ms_die_flag(struct ms_dwarf *dwarf, Dwarf_Die die, uint32_t at)
{
	struct ms_attr attr;

	return ms_die_has(dwarf, die, at) && ms_die_attr(dwarf, die, at, &attr) && attr.kind == MS_ATTR_NUMBER &&
	       attr.number;
}

bool ms_die_unsigned(struct ms_dwarf *dwarf, Dwarf_Die die, uint32_t at, uint64_t *out)
{
	struct ms_attr attr;

	if (!ms_die_attr(dwarf, die, at, &attr) || attr.kind != MS_ATTR_NUMBER)
		return false;
	*out = attr.number;
	return true;
}

uint64_t ms_die_reference(struct ms_dwarf *dwarf, Dwarf_Die die, uint32_t at)
{
	struct ms_attr attr;

	return ms_die_attr(dwarf, die, at, &attr) && attr.kind == MS_ATTR_REFERENCE ? attr.number : 0;
}

/* ---- Units ---- */

/* What libdwarf tells of a unit.  */
struct header {
	bool info; /* of .debug_info, not of .debug_types */
	uint64_t start;
	Dwarf_Unsigned type_offset, next;
	Dwarf_Half version, address_size, offset_size, unit_type;
	Dwarf_Sig8 signature;
};

static struct ms_unit *add_unit(struct ms_dwarf *dwarf)
{
	if (dwarf->unit_count == dwarf->unit_capacity) {
		uint32_t capacity = dwarf->unit_capacity ? 2 * dwarf->unit_capacity : 64;
		struct ms_unit *units = capacity <= UNITS_MOST ? realloc(dwarf->units, capacity * sizeof *units) : NULL;
		if (!units)
			return NULL;
		dwarf->units = units;
		dwarf->unit_capacity = capacity;
	}
	struct ms_unit *unit = &dwarf->units[dwarf->unit_count++];
	*unit = (struct ms_unit){ .name = "" };
	return unit;
}

/* Is this unit only a pointer to a .dwo file, which we do not read?  */
static bool is_split(struct ms_dwarf *dwarf, Dwarf_Die die, Dwarf_Half unit_type)
{
	return unit_type == DW_UT_skeleton || ms_die_has(dwarf, die, DW_AT_dwo_name) ||
	       ms_die_has(dwarf, die, DW_AT_GNU_dwo_name);
}

/* Has the unit, by its abbreviations, a form that this libdwarf takes for a byte longer than it is? Before 0.6.0 that is the index of
   three bytes, which clang uses when a unit has more than 65 536 names or addresses; all behind it would be misread.  */
static bool is_misread(struct ms_dwarf *dwarf, uint64_t abbreviations)
{
#ifdef DW_LIBDWARF_VERSION
	(void)dwarf, (void)abbreviations;
	return false;
#else
	struct ms_cursor cursor = { .big_endian = dwarf->elf->big_endian };
	uint64_t size;

	if (!ms_dwarf_section(dwarf, ".debug_abbrev", &cursor.at, &size) || abbreviations > size)
		return false;
	cursor.end = cursor.at + size;
	cursor.at += abbreviations;
	while (ms_cursor_uleb(&cursor) != 0) { /* its code */
		uint64_t attribute, form;
		ms_cursor_uleb(&cursor); /* tag */
		ms_cursor_bytes(&cursor, 1);
		do {
			attribute = ms_cursor_uleb(&cursor);
			form = ms_cursor_uleb(&cursor);
			if (form == DW_FORM_strx3 || form == DW_FORM_addrx3)
				return true;
			if (form == DW_FORM_implicit_const)
				ms_cursor_sleb(&cursor);
		} while (attribute || form);
	}
	return false;
#endif
}

/* Keeps a unit, or counts it as left out. MS_OK or MS_NO_MEMORY.  */
static int64_t keep_unit(struct ms_dwarf *dwarf, Dwarf_Die die, const struct header *header)
{
	uint64_t flag = header->info ? 0 : MS_DIE_IN_TYPES;

	if (is_split(dwarf, die, header->unit_type)) {
		dwarf->split_count++;
		return MS_OK;
	}
	struct ms_unit *unit = add_unit(dwarf);
	if (!unit)
		return MS_NO_MEMORY;
	unit->die = ms_die_number(dwarf, die);
	unit->end = (header->next + 1) | flag;
	unit->version = header->version;
	unit->address_size = (uint8_t)header->address_size;
	unit->offset_size = (uint8_t)header->offset_size;
	if (header->unit_type == DW_UT_type || !header->info) {
		memcpy(&unit->signature, &header->signature, sizeof unit->signature);
		unit->signed_type = (header->start + header->type_offset + 1) | flag;
	}
	return MS_OK;
}

/* The units of .debug_info or .debug_types, until their end or the first damaged one. MS_OK or MS_NO_MEMORY.  */
static int64_t read_units(struct ms_dwarf *dwarf, bool info)
{
	struct header h = { .info = info };
	uint64_t flag = info ? 0 : MS_DIE_IN_TYPES, read_abbreviations = UINT64_MAX;
	bool misread = false;

	for (;; h.start = h.next) {
		_cleanup_die_ Dwarf_Die die = NULL;
		Dwarf_Unsigned length;
		Dwarf_Half extension;
		Dwarf_Off abbreviations;
		Dwarf_Error error = NULL;
		int result = dwarf_next_cu_header_d(dwarf->handle, info, &length, &h.version, &abbreviations,
						    &h.address_size, &h.offset_size, &extension, &h.signature,
						    &h.type_offset, &h.next, &h.unit_type, &error);
		if (result == DW_DLV_OK && abbreviations != read_abbreviations) {
			misread = is_misread(dwarf, abbreviations);
			read_abbreviations = abbreviations;
		}
		if (result == DW_DLV_OK && !misread)
			result = dwarf_siblingof_b(dwarf->handle, NULL, info, &die, &error);
		if (result == DW_DLV_ERROR)
			take_error(dwarf, (h.start + 1) | flag, error);
		if (result != DW_DLV_OK)
			return MS_OK;
		if (h.next <= h.start || h.next >> OFFSET_MOST_BITS) {
			ms_dwarf_damage(dwarf, (h.start + 1) | flag, "its unit has no size");
			return MS_OK;
		}
		if (misread)
			dwarf->misread_count++;
		else if (keep_unit(dwarf, die, &h) != MS_OK)
			return MS_NO_MEMORY;
	}
}

/* ---- Starting ---- */

static int64_t lend_sections(struct ms_dwarf *dwarf, struct ms_buf *error)
{
	struct access *access = calloc(1, sizeof *access);

	if (!access)
		return MS_NO_MEMORY;
	dwarf->access = access;
	access->interface.
#ifdef DW_LIBDWARF_VERSION
		ai_object = dwarf;
	access->interface.ai_methods = &methods;
#else
		object = dwarf;
	access->interface.methods = &methods;
#endif
	access->count = 1;
	for (uint32_t i = 1; i < SECTION_NAMES; i++) {
		uint32_t index = ms_elf_find(dwarf->elf, section_names[i]);
		int64_t status = index ? ms_elf_load(dwarf->elf, index, error) : MS_OK;
		if (status != MS_OK)
			return status;
		if (index && dwarf->elf->sections[index].size)
			access->sections[access->count++] = index;
	}
	return MS_OK;
}

int64_t ms_libdwarf_start(struct ms_dwarf *dwarf, struct ms_buf *error)
{
	Dwarf_Error why = NULL;
	int64_t status = lend_sections(dwarf, error);

	if (status != MS_OK)
		return status;
	struct access *access = dwarf->access;
	if (dwarf_object_init_b(&access->interface, NULL, NULL, DW_GROUPNUMBER_ANY, &dwarf->handle, &why) !=
	    DW_DLV_OK) {
		ms_buf_printf(error, "%s: libdwarf cannot read its debug information: %s", dwarf->elf->path,
			      why ? dwarf_errmsg(why) : "empty");
		if (why)
			dwarf_dealloc_error(NULL, why);
		dwarf->handle = NULL;
		return MS_BAD_TYPE;
	}
	status = read_units(dwarf, true);
	if (status == MS_OK && ms_elf_find(dwarf->elf, ".debug_types"))
		status = read_units(dwarf, false);
	return status;
}

void ms_libdwarf_finish(struct ms_dwarf *dwarf)
{
	if (dwarf->handle)
		finish(dwarf->handle);
	free(dwarf->access);
}

const char *ms_libdwarf_version(void)
{
	return dwarf_package_version();
}
