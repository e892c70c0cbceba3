/* Events of maps: which functions mark them, what those functions' arguments lead to, and the line that tells of it. Setting
   breakpoints and reading registers is the front-ends' part.

   Sources: core/hmap; Go 1.15 to 1.23, src/runtime/map.go, map_fast32.go, map_fast64.go, map_faststr.go. Symbols and arguments
   were compared with live programs of Go 1.15, 1.19 and 1.23.  */
#include "cmd/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "decode/read.h"
#include "mem/mem.h"
#include "out/value.h"

enum { KEY_MOST = 1 << 16, WORD_MOST = 8 }; /* bytes of a key that is told; of an argument */

#define C_SITE(NAME, ...)                                                                                              \
	{                                                                                                              \
		.function = NAME, __VA_ARGS__                                                                          \
	}
#define GO_SITE(NAME, ...)                                                                                             \
	{                                                                                                              \
		.function = "runtime." NAME, .go = 1, __VA_ARGS__                                                      \
	}
#define H .arguments = "h", .argument_count = 1, .map = 1
#define H_KEY .arguments = "h key", .argument_count = 2, .map = 1, .key = 2
#define T_H .arguments = "t h", .argument_count = 2, .type = 1, .map = 2
#define T_H_KEY .arguments = "t h key", .argument_count = 3, .type = 1, .map = 2, .key = 3
#define T_H_TEXT .arguments = "t h s", .argument_count = 4, .type = 1, .map = 2, .key = 3, .key_is = MS_KEY_TEXT
#define T_H_BUCKET .arguments = "t h oldbucket", .argument_count = 3, .type = 1, .map = 2, .number = 3

static const struct ms_site make_sites[] = {
	C_SITE("hmap_init", .arguments = "h type hint", .argument_count = 3, .map = 1, .type = 2, .number = 3),
	GO_SITE("makemap", .arguments = "t hint h", .argument_count = 3, .type = 1, .number = 2),
	GO_SITE("makemap_small", .arguments = ""),
};
static const struct ms_site assign_sites[] = {
	C_SITE("hmap_assign", H_KEY),
	GO_SITE("mapassign", T_H_KEY),
	GO_SITE("mapassign_fast32", T_H_KEY, .key_is = MS_KEY_VALUE),
	GO_SITE("mapassign_fast32ptr", T_H_KEY, .key_is = MS_KEY_VALUE),
	GO_SITE("mapassign_fast64", T_H_KEY, .key_is = MS_KEY_VALUE),
	GO_SITE("mapassign_fast64ptr", T_H_KEY, .key_is = MS_KEY_VALUE),
	GO_SITE("mapassign_faststr", T_H_TEXT),
};
static const struct ms_site delete_sites[] = {
	C_SITE("hmap_delete", H_KEY),
	GO_SITE("mapdelete", T_H_KEY),
	GO_SITE("mapdelete_fast32", T_H_KEY, .key_is = MS_KEY_VALUE),
	GO_SITE("mapdelete_fast64", T_H_KEY, .key_is = MS_KEY_VALUE),
	GO_SITE("mapdelete_faststr", T_H_TEXT),
};
static const struct ms_site clear_sites[] = { C_SITE("hmap_clear", H), GO_SITE("mapclear", T_H) };
static const struct ms_site grow_sites[] = { C_SITE("hmap_grow", H), GO_SITE("hashGrow", T_H) };
static const struct ms_site evacuate_sites[] = {
	C_SITE("hmap_evacuate", .arguments = "h oldbucket", .argument_count = 2, .map = 1, .number = 2),
	GO_SITE("evacuate", T_H_BUCKET),
	GO_SITE("evacuate_fast32", T_H_BUCKET),
	GO_SITE("evacuate_fast64", T_H_BUCKET),
	GO_SITE("evacuate_faststr", T_H_BUCKET),
};
/* The mark's last move, and a clear in the middle.  */
static const struct ms_site grow_done_sites[] = {
	C_SITE("hmap_advance_mark", H),
	C_SITE("hmap_clear", H, .clears = true),
	GO_SITE("advanceEvacuationMark", .arguments = "h t newbit", .argument_count = 3, .map = 1, .type = 2),
	GO_SITE("mapclear", T_H, .clears = true),
};

