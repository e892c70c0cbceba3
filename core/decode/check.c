/* The table of what map-check finds, and the list of findings.  */
#include "decode/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct ms_check_entry ms_check_table[MS_CHECK_CODES] = {
	[MS_BAD_HEADER] = { "bad-header", "the header's values are those of a map",
			    "the header was overwritten, or never made" },
	[MS_BAD_FLAGS] = { "bad-flags", "flags are known ones that go together", "the header was overwritten" },
	[MS_BAD_COUNT] = { "bad-count", "count is the number of live entries", "a concurrent write, or an overwrite" },
	[MS_BAD_LOAD] = { "bad-load", "a map grows before it holds twice 6.5 entries a bucket",
			  "B was overwritten, or the map does not grow" },
	[MS_BAD_GROWTH] = { "bad-growth", "the old array is as large as the kind of growth says",
			    "flags or B were overwritten" },
	[MS_BAD_NEVACUATE] = { "bad-nevacuate", "nevacuate is a bucket that is not evacuated; all of them at rest",
			       "a concurrent write, or an overwrite" },
	[MS_NOT_EVACUATED] = { "not-evacuated", "old buckets below nevacuate are evacuated",
			       "a concurrent write, or an overwritten nevacuate" },
	[MS_HALF_EVACUATED] = { "half-evacuated", "an old chain is evacuated as a whole",
				"a concurrent write, or one that did not end" },
	[MS_BAD_STATE] = { "bad-state", "marks of evacuation stand in evacuated old chains only",
			   "the bucket was overwritten" },
	[MS_AFTER_EMPTY_REST] = { "after-empty-rest", "nothing follows a slot that is emptyRest in its chain",
				  "a concurrent write, or an overwritten tophash" },
	[MS_USED_TOO_EARLY] = { "used-too-early", "a new bucket is empty until its old bucket is evacuated",
				"a concurrent write" },
	[MS_BAD_TOPHASH] = { "bad-tophash", "tophash is the top byte of the key's hash",
			     "the key was changed in place, or the slot was overwritten" },
	[MS_WRONG_BUCKET] = { "wrong-bucket", "an entry is in the bucket that its key's hash names",
			      "the key was changed in place, or the slot was overwritten" },
	[MS_DUPLICATE_KEY] = { "duplicate-key", "no key is there twice",
			       "a concurrent write, or a key changed in place" },
	[MS_UNREADABLE_KEY] = { "unreadable-key", "keys can be read, where the slot or the key points",
				"its memory was freed, or the slot was overwritten" },
	[MS_UNREADABLE_ELEM] = { "unreadable-elem", "elems that slots point to can be read",
				 "its memory was freed, or the slot was overwritten" },
	[MS_UNREADABLE_BUCKET] = { "unreadable-bucket", "the arrays of buckets can be read",
				   "the array was freed, or the header was overwritten" },
	[MS_OVERFLOW_UNREADABLE] = { "overflow-unreadable", "an overflow pointer leads to a bucket that can be read",
				     "the bucket was overwritten" },
	[MS_OVERFLOW_MISALIGNED] = { "overflow-misaligned", "an overflow pointer leads to the start of a bucket",
				     "the bucket was overwritten" },
	[MS_OVERFLOW_CYCLE] = { "overflow-cycle", "a chain does not come back to itself", "a concurrent write" },
	[MS_OVERFLOW_SHARED] = { "overflow-shared", "an overflow bucket is in one chain", "a concurrent write" },
	[MS_OVERFLOW_FOREIGN] = { "overflow-foreign", "a chain does not lead into an array of buckets",
				  "the bucket was overwritten" },
	[MS_OVERFLOW_UNLISTED] = { "overflow-unlisted", "overflow buckets are in the list that keeps them",
				   "a pointer to another map's bucket, or a concurrent write" },
	[MS_OVERFLOW_UNUSED] = { "overflow-unused", "listed overflow buckets are in a chain, each once",
				 "an overflow pointer was overwritten, or a concurrent write" },
	[MS_BAD_SPARE] = { "bad-spare",
			   "preallocated overflow buckets are in use up to nextOverflow, and end in a mark",
			   "an overwritten spare bucket, or a concurrent write" },
	[MS_BAD_EXTRA] = { "bad-extra", "extra can be read, and nextOverflow leads to a preallocated bucket",
			   "the header was overwritten" },
	[MS_BAD_NOVERFLOW] = { "bad-noverflow", "noverflow is the number of overflow buckets, about that from B 16 on",
			       "a concurrent write, or an overwrite" },
};

void ms_findings_fini(struct ms_findings *findings)
{
	for (uint64_t i = 0; i < findings->kept; i++)
		free(findings->list[i].message);
	free(findings->list);
	*findings = (struct ms_findings){ 0 };
}

static bool reserve(struct ms_findings *findings)
{
	uint64_t capacity = findings->capacity ? findings->capacity * 2 : 16;

	if (findings->kept < findings->capacity)
		return true;
	struct ms_finding *grown = realloc(findings->list, capacity * sizeof *grown);
	if (!grown)
		return false;
	findings->list = grown;
	findings->capacity = capacity;
	return true;
}

void ms_find(struct ms_findings *findings, enum ms_check_code code, const struct ms_check_place *place,
	     const char *what, ...)
{
	struct ms_buf text = { 0 };
	char line[512];
	va_list args;

	findings->total++;
	if (findings->kept == MS_FINDINGS_MOST)
		return;
	va_start(args, what);
	vsnprintf(line, sizeof line, what, args);
	va_end(args);
	ms_buf_str(&text, line);
	ms_buf_printf(&text, "; likely cause: %s", ms_check_table[code].cause);
	if (text.failed || !reserve(findings)) {
		findings->failed = true;
		ms_buf_fini(&text);
		return;
	}
	findings->list[findings->kept++] = (struct ms_finding){ code, *place, text.data };
}

void ms_find_again(struct ms_findings *findings, struct ms_finding *finding)
{
	findings->total++;
	if (findings->kept < MS_FINDINGS_MOST && reserve(findings)) {
		findings->list[findings->kept++] = *finding;
		finding->message = NULL;
	}
}
