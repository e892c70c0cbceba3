/* Answers as JSON: documents and JSON Lines, with the keys of commands.md, section 6.  */
#include "out/json.h"

#include <string.h>

#include "base/bytes.h"
#include "base/digits.h"

static void key(struct ms_buf *buf, const char *name, bool *comma)
{
	ms_buf_str(buf, *comma ? ", " : "");
	*comma = true;
	ms_buf_json_string(buf, name, strlen(name));
	ms_buf_str(buf, ": ");
}

static void words(struct ms_buf *buf, const char *text)
{
	ms_buf_char(buf, '[');
	for (const char *word = text; *word; word += strspn(word, " ")) {
		size_t size = strcspn(word, " ");
		ms_buf_str(buf, word == text ? "" : ", ");
		ms_buf_json_string(buf, word, size);
		word += size;
	}
	ms_buf_char(buf, ']');
}

static void numbers(struct ms_buf *buf, const struct ms_fact *fact)
{
	ms_buf_char(buf, '[');
	for (uint32_t i = 0; i < fact->list.count; i++) {
		ms_buf_str(buf, i ? ", " : "");
		ms_buf_uint(buf, fact->list.numbers[i]);
	}
	ms_buf_char(buf, ']');
}

static void fact_value(struct ms_buf *buf, const struct ms_fact *fact)
{
	switch (fact->kind) {
	case MS_FACT_NULL:
		ms_buf_str(buf, "null");
		break;
	case MS_FACT_UINT:
		ms_buf_uint(buf, fact->u);
		break;
	case MS_FACT_INT:
		ms_buf_int(buf, fact->i);
		break;
	case MS_FACT_BOOL:
		ms_buf_str(buf, fact->u ? "true" : "false");
		break;
	case MS_FACT_ADDRESS:
		ms_buf_printf(buf, "\"0x%llx\"", (unsigned long long)fact->u);
		break;
	case MS_FACT_TEXT:
		ms_buf_json_string(buf, fact->text, strlen(fact->text));
		break;
	case MS_FACT_WORDS:
		words(buf, fact->text);
		break;
	case MS_FACT_LIST:
		numbers(buf, fact);
		break;
	case MS_FACT_RATIO:
	case MS_FACT_CHANCE:
		ms_value_float(buf, (const uint8_t *)&fact->ratio, sizeof fact->ratio,
			       __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, true);
	}
}

/* Members of an object that is open.  */
static void facts_members(struct ms_buf *buf, const struct ms_facts *facts, bool *comma)
{
	const char *group = NULL;
	bool inner = false;

	for (uint32_t i = 0; i < facts->count; i++) {
		const struct ms_fact *fact = &facts->fact[i];
		if (group && (!fact->group || strcmp(group, fact->group)))
			ms_buf_char(buf, '}');
		if (fact->group && (!group || strcmp(group, fact->group))) {
			key(buf, fact->group, comma);
			ms_buf_char(buf, '{');
			inner = false;
		}
		group = fact->group;
		key(buf, fact->name, group ? &inner : comma);
		fact_value(buf, fact);
	}
	if (group)
		ms_buf_char(buf, '}');
}

static void notes(struct ms_buf *buf, const struct ms_end *end)
{
	bool comma = false;

	ms_buf_char(buf, '[');
	for (int n = 0; n < 2; n++) {
		const struct ms_notes *list = end->notes[n];
		for (uint32_t i = 0; list && i < list->count; i++) {
			ms_buf_str(buf, comma ? ", " : "");
			comma = true;
			ms_buf_json_string(buf, list->line[i], strlen(list->line[i]));
		}
		if (list && list->dropped)
			ms_buf_printf(buf, "%s\"and %u more\"", comma ? ", " : "", list->dropped);
	}
	ms_buf_char(buf, ']');
}

static void end_member(struct ms_buf *buf, const struct ms_end *end)
{
	ms_buf_printf(buf, "\"end\": {\"shown\": %llu, \"of\": ", (unsigned long long)end->shown);
	if (end->of == UINT64_MAX)
		ms_buf_str(buf, "null");
	else
		ms_buf_uint(buf, end->of);
	ms_buf_str(buf, ", \"partial\": ");
	if (end->partial)
		ms_buf_printf(buf, "\"%s\"", end->partial);
	else
		ms_buf_str(buf, "null");
	ms_buf_str(buf, ", \"notes\": ");
	notes(buf, end);
	if (*end->next)
		ms_buf_printf(buf, ", \"next\": \"%s\"", end->next);
	ms_buf_char(buf, '}');
}

void ms_json_info(struct ms_view *view, const struct ms_facts *facts, const struct ms_end *end)
{
	bool comma = false;

	ms_buf_char(view->buf, '{');
	facts_members(view->buf, facts, &comma);
	ms_buf_str(view->buf, ", ");
	end_member(view->buf, end);
	ms_buf_str(view->buf, "}\n");
}

static int32_t slot(struct ms_view *view, const struct ms_map *map, const struct ms_slot *at, uint32_t index,
		    const struct ms_entry *entry)
{
	struct ms_buf *buf = view->buf;
	int32_t status = MS_OK;

	ms_buf_printf(buf, "{\"slot\": %u, \"%s\": %u, \"state\": \"%s\"", index, map->format->mark_name, at->mark,
		      at->state);
	if (at->live) {
		ms_buf_str(buf, ", \"key\": ");
		status = ms_view_key(view, map, entry);
		ms_buf_str(buf, ", \"elem\": ");
		if (status == MS_OK)
			status = ms_view_elem(view, map, entry);
	}
	ms_buf_char(buf, '}');
	return status;
}

