/* EXPR as a path: what each leads to, what is wrong with wrong ones, and that nothing but the pointers on the way is
   read. The truth is the layout that this file gives the fake target.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "decode/map.h"
#include "fake_map.h"
#include "mem/mem.h"
#include "path/path.h"
#include "types/types.h"

struct world {
	struct fake_target t;
	/* Each on pages of its own, so that reads can be told apart.  */
	uint64_t o, other, po, ppo, q, array, cache, heap, object, slice, elements, opaque;
	uint64_t inner, outer; /* types */
};

enum { BIG = 8 << 20, INNERS = 2 };

/* ---- The world ---- */

static uint64_t page(struct world *w, uint64_t size)
{
	return fake_alloc(&w->t, size < FAKE_PAGE ? FAKE_PAGE : size);
}

static void make_types(struct world *w)
{
	struct fake_target *t = &w->t;
	uint64_t integer = fake_int(t, 4), natural = fake_uint(t, 4), character = fake_char(t);

	w->inner = fake_struct(t, "inner");
	fake_member(t, w->inner, "x", integer);
	fake_bits(t, w->inner, "flag", natural, 4, 1, 2);
	fake_bits(t, w->inner, "low", integer, 5, 2, 4);
	fake_bits(t, w->inner, "cross", natural, 6, 5, 9); /* two bytes */
	fake_member_at(t, w->inner, "arr", fake_array(t, integer, 4), 8);
	fake_claims(t, w->inner)->byte_size = 24;

	uint64_t hidden = fake_union(t, "");
	fake_member(t, hidden, "number", fake_int(t, 8));
	fake_member(t, hidden, "to", fake_pointer(t, w->inner));
	w->outer = fake_struct(t, "outer");
	fake_member(t, w->outer, "in", fake_typedef(t, "inner_t", w->inner));
	fake_member(t, w->outer, "p", fake_pointer(t, w->inner));
	fake_member(t, w->outer, "next", fake_pointer(t, w->outer));
	fake_member(t, w->outer, "pp", fake_pointer(t, fake_pointer(t, w->inner)));
	fake_member(t, w->outer, "v", fake_pointer(t, 0));
	fake_member(t, w->outer, "", hidden);
	fake_member(t, w->outer, "inners", fake_array(t, w->inner, INNERS));
	fake_member(t, w->outer, "big", fake_array(t, character, BIG));
	fake_member(t, w->outer, "tail", fake_array(t, integer, 0));
	fake_name(t, "struct outer", w->outer);
	fake_name(t, "struct inner", w->inner);
	fake_name(t, "inner", fake_typedef(t, "inner", w->inner));
	fake_name(t, "int", integer);
	fake_name(t, "unsigned long", fake_uint(t, 8));
	fake_name(t, "bool", fake_scalar(t, MS_BOOL, "bool", 1));
	fake_name(t, "double", fake_scalar(t, MS_FLOAT, "double", 8));
	fake_name(t, "outer_p", fake_typedef(t, "outer_p", fake_pointer(t, w->outer)));
	fake_name(t, "main.T", fake_typedef(t, "main.T", w->inner));
	fake_name(t, "char", character);
}

static uint64_t offset(const struct world *w, const char *member)
{
	return fake_offset(&w->t, w->outer, member);
}

static void store_pointer(struct world *w, uint64_t at, uint64_t to)
{
	fake_write_uint(&w->t, at, w->t.pointer_size, to);
}

static void make_values(struct world *w)
{
	struct fake_target *t = &w->t;

	w->o = page(w, fake_size(t, w->outer));
	w->other = page(w, fake_size(t, w->outer));
	w->po = page(w, 8);
	w->ppo = page(w, 8);
	w->q = page(w, 8);
	w->opaque = page(w, 8);
	store_pointer(w, w->po, w->o);
	store_pointer(w, w->ppo, w->po);
	store_pointer(w, w->q, 0);
	store_pointer(w, w->opaque, 0x10);
	for (int i = 0; i < 2; i++) {
		uint64_t at = i ? w->other : w->o;
		store_pointer(w, at + offset(w, "p"), (i ? w->o : w->other) + offset(w, "inners"));
		store_pointer(w, at + offset(w, "next"), i ? 0 : w->other);
		store_pointer(w, at + offset(w, "pp"), at + offset(w, "p"));
		store_pointer(w, at + offset(w, "v"), w->o);
		/* Bits count from the lowest or, big-endian, from the highest one: flag is 2, low -3, cross 0x155.  */
		fake_write_uint(t, at + 4, 1, t->big_endian ? 0x40 : 0x04);
		fake_write_uint(t, at + 5, 1, 0x34);
		fake_write_uint(t, at + 6, 2, t->big_endian ? 0x155 << 2 : 0x155 << 5);
	}
	w->array = page(w, 64);
	for (uint64_t i = 0; i < 12; i++)
		fake_write_uint(t, w->array + 4 * i, 4, i);
	w->slice = page(w, 64);
	w->elements = page(w, 24 * 3);
	store_pointer(w, w->slice, w->elements);
	fake_write_uint(t, w->slice + t->pointer_size, t->pointer_size, 3);
	fake_write_uint(t, w->slice + 2 * t->pointer_size, t->pointer_size, 4);
	w->cache = page(w, 64);
	w->heap = page(w, 64);
	store_pointer(w, w->heap, w->other);
	w->object = page(w, 64);
}

static void scalar(struct world *w, const char *name, uint64_t type, uint64_t value)
{
	uint8_t bytes[8];

	fake_store(&w->t, bytes, fake_size(&w->t, type), value);
	fake_variable(&w->t, name, type, 0, bytes, fake_size(&w->t, type));
}

/* A class with a base, which has a member of the same name.  */
static uint64_t make_class(struct world *w)
{
	struct fake_target *t = &w->t;
	uint64_t base = fake_struct(t, "base"), derived = fake_struct(t, "derived");

	fake_member(t, base, "same", fake_int(t, 4));
	fake_member(t, base, "inherited", fake_int(t, 4));
	fake_member(t, derived, "", base);
	fake_member(t, derived, "same", fake_int(t, 8));
	return derived;
}

