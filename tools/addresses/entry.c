/*
 * entry.c - a program that was started, up to its entry point
 */
#include "entry.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/auxv.h"
#include "common/cleanup.h"
#include "common/io.h"

enum {
	BREAKPOINT = 0xcc, /* int3 */
	EVENT_EXEC = SIGTRAP | PTRACE_EVENT_EXEC << 8,
};

static _Noreturn void become(const char *path, int report_fd)
{
	char *const argv[] = {(char *)path, NULL};
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO &&
	    dup2(null, STDOUT_FILENO) == STDOUT_FILENO &&
	    ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
		raise(SIGSTOP);
		execve(path, argv, environ);
	}
	code = errno;
	if (write(report_fd, &code, sizeof(code)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/* The status of its next stop or end, whoever else is waited for. */
static int await(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
	return status;
}

static int say_end(int status, struct error *err)
{
	if (WIFSIGNALED(status)) {
		const int signal = WTERMSIG(status);
		const char *name = sigabbrev_np(signal);

		return error_set(err, FAULT_SERVICE,
				 "it was killed by SIG%s before its entry "
				 "point",
				 name ? name : "?");
	}
	error_set(err, FAULT_SERVICE,
		  "it exited with status %d before its entry point",
		  WEXITSTATUS(status));
	error_hint(err, "Its own message is above, or that of its loader.");
	return -err->code;
}

/* The breakpoint is a copy of the page, private to the process. */
static int plant(pid_t pid, uint64_t *ret_entry, struct error *err)
{
	cleanup_heap char *auxv = NULL;
	size_t size;
	uint64_t entry;
	long word;
	int r = io_read_filef(&auxv, &size, "/proc/%d/auxv", pid);

	if (r < 0)
		return error_system(err, -r, "its auxv cannot be read");
	entry = auxv_find(auxv, size, AT_ENTRY);
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, (void *)entry, NULL);
	if (errno == 0) {
		word = (word & ~0xffL) | BREAKPOINT;
		ptrace(PTRACE_POKETEXT, pid, (void *)entry, (void *)word);
	}
	if (errno)
		return error_system(err, errno,
				    "no breakpoint can stand at its entry "
				    "point");
	*ret_entry = entry;
	return 0;
}

static bool is_at(pid_t pid, uint64_t entry)
{
	struct user_regs_struct registers;

	return ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 &&
	       registers.rip == entry + 1;
}

/*
 * A library that initialises itself may send itself signals, which it gets, and
 * may even execute another program, which then is the one.
 */
static int run(pid_t pid, int report_fd, struct error *err)
{
	uint64_t entry = 0;
	int signal = 0;
	int code;
	int status;

	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal) < 0 &&
		    errno != ESRCH)
			return error_system(err, errno, "it cannot go on");
		status = await(pid);
		if (!WIFSTOPPED(status))
			break;
		signal = WSTOPSIG(status);
		if (status >> 8 == EVENT_EXEC) {
			signal = 0;
			if (plant(pid, &entry, err) < 0)
				return -err->code;
		} else if (entry && signal == SIGTRAP && is_at(pid, entry)) {
			return 0;
		}
	}
	if (read(report_fd, &code, sizeof(code)) == sizeof(code))
		return error_system(err, code, "it cannot be executed");
	return say_end(status, err);
}

static int trace(pid_t pid, int report_fd, struct error *err)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
	const int status = await(pid);
	int code;

	if (!WIFSTOPPED(status)) {
		if (read(report_fd, &code, sizeof(code)) == sizeof(code))
			return error_system(err, code, "it cannot be traced");
		return say_end(status, err);
	}
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) < 0)
		return error_system(err, errno, "it cannot be traced");
	return run(pid, report_fd, err);
}

int entry_reach(const char *path, pid_t *ret_pid, struct error *err)
{
	int report[2];
	pid_t pid;
	int r;

	if (pipe2(report, O_CLOEXEC) < 0)
		return error_system(err, errno, "a pipe cannot be made");
	pid = fork();
	if (pid == 0)
		become(path, report[1]);
	close(report[1]);
	if (pid < 0)
		r = error_system(err, errno, "a process cannot be made");
	else
		r = trace(pid, report[0], err);
	close(report[0]);
	if (r == 0)
		*ret_pid = pid;
	else if (pid > 0)
		entry_end(pid);
	return r;
}

void entry_end(pid_t pid)
{
	/* One that has ended and was waited for is nobody's to kill. */
	if (waitpid(pid, NULL, __WALL | WNOHANG) < 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) > 0 || errno == EINTR)
		;
}
