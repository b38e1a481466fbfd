/*
 * test_seen_calls.c - each thread is in a call of its own
 */
#include <criterion/criterion.h>

#include "capture/ready/seen_calls.h"

Test(seen_calls, calls_of_threads_do_not_mix)
{
	struct seen_calls calls = {0};
	struct error err = {0};

	for (pid_t tid = 1; tid <= 50; tid++)
		cr_assert(seen_calls_add(
				  &calls,
				  &(struct stop){.tid = tid, .number = tid * 2},
				  CALL_USE_OUTPUT, &err) == 0);
	cr_assert(seen_calls_add(&calls, &(struct stop){.tid = 7, .number = 99},
				 CALL_USE_CODE, &err) == 0);
	cr_expect(calls.count == 50, "a thread is in one call only");
	cr_expect(seen_calls_find(&calls, 7)->number == 99);
	cr_expect(seen_calls_take(&calls, 7).use == CALL_USE_CODE);
	cr_expect(seen_calls_find(&calls, 7) == NULL);
	cr_expect(seen_calls_take(&calls, 7).use == CALL_USE_NONE);
	for (pid_t tid = 50; tid > 7; tid--)
		cr_expect(seen_calls_take(&calls, tid).number == tid * 2);
	cr_expect(calls.count == 6);
	seen_calls_deinit(&calls);
}
