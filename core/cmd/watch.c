/* map-watch, and what a change under one of its watchpoints means.  */
#include "cmd/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "base/facts.h"
#include "cmd/command.h"
#include "mem/mem.h"

/* ---- Words ---- */

static const char *state_name(uint8_t tophash)
{
	static const char *const names[] = { "emptyRest", "emptyOne", "evacuatedX", "evacuatedY", "evacuatedEmpty" };

	return tophash < HMAP_MIN_TOPHASH ? names[tophash] : "full";
}

static bool is_growing(const struct ms_map *map)
{
	int64_t growing = 0;

	ms_map_number(map, "growing", &growing);
	return growing;
}

/* "new bucket 5 overflow 1", as map-buckets calls it; old or new only where there are both.  */
static void add_bucket(struct ms_buf *buf, const struct ms_map *map, const struct ms_slot_place *place)
{
	if (is_growing(map))
		ms_buf_str(buf, place->old ? "old " : "new ");
	ms_buf_printf(buf, "bucket %llu", (unsigned long long)place->index);
	if (place->slot >= HMAP_SLOTS)
		ms_buf_printf(buf, " overflow %llu", (unsigned long long)place->slot / HMAP_SLOTS);
}

static void add_slot(struct ms_buf *buf, const struct ms_map *map, const struct ms_slot_place *place)
{
	add_bucket(buf, map, place);
	ms_buf_printf(buf, " slot %llu", (unsigned long long)place->slot % HMAP_SLOTS);
}

static void add_address(struct ms_buf *buf, const struct ms_map *map, uint64_t address)
{
	if (address)
		ms_buf_hex(buf, address);
	else
		ms_buf_str(buf, map->shape->language == MS_GO ? "nil" : "NULL");
}

static void add_flags(struct ms_buf *buf, uint64_t flags)
{
	static const char *const names[] = { "iterator", "oldIterator", "hashWriting", "sameSizeGrow" };
	size_t before = buf->size;

	for (int i = 0; i < 4; i++)
		if (flags >> i & 1)
			ms_buf_printf(buf, "%s%s", buf->size > before ? "|" : "", names[i]);
	if (buf->size == before)
		ms_buf_char(buf, '-');
}

/* ---- What is watched ---- */

static void add_piece(struct ms_watch *watch, uint64_t address, uint64_t size, const char *name)
{
	if (watch->piece_count == ms_min(watch->most, MS_PIECES_MOST))
		return;
	watch->pieces[watch->piece_count].address = address;
	watch->pieces[watch->piece_count].size = (uint32_t)size;
	watch->pieces[watch->piece_count].name = name;
	watch->piece_count++;
}

/* The size of the first piece of SIZE bytes at ADDRESS that one watchpoint can hold: 1, 2, 4 or 8, aligned.  */
static uint64_t first_piece(uint64_t address, uint64_t size)
{
	uint64_t piece = 8;

	while (piece > size || address % piece)
		piece /= 2;
	return piece;
}

/* All of it, as far as the watchpoints reach. Returns the bytes covered, from SKIP on.  */
static uint64_t cover(struct ms_watch *watch, uint64_t address, uint64_t size, uint64_t skip, const char *name)
{
	uint64_t at = skip;

	while (at < size && watch->piece_count < ms_min(watch->most, MS_PIECES_MOST)) {
		uint64_t piece = first_piece(address + at, size - at);
		add_piece(watch, address + at, piece, name);
		at += piece;
	}
	return at;
}

static void say_left_out(struct ms_watch *watch, const char *name, uint64_t covered, uint64_t size)
{
	if (covered < size)
		ms_buf_printf(&watch->left_out, "%s%s: %llu of %llu bytes", watch->left_out.size ? "; " : "", name,
			      (unsigned long long)covered, (unsigned long long)size);
}

