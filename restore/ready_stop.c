/*
 * ready_stop.c - leaving the service stopped before its first instruction
 *
 * Nobody can stop himself at an instruction he has not reached, so another
 * process traces the handover: it lets every thread go from call to call until
 * rt_sigreturn(2) has returned, when the registers are the service's, sends
 * the signal when all are there, and goes away.
 */
#include "ready_stop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SYSCALL_STOP = SIGTRAP | 0x80,
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE,
};

/*
 * @tid: 0 for none
 * @is_last: the call that it is in is rt_sigreturn(2)
 * @is_there: that has returned
 */
struct watched {
	pid_t tid;
	bool is_last;
	bool is_there;
};

struct watch {
	struct watched *items;
	size_t count;
	size_t capacity;
};

static struct watched *find(struct watch *watch, pid_t tid)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->items[i].tid == tid)
			return &watch->items[i];
	if (watch->count == watch->capacity) {
		size_t capacity = watch->capacity ? watch->capacity * 2 : 16;
		struct watched *items =
			realloc(watch->items, capacity * sizeof(*items));

		if (!items)
			return NULL;
		watch->items = items;
		watch->capacity = capacity;
	}
	watch->items[watch->count] = (struct watched){.tid = tid};
	return &watch->items[watch->count++];
}

/* Whether the call at whose entry or exit it stands is rt_sigreturn(2). */
static bool is_sigreturn(pid_t tid)
{
	return ptrace(PTRACE_PEEKUSER, tid,
		      (void *)offsetof(struct user, regs.orig_rax),
		      NULL) == SYS_rt_sigreturn;
}

static bool seize(pid_t pid)
{
	int status;

	return ptrace(PTRACE_SEIZE, pid, NULL, (void *)OPTIONS) == 0 &&
	       ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 &&
	       waitpid(pid, &status, __WALL) == pid;
}

/* The kernel changes orig_rax in the call, so its exit is the stop after. */
static void look(struct watched *thread, int status)
{
	if (WSTOPSIG(status) == SYSCALL_STOP) {
		thread->is_there = thread->is_last;
		thread->is_last = is_sigreturn(thread->tid);
	}
	if (!thread->is_there)
		ptrace(PTRACE_SYSCALL, thread->tid, NULL, NULL);
}

static size_t count_there(const struct watch *watch)
{
	size_t count = 0;

	for (size_t i = 0; i < watch->count; i++)
		count += watch->items[i].is_there;
	return count;
}

/*
 * A main thread that is there has seen all others on their way, so that no
 * thread is missing when all who are known are there.
 */
static void follow(pid_t pid)
{
	struct watch watch = {0};
	struct watched *thread = find(&watch, pid);
	int status = 0;

	if (!thread || ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0)
		return;
	while (count_there(&watch) < watch.count) {
		pid_t tid = waitpid(-1, &status, __WALL);

		thread = tid > 0 ? find(&watch, tid) : NULL;
		if (!thread || !WIFSTOPPED(status))
			return;
		look(thread, status);
	}
	kill(pid, SIGSTOP);
	for (size_t i = 0; i < watch.count; i++)
		ptrace(PTRACE_DETACH, watch.items[i].tid, NULL, NULL);
}

/* Otherwise it would be one more to have the service's pipes and sockets. */
static void close_others(int a, int b)
{
	const unsigned int low = (unsigned int)(a < b ? a : b);
	const unsigned int high = (unsigned int)(a < b ? b : a);

	if (low > STDERR_FILENO + 1)
		syscall(SYS_close_range, STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, UINT32_MAX, 0);
}

static _Noreturn void watch(pid_t pid, int go_fd, int seized_fd)
{
	char word;
	bool is_seized;

	close_others(go_fd, seized_fd);
	is_seized = read(go_fd, &word, 1) == 1 && seize(pid);

	if (is_seized && write(seized_fd, "", 1) == 1) {
		close(seized_fd);
		follow(pid);
	}
	_exit(EXIT_SUCCESS);
}

/* Through a child that ends at once, so that it is nobody's child of ours. */
static int start_watcher(int go[2], int seized[2], struct error *err)
{
	const pid_t pid = getpid();
	pid_t child = fork();

	if (child == 0) {
		pid_t watcher = fork();

		close(go[1]);
		close(seized[0]);
		if (watcher == 0)
			watch(pid, go[0], seized[1]);
		_exit(EXIT_SUCCESS);
	}
	if (child < 0 || waitpid(child, NULL, 0) < 0)
		return error_system(err, errno, "cannot start a watcher");
	return 0;
}

int ready_stop_arm(struct error *err)
{
	int go[2], seized[2];
	char word;
	int r;

	if (pipe(go) < 0 || pipe(seized) < 0)
		return error_system(err, errno, "cannot make a pipe");
	r = start_watcher(go, seized, err);
	close(go[0]);
	close(seized[1]);
	/* Yama lets only those trace us that we name (since Linux 3.4). */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (r == 0 &&
	    (write(go[1], "", 1) != 1 || read(seized[0], &word, 1) != 1)) {
		r = error_set(err, FAULT_SYSTEM,
			      "cannot stop at the ready point: the kernel "
			      "refused to have us traced");
		error_hint(err, "Without --stop it can be restored.");
	}
	close(go[1]);
	close(seized[0]);
	return r;
}
