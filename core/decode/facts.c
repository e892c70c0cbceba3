/* Building answers: facts and notes.  */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/format.h"

void ms_facts_fini(struct ms_facts *facts)
{
	for (size_t i = 0; i < sizeof facts->text / sizeof *facts->text; i++)
		ms_buf_fini(&facts->text[i]);
}

bool ms_facts_whole(const struct ms_facts *facts)
{
	for (size_t i = 0; i < sizeof facts->text / sizeof *facts->text; i++)
		if (facts->text[i].failed)
			return false;
	return true;
}

struct ms_fact *ms_fact_add(struct ms_facts *facts, const char *group, const char *name)
{
	static struct ms_fact beyond; /* formats add fewer than MS_FACTS_MOST; never read */
	struct ms_fact *fact = facts->count < MS_FACTS_MOST ? &facts->fact[facts->count++] : &beyond;

	*fact = (struct ms_fact){ .group = group, .name = name, .kind = MS_FACT_NULL };
	return fact;
}

void ms_fact_uint(struct ms_facts *facts, const char *group, const char *name, uint64_t value)
{
	struct ms_fact *fact = ms_fact_add(facts, group, name);

	fact->kind = MS_FACT_UINT;
	fact->u = value;
}

void ms_fact_bool(struct ms_facts *facts, const char *group, const char *name, bool value)
{
	struct ms_fact *fact = ms_fact_add(facts, group, name);

	fact->kind = MS_FACT_BOOL;
	fact->u = value;
}

void ms_fact_text(struct ms_facts *facts, const char *group, const char *name, const char *value)
{
	struct ms_fact *fact = ms_fact_add(facts, group, name);

	fact->kind = MS_FACT_TEXT;
	fact->text = value;
}

void ms_fact_address(struct ms_facts *facts, const char *group, const char *name, uint64_t value)
{
	struct ms_fact *fact = ms_fact_add(facts, group, name);

	fact->kind = value ? MS_FACT_ADDRESS : MS_FACT_NULL;
	fact->u = value;
}

void ms_note(struct ms_notes *notes, bool damage, const char *format, ...)
{
	char line[512];
	va_list args;

	notes->damaged |= damage;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	char *copy = notes->count < MS_NOTES_MOST ? strdup(line) : NULL;
	if (copy)
		notes->line[notes->count++] = copy;
	else
		notes->dropped++;
}

void ms_notes_fini(struct ms_notes *notes)
{
	for (uint32_t i = 0; i < notes->count; i++)
		free(notes->line[i]);
	*notes = (struct ms_notes){ 0 };
}
