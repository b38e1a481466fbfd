/*
 * test_blame.c - the report says who made what it lists, and where
 *
 * Each service prints which findings its report must have, and what must stand
 * in each.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(blame, .init = harness_begin, .fini = harness_end, .timeout = 120);

enum {
	CANNOT_MAKE = 77,
};

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

/* A finding begins at the margin, and what is said about it further in. */
static size_t section_length(const char *text)
{
	size_t length = strcspn(text, "\n");

	while (text[length] == '\n' && text[length + 1] == ' ')
		length += 1 + strcspn(text + length + 1, "\n");
	return length;
}

/* The finding in which @wanted stands; allocated, or NULL. */
static char *find_finding(const char *report, const char *wanted)
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

/* Every line that a service has printed about its report. */
static void expect_report(const struct outcome *outcome)
{
	char *finding = NULL;
	size_t expected = 0;
	char *rest;

	for (char *line = strtok_r(outcome->out, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *wanted = strchr(line, ' ') + 1;

		if (strncmp(line, "finding: ", 9) == 0) {
			free(finding);
			finding = find_finding(outcome->err, wanted);
			cr_expect(finding, "no '%s' in: %s", wanted,
				  outcome->err);
			expected++;
		} else if (finding && strncmp(line, "expect: ", 8) == 0) {
			cr_expect(strstr(finding, wanted), "no '%s' in: %s",
				  wanted, finding);
			expected++;
		}
	}
	free(finding);
	cr_expect(expected > 0, "it expects nothing; %s", outcome->err);
}

static void expect_blame(const char *service)
{
	struct outcome outcome = run(NULL, WORDS(tool_capture(), "--audit-only",
						 service_path(service)));

	expect_status(outcome, 3);
	expect_report(&outcome);
	outcome_free(&outcome);
}

Test(blame, descriptor_is_blamed_on_the_whole_chain_of_calls)
{
	expect_blame("opens_in_helper");
}

Test(blame, thread_is_named_though_it_has_ended)
{
	expect_blame("opens_in_thread");
}

Test(blame, copy_is_blamed_on_who_copied_and_who_opened)
{
	expect_blame("copies_descriptors");
}

Test(blame, what_was_received_is_blamed_on_who_received_it)
{
	expect_blame("receives_descriptors");
}

Test(blame, inlined_functions_are_named_in_their_order)
{
	expect_blame("opens_inlined");
}

Test(blame, number_that_others_use_at_the_same_time_is_not_theirs)
{
	expect_blame("opens_while_closing");
}

/* All threads are stopped anywhere, also where a call has just been made. */
Test(blame, number_that_was_just_used_again_is_not_who_used_it_before)
{
	size_t seen = 0;

	for (size_t i = 0; i < 40; i++) {
		struct outcome outcome =
			run(NULL,
			    WORDS(tool_capture(), "--audit-only", "--settle=0",
				  service_path("settles"), "never"));
		char *finding = find_finding(outcome.err, " fd 4 ");

		if (finding) {
			const bool is_epoll = strstr(finding, "epoll, watches");

			seen++;
			expect_in(finding, is_epoll ? "in epoll_create1(2)"
						    : "in eventfd2(2)");
		}
		free(finding);
		outcome_free(&outcome);
	}
	cr_expect(seen > 0, "it was never stopped between the two calls");
}

Test(blame, locks_timers_memory_and_children_are_blamed_too)
{
	expect_blame("holds_more");
}

Test(blame, what_a_ring_may_have_opened_is_said_to_be_doubtful)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only", "--carry=all",
				service_path("opens_by_ring")));

	if (strstr(outcome.err, "exited with status 77"))
		cr_skip_test("no io_uring here");
	expect_status(outcome, 3);
	expect_report(&outcome);
	outcome_free(&outcome);
}

Test(blame, stripped_code_is_blamed_by_module_and_offset)
{
	struct outcome outcome,
		stripped = run(NULL, WORDS("strip", "-o", "bare",
					   service_path("opens_in_helper")));
	unsigned long start, end, offset = 0;
	const char *at;

	expect_status(stripped, 0);
	outcome = run(NULL, WORDS(tool_capture(), "--audit-only", "./bare"));
	at = strstr(outcome.out, "open_config: ");
	cr_assert(at && sscanf(at, "open_config: %lx-%lx", &start, &end) == 2);
	at = strstr(outcome.err, "bare+0x");
	cr_assert(at && sscanf(at, "bare+%lx", &offset) == 1, "%s",
		  outcome.err);
	cr_expect(offset > start && offset < end, "%#lx is not in it", offset);
	outcome_free(&outcome);
	outcome_free(&stripped);
}

