/*
 * Locks that are held at the ready point, by main and by another thread: their
 * owners still own them, nobody else does, and who waits for one gets it.
 *
 * Many of them say in memory who holds them, by the id of the thread.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

enum {
	TYPES = 4, /* the kinds of PTHREAD_MUTEX_ are 0 to 3 */
	PRIORITY = 4,
	ROBUST = 8,
	MUTEXES = 16, /* in any combination */
	TYPE_MASK = TYPES - 1,
};

static struct locks {
	pthread_mutex_t mutexes[MUTEXES];
	pthread_mutex_t left[2]; /* its holder ends without unlocking them */
	pthread_rwlock_t written, read;
	mtx_t standard;
	FILE *file;
} mains, others;

/* Who is not taken for the owner of a lock gets an error, and does not hang. */
static const struct timespec past;
static int is_time;
static sem_t held, may_check;
static pthread_barrier_t barrier;
static volatile pid_t waiters[MUTEXES + 2];

static void make_mutex(pthread_mutex_t *mutex, int kind)
{
	pthread_mutexattr_t attribute;

	pthread_mutexattr_init(&attribute);
	pthread_mutexattr_settype(&attribute, kind & TYPE_MASK);
	if (kind & PRIORITY)
		pthread_mutexattr_setprotocol(&attribute, PTHREAD_PRIO_INHERIT);
	if (kind & ROBUST)
		pthread_mutexattr_setrobust(&attribute, PTHREAD_MUTEX_ROBUST);
	service_check(pthread_mutex_init(mutex, &attribute) == 0);
}

static void make(struct locks *locks)
{
	static char *bytes[2];
	static size_t sizes[2];
	const int i = locks == &others;

	for (int kind = 0; kind < MUTEXES; kind++)
		make_mutex(&locks->mutexes[kind], kind);
	make_mutex(&locks->left[0], ROBUST);
	make_mutex(&locks->left[1], ROBUST | PRIORITY);
	pthread_rwlock_init(&locks->written, NULL);
	pthread_rwlock_init(&locks->read, NULL);
	mtx_init(&locks->standard, mtx_plain | mtx_recursive);
	locks->file = open_memstream(&bytes[i], &sizes[i]);
}

/* Whether only its owner can unlock it; else it is not asked. */
static int has_checks(int kind)
{
	return kind & ROBUST || (kind & TYPE_MASK) == PTHREAD_MUTEX_RECURSIVE ||
	       (kind & TYPE_MASK) == PTHREAD_MUTEX_ERRORCHECK;
}

static void hold(struct locks *locks)
{
	for (int kind = 0; kind < MUTEXES; kind++)
		service_check(pthread_mutex_lock(&locks->mutexes[kind]) == 0);
	for (int kind = PTHREAD_MUTEX_RECURSIVE; kind < MUTEXES; kind += TYPES)
		service_check(pthread_mutex_lock(&locks->mutexes[kind]) == 0);
	service_check(pthread_rwlock_wrlock(&locks->written) == 0);
	service_check(pthread_rwlock_rdlock(&locks->read) == 0);
	service_check(mtx_lock(&locks->standard) == thrd_success);
	flockfile(locks->file);
}

/* By who holds it. */
static void check_own_mutex(pthread_mutex_t *mutex, int kind)
{
	switch (kind & TYPE_MASK) {
	case PTHREAD_MUTEX_RECURSIVE:
		service_check(pthread_mutex_timedlock(mutex, &past) == 0);
		service_check(pthread_mutex_trylock(mutex) == 0);
		service_check(pthread_mutex_unlock(mutex) == 0);
		service_check(pthread_mutex_unlock(mutex) == 0);
		break;
	case PTHREAD_MUTEX_ERRORCHECK:
		service_check(pthread_mutex_timedlock(mutex, &past) == EDEADLK);
		break;
	default:
		service_check(pthread_mutex_trylock(mutex) == EBUSY);
	}
}

static void check_own(struct locks *locks)
{
	for (int kind = 0; kind < MUTEXES; kind++)
		check_own_mutex(&locks->mutexes[kind], kind);
	service_check(pthread_rwlock_timedwrlock(&locks->written, &past) ==
		      EDEADLK);
	service_check(pthread_rwlock_timedrdlock(&locks->written, &past) ==
		      EDEADLK);
	service_check(mtx_trylock(&locks->standard) == thrd_success);
	service_check(mtx_unlock(&locks->standard) == thrd_success);
	service_check(ftrylockfile(locks->file) == 0);
	funlockfile(locks->file);
}

