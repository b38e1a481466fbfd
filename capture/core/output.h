/*
 * output.h - a file that appears complete or not at all
 *
 * It has no name while it is written (O_TMPFILE, open(2)), so that nothing is
 * left behind however we end; where the file system knows no such files, it
 * has a temporary name in the same folder.
 */
#ifndef CORE_OUTPUT_H
#define CORE_OUTPUT_H

#include <limits.h>

#include "common/error.h"

/* @temporary: its name until it has its own, or "" while it has none */
struct output {
	int fd;
	char path[PATH_MAX];
	char temporary[PATH_MAX];
};

/* Mode 0600: a core holds every secret of the service. */
int output_open(struct output *ret_output, const char *path, struct error *err);
/* Has others find it by @temporary. */
int output_name(struct output *output, struct error *err);
/* Gives it its name, in place of a file that has it already. */
int output_commit(struct output *output, struct error *err);
/* Safe at any time after output_open(); what was not committed is gone. */
void output_close(struct output *output);

#endif
