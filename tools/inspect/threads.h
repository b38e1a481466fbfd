/*
 * threads.h - the threads of a service, and the calls that they are in
 *
 * Of the modules here only this one and modules.c know libdwfl.
 */
#ifndef INSPECT_THREADS_H
#define INSPECT_THREADS_H

#include <jansson.h>

#include "memory.h"

/*
 * A list of objects, the thread that was ready first.  Files of the service are
 * looked at where they still are what they were, and what stands in the core
 * otherwise.
 */
json_t *threads_json(const struct memory *memory);

#endif
