/*
 * test_thin.c - cores that leave out what files have
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/cores.h"

TestSuite(thin, .init = harness_begin, .fini = harness_end, .timeout = 120);

#define PYTHON                              \
	"/usr/bin/python3", "-c",           \
		"import sys, json, email\n" \
		"for line in sys.stdin: print(eval(line))"

static void shell(const char *script)
{
	cr_assert(system(script) == 0, "%s", script);
}

/* A core with nothing left out, and one of the same with as much as can be. */
static void check_smaller(const char *const options[],
			  const char *const program[], const char *input,
			  const char *answer, int most_percent)
{
	const char *full[16] = {"-q", "-o", "full.core"};
	const char *thin[16] = {"-q", "-o", "thin.core", "--thin"};
	size_t count = 3;

	for (size_t i = 0; options[i]; i++, count++)
		full[count] = thin[count + 1] = options[i];
	full[count] = thin[count + 1] = "--";
	for (size_t i = 0; program[i]; i++, count++)
		full[count + 1] = thin[count + 2] = program[i];
	if (!has_program(program[0]))
		return;
	capture_well(NULL, full);
	capture_well(NULL, thin);
	for (int i = 0; i < 2; i++)
		restore_well(input, WORDS("thin.core"), answer);
	cr_expect(stored_bytes("thin.core") * 100 <
			  stored_bytes("full.core") * most_percent,
		  "%s: %lld bytes of %lld", program[0],
		  stored_bytes("thin.core"), stored_bytes("full.core"));
}

/* "N mappings, A MiB and B MiB in C other files". */
Test(thin, what_is_left_out_is_told)
{
	double stored = 0, elsewhere = 0;
	int mappings = 0, files = 0;
	struct outcome outcome =
		run(NULL, WORDS(tool_capture(), "--thin", "-o", "sh.core", "sh",
				"-c", "read x"));
	const char *line = strstr(outcome.err, "sh.core: ");

	expect_status(outcome, 0);
	cr_assert(line, "%s", outcome.err);
	cr_expect(sscanf(line,
			 "sh.core: %d mappings, %lf MiB and %lf MiB in %d "
			 "other files",
			 &mappings, &stored, &elsewhere, &files) == 4,
		  "%s", line);
	cr_expect(elsewhere > stored && files >= 3, "%s", line);
	outcome_free(&outcome);

	outcome = run(NULL, WORDS(tool_capture(), "--thin", "--json", "-o",
				  "sh.core", "sh", "-c", "read x"));
	expect_in(outcome.out, "\"stored_elsewhere\": ");
	outcome_free(&outcome);
}

Test(thin, core_of_python_is_smaller)
{
	check_smaller(WORDS(NULL), WORDS(PYTHON), "json.dumps([1])\n", "[1]\n",
		      70);
}

Test(thin, core_of_perl_is_smaller)
{
	check_smaller(WORDS(NULL),
		      WORDS("perl", "-e", "print 2 * <STDIN>, qq(\\n)"), "21\n",
		      "42\n", 40);
}

/* It drops pages itself, so that what is left out is copied from files. */
Test(thin, core_of_node_is_smaller)
{
	check_smaller(
		WORDS("--carry=all", "--ready=stdin"),
		WORDS("node", "-e",
		      "process.stdin.on('data', x => console.log(x * 2))"),
		"21\n", "42\n", 60);
}

Test(thin, program_of_fixed_addresses)
{
	check_smaller(WORDS(NULL), WORDS(service_path("fixed_program")), "x\n",
		      "x\n", 40);
}

Test(thin, program_without_a_loader)
{
	check_smaller(WORDS(NULL), WORDS(service_path("static_program")), "x\n",
		      "x\n", 60);
	check_smaller(WORDS(NULL), WORDS(service_path("static_pie_program")),
		      "x\n", "x\n", 60);
}

/* They look at themselves in each of their second lives. */
static void check_services(const char *const services[])
{
	for (size_t i = 0; services[i]; i++) {
		const char *service = service_path(services[i]);
		struct outcome outcome = capture_core(
			NULL, WORDS("-q", "--thin", "-o", "svc.core", service));

		if (cannot_be_had(&outcome, WORDS(service))) {
			outcome_free(&outcome);
			continue;
		}
		expect_status(outcome, 0);
		outcome_free(&outcome);
		for (int k = 0; k < 2; k++)
			restore_well(NULL, WORDS("svc.core"), "ok\n");
	}
}

