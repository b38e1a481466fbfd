/*
 * verification.h - whether the bytes in a core are those that were captured
 *
 * A layer is as good as the cores that have the rest of it, its bases.
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
 *
 * With @fds, those of sources_open(), "bases" is a list of the same of each
 * base with its "name", and "unread" how many "bytes" in how many "files" are
 * known by the build ID or date of these.
 */
int verification_make(const struct core *core, const int *fds,
		      json_t **ret_object, struct error *err);

/* An error if anything is damaged, of the core or of a base. */
int verification_judge(const json_t *object, struct error *err);

#endif
