/* Fuzzes command lines: the first byte is the command, the rest its line, or, with the highest bit set, words apart at NUL; on
   a sound map with variables around it, for paths and conditions to walk.  */
#include <stdlib.h>
#include <string.h>

#include "fake_map.h"
#include "fuzzing.h"

enum { LINE_MOST = 4096, WORDS_MOST = 64 };

static void run(struct ms_context *ctx, const char *name, char *line, size_t size, bool words)
{
	const char *list[WORDS_MOST + 1] = { 0 };
	size_t count = 0;

	if (!words) {
		fuzz_line(ctx, name, line);
		return;
	}
	for (size_t at = 0; at <= size && count < WORDS_MOST; at += strlen(line + at) + 1)
		list[count++] = line + at;
	fuzz_words(ctx, name, list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t first = fuzz_byte(&in);
	struct fake_target t;
	struct fake_map m;
	uint32_t commands = 0;

	if (in.size > LINE_MOST)
		return 0;
	while (ms_command_name(commands))
		commands++;
	fake_init(&t, 8, false);
	t.paths = first & 0x40;
	struct fake_layout layout = { .name = "counts", .key = fake_int(&t, 4), .elem = fake_int(&t, 8) };
	fake_map_init(&m, &t, &layout);
	fake_map_array(&m, &m.new, 1);
	fake_map_fill(&m, &m.new, 0, 10);
	fake_map_write(&m);
	uint64_t box = fake_struct(&t, "box"), numbers = fake_array(&t, fake_int(&t, 4), 5);
	fake_member(&t, box, "m", m.header_type);
	fake_member(&t, box, "p", m.pointer_type);
	fake_member(&t, box, "numbers", numbers);
	fake_name(&t, "struct counts", m.header_type);
	fake_name(&t, "struct box", box);
	fake_variable(&t, "m", m.header_type, m.address, NULL, 0);
	fake_variable(&t, "box", box, fake_alloc(&t, fake_size(&t, box)), NULL, 0);
	fake_variable(&t, "i", fake_int(&t, 4), 0, "\3\0\0\0", 4);
	fake_variable_refused(&t, "gone", "optimised out");

	char *line = calloc(1, in.size + 1);
	fuzz_must(line, "no memory");
	memcpy(line, in.data, in.size);
	run(fake_open(&t), ms_command_name((first & 0x3f) % commands), line, in.size, first & 0x80);
	free(line);
	fake_map_fini(&m);
	fake_fini(&t);
	return 0;
}
