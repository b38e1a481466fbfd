/*
 * Signal actions with flags and masks, a mask, and an alternate stack.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
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
	const struct sigaction no_zombies = {.sa_handler = SIG_DFL,
					     .sa_flags = SA_NOCLDWAIT};
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	sigset_t mask;

	sigaddset(&action.sa_mask, SIGHUP);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* The action is that from the start; only its flag is not. */
	sigaction(SIGCHLD, &no_zombies, NULL);
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
	if (fork() == 0)
		_exit(EXIT_SUCCESS);
	service_check(wait(NULL) < 0 && errno == ECHILD);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	service_check(sigismember(&mask, SIGTERM) == 1);
	service_check(sigismember(&mask, SIGINT) == 0);
	kill(getpid(), SIGTERM); /* blocked, so it lives */
	sigpending(&mask);
	service_check(sigismember(&mask, SIGTERM) == 1);
	return service_end();
}
