/*
 * test_changes.c - what differs from what was inherited is set again or refused
 */
#include <errno.h>

#include "capture/state/changes.h"
#include "tests/expect.h"

static struct changes changes;
static struct audit audit;

static void deinit(void)
{
	changes_deinit(&changes);
	audit_deinit(&audit);
}

TestSuite(changes, .fini = deinit);

Test(changes, what_is_equal_is_no_change)
{
	struct thread_report report = {.cpus = {3}, .policy = 1};

	changes_compare_thread(&changes, 0, "", &report, &report, &audit);

	cr_expect(changes.count == 0 && audit.count == 0);
}

Test(changes, one_value_is_one_change)
{
	changes_compare(&changes, 2, "thread 7", ATTRIBUTE_TIMER_SLACK, 50000,
			1, &audit);

	cr_assert(changes.count == 1 && audit.count == 1);
	cr_expect(changes.items[0].id == ATTRIBUTE_TIMER_SLACK);
	cr_expect(changes.items[0].thread == 2 && changes.items[0].value == 1);
	expect_text(audit.items[0].subject, "timer slack of thread 7");
	expect_text(audit.items[0].what, "1, was 50000 at the start");
	cr_expect(audit.items[0].verdict == VERDICT_RESTORED);
}

Test(changes, what_cannot_be_set_is_refused)
{
	changes_compare(&changes, 0, "", ATTRIBUTE_SECUREBITS, 0, 1, &audit);
	changes_compare(&changes, 0, "", ATTRIBUTE_TSC, 1, -EPERM, &audit);
	/* Without the bit that says so it may not be set. */
	changes_compare(&changes, 0, "", ATTRIBUTE_SPECULATION_STORE, 0, 4,
			&audit);

	cr_expect(changes.count == 0 && audit_refused(&audit) == 3);
}

Test(changes, speculation_is_set_without_the_bit_that_says_that_it_may_be)
{
	changes_compare(&changes, 0, "", ATTRIBUTE_SPECULATION_STORE, 3, 5,
			&audit);

	cr_assert(changes.count == 1);
	cr_expect(changes.items[0].value == 4);
}

Test(changes, scheduling_is_all_of_its_words)
{
	struct thread_report before = {
		.scheduling = {56, 0, 0, 3000000, 0, 0, 0}};
	struct thread_report after = before;

	after.scheduling[0] |= (uint64_t)3 << 32; /* SCHED_BATCH */
	after.scheduling[2] = 5;		  /* nice */
	changes_compare_thread(&changes, 1, "thread 9", &before, &after,
			       &audit);

	cr_assert(changes.count == 7 && audit.count == 1);
	cr_expect(changes.items[3].value == 0, "the slice is the kernel's");
	expect_text(audit.items[0].subject, "scheduling of thread 9");
	expect_text(audit.items[0].what,
		    "SCHED_BATCH, nice 5, priority 0, was SCHED_OTHER, nice 0, "
		    "priority 0 at the start");
}

Test(changes, clamps_are_set_with_their_flags)
{
	struct thread_report before = {0};
	struct thread_report after = {.scheduling = {[6] = 7}};

	changes_compare_thread(&changes, 0, "", &before, &after, &audit);

	cr_assert(changes.count == 7);
	cr_expect(changes.items[1].value == 0x60);
}

Test(changes, masks_are_all_of_their_words)
{
	struct thread_report before = {.cpus = {3}};
	struct thread_report after = {.cpus = {1}, .policy = 1, .nodes = {1}};

	changes_compare_thread(&changes, 0, "", &before, &after, &audit);

	cr_expect(changes.count == CPU_MASK_WORDS + 2);
	cr_expect(audit_refused(&audit) == 0);
	after.nodes[3] = 1;
	changes_compare_thread(&changes, 0, "", &before, &after, &audit);
	cr_expect(audit_refused(&audit) == 1, "nodes above the 64th");
}

Test(changes, order_is_that_of_the_core)
{
	changes_add(&changes, 1, ATTRIBUTE_UMASK, 1);
	changes_add(&changes, 0, ATTRIBUTE_UMASK, 2);
	changes_add(&changes, 0, ATTRIBUTE_DUMPABLE, 3);
	changes_sort(&changes);

	cr_expect(changes.items[0].value == 3 && changes.items[1].value == 2 &&
		  changes.items[2].value == 1);
}