int32_t ms_json_row(struct ms_view *view, const struct ms_map *map, const struct ms_row *row,
		    const struct ms_entry *entries)
{
	struct ms_buf *buf = view->buf;
	struct ms_facts facts = { 0 };
	bool comma = false;
	int32_t status = MS_OK;

	ms_buf_char(buf, '{');
	map->format->describe_row(row, &facts);
	facts_members(buf, &facts, &comma);
	ms_facts_fini(&facts);
	if (row->unreadable)
		ms_buf_printf(buf, ", \"unreadable\": %llu", (unsigned long long)row->unreadable);
	ms_buf_str(buf, ", \"slots\": [");
	for (uint32_t i = 0; i < row->slot_count && status == MS_OK; i++) {
		ms_buf_str(buf, i ? ", " : "");
		status = slot(view, map, &row->slots[i], i, &entries[i]);
	}
	ms_buf_str(buf, "]}\n");
	return status;
}

static inline char *put_int(char *at, const uint8_t *bytes, uint64_t size, bool is_signed, bool big_endian)
{
	uint64_t value = ms_load(bytes, size, big_endian);

	if (is_signed && bytes[big_endian ? 0 : size - 1] & 0x80) {
		*at++ = '-';
		value = 0 - (uint64_t)ms_load_signed(bytes, size, big_endian);
	}
	return ms_put_uint(at, value);
}

void ms_json_ints(struct ms_buf *buf, const struct ms_map *map, const struct ms_row *row)
{
	static const char key[] = "{\"key\": ", elem[] = ", \"elem\": ", end[] = "}\n";
	const size_t most = sizeof key + sizeof elem + sizeof end + 2 * (MS_DIGITS_MOST + 1);
	/* Here, since the compiler cannot know that writing text leaves them as they are.  */
	bool big_endian = map->ctx->memory.big_endian, key_signed = map->key_signed, elem_signed = map->elem_signed;
	uint64_t key_size = map->key_size, elem_size = map->elem_size;

	if (!ms_buf_reserve(buf, row->slot_count * most))
		return;
	char *at = buf->data + buf->size;
	for (uint32_t live = row->live; live; live &= live - 1) {
		uint64_t i = (uint64_t)__builtin_ctz(live);
		memcpy(at, key, sizeof key - 1);
		at += sizeof key - 1;
		at = put_int(at, row->keys + i * key_size, key_size, key_signed, big_endian);
		memcpy(at, elem, sizeof elem - 1);
		at += sizeof elem - 1;
		at = put_int(at, row->elems + i * elem_size, elem_size, elem_signed, big_endian);
		memcpy(at, end, sizeof end - 1);
		at += sizeof end - 1;
	}
	*at = 0;
	buf->size = (size_t)(at - buf->data);
}

int32_t ms_json_entry(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry)
{
	ms_buf_str(view->buf, "{\"key\": ");
	int32_t status = ms_view_key(view, map, entry);
	ms_buf_str(view->buf, ", \"elem\": ");
	if (status == MS_OK)
		status = ms_view_elem(view, map, entry);
	ms_buf_str(view->buf, "}\n");
	return status;
}

void ms_json_last(struct ms_view *view, const struct ms_end *end)
{
	end_member(view->buf, end);
	ms_buf_str(view->buf, "}\n");
}

static void place_member(struct ms_buf *buf, const char *name, bool known, uint64_t value)
{
	if (known)
		ms_buf_printf(buf, ", \"%s\": %llu", name, (unsigned long long)value);
	else
		ms_buf_printf(buf, ", \"%s\": null", name);
}

void ms_json_finding(struct ms_view *view, const struct ms_map *map, const struct ms_finding *finding)
{
	const struct ms_check_place *place = &finding->place;
	struct ms_buf *buf = view->buf;

	ms_buf_printf(buf, "{\"code\": \"%s\", \"array\": ", ms_check_table[finding->code].name);
	if (place->in_array)
		ms_buf_printf(buf, "\"%s\"", map->format->array_names[place->array]);
	else
		ms_buf_str(buf, "null");
	place_member(buf, "bucket", place->in_bucket, place->bucket);
	place_member(buf, "depth", place->in_bucket, place->depth);
	place_member(buf, "slot", place->in_slot, place->slot);
	ms_buf_str(buf, ", \"message\": ");
	ms_buf_json_string(buf, finding->message, strlen(finding->message));
	ms_buf_str(buf, "}\n");
}

void ms_json_verdict(struct ms_view *view, const struct ms_end *end, bool ok)
{
	ms_buf_char(view->buf, '{');
	end_member(view->buf, end);
	ms_buf_printf(view->buf, ", \"ok\": %s}\n", ok ? "true" : "false");
}

void ms_json_end(struct ms_view *view, const struct ms_end *end)
{
	ms_buf_char(view->buf, '{');
	end_member(view->buf, end);
	ms_buf_str(view->buf, "}\n");
}
