/*
 * stdin_wait.c - whether a call waits for standard input, among others
 */
#include "stdin_wait.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	POLLED_MAX = 1024,
};

static bool polls_stdin(const struct tracee *t, const uint64_t arguments[6])
{
	struct pollfd fds[POLLED_MAX];
	size_t count = arguments[1] < POLLED_MAX ? arguments[1] : POLLED_MAX;
	struct error ignored = {0};

	if (tracee_read(t, arguments[0], fds, count * sizeof(*fds), &ignored) <
	    0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (fds[i].fd == STDIN_FILENO && fds[i].events & POLLIN)
			return true;
	return false;
}

static bool selects_stdin(const struct tracee *t, const uint64_t arguments[6])
{
	struct error ignored = {0};
	unsigned char first = 0;

	return (int)arguments[0] > 0 && arguments[1] &&
	       tracee_read(t, arguments[1], &first, 1, &ignored) == 0 &&
	       first & 1;
}

/* fdinfo of an epoll instance has a line for each of its targets. */
static bool epolls_stdin(const struct tracee *t, const uint64_t arguments[6])
{
	cleanup_heap char *text = NULL;

	if (io_read_filef(&text, NULL, "/proc/%d/fdinfo/%d", t->pid,
			  (int)arguments[0]) < 0)
		return false;
	return strstr(text, "tfd:        0 ") != NULL;
}

bool stdin_wait_is(const struct tracee *t, const struct stop *stop)
{
	switch (stop->number) {
	case SYS_poll:
	case SYS_ppoll:
		return polls_stdin(t, stop->arguments);
	case SYS_select:
	case SYS_pselect6:
		return selects_stdin(t, stop->arguments);
	default:
		return epolls_stdin(t, stop->arguments);
	}
}

/* Of the same open file, whose offset counts. */
bool stdin_wait_has_input(const struct tracee *t)
{
	cleanup_fd int pidfd = pidfd_open(t->pid, 0);
	cleanup_fd int fd =
		pidfd < 0 ? -1 : pidfd_getfd(pidfd, STDIN_FILENO, 0);
	int bytes = 0;

	return fd >= 0 && ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}
