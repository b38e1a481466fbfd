/*
 * stat_line.c - the line in /proc/PID/stat and /proc/PID/task/TID/stat
 */
#include "stat_line.h"

#include <string.h>

const char *stat_field(const char *line, int field)
{
	/* The name before it may hold blanks and brackets, the rest not. */
	const char *at = strrchr(line, ')');

	for (int reached = STAT_STATE - 1; at && reached < field; reached++) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}
