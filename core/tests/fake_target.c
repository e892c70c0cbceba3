/* A target that is not there: see the header.  */
#include "fake_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fake_page {
	uint64_t number; /* + 1; 0: a free place */
	bool readable;
	uint8_t *bytes;
};

struct fake_type {
	struct ms_type type;
	struct ms_field *fields;
	char *name, *lookup_name;
	uint64_t align;
};

/* ---- Memory ---- */

static struct fake_page *page_place(const struct fake_target *t, uint64_t number)
{
	uint64_t at = number * 0x9e3779b97f4a7c15 >> 24;

	if (!t->page_capacity)
		return NULL;
	for (;; at++) {
		struct fake_page *page = &t->pages[at % t->page_capacity];
		if (!page->number || page->number == number + 1)
			return page;
	}
}

static struct fake_page *page_find(const struct fake_target *t, uint64_t address)
{
	struct fake_page *page = page_place(t, address / FAKE_PAGE);

	return page && page->number ? page : NULL;
}

static void pages_grow(struct fake_target *t)
{
	struct fake_page *old = t->pages;
	uint64_t old_capacity = t->page_capacity;

	t->page_capacity = old_capacity ? old_capacity * 2 : 256;
	t->pages = calloc(t->page_capacity, sizeof *t->pages);
	assert_non_null(t->pages);
	for (uint64_t i = 0; i < old_capacity; i++)
		if (old[i].number)
			*page_place(t, old[i].number - 1) = old[i];
	free(old);
}

void fake_map_pages(struct fake_target *t, uint64_t address, uint64_t size)
{
	for (uint64_t number = address / FAKE_PAGE; size && number <= (address + size - 1) / FAKE_PAGE; number++) {
		if (t->page_count * 2 >= t->page_capacity)
			pages_grow(t);
		struct fake_page *page = page_place(t, number);
		if (!page->number) {
			page->number = number + 1;
			page->bytes = malloc(FAKE_PAGE);
			assert_non_null(page->bytes);
			memset(page->bytes, 0xa5, FAKE_PAGE);
			t->page_count++;
		}
		page->readable = true;
	}
}

void fake_unmap_pages(struct fake_target *t, uint64_t address, uint64_t size)
{
	for (uint64_t at = address / FAKE_PAGE * FAKE_PAGE; at < address + size; at += FAKE_PAGE) {
		struct fake_page *page = page_find(t, at);
		if (page)
			page->readable = false;
	}
}

uint64_t fake_alloc(struct fake_target *t, uint64_t size)
{
	uint64_t align = size >= FAKE_PAGE ? FAKE_PAGE : 16;
	uint64_t address = (t->next + align - 1) / align * align;

	t->next = address + (size ? size : 1);
	fake_map_pages(t, address, size ? size : 1);
	return address;
}

void fake_write(struct fake_target *t, uint64_t address, const void *bytes, uint64_t size)
{
	const uint8_t *from = bytes;

	while (size) {
		uint64_t offset = address % FAKE_PAGE, part = FAKE_PAGE - offset < size ? FAKE_PAGE - offset : size;
		struct fake_page *page = page_find(t, address);
		assert_non_null(page);
		memcpy(page->bytes + offset, from, part);
		address += part;
		from += part;
		size -= part;
	}
}

void fake_store(const struct fake_target *t, uint8_t *bytes, uint64_t size, uint64_t value)
{
	for (uint64_t i = 0; i < size; i++)
		bytes[t->big_endian ? size - 1 - i : i] = i < 8 ? (uint8_t)(value >> 8 * i) : 0;
}

void fake_write_uint(struct fake_target *t, uint64_t address, uint64_t size, uint64_t value)
{
	uint8_t bytes[8];

	fake_store(t, bytes, size, value);
	fake_write(t, address, bytes, size);
}

uint64_t fake_text(struct fake_target *t, const char *text)
{
	uint64_t address = fake_alloc(t, strlen(text) + 1);

	fake_write(t, address, text, strlen(text) + 1);
	return address;
}

/* ---- Types ---- */

static struct fake_type *type_at(const struct fake_target *t, uint64_t type)
{
	assert_true(type && type <= t->type_count);
	return &t->types[type - 1];
}

static char *copy_text(const char *text)
{
	char *out = strdup(text);

	assert_non_null(out);
	return out;
}

