/*
 * Counts signals that come in an order, most of them while it asks the vdso for
 * the time, until SIGTERM comes.
 */
#include <signal.h>
#include <time.h>

#include "service.h"

static volatile sig_atomic_t next, is_done;

static void count(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	service_check(info->si_value.sival_int == next);
	next = info->si_value.sival_int + 1;
}

static void end(int signal)
{
	(void)signal;
	is_done = 1;
}

int main(void)
{
	const struct sigaction action = {.sa_sigaction = count,
					 .sa_flags = SA_SIGINFO | SA_RESTART};
	struct timespec now;

	sigaction(SIGRTMIN, &action, NULL);
	signal(SIGTERM, end);
	puts("counting");
	fflush(stdout);
	while (!is_done)
		clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%d\n", (int)next);
	return service_end();
}
