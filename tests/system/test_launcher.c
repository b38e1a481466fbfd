/*
 * test_launcher.c - subctx-launch by itself, without a capture
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/harness.h"

TestSuite(launcher, .init = harness_begin, .fini = harness_end, .timeout = 120);

Test(launcher, runs_it_without_a_capture)
{
	struct outcome outcome = run(
		NULL, WORDS(tool_launch(), service_path("warms_up.so"), "a"));

	expect_status(outcome, 3);
	expect_out(outcome, "warm: a\nw serve: a\n");
	outcome_free(&outcome);
}

Test(launcher, says_what_it_is)
{
	struct outcome outcome = run(NULL, WORDS(tool_launch(), "--help"));

	expect_status(outcome, 0);
	expect_in(outcome.out, "Usage: subctx-launch LIBRARY [ARGUMENT]...\n");
	expect_in(outcome.out, "  -V, --version  print the version\n");
	cr_expect(!outcome.err[0], "%s", outcome.err);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_launch(), "-V"));
	expect_status(outcome, 0);
	cr_expect(strncmp(outcome.out, "subctx-launch ", 14) == 0 &&
			  outcome.out[14] >= '0' && outcome.out[14] <= '9',
		  "%s", outcome.out);
	outcome_free(&outcome);
}

Test(launcher, says_what_it_wants)
{
	struct outcome outcome = run(NULL, WORDS(tool_launch()));

	expect_status(outcome, 2);
	cr_expect(strcmp(outcome.err,
			 "subctx-launch: there is no library to load\n"
			 "  hint: Name one, such as 'subctx-launch "
			 "./libsvc.so'; --help says more.\n") == 0,
		  "%s", outcome.err);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_launch(), "--nonsense",
				  service_path("warms_up.so")));
	expect_status(outcome, 2);
	expect_out(outcome, "");
	expect_in(
		outcome.err,
		"subctx-launch: unknown option '--nonsense'\n  hint: --help ");
	outcome_free(&outcome);
}

Test(launcher, options_behind_its_name_are_its_own)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_launch(), service_path("warms_up.so"),
				"--help", "--", "-x"));

	expect_status(outcome, 3);
	expect_out(outcome, "warm: --help -- -x\nw serve: --help -- -x\n");
	outcome_free(&outcome);
}

Test(launcher, says_the_same_by_itself)
{
	struct outcome outcome =
		run(NULL,
		    WORDS(tool_launch(), service_path("warms_up.so"), "fail"));

	expect_status(outcome, 125);
	expect_in(outcome.err, "subctx-launch: subctx_warm_up() of '");
	expect_in(outcome.err, "' has returned 7\n  hint: It returns 0");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_launch(), "./nowhere.so"));
	expect_status(outcome, 125);
	cr_expect(strcmp(outcome.err,
			 "subctx-launch: cannot load './nowhere.so': "
			 "No such file or directory\n") == 0,
		  "%s", outcome.err);
	outcome_free(&outcome);
	outcome =
		run(NULL, WORDS(tool_launch(), service_path("has_neither.so")));
	expect_status(outcome, 125);
	expect_in(outcome.err,
		  "' has neither subctx_warm_up() nor subctx_serve()\n");
	outcome_free(&outcome);
}
