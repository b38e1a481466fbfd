/*
 * test_plan_process.c - a core in, a list of calls out that makes just that
 * process: its threads, signals, timers and attributes
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/attribute.h"
#include "tests/made_plan.h"

Test(plan_process, attributes_and_ids_are_set)
{
	struct made_core from;
	struct made made = {0};
	bool has_umask = false, has_word = false;

	made_core_init(&from);
	make(&made, &from);

	for (size_t i = 0; i < made.plan.call_count; i++) {
		const struct call *c = &made.plan.calls[i];

		has_umask = has_umask ||
			    (c->number == SYS_umask && c->arguments[0] == 0137);
		has_word = has_word ||
			   (c->number == CALL_COPY &&
			    c->arguments[0] == from.threads[0].tid_word);
	}
	cr_expect(has_umask);
	cr_expect(has_word);
	unmake(&made);
}

Test(plan_process, signals_that_were_inherited_are_left_alone)
{
	struct made_core from;
	struct made made = {0};
	uint64_t action[4];
	ptrdiff_t at;

	made_core_init(&from);
	from.signals[1] = (struct core_signal){
		.handler = 0x1234, .flags = 4, .restorer = 0x99, .mask = 7};
	from.signals[8].inherited = 0;	/* SIGKILL */
	from.signals[18].inherited = 0; /* SIGSTOP */
	make(&made, &from);

	at = find_call(&made, SYS_rt_sigaction, 2);
	cr_assert(at >= 0);
	memcpy(action, in_region(&made, made.plan.calls[at].arguments[1]),
	       sizeof(action));
	cr_expect(action[0] == 0x1234 && action[1] == 4);
	cr_expect(action[2] == 0x99 && action[3] == 7);
	cr_expect(find_call(&made, SYS_rt_sigaction, 9) < 0);
	cr_expect(find_call(&made, SYS_rt_sigaction, 19) < 0);
	cr_expect(find_call(&made, SYS_rt_sigaction, 3) < 0);
	unmake(&made);
}

/* The list of calls of the @index-th thread besides the main one. */
static const struct call *list_of(const struct made *made, size_t index,
				  uint64_t *ret_count)
{
	const struct call *clone = made->plan.calls;
	uint64_t stack[4], thread[3];

	while (clone->number != SYS_clone || index-- > 0)
		clone++;
	memcpy(stack, in_region(made, clone->arguments[1]), sizeof(stack));
	memcpy(thread, in_region(made, stack[2]), sizeof(thread));
	*ret_count = thread[1];
	return in_region(made, thread[0]);
}

Test(plan_process, every_thread_is_cloned_with_a_list_and_a_frame)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	from.thread_count = MADE_THREADS;
	/* The ready one comes first, and need not be the main one. */
	from.threads[0].tid = 4712;
	from.threads[1].tid = 4711;
	make(&made, &from);

	for (size_t i = 0; i < MADE_THREADS - 1; i++) {
		const size_t thread = i == 0 ? 0 : i + 1;
		uint64_t count;
		const struct call *list = list_of(&made, i, &count);
		bool has_word = false;

		cr_expect(list >= made.plan.calls + made.plan.early &&
			  list + count <= made.plan.calls + made.plan.late);
		for (uint64_t k = 0; k < count; k++)
			has_word = has_word ||
				   (list[k].number == CALL_COPY &&
				    list[k].arguments[0] ==
					    from.threads[thread].tid_word &&
				    list[k].arguments[1] ==
					    made.plan.tids + thread * 4);
		cr_expect(has_word, "thread %zu", thread);
	}
	cr_expect(made.core.leader == 1);
	cr_expect(*(const uint32_t *)in_region(&made, made.plan.tids + 4) ==
		  99);
	unmake(&made);
}

Test(plan_process, single_thread_is_not_cloned)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	make(&made, &from);

	for (size_t i = 0; i < made.plan.call_count; i++)
		cr_expect(made.plan.calls[i].number != SYS_clone);
	cr_expect(made.plan.early == made.plan.late);
	unmake(&made);
}

Test(plan_process, owners_get_three_bytes_of_the_id)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t at;

	made_core_init(&from);
	from.thread_count = 2;
	from.owners[0] =
		(struct core_owner){0x555555558100, 1, CORE_OWNER_MEMORY};
	from.owner_count = 1;
	make(&made, &from);

	at = find_call(&made, CALL_COPY, 0x555555558100);
	cr_assert(at >= (ptrdiff_t)made.plan.late, "before there is a thread");
	cr_expect(made.plan.calls[at].arguments[1] == made.plan.tids + 4);
	cr_expect(made.plan.calls[at].arguments[2] == 3);
	cr_expect(!made.plan.is_patched);
	unmake(&made);
}

