/*
 * test_plan_prefetch.c - pages that are to be at hand in, advice to the kernel
 * out
 */
#include <criterion/criterion.h>
#include <sys/syscall.h>

#include "tests/made_plan.h"

enum {
	POPULATE_READ = 22,  /* MADV_POPULATE_READ */
	POPULATE_WRITE = 23, /* MADV_POPULATE_WRITE */
};

/* How often the advice is given, and to how many bytes in all. */
static size_t count_advice(const struct made *made, uint64_t advice,
			   uint64_t *ret_size)
{
	size_t count = 0;

	*ret_size = 0;
	for (size_t i = 0; i < made->plan.call_count; i++) {
		const struct call *call = &made->plan.calls[i];

		if (call->number != SYS_madvise || call->arguments[2] != advice)
			continue;
		cr_expect(call->lowest == INT64_MIN &&
				  call->highest == INT64_MAX,
			  "an old kernel would stop it");
		*ret_size += call->arguments[1];
		count++;
	}
	return count;
}

Test(plan_prefetch, recorded_pages_are_fetched_when_all_memory_is_there)
{
	const struct core_touched touched[] = {
		{0x555555554000, 2, 0},
		{0x7ffff7000000, 3, 1},
	};
	struct made_core from;
	struct made made = {0};
	uint64_t size;
	ptrdiff_t at;

	made_core_init(&from);
	make_from(&made, &from,
		  (struct plan_input){.touched = touched, .touched_count = 2});

	cr_expect(count_advice(&made, POPULATE_READ, &size) == 1 &&
		  size == 0x2000);
	at = find_call(&made, SYS_madvise, 0x7ffff7000000);
	cr_assert(at >= 0);
	cr_expect(made.plan.calls[at].arguments[1] == 0x3000 &&
		  made.plan.calls[at].arguments[2] == POPULATE_WRITE);
	cr_expect(find_call(&made, SYS_mmap, from.mappings[5].start) < at);
	unmake(&made);
}

Test(plan_prefetch, all_that_is_stored_is_fetched_when_that_is_asked_for)
{
	const struct core_touched touched = {0x7ffff7000000, 3, 1};
	struct made_core from;
	struct made made = {0};
	uint64_t size;

	made_core_init(&from);
	make_from(&made, &from,
		  (struct plan_input){.touched = &touched,
				      .touched_count = 1,
				      .populate = true});

	count_advice(&made, POPULATE_READ, &size);
	cr_expect(size == 0x3000, "text: %#lx", size);
	/* Heap, block and stack, without their holes; the stack is copied. */
	count_advice(&made, POPULATE_WRITE, &size);
	cr_expect(size == 0x20000 + 0x100000 - 0x40000 + 2 * 0x4000,
		  "data: %#lx", size);
	unmake(&made);
}
