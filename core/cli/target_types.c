/* A target's types. A type's number is the place of its module in the list above bit 48, and the module's own number below;
   snapshots and Go's run-time types have places of their own. Not what is of these types: that is target_names.c's.  */
#include <stdlib.h>
#include <string.h>

#include "cli/target_inside.h"

enum { NUMBER_BITS = 48 };

uint64_t ms_target_type(uint64_t module, uint64_t number)
{
	return number ? module << NUMBER_BITS | number : 0;
}

static uint64_t module_of(uint64_t type)
{
	return type >> NUMBER_BITS;
}

static uint64_t in_file(uint64_t type)
{
	return type & (((uint64_t)1 << NUMBER_BITS) - 1);
}

static bool is_go_runtime(uint64_t type)
{
	return module_of(type) == GO_RUNTIME;
}

static bool is_known(const struct ms_target *target, uint64_t type)
{
	return target->answers && module_of(type) == SNAPSHOT;
}

static struct ms_dwarf *dwarf_of(struct ms_target *target, uint64_t type)
{
	uint64_t module = module_of(type);

	return module < target->module_count ? target->modules[module].dwarf : NULL;
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
		*type_out = ms_target_type(GO_RUNTIME, *type_out);
	return status;
}

static void answer_lookup(void *user, const char *name, uint64_t *type_out, int64_t *answer)
{
	struct ms_target *target = user;
	/* A pointer or an array is asked for as a whole because Go names those, too: no reason to index libraries in C.  */
	bool made_of_others = *name && strchr("*]", name[strlen(name) - 1]);
	int64_t status = MS_NOT_FOUND;
	size_t at = 0, i;

	if (ms_target_is_interrupted(target, answer))
		return;
	if (target->answers)
		target->known.lookup(target->answers, name, type_out, &status);
	if (status == MS_OK) {
		*type_out = ms_target_type(SNAPSHOT, *type_out);
		*answer = MS_OK;
		return;
	}
	status = MS_NOT_FOUND;
	if (*name == '@') {
		*answer = lookup_descriptor(target, name, type_out);
		return;
	}
	while (status == MS_NOT_FOUND && (i = ms_target_next_module(target, &at)) < target->module_count) {
		if (i && made_of_others)
			break;
		status = ms_target_told(target, target->modules[i].dwarf,
					ms_dwarf_lookup(target->modules[i].dwarf, name, MS_DWARF_NO_PC, type_out));
		if (status == MS_OK)
			*type_out = ms_target_type(i, *type_out);
	}
	*answer = status;
}

static void answer_type(void *user, uint64_t type, struct ms_type *out, int64_t *answer)
{
	struct ms_target *target = user;
	struct ms_dwarf *dwarf = dwarf_of(target, type);

	if (ms_target_is_interrupted(target, answer))
		return;
	int64_t status = dwarf		       ? ms_target_told(target, dwarf, ms_dwarf_type(dwarf, in_file(type), out))
			 : is_go_runtime(type) ? ms_gotypes_type(target->gotypes, in_file(type), out)
					       : MS_NOT_FOUND;
	if (is_known(target, type))
		target->known.type(target->answers, in_file(type), out, &status);
	if (status == MS_OK)
		out->target = ms_target_type(module_of(type), out->target);
	*answer = status;
}

static void answer_field(void *user, uint64_t type, uint32_t index, struct ms_field *out, int64_t *answer)
{
	struct ms_target *target = user;
	struct ms_dwarf *dwarf = dwarf_of(target, type);

	if (ms_target_is_interrupted(target, answer))
		return;
	int64_t status = dwarf ? ms_target_told(target, dwarf, ms_dwarf_field(dwarf, in_file(type), index, out))
			 : is_go_runtime(type) ? ms_gotypes_field(target->gotypes, in_file(type), index, out)
					       : MS_NOT_FOUND;
	if (is_known(target, type))
		target->known.field(target->answers, in_file(type), index, out, &status);
	if (status == MS_OK)
		out->type = ms_target_type(module_of(type), out->type);
	*answer = status;
}

static void answer_derive(void *user, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out, int64_t *answer)
{
	struct ms_target *target = user;

	if (ms_target_is_interrupted(target, answer))
		return;
	if (is_known(target, type)) {
		target->known.derive(target->answers, kind, in_file(type), count, type_out, answer);
		*type_out = ms_target_type(module_of(type), *type_out);
		return;
	}
	/* Any module that has types has void.  */
	for (size_t i = 0; !type && i < target->module_count; i++)
		if (ms_target_dwarf(target, i)) {
			type = (uint64_t)i << NUMBER_BITS;
			break;
		}
	struct ms_dwarf *dwarf = dwarf_of(target, type);
	int64_t status = dwarf ? ms_dwarf_derive(dwarf, kind, in_file(type), count, type_out)
			 : is_go_runtime(type)
				 ? ms_gotypes_derive(target->gotypes, kind, in_file(type), count, type_out)
				 : MS_NOT_FOUND;
	if (status == MS_OK)
		*type_out = ms_target_type(module_of(type), *type_out);
	*answer = status;
}

static void answer_runtime_type(void *user, uint64_t address, uint64_t *type_out, int64_t *answer)
{
	struct ms_target *target = user;
	int64_t status = MS_NOT_FOUND;

	if (ms_target_is_interrupted(target, answer))
		return;
	for (size_t i = 0; i < target->module_count && status == MS_NOT_FOUND; i++) {
		struct ms_dwarf *dwarf = ms_target_own_dwarf(target, i);
		if (dwarf)
			status = ms_dwarf_runtime_type(dwarf, address - target->modules[i].bias, type_out);
		if (status == MS_OK)
			*type_out = ms_target_type(i, *type_out);
	}
	*answer = status;
}

void ms_target_answer_types(struct ms_types *table)
{
	table->lookup = answer_lookup;
	table->type = answer_type;
	table->field = answer_field;
	table->derive = answer_derive;
	table->runtime_type = answer_runtime_type;
}
