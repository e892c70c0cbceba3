/* `make bench`, the map in C beside Go's own: the same operations on the same keys as hmap.go, timed. Prints a line a
   figure, "KEYS ENTRIES OPERATION NANOSECONDS": processor time an operation, KEYS being int or string. Not a test: bench.py
   runs the two in turn and compares. Usage: bench_hmap KEYS ENTRIES ROUNDS.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "hmap/hmap.h"

HMAP_TYPES(ints, int64_t, int64_t, hmap_hash_64, hmap_equal_64)
HMAP_TYPES(strings, struct hmap_text, int64_t, hmap_hash_text, hmap_equal_text)

enum operation { INSERT, LOOKUP, ABSENT, ITERATE, DELETE, OPERATIONS };

static const char *const names[OPERATIONS] = { "insert", "lookup", "absent", "iterate", "delete" };
static double spent[OPERATIONS]; /* in ns, over all rounds */
static int64_t sum;

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/* splitmix64.  */
static uint64_t scatter(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* In huge pages, as Go's heap is, so that it is the maps that are compared.  */
static void *array(size_t size)
{
	void *memory = aligned_alloc(1 << 21, (size | ((1 << 21) - 1)) + 1);

	if (!memory || madvise(memory, size, MADV_HUGEPAGE))
		abort();
	return memory;
}

/* The keys in the order in which they are used: inserted, looked up and deleted, looked up in vain.  */
struct order {
	size_t *inserted, *present, *absent; /* numbers of keys */
};

static struct order order_of(size_t count)
{
	struct order order = { array(count * sizeof(size_t)), array(count * sizeof(size_t)),
			       array(count * sizeof(size_t)) };

	for (size_t i = 0; i < count; i++) {
		order.inserted[i] = i;
		order.present[i] = i * 7919 % count; /* a prime that does not divide count */
		order.absent[i] = count + i;
	}
	return order;
}

static int64_t *int_keys(const size_t *numbers, size_t count)
{
	int64_t *keys = array(count * sizeof(*keys));

	for (size_t i = 0; i < count; i++)
		keys[i] = (int64_t)scatter(numbers[i]);
	return keys;
}

/* Texts one behind the other, short and long.  */
static struct hmap_text *string_keys(const size_t *numbers, size_t count)
{
	struct hmap_text *keys = array(count * sizeof(*keys));
	char *text = array(count * 48);

	for (size_t i = 0; i < count; i++) {
		size_t number = numbers[i];
		int length = sprintf(text, number & 1 ? "a longer key, with the number %zu" : "key %zu", number);

		keys[i] = (struct hmap_text){ text, (size_t)length };
		text += length;
	}
	return keys;
}

/* Rounds on new maps NAME of keys K.  */
#define ROUNDS(NAME, K)                                                                                                \
	static void rounds_of_##NAME(struct order order, size_t count, size_t rounds)                                  \
	{                                                                                                              \
		K *inserted = NAME##_keys(order.inserted, count);                                                      \
		K *present = NAME##_keys(order.present, count), *absent = NAME##_keys(order.absent, count);            \
                                                                                                                       \
		for (size_t round = 0; round < rounds; round++) {                                                      \
			struct NAME##s m;                                                                              \
			struct NAME##s_iter it;                                                                        \
			double at[OPERATIONS + 1];                                                                     \
                                                                                                                       \
			at[INSERT] = now();                                                                            \
			NAME##s_init(&m, 0, NULL);                                                                     \
			for (size_t i = 0; i < count; i++)                                                             \
				if (!NAME##s_set(&m, inserted[i], (int64_t)i))                                         \
					abort();                                                                       \
			at[LOOKUP] = now();                                                                            \
			for (size_t i = 0; i < count; i++)                                                             \
				sum += *NAME##s_get(&m, present[i]);                                                   \
			at[ABSENT] = now();                                                                            \
			for (size_t i = 0; i < count; i++)                                                             \
				sum += NAME##s_get(&m, absent[i]) != NULL;                                             \
			at[ITERATE] = now();                                                                           \
			for (NAME##s_iter_init(&it, &m); NAME##s_iter_next(&it);)                                      \
				sum += *it.elem;                                                                       \
			at[DELETE] = now();                                                                            \
			for (size_t i = 0; i < count; i++)                                                             \
				NAME##s_delete(&m, present[i]);                                                        \
			at[OPERATIONS] = now();                                                                        \
			sum += m.count;                                                                                \
			NAME##s_fini(&m);                                                                              \
			for (int i = 0; i < OPERATIONS; i++)                                                           \
				spent[i] += at[i + 1] - at[i];                                                         \
		}                                                                                                      \
	}
ROUNDS(int, int64_t)
ROUNDS(string, struct hmap_text)

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	size_t count = strtoul(argv[2], NULL, 10), rounds = strtoul(argv[3], NULL, 10);

	(strcmp(argv[1], "int") ? rounds_of_string : rounds_of_int)(order_of(count), count, rounds);
	for (int i = 0; i < OPERATIONS; i++)
		printf("%s %zu %s %.2f\n", argv[1], count, names[i], spent[i] / (double)(count * rounds));
	return sum == 0; /* it never is, but no work may be left out */
}
