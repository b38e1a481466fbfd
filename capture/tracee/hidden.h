/*
 * hidden.h - a service that hides from its own user
 *
 * prctl(PR_SET_DUMPABLE, 0) hands /proc/PID to root, and an ordinary user may
 * read nothing there of his own process any more, nor may his tracer.  But what
 * was traced before can be had to make calls, so it is made to show itself for
 * as long as it is looked at.
 */
#ifndef TRACEE_HIDDEN_H
#define TRACEE_HIDDEN_H

#include <stdbool.h>

#include "tracee.h"

bool hidden_is(const struct tracee *t);

/*
 * Thread @tid, which stands still, makes the call.
 * @vdso: where it begins
 * @ret_dumpable: what the flag was
 */
int hidden_show(struct tracee *t, pid_t tid, uint64_t vdso,
		int64_t *ret_dumpable, struct error *err);
int hidden_hide(struct tracee *t, pid_t tid, uint64_t vdso, struct error *err);

#endif
