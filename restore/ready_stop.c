/*
 * ready_stop.c - leaving the service stopped before its first instruction
 *
 * Nobody can stop himself at an instruction he has not reached, so another
 * process traces the handover: it lets it go from call to call until
 * rt_sigreturn(2) has returned, when the registers are the service's, sends
 * the signal and goes away.
 */
#include "ready_stop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SYSCALL_STOP = SIGTRAP | 0x80,
};

/* Whether the call at whose entry or exit it stands is rt_sigreturn(2). */
static bool is_sigreturn(pid_t pid)
{
	return ptrace(PTRACE_PEEKUSER, pid,
		      (void *)offsetof(struct user, regs.orig_rax),
		      NULL) == SYS_rt_sigreturn;
}

static bool next_stop(pid_t pid, int *ret_signal)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0 ||
	    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return false;
	*ret_signal = WSTOPSIG(status);
	return true;
}

static bool seize(pid_t pid)
{
	int status;

	return ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) ==
		       0 &&
	       ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 &&
	       waitpid(pid, &status, __WALL) == pid;
}

/* The kernel changes orig_rax in the call, so its exit is the stop after. */
static void follow(pid_t pid)
{
	bool is_last = false;
	int signal;

	while (next_stop(pid, &signal)) {
		if (signal != SYSCALL_STOP)
			continue;
		if (is_last) {
			kill(pid, SIGSTOP);
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			return;
		}
		is_last = is_sigreturn(pid);
	}
}

static _Noreturn void watch(pid_t pid, int go_fd, int seized_fd)
{
	char word;
	bool is_seized = read(go_fd, &word, 1) == 1 && seize(pid);

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
