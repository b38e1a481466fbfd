/*
 * self_report.c - what only a process itself can say about itself
 */
#include "self_report.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* As rt_sigaction(2) of the kernel leaves it; libc's differs. */
struct kernel_action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* Where the answers go. */
struct answers {
	struct kernel_action actions[CORE_SIGNALS];
	uint64_t attributes[ATTRIBUTE_FIXED_COUNT];
	unsigned char is_resident;
	/* A page that nobody touches: msync(2) wants an address at its start. */
	char page[2 * CORE_PAGE_SIZE];
};

/* What may be asked of other threads, and what had to be registered for it. */
static const struct {
	int command;
	int registration;
} barriers[] = {
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED},
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE},
	{MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ},
};

enum {
	BARRIERS = sizeof(barriers) / sizeof(*barriers),
};

/* The calls in their order. */
enum {
	CALL_ACTIONS,
	CALL_ATTRIBUTES = CALL_ACTIONS + CORE_SIGNALS,
	CALL_BREAK = CALL_ATTRIBUTES + ATTRIBUTE_FIXED_COUNT,
	CALL_LOCK_PROBE,
	CALL_RESIDENCE_PROBE,
	CALL_WAIT_PROBE,
	CALL_BARRIER_PROBES,
	CALL_KEY_PROBES = CALL_BARRIER_PROBES + BARRIERS,
	CALL_COUNT = CALL_KEY_PROBES + SELF_REPORT_KEYS,
};

static_assert((int)CALL_COUNT == SELF_REPORT_CALLS, "room for all of them");

/* Above all memory of a process, also with five levels of page tables. */
static const uint64_t ADDRESS_END = (uint64_t)1 << 56;

#define ANSWER(base, field) ((base) + offsetof(struct answers, field))

/* What else would have to be looked for all over /proc. */
static void write_probes(struct call calls[CALL_COUNT], uint64_t base)
{
	uint64_t page = (ANSWER(base, page) + CORE_PAGE_SIZE - 1) &
			~(uint64_t)(CORE_PAGE_SIZE - 1);

	/* EBUSY says that the page is locked, although nobody locked it. */
	calls[CALL_LOCK_PROBE] =
		CALL_TRY(SYS_msync, page, CORE_PAGE_SIZE, MS_INVALIDATE);
	/* And if it is there, although nobody touched it, not on fault. */
	calls[CALL_RESIDENCE_PROBE] = CALL_TRY(
		SYS_mincore, page, CORE_PAGE_SIZE, ANSWER(base, is_resident));
	/* ECHILD unless there are children, dead or alive, or tracees. */
	calls[CALL_WAIT_PROBE] =
		CALL_TRY(SYS_waitid, P_ALL, 0, 0,
			 WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL, 0);
	/* EPERM for what was not registered; a barrier harms nobody. */
	for (size_t i = 0; i < BARRIERS; i++)
		calls[CALL_BARRIER_PROBES + i] = CALL_TRY(
			SYS_membarrier, (uint64_t)barriers[i].command, 0, 0);
	/*
	 * Memory that is not there gives ENOMEM with a key that the process has
	 * taken, and EINVAL with any other: also with that by which the kernel
	 * hides memory that may only be executed.
	 */
	for (uint64_t key = 0; key < SELF_REPORT_KEYS; key++)
		calls[CALL_KEY_PROBES + key] =
			CALL_TRY(SYS_pkey_mprotect, ADDRESS_END, CORE_PAGE_SIZE,
				 PROT_NONE, key + 1);
}

static void write_calls(struct call calls[CALL_COUNT], uint64_t base)
{
	for (uint64_t i = 0; i < CORE_SIGNALS; i++)
		calls[CALL_ACTIONS + i] =
			CALL_TRY(SYS_rt_sigaction, i + 1, 0,
				 ANSWER(base, actions) +
					 i * sizeof(struct kernel_action),
				 sizeof(uint64_t));
	for (uint32_t i = 0; i < ATTRIBUTE_FIXED_COUNT; i++)
		calls[CALL_ATTRIBUTES + i] = attribute_question(
			i, false,
			ANSWER(base, attributes) + i * sizeof(uint64_t));
	calls[CALL_BREAK] = CALL_TRY(SYS_brk, 0);
	write_probes(calls, base);
}

static uint64_t lock_flags(const struct call calls[CALL_COUNT],
			   const struct answers *answers)
{
	if (calls[CALL_LOCK_PROBE].result != -EBUSY)
		return 0;
	return answers->is_resident & 1 ? MCL_FUTURE : MCL_FUTURE | MCL_ONFAULT;
}

/*
 * What may be called is what was registered.  The kernel tells, since Linux 6.3,
 * of the first kind when it is only another; before, it tells nothing, and then
 * whether barriers of other processes are wanted is not known.
 */
static void read_barriers(struct self_report *report,
			  const struct call probes[BARRIERS])
{
	int64_t *registered = &report->attributes[ATTRIBUTE_MEMBARRIER];
	const bool is_told = *registered >= 0;

	if (!is_told)
		*registered = 0;
	for (size_t i = 0; i < BARRIERS; i++) {
		if (probes[i].result == 0)
			*registered |= barriers[i].registration;
		else if (probes[i].result == -EPERM)
			*registered &= ~(int64_t)barriers[i].registration;
		else
			continue;
		report->hides_barriers = !is_told;
	}
}

static void read_answers(struct self_report *report,
			 const struct call calls[CALL_COUNT],
			 const struct answers *answers)
{
	for (size_t i = 0; i < CORE_SIGNALS; i++)
		report->signals[i] = (struct core_signal){
			.handler = answers->actions[i].handler,
			.flags = answers->actions[i].flags,
			.restorer = answers->actions[i].restorer,
			.mask = answers->actions[i].mask,
		};
	for (uint32_t i = 0; i < ATTRIBUTE_FIXED_COUNT; i++)
		report->attributes[i] =
			attribute_answer(i, false, &calls[CALL_ATTRIBUTES + i],
					 answers->attributes[i]);
	read_barriers(report, &calls[CALL_BARRIER_PROBES]);
	report->brk = (uint64_t)calls[CALL_BREAK].result;
	report->lock_future = lock_flags(calls, answers);
	for (size_t i = 0; i < SELF_REPORT_KEYS; i++)
		report->keys += calls[CALL_KEY_PROBES + i].result == -ENOMEM;
	report->has_dependents = calls[CALL_WAIT_PROBE].result != -ECHILD;
}

size_t self_report_data_size(void)
{
	return sizeof(struct answers);
}

int self_report_ask(struct self_report *ret_report,
		    const struct inferior *inferior, pid_t tid,
		    struct error *err)
{
	struct call calls[CALL_COUNT];
	struct answers answers;
	int r;

	write_calls(calls, inferior->data);
	r = inferior_run(inferior, tid, calls, CALL_COUNT, err);
	if (r == 0)
		r = tracee_read(inferior->tracee, inferior->data, &answers,
				sizeof(answers), err);
	if (r < 0)
		return r;
	read_answers(ret_report, calls, &answers);
	/* Our own steps have reset it. */
	if (inferior->ignores_trap)
		ret_report->signals[SIGTRAP - 1].handler = (uintptr_t)SIG_IGN;
	return 0;
}

void self_report_ours(struct self_report *ret_report)
{
	struct call calls[CALL_COUNT];
	struct answers answers = {0};

	write_calls(calls, (uintptr_t)&answers);
	call_run(calls, CALL_COUNT);
	read_answers(ret_report, calls, &answers);
}
