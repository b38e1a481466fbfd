/*
 * test_carry_hidden.c - nothing is lost without a word
 *
 * What the kernel hardly shows of a descriptor comes back in a restore, or the
 * capture is refused; and it is not changed by being looked at.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/carry_cases.h"

TestSuite(carry_hidden, .init = harness_begin, .fini = harness_end,
	  .timeout = 280);

static void expect_carried_or_refused(const char *name,
				      const struct outcome *capture)
{
	if (capture->status == 0)
		carry_restores(name);
	else
		cr_expect(capture->status == 3 &&
				  strstr(capture->err, "refused   "),
			  "%s: %s", name, capture->err);
}

/* state: descriptors of kinds that can be made again */
Test(carry_hidden, comes_back_or_is_refused)
{
	carry_each("--list-hidden", 20, expect_carried_or_refused);
}

/* As on a terminal: which stream was meant cannot be told by looking at it. */
Test(carry_hidden, streams_of_one_open_file_are_not_confused)
{
	struct outcome outcome =
		run("", WORDS("sh", "-c",
			      "exec \"$0\" -o svc.core --carry=stream \"$1\" "
			      "stream:apart 0<>one 1>&0 2>&0",
			      tool_capture(), service_path("carries")));

	cr_expect(outcome.status == 0 || outcome.status == 3);
	if (outcome.status == 0)
		carry_restores("stream:apart");
	outcome_free(&outcome);
}

Test(carry_hidden, service_that_lives_on_is_not_changed)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "-o", "svc.core",
			      "--leave-running", "--carry=socketpair",
			      service_path("carries"), "socketpair:peeked"));

	expect_status(outcome, 0);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
	carry_restores("socketpair:peeked");
}
