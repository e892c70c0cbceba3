/* The hash of a Go map: the key's type is turned once into steps, as the compiler and the runtime do (cmd/compile's alg.go,
   src/runtime/alg.go), and each step is one of gohash.c's. What an interface holds is turned into steps as it is met.

   A key that is plain memory (fixed size, no padding, no blank fields, nothing but integers, pointers, bools and channels) is
   hashed as a whole; of other structs each run of plain fields is. Within an interface Go 1.16 and later hash plain fields one
   by one.  */
#include <stdlib.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "base/facts.h"
#include "decode/gohash.h"
#include "decode/hasher.h"
#include "decode/shapes.h"
#include "types/ask.h"

/* alg.go, of 64 bits.  */
#define GO_C0 33054211828000289U
#define GO_C1 23344194077549503U

enum {
	STEPS_MOST = 4096,
	NEST_MOST = 64,	    /* types in each other */
	LOOKS_MOST = 65536, /* members looked at, so that no damaged type costs more */
	TYPES_MOST = 64,    /* dynamic types kept */
	VALUE_MOST = 1 << 20,
	INTERFACES_MOST = 16,	      /* interfaces in each other */
	INTERFACE_LOOKS_MOST = 65536, /* in one key */
};

struct step {
	enum { RUN, WORD_4, WORD_8, TEXT, FLOAT, INTERFACE, REPEAT } kind;
	uint64_t offset, size; /* REPEAT: of an element */
	uint64_t count;	       /* REPEAT: elements */
	uint32_t body;	       /* REPEAT: so many steps follow, for each */
	const struct ms_node *node;
};

struct program {
	struct step *steps;
	uint32_t count;
};

/* A dynamic type that was met.  */
struct dynamic {
	uint64_t address;
	struct ms_go_type type;
	struct program program;
	int32_t status; /* not MS_OK: it has no program */
};

struct go {
	struct ms_gohash hash;
	int release; /* the N of go1.N; -1: unknown */
	struct program key;
	struct dynamic dynamic[TYPES_MOST];
	uint32_t dynamic_count;
	uint32_t nested; /* interfaces that are being hashed, in each other */
	uint32_t looks;	 /* interfaces within the key at hand */
};

/* ---- Types to steps ---- */

struct compiler {
	struct ms_context *ctx;
	struct program *out;
	bool fields_alone; /* within an interface: plain fields one by one */
	uint32_t capacity, looks;
	int32_t status;
};

static void give_up(struct compiler *c, int32_t status, const char *what)
{
	if (c->status == MS_OK)
		c->status = ms_fail(c->ctx, status, "the hash of its keys is not known: %s", what);
}

static bool look(struct compiler *c)
{
	if (++c->looks > LOOKS_MOST)
		give_up(c, MS_NOT_FOUND, "their type is too large");
	if (ms_stopped(c->ctx) != MS_OK)
		c->status = ms_stopped(c->ctx);
	return c->status == MS_OK;
}

static struct step *add(struct compiler *c, struct step step)
{
	static struct step nowhere;

	if (c->out->count == STEPS_MOST)
		give_up(c, MS_NOT_FOUND, "their type has too many parts");
	if (c->out->count == c->capacity && c->status == MS_OK) {
		uint32_t capacity = c->capacity ? 2 * c->capacity : 8;
		struct step *grown = realloc(c->out->steps, capacity * sizeof *grown);
		if (!grown) {
			c->status = ms_fail(c->ctx, MS_NO_MEMORY, "out of memory for a hash");
			return &nowhere;
		}
		c->out->steps = grown;
		c->capacity = capacity;
	}
	if (c->status != MS_OK)
		return &nowhere;
	c->out->steps[c->out->count] = step;
	return &c->out->steps[c->out->count++];
}

static const struct ms_node *field_type(struct compiler *c, const struct ms_node *node, uint32_t i)
{
	const struct ms_node *type = ms_node(c->ctx, node->members[i].type);
	const struct ms_node *stripped = type ? ms_node_strip(c->ctx, type) : NULL;
	int64_t offset = node->members[i].offset;

	if (stripped && offset >= 0 && (uint64_t)offset <= node->size &&
	    stripped->size <= node->size - (uint64_t)offset)
		return stripped;
	give_up(c, MS_NOT_FOUND, "a field of their type does not fit it");
	return NULL;
}

