/* Descriptors are read where they are asked for, one at a time, so that types that contain themselves come to an end. Layouts: Go 1.15
   to 1.23, src/runtime/type.go (from 1.21 on internal/abi/type.go and map_noswiss.go), the same in all of them but for the
   offsets of struct fields, which are held against what their types' sizes demand.  */
#include "cli/gotypes.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "base/facts.h"

enum {
	TYPES_MOST = 1 << 20,
	FIELDS_MOST = 1 << 12,
	NAME_MOST = 1 << 12, /* bytes of a name */
	BASE_WORDS = 4,	     /* a descriptor's own members: four words and 16 bytes */
	KIND_MASK = 31,	     /* typekind.go */
	EXTRA_STAR = 2,	     /* type.go, tflagExtraStar: the name has a star too many */
	NAMED = 4,	     /* tflagNamed */
	SWISS = 24,	     /* Go minor version, for the message */
};

/* reflect.Kind.  */
enum {
	GO_BOOL = 1,
	GO_INT = 2,
	GO_INT64 = 6,
	GO_UINT = 7,
	GO_UINTPTR = 12,
	GO_FLOAT32 = 13,
	GO_FLOAT64 = 14,
	GO_COMPLEX64 = 15,
	GO_COMPLEX128 = 16,
	GO_ARRAY = 17,
	GO_CHAN = 18,
	GO_FUNC = 19,
	GO_INTERFACE = 20,
	GO_MAP = 21,
	GO_POINTER = 22,
	GO_SLICE = 23,
	GO_STRING = 24,
	GO_STRUCT = 25,
	GO_UNSAFE_POINTER = 26,
};

/* What a type number stands for.  */
enum role {
	ROLE_DESCRIPTOR,
	ROLE_HEADER,  /* of the map whose descriptor it is */
	ROLE_BUCKET,  /* likewise */
	ROLE_MADE,    /* a pointer, an array or a basic type, made here */
	ROLE_EMPTY,   /* runtime.eface */
	ROLE_METHODS, /* runtime.iface */
	ROLE_ITAB,    /* runtime.itab */
	ROLE_TYPE,    /* runtime._type */
};

struct field {
	char *name;
	uint64_t offset, type;
};

struct gotype {
	enum role role;
	uint64_t address; /* of the descriptor */
	bool known;	  /* what follows is filled in */
	uint32_t kind;	  /* enum ms_kind */
	uint64_t size, target, count;
	char *name;
	struct field *fields;
	uint32_t field_count;
};

struct ms_gotypes {
	struct ms_gotypes_target target;
	uint64_t names;
	struct gotype *all; /* type number N is all[N - 1] */
	size_t count;
	bool failed; /* memory is short */
};

/* A descriptor's own members.  */
struct descriptor {
	uint64_t address, size;
	uint8_t flags, align, kind;
	int32_t name;
};

/* ---- Reading ---- */

static bool read_bytes(const struct ms_gotypes *types, uint64_t address, void *buffer, uint64_t size)
{
	return types->target.read(types->target.user, address, buffer, size) == (int64_t)size;
}

static bool read_number(const struct ms_gotypes *types, uint64_t address, uint32_t size, uint64_t *out)
{
	uint8_t bytes[8];

	if (!read_bytes(types, address, bytes, size))
		return false;
	*out = ms_load(bytes, size, types->target.big_endian);
	return true;
}

static bool read_word(const struct ms_gotypes *types, uint64_t address, uint64_t *out)
{
	return read_number(types, address, types->target.pointer_size, out);
}

static uint64_t word(const struct ms_gotypes *types)
{
	return types->target.pointer_size;
}

/* Where the members of a kind of its own begin.  */
static uint64_t tail(const struct ms_gotypes *types)
{
	return BASE_WORDS * word(types) + 16;
}

/* Two words, hash (4), tflag, align, fieldAlign, kind (1 each), two words, str, ptrToThis (4 each).  */
static bool read_descriptor(const struct ms_gotypes *types, uint64_t address, struct descriptor *out)
{
	uint8_t bytes[BASE_WORDS * 8 + 16];
	bool big = types->target.big_endian;
	const uint8_t *middle = bytes + 2 * word(types);

	if (!read_bytes(types, address, bytes, tail(types)))
		return false;
	out->address = address;
	out->size = ms_load(bytes, word(types), big);
	out->flags = middle[4];
	out->align = middle[6];
	out->kind = middle[7] & KIND_MASK;
	out->name = (int32_t)ms_load_signed(middle + 8 + 2 * word(types), 4, big);
	return out->kind != 0 && out->kind <= GO_UNSAFE_POINTER && out->align && out->align <= 64 &&
	       out->size >> 40 == 0;
}

