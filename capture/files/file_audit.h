/*
 * file_audit.h - a verdict on every descriptor of the service
 */
#ifndef FILES_FILE_AUDIT_H
#define FILES_FILE_AUDIT_H

#include <sys/types.h>

#include "capture/audit.h"
#include "carried.h"
#include "policy.h"

/*
 * @pid: it stands still
 * @is_started: by us; its standard streams are rebound only if they are ours
 * @carried: gets what the policy wants to have carried
 */
struct file_audit {
	pid_t pid;
	bool is_started;
	const struct policy *policy;
	struct carried *carried;
	struct audit *audit;
};

/*
 * Adds a finding for every descriptor.  The standard streams are rebound;
 * what the policy does not name is refused.
 */
int file_audit_make(const struct file_audit *request, struct error *err);

#endif
