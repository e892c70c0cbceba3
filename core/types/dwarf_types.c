/* Types from DIEs: struct ms_type and ms_field as mapscope.h wants them, each made once and kept. Not names to types:
   dwarf_index.c.  */
#include <stdlib.h>

#include "base/arith.h"
#include "types/dwarf_cursor.h"
#include "types/dwarf_index.h"
#include "types/dwarf_numbers.h"

enum {
	BUCKETS = 4096,
	FIELDS_MOST = 1 << 20, /* of one type */
	DIMENSIONS_MOST = 64,  /* of one array */
	CHAIN_MOST = 64,       /* typedefs and arrays on the way to a size; a damaged file may make a circle */
	DERIVED_MOST = 1 << 20,
};

struct made {
	struct made *next; /* in its hash chain */
	uint64_t number;
	struct ms_type type;
	struct ms_field *fields;
	uint32_t capacity;
	struct ms_dwarf_go go;
	const char *damage; /* why it is not whole; NULL: it is */
};

/* A pointer or array that stands in no file; void is the first.  */
struct derived {
	uint32_t kind;
	uint64_t target, count;
};

struct ms_dwarf_types {
	struct made *chains[BUCKETS];
	struct derived *derived;
	uint32_t derived_count, derived_capacity;
};

static uint64_t void_type(struct ms_dwarf *dwarf);

static struct ms_dwarf_types *types_of(struct ms_dwarf *dwarf)
{
	if (!dwarf->types)
		dwarf->types = calloc(1, sizeof *dwarf->types);
	return dwarf->types;
}

void ms_dwarf_types_free(struct ms_dwarf_types *types)
{
	for (size_t i = 0; types && i < BUCKETS; i++) {
		for (struct made *made = types->chains[i], *next; made; made = next) {
			next = made->next;
			free(made->fields);
			free(made);
		}
	}
	if (types)
		free(types->derived);
	free(types);
}

/* ---- Derived types ---- */

int64_t ms_dwarf_derive(struct ms_dwarf *dwarf, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out)
{
	struct ms_dwarf_types *types = types_of(dwarf);

	if (!types)
		return ms_dwarf_fail(dwarf, MS_NO_MEMORY, "out of memory for types");
	if (kind == MS_POINTER)
		count = 0;
	for (uint32_t i = 0; i < types->derived_count; i++) {
		const struct derived *old = &types->derived[i];
		if (old->kind == kind && old->target == type && old->count == count) {
			*type_out = MS_DIE_DERIVED | (i + 1);
			return MS_OK;
		}
	}
	if (types->derived_count == types->derived_capacity) {
		uint32_t capacity = types->derived_capacity ? 2 * types->derived_capacity : 16;
		struct derived *more =
			capacity <= DERIVED_MOST ? realloc(types->derived, capacity * sizeof *more) : NULL;
		if (!more)
			return ms_dwarf_fail(dwarf, MS_NO_MEMORY, "out of memory for types");
		types->derived = more;
		types->derived_capacity = capacity;
	}
	types->derived[types->derived_count++] = (struct derived){ kind, type, count };
	*type_out = MS_DIE_DERIVED | types->derived_count;
	return MS_OK;
}

/* 0 when memory is short.  */
static uint64_t void_type(struct ms_dwarf *dwarf)
{
	uint64_t type = 0;

	ms_dwarf_derive(dwarf, MS_VOID, 0, 0, &type);
	return type;
}

/* ---- Sizes ---- */

/* What a DIE's DW_AT_type refers to; void where it has none.  */
static uint64_t target_of(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die)
{
	struct ms_attr attr;

	if (!ms_die_attr(dwarf, die, DW_AT_type, &attr) || attr.kind != MS_ATTR_REFERENCE)
		return void_type(dwarf);
	return attr.number;
}

static struct made *make(struct ms_dwarf *dwarf, uint64_t number, int depth);

static uint64_t size_of(struct ms_dwarf *dwarf, uint64_t type, int depth)
{
	const struct made *made = depth < CHAIN_MOST ? make(dwarf, type, depth + 1) : NULL;

	return made ? made->type.byte_size : 0;
}