/* A flag byte, the length, the text: Go 1.17 and later with a varint, before with two bytes, high one first.  */
static char *read_name(const struct ms_gotypes *types, uint64_t address)
{
	uint8_t head[3];
	char *text;

	if (!read_bytes(types, address, head, sizeof head))
		return NULL;
	uint64_t length = head[1] & 0x7f, start = address + 2;
	if (head[1] & 0x80) {
		length |= (uint64_t)(head[2] & 0x7f) << 7;
		start++;
	} else if (head[1] == 0) {
		length = head[2];
		start++;
	}
	if (!length || length > NAME_MOST || !(text = malloc(length + 1)))
		return NULL;
	bool good = read_bytes(types, start, text, length);
	text[length] = 0;
	for (uint64_t i = 0; i < length && good; i++)
		good = (uint8_t)text[i] >= ' ' && text[i] != 0x7f;
	if (!good) {
		free(text);
		return NULL;
	}
	return text;
}

/* The type's name as the runtime spells it; NULL if it cannot be read.  */
static char *type_name(const struct ms_gotypes *types, const struct descriptor *type, uint64_t names)
{
	char *name = names ? read_name(types, names + (uint64_t)(int64_t)type->name) : NULL;

	if (name && type->flags & EXTRA_STAR && *name == '*')
		memmove(name, name + 1, strlen(name));
	return name;
}

/* ---- Numbers ---- */

/* A new type's number; 0: memory is short.  */
static uint64_t add(struct ms_gotypes *types, struct gotype type)
{
	if ((types->count & (types->count + 1)) == 0) { /* 0, 1, 3, 7, ...: full */
		struct gotype *grown =
			types->count < TYPES_MOST ? realloc(types->all, (2 * types->count + 1) * sizeof *grown) : NULL;
		if (!grown) {
			types->failed = true;
			free(type.name);
			return 0;
		}
		types->all = grown;
	}
	types->all[types->count++] = type;
	return types->count;
}

static uint64_t in_role(struct ms_gotypes *types, enum role role, uint64_t address)
{
	for (size_t i = 0; i < types->count; i++)
		if (types->all[i].role == role && types->all[i].address == address && role != ROLE_MADE)
			return i + 1;
	return add(types, (struct gotype){ .role = role, .address = address });
}

static uint64_t basic(struct ms_gotypes *types, enum ms_kind kind, uint64_t size, const char *name)
{
	for (size_t i = 0; i < types->count; i++)
		if (types->all[i].role == ROLE_MADE && types->all[i].kind == kind && types->all[i].name &&
		    !strcmp(types->all[i].name, name))
			return i + 1;
	return add(types, (struct gotype){
				  .role = ROLE_MADE, .known = true, .kind = kind, .size = size, .name = strdup(name) });
}

static uint64_t made_of(struct ms_gotypes *types, enum ms_kind kind, uint64_t target, uint64_t count, uint64_t size)
{
	for (size_t i = 0; i < types->count; i++) {
		const struct gotype *type = &types->all[i];
		if (type->role == ROLE_MADE && type->kind == kind && type->target == target && type->count == count &&
		    !type->name)
			return i + 1;
	}
	return add(types, (struct gotype){ .role = ROLE_MADE,
					   .known = true,
					   .kind = kind,
					   .size = size,
					   .target = target,
					   .count = count });
}

static uint64_t pointer_to(struct ms_gotypes *types, uint64_t target)
{
	return made_of(types, MS_POINTER, target, 0, word(types));
}

static uint64_t go_int(struct ms_gotypes *types)
{
	return basic(types, MS_INT, word(types), "int");
}

static uint64_t go_uintptr(struct ms_gotypes *types)
{
	return basic(types, MS_UINT, word(types), "uintptr");
}

static uint64_t byte(struct ms_gotypes *types)
{
	return basic(types, MS_UINT, 1, "uint8");
}

/* ---- Structs ---- */