/* A slot's mark and its bucket's overflow pointer come first, then the beginnings of key and elem, then the rest.  */
static void cover_slot(struct ms_watch *watch, const struct ms_map *map)
{
	struct ms_slot_parts parts;
	uint64_t word = map->ctx->memory.pointer_size, key, elem;

	ms_slot_parts(map, &watch->place, &parts);
	if (watch->behind) {
		cover(watch, watch->behind + (parts.overflow - watch->place.bucket), word, 0, "overflow");
		return;
	}
	uint64_t key_first = parts.key_size ? first_piece(parts.key, parts.key_size) : 0;
	uint64_t elem_first = parts.elem_size ? first_piece(parts.elem, parts.elem_size) : 0;
	cover(watch, parts.tophash, 1, 0, "tophash");
	cover(watch, parts.overflow, word, 0, "overflow");
	key = cover(watch, parts.key, key_first, 0, "key");
	elem = cover(watch, parts.elem, elem_first, 0, "elem");
	key = cover(watch, parts.key, parts.key_size, key, "key");
	elem = cover(watch, parts.elem, parts.elem_size, elem, "elem");
	say_left_out(watch, "key", key, parts.key_size);
	say_left_out(watch, "elem", elem, parts.elem_size);
}

static void cover_header(struct ms_watch *watch, const struct ms_map *map)
{
	uint64_t offset, size, covered;
	const char *name;

	for (uint32_t n = 0; n < MS_HEADER_MEMBERS && (name = ms_header_member(map, n, &offset, &size)); n++) {
		if (!(watch->members >> n & 1))
			continue;
		covered = cover(watch, watch->map + offset, size, 0, name);
		say_left_out(watch, name, covered, size);
	}
}

static void cover_all(struct ms_watch *watch, const struct ms_map *map)
{
	struct ms_slot_parts parts;

	watch->piece_count = 0;
	ms_buf_clear(&watch->left_out);
	if (watch->what == WATCH_HEADER) {
		cover_header(watch, map);
	} else if (watch->what == WATCH_SLOT) {
		cover_slot(watch, map);
	} else {
		ms_slot_parts(map, &watch->place, &parts);
		cover(watch, parts.tophash - watch->place.slot % HMAP_SLOTS, HMAP_SLOTS, 0, "tophash");
		cover(watch, parts.overflow, map->ctx->memory.pointer_size, 0, "overflow");
	}
}

/* ---- What is there ---- */

struct seen {
	uint8_t marks[HMAP_SLOTS];
	uint64_t overflow;
	uint8_t key[MS_PART_MOST], elem[MS_PART_MOST];
};

static int32_t see(struct ms_watch *watch, const struct ms_map *map, struct seen *out)
{
	struct ms_slot_parts parts;
	bool slot = watch->what == WATCH_SLOT;
	uint8_t word[8];

	ms_slot_parts(map, &watch->place, &parts);
	uint64_t first = slot ? parts.tophash : parts.tophash - watch->place.slot % HMAP_SLOTS;
	int32_t status = ms_mem_read_cached(map->ctx, first, out->marks, slot ? 1 : HMAP_SLOTS);
	if (status == MS_OK)
		status = ms_mem_read_cached(map->ctx, parts.overflow, word, map->ctx->memory.pointer_size);
	if (status < 0 || !slot)
		watch->key.size = watch->elem.size = 0;
	if (status < 0)
		return status;
	out->overflow = ms_map_pointer(map, word);
	if (!slot)
		return MS_OK;
	watch->key.size = ms_min(parts.key_size, MS_PART_MOST);
	watch->elem.size = ms_min(parts.elem_size, MS_PART_MOST);
	status = ms_mem_read_cached(map->ctx, parts.key, out->key, watch->key.size);
	return status < 0 ? status : ms_mem_read_cached(map->ctx, parts.elem, out->elem, watch->elem.size);
}

static void remember(struct ms_watch *watch, const struct seen *seen)
{
	memcpy(watch->marks, seen->marks, sizeof watch->marks);
	watch->overflow = seen->overflow;
	memcpy(watch->key.bytes, seen->key, watch->key.size);
	memcpy(watch->elem.bytes, seen->elem, watch->elem.size);
}

