/* Reading a live process of this machine by process_vm_readv. Read-only, and it does not stop the process.  */
#define _GNU_SOURCE
#include <errno.h>
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
	enum { MOST = 256 }; /* below IOV_MAX; more saves nothing */
	struct iovec local[MOST], remote[MOST];
	size_t n = count < MOST ? count : MOST;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		local[i] = (struct iovec){ ranges[i].buffer, ranges[i].size };
		remote[i] = (struct iovec){ (void *)(uintptr_t)ranges[i].address, ranges[i].size };
	}
	ssize_t got = process_vm_readv((pid_t)pid, local, n, remote, n, 0);
	size_t whole = 0;
	while (whole < n && got > 0 && (uint64_t)got >= ranges[whole].size)
		got -= (ssize_t)ranges[whole++].size;
	return whole;
}