static const struct ms_node *element_type(struct compiler *c, const struct ms_node *node)
{
	const struct ms_node *type = ms_node_target(c->ctx, node);
	const struct ms_node *stripped = type ? ms_node_strip(c->ctx, type) : NULL;
	uint64_t size;

	if (stripped && ms_mul(stripped->size, node->count, &size) && size <= node->size)
		return stripped;
	give_up(c, MS_NOT_FOUND, "an array in their type does not fit it");
	return NULL;
}

static bool is_blank(const struct ms_member *member)
{
	return !strcmp(member->name, "_");
}

static bool plain(struct compiler *c, const struct ms_node *node, int depth);

/* Whether field I of a struct is plain and neither blank nor followed by padding.  */
static bool plain_field(struct compiler *c, const struct ms_node *node, uint32_t i, int depth)
{
	const struct ms_node *type = field_type(c, node, i);

	return type && !is_blank(&node->members[i]) && plain(c, type, depth + 1);
}

static bool padded(struct compiler *c, const struct ms_node *node, uint32_t i)
{
	const struct ms_node *type = field_type(c, node, i);
	uint64_t next = i + 1 < node->member_count ? (uint64_t)node->members[i + 1].offset : node->size;

	return type && (uint64_t)node->members[i].offset + type->size != next;
}

static bool plain(struct compiler *c, const struct ms_node *node, int depth)
{
	if (!look(c))
		return false;
	if (depth > NEST_MOST) {
		give_up(c, MS_NOT_FOUND, "their type is nested too deeply");
		return false;
	}
	switch (node->kind) {
	case MS_INT:
	case MS_UINT:
	case MS_BOOL:
	case MS_POINTER:
		return true;
	case MS_ARRAY: {
		const struct ms_node *element = element_type(c, node);
		return element && (node->count == 0 || plain(c, element, depth + 1));
	}
	case MS_STRUCT:
		if (ms_is_go_text(c->ctx, node) || ms_is_go_interface(node))
			return false;
		for (uint32_t i = 0; i < node->member_count; i++)
			if (!plain_field(c, node, i, depth) || padded(c, node, i))
				return false;
		return c->status == MS_OK;
	default:
		return false;
	}
}

static void compile(struct compiler *c, const struct ms_node *node, uint64_t offset, int depth);

static void compile_struct(struct compiler *c, const struct ms_node *node, uint64_t offset, int depth)
{
	for (uint32_t i = 0; i < node->member_count && c->status == MS_OK;) {
		uint64_t at = (uint64_t)node->members[i].offset;
		const struct ms_node *type = field_type(c, node, i);
		bool is_plain = type && plain_field(c, node, i, depth);
		uint32_t last = i;
		if (!type)
			return;
		if (is_blank(&node->members[i++]))
			continue;
		if (!is_plain || c->fields_alone) {
			compile(c, type, offset + at, depth + 1);
			continue;
		}
		while (i < node->member_count && !padded(c, node, last) && plain_field(c, node, i, depth))
			last = i++;
		type = field_type(c, node, last);
		if (type)
			add(c, (struct step){ .kind = RUN,
					      .offset = offset + at,
					      .size = (uint64_t)node->members[last].offset + type->size - at });
	}
}

static void compile_array(struct compiler *c, const struct ms_node *node, uint64_t offset, int depth)
{
	const struct ms_node *element = element_type(c, node);
	uint32_t at = c->out->count;

	if (!element)
		return;
	add(c, (struct step){ .kind = REPEAT, .offset = offset, .size = element->size, .count = node->count });
	compile(c, element, 0, depth + 1);
	if (c->status == MS_OK)
		c->out->steps[at].body = c->out->count - at - 1;
}

