/* Fuzzes types: the input describes types as no compiler would (kinds, sizes, offsets, members that lead in circles), one of
   which is the map's, and memory that they describe; all commands run on a value of each of the first types.  */
#include <stdlib.h>

#include "fuzzing.h"

enum { TYPES_MOST = 24, FIELDS_MOST = 16, VALUES = 4 };

/* What a decoder looks for.  */
static const char *const names[] = { "count",
				     "flags",
				     "B",
				     "noverflow",
				     "hash0",
				     "buckets",
				     "oldbuckets",
				     "nevacuate",
				     "extra",
				     "type",
				     "tophash",
				     "keys",
				     "elems",
				     "values",
				     "overflow",
				     "",
				     "topbits",
				     "str",
				     "len",
				     "_type",
				     "data",
				     "array",
				     "cap",
				     "nextOverflow",
				     "env",
				     "hash<int,int>",
				     "bucket<int,int>",
				     "counts",
				     "string",
				     "int",
				     "\x1b]0;\a",
				     "ptr" };
enum { NAMES = sizeof names / sizeof *names };

static void describe(struct fake_target *t, struct fuzz_input *in, unsigned count)
{
	for (unsigned i = 1; i <= count; i++) {
		uint8_t kind = fuzz_byte(in) % (MS_TYPEDEF + 1);
		const char *name = names[fuzz_byte(in) % NAMES];
		bool wide = fuzz_byte(in) & 0x80;
		uint64_t size = fuzz_number(in, wide ? 8 : 1);
		uint64_t target = fuzz_byte(in) % (count + 1); /* 0: none */
		uint64_t elements = fuzz_number(in, wide ? 8 : 1);
		unsigned fields =
			kind == MS_STRUCT || kind == MS_UNION || kind == MS_ENUM ? fuzz_byte(in) % FIELDS_MOST : 0;
		uint64_t type = fake_struct(t, name);

		for (unsigned k = 0; k < fields; k++) {
			uint8_t form = fuzz_byte(in);
			const char *member = names[fuzz_byte(in) % NAMES];
			uint64_t of = fuzz_byte(in) % (count + 1);
			int64_t offset = (int64_t)fuzz_number(in, form & 1 ? 8 : 1);

			if (!of || of >= type)
				of = type; /* made of a type that is there; the claims below lead on */
			if (form & 2)
				fake_bits(t, type, member, of, offset, form >> 2 & 7, form >> 5);
			else
				fake_member_at(t, type, member, of, offset);
		}
		struct ms_type *claims = fake_claims(t, type);
		claims->kind = kind;
		claims->byte_size = size;
		claims->target = target;
		claims->count = elements;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const exprs[VALUES] = { "m", "n", "o", "p" };
	struct fuzz_input in = { data, size };
	uint8_t shape = fuzz_byte(&in);
	unsigned count = 1 + fuzz_byte(&in) % TYPES_MOST;
	struct fake_target t;

	fake_init(&t, shape & 1 ? 4 : 8, shape & 2);
	describe(&t, &in, count);
	uint64_t memory = fake_alloc(&t, FAKE_PAGE);
	size_t left = FAKE_PAGE;
	const uint8_t *bytes = fuzz_bytes(&in, &left);
	fake_write(&t, memory, bytes, left);
	for (uint64_t at = 0; at < 64; at += 8) /* pointers that lead somewhere */
		if (shape & 4)
			fake_write_uint(&t, memory + 16 + 64 * at, t.pointer_size, memory + 0x100 + 16 * at);
	fake_open(&t);
	for (unsigned i = 0; i < VALUES && i < count; i++) {
		fake_expr(&t, exprs[i], count - i, memory, NULL, 0);
		fuzz_commands(t.ctx, exprs[i]);
		struct ms_value value = { .size = sizeof value, .type = count - i, .address = memory };
		fuzz_printers(t.ctx, &value);
	}
	fake_fini(&t);
	return 0;
}
