/*
 * test_states_hidden.c - states that no file of /proc shows
 *
 * The comments "state:" are those of test_states.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(states_hidden, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void expect_ok(struct outcome outcome, const char *out)
{
	expect_status(outcome, 0);
	expect_out(outcome, out);
	outcome_free(&outcome);
}

static void expect_refused(struct outcome outcome, const char *message)
{
	if (outcome.status == 1 &&
	    strstr(outcome.err, "exited with status 77")) {
		outcome_free(&outcome);
		cr_skip("that cannot be had on this machine or by this user");
	}
	expect_status(outcome, 3);
	expect_in(outcome.err, message);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

/* makes_trouble makes what its argument says. */
static void refuse(const char *kind, const char *message)
{
	expect_refused(run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				       service_path("makes_trouble"), kind)),
		       message);
}

/* Captured where the kernel does not tell what is registered, and here. */
static void check_barriers(const char *first, const char *second)
{
	expect_ok(run(NULL,
		      WORDS(service_path("hides_barriers"), tool_capture(),
			    "-q", "-o", "svc.core",
			    service_path("registers_barriers"), first, second)),
		  "");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
	expect_ok(run(NULL,
		      WORDS(tool_capture(), "-q", "-o", "svc.core",
			    service_path("registers_barriers"), first, second)),
		  "");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: switches of prctl(2) and the like */
Test(states_hidden, barriers_are_found_out_where_nothing_tells)
{
	check_barriers("16", "64");
	check_barriers("4", "256");
	check_barriers("0", "0");
}

/* Of a service that waits for a line. */
static struct outcome capture_running(const char *wrapper, pid_t pid)
{
	char option[32];

	snprintf(option, sizeof(option), "--pid=%d", pid);
	await_input(pid);
	return wrapper ? run(NULL, WORDS(wrapper, tool_capture(), "-q", "-o",
					 "svc.core", option))
		       : run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
					 option));
}

/* state: switches of prctl(2) and the like */
Test(states_hidden, barriers_of_what_runs_already_are_found_out)
{
	const char *hides = service_path("hides_barriers");
	struct running service = start(
		WORDS(hides, service_path("registers_barriers"), "4", "256"));

	expect_ok(capture_running(hides, service.pid), "");
	expect_ok(finish(service, "x\n", 20), "ok\n");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: semaphore operations to be undone */
Test(states_hidden, semaphore_undo_of_what_runs_already_is_refused)
{
	struct running service =
		start(WORDS(service_path("owes_semaphore"), "undo"));

	expect_refused(capture_running(NULL, service.pid),
		       "may have System V operations to be undone");
	expect_ok(finish(service, "x\n", 20), "ok\n");
}

/* state: semaphore operations to be undone */
Test(states_hidden, semaphores_without_undo_are_not_refused)
{
	struct running service = start(WORDS(service_path("owes_semaphore")));

	expect_ok(capture_running(NULL, service.pid), "");
	expect_ok(finish(service, "x\n", 20), "ok\n");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_hidden, rings_without_a_descriptor_are_refused)
{
	refuse("io-registered", "refused   io_uring ");
}
