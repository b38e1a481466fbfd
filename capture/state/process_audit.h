/*
 * process_audit.h - who is bound to the service besides itself
 */
#ifndef STATE_PROCESS_AUDIT_H
#define STATE_PROCESS_AUDIT_H

#include "capture/audit.h"
#include "capture/tracee/tracee.h"

/*
 * Processes that the service has started or traces: refused one by one.
 * @has_dependents: as wait(2) says in the service
 */
int process_audit(const struct tracee *t, bool has_dependents,
		  struct audit *audit, struct error *err);

#endif
