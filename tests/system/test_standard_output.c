/*
 * test_standard_output.c - what cannot be printed is told, by all programs
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(standard_output, .init = harness_begin, .fini = harness_end,
	  .timeout = 60);

/* With @words behind it, and standard output where @place says. */
static struct outcome run_onto(const char *place, const char *program,
			       const char *words)
{
	char command[1024];

	snprintf(command, sizeof(command), "exec '%s' %s >%s", program, words,
		 place);
	return run("", WORDS("sh", "-c", command));
}

static void expect_told(const char *program, const char *words, int status)
{
	char message[128];
	struct outcome outcome = run_onto("/dev/full", program, words);

	snprintf(message, sizeof(message),
		 "subctx-%s: cannot write to standard output: No space left on "
		 "device\n",
		 strrchr(program, '-') + 1);
	expect_status(outcome, status);
	expect_in(outcome.err, message);
	outcome_free(&outcome);
	outcome = run_onto("/dev/null", program, words);
	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void expect_words_told(const char *program, int status)
{
	expect_told(program, "--help", status);
	expect_told(program, "--version", status);
}

Test(standard_output, summary_that_cannot_be_printed_is_told)
{
	expect_words_told(tool_capture(), 1);
	expect_words_told(tool_launch(), 125);
	expect_words_told(tool_restore(), 125);
	expect_words_told(tool_inspect(), 1);
	expect_words_told(tool_addresses(), 1);
}

Test(standard_output, addresses_that_cannot_be_printed_are_told)
{
	const char *const program = tool_addresses();

	expect_told(program, "sh sh", 1);
	expect_told(program, "--json sh sh", 1);
	expect_told(program, "--samples=2 sh", 1);
	expect_told(program, "--samples=2 --json sh", 1);
}

/* The core is there; what is for people is said on standard error. */
Test(standard_output, report_that_cannot_be_printed_is_told)
{
	char words[512];
	struct outcome outcome;

	snprintf(words, sizeof(words), "--json -o svc.core '%s'",
		 service_path("waits_for_input"));
	expect_told(tool_capture(), words, 1);
	cr_expect(access("svc.core", F_OK) == 0);
	outcome =
		run_onto("/dev/full", tool_capture(), words + strlen("--json"));
	expect_status(outcome, 0);
	outcome_free(&outcome);

	expect_told(tool_restore(), "--dry-run svc.core", 125);
	expect_told(tool_inspect(), "svc.core", 1);
	expect_told(tool_inspect(), "--json svc.core", 1);
	expect_told(tool_inspect(), "--verify svc.core", 1);
}

/* It is the service's, which has its own opinion of full disks. */
Test(standard_output, service_is_restored_onto_a_full_disk)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core", "sh",
				"-c", "read x; echo $x; echo $? >&2"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run_onto("/dev/full", tool_restore(), "svc.core");
	expect_status(outcome, 0);
	expect_in(outcome.err, "\n1\n");
	cr_expect(!strstr(outcome.err, "subctx-restore: "), "%s", outcome.err);
	outcome_free(&outcome);
}

Test(standard_output, closed_output_is_told)
{
	struct outcome outcome = run_onto("&-", tool_addresses(), "--help");

	expect_status(outcome, 1);
	expect_in(outcome.err, "subctx-addresses: cannot write to standard "
			       "output: Bad file descriptor\n");
	outcome_free(&outcome);
}

static void expect_part_lost(const char *error, const char *reason)
{
	char injection[64];
	struct outcome outcome;

	snprintf(injection, sizeof(injection), "inject=write:error=%s:when=1",
		 error);
	outcome = run(NULL, WORDS("strace", "-o", "/dev/null", "-e", injection,
				  tool_inspect(), "--json", "svc.core"));
	expect_status(outcome, 1);
	expect_in(outcome.err,
		  "subctx-inspect: cannot write to standard output: ");
	expect_in(outcome.err, reason);
	outcome_free(&outcome);
}

/* What came behind it could be written. */
Test(standard_output, part_that_is_lost_is_told)
{
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	outcome = run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  service_path("waits_for_input")));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	expect_part_lost("ENOSPC", "No space left on device\n");
	expect_part_lost("EAGAIN", "Input/output error\n");
}