#define SITES(NAME) NAME##_sites, sizeof NAME##_sites / sizeof *NAME##_sites
static const struct {
	const char *name;
	const struct ms_site *sites;
	size_t count;
} events[MS_EVENTS] = {
	[MS_EVENT_MAKE] = { "make", SITES(make) },
	[MS_EVENT_ASSIGN] = { "assign", SITES(assign) },
	[MS_EVENT_DELETE] = { "delete", SITES(delete) },
	[MS_EVENT_CLEAR] = { "clear", SITES(clear) },
	[MS_EVENT_GROW] = { "grow", SITES(grow) },
	[MS_EVENT_EVACUATE] = { "evacuate", SITES(evacuate) },
	[MS_EVENT_GROW_DONE] = { "grow-done", SITES(grow_done) },
};

const char *ms_event_name(uint32_t event)
{
	return event < MS_EVENTS ? events[event].name : NULL;
}

uint32_t ms_event_find(const char *name)
{
	uint32_t event = 0;

	while (event < MS_EVENTS && strcmp(events[event].name, name) != 0)
		event++;
	return event;
}

const struct ms_site *ms_site(uint32_t event, uint32_t n)
{
	return event < MS_EVENTS && n < events[event].count ? &events[event].sites[n] : NULL;
}

int32_t ms_event_site(uint32_t event, uint32_t n, struct ms_event_site *out)
{
	const struct ms_site *site = ms_site(event, n);

	if (!site || out->size < sizeof *out)
		return MS_NOT_FOUND;
	*out = (struct ms_event_site){
		.size = sizeof *out,
		.function = site->function,
		.arguments = site->arguments,
		.argument_count = site->argument_count,
		.go = site->go,
		.map = site->map,
	};
	return MS_OK;
}

/* ---- Go's function entries ---- */

/* The compiler's check of the stack on x86-64, cmd/internal/obj/x86/obj6.go, stacksplit: compares the stack pointer, or where it
   will be, with the goroutine's limit and branches to runtime.morestack, which starts the function again. "??" is any byte.  */
static const struct {
	const char *code;
	enum ms_convention convention;
} checks[] = {
	{ "49 3b 66 10", MS_CONVENTION_REGISTERS },		   /* cmp rsp, [r14+16] */
	{ "4c 8d 64 24 ?? 4d 3b 66 10", MS_CONVENTION_REGISTERS }, /* lea r12, [rsp+n]; cmp r12, … */
	{ "4c 8d a4 24 ?? ?? ?? ?? 4d 3b 66 10", MS_CONVENTION_REGISTERS },
	{ "64 48 8b 0c 25 f8 ff ff ff 48 3b 61 10", MS_CONVENTION_STACK }, /* mov rcx, fs:-8; cmp rsp, [rcx+16] */
	{ "64 48 8b 0c 25 f8 ff ff ff 48 8d 44 24 ?? 48 3b 41 10", MS_CONVENTION_STACK },
	{ "64 48 8b 0c 25 f8 ff ff ff 48 8d 84 24 ?? ?? ?? ?? 48 3b 41 10", MS_CONVENTION_STACK },
};
static const char *const branches[] = { "76 ??", "0f 86 ?? ?? ?? ??" }; /* jbe */

/* How many bytes at CODE are as PATTERN says; 0: they are not.  */
static size_t matches(const char *pattern, const uint8_t *code, size_t size)
{
	size_t at = 0;

	for (const char *p = pattern; *p; p += p[2] ? 3 : 2, at++) {
		char digits[3] = { p[0], p[1], 0 };
		if (at == size || (*p != '?' && strtoul(digits, NULL, 16) != code[at]))
			return 0;
	}
	return at;
}

int32_t ms_go_entry(const void *code, uint64_t size, uint32_t *offset_out)
{
	*offset_out = 0;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		size_t check = matches(checks[i].code, code, size);
		for (size_t j = 0; check && j < sizeof branches / sizeof *branches; j++) {
			size_t branch = matches(branches[j], (const uint8_t *)code + check, size - check);
			if (branch) {
				*offset_out = (uint32_t)(check + branch);
				return checks[i].convention;
			}
		}
	}
	return MS_CONVENTION_UNKNOWN;
}

