/* Standard output, with a memory: what is held stands in memory, and from some size on in a file without a name.  */
#include "cli/answer.h"

#include <errno.h>
#include <unistd.h>

enum { HELD_MOST = 16 << 20 }; /* bytes in memory */

static void put(struct ms_answer *answer, const char *text, size_t size)
{
	while (size && !answer->closed && !answer->error) {
		ssize_t put = write(STDOUT_FILENO, text, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EPIPE)
			answer->closed = true;
		else if (put < 0)
			answer->error = errno;
		else
			answer->written = true;
		if (put > 0) {
			text += put;
			size -= (size_t)put;
		}
	}
}

static void spill(struct ms_answer *answer)
{
	if (!answer->spill)
		answer->spill = tmpfile();
	if (!answer->spill || fwrite(answer->held.data, 1, answer->held.size, answer->spill) < answer->held.size)
		answer->error = errno;
	ms_buf_clear(&answer->held);
}

void ms_answer_add(struct ms_answer *answer, const char *text, uint64_t size)
{
	if (!answer->hold) {
		put(answer, text, size);
		return;
	}
	ms_buf_add(&answer->held, text, size);
	if (answer->held.failed)
		answer->error = ENOMEM;
	if (answer->held.size >= HELD_MOST)
		spill(answer);
}

void ms_answer_drop(struct ms_answer *answer)
{
	if (answer->spill)
		fclose(answer->spill);
	answer->spill = NULL;
	ms_buf_clear(&answer->held);
}

bool ms_answer_release(struct ms_answer *answer)
{
	char part[1 << 16];
	size_t size;

	answer->hold = false;
	if (answer->spill && fseek(answer->spill, 0, SEEK_SET) == 0)
		while ((size = fread(part, 1, sizeof part, answer->spill)) > 0)
			put(answer, part, size);
	if (answer->spill && ferror(answer->spill) && !answer->error)
		answer->error = EIO;
	put(answer, ms_buf_text(&answer->held), answer->held.size);
	ms_answer_drop(answer);
	return !answer->error && !answer->closed;
}

void ms_answer_fini(struct ms_answer *answer)
{
	ms_answer_drop(answer);
	ms_buf_fini(&answer->held);
}
