/* The types of a C map.  */
#define _GNU_SOURCE
#include "real_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "context.h"
#include "hmap/internal.h"

uint64_t real_map_types(struct fake_target *t, const struct hmap_type *type, uint64_t key, uint64_t elem)
{
	uint64_t bucket = fake_struct(t, "bucket"), descriptor = fake_struct(t, "hmap_type");
	uint64_t extra = fake_struct(t, "hmap_extra"), block = fake_struct(t, "hmap_block"), h;

	fake_member_at(t, bucket, "tophash", fake_array(t, fake_uint(t, 1), 8), 0);
	fake_member_at(t, bucket, "keys", fake_array(t, key, 8), type->keys_offset);
	fake_member_at(t, bucket, "elems", fake_array(t, elem, 8), type->elems_offset);
	fake_member_at(t, bucket, "overflow", fake_pointer(t, bucket), type->overflow_offset);
	fake_claims(t, bucket)->byte_size = type->bucket_size;
	fake_member_at(t, descriptor, "flags", fake_uint(t, 4), offsetof(struct hmap_type, flags));
	fake_member_at(t, descriptor, "hash", fake_pointer(t, 0), offsetof(struct hmap_type, hash));
	fake_member_at(t, descriptor, "equal", fake_pointer(t, 0), offsetof(struct hmap_type, equal));
	fake_claims(t, descriptor)->byte_size = sizeof(struct hmap_type);
	fake_member_at(t, block, "next", fake_pointer(t, block), offsetof(struct hmap_block, next));
	fake_claims(t, block)->byte_size = sizeof(struct hmap_block);
	fake_member_at(t, extra, "overflow", fake_pointer(t, block), offsetof(struct hmap_extra, overflow));
	fake_member_at(t, extra, "oldoverflow", fake_pointer(t, block), offsetof(struct hmap_extra, oldoverflow));
	fake_member_at(t, extra, "nextOverflow", fake_pointer(t, 0), offsetof(struct hmap_extra, nextOverflow));

	fake_claims(t, extra)->byte_size = sizeof(struct hmap_extra);
	h = fake_struct(t, "map");
	fake_member_at(t, h, "count", fake_int(t, 8), offsetof(struct hmap, count));
	fake_member_at(t, h, "flags", fake_uint(t, 1), offsetof(struct hmap, flags));
	fake_member_at(t, h, "B", fake_uint(t, 1), offsetof(struct hmap, B));
	fake_member_at(t, h, "noverflow", fake_uint(t, 2), offsetof(struct hmap, noverflow));
	fake_member_at(t, h, "hash0", fake_uint(t, 4), offsetof(struct hmap, hash0));
	fake_member_at(t, h, "buckets", fake_pointer(t, bucket), offsetof(struct hmap, buckets));
	fake_member_at(t, h, "oldbuckets", fake_pointer(t, bucket), offsetof(struct hmap, oldbuckets));
	fake_member_at(t, h, "nevacuate", fake_uint(t, 8), offsetof(struct hmap, nevacuate));
	fake_member_at(t, h, "extra", fake_pointer(t, extra), offsetof(struct hmap, extra));
	fake_member_at(t, h, "type", fake_pointer(t, descriptor), offsetof(struct hmap, type));
	fake_claims(t, h)->byte_size = sizeof(struct hmap);
	return h;
}

static void read_here(void *user, uint64_t address, void *buffer, uint64_t size, int64_t *answer)
{
	struct iovec local = { buffer, size }, remote = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	(void)user;
	*answer = got < 0 ? 0 : got;
}

void real_map_open(struct fake_target *t, bool directly)
{
	struct ms_memory memory;

	fake_open(t);
	memory = t->ctx->memory;
	if (directly)
		memory.pid = getpid();
	else
		memory.read = read_here;
	assert_int_equal(ms_set_memory(t->ctx, &memory), MS_OK);
}