static void array_size(struct ms_dwarf *dwarf, struct ms_type *type, int depth)
{
	if (!ms_mul(size_of(dwarf, type->target, depth), type->count, &type->byte_size) || type->byte_size > INT64_MAX)
		type->byte_size = type->count = 0;
}

/* ---- Members ---- */

static struct ms_field *add_field(struct ms_dwarf *dwarf, struct made *made)
{
	if (made->type.field_count == made->capacity) {
		uint32_t capacity = made->capacity ? 2 * made->capacity : 8;
		struct ms_field *fields =
			capacity <= FIELDS_MOST ? realloc(made->fields, capacity * sizeof *fields) : NULL;
		if (!fields) {
			ms_dwarf_damage(dwarf, made->number, "more members than memory has");
			return NULL;
		}
		made->fields = fields;
		made->capacity = capacity;
	}
	struct ms_field *field = &made->fields[made->type.field_count++];
	*field = (struct ms_field){ .size = sizeof *field, .name = "" };
	return field;
}

/* DW_AT_data_member_location: a number, or in old files an expression that adds one. False: only a program knows (a virtual base).  */
static bool member_location(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, int64_t *out)
{
	struct ms_attr attr;

	*out = 0; /* of a union */
	if (!ms_die_attr(dwarf, die, DW_AT_data_member_location, &attr))
		return !ms_die_has(dwarf, die, DW_AT_data_member_location);
	if (attr.kind == MS_ATTR_NUMBER) {
		*out = (int64_t)attr.number;
		return true;
	}
	struct ms_cursor cursor = { attr.bytes, attr.bytes + attr.size, dwarf->elf->big_endian, false };
	if (attr.kind != MS_ATTR_BYTES)
		return false;
	uint64_t op = ms_cursor_number(&cursor, 1);
	if (op == DW_OP_plus_uconst || op == DW_OP_constu)
		*out = (int64_t)ms_cursor_uleb(&cursor);
	return (op == DW_OP_plus_uconst || op == DW_OP_constu) && !cursor.failed && cursor.at == cursor.end;
}

/* Where a bit-field's first bit is, counted as struct ms_field does: from the lowest bit of byte OFFSET (little-endian) or its highest
   (big-endian), which is how DWARF 4's DW_AT_data_bit_offset counts. Before, DW_AT_bit_offset counted from the highest bit of a
   storage unit of DW_AT_byte_size.  */
static void bit_field(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct ms_field *field, int depth)
{
	uint64_t bits = 0, position = 0, storage = 0;

	if (!ms_die_unsigned(dwarf, die, DW_AT_bit_size, &bits) || bits == 0 || bits > 1024)
		return;
	field->bit_size = (uint32_t)bits;
	if (ms_die_unsigned(dwarf, die, DW_AT_data_bit_offset, &position)) {
		position += 8 * (uint64_t)field->offset;
	} else {
		uint64_t from_high = 0;
		ms_die_unsigned(dwarf, die, DW_AT_bit_offset, &from_high);
		if (!ms_die_unsigned(dwarf, die, DW_AT_byte_size, &storage))
			storage = size_of(dwarf, field->type, depth);
		position = 8 * (uint64_t)field->offset +
			   (dwarf->elf->big_endian ? from_high : 8 * storage - from_high - bits);
	}
	field->offset = (int64_t)position >> 3;
	field->bit_offset = position & 7;
}

static void add_member(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, bool base, int depth)
{
	int64_t offset;

	/* Static members: declared here, defined elsewhere.  */
	if (ms_die_flag(dwarf, die, DW_AT_external) || ms_die_flag(dwarf, die, DW_AT_declaration) ||
	    ms_die_has(dwarf, die, DW_AT_const_value) || !member_location(dwarf, die, &offset))
		return;
	struct ms_field *field = add_field(dwarf, made);
	if (!field)
		return;
	field->name = base ? "" : ms_die_name(dwarf, die);
	field->offset = offset;
	field->type = target_of(dwarf, die);
	bit_field(dwarf, die, field, depth);
}

static void make_struct(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, int depth)
{
	struct ms_type *type = &made->type;

	ms_die_unsigned(dwarf, die, DW_AT_byte_size, &type->byte_size);
	for (struct Dwarf_Die_s *child = ms_die_child(dwarf, die); child; child = ms_die_next(dwarf, child)) {
		uint32_t tag = ms_die_tag(dwarf, child);
		if (tag == DW_TAG_member || tag == DW_TAG_inheritance)
			add_member(dwarf, child, made, tag == DW_TAG_inheritance, depth);
	}
}

