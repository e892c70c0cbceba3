/* map-get: keys looked up one after the other; a word that is no key does not keep the others from being found.  */
#include <stdlib.h>
#include <string.h>

#include "cmd/key.h"
#include "out/found.h"

struct get {
	uint32_t next; /* word of the line, from 1 */
	bool looking;  /* FIND is for that word */
	struct ms_key key;
	struct ms_find find;
	bool itself;
	uint64_t wrong; /* words that are no keys */
	int32_t code;	/* of the first of them */
	struct ms_buf error;
};

static int32_t get_begin(struct ms_command *cmd)
{
	cmd->own = calloc(1, sizeof(struct get));
	if (!cmd->own)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	((struct get *)cmd->own)->next = 1;
	return MS_OK;
}

static void forget_key(struct get *get)
{
	ms_find_fini(&get->find);
	ms_key_fini(&get->key);
	get->looking = false;
}

static void get_free(struct ms_command *cmd)
{
	struct get *get = cmd->own;

	forget_key(get);
	ms_buf_fini(&get->error);
	free(get);
}

/* One document, or a line each of several.  */
static bool is_single(const struct ms_command *cmd)
{
	return cmd->args.word_count == 2;
}

static void take_notes(struct ms_command *cmd, const struct ms_notes *notes)
{
	for (uint32_t i = 0; i < notes->count; i++)
		ms_note(&cmd->notes, notes->damaged, "%s", notes->line[i]);
}

/* The answer for the word at hand, and on to the next one.  */
static int32_t show(struct ms_command *cmd, const char *error)
{
	struct get *get = cmd->own;
	struct ms_view view = ms_command_view(cmd);
	struct ms_found found = { .asked = cmd->args.words[get->next],
				  .find = get->looking ? &get->find : NULL,
				  .error = error,
				  .interrupted = cmd->interrupt,
				  .itself = get->itself };
	size_t before = view.buf->size;

	ms_buf_str(view.buf, view.style.json ? "{" : "");
	int32_t status = ms_view_found(&view, cmd->map, &found);
	if (status < 0) {
		ms_buf_truncate(view.buf, before);
		return status;
	}
	ms_buf_str(view.buf, !view.style.json ? "" : is_single(cmd) ? ", " : "}\n");
	take_notes(cmd, &get->find.notes);
	cmd->shown++;
	cmd->no |= get->looking && !get->find.found;
	get->next++;
	forget_key(get);
	return MS_OK;
}

/* A word that is no key of the map, or one that cannot be looked for: told where its answer would be, and at the end.  */
static int32_t show_wrong(struct ms_command *cmd, int32_t code)
{
	struct get *get = cmd->own;
	struct ms_buf why = { 0 };

	ms_buf_str(&why, ms_error(cmd->ctx));
	if (!get->wrong++) {
		const char *word = cmd->args.words[get->next];
		get->code = code;
		ms_buf_escaped(&get->error, word, strlen(word), 0);
		ms_buf_printf(&get->error, ": %s", ms_buf_text(&why));
	}
	int32_t status = why.failed || get->error.failed ? MS_NO_MEMORY
			 : is_single(cmd)		 ? ms_fail(cmd->ctx, code, "%s", ms_buf_text(&get->error))
							 : show(cmd, ms_buf_text(&why));
	ms_buf_fini(&why);
	return status;
}

static bool is_about_key(int32_t status)
{
	return status == MS_USAGE || status == MS_FAULT || status == MS_BAD_TYPE || status == MS_REFUSED;
}

static int32_t start(struct ms_command *cmd)
{
	struct get *get = cmd->own;
	int32_t status = ms_key_of_word(cmd, cmd->args.words[get->next], &get->key, &get->itself);

	if (status == MS_OK) {
		get->looking = true;
		status = ms_find_init(&get->find, cmd->map, &get->key);
	}
	if (status == MS_OK || !is_about_key(status))
		return status;
	forget_key(get);
	return show_wrong(cmd, status);
}

static int32_t get_step(struct ms_command *cmd)
{
	struct get *get = cmd->own;

	if (get->next == cmd->args.word_count)
		return MS_NOT_FOUND;
	if (!get->looking)
		return start(cmd);
	int32_t status = ms_find_step(&get->find);
	if (status == MS_AGAIN) /* the step decides whether the slice is over */
		return MS_OK;
	return status == MS_OK || status == MS_NOT_FOUND ? show(cmd, NULL) : status;
}

static int32_t get_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	struct get *get = cmd->own;
	struct ms_end last = *end;

	if (cmd->interrupt && get->next < cmd->args.word_count && (get->looking || is_single(cmd))) {
		int32_t status = show(cmd, NULL);
		if (status < 0)
			return status;
	}
	last.shown = cmd->shown;
	last.of = cmd->args.word_count - 1;
	if (!view->style.json)
		ms_view_notes(view, &last);
	else if (is_single(cmd))
		ms_view_last(view, &last);
	else
		ms_view_end(view, &last, NULL);
	if (get->wrong) {
		cmd->late_code = get->code;
		ms_buf_printf(&cmd->late, "%s%s", ms_buf_text(&get->error), get->wrong > 1 ? " (and others)" : "");
	}
	return MS_OK;
}

static void get_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	const struct get *get = cmd->own;

	if (get->find.walk)
		cmd->map->format->walk_progress(get->find.walk, done_out, total_out);
}

static const char *const missing[] = {
	"an EXPR that names a map is missing: a variable, a member, a dereference",
	"a KEY is missing: a number, a \"text\", {1, 2}, or an expression",
};

const struct ms_command_kind ms_command_get = {
	.name = "map-get",
	.help = "Look up keys of a hash map.\n"
		"Usage: map-get EXPR KEY... [OPTION]...\n"
		"\n" MS_EXPR_HELP "\n"
		"KEY is a literal of the key's type, or an expression of the debugger's:\n"
		"  5, 0xff, 'a', RED, 2.5, 1+2i      numbers, characters, names of an enum\n"
		"  \"text\", `text`                    texts; a word that is nothing else is the\n"
		"                                    text itself, and the answer says so\n"
		"  {1, 2}, {x = 1, y = \"a\"}          arrays and structs\n"
		"  0x7ffe10, nil, NULL               pointers\n"
		"  int(5), string(\"x\"), main.T({1})  what a Go interface holds\n"
		"\n"
		"  --json         JSON instead of text: a document, or of several keys JSON Lines\n"
		"  -o FILE        write it to FILE\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"The key is hashed as the program does and walked straight to, whatever the map's\n"
		"size; the answer tells the way. Where its hash cannot be computed (a hash\n"
		"function of the program's own, NaN) all entries are looked at, and the answer\n"
		"says why. Status 1: one of the keys is absent.\n"
		"\n"
		"Examples:\n"
		"  map-get m 5\n"
		"  map-get server.cache \"a key\" {1, 2} --json\n"
		"  map-get m i (p->id + 1)",
	.grammar = { .least = 2,
		     .most = MS_WORDS_MOST,
		     .words = "EXPR KEY...",
		     .missing = missing,
		     .options = MS_OPT_JSON | MS_OPT_OUTPUT | MS_OPT_TYPE | MS_OPT_EXPR },
	.begin = get_begin,
	.step = get_step,
	.finish = get_finish,
	.progress = get_progress,
	.free = get_free,
};
