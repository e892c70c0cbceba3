/* map-trace --summary: a trace read back, told as a table and drawn in characters. Reads the records that cmd/trace.c writes, whose
   lines are short and flat; what is none of them is told with its line's number and passed over.  */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/events.h"
#include "cmd/trace.h"

enum {
	LINE_MOST = 1 << 16, /* bytes of a record */
	LINES_AT_ONCE = 64,
	OPERATION_MOST = 4, /* evacuations of one operation that are counted apart; more are counted with these */
	ROWS_MOST = 40,	    /* growths in the table: the last ones */
	PLOT_WIDTH = 60,
};

struct growth {
	bool done, same_size, begun; /* BEGUN: its beginning is in the trace */
	uint64_t old_buckets, buckets, count, evacuations, entries, operations;
	uint64_t start, end; /* microseconds */
};

/* A record: what of it is told here.  */
struct record {
	char event[16], kind[16], by[16], why[16];
	uint64_t time, old_buckets, buckets, count, entries, operation;
	bool has_count, has_operation;
};

struct summary {
	FILE *file;
	uint64_t size, read; /* bytes */
	uint64_t line;
	char *text; /* LINE_MOST bytes */
	struct growth *growths;
	size_t count, capacity;
	uint64_t operations[OPERATION_MOST + 1]; /* by how many evacuations they had */
	uint64_t operation, of_operation;	 /* the one being counted, 0 for none */
	uint64_t records, evacuations;
	struct ms_buf type; /* as it stands in the start record, escaped */
	struct record first, last;
};

static struct summary *own(const struct ms_command *cmd)
{
	return cmd->own;
}

/* ---- Reading a record ---- */

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Behind the JSON text at P; NULL: it is none.  */
static const char *skip_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : NULL;
}

/* Behind the JSON value at P; NULL: it is none.  */
static const char *skip_value(const char *p)
{
	int depth = 0;

	do {
		p = skip_spaces(p);
		if (*p == '"') {
			p = skip_string(p);
			if (!p)
				return NULL;
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			depth--;
			p++;
		} else if (depth && (*p == ',' || *p == ':')) {
			p++;
		} else {
			size_t size = strcspn(p, " \t\r\n,:{}[]\"");
			if (!size)
				return NULL;
			p += size;
		}
	} while (depth > 0);
	return depth ? NULL : p;
}

static void take_text(const char *value, char *out, size_t size)
{
	const char *end = skip_string(value);

	if (end && (size_t)(end - value) - 2 < size) {
		memcpy(out, value + 1, (size_t)(end - value) - 2);
		out[(size_t)(end - value) - 2] = 0;
	}
}

/* False: no number, or one that no record has.  */
static bool take_number(const char *value, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	return *value >= '0' && *value <= '9' && !errno && strchr(",} \t\r\n", *end) && !(*out >> 62);
}

/* Seconds with six digits behind the point, as microseconds.  */
static bool take_time(const char *value, uint64_t *out)
{
	char *end, *rest;

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '.' || end[1] < '0' || end[1] > '9' || *out > UINT64_MAX / 2000000)
		return false;
	uint64_t micro = strtoull(end + 1, &rest, 10);
	*out = *out * 1000000 + micro;
	return !errno && rest - end == 7 && strchr(",} \t\r\n", *rest);
}

static bool take_member(struct summary *summary, struct record *record, const char *name, size_t size,
			const char *value)
{
	const struct {
		const char *name;
		uint64_t *number;
		bool *has;
		char *text;
	} members[] = {
		{ "count", &record->count, &record->has_count, NULL },
		{ "old_buckets", &record->old_buckets, NULL, NULL },
		{ "buckets", &record->buckets, NULL, NULL },
		{ "entries", &record->entries, NULL, NULL },
		{ "operation", &record->operation, &record->has_operation, NULL },
		{ "event", NULL, NULL, record->event },
		{ "kind", NULL, NULL, record->kind },
		{ "by", NULL, NULL, record->by },
		{ "why", NULL, NULL, record->why },
	};

	if (size == 4 && !memcmp(name, "time", 4))
		return take_time(value, &record->time);
	if (size == 4 && !memcmp(name, "type", 4) && !summary->type.size && skip_string(value))
		ms_buf_escaped(&summary->type, value + 1, (size_t)(skip_string(value) - value) - 2, 0);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		if (strlen(members[i].name) != size || memcmp(name, members[i].name, size) != 0)
			continue;
		if (members[i].text) {
			take_text(value, members[i].text, 16);
			return true;
		}
		bool null = !strncmp(value, "null", 4);
		if (members[i].has)
			*members[i].has = !null;
		return null || take_number(value, members[i].number);
	}
	return true;
}