Test(thin, memory_is_what_it_was)
{
	check_services(WORDS("advises_memory", "grows_heap", "grows_stack",
			     "guards_memory", "hints_memory", "locks_memory",
			     "maps_files", "protects_memory", "seals_memory",
			     "shares_memory"));
}

Test(thin, services_are_what_they_were)
{
	check_services(WORDS("holds_everything", "handles_signals",
			     "threads_locks", "threads_many",
			     "threads_registers", "threads_signals",
			     "uses_registers"));
}

/* One process, of which both cores are. */
static void make_cores(const char *const program[])
{
	struct running service = start(program);
	struct outcome outcome;
	char pid[32];

	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	capture_well(NULL, WORDS("-q", "-o", "full.core", pid));
	capture_well(NULL, WORDS("-q", "--thin", "-o", "thin.core", pid));
	outcome = finish(service, "x\n", 10);
	outcome_free(&outcome);
}

/* Both readers go on where the core has nothing: in its files. */
static void compare_answers(const char *const words[], const char *sign)
{
	const char *all[16] = {0};
	struct outcome ours, theirs;
	size_t count = 0;

	for (; words[count]; count++)
		all[count] = words[count];
	all[count] = "full.core";
	theirs = run(NULL, all);
	all[count] = "thin.core";
	ours = run(NULL, all);
	expect_in(theirs.out, sign);
	if (strstr(theirs.out, sign) && strstr(ours.out, sign))
		cr_expect(strcmp(strstr(ours.out, sign),
				 strstr(theirs.out, sign)) == 0,
			  "%s\nthin:\n%s\nfull:\n%s", words[0], ours.out,
			  theirs.out);
	else
		cr_expect(strstr(ours.out, sign), "%s: %s%s", words[0],
			  ours.out, ours.err);
	outcome_free(&ours);
	outcome_free(&theirs);
}

Test(thin, debuggers_see_the_same)
{
	const char *service = service_path("has_locals");

	if (!has_program("gdb") || !has_program("eu-stack"))
		return;
	make_cores(WORDS(service));
	compare_answers(WORDS("gdb", "-nx", "-batch", "-iex",
			      "set debuginfod enabled off", "-ex", "bt full",
			      "-ex", "x/40i main", "-ex", "x/8i read", "-ex",
			      "info sharedlibrary", service),
			"#0 ");
	compare_answers(WORDS("eu-stack", "-e", service, "--core"), "#0 ");
	compare_answers(WORDS("eu-unstrip", "-n", "--core"), "libc.so");
}

/* state: threads */
Test(thin, debuggers_see_the_same_of_python)
{
	if (!has_program("gdb") || !has_program("eu-stack"))
		return;
	make_cores(WORDS(PYTHON));
	compare_answers(WORDS("gdb", "-nx", "-batch", "-iex",
			      "set debuginfod enabled off", "-ex", "bt",
			      "/usr/bin/python3"),
			"#0 ");
	compare_answers(WORDS("eu-stack", "--core"), "#0 ");
}

Test(thin, headers_are_those_of_a_core)
{
	struct outcome outcome;

	capture_well(NULL, WORDS("-q", "--thin", "-o", "thin.core",
				 service_path("has_locals")));
	if (!has_program("eu-readelf"))
		return;
	outcome = run(NULL, WORDS("eu-readelf", "-hln", "thin.core"));
	expect_status(outcome, 0);
	cr_expect(outcome.err[0] == '\0', "%s", outcome.err);
	expect_in(outcome.out, "libc.so.6");
	outcome_free(&outcome);
}

/* The service goes on, and so does what has become of it. */
Test(thin, service_that_runs_already)
{
	struct running service = start(WORDS(service_path("touches_pages")));
	struct outcome outcome;
	char pid[32];

	await_input(service.pid);
	snprintf(pid, sizeof(pid), "--pid=%d", service.pid);
	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core", pid));
	outcome = finish(service, "work\nsum\n", 20);
	expect_out(outcome, "worked 7\nsum 2053\n");
	outcome_free(&outcome);
	restore_well("sum\n", WORDS("svc.core"), "sum 2045\n");
}

