/*
 * working_set.h - the pages that a service needs for its first requests
 *
 * They are recorded once (subctx-restore --record) and kept in the core, and
 * every later restore has them at hand before the service goes on: a few calls
 * instead of a page fault for each.  They change nothing but speed, so a list
 * that is not whole is passed over.
 */
#ifndef RESTORE_WORKING_SET_H
#define RESTORE_WORKING_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core_reader.h"
#include "common/error.h"

enum {
	WORKING_SET_MAX =
		(CORE_WORKING_SET_ROOM - sizeof(struct core_working_set)) /
		sizeof(struct core_touched),
};

/* @items: ascending, apart, each within one mapping; within @bytes */
struct working_set {
	const struct core_touched *items;
	size_t count;
	void *bytes;
	size_t size;
};

/* What the core has; nothing, if it has none or a damaged one. */
void working_set_read(struct working_set *ret_set, const struct core *core);
void working_set_deinit(struct working_set *set);

/*
 * Puts @count items, at most WORKING_SET_MAX, into the core instead of those
 * that were there.
 * @fd: the file of @core, open for writing
 */
int working_set_write(int fd, const struct core *core,
		      const struct core_touched *items, size_t count,
		      struct error *err);

/* Whether @size bytes hold a working set for @core that is whole. */
bool working_set_is_whole(const void *bytes, size_t size,
			  const struct core *core);

#endif
