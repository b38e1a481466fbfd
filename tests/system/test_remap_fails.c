/*
 * test_remap_fails.c - a service that cannot be mapped onto its core is as it was
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/sharer.h"

TestSuite(remap_fails, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

enum {
	SHARED = 8, /* so many of its mappings at least are worth it */
};

/* It is as it was: all of its memory its own, and of the right bytes. */
static void check_nothing(const char *argument, const char *said)
{
	struct running service = sharer_start(argument);
	struct outcome outcome = sharer_capture(service.pid, "svc.core");

	expect_status(outcome, 0);
	expect_in(outcome.err, said);
	outcome_free(&outcome);
	cr_expect(sharer_mappings(service.pid, "svc.core") == 0);
	sharer_expect_no_descriptors(service.pid);
	sharer_ask(service, "check\n");
	sharer_ask(service, "write\n");
	sharer_ask(service, "check\n");
	sharer_end(service);
	/* No pages of it are missing in the core. */
	service = start(WORDS(tool_restore(), "svc.core"));
	sharer_ask(service, "check\n");
	sharer_end(service);
}

Test(remap_fails, core_that_cannot_be_opened_is_not_mapped)
{
	check_nothing("descriptors", "\nre-mapped nothing: it cannot open the "
				     "core: Too many open files\n");
}

Test(remap_fails, limit_on_memory_is_kept)
{
	check_nothing("space", "\nre-mapped nothing: it cannot map the core: "
			       "Cannot allocate memory\n");
}

Test(remap_fails, memory_that_would_be_locked_stays)
{
	struct outcome outcome =
		run("", WORDS(service_path("shares_core"), "lock"));

	if (outcome.status == 77)
		skip("it may not lock memory");
	outcome_free(&outcome);
	check_nothing("lock", "\nre-mapped nothing: it locks all that it maps "
			      "(mlockall(2))\n");
}

Test(remap_fails, mappings_that_are_too_many_are_not_made)
{
	check_nothing("mappings", "\nre-mapped nothing: it would take ");
	check_nothing("mappings", " more (vm.max_map_count)\n");
}

/* The second of two runs cannot be moved away, or the core's not there. */
static struct outcome capture_half(const char *what, const char *service)
{
	return run("check\nwrite\nfree\ncheck\n",
		   WORDS(tool_capture(), "--leave-running", "--remap", "-o",
			 "svc.core", service_path("refuses_moves"), what,
			 service_path("shares_core"), service));
}

static void check_moved_back(const char *service)
{
	struct outcome outcome = capture_half("aside", service);

	expect_status(outcome, 0);
	expect_in(outcome.err, "\nre-mapped nothing: it cannot move its "
			       "memory: Cannot allocate memory\n");
	expect_out(outcome, "ok\nok\nok\nok\n");
	outcome_free(&outcome);
	sharer_check_restores("svc.core");
}

Test(remap_fails, what_was_moved_is_moved_back)
{
	check_moved_back(NULL);
}

Test(remap_fails, what_several_lists_have_moved_is_moved_back)
{
	check_moved_back("fragments");
}

/* Nothing else can be done; its core has all that it had. */
Test(remap_fails, service_that_is_not_whole_does_not_go_on)
{
	struct outcome outcome = capture_half("place", NULL);

	expect_status(outcome, 1);
	expect_in(outcome.err, "cannot leave the service as it was: it cannot "
			       "move its memory back: Cannot allocate memory\n"
			       "  hint: It was ended. The core is whole");
	expect_out(outcome, "");
	outcome_free(&outcome);
	sharer_check_restores("svc.core");
}

static void expect_nothing(const char *const words[], const char *said)
{
	struct outcome outcome = run("x\n", words);

	expect_status(outcome, 0);
	expect_in(outcome.err, said);
	outcome_free(&outcome);
}

Test(remap_fails, memory_that_may_be_dropped_stays)
{
	expect_nothing(WORDS(tool_capture(), "--leave-running", "--remap", "-o",
			     "svc.core", service_path("is_large")),
		       "\nre-mapped nothing: its memory is copied at restore, "
		       "because is_large may drop pages\n");
}

