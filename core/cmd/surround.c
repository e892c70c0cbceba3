/* Follows what the kernel and the dynamic linker leave in memory for debuggers: the auxiliary vector leads to the program
   headers, these to the dynamic section, that to the list of loaded files (elf.h, link.h). Each number is a claim.  */
#include "cmd/surround.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "mem/mem.h"

enum {
	RED_ZONE = 128,		 /* bytes below the stack pointer that code may use: x86-64 psABI, 3.2.2 */
	ABOVE = 4096,		 /* bytes of the outermost frame */
	STACK_MOST = 8 << 20,	 /* bytes */
	HEADERS_MOST = 64,	 /* program headers */
	DYNAMIC_MOST = 64 << 10, /* bytes */
	LOADED_MOST = 4096,	 /* files */
	NAME_MOST = 4096,	 /* characters of one's name */
	MAPPINGS_MOST = 1 << 20,
	AUXV_MOST = 64 << 10,
	THREAD = 4 << 10, /* bytes around the middle of glibc's struct pthread */
	THREADS_MOST = 256,
	VDSO = 8 << 10, /* bytes that the kernel maps for the C library: its ELF headers and symbols */
};

struct surround {
	struct ms_context *ctx;
	const struct ms_types *from;
	struct ms_corefile *core;
	struct ms_buf *lacks;
	uint8_t *auxv; /* copies of what the caller said */
	uint64_t auxv_size;
	struct ms_mapping *mappings;
	uint64_t mapping_count;
	uint64_t stack_end;
	int64_t pid;
};

static void lack(struct surround *s, const char *line)
{
	ms_buf_printf(s->lacks, "%s\n", line);
}

static uint64_t word_at(const struct surround *s, const uint8_t *bytes)
{
	return ms_load(bytes, s->core->pointer_size, s->core->big_endian);
}

/* Whether all SIZE bytes came; that they were read is what counts.  */
static bool get(struct surround *s, uint64_t address, void *buffer, uint64_t size)
{
	return ms_mem_read_cached(s->ctx, address, buffer, size) == MS_OK;
}

/* Reads the pages of that range, as far as they are there.  */
static void touch(struct surround *s, uint64_t address, uint64_t size)
{
	uint8_t page[MS_PAGE];
	uint64_t end;

	if (!ms_add(address, size, &end))
		return;
	for (uint64_t at = address / MS_PAGE * MS_PAGE; at < end && ms_stopped(s->ctx) == MS_OK; at += MS_PAGE)
		if (ms_mem_read(s->ctx, at, page, sizeof page) <= 0)
			break;
}

/* ---- What the caller says ---- */

static bool copy_mappings(struct surround *s, const struct ms_process_facts *facts)
{
	uint64_t count = ms_min(facts->mapping_count, MAPPINGS_MOST);

	s->mappings = calloc(count + 1, sizeof *s->mappings);
	for (uint64_t i = 0; s->mappings && i < count; i++) {
		s->mappings[i] = facts->mappings[i];
		s->mappings[i].path = strdup(facts->mappings[i].path);
		if (!s->mappings[i].path)
			return false;
		s->mapping_count++;
	}
	return s->mappings;
}

static int32_t ask(struct surround *s)
{
	struct ms_process_facts facts = { .size = sizeof facts };
	int64_t answer = s->from->process ? MS_UNANSWERED : MS_NOT_FOUND;

	if (s->from->process)
		s->from->process(s->from->user, &facts, &answer);
	if (answer == MS_UNANSWERED || answer == MS_INTERRUPTED)
		return MS_INTERRUPTED;
	if (answer != MS_OK)
		return MS_NOT_FOUND;
	s->pid = facts.pid;
	s->stack_end = facts.stack_end;
	s->auxv_size = ms_min(facts.auxv_size, AUXV_MOST);
	s->auxv = malloc(s->auxv_size + 1);
	if (!s->auxv || !copy_mappings(s, &facts))
		return MS_NO_MEMORY;
	memcpy(s->auxv, facts.auxv_size ? facts.auxv : "", s->auxv_size);
	if (facts.lacks)
		ms_buf_escaped(s->lacks, facts.lacks, strlen(facts.lacks), 0);
	ms_buf_str(s->lacks, facts.lacks ? "\n" : "");
	return MS_OK;
}

