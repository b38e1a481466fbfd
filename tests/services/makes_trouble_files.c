/*
 * What is held on a file for others to see: locks and a lease on standard
 * input, which has to be a regular file, and a wish to hear of messages.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "makes_trouble.h"

static int is_regular(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
}

static int lock_with(int command)
{
	int access = fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE;
	struct flock lock = {
		.l_type = access == O_RDONLY ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};

	return is_regular() ? fcntl(STDIN_FILENO, command, &lock) : -1;
}

static int make_posix_lock(void)
{
	return lock_with(F_SETLK);
}

static int make_ofd_lock(void)
{
	return lock_with(F_OFD_SETLK);
}

static int make_flock(void)
{
	return is_regular() ? flock(STDIN_FILENO, LOCK_SH | LOCK_NB) : -1;
}

/* One for reading wants no writer at all, one for writing nobody else. */
static int make_lease(void)
{
	signal(SIGIO, SIG_IGN); /* when it is broken */
	if (!is_regular())
		return -1;
	if (fcntl(STDIN_FILENO, F_SETLEASE, F_RDLCK) == 0)
		return 0;
	return fcntl(STDIN_FILENO, F_SETLEASE, F_WRLCK);
}

static int make_owner(void)
{
	return fcntl(STDIN_FILENO, F_SETOWN, getpid());
}

static int make_signal(void)
{
	return fcntl(STDERR_FILENO, F_SETSIG, SIGUSR1);
}

static int make_queue(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
				 .sigev_signo = SIGUSR1};
	char name[32];
	mqd_t queue;

	snprintf(name, sizeof(name), "/makes_trouble.%d", getpid());
	queue = mq_open(name, O_CREAT | O_RDWR, 0600, NULL);
	mq_unlink(name);
	return queue < 0 ? -1 : mq_notify(queue, &event);
}

static const struct trouble items[] = {
	{"posix-lock", make_posix_lock}, {"ofd-lock", make_ofd_lock},
	{"flock", make_flock},		 {"lease", make_lease},
	{"mqueue", make_queue},		 {"stream-owner", make_owner},
	{"stream-signal", make_signal},
};

const struct troubles file_troubles = {items, sizeof(items) / sizeof(*items)};
