/*
 * Signals for which there was no room in the queue, and more of them in it than
 * there may be now.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	QUEUED = 10,
};

static int take(int signal, siginfo_t *info)
{
	const struct timespec at_once = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return sigtimedwait(&set, info, &at_once);
}

int main(void)
{
	struct rlimit limit = {0, 0};
	siginfo_t info;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < QUEUED; i++)
		sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
	setrlimit(RLIMIT_SIGPENDING, &limit);
	service_check(kill(getpid(), SIGRTMIN + 1) == 0);
	service_check(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2) == 0);

	service_ready();

	for (int i = 0; i < QUEUED; i++) {
		service_check(take(SIGRTMIN, &info) == SIGRTMIN);
		service_check(info.si_value.sival_int == i);
	}
	service_check(take(SIGRTMIN, &info) < 0);
	service_check(take(SIGRTMIN + 1, &info) == SIGRTMIN + 1);
	service_check(info.si_code == SI_USER);
	service_check(take(SIGUSR2, &info) == SIGUSR2);
	getrlimit(RLIMIT_SIGPENDING, &limit);
	service_check(limit.rlim_cur == 0);
	return service_end();
}
