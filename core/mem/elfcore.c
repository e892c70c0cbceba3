/* Reads ELF cores by plain file reads. Every number of the file is taken for a claim: sizes are held against the file's own
   before anything is allocated, and additions against overflow.  */
#include "mem/elfcore.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "mapscope.h"

enum {
	NOTES_MOST = 64 << 20,	  /* bytes of notes that are looked at; 10 000 threads need 30 MB */
	SEGMENTS_MOST = 1 << 20,  /* a process has at most 65 530 mappings unless its sysctl is raised */
	COMMAND_SIZE = 15,	  /* characters of pr_fname; the 16th byte is its NUL */
	COMMAND_BEFORE_END = 96,  /* of note NT_PRPSINFO: pr_fname and, last, the 80 bytes of pr_psargs */
	LINK_NAME_MOST = 1 << 16, /* characters of a file name in NT_FILE */
};

struct segment {
	uint64_t start, size; /* in memory, of what the file has or should have */
	uint64_t offset;
	int fd;
	bool writable;
};

struct segments {
	struct segment *all; /* by start */
	size_t count;
};

/* The data of a note.  */
struct note {
	const uint8_t *data;
	uint64_t size;
};

struct ms_elfcore {
	int fd;
	uint64_t file_size;
	struct ms_elfcore_facts facts;
	struct segments own; /* also empty ones: what they held was left out */
	struct segments lent;
	char **notes; /* kept for what is in them */
	size_t note_count;
	struct note *threads; /* NT_PRSTATUS */
	size_t thread_count;
	struct ms_mapping *mappings;
	char command[COMMAND_SIZE + 1];
};

/* Where things stand in the headers of either class.  */
struct header_layout {
	size_t header_size, phoff, shoff, phentsize, phnum, shentsize;
	size_t segment_size, p_flags, p_offset, p_vaddr, p_filesz, p_align;
	size_t section_size, sh_info;
	size_t word;
};

