/*
 * test_faults.c - whatever goes wrong, nothing is left behind and it is said
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(faults, .init = harness_begin, .fini = harness_end, .timeout = 120);

static size_t count_files(void)
{
	DIR *dir = opendir(".");
	size_t count = 0;

	for (struct dirent *entry; (entry = readdir(dir));)
		count += strstr(entry->d_name, "core") != NULL;
	closedir(dir);
	return count;
}

static void capture_service(const char *core)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-q", "-o", core,
				service_path("waits_for_input")));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void check_restore(const char *message)
{
	struct outcome outcome = run("x\n", WORDS(tool_restore(), "svc.core"));

	expect_status(outcome, 125);
	expect_in(outcome.err, message);
	/* One line, and a hint perhaps. */
	cr_expect(strncmp(outcome.err, "subctx-restore: cannot ", 23) == 0,
		  "%s", outcome.err);
	outcome_free(&outcome);
}

Test(faults, core_of_any_length_that_is_too_short_is_refused)
{
	struct stat status;

	capture_service("svc.core");
	cr_assert(stat("svc.core", &status) == 0);
	for (off_t size = status.st_size - 1; size > 0; size = size * 4 / 5) {
		cr_assert(truncate("svc.core", size) == 0);
		check_restore("'svc.core'");
	}
	cr_assert(truncate("svc.core", 0) == 0);
	check_restore("it is not an ELF file");
}

Test(faults, other_files_are_refused)
{
	FILE *file = fopen("svc.core", "w");

	fputs("hello, world, this is longer than an ELF header, by far so\n",
	      file);
	fclose(file);
	check_restore("it is not an ELF file");
	unlink("svc.core");
	check_restore("No such file or directory");
	cr_assert(mkdir("svc.core", 0755) == 0);
	check_restore("svc.core");
}

Test(faults, core_of_another_program_is_refused)
{
	struct running service;
	struct outcome outcome;
	char command[128];

	if (!has_program("gcore"))
		return;
	service = start(WORDS(service_path("waits_for_input")));
	await_input(service.pid);
	snprintf(command, sizeof(command),
		 "gcore -o other %d >/dev/null 2>&1; mv other.* svc.core; "
		 "chmod 644 svc.core",
		 service.pid);
	cr_assert(system(command) == 0);
	check_restore("it has no SUBCTX note, so subctx-capture did not write "
		      "it");
	outcome = finish(service, "x\n", 10);
	outcome_free(&outcome);
}

Test(faults, every_damaged_word_of_the_front_is_found)
{
	unsigned char byte;
	int fd;

	capture_service("svc.core");
	fd = open("svc.core", O_RDWR);
	cr_assert(fd >= 0);
	for (off_t at = 0; at < 8192; at += 97) {
		struct outcome outcome;

		cr_assert(pread(fd, &byte, 1, at) == 1);
		byte ^= 0x40;
		cr_assert(pwrite(fd, &byte, 1, at) == 1);
		outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
		cr_expect(outcome.status == 125, "byte %d: %d", (int)at,
			  outcome.status);
		outcome_free(&outcome);
		byte ^= 0x40;
		cr_assert(pwrite(fd, &byte, 1, at) == 1);
	}
	close(fd);
}

Test(faults, folder_that_cannot_be_written_is_named)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "-o", "/nowhere/svc.core",
				service_path("waits_for_input")));

	expect_status(outcome, 1);
	expect_in(outcome.err, "cannot write '/nowhere/svc.core': No such file "
			       "or directory");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_capture(), "-o", "/dev/null",
				  service_path("waits_for_input")));
	expect_status(outcome, 2);
	expect_in(outcome.err, "it is not a regular file");
	outcome_free(&outcome);
}

/* A limit on the size of files fails as a full disk does, for anyone. */
Test(faults, full_disk_keeps_the_old_core_and_leaves_nothing)
{
	struct stat before, after;
	struct outcome outcome;

	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("only root can mount a small disk");
	cr_assert(mkdir("disk", 0755) == 0);
	cr_assert(system("mount -t tmpfs -o size=8m none disk") == 0);
	cr_assert(chdir("disk") == 0);
	capture_service("svc.core");
	cr_assert(stat("svc.core", &before) == 0);
	outcome = run(NULL, WORDS(tool_capture(), "-o", "svc.core",
				  service_path("touches_memory"), "64"));
	expect_status(outcome, 1);
	expect_in(outcome.err, "cannot write 'svc.core': after ");
	expect_in(outcome.err, "No space left on device");
	outcome_free(&outcome);
	cr_assert(stat("svc.core", &after) == 0);
	cr_expect(before.st_ino == after.st_ino);
	cr_expect(count_files() == 1);
	cr_assert(chdir("..") == 0 && system("umount disk") == 0);
}

Test(faults, core_where_nothing_may_be_executed_is_refused)
{
	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("only root can mount");
	cr_assert(mkdir("disk", 0755) == 0);
	cr_assert(system("mount -t tmpfs -o noexec none disk") == 0);
	cr_assert(chdir("disk") == 0);
	capture_service("svc.core");
	check_restore("it lies on a file system that is mounted noexec");
	cr_assert(chdir("..") == 0 && system("umount disk") == 0);
}

