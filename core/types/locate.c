/* DWARF expressions for front-ends, whose call-backs answer through their last argument.  */
#include <stdio.h>
#include <string.h>

#include "mapscope.h"
#include "types/location.h"

struct locate {
	const struct ms_frame *frame;
	bool unanswered; /* by a call-back: the user wants to stop */
};

static int64_t taken(struct locate *locate, int64_t answer)
{
	if (answer == MS_UNANSWERED || answer == MS_INTERRUPTED)
		locate->unanswered = true;
	return answer;
}

static uint64_t ask_register(void *user, uint32_t number, void *buffer, uint64_t size)
{
	struct locate *locate = user;
	int64_t answer = MS_UNANSWERED;

	locate->frame->reg(locate->frame->user, number, buffer, size, &answer);
	answer = taken(locate, answer);
	return answer > 0 && (uint64_t)answer <= size ? (uint64_t)answer : 0;
}

static bool ask_cfa(void *user, uint64_t *out)
{
	struct locate *locate = user;
	int64_t answer = MS_UNANSWERED;

	locate->frame->cfa(locate->frame->user, out, &answer);
	return taken(locate, answer) > 0;
}

static int64_t ask_read(void *user, uint64_t address, void *buffer, uint64_t len)
{
	struct locate *locate = user;
	int64_t answer = MS_UNANSWERED;

	locate->frame->read(locate->frame->user, address, buffer, len, &answer);
	return taken(locate, answer);
}

/* Piece by piece, since the compiler may have kept only some of them. KNOWN has a byte for each of BUFFER; NULL: all are
   needed.  */
static int64_t gather(const struct ms_location *location, const struct ms_location_unit *unit,
		      const struct ms_location_target *target, uint8_t *buffer, uint8_t *known, uint64_t size,
		      struct ms_buf *error)
{
	uint64_t done = 0, found = 0;

	if (!known || (location->count == 1 && !location->pieces[0].size))
		return ms_location_gather(location, unit, target, buffer, size, error);
	memset(known, 0, size);
	memset(buffer, 0, size);
	for (uint32_t i = 0; i < location->count && done < size; i++) {
		struct ms_location one = { .count = 1, .pieces = { location->pieces[i] } };
		uint64_t left = size - done, part = one.pieces[0].size < left ? one.pieces[0].size : left;
		size_t before = error->size;
		int64_t status = ms_location_gather(&one, unit, target, buffer + done, part, error);
		if (status != MS_OK && status != MS_REFUSED)
			return status;
		if (status == MS_OK) {
			memset(known + done, 1, part);
			found += part;
		} else {
			memset(buffer + done, 0, part);
			ms_buf_truncate(error, before ? before : error->size); /* the first reason is enough */
		}
		done += part;
	}
	return found ? MS_OK : MS_REFUSED;
}

static int64_t evaluate(const struct ms_location_unit *unit, const struct ms_location_target *target,
			const void *expression, uint64_t expression_size, void *buffer, void *known, uint64_t size,
			uint64_t *address_out, struct ms_buf *error)
{
	struct ms_location location;
	int64_t status = ms_location_evaluate(expression_size ? expression : "", expression_size, unit, target,
					      &location, error);

	*address_out = 0;
	if (status != MS_OK || (ms_location_address(&location, address_out) && *address_out))
		return status;
	if (known)
		memset(known, 1, size);
	return gather(&location, unit, target, buffer, known, size, error);
}

int32_t ms_locate(const struct ms_frame *frame, const void *expression, uint64_t expression_size, void *buffer,
		  void *known, uint64_t size, uint64_t *address_out, char *why, uint64_t why_size)
{
	struct locate locate = { .frame = frame };
	struct ms_buf error = { 0 };
	int64_t status = MS_USAGE;

	if (frame->size >= sizeof *frame) {
		struct ms_location_unit unit = { .address_size = frame->pointer_size, .big_endian = frame->big_endian };
		struct ms_location_target target = {
			.user = &locate,
			.reg = frame->reg ? ask_register : NULL,
			.cfa = frame->cfa ? ask_cfa : NULL,
			.read = frame->read ? ask_read : NULL,
			.bias = frame->bias,
			.frame_base = frame->frame_base,
			.frame_base_size = frame->frame_base_size,
		};
		status =
			evaluate(&unit, &target, expression, expression_size, buffer, known, size, address_out, &error);
	}
	if (locate.unanswered)
		status = MS_INTERRUPTED;
	else if (error.failed)
		status = MS_NO_MEMORY;
	if (why_size)
		snprintf(why, why_size, "%s", ms_buf_text(&error));
	ms_buf_fini(&error);
	return (int32_t)status;
}
