/* Values told by their shape: texts held as pointer and length, Go's slices and interfaces. NODE is behind typedefs, BYTES are
   those of a value of it.  */
#ifndef MS_SHAPES_H
#define MS_SHAPES_H

#include "decode/read.h"

/* The member called one of NAMES, when it is of 1 to 8 bytes: what it holds, unsigned, and its type, behind typedefs.  */
bool ms_word_of(struct ms_context *ctx, const struct ms_node *node, const char *names, const uint8_t *bytes,
		uint64_t *value_out, const struct ms_node **type_out);

/* C's char, by name: signed char and uint8_t are numbers.  */
bool ms_is_char(const struct ms_node *node);

/* A text: Go's string, or a C struct of just a pointer to char and a length.  */
bool ms_text_of(struct ms_context *ctx, enum ms_language language, const struct ms_node *node, const uint8_t *bytes,
		uint64_t *address_out, int64_t *length_out);

/* A Go slice; *ELEMENT_OUT as declared. Its length is the target's claim.  */
bool ms_go_slice_of(struct ms_context *ctx, const struct ms_node *node, const uint8_t *bytes, uint64_t *address_out,
		    uint64_t *length_out, const struct ms_node **element_out);

/* Go's string by whatever name, also that of a type made of it: the runtime's two members.  */
bool ms_is_go_text(struct ms_context *ctx, const struct ms_node *node);

/* The two words of a Go interface.  */
struct ms_go_words {
	const struct ms_node *descriptor; /* the type of the struct at DYNAMIC */
	uint64_t dynamic;		  /* address of the run-time type descriptor; 0: nil */
	uint64_t data;			  /* the value, or where it lies */
};

/* MS_OK; or the words are none, or cannot be read: MS_BAD_TYPE, MS_FAULT, MS_INTERRUPTED.  */
int32_t ms_go_words_of(struct ms_context *ctx, const struct ms_node *node, const uint8_t *bytes,
		       struct ms_go_words *out);

/* What a Go interface holds.  */
struct ms_go_held {
	struct ms_go_type type;
	uint64_t address;   /* where it lies; 0: it is the data word itself */
	uint8_t bytes[256]; /* the first type.size bytes are its value */
};

bool ms_is_go_interface(const struct ms_node *node);
/* MS_OK; MS_NOT_FOUND: nil; or it cannot be read, which includes a value of over 256 bytes: MS_FAULT, MS_BAD_TYPE,
   MS_INTERRUPTED. out->address is set whenever there is one.  */
int32_t ms_go_interface_of(struct ms_context *ctx, const struct ms_node *node, const uint8_t *bytes,
			   struct ms_go_held *out);

#endif
