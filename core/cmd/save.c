/* map-save: a map written as a small ELF core. The commands that show a map are run in a context that notes which pages they
   read and what they ask of types and names: so whoever runs them on the snapshot reads the same and is told the same.  */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arith.h"
#include "cmd/command.h"
#include "cmd/leads.h"
#include "cmd/surround.h"
#include "decode/hash.h"
#include "mem/corefile.h"
#include "mem/elfcore.h"
#include "mem/mem.h"
#include "types/answers.h"

enum {
	RECENT = 1024,		  /* pages that are known to be noted */
	PIECE = 256,		  /* pages written in one go */
	TYPES_MOST = 2000,	  /* that are asked for beyond those that the commands ask for */
	VARIABLE_MOST = 64 << 10, /* bytes of a variable on the way to the map that are saved as a whole */
	SLICE_MS = 20,
	LOOK_AT_CLOCK = 16, /* rows of maps within between two looks */
};

/* What is run, each with its words before EXPR; a command that reads more of a map belongs here. The first finds the map.  */
static const struct {
	const char *name, *words[2];
} runs[] = { { "map-info", { "--json" } }, { "map-buckets", { "--json" } }, { "map-entries", { "--limit", "0" } } };
enum { RUNS = sizeof runs / sizeof *runs };

struct saving {
	struct ms_context *from; /* the command's own */
	struct ms_answers *answers;
	struct ms_context *ctx; /* that records */
	struct ms_pages pages;
	uint64_t recent[RECENT]; /* addresses; 0: none */
	bool no_memory, damaged;
	uint64_t lost; /* reads of memory that begins amid a page */
	bool by_expr;  /* EXPR is evaluated, not followed */
	uint32_t run;
	uint64_t asked; /* types */
	struct ms_command *running;
	struct ms_leads leads;
	enum { SAVE_RUN, SAVE_LEADS, SAVE_SETTLE, SAVE_WRITE, SAVE_DONE } stage;
	struct ms_corefile core;
	struct ms_buf lacks, path, temporary;
	FILE *file;
	size_t at; /* in PAGES: the next one to write */
	uint8_t *piece;
	uint64_t size; /* bytes of the file */
};

/* ---- Recording ---- */

/* Notes the page at ADDRESS, of which the read at hand had WHOLE or a part. False: interrupted.  */
static bool note_page(struct saving *s, uint64_t address, bool whole)
{
	uint64_t *recent = &s->recent[address / MS_PAGE % RECENT];
	uint8_t page[MS_PAGE];
	int64_t have = MS_PAGE;

	if (*recent == address && address)
		return true;
	if (!whole)
		have = ms_mem_read(s->from, address, page, sizeof page);
	if (have < 0)
		return false;
	if (have == 0)
		s->lost++;
	else if (!ms_pages_add(&s->pages, address, (uint64_t)have))
		s->no_memory = true;
	*recent = address;
	return true;
}

static void read_recorded(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	struct saving *s = user;
	int64_t got = ms_mem_read(s->from, address, buffer, len);
	uint64_t end = address + (uint64_t)got;

	for (uint64_t page = address / MS_PAGE * MS_PAGE; got > 0 && page < end; page += MS_PAGE)
		if (!note_page(s, page, page >= address && end - page >= MS_PAGE))
			got = MS_INTERRUPTED;
	*answer = got;
}

static void forget(struct saving *s)
{
	ms_command_free(s->running);
	ms_leads_fini(&s->leads);
	ms_free(s->ctx);
	ms_answers_free(s->answers);
	ms_pages_fini(&s->pages);
	s->running = NULL;
	s->ctx = NULL;
	s->answers = NULL;
	memset(s->recent, 0, sizeof s->recent);
	s->lost = 0;
}