/* gcc gives what is not negative as bytes, without saying whether they are signed: what has all the bits of a signed type is.  */
static void make_enum(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, int depth)
{
	struct ms_type *type = &made->type;
	struct ms_attr attr;
	bool is_signed = false;

	if (ms_die_has(dwarf, die, DW_AT_type)) {
		const struct made *below = depth < CHAIN_MOST ? make(dwarf, target_of(dwarf, die), depth + 1) : NULL;
		for (int i = 0; below && below->type.kind == MS_TYPEDEF && i < CHAIN_MOST; i++)
			below = make(dwarf, below->type.target, depth + 1);
		is_signed = below && below->type.kind == MS_INT;
		type->byte_size = below ? below->type.byte_size : 0;
	}
	ms_die_unsigned(dwarf, die, DW_AT_byte_size, &type->byte_size);
	for (struct Dwarf_Die_s *child = ms_die_child(dwarf, die); child; child = ms_die_next(dwarf, child)) {
		if (ms_die_tag(dwarf, child) != DW_TAG_enumerator ||
		    !ms_die_attr(dwarf, child, DW_AT_const_value, &attr))
			continue;
		struct ms_field *field = add_field(dwarf, made);
		if (!field)
			continue;
		field->name = ms_die_name(dwarf, child);
		field->offset = (int64_t)attr.number;
		if (attr.kind == MS_ATTR_BYTES && attr.size <= 8)
			field->offset = (int64_t)ms_load(attr.bytes, attr.size, dwarf->elf->big_endian);
		else if (is_signed && !attr.is_signed && attr.size == type->byte_size && attr.size && attr.size < 8)
			field->offset = (int64_t)(attr.number << (64 - 8 * attr.size)) >> (64 - 8 * attr.size);
	}
}

/* ---- Arrays ---- */

/* Where indices start unless the file says so (DWARF 5, 5.13).  */
static int64_t default_lower_bound(const struct ms_unit *unit)
{
	switch (unit->language) {
	case DW_LANG_Ada83:
	case DW_LANG_Cobol74 ... DW_LANG_Modula2: /* Cobol, Fortran 77 and 90, Pascal, Modula-2 */
	case DW_LANG_Ada95:
	case DW_LANG_Fortran95:
	case DW_LANG_PLI:
	case DW_LANG_Julia:
	case DW_LANG_Fortran03:
	case DW_LANG_Fortran08:
		return 1;
	default:
		return 0;
	}
}

/* Elements of one dimension; 0 where only a program knows, or none says.  */
static uint64_t dimension(struct ms_dwarf *dwarf, const struct ms_unit *unit, struct Dwarf_Die_s *die)
{
	struct ms_attr upper;
	uint64_t count = 0, lower = (uint64_t)default_lower_bound(unit);

	if (ms_die_unsigned(dwarf, die, DW_AT_count, &count))
		return count;
	if (!ms_die_attr(dwarf, die, DW_AT_upper_bound, &upper) || upper.kind != MS_ATTR_NUMBER)
		return 0;
	ms_die_unsigned(dwarf, die, DW_AT_lower_bound, &lower);
	count = upper.number - lower + 1;
	/* An upper bound of -1, for no elements, as old compilers give it for machines of 32 bits.  */
	if (unit->address_size == 4 && upper.number == UINT32_MAX)
		return 0;
	return count > INT64_MAX ? 0 : count;
}

