/*
 * inspection.h - all that can be said of a core, as one JSON object
 */
#ifndef INSPECT_INSPECTION_H
#define INSPECT_INSPECTION_H

#include <jansson.h>

#include "common/core_reader.h"
#include "restore/sources.h"

/*
 * subctx-inspect(1) describes it.  @path is what the core is called, @places are
 * where files are that it needs.
 */
json_t *inspection_json(const struct core *core, const char *path,
			const struct source_places *places);

#endif
