/*
 * whereabouts.h - where a stopped thread is, for people
 */
#ifndef READY_WHEREABOUTS_H
#define READY_WHEREABOUTS_H

#include <stddef.h>

#include "capture/tracee/tracee.h"

/*
 * Writes lines of the form "\n  parse_config at config.c:88", innermost first.
 * As much as can be found out; never an error.
 */
void whereabouts_stack(const struct tracee *t, pid_t tid, char *ret_text,
		       size_t size);

/* "it waits in read(2) on descriptor 0", "it waits in pause(2)", or "it runs". */
void whereabouts_call(const struct tracee *t, pid_t tid, char *ret_text,
		      size_t size);

#endif
