/* The file of -o: rows wait in cmd->rows and are written in pieces.  */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

static int32_t cannot_write(struct ms_command *cmd)
{
	const char *why = strerror(errno), *path = cmd->args.output;

	return ms_fail(cmd->ctx, MS_IO, "cannot write %s: %s", ms_escape(cmd->ctx, path, strlen(path)), why);
}

void ms_output_path(const char *path, struct ms_buf *out)
{
	const char *home = getenv("HOME");

	if (!strncmp(path, "~/", 2) && home) {
		ms_buf_str(out, home);
		path++;
	}
	ms_buf_str(out, path);
}

int32_t ms_output_open(struct ms_command *cmd)
{
	struct ms_buf full = { 0 };

	if (!cmd->args.output)
		return MS_OK;
	ms_output_path(cmd->args.output, &full);
	errno = ENOMEM;
	cmd->file = full.failed ? NULL : fopen(ms_buf_text(&full), "w");
	ms_buf_fini(&full);
	return cmd->file ? MS_OK : cannot_write(cmd);
}

int32_t ms_output_flush(struct ms_command *cmd)
{
	if (cmd->out.failed || cmd->rows.failed)
		return ms_fail(cmd->ctx, MS_NO_MEMORY, "out of memory for the answer");
	if (!cmd->file || !cmd->rows.size)
		return MS_OK;
	if (fwrite(cmd->rows.data, 1, cmd->rows.size, cmd->file) != cmd->rows.size)
		return cannot_write(cmd);
	ms_buf_clear(&cmd->rows);
	return MS_OK;
}

int32_t ms_output_close(struct ms_command *cmd)
{
	int32_t status = ms_output_flush(cmd);

	if (status == MS_OK && cmd->file) {
		FILE *file = cmd->file;
		cmd->file = NULL;
		if (fclose(file) != 0)
			return cannot_write(cmd);
	}
	return status;
}
