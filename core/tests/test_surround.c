/* What map-save reads of the process around a map, on a process that lies in the fake target's memory; whatever its numbers
   claim, the reads end.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "cmd/surround.h"
#include "context.h"
#include "fake_target.h"

enum {
	PROGRAM = 0x400000,
	HEADERS = PROGRAM + 64,
	DYNAMIC = 0x402000,
	LIST = 0x500000,  /* struct r_debug; files of one page each behind it */
	STACK = 0x700f80, /* the stack pointer */
	STACK_END = 0x702000,
};

struct process {
	struct fake_target t;
	uint64_t auxv[12];
	struct ms_mapping mappings[3];
	struct ms_process_facts facts;
	int64_t answer;
	bool registers;
	struct ms_types types;
	struct ms_corefile core;
	struct ms_buf lacks;
};

static void answer_process(void *user, struct ms_process_facts *out, int64_t *answer)
{
	struct process *p = user;

	*out = p->facts;
	*answer = p->answer;
}

static void answer_register(void *user, const char *name, uint64_t *value_out, int64_t *answer)
{
	struct process *p = user;

	*value_out = !strcmp(name, "rsp") ? STACK : 0x401000;
	*answer = p->registers ? MS_OK : MS_NOT_FOUND;
}

static void answer_symbol(void *user, const char *name, uint64_t *address_out, int64_t *answer)
{
	(void)user;
	(void)name;
	(void)address_out;
	*answer = MS_NOT_FOUND;
}

static void put(struct process *p, uint64_t address, uint64_t size, uint64_t value)
{
	fake_write_uint(&p->t, address, size, value);
}

static void put_segment(struct process *p, unsigned i, uint32_t type, uint64_t address, uint64_t size)
{
	uint64_t at = HEADERS + i * sizeof(Elf64_Phdr);

	put(p, at, 4, type);
	put(p, at + offsetof(Elf64_Phdr, p_vaddr), 8, address - PROGRAM); /* position-independent */
	put(p, at + offsetof(Elf64_Phdr, p_memsz), 8, size);
}

/* File N of the list, with its name on a page of its own.  */
static void put_loaded(struct process *p, uint64_t n, uint64_t next)
{
	uint64_t at = LIST + 0x1000 * n, name = at + 0x100000 - 8; /* over the end of a page */

	fake_map_pages(&p->t, at, 1);
	fake_map_pages(&p->t, name, 16);
	fake_write(&p->t, name, "/lib/a/b.so", 12);
	put(p, at, 8, 0x10000 * n);
	put(p, at + 8, 8, name);
	put(p, at + 16, 8, 0);
	put(p, at + 24, 8, next);
}

static void setup(struct process *p)
{
	*p = (struct process){ .answer = MS_OK, .registers = true };
	fake_init(&p->t, 8, false);
	fake_open(&p->t);
	fake_map_pages(&p->t, PROGRAM, 0x3000);
	fake_map_pages(&p->t, STACK, STACK_END - STACK + 1);
	fake_write(&p->t, PROGRAM, ELFMAG, SELFMAG);
	put(p, PROGRAM + offsetof(Elf64_Ehdr, e_machine), 2, EM_X86_64);
	put_segment(p, 0, PT_PHDR, HEADERS, 2 * sizeof(Elf64_Phdr));
	put_segment(p, 1, PT_DYNAMIC, DYNAMIC, 64);
	put(p, DYNAMIC, 8, DT_NEEDED);
	put(p, DYNAMIC + 16, 8, DT_DEBUG);
	put(p, DYNAMIC + 24, 8, LIST);
	fake_map_pages(&p->t, LIST, 1);
	put(p, LIST + 8, 8, LIST + 0x1000);
	put_loaded(p, 1, LIST + 0x2000);
	put_loaded(p, 2, 0);
	const uint64_t auxv[] = { AT_PHDR,	    HEADERS, AT_PHENT, sizeof(Elf64_Phdr), AT_PHNUM, 2, AT_ENTRY,
				  PROGRAM + 0x1000, AT_NULL, 0 };
	memcpy(p->auxv, auxv, sizeof auxv);
	p->mappings[0] = (struct ms_mapping){ PROGRAM, PROGRAM + 0x1000, 0, "/opt/program" };
	p->mappings[1] = (struct ms_mapping){ PROGRAM + 0x1000, PROGRAM + 0x3000, 0x1000, "/opt/program" };
	p->facts = (struct ms_process_facts){ .size = sizeof p->facts,
					      .pid = 7,
					      .auxv = p->auxv,
					      .auxv_size = sizeof auxv,
					      .mappings = p->mappings,
					      .mapping_count = 2,
					      .stack_end = STACK_END };
	p->types = p->t.ctx->types;
	p->types.user = p;
	p->types.process = answer_process;
	p->types.reg = answer_register;
	p->types.symbol = answer_symbol;
	p->core = (struct ms_corefile){ .pointer_size = 8 };
	fake_reset_counts(&p->t);
}

static void teardown(struct process *p)
{
	ms_corefile_fini(&p->core);
	ms_buf_fini(&p->lacks);
	fake_fini(&p->t);
}

