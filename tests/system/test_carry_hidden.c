/*
 * test_carry_hidden.c - nothing is lost without a word
 *
 * What the kernel hardly shows of a descriptor comes back in a restore, or the
 * capture is refused; and it is not changed by being looked at.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(carry_hidden, .init = harness_begin, .fini = harness_end,
	  .timeout = 280);

static void check_restores(const char *name)
{
	for (int i = 0; i < 2; i++) {
		struct outcome outcome =
			run("", WORDS(tool_restore(), "svc.core"));

		cr_expect(outcome.status == 0 &&
				  strcmp(outcome.out, "ok\n") == 0,
			  "%s: %s%s", name, outcome.out, outcome.err);
		outcome_free(&outcome);
	}
}

/* The name of a case begins with the kinds that it has, up to a colon. */
static void check_case(const char *name)
{
	char option[64];
	struct outcome outcome;

	snprintf(option, sizeof(option), "--carry=%.*s",
		 (int)strcspn(name, ":"), name);
	outcome = run("", WORDS(tool_capture(), "-o", "svc.core", option,
				service_path("carries"), name));
	if (outcome.status == 0)
		check_restores(name);
	else if (!strstr(outcome.err, "exited with status 77"))
		cr_expect(outcome.status == 3 &&
				  strstr(outcome.err, "refused   "),
			  "%s: %s", name, outcome.err);
	outcome_free(&outcome);
	unlink("svc.core");
}

/* state: descriptors of kinds that can be made again */
Test(carry_hidden, comes_back_or_is_refused)
{
	struct outcome list =
		run(NULL, WORDS(service_path("carries"), "--list-hidden"));
	size_t count = 0;

	for (char *name = strtok(list.out, "\n"); name;
	     name = strtok(NULL, "\n"), count++)
		check_case(name);
	cr_expect(count >= 20, "%zu cases", count);
	outcome_free(&list);
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
		check_restores("stream:apart");
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
	check_restores("socketpair:peeked");
}
