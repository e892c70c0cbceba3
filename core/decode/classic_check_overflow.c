/* Overflow buckets: that a pointer leads to one, that no two chains have it, that the list which keeps it knows it, and that
   those preallocated behind an array are accounted for.

   Go, src/runtime/map.go, makeBucketArray and newoverflow: spare buckets are taken in order, nextOverflow is the first one
   left, and the last one points to the array as a mark of the end. extra.overflow and extra.oldoverflow list all overflow
   buckets of maps whose buckets hold no pointers. The C map's (core/hmap, hmap.h) list those that were allocated singly.  */
#include <stdlib.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/classic_check.h"
#include "mem/mem.h"

enum {
	SPARES_MOST = 1 << 26, /* spare buckets that are */
	LOOK_AT_CLOCK = 64,    /* elements read between two looks */
	WINDOW = 64 << 10,     /* bytes of a list that are read at once */
};

static const struct ms_check_place nowhere;

static struct ms_check_place in_array(uint32_t array)
{
	return (struct ms_check_place){ .in_array = true, .array = array };
}

/* The word at ADDRESS.  */
static int32_t read_word(struct ms_check *check, uint64_t address, uint64_t *out)
{
	struct ms_context *ctx = check->map->map.ctx;
	uint8_t bytes[8];
	int32_t status = ms_mem_read_cached(ctx, address, bytes, ctx->memory.pointer_size);

	*out = status == MS_OK ? ms_load(bytes, ctx->memory.pointer_size, ctx->memory.big_endian) : 0;
	return status;
}

static bool stops(int32_t status)
{
	return status == MS_INTERRUPTED || status == MS_NO_MEMORY;
}

/* ---- extra ---- */

void check_extra_begin(struct ms_check *check)
{
	struct ms_map *map = &check->map->map;
	const struct ms_node *member, *target;
	uint64_t offset;

	if (!ms_node_member(map->ctx, map->shape->header, "extra", &offset, &member) || member->kind != MS_POINTER ||
	    offset + map->ctx->memory.pointer_size > map->shape->header->size)
		return;
	check->extra = ms_map_pointer(map, map->header + offset);
	target = ms_node_target(map->ctx, member);
	target = target ? ms_node_strip(map->ctx, target) : NULL;
	check->extra_type = target && target->kind == MS_STRUCT && target->member_count ? target : NULL;
}

/* A pointer of extra. MS_NOT_FOUND: it has no such member, or is not known.  */
static int32_t extra_word(struct ms_check *check, const char *name, uint64_t *out, const struct ms_node **type_out)
{
	uint64_t offset;

	*out = 0;
	if (!check->extra || !check->extra_type || check->extra_bad ||
	    !ms_node_member(check->map->map.ctx, check->extra_type, name, &offset, type_out) ||
	    (*type_out)->kind != MS_POINTER)
		return MS_NOT_FOUND;
	int32_t status = read_word(check, check->extra + offset, out);
	if (status == MS_FAULT) {
		ms_find(&check->findings, MS_BAD_EXTRA, &nowhere, "extra is 0x%llx, which cannot be read",
			(unsigned long long)check->extra);
		check->extra_bad = true;
		return MS_NOT_FOUND;
	}
	return status;
}

/* ---- Spare buckets ---- */

/* Buckets of an array of 2^B, spares among them, in a Go 1.22 or later whose buckets hold pointers: its allocator takes 8 bytes of a
   block below 32 KiB for itself. src/runtime/msize.go, roundupsize.  */
static uint64_t with_malloc_header(const struct ms_check *check, uint8_t B)
{
	uint64_t size = check->map->bucket.size, own = (uint64_t)1 << B;
	uint64_t bytes = (own + (own >> HMAP_SPARE_MIN_B)) * size + 8;

	for (int i = 0; i < HMAP_SIZE_CLASS_COUNT; i++)
		if (hmap_size_classes[i] >= bytes)
			return (hmap_size_classes[i] - 8) / size;
	return 0;
}