static uint64_t add_type(struct fake_target *t, enum ms_kind kind, const char *name, uint64_t size, uint64_t align)
{
	if (t->type_count == t->type_capacity) {
		t->type_capacity = t->type_capacity ? t->type_capacity * 2 : 64;
		t->types = realloc(t->types, t->type_capacity * sizeof *t->types);
		assert_non_null(t->types);
	}
	struct fake_type *type = &t->types[t->type_count++];
	*type = (struct fake_type){ .type = { .size = sizeof type->type, .kind = kind, .byte_size = size },
				    .name = copy_text(name),
				    .align = align ? align : 1 };
	type->type.name = type->name;
	return t->type_count;
}

uint64_t fake_scalar(struct fake_target *t, enum ms_kind kind, const char *name, uint64_t size)
{
	return add_type(t, kind, name, size, size < t->pointer_size ? size : t->pointer_size);
}

uint64_t fake_int(struct fake_target *t, uint64_t size)
{
	return fake_scalar(t, MS_INT,
			   size == 1   ? "signed char"
			   : size == 2 ? "short"
			   : size == 4 ? "int"
				       : "long",
			   size);
}

uint64_t fake_uint(struct fake_target *t, uint64_t size)
{
	return fake_scalar(t, MS_UINT,
			   size == 1   ? "unsigned char"
			   : size == 2 ? "short unsigned int"
			   : size == 4 ? "unsigned int"
				       : "long unsigned int",
			   size);
}

uint64_t fake_char(struct fake_target *t)
{
	return fake_scalar(t, MS_INT, "char", 1);
}

uint64_t fake_pointer(struct fake_target *t, uint64_t target)
{
	uint64_t type = add_type(t, MS_POINTER, "", t->pointer_size, t->pointer_size);

	type_at(t, type)->type.target = target;
	return type;
}

uint64_t fake_array(struct fake_target *t, uint64_t element, uint64_t count)
{
	uint64_t type = add_type(t, MS_ARRAY, "", fake_size(t, element) * count, type_at(t, element)->align);

	type_at(t, type)->type.target = element;
	type_at(t, type)->type.count = count;
	return type;
}

uint64_t fake_typedef(struct fake_target *t, const char *name, uint64_t target)
{
	uint64_t type = add_type(t, MS_TYPEDEF, name, fake_size(t, target), type_at(t, target)->align);

	type_at(t, type)->type.target = target;
	return type;
}

uint64_t fake_struct(struct fake_target *t, const char *name)
{
	return add_type(t, MS_STRUCT, name, 0, 1);
}

uint64_t fake_union(struct fake_target *t, const char *name)
{
	return add_type(t, MS_UNION, name, 0, 1);
}

uint64_t fake_enum(struct fake_target *t, const char *name, uint64_t size)
{
	return add_type(t, MS_ENUM, name, size, size);
}

static struct ms_field *add_field(struct fake_type *type, const char *name, int64_t offset, uint64_t field_type)
{
	uint32_t index = type->type.field_count++;

	type->fields = realloc(type->fields, type->type.field_count * sizeof *type->fields);
	assert_non_null(type->fields);
	type->fields[index] = (struct ms_field){
		.size = sizeof(struct ms_field), .name = copy_text(name), .offset = offset, .type = field_type
	};
	return &type->fields[index];
}

void fake_enumerator(struct fake_target *t, uint64_t type, const char *name, int64_t value)
{
	add_field(type_at(t, type), name, value, 0);
}

/* The end of the last member, which need not be the one that reaches furthest.  */
static uint64_t members_end(const struct fake_target *t, const struct fake_type *type)
{
	if (!type->type.field_count || type->type.kind == MS_UNION)
		return 0;
	const struct ms_field *last = &type->fields[type->type.field_count - 1];
	return (uint64_t)last->offset + fake_size(t, last->type);
}

void fake_member(struct fake_target *t, uint64_t type, const char *name, uint64_t member)
{
	struct fake_type *at = type_at(t, type);
	uint64_t align = type_at(t, member)->align, offset = (members_end(t, at) + align - 1) / align * align;

	add_field(at, name, (int64_t)offset, member);
	at->align = align > at->align ? align : at->align;
	uint64_t end = (offset + fake_size(t, member) + at->align - 1) / at->align * at->align;
	at->type.byte_size = end > at->type.byte_size ? end : at->type.byte_size;
}

void fake_member_at(struct fake_target *t, uint64_t type, const char *name, uint64_t member, int64_t offset)
{
	add_field(type_at(t, type), name, offset, member);
}

