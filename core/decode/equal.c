/* Keys compared: by Go's rules, or by a function of core/hmap, or member by member.  */
#include "decode/equal.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/shapes.h"
#include "mem/mem.h"
#include "types/ask.h"

enum {
	NEST_MOST = 64,	      /* types in each other */
	LOOKS_MOST = 65536,   /* values within one key */
	TEXT_MOST = 16 << 20, /* bytes of a text that are compared */
};

struct ms_equal {
	struct ms_map *map;
	struct ms_context *ctx; /* the map's */
	const struct ms_key *wanted;
	enum { BY_TYPE, BY_BYTES, BY_FLOAT, BY_CSTRING, BY_TEXT } how;
	uint64_t size; /* BY_BYTES, BY_FLOAT: of the key, so many bytes */
	uint64_t reads;
	uint32_t looks; /* within the key at hand */
	struct ms_buf ours, theirs;
	struct ms_buf note;
};

static bool is_go(const struct ms_equal *equal)
{
	return equal->map->shape->language == MS_GO;
}

static int32_t said(bool same)
{
	return same ? MS_OK : MS_NOT_FOUND;
}

/* ---- What keys point to ---- */

static int32_t fetch(struct ms_equal *equal, struct ms_buf *buf, uint64_t address, uint64_t size)
{
	ms_buf_clear(buf);
	if (!ms_buf_reserve(buf, size))
		return MS_NO_MEMORY;
	buf->size = size;
	return ms_read(equal->ctx, address, buf->data, size);
}

/* SIZE bytes that the wanted key points to.  */
static int32_t wanted_bytes(struct ms_equal *equal, uint64_t address, uint64_t size, const uint8_t **out)
{
	const struct ms_own_piece *piece = ms_own_at(&equal->wanted->own, equal->ctx, address);

	if (piece && piece->size >= size) {
		*out = piece->bytes;
		return MS_OK;
	}
	int32_t status = fetch(equal, &equal->ours, address, size);
	*out = (const uint8_t *)equal->ours.data;
	return status;
}

static int32_t same_run(struct ms_equal *equal, uint64_t a, uint64_t b, uint64_t size)
{
	const uint8_t *bytes;

	if (a == b || size == 0)
		return MS_OK;
	int32_t status = size <= TEXT_MOST ? wanted_bytes(equal, a, size, &bytes) : MS_NOT_FOUND;
	if (status != MS_OK)
		return status;
	equal->reads++;
	status = fetch(equal, &equal->theirs, b, size);
	return status == MS_OK ? said(!memcmp(bytes, equal->theirs.data, size)) : status;
}

static int32_t same_text(struct ms_equal *equal, const uint8_t *a, const uint8_t *b)
{
	uint64_t word = equal->ctx->memory.pointer_size, size = ms_map_pointer(equal->map, a + word);

	if (size != ms_map_pointer(equal->map, b + word))
		return MS_NOT_FOUND;
	return same_run(equal, ms_map_pointer(equal->map, a), ms_map_pointer(equal->map, b), size);
}

/* Texts that end at a NUL, compared in pieces that stay within a page: what follows need not be there.  */
static int32_t same_cstring(struct ms_equal *equal, uint64_t a, uint64_t b)
{
	const struct ms_own_piece *piece = ms_own_at(&equal->wanted->own, equal->ctx, a);
	uint8_t ours[256], theirs[256];

	if (a == b)
		return MS_OK;
	if (!a || !b)
		return MS_NOT_FOUND;
	equal->reads++;
	for (uint64_t done = 0; done < TEXT_MOST;) {
		uint64_t at = b + done, size = ms_min(sizeof theirs, MS_PAGE - at % MS_PAGE);
		if (piece)
			size = ms_min(size, piece->size + 1 - done);
		else
			size = ms_min(size, MS_PAGE - (a + done) % MS_PAGE);
		int32_t status = ms_read(equal->ctx, at, theirs, size);
		if (status == MS_OK && piece)
			memcpy(ours, piece->bytes + done, size);
		else if (status == MS_OK)
			status = ms_read(equal->ctx, a + done, ours, size);
		if (status != MS_OK)
			return status;
		const uint8_t *end = memchr(theirs, 0, size);
		uint64_t part = end ? (uint64_t)(end - theirs) + 1 : size;
		if (memcmp(ours, theirs, part) != 0)
			return MS_NOT_FOUND;
		if (end)
			return MS_OK;
		done += size;
	}
	return MS_NOT_FOUND;
}

/* ---- By type ---- */

static int32_t same(struct ms_equal *equal, const struct ms_node *node, const uint8_t *a, const uint8_t *b, int depth);

