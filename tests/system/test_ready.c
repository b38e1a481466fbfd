/*
 * test_ready.c - every ready point, and what is said when it is not reached
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(ready, .init = harness_begin, .fini = harness_end, .timeout = 60);

/* A shell that says where it is; what it says after a restore shows where. */
static const char steps[] = "echo one; read a; echo two; read b; echo three";

static void check_ready(const char *when, const char *const words[],
			const char *input, const char *answer)
{
	const char *command[16] = {tool_capture(), "-o", "svc.core", when,
				   "--"};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		command[5 + i] = words[i];
	outcome = run("1\n2\n", command);
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(input, WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, 0);
	expect_out(outcome, answer);
	outcome_free(&outcome);
}

Test(ready, standard_input_is_the_first_read_of_it)
{
	check_ready("--ready=stdin", WORDS("sh", "-c", steps), "1\n2\n",
		    "two\nthree\n");
}

Test(ready, stop_is_when_it_stops_itself)
{
	check_ready("--ready=stop",
		    WORDS("sh", "-c", "echo a; kill -STOP $$; echo b"), NULL,
		    "b\n");
}

Test(ready, notify_is_when_it_says_so)
{
	check_ready("--ready=notify",
		    WORDS("/usr/bin/python3", "-c",
			  "import os, socket\n"
			  "s = socket.socket(socket.AF_UNIX,"
			  " socket.SOCK_DGRAM)\n"
			  "s.sendto(b'STATUS=x\\nREADY=1', '\\0' + "
			  "os.environ['NOTIFY_SOCKET'][1:])\n"
			  "s.close()\n"
			  "print('served')\n"),
		    NULL, "served\n");
}

Test(ready, symbol_is_before_the_function)
{
	check_ready("--ready=symbol:serve", WORDS(service_path("has_symbols")),
		    NULL, "serving\nserved\n");
}

Test(ready, symbol_in_a_library_that_is_loaded_later)
{
	/* json's scanner is a library that the import loads. */
	check_ready("--ready=symbol:PyInit__json",
		    WORDS("/usr/bin/python3", "-S", "-c",
			  "print(1, flush=True)\nimport json\n"
			  "print(json.loads('[2]'))"),
		    NULL, "[2]\n");
}

Test(ready, symbol_that_children_reach_first_is_no_concern_of_theirs)
{
	check_ready("--ready=symbol:arrive",
		    WORDS(service_path("forks_at_symbol")), NULL, "ok\n");
}

Test(ready, breakpoint_is_gone_from_the_core_and_from_what_goes_on)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--leave-running", "-q", "-o",
				"svc.core", "--ready=symbol:serve",
				service_path("has_symbols")));

	expect_status(outcome, 0);
	expect_in(outcome.out, "served\n");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("gdb", "-nx", "-batch", "-ex", "x/1xb &serve",
				  service_path("has_symbols"), "svc.core"));
	expect_in(outcome.out, "<serve>");
	cr_expect(!strstr(outcome.out, "0xcc"), "%s", outcome.out);
	outcome_free(&outcome);
}

Test(ready, line_is_before_its_code)
{
	check_ready("--ready=line:has_symbols.c:21",
		    WORDS(service_path("has_symbols")), NULL, "served\n");
}

Test(ready, syscall_with_a_descriptor_is_before_that_call)
{
	check_ready("--ready=syscall:write:2",
		    WORDS("perl", "-e",
			  "$| = 1; print qq(a\n); print STDERR qq(b\n); "
			  "print qq(c\n)"),
		    NULL, "c\n");
}

Test(ready, output_is_after_the_text_is_written)
{
	check_ready("--ready=output:listening on",
		    WORDS("sh", "-c",
			  "echo warming; printf 'liste'; printf 'ning on 80'; "
			  "echo; echo served"),
		    NULL, "\nserved\n");
}

Test(ready, after_is_wherever_it_is_then)
{
	check_ready("--ready=after:0.3",
		    WORDS("sh", "-c",
			  "i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done; "
			  "echo done"),
		    NULL, "done\n");
}

Test(ready, after_in_a_sleep_goes_on_sleeping)
{
	check_ready("--ready=after:0.2", WORDS("sleep", "0.6"), NULL, "");
}

Test(ready, signal_is_consumed)
{
	check_ready("--ready=signal:USR1",
		    WORDS("sh", "-c", "echo a; kill -USR1 $$; echo b"), NULL,
		    "b\n");
}

Test(ready, default_takes_the_marker)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				service_path("prints_arguments")));

	expect_in(outcome.err, "taken at subctx_ready()");
	outcome_free(&outcome);
}

/* It waits for its input; @pid is what the capturer is given for it. */
static struct running start_waiting(const char *const words[], char pid[32])
{
	struct running service = start(words);

