/* Names of a file's types, variables, functions and namespaces: one pass over the DIEs at the top and in namespaces and classes,
   then a hash. libdwarf skips what is inside of functions.  */
#include "types/dwarf_index.h"

#include <stdlib.h>

#include "types/dwarf_numbers.h"
#include "types/dwarf_scope.h"

enum {
	ENTRIES_MOST = 1 << 28,
	DEPTH_MOST = 64, /* namespaces in namespaces */
	WORDS_MOST = 8,	 /* of a basic type's name */
};

struct ms_dwarf_index {
	struct ms_entry *entries;
	uint32_t count, capacity;
	uint32_t *buckets; /* index + 1 of the first entry of a chain */
	uint32_t bucket_mask;
	bool failed;
};

void ms_dwarf_index_free(struct ms_dwarf_index *index)
{
	if (!index)
		return;
	free(index->entries);
	free(index->buckets);
	free(index);
}

/* ---- Building ---- */

static bool is_scope(uint32_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_interface_type;
}

/* What can be asked for by name.  */
static bool is_indexed(uint32_t tag)
{
	switch (tag) {
	case DW_TAG_array_type:
	case DW_TAG_base_type:
	case DW_TAG_class_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_interface_type:
	case DW_TAG_module:
	case DW_TAG_namespace:
	case DW_TAG_pointer_type:
	case DW_TAG_structure_type:
	case DW_TAG_subprogram:
	case DW_TAG_subrange_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_template_alias:
	case DW_TAG_typedef:
	case DW_TAG_union_type:
	case DW_TAG_unspecified_type:
	case DW_TAG_variable:
		return true;
	default:
		return false;
	}
}

static struct ms_entry *add_entry(struct ms_dwarf_index *index)
{
	if (index->count == index->capacity) {
		uint32_t capacity = index->capacity ? 2 * index->capacity : 4096;
		struct ms_entry *entries =
			capacity <= ENTRIES_MOST ? realloc(index->entries, capacity * sizeof *entries) : NULL;
		if (!entries) {
			index->failed = true;
			return NULL;
		}
		index->entries = entries;
		index->capacity = capacity;
	}
	return &index->entries[index->count++];
}

/* A variable of a namespace or class is declared there and defined at the top, by a DIE that has no name of its own.  */
static void read_variable(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, struct ms_entry *entry)
{
	entry->has_place = ms_die_has(dwarf, die, DW_AT_location) || ms_die_has(dwarf, die, DW_AT_const_value);
	if (ms_die_flag(dwarf, die, DW_AT_external))
		entry->flags |= MS_ENTRY_EXTERNAL;
	entry->specification = ms_die_reference(dwarf, die, DW_AT_specification);
	if (*entry->name || !entry->specification)
		return;
	_cleanup_die_ struct Dwarf_Die_s *declared = ms_die(dwarf, entry->specification);
	if (!declared)
		return;
	entry->name = ms_die_name(dwarf, declared);
	if (ms_die_flag(dwarf, declared, DW_AT_external))
		entry->flags |= MS_ENTRY_EXTERNAL;
}

static void read_entry(struct ms_dwarf *dwarf, struct Dwarf_Die_s *die, uint32_t tag, struct ms_entry *entry)
{
	*entry = (struct ms_entry){ .name = ms_die_name(dwarf, die),
				    .die = ms_die_number(dwarf, die),
				    .tag = (uint16_t)tag };
	if (tag == DW_TAG_variable)
		read_variable(dwarf, die, entry);
	/* To compilers, all of an extern variable, and an inline namespace, is its flag.  */
	if (tag != DW_TAG_base_type && tag != DW_TAG_typedef && tag != DW_TAG_subprogram &&
	    ms_die_flag(dwarf, die, DW_AT_declaration))
		entry->flags |= MS_ENTRY_DECLARATION;
	if (tag == DW_TAG_namespace && (!*entry->name || ms_die_flag(dwarf, die, DW_AT_export_symbols)))
		entry->flags |= MS_ENTRY_TRANSPARENT;
}

