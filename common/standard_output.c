/*
 * standard_output.c - what was printed, and whether it got anywhere
 */
#include "standard_output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

/* Those of write(2) that no call since then gives for a reason of its own. */
static bool is_for_want_of_room(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

/* Nobody keeps why an earlier part was lost; musl tries no part again. */
int standard_output_flush(struct error *err)
{
	const int last = errno;
	int code = 0;

	if (fflush(stdout) != 0)
		code = errno;
	else if (ferror(stdout))
		code = is_for_want_of_room(last) ? last : EIO;
	return code ? error_system(err, code, "cannot write to standard output")
		    : 0;
}