static uint64_t auxv_entry(const struct surround *s, uint64_t type)
{
	uint64_t word = s->core->pointer_size;

	for (uint64_t at = 0; s->auxv_size - at >= 2 * word; at += 2 * word)
		if (word_at(s, s->auxv + at) == type)
			return word_at(s, s->auxv + at + word);
	return 0;
}

/* ---- The program ---- */

/* The mapping that its first page is in, by where it begins to run; NULL: not known.  */
static const struct ms_mapping *find_program(const struct surround *s)
{
	uint64_t entry = auxv_entry(s, AT_ENTRY);
	const char *path = NULL;

	for (uint64_t i = 0; i < s->mapping_count && !path; i++)
		if (entry >= s->mappings[i].start && entry < s->mappings[i].end)
			path = s->mappings[i].path;
	for (uint64_t i = 0; i < s->mapping_count && path; i++)
		if (!s->mappings[i].offset && !strcmp(s->mappings[i].path, path))
			return &s->mappings[i];
	return NULL;
}

/* Its machine stands in its ELF header.  */
static void find_machine(struct surround *s, const struct ms_mapping *program)
{
	uint8_t header[sizeof(Elf64_Ehdr)];

	if (program && get(s, program->start, header, sizeof header) && !memcmp(header, ELFMAG, SELFMAG))
		s->core->machine = (uint16_t)ms_load(header + offsetof(Elf64_Ehdr, e_machine), 2, s->core->big_endian);
	else
		lack(s, "not known: the machine, since the program's ELF header cannot be read");
}

/* ---- Loaded files ---- */

/* Where the segment of that TYPE lies, by the file's own addresses.  */
static bool find_segment(struct surround *s, uint32_t type, uint64_t *address_out, uint64_t *size_out)
{
	uint64_t at = auxv_entry(s, AT_PHDR), count = ms_min(auxv_entry(s, AT_PHNUM), HEADERS_MOST);
	bool wide = s->core->pointer_size == 8;
	size_t step = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	uint8_t headers[HEADERS_MOST * sizeof(Elf64_Phdr)];

	if (!at || !count || auxv_entry(s, AT_PHENT) != step || !get(s, at, headers, count * step))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *header = headers + i * step;
		if (ms_load(header, 4, s->core->big_endian) != type)
			continue;
		*address_out =
			word_at(s, header + (wide ? offsetof(Elf64_Phdr, p_vaddr) : offsetof(Elf32_Phdr, p_vaddr)));
		*size_out = word_at(s, header + (wide ? offsetof(Elf64_Phdr, p_memsz) : offsetof(Elf32_Phdr, p_memsz)));
		return true;
	}
	return false;
}

/* What the loader added to the program's addresses.  */
static uint64_t load_bias(struct surround *s)
{
	uint64_t address, size;

	return find_segment(s, PT_PHDR, &address, &size) ? auxv_entry(s, AT_PHDR) - address : 0;
}

/* The value of the dynamic section's entry DT_DEBUG: where the list of loaded files begins. 0: there is none.  */
static uint64_t find_list(struct surround *s)
{
	uint64_t address, size, word = s->core->pointer_size, list = 0;

	if (!find_segment(s, PT_DYNAMIC, &address, &size))
		return 0;
	size = ms_min(size, DYNAMIC_MOST);
	uint8_t *entries = malloc(size + 1);
	if (entries && get(s, address + load_bias(s), entries, size))
		for (uint64_t at = 0; size - at >= 2 * word && !list; at += 2 * word)
			if (word_at(s, entries + at) == DT_DEBUG)
				list = word_at(s, entries + at + word);
	free(entries);
	return list;
}

static void read_name(struct surround *s, uint64_t address)
{
	char part[64];

	/* Within a page, whose end may be that of memory.  */
	for (uint64_t at = address, size; at - address < NAME_MOST; at += size) {
		size = ms_min(sizeof part, MS_PAGE - at % MS_PAGE);
		if (!get(s, at, part, size) || memchr(part, 0, size))
			return;
	}
}

/* struct r_debug: a version, the list's head; struct link_map: bias, name, dynamic section, next, previous.  */
static void read_loaded(struct surround *s)
{
	uint64_t word = s->core->pointer_size, list = find_list(s), at = 0;
	uint8_t record[5 * 8];

	if (!list || !get(s, list, record, 5 * word))
		return;
	at = word_at(s, record + word);
	for (int i = 0; i < LOADED_MOST && at && get(s, at, record, 5 * word); i++) {
		read_name(s, word_at(s, record + word));
		at = word_at(s, record + 3 * word);
	}
}

