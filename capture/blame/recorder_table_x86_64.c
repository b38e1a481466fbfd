/*
 * recorder_table_x86_64.c - what the recorder keeps, a slot for each descriptor
 */
#include "recorder_table.h"

#include <stdlib.h>
#include <string.h>

#include "capture/clock.h"
#include "capture/state/witness.h"

static uint64_t slot_address(const struct recorder *recorder, uint64_t fd)
{
	return recorder->table + fd * RECORDER_SLOT_SIZE;
}

static bool read_slot(const struct recorder *recorder, const struct tracee *t,
		      int fd, struct recorder_slot *ret_slot)
{
	struct error ignored = {0};

	return tracee_read(t, slot_address(recorder, (uint64_t)fd), ret_slot,
			   sizeof(*ret_slot), &ignored) == 0 &&
	       ret_slot->rsp != 0 &&
	       ret_slot->size <= RECORDER_SLOT_SIZE - RECORDER_SLOT_STACK;
}

int recorder_table_keep(const struct recorder *recorder, struct tracee *t,
			const struct recorder_site *site,
			const struct user_regs_struct *regs, struct error *err)
{
	unsigned char bytes[RECORDER_SLOT_SIZE] = {0};
	struct recorder_slot slot = {
		.rsp = regs->rsp,
		.rbp = regs->rbp,
		.rbx = regs->rbx,
		.r12 = regs->r12,
		.r13 = regs->r13,
		.r14 = regs->r14,
		.r15 = regs->r15,
		.thread_pointer = regs->fs_base,
		.ticks = recorder_ticks(),
		.rdi = regs->rdi,
		.rsi = regs->rsi,
		.rdx = regs->rdx,
		.rax = regs->rax,
		.back = site->back,
	};
	struct recorder_slot before;
	int r;

	slot.size = tracee_read_part(t, regs->rsp, bytes + RECORDER_SLOT_STACK,
				     sizeof(bytes) - RECORDER_SLOT_STACK);
	memcpy(bytes, &slot, sizeof(slot));
	r = tracee_write(t, slot_address(recorder, regs->rax), bytes,
			 RECORDER_SLOT_STACK + slot.size, err);
	if (r == 0 && witness_is_random_device(t, regs->rsi) &&
	    !read_slot(recorder, t, RECORDER_RANDOM, &before))
		r = tracee_write(t, slot_address(recorder, RECORDER_RANDOM),
				 bytes, RECORDER_SLOT_STACK + slot.size, err);
	return r;
}

/* The counter runs at one rate on all processors (constant_tsc). */
static uint64_t as_ms(const struct recorder *recorder, uint64_t ticks)
{
	const uint64_t ticks_now = recorder_ticks() - recorder->entered_ticks;
	const uint64_t ms_now = clock_now_ms() - recorder->entered_ms;

	if (ticks_now == 0)
		return recorder->entered_ms;
	return recorder->entered_ms +
	       (uint64_t)((double)(ticks - recorder->entered_ticks) *
			  (double)ms_now / (double)ticks_now);
}

/* Threads may run, so that a slot may be written while it is read. */
bool recorder_read(const struct recorder *recorder, const struct tracee *t,
		   int fd, struct recorded *ret_recorded)
{
	struct recorded recorded = {0};
	struct error ignored = {0};
	struct recorder_slot slot, again;

	if (!recorder->is_mapped || fd < 0 || fd > RECORDER_RANDOM ||
	    !read_slot(recorder, t, fd, &slot))
		return false;
	recorded.is_lost = recorder_was_shared(recorder, slot.ticks);
	recorded.thread_pointer = slot.thread_pointer;
	recorded.ticks = slot.ticks;
	recorded.ms = as_ms(recorder, slot.ticks);
	recorded.stack.registers = (struct user_regs_struct){
		.rip = slot.back,
		.rsp = slot.rsp,
		.rbp = slot.rbp,
		.rbx = slot.rbx,
		.r12 = slot.r12,
		.r13 = slot.r13,
		.r14 = slot.r14,
		.r15 = slot.r15,
		.rdi = slot.rdi,
		.rsi = slot.rsi,
		.rdx = slot.rdx,
		.rax = slot.rax,
	};
	recorded.stack.bytes = malloc(slot.size + 1);
	recorded.stack.size = slot.size;
	if (recorded.stack.bytes &&
	    tracee_read(t,
			slot_address(recorder, (uint64_t)fd) +
				RECORDER_SLOT_STACK,
			recorded.stack.bytes, slot.size, &ignored) == 0 &&
	    read_slot(recorder, t, fd, &again) &&
	    memcmp(&slot, &again, sizeof(slot)) == 0) {
		*ret_recorded = recorded;
		return true;
	}
	free(recorded.stack.bytes);
	return false;
}

void recorder_hide(const struct recorder *recorder,
		   struct mapping_list *mappings)
{
	const uint64_t end = recorder->table + RECORDER_TABLE_SIZE;
	size_t kept = 0;

	for (size_t i = 0; i < mappings->count; i++) {
		const struct mapping *m = &mappings->items[i];

		if (!recorder->is_mapped || m->start < recorder->page ||
		    m->end > end)
			mappings->items[kept++] = *m;
	}
	mappings->count = kept;
}
