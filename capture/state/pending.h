/*
 * pending.h - signals that were sent and not delivered yet
 */
#ifndef STATE_PENDING_H
#define STATE_PENDING_H

#include "threads.h"

/* Those of the process come first, then thread by thread, as they were sent. */
struct pending {
	struct core_pending *items;
	size_t count;
	size_t capacity;
};

/* @audit: or NULL for nobody who wants to know */
int pending_read(struct pending *ret_pending, const struct tracee *t,
		 const struct threads *threads, struct audit *audit,
		 struct error *err);
void pending_deinit(struct pending *pending);

#endif
