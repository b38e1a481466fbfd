/*
 * core_find.h - what of a core lies at an address
 */
#ifndef COMMON_CORE_FIND_H
#define COMMON_CORE_FIND_H

#include <stdbool.h>

#include "core_reader.h"

/*
 * The index of the first of @count ascending ranges that ends behind @address,
 * or @count.  Each item of @size bytes begins with a struct core_range.
 */
static inline size_t core_find(const void *items, size_t count, size_t size,
			       uint64_t address)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		struct core_range range;

		__builtin_memcpy(&range, (const char *)items + middle * size,
				 sizeof(range));
		if (range.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Memory that belongs to one process: what a source may have instead. */
static inline bool core_is_private(uint32_t kind)
{
	return kind == CORE_MAPPING_FILE || kind == CORE_MAPPING_ANONYMOUS ||
	       kind == CORE_MAPPING_STACK;
}

static inline size_t core_find_mapping(const struct core *core,
				       uint64_t address)
{
	return core_find(core->mappings, core->mapping_count,
			 sizeof(*core->mappings), address);
}

#endif