static uint64_t header_value(const struct ms_map *map, uint64_t offset, uint64_t size)
{
	return ms_load(map->header + offset, size, map->ctx->memory.big_endian);
}

static void remember_header(struct ms_watch *watch, const struct ms_map *map)
{
	uint64_t offset, size;

	for (uint32_t n = 0; n < MS_HEADER_MEMBERS && ms_header_member(map, n, &offset, &size); n++)
		watch->header[n] = header_value(map, offset, size);
}

/* ---- Changes told ---- */

static void separate(struct ms_watch *watch)
{
	ms_buf_str(&watch->text, watch->text.size ? "; " : "");
}

static void tell_member(struct ms_watch *watch, const struct ms_map *map, const char *name, uint64_t was, uint64_t is)
{
	struct ms_buf *buf = &watch->text;
	bool pointer = strstr(name, "buckets"), flags = !strcmp(name, "flags");

	separate(watch);
	ms_buf_printf(buf, "%s ", name);
	for (int i = 0; i < 2; i++) {
		uint64_t value = i ? is : was;
		ms_buf_str(buf, i ? " -> " : "");
		if (pointer)
			add_address(buf, map, value);
		else if (flags)
			add_flags(buf, value);
		else if (!strcmp(name, "count"))
			ms_buf_int(buf, (int64_t)value);
		else
			ms_buf_uint(buf, value);
	}
	if (!strcmp(name, "oldbuckets"))
		ms_buf_str(buf, !was ? ": a growth begins" : !is ? ": the growth is done" : "");
	if (!strcmp(name, "buckets") && !was)
		ms_buf_str(buf, ": the first bucket array");
}

static int32_t look_at_header(struct ms_watch *watch, const struct ms_map *map)
{
	uint64_t offset, size;
	const char *name;

	for (uint32_t n = 0; n < MS_HEADER_MEMBERS && (name = ms_header_member(map, n, &offset, &size)); n++) {
		uint64_t is = header_value(map, offset, size);
		if (watch->members >> n & 1 && is != watch->header[n])
			tell_member(watch, map, name, watch->header[n], is);
		watch->header[n] = is;
	}
	return watch->text.size ? MS_WATCH_TOLD : MS_WATCH_NOTHING;
}

static int32_t ended(struct ms_watch *watch, const char *why)
{
	ms_buf_printf(&watch->text, "%s%s: the watch ends", watch->text.size ? ", " : "", why);
	return MS_WATCH_ENDED;
}

/* A key or elem in its slot: a value of its type, or the pointer to one.  */
static void add_part(struct ms_watch *watch, const struct ms_map *map, bool is_key, const uint8_t *bytes)
{
	const struct ms_node *node = is_key ? map->key : map->elem;
	uint64_t size = is_key ? watch->key.size : watch->elem.size;

	if (is_key ? map->key_indirect : map->elem_indirect)
		add_address(&watch->text, map, ms_map_pointer(map, bytes));
	else
		ms_value(map->ctx, &watch->text, node, bytes, size, 0,
			 (struct ms_style){ .language = map->shape->language });
}

static void tell_part(struct ms_watch *watch, const struct ms_map *map, bool is_key, const uint8_t *is)
{
	struct ms_part *part = is_key ? &watch->key : &watch->elem;

	if (part->awaited && !memcmp(is, part->before, part->size))
		return;
	part->awaited = false;
	if (!memcmp(is, part->bytes, part->size))
		return;
	separate(watch);
	ms_buf_str(&watch->text, is_key ? "key " : "elem ");
	add_part(watch, map, is_key, part->bytes);
	ms_buf_str(&watch->text, " -> ");
	add_part(watch, map, is_key, is);
	memcpy(part->bytes, is, part->size);
}

static void tell_overflow(struct ms_watch *watch, const struct ms_map *map, uint64_t is)
{
	if (is == watch->overflow)
		return;
	separate(watch);
	ms_buf_str(&watch->text, "overflow ");
	add_address(&watch->text, map, watch->overflow);
	ms_buf_str(&watch->text, " -> ");
	add_address(&watch->text, map, is);
	if (!watch->overflow)
		ms_buf_printf(&watch->text, ": overflow bucket %llu is new",
			      (unsigned long long)watch->place.slot / HMAP_SLOTS + 1);
	watch->overflow = is;
}

