/*
 * watchpoints.h - the addresses at which the service may become ready
 *
 * Programs and libraries bring them when they are mapped: probes of subctx.h,
 * a function or a line that the user has named.
 */
#ifndef READY_WATCHPOINTS_H
#define READY_WATCHPOINTS_H

#include "capture/tracee/tracee.h"
#include "ready.h"

/* One file that has been looked at, where it was mapped. */
struct watched_file {
	uint64_t inode;
	uint64_t start;
};

struct watchpoints {
	const struct ready *ready;
	uint64_t *addresses;
	size_t count;
	struct watched_file *files;
	size_t file_count;
};

/*
 * Refuses a function or line that a static program does not have: nothing
 * that it loads later could bring it.
 */
int watchpoints_check(const struct ready *ready, const char *path,
		      struct error *err);

/*
 * Looks at the files with code that the service has mapped since the last
 * time, and watches what they bring.
 */
int watchpoints_update(struct watchpoints *watchpoints, struct tracee *t,
		       struct error *err);
/* The same at the exit of mmap(2), after which there may be nothing to do. */
int watchpoints_see(struct watchpoints *watchpoints, struct tracee *t,
		    const uint64_t arguments[6], struct error *err);
/* After an exec nothing is mapped any more. */
void watchpoints_clear(struct watchpoints *watchpoints);
void watchpoints_deinit(struct watchpoints *watchpoints);

#endif