/* A type as a whole, at OFFSET of what contains it.  */
static void compile(struct compiler *c, const struct ms_node *node, uint64_t offset, int depth)
{
	struct step step = { .offset = offset, .size = node->size, .node = node };

	if (plain(c, node, depth)) {
		step.kind = node->size == 4 ? WORD_4 : node->size == 8 ? WORD_8 : RUN;
		add(c, step);
	} else if (c->status != MS_OK) {
		return;
	} else if (node->kind == MS_FLOAT && (node->size == 4 || node->size == 8)) {
		step.kind = FLOAT;
		add(c, step);
	} else if (node->kind == MS_COMPLEX && (node->size == 8 || node->size == 16)) {
		step.kind = FLOAT;
		step.size /= 2;
		add(c, step);
		step.offset += step.size;
		add(c, step);
	} else if (node->kind == MS_STRUCT && ms_is_go_text(c->ctx, node)) {
		step.kind = TEXT;
		add(c, step);
	} else if (ms_is_go_interface(node)) {
		step.kind = INTERFACE;
		add(c, step);
	} else if (node->kind == MS_ARRAY) {
		compile_array(c, node, offset, depth);
	} else if (node->kind == MS_STRUCT) {
		compile_struct(c, node, offset, depth);
	} else {
		give_up(c, MS_NOT_FOUND, "a part of their type is none that Go hashes");
	}
}

/* A struct or array that is not plain memory, or holds one.  */
static bool has_fields(const struct program *program)
{
	return program->count > 1 || (program->count == 1 && program->steps[0].kind == REPEAT);
}

static int32_t compile_key(struct ms_context *ctx, const struct ms_node *node, struct program *out)
{
	struct compiler c = { .ctx = ctx, .out = out };

	if (node->size) /* memhash0: the seed itself */
		compile(&c, node, 0, 0);
	return c.status;
}

static int32_t compile_dynamic(const struct go *go, struct ms_context *ctx, const struct ms_node *node,
			       struct program *out)
{
	struct compiler c = { .ctx = ctx, .out = out, .fields_alone = go->release != 15 };

	compile(&c, node, 0, 0);
	if (c.status == MS_OK && has_fields(out) && go->release < 0)
		give_up(&c, MS_NOT_FOUND, "the release of Go is not (runtime.buildVersion)");
	return c.status;
}

/* ---- Steps to a hash ---- */

static int32_t run(struct ms_hasher *hasher, const struct step *steps, uint32_t count, const uint8_t *bytes,
		   uint64_t *h);

static int32_t hash_float(struct ms_hasher *hasher, const uint8_t *bytes, uint64_t size, uint64_t *h)
{
	const struct go *go = hasher->own;
	uint64_t magnitude = ms_load(bytes, size, false) << (64 - 8 * size) << 1;
	uint64_t infinity = size == 4 ? (uint64_t)0x7f800000 << 33 : (uint64_t)0x7ff0000000000000 << 1;

	if (magnitude > infinity)
		return ms_fail(hasher->ctx, MS_NOT_FOUND,
			       "the key is NaN, which has no hash: each assign draws one at random");
	*h = magnitude ? ms_gohash_run(&go->hash, bytes, size, *h) : GO_C1 * (GO_C0 ^ *h);
	return MS_OK;
}

/* Types that the debug information need not tell.  */
static bool basic_steps(const struct ms_go_type *type, struct program *out)
{
	struct step step = { .size = type->size };
	bool words = type->kind >= MS_GO_BOOL && type->kind <= MS_GO_UINTPTR;

	if (type->direct || words)
		step.kind = type->size == 4 ? WORD_4 : type->size == 8 ? WORD_8 : RUN;
	else if ((type->kind == MS_GO_FLOAT32 && type->size == 4) || (type->kind == MS_GO_FLOAT64 && type->size == 8))
		step.kind = FLOAT;
	else if (type->kind == MS_GO_STRING && type->size == 16)
		step.kind = TEXT;
	else
		return false;
	out->steps = malloc(sizeof *out->steps);
	if (!out->steps)
		return false;
	*out->steps = step;
	out->count = 1;
	return true;
}

/* DESCRIPTOR NULL: the type is there already.  */
static void read_dynamic(struct ms_hasher *hasher, const struct ms_node *descriptor, struct dynamic *out)
{
	struct ms_context *ctx = hasher->ctx;

	if (descriptor)
		out->status = ms_go_type_read(ctx, descriptor, out->address, &out->type);
	if (out->status < 0)
		return;
	const struct ms_node *node = out->type.node ? ms_node_strip(ctx, out->type.node) : NULL;
	if (out->type.size > VALUE_MOST)
		out->status = MS_FAULT;
	else if (basic_steps(&out->type, &out->program))
		return;
	else if (node)
		out->status = compile_dynamic(hasher->own, ctx, node, &out->program);
	else
		out->status = MS_NOT_FOUND;
	if (out->status == MS_NOT_FOUND && !node)
		ms_fail(ctx, MS_NOT_FOUND, "the hash of a key that holds a %s is not known: no debug information",
			out->type.name);
}