static void make_variables(struct world *w)
{
	struct fake_target *t = &w->t;
	uint64_t integer = fake_int(t, 4), slice = fake_struct(t, "[]main.T"),
		 function = fake_scalar(t, MS_FUNCTION, "", 1);
	uint8_t bytes[24];

	fake_variable(t, "o", w->outer, w->o, NULL, 0);
	fake_variable(t, "to", fake_typedef(t, "outer_t", w->outer), w->o, NULL, 0);
	fake_variable(t, "po", fake_pointer(t, fake_typedef(t, "", w->outer)), w->po, NULL, 0);
	fake_variable(t, "ppo", fake_pointer(t, fake_pointer(t, w->outer)), w->ppo, NULL, 0);
	fake_variable(t, "q", fake_pointer(t, w->inner), w->q, NULL, 0);
	fake_variable(t, "low", fake_pointer(t, w->inner), w->opaque, NULL, 0);
	fake_variable(t, "array", fake_array(t, integer, 4), w->array, NULL, 0);
	fake_variable(t, "matrix", fake_array(t, fake_array(t, integer, 4), 3), w->array, NULL, 0);
	fake_member(t, slice, "array", fake_pointer(t, w->inner));
	fake_member(t, slice, "len", fake_int(t, t->pointer_size));
	fake_member(t, slice, "cap", fake_int(t, t->pointer_size));
	fake_variable(t, "slice", slice, w->slice, NULL, 0);
	fake_variable(t, "main.cache", w->inner, w->cache, NULL, 0);
	fake_variable(t, "main", function, w->cache, NULL, 0);
	fake_variable(t, "f", function, w->cache, NULL, 0);
	fake_variable(t, "net/http.Client", w->inner, w->cache, NULL, 0);
	fake_variable(t, "github.com/a/b.cache", w->inner, w->cache, NULL, 0);
	fake_variable(t, "app::cache", w->inner, w->cache, NULL, 0);
	fake_variable(t, "::cache", w->inner, w->cache, NULL, 0);
	fake_variable(t, "table.c::cache", w->inner, w->cache, NULL, 0);
	fake_variable(t, "odd name", w->inner, w->cache, NULL, 0);
	fake_variable(t, "\xc3\xa9", w->inner, w->cache, NULL, 0);
	fake_variable(t, "&escaped", fake_pointer(t, w->outer), w->heap, NULL, 0);
	fake_variable(t, "this", fake_pointer(t, make_class(w)), w->po, NULL, 0);
	fake_variable(t, "real", fake_scalar(t, MS_FLOAT, "double", 8), w->array, NULL, 0);
	scalar(w, "two", integer, 2);
	scalar(w, "minus", integer, (uint64_t)-1);
	scalar(w, "huge", fake_uint(t, 8), UINT64_MAX / 2);
	scalar(w, "$rdi", fake_int(t, 8), w->o);
	scalar(w, "reg", fake_pointer(t, w->outer), w->o);
	scalar(w, "$1", fake_pointer(t, w->inner), w->array); /* an earlier value of q */
	for (int i = 0; i < 24; i++)
		bytes[i] = (uint8_t)i;
	fake_store(t, bytes + 8, 4, 1);
	fake_variable(t, "held", w->inner, 0, bytes, sizeof bytes);
	fake_variable(t, "half", w->inner, 0, bytes, 10);
	fake_variable(t, "nothing", w->inner, 0, NULL, 0);
	fake_variable_refused(t, "gone", "it is optimised out here");
	fake_variable_refused(t, "gone\x1b", "\x1b[31mno\nframe");
}

static void world_init(struct world *w, uint32_t pointer_size, bool big_endian)
{
	fake_init(&w->t, pointer_size, big_endian);
	w->t.paths = true;
	make_types(w);
	make_values(w);
	make_variables(w);
	fake_open(&w->t);
	ms_slice_begin(w->t.ctx, 0);
	fake_reset_counts(&w->t);
}

static void world_fini(struct world *w)
{
	fake_fini(&w->t);
}

/* ---- What paths lead to ---- */

struct expected {
	const char *path, *type; /* NULL: a plain number */
	uint64_t address;	 /* 0: it lies nowhere */
	uint64_t number;	 /* with address 0: what the bytes say */
	uint64_t reads;
};

enum { EXPECTED_MOST = 160 };

