/* What a condition says of one entry. How it is written is condition.c's, what values are and how they compare term.c's.  */
#include "cmd/where.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "cmd/condition.h"
#include "decode/shapes.h"
#include "path/path.h"

enum { RECORD_MOST = 1 << 20 }; /* bytes of a key or elem, see ms_fetch_init */

struct ms_where {
	struct ms_map *map;
	struct ms_cond *all; /* nodes of the condition, to be freed */
	const struct ms_cond *root;
	bool checking; /* a trial with zeros: both sides of && and || count */
	struct ms_places places;
	const struct ms_entry *entry;
	bool through_interface; /* the path at hand has passed one */
	uint64_t unknown, lost; /* entries without an answer; those of them that could not be read */
	struct ms_buf why;	/* of the first lost one */
};

/* Each of these: MS_OK; MS_NOT_FOUND: a pointer on the way is nil; MS_FAULT; or what ends the command.  */
static int32_t evaluate(struct ms_where *w, const struct ms_cond *node, struct ms_term *out);

/* What has parts: an interface gives way to what it holds, and a pointer that is nil has nothing behind it.  */
static int32_t open_place(struct ms_where *w, struct ms_place *place)
{
	const struct ms_node *type = ms_place_type(&w->places, place);
	bool interface = type && w->map->shape->language == MS_GO && ms_is_go_interface(type);
	struct ms_term term;

	if (!type || (type->kind != MS_POINTER && !interface))
		return MS_OK;
	int32_t status = ms_term_load(&w->places, place, w->map->shape->language, &term);
	if (status < 0)
		return status;
	if (interface) {
		w->through_interface = true;
		if (term.kind == MS_TERM_NIL || !term.node || term.node == type)
			return MS_NOT_FOUND;
		*place = term.place;
	}
	return term.kind == MS_TERM_NUMBER && term.node->kind == MS_POINTER && !term.number ? MS_NOT_FOUND : MS_OK;
}

static int32_t place_of(struct ms_where *w, const struct ms_cond *node, struct ms_place *out);

static int32_t index_place(struct ms_where *w, const struct ms_cond *node, struct ms_place *out)
{
	struct ms_term index;
	struct ms_place number;
	int32_t status = ms_place_takes_index(&w->places, out);

	if (status == MS_OK)
		status = evaluate(w, node->b, &index);
	if (status < 0)
		return status;
	if (index.kind != MS_TERM_NUMBER || index.number != (ms_int128)(int64_t)index.number)
		return ms_fail(w->map->ctx, MS_USAGE, "--where: an index must be an integer");
	status = ms_place_number(&w->places, (uint64_t)(int64_t)index.number, &number);
	if (status == MS_OK)
		status = ms_place_element(&w->places, out, &number);
	return status == MS_REFUSED ? MS_NOT_FOUND : status; /* there is no such element in this entry */
}

static int32_t place_of(struct ms_where *w, const struct ms_cond *node, struct ms_place *out)
{
	const struct ms_map *map = w->map;
	bool is_key = node->kind == COND_KEY;
	int32_t status;

	if (is_key || node->kind == COND_ELEM) {
		*out = (struct ms_place){ .node = is_key ? map->key : map->elem,
					  .bytes = is_key ? w->entry->key : w->entry->elem,
					  .byte_count = is_key ? map->key_size : map->elem_size };
		if (!out->node)
			return ms_fail(map->ctx, MS_USAGE, "--where: the type of %ss is not known here",
				       is_key ? "key" : "elem");
		return (is_key ? w->entry->key_address : w->entry->elem_address) ? MS_OK : MS_FAULT;
	}
	if (node->kind != COND_MEMBER && node->kind != COND_ARROW && node->kind != COND_INDEX &&
	    node->kind != COND_FOLLOW)
		return ms_fail(map->ctx, MS_USAGE, "--where: only key, elem and what they hold have parts");
	status = place_of(w, node->a, out);
	if (status == MS_OK)
		status = open_place(w, out);
	if (status < 0)
		return status;
	if (node->kind == COND_INDEX)
		status = index_place(w, node, out);
	else if (node->kind == COND_FOLLOW)
		status = ms_place_follow(&w->places, out);
	else
		status = ms_place_member(&w->places, out, node->name, node->kind == COND_ARROW);
	/* Another entry's interface may hold a type that has such a part.  */
	return status == MS_REFUSED && w->through_interface ? MS_NOT_FOUND : status;
}

static int32_t truth_of(struct ms_where *w, const struct ms_cond *node, bool *out)
{
	struct ms_term term;
	int32_t status = evaluate(w, node, &term);

	return status < 0 ? status : ms_term_truth(w->map->ctx, &term, out);
}

static bool unknown(int32_t status)
{
	return status == MS_NOT_FOUND || status == MS_FAULT;
}

