/*
 * test_addresses_refused.c - what subctx-addresses cannot answer, and how it says so
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"

enum {
	NO_PID = 1 << 22, /* PID_MAX_LIMIT: ids are below */
};

TestSuite(addresses_refused, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) >= 0);
	cr_assert(fchmod(fd, mode) == 0);
	close(fd);
}

static void prepare(const char *const words[])
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* All of @wanted, which ends with NULL, is in its message. */
static void expect_message(int status, const char *const words[],
			   const char *const wanted[])
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, status);
	expect_out(outcome, "");
	for (size_t i = 0; wanted[i]; i++)
		expect_in(outcome.err, wanted[i]);
	outcome_free(&outcome);
}

Test(addresses_refused, processes_that_cannot_be_looked_at_are_named)
{
	const struct running ended = start(WORDS("true"));
	struct outcome outcome;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", NO_PID);
	expect_message(1, WORDS(tool_addresses(), "sh", pid),
		       WORDS("cannot look at process 4194304: there is no such "
			     "process\n"));
	for (int i = 0; i < 1000 && process_state(ended.pid) != 'Z'; i++)
		usleep(1000);
	snprintf(pid, sizeof(pid), "%d", ended.pid);
	expect_message(1, WORDS(tool_addresses(), pid, "sh"),
		       WORDS(": it has no memory\n", "hint: It is a thread of "
						     "the kernel, or has "
						     "ended"));
	outcome = finish(ended, "", 20);
	outcome_free(&outcome);
}

/* Root becomes somebody else for that. */
Test(addresses_refused, processes_of_others_are_theirs)
{
	char command[PATH_MAX + 32];

	if (!has_program("setpriv"))
		return;
	snprintf(command, sizeof(command), "cp '%s' tool", tool_addresses());
	cr_assert(system(command) == 0);
	if (getuid() == 0 && !getenv("SUBCTX_TEST_UID"))
		expect_message(1,
			       WORDS("setpriv", "--reuid=65534",
				     "--regid=65534", "--clear-groups",
				     "./tool", "1", "sh"),
			       WORDS("cannot look at process 1: its mappings "
				     "cannot be read: Permission denied\n",
				     "hint: It belongs to root; "));
	else
		expect_message(1, WORDS("./tool", "1", "sh"),
			       WORDS("cannot look at process 1: its mappings "
				     "cannot be read: Permission denied\n",
				     "hint: It belongs to root; "));
}

Test(addresses_refused, files_that_are_no_programs_are_refused)
{
	write_file("text", "hello\n", 0755);
	write_file("plain", "\177ELF", 0644);

	expect_message(1, WORDS(tool_addresses(), "./text", "sh"),
		       WORDS("cannot start './text': it is neither an ELF "
			     "program nor a script with #!\n"));
	expect_message(1, WORDS(tool_addresses(), "sh", "./plain"),
		       WORDS("cannot start './plain': Permission denied\n",
			     "chmod +x"));
	expect_message(1, WORDS(tool_addresses(), "sh", "./nothing"),
		       WORDS("cannot start './nothing': No such file or "
			     "directory\n"));
	expect_message(1, WORDS(tool_addresses(), "sh", "no-such-program"),
		       WORDS("there is no such program in $PATH\n"));
	expect_message(1, WORDS(tool_addresses(), "--samples=3", "./text"),
		       WORDS("cannot start './text': "));
}

Test(addresses_refused, programs_that_end_before_their_entry_point_are_told)
{
	const char *const service = service_path("ends_before_entry");

	expect_message(
		1, WORDS("env", "EARLY=exit", tool_addresses(), service, "sh"),
		WORDS("ends_before_entry': it exited with status 3 "
		      "before its entry point\n",
		      "hint: Its own message is above"));
	expect_message(
		1,
		WORDS("env", "EARLY=signal", tool_addresses(), service, "sh"),
		WORDS("ends_before_entry': it was killed by SIGSEGV "
		      "before its entry point\n"));
}