/* ---- An event at hand ---- */

uint64_t ms_hit_word(const struct ms_hit *hit, uint8_t n)
{
	return n ? hit->event.arguments[n - 1] : 0;
}

/* The type of a Go map, by the descriptor that the runtime's functions are given.  */
static const struct ms_node *go_map_type(struct ms_hit *hit)
{
	static const char *const names[] = { "runtime._type", "internal/abi.Type" }; /* to Go 1.20; from 1.21 on */
	uint64_t address = ms_hit_word(hit, hit->site->type);
	struct ms_go_type type;

	for (size_t i = 0; i < sizeof names / sizeof *names && address; i++) {
		const struct ms_node *descriptor = ms_types_lookup(hit->ctx, names[i]);
		descriptor = descriptor ? ms_node_strip(hit->ctx, descriptor) : NULL;
		if (descriptor && ms_go_type_read(hit->ctx, descriptor, address, &type) == MS_OK && type.node)
			return type.node;
	}
	ms_buf_str(&hit->trouble, "no debug information for its type");
	return NULL;
}

/* The pointer that is the member NAME of the struct NODE at ADDRESS; 0: there is none, or it cannot be read. What it points to
   in *TARGET_OUT.  */
static uint64_t pointer_member(struct ms_context *ctx, const struct ms_node *node, uint64_t address, const char *name,
			       const struct ms_node **target_out)
{
	const struct ms_node *member;
	uint64_t offset;
	uint8_t word[WORD_MOST];

	if (!node || node->kind != MS_STRUCT || !ms_node_member(ctx, node, name, &offset, &member) ||
	    member->kind != MS_POINTER || member->size > sizeof word ||
	    ms_mem_read_cached(ctx, address + offset, word, member->size) != MS_OK)
		return 0;
	const struct ms_node *target = ms_node_target(ctx, member);
	*target_out = target ? ms_node_strip(ctx, target) : NULL;
	return ms_load(word, member->size, ctx->memory.big_endian);
}

/* The type of a C map, by the name in the descriptor of type DESCRIPTOR at ADDRESS; NULL where that leads nowhere.  */
static const struct ms_node *described_type(struct ms_context *ctx, const struct ms_node *descriptor, uint64_t address)
{
	const struct ms_node *letter;
	uint64_t text = address ? pointer_member(ctx, descriptor, address, "name", &letter) : 0, length;
	uint8_t name[MS_TEXT_MOST + 1];
	struct ms_buf full = { 0 };

	if (!text || ms_read_cstring(ctx, text, name, &length) != MS_OK || !length || length > MS_TEXT_MOST)
		return NULL;
	ms_buf_str(&full, "struct ");
	ms_buf_add(&full, name, length);
	const struct ms_node *found = full.failed ? NULL : ms_types_lookup(ctx, ms_buf_text(&full));
	ms_buf_fini(&full);
	return found && ms_shape_of_value(ctx, found) ? found : NULL;
}

/* The type of the C map at hand; that of every map of core/hmap where its descriptor tells no other.  */
static const struct ms_node *c_map_type(struct ms_hit *hit)
{
	const struct ms_node *hmap = ms_types_lookup(hit->ctx, "struct hmap"), *descriptor = NULL, *found;
	uint64_t address = hmap ? pointer_member(hit->ctx, ms_node_strip(hit->ctx, hmap),
						 ms_hit_word(hit, hit->site->map), "type", &descriptor)
				: 0;

	if (!hmap)
		ms_buf_str(&hit->trouble, "no debug information for struct hmap");
	found = hmap ? described_type(hit->ctx, descriptor, address) : NULL;
	return found ? found : hmap;
}

static const struct ms_node *map_type(struct ms_hit *hit)
{
	if (hit->event.map_type)
		return ms_node(hit->ctx, hit->event.map_type);
	if (hit->site->go)
		return go_map_type(hit);
	return c_map_type(hit);
}

