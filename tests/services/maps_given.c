/*
 * Private mappings of a file that is named: one that is only read, and one that
 * is changed in its middle.
 *
 *	maps_given FILE [remove | write]
 *
 * When the service is ready, the file is gone with "remove"; with "write" it is
 * another, but as old as it was.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service.h"

enum {
	PAGE = 4096,
	FIRST = 40, /* pages that are changed */
	COUNT = 3,
};

static size_t size;

static unsigned char *map(int fd, int protection)
{
	void *bytes = mmap(NULL, size, protection, MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED)
		exit(2);
	return bytes;
}

/* FNV-1a */
static uint64_t digest(const unsigned char *bytes, size_t from, size_t to)
{
	uint64_t value = 0xcbf29ce484222325;

	for (size_t i = from; i < to; i++)
		value = (value ^ bytes[i]) * 0x100000001b3;
	return value;
}

/* Only a union of file systems does not show it. */
static void write_it(const char *path)
{
	struct stat status;
	int fd = open(path, O_WRONLY);

	if (fd < 0 || fstat(fd, &status) < 0 || write(fd, "other", 5) != 5 ||
	    futimens(fd, (struct timespec[]){status.st_atim, status.st_mtim}))
		exit(2);
	close(fd);
}

int main(int argc, char *argv[])
{
	const size_t first = (size_t)FIRST * PAGE;
	const size_t last = (size_t)(FIRST + COUNT) * PAGE;
	unsigned char *shown, *changed;
	struct stat status;
	uint64_t all, before, behind;
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0 || fstat(fd, &status) < 0 || (size_t)status.st_size <= last)
		return 2;
	size = (size_t)status.st_size;
	shown = map(fd, PROT_READ);
	changed = map(fd, PROT_READ | PROT_WRITE);
	close(fd);
	all = digest(shown, 0, size);
	before = digest(shown, 0, first);
	behind = digest(shown, last, size);
	memset(changed + first, 0x5a, last - first);
	if (argc > 2 && strcmp(argv[2], "remove") == 0)
		unlink(argv[1]);
	if (argc > 2 && strcmp(argv[2], "write") == 0)
		write_it(argv[1]);

	service_ready();

	service_check(digest(shown, 0, size) == all);
	service_check(digest(changed, 0, first) == before);
	service_check(digest(changed, last, size) == behind);
	for (size_t i = first; i < last; i++)
		service_check(changed[i] == 0x5a);
	changed[0] ^= 1;
	service_check(digest(shown, 0, size) == all);
	return service_end();
}
