/* The lists of answers, and how they are recorded. A question that was asked twice is kept once, with its first answer.  */
#include "types/answers_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"

enum { SCALAR_MOST = 16 /* bytes */, AT_ONCE = 64 /* types, asked for within a slice of time */ };

struct ms_answers *ms_answers_new(void)
{
	return calloc(1, sizeof(struct ms_answers));
}

void ms_answers_free(struct ms_answers *answers)
{
	if (!answers)
		return;
	for (uint64_t i = 0; i < answers->type_count; i++) {
		struct type *type = &answers->types[i];
		for (uint32_t n = 0; type->fields && n < type->type.field_count; n++)
			free((char *)type->fields[n].name);
		free(type->fields);
		free((char *)type->type.name);
	}
	for (uint64_t i = 0; i < answers->name_count; i++) {
		free(answers->names[i].text);
		free(answers->names[i].bytes);
		free(answers->names[i].error);
	}
	for (uint64_t i = 0; i < answers->word_count; i++)
		free(answers->words[i]);
	free(answers->types);
	free(answers->names);
	free(answers->words);
	free(answers);
}

bool ms_answers_whole(const struct ms_answers *answers)
{
	return !answers->failed;
}

/* ALL with room for one member more of SIZE bytes; NULL: memory is short, and ALL is as it was.  */
static void *with_room(struct ms_answers *answers, void *all, uint64_t count, uint64_t *capacity, size_t size)
{
	if (count < *capacity)
		return all;
	uint64_t wanted = *capacity ? *capacity * 2 : 64;
	void *grown = realloc(all, wanted * size);
	answers->failed |= !grown;
	if (grown)
		*capacity = wanted;
	return grown;
}

static char *copy(struct ms_answers *answers, const char *text)
{
	char *out = strdup(text ? text : "");

	answers->failed |= !out;
	return out;
}

/* A new type of number type_count; NULL: memory is short.  */
struct type *answers_add_type(struct ms_answers *answers)
{
	struct type *all = answers->type_count < TYPES_MOST ? with_room(answers, answers->types, answers->type_count,
									&answers->type_capacity, sizeof *all)
							    : NULL;

	if (!all)
		return NULL;
	answers->types = all;
	all[answers->type_count] = (struct type){ .type = { .size = sizeof(struct ms_type) } };
	return &all[answers->type_count++];
}

struct name *answers_add_name(struct ms_answers *answers, enum record kind, const char *text)
{
	struct name *all =
		with_room(answers, answers->names, answers->name_count, &answers->name_capacity, sizeof *all);

	if (!all)
		return NULL;
	answers->names = all;
	all[answers->name_count] = (struct name){ .kind = kind, .text = copy(answers, text) };
	if (!all[answers->name_count].text)
		return NULL;
	return &all[answers->name_count++];
}

struct name *answers_find_name(const struct ms_answers *answers, enum record kind, const char *text)
{
	for (uint64_t i = 0; i < answers->name_count; i++)
		if (answers->names[i].kind == kind && !strcmp(answers->names[i].text, text))
			return &answers->names[i];
	return NULL;
}

void ms_answers_add_word(struct ms_answers *answers, const char *word)
{
	char **words = realloc(answers->words, (answers->word_count + 1) * sizeof *words);

	answers->failed |= !words;
	if (!words)
		return;
	answers->words = words;
	words[answers->word_count] = copy(answers, word);
	answers->word_count += words[answers->word_count] != NULL;
}

const char *ms_answers_word(const struct ms_answers *answers, uint64_t n)
{
	return n < answers->word_count ? answers->words[n] : NULL;
}

bool ms_answers_value(const struct ms_answers *answers, uint64_t n, uint64_t *address_out, uint64_t *size_out)
{
	for (uint64_t i = 0; i < answers->name_count; i++) {
		const struct name *name = &answers->names[i];
		bool value = name->kind == RECORD_VARIABLE || name->kind == RECORD_EXPRESSION;
		if (!value || name->status != MS_OK || n-- > 0)
			continue;
		*address_out = name->address;
		*size_out = name->type && name->type <= answers->type_count
				    ? answers->types[name->type - 1].type.byte_size
				    : 0;
		return true;
	}
	return false;
}