/* Finds the mark at the array's end, which tells how many spares there are.  */
static int32_t find_end_mark(struct ms_check *check, struct check_owners *owners, uint64_t next)
{
	uint64_t size = check->map->bucket.size, base = check->map->buckets, first = 0;
	uint64_t own = check_array_count(check, CLASSIC_NEW), word;
	uint64_t totals[] = { own + owners->spare_most,
			      check->map->map.shape->language == MS_GO ? with_malloc_header(check, check->map->B) : 0 };

	for (int i = 0; i < 2; i++) {
		if (totals[i] <= own)
			continue;
		int32_t status = read_word(check, base + (totals[i] - 1) * size + check->map->bucket.overflow, &word);
		if (stops(status))
			return status;
		if (word == base) {
			owners->spare_most = totals[i] - own;
			return MS_OK;
		}
		first = i ? first : word;
	}
	uint64_t last = base + (totals[0] - 1) * size;
	if (check->writing && next == last) /* the last one is being taken */
		return MS_OK;
	struct ms_check_place place = in_array(CLASSIC_NEW);
	ms_find(&check->findings, MS_BAD_SPARE, &place,
		"the last preallocated bucket, at 0x%llx, has overflow 0x%llx: expected 0x%llx, the array, which marks "
		"the "
		"end",
		(unsigned long long)last, (unsigned long long)first, (unsigned long long)base);
	return MS_OK;
}

/* Where nextOverflow stands among the spares of the new array.  */
static int32_t begin_next_overflow(struct ms_check *check, struct check_owners *owners)
{
	uint64_t size = check->map->bucket.size, array = check->map->buckets, next, end;
	uint64_t own = check_array_count(check, CLASSIC_NEW);
	const struct ms_node *type;
	int32_t status = extra_word(check, "nextOverflow", &next, &type);

	if (status == MS_OK && next)
		status = find_end_mark(check, owners, next);
	if (status < 0)
		return status == MS_NOT_FOUND ? MS_OK : status;
	owners->spare_end = owners->spare_most;
	if (!next)
		return MS_OK;
	end = array + (own + owners->spare_most) * size;
	owners->spare_end = UINT64_MAX;
	if (next < array + own * size || next >= end || (next - array) % size)
		ms_find(&check->findings, MS_BAD_EXTRA, &nowhere,
			"nextOverflow is 0x%llx: expected 0, or one of the %llu preallocated buckets from 0x%llx on",
			(unsigned long long)next, (unsigned long long)owners->spare_most,
			(unsigned long long)(array + own * size));
	else
		owners->spare_end = (next - array) / size - own;
	return MS_OK;
}

static int32_t begin_spares(struct ms_check *check, uint32_t array)
{
	struct check_owners *owners = &check->owners[array];
	uint8_t B = classic_array_B(check->map, array);
	uint64_t own = check_array_count(check, array);
	int32_t status = MS_OK;

	owners->spare_end = UINT64_MAX;
	if (!check->extra || !check->extra_type || B < HMAP_SPARE_MIN_B)
		return MS_OK;
	owners->spare_most = classic_array_bytes(check->map, B) / check->map->bucket.size - own;
	owners->spare_least = own >> HMAP_SPARE_MIN_B;
	if (array == CLASSIC_NEW)
		status = begin_next_overflow(check, owners);
	if (owners->spare_most <= SPARES_MOST)
		owners->spare_used = calloc(1, owners->spare_most / 8 + 1);
	else
		ms_note(check->notes, false,
			"not checked: which of more than %d preallocated overflow buckets are in use", SPARES_MOST);
	return owners->spare_most <= SPARES_MOST && !owners->spare_used ? MS_NO_MEMORY : status;
}

