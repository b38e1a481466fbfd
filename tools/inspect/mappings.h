/*
 * mappings.h - the memory of a service, mapping by mapping
 */
#ifndef INSPECT_MAPPINGS_H
#define INSPECT_MAPPINGS_H

#include <jansson.h>

#include "common/core_reader.h"

/* A list of objects, in the order of addresses. */
json_t *mappings_json(const struct core *core);

/* Start, end and name of one, to which more may be added. */
json_t *mapping_name_json(const struct core *core,
			  const struct core_mapping *m);

/* The name of the mapping at @address, or "". */
const char *mapping_name_at(const struct core *core, uint64_t address);

#endif