/* ---- Recording ---- */

/* Our number of the caller's type THEIRS; 0 where memory is short.  */
static uint64_t number(struct ms_answers *answers, uint64_t theirs)
{
	uint64_t *chain = &answers->chains[theirs % CHAINS];

	if (!theirs)
		return 0;
	for (uint64_t n = *chain; n; n = answers->types[n - 1].next)
		if (answers->types[n - 1].theirs == theirs)
			return n;
	struct type *type = answers_add_type(answers);
	if (!type)
		return 0;
	type->theirs = theirs;
	type->next = *chain;
	return *chain = answers->type_count;
}

static uint64_t theirs(const struct ms_answers *answers, uint64_t ours)
{
	return ours && ours <= answers->type_count ? answers->types[ours - 1].theirs : 0;
}

static int64_t record_fields(struct ms_answers *answers, uint64_t ours, uint32_t count)
{
	const struct ms_types *from = answers->from;
	struct ms_field *fields = count <= FIELDS_MOST ? calloc((size_t)count + 1, sizeof *fields) : NULL;

	if (!fields)
		return count > FIELDS_MOST ? MS_BAD_TYPE : MS_NO_MEMORY;
	/* The list of types may move while members are numbered.  */
	answers->types[ours - 1].fields = fields;
	for (uint32_t i = 0; i < count; i++) {
		int64_t answer = MS_UNANSWERED;
		fields[i] = (struct ms_field){ .size = sizeof *fields, .name = "" };
		from->field(from->user, theirs(answers, ours), i, &fields[i], &answer);
		fields[i].name = answer == MS_OK ? copy(answers, fields[i].name) : NULL;
		answers->types[ours - 1].type.field_count = i + 1;
		if (answer != MS_OK || !fields[i].name)
			return answer != MS_OK ? answer : MS_NO_MEMORY;
		fields[i].type = number(answers, fields[i].type);
	}
	return MS_OK;
}

static int64_t record_type(struct ms_answers *answers, uint64_t ours)
{
	struct ms_type type = { .size = sizeof type, .name = "" };
	int64_t answer = MS_UNANSWERED;

	answers->from->type(answers->from->user, theirs(answers, ours), &type, &answer);
	if (answer != MS_OK)
		return answer;
	type.name = copy(answers, type.name);
	if (!type.name)
		return MS_NO_MEMORY;
	type.target = number(answers, type.target);
	uint32_t count = type.field_count;
	type.field_count = 0;
	answers->types[ours - 1].type = type;
	answer = record_fields(answers, ours, count);
	answers->types[ours - 1].known = answer == MS_OK;
	return answer;
}

static void ask_type(void *user, uint64_t ours, struct ms_type *out, int64_t *answer)
{
	struct ms_answers *answers = user;
	int64_t status = MS_NOT_FOUND;

	if (ours && ours <= answers->type_count) {
		struct type *type = &answers->types[ours - 1];
		status = type->known ? MS_OK : type->asked ? MS_NOT_FOUND : record_type(answers, ours);
		/* A call-back that was interrupted is asked again.  */
		answers->types[ours - 1].asked = status != MS_UNANSWERED && status != MS_INTERRUPTED;
		if (status == MS_OK)
			*out = answers->types[ours - 1].type;
	}
	*answer = status;
}

static void ask_field(void *user, uint64_t ours, uint32_t index, struct ms_field *out, int64_t *answer)
{
	struct ms_answers *answers = user;
	const struct type *type = ours && ours <= answers->type_count ? &answers->types[ours - 1] : NULL;

	if (!type || !type->known || index >= type->type.field_count) {
		*answer = MS_NOT_FOUND;
		return;
	}
	*out = type->fields[index];
	*answer = MS_OK;
}