/* All children of a unit, namespace or class; frees nothing of PARENT.  */
static void read_children(struct ms_dwarf *dwarf, struct ms_dwarf_index *index, struct Dwarf_Die_s *parent,
			  uint32_t scope, bool in_classes, int depth)
{
	struct Dwarf_Die_s *die = ms_die_child(dwarf, parent);

	for (; die; die = ms_die_next(dwarf, die)) {
		uint32_t tag = ms_die_tag(dwarf, die);
		/* A static member is declared as a member, before DWARF 5.  */
		bool is_static = tag == DW_TAG_member && in_classes && ms_die_has(dwarf, die, DW_AT_declaration);
		if (!is_indexed(tag) && !is_static)
			continue;
		struct ms_entry *entry = add_entry(index);
		if (!entry)
			continue;
		read_entry(dwarf, die, is_static ? DW_TAG_variable : tag, entry);
		entry->scope = scope;
		if (!*entry->name && !is_scope(tag))
			index->count--;
		else if (is_scope(tag) && (in_classes || tag == DW_TAG_namespace || tag == DW_TAG_module) &&
			 depth < DEPTH_MOST)
			read_children(dwarf, index, die, index->count, in_classes, depth + 1);
	}
}

static void read_unit(struct ms_dwarf *dwarf, struct ms_dwarf_index *index, uint64_t number)
{
	_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, number);
	uint32_t language = ms_dwarf_language(dwarf, number);

	if (die)
		read_children(dwarf, index, die, 0, language == MS_DWARF_CXX || language == MS_DWARF_OTHER, 0);
}

/* FNV-1a.  */
static uint32_t hash(const char *name, uint64_t size)
{
	uint32_t value = 2166136261u;

	for (uint64_t i = 0; i < size; i++)
		value = (value ^ (uint8_t)name[i]) * 16777619u;
	return value ^ value >> 15;
}

static bool hash_names(struct ms_dwarf_index *index)
{
	uint32_t count = 1024;

	while (count < index->count)
		count *= 2;
	index->buckets = calloc(count, sizeof *index->buckets);
	if (!index->buckets)
		return false;
	index->bucket_mask = count - 1;
	for (uint32_t i = index->count; i > 0; i--) {
		struct ms_entry *entry = &index->entries[i - 1];
		uint32_t *bucket = &index->buckets[hash(entry->name, strlen(entry->name)) & index->bucket_mask];
		entry->next = *bucket;
		*bucket = i;
	}
	return true;
}

/* Damage in one unit is a note and no reason to have none of the others.  */
static void read_units(struct ms_dwarf *dwarf, struct ms_dwarf_index *index)
{
	struct ms_buf before = dwarf->damage;

	for (uint32_t i = 0; i < dwarf->unit_count && !index->failed; i++) {
		dwarf->damage = (struct ms_buf){ 0 };
		read_unit(dwarf, index, dwarf->units[i].die);
		if (dwarf->damage.size && !dwarf->note.size)
			ms_buf_str(&dwarf->note, ms_buf_text(&dwarf->damage));
		ms_buf_fini(&dwarf->damage);
	}
	dwarf->damage = before;
}

static struct ms_dwarf_index *index_of(struct ms_dwarf *dwarf)
{
	if (dwarf->index)
		return dwarf->index;
	struct ms_dwarf_index *index = calloc(1, sizeof *index);
	if (index)
		read_units(dwarf, index);
	if (!index || index->failed || !hash_names(index)) {
		ms_dwarf_index_free(index);
		ms_dwarf_fail(dwarf, MS_NO_MEMORY, "out of memory for the names of %s", dwarf->elf->path);
		return NULL;
	}
	dwarf->index = index;
	return index;
}

const struct ms_entry *ms_index(struct ms_dwarf *dwarf, uint32_t *count_out)
{
	const struct ms_dwarf_index *index = index_of(dwarf);

	*count_out = index ? index->count : 0;
	return index ? index->entries : NULL;
}

/* ---- Asking ---- */