/* A context that records, of nothing yet.  */
static int32_t record(struct saving *s, const struct ms_args *args)
{
	struct ms_memory memory = s->from->memory;

	forget(s);
	s->answers = ms_answers_new();
	if (!s->answers)
		return MS_NO_MEMORY;
	struct ms_types types = ms_answers_record(s->answers, &s->from->types);
	memory.size = sizeof memory;
	memory.user = s;
	memory.read = read_recorded;
	memory.pid = 0;
	s->ctx = ms_new(&memory, &types);
	if (s->ctx)
		ms_leads_watch(&s->leads, s->ctx);
	if (args->type) {
		ms_answers_add_word(s->answers, "--type");
		ms_answers_add_word(s->answers, args->type);
	}
	if (s->by_expr)
		ms_answers_add_word(s->answers, "--expr");
	ms_answers_add_word(s->answers, "--");
	ms_answers_add_word(s->answers, args->expr);
	return s->ctx ? MS_OK : MS_NO_MEMORY;
}

/* ---- The runs ---- */

static struct ms_command *next_run(struct saving *s)
{
	const char *words[2 + 5] = { 0 };
	uint32_t count = 0;

	for (int i = 0; i < 2 && runs[s->run].words[i]; i++)
		words[count++] = runs[s->run].words[i];
	for (uint64_t i = 0; ms_answers_word(s->answers, i); i++)
		words[count++] = ms_answers_word(s->answers, i);
	return ms_command_new_words(s->ctx, runs[s->run].name, count, words);
}

/* Whether the run has found the map that the command has.  */
static bool same_map(const struct ms_map *found, const struct ms_map *map)
{
	return found && found->nil == map->nil && found->address == map->address && found->shape->format == map->format;
}

/* What the commands that look for a key will ask and read; and what EXPR is to those who evaluate it, as was done here.  */
static void learn_more(struct ms_command *cmd, struct ms_map *map)
{
	struct saving *s = cmd->own;
	struct ms_value value = { .size = sizeof value };
	struct ms_hasher *hasher = NULL;
	int64_t answer = MS_UNANSWERED;

	if (cmd->args.given & MS_OPT_EXPR && !s->by_expr) {
		s->ctx->types.evaluate(s->answers, cmd->args.expr, &value, &answer);
		s->ctx->interrupted |= answer == MS_UNANSWERED || answer == MS_INTERRUPTED;
	}
	if (!map->nil && !map->broken.size && ms_hasher_new(map, &hasher) == MS_OK)
		ms_hasher_free(hasher);
}

/* The run has ended, and its map is known. MS_OK; MS_AGAIN: all begins anew, by expression.  */
static int32_t check_run(struct ms_command *cmd, const struct ms_command *run)
{
	struct saving *s = cmd->own;
	bool failed = run->status == MS_STATUS_USAGE || run->status == MS_FAILED;

	if (!ms_answers_whole(s->answers))
		return MS_NO_MEMORY;
	if (run->interrupt || ms_stopped(s->ctx) != MS_OK)
		return ms_stopped(s->ctx) != MS_OK ? ms_stopped(s->ctx) : MS_INTERRUPTED;
	if (s->run == 0 && (failed || !same_map(run->map, cmd->map)) && !s->by_expr && s->from->types.evaluate &&
	    !s->ctx->untold) {
		s->by_expr = true;
		return MS_AGAIN;
	}
	if (failed)
		return ms_fail(cmd->ctx, MS_REFUSED, "%s", ms_error(s->ctx));
	if (s->run == 0)
		learn_more(cmd, run->map);
	if (ms_stopped(s->ctx) != MS_OK)
		return ms_stopped(s->ctx);
	cmd->ctx->untold |= s->ctx->untold;
	if (run->status == MS_PARTIAL && !s->damaged && !s->ctx->untold)
		ms_note(&cmd->notes, true,
			"the map is damaged, or changed while it was read: what could be read is saved");
	s->damaged |= run->status == MS_PARTIAL;
	return MS_OK;
}

