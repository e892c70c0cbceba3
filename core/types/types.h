/* The target's types, asked of the caller once and kept as nodes. Knows nothing of maps.  */
#ifndef MS_TYPES_H
#define MS_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_context;

struct ms_member {
	const char *name; /* "" for an anonymous member */
	int64_t offset;	  /* bytes; an enumerator's value */
	uint64_t type;	  /* 0 for an enumerator */
	uint32_t bit_size, bit_offset;
};

/* A compiled type. Lives until ms_forget, so nodes may point to each other freely. Size and counts are the target's claims.  */
struct ms_node {
	uint64_t type;
	enum ms_kind kind;
	uint64_t size;
	const char *name; /* without tag; "" for none */
	uint64_t target, count;
	uint32_t member_count;
	struct ms_member *members;
	const struct ms_node *target_node; /* once ms_node_target has been asked */
	void *derived; /* what a higher floor made of this type, kept as long; freed by derived_free */
	void (*derived_free)(void *derived);
	bool derived_known;   /* asked for, even if there is none */
	struct ms_node *next; /* in its hash chain */
};

/* NULL: the caller does not know the type, or memory is short; ms_error tells.  */
struct ms_node *ms_node(struct ms_context *ctx, uint64_t type);
/* What a pointer, array or typedef is made of; NULL likewise, and for a type without a target.  */
const struct ms_node *ms_node_target(struct ms_context *ctx, const struct ms_node *node);
/* Behind typedefs. Never a typedef; NULL likewise.  */
struct ms_node *ms_node_strip(struct ms_context *ctx, const struct ms_node *node);

/* The member called one of NAMES (separated by spaces) of a struct, in it or in its anonymous members; false if there is
   none, or if it reaches beyond the struct. *OFFSET_OUT is in bytes from the struct's start, *NODE_OUT is stripped.  */
bool ms_node_member(struct ms_context *ctx, const struct ms_node *node, const char *names, uint64_t *offset_out,
		    const struct ms_node **node_out);

/* The member called NAME of a struct or union, likewise; NULL if there is none.  */
const struct ms_member *ms_node_find(struct ms_context *ctx, const struct ms_node *node, const char *name,
				     uint64_t *offset_out);

/* The type that a user calls NAME. What the caller does not know as a whole is taken apart: C's qualifiers, "T *" and
   "T[3][4]", Go's "*T" and "[3]T". NULL if there is none, with an error line that names it.  */
struct ms_node *ms_types_lookup(struct ms_context *ctx, const char *name);
/* A pointer to TYPE (MS_POINTER; 0: to void), or an array of COUNT of it (MS_ARRAY); NULL likewise.  */
struct ms_node *ms_types_derive(struct ms_context *ctx, enum ms_kind kind, uint64_t type, uint64_t count);
/* NAME without C's qualifiers, and one space where there were several. True if there were qualifiers.  */
bool ms_types_plain(const char *name, struct ms_buf *out);

/* Drops all nodes and what was derived from them.  */
void ms_types_forget(struct ms_context *ctx);

#endif
