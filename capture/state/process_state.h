/*
 * process_state.h - what the service has made of itself since its exec
 *
 * The same is read twice, at the exec and when the service is ready.  What is
 * equal was inherited and the restorer's own will do; what differs is
 * restored, or refused by its name.
 */
#ifndef STATE_PROCESS_STATE_H
#define STATE_PROCESS_STATE_H

#include "changes.h"
#include "self_report.h"
#include "surroundings.h"
#include "threads.h"
#include "witness.h"

/* @signal_mask, @thread: of the thread that was asked */
struct process_state {
	struct self_report self;
	struct thread_report thread;
	struct surroundings surroundings;
	uint64_t signal_mask;
};

/* Makes room in the tracee for all that is ever asked. */
int process_state_open(struct inferior *ret_inferior, struct tracee *t,
		       pid_t tid, uint64_t vdso, struct error *err);
/* The thread stands still, outside any call. */
int process_state_read(struct process_state *ret_state,
		       const struct inferior *inferior, pid_t tid,
		       struct error *err);
/* What a program that we start inherits from us. */
int process_state_ours(struct process_state *ret_state, struct error *err);

/*
 * Compares, adds findings for what differs, and marks in @ready the signal
 * actions that are as they were inherited.
 */
int process_state_compare(const struct process_state *exec,
			  struct process_state *ready,
			  const struct threads *threads,
			  const struct witness *witness, struct audit *audit,
			  struct changes *ret_changes, struct error *err);

/* The mm fields of @process, from /proc/PID/stat (proc_pid_stat(5)). */
int process_state_layout(pid_t pid, struct core_process *process,
			 struct error *err);

#endif
