/*
 * backtrace.h - the calls that a stopped thread is in, as addresses
 *
 * The only module that knows libunwind.
 */
#ifndef CAPTURE_BACKTRACE_H
#define CAPTURE_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

enum {
	BACKTRACE_MAX = 64,
};

/*
 * Innermost first.
 * @address: where it will go on
 * @is_exact: it was interrupted there; otherwise the call stands before
 */
struct backtrace_frame {
	uint64_t address;
	bool is_exact;
};

struct backtrace {
	struct backtrace_frame frames[BACKTRACE_MAX];
	size_t count;
};

/* Where a stack cannot be unwound any further the list ends, without error. */
int backtrace_take(struct backtrace *ret_backtrace, pid_t tid,
		   struct error *err);

#endif
