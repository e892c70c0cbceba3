/* What can be wrong with a chain of buckets, and how it is told.  */
#include "base/arith.h"
#include "decode/classic.h"
#include "decode/classic_stream.h"

static bool in_array(const struct classic_map *map, uint64_t address, uint64_t array, uint8_t B)
{
	return array && address >= array && address - array < ((uint64_t)1 << B) * map->bucket.size;
}

enum ms_trouble_kind classic_bad_overflow(const struct classic_map *map, uint64_t address)
{
	uint64_t end;

	if (address & (map->map.ctx->memory.pointer_size - 1)) /* of 4 or 8 bytes */
		return MS_UNALIGNED;
	if (!ms_add(address, map->bucket.size, &end))
		return MS_BEYOND_MEMORY;
	if (in_array(map, address, map->buckets, map->B) || in_array(map, address, map->oldbuckets, map->old_B))
		return MS_INTO_ARRAY;
	return MS_SOUND;
}

static void unreadable_note(const struct ms_trouble *trouble, struct ms_notes *notes)
{
	const char *array = classic_array_name(trouble->array);
	unsigned long long index = trouble->index, last = index + trouble->count - 1, address = trouble->from;

	if (trouble->kind == MS_GIVEN_UP)
		ms_note(notes, true,
			"%s buckets from %llu to the end are not shown: %d pages in a row cannot be read, at 0x%llx",
			array, index, STREAM_FAULTS_IN_A_ROW, address);
	else if (trouble->depth)
		ms_note(notes, true, "%s bucket %llu: overflow bucket %u at 0x%llx cannot be read", array, index,
			trouble->depth, address);
	else if (trouble->count > 1)
		ms_note(notes, true, "%s buckets %llu to %llu at 0x%llx cannot be read", array, index, last, address);
	else
		ms_note(notes, true, "%s bucket %llu at 0x%llx cannot be read", array, index, address);
}

void classic_trouble_note(const struct ms_trouble *trouble, struct ms_notes *notes)
{
	static const char *const words[] = {
		[MS_UNALIGNED] = "is not aligned",
		[MS_BEYOND_MEMORY] = "leads beyond the address space",
		[MS_INTO_ARRAY] = "leads back into the bucket array",
		[MS_CYCLE] = "leads back into its own chain (a cycle)",
		[MS_SHARED] = "leads to a bucket of another chain",
		[MS_TOO_LONG] = "goes on after 2^20 overflow buckets: given up",
		[MS_TOO_MANY] = "goes on after more overflow buckets than such a map has: given up",
		[MS_NOT_FOLLOWED] = "is not followed: out of memory",
	};

	if (trouble->kind == MS_UNREADABLE || trouble->kind == MS_GIVEN_UP)
		unreadable_note(trouble, notes);
	else if (trouble->kind == MS_SEEN)
		ms_note(notes, true, "%s bucket %llu: overflow bucket %u at 0x%llx was met before",
			classic_array_name(trouble->array), (unsigned long long)trouble->index, trouble->depth + 1,
			(unsigned long long)trouble->to);
	else
		ms_note(notes, true, "%s bucket %llu: overflow pointer 0x%llx in the bucket at 0x%llx %s",
			classic_array_name(trouble->array), (unsigned long long)trouble->index,
			(unsigned long long)trouble->to, (unsigned long long)trouble->from, words[trouble->kind]);
}
