/*
 * thread_state.c - one thread as debuggers see it and as it is to go on
 */
#include "thread_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	VDSO_STEPS_MAX = 10000, /* its longest function takes some hundred */
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

/* A restore may bring another vdso, so nobody can stand in this one. */
static int leave_vdso(struct tracee *t, pid_t tid, struct core_range vdso,
		      struct user_regs_struct *regs, struct error *err)
{
	int r = 0;

	for (int i = 0; r == 0 && regs->rip >= vdso.start &&
			regs->rip < vdso.end && i < VDSO_STEPS_MAX;
	     i++) {
		r = tracee_step(t, tid, err);
		if (r == 0)
			r = tracee_registers(t, tid, regs, err);
	}
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

int thread_state_read(struct thread_state *ret_state, struct tracee *t,
		      pid_t tid, struct core_range vdso, struct error *err)
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
		r = leave_vdso(t, tid, vdso, regs, err);
	if (r == 0)
		r = tracee_xstate(t, tid, state->xstate, &state->xstate_size,
				  err);
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
	if (r == 0 && (regs->cs != 0x33 || regs->ds | regs->es))
		r = error_set(err, FAULT_UNSUPPORTED,
			      "thread %d runs 32-bit code or has segments of "
			      "its own",
			      tid);
	state->core.xstate_size = (uint32_t)state->xstate_size;
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

/*
 * Locks with a robust or a priority-inheriting owner hold the owner's old id,
 * of which the kernel would make nothing good.  The list's head points to
 * itself when it is empty; its third word is a lock that is just being taken.
 */
static bool holds_robust_lock(const struct core_thread *core,
			      const struct tracee *t)
{
	struct error ignored = {0};
	uint64_t head[3];

	return core->robust_list &&
	       tracee_read(t, core->robust_list, head, sizeof(head),
			   &ignored) == 0 &&
	       (head[0] != core->robust_list || head[2] != 0);
}

void thread_state_complete(struct thread_state *state, const struct tracee *t,
			   const struct self_report *report,
			   struct audit *audit)
{
	struct core_thread *core = &state->core;
	char subject[64];

	core->stack_pointer = report->stack_pointer;
	core->stack_size = report->stack_size;
	core->stack_flags = report->stack_flags;
	core->tid_address = report->tid_address;
	core->tid_word = find_tid_word(core, t);
	snprintf(subject, sizeof(subject), "thread %u", core->tid);
	if (holds_robust_lock(core, t)) {
		audit_add(audit, VERDICT_REFUSED, subject,
			  "holds a robust or priority-inheriting lock");
		audit_remedy(audit, "Release it before the ready point.");
	}
	if (core->tid_word || !core->registers.fs_base)
		return;
	audit_add(audit, VERDICT_REFUSED, subject,
		  "keeps its id where neither glibc nor musl does");
	audit_remedy(audit, "Build it with one of these.");
}
