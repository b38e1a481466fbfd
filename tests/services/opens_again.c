/*
 * Numbers that are used again: by another call, and by the same one so often
 * that it is not stopped each time any more
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	MANY = 5000,
};

__attribute__((noinline)) static void open_many(int main_line)
{
	int fd = -1, line = __LINE__ + 4;

	for (int i = 0; i < MANY; i++) {
		close(fd);
		fd = open("/etc/passwd", O_RDONLY);
	}
	service_finding("fd %d file /etc/passwd", fd);
	service_expect("by thread %d (opens_again) in openat(2)", gettid());
	service_expect("open_many at opens_again.c:%d, "
		       "main at opens_again.c:%d ",
		       line, main_line);
}

int main(void)
{
	int fd = open("/etc/group", O_RDONLY), line;

	close(fd);
	line = __LINE__ + 1;
	fd = memfd_create("again", 0);
	service_finding("fd %d memfd", fd);
	service_expect("by thread %d (opens_again) in memfd_create(2)",
		       gettid());
	service_expect("main at opens_again.c:%d ", line);
	open_many(__LINE__);
	service_ready();
	return service_end();
}
