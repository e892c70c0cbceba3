/* Small things that values lead to: texts, and what a Go interface holds.  */
#ifndef MS_READ_H
#define MS_READ_H

#include "decode/map.h"

enum { MS_TEXT_MOST = 4096 }; /* bytes of a text that are shown */

/* MS_OK, MS_FAULT, MS_INTERRUPTED.  */
int32_t ms_read(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size);

/* The bytes before the first NUL at ADDRESS: up to MS_TEXT_MOST of them into BUFFER, their whole number in *LENGTH_OUT as far
   as MS_CSTRING_MOST. With MS_FAULT, *LENGTH_OUT is how many came before the byte that cannot be read.  */
enum { MS_CSTRING_MOST = 1 << 20 };
int32_t ms_read_cstring(struct ms_context *ctx, uint64_t address, uint8_t *buffer, uint64_t *length_out);

/* Go's reflect.Kind: src/runtime/typekind.go, 1.15 to 1.23.  */
enum ms_go_kind {
	MS_GO_BOOL = 1,
	MS_GO_INT = 2,
	MS_GO_INT64 = 6,
	MS_GO_UINT = 7,
	MS_GO_UINTPTR = 12,
	MS_GO_FLOAT32 = 13,
	MS_GO_FLOAT64 = 14,
	MS_GO_COMPLEX64 = 15,
	MS_GO_COMPLEX128 = 16,
	MS_GO_STRING = 24,
};

/* A dynamic type: read from the run-time type descriptor that an interface points to.  */
struct ms_go_type {
	enum ms_go_kind kind;
	uint64_t size;
	bool direct;	/* the interface's data word is the value, not a pointer to it */
	char name[256]; /* as the runtime spells it: "main.T", "*main.T", "[]int" */
	const struct ms_node
		*node; /* the debug information's type of that name and size; NULL: only the kind is known */
};

/* DESCRIPTOR: the type of the struct at ADDRESS (runtime._type, internal/abi.Type).  */
int32_t ms_go_type_read(struct ms_context *ctx, const struct ms_node *descriptor, uint64_t address,
			struct ms_go_type *out);

#endif
