/*
 * thread_state.c - one thread as debuggers see it and as it is to go on
 */
#include "thread_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	STEPS_MAX = 10000, /* the vdso's longest function takes some hundred */
	DESCRIPTOR_SEARCHED = 128,
};

/* linux/rseq.h: a critical section, as the word at rseq + 8 points to it. */
struct critical_section {
	uint32_t version;
	uint32_t flags;
	uint64_t start;
	uint64_t length;
	uint64_t abort;
};

static int read_comm(struct thread_state *state, pid_t pid, pid_t tid,
		     struct error *err)
{
	cleanup_heap char *comm = NULL;
	int r = io_read_filef(&comm, NULL, "/proc/%d/task/%d/comm", pid, tid);

	if (r < 0)
		return error_system(err, -r,
				    "cannot read the name of thread %d", tid);
	comm[strcspn(comm, "\n")] = '\0';
	snprintf(state->core.comm, sizeof(state->core.comm), "%s", comm);
	return 0;
}

static int read_rseq(struct thread_state *state, const struct tracee *t,
		     pid_t tid, struct error *err)
{
	struct tracee_rseq rseq = {0};
	int r = tracee_rseq(t, tid, &rseq, err);

	if (r < 0)
		return r;
	state->core.rseq_address = rseq.address;
	state->core.rseq_size = rseq.size;
	state->core.rseq_signature = rseq.signature;
	return 0;
}

static int read_robust_list(struct thread_state *state, pid_t tid,
			    struct error *err)
{
	void *head = NULL;
	size_t size = 0;

	if (syscall(SYS_get_robust_list, tid, &head, &size) < 0)
		return error_system(err, errno,
				    "cannot read the robust list of thread %d",
				    tid);
	state->core.robust_list = (uintptr_t)head;
	state->core.robust_size = size;
	return 0;
}

static bool is_in(uint64_t address, struct core_range range)
{
	return address >= range.start && address < range.end;
}

static int step_out(struct tracee *t, pid_t tid, struct core_range range,
		    struct user_regs_struct *regs, struct error *err)
{
	int r = 0;

	for (int i = 0; r == 0 && is_in(regs->rip, range) && i < STEPS_MAX;
	     i++) {
		r = tracee_step(t, tid, err);
		if (r == 0)
			r = tracee_registers(t, tid, regs, err);
	}
	return r;
}

/*
 * Of a service that was restored a thread may not have made its last call of
 * the handover yet, when another is ready already.  All signals are blocked in
 * there; with its stack where the code is, a thread waits for nobody any more.
 */
static int leave_handover(struct tracee *t, pid_t tid, struct core_range page,
			  struct user_regs_struct *regs, struct error *err)
{
	if (!is_in(regs->rip, page))
		return 0;
	if (is_in(regs->rsp, page))
		return step_out(t, tid, page, regs, err);
	error_set(err, FAULT_UNSUPPORTED, "thread %d is still being restored",
		  tid);
	error_hint(err, "Capture it when it runs.");
	return -err->code;
}

/*
 * A restore may bring another vdso, so nobody can stand in this one.  A signal
 * that comes on the way out stays where it is.
 */
static int leave_vdso(struct tracee *t, pid_t tid, struct core_range vdso,
		      struct user_regs_struct *regs, struct error *err)
{
	uint64_t mask;
	int r;

	if (!is_in(regs->rip, vdso))
		return 0;
	r = tracee_signal_mask(t, tid, &mask, err);
	if (r == 0)
		r = tracee_set_signal_mask(t, tid, TRACEE_MASK_BUT_TRAP, err);
	if (r == 0)
		r = step_out(t, tid, vdso, regs, err);
	if (r == 0)
		r = tracee_set_signal_mask(t, tid, mask, err);
	return r;
}

/*
 * A registration begins with no critical section, so the kernel would not
 * send a thread to its abort handler that was taken inside one.
 */
static int leave_section(struct thread_state *state, const struct tracee *t,
			 struct error *err)
{
	struct user_regs_struct *regs = &state->core.registers;
	struct critical_section section;
	uint64_t address = 0;
	int r;

	if (!state->core.rseq_address)
		return 0;
	r = tracee_read(t, state->core.rseq_address + 8, &address,
			sizeof(address), err);
	if (r < 0 || !address)
		return r;
	r = tracee_read(t, address, &section, sizeof(section), err);
	if (r == 0 && regs->rip - section.start < section.length)
		regs->rip = section.abort;
	return r;
}

