/* Which threads of the target stand in code that changes maps, by the names of the functions on their stacks: for the likely
   cause of what does not fit. Whose map it is that they change, the names do not tell.  */
#include <string.h>

#include "decode/check.h"

enum { THREADS_MOST = 10000, TOLD_MOST = 4, NAMES_MOST = 256 };

/* Operations, and below them what they call: Go, src/runtime/map*.go; core/hmap.  */
static const char *const operations[] = { "runtime.mapassign", "runtime.mapdelete", "runtime.mapclear",
					  "hmap_assign",       "hmap_delete",	    "hmap_clear" };
static const char *const inner[] = { "runtime.hashGrow", "runtime.growWork", "runtime.evacuate", "hmap_grow",
				     "hmap_evacuate" };
/* Where the header and its arrays are replaced.  */
static const char *const replacing[] = { "runtime.mapclear", "runtime.hashGrow", "hmap_clear", "hmap_grow" };

static bool is_one_of(const char *name, size_t size, const char *const *list, size_t count, bool whole)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list[i]);
		if (size >= length && !memcmp(name, list[i], length) &&
		    (size == length || (!whole && name[length] == '_')))
			return true;
	}
	return false;
}

#define IS_ONE_OF(name, size, list, whole) is_one_of(name, size, list, sizeof(list) / sizeof *(list), whole)

static void tell(struct ms_writers *out, const struct ms_thread *thread, const char *name, size_t size,
		 const char *caller)
{
	struct ms_buf *text = &out->text;

	if (++out->threads > TOLD_MOST)
		return;
	ms_buf_str(text, text->size ? ", " : "");
	ms_buf_str(text, "thread ");
	ms_buf_escaped(text, thread->name, strlen(thread->name), 0);
	ms_buf_str(text, " is in ");
	ms_buf_escaped(text, name, size, 0);
	if (*caller) {
		ms_buf_str(text, ", called by ");
		ms_buf_escaped(text, caller, strcspn(caller, "\n"), 0);
	}
}

/* The innermost operation on the thread's stack, or, where the stack does not reach as far, what an operation calls.  */
static void look_at(struct ms_writers *out, const struct ms_thread *thread)
{
	const char *found = NULL, *caller = "";
	size_t found_size = 0, size;

	for (const char *name = thread->functions; *name; name += size + (name[size] == '\n')) {
		size = strcspn(name, "\n");
		bool operation = IS_ONE_OF(name, size, operations, false);
		out->replacing |= IS_ONE_OF(name, size, replacing, true);
		if (!operation && (found || !IS_ONE_OF(name, size, inner, false)))
			continue;
		found = name;
		found_size = size;
		caller = name[size] ? name + size + 1 : "";
		if (operation)
			break;
	}
	if (found)
		tell(out, thread, found, found_size, caller);
}

int32_t ms_writers_find(struct ms_context *ctx, struct ms_writers *out)
{
	if (!ctx->types.thread)
		return MS_OK;
	for (uint64_t n = 0; n < THREADS_MOST; n++) {
		struct ms_thread thread = { .size = sizeof thread };
		int64_t answer = MS_UNANSWERED;
		ctx->types.thread(ctx->types.user, n, &thread, &answer);
		int32_t status = ms_told(ctx, answer);
		if (status == MS_NOT_FOUND)
			break;
		if (status < 0)
			return status;
		out->known = true;
		out->innermost |= thread.innermost != 0;
		look_at(out, &thread);
	}
	if (out->threads > TOLD_MOST)
		ms_buf_printf(&out->text, " and %u more are in such functions", out->threads - TOLD_MOST);
	return out->text.failed ? MS_NO_MEMORY : MS_OK;
}

void ms_writers_fini(struct ms_writers *writers)
{
	ms_buf_fini(&writers->text);
}
