/*
 * What else the report blames somebody for: locks, a timer, memory, a child
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

static void expect(const char *verb, const char *call, int line)
{
	service_expect("%s 0.", verb);
	service_expect("(holds_more) in %s(2)", call);
	service_expect("main at holds_more.c:%d ", line);
}

static void never_end(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

int main(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct sigevent silent = {.sigev_notify = SIGEV_NONE};
	int file = open("locked", O_RDWR | O_CREAT, 0600), open_line = __LINE__;
	int other = open("flocked", O_RDWR | O_CREAT, 0600);
	int copy = dup(other), copy_line = __LINE__;
	clockid_t clock;
	timer_t timer;
	void *shared;
	pid_t child;

	service_check(fcntl(file, F_SETLK, &lock) == 0);
	service_finding("fd %d file", file);
	expect("opened", "openat", open_line);
	expect("locked", "fcntl", __LINE__ - 3);
	/* Given up and taken again, and held through a copy. */
	service_check(flock(other, LOCK_EX) == 0);
	service_check(flock(other, LOCK_UN) == 0);
	service_check(flock(other, LOCK_SH) == 0);
	service_finding("fd %d file", copy);
	expect("copied from fd 4", "dup", copy_line);
	expect("locked", "flock", __LINE__ - 3);
	close(other);
	pthread_getcpuclockid(pthread_self(), &clock);
	service_check(timer_create(clock, &silent, &timer) == 0);
	service_finding("timer 0 POSIX timer");
	expect("made", "timer_create", __LINE__ - 2);
	service_check(ftruncate(file, 1) == 0);
	shared = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	service_finding("memory %p-", shared);
	expect("mapped", "mmap", __LINE__ - 2);
	child = fork();
	if (child == 0)
		never_end();
	service_finding("child %d process 'holds_more'", child);
	expect("started", "clone", __LINE__ - 4);
	service_ready();
	return service_end();
}
