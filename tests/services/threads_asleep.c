/*
 * Threads in system calls that end after a time: none is interrupted, and
 * none ends early, whichever of its lives it began in.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	WAIT_MS = 700,
	WAIT_NS = WAIT_MS * 1000000,
	NS_IN_S = 1000000000,
};

static const struct timespec duration = {.tv_nsec = WAIT_NS};
static int word; /* nobody wakes it */
static pthread_cond_t condition;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_IN_S + now.tv_nsec;
}

static struct timespec end_time(void)
{
	const int64_t ns = now_ns() + WAIT_NS;

	return (struct timespec){ns / NS_IN_S, ns % NS_IN_S};
}

static int is_timeout(long result, int error)
{
	return result == -1 && errno == error;
}

static void sleeps(void)
{
	service_check(nanosleep(&duration, NULL) == 0);
}

static void sleeps_with_rest(void)
{
	struct timespec rest;

	service_check(nanosleep(&duration, &rest) == 0);
}

static void sleeps_with_rest_in_place(void)
{
	struct timespec rest = duration;

	service_check(syscall(SYS_nanosleep, &rest, &rest) == 0);
}

static void sleeps_on_clock(void)
{
	struct timespec rest;

	service_check(clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, &rest) ==
		      0);
}

static void sleeps_until(void)
{
	const struct timespec end = end_time();

	service_check(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end,
				      NULL) == 0);
}

static void polls(void)
{
	service_check(poll(NULL, 0, WAIT_MS) == 0);
}

/* While it waits, its mask is another one. */
static void polls_with_mask(void)
{
	sigset_t mask, now;

	sigfillset(&mask);
	service_check(ppoll(NULL, 0, &duration, &mask) == 0);
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	service_check(sigismember(&now, SIGUSR1) == 1);
	service_check(sigismember(&now, SIGUSR2) == 0);
}

static void selects(void)
{
	struct timeval time = {.tv_usec = WAIT_MS * 1000};

	service_check(select(0, NULL, NULL, NULL, &time) == 0);
}

static void pselects_with_mask(void)
{
	sigset_t mask, now;

	sigfillset(&mask);
	service_check(pselect(0, NULL, NULL, NULL, &duration, &mask) == 0);
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	service_check(sigismember(&now, SIGUSR1) == 1);
	service_check(sigismember(&now, SIGUSR2) == 0);
}

static void waits_for_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	service_check(is_timeout(sigtimedwait(&set, NULL, &duration), EAGAIN));
}

/* Without libc, which would hide an interruption. */
static void waits_for_futex(void)
{
	service_check(is_timeout(
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &duration),
		ETIMEDOUT));
}

static void waits_for_futex_until(void)
{
	const struct timespec end = end_time();

	service_check(
		is_timeout(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE,
				   0, &end, NULL, FUTEX_BITSET_MATCH_ANY),
			   ETIMEDOUT));
}

static void waits_for_condition(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	const struct timespec end = end_time();
	int error = 0;

	pthread_mutex_lock(&mutex);
	while (error == 0)
		error = pthread_cond_timedwait(&condition, &mutex, &end);
	pthread_mutex_unlock(&mutex);
	service_check(error == ETIMEDOUT);
}

static void waits_for_semaphore(void)
{
	const struct timespec end = end_time();
	sem_t semaphore;

	sem_init(&semaphore, 0, 0);
	service_check(is_timeout(
		sem_clockwait(&semaphore, CLOCK_MONOTONIC, &end), ETIMEDOUT));
}

static void waits_to_read(void)
{
	const struct timespec end = end_time();

	service_check(pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC,
						 &end) == ETIMEDOUT);
}

static void (*const waits[])(void) = {
	sleeps,
	sleeps_with_rest,
	sleeps_with_rest_in_place,
	sleeps_on_clock,
	sleeps_until,
	polls,
	polls_with_mask,
	selects,
	pselects_with_mask,
	waits_for_signal,
	waits_for_futex,
	waits_for_futex_until,
	waits_for_condition,
	waits_for_semaphore,
	waits_to_read,
};

enum {
	COUNT = sizeof(waits) / sizeof(*waits),
};

static struct thread {
	pthread_t thread;
	volatile pid_t tid;
	volatile int has_ended;
} threads[COUNT];

static void *run(void *argument)
{
	struct thread *self = argument;
	const int64_t start = now_ns();
	int64_t end;

	self->tid = gettid();
	waits[self - threads]();
	end = now_ns();
	self->has_ended = 1;
	service_check(end - start >= WAIT_NS);
	if (end - start < WAIT_NS)
		printf("%d: after %.6f s\n", (int)(self - threads),
		       (double)(end - start) / NS_IN_S);
	return NULL;
}

/* Until it waits, or has waited where all this was slow. */
static void wait_until_asleep(const struct thread *thread)
{
	char path[64], state = '?';
	FILE *file;

	while (!thread->tid)
		usleep(100);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread->tid);
	while (!thread->has_ended && state != 'S') {
		file = fopen(path, "r");
		if (!file)
			break;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		fclose(file);
		usleep(100);
	}
}

int main(void)
{
	pthread_condattr_t monotonic;
	sigset_t mask;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&condition, &monotonic);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	pthread_rwlock_wrlock(&lock);
	for (int i = 0; i < COUNT; i++)
		if (pthread_create(&threads[i].thread, NULL, run,
				   &threads[i]) != 0)
			abort();
	for (int i = 0; i < COUNT; i++)
		wait_until_asleep(&threads[i]);

	service_ready();

	for (int i = 0; i < COUNT; i++)
		service_check(pthread_join(threads[i].thread, NULL) == 0);
	return service_end();
}
