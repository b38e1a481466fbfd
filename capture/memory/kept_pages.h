/*
 * kept_pages.h - memory as it was once, to be compared with what it became
 *
 * Byte by byte, as nothing tells which pages were written that is there on
 * every kernel (soft-dirty bits are not) and says no more than that: a page
 * that is private may have been so all the time, and hold what it held.
 */
#ifndef MEMORY_KEPT_PAGES_H
#define MEMORY_KEPT_PAGES_H

#include "capture/tracee/tracee.h"
#include "common/mapping.h"
#include "pagemap.h"

/* @bytes: those of all @runs, one behind the other; owned */
struct kept_pages {
	struct page_runs runs;
	char *bytes;
};

/*
 * Keeps what private memory holds that its file does not.  Code is not read: it
 * is its file's, but for breakpoints and the like of ours.
 */
int kept_pages_take(struct kept_pages *ret_kept,
		    const struct mapping_list *mappings, const struct tracee *t,
		    struct error *err);

/*
 * How many bytes, as whole pages, are not as they were in the part from @start
 * to @end of @m, a mapping of then that is still there.
 */
int kept_pages_compare(const struct kept_pages *kept, const struct mapping *m,
		       uint64_t start, uint64_t end, const struct tracee *t,
		       uint64_t *ret_changed, struct error *err);
void kept_pages_deinit(struct kept_pages *kept);

#endif
