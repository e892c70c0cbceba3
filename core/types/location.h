/* DWARF expressions: from the bytes of a location to where a value lies and, if it lies nowhere, to its bytes. Knows nothing
   of debug information files; whoever found the expression says how the target answers.  */
#ifndef MS_TYPES_LOCATION_H
#define MS_TYPES_LOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What an expression needs of the unit that it stands in. All zeros but for ADDRESS_SIZE will do for most.  */
struct ms_location_unit {
	uint32_t address_size; /* 4 or 8 */
	bool big_endian;
	const uint8_t *addresses; /* the unit's part of .debug_addr, for DW_OP_addrx; NULL if it has none */
	uint64_t addresses_size;  /* bytes from there on */
};

/* How the target answers. A call-back that is NULL makes what needs it "not available". Register numbers are DWARF's own for
   the machine (x86-64: 0 rax, 1 rdx, 2 rcx, 3 rbx, 4 rsi, 5 rdi, 6 rbp, 7 rsp, 8-15, 17 xmm0; AArch64: 0-30 x0-x30, 31 sp).  */
struct ms_location_target {
	void *user;
	/* Puts the SIZE least significant bytes of register NUMBER, as it is in the selected frame and in the target's byte
	   order, into BUFFER; returns how many it has (less than SIZE of a narrower one), 0 where it is not known.  */
	uint64_t (*reg)(void *user, uint32_t number, void *buffer, uint64_t size);
	/* The canonical frame address of the selected frame; false where it is not known.  */
	bool (*cfa)(void *user, uint64_t *out);
	/* Copies up to LEN bytes at ADDRESS; returns how many leading bytes it got, or a negative number.  */
	int64_t (*read)(void *user, uint64_t address, void *buffer, uint64_t len);
	/* The address of the thread-local variable that lies OFFSET bytes into its module's block.  */
	bool (*tls)(void *user, uint64_t offset, uint64_t *out);
	/* What the loader added to the addresses of the file (0 for a program that is not position-independent).  */
	uint64_t bias;
	/* The frame base of the function around (ms_dwarf_variable has it); NULL if there is none.  */
	const uint8_t *frame_base;
	uint64_t frame_base_size;
};

enum ms_piece_kind {
	MS_PIECE_NONE,	   /* optimised out */
	MS_PIECE_MEMORY,   /* NUMBER is the address */
	MS_PIECE_REGISTER, /* NUMBER is the register */
	MS_PIECE_VALUE,	   /* NUMBER is the value itself */
	MS_PIECE_BYTES,	   /* BYTES is the value itself, in the target's byte order */
};

struct ms_piece {
	enum ms_piece_kind kind;
	uint64_t size; /* bytes of the value that this piece is; 0: all of them (then it is the only piece) */
	uint64_t number;
	const uint8_t *bytes; /* within the expression */
	uint64_t byte_count;
};

enum { MS_PIECES_MOST = 64 };

struct ms_location {
	uint32_t count;
	struct ms_piece pieces[MS_PIECES_MOST];
};

/* Where the value of EXPRESSION lies. MS_OK; MS_REFUSED: it cannot be told here, with a line in ERROR ("entry value of
   register 5: not available in this frame"); MS_BAD_TYPE: the expression makes no sense, likewise; MS_FAULT: target memory on
   the way to it cannot be read. An empty expression gives one MS_PIECE_NONE. At most 10 000 steps.  */
int64_t ms_location_evaluate(const uint8_t *expression, uint64_t size, const struct ms_location_unit *unit,
			     const struct ms_location_target *target, struct ms_location *out, struct ms_buf *error);

/* True, and the address, where the whole value lies in memory as one piece.  */
bool ms_location_address(const struct ms_location *location, uint64_t *address_out);

/* Gathers the SIZE bytes of a value from all its pieces into BUFFER. MS_OK; MS_REFUSED if some piece of it is not available
   (ERROR says which); MS_FAULT if memory cannot be read.  */
int64_t ms_location_gather(const struct ms_location *location, const struct ms_location_unit *unit,
			   const struct ms_location_target *target, void *buffer, uint64_t size, struct ms_buf *error);

#endif