/* Those before nextOverflow are in use, all of them. One may be on its way into a chain.  */
static void check_spares_used(struct ms_check *check, const struct check_owners *owners)
{
	uint64_t first = 0;
	bool all = owners->spare_end == owners->spare_most; /* nextOverflow is 0: how many there were is not told */
	struct ms_check_place place = in_array(CLASSIC_NEW);

	while (first < owners->spare_most && check_bit(owners->spare_used, first))
		first++;
	if (all && first == owners->spares_used && first >= owners->spare_least)
		return;
	if (first >= owners->spare_end || (check->writing && first + 1 == owners->spare_end))
		return;
	ms_find(&check->findings, MS_BAD_SPARE, &place,
		"preallocated bucket %llu, at 0x%llx, is in no chain: expected all before nextOverflow to be (%llu of "
		"%llu "
		"are)",
		(unsigned long long)first,
		(unsigned long long)(check->map->buckets +
				     (check_array_count(check, CLASSIC_NEW) + first) * check->map->bucket.size),
		(unsigned long long)owners->spares_used, (unsigned long long)owners->spare_end);
}

/* ---- Lists ---- */

int32_t check_owners_begin(struct ms_check *check, uint32_t array)
{
	static const char *const names[] = { "oldoverflow", "overflow" };
	struct check_owners *owners = &check->owners[array];
	struct ms_context *ctx = check->map->map.ctx;
	const struct ms_node *type, *target;
	uint64_t list, offset;

	for (uint32_t half = 0; half < CLASSIC_PAIR; half++)
		owners->list[half].shift = owners->met[half].shift = classic_pointer_shift(check->map);
	int32_t status = begin_spares(check, array);
	if (status == MS_OK)
		status = extra_word(check, names[array], &list, &type);
	if (status < 0)
		return status == MS_NOT_FOUND ? MS_OK : status;
	target = ms_node_target(ctx, type);
	target = target ? ms_node_strip(ctx, target) : NULL;
	if (!target || target->kind != MS_STRUCT || !target->member_count)
		return MS_OK;
	if (ms_node_member(ctx, target, "next", &offset, &type) && offset == 0) {
		owners->list_next = list;
		owners->list_address = target->size; /* from a block to its payload */
		owners->listed = true;
	} else if (list && ms_node_member(ctx, target, "array", &offset, &type) && offset == 0) {
		owners->listed = owners->list_has_spares = true;
		status = read_word(check, list, &owners->list_address);
		if (status == MS_OK)
			status = read_word(check, list + ctx->memory.pointer_size, &owners->list_length);
	}
	if (status != MS_FAULT)
		return status;
	ms_find(&check->findings, MS_BAD_EXTRA, &nowhere, "the list of overflow buckets at 0x%llx cannot be read",
		(unsigned long long)list);
	owners->listed = false;
	return MS_OK;
}

static bool spare_number(const struct ms_check *check, uint32_t array, uint64_t address, uint64_t *number_out)
{
	uint64_t size = check->map->bucket.size, own = check_array_count(check, array);
	uint64_t offset = address - check_array_address(check, array);

	*number_out = offset / size - own;
	return address >= check_array_address(check, array) && offset / size >= own &&
	       offset / size < own + check->owners[array].spare_most;
}

/* ADDRESS is in the list. False: the rest of it is not read.  */
static bool add_listed(struct ms_check *check, uint32_t array, uint64_t address)
{
	struct check_owners *owners = &check->owners[array];
	struct ms_check_place place = in_array(array);
	uint64_t number;

	if (owners->list_has_spares && spare_number(check, array, address, &number)) {
		owners->list_spares++;
		return true;
	}
	bool usable = address && address % check->map->map.ctx->memory.pointer_size == 0;
	switch (usable ? ms_marks_add(&owners->list[classic_half(address)], address) : MS_VISIT_AGAIN) {
	case MS_VISIT_FIRST:
		return true;
	case MS_VISIT_NO_ROOM:
		owners->full = true;
		break;
	case MS_VISIT_AGAIN:
		ms_find(&check->findings, MS_OVERFLOW_UNUSED, &place, "the list of overflow buckets names 0x%llx%s",
			(unsigned long long)address,
			usable ? " twice: expected each once" : ": expected a bucket's address");
	}
	owners->listed = false;
	return false;
}

