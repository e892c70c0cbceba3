/* DWARF expressions (DWARF 5, 2.5 and 2.6), on a stack of numbers as wide as an address, without types. Not typed operations,
   calls of other expressions and implicit pointers: these are refused by name.  */
#include "types/location.h"

#include "mapscope.h"
#include "types/dwarf_cursor.h"
#include "types/dwarf_numbers.h"

enum { STACK_MOST = 64, STEPS_MOST = 10000 };

struct machine {
	const struct ms_location_unit *unit;
	const struct ms_location_target *target;
	struct ms_buf *error;
	struct ms_cursor cursor;
	const uint8_t *start;
	uint64_t stack[STACK_MOST];
	uint32_t depth;
	bool nested; /* works out the frame base */
	int64_t status;
	struct ms_location *out;
	struct ms_piece piece; /* what the latest operations said; MS_PIECE_NONE: the top of the stack is an address */
};

static void fail(struct machine *m, int64_t status, const char *text)
{
	if (m->status != MS_OK)
		return;
	m->status = status;
	ms_buf_str(m->error, text);
}

static void fail_number(struct machine *m, int64_t status, const char *before, uint64_t number, const char *behind)
{
	if (m->status != MS_OK)
		return;
	fail(m, status, before);
	ms_buf_uint(m->error, number);
	ms_buf_str(m->error, behind);
}

/* ---- The stack ---- */

static unsigned width(const struct machine *m)
{
	return m->unit->address_size == 4 ? 32 : 64;
}

static void push(struct machine *m, uint64_t value)
{
	if (m->depth == STACK_MOST)
		fail(m, MS_BAD_TYPE, "damaged location: its stack grows without end");
	else
		m->stack[m->depth++] = width(m) == 32 ? (uint32_t)value : value;
}

static uint64_t pop(struct machine *m)
{
	if (m->depth == 0) {
		fail(m, MS_BAD_TYPE, "damaged location: its stack is empty");
		return 0;
	}
	return m->stack[--m->depth];
}

static int64_t pop_signed(struct machine *m)
{
	uint64_t value = pop(m);

	return width(m) == 32 ? (int32_t)value : (int64_t)value;
}

/* The entry number INDEX from the top.  */
static void pick(struct machine *m, uint64_t index)
{
	if (index >= m->depth)
		fail(m, MS_BAD_TYPE, "damaged location: its stack is empty");
	else
		push(m, m->stack[m->depth - 1 - index]);
}

static void rotate(struct machine *m, uint32_t count)
{
	if (m->depth < count) {
		fail(m, MS_BAD_TYPE, "damaged location: its stack is empty");
		return;
	}
	uint64_t *top = &m->stack[m->depth - count], first = top[count - 1];
	for (uint32_t i = count - 1; i > 0; i--)
		top[i] = top[i - 1];
	top[0] = first;
}

/* ---- What the target answers ---- */

static uint64_t register_value(struct machine *m, uint64_t number)
{
	uint8_t bytes[8];
	uint64_t size = width(m) / 8;

	if (number > UINT32_MAX || !m->target->reg ||
	    m->target->reg(m->target->user, (uint32_t)number, bytes, size) != size) {
		fail_number(m, MS_REFUSED, "register ", number, " is not known in this frame");
		return 0;
	}
	return ms_load(bytes, size, m->unit->big_endian);
}

static uint64_t memory_at(struct machine *m, uint64_t address, uint64_t size)
{
	uint8_t bytes[8];

	if (size == 0 || size > width(m) / 8) {
		fail_number(m, MS_BAD_TYPE, "damaged location: a number of ", size, " bytes");
		return 0;
	}
	if (m->status != MS_OK)
		return 0;
	if (!m->target->read) {
		fail(m, MS_REFUSED, "memory is not known here");
		return 0;
	}
	if (m->target->read(m->target->user, address, bytes, size) != (int64_t)size) {
		fail(m, MS_FAULT, "cannot read memory at ");
		ms_buf_hex(m->error, address);
		return 0;
	}
	return ms_load(bytes, size, m->unit->big_endian);
}