/* OWN: the value, where it is ours; else DATA is the interface's word.  */
static int32_t hash_dynamic(struct ms_hasher *hasher, const struct dynamic *dynamic, uint64_t data, const uint8_t *own,
			    uint64_t *h)
{
	uint8_t small[256], *value = small;
	uint64_t size = dynamic->type.size, seed = *h ^ GO_C0;
	int32_t status = dynamic->status;

	if (status < 0)
		return status;
	if (size > sizeof small)
		value = malloc(size);
	if (!value)
		return ms_fail(hasher->ctx, MS_NO_MEMORY, "out of memory for a key");
	if (own)
		memcpy(value, own, size);
	else if (dynamic->type.direct) /* little-endian, as all that comes here */
		memcpy(value, &data, sizeof data);
	else if (size)
		status = ms_read(hasher->ctx, data, value, size);
	if (status == MS_FAULT)
		ms_fail(hasher->ctx, status, "cannot read the %llu bytes at 0x%llx that a key points to",
			(unsigned long long)size, (unsigned long long)data);
	if (status == MS_OK)
		status = run(hasher, dynamic->program.steps, dynamic->program.count, value, &seed);
	if (value != small)
		free(value);
	*h = GO_C1 * seed;
	return status;
}

/* The dynamic type of that address, kept for the next key while there is room.  */
static int32_t hash_held(struct ms_hasher *hasher, const struct ms_go_words *held, uint64_t *h)
{
	struct go *go = hasher->own;
	struct dynamic *found = NULL, unkept = { .address = held->dynamic };

	for (uint32_t i = 0; i < go->dynamic_count && !found; i++)
		if (go->dynamic[i].address == held->dynamic)
			found = &go->dynamic[i];
	if (found)
		return hash_dynamic(hasher, found, held->data, NULL, h);
	read_dynamic(hasher, held->descriptor, &unkept);
	if (unkept.status == MS_OK && go->dynamic_count < TYPES_MOST) {
		go->dynamic[go->dynamic_count] = unkept;
		return hash_dynamic(hasher, &go->dynamic[go->dynamic_count++], held->data, NULL, h);
	}
	int32_t status = hash_dynamic(hasher, &unkept, held->data, NULL, h);
	free(unkept.program.steps);
	return status;
}

static int32_t hash_own(struct ms_hasher *hasher, const struct ms_go_type *type, const uint8_t *value, uint64_t *h)
{
	struct dynamic dynamic = { .type = *type };

	read_dynamic(hasher, NULL, &dynamic);
	int32_t status = hash_dynamic(hasher, &dynamic, 0, value, h);
	free(dynamic.program.steps);
	return status;
}

static int32_t hash_interface(struct ms_hasher *hasher, const struct ms_node *node, const uint8_t *bytes, uint64_t *h)
{
	struct go *go = hasher->own;
	const struct ms_go_type *type = NULL;
	struct ms_go_words held = { 0 };
	const uint8_t *value;
	int32_t status = MS_OK;
	bool own = ms_own_interface(hasher->own_memory, hasher->ctx, bytes, &type, &value);

	if (!own)
		status = ms_go_words_of(hasher->ctx, node, bytes, &held);
	if (status == MS_BAD_TYPE)
		return ms_fail(hasher->ctx, MS_NOT_FOUND, "an interface of an unknown shape");
	if (status == MS_FAULT)
		ms_fail(hasher->ctx, status, "cannot read the type of what a key's interface holds");
	if (status < 0 || (!own && !held.dynamic))
		return status;
	if (go->nested == INTERFACES_MOST || ++go->looks > INTERFACE_LOOKS_MOST)
		return ms_fail(hasher->ctx, MS_NOT_FOUND, "a key of too many interfaces in each other");
	go->nested++;
	status = own ? hash_own(hasher, type, value, h) : hash_held(hasher, &held, h);
	go->nested--;
	return status;
}

static int32_t hash_text(struct ms_hasher *hasher, const uint8_t *bytes, uint64_t *h)
{
	const struct go *go = hasher->own;
	int32_t status = ms_hasher_fetch_text(hasher, bytes);

	if (status == MS_OK)
		*h = ms_gohash_run(&go->hash, (const uint8_t *)hasher->scratch.data, hasher->scratch.size, *h);
	return status;
}

