/*
 * test_from_refused.c - bases that cannot be restored, and layers that do not
 * come about
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/change_core.h"
#include "tests/layers.h"

TestSuite(from_refused, .init = harness_begin, .fini = harness_end,
	  .timeout = 120);

static void refuse(const char *input, const char *const words[], int status,
		   const char *message, const char *hint)
{
	struct outcome outcome = layer_capture(input, words);

	expect_status(outcome, status);
	expect_in(outcome.err, message);
	expect_in(outcome.err, hint);
	cr_expect(access("layer.core", F_OK) < 0, "a core was written");
	outcome_free(&outcome);
}

Test(from_refused, end_of_input_is_no_ready_point)
{
	layer_write(NULL, WORDS("-o", "base.core", "cat"));
	refuse("", WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "'base.core' (pid ",
	       "A service that is restored has to be ready once more;");
}

static void want_missing_feature(const struct core *core, char *front,
				 size_t size)
{
	const struct core_machine *machine = core->machine;
	char *at = memmem(front, size, machine, sizeof(*machine));

	memset(at, 0xff, sizeof(machine->features));
}

Test(from_refused, base_that_is_none_is_refused_before_anything_starts)
{
	layer_write(NULL, WORDS("-o", "base.core", "cat"));
	refuse(NULL, WORDS("--from=no.core", "-o", "layer.core"), 1,
	       "cannot open 'no.core': No such file or directory", "");
	refuse(NULL, WORDS("--from=/bin/true", "-o", "layer.core"), 1,
	       "cannot use '/bin/true': ", "");
	refuse(NULL, WORDS("--from=.", "-o", "layer.core"), 1,
	       "cannot use '.': it is not a regular file", "");
	cr_assert(truncate("base.core", 8192) == 0);
	refuse(NULL, WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "cannot use 'base.core': ", "");
}

Test(from_refused, base_and_layer_are_two_files)
{
	static const char message[] = "cannot be both the base and the core";
	const char hint[] = "Name another with --output.";

	layer_write(NULL, WORDS("-o", "base.core", "cat"));
	cr_assert(symlink("base.core", "link.core") == 0);
	refuse("x", WORDS("--from=base.core", "-o", "./base.core"), 2, message,
	       hint);
	refuse("x", WORDS("--from=link.core", "-o", "base.core"), 2, message,
	       hint);
	layer_write("x", WORDS("--from=base.core"));
	layer_restore("y", "base.layer.core", "y");
	layer_restore("z", "base.core", "z");
}

Test(from_refused, restore_that_is_refused_is_none)
{
	layer_write(NULL, WORDS("-o", "base.core", "cat"));
	change_core("base.core", want_missing_feature);
	refuse(NULL, WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "subctx-restore: cannot restore 'base.core': ",
	       "subctx-capture: cannot restore 'base.core': the restorer ended "
	       "with status 125");
}

Test(from_refused, restore_that_takes_too_long_is_ended)
{
	layer_write(NULL, WORDS("-o", "base.core",
				service_path("has_many_mappings")));
	refuse(NULL,
	       WORDS("--from=base.core", "--timeout=0.001", "-o", "layer.core"),
	       1, "cannot restore 'base.core': it was not there after 0.001 s",
	       "");
}

/* A copy of the capturer, with something else beside it, or nothing. */
static void check_restorer(const char *restorer, const char *message)
{
	struct outcome outcome;

	outcome = run(NULL,
		      WORDS("install", "-D", "-t", "apart", tool_capture()));
	expect_status(outcome, 0);
	outcome_free(&outcome);
	if (restorer) {
		FILE *file = fopen("apart/subctx-restore", "w");

		fprintf(file, "#!/bin/sh\n%s\n", restorer);
		fclose(file);
		cr_assert(chmod("apart/subctx-restore", 0755) == 0);
	}
	outcome =
		run(NULL, WORDS("env", "PATH=/nowhere", "apart/subctx-capture",
				"--from=base.core", "-o", "layer.core"));
	expect_status(outcome, 1);
	expect_in(outcome.err, message);
	outcome_free(&outcome);
}