/* Number INDEX of .debug_addr.  */
static uint64_t address_entry(struct machine *m, uint64_t index)
{
	uint64_t size = m->unit->address_size;

	if (!size || index >= m->unit->addresses_size / size) {
		fail_number(m, MS_BAD_TYPE, "damaged location: no address number ", index, " in .debug_addr");
		return 0;
	}
	return ms_load(m->unit->addresses + index * size, size, m->unit->big_endian);
}

static uint64_t frame_address(struct machine *m)
{
	uint64_t address = 0;

	if (!m->target->cfa || !m->target->cfa(m->target->user, &address))
		fail(m, MS_REFUSED, "the address of its frame is not known here");
	return address;
}

static void evaluate(struct machine *m, const uint8_t *expression, uint64_t size);

/* The frame base is an expression too: a register's contents, or an address.  */
static uint64_t frame_base(struct machine *m)
{
	struct ms_location place = { 0 };
	struct machine inner = {
		.unit = m->unit, .target = m->target, .error = m->error, .nested = true, .out = &place
	};

	if (m->nested || !m->target->frame_base) {
		fail(m, MS_REFUSED, "the frame that it lies in is not known here");
		return 0;
	}
	evaluate(&inner, m->target->frame_base, m->target->frame_base_size);
	if (inner.status == MS_OK &&
	    (place.count != 1 || place.pieces[0].kind == MS_PIECE_BYTES || place.pieces[0].kind == MS_PIECE_NONE))
		fail(&inner, MS_REFUSED, "the frame that it lies in is not known here");
	if (inner.status != MS_OK) {
		m->status = inner.status;
		return 0;
	}
	uint64_t number = place.pieces[0].number;
	return place.pieces[0].kind == MS_PIECE_REGISTER ? register_value(m, number) : number;
}

static uint64_t tls_address(struct machine *m, uint64_t offset)
{
	uint64_t address = 0;

	if (m->status == MS_OK && (!m->target->tls || !m->target->tls(m->target->user, offset, &address)))
		fail(m, MS_REFUSED, "thread-local variables are not found here: give its ADDRESS --type TYPE");
	return address;
}

/* ---- Operations ---- */

static void arithmetic(struct machine *m, uint8_t op)
{
	int64_t y = pop_signed(m), x = pop_signed(m);
	uint64_t b = (uint64_t)y, a = (uint64_t)x, unsigned_a = a, unsigned_b = b;

	if (width(m) == 32) {
		unsigned_a = (uint32_t)a;
		unsigned_b = (uint32_t)b;
	}
	bool far = unsigned_b >= width(m);
	if ((op == DW_OP_div || op == DW_OP_mod) && b == 0) {
		fail(m, MS_BAD_TYPE, "damaged location: it divides by zero");
		return;
	}
	switch (op) {
	case DW_OP_and:
		push(m, a & b);
		break;
	case DW_OP_div:
		push(m, y == -1 ? 0 - a : (uint64_t)(x / y));
		break;
	case DW_OP_minus:
		push(m, a - b);
		break;
	case DW_OP_mod:
		push(m, unsigned_a % unsigned_b);
		break;
	case DW_OP_mul:
		push(m, a * b);
		break;
	case DW_OP_or:
		push(m, a | b);
		break;
	case DW_OP_plus:
		push(m, a + b);
		break;
	case DW_OP_shl:
		push(m, far ? 0 : a << b);
		break;
	case DW_OP_shr:
		push(m, far ? 0 : unsigned_a >> b);
		break;
	case DW_OP_shra:
		push(m, (uint64_t)(x >> (far ? 63 : b)));
		break;
	case DW_OP_xor:
		push(m, a ^ b);
		break;
	case DW_OP_eq:
		push(m, x == y);
		break;
	case DW_OP_ge:
		push(m, x >= y);
		break;
	case DW_OP_gt:
		push(m, x > y);
		break;
	case DW_OP_le:
		push(m, x <= y);
		break;
	case DW_OP_lt:
		push(m, x < y);
		break;
	case DW_OP_ne:
		push(m, x != y);
		break;
	}
}

