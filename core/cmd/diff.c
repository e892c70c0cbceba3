/* map-diff: a map held against a snapshot of it. The snapshot's entries are remembered by hashes of how they are shown; then the
   map is walked twice, for what the marks of their slots have become, and for what it holds now. What is not shown of a key or
   elem, such as what lies too deep, is not compared.  */
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/remembered.h"
#include "cmd/snapshot.h"
#include "mem/mem.h"

enum { SLICE_MS = 50, LOOK_AT_CLOCK = 16 };

struct diffing {
	struct ms_snapshot *snapshot;
	struct ms_command *finder; /* of the snapshot's map */
	struct ms_context *ctx;	   /* the snapshot's */
	struct ms_map *then;
	struct ms_notes then_notes;
	struct ms_remembered entries;
	enum { DIFF_REMEMBER, DIFF_MARKS, DIFF_NOW, DIFF_GONE } stage;
	struct ms_walk *walk;
	const struct ms_format *walking; /* whose walk that is */
	struct ms_fetch then_fetch, now_fetch;
	const struct ms_row *row; /* its live slots are in the fetch, of which AT is next; NULL: a new one is due */
	uint32_t slot, at;
	struct ms_buf text;
	uint64_t gone; /* in ENTRIES: the next to look at */
};

/* ---- Texts ---- */

/* A half of the entry at hand as JSON, hashed.  */
static int32_t hash_half(struct diffing *d, struct ms_map *map, const struct ms_entry *entry, bool key, uint64_t out[2])
{
	struct ms_view view = { .ctx = map->ctx,
				.buf = &d->text,
				.style = { .json = true, .language = map->shape->language } };

	ms_buf_clear(&d->text);
	int32_t status = key ? ms_view_key(&view, map, entry) : ms_view_elem(&view, map, entry);
	if (status == MS_OK && d->text.failed)
		status = MS_NO_MEMORY;
	if (status == MS_OK)
		ms_remembered_hash(ms_buf_text(&d->text), d->text.size, out);
	return status;
}

static struct ms_entry fetched(const struct ms_fetch *fetch, const struct ms_map *map, uint64_t at)
{
	return (struct ms_entry){ fetch->keys + at * map->key_size, fetch->elems + at * map->elem_size,
				  fetch->key_addresses[at], fetch->elem_addresses[at] };
}

static void add_spot(struct ms_view *view, const struct ms_map *map, const struct ms_spot *spot)
{
	struct ms_buf *buf = view->buf;
	const char *array = map->format->array_name(spot->array);

	if (view->style.json) {
		ms_buf_printf(buf, "{\"array\": \"%s\", \"bucket\": %llu, \"depth\": %u, \"slot\": %u, \"%s\": %u",
			      array, (unsigned long long)spot->index, spot->depth, spot->slot, map->format->mark_name,
			      spot->mark);
		return;
	}
	ms_buf_printf(buf, "%s bucket %llu", array, (unsigned long long)spot->index);
	if (spot->depth)
		ms_buf_printf(buf, " overflow %u", spot->depth);
	ms_buf_printf(buf, " slot %u", spot->slot);
}

/* Where the remembered ENTRY stood, and what its slot has become.  */
static void add_old_spot(struct ms_view *view, const struct ms_map *map, const struct ms_remembered_entry *entry)
{
	add_spot(view, map, &entry->spot);
	if (!view->style.json)
		ms_buf_printf(view->buf, ", now %s", entry->state ? entry->state : "gone");
	else if (entry->state)
		ms_buf_printf(view->buf, ", \"state\": \"full\", \"now\": {\"%s\": %u, \"state\": \"%s\"}}",
			      map->format->mark_name, entry->now, entry->state);
	else
		ms_buf_str(view->buf, ", \"state\": \"full\", \"now\": null}");
}

/* ---- One change ---- */

