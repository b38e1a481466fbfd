/*
 * self_report.h - what only a process itself can say about itself
 *
 * One list of system calls, made by the tracee or by ourselves.
 */
#ifndef STATE_SELF_REPORT_H
#define STATE_SELF_REPORT_H

#include "capture/tracee/inferior.h"
#include "common/attribute.h"
#include "common/core_format.h"

/*
 * @attributes: by enum attribute_id, those of the process; an error is its
 *	negative errno
 * @signals: @inherited is not filled
 * @lock_future: the flags for mlockall(2) that hold for later mappings
 * @keys: how many protection keys it has taken (pkey_alloc(2))
 * @has_dependents: it has children, or traces somebody (wait(2) knows)
 * @hides_barriers: whether it has registered for the barriers of other
 *	processes (membarrier(2)) is not known
 */
struct self_report {
	int64_t attributes[ATTRIBUTE_FIXED_COUNT];
	struct core_signal signals[CORE_SIGNALS];
	uint64_t brk;
	uint64_t lock_future;
	uint32_t keys;
	bool has_dependents;
	bool hides_barriers;
};

enum {
	SELF_REPORT_KEYS = 15, /* that a process can take */
	SELF_REPORT_CALLS =
		CORE_SIGNALS + ATTRIBUTE_FIXED_COUNT + 7 + SELF_REPORT_KEYS,
};

/* What inferior_open() has to make room for. */
size_t self_report_data_size(void);

int self_report_ask(struct self_report *ret_report,
		    const struct inferior *inferior, pid_t tid,
		    struct error *err);
/* Our own: what a program inherits from us. */
void self_report_ours(struct self_report *ret_report);

#endif
