/*
 * plan_threads.c - the part of a plan that makes threads
 *
 * A thread is cloned with a small stack on which lies what call_run() takes
 * from it when it returns: the one that made it goes on in its list of calls,
 * and the new one, for which clone(2) returned 0 and which so did not get what
 * that list wants, returns to handover_thread() with its own list at hand.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "common/attribute.h"
#include "handover.h"
#include "plan_build.h"

enum {
	SET_GS = 0x1001, /* ARCH_SET_GS */
	ON_STACK = 1,	 /* SS_ONSTACK */
	CALLS_EACH = 12,
	DATA_EACH = 512,
	PENDING_DATA = CORE_SIGINFO_SIZE + 8,
	PENDING_CALLS = 2,
	ATTRIBUTE_DATA = 32,
	MEMBARRIER_CALLS = 64,
};

/* As sigaltstack(2) takes it. */
struct kernel_stack {
	uint64_t pointer;
	uint32_t flags;
	uint32_t padding;
	uint64_t size;
};

/* What call_run() pops, below what the thread then has for itself. */
struct first_stack {
	uint64_t room[32];
	uint64_t r12, rbp, rbx;
	uint64_t entry;
};

static const uint64_t clone_flags =
	CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
	CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID;

/* Its id is known only when it is there: the kernel puts it into the table. */
static void add_clone(struct plan *plan, const struct core *core, uint32_t i,
		      uint64_t thread)
{
	const struct core_thread *t = &core->threads[i];
	const struct first_stack stack = {
		.rbx = thread,
		.entry = handover_thread_address(plan),
	};
	uint64_t at = plan_keep(plan, &stack, sizeof(stack));
	uint64_t flags = clone_flags;

	if (t->tid_address)
		flags |= CLONE_CHILD_CLEARTID;
	plan_add(plan, CALL_WITH(1, INT32_MAX, SYS_clone, flags,
				 at + offsetof(struct first_stack, r12),
				 plan->tids + i * sizeof(uint32_t),
				 t->tid_address, t->registers.fs_base));
}

/* The lists come behind all clones, so where they are is filled in then. */
void plan_clones(struct plan *plan, const struct plan_input *input)
{
	const struct core *core = input->core;
	const size_t first = plan->data;
	const size_t size = (sizeof(struct handover_thread) + 7) & ~(size_t)7;
	size_t number = 0;

	for (uint32_t i = 0; i < core->thread_count; i++)
		if (i != core->leader)
			plan_keep(plan, &(struct handover_thread){0},
				  sizeof(struct handover_thread));
	for (uint32_t i = 0; i < core->thread_count; i++)
		if (i != core->leader)
			add_clone(plan, core, i,
				  plan->address + first + number++ * size);
	plan->early = plan->call_count;
	number = 0;
	for (uint32_t i = 0; i < core->thread_count; i++) {
		const uint64_t list = plan_call_address(plan, 0);
		const size_t before = plan->call_count;
		struct handover_thread thread = {.frame = plan->frames[i]};

		if (i == core->leader)
			continue;
		plan_thread(plan, input, i);
		plan_attributes(plan, core, i, true);
		thread.calls = list;
		thread.call_count = plan->call_count - before;
		memcpy(plan->bytes + first + number++ * size, &thread,
		       sizeof(thread));
	}
	plan->late = plan->call_count;
}

/* Whoever sent a signal to himself has other ids now. */
void plan_pending(struct plan *plan, const struct plan_input *input,
		  const struct core_pending *pending)
{
	siginfo_t info;
	uint64_t at;

	if (plan_timer_sends(input->core, pending))
		return;
	memcpy(&info, pending->info, sizeof(info));
	if ((info.si_code == SI_USER || info.si_code == SI_TKILL ||
	     info.si_code == SI_QUEUE) &&
	    info.si_pid == (pid_t)input->core->image->pid) {
		info.si_pid = (pid_t)input->pid;
		info.si_uid = input->user;
	}
	at = plan_keep(plan, &info, sizeof(info));
	if (pending->thread == CORE_THREAD_NONE) {
		plan_add(plan, CALL_GIVES(0, SYS_rt_sigqueueinfo, input->pid,
					  (uint64_t)info.si_signo, at));
		return;
	}
	plan_copy_tid(plan,
		      plan_call_address(plan, 1) +
			      offsetof(struct call, arguments[1]),
		      pending->thread, sizeof(uint32_t));
	plan_add(plan, CALL_GIVES(0, SYS_rt_tgsigqueueinfo, input->pid, 0,
				  (uint64_t)info.si_signo, at));
}

static void set_pointers(struct plan *plan, const struct core_thread *thread)
{
	const struct kernel_stack stack = {
		.pointer = thread->stack_pointer,
		.flags = thread->stack_flags & ~(uint32_t)ON_STACK,
		.size = thread->stack_size,
	};

	plan_add(plan, CALL_GIVES(0, SYS_sigaltstack,
				  plan_keep(plan, &stack, sizeof(stack)), 0));
	if (thread->robust_list)
		plan_add(plan,
			 CALL_GIVES(0, SYS_set_robust_list, thread->robust_list,
				    thread->robust_size));
	plan_add(plan, CALL_GIVES(0, SYS_arch_prctl, SET_GS,
				  thread->registers.gs_base));
	if (thread->rseq_address)
		plan_add(plan, CALL_GIVES(0, SYS_rseq, thread->rseq_address,
					  thread->rseq_size, 0,
					  thread->rseq_signature));
}

/* libc's copy of the thread's id is for the new thread. */
void plan_thread(struct plan *plan, const struct plan_input *input,
		 uint32_t thread)
{
	const struct core *core = input->core;
	const struct core_thread *t = &core->threads[thread];

	plan_attributes(plan, core, thread, false);
	if (t->tid_word)
		plan_copy_tid(plan, t->tid_word, thread, sizeof(uint32_t));
	plan_add(plan, CALL_GIVES(0, SYS_prctl, PR_SET_NAME,
				  plan_keep(plan, t->comm, sizeof(t->comm))));
	set_pointers(plan, t);
	for (size_t i = 0; i < core->pending_count; i++)
		if (core->pending[i].thread == thread)
			plan_pending(plan, input, &core->pending[i]);
}

size_t plan_threads_calls(const struct core *core)
{
	return core->thread_count * CALLS_EACH + core->attribute_count +
	       MEMBARRIER_CALLS + core->pending_count * PENDING_CALLS;
}

size_t plan_threads_data(const struct core *core)
{
	size_t size = core->thread_count * DATA_EACH +
		      core->attribute_count * ATTRIBUTE_DATA +
		      core->pending_count * PENDING_DATA;

	for (size_t i = 0; i < core->attribute_count; i++)
		if (core->attributes[i].id == ATTRIBUTE_WORKING_FOLDER)
			size += strlen(core->names +
				       core->attributes[i].value) +
				1;
	return size;
}