/* The snapshot's entry once more, as the first one fetched.  */
static int32_t fetch_then(struct diffing *d, const struct ms_remembered_entry *entry)
{
	struct ms_map *map = d->then;
	uint8_t *bytes = malloc(map->key_slot + map->elem_slot + 1);
	struct ms_slot slot = { .live = true,
				.key = bytes,
				.elem = bytes + map->key_slot,
				.key_address = entry->key_address,
				.elem_address = entry->elem_address };

	if (!bytes)
		return MS_NO_MEMORY;
	int32_t status = ms_mem_read_cached(d->ctx, entry->key_address, bytes, map->key_slot);
	if (status == MS_OK)
		status = ms_mem_read_cached(d->ctx, entry->elem_address, bytes + map->key_slot, map->elem_slot);
	d->then_fetch.count = 0;
	if (status == MS_OK) {
		ms_fetch_add(&d->then_fetch, map, &slot);
		status = ms_fetch_run(&d->then_fetch, map);
	}
	free(bytes);
	return status;
}

struct change {
	const char *what;			/* as the contract calls it */
	const struct ms_entry *now;		/* NULL: removed */
	const struct ms_remembered_entry *then; /* NULL: added */
	const struct ms_spot *spot;		/* of NOW, where it was moved */
};

/* FROM and TO of a JSON line, or what stands behind the key in text.  */
static int32_t add_halves(struct diffing *d, struct ms_command *cmd, struct ms_view *view, const struct change *change)
{
	struct ms_view then_view = *view;
	struct ms_entry then = fetched(&d->then_fetch, d->then, 0);
	bool json = view->style.json;
	int32_t status = MS_OK;

	then_view.ctx = d->ctx;
	ms_buf_str(view->buf, json ? ", \"from\": " : ": ");
	if (change->spot)
		add_old_spot(view, cmd->map, change->then);
	else if (change->then)
		status = ms_view_elem(&then_view, d->then, &then);
	else
		ms_buf_str(view->buf, json ? "null" : "");
	ms_buf_str(view->buf, json ? ", \"to\": " : change->then && change->now ? " -> " : "");
	if (change->spot) {
		add_spot(view, cmd->map, change->spot);
		ms_buf_str(view->buf, json ? ", \"state\": \"full\"}" : "");
	} else if (change->now && status == MS_OK) {
		status = ms_view_elem(view, cmd->map, change->now);
	} else {
		ms_buf_str(view->buf, json ? "null" : "");
	}
	if (!change->now) {
		ms_buf_str(view->buf, json ? ", \"place\": " : ", ");
		add_old_spot(view, cmd->map, change->then);
	}
	ms_buf_str(view->buf, json ? "}\n" : "\n");
	return status;
}

/* Shows CHANGE, or passes it over. MS_OK, MS_NOT_FOUND (no more are wanted), or a failure.  */
static int32_t show(struct diffing *d, struct ms_command *cmd, const struct change *change)
{
	struct ms_view view = ms_command_view(cmd), then_view = view;
	size_t before = view.buf->size;
	int32_t status = MS_OK;

	cmd->no = true;
	if (cmd->limit && cmd->shown == cmd->limit) {
		cmd->limited = true;
		return MS_NOT_FOUND;
	}
	if (cmd->skip) {
		cmd->skip--;
		return MS_OK;
	}
	if (change->then && !change->spot)
		status = fetch_then(d, change->then);
	if (status < 0)
		return status;
	if (view.style.json)
		ms_buf_printf(view.buf, "{\"change\": \"%s\", \"key\": ", change->what);
	else
		ms_buf_printf(view.buf, "%-9s", change->what);
	then_view.ctx = d->ctx;
	if (change->now) {
		status = ms_view_key(&view, cmd->map, change->now);
	} else {
		struct ms_entry then = fetched(&d->then_fetch, d->then, 0);
		status = ms_view_key(&then_view, d->then, &then);
	}
	if (status == MS_OK)
		status = add_halves(d, cmd, &view, change);
	if (status < 0)
		ms_buf_truncate(view.buf, before);
	cmd->shown += status == MS_OK;
	return status;
}

/* ---- Walks ---- */

static int32_t walk_new(struct diffing *d, struct ms_map *map, bool live_only, struct ms_notes *notes)
{
	struct ms_walk_options options = { .live_only = live_only, .with = { true, true } };

	if (d->walk)
		d->walking->walk_free(d->walk);
	d->walk = NULL;
	d->row = NULL;
	d->walking = map->format;
	return map->format->walk_new(map, &options, notes, &d->walk);
}