void fake_bits(struct fake_target *t, uint64_t type, const char *name, uint64_t member, int64_t offset,
	       uint32_t bit_offset, uint32_t bit_size)
{
	struct ms_field *field = add_field(type_at(t, type), name, offset, member);

	field->bit_offset = bit_offset;
	field->bit_size = bit_size;
}

uint64_t fake_size(const struct fake_target *t, uint64_t type)
{
	return type_at(t, type)->type.byte_size;
}

uint64_t fake_offset(const struct fake_target *t, uint64_t type, const char *member)
{
	const struct fake_type *at = type_at(t, type);

	for (uint32_t i = 0; i < at->type.field_count; i++)
		if (!strcmp(at->fields[i].name, member))
			return (uint64_t)at->fields[i].offset;
	fail_msg("no member %s in %s", member, at->name);
	return 0;
}

struct ms_type *fake_claims(struct fake_target *t, uint64_t type)
{
	return &type_at(t, type)->type;
}

void fake_name(struct fake_target *t, const char *name, uint64_t type)
{
	free(type_at(t, type)->lookup_name);
	type_at(t, type)->lookup_name = copy_text(name);
}

/* ---- Expressions and symbols ---- */

static void add_expr(struct fake_expr **list, uint32_t *count, struct fake_expr expr)
{
	*list = realloc(*list, (*count + 1) * sizeof **list);
	assert_non_null(*list);
	(*list)[(*count)++] = expr;
}

static struct fake_expr make_expr(const char *text, uint64_t type, uint64_t address, const void *bytes,
				  uint64_t byte_count)
{
	struct fake_expr expr = { copy_text(text), type, address, NULL, byte_count };

	if (bytes) {
		expr.bytes = malloc(byte_count + 1);
		assert_non_null(expr.bytes);
		memcpy(expr.bytes, bytes, byte_count);
	}
	return expr;
}

void fake_expr(struct fake_target *t, const char *text, uint64_t type, uint64_t address, const void *bytes,
	       uint64_t byte_count)
{
	add_expr(&t->exprs, &t->expr_count, make_expr(text, type, address, bytes, byte_count));
}

void fake_variable(struct fake_target *t, const char *name, uint64_t type, uint64_t address, const void *bytes,
		   uint64_t byte_count)
{
	add_expr(&t->variables, &t->variable_count, make_expr(name, type, address, bytes, byte_count));
}

/* Its bytes are the reason, its type is none.  */
void fake_variable_refused(struct fake_target *t, const char *name, const char *why)
{
	fake_variable(t, name, 0, 0, why, strlen(why) + 1);
}

void fake_symbol(struct fake_target *t, const char *name, uint64_t address)
{
	add_expr(&t->symbols, &t->symbol_count, (struct fake_expr){ .text = copy_text(name), .address = address });
}

/* The newest one of that name.  */
static const struct fake_expr *find_expr(const struct fake_expr *list, uint32_t count, const char *text)
{
	while (count--)
		if (!strcmp(list[count].text, text))
			return &list[count];
	return NULL;
}

/* ---- The call-backs ---- */

/* This call is the one that must not be answered.  */
static bool silent(struct fake_target *t)
{
	bool now = t->silent_call && t->reads + t->questions == t->silent_call;

	t->provoked |= now;
	return now;
}

static void log_reserve(struct fake_target *t, uint64_t capacity)
{
	t->log = realloc(t->log, capacity * sizeof *t->log);
	assert_non_null(t->log);
	t->log_capacity = capacity;
}

/* Lent until the next call-back, as the interface has it, and gone then.  */
static void lend(struct fake_target *t, const struct fake_expr *expr)
{
	free(t->lent);
	t->lent = NULL;
	if (!expr || !expr->bytes)
		return;
	t->lent = malloc(expr->byte_count + 1);
	assert_non_null(t->lent);
	memcpy(t->lent, expr->bytes, expr->byte_count);
}

static void log_read(struct fake_target *t, uint64_t address, uint64_t size)
{
	if (t->reads == t->log_capacity)
		log_reserve(t, t->log_capacity * 2);
	t->log[t->reads++] = (struct fake_read){ address, size };
	t->bytes_asked += size;
}

