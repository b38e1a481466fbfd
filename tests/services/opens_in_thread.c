/*
 * Descriptors opened by two threads, of which one has ended since, after some
 * opened by the main one
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "service.h"

static void *open_file(void *context)
{
	int line = __LINE__ + 1;
	int fd = open("/etc/passwd", O_RDONLY);

	(void)context;
	pthread_setname_np(pthread_self(), "reader");
	service_finding("fd %d file", fd);
	service_expect("by thread %d (opens_in_thread) in openat(2)", gettid());
	service_expect("open_file at opens_in_thread.c:%d, start_thread", line);
	return NULL;
}

/* Its name is known at the call, not only at the end. */
static void *make_event(void *context)
{
	int fd, line;

	(void)context;
	pthread_setname_np(pthread_self(), "waker");
	line = __LINE__ + 1;
	fd = eventfd(7, 0);
	service_finding("fd %d eventfd, counter 7", fd);
	service_expect("by thread %d (waker) in eventfd2(2)", gettid());
	service_expect("make_event at opens_in_thread.c:%d, start_thread",
		       line);
	service_ready();
	return NULL;
}

int main(void)
{
	pthread_t reader, waker;

	for (int i = 0; i < 10; i++)
		close(open("/etc/passwd", O_RDONLY));

	pthread_create(&reader, NULL, open_file, NULL);
	pthread_join(reader, NULL);
	pthread_create(&waker, NULL, make_event, NULL);
	pthread_join(waker, NULL);
	return service_end();
}
