/* Contexts: what the caller lent, the last error, and how long the library may work before it returns.  */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "context.h"
#include "mem/mem.h"
#include "types/types.h"

uint32_t ms_abi(void)
{
	return MS_ABI;
}

const char *ms_version(void)
{
	return "0.1";
}

static bool memory_is_usable(const struct ms_memory *memory)
{
	return memory->size >= sizeof *memory && memory->read &&
	       (memory->pointer_size == 4 || memory->pointer_size == 8) && memory->big_endian <= 1;
}

struct ms_context *ms_new(const struct ms_memory *memory, const struct ms_types *types)
{
	if (!memory_is_usable(memory) || types->size < sizeof *types)
		return NULL;

	struct ms_context *ctx = calloc(1, sizeof *ctx);
	if (!ctx)
		return NULL;
	ctx->memory = *memory;
	ctx->types = *types;
	ctx->default_limit = 200;
	return ctx;
}

void ms_free(struct ms_context *ctx)
{
	if (!ctx)
		return;
	ms_forget(ctx);
	ms_mem_fini(ctx);
	ms_buf_fini(&ctx->error);
	ms_buf_fini(&ctx->scratch);
	free(ctx);
}

int32_t ms_set_memory(struct ms_context *ctx, const struct ms_memory *memory)
{
	if (!memory_is_usable(memory))
		return ms_fail(ctx, MS_USAGE, "memory table: size, read, pointer_size or big_endian is wrong");
	ctx->memory = *memory;
	ms_mem_forget(ctx);
	return MS_OK;
}

void ms_forget(struct ms_context *ctx)
{
	ms_types_forget(ctx);
	ms_mem_forget(ctx);
}

void ms_set_default_limit(struct ms_context *ctx, uint64_t rows)
{
	ctx->default_limit = rows;
}

const char *ms_error(const struct ms_context *ctx)
{
	return ms_buf_text(&ctx->error);
}

int32_t ms_fail(struct ms_context *ctx, int32_t code, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	ms_buf_clear(&ctx->error);
	ms_buf_str(&ctx->error, line);
	ctx->short_of_memory |= code == MS_NO_MEMORY || ctx->error.failed;
	return code;
}

int32_t ms_stopped(const struct ms_context *ctx)
{
	return ctx->interrupted ? MS_INTERRUPTED : ctx->short_of_memory ? MS_NO_MEMORY : MS_OK;
}

int32_t ms_told(struct ms_context *ctx, int64_t answer)
{
	if (answer == MS_UNANSWERED || answer == MS_INTERRUPTED) {
		ctx->interrupted = true;
		return ms_fail(ctx, MS_INTERRUPTED, "interrupted");
	}
	if (answer == MS_NO_MEMORY)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory");
	ctx->untold |= answer != MS_OK && answer != MS_NOT_FOUND;
	return answer == MS_OK ? MS_OK : MS_NOT_FOUND;
}

const char *ms_escape(struct ms_context *ctx, const char *text, uint64_t size)
{
	ms_buf_clear(&ctx->scratch);
	ms_buf_escaped(&ctx->scratch, text, size, 0);
	ctx->short_of_memory |= ctx->scratch.failed;
	return ms_buf_text(&ctx->scratch);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void ms_slice_begin(struct ms_context *ctx, uint32_t slice_ms)
{
	ctx->deadline = now_ns() + (uint64_t)slice_ms * 1000000;
	ctx->interrupted = ctx->short_of_memory = false;
}

bool ms_slice_over(const struct ms_context *ctx)
{
	return now_ns() >= ctx->deadline;
}
