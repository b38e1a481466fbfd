/*
 * Threads that wait for something to happen to a descriptor, each in another
 * call: none is interrupted, and each goes on when it happens.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service.h"

static int read_end, write_end, watched_end, watching_end;
static int epoll, listener, event;
static volatile int is_time;

static void reads(void)
{
	char byte = 0;

	service_check(read(read_end, &byte, 1) == 1);
	service_check(is_time && byte == 'r');
}

static void waits_for_events(void)
{
	struct epoll_event got = {0};

	service_check(epoll_wait(epoll, &got, 1, -1) == 1);
	service_check(is_time && got.data.u64 == 4711);
}

static void polls(void)
{
	struct pollfd fd = {.fd = watched_end, .events = POLLIN};

	service_check(poll(&fd, 1, -1) == 1);
	service_check(is_time && fd.revents == POLLIN);
}

static void accepts(void)
{
	int fd = accept(listener, NULL, NULL);

	service_check(is_time && fd >= 0);
	close(fd);
}

static void counts(void)
{
	uint64_t count = 0;

	service_check(read(event, &count, sizeof(count)) == sizeof(count));
	service_check(is_time && count == 3);
}

static void (*const waits[])(void) = {reads, waits_for_events, polls, accepts,
				      counts};

enum {
	COUNT = sizeof(waits) / sizeof(*waits),
};

static void *run(void *argument)
{
	void (*const *wait)(void) = argument;

	(*wait)();
	return NULL;
}

static void make_files(struct sockaddr_in *address)
{
	struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = 4711};
	socklen_t size = sizeof(*address);
	int ends[2], on = 1;

	if (pipe(ends) < 0)
		exit(2);
	read_end = ends[0];
	write_end = ends[1];
	if (pipe(ends) < 0)
		exit(2);
	watched_end = ends[0];
	watching_end = ends[1];
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, watched_end, &wanted);
	event = eventfd(0, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)address, size) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)address, &size) < 0)
		exit(2);
}

static void let_it_happen(const struct sockaddr_in *address)
{
	const uint64_t three = 3;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	is_time = 1;
	service_check(write(write_end, "r", 1) == 1);
	service_check(write(watching_end, "w", 1) == 1);
	service_check(write(event, &three, sizeof(three)) == sizeof(three));
	service_check(connect(fd, (const struct sockaddr *)address,
			      sizeof(*address)) == 0);
}

int main(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	pthread_t threads[COUNT];

	make_files(&address);
	for (int i = 0; i < COUNT; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)&waits[i]) !=
		    0)
			exit(2);

	service_ready();

	let_it_happen(&address);
	for (int i = 0; i < COUNT; i++)
		service_check(pthread_join(threads[i], NULL) == 0);
	return service_end();
}
