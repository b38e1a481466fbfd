/*
 * sources.h - files that hold bytes of the image, and proof that they still do
 */
#ifndef RESTORE_SOURCES_H
#define RESTORE_SOURCES_H

#include "common/core_reader.h"
#include "common/error.h"
#include "common/source_places.h"

/*
 * Opens all of them.  A file is the one of the capture if it has the same build
 * ID, or, where it has none, the same size, date and bytes; a core if its digest
 * is the same.  @core_path: bases are also looked for beside it.  *ret_fds is
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
