/*
 * stored.c - the bytes of a core's file that are not holes
 */
#include "stored.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	PIECE = 256 << 10,
};

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

static size_t padded(size_t size)
{
	return (size + CORE_PAGE_SIZE - 1) & ~(size_t)(CORE_PAGE_SIZE - 1);
}

static int add_range(int fd, const struct stored_bytes *of,
		     const struct core_range *range, struct page_digest *digest,
		     char *piece)
{
	for (uint64_t at = range->start; at < range->end; at += PIECE) {
		const size_t part =
			range->end - at < PIECE ? range->end - at : PIECE;
		int r = io_pread_all(fd, piece, part, at);

		if (r < 0)
			return r;
		memset(piece + part, 0, padded(part) - part);
		page_digest_add(digest, of->address + (at - of->offset), piece,
				padded(part));
	}
	return 0;
}

int stored_digest(int fd, const struct stored_bytes *of,
		  struct page_digest *digest, uint64_t *ret_value,
		  uint64_t *bytes)
{
	const uint64_t end = of->offset + of->size;
	struct core_range range = {of->offset, of->offset};
	cleanup_heap char *piece = aligned_alloc(CORE_PAGE_SIZE, PIECE);
	int r = piece ? 0 : -ENOMEM;

	page_digest_begin(digest);
	while (r == 0 && stored_next(fd, range.end, end, &range)) {
		r = add_range(fd, of, &range, digest, piece);
		*bytes += range.end - range.start;
	}
	*ret_value = page_digest_value(digest);
	return r;
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