/* Asks FROM's call-back about TEXT, once.  */
static void ask_number(struct ms_answers *answers, enum record kind, const char *text,
		       void (*ask)(void *user, const char *name, uint64_t *out, int64_t *answer), uint64_t *out,
		       int64_t *answer)
{
	struct name *known = answers_find_name(answers, kind, text);
	int64_t status = MS_UNANSWERED;
	uint64_t found = 0;

	if (!known && ask) {
		ask(answers->from->user, text, &found, &status);
		if (status == MS_UNANSWERED || status == MS_INTERRUPTED) {
			*answer = status;
			return;
		}
		uint64_t ours = kind == RECORD_NAME && status == MS_OK ? number(answers, found) : 0;
		known = answers_add_name(answers, kind, text);
		if (known) {
			known->status = status;
			known->type = ours;
			known->address = kind == RECORD_NAME ? 0 : found;
		}
	}
	*answer = known ? known->status : ask ? MS_NO_MEMORY : MS_NOT_FOUND;
	if (known && known->status == MS_OK)
		*out = kind == RECORD_NAME ? known->type : known->address;
}

static void ask_lookup(void *user, const char *name, uint64_t *type_out, int64_t *answer)
{
	struct ms_answers *answers = user;

	ask_number(answers, RECORD_NAME, name, answers->from->lookup, type_out, answer);
}

static void ask_symbol(void *user, const char *name, uint64_t *address_out, int64_t *answer)
{
	struct ms_answers *answers = user;

	ask_number(answers, RECORD_SYMBOL, name, answers->from->symbol, address_out, answer);
}

/* A symbol is known by its address as another name is by its text.  */
static void address_text(uint64_t address, char out[24])
{
	snprintf(out, 24, "0x%llx", (unsigned long long)address);
}

struct name *answers_find_symbol_at(const struct ms_answers *answers, uint64_t address)
{
	char text[24];

	address_text(address, text);
	return answers_find_name(answers, RECORD_SYMBOL_AT, text);
}

void answers_give_name(const struct name *name, const char **name_out, int64_t *answer)
{
	*name_out = (const char *)name->bytes;
	*answer = name->status;
}

static void ask_symbol_at(void *user, uint64_t address, const char **name_out, int64_t *answer)
{
	struct ms_answers *answers = user;
	struct name *known = answers_find_symbol_at(answers, address);
	int64_t status = MS_UNANSWERED;
	const char *found = "";
	char text[24];

	if (!known) {
		answers->from->symbol_at(answers->from->user, address, &found, &status);
		if (status == MS_UNANSWERED || status == MS_INTERRUPTED) {
			*answer = status;
			return;
		}
		char *kept = copy(answers, status == MS_OK ? found : "");
		address_text(address, text);
		known = kept ? answers_add_name(answers, RECORD_SYMBOL_AT, text) : NULL;
		if (!known) {
			free(kept);
			*answer = MS_NO_MEMORY;
			return;
		}
		known->status = status;
		known->bytes = (uint8_t *)kept;
		known->byte_count = strlen(kept);
	}
	answers_give_name(known, name_out, answer);
}

static void ask_derive(void *user, uint32_t kind, uint64_t ours, uint64_t count, uint64_t *type_out, int64_t *answer)
{
	struct ms_answers *answers = user;
	const struct ms_types *from = answers->from;
	uint64_t made = 0;
	int64_t status = MS_NOT_FOUND;

	if (from->derive) {
		status = MS_UNANSWERED;
		from->derive(from->user, kind, theirs(answers, ours), count, &made, &status);
	}
	if (status == MS_OK) {
		*type_out = number(answers, made);
		status = *type_out ? MS_OK : MS_NO_MEMORY;
	}
	*answer = status;
}

void answers_give_value(const struct name *name, struct ms_value *out, int64_t *answer)
{
	out->type = name->type;
	out->address = name->address;
	out->bytes = name->bytes;
	out->byte_count = name->byte_count;
	out->error = name->error;
	*answer = name->status;
}