/* int[2][3] is one DIE with two dimensions: an array of 2 of a derived array of 3.  */
static void make_array(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, int depth)
{
	uint64_t counts[DIMENSIONS_MOST], stride = 0;
	struct ms_type *type = &made->type;
	uint32_t dimensions = 0;
	const struct ms_unit *unit = ms_unit_of(dwarf, made->number);

	for (struct Dwarf_Die_s *child = ms_die_child(dwarf, die); child; child = ms_die_next(dwarf, child)) {
		uint32_t tag = ms_die_tag(dwarf, child);
		if ((tag == DW_TAG_subrange_type || tag == DW_TAG_enumeration_type) && dimensions < DIMENSIONS_MOST)
			counts[dimensions++] = dimension(dwarf, unit, child);
	}
	type->target = target_of(dwarf, die);
	while (dimensions > 1)
		if (ms_dwarf_derive(dwarf, MS_ARRAY, type->target, counts[--dimensions], &type->target) != MS_OK)
			return;
	type->count = dimensions ? counts[0] : 0;
	array_size(dwarf, type, depth);
	ms_die_unsigned(dwarf, die, DW_AT_byte_size, &type->byte_size);
	/* Elements that lie apart: nothing that a decoder could be told.  */
	if (ms_die_has(dwarf, die, DW_AT_bit_stride) ||
	    (ms_die_unsigned(dwarf, die, DW_AT_byte_stride, &stride) && stride != size_of(dwarf, type->target, depth)))
		type->kind = MS_VOID;
}

/* ---- Scalars ---- */

static uint32_t kind_of_encoding(uint64_t encoding)
{
	switch (encoding) {
	case DW_ATE_boolean:
		return MS_BOOL;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		return MS_INT;
	case DW_ATE_address:
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
	case DW_ATE_UCS:
	case DW_ATE_ASCII:
		return MS_UINT;
	case DW_ATE_float:
	case DW_ATE_imaginary_float:
		return MS_FLOAT;
	case DW_ATE_complex_float:
		return MS_COMPLEX;
	default: /* decimal, fixed, complex integers: bytes that we cannot tell */
		return MS_VOID;
	}
}

static void make_base(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made)
{
	uint64_t encoding = 0, order = DW_END_default;

	ms_die_unsigned(dwarf, die, DW_AT_byte_size, &made->type.byte_size);
	ms_die_unsigned(dwarf, die, DW_AT_encoding, &encoding);
	ms_die_unsigned(dwarf, die, DW_AT_endianity, &order);
	made->type.kind = kind_of_encoding(encoding);
	/* scalar_storage_order: a value in the other byte order than the target's.  */
	if (order == (dwarf->elf->big_endian ? DW_END_little : DW_END_big) && made->type.byte_size > 1)
		made->type.kind = MS_VOID;
}

static void make_pointer(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made)
{
	const struct ms_unit *unit = ms_unit_of(dwarf, made->number);

	made->type.target = target_of(dwarf, die);
	made->type.byte_size = unit ? unit->address_size : dwarf->elf->pointer_size;
	ms_die_unsigned(dwarf, die, DW_AT_byte_size, &made->type.byte_size);
}

/* A C++ pointer to a member holds an offset, one to a method two words (Itanium C++ ABI, 2.3): shown as bytes.  */
static void make_member_pointer(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, int depth)
{
	const struct made *target = depth < CHAIN_MOST ? make(dwarf, target_of(dwarf, die), depth + 1) : NULL;

	made->type.byte_size = dwarf->elf->pointer_size * (target && target->type.kind == MS_FUNCTION ? 2 : 1);
	ms_die_unsigned(dwarf, die, DW_AT_byte_size, &made->type.byte_size);
}

static void make_typedef(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, bool named, int depth)
{
	made->type.target = target_of(dwarf, die);
	made->type.byte_size = size_of(dwarf, made->type.target, depth);
	if (!named)
		made->type.name = "";
}

static void read_go(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made)
{
	uint64_t kind = 0;
	struct ms_attr attr;

	if (!ms_die_unsigned(dwarf, die, DW_AT_go_kind, &kind))
		return;
	made->go.kind = (uint32_t)kind;
	made->go.key = ms_die_reference(dwarf, die, DW_AT_go_key);
	made->go.elem = ms_die_reference(dwarf, die, DW_AT_go_elem);
	if (ms_die_attr(dwarf, die, DW_AT_go_runtime_type, &attr))
		made->go.runtime_type = attr.number;
}

/* ---- All kinds ---- */