/* The next live slot, its entry being AT in FETCH.  */
static int32_t next_slot(struct diffing *d, struct ms_map *map, struct ms_fetch *fetch)
{
	for (;;) {
		if (!d->row) {
			int32_t status = map->format->walk_next(d->walk, &d->row);
			if (status != MS_OK) {
				d->row = NULL;
				return status;
			}
			fetch->count = 0;
			for (uint32_t i = 0; i < d->row->slot_count; i++)
				if (d->row->slots[i].live)
					ms_fetch_add(fetch, map, &d->row->slots[i]);
			status = ms_fetch_run(fetch, map);
			if (status < 0)
				return status;
			d->slot = d->at = 0;
		} else {
			d->at++;
			d->slot++;
		}
		while (d->slot < d->row->slot_count && !d->row->slots[d->slot].live)
			d->slot++;
		if (d->slot < d->row->slot_count)
			return MS_OK;
		d->row = NULL;
	}
}

static struct ms_spot spot_of(const struct diffing *d)
{
	const struct ms_row *row = d->row;

	return (struct ms_spot){ .bucket = row->address,
				 .index = row->index,
				 .depth = (uint32_t)row->depth,
				 .array = (uint8_t)row->array,
				 .slot = (uint8_t)d->slot,
				 .mark = row->slots[d->slot].mark };
}

/* ---- Stages ---- */

/* Remembers one entry of the snapshot.  */
static int32_t step_remember(struct diffing *d, struct ms_command *cmd)
{
	uint64_t key[2], elem[2];
	int32_t status = next_slot(d, d->then, &d->then_fetch);

	if (status == MS_NOT_FOUND) {
		if (!ms_remembered_index(&d->entries))
			return MS_NO_MEMORY;
		ms_fetch_note(&d->then_fetch, &d->then_notes);
		d->then_fetch.lost = 0;
		if (d->then_notes.damaged || d->then->notes.damaged)
			ms_note(&cmd->notes, true, "the snapshot's map is damaged: changes may be missing, or be none");
		d->stage = DIFF_MARKS;
		return walk_new(d, cmd->map, false, &d->then_notes);
	}
	if (status != MS_OK)
		return status;
	struct ms_entry entry = fetched(&d->then_fetch, d->then, d->at);
	status = hash_half(d, d->then, &entry, true, key);
	if (status == MS_OK)
		status = hash_half(d, d->then, &entry, false, elem);
	if (status < 0)
		return status;
	struct ms_remembered_entry *added = ms_remembered_add(&d->entries);
	if (!added && d->entries.count == MS_REMEMBERED_MOST)
		return ms_fail(cmd->ctx, MS_REFUSED,
			       "the snapshot's map has more than %d entries, which are compared at most",
			       MS_REMEMBERED_MOST);
	if (!added)
		return MS_NO_MEMORY;
	*added = (struct ms_remembered_entry){ .key = { key[0], key[1] },
					       .elem = elem[0],
					       .key_address = d->row->slots[d->slot].key_address,
					       .elem_address = d->row->slots[d->slot].elem_address,
					       .spot = spot_of(d) };
	return MS_OK;
}

static int32_t step_marks(struct diffing *d, struct ms_command *cmd)
{
	const struct ms_row *row;
	int32_t status = cmd->map->format->walk_next(d->walk, &row);

	if (status == MS_NOT_FOUND) {
		d->stage = DIFF_NOW;
		return walk_new(d, cmd->map, true, &cmd->notes);
	}
	if (status == MS_OK)
		ms_remembered_mark(&d->entries, row);
	return status;
}

/* Compares one entry of the map as it is now.  */
static int32_t step_now(struct diffing *d, struct ms_command *cmd)
{
	uint64_t key[2], elem[2], address;
	int32_t status = next_slot(d, cmd->map, &d->now_fetch);

	if (status == MS_NOT_FOUND) {
		ms_fetch_note(&d->now_fetch, &cmd->notes);
		d->stage = DIFF_GONE;
		return MS_OK;
	}
	if (status != MS_OK)
		return status;
	cmd->found++;
	struct ms_entry entry = fetched(&d->now_fetch, cmd->map, d->at);
	status = hash_half(d, cmd->map, &entry, true, key);
	if (status == MS_OK)
		status = hash_half(d, cmd->map, &entry, false, elem);
	if (status < 0)
		return status;
	address = d->row->slots[d->slot].key_address;
	struct ms_spot spot = spot_of(d);
	struct ms_remembered_entry *then = ms_remembered_find(&d->entries, key, elem[0], address);
	if (!then)
		return show(d, cmd, &(struct change){ .what = "added", .now = &entry });
	if (then->elem != elem[0])
		status = show(d, cmd, &(struct change){ .what = "changed", .now = &entry, .then = then });
	if (status == MS_OK && then->key_address != address)
		status = show(d, cmd, &(struct change){ .what = "moved", .now = &entry, .then = then, .spot = &spot });
	return status;
}

