/* Literals of numbers, characters and texts.  */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "cmd/literal_reader.h"
#include "decode/shapes.h"

/* gcc and clang have it; C11's strict form has not.  */
__extension__ typedef unsigned __int128 uint128;

/* ---- The reader ---- */

bool ms_reader_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

void ms_reader_skip(struct ms_reader *r)
{
	r->p += strspn(r->p, " \t\n");
}

bool ms_reader_takes(struct ms_reader *r, char c)
{
	ms_reader_skip(r);
	if (*r->p != c)
		return false;
	r->p++;
	ms_reader_skip(r);
	return true;
}

bool ms_reader_takes_word(struct ms_reader *r, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(r->p, word, size) != 0 || ms_reader_is_word(r->p[size]))
		return false;
	r->p += size;
	return true;
}

bool ms_reader_at_quote(const struct ms_reader *r)
{
	return *r->p == '"' || *r->p == '`';
}

int32_t ms_reader_none(struct ms_reader *r, const struct ms_node *node)
{
	struct ms_buf form = { 0 };

	ms_literal_form(r->ctx, r->language, node, &form);
	ms_fail(r->ctx, MS_NOT_FOUND, "expected %s", ms_buf_text(&form));
	ms_buf_fini(&form);
	return ms_stopped(r->ctx) != MS_OK ? ms_stopped(r->ctx) : MS_NOT_FOUND;
}

int32_t ms_reader_wrong(struct ms_reader *r, const struct ms_node *node, const char *format, ...)
{
	struct ms_buf form = { 0 }, shown = { 0 };
	char line[300];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	ms_buf_escaped(&shown, line, strlen(line), 0);
	ms_literal_form(r->ctx, r->language, node, &form);
	ms_fail(r->ctx, MS_USAGE, "%s; expected %s", ms_buf_text(&shown), ms_buf_text(&form));
	ms_buf_fini(&form);
	ms_buf_fini(&shown);
	return ms_stopped(r->ctx) != MS_OK ? ms_stopped(r->ctx) : MS_USAGE;
}

void ms_reader_store(const struct ms_reader *r, uint64_t value, uint64_t size, uint8_t *out)
{
	for (uint64_t i = 0; i < size; i++) {
		uint64_t place = r->ctx->memory.big_endian ? size - 1 - i : i;
		out[i] = place < 8 ? (uint8_t)(value >> 8 * place) : 0;
	}
}

/* ---- Whole numbers ---- */

