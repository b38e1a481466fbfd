/*
 * plan_build.h - what the parts of plan share
 *
 * Included by plan*.c only.
 */
#ifndef RESTORE_PLAN_BUILD_H
#define RESTORE_PLAN_BUILD_H

#include "plan.h"

/* Calls and data never exceed what plan_region_size() has counted. */
void plan_add(struct plan *plan, struct call call);
/* Keeps bytes in the region; where they will lie. */
uint64_t plan_keep(struct plan *plan, const void *bytes, size_t size);
/* Where the call will be that is added after @ahead others. */
uint64_t plan_call_address(const struct plan *plan, size_t ahead);
/* Has the id of @thread copied to an address; all of it, or the lower 24 bits. */
void plan_copy_tid(struct plan *plan, uint64_t to, uint32_t thread,
		   size_t size);

/* The most calls that the memory of @core can take. */
size_t plan_memory_calls(const struct core *core);
void plan_memory(struct plan *plan, const struct plan_input *input);

/* Has the pages at hand, as the process's own if they are to be @written. */
void plan_fetch(struct plan *plan, struct core_range range, bool is_written);
/* Those that are needed first, or all, when all memory is there. */
size_t plan_prefetch_calls(const struct plan_input *input);
void plan_prefetch(struct plan *plan, const struct plan_input *input);

/* What threads take from the data. */
size_t plan_threads_calls(const struct core *core);
size_t plan_threads_data(const struct core *core);
/* Makes all threads but the leader; and then what each of them does. */
void plan_clones(struct plan *plan, const struct plan_input *input);
/* Sends a signal again: to the process, or to the thread whose list it is. */
void plan_pending(struct plan *plan, const struct plan_input *input,
		  const struct core_pending *pending);
/* What a thread needs, the leader included. */
void plan_thread(struct plan *plan, const struct plan_input *input,
		 uint32_t thread);

/* One of its calls, or several. */
void plan_attribute(struct plan *plan, const struct core *core,
		    const struct core_attribute *item);
/* Attributes of @thread that are set @once, or those that are not. */
void plan_attributes(struct plan *plan, const struct core *core,
		     uint32_t thread, bool once);

/*
 * Whether the signal is that of a timer that goes on: the kernel sends it again
 * when the timer expires at once, and then counts on.
 */
bool plan_timer_sends(const struct core *core,
		      const struct core_pending *pending);
size_t plan_timers_calls(const struct plan_input *input);
size_t plan_timers_data(const struct core *core);
void plan_timers(struct plan *plan, const struct plan_input *input);

/* The mm fields, when all memory is there. */
void plan_mm(struct plan *plan, const struct core *core);

/*
 * What is done on signals: before any is sent again, as the kernel throws those
 * away that are to be ignored.
 */
void plan_signals(struct plan *plan, const struct core *core);

/* The late calls. */
size_t plan_process_calls(const struct core *core);
size_t plan_process_data(const struct core *core);
void plan_process(struct plan *plan, const struct plan_input *input);

#endif
