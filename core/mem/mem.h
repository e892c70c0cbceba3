/* The target's memory, read only: through the caller's read, or directly where the caller says that this is sound. Knows
   nothing of maps.  */
#ifndef MS_MEM_H
#define MS_MEM_H

#include <stddef.h>
#include <stdint.h>

struct ms_context;

enum { MS_PAGE = 4096 };

/* Copies up to SIZE bytes at ADDRESS. Returns how many leading bytes it got, or MS_INTERRUPTED. No cache.  */
int64_t ms_mem_read(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size);

/* The same through a cache of whole pages, for the small reads of strings and headers. MS_OK when all came, MS_FAULT,
   MS_INTERRUPTED. The cache holds until ms_mem_forget: every command and printer begins with one.  */
int32_t ms_mem_read_cached(struct ms_context *ctx, uint64_t address, void *buffer, uint64_t size);

/* Some small reads at once: overflow buckets, indirect keys. The array is sorted by the call, hence
   the pointer to where each one's status goes.  */
struct ms_range {
	uint64_t address;
	uint64_t size;
	uint8_t *buffer;
	int32_t *status; /* out: MS_OK when all SIZE bytes came, else MS_FAULT */
};

/* MS_OK or MS_INTERRUPTED or MS_NO_MEMORY; each range says for itself whether it came.  */
int32_t ms_mem_read_many(struct ms_context *ctx, struct ms_range *ranges, size_t count);

/* mem/live.c: the process itself, by process_vm_readv. How many leading bytes, or a negative code when the kernel refuses
   (the caller then goes through the debugger).  */
int64_t ms_live_read(int64_t pid, uint64_t address, void *buffer, uint64_t size);
/* Reads the first ranges, as many as come whole in one call; returns their number, 0 when the first one does not.  */
size_t ms_live_read_many(int64_t pid, const struct ms_range *ranges, size_t count);

void ms_mem_forget(struct ms_context *ctx);
void ms_mem_fini(struct ms_context *ctx);

#endif
