/*
 * tracee_watch_x86_64.c - breakpoints in the code of a tracee
 *
 * They are instructions of one byte, not debug registers: those are four, and
 * there are virtual machines that let them be set and never use them.  The
 * page becomes private to the service with its first watch, and is as it was
 * when they are taken out.
 *
 * A thread that executes one is sent SIGTRAP as if by force_sig(): where that
 * is blocked or ignored, the kernel unblocks it and makes its action the
 * default (force_sig_info_to_task()).  A thread that has all others blocked had
 * this one blocked, too.
 */
#include <errno.h>
#include <linux/kcmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracee_task.h"

/* @original: the byte in whose place the breakpoint stands */
struct watch {
	uint64_t address;
	unsigned char original;
};

static const unsigned char breakpoint = 0xcc;

/*
 * As the kernel numbers them, from bit 0.  Two can never be blocked, and two
 * glibc keeps for itself and leaves out (nptl(7)).
 */
#define SIGNAL_BIT(number) ((uint64_t)1 << ((number)-1))
#define NEVER_BLOCKED                                                 \
	(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(32) | \
	 SIGNAL_BIT(33))

static struct watch *find_watch(const struct tracee *t, uint64_t address)
{
	for (size_t i = 0; i < t->watch_count; i++)
		if (t->watches[i].address == address)
			return &t->watches[i];
	return NULL;
}

static struct watch *add_watch(struct tracee *t, uint64_t address)
{
	struct watch *watches;

	/* Grown where the count reaches a power of two. */
	if ((t->watch_count & (t->watch_count - 1)) == 0) {
		size_t capacity = t->watch_count ? t->watch_count * 2 : 1;

		watches = realloc(t->watches, capacity * sizeof(*watches));
		if (!watches)
			return NULL;
		t->watches = watches;
	}
	t->watches[t->watch_count] = (struct watch){.address = address};
	return &t->watches[t->watch_count++];
}

int tracee_watch(struct tracee *t, uint64_t address, struct error *err)
{
	struct watch *watch = find_watch(t, address);
	struct error unmapped = {0};
	unsigned char byte;
	int r;

	if (tracee_read(t, address, &byte, 1, &unmapped) < 0 ||
	    (watch && byte == breakpoint))
		return 0;
	if (!watch)
		watch = add_watch(t, address);
	if (!watch)
		return error_system(err, ENOMEM, "cannot keep the breakpoints");
	watch->original = byte;
	r = tracee_write(t, address, &breakpoint, 1, err);
	if (r < 0) {
		error_context(err, "cannot set a breakpoint");
		error_hint(err, "Name a ready point that needs none, such as "
				"syscall:read:0.");
	}
	return r;
}

bool task_is_at_watch(const struct tracee *t, const struct task *task)
{
	struct user_regs_struct regs;
	struct error ignored = {0};
	siginfo_t info;
	uint64_t mask;

	if (t->watch_count == 0 ||
	    ptrace(PTRACE_GETSIGINFO, task->tid, NULL, &info) < 0 ||
	    info.si_code != SI_KERNEL ||
	    tracee_registers(t, task->tid, &regs, &ignored) < 0 ||
	    !find_watch(t, regs.rip - 1))
		return false;
	regs.rip--;
	if (tracee_set_registers(t, task->tid, &regs, &ignored) < 0)
		return false;
	if (tracee_signal_mask(t, task->tid, &mask, &ignored) == 0 &&
	    (mask | NEVER_BLOCKED | SIGNAL_BIT(SIGTRAP)) == UINT64_MAX)
		tracee_set_signal_mask(t, task->tid, mask | SIGNAL_BIT(SIGTRAP),
				       &ignored);
	return true;
}

/* It shares the memory of the service, or it would have no watch. */
int task_pass_watch(struct tracee *t, struct task *task, struct error *err)
{
	struct user_regs_struct regs;
	struct watch *watch = NULL;
	uint64_t mask;
	int r = tracee_registers(t, task->tid, &regs, err);

	if (r == 0)
		watch = find_watch(t, regs.rip);
	if (!watch)
		return r;
	r = tracee_write(t, watch->address, &watch->original, 1, err);
	/* No signal is to come in between and be lost. */
	if (r == 0)
		r = tracee_signal_mask(t, task->tid, &mask, err);
	if (r == 0)
		r = tracee_set_signal_mask(t, task->tid, TRACEE_MASK_BUT_TRAP,
					   err);
	if (r == 0)
		r = tracee_step(t, task->tid, err);
	if (r == 0)
		r = tracee_set_signal_mask(t, task->tid, mask, err);
	if (r == 0)
		r = tracee_write(t, watch->address, &breakpoint, 1, err);
	return r;
}

int tracee_pass_watches(struct tracee *t, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->task_count; i++)
		if (t->tasks[i].ours && t->tasks[i].stopped)
			r = task_pass_watch(t, &t->tasks[i], err);
	return r;
}

/* Bytes of a process other than the service; word by word, as ptrace(2) can. */
static void put_byte(pid_t tid, uint64_t address, unsigned char byte)
{
	uint64_t start = address & ~(sizeof(long) - 1);
	unsigned int shift = (unsigned int)(address - start) * 8;
	unsigned long word;

	errno = 0;
	word = (unsigned long)ptrace(PTRACE_PEEKDATA, tid, start, NULL);
	if (errno || (word >> shift & 0xff) != breakpoint)
		return;
	word ^= (unsigned long)(breakpoint ^ byte) << shift;
	ptrace(PTRACE_POKEDATA, tid, start, word);
}

void task_clear_watches(const struct tracee *t, const struct task *task)
{
	if (t->watch_count == 0 ||
	    syscall(SYS_kcmp, t->pid, task->tid, KCMP_VM, 0, 0) == 0)
		return;
	for (size_t i = 0; i < t->watch_count; i++)
		put_byte(task->tid, t->watches[i].address,
			 t->watches[i].original);
}

/*
 * A thread may have executed a breakpoint just before it was stopped.  The
 * signal for that comes as soon as it runs.
 */
static int drain_trap(struct tracee *t, struct task *task, struct error *err)
{
	struct user_regs_struct regs;
	siginfo_t info;
	size_t count = 0;
	uint64_t at = 0;
	int r = tracee_registers(t, task->tid, &regs, err);

	if (r < 0 || !find_watch(t, regs.rip - 1))
		return r;
	do {
		r = tracee_pending(t, task->tid, at++, &info, 1, &count, err);
	} while (r == 0 && count == 1 &&
		 (info.si_signo != SIGTRAP || info.si_code != SI_KERNEL));
	if (r < 0 || count == 0)
		return r;
	r = tracee_run_to_trap(t, task->tid, err);
	if (r == 0)
		task_is_at_watch(t, task);
	return r;
}

int tracee_unwatch(struct tracee *t, struct error *err)
{
	int r = 0;

	if (t->gone || t->watch_count == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < t->task_count; i++)
		if (t->tasks[i].ours && t->tasks[i].stopped)
			r = drain_trap(t, &t->tasks[i], err);
	for (size_t i = 0; r == 0 && i < t->watch_count; i++) {
		const struct watch *watch = &t->watches[i];
		struct error unmapped = {0};
		unsigned char byte;

		if (tracee_read(t, watch->address, &byte, 1, &unmapped) == 0 &&
		    byte == breakpoint)
			r = tracee_write(t, watch->address, &watch->original, 1,
					 err);
	}
	tracee_forget_watches(t);
	return r;
}

void tracee_forget_watches(struct tracee *t)
{
	free(t->watches);
	t->watches = NULL;
	t->watch_count = 0;
}