static int32_t step_run(struct ms_command *cmd)
{
	struct saving *s = cmd->own;
	uint64_t size;

	if (!s->ctx) {
		int32_t status = record(s, &cmd->args);
		if (status < 0)
			return status;
	}
	if (!s->running)
		s->running = next_run(s);
	if (!s->running || s->no_memory)
		return MS_NO_MEMORY;
	int32_t more = ms_command_step(s->running, SLICE_MS);
	ms_command_output(s->running, &size);
	if (more == MS_AGAIN)
		return MS_AGAIN;
	int32_t status = check_run(cmd, s->running);
	if (status == MS_AGAIN) {
		forget(s);
		return MS_OK;
	}
	ms_command_free(s->running);
	s->running = NULL;
	if (status == MS_OK && ++s->run == RUNS)
		s->stage = SAVE_LEADS;
	return status;
}

/* ---- What belongs to it ---- */

static int32_t step_leads(struct ms_command *cmd)
{
	struct saving *s = cmd->own;
	int32_t status = MS_OK;

	ms_slice_begin(s->ctx, SLICE_MS);
	for (int i = 0; i < LOOK_AT_CLOCK && status == MS_OK; i++)
		status = ms_leads_step(&s->leads);
	if (status != MS_NOT_FOUND)
		return status == MS_OK && s->no_memory ? MS_NO_MEMORY : status;
	if (s->leads.left_out)
		ms_note(&cmd->notes, false, "left out: the entries of %llu maps within this one",
			(unsigned long long)s->leads.left_out);
	s->stage = SAVE_SETTLE;
	return MS_OK;
}

/* The variables on the way to the map, and its own.  */
static void touch_values(struct saving *s)
{
	uint64_t address, size;
	uint8_t piece[MS_PAGE];

	for (uint64_t n = 0; ms_answers_value(s->answers, n, &address, &size); n++) {
		size = size > VARIABLE_MOST ? 0 : size;
		for (uint64_t at = 0; at < size && address; at += sizeof piece)
			ms_mem_read(s->ctx, address + at, piece, ms_min(sizeof piece, size - at));
	}
}

static void note_lacks(struct ms_command *cmd, const char *lacks)
{
	for (size_t size; *lacks; lacks += size + (lacks[size] == '\n')) {
		size = strcspn(lacks, "\n");
		if (size)
			ms_note(&cmd->notes, false, "%.*s", (int)size, lacks);
	}
}

static int32_t step_settle(struct ms_command *cmd)
{
	struct saving *s = cmd->own;
	struct ms_buf answers = { 0 };

	ms_slice_begin(s->ctx, SLICE_MS);
	int32_t status = ms_answers_close(s->answers, &s->asked, TYPES_MOST);
	cmd->ctx->untold |= s->ctx->untold || status == MS_BAD_TYPE;
	if (status == MS_BAD_TYPE)
		return MS_OK;
	if (status != MS_OK)
		return status;
	touch_values(s);
	s->core.pointer_size = s->from->memory.pointer_size;
	s->core.big_endian = s->from->memory.big_endian;
	status = ms_surround(s->ctx, &s->from->types, &s->core, &s->lacks);
	if (status == MS_OK)
		status = ms_stopped(s->ctx);
	if (status < 0)
		return status;
	ms_answers_write(s->answers, &answers);
	ms_corefile_note(&s->core, MS_SNAPSHOT_OWNER, MS_SNAPSHOT_NOTE, answers.data, answers.size);
	ms_pages_sort(&s->pages);
	bool whole = !answers.failed && ms_answers_whole(s->answers) && !s->lacks.failed && !s->no_memory;
	bool fits = answers.size <= MS_SNAPSHOT_MOST;
	ms_buf_fini(&answers);
	if (!whole)
		return MS_NO_MEMORY;
	if (!fits)
		return ms_fail(cmd->ctx, MS_BAD_TYPE, "the types of this map take more than %d MiB",
			       MS_SNAPSHOT_MOST >> 20);
	if (s->by_expr && !(cmd->args.given & MS_OPT_EXPR))
		ms_note(&cmd->notes, false,
			"EXPR is more than a path from a variable: mapscope opens the file with --expr, debuggers may "
			"not "
			"find all that it needs");
	if (s->lost)
		ms_note(&cmd->notes, true, "left out: memory that begins in the middle of a page");
	note_lacks(cmd, ms_buf_text(&s->lacks));
	s->stage = SAVE_WRITE;
	return MS_OK;
}

