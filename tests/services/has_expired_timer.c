/*
 * has_expired_timer [interval]
 *
 * A timer with an interval has expired, and its signal is blocked: however
 * long that lasts, there is one signal, which says how many were left out.
 * When it has been taken, the timer goes on in step; that of setitimer(2), too,
 * of which only the interval shows meanwhile.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	NS_IN_MS = 1000000,
	FIRST_MS = 1,
	EACH_MS = 200,
	WAIT_MS = 500, /* at least two of them are left out */
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int check_interval(void)
{
	const struct itimerval times = {
		.it_value.tv_usec = FIRST_MS * 1000,
		.it_interval.tv_usec = EACH_MS * 1000,
	};
	const struct timespec in_time = {.tv_sec = 10};
	struct itimerval now;
	sigset_t set, pending;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	service_check(setitimer(ITIMER_REAL, &times, NULL) == 0);
	do {
		usleep(100);
		sigpending(&pending);
	} while (!sigismember(&pending, SIGALRM));

	service_ready();

	for (int i = 0; i < 3; i++)
		service_check(sigtimedwait(&set, NULL, &in_time) == SIGALRM);
	getitimer(ITIMER_REAL, &now);
	service_check(now.it_interval.tv_usec == EACH_MS * 1000);
	return service_end();
}

static int check_posix(void)
{
	const struct timespec at_once = {0};
	const struct itimerspec times = {
		.it_value.tv_nsec = FIRST_MS * (long)NS_IN_MS,
		.it_interval.tv_nsec = EACH_MS * (long)NS_IN_MS,
	};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGRTMIN + 1,
				 .sigev_value.sival_int = 77};
	sigset_t set, pending;
	siginfo_t info = {0};
	timer_t timer;
	int64_t start, taken;
	int again;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	start = now_ns();
	service_check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	service_check(timer_settime(timer, 0, &times, NULL) == 0);
	do {
		usleep(100);
		sigpending(&pending);
	} while (!sigismember(&pending, SIGRTMIN + 1));

	service_ready();

	usleep(WAIT_MS * 1000);
	taken = now_ns();
	service_check(sigtimedwait(&set, &info, &at_once) == SIGRTMIN + 1);
	service_check(info.si_code == SI_TIMER);
	service_check(info.si_value.sival_int == 77);
	service_check(info.si_timerid == (int)(intptr_t)timer);
	service_check(info.si_overrun >= 2);
	again = sigtimedwait(&set, &info, &at_once);
	/* Unless this took so long that the next one is due. */
	if ((now_ns() - start) / NS_IN_MS / EACH_MS ==
	    (taken - start) / NS_IN_MS / EACH_MS)
		service_check(again == -1 && errno == EAGAIN);
	if (again == -1)
		service_check(sigwaitinfo(&set, &info) == SIGRTMIN + 1);
	service_check(info.si_value.sival_int == 77);
	return service_end();
}

int main(int argc, char *argv[])
{
	if (argc > 1 && strcmp(argv[1], "interval") == 0)
		return check_interval();
	return check_posix();
}