Test(addresses_refused, cores_that_are_cut_short_are_refused)
{
	prepare(WORDS(tool_capture(), "-qo", "svc.core",
		      service_path("waits_for_input")));
	prepare(WORDS("sh", "-c",
		      "head -c 300 svc.core >head.core; "
		      "head -c 4000 svc.core >notes.core; "
		      "head -c 60000 svc.core >half.core"));

	expect_message(1, WORDS(tool_addresses(), "head.core", "sh"),
		       WORDS("cannot look at 'head.core': it is cut short"));
	expect_message(1, WORDS(tool_addresses(), "notes.core", "sh"),
		       WORDS("cannot look at 'notes.core': it is cut short: "
			     "segment 0 ends at byte "));
	expect_message(1, WORDS(tool_addresses(), "half.core", "sh"),
		       WORDS("'half.core': it is cut short: "));
}

/* Two segments, one of them at @second; nothing is stored. */
static void write_core(const char *name, uint16_t machine, uint64_t second)
{
	const struct {
		Elf64_Ehdr head;
		Elf64_Phdr segments[2];
	} core = {
		.head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_CORE,
			 .e_machine = machine,
			 .e_version = EV_CURRENT,
			 .e_phoff = sizeof(Elf64_Ehdr),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2},
		.segments = {{.p_type = PT_LOAD,
			      .p_vaddr = 0x400000,
			      .p_memsz = 0x2000},
			     {.p_type = PT_LOAD,
			      .p_vaddr = second,
			      .p_memsz = 0x2000}},
	};
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	cr_assert(fd >= 0 && write(fd, &core, sizeof(core)) == sizeof(core));
	close(fd);
}

Test(addresses_refused, cores_that_make_no_sense_are_refused)
{
	struct outcome outcome;

	write_core("right.core", EM_X86_64, 0x402000);
	write_core("overlaps.core", EM_X86_64, 0x401000);
	write_core("foreign.core", EM_AARCH64, 0x402000);

	outcome =
		run(NULL, WORDS(tool_addresses(), "right.core", "right.core"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "nothing says who has placed it\n");
	expect_in(outcome.out, "\n0x400000-0x404000  16 KiB\n");
	outcome_free(&outcome);
	expect_message(1, WORDS(tool_addresses(), "overlaps.core", "sh"),
		       WORDS("cannot look at 'overlaps.core': segment at "
			     "0x401000 overlaps the one before it\n"));
	expect_message(1, WORDS(tool_addresses(), "foreign.core", "sh"),
		       WORDS("cannot look at 'foreign.core': it is not for "
			     "x86-64\n"));
}

/* Who is traced already cannot be traced. */
Test(addresses_refused, tracing_may_be_forbidden)
{
	if (!has_program("strace"))
		return;
	expect_message(1,
		       WORDS("strace", "-f", "-o", "/dev/null",
			     tool_addresses(), "sh", "sh"),
		       WORDS("cannot start 'sh': it cannot be traced: "
			     "Operation not permitted\n"));
}

Test(addresses_refused, pictures_that_cannot_be_written_are_told)
{
	const char *const service = service_path("fixed_program");

	expect_message(
		1, WORDS(tool_addresses(), "--svg=no/a.svg", service, service),
		WORDS("cannot write 'no/a.svg': No such file or "
		      "directory\n"));
	expect_message(
		1, WORDS(tool_addresses(), "--svg=/dev/full", service, service),
		WORDS("cannot write '/dev/full': No space left on "
		      "device\n"));
	cr_expect(access("/dev/full", F_OK) == 0);
}

Test(addresses_refused, command_lines_that_make_no_sense_are_refused)
{
	expect_message(2, WORDS(tool_addresses(), "sh"),
		       WORDS("there is one thing to compare: it takes two or "
			     "more\n",
			     "hint: "));
	expect_message(2, WORDS(tool_addresses()),
		       WORDS("there is nothing to compare: "));
	expect_message(2, WORDS(tool_addresses(), "--samples=0", "sh"),
		       WORDS("'0' is not a number of samples"));
}
