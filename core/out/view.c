/* Answers as text for people; JSON is handed to out/json.c.  */
#include "out/view.h"

#include <string.h>

#include "out/json.h"

static int32_t part(struct ms_view *view, const struct ms_node *node, const uint8_t *bytes, uint64_t size,
		    uint64_t address)
{
	if (address)
		return ms_value(view->ctx, view->buf, node, bytes, size, address, view->style);
	ms_value_error(view->buf, view->style, "cannot read the %llu bytes that the slot points to",
		       (unsigned long long)size);
	return MS_OK;
}

int32_t ms_view_key(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry)
{
	return part(view, map->key, entry->key, map->key_size, entry->key_address);
}

int32_t ms_view_elem(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry)
{
	return part(view, map->elem, entry->elem, map->elem_size, entry->elem_address);
}

/* ---- map-info ---- */

/* Two digits behind the point. A ratio is 0 to 2^63: no count is larger.  */
static void ratio_text(struct ms_buf *buf, double ratio)
{
	uint64_t whole = (uint64_t)ratio, hundredths = (uint64_t)((ratio - (double)whole) * 100 + 0.5);

	ms_buf_printf(buf, "%llu.%02llu", (unsigned long long)(whole + hundredths / 100),
		      (unsigned long long)(hundredths % 100));
}

static int digits(uint64_t number)
{
	int count = 1;

	while (number /= 10)
		count++;
	return count;
}

/* The heading, and a line for each number: its place, itself, a bar. A bar of what is not zero is not empty.  */
static void bars(struct ms_buf *buf, const struct ms_fact *fact)
{
	enum { BAR_MOST = 50 };
	const uint64_t *numbers = fact->list.numbers;
	uint64_t most = 0;

	for (uint32_t i = 0; i < fact->list.count; i++)
		most = numbers[i] > most ? numbers[i] : most;
	ms_buf_str(buf, fact->list.heading);
	for (uint32_t i = 0; i < fact->list.count; i++) {
		double part = most ? (double)numbers[i] / (double)most * BAR_MOST : 0;
		size_t length = part > 0 && part < 1 ? 1 : (size_t)(part + 0.5);
		ms_buf_printf(buf, "\n  %3u  %*llu%s", i, digits(most), (unsigned long long)numbers[i],
			      length ? "  " : "");
		for (; length; length--)
			ms_buf_char(buf, '#');
	}
}

static void fact_text(struct ms_buf *buf, const struct ms_fact *fact)
{
	switch (fact->kind) {
	case MS_FACT_NULL:
		ms_buf_char(buf, '-');
		break;
	case MS_FACT_UINT:
		ms_buf_uint(buf, fact->u);
		break;
	case MS_FACT_INT:
		ms_buf_int(buf, fact->i);
		break;
	case MS_FACT_BOOL:
		ms_buf_str(buf, fact->u ? "yes" : "no");
		break;
	case MS_FACT_ADDRESS:
		ms_buf_hex(buf, fact->u);
		break;
	case MS_FACT_TEXT:
	case MS_FACT_WORDS:
		ms_buf_str(buf, *fact->text ? fact->text : "-");
		break;
	case MS_FACT_RATIO:
		ratio_text(buf, fact->ratio);
		break;
	case MS_FACT_CHANCE:
		ms_buf_printf(buf, "%u.%04u", (unsigned)fact->ratio, (unsigned)(fact->ratio * 10000 + 0.5) % 10000);
		break;
	case MS_FACT_LIST:
		bars(buf, fact);
	}
}

static const char *fact_label(const struct ms_fact *fact)
{
	return fact->group ? fact->group : fact->name;
}

static void facts_text(struct ms_buf *buf, const struct ms_facts *facts)
{
	const char *group = NULL;
	size_t column = 20;

	for (uint32_t i = 0; i < facts->count; i++)
		if (strlen(fact_label(&facts->fact[i])) + 2 > column)
			column = strlen(fact_label(&facts->fact[i])) + 2;

	for (uint32_t i = 0; i < facts->count; i++) {
		const struct ms_fact *fact = &facts->fact[i];
		bool same_line = fact->group && group && !strcmp(fact->group, group);
		const char *label = fact_label(fact);
		if (!same_line) {
			ms_buf_str(buf, i ? "\n" : "");
			ms_buf_str(buf, label);
			ms_buf_pad(buf, column - strlen(label));
		} else {
			ms_buf_str(buf, ", ");
		}
		if (fact->group) {
			ms_buf_str(buf, fact->name);
			ms_buf_char(buf, ' ');
		}
		fact_text(buf, fact);
		group = fact->group;
	}
	ms_buf_char(buf, '\n');
}

static void notes_text(struct ms_buf *buf, const struct ms_end *end)
{
	for (int n = 0; n < 2; n++) {
		const struct ms_notes *list = end->notes[n];
		for (uint32_t i = 0; list && i < list->count; i++)
			ms_buf_printf(buf, "note: %s\n", list->line[i]);
		if (list && list->dropped)
			ms_buf_printf(buf, "note: and %u more\n", list->dropped);
	}
}

void ms_view_info(struct ms_view *view, const struct ms_facts *facts, const struct ms_end *end)
{
	if (view->style.json) {
		ms_json_info(view, facts, end);
		return;
	}
	facts_text(view->buf, facts);
	notes_text(view->buf, end);
}

/* ---- map-entries ---- */

void ms_view_unreadable(struct ms_view *view, const struct ms_map *map, const struct ms_row *row)
{
	if (view->style.json) /* there it is a note */
		return;
	ms_buf_char(view->buf, '<');
	map->format->row_title(row, view->buf);
	ms_buf_printf(view->buf, ": cannot read memory at 0x%llx>\n", (unsigned long long)row->address);
}

