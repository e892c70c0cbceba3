/* --where COND: which entries a command shows, by a condition on key and elem.

	cond:     sum, sum == sum (!=, <, <=, >, >=), sum ~ sum (the left text contains the right one), !cond, cond && cond,
	          cond || cond
	sum:      operands with + - * / % & | ^
	operand:  key, elem, a path from one of them (.m, ->m, [n], a * before it), len(operand), -operand, (cond), 5, 0x1f, 2.5, 'c',
	          "text", true, false, nil, NULL, the name of an enumerator

   && binds closer than ||, and comparisons closer than &&, as in C. An answer is yes, no or unknown: a pointer
   on the way is nil, something cannot be read. Unknown entries are not shown, and counted.  */
#ifndef MS_WHERE_H
#define MS_WHERE_H

#include "decode/map.h"
#include "out/view.h"

struct ms_where;

/* MS_OK; MS_USAGE with an error line: COND is not understood, or does not fit the types of MAP's keys and elems; or another
   failure. MAP must outlive it.  */
int32_t ms_where_new(struct ms_map *map, const char *cond, struct ms_where **out);
void ms_where_free(struct ms_where *where);
/* Whether ENTRY is wanted. MS_OK, MS_INTERRUPTED, MS_NO_MEMORY or MS_BAD_TYPE.  */
int32_t ms_where_holds(struct ms_where *where, const struct ms_entry *entry, bool *out);
/* At the end: how many entries had no answer, and why.  */
void ms_where_note(const struct ms_where *where, struct ms_notes *notes);

#endif