static void add_field(struct ms_gotypes *types, struct gotype *out, const char *name, uint64_t offset, uint64_t type)
{
	struct field *grown = realloc(out->fields, (out->field_count + 1) * sizeof *grown);

	if (grown)
		out->fields = grown;
	char *copy = grown ? strdup(name) : NULL;
	if (!copy || !type) {
		free(copy);
		types->failed = true;
		return;
	}
	out->fields[out->field_count++] = (struct field){ copy, offset, type };
}

/* Members of one word each, in this order.  */
static void add_words(struct ms_gotypes *types, struct gotype *out, const char *const *names, const uint64_t *members,
		      int count)
{
	for (int i = 0; i < count; i++)
		add_field(types, out, names[i], (uint64_t)i * word(types), members[i]);
	out->kind = MS_STRUCT;
	out->size = (uint64_t)count * word(types);
}

/* pkgPath, and a slice of fields: name, type, offset. Up to Go 1.18 the offset is shifted by one bit.  */
static bool fill_struct(struct ms_gotypes *types, const struct descriptor *type, struct gotype *out)
{
	uint64_t at, count, end = 0, shift = 2, w = word(types);

	if (!read_word(types, type->address + tail(types) + w, &at) ||
	    !read_word(types, type->address + tail(types) + 2 * w, &count) || count > FIELDS_MOST)
		return false;
	out->kind = MS_STRUCT;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t name_at, member_at, told;
		struct descriptor member;
		if (!read_word(types, at + i * 3 * w, &name_at) ||
		    !read_word(types, at + (i * 3 + 1) * w, &member_at) ||
		    !read_word(types, at + (i * 3 + 2) * w, &told) || !read_descriptor(types, member_at, &member))
			return false;
		uint64_t offset = (end + member.align - 1) / member.align * member.align;
		if (told != offset && told >> 1 == offset && shift != 0)
			shift = 1;
		else if (told == offset && (shift != 1 || told == 0))
			shift = told ? 0 : shift;
		else
			return false;
		end = offset + member.size;
		char *name = read_name(types, name_at);
		add_field(types, out, name ? name : "_", offset, in_role(types, ROLE_DESCRIPTOR, member_at));
		free(name);
	}
	return end <= out->size;
}

/* ---- Maps ---- */

struct map_parts {
	uint64_t key, elem, bucket; /* addresses of descriptors */
	uint64_t key_size, elem_size, bucket_size, flags;
};

/* key, elem, bucket, hasher, keysize (1), elemsize (1), bucketsize (2), flags (4).  */
static bool read_map(const struct ms_gotypes *types, uint64_t address, struct map_parts *out)
{
	uint64_t at = address + tail(types), w = word(types);
	struct descriptor key, elem, bucket;

	if (!read_word(types, at, &out->key) || !read_word(types, at + w, &out->elem) ||
	    !read_word(types, at + 2 * w, &out->bucket) || !read_number(types, at + 4 * w, 1, &out->key_size) ||
	    !read_number(types, at + 4 * w + 1, 1, &out->elem_size) ||
	    !read_number(types, at + 4 * w + 2, 2, &out->bucket_size) ||
	    !read_number(types, at + 4 * w + 4, 4, &out->flags))
		return false;
	if (!read_descriptor(types, out->key, &key) || !read_descriptor(types, out->elem, &elem) ||
	    !read_descriptor(types, out->bucket, &bucket))
		return false;
	return out->key_size == (out->flags & HMAP_INDIRECT_KEY ? w : key.size) &&
	       out->elem_size == (out->flags & HMAP_INDIRECT_ELEM ? w : elem.size) && bucket.size == out->bucket_size &&
	       out->bucket_size >= HMAP_SLOTS * (1 + out->key_size + out->elem_size) + w;
}

static void fill_bucket(struct ms_gotypes *types, uint64_t address, struct gotype *out)
{
	struct map_parts map;

	out->kind = MS_STRUCT;
	if (!read_map(types, address, &map))
		return;
	uint64_t key = in_role(types, ROLE_DESCRIPTOR, map.key), elem = in_role(types, ROLE_DESCRIPTOR, map.elem);
	if (map.flags & HMAP_INDIRECT_KEY)
		key = pointer_to(types, key);
	if (map.flags & HMAP_INDIRECT_ELEM)
		elem = pointer_to(types, elem);
	uint64_t elems = HMAP_SLOTS * (1 + map.key_size);
	out->size = map.bucket_size;
	add_field(types, out, "tophash", 0, made_of(types, MS_ARRAY, byte(types), HMAP_SLOTS, HMAP_SLOTS));
	add_field(types, out, "keys", HMAP_SLOTS, made_of(types, MS_ARRAY, key, HMAP_SLOTS, HMAP_SLOTS * map.key_size));
	add_field(types, out, "values", elems, made_of(types, MS_ARRAY, elem, HMAP_SLOTS, HMAP_SLOTS * map.elem_size));
	add_field(types, out, "overflow", map.bucket_size - word(types),
		  pointer_to(types, in_role(types, ROLE_BUCKET, address)));
}

