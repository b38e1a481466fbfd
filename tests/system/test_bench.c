/*
 * test_bench.c - tools/bench prints what it says, and leaves nothing behind
 *
 * No time is looked at.  CRIU is a script here that does not work, so that
 * what is said of it is the same on every machine.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

/* Both tools and the services in a build folder that every user can read. */
static const char make_folders[] =
	"mkdir -p b/capture b/restore b/tests tools peers cores && "
	"cp \"$SUBCTX_CAPTURE\" b/capture && cp \"$SUBCTX_RESTORE\" b/restore "
	"&& cp \"$SUBCTX_SERVICES\"/works_in_memory b/tests && "
	"cp -r \"$SUBCTX_TOOLS\"/bench \"$SUBCTX_TOOLS\"/benchmarks tools && "
	"printf '#!/bin/sh\\necho \"Version: 9.8\"\\n"
	"echo \"Error (here): no such luck\" >&2\\nexit 1\\n' >peers/criu && "
	"chmod -R go+rX . && chmod 755 peers/criu && chmod 777 cores";

static void begin(void)
{
	harness_begin();
	cr_assert(system(make_folders) == 0);
}

TestSuite(bench, .init = begin, .fini = harness_end, .timeout = 300);

#define BENCH "PATH=$PWD/peers:$PATH tools/bench --build=b --folder=cores "

Test(bench, rows_are_json_with_ratios_and_goals)
{
	struct outcome outcome;

	if (!has_program("python3"))
		return;
	outcome = run(NULL, WORDS("sh", "-c",
				  BENCH "--quick --only=restore --json && "
					"ls -A cores"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "\"CRIU\": \"9.8\"");
	expect_in(outcome.out, "\"what\": \"restore of 64 MiB\"");
	expect_in(outcome.out, "\"what\": \"fork() of a warm one of 64 MiB\"");
	expect_in(outcome.out, "\"beside\": \"/bin/true\"");
	expect_in(outcome.out, "\"goal\": \"<= 1.1\"");
	expect_in(outcome.out, geteuid() == 0 && !getenv("SUBCTX_TEST_UID")
				       ? "\"left_out\": \"does not work here: "
					 "Error (here): no such luck\""
				       : "\"left_out\": \"needs root\"");
	/* It ends as JSON does: there was nothing in the folder. */
	cr_expect(strlen(outcome.out) > 2 &&
			  strcmp(outcome.out + strlen(outcome.out) - 2,
				 "}\n") == 0,
		  "%s", outcome.out);
	outcome_free(&outcome);
}

/* Of the libraries one is there here. */
Test(bench, libraries_are_beside_their_launcher)
{
	struct outcome outcome;

	if (!has_program("python3"))
		return;
	cr_assert(system("cp \"$SUBCTX_LAUNCH\" b/capture && "
			 "cp \"$SUBCTX_SERVICES\"/serves_lua.so b/tests && "
			 "chmod -R go+rX b") == 0);
	outcome = run(NULL, WORDS("sh", "-c",
				  BENCH "--quick --only=libraries --json && "
					"ls -A cores"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "\"what\": \"libsqlite3, 20,000 rows\",\n"
			       "   \"left_out\": \"not built\"");
	expect_in(outcome.out, "\"what\": \"liblua5.4, a script, restore\"");
	expect_in(outcome.out, "\"beside\": \"subctx-launch\"");
	outcome_free(&outcome);
}

/* Whatever it has started has its standard error, or had. */
Test(bench, leaves_nothing_when_it_is_interrupted)
{
	struct outcome outcome;

	if (!has_program("python3"))
		return;
	outcome = run(NULL, WORDS("sh", "-c",
				  BENCH "--only=steady 2>said & "
					"until grep -q steady said; do "
					"sleep 0.1; done; sleep 1; "
					"ls -l /proc/[0-9]*/fd 2>/dev/null | "
					"grep -q $PWD/said && ls -A cores; "
					"kill -TERM $!; wait $!; echo $?; "
					"ls -l /proc/[0-9]*/fd 2>/dev/null | "
					"grep -c $PWD/said; ls -A cores"));
	cr_expect(strncmp(outcome.out, "bench-", 6) == 0, "%s", outcome.out);
	expect_in(outcome.out, "\n143\n0\n");
	cr_expect(strcmp(strchr(outcome.out, '\n'), "\n143\n0\n") == 0, "%s",
		  outcome.out);
	outcome_free(&outcome);
}

static const char earlier[] =
	"{\"about\": {\"kernel\": \"5.13.7\"}, \"rows\": ["
	"{\"part\": \"restore: to the first instruction, and the end\","
	" \"what\": \"/bin/true, to its end\", \"median\": 0.5,"
	" \"unit\": \"ms\", \"quartiles\": [0.4, 0.6], \"runs\": 40,"
	" \"program\": \"/bin/true\"},"
	"{\"part\": \"restore: to the first instruction, and the end\","
	" \"what\": \"restore of 2 MiB\", \"median\": 0.45,"
	" \"unit\": \"ms\", \"quartiles\": [0.4, 0.5], \"runs\": 40,"
	" \"beside\": \"/bin/true\", \"ratio\": 0.9, \"goal\": \"<= 0.8\","
	" \"met\": false, \"program\": \"subctx-restore\", \"size\": 2},"
	"{\"part\": \"programs: to the first reply\", \"what\": \"a\","
	" \"median\": 40, \"unit\": \"ms\", \"quartiles\": null, \"runs\": 1,"
	" \"program\": \"perl\", \"how\": \"cold\"},"
	"{\"part\": \"programs: to the first reply\", \"what\": \"b\","
	" \"median\": 5, \"unit\": \"ms\", \"quartiles\": null, \"runs\": 1,"
	" \"program\": \"perl\", \"how\": \"restored\"},"
	"{\"part\": \"programs: to the first reply\", \"what\": \"c\","
	" \"median\": 4, \"unit\": \"ms\", \"quartiles\": null, \"runs\": 1,"
	" \"program\": \"perl\", \"how\": \"recorded\"},"
	"{\"part\": \"programs: to the first reply\", \"what\": \"ruby\","
	" \"left_out\": \"not installed\"}]}\n";

Test(bench, prints_and_draws_an_earlier_run)
{
	struct outcome outcome;

	if (!has_program("python3") || !has_program("gnuplot"))
		return;
	outcome = run(earlier, WORDS("sh", "-c",
				     "cat >ran.json; " BENCH "--from=ran.json "
				     "--pictures=cores/new"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "kernel:     5.13.7\n");
	expect_in(outcome.out, "0.9 /bin/true             <= 0.8 MISSED\n");
	expect_in(outcome.out, "left out: not installed\n");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS("sh", "-c",
				  "cd cores/new && grep -h '</svg>' "
				  "first-reply.svg restore-time.svg && "
				  "grep -q subctx-restore restore-time.svg && "
				  "grep -q perl first-reply.svg; echo $?; ls"));
	expect_out(outcome,
		   "</svg>\n</svg>\n0\nfirst-reply.svg\nrestore-time.svg\n");
	outcome_free(&outcome);
}
