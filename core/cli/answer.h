/* Where an answer goes: held back as long as another try may replace it, or as long as nobody may wait for a reader of the
   screen; then written.  */
#ifndef MS_CLI_ANSWER_H
#define MS_CLI_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

struct ms_answer {
	bool hold;    /* nothing is written before ms_answer_release */
	bool written; /* something was: it cannot be replaced any more */
	bool closed;  /* whoever read has gone */
	int error;    /* errno of a write that failed */
	struct ms_buf held;
	FILE *spill; /* of what is held, all but the last part */
};

void ms_answer_add(struct ms_answer *answer, const char *text, uint64_t size);
/* Forgets what is held.  */
void ms_answer_drop(struct ms_answer *answer);
/* Writes what is held, and holds no more. False: that failed, or failed before.  */
bool ms_answer_release(struct ms_answer *answer);
void ms_answer_fini(struct ms_answer *answer);

#endif