/* False: the line is no record.  */
static bool read_record(struct summary *summary, const char *line, struct record *out)
{
	const char *p = skip_spaces(line);

	*out = (struct record){ .time = UINT64_MAX };
	if (*p++ != '{')
		return false;
	for (;;) {
		const char *name = skip_spaces(p), *end = skip_string(name), *value;
		if (!end)
			return false;
		p = skip_spaces(end);
		if (*p++ != ':')
			return false;
		value = skip_spaces(p);
		p = skip_value(value);
		if (!p || !take_member(summary, out, name + 1, (size_t)(end - name) - 2, value))
			return false;
		p = skip_spaces(p);
		if (*p == '}')
			return !*skip_spaces(p + 1) && *out->event && out->time != UINT64_MAX;
		if (*p++ != ',')
			return false;
	}
}

/* ---- What the records say ---- */

static struct growth *new_growth(struct ms_command *cmd, const struct record *record, bool begun)
{
	struct summary *summary = own(cmd);

	if (summary->count == summary->capacity) {
		size_t capacity = summary->capacity ? 2 * summary->capacity : 32;
		struct growth *bigger = realloc(summary->growths, capacity * sizeof *bigger);
		if (!bigger)
			return NULL;
		summary->growths = bigger;
		summary->capacity = capacity;
	}
	struct growth *growth = &summary->growths[summary->count++];
	*growth = (struct growth){ .begun = begun,
				   .same_size = !strcmp(record->kind, "same-size"),
				   .old_buckets = record->old_buckets,
				   .buckets = record->buckets,
				   .count = record->count,
				   .start = record->time,
				   .end = record->time };
	return growth;
}

/* The growth in progress; NULL: none is.  */
static struct growth *current(struct summary *summary)
{
	struct growth *last = summary->count ? &summary->growths[summary->count - 1] : NULL;

	return last && !last->done ? last : NULL;
}

static void end_operation(struct summary *summary)
{
	uint64_t n = summary->of_operation;

	if (summary->operation)
		summary->operations[n < OPERATION_MOST ? n : OPERATION_MOST]++;
	summary->operation = summary->of_operation = 0;
}

static void count_evacuation(struct summary *summary, struct growth *growth, const struct record *record)
{
	growth->evacuations++;
	growth->entries += record->entries;
	growth->end = record->time;
	summary->evacuations++;
	if (!record->has_operation)
		return;
	if (record->operation != summary->operation)
		end_operation(summary);
	summary->operation = record->operation;
	summary->of_operation++;
	if (record->operation > growth->operations)
		growth->operations = record->operation;
}

/* MS_OK, MS_NO_MEMORY, or MS_NOT_FOUND: no such record can stand here.  */
static int32_t take(struct ms_command *cmd, const struct record *record)
{
	struct summary *summary = own(cmd);
	struct growth *growth = current(summary);

	if (record->time < summary->last.time)
		return MS_NOT_FOUND;
	if (!strcmp(record->event, "start")) {
		if (record->old_buckets && !new_growth(cmd, record, false))
			return MS_NO_MEMORY;
	} else if (!strcmp(record->event, "grow")) {
		end_operation(summary);
		if (!new_growth(cmd, record, true))
			return MS_NO_MEMORY;
	} else if (!strcmp(record->event, "evacuate")) {
		if (!growth)
			return MS_NOT_FOUND;
		count_evacuation(summary, growth, record);
	} else if (!strcmp(record->event, "grow-done")) {
		if (!growth)
			return MS_NOT_FOUND;
		end_operation(summary);
		growth->done = true;
		growth->end = record->time;
	} else if (strcmp(record->event, "end") != 0) {
		return MS_NOT_FOUND;
	}
	if (!summary->records++)
		summary->first = *record;
	summary->last = *record;
	return MS_OK;
}

/* ---- The command ---- */

