/* Compiled types: each type number is asked of the caller once, checked, and kept as a node until ms_forget.  */
#include "types/types.h"

#include <stdlib.h>
#include <string.h>

#include "context.h"

enum {
	BUCKETS = 1024,
	MEMBERS_MOST = 65536, /* more than any struct or enum has; a damaged DWARF may claim 2^32 */
	STRIP_MOST = 64,      /* typedefs of typedefs; a damaged DWARF may make a circle */
	NEST_MOST = 8,	      /* anonymous members within anonymous members */
};

struct ms_node_table {
	struct ms_node *chains[BUCKETS];
};

/* True when the caller gave an answer; sets the error otherwise.  */
static bool answered(struct ms_context *ctx, int64_t answer, const char *what)
{
	int32_t status = ms_told(ctx, answer);

	if (status == MS_NOT_FOUND)
		ms_fail(ctx, MS_BAD_TYPE, "the debugger does not know %s", what);
	return status == MS_OK;
}

static bool read_members(struct ms_context *ctx, struct ms_node *node, uint32_t count)
{
	if (count > MEMBERS_MOST) {
		ms_fail(ctx, MS_BAD_TYPE, "type with %u members: damaged debug information?", count);
		return false;
	}
	node->members = calloc(count, sizeof *node->members);
	if (!node->members) {
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for a type's members");
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct ms_field field = { .size = sizeof field, .name = "" };
		int64_t answer = MS_UNANSWERED;

		ctx->types.field(ctx->types.user, node->type, i, &field, &answer);
		if (!answered(ctx, answer, "a member's type"))
			return false;
		node->members[i] = (struct ms_member){ field.name ? field.name : "", field.offset, field.type,
						       field.bit_size, field.bit_offset };
		node->member_count = i + 1;
	}
	return true;
}

static void free_node(struct ms_node *node)
{
	if (node->derived_free)
		node->derived_free(node->derived);
	free(node->members);
	free(node);
}

static struct ms_node *make_node(struct ms_context *ctx, uint64_t type)
{
	struct ms_type described = { .size = sizeof described, .name = "" };
	int64_t answer = MS_UNANSWERED;

	ctx->types.type(ctx->types.user, type, &described, &answer);
	if (!answered(ctx, answer, "a type's shape"))
		return NULL;

	struct ms_node *node = calloc(1, sizeof *node);
	if (!node) {
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for a type");
		return NULL;
	}
	node->type = type;
	node->kind = described.kind <= MS_TYPEDEF ? (enum ms_kind)described.kind : MS_VOID;
	/* Where a value is of a function's own type (Go), it is a pointer; debuggers give the function a size of 1 or 0.  */
	node->size = node->kind == MS_FUNCTION ? ctx->memory.pointer_size : described.byte_size;
	node->name = described.name ? described.name : "";
	node->target = described.target;
	node->count = described.count;
	if (described.field_count && !read_members(ctx, node, described.field_count)) {
		free_node(node);
		return NULL;
	}
	return node;
}

struct ms_node *ms_node(struct ms_context *ctx, uint64_t type)
{
	if (!type) {
		ms_fail(ctx, MS_BAD_TYPE, "a type is missing from the debug information");
		return NULL;
	}
	if (!ctx->nodes)
		ctx->nodes = calloc(1, sizeof *ctx->nodes);
	if (!ctx->nodes) {
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for types");
		return NULL;
	}
	struct ms_node **chain = &ctx->nodes->chains[type % BUCKETS];
	for (struct ms_node *node = *chain; node; node = node->next)
		if (node->type == type)
			return node;

	struct ms_node *node = make_node(ctx, type);
	if (node) {
		node->next = *chain;
		*chain = node;
	}
	return node;
}

const struct ms_node *ms_node_target(struct ms_context *ctx, const struct ms_node *node)
{
	if (!node->target_node && node->target)
		((struct ms_node *)node)->target_node = ms_node(ctx, node->target);
	return node->target_node;
}

struct ms_node *ms_node_strip(struct ms_context *ctx, const struct ms_node *node)
{
	for (int i = 0; node && node->kind == MS_TYPEDEF; i++) {
		if (i == STRIP_MOST) {
			ms_fail(ctx, MS_BAD_TYPE, "a typedef that ends nowhere: damaged debug information?");
			return NULL;
		}
		node = ms_node_target(ctx, node);
	}
	return (struct ms_node *)node;
}

static bool name_is_one_of(const char *name, const char *names)
{
	size_t length = strlen(name);

	for (const char *word = names; *word; word += strspn(word, " ")) {
		size_t size = strcspn(word, " ");
		if (size == length && memcmp(word, name, size) == 0)
			return true;
		word += size;
	}
	return false;
}

/* Bytes that a member takes, from its offset; a bit-field takes no more than its bits.  */
static uint64_t member_size(const struct ms_member *member, const struct ms_node *type)
{
	return member->bit_size ? ((uint64_t)member->bit_offset + member->bit_size + 7) / 8 : type->size;
}

/* The member itself, and its offset in *OFFSET_OUT. A class's own members hide those of its bases, which are anonymous.  */
static const struct ms_member *find_member(struct ms_context *ctx, const struct ms_node *node, const char *names,
					   int depth, uint64_t *offset_out)
{
	for (uint32_t i = 0; i < 2 * node->member_count; i++) {
		const struct ms_member *member = &node->members[i % node->member_count];
		bool anonymous = i >= node->member_count;
		if (member->offset < 0 || anonymous != !*member->name)
			continue;
		if (anonymous ? depth == NEST_MOST : !name_is_one_of(member->name, names))
			continue;
		const struct ms_node *type = ms_node_strip(ctx, ms_node(ctx, member->type));
		uint64_t offset = (uint64_t)member->offset;
		if (!type && !anonymous) /* the one behind it that has its name is another one */
			return NULL;
		if (!type || offset > node->size || member_size(member, type) > node->size - offset)
			continue;
		if (anonymous && type->kind != MS_STRUCT && type->kind != MS_UNION)
			continue;
		*offset_out = 0;
		if (anonymous)
			member = find_member(ctx, type, names, depth + 1, offset_out);
		*offset_out += offset;
		if (member)
			return member;
	}
	return NULL;
}

bool ms_node_member(struct ms_context *ctx, const struct ms_node *node, const char *names, uint64_t *offset_out,
		    const struct ms_node **node_out)
{
	const struct ms_member *member = node->kind == MS_STRUCT ? find_member(ctx, node, names, 0, offset_out) : NULL;

	*node_out = member ? ms_node_strip(ctx, ms_node(ctx, member->type)) : NULL;
	return *node_out;
}

const struct ms_member *ms_node_find(struct ms_context *ctx, const struct ms_node *node, const char *name,
				     uint64_t *offset_out)
{
	bool has_members = node->kind == MS_STRUCT || node->kind == MS_UNION;

	return has_members && *name ? find_member(ctx, node, name, 0, offset_out) : NULL;
}

void ms_types_forget(struct ms_context *ctx)
{
	if (!ctx->nodes)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct ms_node *node = ctx->nodes->chains[i], *next; node; node = next) {
			next = node->next;
			free_node(node);
		}
	}
	free(ctx->nodes);
	ctx->nodes = NULL;
}
