/*
 * Threads that wait in system calls for an event: none is interrupted, none
 * sees an event that was not, and each goes on when main lets it.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

static volatile sig_atomic_t is_time, handled[65];
static pthread_t joined;
static int word;
static sem_t semaphore, semaphore_of_joined;
static pthread_barrier_t barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static void handler(int signal)
{
	handled[signal]++;
}

static sigset_t set_of(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return set;
}

static sigset_t all_but(int signal)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, signal);
	return set;
}

static void is_joined(void)
{
	service_check(sem_wait(&semaphore_of_joined) == 0);
}

static void joins(void)
{
	service_check(pthread_join(joined, NULL) == 0);
}

/* Without libc, which would hide an interruption. */
static void waits_for_futex(void)
{
	/* Made again after the wake, it finds that there is nothing to wait for. */
	service_check(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL) ==
			      0 ||
		      errno == EAGAIN);
	service_check(word == 1);
}

static void waits_for_signal(void)
{
	const sigset_t set = set_of(SIGRTMIN + 1);
	siginfo_t info;

	service_check(sigwaitinfo(&set, &info) == SIGRTMIN + 1);
	service_check(info.si_code == SI_QUEUE && info.si_pid == getpid());
	service_check(info.si_value.sival_int == SIGRTMIN + 1);
}

static void waits_for_signal_timed(void)
{
	const sigset_t set = set_of(SIGRTMIN + 2);
	const struct timespec hour = {.tv_sec = 3600};

	service_check(sigtimedwait(&set, NULL, &hour) == SIGRTMIN + 2);
}

/*
 * The next three end with an interruption, but only by their own signal.  Who
 * waits without a mask may get it before the call is made again, so it is sent
 * until it has ended the call.
 */
static volatile sig_atomic_t has_paused;

static void pauses(void)
{
	const sigset_t set = set_of(SIGRTMIN + 3);

	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	service_check(pause() == -1 && errno == EINTR);
	has_paused = 1;
	service_check(handled[SIGRTMIN + 3] >= 1);
}

static void suspends(void)
{
	const sigset_t set = all_but(SIGRTMIN + 4);
	sigset_t mask;

	service_check(sigsuspend(&set) == -1 && errno == EINTR);
	service_check(handled[SIGRTMIN + 4] == 1);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	service_check(sigismember(&mask, SIGRTMIN + 4) == 1);
	service_check(sigismember(&mask, SIGURG) == 0);
}

static void polls(void)
{
	const sigset_t set = all_but(SIGRTMIN + 5);
	sigset_t mask;

	service_check(ppoll(NULL, 0, NULL, &set) == -1 && errno == EINTR);
	service_check(handled[SIGRTMIN + 5] == 1);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	service_check(sigismember(&mask, SIGRTMIN + 5) == 1);
	service_check(sigismember(&mask, SIGURG) == 0);
}

static void waits_for_semaphore(void)
{
	service_check(sem_wait(&semaphore) == 0);
}

static void waits_for_condition(void)
{
	pthread_mutex_lock(&mutex);
	while (!is_time)
		service_check(pthread_cond_wait(&condition, &mutex) == 0);
	pthread_mutex_unlock(&mutex);
}

static void waits_to_read(void)
{
	service_check(pthread_rwlock_rdlock(&lock) == 0);
	service_check(is_time);
	service_check(pthread_rwlock_unlock(&lock) == 0);
}

static void waits_to_write(void)
{
	service_check(pthread_rwlock_wrlock(&lock) == 0);
	service_check(is_time);
	service_check(pthread_rwlock_unlock(&lock) == 0);
}

static void waits_at_barrier(void)
{
	pthread_barrier_wait(&barrier);
}

/* What each thread waits for, and the signal that it waits for. */
static const struct wait {
	void (*wait)(void);
	int signal;
} waits[] = {
	{is_joined, 0},
	{joins, 0},
	{waits_for_futex, 0},
	{waits_for_signal, 1},
	{waits_for_signal_timed, 2},
	{pauses, 3},
	{suspends, 4},
	{polls, 5},
	{waits_for_semaphore, 0},
	{waits_for_condition, 0},
	{waits_to_read, 0},
	{waits_to_write, 0},
	{waits_at_barrier, 0},
};

enum {
	PAUSES = 5, /* its place in the table */
	COUNT = sizeof(waits) / sizeof(*waits),
};

static pthread_t threads[COUNT];
static volatile pid_t tids[COUNT];

static void *run(void *argument)
{
	const struct wait *self = argument;

	tids[self - waits] = gettid();
	self->wait();
	service_check(is_time);
	return NULL;
}

static void start(int number)
{
	char path[64], state = '?';
	FILE *file;

	if (pthread_create(&threads[number], NULL, run,
			   (void *)&waits[number]) != 0)
		abort();
	if (number == 0)
		joined = threads[0];
	while (!tids[number])
		usleep(100);
	/* It is about to wait.  Until it does so: */
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tids[number]);
	while (state != 'S') {
		usleep(100);
		file = fopen(path, "r");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			abort();
		fclose(file);
	}
}

static void wake_all(void)
{
	is_time = 1;
	for (int i = 0; i < COUNT; i++) {
		const int signal = SIGRTMIN + waits[i].signal;
		const union sigval value = {.sival_int = signal};

		if (waits[i].signal)
			service_check(pthread_sigqueue(threads[i], signal,
						       value) == 0);
	}
	word = 1;
	service_check(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1) >= 0);
	while (!has_paused) {
		usleep(1000);
		pthread_kill(threads[PAUSES], SIGRTMIN + 3);
	}
	sem_post(&semaphore);
	sem_post(&semaphore_of_joined);
	pthread_mutex_lock(&mutex);
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&mutex);
	service_check(pthread_rwlock_unlock(&lock) == 0);
	pthread_barrier_wait(&barrier);
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler};
	sigset_t mask;

	setlinebuf(stdout); /* who is not woken hangs */
	sigemptyset(&mask);
	for (int i = 1; i <= 5; i++) {
		sigaction(SIGRTMIN + i, &action, NULL);
		sigaddset(&mask, SIGRTMIN + i);
	}
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	sem_init(&semaphore, 0, 0);
	sem_init(&semaphore_of_joined, 0, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_rwlock_wrlock(&lock);
	for (int i = 0; i < COUNT; i++)
		start(i);

	service_ready();

	wake_all();
	for (int i = 1; i < COUNT; i++)
		service_check(pthread_join(threads[i], NULL) == 0);
	return service_end();
}
