/* Variables: globals and statics by name, and what is in scope at a program counter, each with the expression that tells its
   place there (location.c evaluates it).  */
#include <stdlib.h>

#include "types/dwarf_index.h"
#include "types/dwarf_lists.h"
#include "types/dwarf_numbers.h"
#include "types/dwarf_scope.h"

enum {
	LINKS_MOST = 8, /* abstract origins of abstract origins */
	DEPTH_MOST = 64,
	VALUE_MOST = 1 << 16, /* bytes of a constant */
};

/* ---- One variable ---- */

/* The DIE itself and what it completes or is a copy of: calls for attributes that one of them has.  */
static bool inherited(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t at, struct ms_attr *out)
{
	if (ms_die_attr(dwarf, die, at, out))
		return true;
	uint64_t link = ms_die_reference(dwarf, die, DW_AT_abstract_origin);
	if (!link)
		link = ms_die_reference(dwarf, die, DW_AT_specification);
	for (int i = 0; link && i < LINKS_MOST; i++) {
		_cleanup_die_ struct Dwarf_Die_s *from = ms_die(dwarf, link);
		if (!from)
			return false;
		if (ms_die_attr(dwarf, from, at, out))
			return true;
		link = ms_die_reference(dwarf, from, DW_AT_abstract_origin);
		if (!link)
			link = ms_die_reference(dwarf, from, DW_AT_specification);
	}
	return false;
}

static const char *inherited_name(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die)
{
	struct ms_attr attr;
	const char *name = ms_die_name(dwarf, die);

	if (!*name && inherited(dwarf, die, DW_AT_name, &attr) && attr.kind == MS_ATTR_STRING)
		name = (const char *)attr.bytes;
	return name;
}

/* An expression of its own, of COUNT pieces.  */
static bool keep_expression(struct ms_dwarf *dwarf, struct ms_buf *bytes, struct ms_dwarf_variable *out)
{
	const char *kept = bytes->failed ? NULL : ms_dwarf_keep(dwarf, bytes->data, bytes->size);

	out->location = (const uint8_t *)kept;
	out->location_size = kept ? bytes->size : 0;
	ms_buf_fini(bytes);
	return kept;
}

/* A constant, as the expression that says so.  */
static bool constant(struct ms_dwarf *dwarf, const struct ms_attr *attr, struct ms_dwarf_variable *out)
{
	struct ms_buf bytes = { 0 };
	const uint8_t *value = attr->bytes;
	uint8_t number[8];
	uint64_t size = attr->size + (attr->kind == MS_ATTR_STRING); /* with its NUL */

	if (attr->kind == MS_ATTR_NUMBER || attr->kind == MS_ATTR_ADDRESS) {
		size = ms_dwarf_size(dwarf, out->type);
		if (size == 0 || size > 8)
			size = out->unit.address_size;
		for (uint64_t i = 0; i < size; i++)
			number[dwarf->elf->big_endian ? size - 1 - i : i] = (uint8_t)(attr->number >> 8 * i);
		value = number;
	} else if (attr->kind != MS_ATTR_BYTES && attr->kind != MS_ATTR_STRING) {
		return false;
	}
	if (size > VALUE_MOST)
		return false;
	ms_buf_char(&bytes, (char)DW_OP_implicit_value);
	for (uint64_t left = size; left || bytes.size == 1; left >>= 7)
		ms_buf_char(&bytes, (char)((left & 0x7f) | (left >> 7 ? 0x80 : 0)));
	ms_buf_add(&bytes, value, size);
	return keep_expression(dwarf, &bytes, out);
}

