/* Reading a live process of this machine by process_vm_readv. Read-only, and it does not stop the process.  */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "mapscope.h"
#include "mem/mem.h"

int64_t ms_live_read(int64_t pid, uint64_t address, void *buffer, uint64_t size)
{
	uint64_t done = 0;

	while (done < size) {
		struct iovec local = { (char *)buffer + done, size - done };
		struct iovec remote = { (void *)(uintptr_t)(address + done), size - done };
		ssize_t got = process_vm_readv((pid_t)pid, &local, 1, &remote, 1, 0);
		if (got < 0 && errno != EFAULT && done == 0)
			return MS_REFUSED;
		if (got <= 0)
			break;
		done += (uint64_t)got;
	}
	return (int64_t)done;
}

size_t ms_live_read_many(int64_t pid, const struct ms_range *ranges, size_t count)
{
	/* IOVECS is below IOV_MAX. Bytes between neighbours are read too, and dropped: less work than a part more.  */
	enum { IOVECS = 512, GAP = 512 };
	struct iovec local[IOVECS], remote[IOVECS];
	uint8_t gaps[GAP];
	size_t parts = 0, remotes = 0, n = 0, whole = 0;
	uint64_t end = 0;

	for (; n < count && parts + 2 <= IOVECS; n++) {
		const struct ms_range *range = &ranges[n];
		bool near = n && range->address >= end && range->address - end <= GAP;
		if (near && range->address > end)
			local[parts++] = (struct iovec){ gaps, range->address - end };
		local[parts++] = (struct iovec){ range->buffer, range->size };
		if (near)
			remote[remotes - 1].iov_len += range->address - end + range->size;
		else
			remote[remotes++] = (struct iovec){ (void *)(uintptr_t)range->address, range->size };
		end = range->address + range->size;
	}
	ssize_t got = n ? process_vm_readv((pid_t)pid, local, parts, remote, remotes, 0) : 0;
	for (uint64_t at = n ? ranges[0].address : 0; whole < n && got > 0; whole++) {
		const struct ms_range *range = &ranges[whole];
		uint64_t gap = range->address >= at && range->address - at <= GAP ? range->address - at : 0;
		if ((uint64_t)got < gap + range->size)
			break;
		got -= (ssize_t)(gap + range->size);
		at = range->address + range->size;
	}
	return whole;
}
