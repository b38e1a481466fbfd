/*
 * process_audit.h - what is bound to the process besides memory and files
 */
#ifndef CAPTURE_PROCESS_AUDIT_H
#define CAPTURE_PROCESS_AUDIT_H

#include "audit.h"
#include "process_state.h"
#include "tracee.h"

/*
 * Threads, processes that it has started, timers, pending signals: refused one
 * by one.
 */
int process_audit(const struct process_state *ready, const struct tracee *t,
		  struct audit *audit, struct error *err);

#endif
