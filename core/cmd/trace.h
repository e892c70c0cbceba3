/* map-trace's two halves: trace.c records, trace_summary.c reads back what was recorded.  */
#ifndef MS_TRACE_H
#define MS_TRACE_H

#include "cmd/command.h"

enum { FLUSH_AT = 64 << 10 }; /* bytes of records that wait */

/* Whether CMD waits for events, see ms_command_event.  */
bool ms_trace_waits(const struct ms_command *cmd);

/* With --summary.  */
int32_t ms_trace_summary_begin(struct ms_command *cmd);
int32_t ms_trace_summary_step(struct ms_command *cmd);
int32_t ms_trace_summary_finish(struct ms_command *cmd, struct ms_view *view, const struct ms_end *end);
void ms_trace_summary_progress(const struct ms_command *cmd, uint64_t *done_out, uint64_t *total_out);
void ms_trace_summary_free(struct ms_command *cmd);

#endif
