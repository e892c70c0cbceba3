/* The loop of `mapscope debug-info`: a line in, a line out. What a question means is types/dwarf.h's.  */
#include "cli/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/buf.h"
#include "cli/image.h"
#include "types/dwarf.h"
#include "types/dwarf_cursor.h"
#include "types/dwarf_numbers.h"

/* Bytes of a question; words of one; files that are open; fields that are told of one type; globals in one answer.  */
enum { LINE_MOST = 1 << 16, WORDS_MOST = 8, FILES_MOST = 4096, FIELDS_MOST = 1 << 20, GLOBALS_AT_ONCE = 512 };

struct server {
	struct ms_dwarf **files; /* number N is at N - 1 */
	uint32_t file_count;
	struct ms_buf out; /* the answer */
};

struct question {
	uint32_t count;
	char *words[WORDS_MOST];
};

/* ---- Answers ---- */

static void key(struct ms_buf *out, const char *name)
{
	ms_buf_printf(out, "%s\"%s\": ", out->size > 1 ? ", " : "", name);
}

static void add_uint(struct ms_buf *out, const char *name, uint64_t value)
{
	key(out, name);
	ms_buf_uint(out, value);
}

static void add_bool(struct ms_buf *out, const char *name, bool value)
{
	key(out, name);
	ms_buf_str(out, value ? "true" : "false");
}

/* Bytes that are no UTF-8 come as what stands for them there: a name is shown, and never sent back.  */
static void add_text(struct ms_buf *out, const char *name, const char *text)
{
	key(out, name);
	ms_buf_json_string(out, text ? text : "", text ? strlen(text) : 0);
}

static void fail(struct ms_buf *out, int64_t code, const char *error)
{
	ms_buf_clear(out);
	ms_buf_char(out, '{');
	key(out, "code");
	ms_buf_int(out, code);
	add_text(out, "error", error);
}

static void misunderstood(struct ms_buf *out)
{
	fail(out, MS_USAGE, "a question that is not understood (see core/cli/serve.h)");
}

/* ---- Words ---- */

/* In place.  */
static void unescape(char *word)
{
	char *to = word;

	for (const char *from = word; *from; from++) {
		if (*from == '\\' && from[1]) {
			from++;
			*to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
		} else {
			*to++ = *from;
		}
	}
	*to = 0;
}

static bool split(char *line, struct question *out)
{
	out->count = 0;
	for (char *at = line; at;) {
		char *tab = strchr(at, '\t');
		if (out->count == WORDS_MOST)
			return false;
		if (tab)
			*tab = 0;
		out->words[out->count++] = at;
		unescape(at);
		at = tab ? tab + 1 : NULL;
	}
	return true;
}

/* A decimal number, the whole word.  */
static bool number(const char *word, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;

	if (!*word)
		return false;
	for (; *word; word++)
		if (*word < '0' || *word > '9' || !ms_mul(value, 10, &value) ||
		    !ms_add(value, (uint64_t)(*word - '0'), &value))
			return false;
	*out = value;
	return value <= most;
}

static bool pc_of(const char *word, uint64_t *out)
{
	*out = MS_DWARF_NO_PC;
	return !strcmp(word, "-") || number(word, UINT64_MAX, out);
}

/* ---- Questions ---- */

static void answer_open(struct server *server, const struct question *question)
{
	struct ms_buf error = { 0 }, *out = &server->out;
	struct ms_dwarf *dwarf = NULL;
	struct ms_dwarf **grown = realloc(server->files, (server->file_count + 1) * sizeof *grown);

	if (!grown || server->file_count == FILES_MOST) {
		server->files = grown ? grown : server->files;
		fail(out, MS_NO_MEMORY, "too many files with debug information");
		return;
	}
	server->files = grown;
	int64_t status = ms_dwarf_open(question->words[1], &(struct ms_dwarf_options){ 0 }, &dwarf, &error);
	if (status == MS_OK) {
		server->files[server->file_count++] = dwarf;
		add_uint(out, "file", server->file_count);
		add_text(out, "path", ms_dwarf_path(dwarf));
		add_text(out, "build_id", ms_dwarf_build_id(dwarf));
		add_text(out, "note", ms_dwarf_note(dwarf));
		add_uint(out, "pointer_size", ms_dwarf_pointer_size(dwarf));
		add_bool(out, "big_endian", ms_dwarf_big_endian(dwarf));
	} else {
		fail(out, status, ms_buf_text(&error));
	}
	ms_buf_fini(&error);
}