static bool store_wide(const struct ms_context *ctx, const struct ms_node *node, bool negative, uint128 magnitude,
		       uint8_t *out)
{
	uint64_t size = node->size;
	uint128 most;

	if (size == 0 || size > 16)
		return false;
	most = size == 16 ? ~(uint128)0 : ((uint128)1 << 8 * size) - 1;
	if (node->kind == MS_BOOL)
		most = 1;
	else if (node->kind == MS_INT)
		most = most / 2 + negative;
	else if (negative && node->kind == MS_ENUM) /* of either sign, as the compiler liked */
		most = most / 2 + 1;
	else if (negative && magnitude)
		return false;
	if (magnitude > most)
		return false;
	uint128 value = negative ? -magnitude : magnitude;
	for (uint64_t i = 0; i < size; i++)
		out[ctx->memory.big_endian ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
	return true;
}

bool ms_store_integer(const struct ms_context *ctx, const struct ms_node *node, bool negative, uint64_t magnitude,
		      uint8_t *out)
{
	if (node->kind == MS_FLOAT)
		return ms_store_float(ctx, node->size, negative ? -(long double)magnitude : (long double)magnitude,
				      out);
	return store_wide(ctx, node, negative, magnitude, out);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : 99;
}

/* Digits with C's and Go's prefixes, underscores and suffixes. False: there are none, or they are too many.  */
static bool take_digits(struct ms_reader *r, uint128 *out)
{
	const char *p = r->p;
	int base = 10;
	bool any = false;

	if (*p == '0' && p[1] && strchr("xXbBoO", p[1])) {
		base = strchr("xX", p[1]) ? 16 : strchr("bB", p[1]) ? 2 : 8;
		p += 2;
	} else if (*p == '0' && p[1] >= '0' && p[1] <= '7') {
		base = 8;
	}
	for (*out = 0; digit_of(*p) < base || (*p == '_' && any); p++) {
		if (*p == '_')
			continue;
		any = true;
		if (*out > (~(uint128)0 - (uint128)digit_of(*p)) / (uint128)base)
			return false;
		*out = *out * (uint128)base + (uint128)digit_of(*p);
	}
	size_t suffix = any && r->language == MS_C ? strspn(p, "uUlL") : 0;
	p += suffix <= 3 ? suffix : 0;
	if (!any || ms_reader_is_word(*p) || *p == '.')
		return false;
	r->p = p;
	return true;
}

static int32_t utf8_size(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool take_text(struct ms_reader *r, struct ms_buf *out);

/* The number of a character in single quotes: of its byte, or of its Unicode character.  */
static bool take_character(struct ms_reader *r, uint128 *out)
{
	struct ms_buf text = { 0 };
	const char *start = r->p;
	bool good = take_text(r, &text) && text.size && !text.failed;

	if (good) {
		const uint8_t *p = (const uint8_t *)text.data;
		int32_t size = utf8_size(*p);
		*out = *p;
		if (text.size > 1) {
			good = (size_t)size == text.size && ms_utf8_valid(p, text.size);
			*out = size > 1 ? *p & (0xff >> (size + 1)) : 0;
			for (int32_t i = 1; i < size && good; i++)
				*out = *out << 6 | (p[i] & 0x3f);
		}
	}
	ms_buf_fini(&text);
	r->p = good ? r->p : start;
	return good;
}

static bool take_enumerator(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	for (uint32_t i = 0; i < node->member_count; i++) {
		if (!ms_reader_takes_word(r, node->members[i].name))
			continue;
		ms_reader_store(r, (uint64_t)node->members[i].offset, node->size, out);
		return true;
	}
	return false;
}

static int32_t read_integer(struct ms_reader *r, const struct ms_node *type, const struct ms_node *node, uint8_t *out)
{
	const char *start = r->p;
	bool negative = *r->p == '-', has_sign = negative || *r->p == '+';
	uint128 magnitude = 0;

	if (node->kind == MS_ENUM && take_enumerator(r, node, out))
		return MS_OK;
	if (node->kind == MS_BOOL && (ms_reader_takes_word(r, "true") || ms_reader_takes_word(r, "false"))) {
		ms_reader_store(r, *start == 't', node->size, out);
		return MS_OK;
	}
	if (ms_reader_at_quote(r))
		return ms_reader_wrong(r, type, "found a text");
	if (*r->p == '\'') {
		if (!take_character(r, &magnitude))
			return ms_reader_wrong(r, type, "found no single character in the quotes");
	} else {
		r->p += has_sign;
		if (!take_digits(r, &magnitude)) {
			r->p = start;
			return ms_reader_none(r, type);
		}
		/* As a char is shown: 97 'a'.  */
		const char *behind = r->p;
		uint128 same;
		ms_reader_skip(r);
		if (*r->p != '\'' || !take_character(r, &same))
			r->p = behind;
	}
	if (!store_wide(r->ctx, node, negative, magnitude, out))
		return ms_reader_wrong(r, type, "%.*s does not fit", (int)ms_min((uint64_t)(r->p - start), 60), start);
	return MS_OK;
}

/* ---- Floats ---- */

bool ms_store_float(const struct ms_context *ctx, uint64_t size, long double value, uint8_t *out)
{
	bool swap = ctx->memory.big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	double wide = (double)value;
	float narrow = (float)value;
	uint8_t bytes[sizeof value];

	if (size == sizeof narrow)
		memcpy(bytes, &narrow, size);
	else if (size == sizeof wide)
		memcpy(bytes, &wide, size);
	else if (size == sizeof value && !swap)
		memcpy(bytes, &value, size);
	else
		return false;
	for (uint64_t i = 0; i < size; i++)
		out[swap ? size - 1 - i : i] = bytes[i];
	return true;
}

/* The nearest float of SIZE bytes to the digits at R, in the C locale whatever the debugger has set.  */
static bool take_float(struct ms_reader *r, uint64_t size, uint8_t *out)
{
	static locale_t c_locale; /* made once; losing a race leaks one */
	const char *digits = r->p + strspn(r->p, "+-");
	char *end;

	if (digits - r->p > 1 ||
	    (!strchr("0123456789.", *digits) && strncasecmp(digits, "nan", 3) && strncasecmp(digits, "inf", 3)) ||
	    !*digits)
		return false;
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	locale_t before = c_locale ? uselocale(c_locale) : NULL;
	long double value = size == 4 ? strtof(r->p, &end) : size == 8 ? strtod(r->p, &end) : strtold(r->p, &end);
	if (before)
		uselocale(before);
	if (end == r->p || !ms_store_float(r->ctx, size, value, out))
		return false;
	if (r->language == MS_C && *end && strchr("fFlL", *end) && !ms_reader_is_word(end[1]))
		end++;
	r->p = end;
	return true;
}

static int32_t read_float(struct ms_reader *r, const struct ms_node *type, const struct ms_node *node, uint8_t *out)
{
	const char *start = r->p;

	if (ms_reader_at_quote(r))
		return ms_reader_wrong(r, type, "found a text");
	if (take_float(r, node->size, out) && !ms_reader_is_word(*r->p))
		return MS_OK;
	r->p = start;
	return ms_reader_none(r, type);
}

/* "1+2i", "2i", "1", "(1+2i)", and as it is shown: "(1, 2i)".  */
static int32_t read_complex(struct ms_reader *r, const struct ms_node *type, const struct ms_node *node, uint8_t *out)
{
	uint64_t half = node->size / 2;
	const char *start = r->p;
	bool wrapped = ms_reader_takes(r, '('), good = take_float(r, half, out);

	if (good && *r->p == 'i') {
		r->p++;
		memcpy(out + half, out, half);
		good = ms_store_float(r->ctx, half, 0, out);
	} else if (good) {
		ms_reader_skip(r);
		if (*r->p == ',')
			r->p++;
		ms_reader_skip(r);
		bool more = *r->p && *r->p != ')';
		if (!more)
			good = ms_store_float(r->ctx, half, 0, out + half);
		else if (r->p[0] && r->p[1] == ' ' && strchr("+-", *r->p)) { /* "1 + 2i" */
			bool minus = *r->p++ == '-';
			ms_reader_skip(r);
			good = take_float(r, half, out + half) && *r->p++ == 'i';
			if (minus && good)
				out[r->ctx->memory.big_endian ? half : 2 * half - 1] ^= 0x80;
		} else {
			good = take_float(r, half, out + half) && *r->p++ == 'i';
		}
	}
	if (good && (!wrapped || ms_reader_takes(r, ')')) && !ms_reader_is_word(*r->p))
		return MS_OK;
	r->p = start;
	return ms_reader_none(r, type);
}

/* ---- Texts ---- */

static void add_utf8(struct ms_buf *out, uint32_t code)
{
	uint8_t bytes[4];
	int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (int i = size - 1; i > 0; i--, code >>= 6)
		bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
	bytes[0] = (uint8_t)(size == 1 ? code : (0xf00 >> size & 0xff) | code);
	ms_buf_add(out, bytes, (size_t)size);
}

/* COUNT digits of BASE at *P.  */
static bool take_escape_digits(const char **p, int least, int most, int base, uint32_t *out)
{
	int count = 0;

	for (*out = 0; count < most && digit_of(**p) < base; count++)
		*out = *out * (uint32_t)base + (uint32_t)digit_of(*(*p)++);
	return count >= least;
}

/* What stands behind a backslash at *P.  */
static bool take_escape(const char **p, struct ms_buf *out)
{
	static const char letters[] = "abfnrtve0", bytes[] = "\a\b\f\n\r\t\v\033";
	const char *letter = **p ? strchr(letters, **p) : NULL;
	uint32_t code;

	if (**p >= '0' && **p <= '7') {
		if (!take_escape_digits(p, 1, 3, 8, &code) || code > 255)
			return false;
		ms_buf_char(out, (char)code);
		return true;
	}
	if (letter) {
		ms_buf_char(out, bytes[letter - letters]);
		(*p)++;
		return true;
	}
	char kind = *(*p)++;
	switch (kind) {
	case 'x':
		if (!take_escape_digits(p, 1, 2, 16, &code))
			return false;
		ms_buf_char(out, (char)code);
		return true;
	case 'u':
	case 'U':
		if (!take_escape_digits(p, kind == 'u' ? 4 : 8, kind == 'u' ? 4 : 8, 16, &code) || code > 0x10ffff)
			return false;
		add_utf8(out, code);
		return true;
	case '\\':
	case '"':
	case '\'':
	case '?':
		ms_buf_char(out, kind);
		return true;
	default:
		return false;
	}
}

/* What stands in the quotes at R, of whatever kind.  */
static bool take_text(struct ms_reader *r, struct ms_buf *out)
{
	char quote = *r->p;
	const char *p = r->p + 1;

	while (*p && *p != quote) {
		if (*p != '\\' || quote == '`') {
			ms_buf_char(out, *p++);
			continue;
		}
		p++;
		if (!take_escape(&p, out))
			return false;
	}
	r->p = p + (*p == quote);
	return *p == quote;
}

/* A text that is a pointer to bytes: C's, which a NUL ends.  */
static bool is_char_pointer(struct ms_context *ctx, const struct ms_node *node)
{
	const struct ms_node *target = node->kind == MS_POINTER ? ms_node_target(ctx, node) : NULL;

	target = target ? ms_node_strip(ctx, target) : NULL;
	return target && ms_is_char(target);
}

static bool is_char_array(struct ms_context *ctx, const struct ms_node *node)
{
	const struct ms_node *element = node->kind == MS_ARRAY ? ms_node_target(ctx, node) : NULL;

	element = element ? ms_node_strip(ctx, element) : NULL;
	return element && ms_is_char(element) && node->count <= node->size;
}

/* A struct of pointer and length, whatever it holds.  */
static bool is_counted(struct ms_context *ctx, enum ms_language language, const struct ms_node *node)
{
	uint8_t nothing[64] = { 0 };
	uint64_t address;
	int64_t length;

	if (language == MS_GO)
		return ms_is_go_text(ctx, node);
	return node->kind == MS_STRUCT && node->size <= sizeof nothing &&
	       ms_text_of(ctx, language, node, nothing, &address, &length);
}

bool ms_is_text(struct ms_context *ctx, enum ms_language language, const struct ms_node *node)
{
	if (is_counted(ctx, language, node))
		return true;
	return language == MS_C && (is_char_pointer(ctx, node) || is_char_array(ctx, node));
}

/* The members of a pointer and a length, in whatever order.  */
static int32_t store_counted(struct ms_reader *r, const struct ms_node *node, uint64_t address, uint64_t size,
			     uint8_t *out)
{
	for (uint32_t i = 0; i < node->member_count; i++) {
		const struct ms_node *type = ms_node(r->ctx, node->members[i].type);
		type = type ? ms_node_strip(r->ctx, type) : NULL;
		if (!type)
			return MS_NO_MEMORY;
		bool pointer = type->kind == MS_POINTER;
		if (!pointer && type->size < 8 && size >> (8 * type->size - (type->kind == MS_INT)))
			return ms_reader_wrong(r, node, "a text of %llu bytes is too long", (unsigned long long)size);
		ms_reader_store(r, pointer ? address : size, type->size, out + node->members[i].offset);
	}
	return MS_OK;
}

int32_t ms_store_text(struct ms_context *ctx, enum ms_language language, const struct ms_node *node, const void *text,
		      uint64_t size, struct ms_own *own, uint8_t *out)
{
	struct ms_reader r = { .ctx = ctx, .language = language, .own = own };

	if (node->kind == MS_ARRAY) {
		if (size > node->count)
			return ms_reader_wrong(&r, node, "a text of %llu bytes is too long", (unsigned long long)size);
		memset(out, 0, node->size);
		memcpy(out, text, size);
		return MS_OK;
	}
	if (node->kind == MS_POINTER && memchr(text, 0, size))
		return ms_reader_wrong(&r, node, "a text that a NUL ends holds none");
	/* An empty text of C's kind needs a place, for its NUL.  */
	uint64_t address = size || node->kind == MS_POINTER ? ms_own_add(own, ctx, text, size) : 0;
	if (!address && (size || node->kind == MS_POINTER))
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory for a key, or too many parts in it");
	if (node->kind != MS_POINTER)
		return store_counted(&r, node, address, size, out);
	ms_reader_store(&r, address, node->size, out);
	return MS_OK;
}

static int32_t quoted(struct ms_reader *r, const struct ms_node *node, struct ms_buf *out)
{
	if (!ms_reader_at_quote(r))
		return ms_reader_none(r, node);
	if (!take_text(r, out))
		return ms_reader_wrong(r, node, "a text with an escape that is none, or without an end");
	ms_buf_reserve(out, 1);
	return out->failed ? ms_fail(r->ctx, MS_NO_MEMORY, "out of memory for a key") : MS_OK;
}

int32_t ms_reader_text(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	struct ms_buf text = { 0 };
	int32_t status = quoted(r, node, &text);

	if (status == MS_OK)
		status = ms_store_text(r->ctx, r->language, node, text.data, text.size, r->own, out);
	ms_buf_fini(&text);
	return status;
}

int32_t ms_reader_go_string(struct ms_reader *r, const struct ms_node *node, uint8_t *out)
{
	uint64_t word = r->ctx->memory.pointer_size, address = 0;
	struct ms_buf text = { 0 };
	int32_t status = quoted(r, node, &text);

	if (status == MS_OK && text.size) {
		address = ms_own_add(r->own, r->ctx, text.data, text.size);
		if (!address)
			status = ms_fail(r->ctx, MS_NO_MEMORY, "out of memory for a key, or too many parts in it");
	}
	if (status == MS_OK) {
		ms_reader_store(r, address, word, out);
		ms_reader_store(r, text.size, word, out + word);
	}
	ms_buf_fini(&text);
	return status;
}

const char *ms_reader_default_type(const struct ms_reader *r)
{
	struct ms_reader ahead = *r;

	if (ms_reader_at_quote(r))
		return "string";
	if (*r->p == '\'')
		return "int32";
	return ms_reader_takes_word(&ahead, "true") || ms_reader_takes_word(&ahead, "false") ? "bool" : NULL;
}

/* ---- Scalars ---- */

static int32_t read_pointer(struct ms_reader *r, const struct ms_node *type, const struct ms_node *node, uint8_t *out)
{
	static const char *const nulls[] = { "nil", "NULL", "null", "nullptr" };
	struct ms_node number = { .kind = MS_UINT, .size = node->size };
	const char *start = r->p;
	uint128 address;

	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		if (ms_reader_takes_word(r, nulls[i])) {
			memset(out, 0, node->size);
			return MS_OK;
		}
	if (!take_digits(r, &address)) {
		r->p = start;
		return ms_reader_none(r, type);
	}
	if (!store_wide(r->ctx, &number, false, address, out))
		return ms_reader_wrong(r, type, "an address of more than %llu bytes", (unsigned long long)node->size);
	return MS_OK;
}

int32_t ms_reader_scalar(struct ms_reader *r, const struct ms_node *type, const struct ms_node *node, uint8_t *out)
{
	switch (node->kind) {
	case MS_INT:
	case MS_UINT:
	case MS_BOOL:
	case MS_ENUM:
		return read_integer(r, type, node, out);
	case MS_FLOAT:
		return read_float(r, type, node, out);
	case MS_COMPLEX:
		return read_complex(r, type, node, out);
	case MS_POINTER:
		return read_pointer(r, type, node, out);
	default:
		return ms_reader_none(r, type);
	}
}
