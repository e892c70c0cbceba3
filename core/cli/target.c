/* A target as the decoder asks it: its memory, its modules in the order in which they are asked, its process and threads, and what
   is said beside an answer. Types are target_types.c's, variables and symbols target_names.c's; which files there are finds
   target_open.c.  */
#include <stdio.h>
#include <string.h>

#include "cli/target_inside.h"

/* ---- Memory ---- */

int64_t ms_target_read(void *user, uint64_t address, void *buffer, uint64_t len)
{
	const struct ms_target *target = user;

	return target->process ? ms_process_read(target->process, address, buffer, len)
			       : ms_elfcore_read(target->core, address, buffer, len);
}

static void answer_read(void *user, uint64_t address, void *buffer, uint64_t len, int64_t *answer)
{
	*answer = ms_target_read(user, address, buffer, len);
}

struct ms_memory ms_target_memory(const struct ms_target *target)
{
	return (struct ms_memory){
		.size = sizeof(struct ms_memory),
		.user = (void *)target,
		.read = answer_read,
		.pid = target->process ? ms_process_pid(target->process) : 0,
		.pointer_size = target->pointer_size,
		.big_endian = target->big_endian,
		.running = target->process && !ms_process_still(target->process),
	};
}

/* ---- What answers share ---- */

bool ms_target_is_interrupted(const struct ms_target *target, int64_t *answer)
{
	if (!*target->interrupted)
		return false;
	*answer = MS_INTERRUPTED;
	return true;
}

struct ms_dwarf *ms_target_dwarf(struct ms_target *target, size_t i)
{
	struct ms_module *module = &target->modules[i];

	return ms_module_map(module, &target->mapped) ? ms_module_dwarf(module) : NULL;
}

struct ms_dwarf *ms_target_own_dwarf(struct ms_target *target, size_t i)
{
	struct ms_module *module = &target->modules[i];

	if (!ms_module_map(module, &target->mapped) || (i && !ms_image_has_debug(module->fd)))
		return NULL;
	return ms_target_dwarf(target, i);
}

int64_t ms_target_told(struct ms_target *target, const struct ms_dwarf *dwarf, int64_t status)
{
	if (status == MS_BAD_TYPE && !target->trouble.size)
		ms_buf_str(&target->trouble, ms_dwarf_error(dwarf));
	return status;
}

size_t ms_target_next_module(struct ms_target *target, size_t *at)
{
	size_t count = target->module_count;

	for (; *at < 2 * count; ++*at) {
		size_t i = *at % count;
		struct ms_dwarf *dwarf = ms_target_dwarf(target, i);
		bool own = dwarf && (i == 0 || !strcmp(ms_dwarf_path(dwarf), target->modules[i].path));
		if (dwarf && own == (*at < count)) {
			++*at;
			return i;
		}
	}
	return count;
}

/* ---- The process ---- */

static void answer_process(void *user, struct ms_process_facts *out, int64_t *answer)
{
	struct ms_target *target = user;

	*answer = ms_told_facts(&target->told, out);
}

static void answer_register(void *user, const char *name, uint64_t *value_out, int64_t *answer)
{
	struct ms_target *target = user;

	*answer = ms_told_register(&target->told, name, value_out);
}

/* A snapshot has one thread at most, whichever it was.  */
static void answer_thread(void *user, uint64_t n, struct ms_thread *out, int64_t *answer)
{
	struct ms_target *target = user;
	const char *function = NULL;
	uint64_t pc;
	int64_t tid;

	if (ms_target_is_interrupted(target, answer))
		return;
	int64_t status = target->answers ? MS_NOT_FOUND : ms_told_thread(&target->told, n, &tid, &pc);
	for (size_t i = 0; status == MS_OK && i < target->module_count && !function; i++)
		if (ms_module_map(&target->modules[i], &target->mapped))
			function = ms_module_function(&target->modules[i], pc);
	if (status == MS_OK) {
		snprintf(target->thread, sizeof target->thread, "%lld", (long long)tid);
		out->name = target->thread;
		out->functions = function ? function : "";
		out->innermost = 1;
	}
	*answer = status;
}

/* ---- All of them ---- */

struct ms_types ms_target_types(struct ms_target *target)
{
	struct ms_types table = {
		.size = sizeof table,
		.user = target,
		.process = answer_process,
		.reg = answer_register,
		.thread = answer_thread,
	};

	ms_target_answer_types(&table);
	ms_target_answer_names(target, &table);
	return table;
}

/* ---- What is said beside the answer ---- */

struct ms_process *ms_target_process(const struct ms_target *target)
{
	return target->process;
}

const char *ms_target_notes(struct ms_target *target)
{
	struct ms_buf *all = &target->all_notes;

	ms_buf_clear(all);
	ms_buf_str(all, ms_buf_text(&target->notes));
	ms_buf_str(all, ms_buf_text(&target->ambiguity));
	for (size_t i = 0; i < target->module_count; i++)
		if (target->modules[i].dwarf && *ms_dwarf_note(target->modules[i].dwarf))
			ms_buf_printf(all, "%s\n", ms_dwarf_note(target->modules[i].dwarf));
	return ms_buf_text(all);
}

const char *ms_target_trouble(const struct ms_target *target)
{
	return ms_buf_text(&target->trouble);
}

const char *ms_target_lack(struct ms_target *target)
{
	struct ms_module *exe = &target->modules[0];

	if (ms_target_dwarf(target, 0))
		return "";
	if (target->answers) {
		ms_buf_clear(&exe->why);
		ms_buf_str(&exe->why, "the file is a snapshot of:");
		for (uint64_t i = 0; ms_answers_word(target->answers, i); i++)
			if (strcmp(ms_answers_word(target->answers, i), "--") != 0) {
				ms_buf_char(&exe->why, ' ');
				ms_buf_escaped(&exe->why, ms_answers_word(target->answers, i),
					       strlen(ms_answers_word(target->answers, i)), 0);
			}
	}
	if (exe->state == MODULE_MAPPED && ms_image_section(exe->fd, ".go.buildinfo") && !exe->go_told) {
		exe->go_told = true;
		ms_buf_str(&exe->why, "; a Go map is shown by ADDRESS --type-descriptor ADDRESS");
	}
	return ms_buf_text(&exe->why);
}
