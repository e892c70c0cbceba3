#include "allocations.h"

uint64_t allocations, fail_allocation;
size_t largest_growth;

static bool allocation_fails(void)
{
	return fail_allocation && ++allocations == fail_allocation;
}

void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return allocation_fails() ? NULL : __interceptor_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __interceptor_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	largest_growth = size > largest_growth ? size : largest_growth;
	return allocation_fails() ? NULL : __interceptor_realloc(old, size);
}

/* All that the fake target itself needs is there before.  */
struct fake_run fake_run_short_of_memory(struct fake_target *t, const char *name, const char *line, uint64_t n)
{
	struct fake_run run = { .status = MS_FAILED };
	uint64_t size;

	allocations = 0;
	fail_allocation = n;
	struct ms_command *cmd = ms_command_new(t->ctx, name, line);
	while (cmd && ms_command_step(cmd, 1000) == MS_AGAIN)
		;
	t->provoked = allocations >= n;
	fail_allocation = 0;
	const char *out = cmd ? ms_command_output(cmd, &size) : "";
	run.out = fake_format("%s", out);
	run.error = fake_format("%s", cmd ? ms_command_error(cmd) : "out of memory");
	run.status = cmd ? ms_command_status(cmd) : MS_FAILED;
	ms_command_free(cmd);
	return run;
}
