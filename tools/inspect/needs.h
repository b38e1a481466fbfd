/*
 * needs.h - the files without which a thin core or a layer is nothing
 */
#ifndef INSPECT_NEEDS_H
#define INSPECT_NEEDS_H

#include <jansson.h>

#include "common/core_reader.h"

/*
 * A list: the "name" of each, how many "bytes" it has of the image, and by what
 * it is known: "digest" for a core, "build_id", or "size" and "changed".
 */
json_t *needs_json(const struct core *core);

#endif
