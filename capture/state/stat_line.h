/*
 * stat_line.h - the line in /proc/PID/stat and /proc/PID/task/TID/stat
 */
#ifndef STATE_STAT_LINE_H
#define STATE_STAT_LINE_H

/* Fields as proc_pid_stat(5) counts them, from 1. */
enum {
	STAT_STATE = 3,
	STAT_PARENT = 4,
	STAT_GROUP = 5,
	STAT_TERMINAL = 7,
	STAT_FLAGS = 9,
	STAT_START_TIME = 22, /* in ticks of the clock, since the boot */
	STAT_START_CODE = 26,
	STAT_END_CODE = 27,
	STAT_START_STACK = 28,
	STAT_START_DATA = 45,
	STAT_END_DATA = 46,
	STAT_START_BRK = 47,
	STAT_ARG_START = 48,
	STAT_ARG_END = 49,
	STAT_ENV_START = 50,
	STAT_ENV_END = 51,
};

/*
 * Where a field begins, in @line; NULL when it has none so high.
 * @field: STAT_STATE or behind it, as a name may look like any of them
 */
const char *stat_field(const char *line, int field);

#endif
