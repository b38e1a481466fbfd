/*
 * thread_report.h - what only a thread itself can say about itself
 *
 * One list of system calls, made by a thread of the tracee or by ourselves.
 */
#ifndef STATE_THREAD_REPORT_H
#define STATE_THREAD_REPORT_H

#include "capture/tracee/inferior.h"
#include "common/attribute.h"

/*
 * @attributes: by enum attribute_id, those of threads; an error is its negative
 *	errno
 * @scheduling: struct sched_attr (sched_setattr(2)), all zeros when unknown
 * @cpus: the affinity mask
 * @policy, @nodes: as set_mempolicy(2) takes them; no policy is MPOL_DEFAULT
 * @stack_*: the alternate signal stack
 * @user: its effective one
 * @is_confined: it may not look at us, although we may look at it: a Landlock
 *	domain, which nothing else shows
 * @has_ring: an io_uring is registered with it, which needs no descriptor then
 */
struct thread_report {
	int64_t attributes[ATTRIBUTE_FIXED_COUNT];
	uint64_t scheduling[SCHEDULING_WORDS];
	uint64_t cpus[CPU_MASK_WORDS];
	uint64_t policy;
	uint64_t nodes[NODE_MASK_WORDS];
	uint64_t stack_pointer;
	uint64_t stack_size;
	uint32_t stack_flags;
	uint64_t tid_address;
	uint32_t user;
	bool is_confined;
	bool has_ring;
};

enum {
	THREAD_REPORT_CALLS = ATTRIBUTE_FIXED_COUNT + 23,
};

/* What inferior_open() has to make room for. */
size_t thread_report_data_size(void);

int thread_report_ask(struct thread_report *ret_report,
		      const struct inferior *inferior, pid_t tid,
		      struct error *err);
/* Our own: what a program inherits from us. */
void thread_report_ours(struct thread_report *ret_report);

#endif