static int32_t repeat(struct ms_hasher *hasher, const struct step *step, const uint8_t *bytes, uint64_t *h)
{
	int32_t status = MS_OK;

	for (uint64_t i = 0; i < step->count && status == MS_OK; i++)
		status = run(hasher, step + 1, step->body, bytes + i * step->size, h);
	return status;
}

static int32_t run(struct ms_hasher *hasher, const struct step *steps, uint32_t count, const uint8_t *bytes,
		   uint64_t *h)
{
	const struct go *go = hasher->own;
	int32_t status = MS_OK;

	for (uint32_t i = 0; i < count && status == MS_OK; i++) {
		const struct step *step = &steps[i];
		const uint8_t *at = bytes + step->offset;
		switch (step->kind) {
		case RUN:
			*h = ms_gohash_run(&go->hash, at, step->size, *h);
			break;
		case WORD_4:
			*h = ms_gohash_32(&go->hash, at, *h);
			break;
		case WORD_8:
			*h = ms_gohash_64(&go->hash, at, *h);
			break;
		case TEXT:
			status = hash_text(hasher, at, h);
			break;
		case FLOAT:
			status = hash_float(hasher, at, step->size, h);
			break;
		case INTERFACE:
			status = hash_interface(hasher, step->node, at, h);
			break;
		case REPEAT:
			status = repeat(hasher, step, at, h);
			i += step->body;
			break;
		}
	}
	return status;
}

static int32_t hash_key(struct ms_hasher *hasher, const uint8_t *key, uint64_t *out)
{
	struct go *go = hasher->own;
	uint64_t h = hasher->seed;

	go->nested = go->looks = 0;
	int32_t status = run(hasher, go->key.steps, go->key.count, key, &h);
	*out = status == MS_OK ? h : 0;
	return status;
}

static void hash_words(struct ms_hasher *hasher, const uint8_t *keys, uint64_t count, uint64_t *out)
{
	const struct go *go = hasher->own;

	ms_gohash_words(&go->hash, keys, count, (uint32_t)hasher->map->key_size, hasher->seed, out);
}

/* Where a hash is 64 bits wide.  */
static uint32_t hash_eight(const struct ms_hasher *hasher, const uint8_t *keys, uint32_t count, uint64_t index,
			   uint64_t mask, uint64_t *tops)
{
	const struct go *go = hasher->own;
	uint64_t hashes[HMAP_SLOTS], all = 0;
	uint32_t away = 0;

	ms_gohash_words(&go->hash, keys, count, (uint32_t)hasher->map->key_size, hasher->seed, hashes);
	for (uint32_t i = 0; i < count; i++) {
		all |= hashes[i] >> 56 << 8 * i;
		away |= (uint32_t)(((hashes[i] ^ index) & mask) != 0) << i;
	}
	*tops = all;
	return away;
}

static uint64_t hash_bytes(const struct ms_hasher *hasher, const uint8_t *bytes, uint64_t size)
{
	const struct go *go = hasher->own;

	return ms_gohash_run(&go->hash, bytes, size, hasher->seed);
}

/* ---- The process ---- */

static int32_t no_runtime(struct ms_hasher *hasher, const char *what)
{
	return ms_stopped(hasher->ctx) != MS_OK
		       ? ms_stopped(hasher->ctx)
		       : ms_fail(hasher->ctx, MS_NOT_FOUND, "the hash of this Go runtime is not known: %s", what);
}

/* SIZE bytes of the runtime's variable NAME.  */
static int32_t read_variable(struct ms_hasher *hasher, const char *name, uint8_t *out, uint64_t size)
{
	struct ms_context *ctx = hasher->ctx;
	uint64_t address;
	int32_t status = ms_ask_symbol(ctx, name, &address);

	if (status == MS_NOT_FOUND)
		return ms_fail(ctx, MS_NOT_FOUND, "the hash of this Go runtime is not known: no symbol %s", name);
	if (status == MS_OK)
		status = ms_read(ctx, address, out, size);
	if (status == MS_FAULT)
		ms_fail(ctx, status, "cannot read %s at 0x%llx", name, (unsigned long long)address);
	return status;
}

