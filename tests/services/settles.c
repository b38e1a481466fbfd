/*
 * A thread that still works when the main one is ready
 *
 *	settles MS	holds a file open for so much time of the processor
 *	settles exec	is about to execute a program
 *	settles exit	is about to end it all
 *	settles ready	is ready, too, in a moment
 *	settles never	makes and closes descriptors for ever
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

static atomic_bool works;

static void work(long ms)
{
	struct timespec now;

	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

static _Noreturn void open_for_ever(void)
{
	for (;;) {
		close(eventfd(0, 0));
		close(epoll_create1(0));
	}
}

static void *run(void *context)
{
	const char *what = context;
	const int fd = open("/etc/passwd", O_RDONLY);

	works = true;
	if (strcmp(what, "never") == 0)
		open_for_ever();
	work(strtol(what, NULL, 10) ?: 50);
	close(fd);
	if (strcmp(what, "exec") == 0)
		execl("/bin/echo", "echo", "executed", (char *)NULL);
	if (strcmp(what, "exit") == 0)
		_exit(3);
	if (strcmp(what, "ready") == 0)
		service_ready();
	pause();
	return NULL;
}

int main(int argc, char *argv[])
{
	pthread_t thread;

	if (argc < 2 || pthread_create(&thread, NULL, run, argv[1]) != 0)
		return EXIT_FAILURE;
	while (!works)
		usleep(1000);
	service_ready();
	if (strcmp(argv[1], "exec") == 0 || strcmp(argv[1], "exit") == 0)
		sleep(10);
	return service_end();
}
