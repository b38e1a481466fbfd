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

/* Captured where the kernel does not tell what is registered. */
static void check_barriers(const char *first, const char *second)
{
	expect_ok(run(NULL,
		      WORDS(service_path("hides_barriers"), tool_capture(),
			    "-q", "-o", "svc.core",
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

/* state: switches of prctl(2) and the like */
Test(states_hidden, barriers_of_what_runs_already_are_found_out)
{
	struct running service =
		start(WORDS(service_path("hides_barriers"),
			    service_path("registers_barriers"), "4", "256"));
	char pid[32];

	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	await_input(service.pid);
	expect_ok(run(NULL, WORDS(service_path("hides_barriers"),
				  tool_capture(), "-q", "-o", "svc.core", pid)),
		  "");
	expect_ok(finish(service, "x\n", 20), "ok\n");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}
