/*
 * process_state.h - what the service has made of itself since its exec
 *
 * The same is read twice, at the exec and when the service is ready.  What is
 * equal was inherited and the restorer's own will do; what differs is
 * restored, or refused by its name.
 */
#ifndef CAPTURE_PROCESS_STATE_H
#define CAPTURE_PROCESS_STATE_H

#include "audit.h"
#include "common/attribute.h"
#include "common/core_format.h"
#include "self_report.h"
#include "surroundings.h"
#include "tracee.h"

/* @signal_mask: of the thread that was asked */
struct process_state {
	struct self_report self;
	struct surroundings surroundings;
	uint64_t signal_mask;
};

/* What differs and is to be set again.  @folder: "" or the new one. */
struct process_changes {
	struct core_attribute items[ATTRIBUTE_END];
	size_t count;
	char folder[PATH_MAX];
};

/* The thread stands still, outside any call. */
int process_state_read(struct process_state *ret_state, struct tracee *t,
		       pid_t tid, uint64_t vdso, struct error *err);
/*
 * Whether the service has put itself under a seccomp filter since @exec.  It
 * must not be asked for its state then, as a filter may kill whoever makes a
 * call that it does not expect.
 */
bool process_state_is_sandboxed(const struct process_state *exec, pid_t pid,
				struct audit *audit);
/* What a program that we start inherits from us. */
int process_state_ours(struct process_state *ret_state, struct error *err);

/*
 * Compares, adds findings for what differs, and marks in @ready the signal
 * actions that are as they were inherited.
 */
void process_state_compare(const struct process_state *exec,
			   struct process_state *ready, struct audit *audit,
			   struct process_changes *ret_changes);

/* The mm fields of @process, from /proc/PID/stat (proc_pid_stat(5)). */
int process_state_layout(pid_t pid, struct core_process *process,
			 struct error *err);

#endif