int32_t ms_trace_summary_begin(struct ms_command *cmd)
{
	const char *path = cmd->args.summary;
	struct summary *summary = cmd->own = calloc(1, sizeof *summary);

	if (summary)
		summary->text = malloc(LINE_MOST);
	if (!summary || !summary->text)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory");
	summary->file = fopen(path, "r");
	if (!summary->file || fseek(summary->file, 0, SEEK_END) != 0)
		return ms_fail(cmd->ctx, MS_IO, "cannot read %s: %s", ms_escape(cmd->ctx, path, strlen(path)),
			       strerror(errno));
	long size = ftell(summary->file);
	summary->size = size > 0 ? (uint64_t)size : 0;
	rewind(summary->file);
	return MS_OK;
}

static void tell_damage(struct ms_command *cmd, const char *text)
{
	ms_note(&cmd->notes, true, "line %llu is no record of map-trace, or none that can stand there: %.60s",
		(unsigned long long)own(cmd)->line, ms_escape(cmd->ctx, text, strcspn(text, "\n")));
}

static int32_t read_line(struct ms_command *cmd)
{
	struct summary *summary = own(cmd);
	struct record record;

	if (!fgets(summary->text, LINE_MOST, summary->file))
		return ferror(summary->file)
			       ? ms_fail(cmd->ctx, MS_IO, "cannot read %s: %s",
					 ms_escape(cmd->ctx, cmd->args.summary, strlen(cmd->args.summary)),
					 strerror(errno))
			       : MS_NOT_FOUND;
	size_t size = strlen(summary->text);
	summary->line++;
	summary->read += size;
	bool whole = size && summary->text[size - 1] == '\n';
	if (!whole || !read_record(summary, summary->text, &record)) {
		tell_damage(cmd, summary->text);
		return MS_OK;
	}
	int32_t status = summary->type.failed ? MS_NO_MEMORY : take(cmd, &record);
	if (status == MS_NOT_FOUND)
		tell_damage(cmd, summary->text);
	return status == MS_NO_MEMORY ? ms_fail(cmd->ctx, status, "out of memory") : MS_OK;
}

int32_t ms_trace_summary_step(struct ms_command *cmd)
{
	for (int i = 0; i < LINES_AT_ONCE; i++) {
		int32_t status = read_line(cmd);
		if (status != MS_OK)
			return status;
	}
	return MS_OK;
}

void ms_trace_summary_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out)
{
	*done_out = own(cmd)->read;
	*total_out = own(cmd)->size;
}

/* ---- The answer ---- */

static void add_seconds(struct ms_buf *buf, uint64_t microseconds)
{
	ms_buf_printf(buf, "%llu.%06llu", (unsigned long long)microseconds / 1000000,
		      (unsigned long long)microseconds % 1000000);
}

static void add_ratio(struct ms_buf *buf, uint64_t a, uint64_t b)
{
	uint64_t hundredths = b ? (a * 100 + b / 2) / b : 0;

	ms_buf_printf(buf, "%6llu.%02llu", (unsigned long long)hundredths / 100, (unsigned long long)hundredths % 100);
}

static size_t first_shown(const struct summary *summary)
{
	return summary->count > ROWS_MOST ? summary->count - ROWS_MOST : 0;
}

static void print_table(struct summary *summary, struct ms_buf *buf)
{
	ms_buf_str(buf, "growth  kind       buckets             count  evacuations  per operation     seconds\n");
	for (size_t i = first_shown(summary); i < summary->count; i++) {
		const struct growth *growth = &summary->growths[i];
		char buckets[48];
		snprintf(buckets, sizeof buckets, "%llu -> %llu", (unsigned long long)growth->old_buckets,
			 (unsigned long long)growth->buckets);
		ms_buf_printf(buf, "%6zu  %-9s  %-16s %8llu %12llu      ", i + 1,
			      growth->same_size ? "same-size" : "double", buckets, (unsigned long long)growth->count,
			      (unsigned long long)growth->evacuations);
		add_ratio(buf, growth->evacuations, growth->operations);
		ms_buf_str(buf, "    ");
		add_seconds(buf, growth->end - growth->start);
		ms_buf_str(buf, growth->done ? "\n" : "  not done\n");
	}
}

