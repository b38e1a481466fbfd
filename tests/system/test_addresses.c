/*
 * test_addresses.c - which addresses processes have in common, as users ask it
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

enum {
	PIDS_MAX = 4,
};

static struct running running[PIDS_MAX];
static char pids[PIDS_MAX][16];
static size_t running_count;

static void end(void)
{
	while (running_count > 0) {
		struct outcome outcome =
			finish(running[--running_count], "x\n", 20);

		outcome_free(&outcome);
	}
	harness_end();
}

TestSuite(addresses, .init = harness_begin, .fini = end, .timeout = 120);

/* Its process id, as a word; it ends with the test. */
static const char *process(const char *const words[])
{
	char *pid = pids[running_count];

	running[running_count] = start(words);
	await_input(running[running_count].pid);
	snprintf(pid, sizeof(pids[0]), "%d", running[running_count].pid);
	running_count++;
	return pid;
}

static void prepare(const char *const words[])
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* All of @wanted, which ends with NULL, is in its answer. */
static void expect_answer(const char *const words[], const char *const wanted[])
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, 0);
	for (size_t i = 0; wanted[i]; i++)
		expect_in(outcome.out, wanted[i]);
	outcome_free(&outcome);
}

Test(addresses, processes_that_are_free_to_be_placed_share_nothing)
{
	const char *const service = service_path("waits_for_input");
	const char *const first = process(WORDS(service));
	const char *const second = process(WORDS(service));

	expect_answer(WORDS(tool_addresses(), first, second),
		      WORDS("free to be placed (PIE)\n", "waits_for_input\n",
			    "\nThey share no addresses"));
}

/* What is there in all processes is told apart, where the kernel has it. */
Test(addresses, page_of_the_kernel_is_told_apart)
{
	const char *const service = service_path("waits_for_input");
	char *maps = calloc(1, 1 << 16);
	int fd = open("/proc/self/maps", O_RDONLY);

	cr_assert(fd >= 0);
	for (ssize_t got, used = 0;
	     (got = read(fd, maps + used, (1 << 16) - 1 - (size_t)used)) > 0;)
		used += got;
	close(fd);
	if (strstr(maps, "[vsyscall]"))
		expect_answer(
			WORDS(tool_addresses(), service, service),
			WORDS("0xffffffffff600000-0xffffffffff601000  4 KiB\n"
			      "  1  vsyscall [vsyscall]\n"
			      "  2  vsyscall [vsyscall]\n",
			      "\nThey share no addresses, [vsyscall] aside, "
			      "which is the kernel's.\n"));
	else
		expect_answer(WORDS(tool_addresses(), service, service),
			      WORDS("\nThey share no addresses.\n"));
	free(maps);
}

Test(addresses, programs_with_fixed_addresses_share_them)
{
	const char *const service = service_path("fixed_program");
	const char *const first = process(WORDS(service));

	expect_answer(WORDS(tool_addresses(), first, service),
		      WORDS("process", "program", "fixed addresses (ET_EXEC)",
			    "\n0x400000-", "\n  1  program  /",
			    "\n  2  program  /",
			    "\n1 and 2 collide in 1 range, ",
			    ": both have fixed addresses.\n",
			    "\nThey share addresses"));
}

Test(addresses, of_several_the_pairs_that_collide_are_told)
{
	const char *const fixed = service_path("fixed_program");
	const char *const other = service_path("static_program");
	const char *const pie = service_path("waits_for_input");

	expect_answer(WORDS(tool_addresses(), fixed, pie, other),
		      WORDS("\n1 and 3 collide in ",
			    "\n1 of 3 pairs share addresses"));
	expect_answer(WORDS(tool_addresses(), pie, fixed, pie),
		      WORDS("\nNo two of them share addresses"));
}

Test(addresses, static_programs_are_looked_at_as_well)
{
	expect_answer(WORDS(tool_addresses(), service_path("static_program"),
			    service_path("static_pie_program")),
		      WORDS("static_program", "fixed addresses (ET_EXEC)",
			    "static_pie_program", "free to be placed (PIE)",
			    "\nThey share no addresses"));
}

Test(addresses, core_is_compared_with_its_process)
{
	const char *const pid = process(WORDS(service_path("waits_for_input")));
	char option[32];

	snprintf(option, sizeof(option), "--pid=%s", pid);
	prepare(WORDS(tool_capture(), "-qo", "svc.core", option));

	expect_answer(WORDS(tool_addresses(), pid, "svc.core"),
		      WORDS("core     svc.core", "free to be placed (PIE)",
			    "restored, it lies where it lies here",
			    "\n  2  stack    [stack]\n", "/libc.so.6\n",
			    "\n1 and 2 collide in "));
}

