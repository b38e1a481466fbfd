/*
 * thread_state.h - one thread as debuggers see it and as it is to go on
 */
#ifndef STATE_THREAD_STATE_H
#define STATE_THREAD_STATE_H

#include "capture/audit.h"
#include "capture/tracee/tracee.h"
#include "common/core_format.h"
#include "thread_report.h"

/*
 * Code that nobody may stand in when he is captured, as the restored service
 * has other code there, or none.
 * @vdso: the kernel's
 * @handover: that of the restore which the service comes from, if any
 */
struct foreign_code {
	struct core_range vdso;
	struct core_range handover;
};

/*
 * @stopped: the registers at the stop, for debuggers
 * @core: what the core keeps; @core.registers are those to go on with
 * @report: what it says about itself
 * @xstate: owned, core.xstate_size bytes
 */
struct thread_state {
	struct user_regs_struct stopped;
	struct core_thread core;
	struct thread_report report;
	unsigned char *xstate;
};

/*
 * Reads what the tracer can see, and brings the thread out of the system call
 * and out of @foreign code that it may stand in.
 */
int thread_state_read(struct thread_state *ret_state, struct tracee *t,
		      pid_t tid, const struct foreign_code *foreign,
		      struct audit *audit, struct error *err);

/*
 * Takes over what its report says, and finds the place where its libc keeps its
 * id; one that keeps it where it is not found is refused.
 */
void thread_state_complete(struct thread_state *state, const struct tracee *t,
			   size_t thread_count, struct audit *audit);

#endif
