/*
 * guards_memory [file | lock]: guards in anonymous memory, or in that of a file,
 * or in memory that is locked afterwards
 *
 * Touching one is a SIGSEGV, what is next to it keeps its contents, and where
 * a guard is removed, there are zeros, or what the file has.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "service.h"
#include "smaps.h"

enum {
	PAGE = 4096,
	COUNT = 9,
	GUARD_INSTALL = 102, /* Linux 6.13; on a file's pages, 6.15 */
	GUARD_REMOVE = 103,
};

static int is_guard(int page)
{
	return page == 0 || page == 3 || page == 4 || page == COUNT - 1;
}

static int is_filled(const unsigned char *bytes, int value)
{
	for (int i = 0; i < PAGE; i++)
		if (bytes[i] != value)
			return 0;
	return 1;
}

/* Pages filled with their number, from 1 on; of a file, if there is one. */
static unsigned char *make(int fd)
{
	unsigned char *bytes =
		mmap(NULL, COUNT * PAGE, PROT_READ | PROT_WRITE,
		     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, fd, 0);

	for (int page = 0; page < COUNT; page++)
		memset(bytes + page * PAGE, page + 1, PAGE);
	for (int page = 0; page < COUNT; page++)
		if (is_guard(page) &&
		    madvise(bytes + page * PAGE, PAGE, GUARD_INSTALL) < 0)
			return NULL;
	return bytes;
}

static void check(unsigned char *bytes, int below)
{
	for (int page = 0; page < COUNT; page++) {
		unsigned char *here = bytes + page * PAGE;

		if (!is_guard(page)) {
			service_check(is_filled(here, page + 1));
			continue;
		}
		service_check(faults_with(here) == SIGSEGV);
		service_check(faults_with(here + PAGE - 1) == SIGSEGV);
		service_check(madvise(here, PAGE, GUARD_REMOVE) == 0);
		service_check(faults_with(here) == 0 && is_filled(here, below));
		here[page] = 0x99;
		service_check(here[page] == 0x99);
	}
}

/* The kernel says that it cannot lock a guard, but does so with the rest. */
static void check_locks(unsigned char *bytes)
{
	unsigned char pages[COUNT];

	service_check(smaps_has_flag(bytes, "lo"));
	service_check(mincore(bytes, sizeof(pages) * PAGE, pages) == 0);
	for (int page = 0; page < COUNT; page++)
		service_check(is_guard(page) || pages[page] & 1);
}

int main(int argc, char *argv[])
{
	int is_locked = argc > 1 && strcmp(argv[1], "lock") == 0;
	int is_of_file = argc > 1 && strcmp(argv[1], "file") == 0, fd = -1;
	unsigned char *bytes;

	if (is_of_file)
		fd = open("guarded", O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (int i = 0; is_of_file && i < COUNT * PAGE; i++)
		if (write(fd, "f", 1) != 1)
			return 2;
	bytes = make(fd);
	close(fd);
	if (is_locked && bytes)
		mlock(bytes, (size_t)COUNT * PAGE);

	service_ready();

	if (is_locked && bytes)
		check_locks(bytes);
	if (bytes)
		check(bytes, is_of_file ? 'f' : 0);
	return service_end();
}
