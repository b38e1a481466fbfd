/*
 * sources.h - files that hold bytes of the image, and proof that they still do
 */
#ifndef RESTORE_SOURCES_H
#define RESTORE_SOURCES_H

#include <stddef.h>

#include "common/core_reader.h"
#include "common/error.h"

enum {
	SOURCES_PLACES_MAX = 64,
};

/*
 * Where files are now.
 * @bases: cores, in any order
 * @moved: "OLD=NEW", both of them paths
 */
struct source_places {
	const char *bases[SOURCES_PLACES_MAX];
	size_t base_count;
	const char *moved[SOURCES_PLACES_MAX];
	size_t moved_count;
};

/* What the options say: --base=FILE, and --file=OLD=NEW. */
int sources_take_base(struct source_places *places, const char *text,
		      struct error *err);
int sources_take_file(struct source_places *places, const char *text,
		      struct error *err);

/*
 * Opens all of them.  A file is the one of the capture if it has the same build
 * ID, or, where it has none, the same size and date; a core if its digest is
 * the same.  @core_path: bases are also looked for beside it.  *ret_fds is
 * allocated, or NULL if there are none.
 */
int sources_open(const struct core *core, const char *core_path,
		 const struct source_places *places, int **ret_fds,
		 struct error *err);
/* Whether what is executed of them can be: not where nothing may be. */
int sources_check_mounts(const struct core *core, const int *fds,
			 struct error *err);
/* @fds as above, or NULL. */
void sources_close(const struct core *core, int *fds);

#endif