Test(addresses, core_and_another_process_share_nothing)
{
	const char *const service = service_path("waits_for_input");

	prepare(WORDS(tool_capture(), "-qo", "svc.core", service));

	expect_answer(WORDS(tool_addresses(), "svc.core", service),
		      WORDS("\nThey share no addresses.\n"));
}

Test(addresses, restored_processes_lie_where_their_core_has_them)
{
	const char *first;
	const char *second;

	prepare(WORDS(tool_capture(), "-qo", "svc.core",
		      service_path("waits_for_input")));
	first = process(WORDS(tool_restore(), "svc.core"));
	second = process(WORDS(tool_restore(), "svc.core"));

	expect_answer(WORDS(tool_addresses(), first, second, "svc.core"),
		      WORDS("restored, where its core has it\n",
			    "\n  1  restored /", "\n  3  stack    [stack]\n",
			    "\n1 and 2 collide in ",
			    ": both lie where their cores have them.\n",
			    ": a restored process lies where its core has "
			    "it.\n",
			    "\n3 of 3 pairs share addresses"));
}

/* Of a thin core most is mapped from where it is installed. */
Test(addresses, restored_from_a_thin_core_is_restored_as_well)
{
	const char *pid;

	prepare(WORDS(tool_capture(), "--thin", "-qo", "svc.core",
		      service_path("waits_for_input")));
	pid = process(WORDS(tool_restore(), "svc.core"));

	expect_answer(
		WORDS(tool_addresses(), pid, "svc.core"),
		WORDS("restored, where its core has it\n", "\n  1  restored /",
		      "\n  1  library  /usr/lib/x86_64-linux-gnu/libc.so.6\n",
		      ": a restored process lies where its core has "
		      "it.\n"));
}

/* It has no notes of ours: files have names, the rest is found by the auxv. */
Test(addresses, core_of_a_debugger_is_understood)
{
	const char *pid;

	if (!has_program("gdb"))
		return;
	pid = process(WORDS(service_path("waits_for_input")));
	prepare(WORDS("gdb", "-nx", "-batch", "-p", pid, "-ex",
		      "gcore gdb.core"));

	expect_answer(WORDS(tool_addresses(), "gdb.core", pid),
		      WORDS("core     gdb.core", "free to be placed (PIE)",
			    "\n  1  program  /", "\n  1  loader   /",
			    "\n  1  library  /", "\n  1  stack",
			    "\n1 and 2 collide in "));
}

Test(addresses, script_is_told_to_be_one)
{
	prepare(WORDS("sh", "-c", "echo '#!/bin/sh' >script; chmod +x script"));

	expect_answer(WORDS(tool_addresses(), "./script",
			    service_path("fixed_program")),
		      WORDS("program  ./script", "a script, run by /",
			    "\nThey share no addresses"));
}

/* They write to standard output, if they are let. */
Test(addresses, programs_do_not_run)
{
	struct outcome outcome = run(
		"x\n", WORDS(tool_addresses(), service_path("prints_arguments"),
			     service_path("ends_before_entry")));

	expect_status(outcome, 0);

	cr_expect(!strstr(outcome.out, "it has run"), "%s", outcome.out);
	cr_expect(outcome.err[0] == '\0', "%s", outcome.err);
	outcome_free(&outcome);
}

/* The first number in the row of @part. */
static double number_of(const char *text, const char *part)
{
	char row[32];
	const char *at;

	snprintf(row, sizeof(row), "\n%s ", part);
	at = strstr(text, row);
	cr_assert(at, "no %s in %s", part, text);
	return strtod(at + strlen(row), NULL);
}

Test(addresses, samples_tell_how_random_a_program_is)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_addresses(), "--samples=60",
				service_path("waits_for_input")));

	expect_status(outcome, 0);
	expect_in(outcome.out, ": free to be placed (PIE), started 60 times\n");
	cr_expect(number_of(outcome.out, "program") > 20, "%s", outcome.out);
	cr_expect(number_of(outcome.out, "program") < 36, "%s", outcome.out);
	cr_expect(number_of(outcome.out, "libraries") > 15);
	cr_expect(number_of(outcome.out, "mmap region") > 20);
	cr_expect(number_of(outcome.out, "stack") > 15);
	cr_expect(number_of(outcome.out, "heap") > 10);
	expect_in(outcome.out, "\n       2 images  1 in ");
	expect_in(outcome.out, "\nOne in two at ");
	outcome_free(&outcome);
}

