/*
 * carry_check.h - what open files that are carried need of each other
 */
#ifndef FILES_CARRY_CHECK_H
#define FILES_CARRY_CHECK_H

#include <sys/types.h>

#include "capture/audit.h"
#include "carried.h"

/*
 * Finds the other end of each pair, forgets the watches of descriptors that are
 * not carried, and refuses what another process has, too, or is half of
 * something.  Descriptors are in order afterwards.
 */
void carry_check(struct carried *carried, pid_t pid, bool is_started,
		 struct audit *audit);

#endif