static void answer_whole(struct ms_buf *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	add_bool(out, "whole", fd >= 0 && ms_image_has_debug(fd));
	if (fd >= 0)
		close(fd);
}

static void answer_close(struct server *server, struct ms_dwarf **file)
{
	add_bool(&server->out, "closed", *file);
	ms_dwarf_free(*file);
	*file = NULL;
}

static void answer_lack(struct ms_buf *out, const struct ms_dwarf *dwarf, int64_t status)
{
	fail(out, status, status == MS_NOT_FOUND ? "" : ms_dwarf_error(dwarf));
}

static void add_field(struct ms_buf *out, const struct ms_field *field, bool first)
{
	ms_buf_str(out, first ? "[" : ", [");
	ms_buf_json_string(out, field->name, strlen(field->name));
	ms_buf_str(out, ", ");
	ms_buf_int(out, field->offset);
	ms_buf_printf(out, ", %llu, %u, %u]", (unsigned long long)field->type, field->bit_size, field->bit_offset);
}

static void answer_type(struct server *server, struct ms_dwarf *dwarf, uint64_t number)
{
	struct ms_type type = { .size = sizeof type };
	struct ms_buf *out = &server->out;
	int64_t status = ms_dwarf_type(dwarf, number, &type);

	if (status == MS_OK && type.field_count > FIELDS_MOST) {
		fail(out, MS_BAD_TYPE, "a type of more than a million members");
		return;
	}
	if (status == MS_OK) {
		add_uint(out, "kind", type.kind);
		add_uint(out, "size", type.byte_size);
		add_text(out, "name", type.name);
		add_uint(out, "target", type.target);
		add_uint(out, "count", type.count);
		add_uint(out, "language", ms_dwarf_language(dwarf, number));
		key(out, "fields");
		ms_buf_char(out, '[');
	}
	for (uint32_t i = 0; status == MS_OK && i < type.field_count; i++) {
		struct ms_field field = { .size = sizeof field };
		status = ms_dwarf_field(dwarf, number, i, &field);
		if (status == MS_OK)
			add_field(out, &field, i == 0);
	}
	if (status == MS_OK)
		ms_buf_char(out, ']');
	else
		answer_lack(out, dwarf, status);
}

static void answer_go(struct server *server, struct ms_dwarf *dwarf, uint64_t number)
{
	struct ms_dwarf_go go = { 0 };
	struct ms_buf *out = &server->out;
	int64_t status = ms_dwarf_go(dwarf, number, &go);

	if (status != MS_OK) {
		answer_lack(out, dwarf, status);
		return;
	}
	add_uint(out, "kind", go.kind);
	add_uint(out, "key", go.key);
	add_uint(out, "elem", go.elem);
	add_uint(out, "runtime_type", go.runtime_type);
}

static void add_bytes(struct ms_buf *out, const char *name, const uint8_t *bytes, uint64_t size)
{
	key(out, name);
	ms_buf_char(out, '"');
	for (uint64_t i = 0; i < size && bytes; i++)
		ms_buf_printf(out, "%02x", bytes[i]);
	ms_buf_char(out, '"');
}

/* The unit's table of addresses stays here. All that compilers write with it begins with an index into it: a plain address
   takes that one's place, or of a thread-local variable the number.  */
static void add_location(struct ms_buf *out, const struct ms_dwarf_variable *variable)
{
	const struct ms_location_unit *unit = &variable->unit;
	const uint8_t *location = variable->location;
	uint64_t size = unit->address_size;
	struct ms_buf plain = { 0 };
	struct ms_cursor cursor = { location, location + variable->location_size, unit->big_endian, false };
	uint64_t op = ms_cursor_number(&cursor, 1), index = ms_cursor_uleb(&cursor);

	if ((op == DW_OP_addrx || op == DW_OP_constx) && !cursor.failed && (size == 4 || size == 8) &&
	    index < unit->addresses_size / size) {
		uint8_t instead = op == DW_OP_addrx ? DW_OP_addr : size == 8 ? DW_OP_const8u : DW_OP_const4u;
		ms_buf_add(&plain, &instead, 1);
		ms_buf_add(&plain, unit->addresses + index * size, size);
		ms_buf_add(&plain, cursor.at, ms_cursor_left(&cursor));
		add_bytes(out, "location", (const uint8_t *)plain.data, plain.size);
	} else {
		add_bytes(out, "location", location, variable->location_size);
	}
	ms_buf_fini(&plain);
}

