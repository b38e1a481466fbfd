/*
 * recorder_leave_x86_64.c - nobody is in the recorder's page any more
 *
 * Who is, is put into the place that the page stands for, as if it had never been
 * led away: threads, and what a signal has interrupted and its handler will
 * return to.  The kernel keeps the registers of that on the stack of the handler
 * (struct sigcontext_64).
 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

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

/* Which of the two copies of a site's code an address is in, and where. */
struct place {
	const struct recorder_site *site;
	bool is_at_jump; /* between our two instructions in the site itself */
	bool is_stopped; /* where calls are stopped */
	uint64_t offset;
};

static bool find_copy(const struct recorder *recorder, uint64_t offset,
		      bool is_stopped, struct place *ret_place)
{
	const size_t i = offset / RECORDER_COPY;

	if (i >= recorder->site_count || !recorder->sites[i].is_led)
		return false;
	*ret_place = (struct place){
		.site = &recorder->sites[i],
		.is_stopped = is_stopped,
		.offset = offset % RECORDER_COPY,
	};
	return true;
}

static bool find_place(const struct recorder *recorder, uint64_t address,
		       struct place *ret_place)
{
	for (size_t i = 0; i < recorder->site_count; i++) {
		const struct recorder_site *site = &recorder->sites[i];

		if (!site->is_led || address != site->start + RECORDER_JUMP)
			continue;
		*ret_place = (struct place){.site = site, .is_at_jump = true};
		return true;
	}
	return find_copy(recorder, address - recorder->page, false,
			 ret_place) ||
	       find_copy(recorder, address - recorder->stopped, true,
			 ret_place);
}

static bool has_made_call(const struct place *place)
{
	if (place->is_stopped)
		return place->offset >
		       (uint64_t)(recorder_stopped_call - recorder_stopped);
	return place->offset > offset_of(recorder_code_call);
}

static bool is_in_prefix(const struct place *place)
{
	if (place->is_stopped)
		return place->offset >
		       (uint64_t)(recorder_stopped_prefix - recorder_stopped);
	return place->offset > offset_of(recorder_code_prefix);
}

/*
 * One that has not made the call makes it from its own place; what stands before
 * it there has been done, or a part of it.
 */
static void go_back(const struct place *place, struct user_regs_struct *regs)
{
	regs->rip = place->site->start;
	if (place->is_at_jump)
		return;
	if (has_made_call(place)) {
		regs->rip = place->site->back;
	} else if (is_in_prefix(place)) {
		if (place->site->has_prefix)
			regs->rdi = (uint64_t)(int64_t)AT_FDCWD & UINT32_MAX;
		regs->rax = SYS_openat;
		regs->rip = place->site->back - RECORDER_CALL;
	}
}

void recorder_mend(const struct recorder *recorder,
		   struct user_regs_struct *regs)
{
	struct place place;

	if (find_place(recorder, regs->rip, &place))
		go_back(&place, regs);
}

/* The registers that the code has changed are in the slot, by then. */
static int take_back(struct tracee *t, const struct place *place,
		     struct user_regs_struct *regs, struct error *err)
{
	struct recorder_slot slot;
	int r;

	if (place->offset < offset_of(recorder_code_kept))
		return 0;
	r = tracee_read(t, regs->r11, &slot, sizeof(slot), err);
	regs->rdi = slot.rdi;
	regs->rsi = slot.rsi;
	regs->rdx = slot.rdx;
	regs->rax = slot.rax;
	return r;
}

/* What one has opened that has made the call already is kept for it. */
static int turn_back(const struct recorder *recorder, struct tracee *t,
		     const struct place *place, struct user_regs_struct *regs,
		     struct error *err)
{
	int r = 0;

	if (!place->is_stopped && has_made_call(place) &&
	    place->offset < offset_of(recorder_code_done)) {
		r = take_back(t, place, regs, err);
		if (r == 0 && regs->rax < RECORDER_SLOTS)
			r = recorder_table_keep(recorder, t, place->site, regs,
						err);
	}
	go_back(place, regs);
	return r;
}

static int turn_thread(const struct recorder *recorder, struct tracee *t,
		       pid_t tid, struct user_regs_struct *regs,
		       struct error *err)
{
	struct place place;
	int r = tracee_registers(t, tid, regs, err);

	if (r < 0 || !find_place(recorder, regs->rip, &place))
		return r;
	r = tracee_leave_call(t, tid, err);
	if (r == 0)
		r = tracee_registers(t, tid, regs, err);
	if (r == 0 && find_place(recorder, regs->rip, &place))
		r = turn_back(recorder, t, &place, regs, err);
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
	struct place place;
	int r;

	if (!find_place(recorder, frame->rip, &place))
		return 0;
	r = turn_back(recorder, t, &place, &regs, err);
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

/* It may have been unloaded, and something else be there. */
static int put_back(const struct recorder_site *site, struct tracee *t,
		    struct error *err)
{
	/* movabs $..., %r11 */
	static const unsigned char ours[] = {0x49, 0xbb};
	unsigned char bytes[sizeof(ours)];

	if (!site->is_led ||
	    tracee_read_part(t, site->start, bytes, sizeof(bytes)) !=
		    sizeof(bytes) ||
	    memcmp(bytes, ours, sizeof(ours)) != 0)
		return 0;
	return tracee_write(t, site->start, recorder_original(site),
			    RECORDER_PATCH, err);
}

int recorder_leave(struct recorder *recorder, struct tracee *t,
		   struct error *err)
{
	struct mapping_list mappings = {0};
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r;

	if (!recorder->is_mapped)
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
	for (size_t i = 0; r == 0 && i < recorder->site_count; i++)
		r = put_back(&recorder->sites[i], t, err);
	mapping_list_deinit(&mappings);
	return r;
}
