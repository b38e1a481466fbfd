/*
 * bad_option.h - what is wrong with an option that getopt_long(3) does not take
 */
#ifndef COMMON_BAD_OPTION_H
#define COMMON_BAD_OPTION_H

#include "error.h"

/*
 * @code: what it returned: '?', or ':' for a value that is missing; codes of long
 *	options begin at 256.  FAULT_USAGE, with @hint.
 */
int bad_option(struct error *err, int argc, char *argv[], int code,
	       const char *hint);

#endif