/* Unknown on one side decides nothing where the other side does.  */
static int32_t join(struct ms_where *w, const struct ms_cond *node, bool *out)
{
	bool decides = node->kind == COND_OR, left = false, right = false;
	int32_t status = truth_of(w, node->a, &left);

	if ((status < 0 && !unknown(status)) || (status == MS_OK && left == decides && !w->checking)) {
		*out = left;
		return status;
	}
	int32_t other = truth_of(w, node->b, &right);
	if (other == MS_OK && (right == decides || status == MS_OK)) {
		*out = status == MS_OK && left == decides ? left : right;
		return MS_OK;
	}
	return other < 0 ? other : status;
}

static struct ms_term number_term(ms_int128 number)
{
	return (struct ms_term){ .kind = MS_TERM_NUMBER, .number = number };
}

static int32_t evaluate(struct ms_where *w, const struct ms_cond *node, struct ms_term *out)
{
	struct ms_term a, b;
	struct ms_place place;
	bool yes = false;
	int32_t status;

	switch (node->kind) {
	case COND_LITERAL:
		*out = node->literal;
		return MS_OK;
	case COND_NOT:
		status = truth_of(w, node->a, &yes);
		*out = number_term(!yes);
		return status;
	case COND_AND:
	case COND_OR:
		status = join(w, node, &yes);
		*out = number_term(yes);
		return status;
	case COND_LEN:
		status = evaluate(w, node->a, &a);
		return status < 0 ? status : ms_term_length(&w->places, &a, out);
	case COND_COMPARE:
	case COND_COMPUTE:
		status = evaluate(w, node->a, &a);
		if (status == MS_OK)
			status = evaluate(w, node->b, &b);
		if (status < 0)
			return status;
		if (node->kind == COND_COMPUTE)
			return ms_term_compute(w->map->ctx, node->operator, & a, &b, out);
		status = ms_term_compare(&w->places, node->comparison, &a, &b, &yes);
		*out = number_term(yes);
		return status;
	default:
		w->through_interface = false;
		status = place_of(w, node, &place);
		return status < 0 ? status : ms_term_load(&w->places, &place, w->map->shape->language, out);
	}
}

static int32_t judge(struct ms_where *w, const struct ms_entry *entry, bool *out)
{
	w->entry = entry;
	w->places = (struct ms_places){ .ctx = w->map->ctx };
	*out = false;
	int32_t status = truth_of(w, w->root, out);
	ms_path_fini(&(struct ms_path){ .held = w->places.held });
	return status;
}

int32_t ms_where_holds(struct ms_where *where, const struct ms_entry *entry, bool *out)
{
	int32_t status = judge(where, entry, out);

	if (!unknown(status))
		return status == MS_REFUSED || status == MS_USAGE ? MS_BAD_TYPE : status;
	*out = false;
	where->unknown++;
	if (status == MS_FAULT && !where->lost++)
		ms_buf_str(&where->why, ms_error(where->map->ctx));
	return where->why.failed ? MS_NO_MEMORY : MS_OK;
}

/* Types are checked with an entry of zeros, so that what does not fit is said of an empty map as well.  */
static int32_t check(struct ms_where *w)
{
	uint64_t size = w->map->key_size + w->map->elem_size;
	uint8_t *zeros = size <= 2 * RECORD_MOST ? calloc(1, size + 1) : NULL;
	struct ms_entry entry = { zeros, zeros, 1, 1 };
	bool holds;

	if (!zeros)
		return ms_fail(w->map->ctx, MS_NO_MEMORY, "out of memory");
	w->checking = true;
	int32_t status = judge(w, &entry, &holds);
	w->checking = false;
	free(zeros);
	if (status == MS_REFUSED) {
		struct ms_buf why = { 0 };
		ms_buf_str(&why, ms_error(w->map->ctx));
		ms_fail(w->map->ctx, MS_USAGE, "--where: %s", ms_buf_text(&why));
		ms_buf_fini(&why);
		return MS_USAGE;
	}
	return unknown(status) ? MS_OK : status;
}

int32_t ms_where_new(struct ms_map *map, const char *cond, struct ms_where **out)
{
	struct ms_where *w = calloc(1, sizeof *w);

	if (!w)
		return ms_fail(map->ctx, MS_NO_MEMORY, "out of memory");
	*out = w;
	w->map = map;
	ms_buf_clear(&map->ctx->error);
	int32_t status = ms_cond_read(map->ctx, cond, &w->all, &w->root);
	return status < 0 ? status : check(w);
}

void ms_where_free(struct ms_where *where)
{
	if (!where)
		return;
	ms_cond_free(where->all);
	ms_buf_fini(&where->why);
	free(where);
}

void ms_where_note(const struct ms_where *where, struct ms_notes *notes)
{
	if (where->lost)
		ms_note(notes, true, "--where: %llu entries are not shown, for what it asks cannot be read: %s",
			(unsigned long long)where->lost, ms_buf_text(&where->why));
	if (where->unknown > where->lost)
		ms_note(notes, false,
			"--where: %llu entries are not shown, for it has no answer there (a nil pointer, no such "
			"element, another dynamic type, a division by zero, more than 127 bits)",
			(unsigned long long)(where->unknown - where->lost));
}
