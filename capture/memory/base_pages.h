/*
 * base_pages.h - what the base of a layer has at the addresses of its image
 */
#ifndef MEMORY_BASE_PAGES_H
#define MEMORY_BASE_PAGES_H

#include <stdbool.h>

#include "common/core_reader.h"
#include "common/source_places.h"
#include "sources.h"

/* @fds: of its sources, as the core counts them; -1 for none that is of use */
struct base_pages {
	struct core core;
	char *path;
	uint32_t index;
	int *fds;
	uint32_t *indices;
};

/* @size bytes at @offset of an open file, which is @source */
struct base_place {
	int fd;
	uint64_t offset;
	uint64_t size;
	uint32_t source;
};

/* Adds the base and its sources, where they are now, to @sources. */
int base_pages_open(struct base_pages *ret_base, const char *path,
		    const struct source_places *places, struct sources *sources,
		    struct error *err);
/*
 * Where the bytes from @address on are, as far as they lie together; false
 * where the base has none, *ret_place tells then how far that is so.
 */
bool base_pages_find(const struct base_pages *base, uint64_t address,
		     struct base_place *ret_place);
void base_pages_close(struct base_pages *base);

#endif
