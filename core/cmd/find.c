/* Where the map is that a command line names, for callers who then ask about it many times. Shows nothing of it.  */
#include <string.h>

#include "cmd/command.h"
#include "mem/mem.h"

static const struct ms_command_kind finding = {
	.name = "map",
	.grammar = { MS_OPT_TYPE | MS_OPT_EXPR, MS_ONE_EXPR },
};

/* MS_NOT_FOUND is no answer here: something has no type, or none of a map.  */
static int32_t find(struct ms_command *cmd)
{
	int32_t status = ms_args_parse(cmd->ctx, cmd->line, &cmd->kind->grammar, &cmd->args);

	if (status == MS_OK)
		status = ms_command_open_map(cmd, cmd->args.expr, &cmd->map);
	if (status == MS_OK && !cmd->map->address && !cmd->map->nil)
		status = ms_fail(cmd->ctx, MS_REFUSED, "it lies in no memory, so that it cannot be found again");
	return status == MS_NOT_FOUND ? MS_BAD_TYPE : status;
}

int32_t ms_map_find(struct ms_context *ctx, const char *line, uint64_t *type_out, uint64_t *address_out)
{
	struct ms_command *cmd = ms_command_new(ctx, finding.name, line);

	if (!cmd)
		return ms_fail(ctx, MS_NO_MEMORY, "out of memory");
	cmd->kind = &finding;
	ms_mem_forget(ctx);
	ms_buf_clear(&ctx->error);
	ms_slice_begin(ctx, 0);
	int32_t status = find(cmd);
	if (status == MS_OK) {
		*type_out = cmd->map->type->type;
		*address_out = cmd->map->address;
	}
	ms_command_free(cmd);
	return status;
}
