/*
 * tracee.c - one traced process with all of its tasks, from execve() to the end
 */
#include "tracee.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/clock.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/text.h"
#include "tracee_task.h"

enum {
	STRAYS_MAX = 64,
};

struct task *task_find(const struct tracee *t, pid_t tid)
{
	for (size_t i = 0; i < t->task_count; i++)
		if (t->tasks[i].tid == tid)
			return &t->tasks[i];
	return NULL;
}

/* A new thread goes from call to call if nothing else stops the service's. */
static int first_request(const struct tracee *t, bool ours)
{
	const struct task *leader = task_find(t, t->pid);

	return ours && !t->filtered && leader ? leader->request : 0;
}

struct task *task_add(struct tracee *t, pid_t tid, bool ours)
{
	struct task *task = task_find(t, tid);
	const int request = first_request(t, ours);

	if (task)
		return task;
	if (t->task_count == t->task_capacity) {
		size_t capacity = t->task_capacity ? t->task_capacity * 2 : 16;
		struct task *tasks =
			realloc(t->tasks, capacity * sizeof(*tasks));

		if (!tasks)
			return NULL;
		t->tasks = tasks;
		t->task_capacity = capacity;
	}
	task = &t->tasks[t->task_count++];
	*task = (struct task){
		.tid = tid,
		.ours = ours,
		.is_fresh = true,
		.request = request,
	};
	return task;
}

void task_remove(struct tracee *t, pid_t tid)
{
	struct task *task = task_find(t, tid);

	if (task)
		*task = t->tasks[--t->task_count];
}

int task_ended(struct tracee *t, pid_t tid, struct error *err)
{
	const struct task *task = task_find(t, tid);
	pid_t *early;

	if (!task || !task->is_announced) {
		early = realloc(t->early,
				(t->early_count + 1) * sizeof(*early));
		if (!early)
			return error_system(err, ENOMEM, "cannot keep task %d",
					    tid);
		t->early = early;
		t->early[t->early_count++] = tid;
	}
	task_remove(t, tid);
	return 0;
}

bool task_take_early(struct tracee *t, pid_t tid)
{
	for (size_t i = 0; i < t->early_count; i++) {
		if (t->early[i] != tid)
			continue;
		t->early[i] = t->early[--t->early_count];
		return true;
	}
	return false;
}

/*
 * The signals that end or wake us are taken by sigtimedwait(2) only, so that
 * none is lost between a look at the tracee and the wait for it.
 */
void tracee_waking_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGCHLD);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGHUP);
	sigaddset(ret_set, SIGQUIT);
}

int tracee_open_memory(struct tracee *t, struct error *err)
{
	char path[64];

	if (t->memory_fd > 0)
		close(t->memory_fd);
	snprintf(path, sizeof(path), "/proc/%d/mem", t->pid);
	t->memory_fd = open(path, O_RDWR | O_CLOEXEC);
	if (t->memory_fd < 0) {
		t->memory_fd = 0;
		return error_system(err, errno, "cannot open '%s'", path);
	}
	return 0;
}

int tracee_seize(struct tracee *t, pid_t tid, long options, struct error *err)
{
	struct task *task;

	if (ptrace(PTRACE_SEIZE, tid, NULL, TASK_OPTIONS | options) < 0)
		return error_system(err, errno,
				    "the kernel refused PTRACE_SEIZE");
	task = task_add(t, tid, true);
	if (!task)
		return error_system(err, ENOMEM, "cannot keep thread %d", tid);
	task->is_announced = true;
	return 0;
}

/* Sleeps until a task may have stopped; true when @ret_stop says why not. */
static bool sleep_until(uint64_t deadline_ms, struct stop *ret_stop)
{
	uint64_t now = clock_now_ms();
	struct timespec left = {.tv_sec = 3600};
	sigset_t waking;
	int signal;

	if (now >= deadline_ms)
		return false;
	if (deadline_ms - now < 3600 * 1000) {
		left.tv_sec = (time_t)((deadline_ms - now) / 1000);
		left.tv_nsec = (long)((deadline_ms - now) % 1000) * 1000000;
	}
	tracee_waking_signals(&waking);
	signal = sigtimedwait(&waking, NULL, &left);
	if (signal < 0 || signal == SIGCHLD)
		return false;
	*ret_stop = (struct stop){.kind = STOP_CANCELLED, .signal = signal};
	return true;
}

/*
 * Asked before every stop: a service that stops all the time would leave no room
 * for it.
 */
static bool is_over(uint64_t deadline_ms, struct stop *ret_stop)
{
	const struct timespec at_once = {0};
	sigset_t ending;
	int signal;

	if (clock_now_ms() >= deadline_ms) {
		*ret_stop = (struct stop){.kind = STOP_TIMEOUT};
		return true;
	}
	tracee_waking_signals(&ending);
	sigdelset(&ending, SIGCHLD);
	signal = sigtimedwait(&ending, NULL, &at_once);
	if (signal > 0)
		*ret_stop =
			(struct stop){.kind = STOP_CANCELLED, .signal = signal};
	return signal > 0;
}

