/* Go's types by the address of their run-time type descriptor, which interfaces hold: one pass over the types that have one,
   then a search.  */
#include <stdlib.h>

#include "types/dwarf_index.h"
#include "types/dwarf_numbers.h"

struct described {
	uint64_t address, type;
};

struct ms_dwarf_runtime {
	struct described *all; /* by address */
	uint32_t count;
};

void ms_dwarf_runtime_free(struct ms_dwarf_runtime *runtime)
{
	if (runtime)
		free(runtime->all);
	free(runtime);
}

static int by_address(const void *a, const void *b)
{
	const struct described *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->type < y->type ? -1 : x->type > y->type;
}

static uint64_t descriptor_of(struct ms_dwarf *dwarf, const struct ms_entry *entry)
{
	struct ms_attr attr;

	if (entry->tag == DW_TAG_variable || entry->tag == DW_TAG_subprogram ||
	    ms_dwarf_language(dwarf, entry->die) != MS_DWARF_GO)
		return 0;
	_cleanup_die_ struct Dwarf_Die_s *die = ms_die(dwarf, entry->die);
	bool has = die && ms_die_attr(dwarf, die, DW_AT_go_runtime_type, &attr) && attr.number;
	return has ? ms_dwarf_go_descriptor(dwarf, attr.number) : 0;
}

static struct ms_dwarf_runtime *make(struct ms_dwarf *dwarf)
{
	uint32_t count = 0;
	const struct ms_entry *entries = ms_index(dwarf, &count);
	struct ms_dwarf_runtime *runtime = entries ? calloc(1, sizeof *runtime) : NULL;

	if (runtime)
		runtime->all = calloc((size_t)count + 1, sizeof *runtime->all);
	if (!runtime || !runtime->all) {
		free(runtime);
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = descriptor_of(dwarf, &entries[i]);
		if (address)
			runtime->all[runtime->count++] = (struct described){ address, entries[i].die };
	}
	qsort(runtime->all, runtime->count, sizeof *runtime->all, by_address);
	return runtime;
}

int64_t ms_dwarf_runtime_type(struct ms_dwarf *dwarf, uint64_t address, uint64_t *type_out)
{
	ms_dwarf_begin(dwarf);
	if (!dwarf->runtime)
		dwarf->runtime = make(dwarf);
	if (!dwarf->runtime)
		return ms_dwarf_fail(dwarf, MS_NO_MEMORY, "out of memory for types");
	uint32_t low = 0, high = dwarf->runtime->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (dwarf->runtime->all[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == dwarf->runtime->count || dwarf->runtime->all[low].address != address)
		return MS_NOT_FOUND;
	*type_out = dwarf->runtime->all[low].type;
	return MS_OK;
}
