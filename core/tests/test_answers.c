/* Answers on types and names: recorded while they are asked for, written, read back and given again; and bytes that are no such
   answers.  */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "fake_target.h"
#include "types/answers.h"

struct asked {
	struct fake_target t;
	struct ms_answers *answers;
	struct ms_types record;
	uint64_t point, node;
};

/* A struct that points to itself, with an enum, a bit-field and an array; and variables of every kind.  */
static void setup(struct asked *a, bool paths)
{
	fake_init(&a->t, 8, false);
	a->t.paths = paths;
	uint64_t tone = fake_enum(&a->t, "tone", 4);
	fake_enumerator(&a->t, tone, "low", -3);
	a->node = fake_struct(&a->t, "node");
	fake_member(&a->t, a->node, "next", fake_pointer(&a->t, a->node));
	fake_member(&a->t, a->node, "tone", tone);
	fake_bits(&a->t, a->node, "bits", fake_uint(&a->t, 4), 12, 3, 5);
	fake_member(&a->t, a->node, "list", fake_array(&a->t, fake_typedef(&a->t, "number", fake_int(&a->t, 8)), 7));
	fake_name(&a->t, "struct node", a->node);
	fake_symbol(&a->t, "begin", 0x1234);
	fake_variable(&a->t, "v", a->node, 0x5000, "abc", 3);
	fake_variable_refused(&a->t, "lost", "optimised out");
	fake_expr(&a->t, "v", a->node, 0x5000, "abc", 3);
	fake_expr(&a->t, "v.next + 1", fake_pointer(&a->t, a->node), 0, "\1\2\3\4\5\6\7\10", 8);
	fake_open(&a->t);
	a->answers = ms_answers_new();
	a->record = ms_answers_record(a->answers, &a->t.ctx->types);
}

static void teardown(struct asked *a)
{
	ms_answers_free(a->answers);
	fake_fini(&a->t);
}

static void same_value(const struct ms_types *x, const struct ms_types *y, bool variable, const char *text)
{
	struct ms_value a = { .size = sizeof a }, b = a;
	int64_t answer = MS_UNANSWERED, again = MS_UNANSWERED;

	(variable ? x->variable : x->evaluate)(x->user, text, &a, &answer);
	(variable ? y->variable : y->evaluate)(y->user, text, &b, &again);
	assert_int_equal(answer, again);
	if (answer == MS_REFUSED)
		assert_string_equal(a.error, b.error);
	if (answer != MS_OK)
		return;
	assert_true(a.type == b.type && a.address == b.address && a.byte_count == b.byte_count);
	assert_memory_equal(a.bytes, b.bytes, a.byte_count);
}

static void same_type(const struct ms_types *x, const struct ms_types *y, uint64_t number)
{
	struct ms_type a = { .size = sizeof a }, b = a;
	int64_t answer = MS_UNANSWERED, again = MS_UNANSWERED;

	x->type(x->user, number, &a, &answer);
	y->type(y->user, number, &b, &again);
	assert_true(answer == MS_OK && again == MS_OK);
	assert_true(a.kind == b.kind && a.byte_size == b.byte_size && a.target == b.target && a.count == b.count &&
		    a.field_count == b.field_count);
	assert_string_equal(a.name, b.name);
	for (uint32_t i = 0; i < a.field_count; i++) {
		struct ms_field f = { .size = sizeof f }, g = f;
		answer = again = MS_UNANSWERED;
		x->field(x->user, number, i, &f, &answer);
		y->field(y->user, number, i, &g, &again);
		assert_true(answer == MS_OK && again == MS_OK);
		assert_true(f.offset == g.offset && f.type == g.type && f.bit_size == g.bit_size &&
			    f.bit_offset == g.bit_offset);
		assert_string_equal(f.name, g.name);
	}
}

static uint64_t looked_up(const struct ms_types *types, const char *name)
{
	int64_t answer = MS_UNANSWERED;
	uint64_t type = 0;

	types->lookup(types->user, name, &type, &answer);
	return answer == MS_OK ? type : 0;
}

static bool close_all(struct ms_answers *answers)
{
	uint64_t next = 0;
	int32_t status;

	while ((status = ms_answers_close(answers, &next, 100)) == MS_AGAIN)
		;
	return status == MS_OK;
}

static void ask_all(struct asked *a)
{
	struct ms_value value = { .size = sizeof value };
	int64_t answer;
	uint64_t address;
	const char *name;

	assert_int_equal(looked_up(&a->record, "struct node"), 1);
	assert_int_equal(looked_up(&a->record, "struct nothing"), 0);
	a->record.symbol(a->record.user, "begin", &address, &answer);
	assert_true(answer == MS_OK && address == 0x1234);
	a->record.symbol(a->record.user, "end", &address, &answer);
	assert_int_equal(answer, MS_NOT_FOUND);
	a->record.symbol_at(a->record.user, 0x1234, &name, &answer);
	assert_int_equal(answer, MS_OK);
	assert_string_equal(name, "begin");
	a->record.symbol_at(a->record.user, 0x1235, &name, &answer);
	assert_int_equal(answer, MS_NOT_FOUND);
	a->record.variable(a->record.user, "v", &value, &answer);
	assert_true(answer == MS_OK && value.type == 1 && value.address == 0x5000);
	a->record.variable(a->record.user, "lost", &value, &answer);
	assert_int_equal(answer, a->t.paths ? MS_REFUSED : MS_NOT_FOUND);
	a->record.evaluate(a->record.user, "v.next + 1", &value, &answer);
	assert_true(answer == MS_OK && value.type == 2);
	ms_answers_add_word(a->answers, "--");
	ms_answers_add_word(a->answers, "v");
	assert_true(close_all(a->answers) && ms_answers_whole(a->answers));
}

