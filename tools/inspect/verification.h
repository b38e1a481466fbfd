/*
 * verification.h - whether the bytes in a core are those that were captured
 */
#ifndef INSPECT_VERIFICATION_H
#define INSPECT_VERIFICATION_H

#include <jansson.h>

#include "common/core_reader.h"
#include "common/error.h"

/*
 * "checked" is how many mappings and memfds have bytes, "bytes" how many these
 * are, and "damaged" a list of those whose digest is another.  A core that
 * cannot be read is an error.
 */
int verification_make(const struct core *core, json_t **ret_object,
		      struct error *err);

/* An error if anything is damaged. */
int verification_judge(const json_t *object, struct error *err);

#endif