/* Whether the window shows the word at ADDRESS: it follows the list of a live process, of which most elements were allocated one after
   the other and lie so.  */
static bool look_through_window(struct ms_check *check, uint64_t address)
{
	const struct ms_memory *memory = &check->map->map.ctx->memory;
	struct check_window *window = &check->window;
	uint64_t before = window->address;

	if (address - before < WINDOW)
		return address - before + memory->pointer_size <= window->size;
	window->address = address - address % WINDOW;
	window->size = 0;
	if (!memory->pid || (window->address != before + WINDOW && window->address + WINDOW != before))
		return false;
	if (!window->bytes)
		window->bytes = malloc(WINDOW);
	int64_t got = window->bytes ? ms_live_read(memory->pid, window->address, window->bytes, WINDOW) : 0;
	window->size = got > 0 ? (uint64_t)got : 0;
	return address - window->address + memory->pointer_size <= window->size;
}

static int32_t read_listed(struct ms_check *check, uint64_t address, uint64_t *out)
{
	const struct ms_memory *memory = &check->map->map.ctx->memory;

	if (!look_through_window(check, address))
		return read_word(check, address, out);
	*out = ms_load(check->window.bytes + (address - check->window.address), memory->pointer_size,
		       memory->big_endian);
	return MS_OK;
}

/* The next element of the list; false at its end. A fault ends it too.  */
static bool next_listed(struct ms_check *check, uint32_t array, uint64_t *out, int32_t *status)
{
	struct check_owners *owners = &check->owners[array];
	struct ms_check_place place = in_array(array);
	uint64_t at = owners->list_next;

	if (owners->list_has_spares) {
		if (at == owners->list_length)
			return false;
		*status = ms_element(owners->list_address, at, check->map->map.ctx->memory.pointer_size, &at)
				  ? read_listed(check, at, out)
				  : MS_FAULT;
		owners->list_next++;
	} else {
		if (!at)
			return false;
		*out = at + owners->list_address;
		*status = read_listed(check, at, &owners->list_next);
	}
	if (*status != MS_FAULT)
		return *status == MS_OK;
	*status = MS_OK;
	ms_find(&check->findings, MS_BAD_EXTRA, &place, "the list of overflow buckets cannot be read at 0x%llx",
		(unsigned long long)at);
	owners->listed = false;
	return false;
}

int32_t check_owners_list(struct ms_check *check, uint32_t array)
{
	struct check_owners *owners = &check->owners[array];
	int32_t status = MS_OK;
	uint64_t address;

	for (int steps = 1; owners->listed; steps++) {
		if (steps % LOOK_AT_CLOCK == 0 && ms_slice_over(check->map->map.ctx))
			return MS_AGAIN;
		if (!next_listed(check, array, &address, &status))
			return status;
		if (!add_listed(check, array, address))
			break;
	}
	return MS_OK;
}

void check_owners_fini(struct check_owners *owners)
{
	for (uint32_t half = 0; half < CLASSIC_PAIR; half++) {
		ms_marks_fini(&owners->list[half]);
		ms_marks_fini(&owners->met[half]);
	}
	free(owners->spare_used);
	*owners = (struct check_owners){ 0 };
}

/* ---- Pointers ---- */

/* Whether the bucket at ADDRESS, met before, was met in the chain at hand.  */
static bool wrong_turn(struct ms_check *check, uint64_t address, bool in_own_chain)
{
	const struct ms_check_place *place = &check->chain.place;

	check->cut++;
	if (in_own_chain)
		ms_find(&check->findings, MS_OVERFLOW_CYCLE, place,
			"the overflow pointer is 0x%llx, a bucket that the chain has passed: expected it to end",
			(unsigned long long)address);
	else
		ms_find(&check->findings, MS_OVERFLOW_SHARED, place,
			"the overflow pointer is 0x%llx, a bucket of another chain: expected each in one",
			(unsigned long long)address);
	return false;
}