Test(addresses, samples_of_fixed_addresses_collide_for_sure)
{
	struct outcome outcome =
		run(NULL, WORDS(tool_addresses(), "--samples=10",
				service_path("fixed_program")));

	expect_status(outcome, 0);
	cr_expect(number_of(outcome.out, "program") == 0, "%s", outcome.out);
	expect_in(outcome.out, "fixed");
	cr_expect(number_of(outcome.out, "stack") > 10, "%s", outcome.out);
	expect_in(outcome.out, "\n       2 images  1\n");
	expect_in(outcome.out, "\nOne in two at 2 images.\n");
	outcome_free(&outcome);
}

Test(addresses, samples_of_a_static_program_have_no_libraries)
{
	expect_answer(
		WORDS(tool_addresses(), "--samples=3",
		      service_path("static_pie_program")),
		WORDS("\nlibraries       none\n", "\nmmap region     none\n"));
}

/* Where a sandbox forbids personality(2), setarch(8) says so. */
Test(addresses, without_randomisation_all_is_shared)
{
	const char *const service = service_path("waits_for_input");
	struct outcome outcome;

	if (!has_program("setarch"))
		return;
	outcome = run(NULL, WORDS("setarch", "-R", "true"));
	if (outcome.status != 0)
		skip("%s", outcome.err);
	outcome_free(&outcome);
	expect_answer(
		WORDS("setarch", "-R", tool_addresses(), service, service),
		WORDS("free to be placed (PIE), but not randomised\n",
		      ": addresses are not randomised.\n"));
	expect_answer(WORDS("setarch", "-R", tool_addresses(), "--samples=3",
			    service),
		      WORDS("\nOne in two at 2 images.\n"));
}

Test(addresses, answers_are_there_for_programs)
{
	const char *const service = service_path("fixed_program");

	if (!has_program("jq"))
		return;
	expect_answer(WORDS("sh", "-c",
			    "\"$1\" --json \"$2\" \"$2\" >a.json && "
			    "jq -r '.spaces[].placement, .pairs[0].ranges, "
			    "(.collisions[] | select(.vsyscall | not) | "
			    ".start, .at[1].kind)' a.json",
			    "sh", tool_addresses(), service),
		      WORDS("fixed\nfixed\n1\n0x400000\nprogram\n"));
	expect_answer(WORDS("sh", "-c",
			    "\"$1\" --json --samples=5 \"$2\" >a.json && "
			    "jq -r '.samples, .pair_chance, "
			    ".parts.program.bits, .parts.program.lowest, "
			    ".even_chance_images' a.json",
			    "sh", tool_addresses(), service),
		      WORDS("5\n1\n0\n0x400000\n2\n"));
}

Test(addresses, picture_is_whole_and_names_everything)
{
	const char *const service = service_path("fixed_program");

	if (!has_program("python3"))
		return;
	cr_assert(symlink(service, "a&<b>") == 0);
	prepare(WORDS(tool_addresses(), "--svg=a.svg", "./a&<b>", service));

	expect_answer(WORDS("python3", "-c",
			    "import xml.dom.minidom as m\n"
			    "d = m.parse('a.svg').documentElement\n"
			    "texts = [''.join(n.data for n in t.childNodes "
			    "if n.nodeType == 3) for t in "
			    "d.getElementsByTagName('text')]\n"
			    "print('\\n'.join(texts))\n"
			    "print('bands', len([r for r in "
			    "d.getElementsByTagName('rect') "
			    "if r.getAttribute('class') == 'band']))\n"),
		      WORDS("a&<b>\n", "fixed addresses (ET_EXEC)\n",
			    "\n0x400000\n", "stack", "libc.so.6", " apart\n",
			    "\nshared\n", "bands 1\n"));
}

Test(addresses, programs_may_do_things_before_their_entry_point)
{
	const char *const service = service_path("ends_before_entry");

	expect_answer(
		WORDS("env", "EARLY=harmless", tool_addresses(), service, "sh"),
		WORDS("/ends_before_entry ", "share no addresses"));
	expect_answer(
		WORDS("env", "EARLY=exec", tool_addresses(), service, "sh"),
		WORDS("/true\n", "share no addresses"));
}
