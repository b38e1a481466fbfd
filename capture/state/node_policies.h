/*
 * node_policies.h - memory that was bound to NUMA nodes of its own (mbind(2))
 */
#ifndef STATE_NODE_POLICIES_H
#define STATE_NODE_POLICIES_H

#include "capture/audit.h"
#include "capture/tracee/inferior.h"
#include "common/mapping.h"

enum {
	NODE_POLICIES_AT_ONCE = 64,
};

/*
 * Thread @tid is asked for the policy of each mapping; those that have one are
 * refused.  /proc/PID/numa_maps says the same, but looks at every page for it.
 */
int node_policies_audit(const struct inferior *inferior, pid_t tid,
			const struct mapping_list *mappings,
			struct audit *audit, struct error *err);

#endif