/* The expression of ATTR that holds at PC. MS_OK; MS_REFUSED: there is none.  */
static int64_t expression_at(struct ms_dwarf *dwarf, const struct ms_unit *unit, const struct ms_attr *attr,
			     uint64_t pc, const uint8_t **out, uint64_t *size_out)
{
	struct ms_list list;

	*out = NULL;
	*size_out = 0;
	if (attr->kind == MS_ATTR_BYTES) {
		*out = attr->bytes;
		*size_out = attr->size;
	} else if (pc != MS_DWARF_NO_PC && ms_scope_list(dwarf, unit, attr, true, &list)) {
		if (ms_list_location(&list, pc, out, size_out) == MS_BAD_TYPE)
			ms_dwarf_damage(dwarf, unit->die, "a list of locations");
	}
	return *size_out ? MS_OK : MS_REFUSED;
}

/* All that is known of a variable. MS_OK, MS_REFUSED, MS_BAD_TYPE.  */
static int64_t describe(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint64_t pc, struct ms_dwarf_variable *out)
{
	const struct ms_unit *unit = ms_unit_of(dwarf, ms_die_number(dwarf, die));
	struct ms_attr attr;
	int64_t status = MS_REFUSED;

	*out = (struct ms_dwarf_variable){ .name = inherited_name(dwarf, die), .qualified = "", .file = unit->name };
	out->unit = ms_unit_location(dwarf, unit);
	out->parameter = ms_die_tag(dwarf, die) == DW_TAG_formal_parameter;
	out->external = inherited(dwarf, die, DW_AT_external, &attr) && attr.number;
	if (inherited(dwarf, die, DW_AT_type, &attr) && attr.kind == MS_ATTR_REFERENCE)
		out->type = attr.number;
	if (inherited(dwarf, die, DW_AT_location, &attr))
		status = expression_at(dwarf, unit, &attr, pc, &out->location, &out->location_size);
	else if (inherited(dwarf, die, DW_AT_const_value, &attr) && constant(dwarf, &attr, out))
		status = MS_OK;
	return ms_dwarf_damaged(dwarf) == MS_OK ? status : MS_BAD_TYPE;
}

/* ---- Locals ---- */

struct search {
	const char *name; /* NULL: the LEFT-th of all */
	uint32_t left;
	uint64_t pc;
	bool found;
	int64_t status;
	struct ms_dwarf_variable *out;
};

static bool is_wanted(struct search *search, const char *name)
{
	if (!*name)
		return false;
	return search->name ? strcmp(name, search->name) == 0 : search->left-- == 0;
}

/* What DIE declares directly, or in blocks without addresses. Ends at the first one that has a value: optimised code may have a
   name twice in one block.  */
static void search_block(struct ms_dwarf *dwarf, struct Dwarf_Die_s *parent, struct search *search, int depth)
{
	struct Dwarf_Die_s *die = ms_die_child(dwarf, parent);
	struct ms_dwarf_variable variable;

	for (; die; die = ms_die_next(dwarf, die)) {
		uint32_t tag = ms_die_tag(dwarf, die);
		if (ms_scope_is_block(tag) && depth < DEPTH_MOST && !ms_scope_has_addresses(dwarf, die))
			search_block(dwarf, die, search, depth + 1);
		if (search->found && search->status == MS_OK)
			break;
		if (tag != DW_TAG_variable && tag != DW_TAG_formal_parameter)
			continue;
		/* An extern within a function: the global is meant.  */
		if (ms_die_flag(dwarf, die, DW_AT_declaration))
			continue;
		if (!is_wanted(search, inherited_name(dwarf, die)))
			continue;
		int64_t status = describe(dwarf, die, search->pc, &variable);
		if (!search->found || status == MS_OK) {
			search->found = true;
			search->status = status;
			*search->out = variable;
		}
		if (status == MS_OK || !search->name)
			break;
	}
	ms_die_free(die);
}

/* A copy of a function leaves out the variables that were optimised away altogether; the original still has their names.  */
static void search_origin(struct ms_dwarf *dwarf, struct Dwarf_Die_s *block, struct search *search)
{
	uint64_t origin = ms_die_reference(dwarf, block, DW_AT_abstract_origin);
	_cleanup_die_ struct Dwarf_Die_s *die = origin ? ms_die(dwarf, origin) : NULL;

	if (die)
		search_block(dwarf, die, search, 0);
}