Test(remap_fails, little_is_not_worth_it)
{
	expect_nothing(WORDS(tool_capture(), "--leave-running", "--remap", "-o",
			     "svc.core", service_path("waits_for_input")),
		       "\nre-mapped nothing: no 64 KiB in a row are its own "
		       "and are mapped at restore\n");
}

/* In a folder of its own, where it finds no core, or another file. */
static void check_elsewhere(const char *command, const char *said)
{
	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("only root can mount");
	cr_assert(mkdir("disk", 0755) == 0);
	expect_nothing(WORDS(tool_capture(), "--leave-running", "--remap", "-o",
			     "disk/svc.core", "unshare", "--mount", "sh", "-c",
			     command, "sh", service_path("shares_core")),
		       said);
}

Test(remap_fails, core_that_it_does_not_see_is_not_mapped)
{
	check_elsewhere("mount -t tmpfs none disk && exec \"$1\"",
			"\nre-mapped nothing: it cannot open the core: No such "
			"file or directory\n");
}

/* Of a file in an overlay nobody knows which one it is. */
Test(remap_fails, other_file_of_that_name_is_not_mapped)
{
	check_elsewhere("mkdir over && mount -t tmpfs none over && "
			"mkdir over/upper over/work && mount -t overlay -o "
			"lowerdir=disk,upperdir=over/upper,workdir=over/work "
			"none disk && exec \"$1\"",
			"\nre-mapped nothing: what it finds by the core's name "
			"is another file\n");
}

/* What was never executable on such a file system could never be made so. */
Test(remap_fails, core_where_nothing_may_be_executed_is_not_mapped)
{
	if (geteuid() != 0 || getenv("SUBCTX_TEST_UID"))
		skip("only root can mount");
	cr_assert(mkdir("disk", 0755) == 0);
	cr_assert(system("mount -t tmpfs -o noexec none disk") == 0);
	expect_nothing(WORDS(tool_capture(), "--leave-running", "--remap", "-o",
			     "disk/svc.core", service_path("shares_core")),
		       "\nre-mapped nothing: the core lies on a file system "
		       "that is mounted noexec\n");
	cr_assert(system("umount disk") == 0);
}

/* A file of that beginning is there when all has been copied. */
static bool is_being_named(void)
{
	DIR *folder = opendir(".");
	bool is_there = false;

	for (struct dirent *entry; (entry = readdir(folder));)
		is_there |= strncmp(entry->d_name, "svc.core.", 9) == 0;
	closedir(folder);
	return is_there;
}

static char change_byte(pid_t pid, uintptr_t address, char byte)
{
	struct iovec ours = {&byte, 1}, theirs = {(void *)address, 1};
	char before;
	struct iovec old = {&before, 1};

	cr_assert(process_vm_readv(pid, &old, 1, &theirs, 1, 0) == 1);
	cr_assert(process_vm_writev(pid, &ours, 1, &theirs, 1, 0) == 1);
	return before;
}

/* Of what is not in the core any more, nothing is lost. */
Test(remap_fails, memory_that_another_process_has_written_stays)
{
	const uintptr_t place = 0x20000005000;
	struct running service, capture;
	struct outcome outcome;
	char option[32];
	char byte;

	if (!has_program("strace"))
		return;
	service = sharer_start(NULL);
	snprintf(option, sizeof(option), "--pid=%d", service.pid);
	capture = start(WORDS("strace", "-o", "/dev/null", "-e", "trace=rename",
			      "-e", "inject=rename:delay_enter=1000000",
			      tool_capture(), "--remap", "-o", "svc.core",
			      option));
	for (int i = 0; i < 5000 && !is_being_named(); i++)
		usleep(1000);
	cr_assert(is_being_named());
	byte = change_byte(service.pid, place, 'x');
	outcome = finish(capture, "", 20);
	expect_status(outcome, 0);
	expect_in(outcome.err, "\nre-mapped ");
	outcome_free(&outcome);
	cr_expect(change_byte(service.pid, place, byte) == 'x');
	cr_expect(sharer_mappings(service.pid, "svc.core") >= SHARED);
	sharer_ask_all(service);
	sharer_end(service);
	sharer_check_restores("svc.core");
}
