/*
 * test_origins.c - the report says who made what it lists, and when
 *
 * The service prints what has to be said of it, in this order.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(origins, .init = harness_begin, .fini = harness_end, .timeout = 60);

/* Lines are broken where they get too long, so blanks and newlines are one. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		const bool is_blank = *from == ' ' || *from == '\n';

		if (!is_blank || (to > text && to[-1] != ' '))
			*to++ = is_blank ? ' ' : *from;
	}
	*to = '\0';
}

/* Each line of @wanted stands in @text, behind the one before. */
static void expect_lines(char *text, char *wanted)
{
	const char *at = text;

	squeeze(text);
	cr_expect(wanted[0] != '\0', "the service expects nothing");
	for (char *line = strtok(wanted, "\n"); line;
	     line = strtok(NULL, "\n")) {
		const char *found;

		squeeze(line);
		found = strstr(at, line);

		cr_expect(found != NULL, "no '%s' in: %s\nafter: %s", line,
			  text, at == text ? "the start" : at);
		if (!found)
			return;
		at = found + strlen(line);
	}
}

static void check_case(const char *name)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-o", "svc.core", "--audit-only",
			      service_path("opens_files"), name));

	expect_lines(outcome.err, outcome.out);
	outcome_free(&outcome);
}

Test(origins, every_call_of_the_stack_is_named)
{
	check_case("deep");
}

Test(origins, inlined_functions_are_named)
{
	check_case("within");
}

Test(origins, thread_is_named)
{
	check_case("thread");
}

Test(origins, number_that_is_used_again_belongs_to_whoever_used_it_last)
{
	check_case("reuse");
}

Test(origins, one_of_many_that_were_opened_is_known_too)
{
	check_case("many");
}

/* Nothing of what made that cheap is left, in the core or in its restores. */
Test(origins, service_that_opens_many_files_is_as_it_was)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "-o", "svc.core",
			      service_path("opens_many")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	for (int i = 0; i < 3; i++) {
		outcome = run("", WORDS(tool_restore(), "svc.core"));
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
	outcome = run(NULL, WORDS("gdb", "-nx", "-batch", "-ex",
				  "find /b open64, +200, 0x0f, 0x05",
				  service_path("opens_many"), "svc.core"));
	expect_in(outcome.out, "pattern");
	outcome_free(&outcome);
}

/* What a handler returns to is where it was before that was led away. */
static void check_interrupted(const char *what, const char *least)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "-o", "svc.core",
			      "--carry=file,directory",
			      service_path("opens_in_handler"), what, least));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(origins, open_that_a_handler_interrupts_is_made_again)
{
	check_interrupted("restarted", "0");
}

Test(origins, open_that_a_handler_interrupts_fails)
{
	check_interrupted("failed", "0");
}

Test(origins, open_that_nested_handlers_interrupt_fails)
{
	check_interrupted("nested", "0");
}

/* Behind the call, where the registers are others, and anywhere. */
Test(origins, open_that_a_handler_interrupts_at_its_end_has_its_file)
{
	check_interrupted("passed", "0");
	check_interrupted("passed", "80");
	check_interrupted("passed", "120");
	check_interrupted("passed", "180");
}

Test(origins, folder_that_a_handler_interrupts_the_opening_of_is_open)
{
	check_interrupted("listed", "0");
	check_interrupted("listed", "45");
	check_interrupted("listed", "80");
	check_interrupted("listed", "180");
}

Test(origins, all_memory_can_be_locked_after_many_opens)
{
	check_interrupted("locked", "0");
}

Test(origins, what_a_child_opens_is_not_what_its_parent_has)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--audit-only",
			      service_path("opens_in_handler"), "vfork"));

	expect_status(outcome, 3);
	squeeze(outcome.err);
	expect_in(outcome.err, "unread bytes: 0 inherited from the caller");
	expect_in(outcome.err, "how it came to be was not seen: it was opened "
			       "among thousands, and what was kept of that is "
			       "lost");
	outcome_free(&outcome);
}

Test(origins, copies_of_descriptors_say_of_which)
{
	check_case("copy");
}

Test(origins, what_came_in_a_message_was_received)
{
	check_case("receive");
}

Test(origins, locks_are_blamed_on_who_took_them)
{
	check_case("lock");
}

Test(origins, children_are_blamed_on_who_started_them)
{
	check_case("child");
}

Test(origins, shared_mappings_are_blamed_on_who_made_them)
{
	check_case("map");
}

Test(origins, timers_are_blamed_on_who_made_them)
{
	check_case("timer");
}

/* state: process and thread ids, `/proc/PID/exe` */
Test(origins, asking_for_the_process_id_is_noted)
{
	check_case("id");
}

Test(origins, randomness_is_blamed_on_its_first_call)
{
	check_case("random");
}