/* +0 is -0; NaN is NaN, since who looks for one wants to see one.  */
static bool same_float(const struct ms_equal *equal, const uint8_t *a, const uint8_t *b, uint64_t size)
{
	bool big = equal->ctx->memory.big_endian;
	uint64_t infinity = size == 4 ? (uint64_t)0x7f800000 << 33 : (uint64_t)0x7ff0000000000000 << 1;

	if (size != 4 && size != 8) {
		long double x, y;
		if (size != sizeof x || big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
			return !memcmp(a, b, size);
		memcpy(&x, a, size);
		memcpy(&y, b, size);
		return x == y || (x != x && y != y);
	}
	uint64_t x = ms_load(a, size, big), y = ms_load(b, size, big);
	uint64_t x_magnitude = x << (64 - 8 * size) << 1, y_magnitude = y << (64 - 8 * size) << 1;
	return x == y || (!x_magnitude && !y_magnitude) || (x_magnitude > infinity && y_magnitude > infinity);
}

static int32_t same_pointer(struct ms_equal *equal, const struct ms_node *node, const uint8_t *a, const uint8_t *b)
{
	uint64_t size = ms_min(node->size, 8);
	uint64_t ours = ms_load(a, size, equal->ctx->memory.big_endian);

	/* A text that was typed lies nowhere in the target: it stands for one of the same bytes.  */
	if (ms_own_at(&equal->wanted->own, equal->ctx, ours))
		return same_cstring(equal, ours, ms_load(b, size, equal->ctx->memory.big_endian));
	return said(!memcmp(a, b, node->size));
}

static int32_t same_array(struct ms_equal *equal, const struct ms_node *node, const uint8_t *a, const uint8_t *b,
			  int depth)
{
	const struct ms_node *element = ms_node_target(equal->ctx, node);
	const struct ms_node *stripped = element ? ms_node_strip(equal->ctx, element) : NULL;
	int32_t status = MS_OK;
	uint64_t size;

	if (!stripped || !stripped->size || !ms_mul(stripped->size, node->count, &size) || size > node->size)
		return said(!memcmp(a, b, node->size));
	if (!is_go(equal) && ms_is_char(stripped)) /* as it is shown: up to its NUL */
		return said(!strncmp((const char *)a, (const char *)b, node->count));
	for (uint64_t i = 0; i < node->count && status == MS_OK; i++)
		status = same(equal, stripped, a + i * stripped->size, b + i * stripped->size, depth + 1);
	return status;
}

/* The bits of a bit-field in the SIZE bytes behind its member's offset.  */
static bool same_bits(const struct ms_equal *equal, const struct ms_member *member, const uint8_t *a, const uint8_t *b,
		      uint64_t available)
{
	uint64_t size = ((uint64_t)member->bit_offset + member->bit_size + 7) / 8, mask;
	bool big = equal->ctx->memory.big_endian;

	if (size == 0 || size > 8 || size > available || member->bit_size > 64)
		return true;
	mask = member->bit_size < 64 ? ((uint64_t)1 << member->bit_size) - 1 : UINT64_MAX;
	mask <<= big ? 8 * size - member->bit_offset - member->bit_size : member->bit_offset;
	return ((ms_load(a, size, big) ^ ms_load(b, size, big)) & mask) == 0;
}

static int32_t same_members(struct ms_equal *equal, const struct ms_node *node, const uint8_t *a, const uint8_t *b,
			    int depth)
{
	int32_t status = MS_OK;

	for (uint32_t i = 0; i < node->member_count && status == MS_OK; i++) {
		const struct ms_member *member = &node->members[i];
		const struct ms_node *type = ms_node(equal->ctx, member->type);
		uint64_t at = (uint64_t)member->offset;
		type = type ? ms_node_strip(equal->ctx, type) : NULL;
		if (!type || member->offset < 0 || at > node->size ||
		    (!member->bit_size && type->size > node->size - at))
			return said(!memcmp(a, b, node->size));
		if (member->bit_size)
			status = said(same_bits(equal, member, a + at, b + at, node->size - at));
		else if (!is_go(equal) || strcmp(member->name, "_") != 0)
			status = same(equal, type, a + at, b + at, depth + 1);
	}
	return status;
}

/* What an interface holds.  */
struct held {
	struct ms_go_words words;
	struct ms_go_type type;
	const uint8_t *own; /* its value, where that is ours */
};

/* MS_NOT_FOUND: nil.  */
static int32_t read_held(struct ms_equal *equal, const struct ms_node *node, const uint8_t *bytes, struct held *out)
{
	const struct ms_go_type *type;

	*out = (struct held){ 0 };
	if (ms_own_interface(&equal->wanted->own, equal->ctx, bytes, &type, &out->own)) {
		out->type = *type;
		return MS_OK;
	}
	int32_t status = ms_go_words_of(equal->ctx, node, bytes, &out->words);
	if (status != MS_OK || !out->words.dynamic)
		return status == MS_OK ? MS_NOT_FOUND : MS_FAULT;
	return ms_go_type_read(equal->ctx, out->words.descriptor, out->words.dynamic, &out->type);
}

static int32_t same_by_kind(struct ms_equal *equal, const struct ms_go_type *type, const uint8_t *a, const uint8_t *b)
{
	if (type->kind == MS_GO_STRING && type->size == 2 * equal->ctx->memory.pointer_size)
		return same_text(equal, a, b);
	if (type->kind == MS_GO_FLOAT32 || type->kind == MS_GO_FLOAT64)
		return said(same_float(equal, a, b, type->size));
	return said(!memcmp(a, b, type->size));
}

static int32_t held_value(struct ms_equal *equal, const struct held *held, const uint8_t *word, uint8_t *buffer,
			  const uint8_t **out)
{
	*out = held->own ? held->own : held->type.direct ? word : buffer;
	return *out == buffer ? ms_read(equal->ctx, held->words.data, buffer, held->type.size) : MS_OK;
}

static int32_t same_held(struct ms_equal *equal, const struct held *ours, const struct held *theirs,
			 const uint8_t *our_word, const uint8_t *their_word, int depth)
{
	const struct ms_node *node = ours->type.node ? ours->type.node : theirs->type.node;
	uint64_t size = theirs->type.size;
	uint8_t *buffer = malloc(2 * size + 1);
	const uint8_t *a, *b;

	if (!buffer)
		return MS_NO_MEMORY;
	equal->reads += !theirs->type.direct && size;
	int32_t status = held_value(equal, ours, our_word, buffer, &a);
	if (status == MS_OK)
		status = held_value(equal, theirs, their_word, buffer + size, &b);
	node = node ? ms_node_strip(equal->ctx, node) : NULL;
	if (status == MS_OK && node && node->size == size)
		status = same(equal, node, a, b, depth + 1);
	else if (status == MS_OK)
		status = same_by_kind(equal, &theirs->type, a, b);
	free(buffer);
	return status;
}

static int32_t same_interface(struct ms_equal *equal, const struct ms_node *node, const uint8_t *a, const uint8_t *b,
			      int depth)
{
	enum { VALUE_MOST = 1 << 20 };
	struct held ours, theirs;
	int32_t status = read_held(equal, node, a, &ours), other = read_held(equal, node, b, &theirs);
	uint64_t word = equal->ctx->memory.pointer_size;

	if (status == MS_NOT_FOUND && other == MS_NOT_FOUND) /* both nil */
		return MS_OK;
	if (status != MS_OK || other != MS_OK)
		return status != MS_OK ? status : other;
	bool same_type = ours.words.dynamic == theirs.words.dynamic ||
			 (*ours.type.name && !strcmp(ours.type.name, theirs.type.name));
	if (!same_type || ours.type.size != theirs.type.size || theirs.type.size > VALUE_MOST ||
	    (theirs.type.direct && theirs.type.size > word))
		return MS_NOT_FOUND;
	return same_held(equal, &ours, &theirs, a + word, b + word, depth);
}

/* NODE is behind typedefs.  */
static int32_t same(struct ms_equal *equal, const struct ms_node *node, const uint8_t *a, const uint8_t *b, int depth)
{
	uint64_t size[2], address[2];
	int64_t length;

	if (ms_stopped(equal->ctx) != MS_OK)
		return ms_stopped(equal->ctx);
	if (depth > NEST_MOST || ++equal->looks > LOOKS_MOST)
		return said(!memcmp(a, b, node->size));
	switch (node->kind) {
	case MS_FLOAT:
		return said(same_float(equal, a, b, node->size));
	case MS_COMPLEX:
		return said(same_float(equal, a, b, node->size / 2) &&
			    same_float(equal, a + node->size / 2, b + node->size / 2, node->size / 2));
	case MS_POINTER:
		return same_pointer(equal, node, a, b);
	case MS_ARRAY:
		return same_array(equal, node, a, b, depth);
	case MS_STRUCT:
		if (is_go(equal) && ms_is_go_text(equal->ctx, node))
			return same_text(equal, a, b);
		if (is_go(equal) && ms_is_go_interface(node))
			return same_interface(equal, node, a, b, depth);
		if (!is_go(equal) && ms_text_of(equal->ctx, MS_C, node, a, &address[0], &length)) {
			size[0] = (uint64_t)length;
			if (!ms_text_of(equal->ctx, MS_C, node, b, &address[1], &length) || size[0] != (uint64_t)length)
				return MS_NOT_FOUND;
			return same_run(equal, address[0], address[1], size[0]);
		}
		return same_members(equal, node, a, b, depth);
	default:
		return said(!memcmp(a, b, node->size));
	}
}

/* ---- By a function of core/hmap ---- */

static const struct {
	const char *name;
	int how;
	uint32_t size, words; /* bytes and pointers of the key that it looks at */
} functions[] = {
	{ "hmap_equal_8", BY_BYTES, 1, 0 },	    { "hmap_equal_16", BY_BYTES, 2, 0 },
	{ "hmap_equal_32", BY_BYTES, 4, 0 },	    { "hmap_equal_64", BY_BYTES, 8, 0 },
	{ "hmap_equal_pointer", BY_BYTES, 0, 1 },   { "hmap_equal_f32", BY_FLOAT, 4, 0 },
	{ "hmap_equal_f64", BY_FLOAT, 8, 0 },	    { "hmap_equal_long_double", BY_FLOAT, sizeof(long double), 0 },
	{ "hmap_equal_cstring", BY_CSTRING, 0, 1 }, { "hmap_equal_text", BY_TEXT, 0, 2 },
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

int32_t ms_equal_key(struct ms_equal *equal, const uint8_t *key)
{
	const uint8_t *wanted = equal->wanted->bytes;

	equal->looks = 0;
	switch (equal->how) {
	case BY_BYTES:
		return said(!memcmp(wanted, key, equal->size));
	case BY_FLOAT:
		return said(same_float(equal, wanted, key, equal->size));
	case BY_CSTRING:
		return same_cstring(equal, ms_map_pointer(equal->map, wanted), ms_map_pointer(equal->map, key));
	case BY_TEXT:
		return same_text(equal, wanted, key);
	case BY_TYPE:
		break;
	}
	return same(equal, ms_node_strip(equal->ctx, equal->map->key), wanted, key, 0);
}

/* A text that was typed has no address to compare.  */
static bool is_typed_text(const struct ms_equal *equal, int function)
{
	return functions[function].how == BY_BYTES && functions[function].words && equal->how == BY_TYPE &&
	       ms_own_at(&equal->wanted->own, equal->ctx, ms_map_pointer(equal->map, equal->wanted->bytes));
}

static void take(struct ms_equal *equal)
{
	struct ms_buf name = { 0 };
	const char *names[FUNCTIONS];
	int64_t address = 0;
	int found = -1;

	for (int i = 0; i < FUNCTIONS; i++)
		names[i] = functions[i].name;
	if (ms_map_number(equal->map, "equal", &address) == MS_OK && address)
		found = ms_ask_which(equal->ctx, (uint64_t)address, names, FUNCTIONS, &name);
	if (found >= 0) {
		uint64_t size = functions[found].size + functions[found].words * equal->ctx->memory.pointer_size;
		if (size <= equal->map->key_size && is_typed_text(equal, found)) {
			ms_buf_str(&equal->note, "keys are compared as texts");
			ms_buf_fini(&name);
			return;
		}
		if (size <= equal->map->key_size) {
			equal->how = functions[found].how;
			equal->size = size;
			ms_buf_fini(&name);
			return;
		}
	}
	const char *how = equal->map->key ? "member by member" : "as bytes";
	if (name.size)
		ms_buf_printf(&equal->note, "keys are compared %s: the map's own way, %.300s, is not called", how,
			      ms_buf_text(&name));
	else
		ms_buf_printf(&equal->note, "keys are compared %s: nothing tells the map's own way", how);
	ms_buf_fini(&name);
}

int32_t ms_equal_new(struct ms_map *map, const struct ms_key *wanted, struct ms_equal **out)
{
	struct ms_equal *equal = calloc(1, sizeof *equal);
	const struct ms_node *node = map->key ? ms_node_strip(map->ctx, map->key) : NULL;

	*out = NULL;
	if (!equal)
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory for a key");
	equal->map = map;
	equal->ctx = map->ctx;
	equal->wanted = wanted;
	equal->how = node && node->size <= map->key_size ? BY_TYPE : BY_BYTES;
	equal->size = map->key_size;
	if (!is_go(equal))
		take(equal);
	int32_t status = equal->note.failed ? MS_NO_MEMORY : ms_stopped(map->ctx);
	if (status != MS_OK) {
		ms_equal_free(equal);
		return status;
	}
	*out = equal;
	return MS_OK;
}

void ms_equal_free(struct ms_equal *equal)
{
	if (!equal)
		return;
	ms_buf_fini(&equal->ours);
	ms_buf_fini(&equal->theirs);
	ms_buf_fini(&equal->note);
	free(equal);
}

uint64_t ms_equal_reads(const struct ms_equal *equal)
{
	return equal->reads;
}

const char *ms_equal_note(const struct ms_equal *equal)
{
	return ms_buf_text(&equal->note);
}
