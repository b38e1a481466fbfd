/*
 * test_states_hidden.c - states that no file of /proc shows
 *
 * The comments "state:" are those of test_states.c.
 */
#include <criterion/criterion.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(states_hidden, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void expect_ok(struct outcome outcome, const char *out)
{
	expect_status(outcome, 0);
	expect_out(outcome, out);
	outcome_free(&outcome);
}

static void expect_refused(struct outcome outcome, const char *message)
{
	expect_status(outcome, 3);
	expect_in(outcome.err, message);
	cr_expect(access("svc.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

static struct outcome capture(const char *service, const char *argument)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				service_path(service), argument));

	expect_status(outcome, 0);
	return outcome;
}

static void expect_noted(struct outcome outcome, const char *note,
			 bool is_wanted)
{
	cr_expect((strstr(outcome.err, note) != NULL) == is_wanted, "%s",
		  outcome.err);
	outcome_free(&outcome);
	expect_ok(run(NULL, WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* makes_trouble makes what its argument says. */
static void refuse(const char *kind, const char *message)
{
	const char *service = service_path("makes_trouble");
	struct outcome outcome = run(
		NULL, WORDS(tool_capture(), "-o", "svc.core", service, kind));

	skip_if_not_had(&outcome, WORDS(service, kind));
	expect_refused(outcome, message);
}

/* Captured where the kernel does not tell what is registered, and here. */
static void check_barriers(const char *first, const char *second)
{
	expect_ok(run(NULL,
		      WORDS(service_path("hides_barriers"), tool_capture(),
			    "-q", "-o", "svc.core",
			    service_path("registers_barriers"), first, second)),
		  "");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
	expect_ok(run(NULL,
		      WORDS(tool_capture(), "-q", "-o", "svc.core",
			    service_path("registers_barriers"), first, second)),
		  "");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: switches of prctl(2) and the like */
Test(states_hidden, barriers_are_found_out_where_nothing_tells)
{
	check_barriers("16", "64");
	check_barriers("4", "256");
	check_barriers("0", "0");
}

/* Of a service that waits for a line. */
static struct outcome capture_running(const char *wrapper, pid_t pid)
{
	char option[32];

	snprintf(option, sizeof(option), "--pid=%d", pid);
	await_input(pid);
	return wrapper ? run(NULL, WORDS(wrapper, tool_capture(), "-q", "-o",
					 "svc.core", option))
		       : run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
					 option));
}

/* state: switches of prctl(2) and the like */
Test(states_hidden, barriers_of_what_runs_already_are_found_out)
{
	const char *hides = service_path("hides_barriers");
	struct running service = start(
		WORDS(hides, service_path("registers_barriers"), "4", "256"));

	expect_ok(capture_running(hides, service.pid), "");
	expect_ok(finish(service, "x\n", 20), "ok\n");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: semaphore operations to be undone */
Test(states_hidden, semaphore_undo_of_what_runs_already_is_refused)
{
	struct running service =
		start(WORDS(service_path("owes_semaphore"), "undo"));

	expect_refused(capture_running(NULL, service.pid),
		       "may have System V operations to be undone");
	expect_ok(finish(service, "x\n", 20), "ok\n");
}

/* state: semaphore operations to be undone */
Test(states_hidden, semaphore_undo_that_nobody_can_know_of_is_noted)
{
	struct running service =
		start(WORDS(service_path("owes_semaphore"), "thread"));
	struct outcome outcome;
	char option[32];

	snprintf(option, sizeof(option), "--pid=%d", service.pid);
	await_input(service.pid);
	outcome = run(NULL,
		      WORDS(tool_capture(), "-v", "-o", "svc.core", option));
	expect_in(outcome.err, "noted     semaphore        the service may "
			       "have System V operations to be undone");
	expect_ok(outcome, "");
	expect_ok(finish(service, "x\n", 20), "ok\n");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: semaphore operations to be undone */
Test(states_hidden, semaphores_without_undo_are_not_refused)
{
	struct running service = start(WORDS(service_path("owes_semaphore")));

	expect_ok(capture_running(NULL, service.pid), "");
	expect_ok(finish(service, "x\n", 20), "ok\n");
	expect_ok(run("x\n", WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: secret memory, huge page pool, protection keys, userfaultfd, rings */
Test(states_hidden, rings_without_a_descriptor_are_refused)
{
	refuse("io-registered", "refused   io_uring ");
}

/*
 * state: probes and breakpoints of other programs in its code: those that a
 * debugger has left
 */
Test(states_hidden, breakpoints_of_others_are_refused)
{
	refuse("breakpoint", "a probe or breakpoint that another program has "
			     "set at 0x");
}

static unsigned long first_number(const char *command, int base)
{
	struct outcome outcome = run(NULL, WORDS("sh", "-c", command));
	unsigned long number = strtoul(outcome.out, NULL, base);

	outcome_free(&outcome);
	return number;
}

/* At a place in a file, by the kernel, which only root may ask for. */
static int set_probe(const char *path, unsigned long offset)
{
	struct perf_event_attr event = {
		.size = sizeof(event),
		.type = (unsigned)first_number("cat /sys/bus/event_source/"
					       "devices/uprobe/type",
					       10),
		.uprobe_path = (uintptr_t)path,
		.probe_offset = offset,
	};

	return event.type
		       ? (int)syscall(SYS_perf_event_open, &event, -1, 0, -1, 0)
		       : -1;
}

/* state: probes and breakpoints of other programs in its code: uprobes */
Test(states_hidden, probes_of_the_kernel_are_refused)
{
	const char *path = service_path("static_program");
	char command[512];
	struct outcome outcome;
	int probe;

	/* Where it is in the file, less where the file is mapped. */
	snprintf(command, sizeof(command), "nm '%s' | sed -n 's/ T abort$//p'",
		 path);
	probe = set_probe(path, first_number(command, 16) - 0x400000);
	if (probe < 0)
		skip("this user or kernel can set none");
	outcome = run(NULL, WORDS(tool_capture(), "-o", "svc.core", path));
	expect_refused(outcome, "a probe or breakpoint that another program");
	close(probe);
}

/*
 * state: user and group of another restorer in the auxiliary vector: AT_UID,
 * AT_SECURE
 */
Test(states_hidden, another_user_is_noted)
{
	const char *note = "note: user and group are 65534 and 65533, those of "
			   "the capture 0 and 0; ";
	struct outcome outcome;

	if (getenv("SUBCTX_TEST_UID") || geteuid() != 0)
		skip("only root may become another user");
	expect_ok(run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  service_path("threads_signals"))),
		  "");
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	cr_expect(!strstr(outcome.err, "note: user"), "%s", outcome.err);
	outcome_free(&outcome);
	cr_assert(chmod("svc.core", 0644) == 0);
	outcome =
		run(NULL, WORDS("setpriv", "--reuid=65534", "--regid=65533",
				"--clear-groups", tool_restore(), "svc.core"));
	expect_in(outcome.err, note);
	expect_ok(outcome, "ok\n");
}

/* state: standard streams */
Test(states_hidden, signals_from_streams_are_refused)
{
	refuse("stream-owner", "refused   signals of standard input");
	refuse("stream-signal", "refused   signals of standard error");
}

/* state: shared memory without a name, memfds: to be written or not */
Test(states_hidden, shared_memory_that_cannot_be_written_stays_so)
{
	expect_ok(run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  service_path("protects_memory"))),
		  "");
	for (int i = 0; i < 2; i++)
		expect_ok(run(NULL, WORDS(tool_restore(), "svc.core")), "ok\n");
	expect_ok(run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  "--carry=memfd",
				  service_path("protects_memory"), "keep")),
		  "");
	expect_ok(run(NULL, WORDS(tool_restore(), "svc.core")), "ok\n");
}

/*
 * state: CPU time and other resources that were used: `clock(3)`, `getrusage(2)`
 */
Test(states_hidden, time_that_was_used_is_counted_anew)
{
	expect_ok(run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				  service_path("uses_time"))),
		  "");
	expect_ok(run(NULL, WORDS(tool_restore(), "svc.core")), "ok\n");
}

/* state: interval timers, POSIX timers */
Test(states_hidden, expirations_that_were_missed_are_noted)
{
	const char *note = "how often it has expired since is counted anew";

	expect_noted(capture("has_expired_timer", NULL), note, true);
	expect_noted(capture("arms_timers", NULL), note, false);
}

/* state: shared memory without a name, memfds */
Test(states_hidden, shared_memory_that_is_not_mapped_is_noted)
{
	const char *note = "goes on behind what is mapped of it";

	expect_noted(capture("hides_memory", "memfd"), note, true);
	expect_noted(capture("hides_memory", "used"), note, true);
	expect_noted(capture("hides_memory", "unused"), note, false);
}