static void jump(struct machine *m, bool taken)
{
	int64_t distance = ms_cursor_signed(&m->cursor, 2);

	if (!taken || m->cursor.failed)
		return;
	if (distance < m->start - m->cursor.at || distance > m->cursor.end - m->cursor.at)
		fail(m, MS_BAD_TYPE, "damaged location: it jumps out of itself");
	else
		m->cursor.at += distance;
}

/* Ends a piece of SIZE bytes: what was said last, or what the top of the stack is the address of, or nothing.  */
static void end_piece(struct machine *m, uint64_t size)
{
	struct ms_piece piece = m->piece;

	if (piece.kind == MS_PIECE_NONE && m->depth) {
		piece.kind = MS_PIECE_MEMORY;
		piece.number = pop(m);
	}
	piece.size = size;
	m->piece = (struct ms_piece){ 0 };
	if (m->out->count == MS_PIECES_MOST)
		fail(m, MS_REFUSED, "it lies in more than 64 pieces");
	else
		m->out->pieces[m->out->count++] = piece;
}

static void say(struct machine *m, enum ms_piece_kind kind, uint64_t number)
{
	m->piece = (struct ms_piece){ .kind = kind, .number = number };
}

static void implicit_value(struct machine *m)
{
	uint64_t size = ms_cursor_uleb(&m->cursor);

	say(m, MS_PIECE_BYTES, 0);
	m->piece.bytes = ms_cursor_bytes(&m->cursor, size);
	m->piece.byte_count = m->piece.bytes ? size : 0;
}

static void refuse(struct machine *m, uint8_t op)
{
	switch (op) {
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
	case DW_OP_GNU_parameter_ref:
		fail(m, MS_REFUSED, "only the caller knows its value (entry value): select the caller's frame");
		break;
	case DW_OP_implicit_pointer:
	case DW_OP_GNU_implicit_pointer:
		fail(m, MS_REFUSED, "it points to a variable that was optimised out");
		break;
	case DW_OP_bit_piece:
		fail(m, MS_REFUSED, "it lies in pieces of single bits, which are not supported");
		break;
	case DW_OP_const_type ... DW_OP_reinterpret:
	case DW_OP_GNU_const_type ... DW_OP_GNU_reinterpret:
		fail(m, MS_REFUSED, "its location needs typed arithmetic, which is not supported");
		break;
	default:
		fail(m, MS_REFUSED, "its location needs DWARF operation ");
		ms_buf_hex(m->error, op);
		ms_buf_str(m->error, ", which is not supported");
	}
}

/* Constants; false for another operation.  */
static bool constant(struct machine *m, uint8_t op)
{
	struct ms_cursor *cursor = &m->cursor;

	if (op >= DW_OP_const1u && op <= DW_OP_const8s) {
		uint64_t size = (uint64_t)1 << (op - DW_OP_const1u) / 2;
		bool is_signed = (op - DW_OP_const1u) % 2;
		push(m, is_signed ? (uint64_t)ms_cursor_signed(cursor, size) : ms_cursor_number(cursor, size));
	} else if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		push(m, op - DW_OP_lit0);
	} else if (op == DW_OP_constu) {
		push(m, ms_cursor_uleb(cursor));
	} else if (op == DW_OP_consts) {
		push(m, (uint64_t)ms_cursor_sleb(cursor));
	} else if (op == DW_OP_addr) {
		push(m, ms_cursor_number(cursor, m->unit->address_size) + m->target->bias);
	} else if (op == DW_OP_addrx || op == DW_OP_GNU_addr_index) {
		push(m, address_entry(m, ms_cursor_uleb(cursor)) + m->target->bias);
	} else if (op == DW_OP_constx || op == DW_OP_GNU_const_index) {
		push(m, address_entry(m, ms_cursor_uleb(cursor)));
	} else {
		return false;
	}
	return true;
}

