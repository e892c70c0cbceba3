/* Symbols of the target, asked of the caller.  */
#include "types/ask.h"

#include <string.h>

#include "context.h"

int32_t ms_ask_symbol(struct ms_context *ctx, const char *name, uint64_t *out)
{
	int64_t answer = MS_UNANSWERED;

	*out = 0;
	ctx->types.symbol(ctx->types.user, name, out, &answer);
	return ms_told(ctx, answer);
}

int32_t ms_ask_symbol_at(struct ms_context *ctx, uint64_t address, const char **out)
{
	int64_t answer = ctx->types.symbol_at ? MS_UNANSWERED : MS_NOT_FOUND;
	const char *name = 0;

	if (ctx->types.symbol_at)
		ctx->types.symbol_at(ctx->types.user, address, &name, &answer);
	*out = name ? name : "";
	return ms_told(ctx, answer);
}

int ms_ask_which(struct ms_context *ctx, uint64_t address, const char *const *names, int count, struct ms_buf *name_out)
{
	const char *name;
	uint64_t found;

	if (ms_ask_symbol_at(ctx, address, &name) == MS_OK) {
		size_t size = strcspn(name, "@"); /* a stub: "hmap_hash_32@plt" */
		for (int i = 0; i < count; i++)
			if (strlen(names[i]) == size && !memcmp(names[i], name, size))
				return i;
		ms_buf_escaped(name_out, name, size, 0);
	}
	for (int i = 0; i < count && ms_stopped(ctx) == MS_OK; i++)
		if (ms_ask_symbol(ctx, names[i], &found) == MS_OK && found == address)
			return i;
	return -1;
}