/* When the map had two arrays: a line a growth, time from left to right.  */
static void print_plot(struct summary *summary, struct ms_buf *buf)
{
	uint64_t start = summary->first.time, whole = summary->last.time - start;

	ms_buf_str(buf, "\ntwo arrays, over time\n");
	for (size_t i = first_shown(summary); i < summary->count; i++) {
		const struct growth *growth = &summary->growths[i];
		double scale = whole ? (double)(PLOT_WIDTH - 1) / (double)whole : 0;
		uint64_t end = growth->done ? growth->end : summary->last.time;
		size_t from = (size_t)((double)(growth->start - start) * scale);
		size_t to = (size_t)((double)(end - start) * scale);
		ms_buf_printf(buf, "%6zu |", i + 1);
		for (size_t column = 0; column < PLOT_WIDTH; column++)
			ms_buf_char(buf, column >= from && column <= to ? '#' : ' ');
		ms_buf_str(buf, "|\n");
	}
	ms_buf_str(buf, "       0");
	ms_buf_pad(buf, PLOT_WIDTH - 9);
	add_seconds(buf, whole);
	ms_buf_str(buf, " s\n");
}

static void print_operations(struct summary *summary, struct ms_buf *buf)
{
	uint64_t most = 1;

	ms_buf_str(buf, "\nevacuations in one operation\n");
	for (int n = 1; n <= OPERATION_MOST; n++)
		most = summary->operations[n] > most ? summary->operations[n] : most;
	for (int n = 1; n <= OPERATION_MOST; n++) {
		uint64_t count = summary->operations[n];
		if (!count)
			continue;
		ms_buf_printf(buf, "%6d%c|", n, n == OPERATION_MOST ? '+' : ' ');
		size_t width = (size_t)((double)count * (PLOT_WIDTH - 1) / (double)most) + 1;
		for (size_t column = 0; column < PLOT_WIDTH; column++)
			ms_buf_char(buf, column < width ? '#' : ' ');
		ms_buf_printf(buf, "| %llu\n", (unsigned long long)count);
	}
}

static void print_longest(struct summary *summary, struct ms_buf *buf)
{
	uint64_t longest = 0, sum = 0;
	size_t which = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct growth *growth = &summary->growths[i];
		uint64_t time = (growth->done ? growth->end : summary->last.time) - growth->start;
		sum += time;
		if (time >= longest) {
			longest = time;
			which = i;
		}
	}
	ms_buf_printf(buf, "\ntwo arrays for at most ");
	add_seconds(buf, longest);
	ms_buf_printf(buf, " s (growth %zu), in all for ", which + 1);
	add_seconds(buf, sum);
	ms_buf_str(buf, " of ");
	add_seconds(buf, summary->last.time - summary->first.time);
	ms_buf_str(buf, " s; the debugger's own time is among it\n");
}

int32_t ms_trace_summary_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end)
{
	struct summary *summary = own(cmd);
	struct ms_buf *buf = view->buf;

	end_operation(summary);
	if (!summary->records)
		return ms_fail(cmd->ctx, MS_BAD_TYPE, "%s: no record of map-trace is in it",
			       ms_escape(cmd->ctx, cmd->args.summary, strlen(cmd->args.summary)));
	bool ended = !strcmp(summary->last.event, "end");
	ms_buf_printf(buf, "%s: %zu growth%s, %llu evacuation%s, count %llu",
		      summary->type.size ? ms_buf_text(&summary->type) : "a map", summary->count,
		      summary->count == 1 ? "" : "s", (unsigned long long)summary->evacuations,
		      summary->evacuations == 1 ? "" : "s", (unsigned long long)summary->first.count);
	if (ended && summary->last.has_count)
		ms_buf_printf(buf, " -> %llu", (unsigned long long)summary->last.count);
	ms_buf_printf(buf, ", ended: %s\n", ended && *summary->last.why ? summary->last.why : "no end record");
	if (!ended)
		ms_note(&cmd->notes, true, "the trace has no end: its writer did not come so far");
	if (summary->count) {
		ms_buf_char(buf, '\n');
		if (first_shown(summary))
			ms_buf_printf(buf, "the last %d growths\n", ROWS_MOST);
		print_table(summary, buf);
		print_operations(summary, buf);
		print_plot(summary, buf);
		print_longest(summary, buf);
	}
	ms_view_notes(view, end);
	return MS_OK;
}

void ms_trace_summary_free(struct ms_command *cmd)
{
	struct summary *summary = own(cmd);

	if (summary->file)
		fclose(summary->file);
	free(summary->text);
	free(summary->growths);
	ms_buf_fini(&summary->type);
	free(summary);
}
