/*
 * plan_process.c - the part of a plan that makes a process of the memory
 *
 * The order matters: ids of threads when there are threads; attributes before
 * what they would forbid; signals and timers last, when everything is there
 * that they could meet.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "plan_build.h"

enum {
	MM_MAP = 14,	 /* PR_SET_MM_MAP */
	SET_FS = 0x1002, /* ARCH_SET_FS */
	FIXED_CALLS = 24,
	FIXED_DATA = 256, /* struct kernel_mm_map, and more */
	OWNER_BYTES = 3,  /* of a word whose rest is flags */
};

/* linux/prctl.h: struct prctl_mm_map */
struct kernel_mm_map {
	uint64_t start_code, end_code;
	uint64_t start_data, end_data;
	uint64_t start_brk, brk;
	uint64_t start_stack;
	uint64_t arg_start, arg_end;
	uint64_t env_start, env_end;
	uint64_t auxv;
	uint32_t auxv_size;
	uint32_t exe_fd;
};

/* exe_fd -1 keeps the exe link; with that no privilege is needed. */
void plan_mm(struct plan *plan, const struct core *core)
{
	const struct core_process *p = core->process;
	const uint64_t auxv_size = core->auxv_count * sizeof(*core->auxv);
	const struct kernel_mm_map map = {
		.start_code = p->start_code,
		.end_code = p->end_code,
		.start_data = p->start_data,
		.end_data = p->end_data,
		.start_brk = p->start_brk,
		.brk = p->brk,
		.start_stack = p->start_stack,
		.arg_start = p->arg_start,
		.arg_end = p->arg_end,
		.env_start = p->env_start,
		.env_end = p->env_end,
		.auxv = plan_keep(plan, core->auxv, auxv_size),
		.auxv_size = (uint32_t)auxv_size,
		.exe_fd = UINT32_MAX,
	};

	plan_add(plan, CALL_GIVES(0, SYS_prctl, PR_SET_MM, MM_MAP,
				  plan_keep(plan, &map, sizeof(map)),
				  sizeof(map), 0));
}

static bool is_set(const struct core *core, uint64_t index)
{
	return !core->signals[index].inherited && index + 1 != SIGKILL &&
	       index + 1 != SIGSTOP;
}

static size_t count_signals(const struct core *core)
{
	size_t count = 0;

	for (uint64_t i = 0; i < CORE_SIGNALS; i++)
		count += is_set(core, i);
	return count;
}

void plan_signals(struct plan *plan, const struct core *core)
{
	for (uint64_t i = 0; i < CORE_SIGNALS; i++) {
		const struct core_signal *s = &core->signals[i];
		const uint64_t action[] = {s->handler, s->flags, s->restorer,
					   s->mask};

		if (!is_set(core, i))
			continue;
		plan_add(plan,
			 CALL_GIVES(0, SYS_rt_sigaction, i + 1,
				    plan_keep(plan, action, sizeof(action)), 0,
				    sizeof(uint64_t)));
	}
}

/* Locks know their owners by the new ids. */
static void set_owners(struct plan *plan, const struct core *core)
{
	for (size_t i = 0; i < core->owner_count; i++) {
		const struct core_owner *owner = &core->owners[i];
		uint64_t address = owner->address;

		if (owner->kind == CORE_OWNER_REGISTER) {
			address = frame_register(plan->frames[owner->thread],
						 owner->address);
			plan->is_patched = true;
		}
		plan_copy_tid(plan, address, owner->thread, OWNER_BYTES);
	}
	if (plan->is_patched)
		plan_add(plan,
			 CALL_GIVES(0, SYS_mprotect, plan->address + plan->kept,
				    plan->work - plan->kept,
				    PROT_READ | PROT_EXEC));
}

/* Whoever sent a signal to himself has another id now. */
static void set_shared_pending(struct plan *plan,
			       const struct plan_input *input)
{
	for (size_t i = 0; i < input->core->pending_count; i++)
		if (input->core->pending[i].thread == CORE_THREAD_NONE)
			plan_pending(plan, input, &input->core->pending[i]);
}

void plan_process(struct plan *plan, const struct plan_input *input)
{
	const struct core *core = input->core;
	const uint32_t leader = (uint32_t)core->leader;
	const struct core_thread *thread = &core->threads[leader];

	plan_add(plan, CALL_TRY(SYS_set_tid_address, thread->tid_address));
	plan_thread(plan, input, leader);
	plan_add(plan, CALL_GIVES(0, SYS_arch_prctl, SET_FS,
				  thread->registers.fs_base));
	set_owners(plan, core);
	plan_timers(plan, input);
	set_shared_pending(plan, input);
	plan_attributes(plan, core, leader, true);
	for (size_t i = 0; i < core->source_count; i++)
		plan_add(plan, CALL_GIVES(0, SYS_close,
					  (uint64_t)input->source_fds[i]));
	plan_add(plan, CALL_GIVES(0, SYS_close, (uint64_t)core->fd));
}

size_t plan_process_calls(const struct core *core)
{
	return FIXED_CALLS + count_signals(core) + core->owner_count +
	       core->source_count;
}

size_t plan_process_data(const struct core *core)
{
	return FIXED_DATA + core->auxv_count * sizeof(*core->auxv) +
	       count_signals(core) * 4 * sizeof(uint64_t);
}