Test(plan_process, frames_that_get_an_id_are_protected_afterwards)
{
	struct made_core from;
	struct made made = {0};
	ptrdiff_t at;

	made_core_init(&from);
	from.threads[0].registers.rbx = 4711;
	from.owners[0] = (struct core_owner){
		offsetof(struct user_regs_struct, rbx), 0, CORE_OWNER_REGISTER};
	from.owner_count = 1;
	make(&made, &from);

	at = find_call(&made, SYS_mprotect, REGION + made.plan.kept);
	cr_assert(at > 0 && made.plan.is_patched);
	cr_expect(made.plan.calls[at].arguments[2] == (PROT_READ | PROT_EXEC));
	cr_expect(made.plan.calls[at - 1].number == CALL_COPY);
	cr_expect(*(const uint64_t *)in_region(
			  &made, made.plan.calls[at - 1].arguments[0]) == 4711);
	unmake(&made);
}

static void add_timer(struct made_core *from, int32_t id, uint64_t seconds)
{
	from->timers[from->timer_count++] = (struct core_timer){
		.kind = CORE_TIMER_POSIX,
		.id = id,
		.thread = CORE_THREAD_NONE,
		.remaining_ns = seconds * 1000000000,
	};
}

static size_t count_calls(const struct made *made, int64_t number)
{
	size_t count = 0;

	for (size_t i = 0; i < made->plan.call_count; i++)
		count += made->plan.calls[i].number == number;
	return count;
}

Test(plan_process, timers_get_their_ids_also_from_a_kernel_that_counts)
{
	struct made_core from;
	struct made made = {0};

	made_core_init(&from);
	add_timer(&from, 2, 5);
	add_timer(&from, 4, 0);
	make_from(&made, &from, (struct plan_input){.has_timer_ids = true});
	cr_expect(count_calls(&made, SYS_timer_create) == 2);
	cr_expect(count_calls(&made, SYS_timer_delete) == 0);
	cr_expect(find_call(&made, SYS_prctl, 77) >= 0);
	unmake(&made);

	made = (struct made){0};
	make_from(&made, &from, (struct plan_input){0});
	cr_expect(count_calls(&made, SYS_timer_create) == 5);
	cr_expect(count_calls(&made, SYS_timer_delete) == 3);
	cr_expect(find_call(&made, SYS_prctl, 77) < 0);
	cr_expect(find_call(&made, SYS_timer_settime, 4) >
		  find_call(&made, SYS_timer_delete, 3));
	unmake(&made);
}

Test(plan_process, signals_are_sent_again_by_the_new_self)
{
	const siginfo_t info = {.si_signo = 10, .si_code = SI_QUEUE};
	struct made_core from;
	struct made made = {0};
	siginfo_t sent;
	ptrdiff_t at;

	made_core_init(&from);
	memcpy(from.pending[0].info, &info, sizeof(info));
	((siginfo_t *)(void *)from.pending[0].info)->si_pid = 4711;
	from.pending[0].thread = CORE_THREAD_NONE;
	from.pending[1] = from.pending[0];
	from.pending[1].thread = 0;
	from.pending_count = 2;
	make(&made, &from);

	at = find_call(&made, SYS_rt_sigqueueinfo, 99);
	cr_assert(at >= 0);
	memcpy(&sent, in_region(&made, made.plan.calls[at].arguments[2]),
	       sizeof(sent));
	cr_expect(sent.si_pid == 99 && sent.si_code == SI_QUEUE);
	cr_expect(sent.si_uid == 77);
	at = find_call(&made, SYS_rt_tgsigqueueinfo, 99);
	cr_assert(at > 0);
	/* Its second argument is the id that the call before it fetches. */
	cr_expect(in_region(&made, made.plan.calls[at - 1].arguments[0]) ==
		  &made.plan.calls[at].arguments[1]);
	unmake(&made);
}

Test(plan_process, attributes_of_several_words_are_one_call)
{
	struct made_core from;
	struct made made = {0};
	uint64_t words[7];
	ptrdiff_t at;

	made_core_init(&from);
	from.attribute_count = 0;
	for (uint32_t i = 0; i < 7; i++)
		from.attributes[from.attribute_count++] =
			(struct core_attribute){ATTRIBUTE_SCHEDULING + i, 0,
						100 + i};
	for (uint32_t i = 0; i < 16; i++)
		from.attributes[from.attribute_count++] =
			(struct core_attribute){ATTRIBUTE_CPUS + i, 0, 1};
	make(&made, &from);

	cr_expect(count_calls(&made, SYS_sched_setattr) == 1);
	cr_expect(count_calls(&made, SYS_sched_setaffinity) == 1);
	at = find_call(&made, SYS_sched_setattr, 0);
	memcpy(words, in_region(&made, made.plan.calls[at].arguments[1]),
	       sizeof(words));
	for (uint64_t i = 0; i < 7; i++)
		cr_expect(words[i] == 100 + i);
	unmake(&made);
}
