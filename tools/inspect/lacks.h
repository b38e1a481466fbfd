/*
 * lacks.h - what this machine lacks to restore a core
 */
#ifndef INSPECT_LACKS_H
#define INSPECT_LACKS_H

#include <jansson.h>

#include "common/core_reader.h"
#include "restore/sources.h"

/*
 * A list of objects, empty when it can be restored here, by whoever asks.  That
 * sockets and files of descriptors can be had is seen at the restore only.
 * @core_path, @places: where a base or a file may be that the core needs
 */
json_t *lacks_json(const struct core *core, const char *core_path,
		   const struct source_places *places);

#endif
