/*
 * files.h - the open files of the service, made again
 *
 * All of it happens while our libc is alive and anything that goes wrong can be
 * said.  First each open file is made, under a number of ours; when all of them
 * are there and the memory is planned, they are placed under the service's
 * numbers, and those that look at others are told so.
 */
#ifndef RESTORE_FILES_H
#define RESTORE_FILES_H

#include "common/core_reader.h"
#include "common/error.h"
#include "inherited.h"

/*
 * @fds: for each open file of the core a descriptor of ours, or -1
 * @core: borrowed
 * @inherited: what the caller has offered; borrowed
 * @soft: the limit on open files, to be put back
 */
struct files {
	const struct core *core;
	int *fds;
	const struct inherited *inherited;
	int lowest;
	uint64_t soft;
};

/*
 * Makes room: the limit on open files is high enough, and the descriptor of the
 * core is out of the way.  Whatever is open below is the caller's.
 */
int files_prepare(struct files *ret_files, struct core *core,
		  struct error *err);

/*
 * Makes them; on failure what was left in file systems is gone again.
 * @inherited: what the caller offers instead of some of them; borrowed
 */
int files_make(struct files *files, const struct inherited *inherited,
	       struct error *err);

/* Puts them under the numbers of the service.  Our numbers are free then. */
int files_place(struct files *files, struct error *err);

/* Takes back what others could see of files that were made. */
void files_undo(const struct files *files);

/* The words for messages: "fd 5" or "fd 5 and 2 others". */
const char *file_name(const struct core *core, uint32_t file, char text[32]);

#endif
