/* Where a file's debug information is. The same places in the same order as gdb's manual names them ("Separate Debug Files"), but
   for debuginfod: nothing here uses a network.  */
#include "types/dwarf_find.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"

static const char *const default_directories[] = { "/usr/lib/debug", NULL };

/* The CRC-32 of zlib and of .gnu_debuglink, over a whole file; false if it cannot be read.  */
static bool file_crc(int fd, uint32_t *out)
{
	static uint32_t table[256];
	uint8_t bytes[65536];
	uint32_t crc = ~0u;
	ssize_t got;
	off_t at = 0;

	for (uint32_t i = 0; i < 256 && !table[255]; i++) {
		uint32_t entry = i;
		for (int bit = 0; bit < 8; bit++)
			entry = entry >> 1 ^ (entry & 1 ? 0xedb88320u : 0);
		table[i] = entry;
	}
	while ((got = pread(fd, bytes, sizeof bytes, at)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
		at += got;
	}
	*out = ~crc;
	return got == 0;
}

static bool has_debug_info(const struct ms_elf *elf)
{
	uint32_t index = ms_elf_find(elf, ".debug_info");

	return index && elf->sections[index].size;
}

/* Not: what dwz moved to a file of its own that several share; what the linker has yet to fill in.  */
static int64_t check_usable(const struct ms_elf *elf, struct ms_buf *error)
{
	if (elf->type == ET_REL) {
		ms_buf_printf(error, "%s: an object file, whose debug information is not linked yet: name the program",
			      elf->path);
		return MS_BAD_TYPE;
	}
	if (!ms_elf_find(elf, ".gnu_debugaltlink"))
		return MS_OK;
	ms_buf_printf(error,
		      "%s: part of its debug information is in a file that dwz made for several programs "
		      "(.gnu_debugaltlink), which is not supported",
		      elf->path);
	return MS_BAD_TYPE;
}

struct search {
	const struct ms_dwarf_options *options;
	const struct ms_elf *from;
	char link[256];
	uint32_t crc;
	char reason[PATH_MAX + 128]; /* why a file that was there does not do */
	struct ms_elf *found;
};

/* Is PATH the separate file? By build-id where both files have one, else by the checksum of the debuglink.  */
static bool try_file(struct search *search, const char *path, bool by_link)
{
	struct ms_elf *elf = NULL;
	struct ms_buf why = { 0 };
	uint32_t crc = 0;
	int64_t status = access(path, R_OK) == 0 ? ms_elf_open(path, &elf, &why) : MS_NOT_FOUND;

	if (status == MS_OK && *elf->build_id && *search->from->build_id)
		status = strcmp(elf->build_id, search->from->build_id) ? MS_NOT_FOUND : MS_OK;
	else if (status == MS_OK && by_link)
		status = file_crc(elf->fd, &crc) && crc == search->crc ? MS_OK : MS_NOT_FOUND;
	if (status == MS_OK && !has_debug_info(elf))
		status = MS_IO;
	if (status == MS_OK)
		search->found = elf;
	else if (elf)
		snprintf(search->reason, sizeof search->reason, "%s %s", path,
			 status == MS_IO ? "has none either" : "belongs to another build");
	if (status != MS_OK)
		ms_elf_free(elf);
	ms_buf_fini(&why);
	return status == MS_OK;
}

static bool try_build_id(struct search *search, const char *directory)
{
	char path[PATH_MAX];
	const char *id = search->from->build_id, *root = search->options->root;

	if (strlen(id) < 4)
		return false;
	int size = snprintf(path, sizeof path, "%s%s/.build-id/%.2s/%s.debug", root ? root : "", directory, id, id + 2);
	return size > 0 && size < (int)sizeof path && try_file(search, path, false);
}

/* The file that the debuglink names, in directory DIRECTORY + OWN + MIDDLE.  */
static bool try_link(struct search *search, const char *directory, const char *own, const char *middle)
{
	char path[PATH_MAX];
	const char *root = search->options->root;

	int size = snprintf(path, sizeof path, "%s%s%s%s/%s", root ? root : "", directory, own, middle, search->link);
	return size > 0 && size < (int)sizeof path && try_file(search, path, true);
}

/* Name and checksum from .gnu_debuglink.  */
static bool read_link(struct search *search, struct ms_elf *elf)
{
	struct ms_buf why = { 0 };
	uint32_t index = ms_elf_find(elf, ".gnu_debuglink");
	bool loaded = index && ms_elf_load(elf, index, &why) == MS_OK;

	ms_buf_fini(&why);
	if (!loaded)
		return false;
	const struct ms_elf_section *section = &elf->sections[index];
	size_t length = section->size ? strnlen((const char *)section->data, section->size) : 0;
	uint64_t crc_at = (length + 4) & ~(uint64_t)3;
	if (length == 0 || length >= sizeof search->link || crc_at + 4 > section->size ||
	    memchr(section->data, '/', length))
		return false;
	memcpy(search->link, section->data, length);
	search->crc = (uint32_t)ms_load(section->data + crc_at, 4, elf->big_endian);
	return true;
}

/* The directory that the file lies in, as seen within the root.  */
static void own_directory(const char *path, const struct ms_dwarf_options *options, char out[PATH_MAX])
{
	*out = 0;
	if (options->real_path)
		snprintf(out, PATH_MAX, "%s", options->real_path);
	else if (!realpath(path, out))
		*out = 0;
	char *slash = strrchr(out, '/');
	if (slash)
		*slash = 0;
}

static bool find_separate(struct search *search, const char *path, struct ms_elf *own)
{
	const char *const *directories =
		search->options->debug_directories ? search->options->debug_directories : default_directories;
	char directory[PATH_MAX];

	for (int i = 0; directories[i]; i++)
		if (try_build_id(search, directories[i]))
			return true;
	if (!read_link(search, own))
		return false;
	own_directory(path, search->options, directory);
	if (try_link(search, "", directory, "") || try_link(search, "", directory, "/.debug"))
		return true;
	for (int i = 0; directories[i]; i++)
		if (try_link(search, directories[i], directory, "") || try_link(search, directories[i], "", ""))
			return true;
	return false;
}

int64_t ms_dwarf_find(const char *path, const struct ms_dwarf_options *options, struct ms_elf **out,
		      struct ms_buf *error)
{
	struct ms_elf *own;
	int64_t status = ms_elf_open(path, &own, error);

	if (status != MS_OK)
		return status;
	if (!has_debug_info(own)) {
		struct search search = { .options = options, .from = own };
		if (!find_separate(&search, path, own)) {
			ms_buf_printf(error, "%s: no debug information (built without -g, or stripped)%s%s", path,
				      *search.reason ? ": " : "", search.reason);
			if (!*search.reason && *own->build_id)
				ms_buf_printf(error, ", and no separate file for build-id %s", own->build_id);
			ms_elf_free(own);
			return MS_NOT_FOUND;
		}
		ms_elf_free(own);
		own = search.found;
	}
	status = check_usable(own, error);
	if (status == MS_OK)
		*out = own;
	else
		ms_elf_free(own);
	return status;
}
