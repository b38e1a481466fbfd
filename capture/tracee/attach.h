/*
 * attach.h - whether a process that runs already may be taken, and why not
 */
#ifndef TRACEE_ATTACH_H
#define TRACEE_ATTACH_H

#include <sys/types.h>

#include "common/error.h"

/*
 * Refuses a process that is gone, that is another's, that somebody traces or
 * that is stopped, and explains a kernel that forbids tracing.
 */
int attach_check(pid_t pid, struct error *err);

#endif
