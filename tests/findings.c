/*
 * findings.c - what a report must say, finding by finding
 */
#include "findings.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* As the text goes on: blanks and ends of lines are one blank. */
static char *join_blanks(const char *text, size_t length)
{
	char *joined = malloc(length + 2);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		const bool is_blank = isspace((unsigned char)text[i]);

		if (!is_blank)
			joined[used++] = text[i];
		else if (used > 0 && joined[used - 1] != ' ')
			joined[used++] = ' ';
	}
	joined[used++] = ' ';
	joined[used] = '\0';
	return joined;
}

static size_t section_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	while (text[length] == '\n' && text[length + 1] == ' ')
		length += 1 + strcspn(text + length + 1, "\n");
	return length;
}

char *find_finding(const char *report, const char *wanted)
{
	while (*report) {
		const size_t length = section_length(report);
		char *section = join_blanks(report, length);

		if (strstr(section, wanted))
			return section;
		free(section);
		report += length + (report[length] == '\n');
	}
	return NULL;
}

/* Behind @at, which is moved behind it then. */
static void expect_next(const char **at, const char *wanted,
			const char *finding)
{
	const char *found = strstr(*at, wanted);

	cr_expect(found, "no '%s' in: %s\nafter: %.*s", wanted, finding,
		  (int)(*at - finding), finding);
	if (found)
		*at = found + strlen(wanted);
}

void expect_finding(const char *report, const char *wanted,
		    const char *const words[])
{
	char *finding = find_finding(report, wanted);
	const char *at = finding;

	cr_expect(finding, "no '%s' in: %s", wanted, report);
	for (size_t i = 0; finding && words[i]; i++)
		expect_next(&at, words[i], finding);
	free(finding);
}

static void expect_said(const struct outcome *outcome)
{
	char *finding = NULL;
	const char *at = NULL;
	size_t expected = 0;
	char *rest;

	for (char *line = strtok_r(outcome->out, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *wanted = strchr(line, ' ') + 1;

		if (strncmp(line, "finding: ", 9) == 0) {
			free(finding);
			finding = find_finding(outcome->err, wanted);
			at = finding;
			cr_expect(finding, "no '%s' in: %s", wanted,
				  outcome->err);
			expected++;
		} else if (finding && strncmp(line, "expect: ", 8) == 0) {
			expect_next(&at, wanted, finding);
			expected++;
		}
	}
	free(finding);
	cr_expect(expected > 0, "it expects nothing; %s", outcome->err);
}

void expect_report(int status, const char *const words[])
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, status);
	expect_said(&outcome);
	outcome_free(&outcome);
}