static uint32_t kind_of_tag(uint32_t tag)
{
	switch (tag) {
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return MS_POINTER;
	case DW_TAG_array_type:
		return MS_ARRAY;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
		return MS_STRUCT;
	case DW_TAG_union_type:
		return MS_UNION;
	case DW_TAG_enumeration_type:
		return MS_ENUM;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		return MS_FUNCTION;
	case DW_TAG_typedef:
	case DW_TAG_template_alias:
	case DW_TAG_subrange_type:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
	case DW_TAG_packed_type:
	case DW_TAG_shared_type:
	case DW_TAG_immutable_type:
		return MS_TYPEDEF;
	default:
		return MS_VOID;
	}
}

/* In C++ a type is called by its scopes too.  */
static const char *full_name(struct ms_dwarf *dwarf, uint64_t number, struct Dwarf_Die_s *die)
{
	const char *name = ms_die_name(dwarf, die);

	if (!*name || ms_dwarf_language(dwarf, number) != MS_DWARF_CXX)
		return name;
	const struct ms_entry *entry = ms_index_die(dwarf, number);
	const char *qualified = entry && entry->scope ? ms_index_qualified(dwarf, entry) : NULL;
	return qualified ? qualified : name;
}

static void fill(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct made *made, int depth)
{
	uint32_t tag = ms_die_tag(dwarf, die);

	made->type.kind = kind_of_tag(tag);
	made->type.name = full_name(dwarf, made->number, die);
	switch (made->type.kind) {
	case MS_POINTER:
		make_pointer(dwarf, die, made);
		break;
	case MS_ARRAY:
		make_array(dwarf, die, made, depth);
		break;
	case MS_STRUCT:
	case MS_UNION:
		make_struct(dwarf, die, made, depth);
		break;
	case MS_ENUM:
		make_enum(dwarf, die, made, depth);
		break;
	case MS_TYPEDEF:
		make_typedef(dwarf, die, made, tag == DW_TAG_typedef || tag == DW_TAG_template_alias, depth);
		break;
	case MS_FUNCTION:
		made->type.target = target_of(dwarf, die);
		made->type.byte_size = 1;
		break;
	default:
		if (tag == DW_TAG_base_type)
			make_base(dwarf, die, made);
		else if (tag == DW_TAG_ptr_to_member_type)
			make_member_pointer(dwarf, die, made, depth);
		else
			ms_die_unsigned(dwarf, die, DW_AT_byte_size, &made->type.byte_size);
	}
	read_go(dwarf, die, made);
}

/* The DIE that says what the type is: itself, or the definition of what it declares.  */
static struct Dwarf_Die_s *defining_die(struct ms_dwarf *dwarf, uint64_t number)
{
	struct Dwarf_Die_s *die = ms_die(dwarf, number);
	uint64_t definition = 0;

	if (!die || !ms_die_flag(dwarf, die, DW_AT_declaration))
		return die;
	definition = ms_die_reference(dwarf, die, DW_AT_signature);
	if (!definition)
		definition = ms_index_definition(dwarf, number);
	struct Dwarf_Die_s *defined = definition ? ms_die(dwarf, definition) : NULL;
	if (!defined)
		return die;
	ms_die_free(die);
	return defined;
}

static bool make_derived(struct ms_dwarf *dwarf, struct made *made, int depth)
{
	const struct ms_dwarf_types *types = dwarf->types;
	uint64_t index = made->number & ~MS_DIE_DERIVED;

	if (index == 0 || index > types->derived_count)
		return false;
	const struct derived *derived = &types->derived[index - 1];
	made->type.kind = derived->kind;
	made->type.target = derived->target;
	made->type.count = derived->count;
	if (derived->kind == MS_POINTER && !derived->target)
		made->type.target = void_type(dwarf);
	if (derived->kind == MS_POINTER)
		made->type.byte_size = dwarf->elf->pointer_size;
	else if (derived->kind == MS_ARRAY)
		array_size(dwarf, &made->type, depth);
	else
		made->type.byte_size = 1; /* void, as gdb and gcc's sizeof have it */
	return true;
}

/* The type of that number, from before or made now; NULL when there is none or memory is short.  */
static struct made *make(struct ms_dwarf *dwarf, uint64_t number, int depth)
{
	struct ms_dwarf_types *types = types_of(dwarf);

	if (!types || !number)
		return NULL;
	struct made **chain = &types->chains[(number ^ number >> 12) % BUCKETS];
	for (struct made *made = *chain; made; made = made->next)
		if (made->number == number)
			return made;

