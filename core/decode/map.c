/* From a value to an open map: shapes by type, the header's bytes, whole keys and elems. What the bytes mean is the
   format's.  */
#include "decode/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "mem/mem.h"

/* In the order in which they are tried.  */
static const struct ms_format *const formats[] = { &ms_format_classic };

enum { HEADER_MOST = 4096, RECORD_MOST = 1 << 20 }; /* bytes: no header, no key or elem that we copy, is larger */

const struct ms_shape *ms_shape_of(struct ms_context *ctx, const struct ms_node *node)
{
	struct ms_node *header = (struct ms_node *)node;

	if (header->kind != MS_STRUCT)
		return NULL;
	if (!header->derived_known) {
		bool untold = ctx->untold;
		ctx->untold = false;
		header->derived_known =
			true; /* before the format looks: a bucket may hold a pointer back to its header */
		header->derived_free = free;
		for (size_t i = 0; i < sizeof formats / sizeof *formats && !header->derived; i++)
			header->derived = formats[i]->recognise(ctx, header);
		if (ms_stopped(ctx) != MS_OK ||
		    ctx->untold) { /* what was found may lack what was not answered: ask again */
			free(header->derived);
			header->derived = NULL;
			header->derived_known = false;
		}
		ctx->untold |= untold;
	}
	return header->derived;
}

const struct ms_shape *ms_shape_of_value(struct ms_context *ctx, const struct ms_node *node)
{
	const struct ms_node *type = ms_node_strip(ctx, node);

	if (type && type->kind == MS_POINTER)
		type = ms_node_target(ctx, type);
	if (type)
		type = ms_node_strip(ctx, type);
	return type ? ms_shape_of(ctx, type) : NULL;
}

int32_t ms_type_is_map(struct ms_context *ctx, uint64_t type)
{
	ms_slice_begin(ctx, 0);
	ctx->untold = false;
	const struct ms_node *node = ms_node(ctx, type);
	const struct ms_shape *shape = node ? ms_shape_of_value(ctx, node) : NULL;

	return shape && shape->walkable ? MS_OK : ctx->untold ? MS_BAD_TYPE : MS_NOT_FOUND;
}

static struct ms_map *map_new(struct ms_context *ctx, const struct ms_shape *shape, const struct ms_node *type)
{
	uint64_t header_size = shape->header->size;
	struct ms_map *map = header_size <= HEADER_MOST ? calloc(1, shape->format->map_size) : NULL;

	if (map)
		map->header = calloc(1, header_size + 1);
	if (!map || !map->header) {
		free(map);
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for a map's header");
		return NULL;
	}
	map->ctx = ctx;
	map->format = shape->format;
	map->shape = shape;
	map->type = type;
	map->key = shape->key;
	map->elem = shape->elem;
	return map;
}

void ms_note_running(struct ms_notes *notes)
{
	ms_note(notes, false,
		"the program is running: what is shown may have changed while it was read; stop it first (mapscope: "
		"--stop)");
}

void ms_note_untold(struct ms_notes *notes)
{
	ms_note(notes, true, "the debugger failed to tell of a type or a name: what needs it is missing");
}

static bool is_int(struct ms_context *ctx, const struct ms_node *node, uint64_t size, bool *signed_out)
{
	const struct ms_node *type = node ? ms_node_strip(ctx, node) : NULL;

	*signed_out = type && type->kind == MS_INT;
	return type && (type->kind == MS_INT || type->kind == MS_UINT) && type->size == size && size && size <= 8;
}

/* With BYTES, the header as the debugger holds it; without, it is read at ADDRESS. An address of 0 and no bytes: nil.  */
static int32_t open_header(struct ms_context *ctx, const struct ms_shape *shape, const struct ms_node *type,
			   uint64_t address, const void *bytes, struct ms_map **out)
{
	struct ms_map *map = map_new(ctx, shape, type);
	if (!map)
		return MS_NO_MEMORY;

	uint64_t size = shape->header->size;
	int32_t status = MS_OK;
	map->address = address;
	map->nil = !address && !bytes;
	if (bytes)
		memcpy(map->header, bytes, size);
	else if (address)
		status = ms_mem_read_cached(ctx, address, map->header, size);
	if (status == MS_OK)
		status = map->format->open(map);
	if (status == MS_OK && map->broken.failed)
		status = ms_fail(ctx, MS_NO_MEMORY, "out of memory for a map's header");
	if (status == MS_OK)
		map->ints = !map->key_indirect && !map->elem_indirect &&
			    is_int(ctx, map->key, map->key_size, &map->key_signed) &&
			    is_int(ctx, map->elem, map->elem_size, &map->elem_signed);
	if (status == MS_OK && ctx->memory.running)
		ms_note_running(&map->notes);
	else if (status == MS_FAULT)
		ms_fail(ctx, status, "cannot read the map's header, %llu bytes at 0x%llx", (unsigned long long)size,
			(unsigned long long)address);
	if (status < 0) {
		ms_map_free(map);
		return status;
	}
	*out = map;
	return MS_OK;
}

