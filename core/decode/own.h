/* A key to look for, in a target's own form. Where it has pointers, what they lead to may be the target's or ours: texts and
   values that a user typed. Ours have addresses in the last page of the address space, which no program has.  */
#ifndef MS_OWN_H
#define MS_OWN_H

#include "decode/read.h"

enum { MS_OWN_MOST = 256 };

struct ms_own_piece {
	uint8_t *bytes; /* a NUL stands behind them */
	uint64_t size;
	struct ms_go_type *type; /* instead: a Go type, as if its descriptor were here */
};

struct ms_own {
	uint32_t count;
	struct ms_own_piece pieces[MS_OWN_MOST];
};

struct ms_key {
	uint8_t *bytes; /* of a whole key */
	uint64_t size;
	struct ms_own own;
};

/* A key of zero bytes. False: out of memory. ms_key_fini in every case.  */
bool ms_key_init(struct ms_key *key, uint64_t size);
void ms_key_fini(struct ms_key *key);

/* The address of a copy of the SIZE bytes at BYTES, or of TYPE; 0: no room, or out of memory.  */
uint64_t ms_own_add(struct ms_own *own, const struct ms_context *ctx, const void *bytes, uint64_t size);
uint64_t ms_own_add_type(struct ms_own *own, const struct ms_context *ctx, const struct ms_go_type *type);

/* Ours that is at ADDRESS; NULL: it is the target's. OWN may be NULL.  */
const struct ms_own_piece *ms_own_at(const struct ms_own *own, const struct ms_context *ctx, uint64_t address);

/* A Go interface of BYTES that ms_own_add_type's address and ms_own_add's make; false: it is the target's.  */
bool ms_own_interface(const struct ms_own *own, const struct ms_context *ctx, const uint8_t *bytes,
		      const struct ms_go_type **type_out, const uint8_t **value_out);

#endif
