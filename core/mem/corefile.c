/* The layout of a core on Linux: fs/binfmt_elf.c, include/uapi/linux/elfcore.h. Written field by field, since the machine that
   writes need not be the one that the core is of; so no library for ELF is needed, and the decoder loads none.  */
#include "mem/corefile.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "mem/mem.h"

enum {
	NOTE_ALIGN = 4,
	RUN_MOST = 1 << 18, /* pages of one segment: 1 GiB */
	/* struct elf_prstatus of x86-64 */
	STATUS_SIZE = 336,
	STATUS_SIGNAL = 12,
	STATUS_PID = 32,
	STATUS_REGISTERS = 112,
	/* struct elf_prpsinfo, with words of 4 and 8 bytes; its last members, of 16 and 80 bytes, are the names */
	INFO_SIZE_4 = 124,
	INFO_SIZE_8 = 136,
	INFO_PID_4 = 12,
	INFO_PID_8 = 24,
	INFO_NAME = 16,
	INFO_NAMES = 96,
	TRAP = 5, /* SIGTRAP: why it stopped; a debugger did it */
};

/* struct user_regs_struct of x86-64, in its order.  */
static const char *const x86_64[] = { "r15",	"r14", "r13", "r12",	 "rbp",	    "rbx", "r11",      "r10", "r9",
				      "r8",	"rax", "rcx", "rdx",	 "rsi",	    "rdi", "orig_rax", "rip", "cs",
				      "eflags", "rsp", "ss",  "fs_base", "gs_base", "ds",  "es",       "fs",  "gs" };
enum { REGISTERS = sizeof x86_64 / sizeof *x86_64 };

void ms_corefile_fini(struct ms_corefile *core)
{
	ms_buf_fini(&core->notes);
}

static void put(const struct ms_corefile *core, struct ms_buf *buf, uint64_t value, uint32_t size)
{
	uint8_t bytes[8];

	ms_store(bytes, size, value, core->big_endian);
	ms_buf_add(buf, bytes, size);
}

static void put_word(const struct ms_corefile *core, struct ms_buf *buf, uint64_t value)
{
	put(core, buf, value, core->pointer_size);
}

static void pad(struct ms_buf *buf, size_t align)
{
	while (buf->size % align && !buf->failed)
		ms_buf_add(buf, "", 1);
}

/* ---- Notes ---- */

void ms_corefile_note(struct ms_corefile *core, const char *owner, uint32_t type, const void *data, uint64_t size)
{
	struct ms_buf *notes = &core->notes;

	put(core, notes, strlen(owner) + 1, 4);
	put(core, notes, size, 4);
	put(core, notes, type, 4);
	ms_buf_add(notes, owner, strlen(owner) + 1);
	pad(notes, NOTE_ALIGN);
	ms_buf_add(notes, data, size);
	pad(notes, NOTE_ALIGN);
}

int ms_corefile_x86_64(const char *name)
{
	for (int i = 0; i < REGISTERS; i++)
		if (!strcmp(x86_64[i], name))
			return STATUS_REGISTERS + 8 * i;
	return -1;
}

bool ms_corefile_registers(struct ms_corefile *core, int64_t tid,
			   bool (*reg)(void *user, const char *name, uint64_t *out), void *user)
{
	uint8_t status[STATUS_SIZE] = { 0 };
	uint64_t pc, sp;

	if (core->machine != EM_X86_64)
		return false;
	bool placed = reg(user, "rip", &pc) && reg(user, "rsp", &sp);
	for (int i = 0; i < REGISTERS && placed; i++) {
		bool flags = !strcmp(x86_64[i], "eflags"), call = !strcmp(x86_64[i], "orig_rax");
		uint64_t value = 0;
		if (!reg(user, x86_64[i], &value) && !(flags && reg(user, "rflags", &value)))
			value = call ? UINT64_MAX : 0; /* in no system call */
		ms_store(status + STATUS_REGISTERS + 8 * i, 8, value, false);
	}
	ms_store(status, 4, TRAP, false);
	ms_store(status + STATUS_SIGNAL, 2, TRAP, false);
	ms_store(status + STATUS_PID, 4, (uint64_t)tid, false);
	ms_corefile_note(core, "CORE", NT_PRSTATUS, status, sizeof status);
	return placed;
}

void ms_corefile_program(struct ms_corefile *core, int64_t pid, const char *program)
{
	uint8_t info[INFO_SIZE_8] = { 0 };
	bool wide = core->pointer_size == 8;
	size_t size = wide ? INFO_SIZE_8 : INFO_SIZE_4;
	const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	uint8_t *names = info + size - INFO_NAMES;

	ms_store(info + (wide ? INFO_PID_8 : INFO_PID_4), 4, (uint64_t)pid, core->big_endian);
	memcpy(names, name, strnlen(name, INFO_NAME - 1));
	memcpy(names + INFO_NAME, program, strnlen(program, INFO_NAMES - INFO_NAME - 1));
	ms_corefile_note(core, "CORE", NT_PRPSINFO, info, size);
}