/* The N of runtime.buildVersion, "go1.N..."; -1 where it is another text or none.  */
static int32_t read_release(struct ms_hasher *hasher, int *out)
{
	uint8_t header[16], version[16] = { 0 };
	int32_t status = read_variable(hasher, "runtime.buildVersion", header, sizeof header);
	uint64_t size = ms_load(header + 8, 8, false);
	int release = 0, digits = 0;

	*out = -1;
	if (status == MS_OK)
		status = ms_read(hasher->ctx, ms_load(header, 8, false), version, ms_min(size, sizeof version - 1));
	if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
		return status;
	if (status != MS_OK || memcmp(version, "go1.", 4) != 0)
		return MS_OK;
	for (const uint8_t *p = version + 4; *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
		release = 10 * release + (*p - '0');
	*out = digits ? release : -1;
	return MS_OK;
}

/* What the runtime uses where the machine has no AES. Of 1.16 to 1.18 nothing was verified.  */
static int32_t fallback_of(struct ms_hasher *hasher, int release, enum ms_gohash_kind *out)
{
	if (release < 0)
		return no_runtime(hasher, "runtime.buildVersion does not tell its release, and it does without AES");
	if (release < 15 || (release > 15 && release < 19) || release > 26)
		return no_runtime(hasher, "its release, without AES, is not one of 1.15 and 1.19 to 1.26");
	*out = release == 15 ? MS_GOHASH_1_15 : release < 23 ? MS_GOHASH_1_19 : MS_GOHASH_1_23;
	return MS_OK;
}

static int32_t read_process(struct ms_hasher *hasher)
{
	struct go *go = hasher->own;
	const struct ms_memory *memory = &hasher->ctx->memory;
	uint8_t secret[MS_GOHASH_SCHEDULE], aes = 0;
	enum ms_gohash_kind kind = MS_GOHASH_AES;
	uint64_t address;

	if (memory->pointer_size != 8 || memory->big_endian)
		return no_runtime(hasher, "only 64 bits, little-endian, are");
	int32_t status = read_variable(hasher, "runtime.useAeshash", &aes, 1);
	if (status == MS_OK)
		status = read_release(hasher, &go->release);
	/* A variable that only x86's runtime has: other machines' AES instructions differ.  */
	if (status == MS_OK && aes && ms_ask_symbol(hasher->ctx, "runtime.x86HasPOPCNT", &address) != MS_OK)
		status = no_runtime(hasher, "with AES, only that of amd64 is");
	if (status == MS_OK && !aes)
		status = fallback_of(hasher, go->release, &kind);
	if (status == MS_OK)
		status = aes ? read_variable(hasher, "runtime.aeskeysched", secret, MS_GOHASH_SCHEDULE)
			     : read_variable(hasher, "runtime.hashkey", secret, MS_GOHASH_KEYS);
	if (status == MS_OK)
		ms_gohash_init(&go->hash, kind, secret);
	return status;
}

static void go_free(void *own)
{
	struct go *go = own;

	for (uint32_t i = 0; i < go->dynamic_count; i++)
		free(go->dynamic[i].program.steps);
	free(go->key.steps);
	free(go);
}

int32_t ms_hasher_of_go(struct ms_hasher *hasher)
{
	const struct ms_map *map = hasher->map;
	const struct ms_node *node = map->key ? ms_node_strip(hasher->ctx, map->key) : NULL;
	struct go *go = calloc(1, sizeof *go);

	if (!go)
		return ms_fail(hasher->ctx, MS_NO_MEMORY, "out of memory for a hash");
	hasher->own = go;
	hasher->free = go_free;
	hasher->hash = hash_key;
	if (!node || node->size != map->key_size)
		return no_runtime(hasher, "the type of the keys is not");
	int32_t status = read_process(hasher);
	if (status == MS_OK)
		status = compile_key(hasher->ctx, node, &go->key);
	const struct step *only = go->key.count == 1 && go->key.steps[0].offset == 0 ? go->key.steps : NULL;
	if (status == MS_OK && only && (only->kind == WORD_4 || only->kind == WORD_8)) {
		hasher->words = hash_words;
		hasher->eight = hasher->ctx->memory.pointer_size == 8 ? hash_eight : NULL;
	}
	if (status == MS_OK && only && only->kind == TEXT)
		hasher->text = hash_bytes;
	return status;
}