/* By another thread. */
static void check_foreign(struct locks *locks)
{
	for (int kind = 0; kind < MUTEXES; kind++) {
		pthread_mutex_t *mutex = &locks->mutexes[kind];

		service_check(pthread_mutex_trylock(mutex) == EBUSY);
		if (has_checks(kind))
			service_check(pthread_mutex_unlock(mutex) == EPERM);
	}
	service_check(pthread_rwlock_tryrdlock(&locks->written) == EBUSY);
	service_check(pthread_rwlock_trywrlock(&locks->written) == EBUSY);
	service_check(pthread_rwlock_tryrdlock(&locks->read) == 0);
	service_check(pthread_rwlock_unlock(&locks->read) == 0);
	service_check(pthread_rwlock_trywrlock(&locks->read) == EBUSY);
	service_check(mtx_trylock(&locks->standard) == thrd_busy);
	service_check(ftrylockfile(locks->file) != 0);
}

static void unlock(struct locks *locks)
{
	for (int kind = PTHREAD_MUTEX_RECURSIVE; kind < MUTEXES; kind += TYPES)
		service_check(pthread_mutex_unlock(&locks->mutexes[kind]) == 0);
	for (int kind = 0; kind < MUTEXES; kind++)
		service_check(pthread_mutex_unlock(&locks->mutexes[kind]) == 0);
	service_check(pthread_rwlock_unlock(&locks->written) == 0);
	service_check(pthread_rwlock_unlock(&locks->read) == 0);
	service_check(mtx_unlock(&locks->standard) == thrd_success);
	funlockfile(locks->file);
}

/* All are free again, for main. */
static void check_free(struct locks *locks)
{
	for (int kind = 0; kind < MUTEXES; kind++)
		service_check(pthread_mutex_trylock(&locks->mutexes[kind]) ==
			      0);
	service_check(pthread_rwlock_trywrlock(&locks->written) == 0);
	service_check(pthread_rwlock_trywrlock(&locks->read) == 0);
	service_check(mtx_trylock(&locks->standard) == thrd_success);
	service_check(ftrylockfile(locks->file) == 0);
}

static void *hold_others(void *none)
{
	hold(&others);
	pthread_mutex_lock(&others.left[0]);
	pthread_mutex_lock(&others.left[1]);
	sem_post(&held);
	while (sem_wait(&may_check) != 0)
		service_check(errno != EINTR);

	check_own(&others);
	check_foreign(&mains);
	pthread_barrier_wait(&barrier);
	unlock(&others);
	return none;
}

/* For one of the other thread's mutexes. */
static void *wait_for_mutex(void *argument)
{
	pthread_mutex_t *mutex = argument;
	const int is_left = mutex >= others.left;
	const int number = is_left ? MUTEXES + (int)(mutex - others.left)
				   : (int)(mutex - others.mutexes);

	waiters[number] = gettid();
	service_check(pthread_mutex_lock(mutex) == (is_left ? EOWNERDEAD : 0));
	service_check(is_time);
	if (is_left)
		service_check(pthread_mutex_consistent(mutex) == 0);
	service_check(pthread_mutex_unlock(mutex) == 0);
	return NULL;
}

static pthread_t start_waiter(int number)
{
	pthread_mutex_t *mutex = number < MUTEXES
					 ? &others.mutexes[number]
					 : &others.left[number - MUTEXES];
	char path[64], state = '?';
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_mutex, mutex) != 0)
		abort();
	while (!waiters[number])
		usleep(100);
	/* It is about to wait.  Until it does so: */
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		 waiters[number]);
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			abort();
		fclose(file);
		usleep(100);
	}
	return thread;
}

int main(void)
{
	pthread_t holder, threads[MUTEXES + 2];

	setlinebuf(stdout); /* what is wrong may end in a deadlock */
	make(&mains);
	make(&others);
	sem_init(&held, 0, 0);
	sem_init(&may_check, 0, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&holder, NULL, hold_others, NULL) != 0)
		abort();
	hold(&mains);
	while (sem_wait(&held) != 0)
		;
	for (int i = 0; i < MUTEXES + 2; i++)
		threads[i] = start_waiter(i);

	service_ready();

	is_time = 1;
	check_own(&mains);
	check_foreign(&others);
	sem_post(&may_check);
	pthread_barrier_wait(&barrier);
	unlock(&mains);
	service_check(pthread_join(holder, NULL) == 0);
	for (int i = 0; i < MUTEXES + 2; i++)
		service_check(pthread_join(threads[i], NULL) == 0);
	check_free(&mains);
	check_free(&others);
	service_check(pthread_mutex_trylock(&others.left[0]) == 0);
	service_check(pthread_mutex_trylock(&others.left[1]) == 0);
	return service_end();
}