/* The entry is now, or is about to be, in another slot: what is there until it comes is remembered.  */
static int32_t follow(struct ms_watch *watch, const struct ms_map *map, const struct ms_slot_place *to)
{
	struct seen seen;

	watch->place = *to;
	watch->behind = 0;
	int32_t status = see(watch, map, &seen);
	if (status < 0)
		return status == MS_INTERRUPTED ? status : ended(watch, "which cannot be read");
	memcpy(watch->key.before, seen.key, watch->key.size);
	memcpy(watch->elem.before, seen.elem, watch->elem.size);
	watch->key.awaited = memcmp(seen.key, watch->key.bytes, watch->key.size) != 0;
	watch->elem.awaited = memcmp(seen.elem, watch->elem.bytes, watch->elem.size) != 0;
	watch->mark_awaited = seen.marks[0] != watch->marks[0];
	watch->overflow = seen.overflow;
	cover_all(watch, map);
	return MS_WATCH_MOVED;
}

static int32_t follow_evacuation(struct ms_watch *watch, const struct ms_map *map, uint8_t mark)
{
	struct ms_slot_place to;
	uint64_t behind = 0;
	int32_t status = ms_slot_destination(map, &watch->place, mark == HMAP_EVACUATED_Y, &to, &behind);

	if (status == MS_INTERRUPTED)
		return status;
	if (status == MS_OK) {
		ms_buf_str(&watch->text, ", now in ");
		add_slot(&watch->text, map, &to);
		return follow(watch, map, &to);
	}
	if (status != MS_NOT_FOUND)
		return ended(watch, "where to cannot be found");
	ms_buf_str(&watch->text, ", on its way to ");
	add_slot(&watch->text, map, &to);
	ms_buf_str(&watch->text, ", which is still to be made");
	watch->place = to;
	watch->behind = watch->place.bucket = behind;
	watch->overflow = 0;
	cover_all(watch, map);
	return MS_WATCH_MOVED;
}

/* The overflow bucket that the entry goes to.  */
static int32_t look_behind(struct ms_watch *watch, const struct ms_map *map)
{
	struct ms_slot_place to;
	uint64_t slots;
	int32_t status = ms_slot_find(map, watch->place.old, watch->place.index, watch->place.slot, &to, &slots);

	if (status == MS_NOT_FOUND)
		return MS_WATCH_NOTHING;
	if (status < 0)
		return status == MS_INTERRUPTED ? status : ended(watch, "its chain cannot be read");
	ms_buf_str(&watch->text, "the overflow bucket that the entry goes to is there");
	return follow(watch, map, &to);
}

static int32_t look_at_slot(struct ms_watch *watch, const struct ms_map *map, const struct seen *seen)
{
	uint8_t was = watch->marks[0], is = seen->marks[0];

	if (watch->mark_awaited && is < HMAP_MIN_TOPHASH)
		is = was; /* the entry has not come yet */
	else if (watch->mark_awaited)
		was = is; /* of a key unlike itself, evacuation makes a new one */
	watch->mark_awaited = watch->mark_awaited && seen->marks[0] < HMAP_MIN_TOPHASH;
	watch->marks[0] = is;
	tell_part(watch, map, true, seen->key);
	tell_part(watch, map, false, seen->elem);
	tell_overflow(watch, map, seen->overflow);
	if (is == was)
		return watch->text.size ? MS_WATCH_TOLD : MS_WATCH_NOTHING;
	separate(watch);
	ms_buf_printf(&watch->text, "%s -> %s", state_name(was), state_name(is));
	if (was >= HMAP_MIN_TOPHASH && (is == HMAP_EVACUATED_X || is == HMAP_EVACUATED_Y)) {
		watch->marks[0] = was; /* as the entry will have it there */
		return follow_evacuation(watch, map, is);
	}
	if (was >= HMAP_MIN_TOPHASH && is < HMAP_MIN_TOPHASH)
		return ended(watch, map->count ? "the entry is deleted" : "the entry is gone, the map is empty");
	if (is == HMAP_EVACUATED_EMPTY)
		return ended(watch, "there was nothing to move");
	if (is >= HMAP_MIN_TOPHASH)
		ms_buf_printf(&watch->text, ", tophash %u", is);
	return MS_WATCH_TOLD;
}

