/*
 * capture.h - one capture, from its options to its core
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include "options.h"

/*
 * Starts or seizes the service, runs it to its ready point, audits it and
 * writes the core, and prints the report.  Afterwards it goes on or has ended,
 * as the options say; after a failure it has ended, if it was started here.
 */
int capture_run(const struct options *options, struct error *err);

#endif
