/* Objects are read when they are met; maps wait in a list, since each takes a walk of its own.  */
#include "cmd/leads.h"

#include <stdlib.h>

#include "base/arith.h"
#include "mem/mem.h"
#include "out/view.h"

enum {
	OBJECT_MOST = 64 << 10, /* bytes */
	MAPS_MOST = 1 << 20,
};

static void read_object(struct ms_leads *leads, uint64_t address, uint64_t size)
{
	uint8_t piece[256];
	uint64_t end;

	if (!ms_add(address, ms_min(size, OBJECT_MOST), &end))
		return;
	for (uint64_t at = address; at < end; at += sizeof piece)
		if (ms_mem_read_cached(leads->ctx, at, piece, ms_min(sizeof piece, end - at)) < 0)
			return;
}

static void remember_map(struct ms_leads *leads, uint64_t address, const struct ms_node *type)
{
	enum ms_visit visit = address ? ms_visited_add(&leads->seen, address) : MS_VISIT_AGAIN;

	leads->no_memory |= visit == MS_VISIT_NO_ROOM;
	if (visit != MS_VISIT_FIRST)
		return;
	if (leads->map_count == MAPS_MOST) {
		leads->left_out++;
		return;
	}
	if (leads->map_count == leads->map_capacity) {
		uint64_t capacity = leads->map_capacity ? leads->map_capacity * 2 : 64;
		struct ms_lead *maps = realloc(leads->maps, capacity * sizeof *maps);
		leads->no_memory |= !maps;
		if (!maps)
			return;
		leads->maps = maps;
		leads->map_capacity = capacity;
	}
	leads->maps[leads->map_count++] = (struct ms_lead){ address, type };
}

static void met(void *user, uint64_t address, const struct ms_node *type)
{
	struct ms_leads *leads = user;

	if (type->kind == MS_FUNCTION)
		return;
	if (!ms_shape_of(leads->ctx, type))
		read_object(leads, address, type->size);
	else if (!leads->map) /* one level is enough */
		remember_map(leads, address, type);
}

void ms_leads_watch(struct ms_leads *leads, struct ms_context *ctx)
{
	leads->ctx = ctx;
	ctx->leads_to = met;
	ctx->leads_user = leads;
}

static void close_map(struct ms_leads *leads)
{
	if (leads->walk)
		leads->map->format->walk_free(leads->walk);
	leads->walk = NULL;
	ms_fetch_fini(&leads->fetch);
	ms_notes_fini(&leads->notes);
	ms_map_free(leads->map);
	leads->map = NULL;
}

void ms_leads_fini(struct ms_leads *leads)
{
	close_map(leads);
	ms_visited_fini(&leads->seen);
	free(leads->maps);
	ms_buf_fini(&leads->text);
	*leads = (struct ms_leads){ 0 };
}

/* The next map of the list, unless it is none after all.  */
static int32_t open_map(struct ms_leads *leads)
{
	const struct ms_lead *lead = &leads->maps[leads->at++];
	struct ms_walk_options options = { .with = { true, true } };
	int32_t status = ms_map_open_at(leads->ctx, lead->address, lead->type, &leads->map);

	if (status < 0)
		return ms_stopped(leads->ctx);
	if (leads->map->nil || leads->map->broken.size) {
		close_map(leads);
		return MS_OK;
	}
	status = ms_fetch_init(&leads->fetch, leads->map, MS_SLOTS_MOST);
	if (status == MS_OK)
		status = leads->map->format->walk_new(leads->map, &options, &leads->notes, &leads->walk);
	return status == MS_BAD_TYPE ? MS_OK : status;
}

/* Shows the entries of ROW to nobody.  */
static int32_t read_row(struct ms_leads *leads, const struct ms_row *row)
{
	struct ms_fetch *fetch = &leads->fetch;
	struct ms_view view = { .ctx = leads->ctx,
				.buf = &leads->text,
				.style = { .json = true, .language = leads->map->shape->language } };

	fetch->count = 0;
	for (uint32_t i = 0; i < row->slot_count; i++)
		if (row->slots[i].live)
			ms_fetch_add(fetch, leads->map, &row->slots[i]);
	int32_t status = ms_fetch_run(fetch, leads->map);
	for (uint64_t i = 0; i < fetch->count && status == MS_OK; i++) {
		struct ms_entry entry = { fetch->keys + i * leads->map->key_size,
					  fetch->elems + i * leads->map->elem_size, fetch->key_addresses[i],
					  fetch->elem_addresses[i] };
		ms_buf_clear(&leads->text);
		status = ms_view_entry(&view, leads->map, &entry);
	}
	return status;
}

int32_t ms_leads_step(struct ms_leads *leads)
{
	const struct ms_row *row;

	if (leads->no_memory)
		return MS_NO_MEMORY;
	if (!leads->walk) {
		close_map(leads);
		return leads->at < leads->map_count ? open_map(leads) : MS_NOT_FOUND;
	}
	int32_t status = leads->map->format->walk_next(leads->walk, &row);
	if (status == MS_OK)
		return read_row(leads, row);
	if (status == MS_NOT_FOUND) {
		close_map(leads);
		return MS_OK;
	}
	return status;
}
