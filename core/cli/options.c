/* The tool's options may stand anywhere, among the command's own, which getopt would not let through: so they are picked out here,
   and each other word goes on as it is.  */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "mapscope.h"

static const char target_help[] = "Which program:\n"
				  "  --pid PID      a process of this machine; it is read while it runs\n"
				  "  --stop         stop it meanwhile: for as long as the map is read, and no longer,\n"
				  "                 whatever happens to mapscope\n"
				  "  --core FILE    a core file\n"
				  "  --exe FILE     its executable, where the one that is named there is missing, or\n"
				  "                 one with debug information\n"
				  "  --type-descriptor ADDRESS\n"
				  "                 EXPR is the address of a map of a Go program without debug\n"
				  "                 information; its type is described there, as the runtime has it\n";

static const char status_help[] = "Exit status: 0 shown and sound; 1 no; 2 wrong usage; 3 failed; 4 partial (damage,\n"
				  "interrupted).\n";

static const char prefix[] = "map-";

/* ---- Help ---- */

/* The decoder's help as it is typed here: "mapscope info" for "map-info".  */
static void add_renamed(struct ms_buf *out, const char *text, const char *command)
{
	const char *found;

	for (; (found = strstr(text, command)); text = found + strlen(command)) {
		ms_buf_add(out, text, (size_t)(found - text));
		ms_buf_printf(out, "mapscope %s", command + strlen(prefix));
	}
	ms_buf_str(out, text);
}

static void command_help(const char *command, struct ms_buf *out)
{
	uint32_t i = 0;

	while (ms_command_name(i) && strcmp(ms_command_name(i), command) != 0)
		i++;
	if (ms_command_help(i))
		add_renamed(out, ms_command_help(i), command);
	if (out->size && out->data[out->size - 1] != '\n')
		ms_buf_char(out, '\n');
	ms_buf_printf(out, "\n%s\n%s", target_help, status_help);
}

void ms_options_help(const char *command, struct ms_buf *out)
{
	const char *name;

	if (command) {
		command_help(command, out);
		return;
	}
	ms_buf_str(out, "Show hash maps of a running program or a core file from the inside.\n"
			"Usage: mapscope COMMAND --pid PID [EXPR] [OPTION...]\n"
			"       mapscope COMMAND --core FILE [--exe FILE] [EXPR] [OPTION...]\n"
			"       mapscope help [COMMAND]\n"
			"       mapscope --version\n"
			"       mapscope debug-info   (answers the debuggers' questions, over pipes)\n"
			"\n"
			"Commands:\n");
	for (uint32_t i = 0; (name = ms_command_name(i)); i++) {
		const char *help = ms_command_help(i);
		if (ms_command_in_debugger(i))
			continue;
		ms_buf_printf(out, "  %-10s %.*s\n", name + strlen(prefix), (int)strcspn(help, "\n"), help);
	}
	ms_buf_printf(out,
		      "\n%s\n"
		      "EXPR is a path from a global variable: cache, main.cache, server.cache, *tables[3].m,\n"
		      "table.c::cache; or ADDRESS --type TYPE. One that a shell would take apart stands in\n"
		      "quotes.\n"
		      "\n%s\n"
		      "Examples:\n"
		      "  mapscope info --pid 1234 server.cache\n"
		      "  mapscope entries --pid 1234 --stop '*tables[3].m' --json\n"
		      "  mapscope save --pid 1234 server.cache before.core\n"
		      "  mapscope buckets --core core.1234 0x55d0c3a012a0 --type 'struct counts'\n",
		      target_help, status_help);
}

/* ---- Parsing ---- */

static bool refuse(struct ms_buf *error, const char *before, const char *word, const char *after)
{
	ms_buf_str(error, before);
	ms_buf_char(error, '"');
	ms_buf_escaped(error, word, strlen(word), 0);
	ms_buf_printf(error, "\"%s", after);
	return false;
}

static bool take_command(struct ms_options *out, const char *word, struct ms_buf *error)
{
	const char *name, *bare = strncmp(word, prefix, strlen(prefix)) ? word : word + strlen(prefix);

	for (uint32_t i = 0; (name = ms_command_name(i)); i++)
		if (!strcmp(name + strlen(prefix), bare)) {
			out->command = name;
			return !ms_command_in_debugger(i) ||
			       refuse(error, "", word, " takes a debugger: gdb and lldb have it, see README.md");
		}
	struct ms_buf known = { 0 };
	ms_buf_str(&known, " is no command; there are");
	for (uint32_t i = 0; (name = ms_command_name(i)); i++)
		if (!ms_command_in_debugger(i))
			ms_buf_printf(&known, "%s %s", i ? "," : "", name + strlen(prefix));
	ms_buf_str(&known, " (mapscope --help)");
	refuse(error, "", word, ms_buf_text(&known));
	ms_buf_fini(&known);
	return false;
}

