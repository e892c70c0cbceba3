/* The decoder's call-backs: memory from the process or the core, types and names from the modules, the executable before its
   libraries. A type's number is its module's place in the list above bit 48, and the module's own number below.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "cli/target_inside.h"

enum {
	NUMBER_BITS = 48,
	GO_RUNTIME = 0xffff,
	SNAPSHOT = 0xfffe,
	VALUE_MOST = 1 << 20, /* bytes of a value that lies nowhere */
};

/* ---- Memory ---- */

int64_t ms_target_read(void *user, uint64_t address, void *buffer, uint64_t len)
{
	const struct ms_target *target = user;

	return target->process ? ms_process_read(target->process, address, buffer, len)
			       : ms_elfcore_read(target->core, address, buffer, len);
}

static void answer_read(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	*answer = ms_target_read(user, address, buffer, len);
}

struct ms_memory ms_target_memory(const struct ms_target *target)
{
	return (struct ms_memory){
		.size = sizeof(struct ms_memory),
		.user = (void *)target,
		.read = answer_read,
		.pid = target->process ? ms_process_pid(target->process) : 0,
		.pointer_size = target->pointer_size,
		.big_endian = target->big_endian,
		.running = target->process && !ms_process_still(target->process),
	};
}

/* ---- Types ---- */

static bool is_interrupted(const struct ms_target *target, int64_t *answer)
{
	if (!*target->interrupted)
		return false;
	*answer = MS_INTERRUPTED;
	return true;
}

/* The debug information of module I; NULL: it has none, or is not mapped.  */
static struct ms_dwarf *dwarf_at(struct ms_target *target, size_t i)
{
	struct ms_module *module = &target->modules[i];

	return ms_module_map(module, &target->mapped) ? ms_module_dwarf(module) : NULL;
}

static bool is_go_runtime(uint64_t type)
{
	return type >> NUMBER_BITS == GO_RUNTIME;
}

static bool is_known(const struct ms_target *target, uint64_t type)
{
	return target->answers && type >> NUMBER_BITS == SNAPSHOT;
}

static struct ms_dwarf *dwarf_of(struct ms_target *target, uint64_t type)
{
	uint64_t module = type >> NUMBER_BITS;

	return module < target->module_count ? target->modules[module].dwarf : NULL;
}

static uint64_t in_module(uint64_t like, uint64_t number)
{
	return number ? (like >> NUMBER_BITS << NUMBER_BITS) | number : 0;
}

static uint64_t in_file(uint64_t type)
{
	return type & (((uint64_t)1 << NUMBER_BITS) - 1);
}

/* STATUS, with its line kept where debug information is at fault.  */
static int64_t told(struct ms_target *target, const struct ms_dwarf *dwarf, int64_t status)
{
	if (status == MS_BAD_TYPE && !target->trouble.size)
		ms_buf_str(&target->trouble, ms_dwarf_error(dwarf));
	return status;
}

/* The modules in the order in which names are looked for: the executable, then libraries that have debug information in them, as
   the program's own have, then those that have it elsewhere, as the system's. COUNT behind the last. *AT is 0 at first.  */
static size_t next_module(struct ms_target *target, size_t *at)
{
	size_t count = target->module_count;

	for (; *at < 2 * count; ++*at) {
		size_t i = *at % count;
		struct ms_dwarf *dwarf = dwarf_at(target, i);
		bool own = dwarf && (i == 0 || !strcmp(ms_dwarf_path(dwarf), target->modules[i].path));
		if (dwarf && own == (*at < count)) {
			++*at;
			return i;
		}
	}
	return count;
}

/* Names of types are counted from the beginning of the section that types stand in, where no symbol says so.  */
static uint64_t section_address(const struct ms_module *module, const char *name)
{
	uint64_t address = module->state == MODULE_MAPPED ? ms_image_section(module->fd, name) : 0;

	return address ? address + module->bias : 0;
}

