/*
 * goes_on WAY: a service that is ready again and again, in that way
 *
 * Between two ready points it counts a step, and says which.  Of its input it
 * takes a byte for each step where it waits for that.
 */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service.h"

enum {
	STEPS = 4,
};

static __attribute__((noinline)) void arrive(int step)
{
	printf("step %d\n", step);
	fflush(stdout);
}

static void be_marked(void)
{
	struct subctx_arguments *given;

	if (subctx_ready_arguments(&given) && given)
		puts(given->argv[0]);
}

static void stop(void)
{
	raise(SIGSTOP);
}

static void send_signal(void)
{
	raise(SIGWINCH);
}

static void notify(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = getenv("NOTIFY_SOCKET");
	const size_t length = name ? strlen(name) : 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path + 1, name + 1, length - 1);
	sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

static void take(void)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1)
		exit(EXIT_FAILURE);
}

/* The first finds nothing, or is interrupted, as other work would do it. */
static void poll_and_take(void)
{
	struct pollfd fd = {STDIN_FILENO, POLLIN, 0};

	while (poll(&fd, 1, 10) != 1)
		;
	take();
}

static void select_and_take(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(STDIN_FILENO, &set);
	select(1, &set, NULL, NULL, NULL);
	take();
}

/* Until nothing is left, and without waiting. */
static void try_and_take(void)
{
	char byte;

	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	while (read(STDIN_FILENO, &byte, 1) != 1)
		usleep(1000);
}

static void note(int number)
{
	(void)number;
}

/* A timer cuts the wait short all the time. */
static void take_between_signals(void)
{
	const struct sigaction action = {.sa_handler = note,
					 .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	take();
	ualarm(0, 0);
}

static void call(void)
{
	getppid();
}

static void nap(void)
{
	usleep(400000);
}

static const struct {
	const char *name;
	void (*be_ready)(void);
} ways[] = {
	{"marker", be_marked},
	{"stop", stop},
	{"signal", send_signal},
	{"notify", notify},
	{"read", take},
	{"poll", poll_and_take},
	{"select", select_and_take},
	{"try", try_and_take},
	{"timer", take_between_signals},
	{"call", call},
	{"nap", nap},
};

int main(int argc, char *argv[])
{
	for (int step = 0; step < STEPS; step++)
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
			if (strcmp(argv[argc - 1], ways[i].name) == 0) {
				ways[i].be_ready();
				arrive(step);
			}
	return service_end();
}
