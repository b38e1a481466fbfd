/*
 * protects_memory [keep]: shared memory that can never be written, or that can,
 * though its pages may only be read now; the descriptor of one is closed or kept
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "service.h"

enum {
	PAGE = 4096,
	FUTURE_WRITE = 0x10, /* F_SEAL_FUTURE_WRITE, since Linux 5.1 */
};

static int make(int letter)
{
	char bytes[PAGE];
	int fd = memfd_create("memory", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	memset(bytes, letter, sizeof(bytes));
	service_check(write(fd, bytes, sizeof(bytes)) == sizeof(bytes));
	return fd;
}

static char *show(int fd, int protection)
{
	return mmap(NULL, PAGE, protection, MAP_SHARED, fd, 0);
}

static char *show_read_only(int fd)
{
	char path[64];
	char *bytes;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	bytes = show(fd, PROT_READ);
	close(fd);
	return bytes;
}

static int can_be_written(char *bytes)
{
	return mprotect(bytes, PAGE, PROT_READ | PROT_WRITE) == 0;
}

int main(int argc, char *argv[])
{
	const int plain = make('a'), sealed = make('b'), future = make('c');
	char *read_only = show_read_only(plain);
	char *later = show(plain, PROT_READ);
	char *writable = show(future, PROT_READ | PROT_WRITE);
	char *never, *alias;

	service_check(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	service_check(fcntl(future, F_ADD_SEALS, FUTURE_WRITE) == 0);
	never = show_read_only(sealed); /* EPERM before Linux 6.7 */
	alias = show(future, PROT_READ);
	if (argc < 2 || strcmp(argv[1], "keep") != 0)
		close(plain);
	close(sealed);
	close(future);

	service_ready();

	service_check(!can_be_written(read_only) && errno == EACCES);
	service_check(can_be_written(later));
	later[0] = 'A';
	service_check(read_only[0] == 'A' && read_only[1] == 'a');
	if (never != MAP_FAILED) {
		service_check(never[0] == 'b');
		service_check(!can_be_written(never));
	}
	service_check(!can_be_written(alias));
	writable[0] = 'C';
	service_check(alias[0] == 'C' && alias[1] == 'c');
	return service_end();
}