static int read_xstate(struct thread_state *state, const struct tracee *t,
		       pid_t tid, struct error *err)
{
	unsigned char bytes[TRACEE_XSTATE_MAX];
	size_t size;
	int r = tracee_xstate(t, tid, bytes, &size, err);

	if (r < 0)
		return r;
	state->xstate = malloc(size);
	if (!state->xstate)
		return error_system(err, ENOMEM, "cannot keep the registers");
	memcpy(state->xstate, bytes, size);
	state->core.xstate_size = (uint32_t)size;
	return 0;
}

static void refuse(struct audit *audit, uint32_t tid, const char *what,
		   const char *remedy)
{
	char subject[32];

	snprintf(subject, sizeof(subject), "thread %u", tid);
	audit_add(audit, VERDICT_REFUSED, subject, "%s", what);
	audit_remedy(audit, "%s", remedy);
}

/* Rare things that a tracer sees and nobody could give back. */
static void audit_oddities(const struct thread_state *state,
			   const struct tracee *t, struct audit *audit)
{
	const struct user_regs_struct *regs = &state->core.registers;
	const uint32_t tid = state->core.tid;

	if (regs->cs != 0x33 || regs->ds | regs->es | regs->fs | regs->gs)
		refuse(audit, tid,
		       "runs 32-bit code or has segments of its own",
		       "Only 64-bit threads are carried.");
	if (tracee_dispatches_calls(t, (pid_t)tid))
		refuse(audit, tid,
		       "handles its system calls itself (syscall user "
		       "dispatch)",
		       "Switch that on after the ready point.");
	if (tracee_has_watchpoints(t, (pid_t)tid))
		refuse(audit, tid, "has watchpoints in its debug registers",
		       "Let the debugger that set them remove them.");
	if (tracee_has_segments(t, (pid_t)tid))
		refuse(audit, tid, "has segments of its own (set_thread_area)",
		       "Ask for them after the ready point.");
	if (tracee_has_ports(t, (pid_t)tid))
		refuse(audit, tid, "may use I/O ports (ioperm)",
		       "Ask for them after the ready point.");
}

int thread_state_read(struct thread_state *ret_state, struct tracee *t,
		      pid_t tid, const struct foreign_code *foreign,
		      struct audit *audit, struct error *err)
{
	struct thread_state *state = ret_state;
	struct user_regs_struct *regs = &state->core.registers;
	int r;

	*state = (struct thread_state){.core.tid = (uint32_t)tid};
	r = tracee_registers(t, tid, &state->stopped, err);
	if (r == 0)
		r = tracee_leave_call(t, tid, err);
	if (r == 0)
		r = tracee_registers(t, tid, regs, err);
	if (r == 0)
		r = leave_handover(t, tid, foreign->handover, regs, err);
	if (r == 0)
		r = leave_vdso(t, tid, foreign->vdso, regs, err);
	if (r == 0)
		r = read_xstate(state, t, tid, err);
	if (r == 0)
		r = tracee_signal_mask(t, tid, &state->core.signal_mask, err);
	if (r == 0)
		r = read_comm(state, t->pid, tid, err);
	if (r == 0)
		r = read_rseq(state, t, tid, err);
	if (r == 0)
		r = leave_section(state, t, err);
	if (r == 0)
		r = read_robust_list(state, tid, err);
	if (r == 0)
		audit_oddities(state, t, audit);
	return r;
}

/*
 * glibc's copy is the word that the kernel clears at the thread's end.  musl
 * has a lock there, and its copy among the first fields of the descriptor that
 * the thread pointer points to.
 */
static uint64_t find_tid_word(const struct core_thread *core,
			      const struct tracee *t)
{
	uint32_t words[DESCRIPTOR_SEARCHED / sizeof(uint32_t)];
	uint64_t descriptor = core->registers.fs_base;
	struct error ignored = {0};

	if (core->tid_address &&
	    tracee_read(t, core->tid_address, words, sizeof(*words),
			&ignored) == 0 &&
	    words[0] == core->tid)
		return core->tid_address;
	if (tracee_read(t, descriptor, words, sizeof(words), &ignored) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i] == core->tid)
			return descriptor + i * sizeof(*words);
	return 0;
}

void thread_state_complete(struct thread_state *state, const struct tracee *t,
			   size_t thread_count, struct audit *audit)
{
	struct core_thread *core = &state->core;

	core->stack_pointer = state->report.stack_pointer;
	core->stack_size = state->report.stack_size;
	core->stack_flags = state->report.stack_flags;
	core->tid_address = state->report.tid_address;
	core->tid_word = find_tid_word(core, t);
	if (!core->tid_word && core->registers.fs_base)
		refuse(audit, core->tid,
		       "keeps its id where neither glibc nor musl does",
		       "Build it with one of these.");
	else if (thread_count > 1 && core->tid_word != core->tid_address)
		refuse(audit, core->tid,
		       "is one of several of musl, whose locks cannot be told "
		       "from numbers",
		       "Start threads after the ready point.");
}