static uint64_t paths_of(const struct world *w, struct expected *out)
{
	uint64_t p = w->t.pointer_size, o = w->o, other = w->other, inners = offset(w, "inners"), in = o + inners;
	const struct expected list[] = {
		/* Names */
		{ "o", "struct outer", o, 0, 0 },
		{ "  o ", "struct outer", o, 0, 0 },
		{ "to", "outer_t", o, 0, 0 },
		{ "po", "struct outer *", w->po, 0, 0 },
		{ "main.cache", "struct inner", w->cache, 0, 0 },
		{ "main.cache.x", "int", w->cache, 0, 0 },
		{ "net/http.Client", "struct inner", w->cache, 0, 0 },
		{ "&net/http.Client.x", "int *", 0, w->cache, 0 },
		{ "github.com/a/b.cache.arr[1]", "int", w->cache + 12, 0, 0 },
		{ "app::cache", "struct inner", w->cache, 0, 0 },
		{ "app::cache.x", "int", w->cache, 0, 0 },
		{ "::cache", "struct inner", w->cache, 0, 0 },
		{ "'table.c'::cache", "struct inner", w->cache, 0, 0 },
		{ "table.c::cache", "struct inner", w->cache, 0, 0 },
		{ "'table.c::cache'.x", "int", w->cache, 0, 0 },
		{ "'odd name'", "struct inner", w->cache, 0, 0 },
		{ "'net/http.Client'", "struct inner", w->cache, 0, 0 },
		{ "\xc3\xa9.x", "int", w->cache, 0, 0 },
		{ "escaped", "struct outer", other, 0, 1 },
		{ "escaped.next", "struct outer *", other + offset(w, "next"), 0, 1 },
		{ "inherited", "int", o + 4, 0, 1 },
		{ "same", "long", o + 8, 0, 1 },
		{ "this->same", "long", o + 8, 0, 1 },
		{ "f", "void ()", w->cache, 0, 0 },
		/* Members */
		{ "o.in", "inner_t", o, 0, 0 },
		{ "o . in . x", "int", o, 0, 0 },
		{ "to.in.arr", "int[4]", o + 8, 0, 0 },
		{ "o.number", "long", o + offset(w, ""), 0, 0 },
		{ "o.to", "struct inner *", o + offset(w, ""), 0, 0 },
		{ "o->in", "inner_t", o, 0, 0 },
		{ "po.in", "inner_t", o, 0, 1 },
		{ "po->in", "inner_t", o, 0, 1 },
		{ "po -> in", "inner_t", o, 0, 1 },
		{ "o.big", "char[8388608]", o + offset(w, "big"), 0, 0 },
		{ "o.big[8388607]", "char", o + offset(w, "big") + BIG - 1, 0, 0 },
		{ "o.tail[3]", "int", o + offset(w, "tail") + 12, 0, 0 },
		{ "o.next->p->x", "int", in, 0, 2 },
		{ "o.next->p", "struct inner *", other + offset(w, "p"), 0, 1 },
		{ "o.inners.x", "int", in, 0, 0 },
		{ "o.inners->arr", "int[4]", in + 8, 0, 0 },
		{ "o.in.flag", "unsigned int", 0, 2, 1 },
		{ "o.in.low", "int", 0, (uint64_t)-3, 1 },
		{ "o.in.cross", "unsigned int", 0, 0x155, 1 },
		{ "po->in.flag", "unsigned int", 0, 2, 2 },
		/* Pointers */
		{ "*po", "struct outer", o, 0, 1 },
		{ "**ppo", "struct outer", o, 0, 2 },
		{ "(*ppo)->in.x", "int", o, 0, 2 },
		{ "(*po).in", "inner_t", o, 0, 1 },
		{ "*array", "int", w->array, 0, 0 },
		{ "**matrix", "int", w->array, 0, 0 },
		{ "*o.pp", "struct inner *", o + offset(w, "p"), 0, 1 },
		{ "**o.pp", "struct inner", other + inners, 0, 1 },
		{ "&o", "struct outer *", 0, o, 0 },
		{ "&o.in", "inner_t *", 0, o, 0 },
		{ "*&o", "struct outer", o, 0, 0 },
		{ "&*po", "struct outer *", 0, o, 1 },
		{ "(&o)->in", "inner_t", o, 0, 0 },
		{ "&o.in.arr[2]", "int *", 0, o + 16, 0 },
		{ "&po->next", "struct outer **", 0, o + offset(w, "next"), 1 },
		{ "&array", "int[4] *", 0, w->array, 0 },
		{ "&q->arr", "int[4] *", 0, 8, 1 },
		{ "*f", "void ()", w->cache, 0, 0 },
		/* Elements */
		{ "array[3]", "int", w->array + 12, 0, 0 },
		{ "array[ 0x2 ]", "int", w->array + 8, 0, 0 },
		{ "array[two]", "int", w->array + 8, 0, 0 },
		{ "array[array[2]]", "int", w->array + 8, 0, 1 },
		{ "array[o.in.flag]", "int", w->array + 8, 0, 1 },
		{ "matrix[2]", "int[4]", w->array + 32, 0, 0 },
		{ "matrix[2][3]", "int", w->array + 44, 0, 0 },
		{ "matrix[matrix[0][1]][two]", "int", w->array + 24, 0, 1 },
		{ "o.inners[1].arr[1]", "int", in + 24 + 12, 0, 0 },
		{ "o.p[1].x", "int", other + inners + 24, 0, 1 },
		{ "o.p[-1]", "struct inner", other + inners - 24, 0, 1 },
		{ "o.p[- 1]", "struct inner", other + inners - 24, 0, 1 },
		{ "o.p[minus]", "struct inner", other + inners - 24, 0, 1 },
		{ "ppo[0]->in", "inner_t", o, 0, 2 },
		{ "slice[2]", "struct inner", w->elements + 48, 0, 1 },
		{ "slice[two].x", "int", w->elements + 48, 0, 1 },
		{ "slice.array[3].x", "int", w->elements + 72, 0, 1 },
		{ "slice.len", p == 8 ? "long" : "int", w->slice + p, 0, 0 },
		/* Casts and parentheses */
		{ "(o)", "struct outer", o, 0, 0 },
		{ "((o)).in", "inner_t", o, 0, 0 },
		{ "(struct inner *) po", "struct inner *", 0, o, 1 },
		{ "((struct inner *) po)->x", "int", o, 0, 1 },
		{ "*(struct inner *) po", "struct inner", o, 0, 1 },
		{ "(struct inner*)po->v", "struct inner *", 0, o, 2 },
		{ "(const struct inner *const) po", "struct inner *", 0, o, 1 },
		{ "(inner*)&o", "inner *", 0, o, 0 },
		{ "(*main.T)(po)", "main.T *", 0, o, 1 },
		{ "(outer_p)po", "outer_p", 0, o, 1 },
		{ "((outer_p) o.v)->next", "struct outer *", o + offset(w, "next"), 0, 1 },
		{ "(struct outer) o", "struct outer", o, 0, 0 },
		{ "(int *) array", "int *", 0, w->array, 0 },
		{ "((int *) array)[1]", "int", w->array + 4, 0, 0 },
		{ "(int) 3", "int", 0, 3, 0 },
		{ "(int) -3", "int", 0, (uint64_t)-3, 0 },
		{ "(unsigned long) minus", "unsigned long", 0, UINT64_MAX, 0 },
		{ "(long unsigned int) two", "unsigned long", 0, 2, 0 },
		{ "(bool) two", "_Bool", 0, 1, 0 },
		{ "(void *) po", "void *", 0, o, 1 },
		{ "(struct inner *) 0x1000", "struct inner *", 0, 0x1000, 0 },
		{ "&((struct outer *) 0)->next", "struct outer **", 0, offset(w, "next"), 0 },
		{ "&((struct outer *) 0x1000)[2].in", "inner_t *", 0, 0x1000 + 2 * fake_size(&w->t, w->outer), 0 },
		/* What lies nowhere */
		{ "reg->in", "inner_t", o, 0, 0 },
		{ "reg", "struct outer *", 0, o, 0 },
		{ "*(struct outer *) $rdi", "struct outer", o, 0, 0 },
		{ "$1->x", "int", w->array, 0, 0 },
		{ "held.arr[0]", "int", 0, 1, 0 },
		{ "(int) held.arr[0]", "int", 0, 1, 0 },
		{ "array[held.arr[0]]", "int", w->array + 4, 0, 0 },
		/* Numbers */
		{ "5", NULL, 0, 5, 0 },
		{ "0x10UL", NULL, 0, 16, 0 },
		{ "010", NULL, 0, 8, 0 },
		{ "- 5", NULL, 0, (uint64_t)-5, 0 },
	};
	_Static_assert(sizeof list / sizeof *list <= EXPECTED_MOST, "all fit");

	memcpy(out, list, sizeof list);
	return sizeof list / sizeof *list;
}