static void answer_variable(struct server *server, struct ms_dwarf *dwarf, int64_t status,
			    const struct ms_dwarf_variable *variable)
{
	struct ms_type type = { .size = sizeof type };
	struct ms_buf *out = &server->out;

	if (status == MS_OK)
		status = ms_dwarf_type(dwarf, variable->type, &type);
	if (status != MS_OK) {
		answer_lack(out, dwarf, status);
		return;
	}
	add_uint(out, "type", variable->type);
	add_uint(out, "size", type.byte_size);
	add_uint(out, "address_size", variable->unit.address_size);
	add_bool(out, "big_endian", variable->unit.big_endian);
	add_location(out, variable);
	add_bytes(out, "frame_base", variable->frame_base, variable->frame_base_size);
}

static void answer_number(struct server *server, struct ms_dwarf *dwarf, int64_t status, const char *name,
			  const uint64_t *value)
{
	if (status == MS_OK)
		add_uint(&server->out, name, *value);
	else
		answer_lack(&server->out, dwarf, status);
}

static bool answer_array(struct server *server, struct ms_dwarf *dwarf, char *const words[5])
{
	struct ms_dwarf_member member = { .name = words[3], .members = words[4] };
	uint64_t kind, index, offset = 0, count = 0;

	if (!number(words[0], UINT32_MAX, &kind) || (kind != MS_STRUCT && kind != MS_UNION) ||
	    !number(words[1], UINT64_MAX, &member.byte_size) || !number(words[2], UINT32_MAX, &index))
		return false;
	member.of_union = kind == MS_UNION;
	member.index = (uint32_t)index;
	int64_t status = ms_dwarf_array(dwarf, &member, &offset, &count);
	answer_number(server, dwarf, status, "offset", &offset);
	if (status == MS_OK)
		add_uint(&server->out, "count", count);
	return true;
}

/* ---- All globals ---- */

static void add_global(struct server *server, const struct ms_dwarf_variable *variable, uint64_t address, bool in_exe)
{
	struct ms_buf *out = &server->out;
	bool first = out->data[out->size - 1] == '[';

	ms_buf_str(out, first ? "[" : ", [");
	ms_buf_json_string(out, variable->qualified, strlen(variable->qualified));
	ms_buf_printf(out, ", %llu, %llu, %s]", (unsigned long long)variable->type, (unsigned long long)address,
		      in_exe ? "true" : "false");
}

/* As cli/target_names.c does it: a program that is not position-independent has its own copy of a library's variable, and one that
   defines the same name itself goes before the library.  */
static void answer_globals(struct server *server, struct ms_dwarf *dwarf, struct ms_dwarf *exe, uint64_t cursor)
{
	struct ms_dwarf_variable variable;
	struct ms_buf why = { 0 }, *out = &server->out;
	int64_t status = MS_OK;

	key(out, "globals");
	ms_buf_char(out, '[');
	for (int i = 0; i < GLOBALS_AT_ONCE && status == MS_OK; i++) {
		struct ms_location_target nowhere = { 0 };
		struct ms_location location;
		uint64_t address;
		status = ms_dwarf_next_global(dwarf, &cursor, &variable);
		if (status != MS_OK)
			break;
		if (exe && exe != dwarf && variable.external && ms_dwarf_symbol(exe, variable.name, &address) == MS_OK)
			add_global(server, &variable, address, true);
		else if (ms_location_evaluate(variable.location, variable.location_size, &variable.unit, &nowhere,
					      &location, &why) == MS_OK &&
			 ms_location_address(&location, &address))
			add_global(server, &variable, address, false);
	}
	ms_buf_fini(&why);
	ms_buf_char(out, ']');
	if (status == MS_NO_MEMORY)
		answer_lack(out, dwarf, status);
	else
		add_uint(out, "cursor", status == MS_OK ? cursor : UINT64_MAX);
}

