/*
 * make_resource KIND FD: a service that holds one descriptor of a kind
 *
 * It makes the descriptor at the number FD, and if it takes two, the second at
 * FD + 1; both should be higher than what is open.  Then it prints "ready" and
 * waits for a line.  Where the kind cannot be made it exits with 77.  Files are
 * made in the working folder and stay there.  make_resource --list prints all
 * kinds, each with a tab and some words that the audit must say of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/kvm.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "make_resource.h"

#define UNUSED __attribute__((unused))

enum {
	CANNOT_MAKE = 77, /* what a test program exits with to be skipped */
	SOME_SIZE = 5,
};

int put_at(int fd, int number)
{
	int moved = fd < 0 ? -1 : dup2(fd, number);

	if (fd >= 0 && fd != number)
		close(fd);
	return moved;
}

static int make_file(const char *name, int flags)
{
	return open(name, flags | O_CREAT, 0600);
}

static int make_written(int companion UNUSED)
{
	int fd = make_file("written", O_WRONLY | O_APPEND);

	return fd >= 0 && write(fd, "hello", SOME_SIZE) < 0 ? -1 : fd;
}

static int make_escape(int companion UNUSED)
{
	return make_file("a\n\033[31mb\\", O_RDWR);
}

static int make_named_deleted(int companion UNUSED)
{
	return make_file("named (deleted)", O_RDWR);
}

static int make_deleted(int companion UNUSED)
{
	int fd = make_file("deleted", O_RDWR);

	unlink("deleted");
	return fd;
}

static int make_renamed(int companion UNUSED)
{
	int fd = make_file("former", O_RDWR);

	if (fd >= 0 && link("former", "latter") < 0 && errno != EEXIST)
		return -1;
	unlink("former");
	return fd;
}

static int make_unnamed(int companion UNUSED)
{
	return open(".", O_TMPFILE | O_RDWR, 0600);
}

static int lock_with(int command, int type)
{
	struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET};
	int fd = make_file("locked", O_RDWR);

	return fd >= 0 && fcntl(fd, command, &lock) < 0 ? -1 : fd;
}

/* Closing any descriptor of the file gives up its POSIX locks. */
static int make_posix_lock(int companion)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = put_at(make_file("locked", O_RDWR), companion - 1);

	return fd >= 0 && fcntl(fd, F_SETLK, &lock) < 0 ? -1 : fd;
}

static int make_ofd_lock(int companion UNUSED)
{
	return lock_with(F_OFD_SETLK, F_RDLCK);
}

static int make_flock(int companion UNUSED)
{
	int fd = make_file("flocked", O_RDWR);

	return fd >= 0 && flock(fd, LOCK_EX) < 0 ? -1 : fd;
}

/* A second descriptor would be a second opener, so it is put there first. */
static int make_lease(int companion)
{
	int fd = put_at(make_file("leased", O_RDWR), companion - 1);

	return fd >= 0 && fcntl(fd, F_SETLEASE, F_WRLCK) < 0 ? -1 : fd;
}

static int make_path(int companion UNUSED)
{
	return open("/etc/passwd", O_PATH);
}

static int make_folder(int companion UNUSED)
{
	return open("/etc", O_RDONLY | O_DIRECTORY);
}

static int make_deleted_folder(int companion UNUSED)
{
	int fd;

	mkdir("folder", 0700);
	fd = open("folder", O_RDONLY | O_DIRECTORY);
	rmdir("folder");
	return fd;
}

static int make_terminal(int companion)
{
	int master = put_at(posix_openpt(O_RDWR | O_NOCTTY), companion);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	return open(ptsname(master), O_RDWR | O_NOCTTY);
}

static int make_terminal_master(int companion UNUSED)
{
	return posix_openpt(O_RDWR | O_NOCTTY);
}

/* /dev/tty is there for the leader of a session that has a terminal. */
static int make_own_terminal(int companion)
{
	int terminal = make_terminal(companion);

	if (terminal < 0 || (setsid() < 0 && errno != EPERM) ||
	    ioctl(terminal, TIOCSCTTY, 0) < 0)
		return -1;
	close(terminal);
	return open("/dev/tty", O_RDWR);
}

static int make_pipe(int companion)
{
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], "hello", SOME_SIZE) < 0)
		return -1;
	put_at(ends[1], companion);
	return ends[0];
}

static int make_half_pipe(int companion UNUSED)
{
	int ends[2];

	if (pipe2(ends, O_DIRECT) < 0)
		return -1;
	close(ends[0]);
	return ends[1];
}

static int make_fifo(int companion UNUSED)
{
	mkfifo("fifo", 0600);
	return open("fifo", O_RDWR);
}

static int make_eventfd(int companion UNUSED)
{
	return eventfd(17, EFD_SEMAPHORE);
}

static int make_epoll(int companion)
{
	struct epoll_event event = {.events = EPOLLIN};
	int watched = put_at(eventfd(0, 0), companion);
	int fd = epoll_create1(0);

	epoll_ctl(fd, EPOLL_CTL_ADD, watched, &event);
	return fd;
}

static int make_timerfd(int companion UNUSED)
{
	const struct itimerspec time = {.it_value = {1000}, .it_interval = {2}};
	int fd = timerfd_create(CLOCK_BOOTTIME, 0);

	timerfd_settime(fd, 0, &time, NULL);
	return fd;
}

static int make_signalfd(int companion UNUSED)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	return signalfd(-1, &set, 0);
}

static int make_inotify(int companion UNUSED)
{
	int fd = inotify_init1(0);

	inotify_add_watch(fd, "/etc", IN_CREATE);
	return fd;
}
