/*
 * test_recorder.c - services that open files by the thousands are as they were
 */
#include <criterion/criterion.h>

#include "tests/findings.h"

TestSuite(recorder, .init = harness_begin, .fini = harness_end, .timeout = 60);

/* Nothing of what made that cheap is left, in the core or in its restores. */
Test(recorder, service_that_opens_many_files_is_as_it_was)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "-o", "svc.core",
			      service_path("opens_many")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 0; i < 3; i++) {
		outcome = run("", WORDS(tool_restore(), "svc.core"));
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
	outcome = run(NULL, WORDS("gdb", "-nx", "-batch", "-ex",
				  "find /b open64, +200, 0x0f, 0x05",
				  service_path("opens_many"), "svc.core"));
	expect_in(outcome.out, "pattern");
	outcome_free(&outcome);
}

/* What a handler returns to is where it was before that was led away. */
static void check_interrupted(const char *what, const char *least)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "-o", "svc.core",
			      "--carry=file,directory",
			      service_path("opens_in_handler"), what, least));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(recorder, open_that_a_handler_interrupts_is_made_again)
{
	check_interrupted("restarted", "0");
}

Test(recorder, open_that_a_handler_interrupts_fails)
{
	check_interrupted("failed", "0");
}

Test(recorder, open_that_nested_handlers_interrupt_fails)
{
	check_interrupted("nested", "0");
}

/* Behind the call, where the registers are others, and anywhere. */
Test(recorder, open_that_a_handler_interrupts_at_its_end_has_its_file)
{
	check_interrupted("passed", "0");
	check_interrupted("passed", "80");
	check_interrupted("passed", "120");
	check_interrupted("passed", "180");
}

Test(recorder, folder_that_a_handler_interrupts_the_opening_of_is_open)
{
	check_interrupted("listed", "0");
	check_interrupted("listed", "45");
	check_interrupted("listed", "80");
	check_interrupted("listed", "180");
}

Test(recorder, service_without_room_for_records_has_nothing_of_them)
{
	check_interrupted("limited", "0");
}

Test(recorder, all_memory_can_be_locked_after_many_opens)
{
	check_interrupted("locked", "0");
}

Test(recorder, what_a_child_opens_is_not_what_its_parent_has)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--audit-only",
			      service_path("opens_in_handler"), "vfork"));

	expect_status(outcome, 3);
	expect_finding(outcome.err, "fd 0 ",
		       WORDS("unread bytes: 0 inherited from the caller"));
	expect_finding(outcome.err, "fd 3 ",
		       WORDS("how it came to be was not seen: it was opened "
			     "among thousands, and what was kept of that is "
			     "lost"));
	outcome_free(&outcome);
}

Test(recorder, what_was_opened_after_many_children_is_known)
{
	expect_report(3, WORDS(tool_capture(), "--audit-only",
			       service_path("opens_in_handler"), "vforks"));
}
