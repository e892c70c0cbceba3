/* --sort key: keeps the first rows in key order in a heap with the last of them on top, then gives them out. Each step is
   small, so that a Ctrl-C never waits for a sort.  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "cmd/command.h"

struct record {
	char *order; /* bytes that memcmp puts in key order */
	size_t order_size;
	char *text; /* the row as it will be printed */
	size_t text_size;
	uint64_t seen; /* walk order, between equal keys */
};

struct sorter {
	struct record *heap;
	uint64_t count, capacity, most;
	uint64_t seen;
	uint64_t sorted; /* records from COUNT - SORTED on are in their place */
	uint64_t given;
	bool giving;
	struct ms_buf order, text;
};

int32_t ms_sorter_new(struct ms_command *cmd)
{
	cmd->sorter = calloc(1, sizeof *cmd->sorter);
	if (!cmd->sorter)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	cmd->sorter->most = cmd->limit ? cmd->limit + cmd->skip : MS_SORT_MOST;
	return MS_OK;
}

static void record_free(struct record *record)
{
	free(record->order);
	free(record->text);
}

void ms_sorter_free(struct sorter *sorter)
{
	if (!sorter)
		return;
	for (uint64_t i = 0; i < sorter->count; i++)
		record_free(&sorter->heap[i]);
	free(sorter->heap);
	ms_buf_fini(&sorter->order);
	ms_buf_fini(&sorter->text);
	free(sorter);
}

/* ---- The order of keys ---- */

/* A number as big-endian bytes in unsigned order.  */
static void add_number(struct ms_buf *order, uint64_t value)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		ms_buf_char(order, (char)(value >> shift));
}

static uint64_t sign_flipped(uint64_t value)
{
	return value ^ (uint64_t)1 << 63;
}

/* IEEE floats order like their sign and magnitude; NaNs come last, -0 is 0.  */
static void add_float(struct ms_buf *order, const uint8_t *bytes, uint64_t size, bool big_endian)
{
	uint64_t bits = ms_load(bytes, size, big_endian), sign = (uint64_t)1 << (8 * size - 1);
	uint64_t infinity = size == 4 ? 0x7f800000 : 0x7ff0000000000000;

	if ((bits & ~sign) > infinity)
		add_number(order, UINT64_MAX);
	else
		add_number(order, sign_flipped(bits & sign ? 0 - (bits & ~sign) : bits));
}

/* A text as it is shown becomes its own bytes again behind the opening quote, so that "a" comes before "a b" and escapes
   sort as what they stand for.  */
static void unescape(struct ms_buf *order)
{
	static const char hex[] = "0123456789abcdef";
	size_t to = 1;

	for (const char *p = order->data + 1; *p && *p != '"'; p++) {
		char c = *p;
		if (c == '\\') {
			c = *++p;
			if (c == 'x') {
				c = (char)((strchr(hex, p[1]) - hex) << 4 | (strchr(hex, p[2]) - hex));
				p += 2;
			} else {
				c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
			}
		}
		order->data[to++] = c;
	}
	ms_buf_truncate(order, to);
}

/* Everything else sorts as it is shown: only texts begin with a quote.  */
static int32_t order_as_shown(struct ms_command *cmd, const struct ms_entry *entry, struct ms_buf *order)
{
	struct ms_view view = ms_command_view(cmd);

	view.buf = order;
	view.style.json = false;
	int32_t status = ms_view_key(&view, cmd->map, entry);
	if (status == MS_OK && *ms_buf_text(order) == '"' && !order->failed)
		unescape(order);
	return status;
}

static int32_t order_of(struct ms_command *cmd, const struct ms_entry *entry, struct ms_buf *order)
{
	const struct ms_map *map = cmd->map;
	const struct ms_node *node = map->key ? ms_node_strip(cmd->ctx, map->key) : NULL;
	bool big = cmd->ctx->memory.big_endian;
	enum ms_kind kind = node && node->size <= 8 && node->size <= map->key_size ? node->kind : MS_VOID;
	int32_t status = MS_OK;

	if (kind == MS_INT || kind == MS_ENUM) {
		add_number(order, sign_flipped((uint64_t)ms_load_signed(entry->key, node->size, big)));
	} else if (kind == MS_UINT || kind == MS_BOOL) {
		add_number(order, ms_load(entry->key, node->size, big));
	} else if (kind == MS_FLOAT && (node->size == 4 || node->size == 8)) {
		add_float(order, entry->key, node->size, big);
	} else {
		status = order_as_shown(cmd, entry, order);
		if (status == MS_OK && kind == MS_POINTER && *ms_buf_text(order) != '"') { /* no text: by address */
			ms_buf_clear(order);
			add_number(order, ms_load(entry->key, node->size, big));
		}
	}
	return status;
}

