/*
 * flatten.h - a thin core or a layer, made one that needs no other file
 */
#ifndef INSPECT_FLATTEN_H
#define INSPECT_FLATTEN_H

#include "common/core_reader.h"
#include "common/error.h"
#include "restore/sources.h"

/*
 * Writes @core, of @core_path, to @path with all bytes that its sources have.
 * An existing file is replaced when the new one is complete.
 */
int flatten(const struct core *core, const char *core_path,
	    const struct source_places *places, const char *path,
	    struct error *err);

#endif