Test(from_refused, restorer_that_is_missing_or_dies_is_told)
{
	layer_write(NULL, WORDS("-o", "base.core", "cat"));
	check_restorer(NULL, "cannot start 'subctx-restore'");
	check_restorer("kill -KILL $$", "cannot restore 'base.core': the "
					"restorer was killed by SIGKILL");
	check_restorer("exit 3", "cannot restore 'base.core': the restorer "
				 "ended with status 3");
}

Test(from_refused, base_that_nobody_told_where_to_say_so_cannot_be_heard)
{
	layer_write(NULL, WORDS("--ready=stdin", "-o", "base.core", "cat"));
	refuse(NULL,
	       WORDS("--from=base.core", "--ready=notify", "-o", "layer.core"),
	       1,
	       "cannot hear 'base.core' say READY=1: it knows no "
	       "$NOTIFY_SOCKET of subctx-capture",
	       "Capture its base with --ready=default or --ready=notify.");
}

/* Its own address cannot be had twice at a time. */
Test(from_refused, two_layers_at_a_time_are_not_both_heard)
{
	struct running first;
	struct outcome outcome;

	layer_write(NULL, WORDS("-o", "base.core", "cat"));
	tool_restore();
	first = start(WORDS(tool_capture(), "-q", "--from=base.core", "-o",
			    "first.core"));
	usleep(500000);
	refuse("",
	       WORDS("--from=base.core", "--ready=notify", "-o", "layer.core"),
	       1,
	       "cannot hear 'base.core' say READY=1: cannot make a notify "
	       "socket: Address already in use",
	       "Another layer of it is captured right now, or its base runs.");
	layer_write("x", WORDS("-q", "--from=base.core", "-o", "2.core"));
	outcome = finish(first, "x", 20);
	expect_status(outcome, 0);
	outcome_free(&outcome);
}

/* The caller has to hand on what the base is to inherit. */
Test(from_refused, descriptor_that_the_caller_has_not_is_missed)
{
	layer_write(NULL, WORDS("--inherit=7", "-o", "base.core",
				"/usr/bin/python3", "-c",
				"import os\n"
				"os.dup2(os.open('/etc/passwd', "
				"os.O_RDONLY), 7)\n"
				"os.close(3)\ninput()"));
	refuse("", WORDS("--from=base.core", "-o", "layer.core"), 1,
	       "the caller's fd 7 cannot be had",
	       "the restorer ended with status 125");
}

/* One message, in its words, also for a word that has no form of a library. */
static void expect_not_loaded(const char *word, const char *message)
{
	struct outcome outcome =
		layer_capture(NULL, WORDS("--from=launch.core", "-o",
					  "layer.core", word, "a"));

	expect_status(outcome, 1);
	cr_expect(strncmp(outcome.err, message, strlen(message)) == 0,
		  "said: %s", outcome.err);
	cr_expect(!strstr(outcome.err, "subctx-launch:"), "said: %s",
		  outcome.err);
	outcome_free(&outcome);
}

Test(from_refused, launcher_says_what_it_cannot_load)
{
	struct outcome outcome;

	layer_write(NULL, WORDS("-o", "launch.core", "--ready=marker",
				tool_launch()));
	expect_not_loaded("./svc.so",
			  "subctx-capture: cannot load './svc.so': No such "
			  "file or directory\n");
	expect_not_loaded("svc", "subctx-capture: cannot load 'svc': No such "
				 "file or directory\n");
	expect_not_loaded("./launch.core",
			  "subctx-capture: cannot load './launch.core': /");

	/* What it has loaded is given a word as its own. */
	layer_write(NULL, WORDS("--from=launch.core", "-o", "warm.core",
				service_path("warms_up.so")));
	outcome = layer_capture(NULL, WORDS("--from=warm.core", "./x.so"));
	expect_status(outcome, 1);
	expect_out(outcome, "w serve: ./x.so\n");
	expect_in(outcome.err, "hint: A service that is restored has to be "
			       "ready once more;");
	outcome_free(&outcome);
}
