/* Answers as bytes, and given once more. Bytes come from a file: whatever they claim is held against their number.  */
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "base/bytes.h"
#include "types/answers_inside.h"

enum { VERSION = 1 };

/* ---- To bytes ---- */

static void put(struct ms_buf *out, uint64_t number)
{
	uint8_t bytes[8];

	ms_store(bytes, sizeof bytes, number, false);
	ms_buf_add(out, bytes, sizeof bytes);
}

static void put_bytes(struct ms_buf *out, const void *bytes, uint64_t size)
{
	put(out, size);
	ms_buf_add(out, bytes, size);
}

static void put_text(struct ms_buf *out, const char *text)
{
	put_bytes(out, text ? text : "", text ? strlen(text) : 0);
}

static void put_type(struct ms_buf *out, uint64_t number, const struct type *type)
{
	put(out, RECORD_TYPE);
	put(out, number);
	put(out, type->type.kind);
	put(out, type->type.byte_size);
	put(out, type->type.target);
	put(out, type->type.count);
	put_text(out, type->type.name);
	put(out, type->type.field_count);
	for (uint32_t i = 0; i < type->type.field_count; i++) {
		const struct ms_field *field = &type->fields[i];
		put_text(out, field->name);
		put(out, (uint64_t)field->offset);
		put(out, field->type);
		put(out, field->bit_size);
		put(out, field->bit_offset);
	}
}

static void put_name(struct ms_buf *out, const struct name *name)
{
	put(out, name->kind);
	put_text(out, name->text);
	put(out, (uint64_t)name->status);
	put(out, name->type);
	put(out, name->address);
	put_bytes(out, name->bytes, name->byte_count);
	put_text(out, name->error);
}

void ms_answers_write(const struct ms_answers *answers, struct ms_buf *out)
{
	put(out, VERSION);
	put(out, answers->type_count);
	for (uint64_t i = 0; i < answers->word_count; i++) {
		put(out, RECORD_WORD);
		put_text(out, answers->words[i]);
	}
	for (uint64_t i = 0; i < answers->name_count; i++)
		put_name(out, &answers->names[i]);
	for (uint64_t i = 0; i < answers->type_count; i++)
		if (answers->types[i].known)
			put_type(out, i + 1, &answers->types[i]);
}

/* ---- And back ---- */

struct cursor {
	const uint8_t *at;
	uint64_t left;
	bool bad, no_memory;
};

static uint64_t take(struct cursor *from)
{
	uint64_t number = from->left >= 8 ? ms_load(from->at, 8, false) : 0;

	from->bad |= from->left < 8;
	from->at += from->left < 8 ? 0 : 8;
	from->left -= from->left < 8 ? 0 : 8;
	return number;
}

/* A copy with a NUL behind it; NULL when there is none, and FROM tells why.  */
static void *take_bytes(struct cursor *from, uint64_t *size_out)
{
	uint64_t size = take(from);

	from->bad |= size > from->left;
	if (from->bad)
		return NULL;
	char *out = malloc(size + 1);
	from->no_memory |= !out;
	if (!out)
		return NULL;
	memcpy(out, from->at, size);
	out[size] = 0;
	from->at += size;
	from->left -= size;
	*size_out = size;
	return out;
}

static char *take_text(struct cursor *from)
{
	uint64_t size = 0;
	char *text = take_bytes(from, &size);

	from->bad |= text && memchr(text, 0, size);
	return text;
}

/* A number of a type, or 0.  */
static uint64_t take_number(struct cursor *from, const struct ms_answers *answers)
{
	uint64_t number = take(from);

	from->bad |= number > answers->type_count;
	return from->bad ? 0 : number;
}

static void take_fields(struct cursor *from, const struct ms_answers *answers, struct type *type, uint64_t count)
{
	enum { LEAST = 5 * 8 }; /* bytes of a field */

	from->bad |= count > FIELDS_MOST || count > from->left / LEAST;
	if (from->bad)
		return;
	type->fields = calloc(count + 1, sizeof *type->fields);
	from->no_memory |= !type->fields;
	for (uint64_t i = 0; i < count && !from->bad && !from->no_memory; i++) {
		struct ms_field *field = &type->fields[i];
		*field = (struct ms_field){ .size = sizeof *field, .name = take_text(from) };
		type->type.field_count = (uint32_t)i + 1;
		field->offset = (int64_t)take(from);
		field->type = take_number(from, answers);
		field->bit_size = (uint32_t)take(from);
		field->bit_offset = (uint32_t)take(from);
	}
}

static void take_type(struct cursor *from, struct ms_answers *answers)
{
	uint64_t number = take_number(from, answers);
	struct type *type = number ? &answers->types[number - 1] : NULL;

	from->bad |= !type || type->known;
	if (from->bad)
		return;
	type->known = true;
	type->type.kind = (uint32_t)take(from);
	type->type.byte_size = take(from);
	type->type.target = take_number(from, answers);
	type->type.count = take(from);
	type->type.name = take_text(from);
	take_fields(from, answers, type, take(from));
}

static void take_name(struct cursor *from, struct ms_answers *answers, enum record kind)
{
	char *text = take_text(from);
	struct name *name = text && !from->bad ? answers_add_name(answers, kind, text) : NULL;

	from->no_memory |= text && !from->bad && !name;
	free(text);
	if (!name)
		return;
	name->status = (int64_t)take(from);
	name->type = take_number(from, answers);
	name->address = take(from);
	name->bytes = take_bytes(from, &name->byte_count);
	name->error = take_text(from);
}