static void addresses(struct ms_view *view, const struct ms_entry *entry)
{
	if (view->addresses)
		ms_buf_printf(view->buf, "  (key 0x%llx, elem 0x%llx)", (unsigned long long)entry->key_address,
			      (unsigned long long)entry->elem_address);
}

int32_t ms_view_entry(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry)
{
	if (view->style.json)
		return ms_json_entry(view, map, entry);
	int32_t status = ms_view_key(view, map, entry);
	ms_buf_str(view->buf, ": ");
	if (status == MS_OK)
		status = ms_view_elem(view, map, entry);
	addresses(view, entry);
	ms_buf_char(view->buf, '\n');
	return status;
}

/* ---- map-buckets ---- */

/* Slots from INDEX on that are alike and hold nothing.  */
static uint32_t same_slots(const struct ms_row *row, uint32_t index)
{
	uint32_t end = index + 1;

	while (end < row->slot_count && !row->slots[index].live && !row->slots[end].live &&
	       row->slots[end].mark == row->slots[index].mark)
		end++;
	return end;
}

int32_t ms_view_row(struct ms_view *view, const struct ms_map *map, const struct ms_row *row,
		    const struct ms_entry *entries)
{
	struct ms_buf *buf = view->buf;
	int32_t status = MS_OK;

	if (view->style.json)
		return ms_json_row(view, map, row, entries);
	if (row->unreadable) {
		ms_view_unreadable(view, map, row);
		return MS_OK;
	}
	map->format->row_title(row, buf);
	if (view->addresses)
		ms_buf_printf(buf, " at 0x%llx", (unsigned long long)row->address);
	ms_buf_char(buf, '\n');
	for (uint32_t i = 0, end; i < row->slot_count && status == MS_OK; i = end) {
		const struct ms_slot *slot = &row->slots[i];
		end = same_slots(row, i);
		if (end - i > 1)
			ms_buf_printf(buf, "  %u-%u", i, end - 1);
		else
			ms_buf_printf(buf, "  %u  ", i);
		ms_buf_printf(buf, "  %3u  %s", slot->mark, slot->state);
		if (slot->live) {
			ms_buf_pad(buf, strlen(slot->state) < 16 ? 16 - strlen(slot->state) : 1);
			status = ms_view_key(view, map, &entries[i]);
			ms_buf_str(buf, ": ");
			if (status == MS_OK)
				status = ms_view_elem(view, map, &entries[i]);
			addresses(view, &entries[i]);
		}
		ms_buf_char(buf, '\n');
	}
	return status;
}

/* ---- map-check ---- */

static void place_text(struct ms_view *view, const struct ms_map *map, const struct ms_check_place *place)
{
	struct ms_buf *buf = view->buf;

	if (!place->in_array) {
		ms_buf_str(buf, "header");
		return;
	}
	ms_buf_str(buf, map->format->array_names[place->array]);
	if (!place->in_bucket) {
		ms_buf_str(buf, " array");
		return;
	}
	ms_buf_printf(buf, " bucket %llu", (unsigned long long)place->bucket);
	if (place->depth)
		ms_buf_printf(buf, " overflow %llu", (unsigned long long)place->depth);
	if (place->in_slot)
		ms_buf_printf(buf, " slot %u", place->slot);
	if (view->addresses)
		ms_buf_printf(buf, " at 0x%llx", (unsigned long long)place->address);
}

void ms_view_finding(struct ms_view *view, const struct ms_map *map, const struct ms_finding *finding)
{
	if (view->style.json) {
		ms_json_finding(view, map, finding);
		return;
	}
	place_text(view, map, &finding->place);
	ms_buf_printf(view->buf, ": %s: %s\n", ms_check_table[finding->code].name, finding->message);
}

void ms_view_verdict(struct ms_view *view, const struct ms_end *end, const char *summary)
{
	struct ms_buf *buf = view->buf;
	bool partial = end->partial && strcmp(end->partial, "limit") != 0;

	if (view->style.json) {
		ms_json_verdict(view, end, end->of == 0 && !partial);
		return;
	}
	notes_text(buf, end);
	if (partial)
		ms_buf_printf(buf, "%s: ", end->partial);
	else
		ms_buf_str(buf, end->of ? "not sound: " : "sound: ");
	if (end->of || partial) {
		ms_buf_printf(buf, "%llu finding%s", (unsigned long long)end->of, end->of == 1 ? "" : "s");
		if (end->shown != end->of)
			ms_buf_printf(buf, ", %llu shown", (unsigned long long)end->shown);
		ms_buf_str(buf, partial ? " so far; " : "; ");
	}
	ms_buf_printf(buf, "%s\n", summary);
}

/* ---- The end of rows ---- */

void ms_view_notes(struct ms_view *view, const struct ms_end *end)
{
	notes_text(view->buf, end);
}

void ms_view_last(struct ms_view *view, const struct ms_end *end)
{
	ms_json_last(view, end);
}

void ms_view_end(struct ms_view *view, const struct ms_end *end, const char *file)
{
	struct ms_buf *buf = view->buf;

	if (view->style.json && !file) {
		ms_json_end(view, end);
		return;
	}
	notes_text(buf, end);
	if (file)
		ms_buf_printf(buf, "%s: ", file);
	if (end->partial && !strcmp(end->partial, "interrupted"))
		ms_buf_str(buf, "interrupted: ");
	ms_buf_uint(buf, end->shown);
	if (end->of != UINT64_MAX)
		ms_buf_printf(buf, " of %llu", (unsigned long long)end->of);
	ms_buf_str(buf, " shown");
	if (*end->next)
		ms_buf_printf(buf, ", next page: --from %s", end->next);
	ms_buf_char(buf, '\n');
}
