/*
 * Signals that wait, for threads and for the process, with what they carry and
 * in their order; handlers that run on the alternate stack of each thread.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	THREADS = 3,
	STACK_SIZE = 1 << 16,
	QUEUED = 4, /* of one number, to each thread */
	/* SS_AUTODISARM of linux/signal.h, which signal.h is at odds with. */
	AUTODISARM = (int)0x80000000,
};

static struct thread {
	pthread_t thread;
	unsigned char stack[STACK_SIZE] __attribute__((aligned(16)));
	volatile sig_atomic_t handled, value, was_on_stack, was_in_thread;
} threads[THREADS];

static __thread struct thread *self;
static sem_t is_set_up, may_check;

static void handler(int signal, siginfo_t *info, void *context)
{
	unsigned char here;

	(void)signal;
	(void)context;
	self->handled++;
	self->value = info->si_value.sival_int;
	self->was_on_stack =
		&here >= self->stack && &here < self->stack + STACK_SIZE;
	self->was_in_thread = pthread_equal(pthread_self(), self->thread);
}

/* The next one of this number is there already, and is as it was sent. */
static void take(int signal, int code, int value)
{
	const struct timespec at_once = {0};
	siginfo_t info = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	/* libc would say SI_USER for SI_TKILL. */
	service_check(syscall(SYS_rt_sigtimedwait, &set, &info, &at_once,
			      _NSIG / 8) == signal);
	service_check(info.si_signo == signal);
	service_check(info.si_code == code);
	service_check(info.si_pid == getpid());
	service_check(info.si_uid == getuid());
	if (code == SI_QUEUE)
		service_check(info.si_value.sival_int == value);
	if (info.si_code != code || info.si_value.sival_int != value)
		printf("signal %d: code %d, value %d instead of %d, %d\n",
		       signal, info.si_code, info.si_value.sival_int, code,
		       value);
}

static int is_pending(int signal)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, signal) == 1;
}

/* Its own and the shared ones can be seen here, but not those of main. */
static void check_pending(int number)
{
	service_check(is_pending(SIGUSR1));
	service_check(is_pending(SIGUSR2) == (number == 1));
	service_check(is_pending(SIGRTMIN + 3));
	service_check(is_pending(SIGRTMIN + 4) == 0);
	for (int i = 0; i < QUEUED; i++)
		take(SIGRTMIN + 1, SI_QUEUE, 100 * number + i);
	service_check(is_pending(SIGRTMIN + 1) == 0);
	take(SIGRTMIN + 2, SI_QUEUE, -number - 1);
	service_check(is_pending(SIGRTMIN + 2) == 0);
	if (number == 1)
		take(SIGUSR2, SI_TKILL, 0);
	service_check(is_pending(SIGUSR2) == 0);
}

static void check_handler(int number)
{
	stack_t stack;
	sigset_t set;

	service_check(sigaltstack(NULL, &stack) == 0);
	service_check(stack.ss_sp == self->stack);
	service_check(stack.ss_size == STACK_SIZE);
	service_check(stack.ss_flags == (number == 2 ? AUTODISARM : 0));
	service_check(is_pending(SIGRTMIN + 5));
	service_check(self->handled == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	service_check(self->handled == 1);
	service_check(self->value == 1000 + number);
	service_check(self->was_on_stack && self->was_in_thread);
	service_check(is_pending(SIGRTMIN + 5) == 0);
}

static void *run(void *argument)
{
	stack_t stack = {.ss_size = STACK_SIZE};
	int number;

	self = argument;
	number = (int)(self - threads);
	stack.ss_sp = self->stack;
	stack.ss_flags = number == 2 ? AUTODISARM : 0;
	service_check(sigaltstack(&stack, NULL) == 0);
	sem_post(&is_set_up);
	while (sem_wait(&may_check) != 0)
		service_check(errno != EINTR);

	check_pending(number);
	check_handler(number);
	return NULL;
}

static void queue(int number, int signal, int value)
{
	const union sigval carried = {.sival_int = value};
	const pthread_t thread =
		number < 0 ? pthread_self() : threads[number].thread;

	service_check(pthread_sigqueue(thread, signal, carried) == 0);
}

static void send_to(int number)
{
	for (int i = 0; i < QUEUED; i++)
		queue(number, SIGRTMIN + 1, 100 * number + i);
	queue(number, SIGRTMIN + 2, -number - 1);
	queue(number, SIGRTMIN + 5, 1000 + number);
	if (number == 1)
		pthread_kill(threads[number].thread, SIGUSR2);
}

static void send_to_process(void)
{
	queue(-1, SIGRTMIN + 4, 44);
	queue(-1, SIGRTMIN + 3, 33);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 7});
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 6});
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1); /* is one with the first */
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack;
	sigset_t blocked;

	sigaction(SIGRTMIN + 5, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	for (int i = 1; i <= 5; i++)
		sigaddset(&blocked, SIGRTMIN + i);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	sem_init(&is_set_up, 0, 0);
	sem_init(&may_check, 0, 0);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i].thread, NULL, run,
				   &threads[i]) != 0)
			abort();
	for (int i = 0; i < THREADS; i++)
		while (sem_wait(&is_set_up) != 0)
			;
	for (int i = 0; i < THREADS; i++)
		send_to(i);
	send_to_process();

	service_ready();

	service_check(sigaltstack(NULL, &stack) == 0);
	service_check(stack.ss_flags == SS_DISABLE);
	service_check(!is_pending(SIGUSR2) && !is_pending(SIGRTMIN + 1));
	for (int i = 0; i < THREADS; i++)
		sem_post(&may_check);
	for (int i = 0; i < THREADS; i++)
		service_check(pthread_join(threads[i].thread, NULL) == 0);
	/* A thread's own come before those of the process. */
	take(SIGRTMIN + 3, SI_QUEUE, 33);
	take(SIGRTMIN + 3, SI_QUEUE, 7);
	take(SIGRTMIN + 3, SI_QUEUE, 6);
	take(SIGRTMIN + 4, SI_QUEUE, 44);
	take(SIGUSR1, SI_USER, 0);
	service_check(!is_pending(SIGUSR1) && !is_pending(SIGRTMIN + 3));
	return service_end();
}
