/*
 * hides_memory KIND: shared memory without a name of which the first page alone
 * is mapped when it is ready: of a memfd, or of memory that was mapped whole,
 * and has something in its second page or nothing
 */
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	PAGE = 4096,
	SIZE = 2 * PAGE,
};

static void show_memfd(void)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	service_check(ftruncate(fd, SIZE) == 0);
	service_check(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0) != MAP_FAILED);
	close(fd);
}

static void show_part(int is_used)
{
	char *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	bytes[0] = 1;
	bytes[PAGE] = (char)is_used;
	munmap(bytes + PAGE, PAGE);
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "memfd") == 0)
		show_memfd();
	else
		show_part(argc == 2 && strcmp(argv[1], "used") == 0);
	service_ready();
	return service_end();
}
