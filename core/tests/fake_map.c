/* A classic map in a fake target's memory: see the header.  */
#include "fake_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS_MOST = 16 };

struct member {
	const char *name;
	uint64_t type;
};

/* ---- Types ---- */

static uint64_t through_typedefs(struct fake_map *m, uint64_t type)
{
	if (!m->layout.typedefs)
		return type;
	return fake_typedef(m->t, "outer_t", fake_typedef(m->t, "", fake_typedef(m->t, "inner_t", type)));
}

static void add_members(struct fake_map *m, uint64_t type, const struct member *members, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct member *member = &members[m->layout.reversed ? count - 1 - i : i];
		fake_member(m->t, type, member->name, through_typedefs(m, member->type));
	}
}

static void make_bucket_type(struct fake_map *m, const char *name)
{
	struct fake_target *t = m->t;
	const struct member members[] = {
		{ "tophash", fake_array(t, fake_uint(t, 1), FAKE_SLOTS) },
		{ "keys", fake_array(t, m->layout.key, FAKE_SLOTS) },
		{ m->layout.values ? "values" : "elems", fake_array(t, m->layout.elem, FAKE_SLOTS) },
		{ "overflow", fake_pointer(t, 0) },
	};

	m->bucket_type = fake_struct(t, name);
	add_members(m, m->bucket_type, members, sizeof members / sizeof *members);
	m->bucket_size = fake_size(t, m->bucket_type);
}

static void make_descriptor_type(struct fake_map *m)
{
	static const char *const numbers[] = { "key_size",	  "elem_size",	 "key_slot",
					       "elem_slot",	  "keys_offset", "elems_offset",
					       "overflow_offset", "bucket_size", "flags" };
	struct fake_target *t = m->t;

	m->descriptor_type = fake_struct(t, "hmap_type");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		fake_member(t, m->descriptor_type, numbers[i], fake_uint(t, 4));
	fake_member(t, m->descriptor_type, "name", fake_pointer(t, fake_char(t)));
	fake_member(t, m->descriptor_type, "bucket_name", fake_pointer(t, fake_char(t)));
	fake_member(t, m->descriptor_type, "hash", fake_pointer(t, 0));
	fake_member(t, m->descriptor_type, "equal", fake_pointer(t, 0));
}

/* The members as a struct of Go's hmap has them, with descriptor and extra where the layout says so.  */
static void make_header_type(struct fake_map *m)
{
	struct fake_target *t = m->t;
	uint64_t word = t->pointer_size;
	uint64_t buckets = fake_pointer(t, m->layout.untyped ? 0 : through_typedefs(m, m->bucket_type));
	const struct member members[] = {
		{ "count", fake_int(t, word) },	 { "flags", fake_uint(t, 1) },
		{ "B", fake_uint(t, 1) },	 { "noverflow", fake_uint(t, 2) },
		{ "hash0", fake_uint(t, 4) },	 { "buckets", buckets },
		{ "oldbuckets", buckets },	 { "nevacuate", fake_uint(t, word) },
		{ "extra", fake_pointer(t, 0) }, { "type", fake_pointer(t, m->descriptor_type) },
	};
	uint32_t last = m->layout.descriptor ? 10 : 9;
	struct member kept[MEMBERS_MOST];
	uint32_t count = 0;

	for (uint32_t i = 0; i < last; i++)
		if (!m->layout.no_extra || strcmp(members[i].name, "extra"))
			kept[count++] = members[i];
	m->header_type = fake_struct(t, m->layout.name);
	if (m->layout.nested) {
		uint64_t inner = fake_struct(t, "");
		add_members(m, inner, kept, 4);
		fake_member(t, m->header_type, "before", fake_uint(t, 8));
		fake_member(t, m->header_type, "", inner);
		add_members(m, m->header_type, kept + 4, count - 4);
	} else {
		add_members(m, m->header_type, kept, count);
	}
	m->pointer_type = fake_pointer(t, m->header_type);
}

void fake_map_init(struct fake_map *m, struct fake_target *t, const struct fake_layout *layout)
{
	char *bucket_name = fake_format("%s_bucket", layout->name);
	char *lookup_name = fake_format("struct %s", layout->name),
	     *lookup_bucket = fake_format("struct %s", bucket_name);

	*m = (struct fake_map){ .t = t, .layout = *layout, .key_format = "%lld", .elem_format = "%lld" };
	make_bucket_type(m, bucket_name);
	fake_name(t, lookup_bucket, m->bucket_type);
	if (layout->descriptor) {
		make_descriptor_type(m);
		m->descriptor = fake_alloc(t, fake_size(t, m->descriptor_type));
	}
	make_header_type(m);
	fake_name(t, lookup_name, m->header_type);
	m->address = fake_alloc(t, fake_size(t, m->header_type));
	m->hash0 = 0x12345678;
	free(bucket_name);
	free(lookup_name);
	free(lookup_bucket);
}