static bool misaligned(struct ms_check *check, uint64_t address, const char *what)
{
	check->cut++;
	ms_find(&check->findings, MS_OVERFLOW_MISALIGNED, &check->chain.place, "the overflow pointer is 0x%llx: %s",
		(unsigned long long)address, what);
	return false;
}

static bool foreign(struct ms_check *check, uint64_t address, const char *what)
{
	check->cut++;
	ms_find(&check->findings, MS_OVERFLOW_FOREIGN, &check->chain.place,
		"the overflow pointer is 0x%llx, %s: expected an overflow bucket", (unsigned long long)address, what);
	return false;
}

static bool check_spare(struct ms_check *check, uint64_t address, uint64_t number, bool in_own_chain)
{
	struct check_owners *owners = &check->owners[check->chain.place.array];

	if (owners->spare_used) {
		if (check_bit(owners->spare_used, number))
			return wrong_turn(check, address, in_own_chain);
		check_set_bit(owners->spare_used, number);
	}
	owners->spares_used++;
	owners->count++;
	if (number >= owners->spare_end)
		ms_find(&check->findings, MS_BAD_SPARE, &check->chain.place,
			"the overflow pointer is 0x%llx, preallocated bucket %llu: expected none from nextOverflow on, "
			"number %llu, to be in use",
			(unsigned long long)address, (unsigned long long)number, (unsigned long long)owners->spare_end);
	return true;
}

/* TO lies within ARRAY or its spares: whether it may.  */
static bool check_inside(struct ms_check *check, uint32_t array, uint64_t to, bool in_own_chain)
{
	const struct ms_check_place *place = &check->chain.place;
	uint64_t size = check->map->bucket.size, offset = to - check_array_address(check, array), number;

	if (offset % size)
		return misaligned(check, to, "expected the start of a bucket, found the middle of one");
	if (array != place->array)
		return foreign(check, to,
			       array == CLASSIC_OLD ? "a bucket of the old array" : "a bucket of the new array");
	if (spare_number(check, array, to, &number))
		return check_spare(check, to, number, in_own_chain);
	if (offset / size == place->bucket)
		return wrong_turn(check, to, true);
	return foreign(check, to, "a bucket of the array itself");
}

static bool check_outside(struct ms_check *check, uint64_t to, bool in_own_chain)
{
	const struct ms_check_place *place = &check->chain.place;
	struct check_owners *owners = &check->owners[place->array];

	if (in_own_chain)
		return wrong_turn(check, to, true);
	owners->count++;
	if (owners->full)
		return true;
	switch (ms_marks_add(&owners->met[classic_half(to)], to)) {
	case MS_VISIT_AGAIN:
		owners->count--;
		return wrong_turn(check, to, false);
	case MS_VISIT_NO_ROOM:
		owners->full = true;
		return true;
	case MS_VISIT_FIRST:
		break;
	}
	check->unlisted = owners->listed && !ms_marks_has(&owners->list[classic_half(to)], to);
	return true;
}

bool check_overflow(struct ms_check *check, uint64_t to)
{
	const struct classic_map *map = check->map;
	uint64_t pointer_size = map->map.ctx->memory.pointer_size, end;

	check->unlisted = false;
	if (to % pointer_size)
		return misaligned(check, to,
				  pointer_size == 8 ? "expected a multiple of 8" : "expected a multiple of 4");
	if (!ms_add(to, map->bucket.size, &end) || (pointer_size == 4 && end >> 32)) {
		check->cut++;
		ms_find(&check->findings, MS_OVERFLOW_UNREADABLE, &check->chain.place,
			"the overflow pointer is 0x%llx: expected room for a bucket before the end of memory",
			(unsigned long long)to);
		return false;
	}
	enum ms_visit visit = ms_visited_add(&check->visited, to);
	bool in_own_chain = visit == MS_VISIT_AGAIN;
	if (visit == MS_VISIT_NO_ROOM || check->visited.count > CLASSIC_CHAIN_MOST) {
		check->cut++;
		ms_note(check->notes, true, "%s bucket %llu: a chain of more than 2^20 overflow buckets is given up",
			classic_array_name(check->chain.place.array), (unsigned long long)check->chain.place.bucket);
		return false;
	}
	for (uint32_t array = 0; array < CLASSIC_ARRAYS; array++) {
		uint64_t base = check_array_address(check, array);
		uint64_t buckets = check_array_count(check, array) + check->owners[array].spare_most;
		if (base && to >= base && to - base < buckets * map->bucket.size)
			return check_inside(check, array, to, in_own_chain);
	}
	return check_outside(check, to, in_own_chain);
}

