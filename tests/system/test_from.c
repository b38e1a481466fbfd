/*
 * test_from.c - a restored service goes on to its next ready point, and is
 * captured there
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/change_core.h"
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

/* What it has written in all of its lives, one behind the other. */
static void add_out(char *all, size_t size, struct outcome *outcome)
{
	const size_t length = strlen(all);

	expect_status(*outcome, 0);
	snprintf(all + length, size - length, "%s", outcome->out);
	outcome_free(outcome);
}

/* Each step of it is made once, in whichever life. */
static void check_way(const char *way, const char *when)
{
	static const char *const inputs[] = {"1", "2", "3"};
	char ready[64], base[] = "0.core", next[] = "1.core", all[256] = "";
	struct outcome outcome;

	snprintf(ready, sizeof(ready), "--ready=%s", when);
	outcome = capture("", WORDS("-q", ready, "-o", base,
				    service_path("goes_on"), way));
	add_out(all, sizeof(all), &outcome);
	for (size_t i = 0; i < 3; i++, base[0]++, next[0]++) {
		outcome = capture(inputs[i], WORDS("-q", ready, "--from", base,
						   "-o", next));
		add_out(all, sizeof(all), &outcome);
	}
	outcome = run("4", WORDS(tool_restore(), base));
	add_out(all, sizeof(all), &outcome);
	cr_expect(strcmp(all, "step 0\nstep 1\nstep 2\nstep 3\nok\n") == 0,
		  "%s, %s: %s", way, when, all);
}

Test(from, each_ready_point_comes_once_more)
{
	check_way("marker", "default");
	check_way("marker", "marker");
	check_way("stop", "default");
	check_way("notify", "default");
	check_way("notify", "notify");
	check_way("read", "default");
	check_way("signal", "signal:WINCH");
	check_way("call", "syscall:getppid");
	check_way("call", "symbol:arrive");
	check_way("call", "line:goes_on.c:23");
	check_way("call", "output:step");
	check_way("nap", "after:0.1");
}

/* The wait that it was captured in is over when it has what it waited for. */
Test(from, wait_that_goes_on_is_no_other)
{
	check_way("poll", "stdin");
	check_way("select", "stdin");
	check_way("try", "stdin");
	check_way("timer", "stdin");
	check_way("read", "syscall:read:0");
	check_way("nap", "syscall:clock_nanosleep");
}

Test(from, arguments_are_those_of_the_layer)
{
	struct outcome outcome;

	capture_well(NULL,
		     WORDS("-o", "0.core", service_path("goes_on"), "marker"));
	outcome = capture(NULL, WORDS("-q", "--from=0.core", "-o", "1.core",
				      "one", "--two"));
	expect_status(outcome, 0);
	expect_out(outcome, "one\nstep 0\n");
	outcome_free(&outcome);
	outcome = capture(
		NULL, WORDS("-q", "--from=1.core", "-o", "2.core", "--", "-q"));
	expect_out(outcome, "-q\nstep 1\n");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "2.core", "--", "x"));
	expect_out(outcome, "x\nstep 2\nstep 3\nok\n");
	outcome_free(&outcome);
}

/* The first of them; $SERVICE_LIVES has each stop itself twice more. */
static void check_generations(const char *option, const char *service,
			      const char *argument)
{
	struct outcome outcome;

	setenv("SERVICE_LIVES", "2", 1);
	outcome = capture("", WORDS("-q", "-o", "0.core", option,
				    service_path(service), argument));
	if (!cannot_be_had(&outcome, WORDS(service_path(service), argument))) {
		expect_status(outcome, 0);
		capture_well("", WORDS("-q", "--from=0.core", "-o", "1.core",
				       option));
		capture_well("", WORDS("-q", "--from=1.core", "-o", "2.core",
				       option));
		restore_well("", "2.core", "ok\n");
	}
	outcome_free(&outcome);
}

static void check_services(const char *const services[])
{
	for (size_t i = 0; services[i]; i++)
		check_generations("--settle=0.3", services[i], NULL);
}

Test(from, memory_outlasts_two_layers)
{
	check_services(WORDS("advises_memory", "aliases_memory", "grows_heap",
			     "guards_memory", "has_many_mappings",
			     "hides_memory", "hints_memory", "locks_memory",
			     "maps_files", "protects_memory", "reserves_memory",
			     "seals_memory", "shares_memory"));
}

