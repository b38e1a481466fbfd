/*
 * fuzz_working_set.c - any bytes are a working set that fits the core, or none
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "restore/working_set.h"
#include "tests/make_core.h"

static struct core core;

size_t fuzz_begin(uint8_t *bytes, size_t size)
{
	static struct made_core made;
	const struct core_touched items[] = {
		{0x555555554000, 2, 0},
		{0x7ffff7000000, 7, 1},
	};
	struct core_working_set set = {.magic = CORE_SET_MAGIC, .count = 2};
	const size_t total = sizeof(set) + sizeof(items);

	made_core_init(&made);
	core = (struct core){
		.mappings = made.mappings,
		.mapping_count = made.mapping_count,
	};
	set.digest = core_digest(CORE_DIGEST_START, &set.count, 8);
	set.digest = core_digest(set.digest, items, sizeof(items));
	assert(total <= size);
	memcpy(bytes, &set, sizeof(set));
	memcpy(bytes + sizeof(set), items, sizeof(items));
	assert(working_set_is_whole(bytes, total, &core));
	return total;
}

/* A damaged count would leave nothing of most inputs, so it is sealed anew. */
static void seal(uint8_t *bytes, size_t size)
{
	struct core_working_set *set = (void *)bytes;
	const size_t left = size - sizeof(*set);

	set->count = left / sizeof(struct core_touched);
	set->digest = core_digest(CORE_DIGEST_START, &set->count, 8);
	set->digest = core_digest(set->digest, set + 1,
				  set->count * sizeof(struct core_touched));
}

void fuzz_one(uint8_t *bytes, size_t size)
{
	const struct core_working_set *set = (void *)bytes;
	const struct core_touched *items = (void *)(set + 1);

	if (size > sizeof(*set) && bytes[size - 1] % 2 == 0)
		seal(bytes, size);
	if (!working_set_is_whole(bytes, size, &core))
		return;
	assert(size >= sizeof(*set) + set->count * sizeof(*items));
	for (uint64_t i = 0; i < set->count; i++) {
		const uint64_t end =
			items[i].start + (uint64_t)items[i].pages * 4096;
		size_t within = 0;

		assert(i == 0 || items[i].start > items[i - 1].start);
		for (size_t k = 0; k < core.mapping_count; k++)
			within += core.mappings[k].start <= items[i].start &&
				  end <= core.mappings[k].end;
		assert(within == 1);
	}
}