static int32_t look_at_bucket(struct ms_watch *watch, const struct ms_map *map, const struct seen *seen)
{
	for (int i = 0; i < HMAP_SLOTS; i++) {
		uint8_t was = watch->marks[i], is = seen->marks[i];
		if (was == is)
			continue;
		separate(watch);
		ms_buf_printf(&watch->text, "slot %d %s -> %s", i, state_name(was), state_name(is));
		if (is >= HMAP_MIN_TOPHASH)
			ms_buf_printf(&watch->text, ", tophash %u", is);
		watch->marks[i] = is;
	}
	tell_overflow(watch, map, seen->overflow);
	return watch->text.size ? MS_WATCH_TOLD : MS_WATCH_NOTHING;
}

static int32_t look(struct ms_watch *watch, const struct ms_map *map)
{
	struct seen seen;

	if (watch->what == WATCH_HEADER)
		return look_at_header(watch, map);
	if (watch->behind)
		return look_behind(watch, map);
	int32_t status = see(watch, map, &seen);
	if (status < 0)
		return status == MS_INTERRUPTED ? status : ended(watch, "its bucket cannot be read any more");
	return watch->what == WATCH_SLOT ? look_at_slot(watch, map, &seen) : look_at_bucket(watch, map, &seen);
}

static void name(struct ms_watch *watch, const struct ms_map *map)
{
	ms_buf_clear(&watch->name);
	if (watch->what == WATCH_HEADER)
		ms_buf_str(&watch->name, "header");
	else if (watch->what == WATCH_BUCKET)
		add_bucket(&watch->name, map, &watch->place);
	else
		add_slot(&watch->name, map, &watch->place);
}

int32_t ms_watch_look(struct ms_watch *watch, uint64_t map_type, const char **text_out)
{
	struct ms_context *ctx = watch->ctx;
	struct ms_map *map = NULL;
	struct ms_buf line = { 0 };

	ms_mem_forget(ctx);
	ms_slice_begin(ctx, 0);
	ms_buf_clear(&watch->text);
	const struct ms_node *type = ms_node(ctx, map_type);
	int32_t status = type ? ms_map_open_at(ctx, watch->map, type, &map) : MS_BAD_TYPE;
	if (status == MS_INTERRUPTED || ms_stopped(ctx) != MS_OK) {
		ms_map_free(map);
		return status == MS_INTERRUPTED ? status : ms_stopped(ctx);
	}
	bool lost = status < 0 || (map->broken.size && watch->what != WATCH_HEADER);
	if (status < 0)
		ms_buf_printf(&line, "%s", ms_error(ctx));
	else if (lost)
		ms_buf_printf(&line, "the map is damaged: %s", ms_buf_text(&map->broken));
	if (lost) {
		status = ended(watch, ms_buf_text(&line));
		ms_buf_clear(&line);
	} else {
		bool belongs = watch->what == WATCH_HEADER || ms_slot_belongs(map, &watch->place);
		name(watch, map);
		ms_buf_printf(&line, "%s: ", ms_buf_text(&watch->name));
		status = belongs ? look(watch, map) : ended(watch, "its bucket array is the map's no more");
	}
	if (status > 0)
		ms_buf_str(&line, ms_buf_text(&watch->text));
	line.failed |= watch->text.failed;
	struct ms_buf swap = watch->text;
	watch->text = line;
	ms_buf_fini(&swap);
	if (map && status == MS_WATCH_MOVED)
		name(watch, map);
	ms_map_free(map);
	*text_out = ms_buf_text(&watch->text);
	return watch->text.failed ? MS_NO_MEMORY : status;
}

