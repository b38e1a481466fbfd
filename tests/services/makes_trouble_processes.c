/*
 * Other processes that a core of this one would miss.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "makes_trouble.h"

/*
 * A fork that whoever traces us does not come to trace with us.  It may find
 * calls missing that a seccomp filter leaves to that tracer, as getpid(2).
 */
static pid_t fork_untraced(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
}

/* Where poll(2) is missing, we are traced, and killed at the tracer's end. */
static _Noreturn void wait_for_end_of(int pidfd)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		continue;
	while (!end.revents)
		pause();
	_exit(EXIT_SUCCESS);
}

static int open_self(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), 0);
}

static pid_t make_waiting_child(void)
{
	int self = open_self();
	pid_t child = self < 0 ? -1 : fork();

	if (child == 0)
		wait_for_end_of(self);
	close(self);
	return child;
}

static int make_child(void)
{
	return make_waiting_child() < 0 ? -1 : 0;
}

static pid_t make_orphan_by(pid_t (*fork_it)(void))
{
	int self = open_self(), ends[2];
	pid_t child, orphan = -1;

	if (self < 0 || pipe(ends) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		if (fork_it() > 0)
			_exit(EXIT_SUCCESS);
		orphan = gettid();
		if (write(ends[1], &orphan, sizeof(orphan)) < 0)
			_exit(EXIT_FAILURE);
		close(ends[0]);
		close(ends[1]);
		wait_for_end_of(self);
	}
	close(ends[1]);
	waitpid(child, NULL, 0);
	if (read(ends[0], &orphan, sizeof(orphan)) != sizeof(orphan))
		orphan = -1;
	close(ends[0]);
	close(self);
	return orphan;
}

pid_t make_orphan(void)
{
	return make_orphan_by(fork);
}

/* Memory that somebody else sees, though no child does. */
static int make_orphan_shares(void)
{
	void *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return bytes == MAP_FAILED || make_orphan() < 0 ? -1 : 0;
}

static int make_zombie(void)
{
	siginfo_t info;
	pid_t child = fork();

	if (child == 0)
		_exit(3);
	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
}

static volatile int has_child;

/* The child runs on this thread's stack, so this thread waits for it. */
static void *wait_in_vfork(void *unused)
{
	(void)unused;
	if (vfork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		has_child = 1;
		for (;;)
			pause();
	}
	return NULL;
}

static int make_vfork(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_in_vfork, NULL) != 0)
		return -1;
	while (!has_child)
		sched_yield();
	return 0;
}

static int make_traces(void)
{
	pid_t orphan = make_orphan_by(fork_untraced);

	if (orphan < 0)
		return -1;
	if (ptrace(PTRACE_SEIZE, orphan, 0, PTRACE_O_EXITKILL) < 0)
		return kill(orphan, SIGKILL) - 1;
	return 0;
}

static int make_traces_child(void)
{
	pid_t child = fork_untraced();
	int status = 0;

	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(EXIT_FAILURE);
		syscall(SYS_tkill, gettid(), SIGSTOP);
		_exit(EXIT_SUCCESS);
	}
	if (waitpid(child, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		return -1;
	return (int)ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
}

/* A process of the same user that was there before. */
static int make_traces_stranger(void)
{
	const char *pid = getenv("STRANGER");

	return (int)ptrace(PTRACE_SEIZE, pid ? atoi(pid) : 0, 0, 0);
}

static const struct trouble items[] = {
	{"child", make_child},
	{"zombie", make_zombie},
	{"vfork", make_vfork},
	{"orphan-shares", make_orphan_shares},
	{"traces", make_traces},
	{"traces-child", make_traces_child},
	{"traces-stranger", make_traces_stranger},
};

const struct troubles process_troubles = {items,
					  sizeof(items) / sizeof(*items)};