Test(from, process_outlasts_two_layers)
{
	check_services(
		WORDS("arms_timers", "handles_signals", "holds_everything",
		      "keeps_sigtrap", "queues_signals", "reads_clock",
		      "schedules_itself", "sets_attributes", "sets_more"));
}

Test(from, threads_outlast_two_layers)
{
	check_services(WORDS("threads_asleep", "threads_blocked",
			     "threads_locks", "threads_many",
			     "threads_registers", "threads_scheduling",
			     "threads_signals"));
}

Test(from, descriptors_outlast_two_layers)
{
	static const char *const cases[] = {
		"file",
		"directory",
		"memfd:sealed",
		"stream",
		"epoll,eventfd,pipe",
		"timerfd",
		"signalfd",
		"inotify",
		"pipe:full",
		"socketpair:full",
		"listener",
		"listener:unix",
		"udp",
		"file,device:streams",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_generations("--carry=all", "carries", cases[i]);
	check_generations("--carry=all", "threads_on_files", NULL);
}

Test(from, service_may_live_on)
{
	static const char *const services[] = {"holds_everything",
					       "threads_many", "hints_memory"};

	setenv("SERVICE_LIVES", "1", 1);
	for (size_t i = 0; i < 3; i++) {
		struct outcome outcome;

		capture_well(NULL, WORDS("-q", "-o", "0.core",
					 service_path(services[i])));
		outcome = capture(NULL, WORDS("-q", "--leave-running",
					      "--from=0.core", "-o", "1.core"));
		expect_status(outcome, 0);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
		restore_well(NULL, "1.core", "ok\n");
	}
}

/* Where the kernel does not tell, the restore is seen to register for them. */
Test(from, barriers_outlast_a_layer)
{
	static const char *const wrappers[] = {"hides_barriers", NULL};

	for (size_t i = 0; i < 2; i++) {
		const char *wrapper =
			wrappers[i] ? service_path(wrappers[i]) : "env";
		struct outcome outcome;

		outcome = run(NULL, WORDS(wrapper, tool_capture(), "-q", "-o",
					  "0.core",
					  service_path("registers_barriers"),
					  "4", "256"));
		expect_status(outcome, 0);
		outcome_free(&outcome);
		tool_restore();
		outcome = run("x\n", WORDS(wrapper, tool_capture(), "-q",
					   "--ready=syscall:membarrier",
					   "--from=0.core", "-o", "1.core"));
		expect_status(outcome, 0);
		outcome_free(&outcome);
		restore_well(NULL, "1.core", "ok\n");
	}
}

static void read_machine(const char *path, struct core_machine *ret_machine)
{
	struct core core;
	struct error err = {0};

	cr_assert(core_open(&core, path, &err) == 0, "%s", err.text);
	*ret_machine = *core.machine;
	core_close(&core);
}

/* What it has chosen its code for it goes on with. */
Test(from, layer_needs_the_processor_of_its_base)
{
	struct core_machine base, layer, other;

	capture_well(NULL, WORDS("--cpu=x86-64-v2", "-o", "base.core",
				 service_path("goes_on"), "marker"));
	capture_well(NULL, WORDS("-o", "other.core", service_path("goes_on"),
				 "marker"));
	capture_well(NULL, WORDS("--from=base.core", "-o", "layer.core"));
	read_machine("base.core", &base);
	read_machine("layer.core", &layer);
	read_machine("other.core", &other);
	cr_expect(memcmp(base.features, layer.features,
			 sizeof(base.features)) == 0);
	cr_expect(memcmp(base.features, other.features,
			 sizeof(base.features)) != 0);
}

static void want_missing_feature(const struct core *core, char *front,
				 size_t size)
{
	const struct core_machine *machine = core->machine;
	char *at = memmem(front, size, machine, sizeof(*machine));

	memset(at, 0xff, sizeof(machine->features));
}

Test(from, base_that_is_none_is_refused_before_anything_starts)
{
	capture_well(NULL, WORDS("-o", "base.core", "cat"));
	refuse(NULL, WORDS("--from=no.core", "-o", "layer.core"), 1,
	       "cannot open 'no.core': No such file or directory", "");
	refuse(NULL, WORDS("--from=/bin/true", "-o", "layer.core"), 1,
	       "cannot use '/bin/true': ", "");
	refuse(NULL, WORDS("--from=.", "-o", "layer.core"), 1,
	       "cannot use '.': it is not a regular file", "");
	cr_assert(truncate("base.core", 8192) == 0);
	refuse(NULL, WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "cannot use 'base.core': ", "");
}

Test(from, base_and_layer_are_two_files)
{
	static const char message[] = "cannot be both the base and the core";
	const char hint[] = "Name another with --output.";

	capture_well(NULL, WORDS("-o", "base.core", "cat"));
	cr_assert(symlink("base.core", "link.core") == 0);
	refuse("x", WORDS("--from=base.core", "-o", "./base.core"), 2, message,
	       hint);
	refuse("x", WORDS("--from=link.core", "-o", "base.core"), 2, message,
	       hint);
	capture_well("x", WORDS("--from=base.core"));
	restore_well("y", "base.layer.core", "y");
	restore_well("z", "base.core", "z");
}

Test(from, restore_that_is_refused_is_none)
{
	capture_well(NULL, WORDS("-o", "base.core", "cat"));
	change_core("base.core", want_missing_feature);
	refuse(NULL, WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "subctx-restore: cannot restore 'base.core': ",
	       "subctx-capture: cannot restore 'base.core': the restorer ended "
	       "with status 125");
}

Test(from, restore_that_takes_too_long_is_ended)
{
	capture_well(NULL, WORDS("-o", "base.core",
				 service_path("has_many_mappings")));
	refuse(NULL,
	       WORDS("--from=base.core", "--timeout=0.001", "-o", "layer.core"),
	       1, "cannot restore 'base.core': it was not there after 0.001 s",
	       "");
}

/* A copy of the capturer, with something else beside it, or nothing. */
static void check_restorer(const char *restorer, const char *message)
{
	struct outcome outcome;

	outcome = run(NULL,
		      WORDS("install", "-D", "-t", "apart", tool_capture()));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	if (restorer) {
		FILE *file = fopen("apart/subctx-restore", "w");

		fprintf(file, "#!/bin/sh\n%s\n", restorer);
		fclose(file);
		cr_assert(chmod("apart/subctx-restore", 0755) == 0);
	}
	outcome =
		run(NULL, WORDS("env", "PATH=/nowhere", "apart/subctx-capture",
				"--from=base.core", "-o", "layer.core"));
	expect_status(outcome, 1);
	expect_in(outcome.err, message);
	outcome_free(&outcome);
}

Test(from, restorer_that_is_missing_or_dies_is_told)
{
	capture_well(NULL, WORDS("-o", "base.core", "cat"));
	check_restorer(NULL, "cannot start 'subctx-restore'");
	check_restorer("kill -KILL $$", "cannot restore 'base.core': the "
					"restorer was killed by SIGKILL");
	check_restorer("exit 3", "cannot restore 'base.core': the restorer "
				 "ended with status 3");
}

Test(from, base_that_nobody_told_where_to_say_so_cannot_be_heard)
{
	capture_well(NULL, WORDS("--ready=stdin", "-o", "base.core", "cat"));
	refuse(NULL,
	       WORDS("--from=base.core", "--ready=notify", "-o", "layer.core"),
	       1,
	       "cannot hear 'base.core' say READY=1: it knows no "
	       "$NOTIFY_SOCKET of subctx-capture",
	       "Capture its base with --ready=default or --ready=notify.");
}

/* Its own address cannot be had twice at a time. */
Test(from, two_layers_at_a_time_are_not_both_heard)
{
	struct running first;
	struct outcome outcome;

	capture_well(NULL, WORDS("-o", "base.core", "cat"));
	tool_restore();
	first = start(WORDS(tool_capture(), "-q", "--from=base.core", "-o",
			    "first.core"));
	usleep(500000);
	refuse("",
	       WORDS("--from=base.core", "--ready=notify", "-o", "layer.core"),
	       1,
	       "cannot hear 'base.core' say READY=1: cannot make a notify "
	       "socket: Address already in use",
	       "Another layer of it is captured right now, or its base runs.");
	capture_well("x", WORDS("-q", "--from=base.core", "-o", "2.core"));
	outcome = finish(first, "x", 20);
	expect_status(outcome, 0);
	outcome_free(&outcome);
}
