/*
 * plan_process.c - the part of a plan that makes a process of the memory
 *
 * The order matters: the kernel's view of the memory (brk, arguments) when all
 * of it is there; attributes before what they would forbid; the thread's own
 * pointers when nothing of ours needs them any more.
 */
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/attribute.h"
#include "plan_build.h"

enum {
	MM_MAP = 14,	 /* PR_SET_MM_MAP */
	SET_FS = 0x1002, /* ARCH_SET_FS */
	SET_GS = 0x1001, /* ARCH_SET_GS */
	ON_STACK = 1,	 /* SS_ONSTACK */
	SET_FLAGS = 4,	 /* F_SETFL */
	FIXED_CALLS = 24,
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

/* As sigaltstack(2) takes it. */
struct kernel_stack {
	uint64_t pointer;
	uint32_t flags;
	uint32_t padding;
	uint64_t size;
};

/* exe_fd -1 keeps the exe link; with that no privilege is needed. */
static void set_mm(struct plan *plan, const struct core *core)
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

static void set_signals(struct plan *plan, const struct core *core)
{
	for (uint64_t i = 0; i < CORE_SIGNALS; i++) {
		const struct core_signal *s = &core->signals[i];
		const uint64_t action[] = {s->handler, s->flags, s->restorer,
					   s->mask};

		if (s->inherited || i + 1 == SIGKILL || i + 1 == SIGSTOP)
			continue;
		plan_add(plan,
			 CALL_GIVES(0, SYS_rt_sigaction, i + 1,
				    plan_keep(plan, action, sizeof(action)), 0,
				    sizeof(uint64_t)));
	}
}

/* With a null pointer for the half of the limit that stays as it is. */
static void set_limit(struct plan *plan, const struct core *core,
		      const struct core_attribute *soft)
{
	uint32_t resource = soft->id - ATTRIBUTE_LIMIT_SOFT;
	struct rlimit limit = {soft->value, soft->value};
	struct rlimit ours;

	getrlimit((int)resource, &ours);
	limit.rlim_max = ours.rlim_max;
	for (size_t i = 0; i < core->attribute_count; i++)
		if (core->attributes[i].id == ATTRIBUTE_LIMIT_HARD + resource)
			limit.rlim_max = core->attributes[i].value;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	plan_add(plan, CALL_GIVES(0, SYS_prlimit64, 0, resource,
				  plan_keep(plan, &limit, sizeof(limit))));
}

static void set_attribute(struct plan *plan, const struct core *core,
			  const struct core_attribute *item)
{
	const struct attribute *a = attribute_find(item->id);

	if (a && a->set_number) {
		plan_add(plan, attribute_set(a, item->value));
	} else if (item->id == ATTRIBUTE_WORKING_FOLDER) {
		const char *name = core->names + item->value;

		plan_add(plan,
			 CALL_GIVES(0, SYS_chdir,
				    plan_keep(plan, name, strlen(name) + 1)));
	} else if (item->id >= ATTRIBUTE_STREAM_FLAGS &&
		   item->id < ATTRIBUTE_STREAM_FLAGS + 3) {
		plan_add(plan,
			 CALL_MUST(SYS_fcntl, item->id - ATTRIBUTE_STREAM_FLAGS,
				   SET_FLAGS, item->value));
	} else if (item->id >= ATTRIBUTE_LIMIT_SOFT &&
		   item->id < ATTRIBUTE_LIMIT_SOFT + RLIM_NLIMITS) {
		set_limit(plan, core, item);
	}
}

static void set_attributes(struct plan *plan, const struct core *core,
			   bool once)
{
	for (size_t i = 0; i < core->attribute_count; i++) {
		const struct core_attribute *item = &core->attributes[i];
		const struct attribute *a = attribute_find(item->id);

		if ((a && a->once) == once)
			set_attribute(plan, core, item);
	}
}

/* libc's copy of the thread's id is for the new thread. */
static void set_ids(struct plan *plan, const struct core_thread *thread,
		    uint32_t pid)
{
	plan_add(plan, CALL_TRY(SYS_set_tid_address, thread->tid_address));
	if (thread->tid_word)
		plan_add(plan, CALL_TRY(CALL_COPY, thread->tid_word,
					plan_keep(plan, &pid, sizeof(pid)),
					sizeof(pid)));
	plan_add(plan, CALL_GIVES(0, SYS_prctl, PR_SET_NAME,
				  plan_keep(plan, thread->comm,
					    sizeof(thread->comm))));
}

static void set_pointers(struct plan *plan, const struct core_thread *thread)
{
	const struct kernel_stack stack = {
		.pointer = thread->stack_pointer,
		.flags = thread->stack_flags & ~(uint32_t)ON_STACK,
		.size = thread->stack_size,
	};
	const struct user_regs_struct *r = &thread->registers;

	plan_add(plan, CALL_GIVES(0, SYS_sigaltstack,
				  plan_keep(plan, &stack, sizeof(stack)), 0));
	if (thread->robust_list)
		plan_add(plan,
			 CALL_GIVES(0, SYS_set_robust_list, thread->robust_list,
				    thread->robust_size));
	plan_add(plan, CALL_GIVES(0, SYS_arch_prctl, SET_FS, r->fs_base));
	plan_add(plan, CALL_GIVES(0, SYS_arch_prctl, SET_GS, r->gs_base));
	if (thread->rseq_address)
		plan_add(plan, CALL_GIVES(0, SYS_rseq, thread->rseq_address,
					  thread->rseq_size, 0,
					  thread->rseq_signature));
}

void plan_process(struct plan *plan, const struct plan_input *input)
{
	const struct core *core = input->core;
	const struct core_thread *thread = &core->threads[0];

	set_mm(plan, core);
	set_attributes(plan, core, false);
	set_signals(plan, core);
	set_ids(plan, thread, input->pid);
	set_pointers(plan, thread);
	set_attributes(plan, core, true);
	plan_add(plan, CALL_GIVES(0, SYS_close, (uint64_t)core->fd));
}

size_t plan_process_calls(const struct core *core)
{
	return FIXED_CALLS + CORE_SIGNALS + core->attribute_count;
}

size_t plan_process_data(const struct core *core)
{
	size_t size = 1024 + core->names_size;

	size += core->auxv_count * sizeof(*core->auxv) + 8;
	size += CORE_SIGNALS * 4 * sizeof(uint64_t);
	size += core->attribute_count * sizeof(struct rlimit);
	return size;
}