static void add_name(const struct ms_gotypes *types, uint64_t address, struct ms_buf *out)
{
	struct descriptor type;
	bool good = read_descriptor(types, address, &type);
	char *name = good ? type_name(types, &type, types->names) : NULL;

	ms_buf_str(out, name ? name : good && type.kind == GO_POINTER ? "*_" : "_");
	free(name);
}

/* "hash<string,*main.T>": whether a slot holds a pointer or the pointer to a large key, the decoder takes from here.  */
static char *header_name(const struct ms_gotypes *types, const struct map_parts *map)
{
	struct ms_buf name = { 0 };

	ms_buf_str(&name, "hash<");
	add_name(types, map->key, &name);
	ms_buf_char(&name, ',');
	add_name(types, map->elem, &name);
	ms_buf_char(&name, '>');
	if (name.failed)
		ms_buf_fini(&name);
	return name.data;
}

/* runtime.hmap: map.go. Its B, flags, noverflow and hash0 fill two words of 4 bytes on every machine.  */
static void fill_header(struct ms_gotypes *types, uint64_t address, struct gotype *out)
{
	uint64_t w = word(types), bucket = pointer_to(types, in_role(types, ROLE_BUCKET, address));
	struct map_parts map;

	out->kind = MS_STRUCT;
	out->size = 5 * w + 8;
	if (read_map(types, address, &map))
		out->name = header_name(types, &map);
	add_field(types, out, "count", 0, go_int(types));
	add_field(types, out, "flags", w, byte(types));
	add_field(types, out, "B", w + 1, byte(types));
	add_field(types, out, "noverflow", w + 2, basic(types, MS_UINT, 2, "uint16"));
	add_field(types, out, "hash0", w + 4, basic(types, MS_UINT, 4, "uint32"));
	add_field(types, out, "buckets", w + 8, bucket);
	add_field(types, out, "oldbuckets", 2 * w + 8, bucket);
	add_field(types, out, "nevacuate", 3 * w + 8, go_uintptr(types));
	add_field(types, out, "extra", 4 * w + 8, pointer_to(types, 0));
}

/* ---- Interfaces ---- */

static void fill_runtime(struct ms_gotypes *types, struct gotype *out)
{
	static const char *const empty[] = { "_type", "data" }, *const methods[] = { "tab", "data" },
				 *const itab[] = { "inter", "_type" };
	uint64_t w = word(types), data = pointer_to(types, 0);

	if (out->role == ROLE_TYPE) {
		out->kind = MS_STRUCT;
		out->size = tail(types);
		add_field(types, out, "size", 0, go_uintptr(types));
		add_field(types, out, "tflag", 2 * w + 4, byte(types));
		add_field(types, out, "kind", 2 * w + 7, byte(types));
		add_field(types, out, "str", 4 * w + 8, basic(types, MS_INT, 4, "int32"));
		return;
	}
	uint64_t type = pointer_to(types, in_role(types, ROLE_TYPE, 0));
	uint64_t tab = pointer_to(types, in_role(types, ROLE_ITAB, 0));
	if (out->role == ROLE_EMPTY)
		add_words(types, out, empty, (uint64_t[]){ type, data }, 2);
	else if (out->role == ROLE_METHODS)
		add_words(types, out, methods, (uint64_t[]){ tab, data }, 2);
	else
		add_words(types, out, itab, (uint64_t[]){ data, type }, 2);
}

/* ---- Any descriptor ---- */

static void fill_number(const struct descriptor *type, struct gotype *out)
{
	if (type->kind == GO_BOOL)
		out->kind = MS_BOOL;
	else if (type->kind <= GO_INT64)
		out->kind = MS_INT;
	else if (type->kind <= GO_UINTPTR)
		out->kind = MS_UINT;
	else
		out->kind = type->kind <= GO_FLOAT64 ? MS_FLOAT : MS_COMPLEX;
}

