/*
 * test_from.c - a restored service goes on to its next ready point, and is
 * captured there
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/findings.h"
#include "tests/layers.h"

TestSuite(from, .init = harness_begin, .fini = harness_end, .timeout = 300);

Test(from, input_that_it_waited_for_is_taken_before_it_is_ready_again)
{
	layer_write(NULL, WORDS("-o", "py.core", "python3", "-c",
				"while True: exec(input())"));
	layer_write("import json\n", WORDS("--from=py.core", "-o", "app.core"));

	layer_restore("print(json.dumps([1])); exit(0)\n", "app.core", "[1]\n");
}

/* The shell reads a byte at a time, as others may want the next line. */
Test(from, input_that_is_there_already_is_taken)
{
	layer_write(NULL, WORDS("-o", "0.core", "sh", "-c",
				"read a; read b; echo $a $b"));
	layer_write("first\n", WORDS("--from=0.core", "-o", "1.core"));

	layer_restore("second\n", "1.core", "first second\n");
}

/* Who has made what the service holds from its base on, and since. */
Test(from, report_tells_what_the_restore_has_made)
{
	struct outcome outcome;

	layer_write(NULL, WORDS("--carry=file", "-o", "base.core",
				"/usr/bin/python3", "-c",
				"import os; os.getpid()\n"
				"f = open('/etc/passwd')\n"
				"while True: exec(input())"));
	outcome = layer_capture("g = open('/etc/group'); h = os.dup(3)\n",
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

	outcome = layer_capture("f.close(); g = open('/etc/group')\n",
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
	layer_write(NULL, WORDS("-o", "0.core", "sh", "-c",
				"while read a; do b=$b$a; echo $b; done"));
	layer_write("1\n", WORDS("--from", "0.core", "-o", "1.core"));
	layer_write("2\n", WORDS("--from", "1.core", "-o", "2.core"));
	layer_write("3\n", WORDS("--from", "2.core", "-o", "3.core"));

	layer_restore("4\n", "3.core", "1234\n");
	layer_restore("x\n", "1.core", "1x\n");
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
	outcome = layer_capture("", WORDS("-q", ready, "-o", base,
					  service_path("goes_on"), way));
	add_out(all, sizeof(all), &outcome);
	for (size_t i = 0; i < 3; i++, base[0]++, next[0]++) {
		outcome = layer_capture(inputs[i], WORDS("-q", ready, "--from",
							 base, "-o", next));
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

	layer_write(NULL,
		    WORDS("-o", "0.core", service_path("goes_on"), "marker"));
	outcome = layer_capture(NULL, WORDS("-q", "--from=0.core", "-o",
					    "1.core", "one", "--two"));
	expect_status(outcome, 0);
	expect_out(outcome, "one\nstep 0\n");
	outcome_free(&outcome);
	outcome = layer_capture(
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
	outcome = layer_capture("", WORDS("-q", "-o", "0.core", option,
					  service_path(service), argument));
	if (!cannot_be_had(&outcome, WORDS(service_path(service), argument))) {
		expect_status(outcome, 0);
		layer_write("", WORDS("-q", "--from=0.core", "-o", "1.core",
				      option));
		layer_write("", WORDS("-q", "--from=1.core", "-o", "2.core",
				      option));
		layer_restore("", "2.core", "ok\n");
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

		layer_write(NULL, WORDS("-q", "-o", "0.core",
					service_path(services[i])));
		outcome = layer_capture(NULL,
					WORDS("-q", "--leave-running",
					      "--from=0.core", "-o", "1.core"));
		expect_status(outcome, 0);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
		layer_restore(NULL, "1.core", "ok\n");
	}
}

/* A restored service that runs has the functions of its files, too. */
Test(from, function_is_found_in_a_restored_service_that_runs)
{
	struct running service, capturer;
	struct outcome outcome;
	char pid[32];

	layer_write(NULL,
		    WORDS("-o", "0.core", service_path("goes_on"), "read"));
	service = start(WORDS(tool_restore(), "0.core"));
	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	capturer = start(WORDS(tool_capture(), "-q", "--kill",
			       "--ready=symbol:arrive", "-o", "1.core", pid));
	await_input_traced(service.pid, capturer.pid);
	cr_assert(write(service.in, "1", 1) == 1);
	outcome = finish(capturer, "", 20);
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = finish(service, "", 20);
	expect_status(outcome, 128 + SIGKILL);
	outcome_free(&outcome);
	layer_restore("234", "1.core", "step 0\nstep 1\nstep 2\nstep 3\nok\n");
}

/* What the base has from its restorer is handed on, and nothing else. */
Test(from, inherited_descriptor_is_that_of_the_caller)
{
	static const char base[] =
		"import os\nos.dup2(os.open('/etc/passwd', os.O_RDONLY), 7)\n"
		"os.close(3)\nwhile True: exec(input())";
	char script[1024];
	struct outcome outcome;

	layer_write(NULL, WORDS("--inherit=7", "-o", "base.core",
				"/usr/bin/python3", "-c", base));
	snprintf(script, sizeof(script),
		 "echo first >f; exec 5</dev/null 7<f; "
		 "%s -q --from=base.core --inherit=7 -o layer.core",
		 tool_capture());
	tool_restore();
	outcome = run("a = os.read(7, 9); b = os.listdir('/proc/self/fd')\n",
		      WORDS("sh", "-c", script));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	snprintf(script, sizeof(script),
		 "echo second >f; exec 7<f; %s layer.core", tool_restore());
	outcome = run("print(a, b, os.read(7, 9)); exit()\n",
		      WORDS("sh", "-c", script));
	expect_out(outcome,
		   "b'first\\n' ['0', '1', '2', '3', '7'] b'second\\n'\n");
	outcome_free(&outcome);
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
		layer_restore(NULL, "1.core", "ok\n");
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

	layer_write(NULL, WORDS("--cpu=x86-64-v2", "-o", "base.core",
				service_path("goes_on"), "marker"));
	layer_write(NULL, WORDS("-o", "other.core", service_path("goes_on"),
				"marker"));
	layer_write(NULL, WORDS("--from=base.core", "-o", "layer.core"));
	read_machine("base.core", &base);
	read_machine("layer.core", &layer);
	read_machine("other.core", &other);
	cr_expect(memcmp(base.features, layer.features,
			 sizeof(base.features)) == 0);
	cr_expect(memcmp(base.features, other.features,
			 sizeof(base.features)) != 0);
}

/* Whoever makes a layer may have by chance what the service has set. */
Test(from, what_the_base_has_set_is_the_services_own)
{
#define SETTINGS "umask 027; trap '' USR1; ulimit -Sn 77; cd /usr; "
	struct outcome outcome;

	layer_write(NULL, WORDS("-o", "base.core", "--", "sh", "-c",
				SETTINGS
				"while read x; do umask; ulimit -Sn; pwd -P; "
				"grep -c 'SigIgn:.*[2367abef]..$' "
				"/proc/self/status; done"));
	outcome = run("\n", WORDS("sh", "-c",
				  "folder=$PWD; " SETTINGS
				  "exec \"$0\" -q --from=$folder/base.core "
				  "-o $folder/layer.core",
				  tool_capture()));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	layer_restore("\n", "layer.core", "0027\n77\n/usr\n1\n");
}