static void chain_free(struct fake_bucket *bucket)
{
	for (struct fake_bucket *next; bucket; bucket = next) {
		next = bucket->next;
		free(bucket);
	}
}

static void array_fini(struct fake_array *array)
{
	for (uint64_t i = 0; i < array->count; i++)
		chain_free(array->buckets[i].next);
	free(array->buckets);
	free(array->evacuated);
	*array = (struct fake_array){ 0 };
}

void fake_map_fini(struct fake_map *m)
{
	array_fini(&m->old);
	array_fini(&m->new);
}

/* ---- States ---- */

static void empty_slots(struct fake_bucket *bucket)
{
	for (int i = 0; i < FAKE_SLOTS; i++)
		bucket->slots[i] = (struct fake_slot){ .tophash = 0, .state = "emptyRest" };
}

void fake_map_array(struct fake_map *m, struct fake_array *array, uint8_t B)
{
	fake_map_array_spares(m, array, B, 0);
}

void fake_map_array_spares(struct fake_map *m, struct fake_array *array, uint8_t B, uint64_t spares)
{
	*array = (struct fake_array){ .B = B, .count = (uint64_t)1 << B, .spares = spares };
	array->address = fake_alloc(m->t, (array->count + spares) * m->bucket_size);
	array->buckets = calloc(array->count, sizeof *array->buckets);
	array->evacuated = calloc(array->count, sizeof *array->evacuated);
	assert_true(array->buckets && array->evacuated);
	for (uint64_t i = 0; i < array->count; i++) {
		array->buckets[i].address = array->address + i * m->bucket_size;
		empty_slots(&array->buckets[i]);
	}
}

static struct fake_bucket *chain_last(struct fake_array *array, uint64_t index)
{
	struct fake_bucket *bucket = &array->buckets[index];

	while (bucket->next)
		bucket = bucket->next;
	return bucket;
}

/* emptyRest says that nothing follows: where something does, it becomes emptyOne.  */
static void something_follows(struct fake_slot *slot)
{
	if (slot->tophash)
		return;
	slot->tophash = 1;
	slot->state = "emptyOne";
}

static struct fake_bucket *append_bucket(struct fake_map *m, struct fake_array *array, struct fake_bucket *last)
{
	struct fake_bucket *bucket = calloc(1, sizeof *bucket);

	assert_non_null(bucket);
	if (array->spares_used < array->spares)
		bucket->address = array->address + (array->count + array->spares_used++) * m->bucket_size;
	else
		bucket->address = fake_alloc(m->t, m->bucket_size);
	empty_slots(bucket);
	last->next = bucket;
	m->noverflow++;
	return bucket;
}

struct fake_bucket *fake_map_overflow(struct fake_map *m, struct fake_array *array, uint64_t index)
{
	return append_bucket(m, array, chain_last(array, index));
}

/* What the slot holds of VALUE: itself, or a pointer to it.  */
static uint64_t raw_of(struct fake_map *m, uint64_t target_type, uint64_t value)
{
	if (!target_type)
		return value;
	uint64_t size = fake_size(m->t, target_type), at = fake_alloc(m->t, size);
	for (uint64_t i = 0; i < size; i++)
		fake_write(m->t, at + i, "", 1);
	fake_write_uint(m->t, at, 4, value);
	return at;
}

static void put_in_slot(struct fake_map *m, struct fake_slot *slot, uint64_t key, uint64_t elem)
{
	*slot = (struct fake_slot){
		.tophash = (uint8_t)(5 + key % 251), .state = "full", .key = key, .elem = elem, .shown = true
	};
	slot->key_raw = raw_of(m, m->layout.key_target, key);
	slot->elem_raw = raw_of(m, m->layout.elem_target, elem);
}

static void put(struct fake_map *m, struct fake_array *array, uint64_t index, uint64_t key, uint64_t elem)
{
	for (struct fake_bucket *bucket = &array->buckets[index];; bucket = bucket->next) {
		for (int i = 0; i < FAKE_SLOTS; i++) {
			if (bucket->slots[i].shown || bucket->slots[i].tophash > 1)
				continue;
			put_in_slot(m, &bucket->slots[i], key, elem);
			return;
		}
		if (!bucket->next)
			append_bucket(m, array, bucket);
	}
}

