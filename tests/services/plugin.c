/*
 * plugin.c - a library that opens a file when it is asked to
 *
 * Built twice, from the same lines but with another NAME, so that each has its
 * function where the other has its own; and without frame pointers, so that
 * there is no way over it but by its unwind information.
 */
#include <fcntl.h>

int NAME(int *ret_line);

int NAME(int *ret_line)
{
	int fd;

	*ret_line = __LINE__ + 1;
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	return fd; /* not a tail call: the frame must stay on the stack */
}