/* A type with one other behind it: an array's, a pointer's, a slice's.  */
static bool fill_linked(struct ms_gotypes *types, const struct descriptor *type, struct gotype *out)
{
	static const char *const slice[] = { "array", "len", "cap" };
	uint64_t elem_at, w = word(types);
	struct descriptor elem;

	if (!read_word(types, type->address + tail(types), &elem_at) || !read_descriptor(types, elem_at, &elem))
		return false;
	uint64_t number = in_role(types, ROLE_DESCRIPTOR, elem_at);
	if (type->kind == GO_SLICE) {
		add_words(types, out, slice, (uint64_t[]){ pointer_to(types, number), go_int(types), go_int(types) },
			  3);
		return true;
	}
	out->target = number;
	out->kind = type->kind == GO_ARRAY ? MS_ARRAY : MS_POINTER;
	return out->kind == MS_POINTER || (read_word(types, type->address + tail(types) + 2 * w, &out->count) &&
					   ms_mul(out->count, elem.size, &elem_at) && elem_at == out->size);
}

/* pkgPath, and a slice of methods.  */
static bool fill_interface(struct ms_gotypes *types, const struct descriptor *type, struct gotype *out)
{
	uint64_t methods;

	if (!read_word(types, type->address + tail(types) + 2 * word(types), &methods))
		return false;
	out->kind = MS_TYPEDEF;
	out->target = in_role(types, methods ? ROLE_METHODS : ROLE_EMPTY, 0);
	return true;
}

static bool fill_by_kind(struct ms_gotypes *types, const struct descriptor *type, struct gotype *out)
{
	static const char *const string[] = { "str", "len" };

	switch (type->kind) {
	case GO_STRING:
		add_words(types, out, string, (uint64_t[]){ pointer_to(types, byte(types)), go_int(types) }, 2);
		return true;
	case GO_STRUCT:
		return fill_struct(types, type, out);
	case GO_MAP:
		out->kind = MS_TYPEDEF;
		out->target = pointer_to(types, in_role(types, ROLE_HEADER, type->address));
		return true;
	case GO_ARRAY:
	case GO_POINTER:
	case GO_SLICE:
		return fill_linked(types, type, out);
	case GO_INTERFACE:
		return fill_interface(types, type, out);
	case GO_CHAN:
	case GO_FUNC:
		out->kind = MS_TYPEDEF;
		out->target = pointer_to(types, 0);
		return true;
	case GO_UNSAFE_POINTER:
		out->kind = MS_POINTER;
		return true;
	default:
		fill_number(type, out);
		return true;
	}
}

static void fill_descriptor(struct ms_gotypes *types, struct gotype *out)
{
	struct descriptor type;

	out->kind = MS_VOID;
	if (!read_descriptor(types, out->address, &type))
		return;
	out->size = type.size;
	out->name = type_name(types, &type, types->names);
	if (fill_by_kind(types, &type, out)) {
		if (type.kind == GO_ARRAY && type.flags & NAMED) { /* spelt by its name, as others are by theirs */
			out->target = made_of(types, MS_ARRAY, out->target, out->count, out->size);
			out->kind = MS_TYPEDEF;
			out->count = 0;
		}
		return;
	}
	out->kind = MS_VOID; /* it makes no sense: bytes */
	out->target = out->count = 0;
}

static const char *own_name(enum role role)
{
	static const char *const names[] = { [ROLE_HEADER] = "hash<>",	     [ROLE_BUCKET] = "bucket<>",
					     [ROLE_EMPTY] = "runtime.eface", [ROLE_METHODS] = "runtime.iface",
					     [ROLE_ITAB] = "runtime.itab",   [ROLE_TYPE] = "runtime._type",
					     [ROLE_DESCRIPTOR] = "",	     [ROLE_MADE] = "" };

	return names[role];
}

/* Type NUMBER, filled in; NULL: there is none, or memory is short.  */
static const struct gotype *known(struct ms_gotypes *types, uint64_t number)
{
	if (!number || number > types->count)
		return NULL;
	struct gotype filled = types->all[number - 1]; /* ALL may move meanwhile */
	if (!filled.known) {
		filled.known = true;
		if (filled.role == ROLE_DESCRIPTOR)
			fill_descriptor(types, &filled);
		else if (filled.role == ROLE_HEADER)
			fill_header(types, filled.address, &filled);
		else if (filled.role == ROLE_BUCKET)
			fill_bucket(types, filled.address, &filled);
		else
			fill_runtime(types, &filled);
		types->all[number - 1] = filled;
	}
	return types->failed ? NULL : &types->all[number - 1];
}