static void add_frame_base(struct ms_dwarf *dwarf, const struct ms_blocks *blocks, uint64_t pc,
			   struct ms_dwarf_variable *out)
{
	_cleanup_die_ struct Dwarf_Die_s *function = ms_die(dwarf, blocks->dies[0]);
	struct ms_attr attr;

	if (function && inherited(dwarf, function, DW_AT_frame_base, &attr))
		expression_at(dwarf, blocks->unit, &attr, pc, &out->frame_base, &out->frame_base_size);
}

/* Blocks of the function that is INLINED inlined calls out of the innermost one, inner before outer.  */
static void search_blocks(struct ms_dwarf *dwarf, const struct ms_blocks *blocks, uint32_t inlined,
			  struct search *search)
{
	for (uint32_t i = blocks->count; i > 0 && !search->found; i--) {
		bool border = blocks->inlined[i - 1];
		if (inlined == 0) {
			_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, blocks->dies[i - 1]);
			if (die)
				search_block(dwarf, die, search, 0);
			if (die && !search->found && search->name)
				search_origin(dwarf, die, search);
			if (border)
				break;
		}
		if (border)
			inlined--;
	}
	if (search->found)
		add_frame_base(dwarf, blocks, search->pc, search->out);
}

/* Go gives a variable that it moved to the heap as a pointer to it, called "&" and its name: what the user calls by the name is
   what the pointer points to.  */
static void search_escaped(struct ms_dwarf *dwarf, const struct ms_blocks *blocks, uint32_t inlined,
			   struct search *search)
{
	char escaped[512];
	const char *name = search->name;
	struct ms_dwarf_variable *out = search->out;
	struct ms_type type;

	if (blocks->unit->language != DW_LANG_Go || strlen(name) + 2 > sizeof escaped)
		return;
	escaped[0] = '&';
	strcpy(escaped + 1, name);
	search->name = escaped;
	search_blocks(dwarf, blocks, inlined, search);
	if (!search->found || search->status == MS_BAD_TYPE)
		return;
	if (ms_dwarf_type(dwarf, out->type, &type) != MS_OK || type.kind != MS_POINTER) {
		search->found = false;
		return;
	}
	out->type = type.target;
	out->name = ms_dwarf_keep(dwarf, name, strlen(name));
	if (search->status != MS_OK || !out->name)
		return;
	struct ms_buf bytes = { 0 };
	uint8_t op = out->location[0];
	ms_buf_add(&bytes, out->location, out->location_size);
	if (op >= DW_OP_reg0 && op <= DW_OP_reg31 && out->location_size == 1) {
		bytes.data[0] = (char)(op - DW_OP_reg0 + DW_OP_breg0); /* the register holds the address */
		ms_buf_char(&bytes, 0);
	} else {
		ms_buf_char(&bytes, (char)DW_OP_deref);
	}
	search->status = keep_expression(dwarf, &bytes, out) ? MS_OK : MS_NO_MEMORY;
}

static int64_t find_local(struct ms_dwarf *dwarf, uint64_t pc, uint32_t inlined, struct search *search)
{
	struct ms_blocks blocks;
	const char *name = search->name;

	ms_dwarf_begin(dwarf);
	*search->out = (struct ms_dwarf_variable){ .name = "", .qualified = "", .file = "" };
	if (!ms_scope_blocks(dwarf, pc, &blocks))
		return ms_dwarf_damaged(dwarf) == MS_OK ? MS_NOT_FOUND : MS_BAD_TYPE;
	search_blocks(dwarf, &blocks, inlined, search);
	if (!search->found && name)
		search_escaped(dwarf, &blocks, inlined, search);
	if (ms_dwarf_damaged(dwarf) != MS_OK)
		return MS_BAD_TYPE;
	if (search->found && search->status == MS_REFUSED)
		return ms_dwarf_fail(dwarf, MS_REFUSED,
				     "%s has no value at this point of the program (optimised out, or not alive here)",
				     search->out->name);
	return search->found ? search->status : MS_NOT_FOUND;
}