static bool take_pid(struct ms_options *out, const char *word, struct ms_buf *error)
{
	char *end;

	out->pid = *word >= '0' && *word <= '9' ? strtoll(word, &end, 10) : 0;
	if (out->pid <= 0 || *end || out->pid > INT32_MAX)
		return refuse(error, "--pid takes the number of a process, found ", word, "");
	return true;
}

/* The value of the option NAME that is WORD, or begins it before a "="; NULL: WORD is something else. *NEXT goes over the
   words used.  */
static const char *value_of(const char *name, char **words, int *next)
{
	size_t size = strlen(name);
	const char *word = words[*next];

	if (strncmp(word, name, size) != 0 || (word[size] && word[size] != '='))
		return NULL;
	++*next;
	if (word[size])
		return word + size + 1;
	return words[*next] ? words[(*next)++] : "";
}

/* For the decoder it is a type's name.  */
static bool take_descriptor(struct ms_options *out, const char *address, struct ms_buf *error)
{
	if (*address < '0' || *address > '9')
		return refuse(error, "--type-descriptor takes an address, found ", address, "");
	free(out->descriptor);
	out->descriptor = malloc(strlen(address) + 2);
	if (!out->descriptor)
		return false;
	out->descriptor[0] = '@';
	strcpy(out->descriptor + 1, address);
	return true;
}

/* One word, and the next where it takes one.  */
static bool take_word(struct ms_options *out, char **words, int *next, struct ms_buf *error)
{
	const char *word = words[*next], *value;

	if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
		out->what = DO_HELP;
	} else if (!strcmp(word, "--version")) {
		out->what = DO_VERSION;
	} else if (!strcmp(word, "--stop")) {
		out->stop = true;
	} else if ((value = value_of("--pid", words, next))) {
		return take_pid(out, value, error);
	} else if ((value = value_of("--core", words, next))) {
		out->core = value;
		return *value || refuse(error, "--core takes a core file, found ", value, "");
	} else if ((value = value_of("--type-descriptor", words, next))) {
		return take_descriptor(out, value, error);
	} else if ((value = value_of("--exe", words, next))) {
		out->exe = value;
		return *value || refuse(error, "--exe takes an executable, found ", value, "");
	} else if (out->command) {
		out->words[out->word_count++] = word;
	} else if (!strcmp(word, "help") && out->what == DO_RUN) {
		out->what = DO_HELP;
	} else if (!strcmp(word, "debug-info") && out->what == DO_RUN) {
		out->what = DO_SERVE;
	} else if (*word == '-') {
		return refuse(error, "", word, " is no option; a COMMAND comes first (mapscope --help)");
	} else if (!take_command(out, word, error)) {
		return false;
	}
	++*next;
	return true;
}

/* What is wrong with the one command that may ask for no program; NULL: nothing.  */
static const char *check_alone(const struct ms_options *options)
{
	bool summary = false;

	for (uint32_t i = 0; i < options->word_count; i++)
		summary |= !strncmp(options->words[i], "--summary", 9);
	if (!summary)
		return "trace takes a debugger (gdb, lldb), but for trace --summary FILE";
	return options->pid || options->core ? "trace --summary FILE asks no program" : NULL;
}

static bool check(struct ms_options *options, struct ms_buf *error)
{
	const char *wrong = NULL;

	if (options->what != DO_RUN)
		return true;
	options->alone = options->command && !strcmp(options->command, "map-trace");
	if (!options->command)
		wrong = "a command is missing: info, buckets, entries and so on (mapscope --help)";
	else if (options->alone)
		wrong = check_alone(options);
	else if (!options->pid && !options->core)
		wrong = "which program? --pid PID or --core FILE says so";
	else if (options->pid && options->core)
		wrong = "--pid and --core: one program is taken";
	else if (options->core && options->stop)
		wrong = "--stop: a core stands still already";
	if (wrong)
		ms_buf_str(error, wrong);
	return !wrong;
}

bool ms_options_parse(int argc, char **argv, struct ms_options *out, struct ms_buf *error)
{
	int next = argc ? 1 : 0;

	*out = (struct ms_options){ .words = calloc((size_t)argc + 3, sizeof *out->words) };
	if (!out->words) {
		ms_buf_str(error, "out of memory");
		return false;
	}
	while (next < argc && strcmp(argv[next], "--") != 0)
		if (!take_word(out, argv, &next, error))
			return false;
	if (out->descriptor) {
		out->words[out->word_count++] = "--type";
		out->words[out->word_count++] = out->descriptor;
	}
	while (next < argc)
		out->words[out->word_count++] = argv[next++];
	return check(out, error);
}

void ms_options_fini(struct ms_options *options)
{
	free(options->words);
	free(options->descriptor);
	options->words = NULL;
	options->descriptor = NULL;
}
