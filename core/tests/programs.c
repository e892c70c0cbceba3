/* Small programs that a test compiles for itself.  */
#include "programs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATHS = 12 };

static char folder[64];

int programs_setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/mapscope.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

int programs_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command) ? -1 : 0;
}

const char *program_path(const char *name)
{
	static char paths[PATHS][256];
	static int next;
	char *path = paths[next++ % PATHS];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

void program_write(const char *name, const char *text)
{
	FILE *file = fopen(program_path(name), "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) == EOF || fclose(file) != 0, 0);
}

static void read_all(FILE *stream, struct ms_buf *out)
{
	char bytes[4096];
	size_t size;

	while ((size = fread(bytes, 1, sizeof bytes, stream)) > 0)
		ms_buf_add(out, bytes, size);
}

void program_shell(const char *format, ...)
{
	char command[2048], whole[2300];
	struct ms_buf output = { 0 };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	snprintf(whole, sizeof whole, "root=$PWD; cd %s && { %s\n} 2>&1 </dev/null", folder, command);
	FILE *stream = popen(whole, "r");
	assert_non_null(stream);
	read_all(stream, &output);
	if (pclose(stream) != 0)
		fail_msg("%s: %s", command, ms_buf_text(&output));
	ms_buf_fini(&output);
}

const char *program_compile(const char *command, const char *source)
{
	static int count;
	char name[32], file[40];
	bool cxx = strstr(command, "++");

	snprintf(name, sizeof name, "program%d", ++count);
	snprintf(file, sizeof file, "%s.%s", name, cxx ? "cc" : "c");
	program_write(file, source);
	program_shell("%s %s -o %s", command, file, name);
	return program_path(name);
}

void program_output(const char *path, struct ms_buf *out)
{
	FILE *stream = popen(path, "r");

	assert_non_null(stream);
	read_all(stream, out);
	assert_int_equal(pclose(stream), 0);
	assert_true(out->size > 0);
}

uint64_t program_number(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, size) == 0 && line[size] == ' ')
			return strtoull(line + size + 1, NULL, 0);
		if (!*line)
			break;
	}
	fail_msg("no %s in: %s", name, text);
	return 0;
}
