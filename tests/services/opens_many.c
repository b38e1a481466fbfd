/*
 * Opens files by the ten thousands, from one place, with all that may come in
 * between: signals whose handlers open files, children, threads, one of which
 * waits in such a call when the service is ready.
 *
 * What led those calls away is gone in its second life.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"

enum {
	MANY = 20000,
};

static volatile sig_atomic_t handled;
static volatile int opened_in_thread = -1;

static void handler(int number)
{
	int fd = open("/etc/hostname", O_RDONLY);

	(void)number;
	if (fd >= 0)
		close(fd);
	handled++;
}

static int open_many(int count)
{
	int last = -1;

	for (int i = 0; i < count; i++) {
		int fd = open("/etc/passwd", O_RDONLY);

		service_check(fd >= 0 && fcntl(fd, F_GETFD) == 0);
		service_check(last < 0 || last == fd || handled);
		last = fd;
		close(fd);
	}
	service_check(open("/nowhere/at/all", O_RDONLY) < 0);
	return last;
}

static void *open_fifo(void *unused)
{
	open_many(1000);
	opened_in_thread = open("fifo", O_RDONLY);
	return unused;
}

static void open_in_child(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		open_many(100);
		_exit(service_failures);
	}
	waitpid(child, &status, 0);
	service_check(status == 0);
	child = vfork();
	if (child == 0)
		_exit(open("/etc/passwd", O_RDONLY) < 0);
	waitpid(child, &status, 0);
	service_check(status == 0);
}

static void check_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	uint64_t start;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		start = strtoull(line, NULL, 16);
		service_check(start < 0x400000000000 || start > 0x500000000000);
	}
	service_check(maps != NULL);
	fclose(maps);
}

int main(void)
{
	const struct itimerval often = {{0, 500}, {0, 500}}, never = {0};
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = SA_RESTART};
	pthread_t thread;

	sigaction(SIGALRM, &action, NULL);
	unlink("fifo");
	mkfifo("fifo", 0600);
	open_many(MANY);
	setitimer(ITIMER_REAL, &often, NULL);
	open_many(MANY);
	setitimer(ITIMER_REAL, &never, NULL);
	service_check(handled > 0);
	open_in_child();
	pthread_create(&thread, NULL, open_fifo, NULL);
	usleep(50000);

	if (service_ready())
		check_maps();

	open_many(MANY);
	close(open("fifo", O_WRONLY));
	pthread_join(thread, NULL);
	service_check(opened_in_thread >= 0);
	return service_end();
}
