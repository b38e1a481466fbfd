/*
 * test_record.c - what a service has touched once is at hand the next time
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core_reader.h"
#include "common/io.h"
#include "tests/change_core.h"
#include "tests/harness.h"

TestSuite(record, .init = harness_begin, .fini = harness_end, .timeout = 120);

/* What block[] of touches_pages adds up to, worked on so often. */
#define SUM_UNTOUCHED "sum 2045\n"

static void capture_service(void)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core",
				service_path("touches_pages")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void restore_says(const char *option, const char *input,
			 const char *output)
{
	struct outcome outcome =
		run(input, option ? WORDS(tool_restore(), option, "svc.core")
				  : WORDS(tool_restore(), "svc.core"));

	expect_status(outcome, 0);
	expect_out(outcome, output);
	outcome_free(&outcome);
}

static void record(const char *input, const char *output)
{
	struct outcome outcome =
		run(input, WORDS(tool_restore(), "--record", "svc.core"));

	expect_status(outcome, 0);
	expect_out(outcome, output);
	expect_in(outcome.err, "subctx-restore: recorded ");
	expect_in(outcome.err, " ranges in 'svc.core'\n");
	outcome_free(&outcome);
}

Test(record, what_was_touched_is_at_hand)
{
	capture_service();
	restore_says(NULL, "look\n", "own 0 shown none\n");

	record("work\n", "worked 7\n");

	restore_says(NULL, "look\nsum\n", "own 8 shown some\n" SUM_UNTOUCHED);
	restore_says(NULL, "work\nlook\n", "worked 7\nown 8 shown some\n");
}

Test(record, last_record_counts)
{
	capture_service();
	record("work\n", "worked 7\n");
	record("look\n", "own 0 shown none\n");

	restore_says(NULL, "look\n", "own 0 shown none\n");
}

Test(record, service_that_ends_at_once_is_recorded_at_its_end)
{
	capture_service();

	record("work\nend\n", "worked 7\n");

	restore_says(NULL, "look\n", "own 8 shown some\n");
}

/* More than fits into a pipe. */
Test(record, service_that_leaves_its_input_unread_is_recorded)
{
	static char input[1 << 20];

	memset(input, '\n', sizeof(input) - 1);
	memcpy(input, "work\nend\n", 9);
	capture_service();

	record(input, "worked 7\n");

	restore_says(NULL, "look\n", "own 8 shown some\n");
}

Test(record, service_that_serves_is_recorded_when_it_is_told_to_end)
{
	struct running running;
	struct outcome outcome;
	char answer[16] = "";

	capture_service();
	running = start(WORDS(tool_restore(), "--record", "svc.core"));
	cr_assert(write(running.in, "work\n", 5) == 5);
	cr_assert(read(running.out, answer, sizeof(answer) - 1) > 0);
	kill(running.pid, SIGTERM);
	outcome = finish(running, NULL, 30);

	expect_status(outcome, 128 + SIGTERM);
	expect_in(outcome.err, "subctx-restore: recorded ");
	restore_says(NULL, "look\n", "own 8 shown some\n");
	outcome_free(&outcome);
}

/* What was ignored from the start is ignored by the service, too. */
Test(record, service_that_does_not_end_is_recorded_all_the_same)
{
	struct running running;
	struct outcome outcome;
	char answer[16] = "";

	capture_service();
	running = start(WORDS("sh", "-c",
			      "trap '' TERM; exec \"$0\" --record svc.core",
			      tool_restore()));
	cr_assert(write(running.in, "work\n", 5) == 5);
	cr_assert(read(running.out, answer, sizeof(answer) - 1) > 0);
	kill(running.pid, SIGTERM);
	usleep(300000);
	kill(running.pid, SIGKILL);
	outcome = finish(running, NULL, 30);

	expect_status(outcome, 128 + SIGKILL);
	restore_says(NULL, "look\n", "own 8 shown some\n");
	outcome_free(&outcome);
}

Test(record, damaged_record_is_passed_over)
{
	struct error err = {0};
	struct core core;
	int fd;

	capture_service();
	record("work\n", "worked 7\n");
	cr_assert(core_open(&core, "svc.core", &err) == 0, "%s", err.text);
	fd = open("svc.core", O_WRONLY);
	cr_assert(io_pwrite_all(fd, "X", 1, core.image->working_set + 25) == 0);
	close(fd);
	core_close(&core);

	restore_says(NULL, "look\nsum\n", "own 0 shown none\n" SUM_UNTOUCHED);
}

Test(record, core_that_may_not_be_written_is_refused)
{
	const bool may = geteuid() == 0 && !getenv("SUBCTX_TEST_UID");
	struct outcome outcome;

	capture_service();
	cr_assert(chmod("svc.core", 0400) == 0);
	outcome = run("work\n", WORDS(tool_restore(), "--record", "svc.core"));

	/* No file mode keeps root from writing. */
	expect_status(outcome, may ? 0 : 125);
	if (!may)
		expect_in(outcome.err, "subctx-restore: cannot record in "
				       "'svc.core': Permission denied");
	outcome_free(&outcome);
}

Test(record, restore_that_fails_says_so_once)
{
	struct outcome outcome;
	const char *message = "cannot restore 'svc.core'";
	char *first;

	cr_assert(mkdir("folder", 0777) == 0 && chmod("folder", 0777) == 0);
	outcome = run(NULL, WORDS(tool_capture(), "-q", "-o", "svc.core", "--",
				  "perl", "-e", "chdir 'folder'; <STDIN>"));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	cr_assert(rmdir("folder") == 0);

	outcome = run("\n", WORDS(tool_restore(), "--record", "svc.core"));

	expect_status(outcome, 125);
	first = strstr(outcome.err, message);
	cr_expect(first && !strstr(first + 1, message), "%s", outcome.err);
	outcome_free(&outcome);
}

static void take_room(const struct core *core, char *front, size_t size)
{
	const uint64_t nowhere = 0;
	char *at = memmem(front, size, core->image, sizeof(*core->image));

	memcpy(at + offsetof(struct core_image, working_set), &nowhere,
	       sizeof(nowhere));
}

Test(record, core_without_room_is_refused)
{
	struct outcome outcome;

	capture_service();
	change_core("svc.core", take_room);
	outcome = run("work\n", WORDS(tool_restore(), "--record", "svc.core"));

	expect_status(outcome, 125);
	expect_in(outcome.err, "subctx-restore: cannot record in 'svc.core': "
			       "it has no room for that");
	outcome_free(&outcome);
	restore_says(NULL, "work\n", "worked 7\n");
}

/* As under strace -f, which follows the child. */
Test(record, service_that_is_traced_already_is_refused)
{
	struct outcome outcome;

	if (!has_program("strace"))
		return;
	capture_service();
	outcome = run("work\n", WORDS("strace", "-f", "-qq", "-o", "/dev/null",
				      tool_restore(), "--record", "svc.core"));

	expect_status(outcome, 125);
	expect_out(outcome, "");
	expect_in(outcome.err, "subctx-restore: cannot watch the service: "
			       "Operation not permitted\n  hint: Without "
			       "--record it can be restored.");
	outcome_free(&outcome);
}

Test(record, all_of_it_is_at_hand_when_that_is_asked_for)
{
	capture_service();

	restore_says("--populate", "look\nsum\n",
		     "own 512 shown none\n" SUM_UNTOUCHED);
}

Test(record, memory_for_huge_pages_is_copied)
{
	capture_service();

	restore_says("--hugepages", "look\nsum\n",
		     "own 512 shown none\n" SUM_UNTOUCHED);
}
