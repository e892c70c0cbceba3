/* Opening a process, a core or a snapshot: which files are its modules, and what they lend where a core leaves it out.  */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/target_inside.h"

enum { MODULES_MOST = 1 << 15 };

/* ---- Modules ---- */

static bool add_module(struct ms_target *target, const char *name)
{
	if (target->module_count == MODULES_MOST)
		return true;
	struct ms_module *grown = realloc(target->modules, (target->module_count + 1) * sizeof *grown);
	if (!grown)
		return false;
	target->modules = grown;
	struct ms_module *module = &grown[target->module_count];
	*module = (struct ms_module){ .name = strdup(name), .path = strdup(name), .fd = -1 };
	target->module_count++;
	return module->name && module->path;
}

static bool has_module(const struct ms_target *target, const char *name)
{
	for (size_t i = 0; i < target->module_count; i++)
		if (!strcmp(target->modules[i].name, name))
			return true;
	return false;
}

/* The executable called EXE first, then every other file that is mapped from its beginning.  */
static bool add_modules(struct ms_target *target, const char *exe)
{
	bool whole = add_module(target, exe);

	for (size_t i = 0; i < target->mapped.mapping_count && whole; i++)
		if (target->mapped.mappings[i].offset == 0 && !has_module(target, target->mapped.mappings[i].path))
			whole = add_module(target, target->mapped.mappings[i].path);
	return whole;
}

static bool replace(char **text, const char *by)
{
	free(*text);
	*text = strdup(by);
	return *text;
}

static bool use_given_exe(struct ms_target *target, const char *exe)
{
	target->modules[0].given = exe;
	return !exe || replace(&target->modules[0].path, exe);
}

static int64_t no_memory(struct ms_buf *error)
{
	ms_buf_clear(error);
	ms_buf_str(error, "out of memory");
	return MS_NO_MEMORY;
}

/* The executable tells how wide pointers are; a process that hides it still has its image in memory.  */
static int64_t take_executable(struct ms_target *target, bool given, struct ms_buf *error)
{
	struct ms_module *exe = &target->modules[0];
	struct ms_image image;

	if (ms_module_map(exe, &target->mapped))
		image = exe->image;
	else if (given || !target->mapped.mapping_count ||
		 !ms_image_of_memory(&target->mapped.memory, target->mapped.mappings[0].start, &image)) {
		ms_buf_str(error, ms_buf_text(&exe->why));
		return MS_IO;
	}
	target->pointer_size = image.pointer_size;
	target->big_endian = image.big_endian;
	return MS_OK;
}

/* ---- A process ---- */

/* Each module's path of ours, and the root around it. A chroot's files go by their names outside of it.  */
static bool find_paths(struct ms_target *target)
{
	const struct ms_mapped *mapped = &target->mapped;
	struct ms_buf path = { 0 }, root = { 0 };
	bool whole = true;

	ms_buf_printf(&root, "/proc/%lld/root", (long long)ms_process_pid(target->process));
	for (size_t i = 0; i < target->module_count && whole; i++) {
		struct ms_module *module = &target->modules[i];
		size_t at = 0;
		while (at < mapped->mapping_count && strcmp(mapped->mappings[at].path, module->name) != 0)
			at++;
		if (at == mapped->mapping_count)
			continue;
		ms_process_path(target->process, &mapped->mappings[at], &path);
		if (access(ms_buf_text(&path), F_OK) == 0)
			whole = replace(&module->path, ms_buf_text(&path));
		ms_buf_clear(&path);
		ms_buf_printf(&path, "%s%s", ms_buf_text(&root), module->name);
		if (whole && access(ms_buf_text(&path), F_OK) == 0)
			whole = replace(&module->root, ms_buf_text(&root));
	}
	ms_buf_fini(&path);
	ms_buf_fini(&root);
	return whole;
}

static int64_t open_process(struct ms_target *target, const struct ms_target_options *options, struct ms_buf *error)
{
	int64_t status = ms_process_open(options->pid, &target->process, error);

	if (status != MS_OK)
		return status;
	const struct ms_process *process = target->process;
	target->mapped.mappings = ms_process_mappings(process, &target->mapped.mapping_count);
	const char *exe = ms_process_exe(process);
	if (!add_modules(target, *exe ? exe : target->mapped.mappings[0].path) || !find_paths(target) ||
	    !use_given_exe(target, options->exe))
		return no_memory(error);
	return take_executable(target, options->exe, error);
}

/* ---- A core ---- */

static const char *core_exe(const struct ms_elfcore_facts *facts)
{
	for (size_t i = 0; i < facts->mapping_count; i++)
		if (facts->entry >= facts->mappings[i].start && facts->entry < facts->mappings[i].end)
			return facts->mappings[i].path;
	return facts->mapping_count ? facts->mappings[0].path : NULL;
}

/* What a core leaves out since a file has it: text and read-only data, but nothing that relocation or the program wrote.  */
static bool lend_module(struct ms_target *target, const struct ms_module *module)
{
	bool whole = true;

	for (uint32_t i = 0; i < module->image.count && whole; i++) {
		const struct ms_image_segment *segment = &module->image.segments[i];
		uint64_t address = segment->address + module->bias;
		if (!segment->writable && !ms_elfcore_writable(target->core, address))
			whole = ms_elfcore_lend(target->core, address, segment->size, module->fd, segment->offset);
	}
	return whole;
}

