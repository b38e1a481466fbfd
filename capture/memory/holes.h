/*
 * holes.h - runs of pages that a restore makes of nothing
 *
 * What is not written to the core is zeros.  A restore maps such a run as
 * anonymous memory, which costs a mapping; below some length it is cheaper to
 * let the file's own hole stand for it.
 */
#ifndef MEMORY_HOLES_H
#define MEMORY_HOLES_H

#include "contents.h"
#include "pagemap.h"

enum {
	HOLES_MAX = 4096, /* the kernel allows 65530 mappings in all */
};

/*
 * @written: what the core has bytes for, ascending
 * @ret_holes: at most HOLES_MAX
 */
int holes_find(const struct contents *contents, const struct page_runs *written,
	       struct page_runs *ret_holes, struct error *err);

#endif