Test(blame, debug_information_in_a_file_of_its_own_is_used)
{
	struct outcome outcome,
		split = run(
			NULL,
			WORDS("sh", "-c",
			      "objcopy --only-keep-debug \"$0\" bare.debug && "
			      "strip -o bare \"$0\" && "
			      "objcopy --add-gnu-debuglink=bare.debug bare",
			      service_path("opens_in_helper")));

	expect_status(split, 0);
	outcome = run(NULL, WORDS(tool_capture(), "--audit-only", "./bare"));
	expect_report(&outcome);
	outcome_free(&outcome);
	outcome_free(&split);
}

Test(blame, streams_are_inherited_from_the_caller)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only",
				service_path("waits_for_input")));
	char *finding = find_finding(outcome.err, "fd 0 ");

	expect_status(outcome, 0);
	cr_assert(finding, "%s", outcome.err);
	expect_in(finding, "inherited from the caller");
	free(finding);
	outcome_free(&outcome);
}

/* The stack of a program that is gone says nothing about the code of another. */
Test(blame, descriptor_of_an_earlier_program_is_blamed_on_that)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only", "--", "bash",
				"-c", "exec 7</etc/passwd; exec \"$0\"",
				service_path("waits_for_input")));
	char *finding = find_finding(outcome.err, "fd 7 ");

	expect_status(outcome, 3);
	cr_assert(finding, "%s", outcome.err);
	expect_in(finding, "copied from fd ");
	expect_in(finding, "(bash) in dup2(2)");
	expect_in(finding, "(bash) in openat(2)");
	expect_in(finding, "main in bash");
	free(finding);
	outcome_free(&outcome);
}

/* Its libraries have to be beside it. */
static void expect_unloaded(const char *name)
{
	struct outcome outcome;

	service_path("first.so");
	service_path("second.so");
	outcome = run(NULL, WORDS(tool_capture(), "--audit-only",
				  service_path("unloads_library"), name));
	expect_status(outcome, 3);
	expect_report(&outcome);
	outcome_free(&outcome);
}

Test(blame, code_of_a_library_that_was_unloaded_is_named)
{
	expect_unloaded("unload");
	expect_unloaded("load again");
}

Test(blame, code_is_named_by_what_was_there_at_the_time)
{
	expect_unloaded("replace");
	expect_unloaded("unload both");
	expect_unloaded("replace after many");
}

Test(blame, code_that_was_made_where_a_library_was_has_no_name)
{
	expect_unloaded("generate");
	expect_unloaded("generate and unmap");
}

Test(blame, code_of_a_file_that_was_replaced_has_no_name)
{
	expect_unloaded("rewrite");
}

static void expect_randomness(const char *program, const char *wanted)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only", "--",
				"/usr/bin/python3", "-c", program));
	char *finding = find_finding(outcome.err, "noted randomness");

	cr_assert(finding, "%s", outcome.err);
	expect_in(finding, "(python3) in getrandom(2)");
	expect_in(outcome.err, wanted);
	free(finding);
	outcome_free(&outcome);
}

Test(blame, randomness_is_blamed_on_who_took_it_first)
{
	expect_randomness("input()", "Py_BytesMain in python3");
	expect_randomness("open('/dev/urandom', 'rb').read(1); input()",
			  "/dev/urandom or /dev/random was opened");
}

Test(blame, without_a_filter_the_report_says_why_it_knows_nothing)
{
	struct outcome outcome = run(
		NULL, WORDS(tool_capture(), "--leave-running",
			    "--ready=after:0.5", "-o", "svc.core", "--", "bash",
			    "-c", "exec 7</etc/passwd; while :; do :; done"));
	char *finding = find_finding(outcome.err, "fd 7 ");

	expect_status(outcome, 3);
	cr_assert(finding, "%s", outcome.err);
	expect_in(finding, "how it came to be was not seen: with "
			   "--leave-running and this ready point no calls are "
			   "stopped");
	free(finding);
	outcome_free(&outcome);
}