static void answer_read(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	struct fake_target *t = user;
	uint64_t done = 0;

	lend(t, NULL);
	log_read(t, address, len);
	if (silent(t))
		return;
	if (t->reads == t->fail_read) {
		t->provoked = true;
		*answer = MS_FAULT;
		return;
	}
	if (t->reads == t->short_read) {
		t->provoked = true;
		len /= 2;
	}
	while (done < len) {
		uint64_t offset = (address + done) % FAKE_PAGE, part = FAKE_PAGE - offset;
		const struct fake_page *page = page_find(t, address + done);
		if (!page || !page->readable)
			break;
		part = part < len - done ? part : len - done;
		memcpy((uint8_t *)buffer + done, page->bytes + offset, part);
		done += part;
	}
	*answer = (int64_t)done;
}

/* True when this question is to be answered; *ANSWER is set when it is to fail.  */
static bool asked(struct fake_target *t, int64_t *answer)
{
	t->questions++;
	lend(t, NULL);
	if (silent(t))
		return false;
	if (t->questions != t->fail_question)
		return true;
	t->provoked = true;
	*answer = MS_BAD_TYPE;
	return false;
}

static void answer_evaluate(void *user, const char *text, struct ms_value *out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	const struct fake_expr *expr = find_expr(t->exprs, t->expr_count, text);
	if (!expr) {
		out->error = "No symbol in current context.";
		*answer = MS_REFUSED;
		return;
	}
	out->type = expr->type;
	out->address = expr->address;
	out->bytes = expr->bytes;
	out->byte_count = expr->byte_count;
	*answer = MS_OK;
}

static void answer_variable(void *user, const char *name, struct ms_value *out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	const struct fake_expr *variable = find_expr(t->variables, t->variable_count, name);
	if (!variable) {
		*answer = MS_NOT_FOUND;
		return;
	}
	lend(t, variable);
	out->type = variable->type;
	out->address = variable->address;
	out->bytes = t->lent;
	out->byte_count = variable->byte_count;
	out->error = variable->type ? NULL : (const char *)t->lent;
	*answer = variable->type ? MS_OK : MS_REFUSED;
}

/* Equal types have equal numbers.  */
static void answer_derive(void *user, uint32_t kind, uint64_t type, uint64_t count, uint64_t *type_out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	for (uint32_t i = 0; i < t->type_count; i++) {
		const struct ms_type *known = &t->types[i].type;
		if (known->kind == kind && known->target == type && (kind == MS_POINTER || known->count == count))
			*type_out = i + 1;
	}
	if (!*type_out)
		*type_out = kind == MS_POINTER ? fake_pointer(t, type) : fake_array(t, type, count);
	*answer = MS_OK;
}

static void answer_lookup(void *user, const char *name, uint64_t *type_out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	*answer = MS_NOT_FOUND;
	for (uint32_t i = 0; i < t->type_count; i++) {
		if (!t->types[i].lookup_name || strcmp(t->types[i].lookup_name, name))
			continue;
		*type_out = i + 1;
		*answer = MS_OK;
	}
}

static void answer_type(void *user, uint64_t type, struct ms_type *out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	*out = type_at(t, type)->type;
	*answer = MS_OK;
}

static void answer_field(void *user, uint64_t type, uint32_t index, struct ms_field *out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	*out = type_at(t, type)->fields[index];
	*answer = MS_OK;
}

static void answer_symbol(void *user, const char *name, uint64_t *address_out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	const struct fake_expr *symbol = find_expr(t->symbols, t->symbol_count, name);
	*address_out = symbol ? symbol->address : 0;
	*answer = symbol ? MS_OK : MS_NOT_FOUND;
}

static void answer_thread(void *user, uint64_t n, struct ms_thread *out, int64_t *answer)
{
	static const char *const names[] = { "1", "2", "3", "4", "5", "6", "7" };
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	if (n < sizeof names / sizeof *names && t->threads[n]) {
		out->name = names[n];
		out->functions = t->threads[n];
	}
	*answer = n < sizeof names / sizeof *names && t->threads[n] ? MS_OK : MS_NOT_FOUND;
}

static void answer_symbol_at(void *user, uint64_t address, const char **name_out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	*answer = MS_NOT_FOUND;
	for (uint32_t i = 0; i < t->symbol_count && *answer != MS_OK; i++) {
		*name_out = t->symbols[i].text;
		*answer = t->symbols[i].address == address ? MS_OK : MS_NOT_FOUND;
	}
}

