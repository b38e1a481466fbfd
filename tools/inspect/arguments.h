/*
 * arguments.h - the command line of a service, from its stack
 */
#ifndef INSPECT_ARGUMENTS_H
#define INSPECT_ARGUMENTS_H

#include <jansson.h>

#include "memory.h"

/*
 * A list of words, as ps(1) would show them: services may change them.  Empty
 * when they do not lie in memory that can be read.
 */
json_t *arguments_json(const struct memory *memory);

#endif
