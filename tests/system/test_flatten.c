/*
 * test_flatten.c - thin cores and layers, made cores that need no other file
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"

TestSuite(flatten, .init = harness_begin, .fini = harness_end, .timeout = 120);

static const char python[] = "while True: exec(input())";

static void expect_ran(const char *input, const char *const words[])
{
	struct outcome outcome = run(input, words);

	expect_status(outcome, 0);
	cr_expect(outcome.err[0] == '\0', "%s", outcome.err);
	outcome_free(&outcome);
}

/* py.core, and app.core, a layer on it. */
static void capture_layer(void)
{
	tool_restore();
	expect_ran(NULL, WORDS(tool_capture(), "-q", "-o", "py.core", "python3",
			       "-c", python));
	expect_ran("import json\n", WORDS(tool_capture(), "-q", "--thin",
					  "--from=py.core", "-o", "app.core"));
}

static void expect_answer(const char *core)
{
	struct outcome outcome = run("print(json.dumps([1, 2])); exit(0)\n",
				     WORDS(tool_restore(), core));

	expect_status(outcome, 0);
	expect_out(outcome, "[1, 2]\n");
	outcome_free(&outcome);
}

static uint64_t blocks_of(const char *path)
{
	struct stat status;

	cr_assert(stat(path, &status) == 0);
	return (uint64_t)status.st_blocks;
}

static void expect_failed(const char *const words[], int status,
			  const char *text)
{
	struct outcome outcome = run(NULL, words);

	expect_status(outcome, status);
	expect_in(outcome.err, text);
	outcome_free(&outcome);
}

Test(flatten, layer_needs_nothing_any_more)
{
	capture_layer();
	expect_ran(NULL,
		   WORDS(tool_inspect(), "--flatten=flat.core", "app.core"));
	cr_assert(unlink("py.core") == 0 && unlink("app.core") == 0);

	expect_answer("flat.core");
}

Test(flatten, flat_core_is_whole_and_says_so)
{
	struct outcome outcome;

	capture_layer();
	expect_ran(NULL,
		   WORDS(tool_inspect(), "--flatten=flat.core", "app.core"));
	cr_expect(blocks_of("flat.core") > 2 * blocks_of("app.core"));

	outcome = run(NULL, WORDS(tool_inspect(), "--verify", "flat.core"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "all as captured");
	outcome_free(&outcome);

	outcome = run(NULL, WORDS(tool_inspect(), "app.core"));
	expect_in(outcome.out, "  needs ");
	expect_in(outcome.out, "py.core, digest ");
	outcome_free(&outcome);
	outcome = run(NULL, WORDS(tool_inspect(), "flat.core"));
	cr_expect(!strstr(outcome.out, "  needs "), "%s", outcome.out);
	outcome_free(&outcome);
}

Test(flatten, debuggers_see_the_same)
{
	static const char *const cores[] = {"flat.core", "app.core"};
	char *seen[2];

	if (!has_program("gdb"))
		return;
	capture_layer();
	expect_ran(NULL,
		   WORDS(tool_inspect(), "--flatten=flat.core", "app.core"));
	for (size_t i = 0; i < 2; i++) {
		struct outcome outcome = run(
			NULL, WORDS("gdb", "-nx", "-batch", "-ex", "bt", "-ex",
				    "x/4i $pc", "python3", cores[i]));
		char *frames = strstr(outcome.out, "\n#0");

		cr_assert(frames, "%s", outcome.out);
		seen[i] = strdup(frames);
		outcome_free(&outcome);
	}
	cr_expect(strcmp(seen[0], seen[1]) == 0, "%s\n%s", seen[0], seen[1]);
	free(seen[0]);
	free(seen[1]);
}

Test(flatten, threads_of_a_layer_have_names)
{
	struct outcome outcome;

	capture_layer();
	outcome = run(NULL, WORDS(tool_inspect(), "app.core"));
	expect_in(outcome.out, "    _Py_read ");
	expect_in(outcome.out, "python3 -c while ");
	outcome_free(&outcome);

	cr_assert(unlink("py.core") == 0);
	outcome = run(NULL, WORDS(tool_inspect(), "app.core"));
	expect_status(outcome, 0);
	expect_in(outcome.out, "cannot be restored: its base cannot be had");
	expect_in(outcome.out, " python3, the main thread, was ready\n");
	outcome_free(&outcome);
}

Test(flatten, base_is_found_where_it_is_said_to_be)
{
	capture_layer();
	cr_assert(rename("py.core", "elsewhere.core") == 0);
	expect_failed(WORDS(tool_inspect(), "--flatten=flat.core", "app.core"),
		      1, "its base cannot be had");
	cr_expect(access("flat.core", F_OK) < 0);

	expect_ran(NULL, WORDS(tool_inspect(), "--flatten=flat.core",
			       "--base=elsewhere.core", "app.core"));
	expect_answer("flat.core");
}

Test(flatten, whole_core_stays_what_it_is)
{
	expect_ran(NULL, WORDS(tool_capture(), "-q", "-o", "bc.core", "sh",
			       "-c", "read x; echo $x"));
	expect_ran(NULL,
		   WORDS(tool_inspect(), "--flatten=flat.core", "bc.core"));
	expect_ran(NULL, WORDS("cmp", "bc.core", "flat.core"));
}

Test(flatten, wrong_options_are_refused)
{
	expect_failed(WORDS(tool_inspect(), "--flatten"), 2,
		      "option '--flatten' wants a value");
	expect_failed(WORDS(tool_inspect(), "--file=x", "y"), 2,
		      "'x' names no file and its new place, OLD=NEW");
}
