/* Reads numbers of DWARF from bytes, never beyond their end: what would is remembered in FAILED and gives 0.  */
#ifndef MS_TYPES_DWARF_CURSOR_H
#define MS_TYPES_DWARF_CURSOR_H

#include "base/bytes.h"

struct ms_cursor {
	const uint8_t *at, *end;
	bool big_endian, failed;
};

static inline uint64_t ms_cursor_left(const struct ms_cursor *cursor)
{
	return (uint64_t)(cursor->end - cursor->at);
}

/* The next SIZE bytes; NULL if there are fewer.  */
static inline const uint8_t *ms_cursor_bytes(struct ms_cursor *cursor, uint64_t size)
{
	const uint8_t *bytes = cursor->at;

	if (size > ms_cursor_left(cursor)) {
		cursor->failed = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += size;
	return bytes;
}

/* An unsigned number of SIZE bytes, at most 8.  */
static inline uint64_t ms_cursor_number(struct ms_cursor *cursor, uint64_t size)
{
	const uint8_t *bytes = ms_cursor_bytes(cursor, size);

	return bytes ? ms_load(bytes, size, cursor->big_endian) : 0;
}

static inline int64_t ms_cursor_signed(struct ms_cursor *cursor, uint64_t size)
{
	const uint8_t *bytes = ms_cursor_bytes(cursor, size);

	return bytes ? ms_load_signed(bytes, size, cursor->big_endian) : 0;
}

static inline uint64_t ms_cursor_leb(struct ms_cursor *cursor, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;

	for (;;) {
		const uint8_t *byte = ms_cursor_bytes(cursor, 1);
		if (!byte)
			return 0;
		if (shift < 64)
			value |= (uint64_t)(*byte & 0x7f) << shift;
		shift += shift < 64 ? 7 : 0;
		if (*byte & 0x80)
			continue;
		if (is_signed && shift < 64 && (*byte & 0x40))
			value |= ~(uint64_t)0 << shift;
		return value;
	}
}

static inline uint64_t ms_cursor_uleb(struct ms_cursor *cursor)
{
	return ms_cursor_leb(cursor, false);
}

static inline int64_t ms_cursor_sleb(struct ms_cursor *cursor)
{
	return (int64_t)ms_cursor_leb(cursor, true);
}

#endif
