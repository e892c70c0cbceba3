/* The main of a fuzz target where no fuzzer gives one. With files, runs each. Without, runs what the repository keeps for the
   target, core/tests/corpus/NAME, and tells of it in TAP, as tests do.  */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzing.h"

static void run_file(const char *path)
{
	FILE *file = fopen(path, "r");
	uint8_t *data = NULL;
	size_t size = 0, got = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	do {
		data = realloc(data, size + (1 << 16));
		fuzz_must(data, "no memory");
		got = fread(data + size, 1, 1 << 16, file);
		size += got;
	} while (got);
	fclose(file);
	uint8_t *exact = malloc(size ? size : 1); /* so that a read behind the end is seen */
	fuzz_must(exact, "no memory");
	memcpy(exact, data, size);
	free(data);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	char folder[256], path[600];
	struct dirent **names;

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1)
		return 0;
	const char *name = strstr(program_invocation_short_name, "fuzz_");
	snprintf(folder, sizeof folder, "core/tests/corpus/%s", name ? name + strlen("fuzz_") : "");
	int count = scandir(folder, &names, is_input, alphasort);
	if (count < 0) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
		run_file(path);
		printf("ok %d - %s\n", i + 1, names[i]->d_name);
		fflush(stdout);
		free(names[i]);
	}
	free(names);
	return 0;
}
