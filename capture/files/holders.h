/*
 * holders.h - other processes that have an open file of the service
 *
 * A file that was handed on by fork(2) or over a socket cannot be made again
 * for the service alone: what one writes there the other reads.
 */
#ifndef FILES_HOLDERS_H
#define FILES_HOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	HOLDER_COMM = 16,
};

/*
 * @process: one that has it, too, or 0
 * @theirs, @comm: its descriptor, and its name
 */
struct holder {
	int fd;
	uint64_t device;
	uint64_t inode;
	pid_t process;
	int theirs;
	char comm[HOLDER_COMM];
};

/* @hidden: how many processes may not be looked at */
struct holders {
	pid_t pid;
	struct holder *items;
	size_t count;
	size_t hidden;
};

/* Adds a descriptor of the service to those that are looked for. */
void holders_want(struct holders *holders, int fd);
/*
 * Looks at every process but the service and ourselves.  One that has let go of
 * it by the end does not count.
 */
void holders_find(struct holders *holders);
void holders_deinit(struct holders *holders);

#endif