static void take_record(struct cursor *from, struct ms_answers *answers)
{
	uint64_t kind = take(from);

	switch (kind) {
	case RECORD_TYPE:
		take_type(from, answers);
		break;
	case RECORD_NAME:
	case RECORD_SYMBOL:
	case RECORD_SYMBOL_AT:
	case RECORD_VARIABLE:
	case RECORD_EXPRESSION:
		take_name(from, answers, (enum record)kind);
		break;
	case RECORD_WORD: {
		char *word = take_text(from);
		if (word)
			ms_answers_add_word(answers, word);
		free(word);
		break;
	}
	default:
		from->bad = true;
	}
}

struct ms_answers *ms_answers_read(const void *bytes, uint64_t size, bool *short_out)
{
	struct cursor from = { .at = bytes, .left = size };
	struct ms_answers *answers = ms_answers_new();
	uint64_t version = take(&from), types = take(&from);

	/* A type takes seven words, or more of them than are known would have a record of their own.  */
	from.bad |= version != VERSION || types > TYPES_MOST || types > size;
	from.no_memory = !answers;
	for (uint64_t i = 0; i < types && !from.bad && !from.no_memory; i++)
		from.no_memory = !answers_add_type(answers);
	while (from.left && !from.bad && !from.no_memory)
		take_record(&from, answers);
	from.no_memory |= answers && answers->failed;
	*short_out = from.no_memory;
	if (!from.bad && !from.no_memory)
		return answers;
	ms_answers_free(answers);
	return NULL;
}

/* ---- Once more ---- */

static void give_type(void *user, uint64_t number, struct ms_type *out, int64_t *answer)
{
	const struct ms_answers *answers = user;
	bool known = number && number <= answers->type_count && answers->types[number - 1].known;

	if (known)
		*out = answers->types[number - 1].type;
	*answer = known ? MS_OK : MS_NOT_FOUND;
}

static void give_field(void *user, uint64_t number, uint32_t index, struct ms_field *out, int64_t *answer)
{
	const struct ms_answers *answers = user;
	const struct type *type = number && number <= answers->type_count ? &answers->types[number - 1] : NULL;
	bool known = type && type->known && index < type->type.field_count;

	if (known)
		*out = type->fields[index];
	*answer = known ? MS_OK : MS_NOT_FOUND;
}

static void give_number(const struct ms_answers *answers, enum record kind, const char *text, uint64_t *out,
			int64_t *answer)
{
	const struct name *name = answers_find_name(answers, kind, text);

	if (name && name->status == MS_OK)
		*out = kind == RECORD_NAME ? name->type : name->address;
	*answer = name ? name->status : MS_NOT_FOUND;
}

static void give_lookup(void *user, const char *name, uint64_t *type_out, int64_t *answer)
{
	give_number(user, RECORD_NAME, name, type_out, answer);
}

static void give_symbol(void *user, const char *name, uint64_t *address_out, int64_t *answer)
{
	give_number(user, RECORD_SYMBOL, name, address_out, answer);
}

static void give_symbol_at(void *user, uint64_t address, const char **name_out, int64_t *answer)
{
	const struct name *name = answers_find_symbol_at(user, address);

	if (name)
		answers_give_name(name, name_out, answer);
	else
		*answer = MS_NOT_FOUND;
}

static void give_value(const struct ms_answers *answers, enum record kind, const char *text, struct ms_value *out,
		       int64_t *answer)
{
	const struct name *name = answers_find_name(answers, kind, text);

	if (name)
		answers_give_value(name, out, answer);
	else
		*answer = MS_NOT_FOUND;
}

static void give_variable(void *user, const char *name, struct ms_value *out, int64_t *answer)
{
	give_value(user, RECORD_VARIABLE, name, out, answer);
}

static void give_expression(void *user, const char *expr, struct ms_value *out, int64_t *answer)
{
	give_value(user, RECORD_EXPRESSION, expr, out, answer);
	if (*answer == MS_NOT_FOUND) {
		out->error = "a snapshot has no debugger to evaluate another expression than its own";
		*answer = MS_REFUSED;
	}
}

/* A pointer or an array that was made then is made again, or found where it was made before.  */
static void give_derived(void *user, uint32_t kind, uint64_t target, uint64_t count, uint64_t *type_out,
			 int64_t *answer)
{
	struct ms_answers *answers = user;
	uint64_t size = answers->pointer_size;
	bool array = kind == MS_ARRAY;

	*answer = MS_NOT_FOUND;
	if (target > answers->type_count ||
	    (array && (!target || !answers->types[target - 1].known ||
		       !ms_mul(answers->types[target - 1].type.byte_size, count, &size))))
		return;
	for (uint64_t i = 0; i < answers->type_count; i++) {
		const struct ms_type *type = &answers->types[i].type;
		if (answers->types[i].known && type->kind == kind && type->target == target && !*type->name &&
		    type->byte_size == size && (!array || type->count == count)) {
			*type_out = i + 1;
			*answer = MS_OK;
			return;
		}
	}
	struct type *made = answers_add_type(answers);
	char *name = made ? strdup("") : NULL;
	*answer = MS_NO_MEMORY;
	if (!name)
		return;
	made->type = (struct ms_type){ .size = sizeof made->type,
				       .kind = kind,
				       .byte_size = size,
				       .target = target,
				       .count = array ? count : 0,
				       .name = name };
	made->known = true;
	*type_out = answers->type_count;
	*answer = MS_OK;
}

struct ms_types ms_answers_replay(struct ms_answers *answers, uint32_t pointer_size)
{
	answers->pointer_size = pointer_size;
	return (struct ms_types){
		.size = sizeof(struct ms_types),
		.user = answers,
		.evaluate = give_expression,
		.lookup = give_lookup,
		.type = give_type,
		.field = give_field,
		.symbol = give_symbol,
		.variable = give_variable,
		.derive = give_derived,
		.symbol_at = give_symbol_at,
	};
}