/* The type "@ADDRESS" of a run-time type descriptor.  */
static int64_t lookup_descriptor(struct ms_target *target, const char *name, uint64_t *type_out)
{
	struct ms_module *exe = &target->modules[0];
	struct ms_gotypes_target from = { .user = target,
					  .read = ms_target_read,
					  .pointer_size = target->pointer_size,
					  .big_endian = target->big_endian };
	char *end;
	uint64_t address = strtoull(name + 1, &end, 0);

	ms_buf_clear(&target->trouble);
	if (end == name + 1 || *end) {
		ms_buf_str(&target->trouble, "--type-descriptor takes an address, found \"");
		ms_buf_escaped(&target->trouble, name + 1, strlen(name + 1), 0);
		ms_buf_char(&target->trouble, '"');
		return MS_NOT_FOUND;
	}
	if (!ms_module_map(exe, &target->mapped) || !ms_module_symbol(exe, "runtime.types", &from.names[0])) {
		from.names[0] = section_address(exe, ".data.rel.ro"); /* of a position-independent program */
		from.names[1] = section_address(exe, ".rodata");
	}
	if (!target->gotypes)
		target->gotypes = ms_gotypes_new(&from);
	if (!target->gotypes)
		return MS_NO_MEMORY;
	int64_t status = ms_gotypes_map(target->gotypes, address, type_out, &target->trouble);
	if (status == MS_OK)
		*type_out = in_module((uint64_t)GO_RUNTIME << NUMBER_BITS, *type_out);
	return status;
}

static void answer_lookup(void *user, const char *name, uint64_t *type_out, int64_t *answer)
{
	struct ms_target *target = user;
	/* A pointer or an array is asked for as a whole because Go names those, too: no reason to index libraries in C.  */
	bool made_of_others = *name && strchr("*]", name[strlen(name) - 1]);
	int64_t status = MS_NOT_FOUND;
	size_t at = 0, i;

	if (is_interrupted(target, answer))
		return;
	if (target->answers)
		target->known.lookup(target->answers, name, type_out, &status);
	if (status == MS_OK) {
		*type_out = in_module((uint64_t)SNAPSHOT << NUMBER_BITS, *type_out);
		*answer = MS_OK;
		return;
	}
	status = MS_NOT_FOUND;
	if (*name == '@') {
		*answer = lookup_descriptor(target, name, type_out);
		return;
	}
	while (status == MS_NOT_FOUND && (i = next_module(target, &at)) < target->module_count) {
		if (i && made_of_others)
			break;
		status = told(target, target->modules[i].dwarf,
			      ms_dwarf_lookup(target->modules[i].dwarf, name, MS_DWARF_NO_PC, type_out));
		if (status == MS_OK)
			*type_out = in_module((uint64_t)i << NUMBER_BITS, *type_out);
	}
	*answer = status;
}

static void answer_type(void *user, uint64_t type, struct ms_type *out, int64_t *answer)
{
	struct ms_target *target = user;
	struct ms_dwarf *dwarf = dwarf_of(target, type);

	if (is_interrupted(target, answer))
		return;
	int64_t status = dwarf		       ? told(target, dwarf, ms_dwarf_type(dwarf, in_file(type), out))
			 : is_go_runtime(type) ? ms_gotypes_type(target->gotypes, in_file(type), out)
					       : MS_NOT_FOUND;
	if (is_known(target, type))
		target->known.type(target->answers, in_file(type), out, &status);
	if (status == MS_OK)
		out->target = in_module(type, out->target);
	*answer = status;
}

