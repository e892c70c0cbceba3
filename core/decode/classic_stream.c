/* Reading an array of buckets in chunks; a fault is narrowed to the page.  */
#include "decode/classic_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "mem/mem.h"

enum { CHUNK_FIRST = 16 << 10, CHUNK_MOST = 1 << 20 };

void classic_stream_begin(struct classic_stream *stream, struct ms_context *ctx, uint64_t address, uint64_t size)
{
	stream->ctx = ctx;
	stream->address = address;
	stream->bucket_size = size;
	stream->ask = CHUNK_FIRST;
	stream->first = stream->count = stream->faults = 0;
}

void classic_stream_fini(struct classic_stream *stream)
{
	free(stream->bytes);
	free(stream->unreadable);
	*stream = (struct classic_stream){ 0 };
}

static bool reserve(struct classic_stream *stream, uint64_t bytes)
{
	if (bytes <= stream->capacity)
		return true;
	free(stream->bytes);
	free(stream->unreadable);
	stream->bytes = malloc(bytes);
	stream->unreadable = malloc(bytes / stream->bucket_size);
	stream->capacity = stream->bytes && stream->unreadable ? bytes : 0;
	return stream->capacity != 0;
}

static void mark(struct classic_stream *stream, uint64_t at, uint64_t count)
{
	memset(stream->unreadable + at, 1, count);
	stream->damaged = true;
}

/* Reads BYTES at ADDRESS into the chunk; buckets that touch an unreadable page are marked.  */
static int32_t read_pages(struct classic_stream *stream, uint64_t address, uint64_t bytes)
{
	uint64_t done = 0, size = stream->bucket_size;

	while (done < bytes && !classic_stream_gave_up(stream)) {
		int64_t got = ms_mem_read(stream->ctx, address + done, stream->bytes + done, bytes - done);
		if (got < 0)
			return (int32_t)got;
		done += (uint64_t)got;
		if (done >= bytes)
			break;
		stream->faults = got ? 1 : stream->faults + 1;
		uint64_t page_end = MS_PAGE - (address + done) % MS_PAGE, lost = ms_min(page_end, bytes - done);
		mark(stream, done / size, (done + lost - 1) / size - done / size + 1);
		done += lost;
	}
	if (done < bytes)
		mark(stream, done / size, bytes / size - done / size);
	else if (!stream->unreadable[bytes / size - 1])
		stream->faults = 0;
	return MS_OK;
}

int32_t classic_stream_read(struct classic_stream *stream, uint64_t index, uint64_t last)
{
	uint64_t size = stream->bucket_size, address;
	uint64_t count = ms_min(last - index, stream->ask / size ? stream->ask / size : 1);

	stream->first = index;
	stream->count = 0;
	if (!reserve(stream, count * size))
		return MS_NO_MEMORY;
	memset(stream->unreadable, 0, count);
	stream->damaged = false;
	if (!ms_element(stream->address, index, size, &address))
		return MS_FAULT; /* cannot be: the header was checked */
	int32_t status = read_pages(stream, address, count * size);
	if (status == MS_OK)
		stream->count = count;
	stream->ask = ms_min(stream->ask * 2, CHUNK_MOST);
	return status;
}

uint64_t classic_stream_run(const struct classic_stream *stream, uint64_t at)
{
	uint64_t run = stream->damaged ? 1 : stream->count - at;

	while (at + run < stream->count && !stream->unreadable[at + run] == !stream->unreadable[at])
		run++;
	return run;
}

/* A loop for each size, since this looks at every bucket of a map.  */
uint64_t classic_zeros(const uint8_t *bytes, uint64_t stride, uint64_t count, uint32_t pointer_size)
{
	uint64_t at = 0, wide = 0;
	uint32_t narrow = 0;

	if (pointer_size == sizeof wide)
		for (; at < count && !wide; at++, bytes += stride)
			memcpy(&wide, bytes, sizeof wide);
	else
		for (; at < count && !narrow; at++, bytes += stride)
			memcpy(&narrow, bytes, sizeof narrow);
	return wide || narrow ? at - 1 : at;
}
