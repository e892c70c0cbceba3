/* Walking a map entry by entry for printers: batches of whole keys and elems.  */
#include <stdlib.h>

#include "base/arith.h"
#include "decode/map.h"
#include "out/view.h"

enum { SLICE_MS = 50, BATCH_BYTES = 1 << 20 }; /* of a batch, about, whatever the caller asks for */

struct ms_iter {
	struct ms_map *map;
	struct ms_walk *walk;
	struct ms_notes notes;
	struct ms_fetch fetch;
	uint64_t given;	   /* entries of the last batch; they are still in FETCH */
	struct ms_row row; /* its slots from AT on have not been given yet */
	uint32_t at;
	struct ms_position next;
	uint64_t found;
	bool from_start, ended;
	bool untold; /* a note says so */
	struct ms_buf text, key_text, elem_text;
};

int32_t ms_iter_new(struct ms_map *map, const char *from, struct ms_iter **out)
{
	struct ms_walk_options options = { .live_only = true, .with = { true, true } };
	struct ms_iter *iter = calloc(1, sizeof *iter);

	if (!iter)
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory");
	iter->map = map;
	iter->from_start = !*from;
	int32_t status = MS_OK;
	if (*from && !map->format->position_parse(map, from, &options.from))
		status = ms_fail(map->ctx, MS_USAGE, "the page is not one of this map as it is now");
	if (status == MS_OK)
		status = map->format->walk_new(map, &options, &iter->notes, &iter->walk);
	if (status < 0) {
		ms_iter_free(iter);
		return status;
	}
	iter->next = options.from;
	*out = iter;
	return MS_OK;
}

void ms_iter_free(struct ms_iter *iter)
{
	if (!iter)
		return;
	if (iter->walk)
		iter->map->format->walk_free(iter->walk);
	ms_notes_fini(&iter->notes);
	ms_fetch_fini(&iter->fetch);
	ms_buf_fini(&iter->text);
	ms_buf_fini(&iter->key_text);
	ms_buf_fini(&iter->elem_text);
	free(iter);
}

/* Room for MAX entries; a batch keeps its place until the next call.  */
static int32_t reserve(struct ms_iter *iter, uint64_t max)
{
	if (iter->fetch.capacity < max) {
		ms_fetch_fini(&iter->fetch);
		int32_t status = ms_fetch_init(&iter->fetch, iter->map, max);
		if (status < 0)
			return status;
	}
	iter->fetch.count = 0;
	return MS_OK;
}

/* Takes what the row at hand still has, up to MAX in the batch.  */
static void take(struct ms_iter *iter, uint64_t max)
{
	for (; iter->at < iter->row.slot_count && iter->fetch.count < max; iter->at++) {
		if (!iter->row.slots[iter->at].live)
			continue;
		ms_fetch_add(&iter->fetch, iter->map, &iter->row.slots[iter->at]);
		iter->next.skip++;
		iter->found++;
	}
}

static void next_row(struct ms_iter *iter, const struct ms_row *row)
{
	iter->row = *row;
	iter->at = 0;
	if (iter->next.array != row->array || iter->next.index != row->index)
		iter->next = (struct ms_position){ row->array, row->index, 0 };
}

int32_t ms_iter_next(struct ms_iter *iter, uint64_t max, struct ms_batch *out)
{
	struct ms_map *map = iter->map;
	const struct ms_row *row;
	uint64_t room = BATCH_BYTES / (map->key_size / 2 + map->elem_size / 2 + 16) + 1;
	int32_t status = max ? MS_OK : ms_fail(map->ctx, MS_USAGE, "a batch of no entries");

	max = ms_min(max, room);
	iter->given = 0;
	if (status == MS_OK)
		status = reserve(iter, max);
	if (status < 0)
		return status;
	ms_slice_begin(map->ctx, SLICE_MS);
	for (take(iter, max); iter->fetch.count < max && !iter->ended; take(iter, max)) {
		status = map->format->walk_next(iter->walk, &row);
		if (status == MS_OK)
			next_row(iter, row);
		else if (status == MS_NOT_FOUND)
			iter->ended = true;
		else if ((status == MS_AGAIN || status == MS_INTERRUPTED) && iter->fetch.count)
			break; /* what was found so far; the next call says the rest */
		else
			return status;
	}
	status = ms_fetch_run(&iter->fetch, map);
	if (status < 0)
		return status;
	iter->given = iter->fetch.count;
	*out = (struct ms_batch){
		.size = sizeof *out,
		.count = iter->given,
		.key_type = map->key ? map->key->type : 0,
		.elem_type = map->elem ? map->elem->type : 0,
		.key_size = map->key_size,
		.elem_size = map->elem_size,
		.keys = iter->fetch.keys,
		.elems = iter->fetch.elems,
		.key_addresses = iter->fetch.key_addresses,
		.elem_addresses = iter->fetch.elem_addresses,
	};
	return MS_OK;
}

/* One half of entry I into BUF.  */
static const char *half_text(struct ms_iter *iter, uint64_t i, struct ms_buf *buf,
			     int32_t (*half)(struct ms_view *, const struct ms_map *, const struct ms_entry *))
{
	struct ms_map *map = iter->map;
	struct ms_view view = { .ctx = map->ctx, .buf = buf, .style = { .language = map->shape->language } };

	ms_buf_clear(buf);
	if (i >= iter->given)
		return "";
	struct ms_entry entry = { iter->fetch.keys + i * map->key_size, iter->fetch.elems + i * map->elem_size,
				  iter->fetch.key_addresses[i], iter->fetch.elem_addresses[i] };
	ms_slice_begin(map->ctx, SLICE_MS);
	map->ctx->untold = false;
	int32_t status = half(&view, map, &entry);
	if (map->ctx->untold && !iter->untold)
		ms_note_untold(&iter->notes);
	iter->untold |= map->ctx->untold;
	if (status == MS_OK)
		status = buf->failed ? MS_NO_MEMORY : ms_stopped(map->ctx);
	if (status == MS_OK)
		return ms_buf_text(buf);
	ms_fail(map->ctx, status, status == MS_INTERRUPTED ? "interrupted" : "out of memory for a text");
	return NULL;
}

const char *ms_iter_key_text(struct ms_iter *iter, uint64_t i)
{
	return half_text(iter, i, &iter->key_text, ms_view_key);
}

const char *ms_iter_elem_text(struct ms_iter *iter, uint64_t i)
{
	return half_text(iter, i, &iter->elem_text, ms_view_elem);
}

const char *ms_iter_token(struct ms_iter *iter)
{
	ms_buf_clear(&iter->text);
	if (!iter->ended || iter->at < iter->row.slot_count)
		iter->map->format->position_text(&iter->next, &iter->text);
	return ms_buf_text(&iter->text);
}

static void add_notes(struct ms_buf *buf, const struct ms_notes *notes)
{
	for (uint32_t i = 0; i < notes->count; i++)
		ms_buf_printf(buf, "%s%s", buf->size ? "; " : "", notes->line[i]);
	if (notes->dropped)
		ms_buf_printf(buf, "; and %u more", notes->dropped);
}

const char *ms_iter_note(struct ms_iter *iter)
{
	ms_buf_clear(&iter->text);
	add_notes(&iter->text, &iter->map->notes);
	add_notes(&iter->text, &iter->notes);
	if (iter->ended && iter->from_start && (int64_t)iter->found != iter->map->count)
		ms_buf_printf(&iter->text, "%s%llu live entries found, count is %lld", iter->text.size ? "; " : "",
			      (unsigned long long)iter->found, (long long)iter->map->count);
	return ms_buf_text(&iter->text);
}
