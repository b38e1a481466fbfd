/*
 * plan_print.c - a plan for people, as strace(1) would show it
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "plan.h"

/* How many arguments count, and whether they read better in decimal. */
static const struct {
	int64_t number;
	int count;
	const char *name;
} calls[] = {
	{SYS_mmap, 6, "mmap"},
	{SYS_munmap, 2, "munmap"},
	{SYS_mprotect, 3, "mprotect"},
	{SYS_mremap, 5, "mremap"},
	{SYS_madvise, 3, "madvise"},
	{SYS_pread64, 4, "pread64"},
	{SYS_close, 1, "close"},
	{SYS_arch_prctl, 2, "arch_prctl"},
	{SYS_prctl, 5, "prctl"},
	{SYS_rt_sigaction, 4, "rt_sigaction"},
	{SYS_sigaltstack, 2, "sigaltstack"},
	{SYS_set_tid_address, 1, "set_tid_address"},
	{SYS_set_robust_list, 2, "set_robust_list"},
	{SYS_rseq, 4, "rseq"},
	{SYS_chdir, 1, "chdir"},
	{SYS_fcntl, 3, "fcntl"},
	{SYS_prlimit64, 4, "prlimit64"},
	{SYS_umask, 1, "umask"},
	{SYS_personality, 1, "personality"},
	{SYS_setpriority, 3, "setpriority"},
	{SYS_ioprio_set, 3, "ioprio_set"},
	{SYS_clone, 5, "clone"},
	{SYS_sched_setattr, 3, "sched_setattr"},
	{SYS_sched_setaffinity, 3, "sched_setaffinity"},
	{SYS_set_mempolicy, 3, "set_mempolicy"},
	{SYS_membarrier, 3, "membarrier"},
	{SYS_mlock2, 3, "mlock2"},
	{SYS_mlockall, 1, "mlockall"},
	{SYS_timer_create, 3, "timer_create"},
	{SYS_timer_delete, 1, "timer_delete"},
	{SYS_timer_settime, 4, "timer_settime"},
	{SYS_setitimer, 3, "setitimer"},
	{SYS_rt_sigqueueinfo, 3, "rt_sigqueueinfo"},
	{SYS_rt_tgsigqueueinfo, 4, "rt_tgsigqueueinfo"},
	{CALL_COPY, 3, "copy"},
};

static void print_call(const struct call *call)
{
	const char *name = "syscall";
	int count = CALL_ARGUMENTS;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (calls[i].number != call->number)
			continue;
		name = calls[i].name;
		count = calls[i].count;
	}
	printf("%s(", name);
	for (int i = 0; i < count; i++)
		printf("%s%#" PRIx64, i > 0 ? ", " : "", call->arguments[i]);
	printf(")");
	if (call->lowest == call->highest)
		printf(" = %s%#" PRIx64, call->lowest < 0 ? "-" : "",
		       call->lowest < 0 ? (uint64_t)-call->lowest
					: (uint64_t)call->lowest);
	printf("\n");
}

/* By enum core_file_kind. */
static const char *const file_kinds[CORE_FILE_KINDS] = {
	[CORE_FILE_INHERITED] = "the caller's fd",
	[CORE_FILE_PATH] = "file",
	[CORE_FILE_PIPE] = "pipe",
	[CORE_FILE_SOCKETPAIR] = "socketpair",
	[CORE_FILE_SOCKET] = "socket",
	[CORE_FILE_EVENTFD] = "eventfd",
	[CORE_FILE_TIMERFD] = "timerfd",
	[CORE_FILE_SIGNALFD] = "signalfd",
	[CORE_FILE_EPOLL] = "epoll",
	[CORE_FILE_INOTIFY] = "inotify",
	[CORE_FILE_CLOSED] = "closed",
	[CORE_FILE_MEMFD] = "memfd",
};

static void print_descriptor(const struct core *core,
			     const struct core_descriptor *d)
{
	const struct core_file *file = &core->files[d->file];

	printf("fd %u = %s", d->fd, file_kinds[file->kind]);
	if (file->kind == CORE_FILE_INHERITED)
		printf(" %" PRIu64, file->values[0]);
	else if (file->name)
		printf(" '%s'", core->names + file->name);
	printf("\n");
}

void plan_print(const struct core *core, const struct plan *plan)
{
	for (size_t i = 0; i < core->descriptor_count; i++)
		print_descriptor(core, &core->descriptors[i]);
	for (size_t i = 0; i < plan->call_count; i++) {
		if (i == plan->early && plan->early < plan->late)
			printf("in the other threads, one after the other:\n");
		if (i == plan->late && plan->early < plan->late)
			printf("when these have arrived:\n");
		print_call(&plan->calls[i]);
	}
	printf("munmap(%#" PRIx64 ", %#zx) = 0\n", plan->address + plan->work,
	       plan->size - plan->work);
	printf("rt_sigreturn() in all threads\n");
}