static void answer_field(void *user, uint64_t type, uint32_t index, struct ms_field *out, int64_t *answer)
{
	struct ms_target *target = user;
	struct ms_dwarf *dwarf = dwarf_of(target, type);

	if (is_interrupted(target, answer))
		return;
	int64_t status = dwarf		       ? told(target, dwarf, ms_dwarf_field(dwarf, in_file(type), index, out))
			 : is_go_runtime(type) ? ms_gotypes_field(target->gotypes, in_file(type), index, out)
					       : MS_NOT_FOUND;
	if (is_known(target, type))
		target->known.field(target->answers, in_file(type), index, out, &status);
	if (status == MS_OK)
		out->type = in_module(type, out->type);
	*answer = status;
}

static void answer_derive(void *user, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out, int64_t *answer)
{
	struct ms_target *target = user;

	if (is_interrupted(target, answer))
		return;
	if (is_known(target, type)) {
		target->known.derive(target->answers, kind, in_file(type), count, type_out, answer);
		*type_out = in_module(type, *type_out);
		return;
	}
	/* Any module that has types has void.  */
	for (size_t i = 0; !type && i < target->module_count; i++)
		if (dwarf_at(target, i)) {
			type = (uint64_t)i << NUMBER_BITS;
			break;
		}
	struct ms_dwarf *dwarf = dwarf_of(target, type);
	int64_t status = dwarf ? ms_dwarf_derive(dwarf, kind, in_file(type), count, type_out)
			 : is_go_runtime(type)
				 ? ms_gotypes_derive(target->gotypes, kind, in_file(type), count, type_out)
				 : MS_NOT_FOUND;
	if (status == MS_OK)
		*type_out = in_module(type, *type_out);
	*answer = status;
}

/* ---- Names ---- */