	struct made *made = calloc(1, sizeof *made);
	if (!made)
		return NULL;
	made->number = number;
	made->type = (struct ms_type){ .size = sizeof made->type, .name = "" };
	bool found;
	if (number & MS_DIE_DERIVED) {
		found = make_derived(dwarf, made, depth);
	} else {
		_cleanup_die_ struct Dwarf_Die_s *die = defining_die(dwarf, number);
		found = die != NULL;
		if (found)
			fill(dwarf, die, made, depth);
	}
	if (!found) {
		free(made);
		return NULL;
	}
	if (dwarf->damage.size)
		made->damage = ms_dwarf_keep(dwarf, dwarf->damage.data, dwarf->damage.size);
	made->next = *chain;
	*chain = made;
	return made;
}

uint64_t ms_dwarf_size(struct ms_dwarf *dwarf, uint64_t type)
{
	return size_of(dwarf, type, 0);
}

static const struct made *ask(struct ms_dwarf *dwarf, uint64_t type, int64_t *status_out)
{
	ms_dwarf_begin(dwarf);
	const struct made *made = make(dwarf, type, 0);
	*status_out = ms_dwarf_damaged(dwarf);
	if (made && made->damage)
		*status_out = ms_dwarf_fail(dwarf, MS_BAD_TYPE, "%s", made->damage);
	if (*status_out == MS_OK && !made)
		*status_out = ms_dwarf_fail(dwarf, types_of(dwarf) ? MS_NOT_FOUND : MS_NO_MEMORY,
					    "%s: no type is at 0x%llx of its debug information", dwarf->elf->path,
					    (unsigned long long)type - 1);
	return made;
}

int64_t ms_dwarf_type(struct ms_dwarf *dwarf, uint64_t type, struct ms_type *out)
{
	int64_t status;
	const struct made *made = ask(dwarf, type, &status);

	if (status == MS_OK)
		*out = made->type;
	return status;
}

int64_t ms_dwarf_field(struct ms_dwarf *dwarf, uint64_t type, uint32_t index, struct ms_field *out)
{
	int64_t status;
	const struct made *made = ask(dwarf, type, &status);

	if (status == MS_OK && index >= made->type.field_count)
		return MS_NOT_FOUND;
	if (status == MS_OK)
		*out = made->fields[index];
	return status;
}

/* The attribute counts from a symbol of Go's linker (Go 1.15 to 1.26), but for uintptr is an address (seen in Go 1.19).  */
uint64_t ms_dwarf_go_descriptor(struct ms_dwarf *dwarf, uint64_t value)
{
	uint64_t start, end;

	if (ms_dwarf_symbol(dwarf, "runtime.types", &start) != MS_OK ||
	    ms_dwarf_symbol(dwarf, "runtime.etypes", &end) != MS_OK || end < start)
		return 0;
	if (value < end - start)
		return start + value;
	return value >= start && value < end ? value : 0;
}

int64_t ms_dwarf_go(struct ms_dwarf *dwarf, uint64_t type, struct ms_dwarf_go *out)
{
	int64_t status;
	const struct made *made = ask(dwarf, type, &status);
	if (status != MS_OK)
		return status;
	*out = made->go;
	if (out->runtime_type)
		out->runtime_type = ms_dwarf_go_descriptor(dwarf, out->runtime_type);
	return MS_OK;
}

uint32_t ms_dwarf_language(struct ms_dwarf *dwarf, uint64_t type)
{
	for (int i = 0; type & MS_DIE_DERIVED && i < CHAIN_MOST; i++) {
		uint64_t index = type & ~MS_DIE_DERIVED;
		bool known = dwarf->types && index && index <= dwarf->types->derived_count;
		type = known ? dwarf->types->derived[index - 1].target : 0;
	}
	const struct ms_unit *unit = type ? ms_unit_of(dwarf, type) : NULL;
	if (!unit)
		return 0;
	switch (unit->language) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_C17:
	case DW_LANG_C23:
		return MS_DWARF_C;
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
	case DW_LANG_C_plus_plus_23:
		return MS_DWARF_CXX;
	case DW_LANG_Go:
		return MS_DWARF_GO;
	default:
		return MS_DWARF_OTHER;
	}
}
