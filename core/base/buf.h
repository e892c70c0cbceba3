/* A text that grows. A failed allocation is remembered in FAILED and makes every later call do nothing, so that a writer
   checks once, at the end.  */
#ifndef MS_BASE_BUF_H
#define MS_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ms_buf {
	char *data; /* always ends in NUL once something was added */
	size_t size, capacity;
	bool failed;
};

void ms_buf_fini(struct ms_buf *buf);
void ms_buf_clear(struct ms_buf *buf);
/* Back to SIZE bytes, when a piece of text turned out not to be wanted.  */
void ms_buf_truncate(struct ms_buf *buf, size_t size);
/* The text, never NULL.  */
const char *ms_buf_text(const struct ms_buf *buf);
bool ms_buf_grow(struct ms_buf *buf, size_t extra);

/* Room for EXTRA bytes and a NUL; false when memory is short, now or before.  */
static inline bool ms_buf_reserve(struct ms_buf *buf, size_t extra)
{
	return extra < buf->capacity - buf->size ? !buf->failed : ms_buf_grow(buf, extra);
}

static inline void ms_buf_add(struct ms_buf *buf, const void *data, size_t size)
{
	if (size == 0 || !ms_buf_reserve(buf, size))
		return;
	memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = 0;
}

static inline void ms_buf_char(struct ms_buf *buf, char c)
{
	ms_buf_add(buf, &c, 1);
}

/* Inline, so that a literal costs no call to count it.  */
static inline void ms_buf_str(struct ms_buf *buf, const char *text)
{
	ms_buf_add(buf, text, strlen(text));
}

void ms_buf_printf(struct ms_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ms_buf_uint(struct ms_buf *buf, uint64_t value);
void ms_buf_int(struct ms_buf *buf, int64_t value);
void ms_buf_hex(struct ms_buf *buf, uint64_t value); /* 0x… */
void ms_buf_pad(struct ms_buf *buf, size_t count);   /* spaces */
void ms_buf_hex_bytes(struct ms_buf *buf, const uint8_t *bytes, size_t size);

/* Bytes of the target as printable ASCII: \n, \t, \r, \\ and \xHH for the rest; QUOTE, unless 0, is escaped as well.  */
void ms_buf_escaped(struct ms_buf *buf, const void *bytes, size_t size, char quote);
/* The same for text of UTF-8 as a JSON string with its quotes; all but printable ASCII becomes \uXXXX.  */
void ms_buf_json_string(struct ms_buf *buf, const void *bytes, size_t size);
bool ms_utf8_valid(const void *bytes, size_t size);

#endif