/* Go 1.24 and later: internal/runtime/maps, struct Map.  */
static bool is_swiss(struct ms_context *ctx, const struct ms_node *header)
{
	const struct ms_node *member;
	uint64_t offset;

	return ms_node_member(ctx, header, "dirPtr", &offset, &member);
}

static int32_t not_a_map(struct ms_context *ctx, const struct ms_node *type)
{
	struct ms_buf name = { 0 };
	const struct ms_node *target = NULL, *header, *stripped = ms_node_strip(ctx, type);

	if (stripped && stripped->kind == MS_POINTER)
		target = ms_node_target(ctx, stripped);
	header = target ? ms_node_strip(ctx, target) : stripped;
	ms_spell(ctx, &name, type, MS_C);
	if (target && ms_shape_of_value(ctx, target))
		ms_fail(ctx, MS_NOT_FOUND, "type is %s, a pointer to a map's pointer: put a * before the expression",
			ms_buf_text(&name));
	else if (header && is_swiss(ctx, header))
		ms_fail(ctx, MS_NOT_FOUND,
			"type is %s, a Swiss table (Go 1.24 and later): only the classic maps of Go 1.23 and earlier "
			"are read",
			ms_buf_text(&name));
	else
		ms_fail(ctx, MS_NOT_FOUND,
			"type is %s, which is no map: expected a struct with count, flags, B and buckets, or a pointer "
			"to one",
			ms_buf_text(&name));
	ms_buf_fini(&name);
	return MS_NOT_FOUND;
}

int32_t ms_map_open_value(struct ms_context *ctx, const struct ms_value *value, struct ms_map **out)
{
	const struct ms_node *type = ms_node(ctx, value->type);
	const struct ms_shape *shape = type ? ms_shape_of_value(ctx, type) : NULL;
	uint8_t bytes[8];

	if (ms_stopped(ctx) != MS_OK)
		return ms_stopped(ctx);
	if (!type)
		return MS_BAD_TYPE;
	if (!shape)
		return not_a_map(ctx, type);
	const struct ms_node *stripped = ms_node_strip(ctx, type);
	if (stripped->kind != MS_POINTER && !value->address && value->byte_count < shape->header->size)
		return ms_fail(ctx, MS_FAULT, "the map's header has no value here");
	if (stripped->kind != MS_POINTER)
		return open_header(ctx, shape, type, value->address,
				   value->byte_count >= shape->header->size ? value->bytes : NULL, out);

	uint64_t size = ms_min(ctx->memory.pointer_size, sizeof bytes);
	if (value->byte_count >= size) {
		memcpy(bytes, value->bytes, size);
	} else {
		int32_t status = ms_mem_read_cached(ctx, value->address, bytes, size);
		if (status < 0)
			return ms_fail(ctx, status, "cannot read the pointer to the map at 0x%llx",
				       (unsigned long long)value->address);
	}
	return open_header(ctx, shape, type, ms_load(bytes, size, ctx->memory.big_endian), NULL, out);
}

int32_t ms_map_open_at(struct ms_context *ctx, uint64_t address, const struct ms_node *type, struct ms_map **out)
{
	const struct ms_shape *shape = ms_shape_of_value(ctx, type);

	if (ms_stopped(ctx) != MS_OK)
		return ms_stopped(ctx);
	if (!shape)
		return not_a_map(ctx, type);
	return open_header(ctx, shape, type, address, NULL, out);
}

int32_t ms_map_open(struct ms_context *ctx, const struct ms_value *value, struct ms_map **out)
{
	ms_mem_forget(ctx);
	ms_slice_begin(ctx, 0);
	ctx->untold = false;
	int32_t status = ms_map_open_value(ctx, value, out);
	if (status == MS_OK && ctx->untold)
		ms_note_untold(&(*out)->notes);
	if (status == MS_OK && (*out)->broken.size) {
		status = ms_fail(ctx, MS_BAD_MAP, "%s", ms_buf_text(&(*out)->broken));
		ms_map_free(*out);
		*out = NULL;
	}
	return status;
}

void ms_map_free(struct ms_map *map)
{
	if (!map)
		return;
	ms_seek_free(map);
	free(map->header);
	ms_buf_fini(&map->broken);
	ms_buf_fini(&map->summary);
	ms_notes_fini(&map->notes);
	free(map);
}

int32_t ms_map_number(const struct ms_map *map, const char *name, int64_t *out)
{
	if (!strcmp(name, "count"))
		*out = map->count;
	else if (!strcmp(name, "nil"))
		*out = map->nil;
	else
		return map->format->number(map, name, out);
	return MS_OK;
}

const char *ms_map_summary(struct ms_map *map)
{
	struct ms_buf *buf = &map->summary;

	ms_buf_clear(buf);
	ms_spell(map->ctx, buf, map->type, map->shape->language);
	if (map->nil) {
		ms_buf_str(buf, ", nil");
		return ms_buf_text(buf);
	}
	ms_buf_printf(buf, ", len %lld, ", (long long)map->count);
	map->format->summarise(map, buf);
	if (map->notes.damaged)
		ms_buf_str(buf, ", damaged (map-info tells)");
	if (map->ctx->memory.running)
		ms_buf_str(buf, ", the program is running");
	return ms_buf_text(buf);
}