int64_t ms_dwarf_local(struct ms_dwarf *dwarf, uint64_t pc, uint32_t inlined, const char *name,
		       struct ms_dwarf_variable *out)
{
	struct search search = { .name = name, .pc = pc, .out = out };

	return *name ? find_local(dwarf, pc, inlined, &search) : MS_NOT_FOUND;
}

int64_t ms_dwarf_local_nth(struct ms_dwarf *dwarf, uint64_t pc, uint32_t inlined, uint32_t n,
			   struct ms_dwarf_variable *out)
{
	struct search search = { .left = n, .pc = pc, .out = out };

	return find_local(dwarf, pc, inlined, &search);
}

/* ---- Globals ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A name taken apart: SCOPES are namespaces and classes, or a function's name behind them; FILE a source file.  */
struct name {
	const char *file, *scopes, *last;
	uint64_t file_size, scopes_size, last_size;
};

static struct name take_apart(const char *text)
{
	struct name name = { 0 };

	if (strncmp(text, "::", 2) == 0)
		text += 2;
	const char *colons = strstr(text, "::");
	bool quoted = *text == '\'';
	if (colons && memchr(text, '.', (size_t)(colons - text)) && !memchr(text, '<', (size_t)(colons - text))) {
		name.file = text + quoted;
		name.file_size = (uint64_t)(colons - name.file) - (quoted && colons[-1] == '\'');
		text = colons + 2;
	}
	name.last = ms_name_last(text);
	name.last_size = strlen(name.last);
	name.scopes = text;
	name.scopes_size = name.last > text ? (uint64_t)(name.last - text) - 2 : 0;
	return name;
}

static bool same_text(const char *text, const char *bytes, uint64_t size)
{
	return strncmp(text, bytes, size) == 0 && !text[size];
}

static bool in_file(struct ms_dwarf *dwarf, uint64_t die, const struct name *name)
{
	const struct ms_unit *unit = name->file ? ms_unit_of(dwarf, die) : NULL;

	return !unit || same_text(unit->name, name->file, name->file_size) ||
	       same_text(base_name(unit->name), name->file, name->file_size);
}

enum { RANK_MOST = 7 };

/* 0: not the variable that is meant; else better ones are higher.  */
static int rank_variable(struct ms_dwarf *dwarf, const struct ms_entry *entry, const struct name *name,
			 const struct ms_unit *near)
{
	if (entry->tag != DW_TAG_variable || !in_file(dwarf, entry->die, name) ||
	    !ms_index_in(dwarf, entry, name->scopes, name->scopes_size))
		return 0;
	if (!entry->has_place)
		return 1;
	return 2 + (near && entry->die >= near->die && entry->die < near->end ? 4 : 0) +
	       (entry->flags & MS_ENTRY_EXTERNAL ? 1 : 0);
}

/* The N-th, better ones first. A declaration counts only where nothing has a place.  */
static const struct ms_entry *find_global(struct ms_dwarf *dwarf, const struct name *name, const struct ms_unit *near,
					  uint32_t n)
{
	bool placed = false;

	for (int rank = RANK_MOST; rank > (placed ? 1 : 0); rank--) {
		const struct ms_entry *entry = ms_index_first(dwarf, name->last, name->last_size);
		for (; entry; entry = ms_index_next(dwarf, entry, name->last_size)) {
			if (rank_variable(dwarf, entry, name, near) != rank)
				continue;
			placed = true;
			if (n-- == 0)
				return entry;
		}
	}
	return NULL;
}

/* Does the place of a variable not depend on where the program is?  */
static bool is_static(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die)
{
	struct ms_attr attr;

	return ms_die_attr(dwarf, die, DW_AT_location, &attr) && attr.kind == MS_ATTR_BYTES && attr.size > 1 &&
	       (attr.bytes[0] == DW_OP_addr || attr.bytes[0] == DW_OP_addrx);
}

