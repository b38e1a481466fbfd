/*
 * copy.c - bytes of a stopped service into a file, zeros left out
 *
 * 256 KiB at a time: larger writes were erratic, smaller ones slower.  Runs that
 * are shorter are read together.
 *
 * Where there is much to copy, a second thread writes while the first reads.  It
 * is not the other way round, as a kernel may let only the thread that traces
 * read what the service itself cannot (tracee_read()), and as what inspects the
 * bytes reads more of the service.  Two that write would wait for each other: a
 * file has one lock.
 *
 * Blocks are asked for before they are written, which is a fifth faster on ext4
 * than having each write look for its own.  Where pages of zeros turn up, blocks
 * have to be given back, which is slower than anything else if it is done for
 * each of them.  So no more is asked for than was copied since the last such
 * page, and all of it that is left is given back at the next.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/io.h"

enum {
	PIECE = 256 << 10,
	WORTH_ALLOCATING = 1 << 20,
	SLOTS = 8, /* of PIECE bytes; together they should fit into a cache */
	WORTH_A_THREAD = 16 << 20,
};

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

static bool is_reserved(const struct copy *copy, uint64_t offset)
{
	return offset >= copy->reserved.start && offset < copy->reserved.end;
}

/* -EOPNOTSUPP where the file system allocates nothing in advance. */
static int allocate(struct copy *copy, uint64_t offset, uint64_t left,
		    struct error *err)
{
	const uint64_t size = left < copy->dense ? left : copy->dense;

	if (is_reserved(copy, offset) || size < WORTH_ALLOCATING)
		return 0;
	if (fallocate(copy->fd, 0, (off_t)offset, (off_t)size) == 0)
		copy->reserved = (struct core_range){offset, offset + size};
	else if (errno != EOPNOTSUPP && errno != EINTR)
		return error_system(err, errno, "cannot write the memory");
	return 0;
}

/*
 * What follows of the reserved part has not been written yet.  A file system
 * that cannot punch keeps zeros: no harm.
 */
static void give_back(struct copy *copy, uint64_t offset)
{
	copy->dense = 0;
	if (!is_reserved(copy, offset))
		return;
	if (fallocate(copy->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)offset, (off_t)(copy->reserved.end - offset)) == 0)
		copy->reserved.end = offset;
}

static int write_pages(struct copy *copy, const char *pages, uint64_t size,
		       uint64_t address, uint64_t offset,
		       struct page_runs *written_runs, struct error *err)
{
	int r = io_pwrite_all(copy->fd, pages, size, offset);

	if (r < 0)
		return error_system(err, -r, "cannot write the memory");
	page_digest_add(copy->digest, address, pages, size);
	copy->written += size;
	copy->dense += size;
	return page_runs_add(written_runs, address, address + size, err);
}

/* What lies between pages of zeros goes out in one write. */
static int write_part(struct copy *copy, const char *bytes, uint64_t size,
		      uint64_t address, uint64_t offset,
		      struct page_runs *written_runs, struct error *err)
{
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < size) {
		uint64_t from = at;

		while (at < size && !is_zero(bytes + at))
			at += CORE_PAGE_SIZE;
		if (at > from)
			r = write_pages(copy, bytes + from, at - from,
					address + from, offset + from,
					written_runs, err);
		from = at;
		while (at < size && is_zero(bytes + at))
			at += CORE_PAGE_SIZE;
		if (at > from)
			give_back(copy, offset + from);
	}
	return r;
}

static void conclude_digest(struct copy *copy)
{
	if (copy->digest_of)
		*copy->digest_of = page_digest_value(copy->digest);
	copy->digest_of = NULL;
}

/* Of each call of copy_runs() one. */
static void begin_digest(struct copy *copy, uint64_t *digest_of)
{
	if (copy->digest_of == digest_of)
		return;
	conclude_digest(copy);
	page_digest_begin(copy->digest);
	copy->digest_of = digest_of;
}

/* In the thread that writes, one batch after the other. */
static int write_batch(void *context, size_t slot, struct error *err)
{
	struct copy *copy = context;
	const struct copy_batch *batch = &copy->batches[slot];
	const struct core_range *last = &batch->parts[batch->count - 1];
	const char *bytes = batch->bytes;
	int r = allocate(copy, last->start - batch->start + batch->offset,
			 batch->last_run_end - last->start, err);

	begin_digest(copy, batch->digest);
	for (size_t i = 0; r == 0 && i < batch->count; i++) {
		const uint64_t address = batch->parts[i].start;
		const uint64_t size = batch->parts[i].end - address;

		r = write_part(copy, bytes, size, address,
			       address - batch->start + batch->offset,
			       batch->written_runs, err);
		bytes += size;
	}
	copy->done += batch->size;
	if (r < 0 && err->code == ENOSPC)
		error_context(err, "after %llu of %llu MiB",
			      (unsigned long long)copy->done >> 20,
			      (unsigned long long)copy->total >> 20);
	return r;
}

