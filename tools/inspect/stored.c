/*
 * stored.c - the bytes of a core's file that are not holes
 */
#include "stored.h"

#include <errno.h>
#include <unistd.h>

/* Behind the last bytes lseek(2) finds none (ENXIO). */
static uint64_t find_data(int fd, uint64_t at, uint64_t end)
{
	const off_t found = lseek(fd, (off_t)at, SEEK_DATA);

	if (found < 0)
		return errno == ENXIO ? end : at;
	return (uint64_t)found < end ? (uint64_t)found : end;
}

static uint64_t find_hole(int fd, uint64_t at, uint64_t end)
{
	const off_t found = lseek(fd, (off_t)at, SEEK_HOLE);

	return found < 0 || (uint64_t)found > end ? end : (uint64_t)found;
}

/* Blocks of the file system may be smaller than pages. */
bool stored_next(int fd, uint64_t at, uint64_t end,
		 struct core_range *ret_range)
{
	const uint64_t mask = CORE_PAGE_SIZE - 1;
	const uint64_t start = at < end ? find_data(fd, at, end) : end;
	uint64_t hole;

	if (start == end)
		return false;
	hole = (find_hole(fd, start, end) + mask) & ~mask;
	*ret_range =
		(struct core_range){start & ~mask, hole < end ? hole : end};
	return true;
}

uint64_t stored_size(int fd, uint64_t offset, uint64_t size)
{
	const uint64_t end = offset + size;
	struct core_range range = {offset, offset};
	uint64_t sum = 0;

	while (stored_next(fd, range.end, end, &range))
		sum += range.end - range.start;
	return sum;
}