int tracee_next_stop(struct tracee *t, uint64_t deadline_ms,
		     struct stop *ret_stop, struct error *err)
{
	if (is_over(deadline_ms, ret_stop))
		return 0;
	for (;;) {
		bool seen = false;
		int status;
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
		int r;

		if (tid < 0 && errno != EINTR)
			return error_system(err, errno,
					    "cannot wait for the service");
		if (tid > 0) {
			r = task_event(t, tid, status, ret_stop, &seen, err);
			if (r < 0 || seen)
				return r;
		} else if (sleep_until(deadline_ms, ret_stop) ||
			   is_over(deadline_ms, ret_stop)) {
			return 0;
		}
	}
}

int tracee_resume(struct tracee *t, pid_t tid, enum resume how, int signal,
		  struct error *err)
{
	struct task *task = task_find(t, tid);

	assert(task && task->stopped);
	task->request = how == RESUME_TO_CALL ? PTRACE_SYSCALL : PTRACE_CONT;
	if (ptrace(task->request, tid, NULL, (void *)(long)signal) < 0 &&
	    errno != ESRCH)
		return error_system(err, errno, "cannot resume thread %d", tid);
	task->stopped = false;
	task->is_interrupted = false;
	return 0;
}

int tracee_threads(const struct tracee *t, pid_t **ret_tids, size_t *ret_count,
		   struct error *err)
{
	pid_t *tids = calloc(t->task_count + 1, sizeof(*tids));
	size_t count = 1;

	if (!tids)
		return error_system(err, ENOMEM, "cannot keep the threads");
	tids[0] = t->pid;
	for (size_t i = 0; i < t->task_count; i++)
		if (t->tasks[i].ours && t->tasks[i].tid != t->pid)
			tids[count++] = t->tasks[i].tid;
	*ret_tids = tids;
	*ret_count = count;
	return 0;
}

/* Whoever has called us by exec(2) may have had children. */
static bool is_other(const struct tracee *t, uint64_t pid)
{
	uint64_t other;

	for (const char *at = t->others; at && take_decimal(&at, &other);
	     skip_blanks(&at))
		if (other == pid)
			return true;
	return false;
}

/*
 * A process that was cloned with CLONE_UNTRACED, and whose parents have ended,
 * is known to nobody but the one who reaps it, which is us (tracee_spawn()).
 */
static size_t find_strays(const struct tracee *t, pid_t *ret_pids, size_t max)
{
	cleanup_heap char *text = NULL;
	size_t count = 0;
	const char *at;
	uint64_t pid;

	if (t->attached ||
	    io_read_filef(&text, NULL, "/proc/self/task/%d/children",
			  getpid()) < 0)
		return 0;
	for (at = text; take_decimal(&at, &pid) && count < max;
	     skip_blanks(&at))
		if (!task_find(t, (pid_t)pid) && !is_other(t, pid))
			ret_pids[count++] = (pid_t)pid;
	return count;
}

int tracee_descendants(const struct tracee *t, pid_t **ret_tids,
		       size_t *ret_count, struct error *err)
{
	pid_t *tids = calloc(t->task_count + STRAYS_MAX, sizeof(*tids));
	size_t count = 0;

	if (!tids)
		return error_system(err, ENOMEM, "cannot keep the processes");
	for (size_t i = 0; i < t->task_count; i++)
		if (!t->tasks[i].ours)
			tids[count++] = t->tasks[i].tid;
	count += find_strays(t, tids + count, STRAYS_MAX);
	*ret_tids = tids;
	*ret_count = count;
	return 0;
}

static void forget(struct tracee *t)
{
	if (t->memory_fd > 0)
		close(t->memory_fd);
	tracee_forget_watches(t);
	free(t->tasks);
	free(t->early);
	free(t->others);
	*t = (struct tracee){.gone = true};
}

void tracee_detach(struct tracee *t)
{
	struct error ignored = {0};
	char *others = t->others;

	for (size_t i = 0; i < t->task_count; i++) {
		struct task *task = &t->tasks[i];

		if (!task->stopped && task_interrupt(task, &ignored) == 0)
			task_await(t, task->tid, &ignored);
	}
	tracee_unwatch(t, &ignored);
	for (size_t i = 0; i < t->task_count; i++) {
		struct task *task = &t->tasks[i];

		task_reenter_call(t, task);
		ptrace(PTRACE_DETACH, task->tid, NULL, NULL);
	}
	t->others = NULL;
	forget(t);
	/* It may still be ended, and nobody else with it. */
	t->others = others;
}

/* Each that ends may leave us its own children. */
static void kill_strays(const struct tracee *t)
{
	pid_t pids[STRAYS_MAX];
	size_t count;

	while ((count = find_strays(t, pids, STRAYS_MAX)) > 0)
		for (size_t i = 0; i < count; i++)
			if (kill(pids[i], SIGKILL) < 0 ||
			    waitpid(pids[i], NULL, __WALL) < 0)
				return;
}

/*
 * Whoever ends first is reaped first: a main thread is not reported before
 * all others of its process have been.
 */
void tracee_kill(struct tracee *t)
{
	int status;

	for (size_t i = 0; i < t->task_count; i++)
		kill(t->tasks[i].tid, SIGKILL);
	while (t->task_count > 0) {
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 && errno != EINTR)
			break;
		if (tid > 0 && !WIFSTOPPED(status))
			task_remove(t, tid);
	}
	kill_strays(t);
	forget(t);
}
