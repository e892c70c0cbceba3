/* Keys to look for, and what of them is ours.  */
#include "decode/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "context.h"

bool ms_key_init(struct ms_key *key, uint64_t size)
{
	*key = (struct ms_key){ .bytes = calloc(1, size + 1), .size = size };
	return key->bytes;
}

void ms_key_fini(struct ms_key *key)
{
	for (uint32_t i = 0; i < key->own.count; i++) {
		free(key->own.pieces[i].bytes);
		free(key->own.pieces[i].type);
	}
	free(key->bytes);
	*key = (struct ms_key){ 0 };
}

static uint64_t last_page(const struct ms_context *ctx)
{
	return (ctx->memory.pointer_size == 8 ? UINT64_MAX : UINT32_MAX) - 4095;
}

static uint64_t add(struct ms_own *own, const struct ms_context *ctx, struct ms_own_piece piece)
{
	if (own->count == MS_OWN_MOST || (!piece.bytes && !piece.type)) {
		free(piece.bytes);
		free(piece.type);
		return 0;
	}
	own->pieces[own->count] = piece;
	return last_page(ctx) + own->count++;
}

uint64_t ms_own_add(struct ms_own *own, const struct ms_context *ctx, const void *bytes, uint64_t size)
{
	struct ms_own_piece piece = { .bytes = malloc(size + 1), .size = size };

	if (piece.bytes) {
		memcpy(piece.bytes, bytes, size);
		piece.bytes[size] = 0;
	}
	return add(own, ctx, piece);
}

uint64_t ms_own_add_type(struct ms_own *own, const struct ms_context *ctx, const struct ms_go_type *type)
{
	struct ms_own_piece piece = { .type = malloc(sizeof *type) };

	if (piece.type)
		*piece.type = *type;
	return add(own, ctx, piece);
}

const struct ms_own_piece *ms_own_at(const struct ms_own *own, const struct ms_context *ctx, uint64_t address)
{
	uint64_t first = last_page(ctx);

	return own && address >= first && address - first < own->count ? &own->pieces[address - first] : NULL;
}

bool ms_own_interface(const struct ms_own *own, const struct ms_context *ctx, const uint8_t *bytes,
		      const struct ms_go_type **type_out, const uint8_t **value_out)
{
	uint32_t word = ctx->memory.pointer_size;
	const struct ms_own_piece *type = ms_own_at(own, ctx, ms_load(bytes, word, ctx->memory.big_endian));
	const struct ms_own_piece *value = ms_own_at(own, ctx, ms_load(bytes + word, word, ctx->memory.big_endian));

	if (!type || !type->type || !value || !value->bytes || value->size < type->type->size)
		return false;
	*type_out = type->type;
	*value_out = value->bytes;
	return true;
}
