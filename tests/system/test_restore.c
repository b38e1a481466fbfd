/*
 * test_restore.c - services that check themselves in their second life
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "tests/change_core.h"
#include "tests/harness.h"

TestSuite(restore, .init = harness_begin, .fini = harness_end, .timeout = 120);

static void capture_service(const char *name)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				service_path(name)));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* Three restores: nothing that the first does may reach the others. */
static void check_service(const char *name)
{
	capture_service(name);
	for (int i = 0; i < 3; i++) {
		struct outcome outcome =
			run(NULL, WORDS(tool_restore(), "svc.core"));

		expect_status(outcome, 0);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
}

/* state: heap: its contents, its break */
Test(restore, heap_keeps_its_contents_and_grows)
{
	check_service("grows_heap");
}

/* state: stacks: contents, growth */
Test(restore, stack_keeps_its_contents_and_grows)
{
	check_service("grows_stack");
}

/* state: threads */
Test(restore, every_register_is_as_it_was)
{
	check_service("uses_registers");
}

/* state: signal actions: flags, masks */
Test(restore, signal_actions_mask_and_stack_are_as_they_were)
{
	check_service("handles_signals");
}

/* state: process and thread ids, `/proc/PID/exe` */
Test(restore, process_knows_its_new_self)
{
	check_service("knows_itself");
}

Test(restore, clocks_agree_with_the_kernel)
{
	check_service("reads_clock");
}

/* state: files that are mapped to be read */
Test(restore, file_mappings_show_what_they_showed)
{
	check_service("maps_files");
}

/* state: memory that is wiped on fork or may be dropped */
Test(restore, dropped_and_wiped_memory_is_zeros)
{
	check_service("advises_memory");
}

/* state: limits, working folder, umask */
Test(restore, attributes_are_set_again)
{
	check_service("sets_attributes");
}

Test(restore, static_programs_come_back)
{
	static const char *const kinds[] = {
		"static_program", "static_pie_program", "fixed_program"};

	for (size_t i = 0; i < 3; i++) {
		struct outcome outcome;

		capture_service(kinds[i]);
		outcome = run("hello\n", WORDS(tool_restore(), "svc.core"));
		expect_status(outcome, 0);
		expect_out(outcome, "hello\n");
		outcome_free(&outcome);
	}
}

Test(restore, fixed_addresses_are_reported)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				service_path("fixed_program")));

	expect_status(outcome, 0);
	expect_in(outcome.err, "has fixed addresses (ET_EXEC)");
	outcome_free(&outcome);
}

Test(restore, arguments_reach_the_service_and_its_status_the_caller)
{
	struct outcome outcome;

	capture_service("prints_arguments");
	outcome = run(NULL,
		      WORDS(tool_restore(), "svc.core", "--", "a", "b c", ""));
	expect_status(outcome, 43);
	expect_out(outcome, "restored 1\na\nb c\n\n");
	outcome_free(&outcome);

	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, 0);
	expect_out(outcome, "restored 1\nok\n");
	outcome_free(&outcome);
}

Test(restore, arguments_are_refused_where_nobody_reads_them)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				service_path("waits_for_input")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core", "--", "a"));
	expect_status(outcome, 125);
	expect_in(outcome.err, "nobody would read the arguments");
	outcome_free(&outcome);
}

static char *sum_of(struct outcome outcome)
{
	char *sum = strdup(outcome.out);

	expect_status(outcome, 0);
	outcome_free(&outcome);
	return sum;
}

Test(restore, half_a_gibibyte_is_there_to_the_last_byte)
{
	const char *service = service_path("touches_memory");
	char *wanted = sum_of(run("x\n", WORDS(service, "512")));
	struct outcome outcome = run(NULL, WORDS(tool_capture(), "-q", "-o",
						 "svc.core", service, "512"));
	char *got;

	expect_status(outcome, 0);
	outcome_free(&outcome);
	got = sum_of(run("x\n", WORDS(tool_restore(), "svc.core")));
	cr_expect(strlen(wanted) == 17 && strcmp(wanted, got) == 0,
		  "%s, not %s", got, wanted);
	free(wanted);
	free(got);
}

/* state: standard streams: with their flags */
Test(restore, pid_streams_and_folder_are_the_restorers)
{
	struct outcome outcome = run(
		NULL, WORDS(tool_capture(), "-q", "-o", "svc.core", "--", "sh",
			    "-c", "read x; exec readlink /proc/self/cwd"));
	char folder[4096];

	expect_status(outcome, 0);
	outcome_free(&outcome);
	cr_assert(mkdir("elsewhere", 0755) == 0 && chdir("elsewhere") == 0);
	cr_assert(getcwd(folder, sizeof(folder)));

	outcome =
		run("\n", WORDS("sh", "-c", "echo $$; exec \"$0\" ../svc.core",
				tool_restore()));

	expect_status(outcome, 0);
	expect_in(outcome.out, folder);
	outcome_free(&outcome);
	cr_assert(chdir("..") == 0);
}

