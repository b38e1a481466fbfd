/*
 * backtrace.h - the calls that a thread is in, as addresses
 *
 * The only module that knows libunwind.
 */
#ifndef BLAME_BACKTRACE_H
#define BLAME_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

enum {
	BACKTRACE_MAX = 64,
};

/*
 * @address: where it will go on
 * @is_exact: it was interrupted there: the innermost frame, the trampoline of
 *	a signal handler and what the signal has interrupted; otherwise the
 *	call stands before
 */
struct backtrace_frame {
	uint64_t address;
	bool is_exact;
};

/* Innermost first. */
struct backtrace {
	struct backtrace_frame frames[BACKTRACE_MAX];
	size_t count;
};

/*
 * The thread is in any stop of ours, also at the entry or exit of a system
 * call.  Where a stack cannot be unwound any further the list ends, without
 * error; a thread without registers to be read is one.
 */
int backtrace_take(struct backtrace *ret_backtrace, pid_t tid,
		   struct error *err);

#endif