void ms_corefile_files(struct ms_corefile *core, const struct ms_mapping *mappings, uint64_t count)
{
	struct ms_buf list = { 0 };

	put_word(core, &list, count);
	put_word(core, &list, MS_PAGE);
	for (uint64_t i = 0; i < count; i++) {
		put_word(core, &list, mappings[i].start);
		put_word(core, &list, mappings[i].end);
		put_word(core, &list, mappings[i].offset / MS_PAGE);
	}
	for (uint64_t i = 0; i < count; i++)
		ms_buf_add(&list, mappings[i].path, strlen(mappings[i].path) + 1);
	ms_corefile_note(core, "CORE", NT_FILE, list.data, list.size);
	core->notes.failed |= list.failed;
	ms_buf_fini(&list);
}

/* ---- Headers ---- */

static void put_header(const struct ms_corefile *core, struct ms_buf *buf, uint64_t segments)
{
	bool wide = core->pointer_size == 8, many = segments >= PN_XNUM;
	uint8_t ident[EI_NIDENT] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3 };
	size_t header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);

	ident[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	ident[EI_DATA] = core->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	ident[EI_VERSION] = EV_CURRENT;
	ident[EI_OSABI] =
		ELFOSABI_LINUX; /* lldb 19 opens no core of which it does not know that, as of a static program */
	ms_buf_add(buf, ident, sizeof ident);
	put(core, buf, ET_CORE, 2);
	put(core, buf, core->machine, 2);
	put(core, buf, EV_CURRENT, 4);
	put_word(core, buf, 0); /* e_entry */
	put_word(core, buf, header + (many ? (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) : 0));
	put_word(core, buf, many ? header : 0);
	put(core, buf, 0, 4); /* e_flags */
	put(core, buf, header, 2);
	put(core, buf, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
	put(core, buf, many ? PN_XNUM : segments, 2);
	put(core, buf, wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2);
	put(core, buf, many, 2); /* e_shnum */
	put(core, buf, 0, 2);	 /* e_shstrndx */
	if (!many)
		return;
	/* Section 0, whose sh_info is the number of segments: elf(5), PN_XNUM.  */
	put(core, buf, 0, 4);
	put(core, buf, SHT_NULL, 4);
	for (int word = 0; word < 4; word++)
		put_word(core, buf, 0);
	put(core, buf, 0, 4);
	put(core, buf, segments, 4);
	put_word(core, buf, 0);
	put_word(core, buf, 0);
}

static void put_segment(const struct ms_corefile *core, struct ms_buf *buf, uint32_t type, uint64_t offset,
			uint64_t address, uint64_t size)
{
	bool load = type == PT_LOAD;
	uint32_t flags = load ? PF_R | PF_W : 0;

	put(core, buf, type, 4);
	if (core->pointer_size == 8)
		put(core, buf, flags, 4);
	put_word(core, buf, offset);
	put_word(core, buf, address);
	put_word(core, buf, 0); /* p_paddr */
	put_word(core, buf, size);
	put_word(core, buf, load ? size : 0);
	if (core->pointer_size == 4)
		put(core, buf, flags, 4);
	put_word(core, buf, load ? 1 : NOTE_ALIGN);
}

static uint64_t count_runs(const struct ms_pages *pages)
{
	uint64_t count = 0, address, size;

	for (size_t at = 0; ms_pages_run(pages, &at, RUN_MOST, &address, &size);)
		count++;
	return count;
}

bool ms_corefile_begin(const struct ms_corefile *core, const struct ms_pages *pages, FILE *file)
{
	struct ms_buf head = { 0 };
	uint64_t segments = count_runs(pages) + 1, address, size;
	uint64_t notes, offset;

	put_header(core, &head, segments);
	notes = head.size + segments * (core->pointer_size == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
	put_segment(core, &head, PT_NOTE, notes, 0, core->notes.size);
	offset = notes + core->notes.size;
	for (size_t at = 0; ms_pages_run(pages, &at, RUN_MOST, &address, &size); offset += size)
		put_segment(core, &head, PT_LOAD, offset, address, size);
	errno = ENOMEM;
	bool whole = !head.failed && !core->notes.failed && fwrite(head.data, 1, head.size, file) == head.size &&
		     fwrite(ms_buf_text(&core->notes), 1, core->notes.size, file) == core->notes.size;
	ms_buf_fini(&head);
	return whole;
}
