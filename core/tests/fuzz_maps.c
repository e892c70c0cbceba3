/* Fuzzes maps: a map laid out in memory as the first bytes of the input choose (word size, byte order, kinds of keys and elems,
   shape of the header, state of growth), then bytes of it overwritten as the rest says; all commands run on it.  */
#include <stdlib.h>

#include "fake_map.h"
#include "fuzzing.h"

enum { REGIONS = 4, PATCHES_MOST = 64 };

static uint64_t some_type(struct fake_target *t, unsigned choice)
{
	uint64_t type;

	switch (choice % 8) {
	case 0:
		return fake_int(t, 4);
	case 1:
		return fake_int(t, 8);
	case 2:
		return fake_uint(t, 1);
	case 3:
		return fake_scalar(t, MS_FLOAT, "double", 8);
	case 4:
		return fake_pointer(t, fake_char(t));
	case 5:
		type = fake_struct(t, "string"); /* Go's */
		fake_member(t, type, "str", fake_pointer(t, fake_uint(t, 1)));
		fake_member(t, type, "len", fake_int(t, t->pointer_size));
		return type;
	case 6:
		type = fake_struct(t, "point");
		fake_member(t, type, "x", fake_int(t, 2));
		fake_member(t, type, "y", fake_array(t, fake_uint(t, 1), 3));
		fake_bits(t, type, "bits", fake_uint(t, 4), 8, 3, 5);
		return type;
	default:
		return fake_array(t, fake_int(t, 2), 3);
	}
}

static void build(struct fake_map *m, struct fake_target *t, struct fuzz_input *in)
{
	uint8_t shape = fuzz_byte(in), kinds = fuzz_byte(in), state = fuzz_byte(in), entries = fuzz_byte(in);

	fake_init(t, shape & 1 ? 4 : 8, shape & 2);
	uint64_t key = some_type(t, kinds), elem = some_type(t, kinds >> 3);
	struct fake_layout layout = { .name = kinds & 0x40 ? "hash<int,int>" : "counts",
				      .key_target = shape & 4 ? key : 0,
				      .elem_target = shape & 8 ? elem : 0,
				      .key = shape & 4 ? fake_pointer(t, key) : key,
				      .elem = shape & 8 ? fake_pointer(t, elem) : elem,
				      .values = kinds & 0x40,
				      .untyped = shape & 0x10,
				      .descriptor = shape & 0x20,
				      .nested = shape & 0x40,
				      .reversed = shape & 0x80,
				      .no_extra = kinds & 0x80 };
	fake_map_init(m, t, &layout);
	if (state & 0x80)
		fake_map_array_spares(m, &m->new, state & 7, 2);
	else
		fake_map_array(m, &m->new, state & 7);
	fake_map_fill(m, &m->new, 0, entries);
	if (entries && state & 0x40)
		fake_map_put(m, &m->new, 0, 7000, 1);
	if (state & 0x18) {
		fake_map_grow(m, state & 0x10);
		if (state & 0x20)
			fake_map_evacuate_whole(m, 0, shape & 4);
	}
	fake_map_write(m);
}

static void patch(const struct fake_map *m, struct fuzz_input *in)
{
	uint64_t starts[REGIONS] = { m->address, m->new.address, m->old.address, m->descriptor };
	uint64_t sizes[REGIONS] = { 64, (m->new.count + m->new.spares) * m->bucket_size, m->old.count * m->bucket_size,
				    64 };

	for (int i = 0; i < PATCHES_MOST && in->size; i++) {
		uint8_t where = fuzz_byte(in);
		uint64_t at = fuzz_number(in, where & 4 ? 2 : 1);
		size_t size = 1 + (where >> 3) % 16;
		const uint8_t *bytes = fuzz_bytes(in, &size);

		if (starts[where % REGIONS] && sizes[where % REGIONS] > size)
			fake_write(m->t, starts[where % REGIONS] + at % (sizes[where % REGIONS] - size), bytes, size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fake_target t;
	struct fake_map m;

	build(&m, &t, &in);
	patch(&m, &in);
	fuzz_commands(fake_open(&t), "m");
	struct ms_value value = { .size = sizeof value, .type = m.header_type, .address = m.address };
	fuzz_printers(t.ctx, &value);
	fake_map_fini(&m);
	fake_fini(&t);
	return 0;
}
