/*
 * seams.h - the ends of blocks that libc's allocator may grow in place
 *
 * glibc takes large blocks from mmap(2) and grows them with mremap(2).  Each
 * begins with a header, by which it is found among the bytes that are copied;
 * what only looks like one costs two mappings and is otherwise harmless.
 */
#ifndef MEMORY_SEAMS_H
#define MEMORY_SEAMS_H

#include <stdbool.h>

#include "capture/core/copy.h"
#include "common/mapping.h"
#include "pagemap.h"

enum {
	SEAMS_MAX = 4096,
};

/* @mapping: the one whose bytes come; @found: the last pages of blocks. */
struct seams {
	const struct mapping *mapping;
	struct page_runs found;
};

/* Whether a block of @m begins in the page at @address, which holds @page. */
bool seams_begin_block(const struct mapping *m, const char *page,
		       uint64_t address);

/* As struct copy_inspector wants it; @context is a struct seams. */
int seams_inspect(void *context, const char *bytes, size_t size,
		  uint64_t address, struct error *err);

/*
 * Sorts what was found and keeps, once each, the pages that lie in @written,
 * as what is not written is anonymous already.  *ret_seams is allocated.
 */
int seams_conclude(struct seams *seams, const struct page_runs *written,
		   uint64_t **ret_seams, size_t *ret_count, struct error *err);
void seams_deinit(struct seams *seams);

#endif