/* ---- The command ---- */

static int32_t member_bits(struct ms_command *cmd, uint32_t *out)
{
	const char *wanted = cmd->args.field, *found;
	uint64_t offset, size;
	struct ms_buf known = { 0 };

	*out = 0;
	for (uint32_t n = 0; (found = ms_header_member(cmd->map, n, &offset, &size)); n++) {
		/* What there is of a map, and when it grows. Flags change at every write, nevacuate in a growth.  */
		bool usual = !strcmp(found, "count") || !strcmp(found, "B") || strstr(found, "buckets");
		if (wanted ? !strcmp(found, wanted) : usual)
			*out |= 1u << n;
		ms_buf_printf(&known, " %s", found);
	}
	if (!*out)
		ms_fail(cmd->ctx, MS_USAGE, "--field takes a member of the header, found \"%s\"; there are%s",
			ms_escape(cmd->ctx, wanted, strlen(wanted)), ms_buf_text(&known));
	ms_buf_fini(&known);
	return *out ? MS_OK : MS_USAGE;
}

static int32_t find_slot(struct ms_command *cmd, struct ms_slot_place *out)
{
	const struct ms_args *args = &cmd->args;
	bool old = args->given & MS_OPT_OLD;
	uint64_t slots = 0, slot = args->given & MS_OPT_SLOT ? args->slot : 0;
	int64_t buckets = 0;

	ms_map_number(cmd->map, old ? "old_buckets" : "buckets", &buckets);
	if (old && !buckets)
		return ms_fail(cmd->ctx, MS_USAGE, "--old: the map is not growing, there are no old buckets");
	int32_t status = ms_slot_find(cmd->map, old, args->bucket, slot, out, &slots);
	if (status == MS_NOT_FOUND && slots)
		return ms_fail(cmd->ctx, MS_USAGE,
			       "--slot %llu: no such slot; the chain of bucket %llu has %llu, counted from 0",
			       (unsigned long long)slot, (unsigned long long)args->bucket, (unsigned long long)slots);
	if (status == MS_NOT_FOUND)
		return ms_fail(cmd->ctx, MS_USAGE, "--bucket %llu: no such bucket; there are %lld%s, counted from 0",
			       (unsigned long long)args->bucket, (long long)buckets, old ? " old ones" : "");
	return status == MS_FAULT ? ms_fail(cmd->ctx, status, "the chain of bucket %llu cannot be read",
					    (unsigned long long)args->bucket)
				  : status;
}

static int32_t begin(struct ms_command *cmd)
{
	const struct ms_args *args = &cmd->args;
	struct ms_slot_place place;
	uint32_t members;

	if (cmd->map->nil)
		return ms_fail(cmd->ctx, MS_BAD_MAP, "a nil map has no memory that could be watched");
	if (!cmd->map->address)
		return ms_fail(cmd->ctx, MS_BAD_MAP, "this map lies nowhere in memory: its bytes are a copy");
	if (args->given & MS_OPT_SLOT && !(args->given & MS_OPT_BUCKET))
		return ms_fail(cmd->ctx, MS_USAGE, "--slot %llu: of which bucket? Add --bucket I",
			       (unsigned long long)args->slot);
	if (args->given & MS_OPT_BUCKET && args->field)
		return ms_fail(cmd->ctx, MS_USAGE, "--field is about the header, --bucket is not: give one of them");
	if (!(args->given & MS_OPT_BUCKET))
		return member_bits(cmd, &members);
	if (cmd->map->broken.size)
		return ms_fail(cmd->ctx, MS_BAD_MAP, "not a valid map: %s", ms_buf_text(&cmd->map->broken));
	return find_slot(cmd, &place);
}

