/* One key or elem as text or JSON (commands.md, sections 5 and 6).  */
#ifndef MS_VALUE_H
#define MS_VALUE_H

#include "decode/map.h"

struct ms_style {
	bool json;
	enum ms_language language;
};

/* Appends the value of type NODE (NULL: plain bytes) whose SIZE bytes are BYTES and which lies at ADDRESS (0: nowhere, or it
   could not be read: then FAULT says where it should have been). What it points to is read as far as the contract shows it.
   MS_OK or MS_INTERRUPTED.  */
int32_t ms_value(struct ms_context *ctx, struct ms_buf *buf, const struct ms_node *node, const uint8_t *bytes,
		 uint64_t size, uint64_t address, struct ms_style style);

/* "cannot read 8 bytes at 0x10", as the style marks what is missing.  */
void ms_value_error(struct ms_buf *buf, struct ms_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Shortest digits that read back as the same float of SIZE bytes (4, 8, or the host's long double).  */
void ms_value_float(struct ms_buf *buf, const uint8_t *bytes, uint64_t size, bool big_endian, bool json);

#endif