#define LAYOUT(class)                                                                                                  \
	{                                                                                                              \
		sizeof(Elf##class##_Ehdr), offsetof(Elf##class##_Ehdr, e_phoff), offsetof(Elf##class##_Ehdr, e_shoff), \
			offsetof(Elf##class##_Ehdr, e_phentsize), offsetof(Elf##class##_Ehdr, e_phnum),                \
			offsetof(Elf##class##_Ehdr, e_shentsize), sizeof(Elf##class##_Phdr),                           \
			offsetof(Elf##class##_Phdr, p_flags), offsetof(Elf##class##_Phdr, p_offset),                   \
			offsetof(Elf##class##_Phdr, p_vaddr), offsetof(Elf##class##_Phdr, p_filesz),                   \
			offsetof(Elf##class##_Phdr, p_align), sizeof(Elf##class##_Shdr),                               \
			offsetof(Elf##class##_Shdr, sh_info), class / 8                                                \
	}

static const struct header_layout layouts[] = { LAYOUT(32), LAYOUT(64) };

static const struct header_layout *layout_of(const struct ms_elfcore *core)
{
	return &layouts[core->facts.pointer_size == 8];
}

static uint64_t load(const struct ms_elfcore *core, const uint8_t *at, size_t size)
{
	return ms_load(at, size, core->facts.big_endian);
}

static uint64_t load_word(const struct ms_elfcore *core, const uint8_t *at)
{
	return load(core, at, layout_of(core)->word);
}

/* How many leading bytes came.  */
static uint64_t read_at(int fd, uint64_t offset, void *buffer, uint64_t size)
{
	uint64_t done = 0;

	while (done < size && offset + done <= INT64_MAX) {
		ssize_t got = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (uint64_t)got;
	}
	return done;
}

static int64_t bad(struct ms_buf *error, const char *path, const char *what)
{
	ms_buf_escaped(error, path, strlen(path), 0);
	ms_buf_printf(error, ": %s", what);
	return MS_BAD_TYPE;
}

static int64_t no_memory(struct ms_buf *error)
{
	ms_buf_str(error, "out of memory");
	return MS_NO_MEMORY;
}

/* ---- Segments ---- */

/* The last one that begins at or below ADDRESS; COUNT when there is none.  */
static size_t find_below(const struct segments *segments, uint64_t address)
{
	size_t low = 0, high = segments->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (segments->all[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : segments->count;
}

/* The one that has the byte at ADDRESS; NULL: none has.  */
static const struct segment *find_holder(const struct segments *segments, uint64_t address)
{
	size_t i = find_below(segments, address);

	if (i == segments->count || address - segments->all[i].start >= segments->all[i].size)
		return NULL;
	return &segments->all[i];
}

static int by_start(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (x->size > y->size) - (x->size < y->size);
}

int64_t ms_elfcore_read(const struct ms_elfcore *core, uint64_t address, void *buffer, uint64_t len)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t at = address + done, rest = len - done;
		const struct segment *own = find_holder(&core->own, at);
		const struct segment *from = own ? own : find_holder(&core->lent, at);
		if (!from || at < address)
			break;
		uint64_t part = ms_min(rest, from->size - (at - from->start));
		if (!own) { /* not beyond where the core itself goes on */
			size_t next = find_below(&core->own, at);
			next = next == core->own.count ? 0 : next + 1;
			if (next < core->own.count)
				part = ms_min(part, core->own.all[next].start - at);
		}
		uint64_t got = read_at(from->fd, from->offset + (at - from->start), (char *)buffer + done, part);
		done += got;
		if (got < part)
			break;
	}
	return (int64_t)done;
}

const uint8_t *ms_elfcore_thread(const struct ms_elfcore *core, size_t n, uint64_t *size_out)
{
	*size_out = n < core->thread_count ? core->threads[n].size : 0;
	return n < core->thread_count ? core->threads[n].data : NULL;
}

bool ms_elfcore_writable(const struct ms_elfcore *core, uint64_t address)
{
	size_t i = find_below(&core->own, address);

	if (core->facts.answers) /* which holds only some pages of what was mapped */
		return find_holder(&core->own, address);
	return i < core->own.count && core->own.all[i].writable;
}

bool ms_elfcore_segment(const struct ms_elfcore *core, size_t n, uint64_t *address_out)
{
	if (n >= core->own.count)
		return false;
	*address_out = core->own.all[n].start;
	return true;
}

bool ms_elfcore_lend(struct ms_elfcore *core, uint64_t address, uint64_t size, int fd, uint64_t offset)
{
	struct segments *lent = &core->lent;
	uint64_t end;

	if (size == 0 || !ms_add(address, size - 1, &end) || !ms_add(offset, size, &end))
		return true;
	struct segment *all = realloc(lent->all, (lent->count + 1) * sizeof *all);
	if (!all)
		return false;
	lent->all = all;
	all[lent->count++] = (struct segment){ .start = address, .size = size, .offset = offset, .fd = fd };
	qsort(all, lent->count, sizeof *all, by_start);
	return true;
}

/* ---- Program headers ---- */

/* One PT_LOAD. What it claims beyond the end of the address space does not exist, and beyond the file's it is missing.  */
static void add_segment(struct ms_elfcore *core, const uint8_t *header)
{
	const struct header_layout *layout = layout_of(core);
	struct segment segment = {
		.start = load_word(core, header + layout->p_vaddr),
		.size = load_word(core, header + layout->p_filesz),
		.offset = load_word(core, header + layout->p_offset),
		.fd = core->fd,
		.writable = load(core, header + layout->p_flags, 4) & PF_W,
	};
	uint64_t last = core->facts.pointer_size == 8 ? UINT64_MAX : UINT32_MAX, missing = 0;

	if (segment.size && segment.size - 1 > last - segment.start)
		segment.size = last - segment.start + 1;
	if (segment.offset > core->file_size)
		missing = segment.size;
	else if (segment.size > core->file_size - segment.offset)
		missing = segment.size - (core->file_size - segment.offset);
	if (!ms_add(core->facts.missing, missing, &core->facts.missing))
		core->facts.missing = UINT64_MAX;
	segment.size -= missing;
	core->own.all[core->own.count++] = segment;
}

/* The number of program headers: beyond 65 534 it stands in the first section header.  */
static uint64_t header_count(const struct ms_elfcore *core, const uint8_t *header)
{
	const struct header_layout *layout = layout_of(core);
	uint64_t count = load(core, header + layout->phnum, 2), offset = load_word(core, header + layout->shoff);
	uint8_t section[sizeof(Elf64_Shdr)];

	if (count != PN_XNUM || !offset ||
	    read_at(core->fd, offset, section, layout->section_size) < layout->section_size)
		return count;
	return load(core, section + layout->sh_info, 4);
}

/* ---- Notes ---- */

static void take_auxv(struct ms_elfcore *core, const uint8_t *at, uint64_t size)
{
	size_t word = layout_of(core)->word;

	core->facts.auxv = at;
	core->facts.auxv_size = size;
	for (; size >= 2 * word; at += 2 * word, size -= 2 * word)
		if (load_word(core, at) == AT_ENTRY)
			core->facts.entry = load_word(core, at + word);
}

static void take_command(struct ms_elfcore *core, const uint8_t *at, uint64_t size)
{
	if (size >= COMMAND_BEFORE_END)
		memcpy(core->command, at + size - COMMAND_BEFORE_END, COMMAND_SIZE);
}

/* count, page size, COUNT times start, end and offset in pages, COUNT names with their NULs: Linux 3.7 and later,
   fs/binfmt_elf.c, fill_files_note. False: memory is short. A note that makes no sense is taken as far as it does.  */
static bool take_files(struct ms_elfcore *core, const uint8_t *at, uint64_t size)
{
	size_t word = layout_of(core)->word, done = 0;

	if (size < 2 * word || core->mappings)
		return true;
	uint64_t count = load_word(core, at), page = load_word(core, at + word);
	if (count > (size - 2 * word) / (3 * word))
		return true;
	const uint8_t *entry = at + 2 * word, *name = entry + count * 3 * word, *end = at + size;
	core->mappings = calloc(count + 1, sizeof *core->mappings);
	if (!core->mappings)
		return false;
	for (; done < count && name < end; done++, entry += 3 * word) {
		const uint8_t *nul = memchr(name, 0, ms_min((uint64_t)(end - name), LINK_NAME_MOST));
		struct ms_mapping *mapping = &core->mappings[done];
		*mapping = (struct ms_mapping){ load_word(core, entry), load_word(core, entry + word), 0,
						(const char *)name };
		if (!nul || mapping->end < mapping->start ||
		    !ms_mul(load_word(core, entry + 2 * word), page, &mapping->offset))
			break;
		name = nul + 1;
	}
	core->facts.mappings = core->mappings;
	core->facts.mapping_count = done;
	return true;
}

static void take(const uint8_t **out, uint64_t *size_out, const uint8_t *data, uint64_t size)
{
	*out = data;
	*size_out = size;
}

/* False: memory is short.  */
static bool add_thread(struct ms_elfcore *core, const uint8_t *data, uint64_t size)
{
	size_t count = core->thread_count;

	if ((count & (count - 1)) == 0) { /* a power of two: full */
		struct note *threads = realloc(core->threads, (count ? 2 * count : 1) * sizeof *threads);
		if (!threads)
			return false;
		core->threads = threads;
	}
	core->threads[core->thread_count++] = (struct note){ data, size };
	core->facts.status = core->threads[0].data;
	core->facts.status_size = core->threads[0].size;
	return true;
}

static bool is_ours(const uint8_t *name, uint64_t size)
{
	return size >= sizeof MS_SNAPSHOT_OWNER && !memcmp(name, MS_SNAPSHOT_OWNER, sizeof MS_SNAPSHOT_OWNER);
}

static uint64_t padded(uint64_t size, uint64_t align)
{
	return (size + align - 1) / align * align;
}

static bool take_notes(struct ms_elfcore *core, const uint8_t *at, uint64_t size, uint64_t align)
{
	bool whole = true;

	while (size >= sizeof(Elf64_Nhdr) && whole) { /* 12 bytes in either class */
		uint64_t name_size = padded(load(core, at, 4), align), data_size = load(core, at + 4, 4);
		uint64_t type = load(core, at + 8, 4), rest = size - sizeof(Elf64_Nhdr);
		const uint8_t *name = at + sizeof(Elf64_Nhdr), *data = name + ms_min(name_size, rest);
		if (name_size > rest || data_size > rest - name_size)
			break; /* cut off */
		bool from_kernel = name_size >= 5 && !memcmp(name, "CORE", 5);
		if (from_kernel && type == NT_AUXV)
			take_auxv(core, data, data_size);
		else if (from_kernel && type == NT_PRPSINFO)
			take_command(core, data, data_size);
		else if (from_kernel && type == NT_FILE)
			whole = take_files(core, data, data_size);
		else if (from_kernel && type == NT_PRSTATUS)
			whole = add_thread(core, data, data_size);
		else if (is_ours(name, name_size) && type == MS_SNAPSHOT_NOTE)
			take(&core->facts.answers, &core->facts.answers_size, data, data_size);
		uint64_t step = ms_min(padded(data_size, align), rest - name_size);
		at = data + step;
		size = rest - name_size - step;
	}
	return whole;
}

static bool read_notes(struct ms_elfcore *core, const uint8_t *header)
{
	const struct header_layout *layout = layout_of(core);
	uint64_t offset = load_word(core, header + layout->p_offset), size = load_word(core, header + layout->p_filesz);
	uint64_t align = load_word(core, header + layout->p_align) == 8 ? 8 : 4;

	if (offset >= core->file_size)
		return true;
	size = ms_min(ms_min(size, core->file_size - offset), NOTES_MOST);
	char **notes = realloc(core->notes, (core->note_count + 1) * sizeof *notes);
	if (!notes)
		return false;
	core->notes = notes;
	notes[core->note_count] = malloc(size + 1);
	if (!notes[core->note_count])
		return false;
	uint8_t *data = (uint8_t *)notes[core->note_count++];
	return take_notes(core, data, read_at(core->fd, offset, data, size), align);
}

/* ---- The whole ---- */

static const char *packed_by(const uint8_t *magic)
{
	static const struct {
		const char *magic, *tool;
	} known[] = { { "\x28\xb5\x2f\xfd", "zstd -d" },
		      { "\x04\x22\x4d\x18", "lz4 -d" },
		      { "\xfd\x37\x7a\x58", "xz -d" },
		      { "\x1f\x8b\x08", "gzip -d" } };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!memcmp(magic, known[i].magic, strlen(known[i].magic)))
			return known[i].tool;
	return NULL;
}

/* What kind of file it is, by its first bytes.  */
static int64_t take_header(struct ms_elfcore *core, const char *path, const uint8_t *header, uint64_t have,
			   struct ms_buf *error)
{
	static const char *const types[] = { "of no type", "an object file", "an executable", "a program or library" };

	if (have >= 4 && packed_by(header)) {
		ms_buf_escaped(error, path, strlen(path), 0);
		ms_buf_printf(error, ": a compressed file: unpack it first (%s)", packed_by(header));
		return MS_BAD_TYPE;
	}
	if (have < EI_NIDENT || memcmp(header, ELFMAG, SELFMAG))
		return bad(error, path, "not an ELF file; expected a core file");
	if ((header[EI_CLASS] != ELFCLASS32 && header[EI_CLASS] != ELFCLASS64) ||
	    (header[EI_DATA] != ELFDATA2LSB && header[EI_DATA] != ELFDATA2MSB))
		return bad(error, path, "an ELF file of neither 32 nor 64 bit, or of no byte order");
	core->facts.pointer_size = header[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	core->facts.big_endian = header[EI_DATA] == ELFDATA2MSB;
	if (have < layout_of(core)->header_size)
		return bad(error, path, "an ELF file that ends within its header");
	uint64_t type = load(core, header + EI_NIDENT, 2);
	core->facts.machine = (uint16_t)load(core, header + EI_NIDENT + 2, 2);
	if (type == ET_CORE)
		return MS_OK;
	ms_buf_escaped(error, path, strlen(path), 0);
	ms_buf_printf(error, ": not a core file, but %s", type < ET_CORE ? types[type] : "something else in ELF");
	return MS_BAD_TYPE;
}

static int64_t take_segments(struct ms_elfcore *core, const char *path, const uint8_t *header, struct ms_buf *error)
{
	const struct header_layout *layout = layout_of(core);
	uint64_t count = header_count(core, header), step = layout->segment_size;
	uint64_t offset = load_word(core, header + layout->phoff);

	if (count == 0 || load(core, header + layout->phentsize, 2) != step)
		return bad(error, path, "a core without program headers");
	if (offset >= core->file_size)
		return bad(error, path, "a core that ends before its program headers");
	count = ms_min(ms_min(count, (core->file_size - offset) / step), SEGMENTS_MOST);
	_cleanup_free_ uint8_t *headers = malloc(count * step + 1);
	core->own.all = calloc(count + 1, sizeof *core->own.all);
	if (!headers || !core->own.all)
		return no_memory(error);
	count = read_at(core->fd, offset, headers, count * step) / step;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *at = headers + i * step;
		uint64_t type = load(core, at, 4); /* p_type is first in either class */
		if (type == PT_LOAD)
			add_segment(core, at);
		else if (type == PT_NOTE && !read_notes(core, at))
			return no_memory(error);
	}
	if (!core->own.count && !core->facts.answers) /* a nil map lies nowhere */
		return bad(error, path, "a core that holds no memory");
	qsort(core->own.all, core->own.count, sizeof *core->own.all, by_start);
	return MS_OK;
}

int64_t ms_elfcore_open(const char *path, struct ms_elfcore **out, struct ms_buf *error)
{
	uint8_t header[sizeof(Elf64_Ehdr)] = { 0 };
	struct ms_elfcore *core = calloc(1, sizeof *core);
	struct stat status;

	if (!core)
		return no_memory(error);
	core->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	core->facts.command = core->command;
	if (core->fd < 0 || fstat(core->fd, &status) < 0) {
		ms_buf_escaped(error, path, strlen(path), 0);
		ms_buf_printf(error, ": cannot be opened: %s", strerror(errno));
		ms_elfcore_free(core);
		return MS_IO;
	}
	core->file_size = (uint64_t)status.st_size;
	int64_t result = MS_OK;
	if (!S_ISREG(status.st_mode))
		result = bad(error, path, "not a regular file; expected a core file");
	if (result == MS_OK)
		result = take_header(core, path, header, read_at(core->fd, 0, header, sizeof header), error);
	if (result == MS_OK)
		result = take_segments(core, path, header, error);
	if (result == MS_OK)
		*out = core;
	else
		ms_elfcore_free(core);
	return result;
}

void ms_elfcore_free(struct ms_elfcore *core)
{
	if (!core)
		return;
	if (core->fd >= 0)
		close(core->fd);
	for (size_t i = 0; i < core->note_count; i++)
		free(core->notes[i]);
	free(core->notes);
	free(core->threads);
	free(core->mappings);
	free(core->own.all);
	free(core->lent.all);
	free(core);
}

const struct ms_elfcore_facts *ms_elfcore_facts(const struct ms_elfcore *core)
{
	return &core->facts;
}