static bool lend_modules(struct ms_target *target)
{
	bool whole = true;

	/* All are held against the core's own memory before the first is lent.  */
	for (size_t i = 0; i < target->module_count; i++)
		ms_module_map(&target->modules[i], &target->mapped);
	for (size_t i = 0; i < target->module_count && whole; i++)
		if (target->modules[i].state == MODULE_MAPPED)
			whole = lend_module(target, &target->modules[i]);
	return whole;
}

static void note_core(struct ms_target *target, const char *path, const struct ms_elfcore_facts *facts)
{
	if (facts->missing) {
		ms_buf_escaped(&target->notes, path, strlen(path), 0);
		ms_buf_printf(&target->notes, ": the core is truncated: %llu bytes of memory are missing\n",
			      (unsigned long long)facts->missing);
	}
}

/* For a core whose executable is not known or not there.  */
static int64_t ask_for_exe(const struct ms_elfcore_facts *facts, const struct ms_module *exe, struct ms_buf *error)
{
	ms_buf_clear(error);
	if (exe)
		ms_buf_str(error, ms_buf_text(&exe->why));
	else
		ms_buf_str(error, "the core does not name its executable");
	if (!exe && *facts->command) {
		ms_buf_str(error, ", called ");
		ms_buf_escaped(error, facts->command, strlen(facts->command), 0);
	}
	ms_buf_printf(error, "%s; --exe FILE gives it", !exe && facts->missing ? " (it is truncated)" : "");
	return MS_IO;
}

/* A core of map-save tells by itself what its map is.  */
static int64_t open_snapshot(struct ms_target *target, const char *path, const struct ms_elfcore_facts *facts,
			     struct ms_buf *error)
{
	bool short_of_memory;

	target->answers = ms_answers_read(facts->answers, facts->answers_size, &short_of_memory);
	if (short_of_memory)
		return no_memory(error);
	if (target->answers) {
		target->known = ms_answers_replay(target->answers, facts->pointer_size);
		return MS_OK;
	}
	ms_buf_escaped(error, path, strlen(path), 0);
	ms_buf_str(error, ": a snapshot whose types are damaged");
	return MS_BAD_TYPE;
}

static int64_t open_core(struct ms_target *target, const struct ms_target_options *options, struct ms_buf *error)
{
	int64_t status = ms_elfcore_open(options->core, &target->core, error);
	struct stat file;

	if (status != MS_OK)
		return status;
	const struct ms_elfcore_facts *facts = ms_elfcore_facts(target->core);
	const char *exe = core_exe(facts);
	target->mapped.mappings = facts->mappings;
	target->mapped.mapping_count = facts->mapping_count;
	target->mapped.core = target->core;
	target->mapped.entry = facts->entry;
	if (stat(options->core, &file) == 0)
		target->mapped.newest = file.st_mtime;
	target->pointer_size = facts->pointer_size;
	target->big_endian = facts->big_endian;
	note_core(target, options->core, facts);
	if (facts->answers && (status = open_snapshot(target, options->core, facts, error)) < 0)
		return status;
	if (!exe && !options->exe && !target->answers)
		return ask_for_exe(facts, NULL, error);
	if (!exe && !options->exe) /* that of no program */
		exe = "";
	if (!add_modules(target, exe ? exe : options->exe) || !use_given_exe(target, options->exe))
		return no_memory(error);
	struct ms_module *first = &target->modules[0];
	if (!ms_module_map(first, &target->mapped)) {
		if (target->answers && !options->exe)
			return MS_OK;
		if (!options->exe)
			return ask_for_exe(facts, first, error);
		ms_buf_str(error, ms_buf_text(&first->why));
		return MS_IO;
	}
	if (first->image.machine != facts->machine || first->image.pointer_size != facts->pointer_size) {
		ms_buf_escaped(error, first->path, strlen(first->path), 0);
		ms_buf_printf(error, ": for another machine than the core's (ELF number %u, expected %u)",
			      first->image.machine, facts->machine);
		return MS_BAD_TYPE;
	}
	return lend_modules(target) ? MS_OK : no_memory(error);
}

/* ---- The whole ---- */

int64_t ms_target_open(const struct ms_target_options *options, struct ms_target **out, struct ms_buf *error)
{
	struct ms_target *target = calloc(1, sizeof *target);

	if (!target)
		return no_memory(error);
	target->interrupted = options->interrupted;
	target->mapped.memory = (struct ms_image_memory){ target, ms_target_read };
	target->mapped.newest = INT64_MAX;
	int64_t status = options->core ? open_core(target, options, error) : open_process(target, options, error);
	target->told = (struct ms_told){ .process = target->process, .core = target->core };
	if (status == MS_OK)
		*out = target;
	else
		ms_target_free(target);
	return status;
}

void ms_target_free(struct ms_target *target)
{
	if (!target)
		return;
	for (size_t i = 0; i < target->module_count; i++)
		ms_module_fini(&target->modules[i]);
	free(target->modules);
	ms_gotypes_free(target->gotypes);
	ms_answers_free(target->answers);
	ms_told_fini(&target->told);
	ms_process_free(target->process);
	ms_elfcore_free(target->core);
	free(target->held);
	ms_buf_fini(&target->why);
	ms_buf_fini(&target->trouble);
	ms_buf_fini(&target->notes);
	ms_buf_fini(&target->ambiguity);
	ms_buf_fini(&target->all_notes);
	free(target);
}