/* Operations that need the frame; false for another one.  */
static bool of_frame(struct machine *m, uint8_t op)
{
	struct ms_cursor *cursor = &m->cursor;

	if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
		say(m, MS_PIECE_REGISTER, op - DW_OP_reg0);
	} else if (op == DW_OP_regx) {
		say(m, MS_PIECE_REGISTER, ms_cursor_uleb(cursor));
	} else if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
		uint64_t base = register_value(m, op - DW_OP_breg0);
		push(m, base + (uint64_t)ms_cursor_sleb(cursor));
	} else if (op == DW_OP_bregx) {
		uint64_t base = register_value(m, ms_cursor_uleb(cursor));
		push(m, base + (uint64_t)ms_cursor_sleb(cursor));
	} else if (op == DW_OP_fbreg) {
		uint64_t base = frame_base(m);
		push(m, base + (uint64_t)ms_cursor_sleb(cursor));
	} else if (op == DW_OP_call_frame_cfa) {
		push(m, frame_address(m));
	} else if (op == DW_OP_form_tls_address || op == DW_OP_GNU_push_tls_address) {
		push(m, tls_address(m, pop(m)));
	} else {
		return false;
	}
	return true;
}

static void step(struct machine *m)
{
	struct ms_cursor *cursor = &m->cursor;
	uint8_t op = (uint8_t)ms_cursor_number(cursor, 1);

	if (constant(m, op) || of_frame(m, op))
		return;
	switch (op) {
	case DW_OP_deref:
		push(m, memory_at(m, pop(m), width(m) / 8));
		break;
	case DW_OP_deref_size: {
		uint64_t size = ms_cursor_number(cursor, 1);
		push(m, memory_at(m, pop(m), size));
		break;
	}
	case DW_OP_dup:
		pick(m, 0);
		break;
	case DW_OP_drop:
		pop(m);
		break;
	case DW_OP_over:
		pick(m, 1);
		break;
	case DW_OP_pick:
		pick(m, ms_cursor_number(cursor, 1));
		break;
	case DW_OP_swap:
		rotate(m, 2);
		break;
	case DW_OP_rot:
		rotate(m, 3);
		break;
	case DW_OP_abs: {
		int64_t value = pop_signed(m);
		push(m, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
		break;
	}
	case DW_OP_neg:
		push(m, 0 - pop(m));
		break;
	case DW_OP_not:
		push(m, ~pop(m));
		break;
	case DW_OP_plus_uconst:
		push(m, pop(m) + ms_cursor_uleb(cursor));
		break;
	case DW_OP_skip:
		jump(m, true);
		break;
	case DW_OP_bra:
		jump(m, pop(m) != 0);
		break;
	case DW_OP_piece:
		end_piece(m, ms_cursor_uleb(cursor));
		break;
	case DW_OP_implicit_value:
		implicit_value(m);
		break;
	case DW_OP_stack_value:
		say(m, MS_PIECE_VALUE, pop(m));
		break;
	case DW_OP_nop:
	case DW_OP_GNU_uninit:
		break;
	default:
		if ((op >= DW_OP_and && op <= DW_OP_xor) || (op >= DW_OP_eq && op <= DW_OP_ne))
			arithmetic(m, op);
		else
			refuse(m, op);
	}
}

static void evaluate(struct machine *m, const uint8_t *expression, uint64_t size)
{
	m->start = expression;
	m->cursor = (struct ms_cursor){ expression, expression + size, m->unit->big_endian, false };
	for (int steps = 0; m->status == MS_OK && m->cursor.at < m->cursor.end; steps++) {
		if (steps == STEPS_MOST)
			fail(m, MS_BAD_TYPE, "damaged location: it does not end");
		step(m);
		if (m->cursor.failed)
			fail(m, MS_BAD_TYPE, "damaged location: it ends too early");
	}
	/* Without pieces, all of it is one; behind pieces, nothing is left over.  */
	if (m->status == MS_OK && m->out->count == 0)
		end_piece(m, 0);
}

int64_t ms_location_evaluate(const uint8_t *expression, uint64_t size, const struct ms_location_unit *unit,
			     const struct ms_location_target *target, struct ms_location *out, struct ms_buf *error)
{
	struct machine machine = { .unit = unit, .target = target, .error = error, .out = out };

	out->count = 0;
	if (unit->address_size != 4 && unit->address_size != 8)
		fail_number(&machine, MS_REFUSED, "addresses of ", unit->address_size, " bytes are not supported");
	else
		evaluate(&machine, expression, size);
	return machine.status;
}

bool ms_location_address(const struct ms_location *location, uint64_t *address_out)
{
	if (location->count != 1 || location->pieces[0].kind != MS_PIECE_MEMORY || location->pieces[0].size)
		return false;
	*address_out = location->pieces[0].number;
	return true;
}

/* ---- Gathering ---- */

static void gather_register(struct machine *m, const struct ms_piece *piece, uint8_t *buffer, uint64_t size)
{
	uint64_t got = 0;

	if (m->target->reg && piece->number <= UINT32_MAX)
		got = m->target->reg(m->target->user, (uint32_t)piece->number, buffer, size);
	if (got == 0)
		fail_number(m, MS_REFUSED, "register ", piece->number, " is not known in this frame");
	else if (got != size)
		fail_number(m, MS_REFUSED, "register ", piece->number, " is narrower than what it holds");
}

static void gather_piece(struct machine *m, const struct ms_piece *piece, uint8_t *buffer, uint64_t size)
{
	switch (piece->kind) {
	case MS_PIECE_NONE:
		fail(m, MS_REFUSED, "optimised out here, in whole or in part");
		break;
	case MS_PIECE_MEMORY:
		if (!m->target->read) {
			fail(m, MS_REFUSED, "memory is not known here");
		} else if (m->target->read(m->target->user, piece->number, buffer, size) != (int64_t)size) {
			fail(m, MS_FAULT, "cannot read memory at ");
			ms_buf_hex(m->error, piece->number);
		}
		break;
	case MS_PIECE_REGISTER:
		gather_register(m, piece, buffer, size);
		break;
	case MS_PIECE_VALUE:
		if (size > 8)
			fail_number(m, MS_REFUSED, "only 8 bytes are known of a value of ", size, "");
		for (uint64_t i = 0; i < size && size <= 8; i++)
			buffer[m->unit->big_endian ? size - 1 - i : i] = (uint8_t)(piece->number >> 8 * i);
		break;
	case MS_PIECE_BYTES:
		if (piece->byte_count < size)
			fail_number(m, MS_REFUSED, "not all bytes are known of a value of ", size, "");
		else
			memcpy(buffer, piece->bytes, size);
		break;
	}
}

int64_t ms_location_gather(const struct ms_location *location, const struct ms_location_unit *unit,
			   const struct ms_location_target *target, void *buffer, uint64_t size, struct ms_buf *error)
{
	struct machine machine = { .unit = unit, .target = target, .error = error };
	uint64_t done = 0;

	for (uint32_t i = 0; i < location->count && done < size && machine.status == MS_OK; i++) {
		const struct ms_piece *piece = &location->pieces[i];
		uint64_t part = size - done;
		/* Without a size it is all of the value; but of several, one of no bytes.  */
		if (location->count > 1 && piece->size < part)
			part = piece->size;
		if (part)
			gather_piece(&machine, piece, (uint8_t *)buffer + done, part);
		done += part;
	}
	if (machine.status == MS_OK && done < size)
		fail(&machine, MS_REFUSED, "its pieces do not make up all of it");
	return machine.status;
}