struct statics {
	const char *name; /* NULL: any */
	uint64_t size;
	uint32_t left;	/* the LEFT-th */
	uint64_t found; /* its number */
};

/* Statics of a function, in it and its blocks.  */
static void search_statics(struct ms_dwarf *dwarf, struct Dwarf_Die_s *parent, struct statics *statics, int depth)
{
	struct Dwarf_Die_s *die = ms_die_child(dwarf, parent);

	for (; die && !statics->found; die = ms_die_next(dwarf, die)) {
		uint32_t tag = ms_die_tag(dwarf, die);
		if (ms_scope_is_block(tag) && depth < DEPTH_MOST)
			search_statics(dwarf, die, statics, depth + 1);
		if (tag != DW_TAG_variable || !is_static(dwarf, die))
			continue;
		if ((!statics->name || same_text(inherited_name(dwarf, die), statics->name, statics->size)) &&
		    statics->left-- == 0)
			statics->found = ms_die_number(dwarf, die);
	}
	ms_die_free(die);
}

/* "lookup::cache", of any function of that name.  */
static uint64_t find_static(struct ms_dwarf *dwarf, const struct name *name, uint32_t n)
{
	struct statics statics = { name->last, name->last_size, n, 0 };
	char function[512];

	if (name->scopes_size == 0 || name->scopes_size >= sizeof function)
		return 0;
	memcpy(function, name->scopes, name->scopes_size);
	function[name->scopes_size] = 0;
	const char *last = ms_name_last(function);
	uint64_t size = strlen(last), outer = last > function ? (uint64_t)(last - function) - 2 : 0;
	const struct ms_entry *entry = ms_index_first(dwarf, last, size);
	for (; entry && !statics.found; entry = ms_index_next(dwarf, entry, size)) {
		if (entry->tag != DW_TAG_subprogram || !in_file(dwarf, entry->die, name) ||
		    !ms_index_in(dwarf, entry, function, outer))
			continue;
		_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, entry->die);
		if (die)
			search_statics(dwarf, die, &statics, 0);
	}
	return statics.found;
}

/* The name by which ms_dwarf_global finds it first: with the source file where several have the same.  */
static const char *qualified_name(struct ms_dwarf *dwarf, const struct ms_entry *entry)
{
	const char *plain = ms_index_qualified(dwarf, entry);
	struct name name = take_apart(plain ? plain : "");

	if (!plain || find_global(dwarf, &name, NULL, 0) == entry)
		return plain;
	struct ms_buf text = { 0 };
	ms_buf_printf(&text, "%s::%s", base_name(ms_unit_of(dwarf, entry->die)->name), plain);
	const char *kept = text.failed ? NULL : ms_dwarf_keep(dwarf, text.data, text.size);
	ms_buf_fini(&text);
	return kept;
}

static int64_t describe_global(struct ms_dwarf *dwarf, uint64_t number, const struct ms_entry *entry,
			       struct ms_dwarf_variable *out)
{
	_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, number);

	if (!die)
		return ms_dwarf_damaged(dwarf) == MS_OK ? MS_NOT_FOUND : MS_BAD_TYPE;
	int64_t status = describe(dwarf, die, MS_DWARF_NO_PC, out);
	if (entry) {
		const char *qualified = qualified_name(dwarf, entry);
		out->qualified = qualified ? qualified : entry->name;
	}
	return status;
}

int64_t ms_dwarf_global(struct ms_dwarf *dwarf, const char *text, uint64_t pc, uint32_t n,
			struct ms_dwarf_variable *out)
{
	struct name name = take_apart(text);

