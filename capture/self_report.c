/*
 * self_report.c - what only a process itself can say about itself
 */
#include "self_report.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "inferior.h"

enum {
	GET_TID_ADDRESS = 40, /* linux/prctl.h */
};

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
	struct itimerval timers[3];
	stack_t stack;
	uint64_t tid_address;
	/* A page of its own: msync(2) wants an address at its start. */
	char page[2 * CORE_PAGE_SIZE];
};

/* The calls in their order. */
enum {
	CALL_ACTIONS,
	CALL_ATTRIBUTES = CALL_ACTIONS + CORE_SIGNALS,
	CALL_TIMERS = CALL_ATTRIBUTES + ATTRIBUTE_FIXED_COUNT,
	CALL_STACK = CALL_TIMERS + 3,
	CALL_TID_ADDRESS,
	CALL_BREAK,
	CALL_LOCK_PROBE,
	CALL_CONFINEMENT_PROBE,
	CALL_COUNT,
};

#define ANSWER(base, field) ((base) + offsetof(struct answers, field))

static void write_calls(struct call calls[CALL_COUNT], uint64_t base, pid_t pid)
{
	uint64_t page = (ANSWER(base, page) + CORE_PAGE_SIZE - 1) &
			~(uint64_t)(CORE_PAGE_SIZE - 1);

	for (uint64_t i = 0; i < CORE_SIGNALS; i++)
		calls[CALL_ACTIONS + i] =
			CALL_TRY(SYS_rt_sigaction, i + 1, 0,
				 ANSWER(base, actions) +
					 i * sizeof(struct kernel_action),
				 sizeof(uint64_t));
	for (uint32_t i = 0; i < ATTRIBUTE_FIXED_COUNT; i++) {
		const struct attribute *a = attribute_find(i);
		uint64_t answer =
			ANSWER(base, attributes) + i * sizeof(uint64_t);

		/* Something harmless keeps the place of those not read so. */
		calls[CALL_ATTRIBUTES + i] = CALL_TRY(SYS_getpid);
		if (a && a->place != PLACE_NOWHERE)
			calls[CALL_ATTRIBUTES + i] = attribute_get(a, answer);
	}
	for (uint64_t i = 0; i < 3; i++)
		calls[CALL_TIMERS + i] = CALL_TRY(
			SYS_getitimer, ITIMER_REAL + i,
			ANSWER(base, timers) + i * sizeof(struct itimerval));
	calls[CALL_STACK] = CALL_TRY(SYS_sigaltstack, 0, ANSWER(base, stack));
	calls[CALL_TID_ADDRESS] =
		CALL_TRY(SYS_prctl, GET_TID_ADDRESS, ANSWER(base, tid_address));
	calls[CALL_BREAK] = CALL_TRY(SYS_brk, 0);
	/* EBUSY says that the page is locked, although nobody locked it. */
	calls[CALL_LOCK_PROBE] =
		CALL_TRY(SYS_msync, page, CORE_PAGE_SIZE, MS_INVALIDATE);
	calls[CALL_CONFINEMENT_PROBE] =
		CALL_TRY(SYS_kcmp, (uint64_t)pid, (uint64_t)getpid(), KCMP_VM);
}

static int64_t attribute_answer(uint32_t id, const struct call *call,
				uint64_t answer)
{
	const struct attribute *a = attribute_find(id);

	if (!a || a->place == PLACE_NOWHERE)
		return 0;
	if (call->result < 0 || a->place == PLACE_RESULT)
		return call->result;
	if (a->place == PLACE_INT)
		return (int32_t)answer;
	return (int64_t)answer;
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
		report->attributes[i] = attribute_answer(
			i, &calls[CALL_ATTRIBUTES + i], answers->attributes[i]);
	for (size_t i = 0; i < 3; i++)
		report->interval_timers[i] =
			answers->timers[i].it_value.tv_sec != 0 ||
			answers->timers[i].it_value.tv_usec != 0;
	report->stack_pointer = (uintptr_t)answers->stack.ss_sp;
	report->stack_size = answers->stack.ss_size;
	report->stack_flags = (uint32_t)answers->stack.ss_flags;
	report->tid_address = answers->tid_address;
	report->brk = (uint64_t)calls[CALL_BREAK].result;
	report->locks_future = calls[CALL_LOCK_PROBE].result == -EBUSY;
	report->is_confined = calls[CALL_CONFINEMENT_PROBE].result == -EPERM;
}

int self_report_ask(struct self_report *ret_report, struct tracee *t, pid_t tid,
		    uint64_t vdso, struct error *err)
{
	struct call calls[CALL_COUNT];
	struct answers answers;
	struct inferior inferior;
	int r = inferior_open(&inferior, t, tid, vdso, CALL_COUNT,
			      sizeof(answers), err);

	if (r < 0)
		return error_context(err, "cannot ask the service (pid %d)",
				     t->pid);
	write_calls(calls, inferior.data, t->pid);
	r = inferior_run(&inferior, calls, CALL_COUNT, err);
	if (r == 0)
		r = tracee_read(t, inferior.data, &answers, sizeof(answers),
				err);
	if (r == 0)
		r = inferior_close(&inferior, err);
	if (r == 0)
		read_answers(ret_report, calls, &answers);
	return r;
}

void self_report_ours(struct self_report *ret_report)
{
	struct call calls[CALL_COUNT];
	struct answers answers = {0};

	write_calls(calls, (uintptr_t)&answers, getpid());
	call_run(calls, CALL_COUNT);
	read_answers(ret_report, calls, &answers);
}
