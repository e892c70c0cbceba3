/* One key looked up for printers and scripts: ms_get. The command is get.c's.  */
#include <stdlib.h>

#include "cmd/key.h"
#include "decode/find.h"
#include "mem/mem.h"

enum { SLICE_MS = 50 };

struct ms_get {
	struct ms_map *map;
	struct ms_key key;
	struct ms_find find;
	struct ms_buf note;
};

int32_t ms_get_new(struct ms_map *map, const struct ms_value *value, const char *text, struct ms_get **out)
{
	struct ms_get *get = calloc(1, sizeof *get);

	*out = NULL;
	if (!get)
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory");
	ms_slice_begin(map->ctx, SLICE_MS);
	get->map = map;
	int32_t status = value ? ms_key_of_value(map, value, &get->key) : ms_key_of_text(map, text, &get->key);
	if (status == MS_OK)
		status = ms_find_init(&get->find, map, &get->key);
	if (status < 0) {
		ms_get_free(get);
		return status;
	}
	*out = get;
	return MS_OK;
}

void ms_get_free(struct ms_get *get)
{
	if (!get)
		return;
	ms_find_fini(&get->find);
	ms_key_fini(&get->key);
	ms_buf_fini(&get->note);
	free(get);
}

int32_t ms_get_step(struct ms_get *get, struct ms_batch *out)
{
	const struct ms_map *map = get->map;
	const struct ms_fetch *fetch = &get->find.fetch;
	int32_t status = MS_AGAIN;

	ms_slice_begin(map->ctx, SLICE_MS);
	while (status == MS_AGAIN) {
		status = get->find.found ? MS_OK : ms_find_step(&get->find);
		if (status == MS_AGAIN && ms_slice_over(map->ctx))
			return MS_AGAIN;
	}
	*out = (struct ms_batch){ .size = sizeof *out, .key_size = map->key_size, .elem_size = map->elem_size };
	if (status != MS_OK)
		return status;
	out->count = 1;
	out->key_type = map->key ? map->key->type : 0;
	out->elem_type = map->elem ? map->elem->type : 0;
	out->keys = fetch->keys;
	out->elems = fetch->elems;
	out->key_addresses = fetch->key_addresses;
	out->elem_addresses = fetch->elem_addresses;
	return MS_OK;
}

const char *ms_get_note(struct ms_get *get)
{
	ms_buf_clear(&get->note);
	for (uint32_t i = 0; i < get->find.notes.count; i++)
		ms_buf_printf(&get->note, "%s%s", i ? "; " : "", get->find.notes.line[i]);
	return ms_buf_text(&get->note);
}
