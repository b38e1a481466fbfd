/*
 * copy.c - bytes of a stopped service into a file, zeros left out
 *
 * 256 KiB at a time: larger writes were erratic, smaller ones slower.  The
 * blocks of a run are asked for before it is written, which is a fifth faster
 * on ext4 than having each write look for its own.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"

enum {
	PIECE = 256 << 10,
	WORTH_ALLOCATING = 1 << 20,
};

int copy_open(struct copy *ret_copy, const struct tracee *source, int fd,
	      uint64_t total, struct copy_progress progress, struct error *err)
{
	char *buffer = aligned_alloc(CORE_PAGE_SIZE, PIECE);

	if (!buffer)
		return error_system(err, ENOMEM, "cannot copy the memory");
	*ret_copy = (struct copy){
		.source = source,
		.fd = fd,
		.progress = progress,
		.total = total,
		.buffer = buffer,
	};
	return 0;
}

void copy_close(struct copy *copy)
{
	free(copy->buffer);
	*copy = (struct copy){0};
}

/*
 * A page of zeros equals itself moved by a word, if its first word is zero.
 * memcmp() is vectorised for the processor at hand, and most pages differ in
 * their first line.
 */
static bool is_zero(const char *page)
{
	uint64_t first;

	memcpy(&first, page, sizeof(first));
	return first == 0 && memcmp(page, page + sizeof(first),
				    CORE_PAGE_SIZE - sizeof(first)) == 0;
}

static int write_pages(struct copy *copy, const char *pages, uint64_t size,
		       uint64_t address, uint64_t offset,
		       struct page_runs *written_runs, struct error *err)
{
	int r = io_pwrite_all(copy->fd, pages, size, offset);

	if (r < 0)
		return error_system(err, -r, "cannot write the memory");
	copy->written += size;
	return page_runs_add(written_runs, address, address + size, err);
}

/* What lies between pages of zeros goes out in one write. */
static int write_piece(struct copy *copy, uint64_t size, uint64_t address,
		       uint64_t offset, bool is_allocated,
		       struct page_runs *written_runs, struct error *err)
{
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < size) {
		uint64_t from = at;

		while (at < size && !is_zero(copy->buffer + at))
			at += CORE_PAGE_SIZE;
		if (at > from)
			r = write_pages(copy, copy->buffer + from, at - from,
					address + from, offset + from,
					written_runs, err);
		from = at;
		while (at < size && is_zero(copy->buffer + at))
			at += CORE_PAGE_SIZE;
		/* A file system that cannot punch keeps zeros: no harm. */
		if (at > from && is_allocated &&
		    fallocate(copy->fd,
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)(offset + from), (off_t)(at - from)) < 0)
			continue;
	}
	return r;
}

/* -1 where the file system allocates nothing in advance. */
static int allocate(int fd, uint64_t offset, uint64_t size, bool *ret_done,
		    struct error *err)
{
	*ret_done = size >= WORTH_ALLOCATING &&
		    fallocate(fd, 0, (off_t)offset, (off_t)size) == 0;
	if (size >= WORTH_ALLOCATING && !*ret_done && errno != EOPNOTSUPP &&
	    errno != EINTR)
		return error_system(err, errno, "cannot write the memory");
	return 0;
}

int copy_run(struct copy *copy, uint64_t start, uint64_t end, uint64_t offset,
	     struct page_runs *written_runs, struct error *err)
{
	bool is_allocated;
	int r = allocate(copy->fd, offset, end - start, &is_allocated, err);

	while (r == 0 && start < end) {
		uint64_t size = end - start < PIECE ? end - start : PIECE;

		r = tracee_read(copy->source, start, copy->buffer, size, err);
		if (r == 0 && copy->inspector.inspect)
			r = copy->inspector.inspect(copy->inspector.context,
						    copy->buffer, size, start,
						    err);
		if (r == 0)
			r = write_piece(copy, size, start, offset, is_allocated,
					written_runs, err);
		start += size;
		offset += size;
		copy->done += size;
		if (r == 0 &&
		    copy->progress.is_cancelled(copy->progress.context,
						copy->done, copy->total))
			r = error_set(err, FAULT_SYSTEM, "it was cancelled");
	}
	return r;
}
