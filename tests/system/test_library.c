/*
 * test_library.c - services that are shared libraries
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/findings.h"

TestSuite(library, .init = harness_begin, .fini = harness_end, .timeout = 120);

/*
 * Captures with these options and arguments; the report is the caller's.  The
 * launcher has to be beside the capturer, which another user has copies of.
 */
static struct outcome capture(const char *const words[])
{
	const char *all[32] = {tool_capture()};
	size_t count = 1;

	tool_launch();
	tool_restore();
	for (; words[count - 1]; count++)
		all[count] = words[count - 1];
	return run(NULL, all);
}

static void capture_well(const char *const words[])
{
	struct outcome outcome = capture(words);

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

static void restore(const char *input, int status, const char *out,
		    const char *const words[])
{
	const char *all[16] = {tool_restore()};
	struct outcome outcome;

	for (size_t i = 0; words[i]; i++)
		all[i + 1] = words[i];
	outcome = run(input, all);
	expect_status(outcome, status);
	expect_out(outcome, out);
	outcome_free(&outcome);
}

/* ./svc.so, so that messages are known to the letter. */
static void copy_library(const char *name)
{
	struct outcome outcome =
		run(NULL, WORDS("cp", service_path(name), "svc.so"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/*
 * All that is said on standard error is one message of the capturer, with @text
 * and @hint.
 */
static void expect_refused(int status, const char *text, const char *hint,
			   const char *const words[])
{
	struct outcome outcome = capture(words);

	expect_status(outcome, status);
	cr_expect(strncmp(outcome.err, "subctx-capture: ", 16) == 0, "said: %s",
		  outcome.err);
	cr_expect(!strstr(outcome.err, "subctx-launch:"), "said: %s",
		  outcome.err);
	expect_in(outcome.err, text);
	expect_in(outcome.err, hint);
	cr_expect(access("svc.so.core", F_OK) != 0);
	outcome_free(&outcome);
}

Test(library, is_captured_warm_and_serves_in_each_restore)
{
	struct outcome outcome =
		capture(WORDS(service_path("warms_up.so"), "a", "b"));

	expect_status(outcome, 0);
	expect_out(outcome, "warm: a b\n");
	expect_in(outcome.err, "warms_up.so.core: ");
	expect_in(outcome.err, "taken at subctx_ready()");
	outcome_free(&outcome);
	restore(NULL, 3, "w serve: a b\n", WORDS("warms_up.so.core"));
	restore(NULL, 3, "w serve: c\n", WORDS("warms_up.so.core", "--", "c"));
}

/* Here standard output is no terminal. */
Test(library, what_it_has_printed_is_said_once)
{
	struct outcome outcome =
		capture(WORDS(service_path("warms_up.so"), "unsaid"));

	expect_status(outcome, 0);
	expect_out(outcome, "warm: unsaid\n");
	outcome_free(&outcome);
	restore(NULL, 3, "w serve: unsaid\n", WORDS("warms_up.so.core"));
}

/* Which has the stream that it reads from, so that nobody else gets it. */
Test(library, thread_that_reads_keeps_nobody_waiting)
{
	struct running service = start(
		WORDS(tool_launch(), service_path("warms_up.so"), "reader"));
	struct outcome outcome;

	for (int i = 0; i < 10000 && process_state(service.pid) != 'Z'; i++)
		usleep(1000);
	cr_expect(process_state(service.pid) == 'Z', "it waits");
	outcome = finish(service, "x", 10);
	expect_status(outcome, 3);
	expect_out(outcome, "warm: reader\nw serve: reader\n");
	outcome_free(&outcome);
}

Test(library, either_function_is_enough)
{
	capture_well(
		WORDS("-o", "1.core", service_path("only_serves.so"), "a"));
	restore(NULL, 3, " serve: a\n", WORDS("1.core"));
	capture_well(WORDS("-o", "2.core", service_path("only_warms_up.so")));
	restore(NULL, 0, "", WORDS("2.core"));
}

Test(library, what_it_opens_is_blamed_on_its_functions)
{
	tool_launch();
	expect_report(3, WORDS(tool_capture(), "--audit-only",
			       service_path("warms_up.so"), "open"));
}

Test(library, what_it_brings_is_reported)
{
	struct outcome outcome = capture(WORDS(service_path("warms_up.so")));

	expect_status(outcome, 0);
	expect_finding(outcome.err, "noted added /",
		       WORDS("/warms_up.so: ", " mappings, ", " KiB, ",
			     " KiB of it written "));
	expect_finding(outcome.err, "noted added [heap]: ", WORDS(" KiB"));
	expect_finding(outcome.err, "noted added anonymous memory: ",
		       WORDS("3.0 MiB, 3.0 MiB of it written "));
	expect_finding(outcome.err,
		       "noted changed [stack]: ", WORDS(" KiB of ", " KiB "));
	expect_finding(outcome.err, "/libc.so.6: ", WORDS("noted changed /"));
	cr_expect(!find_finding(outcome.err, "removed"), "%s", outcome.err);
	outcome_free(&outcome);
}

/* As a program would read it. */
Test(library, what_it_brings_is_in_the_json)
{
	struct outcome outcome =
		capture(WORDS("--json", service_path("serves_pcre2.so")));
	FILE *file = fopen("report.json", "we");

	expect_status(outcome, 0);
	fputs(outcome.out, file);
	fclose(file);
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("jq", "-r",
				  "[.library[] | select(.kind == \"added\" and "
				  "(.name | startswith(\"/\"))) | .name | "
				  "sub(\".*/\"; \"\") | sub(\".so.*\"; \"\")] |"
				  " sort | join(\" \")",
				  "report.json"));
	expect_status(outcome, 0);
	expect_out(outcome, "libpcre2-8 serves_pcre2\n");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("jq", "-r",
				  "[.library[] | select(.kind == \"added\") | "
				  ".written] | add > 1000000",
				  "report.json"));
	expect_out(outcome, "true\n");
	outcome_free(&outcome);
}

Test(library, ready_point_may_be_another)
{
	const char *library = service_path("warms_up.so");

	capture_well(WORDS("-o", "1.core", "--ready=symbol:subctx_serve",
			   library, "a"));
	restore(NULL, 3, "w serve: a\n", WORDS("1.core"));
	capture_well(WORDS("-o", "2.core", library, "input"));
	restore("x", 3, "w serve: input\n", WORDS("2.core"));
	capture_well(WORDS("-o", "3.core", "--ready=output:warm", library));
	restore(NULL, 3, "w serve:\n", WORDS("3.core"));
}

Test(library, its_threads_are_restored)
{
	struct outcome outcome =
		capture(WORDS(service_path("warms_up.so"), "thread"));

	expect_status(outcome, 0);
	expect_in(outcome.err, " 2 threads, ");
	outcome_free(&outcome);
	restore(NULL, 3, "thread 2\nw serve: thread\n",
		WORDS("warms_up.so.core"));
}

Test(library, goes_on_where_it_is_to_live)
{
	struct outcome outcome =
		capture(WORDS("-o", "svc.core", "--leave-running",
			      service_path("warms_up.so")));

	expect_status(outcome, 0);
	expect_out(outcome, "warm:\nw serve:\n");
	outcome_free(&outcome);
	restore(NULL, 3, "w serve:\n", WORDS("svc.core"));
}

Test(library, core_of_the_launcher_starts_any)
{
	const char *library = service_path("warms_up.so");
	struct outcome outcome;

	capture_well(
		WORDS("-o", "launch.core", "--ready=marker", tool_launch()));
	restore(NULL, 3, "warm: a\nw serve: a\n",
		WORDS("launch.core", "--", library, "a"));
	outcome = run(NULL, WORDS(tool_restore(), "launch.core"));
	expect_status(outcome, 2);
	outcome_free(&outcome);

	outcome = capture(WORDS("--from", "launch.core", library, "a"));
	expect_status(outcome, 0);
	expect_finding(outcome.err, "noted added /", WORDS("/warms_up.so: "));
	expect_finding(outcome.err,
		       "noted added anonymous memory: ", WORDS("3.0 MiB"));
	outcome_free(&outcome);
	restore(NULL, 3, "w serve: a\n", WORDS("warms_up.so.core"));
	restore(NULL, 3, "w serve: b\n", WORDS("warms_up.so.core", "--", "b"));

	copy_library("warms_up.so");
	expect_refused(1, "subctx_warm_up() of './svc.so' has returned 7\n",
		       "  hint: It returns 0 when the service is warm.\n",
		       WORDS("--from", "launch.core", "./svc.so", "fail"));
	copy_library("has_neither.so");
	expect_refused(1, "cannot start './svc.so': it is a shared library, ",
		       "  hint: Start the program that uses it, ",
		       WORDS("--from", "launch.core", "./svc.so"));
}

/* For the service it is a file like any other. */
Test(library, argument_of_another_base_is_its_own)
{
	copy_library("has_neither.so");
	capture_well(WORDS("-o", "0.core", service_path("prints_arguments")));
	capture_well(WORDS("--from", "0.core", "--ready=output:svc.so", "-o",
			   "1.core", "./svc.so"));
}

Test(library, debuggers_read_its_core)
{
	struct outcome outcome;
	char program[64];

	if (!has_program("gdb") || !has_program("eu-stack"))
		return;
	capture_well(WORDS("-o", "svc.core", service_path("warms_up.so")));
	snprintf(program, sizeof(program), "--executable=%s", tool_launch());
	outcome = run(NULL, WORDS("gdb", "-nx", "-batch", "-iex",
				  "set debuginfod enabled off", "-ex", "bt",
				  "-ex", "print table[4711]", "-ex",
				  "info symbol subctx_serve", tool_launch(),
				  "svc.core"));
	expect_in(outcome.out, "main (argc=");
	expect_in(outcome.out, "= 119 'w'");
	expect_in(outcome.out, "subctx_serve in section .text of ");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("eu-stack", "--core=svc.core", "-e",
				  tool_launch()));
	expect_in(outcome.out, " main\n");
	outcome_free(&outcome);
}

Test(library, that_cannot_be_loaded_is_refused_in_the_words_of_the_loader)
{
	copy_library("lacks_symbol.so");
	expect_refused(1, "subctx-capture: cannot load './svc.so': /",
		       "/svc.so: undefined symbol: is_nowhere\n  hint: ldd -r "
		       "lists what it needs and does not find.\n",
		       WORDS("./svc.so"));
	copy_library("lacks_library.so");
	unsetenv("LD_LIBRARY_PATH");
	expect_refused(1,
		       "cannot load './svc.so': libnowhere.so: cannot open "
		       "shared object file: No such file or directory\n",
		       "  hint: ldd -r lists what it needs and does not "
		       "find.\n",
		       WORDS("./svc.so"));
}

Test(library, that_does_not_get_warm_is_refused)
{
	copy_library("warms_up.so");
	expect_refused(1, "subctx_warm_up() of './svc.so' has returned 7\n",
		       "  hint: It returns 0 when the service is warm.\n",
		       WORDS("./svc.so", "fail"));
	expect_refused(1, "was killed by SIGILL before it was ready",
		       "trap at warms_up.c:", WORDS("./svc.so", "trap"));
	expect_refused(1, "exited with status 4 before it was ready",
		       "  hint: Does 'subctx-launch ./svc.so' start, and wait, "
		       "without subctx-capture?\n",
		       WORDS("./svc.so", "exit"));
}

Test(library, that_is_no_service_is_refused_before_it_is_started)
{
	static const char text[] =
		"cannot start './svc.so': it is a shared library, with neither "
		"subctx_warm_up() nor subctx_serve()\n";
	static const char hint[] =
		"  hint: Start the program that uses it, or give it 'int "
		"subctx_warm_up(int argc, char *argv[])' or 'int "
		"subctx_serve(int argc, char *argv[])', or both, as in "
		"subctx.h.\n";
	struct outcome outcome;

	copy_library("has_neither.so");
	expect_refused(1, text, hint, WORDS("./svc.so"));
	outcome = run(NULL,
		      WORDS("cp", "/lib/x86_64-linux-gnu/libm.so.6", "svc.so"));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	expect_refused(1, text, hint, WORDS("./svc.so"));
}

static void alter_library(off_t offset, unsigned char byte)
{
	int fd;

	copy_library("warms_up.so");
	fd = open("svc.so", O_WRONLY | O_CLOEXEC);
	cr_assert(pwrite(fd, &byte, 1, offset) == 1);
	close(fd);
}

Test(library, for_another_machine_is_refused)
{
	alter_library(offsetof(Elf64_Ehdr, e_machine), EM_AARCH64);
	expect_refused(1,
		       "cannot capture './svc.so': it is a library for aarch64 "
		       "processors\n",
		       "  hint: Rebuild it for x86-64.\n", WORDS("./svc.so"));
}

/* The capturer alone in a folder, and nobody else in $PATH. */
static struct outcome capture_alone(const char *path)
{
	struct outcome outcome =
		run(NULL, WORDS("cp", tool_capture(), "alone/capture"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
	copy_library("warms_up.so");
	return run(NULL, WORDS("env", path, "alone/capture", "./svc.so"));
}

static void make_folders(void)
{
	struct outcome outcome = run(NULL, WORDS("mkdir", "alone", "others"));

	expect_status(outcome, 0);
	outcome_free(&outcome);
}

Test(library, launcher_that_is_missing_is_said)
{
	struct outcome outcome;

	make_folders();
	outcome = capture_alone("PATH=/nonexistent");
	expect_status(outcome, 1);
	expect_in(
		outcome.err,
		"cannot load './svc.so': cannot start 'subctx-launch': there "
		"is no such program in $PATH\n  hint: It is looked for beside "
		"subctx-capture, and in $PATH.\n");
	outcome_free(&outcome);
}

Test(library, launcher_of_another_version_is_refused)
{
	struct outcome outcome;

	make_folders();
	outcome = run(NULL, WORDS("cp", service_path("grows_heap"),
				  "others/subctx-launch"));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	outcome = capture_alone("PATH=others");
	expect_status(outcome, 1);
	expect_in(outcome.err,
		  "cannot load './svc.so': 'others/subctx-launch' is not the "
		  "launcher that belongs to subctx-capture\n");
	outcome_free(&outcome);
}

struct request {
	const char *input;
	const char *answer;
};

/* Warm once, and five restores that each answer what the capture never saw. */
static void check_service(const char *name, const struct request *request)
{
	if (access(service_path(name), F_OK) != 0) {
		cr_assert(!getenv("SUBCTX_MUST_RUN"), "%s is not built", name);
		skip("%s is not built", name);
	}
	capture_well(WORDS("-o", "svc.core", service_path(name)));
	for (size_t i = 0; i < 5; i++)
		restore(request->input, 0, request->answer, WORDS("svc.core"));
}

Test(library, sqlite_has_its_data_set)
{
	check_service("serves_sqlite.so",
		      &(struct request){
			      "SELECT sum(square), count(*) FROM number;\n"
			      "SELECT n FROM number WHERE text = '002ee0';\n"
			      "INSERT INTO number VALUES(0, 0, 'x');\n"
			      "SELECT max(text), count(*) FROM number;\n",
			      "2666866670000|20000\n12000\nx|20001\n"});
}

Test(library, pcre2_has_its_machine_code)
{
	check_service("serves_pcre2.so",
		      &(struct request){"Job-0017 of 3: FAILED\n"
					"job-1999, then job-4: aborted\n"
					"job-5 has ended\n",
					"17 \n4 1999 \n\n"});
}

Test(library, lua_has_what_its_script_has_worked_out)
{
	check_service("serves_lua.so",
		      &(struct request){"#primes .. ' ' .. primes[5133]\n"
					"gcd(2^20, 3 * 2^7)\n"
					"generator()\n",
					"5133 49999\n128.0\n31\n"});
}
