/*
 * recorder_leave_x86_64.c - nobody is in the recorder's page any more
 *
 * Who is, is put into the place that the page stands for, as if it had never been
 * led away: threads, and what a signal has interrupted and its handler will
 * return to.  The kernel keeps the registers of that on the stack of the handler
 * (struct sigcontext_64).
 */
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "recorder_table.h"

enum {
	CHUNK = 64 << 10,
	STACKS_MAX = 16, /* of one thread: a handler may have its own */
};

/* Registers as struct sigcontext_64 has them, up to the segments. */
struct frame {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
	uint64_t segments; /* cs, gs, fs, ss: two bytes each */
};

/* Where a stack begins, and in which mapping. */
struct stack {
	const struct mapping *mapping;
	uint64_t start;
};

/* Those of one thread, found as it goes on. */
struct stacks {
	const struct mapping_list *mappings;
	struct stack items[STACKS_MAX];
	size_t count;
};

static uint64_t offset_of(const char *label)
{
	return (uint64_t)(label - recorder_code);
}

/* Between the two instructions of ours that stand in the place. */
static bool is_at_jump(const struct recorder *recorder, uint64_t address)
{
	return recorder->site && address == recorder->site + RECORDER_JUMP;
}

static bool is_in_page(const struct recorder *recorder, uint64_t address)
{
	return recorder->site && address - recorder->page < RECORDER_PAGE;
}

static bool is_in_stopped(const struct recorder *recorder, uint64_t address)
{
	return recorder->site && address - recorder->stopped < RECORDER_PAGE;
}

static bool is_away(const struct recorder *recorder, uint64_t address)
{
	return is_at_jump(recorder, address) || is_in_page(recorder, address) ||
	       is_in_stopped(recorder, address);
}

static bool has_made_call(const struct recorder *recorder, uint64_t address)
{
	if (is_in_stopped(recorder, address))
		return address - recorder->stopped >
		       (uint64_t)(recorder_stopped_call - recorder_stopped);
	return is_in_page(recorder, address) &&
	       address - recorder->page > offset_of(recorder_code_call);
}

void recorder_mend(const struct recorder *recorder,
		   struct user_regs_struct *regs)
{
	if (is_away(recorder, regs->rip))
		regs->rip = recorder->site + (has_made_call(recorder, regs->rip)
						      ? RECORDER_CALL_END
						      : 0);
}

/* The registers that the code has changed are in the slot, by then. */
static int take_back(const struct recorder *recorder, struct tracee *t,
		     struct user_regs_struct *regs, struct error *err)
{
	const uint64_t offset = regs->rip - recorder->page;
	struct recorder_slot slot;
	int r;

	if (offset < offset_of(recorder_code_kept))
		return 0;
	r = tracee_read(t, regs->r11, &slot, sizeof(slot), err);
	regs->rdi = slot.rdi;
	regs->rsi = slot.rsi;
	regs->rdx = slot.rdx;
	regs->rax = slot.rax;
	return r;
}

/*
 * One that is about to make the call makes it from its own place; one that has
 * made it goes on there behind it, and what it has opened is kept for it.
 */
static int turn_back(const struct recorder *recorder, struct tracee *t,
		     struct user_regs_struct *regs, struct error *err)
{
	const uint64_t address = regs->rip;
	int r = 0;

	if (is_in_page(recorder, address) && has_made_call(recorder, address) &&
	    address - recorder->page < offset_of(recorder_code_done)) {
		r = take_back(recorder, t, regs, err);
		if (r == 0 && regs->rax < RECORDER_SLOTS)
			r = recorder_table_keep(recorder, t, regs, err);
	}
	recorder_mend(recorder, regs);
	return r;
}

static int turn_thread(const struct recorder *recorder, struct tracee *t,
		       pid_t tid, struct user_regs_struct *regs,
		       struct error *err)
{
	int r = tracee_registers(t, tid, regs, err);

	if (r < 0 || !is_away(recorder, regs->rip))
		return r;
	r = tracee_leave_call(t, tid, err);
	if (r == 0)
		r = tracee_registers(t, tid, regs, err);
	if (r == 0)
		r = turn_back(recorder, t, regs, err);
	if (r == 0)
		r = tracee_set_registers(t, tid, regs, err);
	return r;
}

