/* The fake target and the map on it that most tests of the classic format begin with.  */
#include "fake_world.h"

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