/* A question on an open file. False: it is none.  */
static bool ask_file(struct server *server, const struct question *question)
{
	char *const *words = question->words;
	const char *what = words[0], *name = words[question->count - 1];
	uint64_t file, pc, n, more, count, found = 0;
	struct ms_dwarf_variable variable = { 0 };

	if (question->count < 2 || !number(words[1], server->file_count, &file) || file == 0)
		return false;
	struct ms_dwarf *dwarf = server->files[file - 1];
	if (!dwarf)
		return false;
	if (question->count == 2 && !strcmp(what, "close"))
		answer_close(server, &server->files[file - 1]);
	else if (question->count == 3 && !strcmp(what, "type") && number(words[2], UINT64_MAX, &n))
		answer_type(server, dwarf, n);
	else if (question->count == 3 && !strcmp(what, "symbol"))
		answer_number(server, dwarf, ms_dwarf_symbol(dwarf, name, &found), "address", &found);
	else if (question->count == 3 && !strcmp(what, "go") && number(words[2], UINT64_MAX, &n))
		answer_go(server, dwarf, n);
	else if (question->count == 3 && !strcmp(what, "section"))
		answer_number(server, dwarf, ms_dwarf_section_address(dwarf, name, &found), "address", &found);
	else if (question->count == 3 && !strcmp(what, "runtime") && number(words[2], UINT64_MAX, &n))
		answer_number(server, dwarf, ms_dwarf_runtime_type(dwarf, n, &found), "type", &found);
	else if (question->count == 4 && !strcmp(what, "globals") && number(words[2], server->file_count, &n) &&
		 number(words[3], UINT64_MAX, &more))
		answer_globals(server, dwarf, n ? server->files[n - 1] : NULL, more);
	else if (question->count == 4 && !strcmp(what, "lookup") && pc_of(words[2], &pc))
		answer_number(server, dwarf, ms_dwarf_lookup(dwarf, name, pc, &found), "type", &found);
	else if (question->count == 5 && !strcmp(what, "derive") && number(words[2], UINT32_MAX, &n) &&
		 number(words[3], UINT64_MAX, &more) && number(words[4], UINT64_MAX, &count))
		answer_number(server, dwarf, ms_dwarf_derive(dwarf, (uint32_t)n, more, count, &found), "type", &found);
	else if (question->count == 5 && !strcmp(what, "global") && pc_of(words[2], &pc) &&
		 number(words[3], UINT32_MAX, &n))
		answer_variable(server, dwarf, ms_dwarf_global(dwarf, name, pc, (uint32_t)n, &variable), &variable);
	else if (question->count == 5 && !strcmp(what, "local") && number(words[2], UINT64_MAX, &pc) &&
		 number(words[3], UINT32_MAX, &n))
		answer_variable(server, dwarf, ms_dwarf_local(dwarf, pc, (uint32_t)n, name, &variable), &variable);
	else if (question->count == 7 && !strcmp(what, "array"))
		return answer_array(server, dwarf, words + 2);
	else
		return false;
	return true;
}

static void answer(struct server *server, char *line)
{
	struct question question;
	struct ms_buf *out = &server->out;

	ms_buf_clear(out);
	ms_buf_char(out, '{');
	if (!split(line, &question))
		misunderstood(out);
	else if (question.count == 2 && !strcmp(question.words[0], "open"))
		answer_open(server, &question);
	else if (question.count == 2 && !strcmp(question.words[0], "whole"))
		answer_whole(out, question.words[1]);
	else if (!ask_file(server, &question))
		misunderstood(out);
	ms_buf_str(out, "}\n");
	if (out->failed)
		ms_buf_fini(out);
}

/* The next line without its end; one that is too long, or holds a NUL, is gone over and comes as "".  */
static bool read_line(char *line)
{
	size_t size = 0;
	bool bad = false;
	int c;

	while ((c = getchar()) != EOF && c != '\n') {
		bad |= c == 0 || size == LINE_MOST - 1;
		if (!bad)
			line[size++] = (char)c;
	}
	line[bad ? 0 : size] = 0;
	return c != EOF;
}

int ms_serve(void)
{
	static const char no_memory[] = "{\"code\": -5, \"error\": \"out of memory\"}\n"; /* MS_NO_MEMORY */
	static char line[LINE_MOST];
	struct server server = { 0 };
	bool good = true;

	signal(SIGINT, SIG_IGN); /* a Ctrl-C is the debugger's to act on */
	while (good && read_line(line)) {
		answer(&server, line);
		good = fputs(server.out.size ? server.out.data : no_memory, stdout) >= 0 && fflush(stdout) == 0;
	}
	for (uint32_t i = 0; i < server.file_count; i++)
		ms_dwarf_free(server.files[i]);
	free(server.files);
	ms_buf_fini(&server.out);
	return good || errno == EPIPE ? MS_YES : MS_FAILED;
}
