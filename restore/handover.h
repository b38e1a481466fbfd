/*
 * handover.h - carrying out a plan
 */
#ifndef RESTORE_HANDOVER_H
#define RESTORE_HANDOVER_H

#include <stdint.h>

#include "plan.h"

/*
 * What handover_x86_64.S finds at rdx; it knows these offsets.
 * @calls: the first of all lists
 * @thread_count: those besides the main thread
 * @arrived, @left: how many of these have made their calls, and how many need
 *	nothing any more of what goes
 * @go: 1 when they may leave
 * @run: call_run(), as a copy
 */
struct handover_end {
	uint64_t work;
	uint64_t work_size;
	uint64_t frame;
	uint64_t text[6]; /* three texts for a failure: address, size */
	uint64_t calls;
	uint64_t late;
	uint64_t late_count;
	uint64_t run;
	uint32_t thread_count;
	uint32_t arrived;
	uint32_t go;
	uint32_t left;
};

/* What a thread besides the main one finds at rbx, as above. */
struct handover_thread {
	uint64_t calls;
	uint64_t call_count;
	uint64_t frame;
};

/* The code that is copied into the page that stays. */
extern const char handover_code[], handover_thread[], handover_code_end[];

/* Where the plan's copy of it begins for a thread besides the main one. */
uint64_t handover_thread_address(const struct plan *plan);

/*
 * Maps a region for the plan, and returns where; the bytes of a plan go there.
 */
int handover_map(const struct core *core, size_t size,
		 unsigned char **ret_bytes, struct error *err);

/* Becomes the service.  Comes back only if the region cannot be protected. */
int handover_run(const struct plan *plan, struct error *err);

#endif
