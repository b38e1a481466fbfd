/*
 * Memory that is worth forking for, in a process that wants to stay alone.
 *
 * It waits for a line.  Then it looks whether anything is left of a fork that it
 * did not make: a child, a signal, an action or a mask that is another.  A word
 * as argument has it do what a fork needs care for; a path with a slash is a
 * file to be mapped, whose first byte is printed.  With "shared" some of it is
 * shared, and lies behind pages of zeros that it has touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service.h"

enum {
	SIZE = 32 << 20,
	SMALL = 4 << 20,
	KEPT = 16384,
	MASK_SIZE = 8, /* of that libc fills no more */
};

static volatile sig_atomic_t children_ended;

static void count_child(int signal)
{
	(void)signal;
	children_ended++;
}

static void *be_ready(void *unused)
{
	service_ready();
	return unused;
}

static const char *prepare(const char *what, char *memory)
{
	const struct rlimit one = {1, 1};
	const char *file = NULL;
	pthread_t thread;
	int fd;

	if (strcmp(what, "subreaper") == 0)
		service_check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	if (strcmp(what, "dontfork") == 0)
		service_check(madvise(memory, KEPT, MADV_DONTFORK) == 0);
	if (strcmp(what, "nproc") == 0)
		service_check(setrlimit(RLIMIT_NPROC, &one) == 0);
	if (strcmp(what, "thread") == 0) {
		pthread_create(&thread, NULL, be_ready, NULL);
		pthread_join(thread, NULL);
	}
	if (!strchr(what, '/'))
		return "";
	fd = open(what, O_RDONLY);
	file = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	service_check(file != MAP_FAILED);
	return file;
}

static void check_alone(const sigset_t *mask)
{
	struct sigaction action;
	sigset_t now;

	service_check(waitpid(-1, NULL, __WALL | WNOHANG) < 0);
	service_check(errno == ECHILD);
	service_check(children_ended == 0);
	service_check(sigpending(&now) == 0 && sigisemptyset(&now));
	sigprocmask(SIG_SETMASK, NULL, &now);
	service_check(memcmp(&now, mask, MASK_SIZE) == 0);
	sigaction(SIGTRAP, NULL, &action);
	service_check(action.sa_handler == SIG_IGN);
}

static unsigned char *fill_bytes(int kind, unsigned char value)
{
	unsigned char *bytes = mmap(NULL, SMALL, PROT_READ | PROT_WRITE,
				    kind | MAP_ANONYMOUS, -1, 0);

	memset(bytes, value, SMALL);
	return bytes;
}

static void check_bytes(const unsigned char *bytes, unsigned char value)
{
	for (size_t i = 0; i < SMALL; i++)
		if (bytes[i] != value)
			service_failures = 1;
}

int main(int argc, char *argv[])
{
	/* The kernel places each below the one before. */
	const int kind = argc > 1 && strcmp(argv[1], "shared") == 0
				 ? MAP_SHARED
				 : MAP_PRIVATE;
	unsigned char *behind = fill_bytes(kind, 7);
	unsigned char *zeros = fill_bytes(MAP_PRIVATE, 0);
	uint64_t *words = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *file;
	char line[16];
	sigset_t mask;

	signal(SIGCHLD, count_child);
	signal(SIGTRAP, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (size_t i = 0; i < SIZE / sizeof(*words); i++)
		words[i] = i + 1;
	file = prepare(argc > 1 ? argv[1] : "", (char *)words);
	if (!fgets(line, sizeof(line), stdin))
		return EXIT_FAILURE;
	check_alone(&mask);
	for (size_t i = 0; i < SIZE / sizeof(*words); i++)
		if (words[i] != i + 1)
			service_failures = 1;
	check_bytes(behind, 7);
	check_bytes(zeros, 0);
	if (file[0])
		printf("%c\n", file[0]);
	return service_end();
}