uint64_t ms_map_pointer(const struct ms_map *map, const uint8_t *bytes)
{
	return ms_load(bytes, map->ctx->memory.pointer_size, map->ctx->memory.big_endian);
}

/* ---- Whole keys and elems ---- */

int32_t ms_fetch_init(struct ms_fetch *fetch, const struct ms_map *map, uint64_t capacity)
{
	uint64_t key = map->key_size, elem = map->elem_size;

	*fetch = (struct ms_fetch){ .capacity = capacity };
	if (key > RECORD_MOST || elem > RECORD_MOST)
		return ms_fail(map->ctx, MS_BAD_TYPE,
			       "keys of %llu and elems of %llu bytes: more than 1 MiB is not shown",
			       (unsigned long long)key, (unsigned long long)elem);
	fetch->keys = malloc(key * capacity + 1);
	fetch->elems = malloc(elem * capacity + 1);
	fetch->key_addresses = calloc(capacity, sizeof *fetch->key_addresses);
	fetch->elem_addresses = calloc(capacity, sizeof *fetch->elem_addresses);
	fetch->key_status = calloc(capacity, sizeof *fetch->key_status);
	fetch->elem_status = calloc(capacity, sizeof *fetch->elem_status);
	if (fetch->keys && fetch->elems && fetch->key_addresses && fetch->elem_addresses && fetch->key_status &&
	    fetch->elem_status)
		return MS_OK;
	ms_fetch_fini(fetch);
	return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory for a batch of entries");
}

void ms_fetch_fini(struct ms_fetch *fetch)
{
	free(fetch->keys);
	free(fetch->elems);
	free(fetch->key_addresses);
	free(fetch->elem_addresses);
	free(fetch->key_status);
	free(fetch->elem_status);
	*fetch = (struct ms_fetch){ 0 };
}

/* Most slots hold words, which are copied without a call.  */
static void copy_slot(uint8_t *to, const uint8_t *from, uint64_t size)
{
	if (size == 8)
		memcpy(to, from, 8);
	else if (size == 4)
		memcpy(to, from, 4);
	else
		memcpy(to, from, size);
}

void ms_fetch_add(struct ms_fetch *fetch, const struct ms_map *map, const struct ms_slot *slot)
{
	uint64_t n = fetch->count++;

	fetch->key_addresses[n] = slot->key_address;
	fetch->elem_addresses[n] = slot->elem_address;
	if (map->key_indirect)
		fetch->key_addresses[n] = ms_map_pointer(map, slot->key);
	else
		copy_slot(fetch->keys + n * map->key_slot, slot->key, map->key_slot);
	if (map->elem_indirect)
		fetch->elem_addresses[n] = ms_map_pointer(map, slot->elem);
	else
		copy_slot(fetch->elems + n * map->elem_slot, slot->elem, map->elem_slot);
}

/* Reads COUNT records of SIZE bytes at ADDRESSES; where that fails, the address becomes 0 and the bytes zero.  */
static int32_t fetch_column(struct ms_context *ctx, uint64_t *addresses, uint8_t *records, int32_t *status,
			    uint64_t size, uint64_t count, uint64_t *lost)
{
	struct ms_range *ranges = calloc(count, sizeof *ranges);
	if (!ranges)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory for a batch of entries");

	for (uint64_t i = 0; i < count; i++) {
		status[i] = MS_FAULT;
		ranges[i] = (struct ms_range){ addresses[i], size, records + i * size, &status[i] };
	}
	int32_t result = ms_mem_read_many(ctx, ranges, count);
	for (uint64_t i = 0; i < count; i++) {
		if (status[i] == MS_OK)
			continue;
		addresses[i] = 0;
		*lost += result == MS_OK; /* an interrupted batch has lost nothing */
		memset(records + i * size, 0, size);
	}
	free(ranges);
	return result;
}

int32_t ms_fetch_run(struct ms_fetch *fetch, const struct ms_map *map)
{
	int32_t result = MS_OK;

	if (map->key_indirect && fetch->count)
		result = fetch_column(map->ctx, fetch->key_addresses, fetch->keys, fetch->key_status, map->key_size,
				      fetch->count, &fetch->lost);
	if (result == MS_OK && map->elem_indirect && fetch->count)
		result = fetch_column(map->ctx, fetch->elem_addresses, fetch->elems, fetch->elem_status, map->elem_size,
				      fetch->count, &fetch->lost);
	return result;
}

void ms_fetch_note(const struct ms_fetch *fetch, struct ms_notes *notes)
{
	if (fetch->lost)
		ms_note(notes, true, "%llu keys or elems that their slots point to cannot be read",
			(unsigned long long)fetch->lost);
}