static void open_map(struct ms_hit *hit)
{
	uint64_t address = ms_hit_word(hit, hit->site->map);
	const struct ms_node *type = map_type(hit);
	int32_t status = type ? ms_map_open_at(hit->ctx, address, type, &hit->map) : MS_BAD_TYPE;

	if (status == MS_OK && hit->map->broken.size) {
		ms_buf_str(&hit->trouble, ms_buf_text(&hit->map->broken));
		ms_map_free(hit->map);
		hit->map = NULL;
	} else if (status < 0 && !hit->trouble.size) {
		ms_buf_str(&hit->trouble, ms_error(hit->ctx));
	}
	if (hit->map)
		ms_growth_of(hit->map, &hit->growth);
}

/* Whether the event happens. MS_NOT_FOUND: it does not.  */
static int32_t happens(struct ms_hit *hit)
{
	bool ends = true;
	int32_t status = MS_OK;

	if (!hit->map) /* told as it is: better one stop too many than none */
		return MS_OK;
	if (hit->event.event == MS_EVENT_EVACUATE) {
		status = ms_chain_read(hit->map, ms_hit_word(hit, hit->site->number), &hit->chain);
		return status == MS_OK && hit->chain.evacuated ? MS_NOT_FOUND : status == MS_FAULT ? MS_OK : status;
	}
	if (hit->event.event != MS_EVENT_GROW_DONE)
		return MS_OK;
	if (!hit->growth.old_buckets)
		return MS_NOT_FOUND;
	if (hit->site->clears)
		return hit->growth.count ? MS_OK : MS_NOT_FOUND; /* an empty map is left as it is */
	status = ms_growth_ends(hit->map, &ends);
	return status == MS_OK && !ends ? MS_NOT_FOUND : status == MS_FAULT ? MS_OK : status;
}

/* The key of an assign or delete as it lies in memory, or as it would.  */
static void read_key(struct ms_hit *hit)
{
	const struct ms_context *ctx = hit->ctx;
	uint64_t size = hit->map ? hit->map->key_size : 0, word = ctx->memory.pointer_size;
	uint8_t words[2 * WORD_MOST];
	bool read = true;

	if (!hit->site->key || !hit->map || size > KEY_MOST)
		return;
	hit->key = calloc(1, size + 1);
	if (!hit->key) {
		ms_fail(hit->ctx, MS_NO_MEMORY, "out of memory for a key");
		return;
	}
	if (hit->site->key_is == MS_KEY_ADDRESS) {
		hit->key_address = ms_hit_word(hit, hit->site->key);
		read = ms_mem_read_cached(hit->ctx, hit->key_address, hit->key, size) == MS_OK;
	} else {
		ms_store(words, word, ms_hit_word(hit, hit->site->key), ctx->memory.big_endian);
		if (hit->site->key_is == MS_KEY_TEXT)
			ms_store(words + word, word, ms_hit_word(hit, hit->site->key + 1), ctx->memory.big_endian);
		read = size <= (hit->site->key_is == MS_KEY_TEXT ? 2 * word : word);
		if (read) /* a small key is the word's low bytes */
			memcpy(hit->key, words + (ctx->memory.big_endian && size < word ? word - size : 0), size);
	}
	if (!read) {
		free(hit->key);
		hit->key = NULL;
	}
}

/* Short of memory, the event is told as it is: better one stop too many than none.  */
static void forget_map(struct ms_hit *hit)
{
	ms_map_free(hit->map);
	free(hit->key);
	hit->map = NULL;
	hit->key = NULL;
	ms_buf_clear(&hit->trouble);
	ms_buf_str(&hit->trouble, "out of memory");
}

int32_t ms_hit_new(struct ms_context *ctx, const struct ms_event *event, struct ms_hit **out)
{
	const struct ms_site *site = ms_site(event->event, event->site);
	struct ms_hit *hit;

	if (event->size < sizeof *event || !site)
		return ms_fail(ctx, MS_USAGE, "no such event");
	hit = calloc(1, sizeof *hit);
	if (!hit)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory");
	ms_mem_forget(ctx);
	ms_slice_begin(ctx, 0);
	hit->ctx = ctx;
	hit->event = *event;
	hit->site = site;
	if (event->event != MS_EVENT_MAKE)
		open_map(hit);
	int32_t status = happens(hit);
	if (status == MS_OK)
		read_key(hit);
	if (ctx->short_of_memory || hit->trouble.failed) {
		forget_map(hit);
		status = MS_OK;
	}
	if (status < 0) {
		ms_hit_free(hit);
		return status;
	}
	*out = hit;
	return MS_OK;
}

