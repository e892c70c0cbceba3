/* The way to a map told as a name. Where that is a path it can be typed back as EXPR, in gdb's grammar and in that of
   path/path.h; entries of maps and what interfaces hold have none, so the address and the type stand beside their names.  */
#include "out/reached.h"

#include <stdio.h>
#include <string.h>

#include "mem/mem.h"

enum {
	HOPS_MOST = 24,	    /* of a name; what is longer is told by its beginning and its end */
	HOPS_KEPT = 8,	    /* of each */
	KEY_MOST = 1 << 12, /* bytes of a key that are read for a name */
	KEY_SHOWN = 40,	    /* bytes of a key's text */
};

struct name {
	struct ms_reach *reach;
	struct ms_context *ctx;
	struct ms_buf text;
	bool go;
	bool pointer; /* what the text names leads to the object, and is not the object */
	bool path;    /* it can be typed back */
	int32_t status;
};

static bool is_ident(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
		if (!letter && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return size > 0;
}

/* Idents with SEPARATOR between.  */
static bool is_plain(const char *text, const char *separator)
{
	const char *end;

	for (; (end = strstr(text, separator)); text = end + strlen(separator))
		if (!is_ident(text, (size_t)(end - text)))
			return false;
	return is_ident(text, strlen(text));
}

/* A file's name before :: stands in quotes, as does a name of Go's with a slash in it.  */
static void add_global(struct name *name, const char *text)
{
	const char *colons = strstr(text, "::");
	const char *dot = strchr(text, '.');
	bool file = colons && dot && dot < colons;
	struct ms_buf *buf = &name->text;

	if (file && is_plain(colons + 2, "::")) {
		ms_buf_char(buf, '\'');
		ms_buf_escaped(buf, text, (size_t)(colons - text), 0);
		ms_buf_char(buf, '\'');
		ms_buf_str(buf, colons);
	} else if (is_plain(text, "::") || is_plain(text, ".")) {
		ms_buf_escaped(buf, text, strlen(text), 0);
	} else {
		ms_buf_char(buf, '\'');
		ms_buf_escaped(buf, text, strlen(text), 0);
		ms_buf_char(buf, '\'');
		name->path &= !colons && !strchr(text, '\'') && !strchr(text, '\\');
	}
}

static void wrap(struct name *name, const char *before, const char *after)
{
	struct ms_buf old = name->text;

	name->text = (struct ms_buf){ .failed = old.failed };
	ms_buf_str(&name->text, before);
	ms_buf_str(&name->text, ms_buf_text(&old));
	ms_buf_str(&name->text, after);
	ms_buf_fini(&old);
}

/* The object itself, by the pointer that the text names.  */
static void dereference(struct name *name)
{
	if (name->pointer)
		wrap(name, "*", "");
	name->pointer = false;
}

/* Adds ".m" or "[n]".  */
static void add_part(struct name *name, const char *part)
{
	if (!*part)
		return;
	if (name->pointer && *part != '.')
		dereference(name);
	if (*ms_buf_text(&name->text) == '*')
		wrap(name, "(", ")");
	if (name->pointer && !name->go) {
		ms_buf_str(&name->text, "->");
		part++;
	}
	name->pointer = false;
	ms_buf_escaped(&name->text, part, strlen(part), 0);
}

static void add_index(struct name *name, uint64_t index)
{
	char part[32];

	snprintf(part, sizeof part, "[%llu]", (unsigned long long)index);
	add_part(name, part);
}

/* Adds the way from a value of TYPE to its part at OFFSET, which a step of the kind WAY led from.  */
static void add_steps(struct name *name, const struct ms_reach_type *type, uint64_t offset, enum ms_way way)
{
	for (uint32_t i = 0; i < type->step_count; i++) {
		const struct ms_step *step = &type->steps[i];
		bool array = step->way == MS_WAY_ARRAY && offset >= step->offset &&
			     offset - step->offset < step->count * step->stride;
		if (step->way == way && step->offset == offset) {
			add_part(name, step->name);
			dereference(name); /* it is all of what a pointer points to */
			return;
		}
		if (array) {
			uint64_t within = offset - step->offset;
			add_part(name, step->name);
			add_index(name, within / step->stride);
			add_steps(name, ms_reach_type_at(name->reach, step->type), within % step->stride, way);
			return;
		}
	}
}

/* The entry that OBJECT was reached from, and the way from its key or elem.  */
static void add_entry(struct name *name, const struct ms_object *parent, const struct ms_object *object)
{
	struct ms_style style = { .language = name->go ? MS_GO : MS_C };
	struct ms_map *map = NULL;
	struct ms_buf key = { 0 };
	uint8_t bytes[KEY_MOST];
	const struct ms_node *node = ms_reach_type_at(name->reach, parent->type)->node;
	int32_t status = ms_map_open_at(name->ctx, parent->address, node, &map);
	uint64_t size = status == MS_OK ? map->key_size : 0;
	bool read = status == MS_OK && map->key && size <= sizeof bytes;

	if (read)
		status = ms_mem_read_cached(name->ctx, object->key, bytes, size);
	if (read && status == MS_OK)
		status = ms_value(name->ctx, &key, map->key, bytes, size, object->key, style);
	if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
		name->status = status;
	bool whole = read && status == MS_OK && key.size <= KEY_SHOWN;
	ms_buf_str(&name->text, object->in_key ? "{key " : "{");
	ms_buf_add(&name->text, ms_buf_text(&key), key.size < KEY_SHOWN ? key.size : KEY_SHOWN);
	ms_buf_str(&name->text, whole ? "}" : "...}");
	name->path = false;
	const struct ms_reach_type *half =
		map ? ms_reach_type_of(name->reach, object->in_key ? map->key : map->elem) : NULL;
	if (half)
		add_steps(name, half, object->offset, (enum ms_way)object->way);
	ms_buf_fini(&key);
	ms_map_free(map);
}

/* One more hop: from PARENT, which the text names, to OBJECT.  */
static void add_hop(struct name *name, const struct ms_object *parent, const struct ms_object *object)
{
	const struct ms_reach_type *type = ms_reach_type_at(name->reach, parent->type);
	const struct ms_node *node = ms_node_strip(name->ctx, type->node);
	bool many = parent->way == MS_WAY_ARRAY || parent->way == MS_WAY_SLICE;
	uint64_t offset = object->offset, stride = node && node->size ? node->size : 1;

	if (parent->way == MS_WAY_MAP || parent->way == MS_WAY_TO_MAP) {
		add_entry(name, parent, object);
	} else {
		if (many)
			add_index(name, offset / stride);
		add_steps(name, type, many ? offset % stride : offset, (enum ms_way)object->way);
	}
	name->pointer = object->way == MS_WAY_POINTER;
	if (object->way == MS_WAY_SLICE)
		add_part(name, ".array");
	if (object->way == MS_WAY_INTERFACE) {
		ms_buf_str(&name->text, ".(");
		ms_spell(name->ctx, &name->text, ms_reach_type_at(name->reach, object->type)->node, MS_GO);
		ms_buf_char(&name->text, ')');
		name->path = false;
	}
}

/* Objects on the way to one, the global first: all, or the first and the last, with how many are LEFT_OUT between.  */
static uint32_t way_to(const struct ms_reach *reach, uint32_t object, uint32_t *hops, uint64_t *left_out)
{
	uint64_t depth = ms_reach_object(reach, object)->depth;
	bool all = depth < HOPS_MOST;
	uint32_t count = all ? (uint32_t)depth + 1 : 2 * HOPS_KEPT;

	*left_out = depth + 1 - count;
	for (uint64_t d = depth + 1; d-- > 0; object = ms_reach_object(reach, object)->parent) {
		if (all || d < HOPS_KEPT)
			hops[d] = object;
		else if (d > depth - HOPS_KEPT)
			hops[count - 1 - (depth - d)] = object;
	}
	return count;
}

static void add_way(struct name *name, uint32_t object)
{
	uint32_t hops[HOPS_MOST];
	uint64_t left_out;
	uint32_t count = way_to(name->reach, object, hops, &left_out);

	add_global(name, ms_reach_global(name->reach, hops[0]));
	for (uint32_t i = 1; i < count; i++) {
		if (left_out && i == HOPS_KEPT) {
			ms_buf_printf(&name->text, "...(%llu more)...", (unsigned long long)left_out);
			name->path = name->pointer = false;
		} else {
			add_hop(name, ms_reach_object(name->reach, hops[i - 1]), ms_reach_object(name->reach, hops[i]));
		}
	}
}

/* ---- Rows ---- */

void ms_view_reached_head(struct ms_view *view)
{
	if (!view->style.json)
		ms_buf_printf(view->buf, "%12s %12s %10s  map\n", "memory", "wasted", "count");
}

static void text_row(struct ms_view *view, const struct name *name, const struct ms_reached *map, const char *type)
{
	struct ms_buf *buf = view->buf;

	ms_buf_printf(buf, "%12llu %12llu %10lld  ", (unsigned long long)map->memory, (unsigned long long)map->wasted,
		      (long long)map->count);
	ms_buf_str(buf, ms_buf_text(&name->text));
	if (name->path && view->addresses)
		ms_buf_printf(buf, ", %s, at 0x%llx\n", type, (unsigned long long)map->address);
	else if (name->path)
		ms_buf_printf(buf, ", %s\n", type);
	else
		ms_buf_printf(buf, ", 0x%llx --type %s%s%s\n", (unsigned long long)map->address,
			      strchr(type, ' ') ? "(" : "", type, strchr(type, ' ') ? ")" : "");
}

static void json_row(struct ms_view *view, const struct name *name, const struct ms_reached *map, const char *type)
{
	struct ms_buf *buf = view->buf;

	ms_buf_str(buf, "{\"name\": ");
	ms_buf_json_string(buf, ms_buf_text(&name->text), name->text.size);
	ms_buf_str(buf, ", \"type\": ");
	ms_buf_json_string(buf, type, strlen(type));
	ms_buf_printf(buf, ", \"kind\": \"%s\", \"address\": \"0x%llx\", \"count\": %lld", map->format->kind,
		      (unsigned long long)map->address, (long long)map->count);
	ms_buf_printf(buf, ", \"memory\": %llu, \"wasted\": %llu}\n", (unsigned long long)map->memory,
		      (unsigned long long)map->wasted);
}

int32_t ms_view_reached(struct ms_view *view, struct ms_reach *reach, const struct ms_reached *map)
{
	const struct ms_shape *shape = ms_shape_of_value(view->ctx, map->node);
	const struct ms_node *node = ms_node_strip(view->ctx, map->node);
	bool go = shape && shape->language == MS_GO;
	struct name name = { .reach = reach, .ctx = view->ctx, .go = go, .path = true };
	struct ms_buf type = { 0 };

	/* Of a map in C, its pointer says nothing more.  */
	ms_spell(view->ctx, &type,
		 go || !node || node->kind != MS_POINTER ? map->node : ms_node_target(view->ctx, node),
		 go ? MS_GO : MS_C);
	add_way(&name, map->object);
	view->buf->failed |= name.text.failed || type.failed;
	(view->style.json ? json_row : text_row)(view, &name, map, ms_buf_text(&type));
	ms_buf_fini(&name.text);
	ms_buf_fini(&type);
	return name.status < 0 ? name.status : ms_stopped(view->ctx);
}
