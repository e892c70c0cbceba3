/* See the header.  */
#define _GNU_SOURCE
#include "fuzzing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A hostile map may have much to show; more than this is no new case.  */
enum { SLICE_MS = 20, SLICES_MOST = 20, OUTPUT_MOST = 1 << 20 };

uint8_t fuzz_byte(struct fuzz_input *in)
{
	return (uint8_t)fuzz_number(in, 1);
}

uint64_t fuzz_number(struct fuzz_input *in, size_t size)
{
	uint64_t value = 0;
	const uint8_t *bytes = fuzz_bytes(in, &size);

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t *size)
{
	const uint8_t *bytes = in->data;

	*size = *size < in->size ? *size : in->size;
	in->data += *size;
	in->size -= *size;
	return bytes;
}

void fuzz_must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static bool is_printable(const char *text, uint64_t size, bool newlines)
{
	for (uint64_t i = 0; i < size; i++)
		if ((text[i] < ' ' || text[i] > '~') && !(newlines && text[i] == '\n'))
			return false;
	return true;
}

static void run(struct ms_command *cmd)
{
	uint64_t size, printed = 0;
	int slices = 0;

	fuzz_must(cmd, "no memory for a command");
	ms_command_rehearse(cmd, SLICE_MS); /* from here on, no file is made */
	int32_t step;
	do {
		if (++slices > SLICES_MOST || printed > OUTPUT_MOST)
			ms_command_interrupt(cmd);
		fuzz_must(slices < SLICES_MOST + 50, "a command goes on after an interrupt");
		step = ms_command_step(cmd, SLICE_MS);
		const char *text = ms_command_output(cmd, &size);
		fuzz_must(is_printable(text, size, true), "output that is not printable");
		printed += size;
	} while (step == MS_AGAIN);
	int32_t status = ms_command_status(cmd);
	const char *error = ms_command_error(cmd);
	fuzz_must(status >= MS_YES && status <= MS_PARTIAL, "a status that is none");
	fuzz_must(is_printable(error, strlen(error), false), "an error that is not one printable line");
	fuzz_must(*error || (status != MS_FAILED && status != MS_STATUS_USAGE), "a failure without a line");
	ms_command_free(cmd);
}

void fuzz_line(struct ms_context *ctx, const char *name, const char *line)
{
	run(ms_command_new(ctx, name, line));
}

void fuzz_words(struct ms_context *ctx, const char *name, const char *const *words)
{
	uint32_t count = 0;

	while (words[count])
		count++;
	run(ms_command_new_words(ctx, name, count, words));
}

void fuzz_commands(struct ms_context *ctx, const char *expr)
{
	/* EXPR in the place of %; a command refuses what it does not know.  */
	static const char *const lines[] = {
		"%",	      "% --json",   "% --sort key --limit 0", "% 1",
		"% 1 --json", "% % --json", "% --offset 9 --addr",    "% --where elem>3 --json"
	};
	const char *name;

	for (uint32_t i = 0; (name = ms_command_name(i)); i++)
		for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
			char line[512] = "";
			for (const char *p = lines[k]; *p; p++)
				snprintf(line + strlen(line), sizeof line - strlen(line), *p == '%' ? "%s" : "%.1s",
					 *p == '%' ? expr : p);
			fuzz_line(ctx, name, line);
		}
}

void fuzz_printers(struct ms_context *ctx, const struct ms_value *value)
{
	struct ms_batch batch = { .size = sizeof batch };
	struct ms_map *map = NULL;
	struct ms_iter *iter = NULL;

	if (ms_map_open(ctx, value, &map) != MS_OK)
		return;
	if (ms_iter_new(map, "", &iter) == MS_OK)
		for (int i = 0; i < 20 && ms_iter_next(iter, 50, &batch) == MS_OK && batch.count; i++)
			;
	ms_iter_free(iter);
	ms_map_free(map);
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd >= 0)
		close(fd);
	fd = memfd_create("input", MFD_CLOEXEC);
	fuzz_must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "cannot write the file");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}