void ms_hit_free(struct ms_hit *hit)
{
	if (!hit)
		return;
	ms_map_free(hit->map);
	free(hit->key);
	ms_buf_fini(&hit->text);
	ms_buf_fini(&hit->key_text);
	ms_buf_fini(&hit->trouble);
	free(hit);
}

uint64_t ms_hit_type(const struct ms_hit *hit)
{
	return hit->map ? hit->map->type->type : hit->event.map_type;
}

int32_t ms_hit_key(struct ms_hit *hit, struct ms_value *out)
{
	if (!hit->key || !hit->map->key)
		return MS_NOT_FOUND;
	*out = (struct ms_value){ .size = sizeof *out,
				  .type = hit->map->key->type,
				  .address = hit->key_address,
				  .bytes = hit->key,
				  .byte_count = hit->map->key_size };
	return MS_OK;
}

const char *ms_hit_key_text(struct ms_hit *hit)
{
	struct ms_buf *buf = &hit->key_text;

	ms_buf_clear(buf);
	if (hit->key)
		ms_value(hit->ctx, buf, hit->map->key, hit->key, hit->map->key_size, hit->key_address,
			 (struct ms_style){ .language = hit->map->shape->language });
	return ms_buf_text(buf);
}

/* ---- The line ---- */

/* Entries a bucket, one digit behind the point.  */
static void add_load(struct ms_buf *buf, uint64_t count, uint8_t B)
{
	uint64_t tenths = B < 60 ? (count * 10 + ((uint64_t)1 << B) / 2) >> B : 0;

	ms_buf_printf(buf, ", load %llu.%llu", (unsigned long long)tenths / 10, (unsigned long long)tenths % 10);
}

/* The type of a map that is about to be made; NULL: unknown.  */
static const struct ms_node *made_type(struct ms_hit *hit)
{
	if (hit->site->go)
		return hit->site->type ? go_map_type(hit) : NULL;
	const struct ms_node *descriptor = ms_types_lookup(hit->ctx, "struct hmap_type");
	return descriptor ? described_type(hit->ctx, ms_node_strip(hit->ctx, descriptor),
					   ms_hit_word(hit, hit->site->type))
			  : NULL;
}

static void tell_make(struct ms_hit *hit)
{
	struct ms_buf *buf = &hit->text;
	uint64_t hint = ms_hit_word(hit, hit->site->number);
	const struct ms_node *type = made_type(hit);

	ms_buf_str(buf, ": ");
	if (type) {
		ms_spell(hit->ctx, buf, type, hit->site->go ? MS_GO : MS_C);
		ms_buf_str(buf, ", ");
	}
	if (!hit->site->number)
		ms_buf_str(buf, "without a hint, or one up to 8");
	else
		ms_buf_printf(buf, "hint %lld", (long long)hint);
	if (!hit->site->go && ms_growth_B_for(hint))
		ms_buf_printf(buf, ", B %u", ms_growth_B_for(hint));
	else if (!hit->site->go)
		ms_buf_str(buf, ", B 0, no buckets until the first assign");
}

static void tell_grow(struct ms_hit *hit)
{
	static const char *const kinds[] = { "double", "same-size", "double or same-size" };
	const struct ms_growth *growth = &hit->growth;
	enum ms_growth_kind kind = ms_growth_next(hit->map);
	struct ms_buf *buf = &hit->text;

	ms_buf_printf(buf, ": %s, %llu ", kinds[kind], (unsigned long long)growth->buckets);
	if (kind == MS_GROWTH_DOUBLE)
		ms_buf_printf(buf, "-> %llu ", (unsigned long long)growth->buckets * 2);
	ms_buf_printf(buf, "buckets, count %lld + 1", (long long)growth->count);
	add_load(buf, (uint64_t)growth->count + 1, growth->B);
	if (kind != MS_GROWTH_DOUBLE)
		ms_buf_printf(buf, ", noverflow %u", growth->noverflow);
}

