/*
 * tracee_fork_x86_64.c - a copy of the service that stands still in its place
 *
 *	service ---clone(CLONE_VM)---> helper ---clone()---> fork
 *	   '----------wait4()------------'
 *
 * The fork is not to be a child of the service, which would see it and have to
 * reap it.  So it is made by a helper that shares the memory of the service
 * and ends at once, after which the nearest subreaper, or init, is the parent
 * of the fork.  The helper sends no signal at its end, and the service reaps
 * it while it still stands.  What is left is that getrusage(2) counts the
 * helper among its children.
 *
 * The helper gives up the descriptors before, so that what the service closes
 * meanwhile is closed.  It never has a robust list, an rseq area or a word to be
 * cleared at its end, all of which clone(2) leaves behind; so neither it nor
 * the kernel writes into the memory that it shares.
 *
 * Calls are made without a step or a breakpoint, which would reset the action
 * for SIGTRAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/state/stat_line.h"
#include "common/call.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "tracee_task.h"

/* A new task stops before its first instruction; from then on it dies with us. */
static int hold(pid_t *tid, struct error *err)
{
	const pid_t made = *tid;
	int status;

	if (waitpid(made, &status, __WALL) == made && WIFSTOPPED(status) &&
	    ptrace(PTRACE_SETOPTIONS, made, NULL,
		   TASK_OPTIONS | PTRACE_O_EXITKILL) == 0)
		return 0;
	*tid = 0;
	kill(made, SIGKILL);
	return error_set(err, FAULT_SYSTEM, "its fork was killed");
}

static void end(pid_t tid)
{
	int status;

	if (tid <= 0)
		return;
	kill(tid, SIGKILL);
	while (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status))
		continue;
}

/*
 * Has a stopped task make a call and puts it back to where it was.  What it
 * makes is held before, as a maker that we let go has to be as it was, and what
 * it has made must not run.
 */
static int make(const struct tracee *t, pid_t tid, uint64_t instruction,
		struct call *call, pid_t *ret_made, struct error *err)
{
	struct user_regs_struct before, regs;
	int r = tracee_registers(t, tid, &before, err);
	int held = 0;

	*ret_made = 0;
	if (r < 0)
		return r;
	regs = before;
	regs.rip = instruction;
	regs.orig_rax = (unsigned long long)-1;
	regs.rax = (uint64_t)call->number;
	regs.rdi = call->arguments[0];
	regs.rsi = call->arguments[1];
	regs.rdx = call->arguments[2];
	regs.r10 = call->arguments[3];
	regs.r8 = call->arguments[4];
	regs.r9 = call->arguments[5];
	r = tracee_set_registers(t, tid, &regs, err);
	if (r == 0)
		r = task_make_call(tid, ret_made, err);
	if (r == 0)
		r = tracee_registers(t, tid, &regs, err);
	if (r == 0 && *ret_made)
		held = hold(ret_made, err);
	if (r == 0)
		r = tracee_set_registers(t, tid, &before, err);
	call->result = (int64_t)regs.rax;
	if (r == 0 && call->result < call->lowest)
		r = error_system(err, (int)-call->result, "it cannot fork");
	return r < 0 ? r : held;
}

/* Gives up the descriptors and makes the fork. */
static int make_fork(const struct tracee *t, pid_t helper, uint64_t instruction,
		     pid_t *ret_fork, struct error *err)
{
	struct call close_all =
		CALL_MUST(SYS_close_range, 0, UINT32_MAX, CLOSE_RANGE_UNSHARE);
	struct call clone = CALL_MUST(SYS_clone, 0);
	int r = make(t, helper, instruction, &close_all, ret_fork, err);

	if (r == 0)
		r = make(t, helper, instruction, &clone, ret_fork, err);
	return r;
}

/* @helper: by its name in the service's pid namespace */
static int reap(const struct tracee *t, pid_t tid, uint64_t instruction,
		int64_t helper, struct error *err)
{
	struct call wait = CALL_GIVES(helper, SYS_wait4, (uint64_t)helper, 0,
				      __WALL | WNOHANG, 0);
	pid_t none;

	return make(t, tid, instruction, &wait, &none, err);
}

/* The whole way; whatever was made is in @ret_fork, also after an error. */
static int fork_apart(const struct tracee *t, pid_t tid, uint64_t instruction,
		      pid_t *ret_fork, struct error *err)
{
	struct call clone = CALL_MUST(SYS_clone, CLONE_VM | CLONE_FILES);
	struct error ignored = {0};
	pid_t helper;
	int reaped;
	int r = make(t, tid, instruction, &clone, &helper, err);

	if (r == 0)
		r = make_fork(t, helper, instruction, ret_fork, err);
	end(helper);
	if (clone.result <= 0)
		return r;
	reaped =
		reap(t, tid, instruction, clone.result, r < 0 ? &ignored : err);
	return r < 0 ? r : reaped;
}

/* Best for all, should memory run out: the fork is not missed. */
static void offer_to_killer(pid_t pid)
{
	cleanup_fd int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, "1000", 4);
}

bool tracee_fork_is_dead(const struct tracee *fork)
{
	cleanup_heap char *stat = NULL;
	const char *state = NULL;

	if (io_read_filef(&stat, NULL, "/proc/%d/stat", fork->pid) == 0)
		state = stat_field(stat, STAT_STATE);
	return !state || *state != 't';
}

int tracee_fork(struct tracee *t, pid_t tid, uint64_t instruction,
		struct tracee *ret_fork, struct error *err)
{
	struct tracee fork = {.is_fork = true};
	struct error ignored = {0};
	uint64_t mask;
	int r = tracee_signal_mask(t, tid, &mask, err);

	/* No handler is to run meanwhile, nor ever in what is made. */
	if (r == 0)
		r = tracee_set_signal_mask(t, tid, UINT64_MAX, err);
	if (r < 0)
		return r;
	r = fork_apart(t, tid, instruction, &fork.pid, err);
	tracee_set_signal_mask(t, tid, mask, &ignored);
	if (r == 0 && tracee_fork_is_dead(&fork))
		r = error_set(err, FAULT_SYSTEM, "its fork was killed");
	if (r == 0)
		r = tracee_open_memory(&fork, err);
	if (r < 0) {
		tracee_fork_end(&fork);
		return r;
	}
	offer_to_killer(fork.pid);
	*ret_fork = fork;
	return 0;
}

int tracee_fork_unmap(struct tracee *fork, uint64_t instruction, uint64_t start,
		      uint64_t end, struct error *err)
{
	struct call unmap = CALL_GIVES(0, SYS_munmap, start, end - start);
	pid_t none;

	return make(fork, fork->pid, instruction, &unmap, &none, err);
}

void tracee_fork_end(struct tracee *fork)
{
	if (fork->memory_fd > 0)
		close(fork->memory_fd);
	end(fork->pid);
	*fork = (struct tracee){0};
}
