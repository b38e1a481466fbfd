/*
 * What each thread has for itself of the kernel's care: policy, priorities,
 * processor, timer slack, death signal, memory node.  One thread differs from
 * main in one of them each, and main and the rest stay as they were.
 */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"

enum {
	BEST_EFFORT_6 = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6),
	REAL_TIME_3 = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 3),
	NODES = 1024,
	MS = 1000000,
	DEADLINE = 6, /* SCHED_DEADLINE */
};

/* As sched_setattr(2) takes it, which has no wrapper. */
struct schedule {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static const struct sched_param nothing;
static int last_cpu; /* of those it may use */
static sem_t is_set_up, may_check;

struct care {
	struct schedule schedule;
	int nice, io_priority, slack, death_signal, memory_policy;
	unsigned long nodes[NODES / (8 * sizeof(long))];
	cpu_set_t cpus;
};

/* Of the calling thread. */
static struct care read_care(void)
{
	struct care care;

	memset(&care, 0, sizeof(care)); /* it is compared whole */
	syscall(SYS_sched_getattr, 0, &care.schedule, sizeof(care.schedule), 0);
	care.nice = getpriority(PRIO_PROCESS, 0);
	care.io_priority = (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
	care.slack = prctl(PR_GET_TIMERSLACK);
	prctl(PR_GET_PDEATHSIG, &care.death_signal);
	if (syscall(SYS_get_mempolicy, &care.memory_policy, care.nodes, NODES,
		    0, 0) < 0)
		care.memory_policy = -1;
	sched_getaffinity(0, sizeof(care.cpus), &care.cpus);
	return care;
}

static void check_care(const struct care *wanted)
{
	const struct care now = read_care();

	service_check(memcmp(&now.schedule, &wanted->schedule,
			     sizeof(now.schedule)) == 0);
	service_check(now.nice == wanted->nice);
	service_check(now.io_priority == wanted->io_priority);
	service_check(now.slack == wanted->slack);
	service_check(now.death_signal == wanted->death_signal);
	service_check(now.memory_policy == wanted->memory_policy);
	service_check(memcmp(now.nodes, wanted->nodes, sizeof(now.nodes)) == 0);
	service_check(CPU_EQUAL(&now.cpus, &wanted->cpus));
}

static int set_nothing(void)
{
	return 0;
}

static int set_batch(void)
{
	return sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK,
				  &nothing);
}

static int set_idle(void)
{
	return sched_setscheduler(0, SCHED_IDLE, &nothing);
}

static int set_nice(void)
{
	return setpriority(PRIO_PROCESS, (id_t)gettid(),
			   getpriority(PRIO_PROCESS, 0) + 2);
}

static int set_io_priority(void)
{
	return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
			    BEST_EFFORT_6);
}

static int set_slack(void)
{
	return prctl(PR_SET_TIMERSLACK, 123456);
}

static int set_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(last_cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

static int set_death_signal(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGURG);
}

/* Where the kernel lets it. */
static int set_memory_policy(void)
{
	const unsigned long first = 1;

	syscall(SYS_set_mempolicy, MPOL_PREFERRED, &first, 64);
	return 0;
}

/* The next three are root's, as a rule. */
static int set_fifo(void)
{
	sched_setscheduler(0, SCHED_FIFO,
			   &(struct sched_param){.sched_priority = 7});
	return 0;
}

static int set_deadline(void)
{
	const struct schedule schedule = {
		.size = sizeof(schedule),
		.policy = DEADLINE,
		.runtime = 5 * MS,
		.deadline = 50 * MS,
		.period = 100 * MS,
	};

	syscall(SYS_sched_setattr, 0, &schedule, 0);
	return 0;
}

static int set_real_time_io(void)
{
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, REAL_TIME_3);
	return 0;
}

static int (*const setters[])(void) = {
	set_nothing,	   set_batch, set_idle,	    set_nice,
	set_io_priority,   set_slack, set_cpu,	    set_death_signal,
	set_memory_policy, set_fifo,  set_deadline, set_real_time_io,
};

enum {
	COUNT = sizeof(setters) / sizeof(*setters),
};

/* On more than one processor, by everybody, and on every kernel. */
static int is_always_had(int (*set)(void))
{
	return set != set_nothing && set != set_cpu &&
	       set != set_memory_policy && set != set_fifo &&
	       set != set_deadline && set != set_real_time_io;
}

static void *run(void *argument)
{
	int (*const *set)(void) = argument;
	const struct care before = read_care();
	struct care wanted;

	service_check((*set)() == 0);
	wanted = read_care();
	if (is_always_had(*set))
		service_check(memcmp(&wanted, &before, sizeof(wanted)) != 0);
	sem_post(&is_set_up);
	while (sem_wait(&may_check) != 0)
		service_check(errno != EINTR);

	check_care(&wanted);
	if (*set == set_cpu)
		service_check(sched_getcpu() == last_cpu);
	return NULL;
}

int main(void)
{
	pthread_t threads[COUNT];
	struct care wanted;

	/* What whoever started it has set would be the restorer's. */
	prctl(PR_SET_PDEATHSIG, SIGWINCH);
	wanted = read_care();
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &wanted.cpus))
			last_cpu = cpu;
	sem_init(&is_set_up, 0, 0);
	sem_init(&may_check, 0, 0);
	for (int i = 0; i < COUNT; i++)
		if (pthread_create(&threads[i], NULL, run,
				   (void *)&setters[i]) != 0)
			abort();
	for (int i = 0; i < COUNT; i++)
		while (sem_wait(&is_set_up) != 0)
			;

	service_ready();

	check_care(&wanted);
	for (int i = 0; i < COUNT; i++)
		sem_post(&may_check);
	for (int i = 0; i < COUNT; i++)
		service_check(pthread_join(threads[i], NULL) == 0);
	return service_end();
}