Test(restore, restores_while_the_original_lives)
{
	struct running original =
		start(WORDS(tool_capture(), "-q", "--leave-running", "-o",
			    "svc.core", service_path("waits_for_input")));
	struct outcome outcome;

	for (int i = 0; i < 100 && access("svc.core", F_OK) < 0; i++)
		usleep(50000);
	outcome = run("clone\n", WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, 0);
	expect_out(outcome, "clone\n");
	outcome_free(&outcome);

	outcome = finish(original, "original\n", 10);
	expect_out(outcome, "original\n");
	outcome_free(&outcome);
}

Test(restore, works_with_no_new_privileges)
{
	struct outcome outcome = run(
		NULL, WORDS("setpriv", "--no-new-privs", tool_capture(), "-q",
			    "-o", "svc.core", service_path("waits_for_input")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run("x\n", WORDS("setpriv", "--no-new-privs", tool_restore(),
				   "svc.core"));
	expect_status(outcome, 0);
	expect_out(outcome, "x\n");
	outcome_free(&outcome);
}

Test(restore, stop_leaves_it_stopped_and_whole)
{
	struct running stopped;
	struct outcome outcome;

	capture_service("knows_itself");
	stopped = start(WORDS(tool_restore(), "--stop", "svc.core"));
	for (int i = 0; i < 100 && process_state(stopped.pid) != 'T'; i++)
		usleep(20000);
	cr_expect(process_state(stopped.pid) == 'T');

	kill(stopped.pid, SIGCONT);
	outcome = finish(stopped, NULL, 20);
	expect_status(outcome, 0);
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
}

Test(restore, dry_run_prints_and_does_nothing)
{
	struct outcome outcome;

	capture_service("prints_arguments");
	outcome = run(NULL, WORDS(tool_restore(), "--dry-run", "svc.core"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "munmap(0, 0x100000) = 0\n");
	expect_in(outcome.out, "rt_sigreturn()");
	cr_expect(!strstr(outcome.out, "restored"));
	outcome_free(&outcome);
}

/*
 * state: signal actions: what was ignored from the start is the restorer's
 */
Test(restore, ignored_signals_are_handed_on_as_by_exec)
{
	struct outcome outcome =
		run(NULL,
		    WORDS(tool_capture(), "-q", "-o", "svc.core", "--", "perl",
			  "-e", "<STDIN>; kill HUP => $$; print qq(on\n)"));

	expect_status(outcome, 0);
	outcome_free(&outcome);

	outcome =
		run("\n", WORDS("sh", "-c", "trap '' HUP; exec \"$0\" svc.core",
				tool_restore()));
	expect_out(outcome, "on\n");
	outcome_free(&outcome);

	outcome = run("\n", WORDS(tool_restore(), "svc.core"));
	expect_status(outcome, 128 + SIGHUP);
	outcome_free(&outcome);
}

/* As if it came from another kernel, whose vdso has the same functions. */
static void pretend_other_kernel(const struct core *core, char *front,
				 size_t size)
{
	const struct core_machine *machine = core->machine;
	uint64_t digest = core->process->vdso_digest;
	char *at =
		memmem(front, size, machine->kernel, strlen(machine->kernel));

	*at = 'X';
	at = memmem(front, size, &digest, sizeof(digest));
	*at = (char)(*at + 1);
}

/* As if it was captured before the machine was started again. */
static void pretend_later_boot(const struct core *core, char *front,
			       size_t size)
{
	uint64_t later = UINT64_MAX / 2;
	char *at = memmem(front, size, core->image, sizeof(*core->image));

	memcpy(at + offsetof(struct core_image, monotonic_ns), &later,
	       sizeof(later));
}

Test(restore, clock_that_is_behind_is_warned_of)
{
	struct outcome outcome;

	capture_service("reads_clock");
	change_core("svc.core", pretend_later_boot);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_in(outcome.err, "CLOCK_MONOTONIC is behind that of the capture");
	outcome_free(&outcome);
}

/* state: vdso of another kernel */
Test(restore, vdso_of_another_kernel_leads_to_this_ones)
{
	static const char *const names[] = {"reads_clock", "knows_itself"};

	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome;

		capture_service(names[i]);
		change_core("svc.core", pretend_other_kernel);
		outcome = run(NULL,
			      WORDS(tool_restore(), "--dry-run", "svc.core"));
		expect_in(outcome.out, "mremap(");
		outcome_free(&outcome);

		outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
		expect_status(outcome, 0);
		expect_out(outcome, "ok\n");
		outcome_free(&outcome);
	}
}

/*
 * In a pid namespace of its own, a shell is 1, the capturer 2, its service 3;
 * and in another one, what is started second.
 */
Test(restore, same_process_id_is_warned_of)
{
	struct outcome outcome;

	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("others cannot make such a namespace everywhere");
	outcome = run(NULL,
		      WORDS("unshare", "-pf", "--mount-proc", "sh", "-c",
			    "\"$0\" -q -o svc.core \"$1\"; true",
			    tool_capture(), service_path("waits_for_input")));
	expect_status(outcome, 0);
	outcome_free(&outcome);

	outcome = run("x\n", WORDS("unshare", "-pf", "--mount-proc", "sh", "-c",
				   "/bin/true; \"$0\" svc.core; true",
				   tool_restore()));
	expect_out(outcome, "x\n");
	expect_in(outcome.err, "note: the process id is that of the capture, "
			       "3; random numbers may repeat");
	outcome_free(&outcome);
}
