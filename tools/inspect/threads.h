/*
 * threads.h - the threads of a service, and the calls that they are in
 *
 * The only module here that knows libdwfl.
 */
#ifndef INSPECT_THREADS_H
#define INSPECT_THREADS_H

#include <jansson.h>

#include "common/core_reader.h"

/*
 * A list of objects, the thread that was ready first.  Files of the service are
 * looked at where they still are what they were, and what stands in the core
 * otherwise.  @fd is open for a file with all of the core's bytes.
 */
json_t *threads_json(const struct core *core, int fd);

#endif
