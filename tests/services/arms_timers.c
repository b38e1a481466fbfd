/*
 * Timers on all clocks: those that run keep what they have left, who they tell
 * and how; those that were deleted stay so; those that expire do so once.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	NS_IN_MS = 1000000,
	SOON_MS = 200,
	LATER_MS = 300,
	AGAIN_MS = 40,
};

/* Timers that do not expire by themselves. */
static struct timer {
	clockid_t clock;
	int notify;
	long seconds, interval_seconds;
	int is_deleted, flags;
	timer_t id;
	struct itimerspec before;
} timers[] = {
	{.clock = CLOCK_REALTIME, .seconds = 3600, .interval_seconds = 7},
	{.clock = CLOCK_REALTIME, .seconds = 3600, .is_deleted = 1},
	{.clock = CLOCK_MONOTONIC, .notify = SIGEV_NONE, .seconds = 3600},
	{.clock = CLOCK_PROCESS_CPUTIME_ID, .seconds = 900},
	{.clock = CLOCK_MONOTONIC, .is_deleted = 1},
	{.clock = CLOCK_MONOTONIC, .is_deleted = 1},
	{.clock = CLOCK_BOOTTIME, .seconds = 3600, .interval_seconds = 1800},
	{.clock = CLOCK_MONOTONIC, .notify = SIGEV_THREAD_ID, .seconds = 3600},
	{.clock = CLOCK_MONOTONIC, .seconds = 3600, .flags = TIMER_ABSTIME},
	{.clock = CLOCK_MONOTONIC}, /* is not armed */
};

enum {
	COUNT = sizeof(timers) / sizeof(*timers),
};

static struct itimerval intervals[] = {
	[ITIMER_REAL] = {.it_value = {3600, 0}, .it_interval = {7, 0}},
	[ITIMER_VIRTUAL] = {.it_value = {5000, 0}},
	[ITIMER_PROF] = {.it_value = {4000, 0}, .it_interval = {9, 11}},
};

static sem_t is_set_up, may_check, has_fired;
static pid_t other_tid;
static timer_t soon, expired, later;
static int64_t start_ns;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void make(struct timer *timer, int number)
{
	struct itimerspec times = {.it_value.tv_sec = timer->seconds,
				   .it_interval.tv_sec =
					   timer->interval_seconds};
	struct sigevent event = {.sigev_notify = timer->notify,
				 .sigev_signo = SIGRTMIN + 1,
				 .sigev_value.sival_int = 100 + number};

	if (timer->notify == SIGEV_THREAD_ID)
		event._sigev_un._tid = other_tid;
	if (timer->flags & TIMER_ABSTIME)
		times.it_value.tv_sec += now_ns() / 1000000000;
	service_check(timer_create(timer->clock, &event, &timer->id) == 0);
	service_check(timer_settime(timer->id, timer->flags, &times, NULL) ==
		      0);
}

static int is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
				      : a->tv_nsec > b->tv_nsec;
}

static void check_times(const struct timer *timer)
{
	const struct itimerspec *before = &timer->before;
	struct itimerspec now;

	service_check(timer_gettime(timer->id, &now) == 0);
	service_check(!is_later(&now.it_value, &before->it_value));
	service_check((now.it_value.tv_sec > 0) == (timer->seconds > 0));
	service_check(now.it_interval.tv_sec == timer->interval_seconds);
	service_check(now.it_interval.tv_nsec == 0);
}

/* The next one that comes, while processor time is spent, too. */
static siginfo_t take(int signal)
{
	const struct timespec at_once = {0};
	siginfo_t info = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	while (sigtimedwait(&set, &info, &at_once) != signal)
		service_check(errno == EAGAIN);
	service_check(info.si_code == SI_TIMER);
	return info;
}

static int is_pending(int signal)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, signal) == 1;
}

/* Who gets its signal, and with what, when it does expire. */
static void check_signal(const struct timer *timer, int number)
{
	const struct itimerspec at_once = {.it_value.tv_nsec = 1};
	const int r = timer_settime(timer->id, 0, &at_once, NULL);
	siginfo_t info;

	service_check(r == 0);
	if (r != 0 || timer->notify == SIGEV_NONE)
		return;
	info = take(SIGRTMIN + 1);
	service_check(info.si_value.sival_int == 100 + number);
	service_check(info.si_timerid == (int)(intptr_t)timer->id);
}

static void check_timers(int notify)
{
	for (int i = 0; i < COUNT; i++) {
		if (!timers[i].is_deleted && timers[i].notify == notify) {
			check_times(&timers[i]);
			check_signal(&timers[i], i);
		}
	}
}

/* libc would not ask the kernel whether it is there. */
static void check_deleted(const struct timer *timer)
{
	struct itimerspec now;

	service_check(syscall(SYS_timer_gettime, (int)(intptr_t)timer->id,
			      &now) == -1);
	service_check(errno == EINVAL);
}

