/* An ELF file as the loader sees it: the segments of a file, or of its image in a target's memory, and its build-id. Tells
   whether a file is the one that a target has mapped.  */
#ifndef MS_CLI_IMAGE_H
#define MS_CLI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct ms_image_segment {
	uint64_t address, offset; /* rounded down to a page */
	uint64_t size;		  /* that the file has, up to the end of its last page */
	bool writable;
};

enum { MS_IMAGE_SEGMENTS = 64 };

struct ms_image {
	uint32_t pointer_size; /* 4 or 8 */
	bool big_endian;
	uint16_t machine; /* EM_X86_64, ... */
	bool movable;	  /* it may lie anywhere: position-independent */
	uint64_t entry;	  /* where it begins to run */
	uint32_t count;
	struct ms_image_segment segments[MS_IMAGE_SEGMENTS];
	char build_id[65]; /* hex digits; "" if it has none */
};

/* How memory is read: up to LEN bytes at ADDRESS; how many leading ones came.  */
struct ms_image_memory {
	void *user;
	int64_t (*read)(void *user, uint64_t address, void *buffer, uint64_t len);
};

/* The file open at FD. False: it is no ELF file.  */
bool ms_image_of_file(int fd, struct ms_image *out);
/* The address, in that file, of its section NAME; 0: it has none.  */
uint64_t ms_image_section(int fd, const char *name);
/* Has it debug information in itself, as a program's own libraries have and the system's do not?  */
bool ms_image_has_debug(int fd);
/* What is mapped at ADDRESS from the beginning of a file. False: nothing readable, or no ELF file.  */
bool ms_image_of_memory(const struct ms_image_memory *memory, uint64_t address, struct ms_image *out);
/* False: FILE is another build than MAPPED, with the difference in WHY.  */
bool ms_image_same(const struct ms_image *file, const struct ms_image *mapped, struct ms_buf *why);

#endif
