/*
 * page_dropper.h - who in the service may drop pages and count on zeros
 *
 * A private mapping of the core looks like anonymous memory until somebody
 * drops its pages with madvise(MADV_DONTNEED), which shows the core's bytes
 * again instead of zeros, or grows it with mremap(2), which shows the bytes
 * that follow in the core.  libc's own allocators rely on neither.  Others do
 * (jemalloc's calloc() skips the clearing of what it has dropped), so where
 * anything but a libc imports those calls, anonymous memory has to be
 * anonymous again.
 */
#ifndef MEMORY_PAGE_DROPPER_H
#define MEMORY_PAGE_DROPPER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/mapping.h"

/*
 * Looks at every file that has code in @mappings.  ret_name gets the base name
 * of the first that may drop pages, or "".  A file that can not be read any
 * more counts as one that does.
 */
void page_dropper_find(const struct mapping_list *mappings, char *ret_name,
		       size_t size);

/* Whether an ELF file at @path imports such a call, or holds one. */
bool page_dropper_is(const char *path);

#endif