	ms_dwarf_begin(dwarf);
	if (!name.last_size)
		return MS_NOT_FOUND;
	const struct ms_entry *entry = find_global(dwarf, &name, ms_scope_unit(dwarf, pc), n);
	uint64_t number = entry ? entry->die : find_static(dwarf, &name, n);
	if (!dwarf->index)
		return MS_NO_MEMORY;
	if (!number)
		return MS_NOT_FOUND;
	int64_t status = describe_global(dwarf, number, entry, out);
	if (status == MS_OK && !entry)
		out->qualified = ms_dwarf_keep(dwarf, text, strlen(text));
	if (status == MS_REFUSED)
		return ms_dwarf_fail(dwarf, MS_REFUSED, "%s has no place in %s (optimised out, or defined elsewhere)",
				     text, dwarf->own_path);
	return status;
}

/* ---- All globals ---- */

/* A cursor counts the entries of the index; behind them, with this bit, function by function, the statics of each.  */
#define IN_FUNCTIONS ((uint64_t)1 << 63)
enum { STATICS_BITS = 16 };

/* Is the entry of a kind that belongs to the list, described in OUT?  */
static bool is_listed(struct ms_dwarf *dwarf, const struct ms_entry *entry, struct ms_dwarf_variable *out)
{
	return entry->tag == DW_TAG_variable && entry->has_place &&
	       describe_global(dwarf, entry->die, entry, out) == MS_OK && out->location[0] != DW_OP_implicit_value;
}

/* The static number N of a function.  */
static bool is_listed_static(struct ms_dwarf *dwarf, const struct ms_entry *entry, uint32_t n,
			     struct ms_dwarf_variable *out)
{
	struct statics statics = { .left = n };
	struct ms_buf name = { 0 };

	if (entry->tag != DW_TAG_subprogram || ms_dwarf_language(dwarf, entry->die) == MS_DWARF_GO)
		return false;
	_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, entry->die);
	if (die)
		search_statics(dwarf, die, &statics, 0);
	if (!statics.found || describe_global(dwarf, statics.found, NULL, out) != MS_OK)
		return false;
	const char *function = ms_index_qualified(dwarf, entry);
	ms_buf_printf(&name, "%s::%s", function ? function : "", out->name);
	struct name apart = take_apart(ms_buf_text(&name));
	if (find_static(dwarf, &apart, 0) != statics.found) {
		ms_buf_clear(&name);
		ms_buf_printf(&name, "%s::%s::%s", base_name(out->file), function ? function : "", out->name);
	}
	const char *kept = name.failed ? NULL : ms_dwarf_keep(dwarf, name.data, name.size);
	out->qualified = kept ? kept : out->name;
	ms_buf_fini(&name);
	return true;
}

int64_t ms_dwarf_next_global(struct ms_dwarf *dwarf, uint64_t *cursor, struct ms_dwarf_variable *out)
{
	uint32_t count;
	const struct ms_entry *entries = ms_index(dwarf, &count);

	if (!entries)
		return dwarf->index ? MS_NOT_FOUND : MS_NO_MEMORY;
	/* A damaged variable is left out, like those without a place.  */
	while (!(*cursor & IN_FUNCTIONS) && *cursor < count) {
		const struct ms_entry *entry = &entries[(*cursor)++];
		ms_dwarf_begin(dwarf);
		if (is_listed(dwarf, entry, out))
			return MS_OK;
	}
	uint64_t position = *cursor & IN_FUNCTIONS ? *cursor & ~IN_FUNCTIONS : 0;
	while (position >> STATICS_BITS < count) {
		const struct ms_entry *entry = &entries[position >> STATICS_BITS];
		ms_dwarf_begin(dwarf);
		bool listed = is_listed_static(dwarf, entry, position & ((1 << STATICS_BITS) - 1), out);
		position = listed ? position + 1 : ((position >> STATICS_BITS) + 1) << STATICS_BITS;
		*cursor = IN_FUNCTIONS | position;
		if (listed)
			return MS_OK;
	}
	ms_dwarf_begin(dwarf);
	*cursor = IN_FUNCTIONS | position;
	return MS_NOT_FOUND;
}
