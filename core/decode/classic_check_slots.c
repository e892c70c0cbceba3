/* The slots of a chain: whether each tophash may stand where it stands. What entries are is classic_check_keys.c's.  */
#include "decode/classic_check.h"
#include "decode/tophash_word.h"

static const char *state_name(uint8_t tophash)
{
	static const char *const names[] = { "emptyRest", "emptyOne", "evacuatedX", "evacuatedY", "evacuatedEmpty" };

	return tophash < HMAP_MIN_TOPHASH ? names[tophash] : "full";
}

void check_chain_begin(struct ms_check *check, const uint8_t *bytes)
{
	struct check_chain *chain = &check->chain;
	uint8_t first = bytes[check->map->bucket.tophash];
	uint64_t index = chain->place.bucket;

	chain->evacuated = chain->place.array == CLASSIC_OLD && classic_evacuated(first);
	chain->live_counts = !chain->evacuated;
	if (!chain->evacuated) {
		if (chain->place.array == CLASSIC_OLD && index < check->map->nevacuate &&
		    check->map->nevacuate <= check_array_count(check, CLASSIC_OLD))
			ms_find(&check->findings, MS_NOT_EVACUATED, &chain->place,
				"nevacuate is %llu: expected every old bucket below it to be evacuated, found %s in "
				"its first slot",
				(unsigned long long)check->map->nevacuate, state_name(first));
		return;
	}
	check->evacuated_count++;
	if (check->evacuated)
		check_set_bit(check->evacuated, index);
}

/* A slot without a mark in an evacuated chain. The chain that a write is evacuating right now has such, behind those that it
   has moved.  */
static void not_moved(struct ms_check *check, uint32_t slot, uint8_t tophash)
{
	struct check_chain *chain = &check->chain;

	if (check->writing && !chain->half_told && !chain->moving && !check->moving_count) {
		check->moving_count++;
		chain->moving = chain->live_counts = true;
	}
	if (chain->moving || chain->half_told)
		return;
	struct ms_check_place place = check_slot_place(chain, slot);
	ms_find(&check->findings, MS_HALF_EVACUATED, &place,
		"tophash is %u: expected a mark of evacuation (2 to 4), as in the chain's first slot", tophash);
	chain->half_told = true;
}

static void bad_state(struct ms_check *check, uint32_t slot, uint8_t tophash)
{
	struct check_chain *chain = &check->chain;
	struct ms_check_place place = check_slot_place(chain, slot);

	if (chain->moving && chain->evacuated) { /* a mark behind slots that have not moved */
		if (!chain->half_told)
			ms_find(&check->findings, MS_HALF_EVACUATED, &place,
				"tophash is %u (%s): expected none behind slots that have not moved", tophash,
				state_name(tophash));
		chain->half_told = true;
	} else if (chain->evacuated) {
		ms_find(&check->findings, MS_BAD_STATE, &place,
			"tophash is %u (%s): expected no such mark in a growth that keeps the number of buckets",
			tophash, state_name(tophash));
	} else if (chain->place.array == CLASSIC_OLD) {
		ms_find(&check->findings, MS_BAD_STATE, &place,
			"tophash is %u (%s): expected no mark of evacuation, since the chain's first slot has none",
			tophash, state_name(tophash));
	} else {
		ms_find(&check->findings, MS_BAD_STATE, &place,
			"tophash is %u (%s): expected no mark of evacuation in the new array", tophash,
			state_name(tophash));
	}
}

static void after_rest(struct ms_check *check, uint32_t slot, uint8_t tophash)
{
	struct check_chain *chain = &check->chain;
	struct ms_check_place place = check_slot_place(chain, slot);

	if (!chain->rest_told)
		ms_find(&check->findings, MS_AFTER_EMPTY_REST, &place,
			"tophash is %u (%s): expected 0 (emptyRest), as before it in the chain; lookups end there",
			tophash, state_name(tophash));
	chain->rest_told = true;
}

/* Whether a mark may stand in the chain at hand.  */
static bool mark_is_right(const struct ms_check *check, uint8_t tophash)
{
	const struct check_chain *chain = &check->chain;
	bool y_in_place = tophash == HMAP_EVACUATED_Y && check->map->flags & HMAP_SAME_SIZE_GROW;

	return chain->evacuated && !chain->moving && !y_in_place;
}

/* Slot by slot; the live ones, as bits.  */
static uint32_t all_slots(struct ms_check *check, const uint8_t *tophash)
{
	struct check_chain *chain = &check->chain;
	uint32_t live = 0;

	for (uint32_t i = 0; i < HMAP_SLOTS; i++) {
		uint8_t top = tophash[i];
		if (top >= HMAP_EVACUATED_X && top < HMAP_MIN_TOPHASH) {
			if (!mark_is_right(check, top))
				bad_state(check, i, top);
			continue;
		}
		if (chain->evacuated)
			not_moved(check, i, top);
		if (chain->rest && top != HMAP_EMPTY_REST)
			after_rest(check, i, top);
		chain->rest |= top == HMAP_EMPTY_REST;
		live |= (uint32_t)(top >= HMAP_MIN_TOPHASH) << i;
	}
	return live;
}

int32_t check_slots(struct ms_check *check, const uint8_t *bytes)
{
	struct check_chain *chain = &check->chain;
	const uint8_t *tophash = bytes + check->map->bucket.tophash;
	uint64_t word = tops_load(tophash), slots = tops_live(word);
	uint32_t live = tops_bits(slots);

	if (chain->evacuated || chain->rest || !tops_are_plain(word, slots))
		live = all_slots(check, tophash);
	else
		chain->rest = tops_from(word, HMAP_EMPTY_ONE) != TOPS_HIGH;
	if (!chain->live_counts || !live)
		return MS_OK;
	if (check_keys_full(&check->keys)) {
		check->keys.split = true;
		int32_t status = check_keys_run(check);
		if (status < 0)
			return status;
	}
	struct check_bucket bucket = { .index = chain->place.bucket,
				       .depth = chain->place.depth,
				       .address = chain->place.address,
				       .array = chain->place.array,
				       .live = (uint8_t)live,
				       .first = !chain->live };
	memcpy(bucket.tophash, tophash, HMAP_SLOTS);
	chain->live += check_keys_add(check, &bucket, bytes);
	return MS_OK;
}

void check_chain_end(struct ms_check *check)
{
	struct check_chain *chain = &check->chain;
	uint64_t old = chain->place.bucket & (check_array_count(check, CLASSIC_OLD) - 1);

	check->live += chain->live;
	if (!chain->live || chain->place.array == CLASSIC_OLD || !check->evacuated || check_bit(check->evacuated, old))
		return;
	chain->place.depth = 0;
	chain->place.address = check->map->buckets + chain->place.bucket * check->map->bucket.size;
	ms_find(&check->findings, MS_USED_TOO_EARLY, &chain->place,
		"entries found: %llu, expected none before old bucket %llu is evacuated; lookups go to that one",
		(unsigned long long)chain->live, (unsigned long long)old);
}
