/* mapscope, the command-line tool: the decoder's commands on a live process or a core, without a debugger. A customer of
   mapscope.h: what is printed is the decoder's.  */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/options.h"
#include "cli/process.h"
#include "cli/serve.h"
#include "cli/target.h"

enum {
	SLICE_MS = 50,
	PROGRESS_AFTER_MS = 1000,
	PROGRESS_EVERY_MS = 200,
	TRIES_MOST = 6,	     /* of an answer that a running program tore, and */
	STOPS_MOST = 1000,   /* of one from a program that was stopped in the middle of changing the map, */
	TRIES_MS = 1000,     /* both for so long */
	HOLD_MOST = 1 << 20, /* bytes, and */
	HOLD_MOST_MS = 1000, /* time, for which one is held back lest it be torn */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* The first Ctrl-C ends the walk and keeps what was shown; the second one, the tool.  */
static void watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- The progress line ---- */

struct progress {
	bool terminal;
	int64_t due;
	int width;
};

static void show_progress(struct progress *progress, const struct ms_command *cmd)
{
	uint64_t done, total;

	if (!progress->terminal || now_ms() < progress->due)
		return;
	ms_command_progress(cmd, &done, &total);
	progress->width = total ? fprintf(stderr, "\r... %llu %%", (unsigned long long)(done * 100 / total))
				: fprintf(stderr, "\r... %llu", (unsigned long long)done);
	progress->due = now_ms() + PROGRESS_EVERY_MS;
}

static void erase_progress(struct progress *progress)
{
	if (progress->width > 0)
		fprintf(stderr, "\r%*s\r", progress->width, "");
	progress->width = 0;
}

/* ---- One command ---- */

struct run {
	const struct ms_options *options;
	struct ms_target *target;
	struct ms_process *process; /* NULL: a core */
	struct ms_context *ctx;
	struct ms_answer answer;
	bool stopped; /* by us: nothing may wait for the screen */
	bool running; /* it was, when the command began */
	int64_t start;
};

static int complain(const char *text, int status)
{
	fprintf(stderr, "mapscope: %s\n", text);
	return status;
}

static struct ms_command *new_command(struct run *run)
{
	return ms_command_new_words(run->ctx, run->options->command, run->options->word_count, run->options->words);
}

/* What was held back for another try goes out: there is too much of it, or it took too long.  */
static void commit_if_due(struct run *run)
{
	struct ms_answer *answer = &run->answer;

	if (answer->hold && !run->stopped && (answer->held.size > HOLD_MOST || now_ms() - run->start > HOLD_MOST_MS))
		ms_answer_release(answer);
}

/* Runs CMD to its end, or to the user's Ctrl-C.  */
static void pump(struct run *run, struct ms_command *cmd)
{
	struct progress progress = { .terminal = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO),
				     .due = now_ms() + PROGRESS_AFTER_MS };
	int32_t more = MS_AGAIN;
	uint64_t size;

	while (more == MS_AGAIN && !run->answer.closed && !run->answer.error) {
		more = ms_command_step(cmd, SLICE_MS);
		const char *text = ms_command_output(cmd, &size);
		if (more == MS_AGAIN && interrupted)
			ms_command_interrupt(cmd);
		if (size && !run->answer.hold)
			erase_progress(&progress);
		ms_answer_add(&run->answer, text, size);
		commit_if_due(run);
		if (more == MS_AGAIN && (!size || run->answer.hold))
			show_progress(&progress, cmd);
	}
	erase_progress(&progress);
}

/* The file of -o, if there is one, can be written anew.  */
static bool can_replace(const struct ms_options *options)
{
	struct stat status;

	for (uint32_t i = 1; i < options->word_count; i++)
		if (!strcmp(options->words[i - 1], "-o") && stat(options->words[i], &status) == 0)
			return S_ISREG(status.st_mode);
	return true;
}

/* ---- Holding the process ---- */

/* Debug information is read before: it may take half a second, in which the program need not wait.  */
static bool stop(struct run *run, struct ms_buf *error)
{
	struct ms_command *rehearsal = new_command(run);

	if (rehearsal) {
		ms_command_rehearse(rehearsal, SLICE_MS);
		bool usage = ms_command_status(rehearsal) == MS_STATUS_USAGE;
		ms_command_free(rehearsal);
		if (usage || interrupted)
			return true; /* will be told, and needs nobody to wait */
	}
	run->stopped = ms_process_stop(run->process, error) == MS_OK;
	return run->stopped;
}

/* Lets the program run for some moments. False: it cannot be stopped any more.  */
static bool stop_again(struct run *run, int moments)
{
	struct ms_buf error = { 0 };
	bool held = run->stopped;

	if (held)
		ms_process_release(run->process);
	nanosleep(&(struct timespec){ .tv_nsec = 100000L * (moments < 5 ? moments : 5) }, NULL);
	run->stopped = held && ms_process_stop(run->process, &error) == MS_OK;
	ms_buf_fini(&error);
	return run->stopped == held;
}

static void release(struct run *run)
{
	if (run->stopped)
		ms_process_release(run->process);
	run->stopped = false;
}

/* ---- Trying again ---- */

/* Runs the command, again where the program was changing the map and nothing is printed yet.  */
static struct ms_command *run_until_whole(struct run *run)
{
	bool replaceable = can_replace(run->options);
	int64_t start = now_ms();

	for (int try = 1;; try++) {
		struct ms_memory memory = ms_target_memory(run->target);
		struct ms_command *cmd = new_command(run);
		if (!cmd)
			return NULL;
		run->running = memory.running;
		run->start = now_ms();
		run->answer.hold = run->stopped || (run->running && replaceable);
		ms_set_memory(run->ctx, &memory);
		pump(run, cmd);
		bool settled = !ms_command_torn(cmd) || !(run->running || run->stopped) || interrupted;
		bool enough = try == (run->stopped ? STOPS_MOST : TRIES_MOST) || now_ms() - start > TRIES_MS;
		if (settled || enough || run->answer.written || !replaceable || !stop_again(run, try))
			return cmd;
		ms_answer_drop(&run->answer);
		ms_command_free(cmd);
	}
}

