/* The JSON half of the views; called by out/view.c only.  */
#ifndef MS_JSON_H
#define MS_JSON_H

#include "out/view.h"

void ms_json_info(struct ms_view *view, const struct ms_facts *facts, const struct ms_end *end);
int32_t ms_json_row(struct ms_view *view, const struct ms_map *map, const struct ms_row *row,
		    const struct ms_entry *entries);
int32_t ms_json_entry(struct ms_view *view, const struct ms_map *map, const struct ms_entry *entry);
/* The live entries of a row, of a map whose map->ints says so: what ms_json_entry makes of them, without layers, since there may be
   millions.  */
void ms_json_ints(struct ms_buf *buf, const struct ms_map *map, const struct ms_row *row);
void ms_json_last(struct ms_view *view, const struct ms_end *end);
void ms_json_finding(struct ms_view *view, const struct ms_map *map, const struct ms_finding *finding);
void ms_json_verdict(struct ms_view *view, const struct ms_end *end, bool ok);
void ms_json_end(struct ms_view *view, const struct ms_end *end);

#endif
