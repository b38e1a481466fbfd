/*
 * Sealed memory: nobody may unmap, move or protect it any more, not even after
 * a restore.  Pages 1 and 2 of each mapping of four are sealed, 0 and 3 stay
 * free to be changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	SIZE = 4 * PAGE,
	MSEAL = 462, /* since Linux 6.10 */
};

/* Filled, also where it is of a file that has nothing but "f". */
static unsigned char *make(int fd, int protection)
{
	unsigned char *bytes =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, fd, 0);

	memset(bytes, 0x51, fd < 0 ? SIZE : 2 * PAGE);
	mprotect(bytes, SIZE, protection);
	if (syscall(MSEAL, bytes + PAGE, 2 * PAGE, 0) < 0)
		return NULL;
	return bytes;
}

static int is_denied(long result)
{
	return result == -1 && errno == EPERM;
}

static void check_sealed(unsigned char *bytes)
{
	unsigned char *page = bytes + PAGE;

	service_check(smaps_has_flag(page, "sl"));
	service_check(smaps_has_flag(page + PAGE, "sl"));
	service_check(is_denied(munmap(page, PAGE)));
	service_check(is_denied(munmap(bytes, SIZE)));
	service_check(is_denied(mprotect(page + PAGE, PAGE, PROT_EXEC)));
	service_check(
		is_denied((long)mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
	service_check(is_denied(
		(long)mmap(page, PAGE, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)));
}

static void check_neighbours(unsigned char *bytes, int last)
{
	for (unsigned char *page = bytes; page < bytes + SIZE;
	     page += SIZE - PAGE) {
		service_check(!smaps_has_flag(page, "sl"));
		service_check(mprotect(page, PAGE, PROT_READ | PROT_WRITE) ==
			      0);
		service_check(*page == (page == bytes ? 0x51 : last));
		*page = 0x15;
		service_check(munmap(page, PAGE) == 0);
	}
}

int main(void)
{
	int fd = open("sealed", O_RDWR | O_CREAT | O_TRUNC, 0644);
	unsigned char *anonymous, *hidden, *of_file;

	for (int i = 0; i < SIZE; i++)
		if (write(fd, "f", 1) != 1)
			return 2;
	anonymous = make(-1, PROT_READ | PROT_WRITE);
	hidden = make(-1, PROT_NONE);
	of_file = make(fd, PROT_READ);
	close(fd);

	service_ready();

	if (!anonymous || !hidden || !of_file)
		return service_end();
	check_sealed(anonymous);
	check_sealed(hidden);
	check_sealed(of_file);
	for (int i = PAGE; i < 3 * PAGE; i++) {
		service_check(anonymous[i] == 0x51);
		service_check(of_file[i] == (i < 2 * PAGE ? 0x51 : 'f'));
	}
	check_neighbours(anonymous, 0x51);
	check_neighbours(hidden, 0x51);
	check_neighbours(of_file, 'f');
	return service_end();
}