/* ---- The thread ---- */

static bool reg(void *user, const char *name, uint64_t *out)
{
	struct surround *s = user;
	int64_t answer = MS_UNANSWERED;

	if (!s->from->reg)
		return false;
	s->from->reg(s->from->user, name, out, &answer);
	s->ctx->interrupted |= answer == MS_UNANSWERED || answer == MS_INTERRUPTED;
	return answer == MS_OK;
}

static void read_thread(struct surround *s)
{
	uint64_t sp, end = s->stack_end;

	if (!ms_corefile_registers(s->core, s->pid, reg, s)) {
		lack(s,
		     s->core->machine == EM_X86_64
			     ? "not known: the registers, which stand as 0; local variables have no values without them"
			     : "left out: the registers, whose place in a core is known of x86-64 only; local "
			       "variables have no "
			       "values without them");
		return;
	}
	if (!reg(s, "rsp", &sp))
		return;
	if (end < sp || end - sp > STACK_MOST) {
		if (end > sp)
			lack(s, "left out: of the stack, all but the 8 MiB of the innermost frames");
		end = end < sp ? sp : sp + STACK_MOST;
	}
	touch(s, sp - RED_ZONE, RED_ZONE); /* which may be a page that is not there yet */
	touch(s, sp, end - sp + ABOVE);
}

static uint64_t symbol(struct surround *s, const char *name)
{
	int64_t answer = MS_UNANSWERED;
	uint64_t address = 0;

	s->from->symbol(s->from->user, name, &address, &answer);
	s->ctx->interrupted |= answer == MS_UNANSWERED || answer == MS_INTERRUPTED;
	return answer == MS_OK ? address : 0;
}

/* glibc's list of threads, without which gdb complains at length: nptl_db, which its libthread_db is, reads for each list where
   in ld.so's variables it begins, then its members, each within its thread's struct pthread.  */
static void read_threads(struct surround *s)
{
	static const char *const lists[] = { "_thread_db_rtld_global__dl_stack_used",
					     "_thread_db_rtld_global__dl_stack_user" };
	uint64_t pointer = symbol(s, "__nptl_rtld_global"), word = s->core->pointer_size, globals;
	uint8_t bytes[12];

	if (!pointer || !get(s, pointer, bytes, word))
		return;
	globals = word_at(s, bytes);
	for (int i = 0; i < 2; i++) {
		uint64_t field = symbol(s, lists[i]); /* its bits, number and offset, 4 bytes each */
		if (!field || !get(s, field, bytes, sizeof bytes))
			continue;
		uint64_t head = globals + ms_load(bytes + 8, 4, s->core->big_endian), at = head;
		for (int n = 0; n < THREADS_MOST && get(s, at, bytes, word); n++) {
			at = word_at(s, bytes);
			if (at == head)
				break;
			touch(s, at - THREAD / 2, THREAD);
		}
	}
}

/* ---- The whole ---- */

static int32_t surround(struct surround *s)
{
	int32_t status = ask(s);
	struct ms_corefile *core = s->core;

	if (status == MS_NOT_FOUND) {
		lack(s, "not known: the process; debuggers cannot place its program");
		return MS_OK;
	}
	if (status < 0)
		return status;
	const struct ms_mapping *program = find_program(s);
	find_machine(s, program);
	read_thread(s);
	ms_corefile_program(core, s->pid, program ? program->path : "");
	if (s->auxv_size)
		ms_corefile_note(core, "CORE", NT_AUXV, s->auxv, s->auxv_size);
	if (s->mapping_count)
		ms_corefile_files(core, s->mappings, s->mapping_count);
	read_loaded(s);
	read_threads(s);
	touch(s, auxv_entry(s, AT_SYSINFO_EHDR), auxv_entry(s, AT_SYSINFO_EHDR) ? VDSO : 0);
	return ms_stopped(s->ctx);
}

int32_t ms_surround(struct ms_context *ctx, const struct ms_types *from, struct ms_corefile *core, struct ms_buf *lacks)
{
	struct surround s = { .ctx = ctx, .from = from, .core = core, .lacks = lacks };
	int32_t status = surround(&s);

	for (uint64_t i = 0; i < s.mapping_count; i++)
		free((char *)s.mappings[i].path);
	free(s.mappings);
	free(s.auxv);
	return status;
}