static void tell_evacuate(struct ms_hit *hit)
{
	const struct ms_chain *chain = &hit->chain;
	struct ms_buf *buf = &hit->text;
	bool doubles = !hit->growth.same_size;
	uint64_t to[2];
	bool known = doubles && ms_chain_predict(hit->map, chain, to) == MS_OK;

	ms_buf_printf(buf, ": old bucket %llu of %llu (", (unsigned long long)chain->index,
		      (unsigned long long)hit->growth.old_buckets);
	if (chain->count > 1)
		ms_buf_printf(buf, "%u buckets, ", chain->count);
	ms_buf_printf(buf, "%s%llu %s) -> new %llu", chain->whole ? "" : "at least ", (unsigned long long)chain->live,
		      chain->live == 1 ? "entry" : "entries", (unsigned long long)chain->index);
	if (known)
		ms_buf_printf(buf, " (%llu)", (unsigned long long)to[0]);
	if (doubles)
		ms_buf_printf(buf, " and %llu", (unsigned long long)(chain->index + hit->growth.old_buckets));
	if (known)
		ms_buf_printf(buf, " (%llu)", (unsigned long long)to[1]);
}

static void tell_grow_done(struct ms_hit *hit)
{
	const struct ms_growth *growth = &hit->growth;
	struct ms_buf *buf = &hit->text;

	if (growth->same_size)
		ms_buf_printf(buf, ": same-size, %llu buckets", (unsigned long long)growth->buckets);
	else
		ms_buf_printf(buf, ": double, %llu -> %llu buckets", (unsigned long long)growth->old_buckets,
			      (unsigned long long)growth->buckets);
	ms_buf_printf(buf, ", count %lld, ", (long long)growth->count);
	ms_buf_str(buf, hit->site->clears ? "this clear ends it" : "this call lets the old array go");
}

static void tell_map(struct ms_hit *hit)
{
	const struct ms_growth *growth = &hit->growth;

	switch (hit->event.event) {
	case MS_EVENT_GROW:
		tell_grow(hit);
		return;
	case MS_EVENT_EVACUATE:
		tell_evacuate(hit);
		return;
	case MS_EVENT_GROW_DONE:
		tell_grow_done(hit);
		return;
	default:
		break;
	}
	if (hit->site->key)
		ms_buf_printf(&hit->text, ": key %s,",
			      *ms_hit_key_text(hit) ? ms_buf_text(&hit->key_text) : "<cannot be read>");
	else
		ms_buf_char(&hit->text, ':');
	ms_buf_printf(&hit->text, " count %lld, B %u", (long long)growth->count, growth->B);
	if (growth->old_buckets)
		ms_buf_printf(&hit->text, ", growing (%s, nevacuate %llu of %llu)",
			      growth->same_size ? "same-size" : "double", (unsigned long long)growth->nevacuate,
			      (unsigned long long)growth->old_buckets);
}

const char *ms_hit_text(struct ms_hit *hit)
{
	struct ms_buf *buf = &hit->text;

	ms_buf_clear(buf);
	ms_buf_str(buf, ms_event_name(hit->event.event));
	if (hit->event.event == MS_EVENT_MAKE)
		tell_make(hit);
	else if (hit->map && hit->map->nil)
		ms_buf_str(buf, ": a nil map");
	else if (hit->map)
		tell_map(hit);
	else
		ms_buf_printf(buf, ": the map at 0x%llx (%s)", (unsigned long long)ms_hit_word(hit, hit->site->map),
			      ms_buf_text(&hit->trouble));
	if (hit->event.tell_type && hit->map) {
		ms_buf_str(buf, ", ");
		ms_spell(hit->ctx, buf, hit->map->type, hit->map->shape->language);
		ms_buf_printf(buf, " at 0x%llx", (unsigned long long)hit->map->address);
	}
	bool short_of_memory = buf->failed || hit->key_text.failed || hit->ctx->short_of_memory;
	return short_of_memory ? "out of memory" : ms_buf_text(buf);
}
