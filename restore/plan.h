/*
 * plan.h - a restore, as a list of calls that someone else carries out
 *
 * Making the plan needs the core and can fail; carrying it out happens when
 * our libc is unmapped and nothing but a number can be reported.  So whatever
 * can be decided is decided here.  A plan is bytes for a region of memory that
 * lies where the image has nothing:
 *
 *	region   arguments for the service    rw-  stays, if there are any
 *	         magic, code, frames          r-x  stays ("handover page")
 *	         patched vdso, data, stacks,
 *	         calls                        rw-  goes
 *
 * The restorer's own thread becomes the service's main thread.  Its early calls
 * make the memory and the other threads, each of which has a list of its own;
 * when all of these are done, its late calls make the process, and only when
 * nothing can fail any more do all of them go on as the service.
 */
#ifndef RESTORE_PLAN_H
#define RESTORE_PLAN_H

#include <stdbool.h>

#include "common/call.h"
#include "common/core_reader.h"
#include "common/error.h"
#include "frame.h"
#include "vdso.h"

/*
 * What the restorer adds to the core.
 * @argc, @argv: for the service, through subctx.h
 * @shared_fds: for each mapping an open file, or -1
 * @source_fds: for each source of the core
 * @fds: how many of them there are to be closed
 * @pid, @user: ours, and so the service's
 * @mask: the signals that were blocked when we were started
 * @layout: how frames are laid out here
 * @has_timer_ids: timers can be made with an id (plan_can_choose_timer_ids())
 * @touched: what is to be at hand; with @populate all of it is
 * @huge_pages: large memory is to have some
 * @vdso: where the kernel's own pages go
 */
struct plan_input {
	const struct core *core;
	int argc;
	char **argv;
	const int *shared_fds;
	const int *source_fds;
	uint32_t pid;
	uint32_t user;
	uint64_t mask;
	const struct vdso_plan *vdso;
	const struct frame_layout *layout;
	bool has_timer_ids;
	const struct core_touched *touched;
	size_t touched_count;
	bool populate;
	bool huge_pages;
};

/*
 * @address, @size: the region; @bytes are what it has to hold
 * @kept: from here on it stays, up to @work
 * @work: from here on it goes
 * @calls: within @bytes, as is everything else here: up to @early for the main
 *	thread, then for the others, from @late on for the main thread again
 * @stack: the top of that of the main thread
 * @frames: for each thread the stack pointer for rt_sigreturn(2)
 * @tids: where the ids of the threads will be, four bytes each
 * @is_patched: ids are written into frames, which have to be writable till late
 * @end: where the struct handover_end lies
 */
struct plan {
	uint64_t address;
	size_t size;
	unsigned char *bytes;
	size_t kept;
	size_t work;
	struct call *calls;
	size_t call_count;
	size_t call_max;
	size_t early;
	size_t late;
	size_t data;
	size_t data_end;
	uint64_t stack;
	uint64_t *frames;
	uint64_t tids;
	bool is_patched;
	uint64_t end;
};

/* How large the region has to be, in whole pages. */
size_t plan_region_size(const struct plan_input *input);

/*
 * The first address at or above @lowest where @size bytes are free in the
 * image, far enough from what grows; 0 when there is none.
 */
uint64_t plan_find_region(const struct core *core, uint64_t lowest,
			  size_t size);

/* @bytes: zeroed, of plan_region_size(), to lie at @address */
int plan_make(struct plan *ret_plan, const struct plan_input *input,
	      unsigned char *bytes, uint64_t address, struct error *err);

/*
 * Whether what the service has set about itself may be set here, or an error by
 * its name.
 */
int plan_try(const struct core *core, struct error *err);

/* Whether the kernel lets us choose the ids of timers, since Linux 6.15. */
bool plan_can_choose_timer_ids(void);

/*
 * One line for each descriptor that is made, and for each call, as strace(1)
 * would show it.
 */
void plan_print(const struct core *core, const struct plan *plan);

#endif
