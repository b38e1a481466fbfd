/*
 * test_from.c - a restored service goes on to its next ready point, and is
 * captured there
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/findings.h"
#include "tests/harness.h"

TestSuite(from, .init = harness_begin, .fini = harness_end, .timeout = 300);

/*
 * Captures, with @input; the report is the caller's.  The restorer has to be
 * beside the capturer, which another user has copies of.
 */
static struct outcome capture(const char *input, const char *const words[])
{
	const char *all[32] = {tool_capture()};
	size_t count = 1;

	tool_restore();
	for (; words[count - 1]; count++)
		all[count] = words[count - 1];
	return run(input, all);
}

static void capture_well(const char *input, const char *const words[])
{
	struct outcome outcome = capture(input, words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void restore_well(const char *input, const char *core, const char *out)
{
	struct outcome outcome = run(input, WORDS(tool_restore(), core));

	expect_status(outcome, 0);
	expect_out(outcome, out);
	outcome_free(&outcome);
}

Test(from, input_that_it_waited_for_is_taken_before_it_is_ready_again)
{
	capture_well(NULL, WORDS("-o", "py.core", "python3", "-c",
				 "while True: exec(input())"));
	capture_well("import json\n",
		     WORDS("--from=py.core", "-o", "app.core"));

	restore_well("print(json.dumps([1])); exit(0)\n", "app.core", "[1]\n");
}

static void refuse(const char *input, const char *const words[], int status,
		   const char *message, const char *hint)
{
	struct outcome outcome = capture(input, words);

	expect_status(outcome, status);
	expect_in(outcome.err, message);
	expect_in(outcome.err, hint);
	cr_expect(access("layer.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

Test(from, end_of_input_is_no_ready_point)
{
	capture_well(NULL, WORDS("-o", "base.core", "cat"));
	refuse("", WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "'base.core' (pid ",
	       "A service that is restored has to be ready once more;");
}

/* Who has made what the service holds from its base on, and since. */
Test(from, report_tells_what_the_restore_has_made)
{
	struct outcome outcome;

	capture_well(NULL, WORDS("--carry=file", "-o", "base.core",
				 "/usr/bin/python3", "-c",
				 "import os; os.getpid()\n"
				 "f = open('/etc/passwd')\n"
				 "while True: exec(input())"));
	outcome = capture("g = open('/etc/group'); h = os.dup(3)\n",
			  WORDS("--from=base.core", "-o", "layer.core"));
	expect_status(outcome, 3);
	expect_finding(outcome.err, "fd 3 ",
		       WORDS("opened by the restore of 'base.core'"));
	expect_finding(outcome.err, "fd 4 ",
		       WORDS("opened 0.", " s after the start by thread",
			     "(python3) in openat(2)"));
	expect_finding(outcome.err, "fd 5 ",
		       WORDS("copied from fd 3",
			     "fd 3 was opened by the restore of 'base.core'"));
	expect_finding(outcome.err, "process id ",
		       WORDS("in the base, asked for 1 time;"));
	outcome_free(&outcome);

	outcome = capture("f.close(); g = open('/etc/group')\n",
			  WORDS("--from=base.core", "-o", "layer.core",
				"--json", "--explain=3"));
	expect_in(outcome.out, "\"event\": \"restored\"");
	expect_in(outcome.out, "\"core\": \"base.core\"");
	expect_in(outcome.out, "\"event\": \"ended\"");
	expect_in(outcome.out, "\"event\": \"made\"");
	outcome_free(&outcome);
}

Test(from, layer_is_a_base_like_any_other)
{
	capture_well(NULL, WORDS("-o", "0.core", "sh", "-c",
				 "while read a; do b=$b$a; echo $b; done"));
	capture_well("1\n", WORDS("--from", "0.core", "-o", "1.core"));
	capture_well("2\n", WORDS("--from", "1.core", "-o", "2.core"));
	capture_well("3\n", WORDS("--from", "2.core", "-o", "3.core"));

	restore_well("4\n", "3.core", "1234\n");
	restore_well("x\n", "1.core", "1x\n");
}
