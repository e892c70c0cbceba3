/* Finding the very file that is mapped, and where it lies. A name proves nothing: the file may have been replaced since, so its
   headers are held against their image in memory.  */
#include "cli/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(struct ms_module *module, const char *why)
{
	module->state = MODULE_REFUSED;
	ms_buf_escaped(&module->why, module->given ? module->path : module->name,
		       strlen(module->given ? module->path : module->name), 0);
	ms_buf_printf(&module->why, ": %s", why);
	return false;
}

/* ---- Where it lies ---- */

static bool is_at(const struct ms_module *module, const struct ms_mapped *mapped, uint64_t address, uint64_t offset)
{
	for (size_t i = 0; i < mapped->mapping_count; i++) {
		const struct ms_mapping *mapping = &mapped->mappings[i];
		if (address >= mapping->start && address < mapping->end && !strcmp(mapping->path, module->name))
			return address - mapping->start + mapping->offset == offset;
	}
	return false;
}

/* How many of its segments are there, if the first one is at START: a program may map its own file once more, to read it.  */
static uint32_t segments_there(const struct ms_module *module, const struct ms_mapped *mapped, uint64_t start)
{
	const struct ms_image *image = &module->image;
	uint32_t there = 0;

	for (uint32_t i = 0; i < image->count; i++)
		there += is_at(module, mapped, start - image->segments[0].address + image->segments[i].address,
			       image->segments[i].offset);
	return there;
}

static bool find_start(const struct ms_module *module, const struct ms_mapped *mapped, uint64_t *out)
{
	uint32_t best = 0;

	for (size_t i = 0; i < mapped->mapping_count; i++) {
		const struct ms_mapping *mapping = &mapped->mappings[i];
		if (mapping->offset != module->image.segments[0].offset || strcmp(mapping->path, module->name))
			continue;
		uint32_t there = segments_there(module, mapped, mapping->start);
		if (there > best) {
			best = there;
			*out = mapping->start;
		}
	}
	return best;
}

/* A core without a list of mappings still holds the first page of what was mapped, or at least tells where its executable began
   to run. Without either, a program that lies where its file says is all that can be read.  */
static bool find_without_list(const struct ms_module *module, const struct ms_mapped *mapped, uint64_t *out)
{
	const struct ms_image *file = &module->image;
	struct ms_buf why = { 0 };
	struct ms_image image;
	bool found = false;

	if (mapped->mapping_count || !module->given)
		return false;
	for (size_t i = 0; !found && ms_elfcore_segment(mapped->core, i, out); i++)
		found = ms_image_of_memory(&mapped->memory, *out, &image) && ms_image_same(file, &image, &why);
	ms_buf_fini(&why);
	if (!found)
		*out = file->segments[0].address + (mapped->entry ? mapped->entry - file->entry : 0);
	return found || mapped->entry || !file->movable;
}

static bool is_the_one(struct ms_module *module, const struct ms_mapped *mapped, uint64_t start)
{
	struct ms_buf why = { 0 };
	struct ms_image image;
	struct stat status;

	if (ms_image_of_memory(&mapped->memory, start, &image)) {
		bool same = ms_image_same(&module->image, &image, &why);
		if (!same)
			refuse(module, ms_buf_text(&why));
		ms_buf_fini(&why);
		return same;
	}
	if (!module->given && fstat(module->fd, &status) == 0 && status.st_mtime > mapped->newest)
		return refuse(module, "the file is newer than the core");
	return true;
}

bool ms_module_map(struct ms_module *module, const struct ms_mapped *mapped)
{
	struct stat status;
	uint64_t start;

	if (module->state != MODULE_NEW)
		return module->state == MODULE_MAPPED;
	module->fd = open(module->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (module->fd < 0 || fstat(module->fd, &status) < 0)
		return refuse(module, errno == ENOENT ? "the file is not there" : strerror(errno));
	if (!S_ISREG(status.st_mode) || !ms_image_of_file(module->fd, &module->image))
		return refuse(module, "not an ELF program or library");
	if (!find_start(module, mapped, &start) && !find_without_list(module, mapped, &start))
		return refuse(module, mapped->mapping_count ? "it is not what is mapped under this name"
							    : "the core does not tell where it was loaded");
	if (!is_the_one(module, mapped, start))
		return false;
	module->bias = start - module->image.segments[0].address;
	module->state = MODULE_MAPPED;
	return true;
}

/* ---- What it knows ---- */

/* PATH may be one of /proc, which says nothing to the user.  */
static void say_by_name(struct ms_module *module, const char *error)
{
	size_t size = strlen(module->path);
	bool prefixed = !strncmp(error, module->path, size) && !module->given;

	if (prefixed)
		ms_buf_escaped(&module->why, module->name, strlen(module->name), 0);
	ms_buf_str(&module->why, prefixed ? error + size : error);
}

struct ms_dwarf *ms_module_dwarf(struct ms_module *module)
{
	struct ms_dwarf_options options = { .root = module->root, .real_path = module->given ? NULL : module->name };
	struct ms_buf error = { 0 };

	if (module->debug_known)
		return module->dwarf;
	module->debug_known = true;
	if (ms_dwarf_open(module->path, &options, &module->dwarf, &error) != MS_OK) {
		module->dwarf = NULL;
		say_by_name(module, ms_buf_text(&error));
	}
	ms_buf_fini(&error);
	return module->dwarf;
}

/* Its symbol tables; NULL: they cannot be read.  */
static struct ms_symbols *symbols_of(struct ms_module *module)
{
	struct ms_buf error = { 0 };

	if (!module->symbols && ms_symbols_open(module->path, &module->symbols, &error) != MS_OK)
		module->symbols = NULL;
	ms_buf_fini(&error);
	return module->symbols;
}

bool ms_module_symbol(struct ms_module *module, const char *name, uint64_t *out)
{
	struct ms_symbol symbol;
	bool found;

	if (module->dwarf) {
		found = ms_dwarf_symbol(module->dwarf, name, out) == MS_OK;
	} else {
		found = symbols_of(module) && ms_symbols_find(module->symbols, name, &symbol) == MS_OK;
		*out = found ? symbol.address : 0;
	}
	*out += module->bias;
	return found;
}

const char *ms_module_symbol_at(struct ms_module *module, uint64_t address)
{
	uint64_t in_file = address - module->bias;
	struct ms_symbol symbol;

	if (!symbols_of(module) || ms_symbols_at(module->symbols, in_file, &symbol) != MS_OK)
		return NULL;
	return symbol.address == in_file ? symbol.name : NULL;
}

const char *ms_module_function(struct ms_module *module, uint64_t address)
{
	struct ms_symbol symbol;
	bool found = symbols_of(module) && ms_symbols_at(module->symbols, address - module->bias, &symbol) == MS_OK &&
		     symbol.function;

	return found ? symbol.name : NULL;
}

void ms_module_fini(struct ms_module *module)
{
	ms_dwarf_free(module->dwarf);
	ms_symbols_free(module->symbols);
	if (module->fd >= 0)
		close(module->fd);
	free(module->name);
	free(module->path);
	free(module->root);
	ms_buf_fini(&module->why);
}