	await_input(service.pid);
	snprintf(pid, 32, "--pid=%d", service.pid);
	return service;
}

/* Captures it at a point that it gets to when it has read @input. */
static struct outcome capture_after(struct running service, const char *input,
				    const char *when, const char *pid)
{
	struct running capture =
		start(WORDS(tool_capture(), "-o", "svc.core", when, pid));
	const ssize_t size = (ssize_t)strlen(input);

	await_input_traced(service.pid, capture.pid);
	cr_assert(write(service.in, input, strlen(input)) == size);
	return finish(capture, NULL, 20);
}

Test(ready, process_that_runs_is_taken_as_it_is_and_goes_on)
{
	/* In a session of its own, as one that another terminal has started. */
	char pid[32];
	struct running service = start_waiting(
		WORDS("setsid", service_path("waits_for_input")), pid);
	struct outcome outcome;

	outcome = run(NULL, WORDS(tool_capture(), "-o", "svc.core", pid));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("clone\n", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "clone\n");
	outcome_free(&outcome);

	outcome = finish(service, "original\n", 10);
	expect_status(outcome, 0);
	expect_out(outcome, "original\n");
	outcome_free(&outcome);
}

/* Its threads run, too: without them it would not get there. */
Test(ready, process_that_runs_is_taken_at_a_function_that_it_calls_later)
{
	char pid[32];
	struct running service =
		start_waiting(WORDS(service_path("waits_in_threads")), pid);
	struct outcome outcome =
		capture_after(service, "go\n", "--ready=symbol:puts", pid);

	expect_status(outcome, 0);
	expect_in(outcome.err, "taken before the function");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, 0);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);

	outcome = finish(service, NULL, 20);
	expect_status(outcome, 0);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(ready, kill_ends_a_process_that_was_taken)
{
	char pid[32];
	struct running service =
		start_waiting(WORDS(service_path("waits_for_input")), pid);
	struct outcome outcome = run(
		NULL, WORDS(tool_capture(), "--kill", "-o", "svc.core", pid));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = finish(service, NULL, 10);
	expect_status(outcome, 128 + SIGKILL);
	outcome_free(&outcome);
}

Test(ready, process_that_is_refused_goes_on_with_its_children)
{
	char pid[32];
	struct running service = start_waiting(
		WORDS("sh", "-c",
		      "read a; sleep 2 & echo go; read b; wait; echo $b"),
		pid);
	struct outcome outcome =
		capture_after(service, "1\n", "--ready=output:go", pid);

	expect_status(outcome, 3);
	expect_in(outcome.err, "refused   child ");
	outcome_free(&outcome);

	outcome = finish(service, "2\n", 20);
	expect_status(outcome, 0);
	expect_out(outcome, "go\n2\n");
	outcome_free(&outcome);
}

/* A thread that still works is given the time to come to rest. */
static void check_settled(const char *what, int status, const char *answer)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core", "--settle=20",
				service_path("settles"), what));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, status);
	expect_out(outcome, answer);
	outcome_free(&outcome);
}

/* state: threads that still work when another is ready */
Test(ready, thread_that_holds_a_file_for_a_moment_closes_it_first)
{
	check_settled("100", 0, "ok\n");
}

Test(ready, thread_that_is_about_to_execute_does_so_in_the_restore)
{
	check_settled("exec", 0, "executed\n");
}

Test(ready, thread_that_is_about_to_end_it_does_so_in_the_restore)
{
	check_settled("exit", 3, "");
}

Test(ready, thread_that_is_ready_too_is_so_once)
{
	check_settled("ready", 0, "ok\n");
}

