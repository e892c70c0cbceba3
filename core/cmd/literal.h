/* A literal that a user typed, as a value of a given type of the target: numbers, characters, texts, names of enums, {...}, Go's
   T(...). No expressions: what is none of these may be one, for the debugger to evaluate.

	ints      5, -5, 0xff, 0b101, 0o17, 1_000, 'a', '\n', names of an enum, true
	floats    2.5, 1e300, NaN, +Inf; complex: 1+2i, (1, 2i)
	texts     "with \"escapes\" \x41 \u00e9", `as it is`
	pointers  0x7ffe10, nil, NULL
	arrays    {1, 2, 3}, {128: 9}
	structs   {1, "a"}, {x = 1, y = 2}, {x: 1}, main.point{1, 2}, main.point({x = 1})
	interfaces  int(5), string("x"), main.T({1, 2}), *main.T(0xc000010000), nil; 5, 2.5, "x", 'a', true by Go's own defaults

   What map-entries shows of a key is such a literal, unless it was cut.  */
#ifndef MS_LITERAL_H
#define MS_LITERAL_H

#include "decode/map.h"
#include "decode/own.h"

/* TEXT as a value of NODE into KEY, which ms_key_init made with NODE's size. MS_OK. MS_NOT_FOUND: it is no such literal, and may be an
   expression. MS_USAGE: it is a literal, but none of that type. Both with what was expected in ms_error. MS_NO_MEMORY,
   MS_INTERRUPTED.  */
int32_t ms_literal(struct ms_context *ctx, enum ms_language language, const char *text, const struct ms_node *node,
		   struct ms_key *key);

/* An integer as a value of NODE (MS_INT, MS_UINT, MS_BOOL, MS_ENUM or MS_FLOAT), whose bytes are at OUT. False: it does not
   fit.  */
bool ms_store_integer(const struct ms_context *ctx, const struct ms_node *node, bool negative, uint64_t magnitude,
		      uint8_t *out);
/* A float of NODE's size; false for a size that this machine does not have.  */
bool ms_store_float(const struct ms_context *ctx, uint64_t size, long double value, uint8_t *out);
/* The SIZE bytes at TEXT as a value of NODE, which is a text (ms_is_text). MS_OK, MS_USAGE (it does not fit), MS_NO_MEMORY.  */
int32_t ms_store_text(struct ms_context *ctx, enum ms_language language, const struct ms_node *node, const void *text,
		      uint64_t size, struct ms_own *own, uint8_t *out);
/* NODE holds texts: Go's string, C's pointer and length, a pointer to char, an array of char.  */
bool ms_is_text(struct ms_context *ctx, enum ms_language language, const struct ms_node *node);

/* VALUE, SIZE bytes of the Go type NODE (NULL: of a basic TYPE), as an interface whose bytes are at OUT. MS_OK, MS_USAGE,
   MS_NO_MEMORY.  */
int32_t ms_store_interface(struct ms_context *ctx, const struct ms_node *interface, const struct ms_go_type *type,
			   const uint8_t *value, struct ms_own *own, uint8_t *out);
/* The SIZE bytes at TEXT as a string in an interface. Likewise.  */
int32_t ms_store_held_text(struct ms_context *ctx, const struct ms_node *interface, const void *text, uint64_t size,
			   struct ms_own *own, uint8_t *out);
/* "int: a number", "struct point: {x = ..., y = ...}": what a literal of NODE looks like.  */
void ms_literal_form(struct ms_context *ctx, enum ms_language language, const struct ms_node *node, struct ms_buf *out);

#endif
