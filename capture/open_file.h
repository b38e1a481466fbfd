/*
 * open_file.h - the descriptors that the service holds
 */
#ifndef CAPTURE_OPEN_FILE_H
#define CAPTURE_OPEN_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "audit.h"

/*
 * Adds a finding for each descriptor of the process: the standard streams are
 * taken anew from the restorer, all others are refused by what they are.
 * @is_started: the service was given our own standard streams, so that one
 * that is something else now was replaced by it
 */
int open_files_audit(struct audit *audit, pid_t pid, bool is_started,
		     struct error *err);

#endif
