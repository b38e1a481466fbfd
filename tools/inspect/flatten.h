/*
 * flatten.h - a thin core or a layer, made one that needs no other file
 */
#ifndef INSPECT_FLATTEN_H
#define INSPECT_FLATTEN_H

#include "common/core_reader.h"
#include "common/error.h"

/* @fds: those of sources_open(), here and below */

/* Whether it may be at @path, which must not be one of the sources. */
int flatten_check(const struct core *core, const int *fds, const char *path,
		  struct error *err);

/*
 * Writes @core to @path with all bytes that its sources have, and digests that
 * say that these are right: whoever calls this has verified them.  An existing
 * file is replaced when the new one is complete; it may be that of @core.
 */
int flatten(const struct core *core, const int *fds, const char *path,
	    struct error *err);

#endif