static bool after(const struct record *a, const struct record *b)
{
	int by_key = memcmp(a->order, b->order, ms_min(a->order_size, b->order_size));

	if (by_key)
		return by_key > 0;
	return a->order_size != b->order_size ? a->order_size > b->order_size : a->seen > b->seen;
}

/* ---- The heap ---- */

static void swap(struct record *a, struct record *b)
{
	struct record c = *a;

	*a = *b;
	*b = c;
}

static void sift_down(struct record *heap, uint64_t at, uint64_t count)
{
	for (;;) {
		uint64_t last = at, left = 2 * at + 1;
		if (left < count && after(&heap[left], &heap[last]))
			last = left;
		if (left + 1 < count && after(&heap[left + 1], &heap[last]))
			last = left + 1;
		if (last == at)
			return;
		swap(&heap[at], &heap[last]);
		at = last;
	}
}

static void sift_up(struct record *heap, uint64_t at)
{
	for (; at && after(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static bool grow(struct sorter *sorter)
{
	uint64_t capacity = sorter->capacity ? sorter->capacity * 2 : 256;
	struct record *heap = realloc(sorter->heap, capacity * sizeof *heap);

	if (!heap)
		return false;
	sorter->heap = heap;
	sorter->capacity = capacity;
	return true;
}

/* A copy of the text in BUF.  */
static char *keep(const struct ms_buf *buf)
{
	char *out = malloc(buf->size + 1);

	if (out && buf->size)
		memcpy(out, buf->data, buf->size);
	return out;
}

int32_t ms_sorter_add(struct ms_command *cmd, const struct ms_entry *entry)
{
	struct sorter *sorter = cmd->sorter;
	struct ms_view view = ms_command_view(cmd);
	struct record record = { .seen = sorter->seen++ };
	bool full = sorter->count == sorter->most;

	if (full && !cmd->limit) /* the header's count said less */
		return ms_fail(cmd->ctx, MS_USAGE, "--sort: more than %d rows are not kept; add --limit", MS_SORT_MOST);
	ms_buf_clear(&sorter->order);
	int32_t status = order_of(cmd, entry, &sorter->order);
	if (status == MS_OK && sorter->order.failed)
		status = MS_NO_MEMORY;
	if (status < 0)
		return status;
	record.order = sorter->order.data;
	record.order_size = sorter->order.size;
	if (full && !after(&sorter->heap[0], &record))
		return MS_OK;

	ms_buf_clear(&sorter->text);
	view.buf = &sorter->text;
	status = ms_view_entry(&view, cmd->map, entry);
	if (status < 0)
		return status;
	record.order = keep(&sorter->order);
	record.text = keep(&sorter->text);
	record.text_size = sorter->text.size;
	if (!record.order || !record.text || sorter->text.failed ||
	    (sorter->count == sorter->capacity && !grow(sorter))) {
		record_free(&record);
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory for sorting: add --limit");
	}
	if (full) {
		record_free(&sorter->heap[0]);
		sorter->heap[0] = record;
		sift_down(sorter->heap, 0, sorter->count);
	} else {
		sorter->heap[sorter->count++] = record;
		sift_up(sorter->heap, sorter->count - 1);
	}
	return MS_OK;
}

int32_t ms_sorter_step(struct ms_command *cmd)
{
	struct sorter *sorter = cmd->sorter;
	struct ms_view view = ms_command_view(cmd);

	if (sorter->sorted < sorter->count) { /* the last of the rest goes behind the rest */
		uint64_t rest = sorter->count - ++sorter->sorted;
		swap(&sorter->heap[0], &sorter->heap[rest]);
		sift_down(sorter->heap, 0, rest);
		return MS_OK;
	}
	if (!sorter->giving) {
		sorter->giving = true;
		sorter->given = ms_min(cmd->skip, sorter->count);
		cmd->limited = sorter->seen > sorter->count;
	}
	if (sorter->given == sorter->count)
		return MS_NOT_FOUND;
	const struct record *record = &sorter->heap[sorter->given++];
	ms_buf_add(view.buf, record->text, record->text_size);
	cmd->shown++;
	return MS_OK;
}