static uint64_t number_in(const struct world *w, const struct ms_value *value)
{
	uint64_t out = 0;

	assert_true(value->bytes && value->byte_count && value->byte_count <= 8);
	for (uint64_t i = 0; i < value->byte_count; i++) {
		uint64_t at = w->t.big_endian ? value->byte_count - 1 - i : i;
		out |= (uint64_t)((const uint8_t *)value->bytes)[at] << 8 * i;
	}
	return out;
}

static void assert_leads(struct world *w, const struct expected *e, const struct ms_value *value)
{
	struct ms_buf type = { 0 };
	uint64_t mask = value->byte_count >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * value->byte_count) - 1;

	assert_int_equal(value->size, sizeof *value);
	if (e->type) {
		ms_spell(w->t.ctx, &type, ms_node(w->t.ctx, value->type), MS_C);
		assert_string_equal(ms_buf_text(&type), e->type);
	} else {
		assert_int_equal(value->type, 0);
	}
	ms_buf_fini(&type);
	assert_int_equal(value->address, e->address);
	if (!e->address)
		assert_int_equal(number_in(w, value), e->number & mask);
	else
		assert_true(value->byte_count <= 16);
}

static void paths_lead_where_the_layout_says(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct expected list[EXPECTED_MOST];
		struct world w;
		world_init(&w, kind & 1 ? 4 : 8, kind & 2);
		uint64_t count = paths_of(&w, list);
		for (uint64_t i = 0; i < count; i++) {
			struct ms_path path;
			print_message("[          ] %s\n", list[i].path);
			fake_reset_counts(&w.t);
			ms_mem_forget(w.t.ctx);
			int32_t status = ms_path_resolve(w.t.ctx, list[i].path, &path);
			if (status != MS_OK)
				fail_msg("%s", ms_error(w.t.ctx));
			assert_int_equal(w.t.reads, list[i].reads);
			assert_leads(&w, &list[i], &path.value);
			ms_path_fini(&path);
		}
		world_fini(&w);
	}
}

/* ---- What is wrong ---- */

#define NO_PART(op)                                                                                                    \
	"\"" op "\" is no part of a path (names, ., ->, [n], *, &, casts): --expr has the debugger evaluate it"
#define SYNTAX(near) "A syntax error in expression, near `" near "'."
#define NO_MEMBER(name) "There is no member named " name "."
#define NO_STRUCT "Attempt to extract a component of a value that is not a structure."
#define NO_STRUCT_POINTER "Attempt to extract a component of a value that is not a structure pointer."
#define NO_POINTER "Attempt to take contents of a non-pointer value."
#define NO_PLACE "Attempt to take address of value not located in memory."
#define NO_SYMBOL(name) "No symbol \"" name "\" in current context."