int recorder_leave_thread(const struct recorder *recorder, struct tracee *t,
			  pid_t tid, struct error *err)
{
	struct user_regs_struct regs;

	return turn_thread(recorder, t, tid, &regs, err);
}

static int turn_frame(const struct recorder *recorder, struct tracee *t,
		      uint64_t address, struct frame *frame, uint64_t fs_base,
		      struct error *err)
{
	struct user_regs_struct regs = {
		.r11 = frame->r11,
		.r12 = frame->r12,
		.r13 = frame->r13,
		.r14 = frame->r14,
		.r15 = frame->r15,
		.rdi = frame->rdi,
		.rsi = frame->rsi,
		.rbp = frame->rbp,
		.rbx = frame->rbx,
		.rdx = frame->rdx,
		.rax = frame->rax,
		.rsp = frame->rsp,
		.rip = frame->rip,
		.fs_base = fs_base,
	};
	int r;

	if (!is_away(recorder, frame->rip))
		return 0;
	r = turn_back(recorder, t, &regs, err);
	frame->rdi = regs.rdi;
	frame->rsi = regs.rsi;
	frame->rdx = regs.rdx;
	frame->rax = regs.rax;
	frame->rip = regs.rip;
	if (r == 0)
		r = tracee_write(t, address, frame, sizeof(*frame), err);
	return r;
}

static void want(struct stacks *stacks, uint64_t start)
{
	const struct mapping *m = mapping_list_find(stacks->mappings, start);

	for (size_t i = 0; i < stacks->count; i++)
		if (stacks->items[i].mapping == m &&
		    stacks->items[i].start <= start)
			return;
	if (m && stacks->count < STACKS_MAX)
		stacks->items[stacks->count++] = (struct stack){m, start};
}

/*
 * Every frame on a stack, known by the segments of 64-bit code.  One of a handler
 * that has a stack of its own says where the other one is.
 */
static int turn_frames(const struct recorder *recorder, struct tracee *t,
		       const struct user_regs_struct *regs,
		       struct stacks *stacks, uint64_t at, struct error *err)
{
	const uint64_t segments = regs->cs | regs->ss << 48;
	unsigned char bytes[CHUNK];
	const size_t size = tracee_read_part(t, at, bytes, sizeof(bytes));
	int r = 0;

	for (size_t i = 0; r == 0 && i + sizeof(struct frame) <= size; i += 8) {
		struct frame frame;

		memcpy(&frame, bytes + i, sizeof(frame));
		if (frame.segments != segments)
			continue;
		want(stacks, frame.rsp);
		r = turn_frame(recorder, t, at + i, &frame, regs->fs_base, err);
	}
	return r;
}

static int turn_stacks(const struct recorder *recorder, struct tracee *t,
		       const struct mapping_list *mappings,
		       const struct user_regs_struct *regs, struct error *err)
{
	struct stacks stacks = {.mappings = mappings};
	int r = 0;

	want(&stacks, regs->rsp);
	for (size_t i = 0; i < stacks.count; i++) {
		const struct stack stack = stacks.items[i];

		for (uint64_t at = stack.start & ~7ULL;
		     r == 0 && at < stack.mapping->end;
		     at += CHUNK - sizeof(struct frame) + 8)
			r = turn_frames(recorder, t, regs, &stacks, at, err);
	}
	return r;
}

static int read_mappings(const struct tracee *t,
			 struct mapping_list *ret_mappings, struct error *err)
{
	char *text = NULL;
	int r = io_read_filef(&text, NULL, "/proc/%d/maps", t->pid);

	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/maps'",
				    t->pid);
	return mapping_list_parse(ret_mappings, text, err);
}

int recorder_leave(struct recorder *recorder, struct tracee *t,
		   struct error *err)
{
	struct mapping_list mappings = {0};
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r;

	if (!recorder->site)
		return 0;
	r = read_mappings(t, &mappings, err);
	if (r == 0)
		r = tracee_threads(t, &tids, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct user_regs_struct regs;

		r = turn_thread(recorder, t, tids[i], &regs, err);
		if (r == 0)
			r = turn_stacks(recorder, t, &mappings, &regs, err);
	}
	if (r == 0)
		r = tracee_write(t, recorder->site, recorder_original,
				 RECORDER_PATCH, err);
	mapping_list_deinit(&mappings);
	return r;
}
