/*
 * node_policies.c - memory that was bound to NUMA nodes of its own (mbind(2))
 */
#include "node_policies.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>

enum {
	OF_ADDRESS = 2, /* MPOL_F_ADDR of linux/mempolicy.h */
};

static int ask_some(const struct inferior *inferior, pid_t tid,
		    const struct mapping *items, size_t count,
		    struct audit *audit, struct error *err)
{
	uint32_t modes[NODE_POLICIES_AT_ONCE];
	struct call calls[NODE_POLICIES_AT_ONCE];
	int r;

	for (size_t i = 0; i < count; i++)
		calls[i] = CALL_TRY(SYS_get_mempolicy,
				    inferior->data + i * sizeof(*modes), 0, 0,
				    items[i].start, OF_ADDRESS);
	r = inferior_run(inferior, tid, calls, count, err);
	if (r == 0)
		r = tracee_read(inferior->tracee, inferior->data, modes,
				count * sizeof(*modes), err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		char subject[64];

		/* A kernel without NUMA has nothing to bind to. */
		if (calls[i].result != 0 || modes[i] == 0)
			continue;
		snprintf(subject, sizeof(subject),
			 "memory 0x%" PRIx64 "-0x%" PRIx64, items[i].start,
			 items[i].end);
		audit_add(audit, VERDICT_REFUSED, subject,
			  "has a NUMA policy of its own (%u)", modes[i]);
		audit_remedy(audit, "Bind it after the ready point.");
	}
	return r;
}

int node_policies_audit(const struct inferior *inferior, pid_t tid,
			const struct mapping_list *mappings,
			struct audit *audit, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mappings->count;
	     i += NODE_POLICIES_AT_ONCE) {
		size_t left = mappings->count - i;

		r = ask_some(inferior, tid, mappings->items + i,
			     left < NODE_POLICIES_AT_ONCE
				     ? left
				     : NODE_POLICIES_AT_ONCE,
			     audit, err);
	}
	return r;
}