static const struct {
	const char *path, *error;
} wrong[] = {
	/* Names */
	{ "nosuch", NO_SYMBOL("nosuch") },
	{ "nosuch.x", NO_SYMBOL("nosuch") },
	{ "nosuch.x.y->z[3]", NO_SYMBOL("nosuch") },
	{ "nosuch::x", NO_SYMBOL("nosuch::x") },
	{ "'nosuch.c'::o", NO_SYMBOL("nosuch.c::o") },
	{ "main.nosuch", NO_SYMBOL("main.nosuch") },
	{ "net/nosuch.x", NO_SYMBOL("net/nosuch") },
	{ "o/two", NO_SYMBOL("o/two") },
	{ "\xe2\x80\xae", NO_SYMBOL("\\xe2\\x80\\xae") },
	{ "$nosuch", NO_SYMBOL("$nosuch") },
	{ "gone", "it is optimised out here" },
	{ "gone.x", "it is optimised out here" },
	{ "'gone\x1b'", "\\x1b[31mno\\nframe" },
	{ "'o", "Unmatched single quote." },
	{ "''", NO_SYMBOL("") },
	/* Members */
	{ "o.nosuch", NO_MEMBER("nosuch") },
	{ "po->nosuch", NO_MEMBER("nosuch") },
	{ "o.in.number", NO_MEMBER("number") },
	{ "o.number.x", NO_STRUCT },
	{ "o.number->x", NO_STRUCT_POINTER },
	{ "two.x", NO_STRUCT },
	{ "array.x", NO_STRUCT },
	{ "ppo.in", NO_STRUCT },
	{ "ppo->in", NO_STRUCT_POINTER },
	{ "o.v->x", NO_STRUCT_POINTER },
	{ "5.x", NO_STRUCT },
	{ "o.", SYNTAX("") },
	{ "po->", SYNTAX("") },
	{ "o..in", SYNTAX(".in") },
	{ "o.5", SYNTAX(".5") },
	{ "po->5", SYNTAX("5") },
	{ "o.'in'", SYNTAX("'in'") },
	{ "o.*p", NO_PART("*") },
	{ "o.(main.T)", NO_PART("(") },
	/* Pointers */
	{ "*o", NO_POINTER },
	{ "*two", NO_POINTER },
	{ "*5", NO_POINTER },
	{ "*o.v", "Attempt to dereference a generic pointer." },
	{ "o.v[1]", "Attempt to dereference a generic pointer." },
	{ "*q", "Cannot access memory at address 0x0" },
	{ "q->x", "Cannot access memory at address 0x0" },
	{ "array[low->x]", "Cannot access memory at address 0x10" },
	{ "&5", NO_PLACE },
	{ "&two", NO_PLACE },
	{ "&&o", SYNTAX("&&o") },
	{ "& &o", NO_PLACE },
	{ "&o.in.flag", NO_PLACE },
	{ "&held.x", NO_PLACE },
	{ "*", SYNTAX("") },
	{ "&", SYNTAX("") },
	/* Elements */
	{ "array[4]", "no such element: [4] of 4, counted from 0" },
	{ "array[-1]", "no such element: [-1] of 4, counted from 0" },
	{ "array[minus]", "no such element: [-1] of 4, counted from 0" },
	{ "array[huge]", "no such element: [9223372036854775807] of 4, counted from 0" },
	{ "matrix[3][0]", "no such element: [3] of 3, counted from 0" },
	{ "slice[3]", "no such element: [3] of 3, counted from 0" },
	{ "slice[-1]", "no such element: [-1] of 3, counted from 0" },
	{ "held.arr[4]", "no such element: [4] of 4, counted from 0" },
	{ "o[0]", "cannot subscript something of type `struct outer'" },
	{ "two[0]", "cannot subscript something of type `int'" },
	{ "5[0]", "cannot subscript something of type `int'" },
	{ "array[o]", "an index must be an integer" },
	{ "array[po]", "an index must be an integer" },
	{ "array[real]", "an index must be an integer" },
	{ "array[nosuch]", NO_SYMBOL("nosuch") },
	{ "array[]", SYNTAX("]") },
	{ "array[", SYNTAX("") },
	{ "array[0", SYNTAX("") },
	{ "array[1:2]", NO_PART(":") },
	{ "array[two+1]", NO_PART("+") },
	{ "array[two 1]", SYNTAX("1]") },
	{ "array[two)", SYNTAX(")") },
	{ "[0]", SYNTAX("[0]") },
	/* Casts and parentheses */
	{ "(struct nosuch *) po", "No struct type named nosuch." },
	{ "(const union nosuch*)po", "No union type named nosuch." },
	{ "(nosuch *) po", NO_SYMBOL("nosuch") },
	{ "(const nosuch *) po", NO_SYMBOL("nosuch") },
	{ "(nosuch) po", NO_SYMBOL("nosuch") },
	{ "(struct outer) two", "Invalid cast." },
	{ "(int) o", "Invalid cast." },
	{ "(double) two", "Invalid cast." },
	{ "(int) real", "Invalid cast." },
	{ "(int[2]) array", "Invalid cast." },
	{ "(int) half.arr[1]", "it has no value here" },
	{ "(o) po", SYNTAX("po") },
	{ "(two)-1", NO_PART("-") },
	{ "(two)*two", NO_PART("*") },
	{ "(two )*two", NO_PART("*") },
	{ "(nosuch *const) po", NO_SYMBOL("nosuch") },
	{ "(two)&two", NO_PART("&") },
	{ "(f)(1)", NO_PART("(") },
	{ "()", SYNTAX(")") },
	{ "(o", SYNTAX("") },
	{ "(o]", SYNTAX("]") },
	{ "(int)", NO_SYMBOL("int") },
	{ "o)", "Junk after end of expression." },
	{ "o]", "Junk after end of expression." },
	{ "o po", SYNTAX("po") },
	/* What only an expression does */
	{ "f(1)", NO_PART("(") },
	{ "nosuch (1)", NO_PART("(") },
	{ "sizeof(o)", NO_PART("(") },
	{ "two+1", NO_PART("+") },
	{ "two - 1", NO_PART("-") },
	{ "two*2", NO_PART("*") },
	{ "two/2", NO_PART("/") },
	{ "two % 2", NO_PART("%") },
	{ "two == 2", NO_PART("==") },
	{ "two < 2", NO_PART("<") },
	{ "two << 2", NO_PART("<<") },
	{ "two && two", NO_PART("&&") },
	{ "two & two", NO_PART("&") },
	{ "two ? o : po", NO_PART("?") },
	{ "o, po", NO_PART(",") },
	{ "array@2", NO_PART("@") },
	{ "!two", NO_PART("!") },
	{ "~two", NO_PART("~") },
	{ "-two", NO_PART("-") },
	{ "+two", NO_PART("+") },
	{ "\"text\"", NO_PART("\"") },
	{ "{int} two", NO_PART("{") },
	{ "po-", NO_PART("-") },
	{ "o; po", "Invalid character ';' in expression." },
	{ "#", "Invalid character '#' in expression." },
	{ "o \x1b[2J", "Invalid character '\\x1b' in expression." },
	/* Numbers */
	{ "1x", "Invalid number \"1x\"." },
	{ "0x", "Invalid number \"0x\"." },
	{ "08", "Invalid number \"08\"." },
	{ "1.5", "Invalid number \"1.5\"." },
	{ "99999999999999999999999", "Numeric constant too large." },
	{ "", SYNTAX("") },
};

static struct ms_path resolve(struct world *w, const char *path, int32_t *status_out)
{
	struct ms_path out;

	ms_mem_forget(w->t.ctx);
	ms_slice_begin(w->t.ctx, 0);
	*status_out = ms_path_resolve(w->t.ctx, path, &out);
	return out;
}

/* Asserts that PATH fails with that error line, after few questions.  */
static void assert_wrong(struct world *w, const char *path, const char *error)
{
	int32_t status;

	fake_reset_counts(&w->t);
	struct ms_path out = resolve(w, path, &status);
	if (status == MS_OK)
		fail_msg("%s is understood", path);
	assert_string_equal(ms_error(w->t.ctx), error);
	assert_true(w->t.questions < 200);
	ms_path_fini(&out);
}

static void wrong_paths_are_one_line(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct world w;
		world_init(&w, kind & 1 ? 4 : 8, kind & 2);
		for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
			print_message("[          ] %s\n", wrong[i].path);
			assert_wrong(&w, wrong[i].path, wrong[i].error);
		}
		world_fini(&w);
	}
}

/* A struct so near the end of memory that its last member lies beyond.  */
static void assert_no_tail(struct world *w, const char *address)
{
	char *path = fake_format("((struct outer *) %s)->tail", address);
	char *error =
		fake_format("%llu bytes behind %s there is no memory", (unsigned long long)offset(w, "tail"), address);

	assert_wrong(w, path, error);
	free(path);
	free(error);
}

