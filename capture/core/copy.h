/*
 * copy.h - bytes of a stopped service into a file, zeros left out
 */
#ifndef CORE_COPY_H
#define CORE_COPY_H

#include <stdbool.h>

#include "capture/memory/pagemap.h"
#include "capture/tracee/tracee.h"
#include "common/page_digest.h"
#include "copy_ring.h"

/*
 * Called now and then with what has been copied; true ends it all.
 */
struct copy_progress {
	bool (*is_cancelled)(void *context, uint64_t done, uint64_t total);
	void *context;
};

/* Looks at bytes while they are at hand; they lie at @address. */
struct copy_inspector {
	int (*inspect)(void *context, const char *bytes, size_t size,
		       uint64_t address, struct error *err);
	void *context;
};

/*
 * What is read at once, and written before the next.
 *
 * @parts: of runs; only the last may be less than the rest of its run
 * @size: of all parts
 * @last_run_end: where the run of the last part ends
 * @start, @offset: the file is as far from the memory as one from the other
 * @written_runs: where those of its pages go that are not zeros
 * @digest: of all batches of one call of copy_runs()
 * @bytes: of the parts, one behind the other
 */
struct copy_batch {
	struct core_range parts[TRACEE_RANGES_MAX];
	size_t count;
	uint64_t size;
	uint64_t last_run_end;
	uint64_t start;
	uint64_t offset;
	struct page_runs *written_runs;
	uint64_t *digest;
	char *bytes;
};

/*
 * Of the thread that reads:
 * @source: from where
 * @inspector: whoever wants to see what is copied next; may be changed
 * @total: how much there is in all, for the progress
 * @digest_of_nothing: what mappings have of which nothing is copied
 * @read: how much has been read
 *
 * Of the one that writes, until copy_finish():
 * @fd: where to
 * @done: how much has been copied
 * @written: how much of that was not zeros
 * @digest, @digest_of: of what is written, and where it goes to when all of that
 *	is
 * @dense: how much was copied since the last page of zeros
 * @reserved: the part of the file for which blocks were asked for last
 */
struct copy {
	const struct tracee *source;
	struct copy_progress progress;
	struct copy_inspector inspector;
	uint64_t total;
	uint64_t digest_of_nothing;
	uint64_t read;
	int fd;
	uint64_t done;
	uint64_t written;
	uint64_t dense;
	struct page_digest *digest;
	uint64_t *digest_of;
	struct core_range reserved;
	struct copy_ring ring;
	struct copy_batch *batches;
	char *buffer;
};

/* It stays where it is until it is closed. */
int copy_open(struct copy *copy, const struct tracee *source, int fd,
	      uint64_t total, struct copy_progress progress, struct error *err);
/*
 * Copies @count runs of memory; the address @start goes to @offset of the file,
 * and the others are as far from it.  Pages of zeros are not written; the
 * others are added to @written_runs.  Mappings come in any order.
 *
 * All has been read and inspected when it returns, but perhaps not been written.
 * *ret_digest is that of what was written, and there from copy_finish() on;
 * it may be NULL.
 */
int copy_runs(struct copy *copy, const struct core_range *runs, size_t count,
	      uint64_t start, uint64_t offset, struct page_runs *written_runs,
	      uint64_t *ret_digest, struct error *err);
/* All of it is written now. */
int copy_finish(struct copy *copy, struct error *err);
void copy_close(struct copy *copy);

#endif