/* Its path leads to what was written; the service goes on with what it had. */
Test(faults, file_that_a_union_hides_is_stored)
{
	struct outcome outcome;

	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("only root can mount");
	cr_assert(system("mkdir disk && mount -t tmpfs none disk && cd disk && "
			 "mkdir below above work all && "
			 "seq 100000 >below/data && "
			 "touch -d '1 hour ago' below/data && "
			 "mount -t overlay -o lowerdir=below,upperdir=above,"
			 "workdir=work none all") == 0);
	outcome = run(NULL, WORDS(tool_capture(), "-q", "--thin", "-o",
				  "svc.core", service_path("maps_given"),
				  "disk/all/data", "write"));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("head", "-c5", "disk/all/data"));
	expect_out(outcome, "other");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_restore(), "svc.core"));
	expect_out(outcome, "ok\n");
	outcome_free(&outcome);
	cr_assert(system("umount disk/all disk") == 0);
}

Test(faults, limit_on_the_size_of_files_is_an_error)
{
	struct outcome outcome = run(
		NULL, WORDS("sh", "-c",
			    "ulimit -f 100; exec \"$0\" -o svc.core \"$1\"",
			    tool_capture(), service_path("waits_for_input")));

	expect_status(outcome, 1);
	expect_in(outcome.err, "File too large");
	cr_expect(count_files() == 0);
	outcome_free(&outcome);
}

Test(faults, named_pipe_is_no_core)
{
	cr_assert(mkfifo("svc.core", 0644) == 0);
	check_restore("it is not a regular file");
}

static bool is_running(const char *name)
{
	char command[256];

	snprintf(command, sizeof(command), "pgrep -x %s >/dev/null", name);
	return system(command) == 0;
}

/* It is killed at once, but has a lot of memory to give back. */
static bool has_ended(const char *name)
{
	for (int i = 0; i < 100 && is_running(name); i++)
		usleep(20000);
	return !is_running(name);
}

/* A name of its own, as other tests run the same service. */
static const char *lonely_service(const char *name)
{
	char command[4096];

	snprintf(command, sizeof(command), "cp %s %s && chmod 755 %s",
		 service_path("touches_memory"), name, name);
	cr_assert(system(command) == 0);
	return name;
}

Test(faults, capturer_that_is_killed_leaves_no_service_and_no_core)
{
	char name[16];

	snprintf(name, sizeof(name), "./k%d", getpid());
	lonely_service(name);
	for (int i = 0; i < 12; i++) {
		struct running capture = start(WORDS(tool_capture(), "-q", "-o",
						     "svc.core", name, "128"));
		struct outcome outcome;

		usleep((useconds_t)(i * 20000));
		kill(capture.pid, SIGKILL);
		outcome = finish(capture, NULL, 10);
		outcome_free(&outcome);
		cr_expect(has_ended(name + 2), "the service lives");
		if (access("svc.core", F_OK) == 0) {
			outcome = run("x\n", WORDS(tool_restore(), "svc.core"));
			expect_status(outcome, 0);
			outcome_free(&outcome);
			unlink("svc.core");
		}
		cr_expect(count_files() == 0);
	}
}

Test(faults, interrupt_ends_the_capturer_by_that_signal)
{
	char name[16];
	struct running capture;
	struct outcome outcome;

	snprintf(name, sizeof(name), "./i%d", getpid());
	lonely_service(name);
	capture = start(WORDS(tool_capture(), "--ready=symbol:nothing", "-o",
			      "svc.core", "--", name, "1"));
	/* It waits for its input, and for a ready point that never comes. */
	usleep(300000);
	kill(capture.pid, SIGINT);
	cr_expect(has_ended(name + 2));
	outcome = finish(capture, NULL, 10);
	expect_status(outcome, 128 + SIGINT);
	expect_in(outcome.err, "cancelled by SIGINT");
	outcome_free(&outcome);
	cr_expect(count_files() == 0);
}

Test(faults, service_that_dies_while_it_is_copied_is_reported)
{
	struct running capture;
	struct outcome outcome;
	char command[64];
	char name[16];

	snprintf(name, sizeof(name), "./d%d", getpid());
	lonely_service(name);
	capture = start(WORDS(tool_capture(), "-o", "svc.core", name, "700"));
	/* Its memory is filled first, and then copied for a while. */
	usleep(900000);
	snprintf(command, sizeof(command), "pkill -KILL -x %s", name + 2);
	if (system(command) != 0)
		usleep(1);
	outcome = finish(capture, NULL, 30);
	cr_expect(outcome.status == 1 || outcome.status == 0, "%d: %s",
		  outcome.status, outcome.err);
	cr_expect(count_files() == (outcome.status == 0 ? 1 : 0));
	outcome_free(&outcome);
}

Test(faults, existing_core_is_replaced_whole)
{
	struct stat before, after;

	capture_service("svc.core");
	cr_assert(stat("svc.core", &before) == 0);
	cr_expect((before.st_mode & 07777) == 0600);
	capture_service("svc.core");
	cr_assert(stat("svc.core", &after) == 0);
	cr_expect(before.st_ino != after.st_ino);
	cr_expect(count_files() == 1);
}

/* What the tracer writes into the service fails, the first time, the second... */
Test(faults, service_whose_memory_cannot_be_written_is_not_captured)
{
	char inject[64];
	bool was_breakpoint = false;

	if (!has_program("strace"))
		return;
	for (int i = 1; i <= 8; i++) {
		struct outcome outcome;

		snprintf(inject, sizeof(inject),
			 "inject=pwrite64:error=EIO:when=%d", i);
		outcome = run(NULL,
			      WORDS("strace", "-o", "/dev/null", "-e", inject,
				    tool_capture(), "-q", "-o", "svc.core",
				    service_path("handles_signals")));
		expect_status(outcome, 1);
		expect_in(outcome.err, "Input/output error");
		was_breakpoint |= strstr(outcome.err,
					 "cannot set a breakpoint: ") != NULL;
		cr_expect(count_files() == 0);
		outcome_free(&outcome);
	}
	cr_expect(was_breakpoint);
}