/* Keeps what was said of TEXT.  */
static void keep_value(struct ms_answers *answers, enum record kind, const char *text, const struct ms_value *value,
		       int64_t status, struct ms_value *out, int64_t *answer)
{
	uint64_t ours = status == MS_OK ? number(answers, value->type) : 0;
	struct name *name = answers_add_name(answers, kind, text);

	*answer = MS_NO_MEMORY;
	if (!name)
		return;
	name->status = status;
	if (status == MS_OK) {
		name->type = ours;
		name->address = value->address;
		/* What lies in memory is there to be read, but a pointer is what the caller holds.  */
		uint64_t size = value->address ? ms_min(value->byte_count, SCALAR_MOST) : value->byte_count;
		name->bytes = malloc(size + 1);
		answers->failed |= !name->bytes;
		if (!name->bytes)
			return;
		if (size)
			memcpy(name->bytes, value->bytes, size);
		name->byte_count = size;
	} else if (status == MS_REFUSED && !(name->error = copy(answers, value->error))) {
		return;
	}
	answers_give_value(name, out, answer);
}

static void ask_value(struct ms_answers *answers, enum record kind, const char *text, const char *question,
		      void (*ask)(void *user, const char *expr, struct ms_value *out, int64_t *answer),
		      struct ms_value *out, int64_t *answer)
{
	struct ms_value value = { .size = sizeof value };
	const struct name *known = answers_find_name(answers, kind, text);
	int64_t status = MS_UNANSWERED;

	if (known) {
		answers_give_value(known, out, answer);
		return;
	}
	ask(answers->from->user, question, &value, &status);
	if (status == MS_UNANSWERED || status == MS_INTERRUPTED) {
		*answer = status;
		return;
	}
	if (kind == RECORD_VARIABLE && ask == answers->from->evaluate && status == MS_REFUSED)
		status = MS_NOT_FOUND; /* of that name or at all: nobody can tell */
	keep_value(answers, kind, text, &value, status, out, answer);
}

static void ask_evaluate(void *user, const char *expr, struct ms_value *out, int64_t *answer)
{
	struct ms_answers *answers = user;

	ask_value(answers, RECORD_EXPRESSION, expr, expr, answers->from->evaluate, out, answer);
}

static void ask_variable(void *user, const char *name, struct ms_value *out, int64_t *answer)
{
	struct ms_answers *answers = user;
	const struct ms_types *from = answers->from;
	const char *inner = strstr(name, "::");
	struct ms_buf quoted = { 0 };

	if (from->variable) {
		ask_value(answers, RECORD_VARIABLE, name, name, from->variable, out, answer);
		return;
	}
	/* A file's name stands in quotes in gdb: 'table.c'::cache.  */
	if (inner && memchr(name, '.', (size_t)(inner - name)))
		ms_buf_printf(&quoted, "'%.*s'%s", (int)(inner - name), name, inner);
	ask_value(answers, RECORD_VARIABLE, name, quoted.size ? ms_buf_text(&quoted) : name, from->evaluate, out,
		  answer);
	ms_buf_fini(&quoted);
}

struct ms_types ms_answers_record(struct ms_answers *answers, const struct ms_types *from)
{
	answers->from = from;
	return (struct ms_types){
		.size = sizeof(struct ms_types),
		.user = answers,
		.evaluate = from->evaluate ? ask_evaluate : NULL,
		.lookup = ask_lookup,
		.type = ask_type,
		.field = ask_field,
		.symbol = ask_symbol,
		.variable = from->variable || from->evaluate ? ask_variable : NULL,
		.derive = ask_derive,
		.symbol_at = from->symbol_at ? ask_symbol_at : NULL,
	};
}

int32_t ms_answers_close(struct ms_answers *answers, uint64_t *next, uint64_t most)
{
	for (int asked = 0; asked < AT_ONCE; asked++) {
		struct ms_type type;
		int64_t answer = MS_UNANSWERED;
		if (*next >= answers->type_count || *next >= most)
			return MS_OK;
		ask_type(answers, *next + 1, &type, &answer);
		if (answer == MS_UNANSWERED || answer == MS_INTERRUPTED)
			return MS_INTERRUPTED;
		++*next;
		if (answer != MS_OK && answer != MS_NOT_FOUND)
			return MS_BAD_TYPE;
	}
	return MS_AGAIN;
}
