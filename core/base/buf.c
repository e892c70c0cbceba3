/* A text that grows, and the two ways in which bytes of the target become text: escaped ASCII and JSON strings.  */
#include "base/buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"

void ms_buf_fini(struct ms_buf *buf)
{
	free(buf->data);
	*buf = (struct ms_buf){ 0 };
}

void ms_buf_clear(struct ms_buf *buf)
{
	buf->size = 0;
	buf->failed = false;
	if (buf->data)
		*buf->data = 0;
}

void ms_buf_truncate(struct ms_buf *buf, size_t size)
{
	if (size < buf->size) {
		buf->size = size;
		buf->data[size] = 0;
	}
}

const char *ms_buf_text(const struct ms_buf *buf)
{
	return buf->data ? buf->data : "";
}

bool ms_buf_grow(struct ms_buf *buf, size_t extra)
{
	if (buf->failed)
		return false;

	size_t capacity = buf->capacity ? buf->capacity : 256;
	while (capacity - buf->size <= extra) {
		if (capacity > SIZE_MAX / 2) {
			buf->failed = true;
			return false;
		}
		capacity *= 2;
	}
	char *data = realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void ms_buf_printf(struct ms_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size < 0 || !ms_buf_reserve(buf, (size_t)size))
		return;
	va_start(args, format);
	vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
	va_end(args);
	buf->size += (size_t)size;
}

void ms_buf_uint(struct ms_buf *buf, uint64_t value)
{
	if (!ms_buf_reserve(buf, MS_DIGITS_MOST))
		return;
	char *end = ms_put_uint(buf->data + buf->size, value);
	*end = 0;
	buf->size = (size_t)(end - buf->data);
}

void ms_buf_int(struct ms_buf *buf, int64_t value)
{
	if (value < 0)
		ms_buf_char(buf, '-');
	ms_buf_uint(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void ms_buf_hex(struct ms_buf *buf, uint64_t value)
{
	ms_buf_printf(buf, "0x%" PRIx64, value);
}

void ms_buf_pad(struct ms_buf *buf, size_t count)
{
	while (count--)
		ms_buf_char(buf, ' ');
}

void ms_buf_hex_bytes(struct ms_buf *buf, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ms_buf_char(buf, digits[bytes[i] >> 4]);
		ms_buf_char(buf, digits[bytes[i] & 15]);
	}
}

/* Leading bytes that need no escape in either form.  */
static size_t plain_run(const uint8_t *p, size_t size, char quote)
{
	size_t n = 0;

	while (n < size && p[n] >= ' ' && p[n] < 0x7f && p[n] != '\\' && p[n] != (uint8_t)quote)
		n++;
	return n;
}

static char short_escape(uint8_t c, char quote)
{
	if (c == '\n')
		return 'n';
	if (c == '\t')
		return 't';
	if (c == '\r')
		return 'r';
	return c == '\\' || (quote && c == (uint8_t)quote) ? (char)c : 0;
}

void ms_buf_escaped(struct ms_buf *buf, const void *bytes, size_t size, char quote)
{
	const uint8_t *p = bytes, *end = p + size;

	while (p < end) {
		size_t run = plain_run(p, (size_t)(end - p), quote);
		ms_buf_add(buf, p, run);
		p += run;
		if (p == end)
			break;
		char letter = short_escape(*p, quote);
		if (letter) {
			ms_buf_char(buf, '\\');
			ms_buf_char(buf, letter);
		} else {
			ms_buf_str(buf, "\\x");
			ms_buf_hex_bytes(buf, p, 1);
		}
		p++;
	}
}

/* Length of the UTF-8 sequence at P and its code point; 0 if it is not well-formed (RFC 3629: no overlong form, no
   surrogate, nothing above U+10FFFF).  */
static size_t utf8_decode(const uint8_t *p, size_t size, uint32_t *code_out)
{
	if (p[0] < 0x80) {
		*code_out = p[0];
		return 1;
	}
	size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || length > size)
		return 0;
	uint32_t code = p[0] & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*code_out = code;
	return length;
}

bool ms_utf8_valid(const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	uint32_t code;

	for (size_t i = 0, step; i < size; i += step) {
		step = utf8_decode(p + i, size - i, &code);
		if (!step)
			return false;
	}
	return true;
}

void ms_buf_json_string(struct ms_buf *buf, const void *bytes, size_t size)
{
	const uint8_t *p = bytes, *end = p + size;

	ms_buf_char(buf, '"');
	while (p < end) {
		size_t run = plain_run(p, (size_t)(end - p), '"');
		ms_buf_add(buf, p, run);
		p += run;
		if (p == end)
			break;
		uint32_t code;
		size_t length = utf8_decode(p, (size_t)(end - p), &code);
		char letter = short_escape(*p, '"');
		if (length == 0) { /* the caller has checked; a replacement character keeps the document well-formed */
			ms_buf_str(buf, "\\ufffd");
			length = 1;
		} else if (letter) {
			ms_buf_char(buf, '\\');
			ms_buf_char(buf, letter);
		} else if (code >= 0x10000) {
			ms_buf_printf(buf, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
				      0xdc00 + ((code - 0x10000) & 0x3ff));
		} else {
			ms_buf_printf(buf, "\\u%04x", code);
		}
		p += length;
	}
	ms_buf_char(buf, '"');
}
