/*
 * ready_stop.h - leaving the service stopped before its first instruction
 */
#ifndef RESTORE_READY_STOP_H
#define RESTORE_READY_STOP_H

#include "common/error.h"

/*
 * Starts a process that watches this one, and stops it with SIGSTOP when the
 * last system call of the handover has returned; it is then as gdb -p wants
 * it.  The process is not our child, so the service finds none.
 */
int ready_stop_arm(struct error *err);

#endif