const struct ms_entry *ms_index_die(struct ms_dwarf *dwarf, uint64_t die)
{
	const struct ms_dwarf_index *index = index_of(dwarf);
	uint32_t low = 0, high = index ? index->count : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (index->entries[middle].die == die)
			return &index->entries[middle];
		if (index->entries[middle].die < die)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const struct ms_entry *same_name(const struct ms_dwarf_index *index, uint32_t number, const char *name,
					uint64_t size)
{
	for (; number; number = index->entries[number - 1].next) {
		const struct ms_entry *entry = &index->entries[number - 1];
		if (strncmp(entry->name, name, size) == 0 && !entry->name[size])
			return entry;
	}
	return NULL;
}

const struct ms_entry *ms_index_first(struct ms_dwarf *dwarf, const char *name, uint64_t size)
{
	const struct ms_dwarf_index *index = index_of(dwarf);

	return index ? same_name(index, index->buckets[hash(name, size) & index->bucket_mask], name, size) : NULL;
}

const struct ms_entry *ms_index_next(struct ms_dwarf *dwarf, const struct ms_entry *entry, uint64_t size)
{
	return same_name(dwarf->index, entry->next, entry->name, size);
}

const struct ms_entry *ms_index_scope(struct ms_dwarf *dwarf, const struct ms_entry *entry)
{
	return entry->scope ? &dwarf->index->entries[entry->scope - 1] : NULL;
}

/* A definition stands where its declaration does.  */
static const struct ms_entry *declared_at(struct ms_dwarf *dwarf, const struct ms_entry *entry)
{
	const struct ms_entry *declared = entry->specification ? ms_index_die(dwarf, entry->specification) : NULL;

	return declared ? declared : entry;
}

const char *ms_name_last(const char *name)
{
	const char *last = name;
	int depth = 0;

	for (const char *p = name; *p; p++) {
		if (strchr("<([{", *p))
			depth++;
		else if (strchr(">)]}", *p) && depth > 0)
			depth--;
		else if (depth == 0 && p[0] == ':' && p[1] == ':' && p[2])
			last = p + 2;
	}
	return last;
}

bool ms_index_in(struct ms_dwarf *dwarf, const struct ms_entry *entry, const char *scopes, uint64_t size)
{
	const struct ms_entry *scope = ms_index_scope(dwarf, declared_at(dwarf, entry));

	for (; scope; scope = ms_index_scope(dwarf, scope)) {
		uint64_t length = strlen(scope->name);
		bool named = length && length <= size && !memcmp(scopes + size - length, scope->name, length) &&
			     (length == size || (size >= length + 2 && scopes[size - length - 1] == ':'));
		if (!named && !(scope->flags & MS_ENTRY_TRANSPARENT))
			return false;
		if (named)
			size -= length == size ? length : length + 2;
	}
	return size == 0;
}

const char *ms_index_qualified(struct ms_dwarf *dwarf, const struct ms_entry *entry)
{
	const struct ms_entry *scopes[DEPTH_MOST];
	const struct ms_entry *scope = ms_index_scope(dwarf, declared_at(dwarf, entry));
	struct ms_buf name = { 0 };
	int count = 0;

	for (; scope && count < DEPTH_MOST; scope = ms_index_scope(dwarf, scope))
		scopes[count++] = scope;
	if (count == 0)
		return entry->name;
	while (count > 0) {
		scope = scopes[--count];
		ms_buf_str(&name, *scope->name			   ? scope->name
				  : scope->tag == DW_TAG_namespace ? "(anonymous namespace)"
								   : "(anonymous)");
		ms_buf_str(&name, "::");
	}
	ms_buf_str(&name, entry->name);
	const char *kept = name.failed ? NULL : ms_dwarf_keep(dwarf, name.data, name.size);
	ms_buf_fini(&name);
	return kept;
}

static bool is_class(uint32_t tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_interface_type;
}

static bool same_scopes(struct ms_dwarf *dwarf, const struct ms_entry *a, const struct ms_entry *b)
{
	for (int i = 0; i < DEPTH_MOST; i++) {
		a = ms_index_scope(dwarf, a);
		b = ms_index_scope(dwarf, b);
		if (!a || !b || a == b)
			return a == b;
		if (strcmp(a->name, b->name) != 0)
			return false;
	}
	return false;
}

uint64_t ms_index_definition(struct ms_dwarf *dwarf, uint64_t die)
{
	const struct ms_entry *declared = ms_index_die(dwarf, die);

	if (!declared || !*declared->name)
		return 0;
	uint64_t size = strlen(declared->name);
	const struct ms_entry *entry = ms_index_first(dwarf, declared->name, size);
	for (; entry; entry = ms_index_next(dwarf, entry, size)) {
		bool same_tag = entry->tag == declared->tag || (is_class(entry->tag) && is_class(declared->tag));
		if (same_tag && !(entry->flags & MS_ENTRY_DECLARATION) && same_scopes(dwarf, entry, declared))
			return entry->die;
	}
	return 0;
}

/* ---- Types by name ---- */

/* C's basic types are spelt in several orders: a number that is equal for equal types; 0 for what is none of them.  */
static uint32_t basic_type(const char *name)
{
	static const char *const words[] = { "int",   "char",	"short",    "long",  "unsigned", "signed",
					     "float", "double", "_Complex", "_Bool", "bool",	 "__int128" };
	enum { INT, CHAR, SHORT, LONG, UNSIGNED, SIGNED, FLOAT, DOUBLE, COMPLEX, C_BOOL, CXX_BOOL, INT128, WORDS };
	uint32_t counts[WORDS] = { 0 }, code = 0;

	for (int n = 0; *name; n++) {
		size_t size = strcspn(name, " "), word = 0;
		while (word < WORDS && (strlen(words[word]) != size || memcmp(words[word], name, size) != 0))
			word++;
		if (word == WORDS || n == WORDS_MOST || ++counts[word] > (word == LONG ? 2u : 1u))
			return 0;
		name += size;
		name += strspn(name, " ");
	}
	if (!counts[CHAR])
		counts[SIGNED] = 0;
	if (counts[SHORT] || counts[LONG] || counts[UNSIGNED] || counts[INT128])
		counts[INT] = 0;
	if (!counts[CHAR] && !counts[SHORT] && !counts[LONG] && !counts[FLOAT] && !counts[DOUBLE] && !counts[C_BOOL] &&
	    !counts[CXX_BOOL] && !counts[INT128])
		counts[INT] = 1;
	counts[C_BOOL] |= counts[CXX_BOOL];
	counts[CXX_BOOL] = 0;
	for (int i = 0; i < WORDS; i++)
		code = code << 2 | counts[i];
	return code;
}

/* How well an entry is the type that is asked for; 0: not at all. A definition before a declaration, the unit of the program counter
   before others; without a tag, what needs none before what does.  */
static int rank_type(const struct ms_entry *entry, uint32_t tag, const struct ms_unit *near)
{
	int rank = entry->flags & MS_ENTRY_DECLARATION ? 1 : 8;

	switch (entry->tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_interface_type:
		if (tag && tag != DW_TAG_structure_type)
			return 0;
		break;
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		if (tag && tag != entry->tag)
			return 0;
		break;
	case DW_TAG_variable:
	case DW_TAG_subprogram:
	case DW_TAG_namespace:
	case DW_TAG_module:
		return 0;
	default:
		if (tag)
			return 0;
		rank += 2;
	}
	return rank + (near && entry->die >= near->die && entry->die < near->end ? 4 : 0);
}

static const struct ms_entry *find_basic(struct ms_dwarf *dwarf, const char *name, const struct ms_unit *near)
{
	const struct ms_entry *best = NULL;
	uint32_t code = basic_type(name), count;
	const struct ms_entry *entries = code ? ms_index(dwarf, &count) : NULL;
	int best_rank = 0;

	for (uint32_t i = 0; entries && i < count; i++) {
		int rank = entries[i].tag == DW_TAG_base_type ? rank_type(&entries[i], 0, near) : 0;
		if (rank > best_rank && basic_type(entries[i].name) == code) {
			best = &entries[i];
			best_rank = rank;
		}
	}
	return best;
}

/* A name as it would be without the freedom that spelling leaves: no spaces but between words, basic types by their number. For
   names with brackets: compilers write "Map<int, long int>" and "Map<int, long>", Go "hash<string,int>".  */
static void plain_name(const char *name, struct ms_buf *out)
{
	char words[128];

	while (*name) {
		size_t size = strcspn(name, "<>,()[]*&"), end = size;
		while (end > 0 && name[end - 1] == ' ')
			end--;
		size_t start = strspn(name, " ");
		uint32_t code = 0;
		if (end > start && end - start < sizeof words) {
			memcpy(words, name + start, end - start);
			words[end - start] = 0;
			code = basic_type(words);
		}
		if (code)
			ms_buf_printf(out, "#%x", code);
		else if (end > start)
			ms_buf_add(out, name + start, end - start);
		name += size;
		if (*name)
			ms_buf_char(out, *name++);
	}
}

static const struct ms_entry *find_template(struct ms_dwarf *dwarf, const char *name, uint32_t tag,
					    const struct ms_unit *near)
{
	const char *last = ms_name_last(name);
	uint64_t head = strcspn(last, "<"), scopes = last > name ? (uint64_t)(last - name) - 2 : 0;
	struct ms_buf wanted = { 0 }, other = { 0 };
	const struct ms_entry *best = NULL;
	uint32_t count;
	const struct ms_entry *entries = last[head] ? ms_index(dwarf, &count) : NULL;
	int best_rank = 0;

	plain_name(last, &wanted);
	for (uint32_t i = 0; entries && i < count; i++) {
		int rank = strncmp(entries[i].name, last, head + 1) ? 0 : rank_type(&entries[i], tag, near);
		if (rank <= best_rank || !ms_index_in(dwarf, &entries[i], name, scopes))
			continue;
		ms_buf_clear(&other);
		plain_name(entries[i].name, &other);
		if (!strcmp(ms_buf_text(&other), ms_buf_text(&wanted))) {
			best = &entries[i];
			best_rank = rank;
		}
	}
	ms_buf_fini(&wanted);
	ms_buf_fini(&other);
	return best;
}

static const struct ms_entry *find_type(struct ms_dwarf *dwarf, const char *name, uint32_t tag,
					const struct ms_unit *near)
{
	const char *last = ms_name_last(name);
	uint64_t size = strlen(last), scopes = last > name ? (uint64_t)(last - name) - 2 : 0;
	const struct ms_entry *best = NULL, *entry = ms_index_first(dwarf, last, size);
	int best_rank = 0;

	for (; entry; entry = ms_index_next(dwarf, entry, size)) {
		int rank = rank_type(entry, tag, near);
		if (rank > best_rank && ms_index_in(dwarf, entry, name, scopes)) {
			best = entry;
			best_rank = rank;
		}
	}
	return best;
}

int64_t ms_dwarf_lookup(struct ms_dwarf *dwarf, const char *name, uint64_t pc, uint64_t *type_out)
{
	static const struct {
		const char *word;
		uint32_t tag;
	} tags[] = { { "struct ", DW_TAG_structure_type },
		     { "class ", DW_TAG_structure_type },
		     { "union ", DW_TAG_union_type },
		     { "enum ", DW_TAG_enumeration_type } };
	uint32_t tag = 0;

	ms_dwarf_begin(dwarf);
	const struct ms_unit *near = ms_scope_unit(dwarf, pc);
	name += strspn(name, " ");
	for (size_t i = 0; i < sizeof tags / sizeof *tags && !tag; i++) {
		size_t size = strlen(tags[i].word);
		if (strncmp(name, tags[i].word, size) == 0) {
			tag = tags[i].tag;
			name += size + strspn(name + size, " ");
		}
	}
	if (strncmp(name, "::", 2) == 0)
		name += 2;
	if (!*name)
		return MS_NOT_FOUND;
	const struct ms_entry *entry = find_type(dwarf, name, tag, near);
	if (!entry && !tag)
		entry = find_basic(dwarf, name, near);
	if (!entry)
		entry = find_template(dwarf, name, tag, near);
	if (entry)
		*type_out = entry->die;
	return entry ? MS_OK : dwarf->index ? MS_NOT_FOUND : MS_NO_MEMORY;
}
