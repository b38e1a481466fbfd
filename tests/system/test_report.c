/*
 * test_report.c - the report: its last line, and as JSON
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(report, .init = harness_begin, .fini = harness_end, .timeout = 60);

/* What it prints is on standard output before the report. */
static const char prints[] =
	"print('{ready}', flush=True)\nimport sys\nsys.stdin.readline()";
static const char opens[] = "f = open('/etc/passwd')\ninput()";

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *report = json_loads(text, 0, &error);

	cr_assert(report != NULL, "%s in: %s", error.text, text);
	return report;
}

static const char *text_of(const json_t *report, const char *key)
{
	const json_t *value = json_object_get(report, key);

	return value ? json_string_value(value) : "(none)";
}

static size_t number_of(const json_t *report, const char *key)
{
	return (size_t)json_integer_value(json_object_get(report, key));
}

static bool is_carried(const json_t *report)
{
	return json_is_true(json_object_get(report, "carried"));
}

static struct outcome capture(const char *const options[], const char *program)
{
	const char *words[16] = {tool_capture()};
	size_t count = 1;

	for (size_t i = 0; options[i]; i++)
		words[count++] = options[i];
	words[count++] = "/usr/bin/python3";
	words[count++] = "-c";
	words[count] = program;
	return run(NULL, words);
}

static void expect_end(const char *text, const char *wanted)
{
	const size_t length = strlen(text), rest = strlen(wanted);

	cr_expect(length >= rest && strcmp(text + length - rest, wanted) == 0,
		  "not '%s' at the end of: %s", wanted, text);
}

Test(report, audit_ends_with_what_could_be)
{
	struct outcome outcome = capture(WORDS("--audit-only"), prints);
	size_t mappings = 0;
	char *last;

	expect_status(outcome, 0);
	last = strstr(outcome.err, "/usr/bin/python3 could be captured: ");
	cr_assert(last != NULL, "%s", outcome.err);
	cr_expect(sscanf(last, "%*s could be captured: %zu", &mappings) == 1 &&
		  mappings > 10);
	expect_end(last, " mappings, 1 thread, taken before it waited for "
			 "standard input\n");
	outcome_free(&outcome);

	outcome = capture(WORDS("--audit-only", "-q"), prints);
	expect_status(outcome, 0);
	cr_expect(!outcome.err[0], "%s", outcome.err);
	outcome_free(&outcome);
}

Test(report, audit_ends_with_what_would_have_to_be_carried)
{
	struct outcome outcome = capture(WORDS("--audit-only"), opens);

	expect_status(outcome, 3);
	cr_expect(!strstr(outcome.err, "could be captured"));
	expect_end(outcome.err, "  hint: --carry=file would carry all of "
				"that.\n");
	outcome_free(&outcome);
}

Test(report, audit_is_in_the_json)
{
	struct outcome outcome = capture(
		WORDS("--audit-only", "--json", "--carry=file", "-o", "a.core"),
		opens);
	json_t *report = parse(outcome.out);

	expect_status(outcome, 0);
	cr_expect(is_carried(report));
	cr_expect(number_of(report, "mappings") > 10);
	cr_expect(!json_object_get(report, "core"));
	cr_expect(!json_object_get(report, "carry"));
	cr_expect(access("a.core", F_OK) < 0);
	json_decref(report);
	outcome_free(&outcome);

	outcome = capture(WORDS("--audit-only", "--json"), opens);
	report = parse(outcome.out);
	expect_status(outcome, 3);
	cr_expect(!is_carried(report));
	cr_expect(strcmp(text_of(report, "carry"), "file") == 0);
	json_decref(report);
	outcome_free(&outcome);
}

/* The report in a file. */
static json_t *read_report(const char *path)
{
	struct outcome outcome = run(NULL, WORDS("cat", path));
	json_t *report = parse(outcome.out);

	expect_status(outcome, 0);
	outcome_free(&outcome);
	return report;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cr_assert(file && fputs(text, file) >= 0);
	fclose(file);
}

static void expect_file(const char *path, const char *text)
{
	struct outcome outcome = run(NULL, WORDS("cat", path));

	expect_out(outcome, text);
	outcome_free(&outcome);
}

Test(report, json_in_a_file_is_free_of_what_the_service_prints)
{
	struct outcome outcome;
	json_t *report;

	write_file("a.json", "older");
	outcome = capture(WORDS("--json=a.json", "-o", "a.core"), prints);
	expect_status(outcome, 0);
	expect_out(outcome, "{ready}\n");
	expect_in(outcome.err, "a.core: ");
	outcome_free(&outcome);
	report = read_report("a.json");
	cr_expect(is_carried(report));
	cr_expect(strcmp(text_of(report, "core"), "a.core") == 0);
	cr_expect(number_of(report, "stored") > 100000);
	json_decref(report);

	outcome = capture(WORDS("--json=b.json", "-o", "b.core", "-q"), prints);
	cr_expect(!outcome.err[0], "%s", outcome.err);
	outcome_free(&outcome);
	report = read_report("b.json");
	json_decref(report);
}