/* ---- What is said beside the answer ---- */

/* ERROR, and what the target knows of its cause.  */
static void say_error(struct run *run, const char *error)
{
	struct ms_buf line = { 0 };
	const char *descriptor = run->options->descriptor, *why = ms_target_trouble(run->target);
	bool about_names = strstr(error, "No symbol ") || strstr(error, "no type is named ");

	if (!*why && about_names)
		why = ms_target_lack(run->target);
	if (run->process && ms_process_gone(run->process))
		ms_buf_printf(&line, "%s (process %lld has ended meanwhile)", error,
			      (long long)ms_process_pid(run->process));
	else if (*why && descriptor && strstr(error, descriptor))
		ms_buf_str(&line, why); /* the name that we gave it says nothing to the user */
	else if (*why)
		ms_buf_printf(&line, "%s (%s)", error, why);
	else
		ms_buf_str(&line, error);
	complain(ms_buf_text(&line), 0);
	ms_buf_fini(&line);
}

static void say_notes(struct run *run, bool went_on)
{
	const char *notes = ms_target_notes(run->target);

	for (size_t size; *notes; notes += size + (notes[size] == '\n')) {
		size = strcspn(notes, "\n");
		fprintf(stderr, "mapscope: note: %.*s\n", (int)size, notes);
	}
	if (went_on)
		fprintf(stderr,
			"mapscope: note: process %lld went on while it was read: the answer may be torn (--stop)\n",
			(long long)ms_process_pid(run->process));
}

static int finish(struct run *run, struct ms_command *cmd)
{
	/* It stood still without our doing when we began: somebody may have let it go.  */
	bool went_on = run->process && !run->running && !run->stopped && !ms_process_still(run->process);

	release(run);
	if (!cmd)
		return complain("out of memory", MS_FAILED);
	int status = ms_command_status(cmd);
	const char *error = ms_command_error(cmd);
	if (!ms_answer_release(&run->answer)) {
		if (run->answer.closed)
			return MS_PARTIAL;
		return complain(strerror(run->answer.error), MS_FAILED);
	}
	say_notes(run, went_on && !*error);
	if (*error)
		say_error(run, error);
	return status;
}

static int run_command(const struct ms_options *options)
{
	struct ms_target_options wanted = { options->pid, options->core, options->exe, &interrupted };
	struct run run = { .options = options };
	struct ms_buf error = { 0 };
	int status = MS_FAILED;

	if (ms_target_open(&wanted, &run.target, &error) == MS_OK) {
		struct ms_memory memory = ms_target_memory(run.target);
		struct ms_types types = ms_target_types(run.target);
		run.process = ms_target_process(run.target);
		run.ctx = ms_new(&memory, &types);
		if (!run.ctx)
			ms_buf_str(&error, "out of memory");
	}
	if (run.ctx && (!options->stop || stop(&run, &error))) {
		struct ms_command *cmd = run_until_whole(&run);
		status = finish(&run, cmd);
		ms_command_free(cmd);
	} else {
		complain(ms_buf_text(&error), MS_FAILED);
	}
	ms_answer_fini(&run.answer);
	ms_free(run.ctx);
	ms_target_free(run.target);
	ms_buf_fini(&error);
	return status;
}

static void read_nothing(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	(void)user;
	(void)address;
	(void)buffer;
	(void)len;
	*answer = MS_FAULT;
}

/* A command that asks no program.  */
static int run_alone(const struct ms_options *options)
{
	struct ms_memory memory = { .size = sizeof memory, .read = read_nothing, .pointer_size = sizeof(void *) };
	struct ms_types types = { .size = sizeof types };
	struct run run = { .options = options, .ctx = ms_new(&memory, &types) };
	struct ms_command *cmd = run.ctx ? new_command(&run) : NULL;
	int status = MS_FAILED;

	if (!cmd) {
		complain("out of memory", MS_FAILED);
	} else {
		pump(&run, cmd);
		status = ms_command_status(cmd);
		if (!ms_answer_release(&run.answer))
			status = run.answer.closed ? MS_PARTIAL : complain(strerror(run.answer.error), MS_FAILED);
		else if (*ms_command_error(cmd))
			complain(ms_command_error(cmd), status);
	}
	ms_command_free(cmd);
	ms_answer_fini(&run.answer);
	ms_free(run.ctx);
	return status;
}

static int print(struct ms_buf *text)
{
	bool good = !text->failed && fputs(ms_buf_text(text), stdout) >= 0 && fflush(stdout) == 0;

	ms_buf_fini(text);
	return good || errno == EPIPE ? MS_YES : complain(strerror(errno), MS_FAILED);
}

int main(int argc, char **argv)
{
	struct ms_options options;
	struct ms_buf text = { 0 };
	int status;

	watch_signals();
	if (!ms_options_parse(argc, argv, &options, &text)) {
		status = complain(ms_buf_text(&text), MS_STATUS_USAGE);
		ms_buf_fini(&text);
	} else if (options.what == DO_SERVE) {
		status = ms_serve();
	} else if (options.what == DO_VERSION) {
		ms_buf_printf(&text, "mapscope %s\n", ms_version());
		status = print(&text);
	} else if (options.what == DO_HELP) {
		ms_options_help(options.command, &text);
		status = print(&text);
	} else {
		status = options.alone ? run_alone(&options) : run_command(&options);
	}
	ms_options_fini(&options);
	return status;
}
