/*
 * Memory that is mapped in unusual ways: without access, only to be executed,
 * only to be read, of /dev/zero, and of a deleted file, changed in part.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	SIZE = 4 * PAGE,
};

/* mov $42, %eax; ret */
static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};

static unsigned char *map(int fd)
{
	void *bytes =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED)
		exit(2);
	return bytes;
}

/* Code, and then a value everywhere. */
static unsigned char *make(unsigned char value, int protection)
{
	unsigned char *bytes = map(-1);

	memset(bytes, value, SIZE);
	memcpy(bytes, code, sizeof(code));
	mprotect(bytes, SIZE, protection);
	return bytes;
}

static int is_made(const unsigned char *bytes, int value)
{
	for (int i = sizeof(code); i < SIZE; i++)
		if (bytes[i] != value)
			return 0;
	return memcmp(bytes, code, sizeof(code)) == 0;
}

static unsigned char *make_deleted(void)
{
	int fd = open("deleted", O_RDWR | O_CREAT | O_TRUNC, 0644);
	unsigned char *bytes = map(fd);

	for (int i = 0; i < SIZE; i++)
		if (write(fd, "f", 1) != 1)
			exit(2);
	unlink("deleted");
	close(fd);
	bytes[PAGE] = 'c';
	return bytes;
}

static unsigned char *make_zero(void)
{
	int fd = open("/dev/zero", O_RDWR);
	unsigned char *bytes = map(fd);

	close(fd);
	bytes[PAGE] = 'c';
	return bytes;
}

int main(void)
{
	unsigned char *hidden = make(0x55, PROT_NONE);
	unsigned char *executed = make(0x66, PROT_EXEC);
	unsigned char *read_only = make(0x77, PROT_READ);
	unsigned char *deleted = make_deleted(), *zero = make_zero();

	service_ready();

	service_check(faults_with(hidden) == SIGSEGV);
	service_check(mprotect(hidden, SIZE, PROT_READ) == 0);
	service_check(is_made(hidden, 0x55));
	service_check(((int (*)(void))(uintptr_t)executed)() == 42);
	service_check(smaps_has_flag(executed, "ex"));
	service_check(!smaps_has_flag(executed, "rd"));
	service_check(mprotect(executed, SIZE, PROT_READ) == 0);
	service_check(is_made(executed, 0x66));
	service_check(is_made(read_only, 0x77));
	service_check(!smaps_has_flag(read_only, "wr"));
	service_check(!smaps_has_flag(read_only, "ex"));
	for (int i = 0; i < SIZE; i++) {
		service_check(deleted[i] == (i == PAGE ? 'c' : 'f'));
		service_check(zero[i] == (i == PAGE ? 'c' : 0));
	}
	deleted[0] = zero[0] = 'w';
	service_check(madvise(zero, SIZE, MADV_DONTNEED) == 0);
	service_check(zero[0] == 0 && zero[PAGE] == 0);
	return service_end();
}
