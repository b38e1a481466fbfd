/*
 * A descriptor opened three calls deep
 *
 * The report must name the whole chain, innermost first.  Each caller passes
 * its own line down, so the expectation cannot go stale when this file moves.
 * Stripped it has no lines, but it still knows where its functions are.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "service.h"

extern char __executable_start[];

__attribute__((noinline)) static int open_config(int load_line, int main_line)
{
	int open_line = __LINE__ + 1;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	service_finding("fd %d file /etc/passwd, read-only, at 0", fd);
	service_expect("by thread %d (%.15s) in openat(2)", gettid(),
		       program_invocation_short_name);
	service_expect("open_config at opens_in_helper.c:%d, "
		       "load at opens_in_helper.c:%d, "
		       "main at opens_in_helper.c:%d ",
		       open_line, load_line, main_line);
	return fd;
}

__attribute__((noinline)) static int load(int main_line)
{
	int fd = open_config(__LINE__, main_line);

	return fd; /* not a tail call: the frame must stay on the stack */
}

int main(void)
{
	int fd = load(__LINE__);
	char c;

	printf("open_config: %#tx-%#tx\n",
	       (char *)open_config - __executable_start,
	       (char *)load - __executable_start);
	fflush(stdout);
	service_ready();

	service_check(lseek(fd, 0, SEEK_CUR) == 0);
	service_check(read(fd, &c, 1) == 1);
	return service_end();
}
