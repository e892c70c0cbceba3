/* What a target's names stand for: variables and symbols, of the modules or of a snapshot. Its types' names are target_types.c's.  */
#include <stdlib.h>
#include <string.h>

#include "cli/target_inside.h"

enum { VALUE_MOST = 1 << 20 }; /* bytes of a value that lies nowhere */

/* ---- Symbols ---- */

static void answer_symbol(void *user, const char *name, uint64_t *address_out, int64_t *answer)
{
	struct ms_target *target = user;

	if (ms_target_is_interrupted(target, answer))
		return;
	if (target->gotypes && ms_gotypes_names(target->gotypes) && !strcmp(name, "runtime.types")) {
		*address_out = ms_gotypes_names(target->gotypes);
		*answer = MS_OK;
		return;
	}
	if (target->answers) {
		target->known.symbol(target->answers, name, address_out, answer);
		if (*answer == MS_OK)
			return;
	}
	for (size_t i = 0; i < target->module_count; i++) {
		struct ms_module *module = &target->modules[i];
		if (ms_module_map(module, &target->mapped) && ms_module_symbol(module, name, address_out)) {
			*answer = MS_OK;
			return;
		}
	}
	*answer = MS_NOT_FOUND;
}

static void answer_symbol_at(void *user, uint64_t address, const char **name_out, int64_t *answer)
{
	struct ms_target *target = user;

	if (ms_target_is_interrupted(target, answer))
		return;
	if (target->answers) {
		target->known.symbol_at(target->answers, address, name_out, answer);
		if (*answer == MS_OK)
			return;
	}
	*name_out = NULL;
	for (size_t i = 0; i < target->module_count && !*name_out; i++)
		if (ms_module_map(&target->modules[i], &target->mapped))
			*name_out = ms_module_symbol_at(&target->modules[i], address);
	*answer = *name_out ? MS_OK : MS_NOT_FOUND;
}

/* ---- Variables ---- */

/* The bytes of a value that has no address, a known constant for one.  */
static int64_t hold_value(struct ms_target *target, size_t module, const struct ms_dwarf_variable *variable,
			  const struct ms_location *location, const struct ms_location_target *place,
			  struct ms_value *out)
{
	struct ms_type type = { .size = sizeof type };
	int64_t status = ms_dwarf_type(target->modules[module].dwarf, variable->type, &type);

	if (status != MS_OK)
		return status;
	if (type.byte_size > VALUE_MOST) {
		ms_buf_printf(&target->why, "it lies nowhere as a whole, and has more than %d bytes", VALUE_MOST);
		return MS_REFUSED;
	}
	free(target->held);
	target->held = malloc(type.byte_size + 1);
	if (!target->held)
		return MS_NO_MEMORY;
	status = ms_location_gather(location, &variable->unit, place, target->held, type.byte_size, &target->why);
	out->bytes = target->held;
	out->byte_count = type.byte_size;
	return status;
}

/* A program that is not position-independent has its own copy of a library's variable, and one that defines the same name
   itself goes before the library: then the dynamic linker made everybody use that one.  */
static bool is_in_executable(struct ms_target *target, size_t module, const struct ms_dwarf_variable *variable,
			     uint64_t *address_out)
{
	return module && variable->external && target->modules[0].state == MODULE_MAPPED &&
	       ms_module_symbol(&target->modules[0], variable->name, address_out);
}

static int64_t place_variable(struct ms_target *target, size_t i, const struct ms_dwarf_variable *variable,
			      struct ms_value *out)
{
	struct ms_location_target place = { .user = target, .read = ms_target_read, .bias = target->modules[i].bias };
	struct ms_location location;

	out->type = ms_target_type(i, variable->type);
	if (is_in_executable(target, i, variable, &out->address))
		return MS_OK;
	int64_t status = ms_location_evaluate(variable->location, variable->location_size, &variable->unit, &place,
					      &location, &target->why);
	if (status != MS_OK || ms_location_address(&location, &out->address))
		return status;
	return hold_value(target, i, variable, &location, &place, out);
}

/* Others of that name in the same module: which one is meant, only the user knows.  */
static void note_others(struct ms_target *target, struct ms_dwarf *dwarf, const char *name,
			const struct ms_dwarf_variable *shown)
{
	struct ms_dwarf_variable other;
	struct ms_buf *note = &target->ambiguity;
	const char *file = shown->file ? shown->file : "";
	bool external = shown->external;

	ms_buf_clear(note);
	file = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	if (!external)
		ms_buf_escaped(note, file, strlen(file), 0); /* before the next answer takes its place */
	if (external || ms_dwarf_global(dwarf, name, MS_DWARF_NO_PC, 1, &other) != MS_OK || !other.qualified) {
		ms_buf_clear(note);
		return;
	}
	ms_buf_str(note, " is where the variable ");
	ms_buf_escaped(note, name, strlen(name), 0);
	ms_buf_str(note, " shown stands; another one is ");
	ms_buf_escaped(note, other.qualified, strlen(other.qualified), 0);
	ms_buf_char(note, '\n');
}