/* ---- The file ---- */

static int32_t cannot_write(struct ms_command *cmd, const char *why)
{
	const char *path = cmd->args.words[1];

	return ms_fail(cmd->ctx, MS_IO, "cannot write %s: %s", ms_escape(cmd->ctx, path, strlen(path)), why);
}

/* Beside the file that it will be: only a whole one gets that name.  */
static int32_t open_file(struct ms_command *cmd)
{
	struct saving *s = cmd->own;
	struct stat status;

	if (lstat(ms_buf_text(&s->path), &status) == 0 && !S_ISREG(status.st_mode))
		return cannot_write(cmd, "it exists and is no regular file");
	ms_buf_printf(&s->temporary, "%s.XXXXXX", ms_buf_text(&s->path));
	s->piece = malloc(PIECE * MS_PAGE);
	if (s->temporary.failed || !s->piece)
		return MS_NO_MEMORY;
	int fd = mkstemp(s->temporary.data);
	s->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!s->file) {
		int32_t code = cannot_write(cmd, strerror(errno));
		if (fd >= 0)
			close(fd);
		else
			ms_buf_clear(&s->temporary);
		return code;
	}
	return ms_corefile_begin(&s->core, &s->pages, s->file) ? MS_OK : cannot_write(cmd, strerror(errno));
}

static int32_t close_file(struct ms_command *cmd)
{
	struct saving *s = cmd->own;
	FILE *file = s->file;
	long size = ftell(file);

	s->file = NULL;
	if (fclose(file) != 0 || rename(ms_buf_text(&s->temporary), ms_buf_text(&s->path)) != 0)
		return cannot_write(cmd, strerror(errno));
	ms_buf_clear(&s->temporary);
	s->size = (uint64_t)size;
	s->stage = SAVE_DONE;
	return MS_NOT_FOUND;
}

static int32_t step_write(struct ms_command *cmd)
{
	struct saving *s = cmd->own;
	uint64_t address, size;

	if (!s->file) {
		int32_t status = open_file(cmd);
		if (status < 0)
			return status;
	}
	if (!ms_pages_run(&s->pages, &s->at, PIECE, &address, &size))
		return close_file(cmd);
	int64_t got = ms_mem_read(s->from, address, s->piece, size);
	if (got < 0)
		return (int32_t)got;
	if ((uint64_t)got < size)
		return ms_fail(cmd->ctx, MS_FAULT, "memory at 0x%llx, which was read before, cannot be read any more",
			       (unsigned long long)(address + (uint64_t)got));
	if (fwrite(s->piece, 1, size, s->file) != size)
		return cannot_write(cmd, strerror(errno));
	return ms_slice_over(cmd->ctx) ? MS_AGAIN : MS_OK;
}

/* ---- The command ---- */

static int32_t save_begin(struct ms_command *cmd)
{
	struct saving *s = calloc(1, sizeof *s);

	cmd->own = s;
	if (!s)
		return MS_NO_MEMORY;
	s->from = cmd->ctx;
	ms_output_path(cmd->args.words[1], &s->path);
	return s->path.failed ? MS_NO_MEMORY : MS_OK;
}