static void offsets_never_wrap(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 4, true);
	assert_wrong(&w, "((struct outer *) 0x1000)[600]", "element [600] behind 0x1000 lies outside of memory");
	assert_wrong(&w, "((struct inner *) 0x10)[-1]", "element [-1] behind 0x10 lies outside of memory");
	assert_no_tail(&w, "0xffffff00");
	world_fini(&w);
	world_init(&w, 8, false);
	assert_wrong(&w, "((struct outer *) 0x1000)[huge]",
		     "element [9223372036854775807] behind 0x1000 lies outside of memory");
	assert_wrong(&w, "((struct inner *) 0xfffffffffffffff0)[1]",
		     "element [1] behind 0xfffffffffffffff0 lies outside of memory");
	assert_no_tail(&w, "0xffffffffffffff00");
	assert_wrong(&w, "o.tail[huge]", "no such element: [9223372036854775807] of 0, counted from 0");
	world_fini(&w);
}

static char *repeated(const char *before, const char *part, int count, const char *after)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	assert_non_null(file);
	fputs(before, file);
	while (count--)
		fputs(part, file);
	fputs(after, file);
	assert_int_equal(fclose(file), 0);
	return out;
}

static void nesting_and_length_are_bounded(void **state)
{
	static const char *const parts[] = { "*", "& ", "(", "array[", "(int)", "o[(" };
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char *deep = repeated("", parts[i], 600, "two");
		assert_wrong(&w, deep,
			     parts[i][0] == 'o' ? "cannot subscript something of type `struct outer'"
						: "more than 100 operators within each other");
		free(deep);
	}
	char *length = repeated("o", " ", 4096, "");
	assert_wrong(&w, length, "a path of more than 4096 characters");
	free(length);
	char *names = repeated("a", ".a", 2000, "");
	assert_wrong(&w, names, NO_SYMBOL("a"));
	free(names);
	char *next = repeated("po", "->next->next", 300, "");
	char *null = fake_format("Cannot access memory at address 0x%llx", (unsigned long long)offset(&w, "next"));
	assert_wrong(&w, next, null);
	free(null);
	free(next);
	world_fini(&w);
}

/* ---- Failures ---- */

static bool same(const struct ms_value *a, const struct ms_value *b)
{
	return a->type == b->type && a->address == b->address && a->byte_count == b->byte_count &&
	       (!a->byte_count || !memcmp(a->bytes, b->bytes, a->byte_count));
}

/* A page that the path goes through cannot be read.  */
static void lose_each(struct world *w, const char *path)
{
	uint64_t pages[32], count = w->t.reads;
	int32_t status;

	assert_true(count <= 32);
	for (uint64_t n = 0; n < count; n++)
		pages[n] = w->t.log[n].address;
	for (uint64_t n = 0; n < count; n++) {
		fake_unmap_pages(&w->t, pages[n], 1);
		struct ms_path out = resolve(w, path, &status);
		assert_int_equal(status, MS_FAULT);
		fake_contains(ms_error(w->t.ctx), "Cannot access memory at address 0x");
		ms_path_fini(&out);
		if (pages[n] >= FAKE_PAGE)
			fake_map_pages(&w->t, pages[n], 1);
	}
}

/* Each read and each question in turn fails, or is not answered: the path leads where it did, or says what went wrong.  */
static void fail_each(struct world *w, const char *path)
{
	struct fake_target *t = &w->t;
	int32_t whole_status, status;

	fake_open(t);
	fake_reset_counts(t);
	struct ms_path whole = resolve(w, path, &whole_status);
	uint64_t reads = t->reads,
		 questions = t->questions, *const places[] = { &t->fail_read, &t->fail_question, &t->silent_call };
	uint64_t counts[] = { reads, questions, reads + questions };
	/* The context is made anew each time, and so are the bytes.  */
	uint8_t bytes[32];
	assert_true(whole.value.byte_count <= sizeof bytes);
	if (whole.value.byte_count)
		memcpy(bytes, whole.value.bytes, whole.value.byte_count);
	struct ms_value expected = whole.value;
	expected.bytes = bytes;
	ms_path_fini(&whole);
	lose_each(w, path);
	for (int way = 0; way < 3; way++) {
		for (uint64_t n = 1; n <= counts[way]; n++) {
			fake_open(t);
			fake_reset_counts(t);
			*places[way] = n;
			struct ms_path out = resolve(w, path, &status);
			assert_true(t->provoked);
			if (status == MS_OK && whole_status == MS_OK)
				assert_true(same(&out.value, &expected));
			if (status == MS_OK)
				assert_true(whole_status == MS_OK);
			else
				assert_true(*ms_error(t->ctx));
			if (way == 2)
				assert_int_equal(status, MS_INTERRUPTED);
			fake_is_printable(ms_error(t->ctx), strlen(ms_error(t->ctx)));
			ms_path_fini(&out);
		}
	}
}