/* What is said when it does not come to that. */
static void check_failure(const char *const words[], int status,
			  const char *message, const char *hint)
{
	const char *command[16] = {tool_capture(), "-o", "svc.core"};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		command[3 + i] = words[i];
	outcome = run(NULL, command);
	expect_status(outcome, status);
	expect_in(outcome.err, message);
	expect_in(outcome.err, hint);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

Test(ready, not_ready_in_time_says_where_it_was)
{
	check_failure(WORDS("--timeout=0.5", service_path("never_ready")), 1,
		      "was not ready after 0.5 s: it waits in "
		      "clock_nanosleep(2)\n",
		      "wait_for_ever at never_ready.c:9");
}

Test(ready, not_ready_in_time_says_on_which_descriptor)
{
	check_failure(WORDS("--timeout=0.5", "/usr/bin/python3", "-c",
			    "import os\nr, w = os.pipe()\nos.read(r, 1)"),
		      1,
		      "was not ready after 0.5 s: it waits in read(2) on "
		      "descriptor 3\n",
		      "Name another ready point with --ready");
	check_failure(WORDS("--timeout=0.5", "/usr/bin/python3", "-c",
			    "import signal\nsignal.pause()"),
		      1, "was not ready after 0.5 s: it waits in pause(2)\n",
		      "Name another ready point with --ready");
}

/* Its call is made for it elsewhere, which nobody is to see. */
Test(ready, not_ready_in_a_recorded_open_says_where_it_was)
{
	check_failure(WORDS("--timeout=0.5", service_path("opens_in_handler"),
			    "waits"),
		      1, "was not ready after 0.5 s: it waits in openat(2)\n",
		      "open_file at opens_in_handler.c:");
}

Test(ready, crash_says_where_it_was)
{
	check_failure(WORDS(service_path("dies_early")), 1,
		      "was killed by SIGSEGV before it was ready",
		      "  parse_config at dies_early.c:9\n  load at "
		      "dies_early.c:14\n  main at dies_early.c:22");
}

Test(ready, exit_says_with_what_and_where)
{
	check_failure(WORDS(service_path("dies_early"), "42"), 1,
		      "exited with status 42 before it was ready",
		      "main at dies_early.c:21");
}

Test(ready, thread_that_may_not_settle_is_taken_with_its_file)
{
	check_failure(WORDS("--settle=0", service_path("settles"), "2000"), 3,
		      "refused   fd 3             file /etc/passwd",
		      "run at settles.c:");
}

/* Without a filter each thread is led from call to call. */
Test(ready, thread_of_a_service_that_lives_on_may_wait_for_input)
{
	struct outcome outcome =
		run("", WORDS(tool_capture(), "-q", "--leave-running",
			      "--timeout=20", "-o", "svc.core",
			      "/usr/bin/python3", "-c",
			      "import sys, threading\n"
			      "t = threading.Thread(target=sys.stdin.read)\n"
			      "t.start(); t.join(); print('end')"));

	expect_status(outcome, 0);
	expect_out(outcome, "end\n");
	outcome_free(&outcome);
	outcome = run("", WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "end\n");
	outcome_free(&outcome);
}

/* Where no call is stopped, that is seen when it is too late. */
Test(ready, thread_that_executes_meanwhile_ends_it)
{
	check_failure(WORDS("--settle=20", "--leave-running", "--ready=stop",
			    "env", "SERVICE_LIVES=1", service_path("settles"),
			    "exec"),
		      1, "executed another program just after it was ready",
		      "With --settle=0 it is stopped at once.");
}

Test(ready, background_is_told_to_stay_in_the_foreground)
{
	check_failure(WORDS("sh", "-c", "sleep 2 &"), 1,
		      "went into the background",
		      "Tell it to stay in the foreground");
}

Test(ready, symbol_that_never_comes_is_named)
{
	check_failure(WORDS("--ready=symbol:no_such", "true"), 1,
		      "before it was ready",
		      "None of the files that it loaded has a symbol "
		      "'no_such'");
}

Test(ready, symbol_that_cannot_come_is_told_before_the_start)
{
	check_failure(
		WORDS("--ready=symbol:no_such", service_path("static_program")),
		2, "has no symbol 'no_such'", "");
}

Test(ready, program_that_is_not_there_is_named)
{
	check_failure(WORDS("./no-such"), 1,
		      "cannot start './no-such': No such file or directory",
		      "");
	check_failure(WORDS("no-such-program"), 1,
		      "there is no such program in $PATH", "");
}

Test(ready, set_user_id_programs_are_refused)
{
	check_failure(WORDS("/usr/bin/passwd"), 3, "it is set-user-ID",
		      "from a copy without that bit");
}

Test(ready, files_that_are_no_programs_are_refused)
{
	FILE *file = fopen("text", "w");

	fputs("hello\n", file);
	fclose(file);
	cr_assert(system("chmod 755 text") == 0);
	check_failure(WORDS("./text"), 1, "neither an ELF program nor a script",
		      "#!/bin/sh");
	check_failure(WORDS("./"), 1, "Is a directory", "");
}

Test(ready, malformed_options_are_explained)
{
	check_failure(WORDS("--bogus", "true"), 2, "unknown option '--bogus'",
		      "--help lists the options");
	check_failure(WORDS("--ready=whenever", "true"), 2,
		      "cannot understand '--ready=whenever'", "It is written");
	check_failure(WORDS("--ready=syscall:nonsense", "true"), 2,
		      "there is no system call 'nonsense'", "");
	check_failure(WORDS("--timeout=soon", "true"), 2,
		      "'soon' is not a number of seconds", "");
	check_failure(WORDS("--pid=x"), 2, "'x' is not a process id", "");
	check_failure(WORDS("--pid=999999999"), 1,
		      "there is no process 999999999", "");
	check_failure(WORDS("--kill", "--leave-running", "true"), 2,
		      "exclude each other", "");
	check_failure(WORDS("-q"), 2, "there is no program to start",
		      "Name one");
}
