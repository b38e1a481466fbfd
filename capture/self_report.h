/*
 * self_report.h - what only a process itself can say about itself
 *
 * One list of system calls, made by the tracee or by ourselves.
 */
#ifndef CAPTURE_SELF_REPORT_H
#define CAPTURE_SELF_REPORT_H

#include "common/attribute.h"
#include "common/core_format.h"
#include "tracee.h"

/*
 * @attributes: by enum attribute_id; an error is its negative errno
 * @signals: @inherited is not filled
 * @locks_future: mlockall(MCL_FUTURE) holds
 * @is_confined: it may not look at us, although we may look at it: a Landlock
 *	domain, which nothing else shows
 */
struct self_report {
	int64_t attributes[ATTRIBUTE_FIXED_COUNT];
	struct core_signal signals[CORE_SIGNALS];
	uint64_t stack_pointer;
	uint64_t stack_size;
	uint32_t stack_flags;
	uint64_t tid_address;
	uint64_t brk;
	bool interval_timers[3];
	bool locks_future;
	bool is_confined;
};

/* The thread stands still, outside any call; @vdso as for inferior_open(). */
int self_report_ask(struct self_report *ret_report, struct tracee *t, pid_t tid,
		    uint64_t vdso, struct error *err);
/* Our own: what a program inherits from us. */
void self_report_ours(struct self_report *ret_report);

#endif
