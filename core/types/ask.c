/* Symbols of the target, asked of the caller.  */
#include "types/ask.h"

#include "context.h"

static int32_t answered(struct ms_context *ctx, int64_t answer)
{
	if (answer != MS_UNANSWERED && answer != MS_INTERRUPTED)
		return answer == MS_OK ? MS_OK : MS_NOT_FOUND;
	ctx->interrupted = true;
	return ms_fail(ctx, MS_INTERRUPTED, "interrupted while asking for a symbol");
}

int32_t ms_ask_symbol(struct ms_context *ctx, const char *name, uint64_t *out)
{
	int64_t answer = MS_UNANSWERED;

	*out = 0;
	ctx->types.symbol(ctx->types.user, name, out, &answer);
	return answered(ctx, answer);
}

int32_t ms_ask_symbol_at(struct ms_context *ctx, uint64_t address, const char **out)
{
	int64_t answer = ctx->types.symbol_at ? MS_UNANSWERED : MS_NOT_FOUND;
	const char *name = 0;

	if (ctx->types.symbol_at)
		ctx->types.symbol_at(ctx->types.user, address, &name, &answer);
	*out = name ? name : "";
	return answered(ctx, answer);
}
