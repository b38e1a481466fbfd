/*
 * One thread opens what it keeps while others open and close the same numbers
 *
 * Whoever opens last has the number; the other may be named beside it, but
 * never instead.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "service.h"

enum {
	CLOSERS = 3,
	KEPT = 40,
};

static volatile bool is_done;

static void *open_and_close(void *context)
{
	(void)context;
	while (!is_done)
		close(open("/etc/passwd", O_RDONLY));
	return NULL;
}

static void *keep(void *context)
{
	(void)context;
	for (int i = 0; i < KEPT; i++) {
		int fd = eventfd(0, 0), line = __LINE__;

		service_finding("fd %d eventfd", fd);
		service_expect("keep at opens_while_closing.c:%d, ", line);
	}
	return NULL;
}

int main(void)
{
	pthread_t closers[CLOSERS], keeper;

	for (int i = 0; i < CLOSERS; i++)
		pthread_create(&closers[i], NULL, open_and_close, NULL);
	pthread_create(&keeper, NULL, keep, NULL);
	pthread_join(keeper, NULL);
	is_done = true;
	for (int i = 0; i < CLOSERS; i++)
		pthread_join(closers[i], NULL);
	service_ready();
	return service_end();
}
