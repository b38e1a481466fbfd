/*
 * tracee_freeze.c - taking hold of threads, and stopping all of them
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/state/stat_line.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "tracee_task.h"

enum {
	FREEZE_MS = 5000,	 /* nothing that can be stopped takes longer */
	PF_IO_WORKER = 0x10,	 /* since Linux 5.8, include/linux/sched.h */
	PF_USER_WORKER = 0x4000, /* since Linux 6.4 */
	KERNEL_SIGRTMIN = 32,	 /* libc keeps the first two for itself */
};

/*
 * io_uring and vhost have the kernel make threads in the name of the process.
 * They can be seized, but never run code of it.
 */
static int refuse_kernel_thread(const struct tracee *t, pid_t tid,
				struct error *err)
{
	cleanup_heap char *stat = NULL;
	cleanup_heap char *comm = NULL;
	const char *at;
	uint64_t flags;

	if (io_read_filef(&stat, NULL, "/proc/%d/task/%d/stat", t->pid, tid) <
		    0 ||
	    io_read_filef(&comm, NULL, "/proc/%d/task/%d/comm", t->pid, tid) <
		    0)
		return 0; /* it has ended */
	at = stat_field(stat, STAT_FLAGS);
	if (!at || !take_decimal(&at, &flags) ||
	    !(flags & (PF_IO_WORKER | PF_USER_WORKER)))
		return 0;
	comm[strcspn(comm, "\n")] = '\0';
	error_set(err, FAULT_UNSUPPORTED,
		  "thread %d ('%s') of the service is the kernel's own", tid,
		  comm);
	error_hint(err, "An io_uring has such threads; make it after the ready "
			"point.");
	return -err->code;
}

/*
 * A thread that is ending cannot be seized (EPERM), nor one that has just been
 * made by a thread that is held: it is held, too, and its event still to come.
 */
static bool needs_no_seizing(struct tracee *t, pid_t tid)
{
	cleanup_heap char *status = NULL;
	uint64_t tracer = 0;
	const char *at;

	if (tid == t->pid ||
	    io_read_filef(&status, NULL, "/proc/%d/task/%d/status", t->pid,
			  tid) < 0)
		return tid != t->pid;
	if (strstr(status, "\nState:\tZ") || strstr(status, "\nState:\tX"))
		return true;
	at = strstr(status, "\nTracerPid:\t");
	return at && take_word(&at, "\nTracerPid:\t") &&
	       take_decimal(&at, &tracer) && (pid_t)tracer == getpid() &&
	       task_add(t, tid, true);
}

/* Seizes what is in /proc/PID/task and is not held yet. */
static int seize_threads(struct tracee *t, bool *ret_more, struct error *err)
{
	cleanup_dir DIR *dir = NULL;
	char path[64];
	int r = 0;

	*ret_more = false;
	snprintf(path, sizeof(path), "/proc/%d/task", t->pid);
	dir = opendir(path);
	if (!dir)
		return error_system(err, errno == ENOENT ? ESRCH : errno,
				    "cannot read '%s'", path);
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		const char *at = entry->d_name;
		uint64_t tid;

		if (!take_decimal(&at, &tid) || task_find(t, (pid_t)tid))
			continue;
		r = refuse_kernel_thread(t, (pid_t)tid, err);
		if (r == 0)
			r = tracee_seize(t, (pid_t)tid, 0, err);
		/* It may have ended since the folder was read. */
		if ((r == -ESRCH && (pid_t)tid != t->pid) ||
		    (r == -EPERM && needs_no_seizing(t, (pid_t)tid))) {
			*err = (struct error){0};
			r = 0;
			if (!task_find(t, (pid_t)tid))
				continue;
		}
		*ret_more = true;
	}
	return r;
}

/*
 * What is put back is queued behind all others, and real-time signals have an
 * order.  So one of them is delivered; the thread stops again at the first
 * instruction of its handler.
 */
static int task_deliver(struct task *task, int signal, struct error *err)
{
	task->stopped = false;
	if (ptrace(PTRACE_INTERRUPT, task->tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_CONT, task->tid, NULL, (void *)(long)signal) < 0)
		return error_system(err, errno,
				    "cannot hand a signal to thread %d",
				    task->tid);
	task->asked = true;
	return 0;
}

/*
 * Puts a signal that is about to be delivered back where it came from, with all
 * that is known of it: a signal that is blocked by the time that the tracer
 * hands it on is queued again (ptrace_signal()).
 */
static int task_requeue(struct task *task, int signal, struct error *err)
{
	uint64_t none = UINT64_MAX;
	uint64_t mask;
	int status;

	if (ptrace(PTRACE_GETSIGMASK, task->tid, sizeof(mask), &mask) < 0 ||
	    ptrace(PTRACE_SETSIGMASK, task->tid, sizeof(none), &none) < 0 ||
	    ptrace(PTRACE_INTERRUPT, task->tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_CONT, task->tid, NULL, (void *)(long)signal) < 0 ||
	    waitpid(task->tid, &status, __WALL) < 0 ||
	    ptrace(PTRACE_SETSIGMASK, task->tid, sizeof(mask), &mask) < 0)
		return error_system(err, errno,
				    "cannot hold back a signal of thread %d",
				    task->tid);
	return 0;
}

int task_interrupt(struct task *task, struct error *err)
{
	if (task->stopped || task->asked)
		return 0;
	if (ptrace(PTRACE_INTERRUPT, task->tid, NULL, NULL) < 0 &&
	    errno != ESRCH)
		return error_system(err, errno, "cannot stop thread %d",
				    task->tid);
	task->asked = true;
	return 0;
}

