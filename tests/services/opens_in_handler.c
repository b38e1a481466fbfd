/*
 * Is ready in the handler of a signal, which has interrupted an open of a file
 * after thousands of others from the same place
 *
 *	restarted	waits for a FIFO, and does so again
 *	failed		waits for a FIFO, and then no more
 *	nested		the same, and the handler has a stack of its own, on which
 *			another one interrupts it
 *	passed N	anywhere behind byte N of what the call was led to
 *	listed N	the same, with folders
 *	waits		no signal: it waits for the FIFO for ever
 *	locked		no signal: it locks all of its memory, which is not much
 *	limited		no signal: there is no room for any record
 *	vforks		no signal: there were many such children, and are none
 *	vfork		no signal: a child has the memory, and opens files in it
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "service.h"

enum {
	MANY = 2000,
	STACK = 64 << 10,
};

static volatile sig_atomic_t is_ready;
static bool is_nested;
static unsigned long least;

static int open_file(const char *path)
{
	return open(path, O_RDONLY);
}

static void open_many(void)
{
	for (int i = 0; i < MANY; i++)
		close(open_file("/etc/passwd"));
}

static void be_ready(int number)
{
	(void)number;
	if (is_nested && number == SIGALRM) {
		raise(SIGUSR1);
		return;
	}
	service_ready();
	is_ready = 1;
}

/* So that the call finds somebody at the other end. */
static void be_ready_and_open(int number)
{
	be_ready(number);
	service_check(open("fifo", O_RDWR) == 3);
}

/* Where no program is, there is what the call was led to. */
static void be_ready_inside(int number, siginfo_t *info, void *context)
{
	const uint64_t rip =
		(uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	const bool is_inside = rip >= 0x400000000000 && rip < 0x500000000000;

	(void)info;
	if (is_inside && (rip & 0x3ff) >= least && !is_ready)
		be_ready(number);
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaction(number, &action, NULL);
}

static void wait_for_fifo(int expected)
{
	int fd;

	alarm(1);
	fd = open_file("fifo");
	service_check(is_ready);
	service_check(expected < 0 ? fd == -1 && errno == EINTR
				   : fd == expected);
}

static void check_file(int fd)
{
	char byte = 0;

	service_check(read(fd, &byte, 1) == 1 && byte == 'r');
	close(fd);
}

static void check_folder(DIR *folder)
{
	service_check(folder && readdir(folder));
	if (folder)
		closedir(folder);
}

static void open_until_ready(bool is_folder)
{
	const struct itimerval often = {{0, 200}, {0, 200}}, never = {0};
	struct sigaction action = {.sa_sigaction = be_ready_inside,
				   .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (!is_ready)
		if (is_folder)
			check_folder(opendir("/etc"));
		else
			check_file(open_file("/etc/passwd"));
	setitimer(ITIMER_REAL, &never, NULL);
}

/* The limit of an ordinary user is 8 MiB, which it does not reach by far. */
static void lock_all(void)
{
	long kib = 0;
	char line[128];
	FILE *status;

	service_check(mlockall(MCL_CURRENT) == 0);
	status = fopen("/proc/self/status", "r");
	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "VmLck:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	service_check(kib > 0 && kib < 8 << 10);
	if (status)
		fclose(status);
	munlockall();
	service_ready();
}

/* Nothing of ours is left where not all of it has found a place. */
static void limit_space(void)
{
	const struct rlimit limit = {12 << 20, 12 << 20};
	char line[512];
	FILE *maps;

	service_check(setrlimit(RLIMIT_AS, &limit) == 0);
	open_many();
	maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps))
		service_check(line[0] != '4');
	service_check(maps != NULL);
	if (maps)
		fclose(maps);
	service_ready();
}

/* Descriptors are the child's own, as is what it does with them. */
static void open_in_child(void)
{
	const int kept = open_file("/etc/passwd");
	pid_t child = vfork();

	if (child == 0) {
		close(STDIN_FILENO);
		close(kept);
		open_file("/etc/group");
		open_file("/etc/group");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	service_ready();
}

/* Only what was opened while there was a child is in doubt. */
static void open_after_children(void)
{
	int line, fd;

	for (int i = 0; i < 200; i++) {
		pid_t child = vfork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	line = __LINE__ + 1;
	fd = open_file("/etc/passwd");
	service_finding("fd %d file /etc/passwd", fd);
	service_expect("open_after_children at opens_in_handler.c:%d", line);
	service_ready();
}

int main(int argc, char *argv[])
{
	static unsigned char stack_bytes[STACK];
	const stack_t stack = {.ss_sp = stack_bytes, .ss_size = STACK};
	const char *what = argc > 1 ? argv[1] : "";

	least = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	unlink("fifo");
	mkfifo("fifo", 0600);
	if (strcmp(what, "limited") == 0)
		limit_space();
	open_many();
	if (strcmp(what, "restarted") == 0) {
		handle(SIGALRM, be_ready_and_open, SA_RESTART);
		wait_for_fifo(4);
	} else if (strcmp(what, "failed") == 0) {
		handle(SIGALRM, be_ready, 0);
		wait_for_fifo(-1);
	} else if (strcmp(what, "nested") == 0) {
		is_nested = true;
		sigaltstack(&stack, NULL);
		handle(SIGALRM, be_ready, SA_ONSTACK);
		handle(SIGUSR1, be_ready, 0);
		wait_for_fifo(-1);
	} else if (strcmp(what, "passed") == 0) {
		open_until_ready(false);
	} else if (strcmp(what, "listed") == 0) {
		open_until_ready(true);
	} else if (strcmp(what, "locked") == 0) {
		lock_all();
	} else if (strcmp(what, "waits") == 0) {
		open_file("fifo");
	} else if (strcmp(what, "vforks") == 0) {
		open_after_children();
	} else if (strcmp(what, "vfork") == 0) {
		open_in_child();
	}
	open_many();
	return service_end();
}