static void answer_symbol(void *user, const char *name, uint64_t *address_out, int64_t *answer)
{
	struct ms_target *target = user;

	if (is_interrupted(target, answer))
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

	if (is_interrupted(target, answer))
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

	out->type = in_module((uint64_t)i << NUMBER_BITS, variable->type);
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
		status = told(target, dwarf, ms_dwarf_global(dwarf, name, MS_DWARF_NO_PC, n, &variable));
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

	if (is_interrupted(target, answer))
		return;
	if (target->answers) {
		target->known.variable(target->answers, name, out, answer);
		out->type = in_module((uint64_t)SNAPSHOT << NUMBER_BITS, out->type);
		if (*answer != MS_NOT_FOUND)
			return;
	}
	while ((status == MS_NOT_FOUND || status == MS_REFUSED) &&
	       (i = next_module(target, &at)) < target->module_count) {
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
	out->type = in_module((uint64_t)SNAPSHOT << NUMBER_BITS, out->type);
}

static void answer_process(void *user, struct ms_process_facts *out, int64_t *answer)
{
	struct ms_target *target = user;

	*answer = ms_told_facts(&target->told, out);
}

static void answer_register(void *user, const char *name, uint64_t *value_out, int64_t *answer)
{
	struct ms_target *target = user;

	*answer = ms_told_register(&target->told, name, value_out);
}

/* ---- All of them ---- */

/* The executable's, or a library's of the program's own; NULL for others.  */
static struct ms_dwarf *own_dwarf(struct ms_target *target, size_t i)
{
	struct ms_module *module = &target->modules[i];

	if (!ms_module_map(module, &target->mapped) || (i && !ms_image_has_debug(module->fd)))
		return NULL;
	return dwarf_at(target, i);
}

/* The next variable of the module at hand that lies somewhere; MS_NOT_FOUND: it has no more.  */
static int64_t next_in_module(struct ms_target *target, struct ms_global *out)
{
	size_t i = target->listed.module;
	struct ms_dwarf *dwarf = own_dwarf(target, i);
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
	return told(target, dwarf, status);
}

static void answer_next_global(void *user, uint64_t *cursor, struct ms_global *out, int64_t *answer)
{
	struct ms_target *target = user;
	int64_t status = MS_NOT_FOUND;

	if (is_interrupted(target, answer))
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

static void answer_runtime_type(void *user, uint64_t address, uint64_t *type_out, int64_t *answer)
{
	struct ms_target *target = user;
	int64_t status = MS_NOT_FOUND;

	if (is_interrupted(target, answer))
		return;
	for (size_t i = 0; i < target->module_count && status == MS_NOT_FOUND; i++) {
		struct ms_dwarf *dwarf = own_dwarf(target, i);
		if (dwarf)
			status = ms_dwarf_runtime_type(dwarf, address - target->modules[i].bias, type_out);
		if (status == MS_OK)
			*type_out = in_module((uint64_t)i << NUMBER_BITS, *type_out);
	}
	*answer = status;
}

/* A snapshot has one thread at most, whichever it was.  */
static void answer_thread(void *user, uint64_t n, struct ms_thread *out, int64_t *answer)
{
	struct ms_target *target = user;
	const char *function = NULL;
	uint64_t pc;
	int64_t tid;

	if (is_interrupted(target, answer))
		return;
	int64_t status = target->answers ? MS_NOT_FOUND : ms_told_thread(&target->told, n, &tid, &pc);
	for (size_t i = 0; status == MS_OK && i < target->module_count && !function; i++)
		if (ms_module_map(&target->modules[i], &target->mapped))
			function = ms_module_function(&target->modules[i], pc);
	if (status == MS_OK) {
		snprintf(target->thread, sizeof target->thread, "%lld", (long long)tid);
		out->name = target->thread;
		out->functions = function ? function : "";
		out->innermost = 1;
	}
	*answer = status;
}

struct ms_types ms_target_types(struct ms_target *target)
{
	return (struct ms_types){
		.size = sizeof(struct ms_types),
		.user = target,
		.lookup = answer_lookup,
		.type = answer_type,
		.field = answer_field,
		.symbol = answer_symbol,
		.variable = answer_variable,
		.derive = answer_derive,
		.symbol_at = answer_symbol_at,
		.evaluate = target->answers ? answer_evaluate : NULL,
		.process = answer_process,
		.reg = answer_register,
		.next_global = answer_next_global,
		.runtime_type = answer_runtime_type,
		.thread = answer_thread,
	};
}

/* ---- What is said beside the answer ---- */

struct ms_process *ms_target_process(const struct ms_target *target)
{
	return target->process;
}

const char *ms_target_notes(struct ms_target *target)
{
	struct ms_buf *all = &target->all_notes;

	ms_buf_clear(all);
	ms_buf_str(all, ms_buf_text(&target->notes));
	ms_buf_str(all, ms_buf_text(&target->ambiguity));
	for (size_t i = 0; i < target->module_count; i++)
		if (target->modules[i].dwarf && *ms_dwarf_note(target->modules[i].dwarf))
			ms_buf_printf(all, "%s\n", ms_dwarf_note(target->modules[i].dwarf));
	return ms_buf_text(all);
}

const char *ms_target_trouble(const struct ms_target *target)
{
	return ms_buf_text(&target->trouble);
}

const char *ms_target_lack(struct ms_target *target)
{
	struct ms_module *exe = &target->modules[0];

	if (dwarf_at(target, 0))
		return "";
	if (target->answers) {
		ms_buf_clear(&exe->why);
		ms_buf_str(&exe->why, "the file is a snapshot of:");
		for (uint64_t i = 0; ms_answers_word(target->answers, i); i++)
			if (strcmp(ms_answers_word(target->answers, i), "--") != 0) {
				ms_buf_char(&exe->why, ' ');
				ms_buf_escaped(&exe->why, ms_answers_word(target->answers, i),
					       strlen(ms_answers_word(target->answers, i)), 0);
			}
	}
	if (exe->state == MODULE_MAPPED && ms_image_section(exe->fd, ".go.buildinfo") && !exe->go_told) {
		exe->go_told = true;
		ms_buf_str(&exe->why, "; a Go map is shown by ADDRESS --type-descriptor ADDRESS");
	}
	return ms_buf_text(&exe->why);
}
