/* Which way a read goes (directly, or through the caller), the page cache for small reads, and batches.  */
#include "mem/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/cleanup.h"
#include "context.h"

enum { LINES = 256 }; /* 1 MiB of pages, mapped directly by page number */

struct ms_cache {
	uint64_t page[LINES]; /* page number + 1; 0: empty */
	uint32_t have[LINES]; /* readable leading bytes */
	uint8_t data[LINES][MS_PAGE];
};

static int64_t read_by_caller(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size)
{
	int64_t answer = MS_UNANSWERED;

	ctx->memory.read(ctx->memory.user, address, buffer, size, &answer);
	if (answer == MS_UNANSWERED || answer == MS_INTERRUPTED) {
		ctx->interrupted = true;
		return MS_INTERRUPTED;
	}
	return answer < 0 ? 0 : (int64_t)ms_min((uint64_t)answer, size);
}

int64_t ms_mem_read(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size)
{
	uint64_t end, done = 0;

	if (!ms_add(address, size, &end))
		size = 0 - address; /* up to the end of the address space */
	if (size == 0)
		return 0;
	if (ctx->memory.pid) {
		int64_t got = ms_live_read(ctx->memory.pid, address, buffer, size);
		if (got == (int64_t)size)
			return got;
		if (got < 0)
			ctx->memory.pid = 0; /* the kernel refuses: through the debugger from now on */
		else
			done = (uint64_t)got; /* a debugger also reads pages that the process itself may not */
	}
	int64_t rest = read_by_caller(ctx, address + done, (uint8_t *)buffer + done, size - done);
	return rest < 0 ? rest : (int64_t)done + rest;
}

/* The line that holds PAGE, filled. NULL: interrupted or out of memory.  */
static const uint8_t *cache_page(struct ms_context *ctx, uint64_t page, uint32_t *have_out)
{
	if (!ctx->cache)
		ctx->cache = calloc(1, sizeof *ctx->cache);
	struct ms_cache *cache = ctx->cache;
	if (!cache) {
		ms_fail(ctx, MS_NO_MEMORY, "out of memory for pages of the target");
		return NULL;
	}

	size_t line = page % LINES;
	if (cache->page[line] != page + 1) {
		cache->page[line] = 0;
		int64_t got = ms_mem_read(ctx, page * MS_PAGE, cache->data[line], MS_PAGE);
		if (got < 0)
			return NULL;
		cache->have[line] = (uint32_t)got;
		cache->page[line] = page + 1;
	}
	*have_out = cache->have[line];
	return cache->data[line];
}

int32_t ms_mem_read_cached(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size)
{
	uint8_t *to = buffer;
	uint64_t end;

	if (!ms_add(address, size, &end))
		return MS_FAULT;
	while (address < end) {
		uint32_t have = 0;
		uint64_t offset = address % MS_PAGE, part = ms_min(MS_PAGE - offset, end - address);
		const uint8_t *data = cache_page(ctx, address / MS_PAGE, &have);
		if (!data)
			return ctx->interrupted ? MS_INTERRUPTED : MS_NO_MEMORY;
		if (offset + part <= have) {
			memcpy(to, data + offset, part);
		} else {
			/* A reader that narrows faults may still have the rest of the page.  */
			int64_t got = ms_mem_read(ctx, address, to, part);
			if (got < (int64_t)part)
				return got == MS_INTERRUPTED ? MS_INTERRUPTED : MS_FAULT;
		}
		to += part;
		address += part;
	}
	return MS_OK;
}

static int by_address(const void *a, const void *b)
{
	const struct ms_range *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static int32_t read_range(struct ms_context *ctx, const struct ms_range *range)
{
	if (range->size > MS_PAGE) { /* not page by page */
		int64_t got = ms_mem_read(ctx, range->address, range->buffer, range->size);
		return got == (int64_t)range->size ? MS_OK : got == MS_INTERRUPTED ? MS_INTERRUPTED : MS_FAULT;
	}
	return ms_mem_read_cached(ctx, range->address, range->buffer, range->size);
}

/* Ranges FROM..TO lie close together: one read for all, or one each when that one falls short.  */
static int32_t read_run(struct ms_context *ctx, struct ms_range *ranges, size_t from, size_t to, uint64_t end)
{
	uint64_t start = ranges[from].address, size = end - start;

	if (to - from > 1) {
		_cleanup_free_ uint8_t *all = malloc(size);
		int64_t got = all ? ms_mem_read(ctx, start, all, size) : 0;
		if (got == MS_INTERRUPTED)
			return MS_INTERRUPTED;
		if (got == (int64_t)size) {
			for (size_t i = from; i < to; i++) {
				memcpy(ranges[i].buffer, all + (ranges[i].address - start), ranges[i].size);
				*ranges[i].status = MS_OK;
			}
			return MS_OK;
		}
	}
	for (size_t i = from; i < to; i++) {
		int32_t status = read_range(ctx, &ranges[i]);
		*ranges[i].status = status;
		if (status == MS_INTERRUPTED || status == MS_NO_MEMORY)
			return status;
	}
	return MS_OK;
}

/* Through the caller: neighbours are read together, since a request costs more than the bytes between them.  */
static int32_t read_many_by_caller(struct ms_context *ctx, struct ms_range *ranges, size_t count)
{
	enum { GAP = 16 << 10, RUN = 256 << 10 };

	qsort(ranges, count, sizeof *ranges, by_address);
	for (size_t from = 0, to; from < count; from = to) {
		uint64_t end;
		to = from + 1;
		if (!ms_add(ranges[from].address, ranges[from].size, &end)) {
			*ranges[from].status = MS_FAULT;
			continue;
		}
		for (uint64_t next; to < count && ms_add(ranges[to].address, ranges[to].size, &next); to++) {
			if (ranges[to].address > end + GAP || next - ranges[from].address > RUN)
				break;
			end = next > end ? next : end;
		}
		int32_t status = read_run(ctx, ranges, from, to, end);
		if (status < 0)
			return status;
	}
	return MS_OK;
}

int32_t ms_mem_read_many(struct ms_context *ctx, struct ms_range *ranges, size_t count)
{
	if (!ctx->memory.pid)
		return read_many_by_caller(ctx, ranges, count);

	for (size_t at = 0; at < count;) {
		size_t whole = ms_live_read_many(ctx->memory.pid, ranges + at, count - at);
		for (size_t i = 0; i < whole; i++)
			*ranges[at++].status = MS_OK;
		if (whole == 0) { /* the first one faults, or the kernel refuses altogether */
			struct ms_range *one = ranges + at++;
			int64_t got = ms_mem_read(ctx, one->address, one->buffer, one->size);
			if (got == MS_INTERRUPTED)
				return MS_INTERRUPTED;
			*one->status = got == (int64_t)one->size ? MS_OK : MS_FAULT;
			if (!ctx->memory.pid)
				return read_many_by_caller(ctx, ranges + at, count - at);
		}
	}
	return MS_OK;
}

void ms_mem_forget(struct ms_context *ctx)
{
	if (ctx->cache)
		memset(ctx->cache->page, 0, sizeof ctx->cache->page);
}

void ms_mem_fini(struct ms_context *ctx)
{
	free(ctx->cache);
	ctx->cache = NULL;
}
