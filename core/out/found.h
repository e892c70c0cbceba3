/* What map-get shows of one key: the entry and the way to it, as text and as JSON.  */
#ifndef MS_FOUND_H
#define MS_FOUND_H

#include "decode/find.h"
#include "out/view.h"

/* One answer. FIND is NULL where ERROR says why nothing was looked for; NOT_DONE: a search that was given up.  */
struct ms_found {
	const char *asked; /* the key as it was typed */
	const struct ms_find *find;
	const char *error;
	bool interrupted;
	bool itself; /* ASKED is the text itself */
};

/* JSON: the members of an object, without its brackets, so that more can follow. MS_OK, MS_INTERRUPTED.  */
int32_t ms_view_found(struct ms_view *view, const struct ms_map *map, const struct ms_found *found);

#endif