/* The variable NAME of module I, if it has one.  */
static int64_t find_variable(struct ms_target *target, size_t i, const char *name, struct ms_value *out)
{
	struct ms_dwarf *dwarf = target->modules[i].dwarf;
	struct ms_dwarf_variable variable;
	int64_t status = MS_OK, refused = MS_NOT_FOUND;

	ms_buf_clear(&target->why);
	for (uint32_t n = 0; status != MS_NOT_FOUND; n++) {
		size_t before = target->why.size;
		status = ms_target_told(target, dwarf, ms_dwarf_global(dwarf, name, MS_DWARF_NO_PC, n, &variable));
		if (status == MS_REFUSED)
			ms_buf_str(&target->why, ms_dwarf_error(dwarf));
		if (status == MS_OK)
			status = place_variable(target, i, &variable, out);
		if (status == MS_OK && n == 0)
			note_others(target, dwarf, name, &variable);
		if (status == MS_OK || (status != MS_REFUSED && status != MS_NOT_FOUND))
			return status;
		if (refused == MS_REFUSED) /* the first reason is enough */
			ms_buf_truncate(&target->why, before);
		if (status == MS_REFUSED)
			refused = status;
	}
	return refused;
}

static void answer_variable(void *user, const char *name, struct ms_value *out, int64_t *answer)
{
	struct ms_target *target = user;
	struct ms_buf why = { 0 };
	int64_t status = MS_NOT_FOUND;
	size_t at = 0, i;

	if (ms_target_is_interrupted(target, answer))
		return;
	if (target->answers) {
		target->known.variable(target->answers, name, out, answer);
		out->type = ms_target_type(SNAPSHOT, out->type);
		if (*answer != MS_NOT_FOUND)
			return;
	}
	while ((status == MS_NOT_FOUND || status == MS_REFUSED) &&
	       (i = ms_target_next_module(target, &at)) < target->module_count) {
		int64_t here = find_variable(target, i, name, out);
		if (here == MS_REFUSED && !why.size) /* declared here; another module may have it */
			ms_buf_str(&why, ms_buf_text(&target->why));
		status = here == MS_NOT_FOUND ? status : here;
	}
	if (status == MS_REFUSED && why.size) {
		ms_buf_clear(&target->why);
		ms_buf_str(&target->why, ms_buf_text(&why));
	}
	ms_buf_fini(&why);
	out->error = ms_buf_text(&target->why);
	*answer = status;
}

/* The expression of which a snapshot was made.  */
static void answer_evaluate(void *user, const char *expr, struct ms_value *out, int64_t *answer)
{
	struct ms_target *target = user;

	target->known.evaluate(target->answers, expr, out, answer);
	out->type = ms_target_type(SNAPSHOT, out->type);
}

/* The next variable of the module at hand that lies somewhere; MS_NOT_FOUND: it has no more.  */
static int64_t next_in_module(struct ms_target *target, struct ms_global *out)
{
	size_t i = target->listed.module;
	struct ms_dwarf *dwarf = ms_target_own_dwarf(target, i);
	struct ms_dwarf_variable variable;
	int64_t status = dwarf ? MS_OK : MS_NOT_FOUND;

	while (status == MS_OK && (status = ms_dwarf_next_global(dwarf, &target->listed.cursor, &variable)) == MS_OK) {
		struct ms_value value = { 0 };
		ms_buf_clear(&target->why);
		if (place_variable(target, i, &variable, &value) != MS_OK || !value.address)
			continue;
		out->name = variable.qualified;
		out->type = value.type;
		out->address = value.address;
		break;
	}
	return ms_target_told(target, dwarf, status);
}

static void answer_next_global(void *user, uint64_t *cursor, struct ms_global *out, int64_t *answer)
{
	struct ms_target *target = user;
	int64_t status = MS_NOT_FOUND;

	if (ms_target_is_interrupted(target, answer))
		return;
	if (!*cursor) {
		target->listed.module = 0;
		target->listed.cursor = 0;
		*cursor = 1;
	}
	for (; target->listed.module < target->module_count; target->listed.module++, target->listed.cursor = 0) {
		status = next_in_module(target, out);
		if (status == MS_OK || status == MS_NO_MEMORY)
			break;
		status = MS_NOT_FOUND; /* what is damaged was told */
	}
	*answer = status;
}

void ms_target_answer_names(const struct ms_target *target, struct ms_types *table)
{
	table->symbol = answer_symbol;
	table->symbol_at = answer_symbol_at;
	table->variable = answer_variable;
	table->next_global = answer_next_global;
	table->evaluate = target->answers ? answer_evaluate : NULL;
}