static int32_t run(struct process *p)
{
	ms_slice_begin(p->t.ctx, 1000);
	return ms_surround(p->t.ctx, &p->types, &p->core, &p->lacks);
}

static bool was_read(const struct process *p, uint64_t address)
{
	for (uint64_t i = 0; i < p->t.reads; i++)
		if (address >= p->t.log[i].address && address - p->t.log[i].address < p->t.log[i].size)
			return true;
	return false;
}

static void what_debuggers_need_is_read(void **state)
{
	struct process p;

	(void)state;
	setup(&p);
	assert_int_equal(run(&p), MS_OK);
	assert_int_equal(p.core.machine, EM_X86_64);
	assert_string_equal(ms_buf_text(&p.lacks), "");
	const uint64_t needed[] = { PROGRAM,	     DYNAMIC + 24, LIST + 8, LIST + 0x1000, LIST + 0x2000,
				    LIST + 0x101ffc, STACK - 128,  STACK,    STACK_END };
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		assert_true(was_read(&p, needed[i]));
	assert_false(was_read(&p, STACK_END + 0x2000));
	teardown(&p);
}

/* The page below the stack pointer may not be there yet.  */
static void stack_begins_at_a_page(void **state)
{
	struct process p;

	(void)state;
	setup(&p);
	fake_unmap_pages(&p.t, STACK - 0x1000, 0x1000);
	fake_unmap_pages(&p.t, STACK & ~0xfffull, 0x1000);
	p.facts.stack_end = 0x703000;
	fake_map_pages(&p.t, 0x701000, 0x3000);
	assert_int_equal(run(&p), MS_OK);
	teardown(&p);
}

static void what_is_not_known_is_said(void **state)
{
	struct process p;

	(void)state;
	setup(&p);
	p.answer = MS_NOT_FOUND;
	assert_int_equal(run(&p), MS_OK);
	fake_contains(ms_buf_text(&p.lacks), "not known: the process");
	assert_int_equal(p.core.notes.size, 0);
	p.answer = MS_UNANSWERED;
	assert_int_equal(run(&p), MS_INTERRUPTED);
	p.answer = MS_OK;
	p.registers = false;
	ms_buf_clear(&p.lacks);
	assert_int_equal(run(&p), MS_OK);
	fake_contains(ms_buf_text(&p.lacks), "not known: the registers, which stand as 0");
	put(&p, PROGRAM + offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64);
	fake_open(&p.t);
	p.core.machine = 0;
	ms_buf_clear(&p.lacks);
	assert_int_equal(run(&p), MS_OK);
	fake_contains(ms_buf_text(&p.lacks), "left out: the registers");
	p.facts.auxv_size = p.facts.mapping_count = 0;
	p.facts.lacks = "\033[31m";
	ms_buf_clear(&p.lacks);
	assert_int_equal(run(&p), MS_OK);
	fake_contains(ms_buf_text(&p.lacks), "\\x1b[31m\n");
	fake_contains(ms_buf_text(&p.lacks), "not known: the machine");
	teardown(&p);
}

/* Each of at most 4096 files takes some reads, where the cache of pages does not help.  */
static void reads_end_whatever_is_claimed(void **state)
{
	struct process p;

	(void)state;
	setup(&p);
	put_loaded(&p, 2, LIST + 0x1000); /* a circle */
	assert_int_equal(run(&p), MS_OK);
	assert_true(p.t.reads < 5 * 4096);
	put_segment(&p, 1, PT_DYNAMIC, DYNAMIC, UINT64_MAX);
	fake_open(&p.t);
	assert_int_equal(run(&p), MS_OK);
	p.facts.stack_end = UINT64_MAX;
	fake_open(&p.t);
	fake_reset_counts(&p.t);
	assert_int_equal(run(&p), MS_OK);
	fake_contains(ms_buf_text(&p.lacks), "all but the 8 MiB");
	assert_true(p.t.reads < 5 * 4096);
	srand(3);
	for (int round = 0; round < 2000; round++) {
		uint64_t places[] = { HEADERS, HEADERS + 56, DYNAMIC, LIST, LIST + 0x1000, LIST + 0x2000 };
		uint64_t at = places[rand() % 6] + (uint64_t)(rand() % 7) * 8;
		put(&p, at, 8, (uint64_t)rand() << (rand() % 40));
		p.auxv[rand() % 10] = rand() % 3 ? (uint64_t)(rand() % 12) : (uint64_t)rand() << (rand() % 33);
		p.facts.stack_end = (uint64_t)rand() << (rand() % 33);
		fake_open(&p.t);
		fake_reset_counts(&p.t);
		assert_int_equal(run(&p), MS_OK);
		assert_true(p.t.reads < 5 * 4096);
		if (round % 50 == 0) {
			bool kept = p.registers;
			teardown(&p);
			setup(&p);
			p.registers = kept;
		}
	}
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_debuggers_need_is_read),
		cmocka_unit_test(stack_begins_at_a_page),
		cmocka_unit_test(what_is_not_known_is_said),
		cmocka_unit_test(reads_end_whatever_is_claimed),
	};

	return cmocka_run_group_tests_name("surround", tests, NULL, NULL);
}