/* ---- For the caller ---- */

struct ms_gotypes *ms_gotypes_new(const struct ms_gotypes_target *target)
{
	struct ms_gotypes *types = calloc(1, sizeof *types);

	if (types)
		types->target = *target;
	return types;
}

void ms_gotypes_free(struct ms_gotypes *types)
{
	for (size_t i = 0; types && i < types->count; i++) {
		for (uint32_t n = 0; n < types->all[i].field_count; n++)
			free(types->all[i].fields[n].name);
		free(types->all[i].fields);
		free(types->all[i].name);
	}
	if (types)
		free(types->all);
	free(types);
}

uint64_t ms_gotypes_names(const struct ms_gotypes *types)
{
	return types->names;
}

/* A map type of its own name is "main.Names", any other's begins with "map[".  */
static bool is_map_name(const struct descriptor *map, const char *name)
{
	return map->flags & NAMED ? strchr(name, '.') && !strpbrk(name, " '\"%,;") : !strncmp(name, "map[", 4);
}

static void find_names(struct ms_gotypes *types, const struct descriptor *map)
{
	for (size_t i = 0; i < sizeof types->target.names / sizeof *types->target.names && !types->names; i++) {
		char *name = type_name(types, map, types->target.names[i]);
		if (name && is_map_name(map, name))
			types->names = types->target.names[i];
		free(name);
	}
}

int64_t ms_gotypes_map(struct ms_gotypes *types, uint64_t address, uint64_t *type_out, struct ms_buf *error)
{
	struct descriptor type;
	struct map_parts parts;

	if (!read_descriptor(types, address, &type)) {
		ms_buf_printf(error, "0x%llx: no run-time type descriptor of Go", (unsigned long long)address);
		return MS_BAD_TYPE;
	}
	if (type.kind != GO_MAP) {
		ms_buf_printf(error, "0x%llx: the type descriptor is no map's (reflect.Kind %u, expected %u)",
			      (unsigned long long)address, type.kind, GO_MAP);
		return MS_BAD_TYPE;
	}
	if (!read_map(types, address, &parts)) {
		ms_buf_printf(error,
			      "0x%llx: a map's type descriptor whose sizes do not fit together (Go 1.%d and later have "
			      "Swiss tables, which are not read)",
			      (unsigned long long)address, SWISS);
		return MS_BAD_TYPE;
	}
	find_names(types, &type);
	*type_out = in_role(types, ROLE_DESCRIPTOR, address);
	return *type_out ? MS_OK : MS_NO_MEMORY;
}

int64_t ms_gotypes_type(struct ms_gotypes *types, uint64_t type, struct ms_type *out)
{
	const struct gotype *found = known(types, type);

	if (!found)
		return types->failed ? MS_NO_MEMORY : MS_NOT_FOUND;
	out->kind = found->kind;
	out->byte_size = found->size;
	out->target = found->target;
	out->count = found->count;
	out->field_count = found->field_count;
	out->name = found->name ? found->name : own_name(found->role);
	return MS_OK;
}

int64_t ms_gotypes_field(struct ms_gotypes *types, uint64_t type, uint32_t index, struct ms_field *out)
{
	const struct gotype *found = known(types, type);

	if (!found || index >= found->field_count)
		return types->failed ? MS_NO_MEMORY : MS_NOT_FOUND;
	out->name = found->fields[index].name;
	out->offset = (int64_t)found->fields[index].offset;
	out->type = found->fields[index].type;
	out->bit_size = out->bit_offset = 0;
	return MS_OK;
}

int64_t ms_gotypes_derive(struct ms_gotypes *types, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out)
{
	const struct gotype *element = known(types, type);
	uint64_t size = word(types);

	if (kind == MS_ARRAY && (!element || !ms_mul(element->size, count, &size)))
		return MS_NOT_FOUND;
	*type_out = made_of(types, (enum ms_kind)kind, type, kind == MS_ARRAY ? count : 0, size);
	return *type_out ? MS_OK : MS_NO_MEMORY;
}