static void answers_are_given_again(void **state)
{
	(void)state;
	for (int paths = 0; paths < 2; paths++) {
		struct asked a;
		struct ms_buf bytes = { 0 }, once_more = { 0 };
		bool short_of_memory;
		const char *name;
		int64_t answer;
		setup(&a, paths);
		ask_all(&a);
		ms_answers_write(a.answers, &bytes);
		struct ms_answers *read = ms_answers_read(bytes.data, bytes.size, &short_of_memory);
		assert_non_null(read);
		struct ms_types replay = ms_answers_replay(read, 8);
		for (uint64_t number = 1; number <= 8;
		     number++) /* node, pointer, enum, unsigned, array, typedef, long */
			same_type(&a.record, &replay, number);
		assert_int_equal(looked_up(&replay, "struct node"), 1);
		assert_int_equal(looked_up(&replay, "struct nothing"), 0);
		assert_int_equal(looked_up(&replay, "struct never_asked"), 0);
		replay.symbol_at(read, 0x1234, &name, &answer);
		assert_true(answer == MS_OK && !strcmp(name, "begin"));
		same_value(&a.record, &replay, true, "v");
		same_value(&a.record, &replay, true, "lost");
		same_value(&a.record, &replay, false, "v.next + 1");
		assert_string_equal(ms_answers_word(read, 1), "v");
		assert_null(ms_answers_word(read, 2));
		ms_answers_write(read, &once_more);
		assert_int_equal(bytes.size, once_more.size);
		assert_memory_equal(bytes.data, once_more.data, bytes.size);
		ms_answers_free(read);
		ms_buf_fini(&bytes);
		ms_buf_fini(&once_more);
		teardown(&a);
	}
}

static void what_is_known_is_not_asked_again(void **state)
{
	struct asked a;

	(void)state;
	setup(&a, true);
	ask_all(&a);
	uint64_t questions = a.t.questions;
	looked_up(&a.record, "struct node");
	looked_up(&a.record, "struct nothing");
	assert_true(close_all(a.answers));
	assert_int_equal(a.t.questions, questions);
	teardown(&a);
}

static void pointer_nobody_had_asked_for_is_made(void **state)
{
	struct asked a;
	struct ms_buf bytes = { 0 };
	bool short_of_memory;
	uint64_t pointer = 0, same = 0, array = 0;
	int64_t answer;
	struct ms_type type;

	(void)state;
	setup(&a, true);
	ask_all(&a);
	ms_answers_write(a.answers, &bytes);
	struct ms_answers *read = ms_answers_read(bytes.data, bytes.size, &short_of_memory);
	struct ms_types replay = ms_answers_replay(read, 8);
	replay.derive(read, MS_ARRAY, 1, 3, &array, &answer);
	assert_int_equal(answer, MS_OK);
	replay.type(read, array, &type, &answer);
	assert_true(answer == MS_OK && type.target == 1 && type.count == 3 &&
		    type.byte_size == 3 * fake_size(&a.t, a.node));
	replay.derive(read, MS_POINTER, array, 0, &pointer, &answer);
	assert_int_equal(answer, MS_OK);
	replay.derive(read, MS_POINTER, array, 0, &same, &answer);
	assert_true(answer == MS_OK && same == pointer);
	replay.derive(read, MS_ARRAY, 1, UINT64_MAX / 8, &array, &answer);
	assert_int_equal(answer, MS_NOT_FOUND);
	replay.derive(read, MS_POINTER, 999, 0, &pointer, &answer);
	assert_int_equal(answer, MS_NOT_FOUND);
	ms_answers_free(read);
	ms_buf_fini(&bytes);
	teardown(&a);
}

/* Reads bytes that may say anything, and asks all of it that may be there.  */
static bool survives(const char *bytes, size_t size)
{
	bool short_of_memory;
	char *copy = malloc(size + 1); /* so that the sanitizer sees where they end */
	struct ms_type type;
	struct ms_field field;
	int64_t answer;

	memcpy(copy, bytes, size);
	struct ms_answers *read = ms_answers_read(copy, size, &short_of_memory);
	free(copy);
	assert_false(short_of_memory);
	if (!read)
		return false;
	struct ms_types replay = ms_answers_replay(read, 8);
	for (uint64_t number = 0; number < 12; number++) {
		replay.type(read, number, &type, &answer);
		for (uint32_t i = 0; answer == MS_OK && i < type.field_count; i++)
			replay.field(read, number, i, &field, &answer);
	}
	ms_answers_free(read);
	return true;
}

static void damaged_bytes_are_refused_or_read_without_harm(void **state)
{
	struct asked a;
	struct ms_buf bytes = { 0 };
	unsigned refused = 0;

	(void)state;
	setup(&a, true);
	ask_all(&a);
	ms_answers_write(a.answers, &bytes);
	assert_true(survives(bytes.data, bytes.size));
	for (size_t size = 0; size < bytes.size; size++)
		refused += !survives(bytes.data, size);
	assert_true(refused > bytes.size - 20); /* all but cuts between two records */
	for (size_t at = 0; at < bytes.size; at++) {
		char kept = bytes.data[at];
		for (int bit = 0; bit < 8; bit += 7) {
			bytes.data[at] ^= (char)(1 << bit);
			survives(bytes.data, bytes.size);
			bytes.data[at] = kept;
		}
	}
	bytes.data[0] = 2; /* of another version */
	assert_false(survives(bytes.data, bytes.size));
	ms_buf_fini(&bytes);
	teardown(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_given_again),
		cmocka_unit_test(what_is_known_is_not_asked_again),
		cmocka_unit_test(pointer_nobody_had_asked_for_is_made),
		cmocka_unit_test(damaged_bytes_are_refused_or_read_without_harm),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
