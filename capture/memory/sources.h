/*
 * sources.h - files that hold bytes of the image, so that the core need not
 */
#ifndef MEMORY_SOURCES_H
#define MEMORY_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core_format.h"
#include "common/error.h"
#include "common/mapping.h"

enum {
	SOURCES_NONE = UINT32_MAX,
};

/*
 * @path: owned
 * @known: all but its name, by which it is known again
 * @may_hide: mappings may show what it was before it was first written
 */
struct source {
	char *path;
	struct core_source known;
	bool may_hide;
};

struct sources {
	struct source *items;
	size_t count;
};

/*
 * Which of the sources @m is backed by, added if it is a new one; SOURCES_NONE
 * when the file is gone, or is none that stays as it is, or has just been written
 * and has no build ID.
 */
int sources_find(struct sources *sources, const struct mapping *m,
		 uint32_t *ret_index, struct error *err);
/* Forgets those that none of @outside is of, and counts the others anew there. */
int sources_keep_used(struct sources *sources, struct core_outside *outside,
		      size_t count, struct error *err);
void sources_deinit(struct sources *sources);

#endif