static void make_short(timer_t *timer, struct sigevent *event, int ms,
		       int interval_ms)
{
	const struct itimerspec times = {
		.it_value.tv_nsec = ms * (long)NS_IN_MS,
		.it_interval.tv_nsec = interval_ms * (long)NS_IN_MS,
	};

	service_check(timer_create(CLOCK_MONOTONIC, event, timer) == 0);
	service_check(timer_settime(*timer, 0, &times, NULL) == 0);
}

static void fire(union sigval value)
{
	service_check(value.sival_ptr == &later);
	service_check(now_ns() - start_ns >= LATER_MS * (int64_t)NS_IN_MS);
	sem_post(&has_fired);
}

static void make_short_timers(void)
{
	struct sigevent for_thread = {.sigev_notify = SIGEV_THREAD_ID,
				      .sigev_signo = SIGRTMIN + 2,
				      .sigev_value.sival_int = 0x5151};
	struct sigevent for_libc = {.sigev_notify = SIGEV_THREAD,
				    .sigev_notify_function = fire,
				    .sigev_value.sival_ptr = &later};
	struct sigevent at_once = {.sigev_notify = SIGEV_SIGNAL,
				   .sigev_signo = SIGRTMIN + 3,
				   .sigev_value.sival_int = 0x3333};

	make_short(&expired, &at_once, 1, 0);
	while (!is_pending(SIGRTMIN + 3))
		usleep(100);
	for_thread._sigev_un._tid = other_tid;
	start_ns = now_ns();
	make_short(&soon, &for_thread, SOON_MS, AGAIN_MS);
	make_short(&later, &for_libc, LATER_MS, 0);
}

/* The thread that some timers send their signals to. */
static void *run(void *none)
{
	int64_t wanted_ns = SOON_MS * (int64_t)NS_IN_MS;
	siginfo_t info;

	other_tid = gettid();
	sem_post(&is_set_up);
	while (sem_wait(&may_check) != 0)
		service_check(errno != EINTR);

	for (int i = 0; i < 2; i++, wanted_ns += AGAIN_MS * NS_IN_MS) {
		info = take(SIGRTMIN + 2);
		service_check(now_ns() - start_ns >= wanted_ns);
		service_check(info.si_value.sival_int == 0x5151);
		service_check(info.si_timerid == (int)(intptr_t)soon);
	}
	check_timers(SIGEV_THREAD_ID);
	return none;
}

/*
 * The kernel adds a tick to what is set on the clocks of CPU time, and says so
 * when asked: see set_cpu_itimer().  It is at most 10 ms long.
 */
static void check_intervals(void)
{
	const struct timeval ticks = {.tv_usec = 20000};
	struct itimerval now;

	for (int i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
		const struct itimerval *before = &intervals[i];
		struct timeval limit = before->it_value;

		if (i != ITIMER_REAL)
			timeradd(&before->it_value, &ticks, &limit);
		service_check(getitimer(i, &now) == 0);
		service_check(!timercmp(&now.it_value, &limit, >));
		service_check(now.it_value.tv_sec > 0);
		service_check(
			!timercmp(&now.it_interval, &before->it_interval, !=));
	}
}

int main(void)
{
	pthread_t thread;
	siginfo_t info;
	sigset_t set;

	setlinebuf(stdout); /* who waits for a timer that is lost hangs */
	sigemptyset(&set);
	for (int i = 1; i <= 3; i++)
		sigaddset(&set, SIGRTMIN + i);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_init(&is_set_up, 0, 0);
	sem_init(&may_check, 0, 0);
	sem_init(&has_fired, 0, 0);
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		abort();
	while (sem_wait(&is_set_up) != 0)
		;
	for (int i = 0; i < COUNT; i++)
		make(&timers[i], i);
	for (int i = 0; i < COUNT; i++)
		if (timers[i].is_deleted)
			service_check(timer_delete(timers[i].id) == 0);
	for (int i = 0; i < COUNT; i++)
		if (!timers[i].is_deleted)
			timer_gettime(timers[i].id, &timers[i].before);
	for (int i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
		setitimer(i, &intervals[i], NULL);
		getitimer(i, &intervals[i]);
	}
	make_short_timers();

	service_ready();

	check_intervals();
	for (int i = 0; i < COUNT; i++)
		if (timers[i].is_deleted)
			check_deleted(&timers[i]);
	check_timers(SIGEV_SIGNAL);
	check_timers(SIGEV_NONE);
	info = take(SIGRTMIN + 3);
	service_check(info.si_value.sival_int == 0x3333);
	service_check(info.si_timerid == (int)(intptr_t)expired);
	service_check(!is_pending(SIGRTMIN + 3));
	sem_post(&may_check);
	while (sem_wait(&has_fired) != 0)
		service_check(errno != EINTR);
	service_check(pthread_join(thread, NULL) == 0);
	service_check(sem_trywait(&has_fired) == -1);
	service_check(!is_pending(SIGRTMIN + 1) && !is_pending(SIGRTMIN + 3));
	return service_end();
}