static int32_t step_gone(struct diffing *d, struct ms_command *cmd)
{
	const struct ms_remembered_entry *entry;

	if (d->gone == d->entries.count)
		return MS_NOT_FOUND;
	entry = &d->entries.all[d->gone];
	int32_t status = entry->seen ? MS_OK : show(d, cmd, &(struct change){ .what = "removed", .then = entry });
	d->gone += status == MS_OK;
	return status;
}

/* ---- The command ---- */

/* The snapshot's map, found by the words that it was made with.  */
static int32_t find_then(struct diffing *d, struct ms_command *cmd)
{
	const char *words[8] = { 0 }, *path = cmd->args.words[1];
	uint32_t count = 0;

	while (count < 7 && (words[count] = ms_snapshot_word(d->snapshot, count)))
		count++;
	d->ctx = ms_snapshot_context(d->snapshot);
	d->finder = ms_command_new_words(d->ctx, "map-info", count, words);
	if (!d->finder)
		return MS_NO_MEMORY;
	ms_command_step(d->finder, SLICE_MS);
	d->then = d->finder->map;
	if (ms_stopped(d->ctx) == MS_NO_MEMORY)
		return MS_NO_MEMORY;
	if (d->then && !d->then->broken.size)
		return MS_OK;
	return ms_fail(cmd->ctx, MS_BAD_TYPE, "%s: the snapshot's map cannot be read: %s",
		       ms_escape(cmd->ctx, path, strlen(path)),
		       d->then ? ms_buf_text(&d->then->broken) : ms_error(d->ctx));
}

static void spell_types(const struct ms_map *map, struct ms_buf *out)
{
	ms_spell(map->ctx, out, map->key, map->shape->language);
	ms_buf_str(out, " to ");
	ms_spell(map->ctx, out, map->elem, map->shape->language);
}

static int32_t check_types(struct diffing *d, struct ms_command *cmd)
{
	struct ms_buf then = { 0 }, now = { 0 };
	int32_t status = MS_OK;

	spell_types(d->then, &then);
	spell_types(cmd->map, &now);
	if (then.failed || now.failed)
		status = MS_NO_MEMORY;
	else if (strcmp(ms_buf_text(&then), ms_buf_text(&now)) != 0)
		status = ms_fail(cmd->ctx, MS_BAD_TYPE, "the snapshot's map is from %s, this one from %s",
				 ms_buf_text(&then), ms_buf_text(&now));
	else if (d->then->count > MS_REMEMBERED_MOST)
		status = ms_fail(
			cmd->ctx, MS_REFUSED,
			"the snapshot's map has %lld entries: at most %d are compared, since each takes some 110 bytes",
			(long long)d->then->count, MS_REMEMBERED_MOST);
	ms_buf_fini(&then);
	ms_buf_fini(&now);
	return status;
}

static int32_t diff_begin(struct ms_command *cmd)
{
	struct diffing *d = calloc(1, sizeof *d);
	struct ms_buf path = { 0 }, error = { 0 };

	cmd->own = d;
	if (!d)
		return MS_NO_MEMORY;
	ms_command_limit(cmd);
	ms_output_path(cmd->args.words[1], &path);
	int32_t status = path.failed ? MS_NO_MEMORY : ms_snapshot_open(ms_buf_text(&path), &d->snapshot, &error);
	if (status < 0 && status != MS_NO_MEMORY)
		status = ms_fail(cmd->ctx, MS_IO, "%s", ms_buf_text(&error));
	ms_buf_fini(&path);
	ms_buf_fini(&error);
	if (status == MS_OK)
		status = find_then(d, cmd);
	if (status == MS_OK)
		status = check_types(d, cmd);
	if (status == MS_OK)
		status = ms_fetch_init(&d->then_fetch, d->then, MS_SLOTS_MOST);
	if (status == MS_OK)
		status = ms_fetch_init(&d->now_fetch, cmd->map, MS_SLOTS_MOST);
	return status == MS_OK ? walk_new(d, d->then, true, &d->then_notes) : status;
}

