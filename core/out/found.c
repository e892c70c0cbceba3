/* One key's entry and the way to it.  */
#include "out/found.h"

#include <string.h>

#include "decode/equal.h"

static struct ms_entry entry_of(const struct ms_find *find)
{
	return (struct ms_entry){ find->fetch.keys, find->fetch.elems, find->fetch.key_addresses[0],
				  find->fetch.elem_addresses[0] };
}

/* ---- Text ---- */

static void bucket_text(struct ms_buf *buf, const struct ms_map *map, uint32_t array, uint64_t index, uint64_t depth)
{
	ms_buf_printf(buf, "%s bucket %llu", map->format->array_name(array), (unsigned long long)index);
	if (depth)
		ms_buf_printf(buf, " overflow %llu", (unsigned long long)depth);
}

static void way_text(struct ms_view *view, const struct ms_find *find)
{
	const struct ms_search *search = &find->search;
	const struct ms_map *map = find->map;
	struct ms_buf *buf = view->buf;

	if (find->by_hash)
		ms_buf_printf(buf, "  hash 0x%016llx, %s %u\n", (unsigned long long)search->hash,
			      map->format->mark_name, search->mark);
	else
		ms_buf_printf(buf, "  looked at %llu of %lld entries: %s\n", (unsigned long long)find->scanned,
			      (long long)map->count, ms_buf_text(&find->reason));
	if (*ms_equal_note(find->equal))
		ms_buf_printf(buf, "  %s\n", ms_equal_note(find->equal));
	if (search->placed && search->moved_on) {
		ms_buf_str(buf, "  ");
		bucket_text(buf, map, search->old_array, search->old_index, 0);
		ms_buf_str(buf, ", evacuated\n");
	}
	if (search->placed) {
		ms_buf_str(buf, "  ");
		bucket_text(buf, map, search->array, search->index, search->depth);
		if (find->found)
			ms_buf_printf(buf, ", slot %u", search->slot_number);
		if (!find->by_hash)
			ms_buf_printf(buf, ", %s %u", map->format->mark_name, search->mark);
		ms_buf_char(buf, '\n');
	}
}

static int32_t found_text(struct ms_view *view, const struct ms_map *map, const struct ms_found *found)
{
	const struct ms_find *find = found->find;
	struct ms_buf *buf = view->buf;
	int32_t status = MS_OK;

	if (find && find->found) {
		struct ms_view plain = *view;
		struct ms_entry entry = entry_of(find);
		plain.addresses = false;
		status = ms_view_entry(&plain, map, &entry);
	} else {
		ms_buf_escaped(buf, found->asked, strlen(found->asked), 0);
		ms_buf_printf(buf, ": %s\n",
			      found->error	   ? found->error
			      : found->interrupted ? "interrupted"
						   : "absent");
	}
	if (found->itself)
		ms_buf_str(buf, "  the word is taken as the text itself: no variable has that name\n");
	if (!find || map->nil)
		return status;
	way_text(view, find);
	if (find->found)
		ms_buf_printf(buf, "  key 0x%llx, elem 0x%llx\n", (unsigned long long)entry_of(find).key_address,
			      (unsigned long long)entry_of(find).elem_address);
	if (find->by_hash)
		ms_buf_printf(buf, "  %llu read%s\n", (unsigned long long)ms_find_reads(find),
			      ms_find_reads(find) == 1 ? "" : "s");
	return status;
}

/* ---- JSON ---- */

static void number_or_null(struct ms_buf *buf, const char *name, bool known, uint64_t value)
{
	ms_buf_printf(buf, ", \"%s\": ", name);
	if (known)
		ms_buf_uint(buf, value);
	else
		ms_buf_str(buf, "null");
}

static void address_or_null(struct ms_buf *buf, const char *name, uint64_t value)
{
	if (value)
		ms_buf_printf(buf, ", \"%s\": \"0x%llx\"", name, (unsigned long long)value);
	else
		ms_buf_printf(buf, ", \"%s\": null", name);
}

static int32_t place_json(struct ms_view *view, const struct ms_map *map, const struct ms_found *found)
{
	const struct ms_find *find = found->find;
	const struct ms_search *search = find ? &find->search : NULL;
	bool placed = search && search->placed, there = find && find->found;
	struct ms_entry entry = there ? entry_of(find) : (struct ms_entry){ 0 };
	struct ms_buf *buf = view->buf;
	int32_t status = MS_OK;

	if (search && find->by_hash && !map->nil)
		ms_buf_printf(buf, ", \"hash\": \"0x%016llx\"", (unsigned long long)search->hash);
	else
		ms_buf_str(buf, ", \"hash\": null");
	if (placed)
		ms_buf_printf(buf, ", \"array\": \"%s\"", map->format->array_name(search->array));
	else
		ms_buf_str(buf, ", \"array\": null");
	number_or_null(buf, "bucket", placed, placed ? search->index : 0);
	number_or_null(buf, "depth", there, there ? search->depth : 0);
	number_or_null(buf, "slot", there, there ? search->slot_number : 0);
	number_or_null(buf, map->format->mark_name, placed, placed ? search->mark : 0);
	ms_buf_str(buf, ", \"key\": ");
	if (there)
		status = ms_view_key(view, map, &entry);
	else
		ms_buf_str(buf, "null");
	ms_buf_str(buf, ", \"elem\": ");
	if (there && status == MS_OK)
		status = ms_view_elem(view, map, &entry);
	else if (!there)
		ms_buf_str(buf, "null");
	address_or_null(buf, "key_address", entry.key_address);
	address_or_null(buf, "elem_address", entry.elem_address);
	number_or_null(buf, "reads", find && find->by_hash, find ? ms_find_reads(find) : 0);
	number_or_null(buf, "old_bucket", placed && search->moved_on, placed ? search->old_index : 0);
	return status;
}

static void text_or_null(struct ms_buf *buf, const char *name, const char *text)
{
	ms_buf_printf(buf, ", \"%s\": ", name);
	if (text && *text)
		ms_buf_json_string(buf, text, strlen(text));
	else
		ms_buf_str(buf, "null");
}

static int32_t found_json(struct ms_view *view, const struct ms_map *map, const struct ms_found *found)
{
	const struct ms_find *find = found->find;
	struct ms_buf *buf = view->buf;
	bool known = find && (find->found || !found->interrupted);

	ms_buf_printf(buf, "\"found\": %s, \"by\": %s", known ? find->found ? "true" : "false" : "null",
		      find ? find->by_hash ? "\"hash\"" : "\"scan\"" : "null");
	int32_t status = place_json(view, map, found);
	text_or_null(buf, "asked", found->asked);
	text_or_null(buf, "reason", find ? ms_buf_text(&find->reason) : NULL);
	text_or_null(buf, "compared", find && find->equal ? ms_equal_note(find->equal) : NULL);
	text_or_null(buf, "error", found->error);
	return status;
}

int32_t ms_view_found(struct ms_view *view, const struct ms_map *map, const struct ms_found *found)
{
	return view->style.json ? found_json(view, map, found) : found_text(view, map, found);
}
