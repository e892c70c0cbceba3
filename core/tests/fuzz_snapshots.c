/* Fuzzes snapshots: the input is the file. All commands run on the map that it names.  */
#include <stdio.h>
#include <string.h>

#include "cmd/snapshot.h"
#include "fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { WORDS_MOST = 8 };
	const char *words[WORDS_MOST + 2] = { 0 }, *name;
	struct ms_snapshot *snapshot = NULL;
	struct ms_buf error = { 0 };
	uint64_t count = 0;

	if (ms_snapshot_open(fuzz_file(data, size), &snapshot, &error) != MS_OK) {
		fuzz_must(error.size && !strchr(ms_buf_text(&error), '\n'), "a failure without one line");
		ms_buf_fini(&error);
		return 0;
	}
	while (count < WORDS_MOST && (words[count] = ms_snapshot_word(snapshot, count)))
		count++;
	for (uint32_t i = 0; (name = ms_command_name(i)); i++) {
		words[count] = NULL;
		fuzz_words(ms_snapshot_context(snapshot), name, words);
		words[count] = "--json";
		fuzz_words(ms_snapshot_context(snapshot), name, words);
	}
	ms_snapshot_free(snapshot);
	ms_buf_fini(&error);
	return 0;
}
