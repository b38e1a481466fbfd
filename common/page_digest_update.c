/*
 * page_digest_update.c - what page_digest is made of, for each processor
 *
 * Compiled once for each of them; UPDATE is the name of the function then.  The
 * library chooses its instructions when it is compiled.
 */
#include "page_digest_update.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core_format.h"
#include "io.h"

void UPDATE(void *state, uint64_t address, const char *pages, size_t size)
{
	for (size_t at = 0; at < size; at += CORE_PAGE_SIZE) {
		const uint64_t place = address + at;

		if (io_is_zero(pages + at, CORE_PAGE_SIZE))
			continue;
		XXH3_64bits_update(state, &place, sizeof(place));
		XXH3_64bits_update(state, pages + at, CORE_PAGE_SIZE);
	}
}