void fake_map_put(struct fake_map *m, struct fake_array *array, uint64_t index, uint64_t key, uint64_t elem)
{
	put(m, array, index, key, elem);
	m->count++;
}

void fake_map_fill(struct fake_map *m, struct fake_array *array, uint64_t from, uint64_t to)
{
	for (uint64_t key = from; key < to; key++)
		fake_map_put(m, array, key * 7 % array->count, key, key * 10);
}

void fake_map_delete(struct fake_map *m, struct fake_array *array, uint64_t index, uint64_t depth, uint64_t slot)
{
	struct fake_bucket *bucket = &array->buckets[index];
	bool follows = false;

	while (depth--)
		bucket = bucket->next;
	assert_true(bucket->slots[slot].shown);
	for (struct fake_bucket *at = bucket; at; at = at->next)
		for (uint64_t i = at == bucket ? slot + 1 : 0; i < FAKE_SLOTS; i++)
			follows |= at->slots[i].tophash != 0;
	bucket->slots[slot] = (struct fake_slot){ .tophash = 0, .state = "emptyRest" };
	if (follows)
		something_follows(&bucket->slots[slot]);
	m->count--;
}

void fake_map_grow(struct fake_map *m, bool same_size)
{
	m->old = m->new;
	m->flags = (m->flags & ~8u) | (same_size ? 8 : 0);
	m->noverflow = 0;
	m->nevacuate = 0;
	fake_map_array(m, &m->new, (uint8_t)(m->old.B + !same_size));
}

static void evacuate_slot(struct fake_map *m, uint64_t index, struct fake_slot *slot, uint64_t *entries)
{
	bool to_y = !(m->flags & 8) && (*entries)++ % 2;

	if (!slot->shown) {
		slot->tophash = 4;
		slot->state = "evacuatedEmpty";
		return;
	}
	put(m, &m->new, to_y ? index + m->old.count : index, slot->key, slot->elem);
	slot->shown = false;
	slot->tophash = to_y ? 3 : 2;
	slot->state = to_y ? "evacuatedY" : "evacuatedX";
}

void fake_map_evacuate(struct fake_map *m, uint64_t index, uint64_t slots, bool unlink)
{
	struct fake_bucket *first = &m->old.buckets[index];
	uint64_t entries = 0;

	for (struct fake_bucket *bucket = first; bucket && slots; bucket = bucket->next)
		for (int i = 0; i < FAKE_SLOTS && slots; i++, slots--)
			evacuate_slot(m, index, &bucket->slots[i], &entries);
	m->old.evacuated[index] = true;
	if (!unlink)
		return;
	chain_free(first->next);
	first->next = NULL;
}

void fake_map_evacuate_whole(struct fake_map *m, uint64_t index, bool unlink)
{
	fake_map_evacuate(m, index, UINT64_MAX, unlink);
	while (m->nevacuate < m->old.count && m->old.evacuated[m->nevacuate])
		m->nevacuate++;
}

/* ---- Into memory ---- */

static uint64_t slot_offset(const struct fake_map *m, const char *member, uint64_t type, int slot)
{
	return fake_offset(m->t, m->bucket_type, member) + (uint64_t)slot * fake_size(m->t, type);
}

static void write_bucket(struct fake_map *m, const struct fake_bucket *bucket)
{
	uint64_t key_size = fake_size(m->t, m->layout.key), elem_size = fake_size(m->t, m->layout.elem);
	const char *elems = m->layout.values ? "values" : "elems";
	uint8_t *bytes = malloc(m->bucket_size);

	assert_non_null(bytes);
	memset(bytes, 0xa5, m->bucket_size);
	for (int i = 0; i < FAKE_SLOTS; i++) {
		bytes[fake_offset(m->t, m->bucket_type, "tophash") + (uint64_t)i] = bucket->slots[i].tophash;
		fake_store(m->t, bytes + slot_offset(m, "keys", m->layout.key, i), key_size, bucket->slots[i].key_raw);
		fake_store(m->t, bytes + slot_offset(m, elems, m->layout.elem, i), elem_size,
			   bucket->slots[i].elem_raw);
	}
	uint64_t next = bucket->bad_next ? bucket->bad : bucket->next ? bucket->next->address : 0;
	fake_store(m->t, bytes + fake_offset(m->t, m->bucket_type, "overflow"), m->t->pointer_size, next);
	fake_write(m->t, bucket->address, bytes, m->bucket_size);
	free(bytes);
}