Test(report, json_of_a_refusal_is_in_the_file)
{
	struct outcome outcome =
		capture(WORDS("--json=a.json", "-o", "a.core"), opens);
	json_t *report = read_report("a.json");

	expect_status(outcome, 3);
	expect_out(outcome, "");
	expect_in(outcome.err, "refused   fd 3 ");
	cr_expect(!is_carried(report));
	cr_expect(!json_object_get(report, "core"));
	json_decref(report);
	outcome_free(&outcome);
}

/* As of any file that a shell makes. */
Test(report, others_may_read_the_file)
{
	struct outcome outcome =
		run(NULL, WORDS("sh", "-c",
				"umask 026; \"$0\" -q --json=a.json -o a.core "
				"bc && stat -c %a a.json a.core",
				tool_capture()));

	expect_status(outcome, 0);
	expect_out(outcome, "640\n600\n");
	outcome_free(&outcome);
}

/* Which has to be the user's own, so a shell of his makes it. */
Test(report, json_goes_into_a_pipe)
{
	struct outcome outcome =
		run(NULL, WORDS("sh", "-c",
				"\"$0\" --json=/dev/fd/3 -o a.core -- sh -c "
				"'echo hello; read x' 3>&1 >printed | cat",
				tool_capture()));
	json_t *report = parse(outcome.out);

	expect_status(outcome, 0);
	cr_expect(is_carried(report));
	json_decref(report);
	outcome_free(&outcome);
	expect_file("printed", "hello\n");
}

static void expect_not_started(int status, const char *option,
			       const char *message)
{
	struct outcome outcome = capture(WORDS(option, "-o", "a.core"),
					 "open('started', 'w')\ninput()");

	expect_status(outcome, status);
	expect_in(outcome.err, message);
	outcome_free(&outcome);
	cr_expect(access("started", F_OK) < 0, "the service was started");
	cr_expect(access("a.core", F_OK) < 0, "a core was written");
}

Test(report, file_that_cannot_be_written_is_told_before_the_start)
{
	expect_not_started(1, "--json=none/a.json",
			   "cannot write 'none/a.json': No such file or "
			   "directory\n");
	expect_not_started(1, "--json=.", "cannot write '.': Is a directory\n");
	expect_not_started(1, "--json=/proc/a.json",
			   "cannot write '/proc/a.json': ");
	expect_not_started(2, "--json=", "'--json=' names no file\n");
}

Test(report, file_is_none_of_the_others)
{
	struct outcome outcome;

	expect_not_started(2, "--json=./a.core",
			   "'./a.core' cannot be both the report and the "
			   "core\n  hint: Name another with --json.\n");
	write_file("base.core", "base");
	outcome = run(NULL, WORDS(tool_capture(), "--from=base.core",
				  "--json=./base.core"));
	expect_status(outcome, 2);
	expect_in(outcome.err, "'./base.core' cannot be both the report and "
			       "the base\n");
	outcome_free(&outcome);
	expect_file("base.core", "base");

	outcome = capture(WORDS("--audit-only", "--json=python3.core"), prints);
	expect_status(outcome, 0);
	outcome_free(&outcome);
}

Test(report, file_is_whole_or_as_it_was)
{
	struct outcome outcome;

	write_file("old.json", "older");
	outcome = capture(WORDS("--json=old.json", "-o", "a.core"),
			  "raise SystemExit(4)");
	expect_status(outcome, 1);
	outcome_free(&outcome);
	outcome = capture(WORDS("--json=new.json", "-o", "a.core"),
			  "raise SystemExit(4)");
	expect_status(outcome, 1);
	outcome_free(&outcome);
	expect_file("old.json", "older");
	outcome = run(NULL, WORDS("sh", "-c", "ls *.*"));
	expect_out(outcome, "old.json\n");
	outcome_free(&outcome);
}

Test(report, file_that_takes_nothing_does_not_undo_the_capture)
{
	struct outcome outcome =
		capture(WORDS("--json=/dev/full", "-o", "a.core"), prints);

	expect_status(outcome, 1);
	expect_in(outcome.err, "cannot write '/dev/full': No space left on "
			       "device\n  hint: The core 'a.core' is "
			       "complete.\n");
	cr_expect(access("a.core", F_OK) == 0);
	outcome_free(&outcome);
	outcome = capture(WORDS("--json=/dev/full", "-o", "b.core"), opens);
	expect_status(outcome, 3);
	expect_in(outcome.err, "cannot write '/dev/full': No space left on "
			       "device: cannot capture '");
	expect_in(outcome.err, "hint: --carry=file would");
	outcome_free(&outcome);
}