static int32_t save_step(struct ms_command *cmd)
{
	struct saving *s = cmd->own;

	switch (s->stage) {
	case SAVE_RUN:
		return step_run(cmd);
	case SAVE_LEADS:
		return step_leads(cmd);
	case SAVE_SETTLE:
		return step_settle(cmd);
	case SAVE_WRITE:
		return cmd->rehearsal ? MS_NOT_FOUND : step_write(cmd);
	default:
		return MS_NOT_FOUND;
	}
}

static int32_t save_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	struct saving *s = cmd->own;
	struct ms_facts facts = { 0 };
	struct ms_end whole = *end;
	bool done = s->stage == SAVE_DONE;

	whole.shown = whole.of = 1;
	ms_buf_escaped(&facts.text[0], cmd->args.words[1], strlen(cmd->args.words[1]), 0);
	ms_fact_text(&facts, NULL, "file", done ? ms_buf_text(&facts.text[0]) : "");
	if (!done) {
		facts.fact[0].kind = MS_FACT_NULL;
		ms_note(&cmd->notes, true, "interrupted: nothing was written");
	}
	ms_fact_uint(&facts, NULL, "size", s->size);
	ms_fact_uint(&facts, NULL, "pages", s->pages.count);
	bool short_of_memory = !ms_facts_whole(&facts);
	ms_view_info(view, &facts, &whole);
	ms_facts_fini(&facts);
	return short_of_memory ? MS_NO_MEMORY : MS_OK;
}

/* The runs take a half, writing takes the other.  */
static void save_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	const struct saving *s = cmd->own;
	uint64_t done = 0, total = 0, count = s->pages.count ? s->pages.count : 1;

	if (s->running)
		ms_command_progress(s->running, &done, &total);
	*total_out = (uint64_t)2000 * RUNS;
	*done_out = s->stage >= SAVE_WRITE ? *total_out / 2 + *total_out / 2 * s->at / count
					   : 1000 * (uint64_t)s->run + (total ? 1000 * done / total : 0);
}

static void save_free(struct ms_command *cmd)
{
	struct saving *s = cmd->own;

	forget(s);
	if (s->file)
		fclose(s->file);
	if (s->temporary.size)
		unlink(ms_buf_text(&s->temporary));
	ms_corefile_fini(&s->core);
	ms_buf_fini(&s->lacks);
	ms_buf_fini(&s->path);
	ms_buf_fini(&s->temporary);
	free(s->piece);
	free(s);
}

static const char *const missing[] = { "an EXPR that names a map is missing: a variable, a member, a dereference",
				       "a FILE to write the snapshot to is missing" };

const struct ms_command_kind ms_command_save = {
	.name = "map-save",
	.help = "Save a hash map in a file that debuggers open as a core.\n"
		"Usage: map-save EXPR FILE [--json] [--type TYPE] [--expr]\n"
		"\n" MS_EXPR_HELP "\n"
		"  --json         one JSON document instead of text\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"The file holds the pages of memory that the map lies in, what its keys and\n"
		"elems point to as far as map-entries shows it and one step further (objects\n"
		"behind pointers, entries of maps within), the variables that EXPR goes\n"
		"through, and the types. map-diff compares it with the map later; \"mapscope info\n"
		"--core FILE EXPR\" shows it, without the program; gdb and lldb open it with the\n"
		"program (gdb PROGRAM FILE, lldb PROGRAM -c FILE) and find EXPR by its name, also\n"
		"where it is a local variable. Whatever else lies in these pages is in the file,\n"
		"too: only its owner may read it.\n"
		"\n"
		"An existing file is replaced, once the new one is whole.\n"
		"\n"
		"Examples:\n"
		"  map-save m before.core\n"
		"  map-save tables[3].m /tmp/tables.core",
	.grammar = { .options = MS_OPT_JSON | MS_OPT_TYPE | MS_OPT_EXPR,
		     .least = 2,
		     .most = 2,
		     .words = "EXPR FILE",
		     .missing = missing },
	.begin = save_begin,
	.step = save_step,
	.finish = save_finish,
	.progress = save_progress,
	.free = save_free,
};