static void each_failure_is_told(void **state)
{
	struct expected list[EXPECTED_MOST];
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	uint64_t count = paths_of(&w, list);
	for (uint64_t i = 0; i < count; i++)
		fail_each(&w, list[i].path);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		fail_each(&w, wrong[i].path);
	world_fini(&w);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static const char *const tokens[] = {
	"*",	     "&",	"(",	   "(int)",   "(struct inner *)",
	"(outer_p)", /* before a name */
	"o",	     "po",	"ppo",	   "array",   "matrix",
	"slice",     "two",	"minus",   "held",    "reg",
	"$1",	     "main",	"gone",	   "nothing", "f",
	"this",	     "q",	"inner",   "int",     "99999999999",
	".in",	     ".p",	"->next",  ".pp",     ".x",
	".arr",	     ".flag",	"[0]",	   "[two]",   "[-1]",
	")",	     ".number", ".inners", "->v",     "[1]", /* behind one */
	"cache",     "struct",	"void",	   "1",	      "0x10",
	"[",	     "]",	".",	   "->",      "::",
	"/",	     "'",	"\"",	   " ",	      "-",
	"+",	     ",",	"\x1b",	   ")",	      "\xff",
};
enum { TOKENS = sizeof tokens / sizeof *tokens, NAMES = 6, STEPS = 26, OTHERS = 41 };

static void add_tokens(char *text, uint64_t *seed, uint64_t most, uint64_t from, uint64_t to)
{
	for (uint64_t n = next_random(seed) % (most + 1); n; n--)
		strcat(text, tokens[from + next_random(seed) % (to - from)]);
}

/* Anything, or what looks like a path.  */
static void random_text(char *text, uint64_t *seed)
{
	*text = 0;
	if (next_random(seed) % 4 == 0) {
		add_tokens(text, seed, 10, 0, TOKENS);
		return;
	}
	add_tokens(text, seed, 2, 0, NAMES);
	strcat(text, tokens[NAMES + next_random(seed) % (STEPS - NAMES)]);
	add_tokens(text, seed, 5, STEPS, OTHERS);
	if (next_random(seed) % 8 == 0)
		add_tokens(text, seed, 2, OTHERS, TOKENS);
}

/* Whatever is typed, it is understood or refused with one line, and soon.  */
static void random_tokens(void **state)
{
	enum { LINES = 100000 };
	uint64_t seed = 20240611, understood = 0;
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	for (int line = 0; line < LINES; line++) {
		char text[512];
		int32_t status;
		random_text(text, &seed);
		fake_reset_counts(&w.t);
		struct ms_path out = resolve(&w, text, &status);
		const char *error = ms_error(w.t.ctx);
		if (status == MS_OK)
			understood++;
		else if (!*error || strchr(error, '\n') || status == MS_INTERRUPTED || status == MS_NO_MEMORY)
			fail_msg("%s: %d, \"%s\"", text, status, error);
		else
			fake_is_printable(error, strlen(error));
		assert_true(w.t.questions < 500 && w.t.reads < 20);
		ms_path_fini(&out);
	}
	assert_true(understood > LINES / 20);
	world_fini(&w);
}

/* ---- Names of types ---- */

static void types_are_named_in_both_languages(void **state)
{
	static const struct {
		const char *name, *spelt; /* NULL: there is none */
	} names[] = {
		{ "struct inner", "struct inner" },
		{ " const struct  inner ", "struct inner" },
		{ "inner const volatile", "inner" },
		{ "struct inner *", "struct inner *" },
		{ "struct inner * const *", "struct inner **" },
		{ "int[3][4]", "int[3][4]" },
		{ "int [ 3 ] [4]", "int[3][4]" },
		{ "char *[2]", "char *[2]" },
		{ "char const *const restrict", "char *" },
		{ "void *", "void *" },
		{ "*main.T", "main.T *" },
		{ "**main.T", "main.T **" },
		{ "[3]main.T", "main.T[3]" },
		{ "[2][3]*main.T", "main.T *[2][3]" },
		{ "long unsigned int", "unsigned long" },
		{ "unsigned long", "unsigned long" },
		{ "unsigned long int *", "unsigned long *" },
		{ "signed", "int" },
		{ "constant", NULL },
		{ "void", NULL },
		{ "nosuch", NULL },
		{ "struct nosuch *", NULL },
		{ "int[]", NULL },
		{ "int[x]", NULL },
		{ "int[-1]", NULL },
		{ "int[3", NULL },
		{ "int]", NULL },
		{ "[3]", NULL },
		{ "[]main.T", NULL },
		{ "map[string]nosuch", NULL },
		{ "int (*)(int)", NULL },
		{ "long long long", NULL },
		{ "int[99999999999999999999]", NULL },
		{ "int\x1b*", NULL },
	};
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct ms_buf spelt = { 0 };
		print_message("[          ] %s\n", ms_escape(w.t.ctx, names[i].name, strlen(names[i].name)));
		const struct ms_node *node = ms_types_lookup(w.t.ctx, names[i].name);
		if (!names[i].spelt) {
			ms_buf_str(&spelt, "no type is named \"");
			ms_buf_escaped(&spelt, names[i].name, strlen(names[i].name), 0);
			ms_buf_str(&spelt, "\" here");
			assert_null(node);
			assert_string_equal(ms_error(w.t.ctx), ms_buf_text(&spelt));
		} else {
			if (!node)
				fail_msg("%s", ms_error(w.t.ctx));
			ms_spell(w.t.ctx, &spelt, node, MS_C);
			assert_string_equal(ms_buf_text(&spelt), names[i].spelt);
		}
		ms_buf_fini(&spelt);
	}
	world_fini(&w);
}

static void wrong_names_of_types(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 8, false);
	static const char *const no_names[] = { "", "*", " * ", "[", "()" };
	for (size_t i = 0; i < sizeof no_names / sizeof *no_names; i++) {
		assert_null(ms_types_lookup(w.t.ctx, no_names[i]));
		assert_string_equal(ms_error(w.t.ctx), "not the name of a type");
	}
	assert_null(ms_types_lookup(w.t.ctx, "struct outer[9223372036854775807]"));
	fake_contains(ms_error(w.t.ctx), "an array of 9223372036854775807 times 838");
	char *long_name = repeated("int", "*", 600, "");
	assert_null(ms_types_lookup(w.t.ctx, long_name));
	assert_string_equal(ms_error(w.t.ctx), "not the name of a type");
	free(long_name);
	char *deep = repeated("int", "*", 17, "");
	assert_null(ms_types_lookup(w.t.ctx, deep));
	assert_string_equal(ms_error(w.t.ctx), "no type is named \"int*****************\" here");
	free(deep);
	w.t.no_derive = true;
	fake_open(&w.t);
	assert_null(ms_types_lookup(w.t.ctx, "int *"));
	assert_string_equal(ms_error(w.t.ctx), "the debugger makes no pointer to a type here");
	assert_wrong(&w, "&o", "the debugger makes no pointer to a type here");
	world_fini(&w);
}

/* ---- Commands ---- */

struct commanded {
	struct fake_target t;
	struct fake_map m;
	uint64_t p;
};

/* A map that the variables m and p name, of type NAME.  */
static void commanded_init(struct commanded *c, const char *name)
{
	uint8_t pointer[8];

	fake_init(&c->t, 8, false);
	struct fake_layout layout = { .name = name, .key = fake_int(&c->t, 4), .elem = fake_int(&c->t, 8) };
	fake_map_init(&c->m, &c->t, &layout);
	fake_map_array(&c->m, &c->m.new, 0);
	fake_map_fill(&c->m, &c->m.new, 0, 1);
	fake_map_write(&c->m);
	c->p = fake_alloc(&c->t, FAKE_PAGE);
	fake_write_uint(&c->t, c->p, 8, c->m.address);
	fake_store(&c->t, pointer, 8, c->m.address);
	fake_variable(&c->t, "m", c->m.header_type, c->m.address, NULL, 0);
	fake_variable(&c->t, "p", c->m.pointer_type, c->p, NULL, 0);
	fake_variable(&c->t, "reg", c->m.pointer_type, 0, pointer, 8);
	fake_expr(&c->t, "f()", c->m.pointer_type, c->p, pointer, 8);
	fake_expr(&c->t, "(p + 0)", c->m.pointer_type, 0, pointer, 8);
	c->t.paths = true;
	fake_open(&c->t);
}

