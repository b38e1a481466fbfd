/*
 * test_blame.c - the report says who made what it lists, and where
 *
 * Each service prints which findings its report must have, and what must stand
 * in each.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/findings.h"

TestSuite(blame, .init = harness_begin, .fini = harness_end, .timeout = 120);

static void expect_blame(const char *service)
{
	expect_report(3, WORDS(tool_capture(), "--audit-only",
			       service_path(service)));
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

Test(blame, number_that_is_used_again_belongs_to_whoever_used_it_last)
{
	expect_blame("opens_again");
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

/* state: process and thread ids, `/proc/PID/exe` */
Test(blame, randomness_and_the_process_id_are_blamed_on_who_took_them_first)
{
	expect_report(0, WORDS(tool_capture(), "--audit-only",
			       service_path("asks_for_unique")));
}

Test(blame, what_a_ring_may_have_opened_is_said_to_be_doubtful)
{
	struct outcome outcome =
		run(NULL, WORDS(service_path("opens_by_ring")));
	const bool has_ring = outcome.status != 77;

	outcome_free(&outcome);
	if (!has_ring)
		skip("no io_uring here");
	expect_report(3, WORDS(tool_capture(), "--audit-only", "--carry=all",
			       service_path("opens_by_ring")));
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
	struct outcome split = run(
		NULL, WORDS("sh", "-c",
			    "objcopy --only-keep-debug \"$0\" bare.debug && "
			    "strip -o bare \"$0\" && "
			    "objcopy --add-gnu-debuglink=bare.debug bare",
			    service_path("opens_in_helper")));

	expect_status(split, 0);
	outcome_free(&split);
	expect_report(3, WORDS(tool_capture(), "--audit-only", "./bare"));
}

Test(blame, streams_are_inherited_from_the_caller)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only",
				service_path("waits_for_input")));

	expect_status(outcome, 0);
	expect_finding(outcome.err, "fd 0 ",
		       WORDS("inherited from the caller"));
	outcome_free(&outcome);
}

/* The stack of a program that is gone says nothing about the code of another. */
Test(blame, descriptor_of_an_earlier_program_is_blamed_on_that)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--audit-only", "--", "bash",
				"-c", "exec 7</etc/passwd; exec \"$0\"",
				service_path("waits_for_input")));

	expect_status(outcome, 3);
	expect_finding(outcome.err, "fd 7 ",
		       WORDS("copied from fd ", "(bash) in dup2(2)",
			     "main in bash", "(bash) in openat(2)",
			     "main in bash"));
	outcome_free(&outcome);
}

/* Its libraries have to be beside it. */
static void expect_unloaded(const char *name)
{
	service_path("first.so");
	service_path("second.so");
	expect_report(3, WORDS(tool_capture(), "--audit-only",
			       service_path("unloads_library"), name));
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

Test(blame, without_a_filter_the_report_says_why_it_knows_nothing)
{
	struct outcome outcome = run(
		NULL, WORDS(tool_capture(), "--leave-running",
			    "--ready=after:0.5", "-o", "svc.core", "--", "bash",
			    "-c", "exec 7</etc/passwd; while :; do :; done"));

	expect_status(outcome, 3);
	expect_finding(outcome.err, "fd 7 ",
		       WORDS("how it came to be was not seen: with "
			     "--leave-running and this ready point no calls "
			     "are stopped"));
	outcome_free(&outcome);
}

Test(blame, without_a_filter_calls_are_seen_if_the_ready_point_needs_them)
{
	expect_report(3, WORDS(tool_capture(), "--leave-running", "-o",
			       "svc.core", service_path("opens_in_helper")));
}

Test(blame, process_that_ran_before_is_said_to_have)
{
	struct running service =
		start(WORDS("bash", "-c", "exec 7</etc/passwd; echo; read x"));
	char byte, pid[32];
	struct outcome outcome;

	cr_assert(read(service.out, &byte, 1) == 1);
	snprintf(pid, sizeof(pid), "%d", service.pid);
	outcome = run(NULL, WORDS(tool_capture(), "--pid", pid, "--explain=7",
				  "-o", "svc.core"));
	expect_status(outcome, 3);
	expect_finding(outcome.err, "refused fd 7 ",
		       WORDS("was not seen: the service ran before it was "
			     "attached to"));
	expect_finding(outcome.err, "story fd 7 ",
		       WORDS("nothing was seen: the service ran before",
			     "at the ready point refused: file /etc/passwd"));
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

	expect_status(outcome, 3);
	expect_finding(outcome.err, "story fd 7 ",
		       WORDS("copied from fd ", "in dup2(2)", "closed ",
			     "in close(2)", "copied from", "in dup2(2)",
			     "closed ", "in dup2(2)", "copied from",
			     "at the ready point refused: file /etc/hostname"));
	outcome_free(&outcome);
}

Test(blame, story_names_the_code_of_each_event)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--explain=3", "--audit-only",
				service_path("opens_again")));

	expect_status(outcome, 3);
	expect_finding(outcome.err, "story fd 3 ",
		       WORDS("opened ", "in openat(2)",
			     "main at opens_again.c:", "closed ", "in close(2)",
			     "main at opens_again.c:", "opened ",
			     "in memfd_create(2)", "main at opens_again.c:",
			     "at the ready point refused: memfd"));
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
	static const char program[] =
		"import json, sys\n"
		"text = sys.stdin.read()\n"
		"report = json.loads(text[text.index('{'):])\n"
		"of = {f['subject']: f for f in report['findings']}\n"
		"assert of['fd 0']['origin'] == {'inherited': True}\n"
		"assert of['fd 3']['carry'] == 'file'\n"
		"origin = of['fd 3']['origin']\n"
		"assert origin == report['story'][-1], report\n"
		"assert origin['thread'] == report['pid']\n"
		"assert origin['name'] == 'opens_in_helper'\n"
		"assert origin['call'] == 'openat'\n"
		"assert origin['ms'] >= 0\n"
		"frames = origin['frames'][-3:]\n"
		"assert [f['function'] for f in frames] == "
		"['open_config', 'load', 'main'], frames\n"
		"for f in frames:\n"
		"    assert f['file'].endswith('/opens_in_helper.c')\n"
		"    assert f['module'] == 'opens_in_helper'\n"
		"    assert f['line'] > 0 and f['offset'] > 0\n"
		"    assert f['inlined'] is False\n"
		"print('ok')";
	struct outcome outcome = run(
		NULL, WORDS(tool_capture(), "--audit-only", "--json",
			    "--explain=3", service_path("opens_in_helper")));
	struct outcome parsed =
		run(outcome.out, WORDS("/usr/bin/python3", "-c", program));

	expect_status(outcome, 3);
	expect_out(parsed, "ok\n");
	outcome_free(&parsed);
	outcome_free(&outcome);
}
