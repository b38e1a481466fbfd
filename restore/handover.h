/*
 * handover.h - carrying out a plan
 */
#ifndef RESTORE_HANDOVER_H
#define RESTORE_HANDOVER_H

#include <stdint.h>

#include "plan.h"

/* What handover_x86_64.S finds at rdx; it knows these offsets. */
struct handover_end {
	uint64_t work;
	uint64_t work_size;
	uint64_t frame;
	uint64_t text[6]; /* three texts for a failure: address, size */
};

/* The code that is copied into the page that stays. */
extern const char handover_code[], handover_code_end[];

/*
 * Maps a region for the plan, and returns where; the bytes of a plan go there.
 */
int handover_map(const struct core *core, size_t size,
		 unsigned char **ret_bytes, struct error *err);

/* Becomes the service.  Comes back only if the region cannot be protected. */
int handover_run(const struct plan *plan, struct error *err);

#endif
