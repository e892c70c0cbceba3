/* Memory of an ELF core file: 32 and 64 bit, both byte orders, any machine. Knows nothing of types or maps. A core may be
   truncated and may leave out what was in files: what it does not hold is not there, unless somebody lends it.  */
#ifndef MS_MEM_ELFCORE_H
#define MS_MEM_ELFCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapscope.h"

struct ms_elfcore;

/* The note that makes a core a snapshot of map-save.  */
#define MS_SNAPSHOT_OWNER "mapscope"
enum { MS_SNAPSHOT_NOTE = 0x6d617073, MS_SNAPSHOT_MOST = 32 << 20 /* bytes */ };

struct ms_elfcore_facts {
	uint32_t pointer_size; /* 4 or 8 */
	bool big_endian;
	uint16_t machine;    /* EM_X86_64, ... */
	uint64_t entry;	     /* where the executable begins to run: AT_ENTRY of note NT_AUXV; 0: not said */
	const char *command; /* the program's name, at most 15 characters: note NT_PRPSINFO; "" if not said */
	uint64_t missing;    /* bytes of memory that the core announces and does not hold: it is truncated */
	/* Of the first thread, as its note NT_PRSTATUS holds it; NULL: none.  */
	const uint8_t *status;
	uint64_t status_size;
	const uint8_t *auxv; /* note NT_AUXV; NULL: none */
	uint64_t auxv_size;
	const uint8_t *answers; /* what map-save kept of types and names; NULL: this is no snapshot */
	uint64_t answers_size;
	size_t mapping_count; /* in the order of note NT_FILE */
	const struct ms_mapping *mappings;
};

/* MS_OK; MS_IO: cannot be opened; MS_BAD_TYPE: no core, or one whose headers make no sense, with one line in ERROR;
   MS_NO_MEMORY.  */
int64_t ms_elfcore_open(const char *path, struct ms_elfcore **out, struct ms_buf *error);
void ms_elfcore_free(struct ms_elfcore *core);
const struct ms_elfcore_facts *ms_elfcore_facts(const struct ms_elfcore *core);

/* Note NT_PRSTATUS of thread N, from 0; NULL behind the last. As long as CORE.  */
const uint8_t *ms_elfcore_thread(const struct ms_elfcore *core, size_t n, uint64_t *size_out);

/* Copies up to LEN bytes at ADDRESS; returns how many leading bytes it got.  */
int64_t ms_elfcore_read(const struct ms_elfcore *core, uint64_t address, void *buffer, uint64_t len);
/* Whether memory at ADDRESS was writable, as far as the core tells.  */
bool ms_elfcore_writable(const struct ms_elfcore *core, uint64_t address);

/* The address of its N-th segment from 0, in the order of addresses; false behind the last.  */
bool ms_elfcore_segment(const struct ms_elfcore *core, size_t n, uint64_t *address_out);

/* What the core itself does not hold of SIZE bytes at ADDRESS is read from FD at OFFSET from now on. FD stays the caller's,
   and must outlive CORE. Only for memory that nobody wrote. False: memory is short.  */
bool ms_elfcore_lend(struct ms_elfcore *core, uint64_t address, uint64_t size, int fd, uint64_t offset);

#endif
