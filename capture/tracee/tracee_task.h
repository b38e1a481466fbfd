/*
 * tracee_task.h - what the parts of tracee share about one task
 *
 * Included by tracee*.c only.
 */
#ifndef TRACEE_TRACEE_TASK_H
#define TRACEE_TRACEE_TASK_H

#include <sys/ptrace.h>

#include "tracee.h"

/*
 * @ours: a thread of the service, not of one of its children
 * @stopped: stands still, and its registers may be read
 * @asked: PTRACE_INTERRUPT was sent, and no stop has been seen since; any
 *	stop answers it, as the kernel then forgets it (ptrace_stop())
 * @request: with what it was let go the last time
 * @is_interrupted: it was in a call that the kernel would make again by itself,
 *	with the registers @interrupted; and was brought out of it with @repeated
 * @is_fresh: it has not stopped yet, and so not run a single instruction
 * @is_announced: by the one that made it, or it was seized
 */
struct task {
	pid_t tid;
	bool ours;
	bool stopped;
	bool asked;
	bool is_fresh;
	bool is_announced;
	int request;
	bool is_interrupted;
	struct user_regs_struct interrupted;
	struct user_regs_struct repeated;
};

enum {
	/*
	 * Not TRACESYSGOOD's neighbours EXIT and VFORKDONE: nothing is to be
	 * seen in a task that ends.
	 */
	TASK_OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
		       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		       PTRACE_O_TRACECLONE | PTRACE_O_TRACESECCOMP,
};

/* Takes hold of one task; @options besides those for all. */
int tracee_seize(struct tracee *t, pid_t tid, long options, struct error *err);
/* After an exec the file of the memory is another. */
int tracee_open_memory(struct tracee *t, struct error *err);
/* The signals that end or wake us; blocked while there is a tracee. */
void tracee_waking_signals(sigset_t *ret_set);

struct task *task_find(const struct tracee *t, pid_t tid);
/* The task, made if it was not known; NULL when memory runs out. */
struct task *task_add(struct tracee *t, pid_t tid, bool ours);
void task_remove(struct tracee *t, pid_t tid);
/*
 * Of two tasks the events come in any order: one may have run and ended when the
 * other is heard to have made it.  So the end is kept in mind, and the task is
 * not taken for one that is there.
 */
int task_ended(struct tracee *t, pid_t tid, struct error *err);
/* Whether it has ended so; that is forgotten. */
bool task_take_early(struct tracee *t, pid_t tid);
/* Asks it to stop, unless it stands still or was asked before. */
int task_interrupt(struct task *task, struct error *err);
/* Waits for one running thread; whatever stops it, it stays stopped. */
int task_await(struct tracee *t, pid_t tid, struct error *err);
/*
 * tracee_make_call(), also of a task that is none of the service's.  *ret_made
 * is the task that the call has made, by our name for it, or 0; also after an
 * error.
 */
int task_make_call(pid_t tid, pid_t *ret_made, struct error *err);
/* Puts a thread back into the call that it was brought out of. */
void task_reenter_call(const struct tracee *t, const struct task *task);
/*
 * Whether a task has been stopped by SIGTRAP because of a watch; it stands
 * before the instruction then.
 */
bool task_is_at_watch(const struct tracee *t, const struct task *task);
/* Has a stopped task execute the instruction at which a watch has stopped it. */
int task_pass_watch(struct tracee *t, struct task *task, struct error *err);
/* A child that was forked has copies of the watches, which it would die of. */
void task_clear_watches(const struct tracee *t, const struct task *task);
/* The memory with them is gone. */
void tracee_forget_watches(struct tracee *t);
/* One event of one task; *ret_seen is whether the caller has to see it. */
int task_event(struct tracee *t, pid_t tid, int status, struct stop *ret_stop,
	       bool *ret_seen, struct error *err);

#endif
