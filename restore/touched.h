/*
 * touched.h - which pages of a restored service have been touched
 *
 * What pagemap(5) says of each page becomes a short list of ranges: pages that
 * have become the process's own, and pages that show the core, of which the
 * kernel maps some around each that is asked for.
 */
#ifndef RESTORE_TOUCHED_H
#define RESTORE_TOUCHED_H

#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

/* Zero it; touched_deinit() frees it. */
struct touched {
	struct core_touched *items;
	size_t count;
	size_t capacity;
};

/*
 * Adds a page with its entry of pagemap, if it is there, to the range before or
 * as one of its own.  Pages come in ascending order.
 * @mapping: where its mapping begins: no range reaches over that
 */
int touched_add(struct touched *touched, uint64_t mapping, uint64_t address,
		uint64_t entry, struct error *err);

/*
 * Joins ranges of one kind in one mapping of @core over gaps of a few pages,
 * and over ever larger ones while there are more than @max; those that are only
 * looked at first, as what nobody needs costs little there.
 */
void touched_shorten(struct touched *touched, const struct core *core,
		     size_t max);

/* How many pages there are in all. */
uint64_t touched_pages(const struct touched *touched);

/*
 * All that process @pid has of the private memory of @core, but for what @plan
 * fills in every restore.
 */
int touched_read(struct touched *ret_touched, pid_t pid,
		 const struct core *core, const struct plan *plan,
		 struct error *err);
void touched_deinit(struct touched *touched);

#endif
