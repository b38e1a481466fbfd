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
