/* See the header.  */
#include "dwarf_visit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS_MOST = 256 };

static uint64_t any(uint64_t *seed, uint64_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % below;
}

static bool no_frame(void *user, uint64_t *out)
{
	(void)user;
	*out = 0x1000;
	return true;
}

static uint64_t no_register(void *user, uint32_t number, void *buffer, uint64_t size)
{
	(void)user;
	memset(buffer, (int)number, size);
	return size;
}

static int64_t no_memory(void *user, uint64_t address, void *buffer, uint64_t len)
{
	(void)user;
	memset(buffer, (int)address, len);
	return (int64_t)len;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "our fault: %s\n", what);
	_exit(3);
}

/* The lengths of arrays in a struct or union, as one who knows its members asks for them.  */
static void visit_arrays(struct ms_dwarf *dwarf, uint64_t number, const struct ms_type *type)
{
	struct ms_dwarf_member member = { type->kind == MS_UNION, type->name, type->byte_size, NULL, 0 };
	struct ms_buf names = { 0 };
	struct ms_field field;
	uint64_t offset, count;

	for (uint32_t i = 0; i < type->field_count && i < FIELDS_MOST; i++)
		if (ms_dwarf_field(dwarf, number, i, &field) == MS_OK)
			ms_buf_printf(&names, "%s%s", i ? "\t" : "", field.name);
	member.members = ms_buf_text(&names);
	for (; member.index < type->field_count && member.index < FIELDS_MOST; member.index++) {
		count = 0;
		must(ms_dwarf_array(dwarf, &member, &offset, &count) != MS_OK || count, "an array of no length");
	}
	ms_buf_fini(&names);
}

/* A type and what it is made of, DEPTH levels; at most 256 members of each.  */
static void visit_type(struct ms_dwarf *dwarf, uint64_t number, int depth)
{
	struct ms_type type = { 0 };
	struct ms_field field;
	struct ms_dwarf_go go;

	if (ms_dwarf_type(dwarf, number, &type) != MS_OK) {
		must(*ms_dwarf_error(dwarf), "a failure without a line");
		return;
	}
	must(type.name && type.kind <= MS_TYPEDEF, "a type without name or kind");
	must(strlen(type.name) < 1 << 20, "a name without end");
	ms_dwarf_go(dwarf, number, &go);
	ms_dwarf_language(dwarf, number);
	if (type.kind == MS_STRUCT || type.kind == MS_UNION)
		visit_arrays(dwarf, number, &type);
	for (uint32_t i = 0; i < type.field_count && i < FIELDS_MOST; i++) {
		must(ms_dwarf_field(dwarf, number, i, &field) == MS_OK && field.name, "a member that is not there");
		must(field.bit_offset < 8, "a bit beyond its byte");
		if (depth > 0 && field.type)
			visit_type(dwarf, field.type, depth - 1);
	}
	if (depth > 0 && type.target)
		visit_type(dwarf, type.target, depth - 1);
}

static void visit_variable(struct ms_dwarf *dwarf, const struct ms_dwarf_variable *variable)
{
	struct ms_location_target target = { .cfa = no_frame,
					     .reg = no_register,
					     .read = no_memory,
					     .frame_base = variable->frame_base,
					     .frame_base_size = variable->frame_base_size };
	struct ms_location location;
	struct ms_buf error = { 0 };
	uint8_t bytes[64];

	must(variable->name && variable->file && variable->location, "a variable without name, file or place");
	if (variable->type)
		visit_type(dwarf, variable->type, 3);
	if (ms_location_evaluate(variable->location, variable->location_size, &variable->unit, &target, &location,
				 &error) == MS_OK)
		ms_location_gather(&location, &variable->unit, &target, bytes, sizeof bytes, &error);
	ms_buf_fini(&error);
}

void dwarf_visit(struct ms_dwarf *dwarf, const struct dwarf_visit *visit)
{
	struct ms_dwarf_variable variable;
	uint64_t type, cursor = 0, address, seed = visit->seed | 1;

	for (size_t i = 0; i < visit->name_count; i++)
		if (ms_dwarf_lookup(dwarf, visit->names[i], visit->pc, &type) == MS_OK)
			visit_type(dwarf, type, 4);
	for (int i = 0; i < 20; i++)
		visit_type(dwarf, any(&seed, 0x400), 2);
	for (int i = 0; i < 1000 && ms_dwarf_next_global(dwarf, &cursor, &variable) == MS_OK; i++)
		visit_variable(dwarf, &variable);
	if (ms_dwarf_global(dwarf, "work::calls", MS_DWARF_NO_PC, 0, &variable) == MS_OK)
		visit_variable(dwarf, &variable);
	for (uint64_t pc = visit->pc; pc < visit->pc + visit->pc_size; pc += 1 + any(&seed, 8)) {
		if (ms_dwarf_local(dwarf, pc, (uint32_t)any(&seed, 2), "p", &variable) == MS_OK)
			visit_variable(dwarf, &variable);
		for (uint32_t n = 0; n < 20 && ms_dwarf_local_nth(dwarf, pc, 0, n, &variable) == MS_OK; n++)
			visit_variable(dwarf, &variable);
	}
	ms_dwarf_symbol(dwarf, "main", &address);
}

bool dwarf_is_the_librarys(const char *report)
{
	for (const char *line = strstr(report, "    #0 "); line; line = strstr(line + 1, "    #")) {
		char frame[512];
		snprintf(frame, sizeof frame, "%.*s", (int)strcspn(line, "\n"), line);
		if (strstr(frame, "libsanitizer") || strstr(frame, "interceptor") || strstr(frame, "asan") ||
		    strstr(frame, "/libc.so") || strstr(frame, "compiler-rt"))
			continue;
		return strstr(frame, "libdwarf") || strstr(frame, "libelf");
	}
	return false;
}