static int32_t step(struct diffing *d, struct ms_command *cmd)
{
	switch (d->stage) {
	case DIFF_REMEMBER:
		return step_remember(d, cmd);
	case DIFF_MARKS:
		return step_marks(d, cmd);
	case DIFF_NOW:
		return step_now(d, cmd);
	default:
		return step_gone(d, cmd);
	}
}

static int32_t diff_step(struct ms_command *cmd)
{
	struct diffing *d = cmd->own;
	int32_t status = MS_OK;

	ms_slice_begin(d->ctx, SLICE_MS);
	for (int i = 0; i < LOOK_AT_CLOCK && status == MS_OK; i++)
		status = step(d, cmd);
	return status;
}

/* How the map as a whole has changed.  */
static int32_t diff_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	struct diffing *d = cmd->own;
	const char *now = ms_map_summary(cmd->map), *then = d->then ? ms_map_summary(d->then) : now;

	if (cmd->map->summary.failed || (d->then && d->then->summary.failed))
		return MS_NO_MEMORY;
	if (strcmp(then, now) != 0) {
		ms_note(&cmd->notes, false, "then: %s", then);
		ms_note(&cmd->notes, false, "now: %s", now);
	}
	ms_view_end(view, end, NULL);
	return MS_OK;
}

static void diff_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	const struct diffing *d = cmd->own;
	uint64_t done = 0, total = 0;

	if (d->walk)
		d->walking->walk_progress(d->walk, &done, &total);
	*total_out = 4000;
	*done_out = 1000 * (uint64_t)d->stage + (total && d->stage < DIFF_GONE ? 1000 * done / total : 0);
}

static void diff_free(struct ms_command *cmd)
{
	struct diffing *d = cmd->own;

	if (d->walk)
		d->walking->walk_free(d->walk);
	ms_remembered_fini(&d->entries);
	ms_fetch_fini(&d->then_fetch);
	ms_fetch_fini(&d->now_fetch);
	ms_notes_fini(&d->then_notes);
	ms_command_free(d->finder);
	ms_snapshot_free(d->snapshot);
	ms_buf_fini(&d->text);
	free(d);
}

static const char *const missing[] = { "an EXPR that names a map is missing: a variable, a member, a dereference",
				       "the FILE of an earlier map-save is missing" };

const struct ms_command_kind ms_command_diff = {
	.name = "map-diff",
	.help = "Show what has changed in a hash map since a snapshot of it.\n"
		"Usage: map-diff EXPR FILE [OPTION]...\n"
		"\n" MS_EXPR_HELP "FILE was written by map-save.\n"
		"\n"
		"  --json         JSON Lines instead of text\n"
		"  --limit N      at most N rows (0: all; 200 in text, all with --json or -o)\n"
		"  --offset N     pass over the first N rows\n"
		"  -o FILE        write the rows to FILE\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"A row is a change: a key added, removed, with another elem (changed), or in\n"
		"another slot than before (moved), as growth does. Of an old slot it tells what\n"
		"its tophash says now: emptyOne, evacuatedX and so on; \"gone\" where its bucket is\n"
		"no longer the map's. Keys and elems are compared as map-entries shows them: what\n"
		"lies deeper than that is not. Rows come in the order of the map as it is now,\n"
		"then the removed ones in that of the snapshot.\n"
		"\n"
		"The status is 1 when there are changes, 0 when there are none. Up to 4 194 304\n"
		"entries of the snapshot are compared, with some 110 bytes of memory for each.\n"
		"\n"
		"Examples:\n"
		"  map-diff m before.core\n"
		"  map-diff tables[3].m /tmp/tables.core --json -o changes.jsonl",
	.grammar = { .options = MS_OPT_JSON | MS_OPT_LIMIT | MS_OPT_OFFSET | MS_OPT_OUTPUT | MS_OPT_TYPE | MS_OPT_EXPR,
		     .least = 2,
		     .most = 2,
		     .words = "EXPR FILE",
		     .missing = missing },
	.begin = diff_begin,
	.step = diff_step,
	.finish = diff_finish,
	.progress = diff_progress,
	.free = diff_free,
};