static void write_array(struct fake_map *m, const struct fake_array *array)
{
	for (uint64_t i = 0; i < array->count; i++)
		for (const struct fake_bucket *bucket = &array->buckets[i]; bucket; bucket = bucket->next)
			write_bucket(m, bucket);
}

static void write_descriptor(struct fake_map *m)
{
	struct fake_target *t = m->t;
	const struct fake_layout *layout = &m->layout;
	char *bucket_name = fake_format("struct %s_bucket", layout->name);
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "key_size", fake_size(t, layout->key_target ? layout->key_target : layout->key) },
		{ "elem_size", fake_size(t, layout->elem_target ? layout->elem_target : layout->elem) },
		{ "key_slot", fake_size(t, layout->key) },
		{ "elem_slot", fake_size(t, layout->elem) },
		{ "keys_offset", fake_offset(t, m->bucket_type, "keys") },
		{ "elems_offset", fake_offset(t, m->bucket_type, layout->values ? "values" : "elems") },
		{ "overflow_offset", fake_offset(t, m->bucket_type, "overflow") },
		{ "bucket_size", m->bucket_size },
		{ "flags", (layout->key_target ? 1u : 0u) | (layout->elem_target ? 2u : 0u) | 4u },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		fake_write_uint(t, m->descriptor + fake_offset(t, m->descriptor_type, numbers[i].name), 4,
				numbers[i].value);
	fake_write_uint(t, m->descriptor + fake_offset(t, m->descriptor_type, "name"), t->pointer_size,
			fake_text(t, layout->name));
	fake_write_uint(t, m->descriptor + fake_offset(t, m->descriptor_type, "bucket_name"), t->pointer_size,
			fake_text(t, bucket_name));
	fake_write_uint(t, m->descriptor + fake_offset(t, m->descriptor_type, "hash"), t->pointer_size, layout->hash);
	fake_write_uint(t, m->descriptor + fake_offset(t, m->descriptor_type, "equal"), t->pointer_size, layout->equal);
	free(bucket_name);
}

/* The header's member, wherever the layout has put it.  */
static uint64_t header_member(const struct fake_map *m, const char *member, uint64_t *size_out)
{
	const char *first[] = { "count", "flags", "B", "noverflow" };
	uint64_t word = m->t->pointer_size;

	*size_out = !strcmp(member, "flags") || !strcmp(member, "B") ? 1
		    : !strcmp(member, "noverflow")		     ? 2
		    : !strcmp(member, "hash0")			     ? 4
								     : word;
	for (size_t i = 0; m->layout.nested && i < 4; i++)
		if (!strcmp(member, first[i])) /* the anonymous struct begins behind 8 bytes */
			return 8 + (i == 0		 ? (m->layout.reversed ? word : 0)
				    : m->layout.reversed ? (i == 3   ? 0
							    : i == 2 ? 2
								     : 3)
							 : word + (i == 1   ? 0
								   : i == 2 ? 1
									    : 2));
	return fake_offset(m->t, m->header_type, member);
}

void fake_map_poke(struct fake_map *m, const char *member, uint64_t value)
{
	uint64_t size, offset = header_member(m, member, &size);

	fake_write_uint(m->t, m->address + offset, size, value);
}

void fake_map_write(struct fake_map *m)
{
	uint8_t pointer[8];

	write_array(m, &m->old);
	write_array(m, &m->new);
	fake_map_poke(m, "count", (uint64_t)m->count);
	fake_map_poke(m, "flags", m->flags);
	fake_map_poke(m, "B", m->new.B);
	fake_map_poke(m, "noverflow", m->noverflow);
	fake_map_poke(m, "hash0", m->hash0);
	fake_map_poke(m, "buckets", m->new.address);
	fake_map_poke(m, "oldbuckets", m->old.address);
	fake_map_poke(m, "nevacuate", m->nevacuate);
	if (!m->layout.no_extra)
		fake_map_poke(m, "extra", 0);
	if (m->layout.descriptor) {
		write_descriptor(m);
		fake_map_poke(m, "type", m->descriptor);
	}
	fake_expr(m->t, "m", m->header_type, m->address, NULL, 0);
	fake_store(m->t, pointer, m->t->pointer_size, m->address);
	fake_expr(m->t, "p", m->pointer_type, 0, pointer, m->t->pointer_size);
}

/* ---- The account ---- */

static void print_number(FILE *file, const char *format, uint64_t value)
{
	const char *at = strstr(format, "%lld");

	if (at)
		fprintf(file, "%.*s%lld%s", (int)(at - format), format, (long long)value, at + 4);
	else
		fputs(format, file);
}