/* ---- At a glance ---- */

uint32_t check_half(const struct ms_check *check, uint64_t to)
{
	uint64_t number;

	return spare_number(check, CLASSIC_NEW, to, &number) ? number >> 13 & 1
							     : classic_half(to); /* by whole bytes of spare_used */
}

bool check_overflow_is_sound(const struct ms_check *check, uint64_t to, struct check_met *met)
{
	const struct check_owners *owners = &check->owners[CLASSIC_NEW];
	uint64_t size = check->map->bucket.size, number;
	enum ms_visit visit = MS_VISIT_FIRST;

	if (spare_number(check, CLASSIC_NEW, to, &number)) {
		if ((to - check->map->buckets) % size || number >= owners->spare_end || !owners->spare_used ||
		    check_bit(owners->spare_used, number))
			return false;
		check_set_bit(owners->spare_used, number);
		met->spares++;
	} else {
		uint64_t old = check_array_count(check, CLASSIC_OLD) + check->owners[CLASSIC_OLD].spare_most;
		if ((check->map->oldbuckets && to - check->map->oldbuckets < old * size) ||
		    (owners->listed && !ms_marks_has(&owners->list[classic_half(to)], to)))
			return false;
		if (!owners->full && !met->full)
			visit = ms_marks_add(&met->marks, to);
		met->full |= visit == MS_VISIT_NO_ROOM;
	}
	met->count += visit != MS_VISIT_AGAIN;
	return visit != MS_VISIT_AGAIN;
}

/* ---- The account ---- */

/* What the list has and no chain. An evacuated bucket that held pointers is wiped, its overflow pointer too: evacuate().  */
static void check_unused(struct ms_check *check, uint32_t array)
{
	struct check_owners *owners = &check->owners[array];
	struct ms_check_place place = in_array(array);
	uint64_t address;

	if (array == CLASSIC_OLD && check->evacuated_count && !owners->list_has_spares)
		return;
	for (uint32_t half = 0; half < CLASSIC_PAIR; half++)
		for (uint64_t at = 0; (address = ms_marks_without(&owners->list[half], &owners->met[half], &at));)
			check_find_entry(check, MS_OVERFLOW_UNUSED, &place,
					 "the overflow bucket at 0x%llx is listed, and in no chain: expected it in one",
					 (unsigned long long)address);
	if (owners->list_has_spares && owners->list_spares != owners->spares_used)
		check_find_entry(
			check, MS_OVERFLOW_UNUSED, &place,
			"%llu preallocated overflow buckets are listed: expected %llu, as many as are in chains",
			(unsigned long long)owners->list_spares, (unsigned long long)owners->spares_used);
}

void check_owners_end(struct ms_check *check, uint32_t array)
{
	struct check_owners *owners = &check->owners[array];

	check->overflow_count += owners->count;
	if (owners->full)
		ms_note(check->notes, false,
			"not checked: whether overflow buckets beyond the first %llu of the %s array are in two "
			"chains, or in lists",
			(unsigned long long)(owners->met[0].known + owners->met[1].known), classic_array_name(array));
	if (check->cut)
		return;
	if (owners->listed && !owners->full)
		check_unused(check, array);
	if (array == CLASSIC_OLD || owners->spare_end == UINT64_MAX)
		return;
	if (owners->spare_used)
		check_spares_used(check, owners);
}
