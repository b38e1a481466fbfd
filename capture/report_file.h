/*
 * report_file.h - the report as JSON, in a file of its own
 *
 * Standard output is the service's, too.  The file is opened before there is a
 * service, so that nobody waits for a report in vain, and has its name when it is
 * complete; what is there already and is no regular file (a pipe, a terminal) is
 * written to as it is.
 */
#ifndef CAPTURE_REPORT_FILE_H
#define CAPTURE_REPORT_FILE_H

#include "capture/core/output.h"
#include "options.h"
#include "report.h"

/* @fd: of what is no regular file, or -1 */
struct report_file {
	const char *path;
	struct output output;
	int fd;
};

/* The one that @options name; it may be none of their other files. */
int report_file_open(struct report_file *ret_file,
		     const struct options *options, struct error *err);
/*
 * What fails is put before the message that @err may have: it does not undo what
 * is reported.
 */
void report_file_write(struct report_file *file, const struct report *report,
		       struct error *err);
/* Safe at any time after report_file_open(), and of zeros with an @fd of -1. */
void report_file_close(struct report_file *file);

#endif
