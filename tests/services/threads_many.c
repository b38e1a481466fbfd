/*
 * Many threads, asleep on one condition: each wakes up as itself, with its
 * variables, its id in the kernel and in libc, its name and its signal mask.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "service.h"

struct worker {
	pthread_t thread;
	int number;
	pid_t tid;     /* of its present life */
	char name[16]; /* with the 0, comm is not longer */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t all_awake, all_checked;
static int asleep, is_time;
static __thread uint64_t local = 0x1234567812345678;
static __thread uint64_t local_zero;

/* Every worker blocks SIGURG, and one or two that depend on its number. */
static void make_mask(sigset_t *mask, int number)
{
	sigemptyset(mask);
	sigaddset(mask, SIGURG);
	sigaddset(mask, SIGRTMIN + number % 25);
	if (number % 2)
		sigaddset(mask, SIGUSR1);
}

static void check_mask(int number)
{
	sigset_t wanted, now;

	make_mask(&wanted, number);
	service_check(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		service_check(sigismember(&now, signal) ==
			      sigismember(&wanted, signal));
}

/* What libc believes the thread's id to be can be seen in a lock it holds. */
static void check_id(void)
{
	pthread_mutex_t own;
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&own, &kind);
	service_check(pthread_mutex_lock(&own) == 0);
	service_check(own.__data.__owner == gettid());
	service_check(pthread_mutex_lock(&own) == EDEADLK);
	service_check(pthread_mutex_unlock(&own) == 0);
	service_check(pthread_kill(pthread_self(), 0) == 0);
}

/* rseq: libc's idea of the processor follows the kernel's. */
static void check_cpu(int number)
{
	cpu_set_t allowed, one;
	int cpu = number % CPU_SETSIZE;

	service_check(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
	while (!CPU_ISSET(cpu, &allowed))
		cpu = (cpu + 1) % CPU_SETSIZE;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	service_check(sched_setaffinity(0, sizeof(one), &one) == 0);
	service_check(sched_getcpu() == cpu);
}

static void *work(void *argument)
{
	struct worker *self = argument;
	char name[sizeof(self->name)] = "";
	sigset_t mask;

	local += (uint64_t)self->number;
	local_zero = (uint64_t)self->number;
	make_mask(&mask, self->number);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	snprintf(self->name, sizeof(self->name), "worker %d", self->number);
	pthread_setname_np(pthread_self(), self->name);

	self->tid = gettid();
	pthread_mutex_lock(&mutex);
	asleep++;
	while (!is_time)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);

	self->tid = gettid();
	pthread_barrier_wait(&all_awake);
	service_check(local == 0x1234567812345678 + (uint64_t)self->number);
	service_check(local_zero == (uint64_t)self->number);
	service_check(pthread_getname_np(pthread_self(), name, 16) == 0);
	service_check(strcmp(name, self->name) == 0);
	check_mask(self->number);
	check_id();
	check_cpu(self->number);
	pthread_barrier_wait(&all_checked);
	return self;
}

/* Until a thread that is about to wait does so. */
static void wait_until_asleep(pid_t tid)
{
	char path[64], state = '?';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			abort();
		fclose(file);
		usleep(100);
	}
}

static int count_tasks(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	for (struct dirent *entry; (entry = readdir(tasks));)
		count += entry->d_name[0] != '.';
	closedir(tasks);
	return count;
}

/* While all of them live. */
static void check_workers(struct worker *workers, int count)
{
	char name[16];

	service_check(count_tasks() == count + 1);
	for (int i = 0; i < count; i++) {
		service_check(workers[i].tid != getpid());
		for (int j = 0; j < i; j++)
			service_check(workers[i].tid != workers[j].tid);
		service_check(pthread_kill(workers[i].thread, 0) == 0);
		service_check(pthread_getname_np(workers[i].thread, name, 16) ==
			      0);
		service_check(strcmp(name, workers[i].name) == 0);
	}
}

int main(int argc, char *argv[])
{
	int count = argc > 1 ? atoi(argv[1]) : 20;
	struct worker *workers = calloc((size_t)count, sizeof(*workers));
	void *result;

	pthread_barrier_init(&all_awake, NULL, (unsigned int)count + 1);
	pthread_barrier_init(&all_checked, NULL, (unsigned int)count + 1);
	for (int i = 0; i < count; i++) {
		workers[i].number = i;
		if (pthread_create(&workers[i].thread, NULL, work,
				   &workers[i]) != 0)
			abort();
	}
	for (int all = 0; !all; usleep(100)) {
		pthread_mutex_lock(&mutex);
		all = asleep == count;
		pthread_mutex_unlock(&mutex);
	}
	for (int i = 0; i < count; i++)
		wait_until_asleep(workers[i].tid);

	service_ready();

	check_id();
	pthread_mutex_lock(&mutex);
	is_time = 1;
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	pthread_barrier_wait(&all_awake);
	check_workers(workers, count);
	pthread_barrier_wait(&all_checked);
	for (int i = 0; i < count; i++) {
		service_check(pthread_join(workers[i].thread, &result) == 0);
		service_check(result == &workers[i]);
	}
	free(workers);
	return service_end();
}
