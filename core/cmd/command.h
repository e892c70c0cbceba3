/* A command at work: shared by cmd/commands.c (life, output, errors) and the files of the commands themselves.  */
#ifndef MS_COMMAND_H
#define MS_COMMAND_H

#include <stdio.h>

#include "cmd/args.h"
#include "out/view.h"

struct sorter;
struct ms_where;

enum { MS_SORT_MOST = 1000000 }; /* rows that --sort keeps at most */

struct ms_command {
	struct ms_context *ctx;
	const struct ms_command_kind *kind; /* NULL: no such command */
	char *name, *line;
	char **words;	/* instead of LINE; NULL behind the last */
	bool rehearsal; /* no file is made */
	enum { COMMAND_NEW, COMMAND_WALKING, COMMAND_ENDING, COMMAND_DONE } state;
	bool interrupt; /* asked for */
	bool torn;	/* ms_command_torn */
	bool untold;	/* a note says that the debugger failed to tell of something */
	int32_t status; /* enum ms_status */
	struct ms_buf error;

	struct ms_args args;
	struct ms_map *map; /* NULL: none is open yet, or ever in a command without one */
	struct ms_walk *walk;
	struct ms_notes notes;
	struct ms_fetch fetch;	  /* the live slots of the row at hand */
	const struct ms_row *row; /* not all of its entries shown; NULL: the walk goes on */
	uint32_t row_at;	  /* entry of FETCH to show next */
	uint64_t limit;		  /* rows; 0: none */
	uint64_t skip;		  /* rows still to pass over */
	uint64_t drop;		  /* map-buckets: rows of the first chain that an earlier page has shown */
	uint64_t shown, found;	  /* rows shown; live entries met */
	bool bare;		  /* map-entries of integers, all of them, as JSON: its rows have no slots */
	bool from_start;	  /* the walk began at the map's beginning */
	bool limited;		  /* there is more than the limit let through */
	struct ms_position next;  /* where the next page begins */
	struct sorter *sorter;	  /* with --sort */
	struct ms_where *where;	  /* with --where */
	void *own;		  /* what only this kind of command has; freed by kind->free */
	bool no;		  /* the answer is no: findings, key absent, differences */
	bool of_known;		  /* there are OF rows in all */
	uint64_t of;
	int32_t late_code; /* negative: after all is shown, the command fails with this line */
	struct ms_buf late;

	struct ms_buf out;  /* for the screen, until fetched */
	struct ms_buf rows; /* for the file */
	FILE *file;
	bool fetched;
};

struct ms_command_kind {
	const char *name, *help;
	struct ms_grammar grammar;
	bool rows_are_entries; /* a row is what count counts */
	bool without_map;      /* no map is opened before BEGIN */
	bool in_debugger;      /* ms_command_in_debugger */
	/* Before anything is opened: what is wrong with the line, beside the grammar. NULL: nothing.  */
	int32_t (*check)(struct ms_command *cmd);
	bool takes_broken; /* a map whose header is no map's is not refused */
	/* After the map is open. MS_OK: go on with STEP; MS_NOT_FOUND: all is printed.  */
	int32_t (*begin)(struct ms_command *cmd);
	/* Shows a row or passes one over. MS_OK, MS_AGAIN (the slice is over), MS_NOT_FOUND (no more), or a failure. NULL: BEGIN
	   has printed all.  */
	int32_t (*step)(struct ms_command *cmd);
	/* The command is interrupted: shows what was found so far, where rows come only once all is known. NULL: nothing.  */
	void (*cut)(struct ms_command *cmd);
	/* Prints what stands behind the rows, in place of the line that counts them (in JSON: `"end"` among it). NULL: that
	   line.  */
	int32_t (*finish)(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end);
	void (*progress)(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out); /* NULL: the walk's */
	void (*free)(struct ms_command *cmd); /* of cmd->own, which is set */
};

extern const struct ms_command_kind ms_command_info, ms_command_buckets, ms_command_entries, ms_command_break;
extern const struct ms_command_kind ms_command_check, ms_command_save, ms_command_diff, ms_command_watch,
	ms_command_trace;
extern const struct ms_command_kind ms_command_stats;

/* Of help texts: what every EXPR is, and the option --expr.  */
#define MS_EXPR_HELP                                                                                                   \
	"EXPR names a map, or a pointer to one: a variable, a member, an element, a\n"                                 \
	"dereference. One that holds spaces stands in parentheses. Nothing is called,\n"                               \
	"assigned or written in the program, unless by --expr in lldb.\n"

#define MS_EXPR_OPTION                                                                                                 \
	"  --expr         EXPR is any expression of the debugger's (in gdb it always is);\n"                           \
	"                 lldb may call functions and write to the program for it\n"
extern const struct ms_command_kind ms_command_list;

extern const struct ms_command_kind ms_command_get;

/* Where rows are printed to.  */
struct ms_view ms_command_view(struct ms_command *cmd);
/* The counts of the answer so far, and what it lacks.  */
struct ms_end ms_command_end(struct ms_command *cmd);
/* Fetches the live slots of cmd->row into cmd->fetch. MS_OK or a failure.  */
int32_t ms_command_fetch(struct ms_command *cmd);
/* Opens the map that the expression EXPR names, by the command's options. MS_OK, MS_NOT_FOUND (no map by its type), or a failure
   with an error line.  */
int32_t ms_command_open_map(struct ms_command *cmd, const char *expr, struct ms_map **out);
/* What the expression EXPR is: a path where the caller wants it so, else as the debugger evaluates it. MS_OK, or a failure with an
   error line. ms_path_fini in every case.  */
struct ms_path;
int32_t ms_command_evaluate(struct ms_command *cmd, const char *expr, struct ms_path *out);
/* Notes it as damage when an answer that saw all of the map has not found, in cmd->found, what the header counts.  */
void ms_command_check_count(struct ms_command *cmd);
/* Sets which rows are shown, by the options given.  */
void ms_command_limit(struct ms_command *cmd);
/* Begins a walk by them.  */
int32_t ms_command_walk(struct ms_command *cmd, bool live_only);

/* cmd/output.c: a file's name as a shell would take it, with "~/" for the home directory.  */
void ms_output_path(const char *path, struct ms_buf *out);
/* The file of -o, if any. MS_OK, or MS_IO with the reason.  */
int32_t ms_output_open(struct ms_command *cmd);
int32_t ms_output_flush(struct ms_command *cmd);
int32_t ms_output_close(struct ms_command *cmd);

/* cmd/sort.c: keeps the first rows in key order, then gives them out.  */
int32_t ms_sorter_new(struct ms_command *cmd);
void ms_sorter_free(struct sorter *sorter);
int32_t ms_sorter_add(struct ms_command *cmd, const struct ms_entry *entry);
/* One more piece of the work after the walk: MS_OK, MS_NOT_FOUND when all rows are printed, MS_NO_MEMORY.  */
int32_t ms_sorter_step(struct ms_command *cmd);

#endif