Test(thin, service_that_goes_on)
{
	struct outcome outcome =
		capture_core("work\nsum\n",
			     WORDS("-q", "--thin", "--leave-running", "-o",
				   "svc.core", service_path("touches_pages")));

	expect_status(outcome, 0);
	expect_out(outcome, "worked 7\nsum 2053\n");
	outcome_free(&outcome);
	restore_well("sum\n", WORDS("svc.core"), "sum 2045\n");
}

/* As fast as any other. */
Test(thin, what_was_recorded_is_at_hand)
{
	struct outcome outcome;

	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core",
				 service_path("touches_pages")));
	outcome = restore_core("work\n", WORDS("--record", "svc.core"));
	expect_status(outcome, 0);
	expect_out(outcome, "worked 7\n");
	expect_in(outcome.err, "subctx-restore: recorded ");
	outcome_free(&outcome);

	restore_well("look\nsum\n", WORDS("svc.core"),
		     "own 8 shown some\nsum 2045\n");
	restore_well("look\nsum\n", WORDS("--populate", "svc.core"),
		     "own 512 shown none\nsum 2045\n");
	restore_well("look\nsum\n", WORDS("--hugepages", "svc.core"),
		     "own 512 shown none\nsum 2045\n");
}

Test(thin, plan_is_printed_with_its_files)
{
	struct outcome outcome;

	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core",
				 service_path("has_locals")));
	outcome = restore_core(NULL, WORDS("--dry-run", "svc.core"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "mmap(");
	outcome_free(&outcome);
}

/* As many files as it has, whatever it may have open itself. */
Test(thin, limit_on_open_files_is_that_of_the_service)
{
	struct outcome outcome;

	capture_well(
		NULL,
		WORDS("-q", "--thin", "--carry=pipe", "-o", "svc.core", "--",
		      "/usr/bin/python3", "-c",
		      "import os, sys, ssl, sqlite3, resource\n"
		      "r, w = os.pipe()\n"
		      "os.write(w, b'hello')\n"
		      "for i in range(5, 10): os.dup2(r, i)\n"
		      "sys.stdin.readline()\n"
		      "assert os.read(7, 5) == b'hello'\n"
		      "fds = set(os.listdir('/proc/self/fd'))\n"
		      "assert fds >= set('0123456789') and len(fds) == 11\n"
		      "print(resource.getrlimit("
		      "resource.RLIMIT_NOFILE)[0])"));
	for (int i = 0; i < 2; i++) {
		outcome = run("\n", WORDS("sh", "-c",
					  "ulimit -Sn 16; exec \"$0\" svc.core",
					  tool_restore()));
		expect_status(outcome, 0);
		expect_out(outcome, "16\n");
		outcome_free(&outcome);
	}
}

/* 80 pages of text, without a build ID. */
static void make_data(void)
{
	FILE *file = fopen("data", "w");

	for (int i = 0; file && i < 80 * 4096 / 8; i++)
		fprintf(file, "%07d\n", i);
	cr_assert(file && fclose(file) == 0 && chmod("data", 0666) == 0);
	shell("touch -d '1 hour ago' data");
}

static void capture_data(const char *how)
{
	make_data();
	capture_well(NULL, how ? WORDS("-q", "--thin", "-o", "svc.core",
				       service_path("maps_given"), "data", how)
			       : WORDS("-q", "--thin", "-o", "svc.core",
				       service_path("maps_given"), "data"));
}

Test(thin, file_that_is_changed_in_memory_is_left_out_around_that)
{
	capture_data(NULL);
	restore_well(NULL, WORDS("svc.core"), "ok\n");

	cr_expect(stored_bytes("svc.core") < 80 * 4096 * 2 - 4096, "%lld bytes",
		  stored_bytes("svc.core"));
}

/* What is written to it at once might not be seen by its date. */
Test(thin, file_that_was_written_just_now_is_stored_whole)
{
	make_data();
	shell("touch data");
	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core",
				 service_path("maps_given"), "data"));
	shell("rm data");
	restore_well(NULL, WORDS("svc.core"), "ok\n");
}

