/* Fuzzes core files: the input is one. Its facts and all of its memory are read, and beyond both ends of each segment.  */
#include <stdlib.h>
#include <string.h>

#include "fuzzing.h"
#include "mem/elfcore.h"

enum { SEGMENTS_MOST = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ms_buf error = { 0 };
	struct ms_elfcore *core = NULL;
	uint8_t buffer[300];
	uint64_t address, sum = 0;
	const char *path = fuzz_file(data, size);

	int64_t status = ms_elfcore_open(path, &core, &error);
	if (status != MS_OK) {
		fuzz_must(error.size && !strchr(ms_buf_text(&error), '\n'), "a failure without one line");
		ms_buf_fini(&error);
		return 0;
	}
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(core);
	fuzz_must(facts->pointer_size == 4 || facts->pointer_size == 8, "a word of no size");
	fuzz_must(facts->command && strlen(facts->command) < 16, "a command of no end");
	for (size_t i = 0; i < facts->mapping_count; i++)
		sum += strlen(facts->mappings[i].path) + facts->mappings[i].start;
	const uint8_t *thread;
	uint64_t bytes;
	for (size_t n = 0; (thread = ms_elfcore_thread(core, n, &bytes)); n++)
		for (uint64_t i = 0; i < bytes; i++)
			sum += thread[i];
	for (uint64_t i = 0; i < facts->auxv_size; i++)
		sum += facts->auxv[i];
	for (uint64_t i = 0; i < facts->answers_size; i++)
		sum += facts->answers[i];
	for (size_t i = 0; i < SEGMENTS_MOST && ms_elfcore_segment(core, i, &address); i++)
		for (int64_t at = -64; at < 0x1100; at += 0x80) {
			int64_t got = ms_elfcore_read(core, address + (uint64_t)at, buffer, sizeof buffer);
			fuzz_must(got <= (int64_t)sizeof buffer, "more bytes than asked for");
			sum += ms_elfcore_writable(core, address + (uint64_t)at);
		}
	ms_elfcore_free(core);
	ms_buf_fini(&error);
	return sum == 1; /* all of it was read */
}