static void answer_next_global(void *user, uint64_t *cursor, struct ms_global *out, int64_t *answer)
{
	struct fake_target *t = user;

	if (!asked(t, answer))
		return;
	while (*cursor < t->variable_count && !t->variables[*cursor].address)
		++*cursor;
	if (*cursor == t->variable_count) {
		*answer = MS_NOT_FOUND;
		return;
	}
	const struct fake_expr *variable = &t->variables[(*cursor)++];
	out->name = variable->text;
	out->type = variable->type;
	out->address = variable->address;
	*answer = MS_OK;
}

static void answer_runtime_type(void *user, uint64_t address, uint64_t *type_out, int64_t *answer)
{
	struct fake_target *t = user;
	char name[32];

	if (!asked(t, answer))
		return;
	snprintf(name, sizeof name, "type 0x%llx", (unsigned long long)address);
	const struct fake_expr *found = find_expr(t->symbols, t->symbol_count, name);
	*type_out = found ? found->address : 0;
	*answer = found ? MS_OK : MS_NOT_FOUND;
}

/* ---- Life ---- */

void fake_init(struct fake_target *t, uint32_t pointer_size, bool big_endian)
{
	*t = (struct fake_target){ .pointer_size = pointer_size,
				   .big_endian = big_endian,
				   .next = pointer_size == 4 ? 0x8000000 : 0x7f0000000000 };
	log_reserve(t, 4096); /* enough not to be in the way of tests that make allocations fail */
}

void fake_fini(struct fake_target *t)
{
	ms_free(t->ctx);
	for (uint64_t i = 0; i < t->page_capacity; i++)
		free(t->pages[i].bytes);
	for (uint32_t i = 0; i < t->type_count; i++) {
		for (uint32_t f = 0; t->types[i].fields && f < t->types[i].type.field_count; f++)
			free((char *)t->types[i].fields[f].name);
		free(t->types[i].fields);
		free(t->types[i].name);
		free(t->types[i].lookup_name);
	}
	for (uint32_t i = 0; i < t->expr_count; i++) {
		free(t->exprs[i].text);
		free(t->exprs[i].bytes);
	}
	for (uint32_t i = 0; i < t->symbol_count; i++)
		free(t->symbols[i].text);
	for (uint32_t i = 0; i < t->variable_count; i++) {
		free(t->variables[i].text);
		free(t->variables[i].bytes);
	}
	free(t->variables);
	free(t->lent);
	free(t->pages);
	free(t->types);
	free(t->exprs);
	free(t->symbols);
	free(t->log);
	*t = (struct fake_target){ 0 };
}

struct ms_context *fake_open(struct fake_target *t)
{
	struct ms_memory memory = { .size = sizeof memory,
				    .user = t,
				    .read = answer_read,
				    .pointer_size = t->pointer_size,
				    .big_endian = t->big_endian };
	struct ms_types types = { .size = sizeof types,
				  .user = t,
				  .evaluate = t->no_evaluate ? NULL : answer_evaluate,
				  .lookup = answer_lookup,
				  .type = answer_type,
				  .field = answer_field,
				  .symbol = answer_symbol,
				  .variable = t->paths ? answer_variable : NULL,
				  .derive = t->no_derive ? NULL : answer_derive,
				  .symbol_at = answer_symbol_at,
				  .next_global = t->globals ? answer_next_global : NULL,
				  .runtime_type = t->globals ? answer_runtime_type : NULL,
				  .thread = answer_thread };

	ms_free(t->ctx);
	t->ctx = ms_new(&memory, &types);
	assert_non_null(t->ctx);
	return t->ctx;
}

void fake_reset_counts(struct fake_target *t)
{
	t->reads = t->bytes_asked = t->questions = 0;
	t->fail_read = t->fail_question = t->silent_call = t->short_read = 0;
	t->provoked = false;
}

/* ---- Commands ---- */

static void collect(struct fake_run *run, struct ms_command *cmd)
{
	uint64_t size;
	const char *text = ms_command_output(cmd, &size);

	run->out = realloc(run->out, run->size + size + 1);
	assert_non_null(run->out);
	memcpy(run->out + run->size, text, size);
	run->size += size;
	run->out[run->size] = 0;
	run->largest = size > run->largest ? size : run->largest;
}