static void commanded_fini(struct commanded *c)
{
	fake_map_fini(&c->m);
	fake_fini(&c->t);
}

static void commands_take_paths(void **state)
{
	static const char *const lines[] = {
		"m",
		"p",
		"*p",
		"&m",
		"p[0]",
		"(*p)",
		"((struct counts *) p)",
		"reg",
		"*reg",
		"--expr f()",
		"(p + 0) --expr",
	};
	struct commanded c;

	(void)state;
	commanded_init(&c, "counts");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		fake_expect(&c.t, "map-entries", lines[i], MS_YES, "0: 0\n1 of 1 shown\n");
	char *number = fake_format("(0x%llx) --type (struct counts)", (unsigned long long)c.m.address);
	const char *typed[] = { number,
				"p --type (struct counts *)",
				"m --type (struct counts)",
				"reg --type (struct counts)",
				"(&m) --type (struct counts)",
				"f() --expr --type (struct counts)" };
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		fake_expect(&c.t, "map-entries", typed[i], MS_YES, "0: 0\n1 of 1 shown\n");
	free(number);
	commanded_fini(&c);
}

static void commands_refuse_what_is_no_path(void **state)
{
	struct commanded c;

	(void)state;
	commanded_init(&c, "counts");
	fake_expect_error(&c.t, "map-entries", "f()", MS_FAILED, "f(): " NO_PART("("));
	fake_expect_error(&c.t, "map-entries", "(p + 0)", MS_FAILED, "(p + 0): " NO_PART("+"));
	fake_expect_error(&c.t, "map-entries", "nosuch", MS_FAILED, "nosuch: " NO_SYMBOL("nosuch"));
	fake_expect_error(
		&c.t, "map-entries", "m.count", MS_FAILED,
		"m.count: type is long, which is no map: expected a struct with count, flags, B and buckets, or a "
		"pointer to one");
	fake_expect_error(&c.t, "map-entries", "0x1000", MS_FAILED,
			  "0x1000: a number is no map: --type TYPE says what lies at this address");
	fake_expect_error(&c.t, "map-entries", "(5)", MS_FAILED,
			  "(5): a number is no map: --type TYPE says what lies at this address");
	fake_expect_error(&c.t, "map-entries", "(*(struct counts *) 0)", MS_FAILED,
			  "(*(struct counts *) 0): Cannot access memory at address 0x0");
	fake_expect_error(&c.t, "map-entries", "(p = p)", MS_STATUS_USAGE,
			  "= would change the target: expressions that assign are refused");
	fake_expect_error(&c.t, "map-entries", "(p = p) --expr", MS_STATUS_USAGE,
			  "= would change the target: expressions that assign are refused");
	fake_unmap_pages(&c.t, c.p, FAKE_PAGE);
	char *unread = fake_format("p: Cannot access memory at address 0x%llx", (unsigned long long)c.p);
	fake_expect_error(&c.t, "map-entries", "p --type (struct counts)", MS_FAILED, unread);
	free(unread);
	commanded_fini(&c);
}

static void a_go_map_takes_no_index(void **state)
{
	static const char *const lines[] = { "m[5]", "m[\"text\"]", "m[5].count", "&m[5]", "m[nosuch]" };
	struct commanded c;

	(void)state;
	commanded_init(&c, "hash<int,int>");
	fake_variable(&c.t, "m", c.m.pointer_type, c.p, NULL, 0);
	fake_expect(&c.t, "map-entries", "m", MS_YES, "0: 0\n1 of 1 shown\n");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char *error =
			fake_format("%s: an index into a Go map is not looked up: type map-entries with the map itself",
				    lines[i]);
		fake_expect_error(&c.t, "map-entries", lines[i], MS_FAILED, error);
		free(error);
	}
	commanded_fini(&c);
}

static void without_a_debugger_there_are_paths_only(void **state)
{
	struct commanded c;

	(void)state;
	commanded_init(&c, "counts");
	c.t.no_evaluate = true;
	fake_open(&c.t);
	fake_expect(&c.t, "map-entries", "m", MS_YES, "0: 0\n1 of 1 shown\n");
	fake_expect_error(
		&c.t, "map-entries", "m --expr", MS_STATUS_USAGE,
		"--expr: there is no debugger here to evaluate an expression; leave it out and give a path (names, ., "
		"->, [n], *, &, casts)");
	fake_expect_error(&c.t, "map-entries", "m+1", MS_FAILED,
			  "m+1: \"+\" is no part of a path (names, ., ->, [n], *, &, casts)");
	commanded_fini(&c);
}

/* A debugger that understands all expressions itself (gdb): --expr says what is so anyway.  */
static void without_variables_the_debugger_evaluates(void **state)
{
	struct commanded c;

	(void)state;
	commanded_init(&c, "counts");
	c.t.paths = false;
	fake_open(&c.t);
	fake_expect(&c.t, "map-entries", "f()", MS_YES, "0: 0\n1 of 1 shown\n");
	fake_expect(&c.t, "map-entries", "f() --expr", MS_YES, "0: 0\n1 of 1 shown\n");
	fake_expect_error(&c.t, "map-entries", "0x1000", MS_FAILED,
			  "0x1000: a number is no map: --type TYPE says what lies at this address");
	commanded_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_where_the_layout_says),
		cmocka_unit_test(wrong_paths_are_one_line),
		cmocka_unit_test(offsets_never_wrap),
		cmocka_unit_test(nesting_and_length_are_bounded),
		cmocka_unit_test(each_failure_is_told),
		cmocka_unit_test(random_tokens),
		cmocka_unit_test(types_are_named_in_both_languages),
		cmocka_unit_test(wrong_names_of_types),
		cmocka_unit_test(commands_take_paths),
		cmocka_unit_test(commands_refuse_what_is_no_path),
		cmocka_unit_test(a_go_map_takes_no_index),
		cmocka_unit_test(without_a_debugger_there_are_paths_only),
		cmocka_unit_test(without_variables_the_debugger_evaluates),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
