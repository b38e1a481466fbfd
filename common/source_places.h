/*
 * source_places.h - where files are now that hold bytes of an image
 */
#ifndef COMMON_SOURCE_PLACES_H
#define COMMON_SOURCE_PLACES_H

#include <limits.h>
#include <stddef.h>

#include "core_reader.h"
#include "error.h"

enum {
	SOURCE_PLACES_MAX = 64,
};

/*
 * Where the caller says that they are.
 * @bases: cores, in any order
 * @moved: "OLD=NEW", both of them paths
 */
struct source_places {
	const char *bases[SOURCE_PLACES_MAX];
	size_t base_count;
	const char *moved[SOURCE_PLACES_MAX];
	size_t moved_count;
};

/* What the options say: --base=FILE, and --file=OLD=NEW. */
int source_places_take_base(struct source_places *places, const char *text,
			    struct error *err);
int source_places_take_file(struct source_places *places, const char *text,
			    struct error *err);

/* The new place of a file that is no core, or @name itself. */
const char *source_places_find_file(const struct source_places *places,
				    const char *name);

/* @path: by which it was opened */
struct source_base {
	int fd;
	char path[PATH_MAX];
};

/*
 * Opens @source of @core, which is a base: the core with its digest that has
 * the name that it had, or lies beside @core_path, or is one of @places.
 */
int source_places_open_base(const struct source_places *places,
			    const struct core *core,
			    const struct core_source *source,
			    const char *core_path, struct source_base *ret_base,
			    struct error *err);

#endif
