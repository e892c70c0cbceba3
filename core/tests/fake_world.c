/* The fake target and the map on it that most tests of the classic format begin with.  */
#include "fake_world.h"

#include "base/hash.h"

/* A map of int to long in a layout whose key and elem types are filled in here unless they are given.  */
void world_init(struct world *w, uint32_t pointer_size, bool big_endian, struct fake_layout layout)
{
	fake_init(&w->t, pointer_size, big_endian);
	layout.name = layout.name ? layout.name : "counts";
	layout.key = layout.key ? layout.key : fake_int(&w->t, 4);
	layout.elem = layout.elem ? layout.elem : fake_int(&w->t, 8);
	fake_map_init(&w->m, &w->t, &layout);
	fake_open(&w->t);
}

void world_plain(struct world *w)
{
	world_init(w, 8, false, (struct fake_layout){ 0 });
}

void world_fini(struct world *w)
{
	fake_map_fini(&w->m);
	fake_fini(&w->t);
}

void world_check(struct world *w)
{
	fake_map_write(&w->m);
	fake_map_check(&w->m);
	world_fini(w);
}

void world_grow(struct world *w, uint8_t B, bool same_size)
{
	fake_map_array(&w->m, &w->m.new, B);
	fake_map_fill(&w->m, &w->m.new, 0, (uint64_t)13 << B >> 1);
	fake_map_put(&w->m, &w->m.new, 1, 1000, 1);
	fake_map_put(&w->m, &w->m.new, 1, 1001, 2);
	fake_map_put(&w->m, &w->m.new, 1, 1002, 3);
	fake_map_delete(&w->m, &w->m.new, 0, 0, 1);
	fake_map_grow(&w->m, same_size);
}

void world_hashed(struct world *w, uint32_t pointer_size, bool big_endian)
{
	world_init(w, pointer_size, big_endian,
		   (struct fake_layout){ .descriptor = true, .hash = WORLD_HASH, .equal = WORLD_EQUAL });
	fake_symbol(&w->t, "hmap_hash_32", WORLD_HASH);
	fake_symbol(&w->t, "hmap_equal_32", WORLD_EQUAL);
}

uint64_t world_hash(const struct world *w, uint64_t key)
{
	return hmap_hash_word(w->t.big_endian ? key << 32 : key, w->m.hash0);
}

uint8_t world_tophash(const struct world *w, uint64_t key)
{
	uint8_t top = (uint8_t)(world_hash(w, key) >> 56);

	return top < 5 ? (uint8_t)(top + 5) : top;
}

uint64_t world_put(struct world *w, struct fake_array *array, uint64_t key)
{
	uint64_t index = world_hash(w, key) & (array->count - 1);

	fake_map_put(&w->m, array, index, key, key * 10);
	for (struct fake_bucket *at = &array->buckets[index]; at; at = at->next)
		for (int i = 0; i < FAKE_SLOTS; i++)
			if (at->slots[i].shown && at->slots[i].key == key)
				at->slots[i].tophash = world_tophash(w, key);
	return index;
}

void world_grow_hashed(struct world *w)
{
	struct fake_map *m = &w->m;

	fake_map_grow(m, false);
	for (uint64_t i = 0; i < m->old.count / 2; i++) {
		for (struct fake_bucket *at = &m->old.buckets[i]; at; at = at->next)
			for (int s = 0; s < FAKE_SLOTS; s++) {
				struct fake_slot *slot = &at->slots[s];
				bool up = slot->shown && world_hash(w, slot->key) & m->old.count;
				if (slot->shown) {
					world_put(w, &m->new, slot->key);
					m->count--;
				}
				slot->tophash = !slot->shown ? 4 : up ? 3 : 2;
				slot->shown = false;
			}
		m->old.evacuated[i] = true;
		m->nevacuate = i + 1;
	}
}
