/*
 * surroundings.h - what the kernel shows of a process besides its memory
 *
 * Read from /proc/PID and with prlimit(2), without the help of the process.
 */
#ifndef STATE_SURROUNDINGS_H
#define STATE_SURROUNDINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/error.h"

/* What is only ever compared, as text. */
enum surrounding {
	SURROUNDING_USERS,
	SURROUNDING_GROUPS,
	SURROUNDING_MORE_GROUPS,
	SURROUNDING_INHERITABLE,
	SURROUNDING_PERMITTED,
	SURROUNDING_EFFECTIVE,
	SURROUNDING_BOUNDING,
	SURROUNDING_AMBIENT,
	SURROUNDING_SECCOMP,
	SURROUNDING_FILTERS,
	SURROUNDING_NODES,
	SURROUNDING_SESSION,
	SURROUNDING_ROOT,
	SURROUNDING_CORE_FILTER,
	SURROUNDING_OOM_ADJUST,
	SURROUNDING_LABEL,
	SURROUNDING_NAMESPACES, /* the first of several */
	SURROUNDING_USER_NAMESPACE = SURROUNDING_NAMESPACES + 8,
	SURROUNDING_COUNT = SURROUNDING_NAMESPACES + 10,
};

enum {
	SURROUNDING_SIZE = 256, /* longer ones are cut */
};

/*
 * To whom a signal is sent when something can be read or written (F_SETOWN_EX,
 * F_SETSIG), as the kernel has it.
 */
struct stream_signal {
	int owner_kind;
	int owner;
	int number;
};

/*
 * @texts: "" where this kernel does not show it
 * @limits: by RLIMIT_*
 * @stream_flags: of descriptors 0 to 2 from fdinfo, -1 for a closed one
 * @stream_signals: of descriptors 0 to 2, zeros where none are asked for
 * @working_folder: as the link shows it
 */
struct surroundings {
	char texts[SURROUNDING_COUNT][SURROUNDING_SIZE];
	struct rlimit limits[RLIM_NLIMITS];
	int stream_flags[3];
	struct stream_signal stream_signals[3];
	uint32_t umask;
	char working_folder[PATH_MAX];
};

int surroundings_read(struct surroundings *ret_surroundings, pid_t pid,
		      struct error *err);

const char *surrounding_name(enum surrounding which);

/* Whether every thread has its own, as in /proc/PID/task/TID/status. */
bool surrounding_is_of_thread(enum surrounding which);
/* Only those, of one thread. */
int surroundings_read_thread(struct surroundings *ret_surroundings, pid_t pid,
			     pid_t tid, struct error *err);

#endif
