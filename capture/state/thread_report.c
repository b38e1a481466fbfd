/*
 * thread_report.c - what only a thread itself can say about itself
 */
#include "thread_report.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	GET_TID_ADDRESS = 40, /* linux/prctl.h */
	KEEP_CAPS_BIT = 16,   /* SECBIT_KEEP_CAPS of linux/securebits.h */
	RINGS_MAX = 16,	      /* IO_RINGFD_REG_MAX of the kernel */
	/* linux/io_uring.h: IORING_ENTER_REGISTERED_RING, Linux 5.18 */
	ENTER_REGISTERED = 1 << 4,
};

/* Where the answers go. */
struct answers {
	uint64_t attributes[ATTRIBUTE_FIXED_COUNT];
	uint64_t scheduling[SCHEDULING_WORDS];
	uint64_t cpus[CPU_MASK_WORDS];
	uint64_t nodes[NODE_MASK_WORDS];
	uint32_t policy;
	uint32_t padding;
	stack_t stack;
	uint64_t tid_address;
};

/* The calls in their order. */
enum {
	CALL_ATTRIBUTES,
	CALL_SCHEDULING = CALL_ATTRIBUTES + ATTRIBUTE_FIXED_COUNT,
	CALL_CPUS,
	CALL_POLICY,
	CALL_STACK,
	CALL_TID_ADDRESS,
	CALL_USER,
	CALL_CONFINEMENT_PROBE,
	CALL_RING_PROBES,
	CALL_COUNT = CALL_RING_PROBES + RINGS_MAX,
};

static_assert((int)CALL_COUNT == THREAD_REPORT_CALLS, "room for all of them");

#define ANSWER(base, field) ((base) + offsetof(struct answers, field))

static void write_calls(struct call calls[CALL_COUNT], uint64_t base)
{
	for (uint32_t i = 0; i < ATTRIBUTE_FIXED_COUNT; i++)
		calls[CALL_ATTRIBUTES + i] = attribute_question(
			i, true,
			ANSWER(base, attributes) + i * sizeof(uint64_t));
	calls[CALL_SCHEDULING] =
		CALL_TRY(SYS_sched_getattr, 0, ANSWER(base, scheduling),
			 SCHEDULING_WORDS * sizeof(uint64_t), 0);
	calls[CALL_CPUS] =
		CALL_TRY(SYS_sched_getaffinity, 0,
			 CPU_MASK_WORDS * sizeof(uint64_t), ANSWER(base, cpus));
	calls[CALL_POLICY] =
		CALL_TRY(SYS_get_mempolicy, ANSWER(base, policy),
			 ANSWER(base, nodes), NODE_MASK_WORDS * 64, 0, 0);
	calls[CALL_STACK] = CALL_TRY(SYS_sigaltstack, 0, ANSWER(base, stack));
	calls[CALL_TID_ADDRESS] =
		CALL_TRY(SYS_prctl, GET_TID_ADDRESS, ANSWER(base, tid_address));
	calls[CALL_USER] = CALL_TRY(SYS_geteuid);
	calls[CALL_CONFINEMENT_PROBE] = CALL_TRY(SYS_kcmp, (uint64_t)getpid(),
						 (uint64_t)getpid(), KCMP_VM);
	/* With nothing to submit and nothing to wait for. */
	for (uint64_t i = 0; i < RINGS_MAX; i++)
		calls[CALL_RING_PROBES + i] =
			CALL_TRY(SYS_io_uring_enter, i, 0, 0, ENTER_REGISTERED);
}

/* EBADFD is said of a ring that has not been started. */
static bool finds_ring(const struct call probes[RINGS_MAX])
{
	for (size_t i = 0; i < RINGS_MAX; i++)
		if (probes[i].result == 0 || probes[i].result == -EBADFD)
			return true;
	return false;
}

static void read_answers(struct thread_report *report,
			 const struct call calls[CALL_COUNT],
			 const struct answers *answers)
{
	*report = (struct thread_report){
		.stack_pointer = (uintptr_t)answers->stack.ss_sp,
		.stack_size = answers->stack.ss_size,
		.stack_flags = (uint32_t)answers->stack.ss_flags,
	};
	for (uint32_t i = 0; i < ATTRIBUTE_FIXED_COUNT; i++)
		report->attributes[i] =
			attribute_answer(i, true, &calls[CALL_ATTRIBUTES + i],
					 answers->attributes[i]);
	/* One of these bits is the flag, which is an attribute of its own. */
	report->attributes[ATTRIBUTE_SECUREBITS] &= ~(int64_t)KEEP_CAPS_BIT;
	if (calls[CALL_SCHEDULING].result == 0)
		memcpy(report->scheduling, answers->scheduling,
		       sizeof(report->scheduling));
	if (calls[CALL_CPUS].result > 0)
		memcpy(report->cpus, answers->cpus,
		       (size_t)calls[CALL_CPUS].result);
	if (calls[CALL_POLICY].result == 0) {
		report->policy = answers->policy;
		memcpy(report->nodes, answers->nodes, sizeof(report->nodes));
	}
	if (calls[CALL_TID_ADDRESS].result == 0)
		report->tid_address = answers->tid_address;
	report->user = (uint32_t)calls[CALL_USER].result;
	report->is_confined = calls[CALL_CONFINEMENT_PROBE].result == -EPERM;
	report->has_ring = finds_ring(&calls[CALL_RING_PROBES]);
}

size_t thread_report_data_size(void)
{
	return sizeof(struct answers);
}

int thread_report_ask(struct thread_report *ret_report,
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
	if (r == 0)
		read_answers(ret_report, calls, &answers);
	return r;
}

void thread_report_ours(struct thread_report *ret_report)
{
	struct call calls[CALL_COUNT];
	struct answers answers = {0};

	write_calls(calls, (uintptr_t)&answers);
	call_run(calls, CALL_COUNT);
	read_answers(ret_report, calls, &answers);
}
