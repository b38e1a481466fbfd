/*
 * record.h - a restore that finds out which pages a service needs
 *
 * The service runs as our child, on our standard streams.  What it has touched
 * is read when it has had all of its input and sleeps, when we are told to end,
 * or when it ends, whichever comes first, and is put into the core.
 */
#ifndef RESTORE_RECORD_H
#define RESTORE_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * @child: the service to be; 0 in the child itself
 * @core_fd: the core, open for writing
 * @go: a byte in it lets the child go on
 * @input: a pipe, for what we read for the service; -1 if it reads for itself
 */
struct record {
	pid_t child;
	int core_fd;
	int go;
	int input;
};

/*
 * Forks.  The child, which has to go on as any restore, waits until it is
 * watched.
 */
int record_start(struct record *ret_record, const struct core *core,
		 const char *path, struct error *err);

/*
 * @pages, @ranges: what the core has now; none if it was no service yet
 * @status: the service's, as a shell shows it
 */
struct recorded {
	uint64_t pages;
	size_t ranges;
	int status;
};

/*
 * In the parent: waits for the end of the service, and records.
 * @plan: what the child does, too
 */
int record_watch(const struct record *record, const struct core *core,
		 const struct plan *plan, struct recorded *ret_recorded,
		 struct error *err);

#endif