const struct ms_command_kind ms_command_watch = {
	.name = "map-watch",
	.help = "Watch a map's memory, and tell changes in the map's words.\n"
		"Usage: map-watch EXPR [--field F] [--bucket I] [--slot I] [--old] [OPTION]...\n"
		"\n"
		"Sets hardware watchpoints of the debugger's. Without --bucket on the header: on\n"
		"count, B, buckets and oldbuckets.\n"
		"\n"
		"  --field F      one member of the header: count, flags, B, noverflow, hash0,\n"
		"                 buckets, oldbuckets or nevacuate\n"
		"  --bucket I     the tophash bytes of bucket I, and its overflow pointer\n"
		"  --slot I       of that bucket one slot: tophash, key, elem; 8 is the first slot\n"
		"                 of the first overflow bucket\n"
		"  --old          in the old array of a growth in progress\n"
		"  --type TYPE    EXPR is the address of a map of that type\n"
		"  --expr         EXPR is any expression of the debugger's (in gdb it always is);\n"
		"                 lldb may call functions and write to the program for it\n"
		"\n"
		"A watched entry is followed to where evacuation moves it. The watch ends, and\n"
		"says why, when the entry is deleted, the array is freed, or you delete one of its\n"
		"watchpoints. A processor has few of them (x86: 4): of a long key or elem only the\n"
		"beginning may be covered, which is said. Never a software watchpoint, which would\n"
		"stop the program at each instruction.\n"
		"\n"
		"Examples:\n"
		"  map-watch m\n"
		"  map-watch m --field nevacuate\n"
		"  map-watch m --bucket 5 --slot 2",
	.grammar = { MS_ONE_EXPR,
		     .options = MS_OPT_TYPE | MS_OPT_EXPR | MS_OPT_BUCKET | MS_OPT_SLOT | MS_OPT_FIELD | MS_OPT_OLD },
	.in_debugger = true,
	.begin = begin,
};

int32_t ms_watch_new(struct ms_command *cmd, uint32_t most, struct ms_watch **out)
{
	struct ms_watch *watch;
	struct seen seen = { 0 };
	int32_t status = MS_OK;

	if (cmd->kind != &ms_command_watch || cmd->state != COMMAND_DONE || cmd->status != MS_YES)
		return MS_NOT_FOUND;
	watch = calloc(1, sizeof *watch);
	if (!watch)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	watch->ctx = cmd->ctx;
	watch->map = cmd->map->address;
	watch->most = most;
	if (cmd->args.given & MS_OPT_BUCKET) {
		watch->what = cmd->args.given & MS_OPT_SLOT ? WATCH_SLOT : WATCH_BUCKET;
		status = find_slot(cmd, &watch->place);
		if (status == MS_OK)
			status = see(watch, cmd->map, &seen);
		if (status == MS_OK)
			remember(watch, &seen);
	} else {
		status = member_bits(cmd, &watch->members);
		remember_header(watch, cmd->map);
	}
	if (status < 0) {
		ms_watch_free(watch);
		return status;
	}
	cover_all(watch, cmd->map);
	name(watch, cmd->map);
	if (watch->name.failed || watch->left_out.failed) {
		ms_watch_free(watch);
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	}
	*out = watch;
	return MS_OK;
}

uint64_t ms_watch_type(const struct ms_command *cmd)
{
	return cmd->map ? cmd->map->type->type : 0;
}

void ms_watch_free(struct ms_watch *watch)
{
	if (!watch)
		return;
	ms_buf_fini(&watch->name);
	ms_buf_fini(&watch->left_out);
	ms_buf_fini(&watch->text);
	free(watch);
}

const char *ms_watch_name(const struct ms_watch *watch)
{
	return ms_buf_text(&watch->name);
}

const char *ms_watch_left_out(const struct ms_watch *watch)
{
	return ms_buf_text(&watch->left_out);
}

int32_t ms_watch_piece(const struct ms_watch *watch, uint32_t n, struct ms_watched *out)
{
	if (out->size < sizeof *out || n >= watch->piece_count)
		return MS_NOT_FOUND;
	*out = (struct ms_watched){ .size = sizeof *out,
				    .address = watch->pieces[n].address,
				    .byte_count = watch->pieces[n].size,
				    .name = watch->pieces[n].name };
	return MS_OK;
}