/* No later restore could have it. */
Test(thin, file_that_is_gone_is_stored_whole)
{
	capture_data("remove");
	cr_assert(access("data", F_OK) < 0);
	restore_well(NULL, WORDS("svc.core"), "ok\n");
}

Test(thin, file_without_a_build_id_is_known_by_its_date)
{
	capture_data(NULL);
	shell("touch data");
	restore_refused(WORDS("svc.core"),
			WORDS("cannot restore 'svc.core': cannot map '",
			      "/data', which it has no copy of: it is not the "
			      "file of the capture; then: 327680 bytes, "
			      "changed at ",
			      "; now: 327680 bytes, changed at ",
			      "hint: If that is elsewhere now, --file ",
			      "/data=NEW says so. Or capture again."));
}

/* A copy has another inode, but all by which the file is known. */
Test(thin, copy_with_the_same_date_will_do)
{
	capture_data(NULL);
	shell("cp -p data copy && mv copy data");
	restore_well(NULL, WORDS("svc.core"), "ok\n");
}

Test(thin, file_that_is_missing_or_shorter_is_refused)
{
	capture_data(NULL);
	shell("cp -p data copy && truncate -s 100000 data");
	restore_refused(WORDS("svc.core"),
			WORDS("which it has no copy of: it is not the file",
			      "now: 100000 bytes"));
	shell("rm data");
	restore_refused(WORDS("svc.core"),
			WORDS("cannot map '",
			      "/data', which it has no copy of: "
			      "No such file or directory",
			      "hint: If it is elsewhere now, --file ",
			      "/data=NEW says so."));
	shell("mkdir data");
	restore_refused(WORDS("svc.core"),
			WORDS("/data', which it has no copy of: it is not"));
}

/* "--file=FOLDER/OLD=NEW", as the error says it. */
static char *moved(const char *old, const char *new)
{
	static char option[512];
	char *folder = realpath(".", NULL);

	snprintf(option, sizeof(option), "--file=%s/%s=%s", folder, old, new);
	free(folder);
	return option;
}

Test(thin, file_that_was_moved_is_found)
{
	capture_data(NULL);
	shell("mv data elsewhere");

	restore_well(NULL, WORDS(moved("data", "elsewhere"), "svc.core"),
		     "ok\n");
	restore_refused(WORDS(moved("dat", "elsewhere"), "svc.core"),
			WORDS("No such file or directory"));
	shell("head -c 327680 /dev/zero >other");
	restore_refused(WORDS(moved("data", "other"), "svc.core"),
			WORDS("cannot map 'other', which it has no copy of: "
			      "it is not the file of the capture"));
}

/* A program of the test's own, which may be replaced. */
static void capture_copy(void)
{
	shell("cp \"$(readlink -f /bin/sh)\" svc && chmod 755 svc");
	capture_well(NULL, WORDS("-q", "--thin", "-o", "svc.core", "./svc",
				 "-c", "read x; echo $x"));
}

Test(thin, program_with_the_same_build_id_is_the_same)
{
	capture_copy();
	restore_well("x\n", WORDS("svc.core"), "x\n");
	shell("touch svc");
	restore_well("x\n", WORDS("svc.core"), "x\n");
	shell("cp svc copy && mv copy svc && touch -d 2001-01-01 svc");
	restore_well("x\n", WORDS("svc.core"), "x\n");
	shell("mv svc elsewhere");
	restore_well("x\n", WORDS(moved("svc", "elsewhere"), "svc.core"),
		     "x\n");
}

Test(thin, program_with_another_build_id_is_refused)
{
	capture_copy();
	shell("cp \"$(command -v sed)\" copy && mv copy svc");
	restore_refused(WORDS("svc.core"),
			WORDS("/svc', which it has no copy of: it is not the "
			      "file of the capture; then: build ID ",
			      "; now: build ID ", " bytes, changed at "));
	shell("echo '#!/bin/sh' >copy && mv copy svc");
	restore_refused(WORDS("svc.core"),
			WORDS("; then: build ID ", "; now: 10 bytes"));
}
