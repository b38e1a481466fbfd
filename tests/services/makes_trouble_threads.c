/*
 * Threads that are not as threads usually are.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "makes_trouble.h"
#include "service.h"

enum {
	LATE_S = 100000,
};

/* @action: what the thread does at first, if anything; then it waits. */
struct starter {
	int (*action)(void);
	int result;
	sem_t is_done;
};

static void *act_and_wait(void *argument)
{
	struct starter *starter = argument;

	if (starter->action)
		starter->result = starter->action();
	sem_post(&starter->is_done);
	for (;;)
		pause();
	return NULL;
}

static int start(int (*action)(void), pthread_t *ret_thread)
{
	static struct starter starter;

	starter.action = action;
	sem_init(&starter.is_done, 0, 0);
	if (pthread_create(ret_thread, NULL, act_and_wait, &starter) != 0)
		return -1;
	while (sem_wait(&starter.is_done) < 0)
		continue;
	return starter.result;
}

static int unshare_folder(void)
{
	return unshare(CLONE_FS);
}

static int make_folder(void)
{
	return start(unshare_folder, &(pthread_t){0});
}

static int unshare_descriptors(void)
{
	return unshare(CLONE_FILES);
}

static int make_descriptors(void)
{
	return start(unshare_descriptors, &(pthread_t){0});
}

/* Only the C library would tell the other threads of it. */
static int change_user(void)
{
	return (int)syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY);
}

static int make_credentials(void)
{
	return getuid() == NOBODY ? -1 : start(change_user, &(pthread_t){0});
}

/* Not the process, which could not be captured either. */
static int make_confined(void)
{
	return start(confine, &(pthread_t){0});
}

static int make_filtered(void)
{
	return start(filter_calls, &(pthread_t){0});
}

/* A segment that there always is; its base is 0. */
static int make_segment(void)
{
	const uint32_t data = 0x2b;

	__asm__ volatile("mov %0, %%gs" : : "r"(data));
	return 0;
}

static int make_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	struct itimerspec late = {.it_value.tv_sec = LATE_S};
	pthread_t thread;
	clockid_t clock;
	timer_t timer;

	if (start(NULL, &thread) < 0 ||
	    pthread_getcpuclockid(thread, &clock) != 0 ||
	    timer_create(clock, &event, &timer) < 0)
		return -1;
	return timer_settime(timer, 0, &late, NULL);
}

/* The third field of /proc/self/task/TID/stat of the first thread. */
static char leader_state(void)
{
	char path[64], state = '?';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	stat = fopen(path, "re");
	if (stat && fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (stat)
		fclose(stat);
	return state;
}

static void *be_ready_alone(void *unused)
{
	(void)unused;
	while (leader_state() != 'Z')
		sched_yield();
	service_ready();
	exit(EXIT_SUCCESS);
}

static int make_leader_exit(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_ready_alone, NULL) != 0)
		return -1;
	pthread_exit(NULL);
}

static int is_traced(void)
{
	char line[256];
	FILE *status = fopen("/proc/self/status", "re");
	long tracer = 0;

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "TracerPid:", 10) == 0)
			tracer = strtol(line + 10, NULL, 10);
	if (status)
		fclose(status);
	return tracer != 0;
}

static int stop(void)
{
	return (int)syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP);
}

/* This stops all threads, so it is never ready until somebody continues it. */
static int make_stop(void)
{
	return is_traced() ? start(stop, &(pthread_t){0}) : -1;
}

static const struct trouble items[] = {
	{"thread-fs", make_folder},	    {"thread-files", make_descriptors},
	{"thread-creds", make_credentials}, {"thread-cpu-timer", make_timer},
	{"leader-exit", make_leader_exit},  {"sigstop-thread", make_stop},
	{"thread-landlock", make_confined}, {"segment", make_segment},
	{"thread-seccomp", make_filtered},
};

const struct troubles thread_troubles = {items, sizeof(items) / sizeof(*items)};