static struct fake_run run_command(struct fake_target *t, const char *name, const char *line, uint32_t slice_ms,
				   uint64_t interrupt_at)
{
	struct fake_run run = { 0 };
	struct ms_command *cmd = ms_command_new(t->ctx, name, line);
	int32_t more;

	assert_non_null(cmd);
	do {
		if (++run.steps == interrupt_at)
			ms_command_interrupt(cmd);
		more = ms_command_step(cmd, slice_ms);
		assert_true(more == MS_OK || more == MS_AGAIN);
		collect(&run, cmd);
	} while (more == MS_AGAIN);
	run.status = ms_command_status(cmd);
	run.error = copy_text(ms_command_error(cmd));
	fake_is_printable(run.error, strlen(run.error));
	assert_null(strchr(run.error, '\n'));
	ms_command_free(cmd);
	return run;
}

struct fake_run fake_run(struct fake_target *t, const char *name, const char *line)
{
	return run_command(t, name, line, 1000, 0);
}

struct fake_run fake_run_sliced(struct fake_target *t, const char *name, const char *line, uint32_t slice_ms)
{
	return run_command(t, name, line, slice_ms, 0);
}

struct fake_run fake_run_interrupted(struct fake_target *t, const char *name, const char *line, uint64_t step)
{
	return run_command(t, name, line, 0, step);
}

void fake_run_fini(struct fake_run *run)
{
	free(run->out);
	free(run->error);
	*run = (struct fake_run){ 0 };
}

void fake_expect(struct fake_target *t, const char *name, const char *line, int32_t status, const char *out)
{
	struct fake_run run = fake_run(t, name, line);

	assert_string_equal(run.error, "");
	assert_string_equal(run.out, out);
	assert_int_equal(run.status, status);
	fake_is_printable(run.out, run.size);
	fake_run_fini(&run);
}

void fake_expect_error(struct fake_target *t, const char *name, const char *line, int32_t status, const char *error)
{
	struct fake_run run = fake_run(t, name, line);

	assert_string_equal(run.error, error);
	assert_string_equal(run.out, "");
	assert_int_equal(run.status, status);
	fake_run_fini(&run);
}

/* ---- Asserting on texts ---- */

void fake_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

void fake_has_number(const char *json, const char *name, uint64_t number)
{
	char *member = fake_format("\"%s\": %llu, ", name, (unsigned long long)number);

	fake_contains(json, member);
	free(member);
}

void fake_is_printable(const char *text, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
			fail_msg("byte 0x%02x at %lu", (uint8_t)text[i], (unsigned long)i);
}

static const char *json_value(const char *p, int depth);

static const char *json_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		if (*p < ' ' || *p > '~')
			return NULL;
		if (*p != '\\')
			continue;
		if (*++p == 'u') {
			if (strspn(p + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			p += 4;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static const char *json_number(const char *p)
{
	p += *p == '-';
	size_t whole = strspn(p, "0123456789");
	if (whole == 0 || (whole > 1 && *p == '0'))
		return NULL;
	p += whole;
	if (*p == '.') {
		if (!strspn(p + 1, "0123456789"))
			return NULL;
		p += 1 + strspn(p + 1, "0123456789");
	}
	if (*p != 'e' && *p != 'E')
		return p;
	p += 1 + (p[1] == '+' || p[1] == '-');
	return strspn(p, "0123456789") ? p + strspn(p, "0123456789") : NULL;
}

static const char *json_list(const char *p, int depth, char end)
{
	for (p++; *p != end;) {
		if (end == '}') {
			p = *p == '"' ? json_string(p) : NULL;
			if (!p || *p++ != ':')
				return NULL;
		}
		p = json_value(p, depth + 1);
		if (!p || (*p != ',' && *p != end))
			return NULL;
		if (*p == ',')
			p += 1 + strspn(p + 1, " ");
	}
	return p + 1;
}

/* Behind the value at P; NULL when it is not well-formed.  */
static const char *json_value(const char *p, int depth)
{
	static const char *const words[] = { "null", "true", "false" };

	p += strspn(p, " ");
	if (depth > 200)
		return NULL;
	if (*p == '{' || *p == '[')
		return json_list(p, depth, *p == '{' ? '}' : ']');
	if (*p == '"')
		return json_string(p);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	return json_number(p);
}

void fake_is_json_lines(const char *text)
{
	for (const char *p = text, *end; *p; p = end + 1) {
		end = json_value(p, 0);
		if (!end || *end != '\n')
			fail_msg("no JSON line: %.*s", (int)strcspn(p, "\n"), p);
	}
}

char *fake_format(const char *format, ...)
{
	va_list args;
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	assert_non_null(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	assert_int_equal(fclose(file), 0);
	return out;
}
