/*
 * debugger_pages.h - memory in which debuggers look before they know any file
 */
#ifndef MEMORY_DEBUGGER_PAGES_H
#define MEMORY_DEBUGGER_PAGES_H

#include "capture/state/threads.h"
#include "capture/tracee/tracee.h"
#include "pagemap.h"

/*
 * Where the loader keeps the list of what it has loaded, and the newest part of
 * each stack, ascending; some of it may be nowhere.  What cannot be read,
 * because it is something else, is passed over.
 */
int debugger_pages_find(struct page_runs *ret_pages, const struct tracee *t,
			const char *auxv, size_t auxv_size,
			const struct threads *threads, struct error *err);

#endif
