/*
 * pagemap.h - which pages of a mapping exist
 */
#ifndef MEMORY_PAGEMAP_H
#define MEMORY_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/core_format.h"
#include "common/error.h"

/* Runs of pages, ascending; grows. */
struct page_runs {
	struct core_range *items;
	size_t count;
	size_t capacity;
};

/* Makes room for @count runs in all. */
int page_runs_reserve(struct page_runs *runs, size_t count, struct error *err);
/* Adds a run; one that begins where the last ends makes that longer. */
int page_runs_add(struct page_runs *runs, uint64_t start, uint64_t end,
		  struct error *err);
/* Puts them in order, by where they begin. */
void page_runs_sort(struct page_runs *runs);
void page_runs_deinit(struct page_runs *runs);

/*
 * Opens /proc/PID/pagemap for those below; a tracer may, without privilege
 * (only the frame numbers are withheld).
 */
int pagemap_open(pid_t pid, int *ret_fd, struct error *err);

/*
 * Adds to @data the pages of a private mapping from @start to @end that hold
 * something of its own: present or swapped out, but neither a page of its file,
 * the zero page nor a guard.  With @guards not NULL, adds the guard regions to that
 * (MADV_GUARD_INSTALL, since Linux 6.13).
 *
 * Asked are PAGEMAP_SCAN, since Linux 6.7, or else the entries themselves.
 */
int pagemap_find(int fd, uint64_t start, uint64_t end, struct page_runs *data,
		 struct page_runs *guards, struct error *err);

/*
 * Adds to @own the pages that are not those of the file that is mapped there.
 * The zero page is none of them: it stands for a page of zeros that was merged
 * (ksm/use_zero_pages in sysfs).
 */
int pagemap_find_own(int fd, uint64_t start, uint64_t end,
		     struct page_runs *own, struct error *err);

#endif
