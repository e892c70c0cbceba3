/* map-break: its line understood, and the map found that is meant. The breakpoints are the front-end's part, see
   ms_command_breakpoint; what an event is, is in cmd/events.c.  */
#include <string.h>

#include "cmd/command.h"
#include "cmd/events.h"
#include "cmd/trace.h"

static const char *const missing[1] = {
	"an EVENT is missing: make, assign, delete, clear, grow, evacuate or grow-done",
};

static int32_t begin(struct ms_command *cmd)
{
	struct ms_context *ctx = cmd->ctx;
	const char *event = cmd->args.words[0], *expr = cmd->args.word_count > 1 ? cmd->args.words[1] : NULL;

	cmd->args.expr = expr;
	if (ms_event_find(event) == MS_EVENTS)
		return ms_fail(
			ctx, MS_USAGE,
			"\"%.100s\" is no event: expected make, assign, delete, clear, grow, evacuate or grow-done",
			ms_escape(ctx, event, strlen(event)));
	if (!expr)
		return MS_OK;
	int32_t status = ms_command_open_map(cmd, expr, &cmd->map);
	if (status == MS_NOT_FOUND)
		return MS_BAD_TYPE;
	if (status < 0)
		return status;
	if (cmd->map->nil)
		return ms_fail(
			ctx, MS_BAD_MAP,
			"a nil map has no events: it does not exist yet; leave EXPR out, or stop once it is made");
	if (!cmd->map->address)
		return ms_fail(ctx, MS_BAD_MAP, "this map lies nowhere in memory, so no function is called with it");
	if (cmd->map->shape->language == MS_GO && ms_event_find(event) == MS_EVENT_MAKE)
		return ms_fail(ctx, MS_USAGE,
			       "this map has been made: make takes no EXPR in Go, where each is a new one");
	return MS_OK;
}

const struct ms_command_kind ms_command_break = {
	.name = "map-break",
	.help = "Set a breakpoint on an event of a hash map.\n"
		"Usage: map-break EVENT [EXPR] [--type TYPE] [--expr] [if COND]\n"
		"\n"
		"EVENT:\n"
		"  make       a map is made\n"
		"  assign     an entry is added, or an elem is about to be assigned\n"
		"  delete     a key is deleted\n"
		"  clear      all entries are removed at once\n"
		"  grow       a growth begins: double, or same-size to be rid of overflow buckets\n"
		"  evacuate   an old bucket is about to be moved to the new array\n"
		"  grow-done  a growth ends: the old array is let go\n"
		"\n"
		"EXPR names one map, by its address now; without it, every map is meant. In Go\n"
		"each event of one map is also looked for in the general functions (reflect).\n"
		"The program stops where the function begins that does it, and a line tells what\n"
		"is going to happen. The breakpoints are ordinary ones of the debugger's: listed,\n"
		"disabled, deleted and given commands as any other.\n"
		"\n"
		"  if COND        stop only where COND holds, an expression of the debugger's\n"
		"  --type TYPE    EXPR is the address of a map of that type\n" MS_EXPR_OPTION "\n"
		"In COND, and at the prompt where the program has stopped: $_map() is the map,\n"
		"$_map_key() the key of an assign or delete, $_map_key_text() the same as it is\n"
		"shown, $_map_old_bucket() the old bucket of an evacuate; $map_len(M) and\n"
		"$map_growing(M) are its length and whether it is growing.\n"
		"\n"
		"Examples:\n"
		"  map-break grow m\n"
		"  map-break evacuate server.cache if $_map_old_bucket() == 5\n"
		"  map-break assign m if $_map_key() == 42\n"
		"  map-break delete if $map_len($_map()) > 1000",
	.grammar = { .options = MS_OPT_TYPE | MS_OPT_EXPR,
		     .least = 1,
		     .most = 2,
		     .words = "EVENT [EXPR] [if COND]",
		     .missing = missing,
		     .condition = true },
	.without_map = true,
	.in_debugger = true,
	.begin = begin,
};

int32_t ms_command_breakpoint(const struct ms_command *cmd, struct ms_breakpoint *out)
{
	const struct ms_map *map = cmd->map;

	bool asks = cmd->kind == &ms_command_break && cmd->state == COMMAND_DONE && cmd->status == MS_YES;

	if (out->size < sizeof *out || !(asks || ms_trace_waits(cmd)))
		return MS_NOT_FOUND;
	*out = (struct ms_breakpoint){
		.size = sizeof *out,
		.event = asks ? ms_event_find(cmd->args.words[0]) : 0,
		.go = map && map->shape->language == MS_GO,
		.map = map ? map->address : 0,
		.map_type = map ? map->type->type : 0,
		.expr = cmd->args.expr ? ms_escape(cmd->ctx, cmd->args.expr, strlen(cmd->args.expr)) : "",
		.condition = cmd->args.condition ? cmd->args.condition : "",
	};
	return MS_OK;
}
