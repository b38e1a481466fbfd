/*
 * Signal actions with flags and masks, a mask, and an alternate stack.
 */
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "service.h"

static unsigned char alternate[1 << 16];
static volatile sig_atomic_t seen, on_alternate, was_blocked;

static void handler(int number, siginfo_t *info, void *context)
{
	unsigned char here;
	sigset_t mask;

	(void)context;
	seen = number;
	on_alternate =
		&here >= alternate && &here < alternate + sizeof(alternate);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	was_blocked = sigismember(&mask, SIGHUP) && info->si_pid == getpid();
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	sigset_t mask;

	sigaddset(&action.sa_mask, SIGHUP);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigaltstack(&stack, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);

	service_ready();

	kill(getpid(), SIGUSR1);
	service_check(seen == SIGUSR1);
	service_check(on_alternate);
	service_check(was_blocked);
	sigaction(SIGPIPE, NULL, &action);
	service_check(action.sa_handler == SIG_IGN);
	sigaction(SIGUSR1, NULL, &action);
	service_check(action.sa_flags & SA_ONSTACK);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	service_check(sigismember(&mask, SIGTERM) == 1);
	service_check(sigismember(&mask, SIGINT) == 0);
	kill(getpid(), SIGTERM); /* blocked, so it lives */
	sigpending(&mask);
	service_check(sigismember(&mask, SIGTERM) == 1);
	return service_end();
}