static void print_entry(FILE *file, const struct fake_map *m, const struct fake_slot *slot)
{
	fputs("\"key\": ", file);
	print_number(file, m->key_format, slot->key);
	fputs(", \"elem\": ", file);
	print_number(file, m->elem_format, slot->elem);
	fputc('}', file);
}

static void print_entries(FILE *file, const struct fake_map *m, const struct fake_array *array)
{
	for (uint64_t i = 0; i < array->count; i++)
		for (const struct fake_bucket *bucket = &array->buckets[i]; bucket; bucket = bucket->next)
			for (int s = 0; s < FAKE_SLOTS; s++) {
				if (!bucket->slots[s].shown)
					continue;
				fputc('{', file);
				print_entry(file, m, &bucket->slots[s]);
				fputc('\n', file);
			}
}

static void print_row(FILE *file, const struct fake_map *m, const struct fake_array *array, uint64_t index,
		      uint64_t depth, const struct fake_bucket *bucket)
{
	fprintf(file, "{\"array\": \"%s\", \"index\": %llu, \"depth\": %llu, \"address\": \"0x%llx\", \"overflow\": ",
		array == &m->old ? "old" : "new", (unsigned long long)index, (unsigned long long)depth,
		(unsigned long long)bucket->address);
	if (bucket->next)
		fprintf(file, "\"0x%llx\"", (unsigned long long)bucket->next->address);
	else
		fputs("null", file);
	fprintf(file, ", \"evacuated\": %s, \"slots\": [", array->evacuated[index] ? "true" : "false");
	for (int s = 0; s < FAKE_SLOTS; s++) {
		const struct fake_slot *slot = &bucket->slots[s];
		fprintf(file, "%s{\"slot\": %d, \"tophash\": %u, \"state\": \"%s\"", s ? ", " : "", s, slot->tophash,
			slot->state);
		if (slot->shown) {
			fputs(", ", file);
			print_entry(file, m, slot);
		} else {
			fputc('}', file);
		}
	}
	fputs("]}\n", file);
}

static void print_rows(FILE *file, const struct fake_map *m, const struct fake_array *array)
{
	for (uint64_t i = 0; i < array->count; i++) {
		uint64_t depth = 0;
		for (const struct fake_bucket *bucket = &array->buckets[i]; bucket; bucket = bucket->next)
			print_row(file, m, array, i, depth++, bucket);
	}
}

static char *print_both(const struct fake_map *m,
			void (*print)(FILE *file, const struct fake_map *m, const struct fake_array *array))
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	assert_non_null(file);
	print(file, m, &m->old);
	print(file, m, &m->new);
	assert_int_equal(fclose(file), 0);
	return out;
}

char *fake_map_entries(const struct fake_map *m)
{
	return print_both(m, print_entries);
}

char *fake_map_rows(const struct fake_map *m)
{
	return print_both(m, print_rows);
}

uint64_t fake_map_row_count(const struct fake_map *m)
{
	const struct fake_array *arrays[] = { &m->old, &m->new };
	uint64_t count = 0;

	for (int a = 0; a < 2; a++)
		for (uint64_t i = 0; i < arrays[a]->count; i++)
			for (const struct fake_bucket *at = &arrays[a]->buckets[i]; at; at = at->next)
				count++;
	return count;
}

char *fake_end(uint64_t shown, uint64_t of, const char *partial, const char *notes)
{
	const char *quote = partial ? "\"" : "";

	return fake_format("{\"end\": {\"shown\": %llu, \"of\": %llu, \"partial\": %s%s%s, \"notes\": [%s]}}\n",
			   (unsigned long long)shown, (unsigned long long)of, quote, partial ? partial : "null", quote,
			   notes);
}

static void check_command(struct fake_map *m, const char *name, const char *line, char *body, uint64_t shown,
			  uint64_t of)
{
	const char *notes =
		m->flags & 4 ? "\"flag hashWriting: a write is under way, one entry may be between two places\"" : "";
	char *end = fake_end(shown, of, NULL, notes), *all = fake_format("%s%s", body, end);

	fake_expect(m->t, name, line, MS_YES, all);
	fake_is_json_lines(all);
	free(body);
	free(end);
	free(all);
}

void fake_map_check(struct fake_map *m)
{
	uint64_t count = (uint64_t)m->count, rows = fake_map_row_count(m);

	check_command(m, "map-entries", "m --json", fake_map_entries(m), count, count);
	check_command(m, "map-entries", "p --json", fake_map_entries(m), count, count);
	check_command(m, "map-buckets", "m --json", fake_map_rows(m), rows, rows);
}
