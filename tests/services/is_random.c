/*
 * A process made by a random number: mappings, threads, signals and timers of
 * any kind.  What /proc says of it, and what it finds in itself, has to be the
 * same in its second life.
 *
 *	is_random SEED
 */
#include "is_random.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	THREADS = 12,
	TIMERS = 6,
};

static uint64_t state;

uint64_t below(uint64_t end)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % end;
}

/* The signals that wait, as bits. */
static uint64_t sent(void)
{
	return (uint64_t)1 << (SIGRTMIN + 5 - 1) | (uint64_t)1
							   << (SIGRTMAX - 1);
}

struct thread {
	pthread_t id;
	uint64_t mask;
	int kind;
	char name[16];
};

static struct thread threads[THREADS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static volatile int is_time, arrived;

static void *run(void *argument)
{
	struct thread *t = argument;
	uint64_t mask = 0;
	char name[16];

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &t->mask, NULL, 8);
	prctl(PR_SET_NAME, t->name);
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	while (t->kind == 0 && !is_time)
		;
	while (t->kind == 1 && !is_time)
		nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
	if (t->kind == 2) {
		pthread_mutex_lock(&mutex);
		while (!is_time)
			pthread_cond_wait(&condition, &mutex);
		pthread_mutex_unlock(&mutex);
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, 8);
	service_check(mask == t->mask);
	prctl(PR_GET_NAME, name);
	service_check(strcmp(name, t->name) == 0);
	service_check(pthread_kill(pthread_self(), 0) == 0);
	return NULL;
}

static void start_threads(int count)
{
	for (int i = 0; i < count; i++) {
		struct thread *t = &threads[i];

		/* Those that are sent, others that are not, none of libc's. */
		t->mask = (below(UINT64_MAX) & 0x00f0000000000000) | sent();
		t->kind = (int)below(3);
		snprintf(t->name, sizeof(t->name), "t%lu",
			 (unsigned long)below(1000000));
		pthread_create(&t->id, NULL, run, t);
	}
	while (arrived < count)
		usleep(1000);
}

static int timer_ids[TIMERS];
static int timer_is_there[TIMERS];

static void make_timers(void)
{
	for (int i = 0; i < TIMERS; i++) {
		struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
					 .sigev_signo = SIGRTMAX};
		struct itimerspec times = {
			.it_value.tv_sec = 1000 + (time_t)below(1000),
			.it_interval.tv_sec = (time_t)below(10)};

		service_check(
			syscall(SYS_timer_create,
				below(2) ? CLOCK_MONOTONIC : CLOCK_REALTIME,
				&event, &timer_ids[i]) == 0);
		syscall(SYS_timer_settime, timer_ids[i], 0, &times, NULL);
		timer_is_there[i] = 1;
	}
	for (int i = 0; i < TIMERS; i++)
		if (below(3) == 0) {
			syscall(SYS_timer_delete, timer_ids[i]);
			timer_is_there[i] = 0;
		}
}

static void check_timers(void)
{
	struct itimerspec times;

	for (int i = 0; i < TIMERS; i++) {
		long r = syscall(SYS_timer_gettime, timer_ids[i], &times);

		service_check(r == (timer_is_there[i] ? 0 : -1));
		if (r == 0)
			service_check(times.it_value.tv_sec >= 900 &&
				      times.it_value.tv_sec <= 2000);
	}
}

static int pending[8];

static void send_signals(int count)
{
	for (int i = 0; i < count; i++) {
		const union sigval value = {.sival_int = (int)below(1000)};

		pending[i] = value.sival_int;
		service_check(sigqueue(getpid(), SIGRTMIN + 5, value) == 0);
	}
}

static void check_signals(int count)
{
	const struct timespec none = {0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	for (int i = 0; i < count; i++) {
		service_check(sigtimedwait(&set, &info, &none) == SIGRTMIN + 5);
		service_check(info.si_value.sival_int == pending[i] &&
			      info.si_pid == getpid());
	}
	service_check(sigtimedwait(&set, &info, &none) < 0);
}

int main(int argc, char *argv[])
{
	int thread_count, signal_count;
	sigset_t set;

	state = 88172645463325252 ^
		(argc > 1 ? strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15
			  : 0);
	for (int i = 0; i < 10; i++)
		below(2);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	sigaddset(&set, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &set, NULL);
	thread_count = (int)below(THREADS + 1);
	signal_count = (int)below(8);
	memory_make();
	start_threads(thread_count);
	make_timers();
	send_signals(signal_count);

	service_ready();

	service_check(memory_check() == 0);
	check_timers();
	pthread_mutex_lock(&mutex);
	is_time = 1;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < thread_count; i++)
		service_check(pthread_join(threads[i].id, NULL) == 0);
	check_signals(signal_count);
	return service_end();
}