int tracee_interrupt(struct tracee *t, struct error *err)
{
	struct task *task = task_find(t, t->pid);

	return task ? task_interrupt(task, err) : 0;
}

/*
 * A thread that cannot be interrupted waits in the kernel for something that
 * may never come, as one in vfork(2) does for the end of its child.
 */
static int wait_for_stop(pid_t tid, int *ret_status, struct error *err)
{
	const uint64_t deadline = clock_now_ms() + FREEZE_MS;
	sigset_t ended;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	for (;;) {
		pid_t got = waitpid(tid, ret_status, __WALL | WNOHANG);
		const struct timespec moment = {.tv_nsec = 10 * 1000000};

		if (got == tid)
			return 0;
		if (got < 0 && errno != EINTR)
			return error_system(err, errno,
					    "cannot wait for thread %d", tid);
		if (clock_now_ms() < deadline) {
			sigtimedwait(&ended, NULL, &moment);
			continue;
		}
		error_set(err, FAULT_UNSUPPORTED,
			  "thread %d cannot be stopped: it waits in the kernel",
			  tid);
		error_hint(err,
			   "/proc/%d/wchan says where; vfork(2) waits for "
			   "the exec or the end of its child.",
			   tid);
		return -err->code;
	}
}

/* Waits for one running thread; whatever stops it, it stays stopped. */
int task_await(struct tracee *t, pid_t tid, struct error *err)
{
	struct task *task;
	struct stop stop;
	bool seen;
	int status;
	int r = 0;

	while (r == 0 && (task = task_find(t, tid)) && !task->stopped) {
		/* Any other stop, as that of a clone(2), has undone it. */
		r = task_interrupt(task, err);
		if (r == 0)
			r = wait_for_stop(tid, &status, err);
		if (r == 0)
			r = task_event(t, tid, status, &stop, &seen, err);
		task = task_find(t, tid);
		if (r < 0 || !task || !task->stopped ||
		    stop.kind != STOP_SIGNAL)
			continue;
		if (stop.signal >= KERNEL_SIGRTMIN)
			r = task_deliver(task, stop.signal, err);
		else
			r = task_requeue(task, stop.signal, err);
	}
	return r;
}

static int freeze_known(struct tracee *t, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->task_count; i++)
		if (t->tasks[i].ours)
			r = task_interrupt(&t->tasks[i], err);
	/* Threads may end or appear meanwhile, so the list is read anew. */
	for (size_t i = 0; r == 0 && i < t->task_count; i++) {
		if (!t->tasks[i].ours || t->tasks[i].stopped)
			continue;
		r = task_interrupt(&t->tasks[i], err);
		if (r == 0)
			r = task_await(t, t->tasks[i].tid, err);
		i = (size_t)-1;
	}
	return r;
}

/* Alive are others, so what cannot be stopped is a main thread that is not. */
static bool has_left_others(const struct tracee *t)
{
	cleanup_heap char *stat = NULL;
	const char *state;

	if (io_read_filef(&stat, NULL, "/proc/%d/task/%d/stat", t->pid,
			  t->pid) < 0)
		return false;
	state = stat_field(stat, STAT_STATE);
	return state && *state == 'Z';
}

static int refuse_headless(const struct tracee *t, struct error *err)
{
	if (!has_left_others(t))
		return 0;
	error_set(err, FAULT_UNSUPPORTED,
		  "the main thread of the service (pid %d) has ended, its "
		  "others have not",
		  t->pid);
	error_hint(err, "No process can be made like that; let it wait for "
			"them with pthread_join(3).");
	return -err->code;
}

static int check_leader(const struct tracee *t, struct error *err)
{
	int r = refuse_headless(t, err);

	if (r == 0 && !task_find(t, t->pid))
		return error_set(err, FAULT_SERVICE,
				 "the service (pid %d) ended meanwhile",
				 t->pid);
	return r;
}

/* One that has stopped or ended, which is yet to be heard, is not at rest. */
static bool task_rests(const struct tracee *t, const struct task *task)
{
	cleanup_heap char *stat = NULL;
	const char *state;

	if (!task->ours || task->stopped)
		return true;
	if (io_read_filef(&stat, NULL, "/proc/%d/task/%d/stat", t->pid,
			  task->tid) < 0)
		return false;
	state = stat_field(stat, STAT_STATE);
	return state && (*state == 'S' || *state == 'Z');
}

bool tracee_rests(const struct tracee *t)
{
	for (size_t i = 0; i < t->task_count; i++)
		if (!task_rests(t, &t->tasks[i]))
			return false;
	return true;
}

/* Threads that were cloned with CLONE_UNTRACED are nowhere but in /proc. */
int tracee_freeze(struct tracee *t, struct error *err)
{
	bool more = true;
	int r = check_leader(t, err);

	while (r == 0 && more) {
		r = freeze_known(t, err);
		if (r == 0)
			r = check_leader(t, err);
		if (r == 0)
			r = seize_threads(t, &more, err);
	}
	return r;
}

int tracee_attach(struct tracee *ret_tracee, pid_t pid, struct error *err)
{
	struct tracee t = {.pid = pid, .attached = true};
	sigset_t waking;
	bool more = true;
	int r = 0;

	tracee_waking_signals(&waking);
	sigprocmask(SIG_BLOCK, &waking, NULL);
	r = refuse_headless(&t, err);
	if (r == 0)
		r = seize_threads(&t, &more, err);
	if (r == 0)
		r = tracee_freeze(&t, err);
	if (r == 0)
		r = tracee_open_memory(&t, err);
	if (r == 0) {
		*ret_tracee = t;
		return 0;
	}
	tracee_detach(&t);
	return error_context(err, "cannot trace pid %d", pid);
}
