/* A map that was reached, as a row: its name, what it is, what it holds.  */
#ifndef MS_REACHED_H
#define MS_REACHED_H

#include "decode/reach.h"
#include "out/view.h"

/* The line above the rows; nothing in JSON.  */
void ms_view_reached_head(struct ms_view *view);
/* MS_OK, or MS_INTERRUPTED: a key in the name could not be read.  */
int32_t ms_view_reached(struct ms_view *view, struct ms_reach *reach, const struct ms_reached *map);

#endif