Test(blame, without_a_filter_calls_are_seen_if_the_ready_point_needs_them)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--leave-running", "-o",
				"svc.core", service_path("opens_in_helper")));

	expect_status(outcome, 3);
	expect_report(&outcome);
	outcome_free(&outcome);
}

Test(blame, process_that_ran_before_is_said_to_have)
{
	struct running service =
		start(WORDS("bash", "-c", "exec 7</etc/passwd; echo; read x"));
	char byte, pid[32];
	struct outcome outcome;
	char *finding;

	cr_assert(read(service.out, &byte, 1) == 1);
	snprintf(pid, sizeof(pid), "%d", service.pid);
	outcome = run(NULL, WORDS(tool_capture(), "--pid", pid, "--explain=7",
				  "-o", "svc.core"));
	finding = find_finding(outcome.err, "refused fd 7 ");
	expect_status(outcome, 3);
	cr_assert(finding, "%s", outcome.err);
	expect_in(finding, "was not seen: the service ran before it was "
			   "attached to");
	free(finding);
	finding = find_finding(outcome.err, "story fd 7 ");
	cr_assert(finding, "%s", outcome.err);
	expect_in(finding, "nothing was seen: the service ran before");
	expect_in(finding, "at the ready point refused: file /etc/passwd");
	free(finding);
	outcome_free(&outcome);
	outcome = finish(service, "\n", 10);
	outcome_free(&outcome);
}

Test(blame, audit_only_shows_all_and_writes_nothing)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only", "-o",
				"svc.core", service_path("waits_for_input")));

	expect_status(outcome, 0);
	expect_in(outcome.err, "rebound   fd 0 ");
	cr_expect(access("svc.core", F_OK) < 0);
	outcome_free(&outcome);
}

Test(blame, story_has_each_opening_and_closing)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--explain=7", "--audit-only",
				"--", "bash", "-c",
				"exec 7</etc/passwd; exec 7<&-; "
				"exec 7</etc/group; exec 7</etc/hostname; "
				"read x"));
	char *story = find_finding(outcome.err, "story fd 7 ");
	const char *at = story;
	static const char *const events[] = {
		"copied from fd ",
		"in dup2(2)",
		"closed ",
		"in close(2)",
		"copied from",
		"in dup2(2)",
		"closed ",
		"in dup2(2)",
		"copied from",
		"at the ready point refused: file /etc/hostname",
	};

	expect_status(outcome, 3);
	cr_assert(story, "%s", outcome.err);
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		at = strstr(at, events[i]);
		cr_assert(at, "%zu: no '%s' in: %s", i, events[i], story);
		at += strlen(events[i]);
	}
	free(story);
	outcome_free(&outcome);
}

Test(blame, story_of_what_was_never_open_says_so)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--explain=55", "--audit-only",
				service_path("waits_for_input")));

	expect_status(outcome, 0);
	expect_in(outcome.err, "not open at the ready point");
	outcome_free(&outcome);
}

Test(blame, close_on_exec_is_part_of_the_story)
{
	static const char program[] =
		"import os, sys\n"
		"os.dup2(os.open('/etc/passwd', os.O_RDONLY), 30, False)\n"
		"os.set_inheritable(30, False)\n"
		"os.execv(sys.argv[1], sys.argv[1:])\n";
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--explain=30", "--audit-only",
				"--", "/usr/bin/python3", "-c", program,
				service_path("waits_for_input")));

	expect_status(outcome, 0);
	expect_in(outcome.err, "closed on exec");
	expect_in(outcome.err, "in execve(2)");
	outcome_free(&outcome);
}

Test(blame, json_has_all_of_it)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only", "--json",
				service_path("opens_in_helper")));
	static const char *const wanted[] = {
		"\"thread\": ",
		"\"name\": \"opens_in_helper\"",
		"\"call\": \"openat\"",
		"\"ms\": ",
		"\"frames\": [",
		"\"function\": \"open_config\"",
		"opens_in_helper.c\"",
		"\"line\": ",
		"\"module\": \"opens_in_helper\"",
		"\"offset\": ",
		"\"inlined\": false",
		"\"inherited\": true",
	};

	expect_status(outcome, 3);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		expect_in(outcome.out, wanted[i]);
	outcome_free(&outcome);
}
