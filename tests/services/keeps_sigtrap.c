/*
 * keeps_sigtrap ignore|block: SIGTRAP, which breakpoints are made of
 *
 * It ignores the signal, or has it blocked with a handler for it, and all
 * others with it; that is so in its second life.
 */
#include <signal.h>
#include <string.h>

#include "service.h"

static volatile sig_atomic_t handled;

static void handler(int number)
{
	handled = number;
}

int main(int argc, char *argv[])
{
	const int ignores = argc > 1 && strcmp(argv[1], "ignore") == 0;
	struct sigaction action;
	sigset_t all, mask;

	signal(SIGTRAP, ignores ? SIG_IGN : handler);
	sigfillset(&all);
	if (!ignores)
		sigprocmask(SIG_SETMASK, &all, NULL);

	service_ready();

	sigprocmask(SIG_SETMASK, NULL, &mask);
	service_check(sigismember(&mask, SIGTRAP) == !ignores);
	service_check(sigismember(&mask, SIGUSR1) == !ignores);
	sigaction(SIGTRAP, NULL, &action);
	service_check(action.sa_handler == (ignores ? SIG_IGN : handler));
	raise(SIGTRAP);
	service_check(!handled);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	service_check(handled == (ignores ? 0 : SIGTRAP));
	return service_end();
}