/* A program without symbols: which file, and where in it. */
Test(origins, stripped_code_is_a_file_and_an_offset)
{
	struct outcome outcome;

	cr_assert(setenv("SERVICE", service_path("opens_files"), 1) == 0);
	outcome = run(NULL, WORDS("sh", "-c", "strip -o bare $SERVICE"));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("",
		      WORDS(tool_capture(), "--audit-only", "./bare", "deep"));
	squeeze(outcome.err);
	expect_in(outcome.err, "in openat(2) ");
	expect_in(outcome.err, " bare+0x");
	outcome_free(&outcome);
}

Test(origins, story_of_a_descriptor_has_all_of_its_events)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--audit-only", "--explain=3",
			      service_path("opens_files"), "reuse"));
	char wanted[] = "opened \nin openat(2)\nreuse at opens_files.c:\n"
			"closed \nin close(2)\nreuse at opens_files.c:\n"
			"opened \nin memfd_create(2)\nreuse at "
			"opens_files.c:\nat the ready point refused: memfd";

	expect_lines(outcome.err, wanted);
	outcome_free(&outcome);
	outcome = run("", WORDS(tool_capture(), "--audit-only", "--explain=77",
				service_path("opens_files"), "reuse"));
	expect_in(outcome.err, "not open at the ready point");
	outcome_free(&outcome);
}

/* What a program that executes another one has closed by that. */
Test(origins, story_goes_on_over_an_exec)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--audit-only", "--explain=5",
			      "/usr/bin/python3", "-c",
			      "import os\nf = os.open('/etc/hostname', 0)\n"
			      "os.dup2(f, 5, inheritable=False)\n"
			      "os.execvp('cat', ['cat'])"));

	squeeze(outcome.err);
	expect_in(outcome.err, "closed on exec ");
	expect_in(outcome.err, "in execve(2)");
	cr_expect(!strstr(outcome.err, "refused   fd 5"), "%s", outcome.err);
	outcome_free(&outcome);
}

Test(origins, audit_only_captures_nothing_and_lists_everything)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--audit-only", "-o", "svc.core",
			      service_path("waits_for_input")));

	expect_status(outcome, 0);
	expect_in(outcome.err, "rebound   fd 0 ");
	cr_expect(access("svc.core", F_OK) < 0);
	outcome_free(&outcome);
	outcome =
		run("", WORDS(tool_capture(), "--audit-only", "-o", "svc.core",
			      service_path("opens_files"), "deep"));
	expect_status(outcome, 3);
	outcome_free(&outcome);
}

Test(origins, json_has_every_frame)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--audit-only", "--json",
			      "--explain=3", "/usr/bin/python3", "-c",
			      "import os\nf = os.open('/etc/hostname', 0)\n"
			      "input()"));
	struct outcome parsed;

	parsed = run(outcome.out,
		     WORDS("/usr/bin/python3", "-c",
			   "import json, sys\n"
			   "report = json.load(sys.stdin)\n"
			   "fd = [f for f in report['findings'] "
			   "if f['subject'] == 'fd 3'][0]\n"
			   "origin = fd['origin']\n"
			   "assert origin == report['story'][-1], report\n"
			   "assert origin['call'] == 'openat'\n"
			   "assert origin['thread'] == report['pid']\n"
			   "assert origin['name'] == 'python3'\n"
			   "assert len(origin['frames']) > 8\n"
			   "assert fd['carry'] == 'file'\n"
			   "print('ok')"));
	expect_out(parsed, "ok\n");
	outcome_free(&parsed);
	outcome_free(&outcome);
}

Test(origins, what_was_not_seen_is_said)
{
	struct running service;
	struct outcome outcome;
	char pid[32];

	service = start(WORDS(service_path("opens_files"), "deep"));
	cr_assert(read(service.out, pid, 1) == 1);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	outcome = run(NULL, WORDS(tool_capture(), pid));
	squeeze(outcome.err);
	expect_in(outcome.err, "the service ran before it was attached to");
	outcome_free(&outcome);
	outcome = finish(service, "x", 10);
	outcome_free(&outcome);
	outcome = run("", WORDS(tool_capture(), "--leave-running",
				"--ready=after:0.3", "/usr/bin/python3", "-c",
				"import os, time\n"
				"os.open('/etc/hostname', 0)\n"
				"time.sleep(1)"));
	squeeze(outcome.err);
	expect_in(outcome.err, "with --leave-running and this ready point no "
			       "calls are stopped");
	outcome_free(&outcome);
}

/* Calls are seen there, although no filter stops them. */
Test(origins, service_that_goes_on_is_blamed_where_its_calls_are_seen)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "--leave-running",
			      service_path("opens_files"), "deep"));

	squeeze(outcome.err);
	expect_in(outcome.err, "in openat(2) ");
	expect_in(outcome.err, " open_config at opens_files.c:");
	outcome_free(&outcome);
}