/* As much as goes into the buffer; *run and *at are where it goes on. */
static void gather(struct copy_batch *batch, const struct core_range **run,
		   const struct core_range *runs_end, uint64_t *at)
{
	batch->count = 0;
	batch->size = 0;
	while (*run < runs_end && batch->size < PIECE &&
	       batch->count < TRACEE_RANGES_MAX) {
		const uint64_t room = PIECE - batch->size;
		const uint64_t left = (*run)->end - *at;
		const uint64_t size = left < room ? left : room;

		batch->parts[batch->count++] =
			(struct core_range){*at, *at + size};
		batch->size += size;
		batch->last_run_end = (*run)->end;
		*at += size;
		if (size == left && ++*run < runs_end)
			*at = (*run)->start;
	}
}

static int read_batch(struct copy *copy, const struct copy_batch *batch,
		      struct error *err)
{
	const char *bytes = batch->bytes;
	int r = tracee_read_ranges(copy->source, batch->parts, batch->count,
				   batch->bytes, err);

	for (size_t i = 0; r == 0 && i < batch->count; i++) {
		const uint64_t address = batch->parts[i].start;
		const uint64_t size = batch->parts[i].end - address;

		if (copy->inspector.inspect)
			r = copy->inspector.inspect(copy->inspector.context,
						    bytes, size, address, err);
		bytes += size;
	}
	copy->read += batch->size;
	if (r == 0 && copy->progress.is_cancelled(copy->progress.context,
						  copy->read, copy->total))
		r = error_set(err, FAULT_SYSTEM, "it was cancelled");
	return r;
}

int copy_runs(struct copy *copy, const struct core_range *runs, size_t count,
	      uint64_t start, uint64_t offset, struct page_runs *written_runs,
	      uint64_t *ret_digest, struct error *err)
{
	const struct core_range *run = runs;
	uint64_t at = count > 0 ? run->start : 0;
	int r = 0;

	if (ret_digest)
		*ret_digest = copy->digest_of_nothing;
	while (r == 0 && run < runs + count) {
		struct copy_batch *batch;
		size_t slot;

		r = copy_ring_await(&copy->ring, &slot, err);
		if (r < 0)
			break;
		batch = &copy->batches[slot];
		batch->start = start;
		batch->offset = offset;
		batch->written_runs = written_runs;
		batch->digest = ret_digest;
		gather(batch, &run, runs + count, &at);
		r = read_batch(copy, batch, err);
		if (r == 0)
			r = copy_ring_pass(&copy->ring, err);
	}
	return r;
}

static size_t count_processors(void)
{
	cpu_set_t allowed;

	/* It fails on machines with more than fit. */
	return sched_getaffinity(0, sizeof(allowed), &allowed) < 0
		       ? CPU_SETSIZE
		       : (size_t)CPU_COUNT(&allowed);
}

int copy_open(struct copy *copy, const struct tracee *source, int fd,
	      uint64_t total, struct copy_progress progress, struct error *err)
{
	const size_t slots =
		total >= WORTH_A_THREAD && count_processors() > 1 ? SLOTS : 1;

	*copy = (struct copy){
		.source = source,
		.fd = fd,
		.progress = progress,
		.total = total,
		.dense = WORTH_ALLOCATING,
		.digest = page_digest_create(),
		.batches = calloc(slots, sizeof(*copy->batches)),
		.buffer = aligned_alloc(CORE_PAGE_SIZE, slots * PIECE),
	};
	if (!copy->digest || !copy->batches || !copy->buffer) {
		copy_close(copy);
		return error_system(err, ENOMEM, "cannot copy the memory");
	}
	copy->digest_of_nothing = page_digest_value(copy->digest);
	for (size_t i = 0; i < slots; i++)
		copy->batches[i].bytes = copy->buffer + i * PIECE;
	copy_ring_open(&copy->ring, slots,
		       (struct copy_ring_emptier){write_batch, copy});
	return 0;
}

int copy_finish(struct copy *copy, struct error *err)
{
	int r = copy_ring_drain(&copy->ring, err);

	if (r == 0)
		conclude_digest(copy);
	return r;
}

void copy_close(struct copy *copy)
{
	copy_ring_close(&copy->ring);
	page_digest_destroy(copy->digest);
	free(copy->batches);
	free(copy->buffer);
	*copy = (struct copy){0};
}
