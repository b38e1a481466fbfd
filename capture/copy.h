/*
 * copy.h - bytes of a stopped service into a file, zeros left out
 */
#ifndef CAPTURE_COPY_H
#define CAPTURE_COPY_H

#include <stdbool.h>

#include "common/page_digest.h"
#include "pagemap.h"
#include "tracee.h"

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
 * @source, @fd: from where to where
 * @inspector: whoever wants to see what is copied next; may be changed
 * @digest: of what is written; whoever reads it begins it
 * @total: how much there is in all, for the progress
 * @done: how much has been copied
 * @written: how much of that was not zeros
 * @dense: how much was copied since the last page of zeros
 * @reserved: the part of the file for which blocks were asked for last
 */
struct copy {
	const struct tracee *source;
	int fd;
	struct copy_progress progress;
	struct copy_inspector inspector;
	struct page_digest *digest;
	uint64_t total;
	uint64_t done;
	uint64_t written;
	uint64_t dense;
	struct core_range reserved;
	char *buffer;
};

int copy_open(struct copy *ret_copy, const struct tracee *source, int fd,
	      uint64_t total, struct copy_progress progress, struct error *err);
/*
 * Copies @count runs of memory; the address @start goes to @offset of the file,
 * and the others are as far from it.  Pages of zeros are not written; the
 * others are added to @written_runs.  Mappings come in any order.
 */
int copy_runs(struct copy *copy, const struct core_range *runs, size_t count,
	      uint64_t start, uint64_t offset, struct page_runs *written_runs,
	      struct error *err);
void copy_close(struct copy *copy);

#endif
