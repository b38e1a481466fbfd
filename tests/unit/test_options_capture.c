/*
 * test_options_capture.c - a command line of subctx-capture, or what is wrong
 * with it
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "capture/options.h"
#include "tests/expect.h"

enum {
	WORDS_MAX = 16,
};

/* What getopt_long(3) may reorder: a copy of the words. */
struct line {
	char *argv[WORDS_MAX + 1];
	int argc;
};

static int parse(struct options *options, const char *const words[],
		 struct line *line, struct error *err)
{
	line->argv[0] = (char *)(uintptr_t) "subctx-capture";
	line->argc = 1;
	for (; words[line->argc - 1]; line->argc++)
		line->argv[line->argc] =
			(char *)(uintptr_t)words[line->argc - 1];
	line->argv[line->argc] = NULL;
	optind = 0;
	return options_parse(options, line->argc, line->argv, err);
}

static struct options accept_words(const char *const words[])
{
	static struct line line;
	struct options options = {0};
	struct error err = {0};

	cr_assert(parse(&options, words, &line, &err) == 0, "%s", err.text);
	return options;
}

static void refuse_words(const char *const words[], const char *message)
{
	struct line line;
	struct options options = {.pid = 77};
	struct error err = {0};

	cr_expect(parse(&options, words, &line, &err) < 0, "taken: %s",
		  message);
	expect_text(err.text, message);
	cr_expect(err.fault == FAULT_USAGE && options.pid == 77);
}

#define ACCEPT(...) accept_words((const char *const[]){__VA_ARGS__, NULL})
#define REFUSE(message, ...) \
	refuse_words((const char *const[]){__VA_ARGS__, NULL}, message)

Test(options, program_alone_is_enough)
{
	struct options options = ACCEPT("/usr/bin/bc", "-q");

	expect_text(options.core_path, "bc.core");
	expect_text(options.service_argv[0], "/usr/bin/bc");
	expect_text(options.service_argv[1], "-q");
	cr_expect(!options.service_argv[2]);
	cr_expect(options.timeout_ms == 60000 && options.pid == 0);
	cr_expect(options.settle_ms == 300);
	cr_expect(!options.live_on && !options.json && !options.quiet);
	cr_expect(ready_may_be(&options.ready, CORE_READY_MARKER));
	cr_expect(ready_may_be(&options.ready, CORE_READY_STDIN));
}

Test(options, those_of_the_service_are_its_own)
{
	struct options options =
		ACCEPT("-q", "svc", "-v", "--ready=stop", "--nonsense");

	cr_expect(options.quiet && !options.verbose);
	expect_text(options.service_argv[1], "-v");
	expect_text(options.service_argv[3], "--nonsense");
	cr_expect(ready_may_be(&options.ready, CORE_READY_STDIN));

	options = ACCEPT("--", "-svc", "--");
	expect_text(options.service_argv[0], "-svc");
	expect_text(options.service_argv[1], "--");
}

Test(options, each_is_understood)
{
	struct options options =
		ACCEPT("-o", "x/y", "--ready=stop", "--timeout=0.5",
		       "--leave-running", "--json", "-v", "svc");

	expect_text(options.core_path, "x/y");
	cr_expect(options.ready.kinds == 1u << CORE_READY_STOP);
	cr_expect(options.timeout_ms == 500 && options.live_on);
	cr_expect(options.json && options.verbose);

	options = ACCEPT("--output=x", "--ready", "stdin", "--timeout", "0",
			 "--settle=1.5", "--quiet", "--kill", "svc");
	expect_text(options.core_path, "x");
	cr_expect(options.settle_ms == 1500);
	cr_expect(options.timeout_ms == 0 && options.quiet && !options.live_on);
}

Test(options, report_as_json_may_have_a_file)
{
	cr_expect(!ACCEPT("svc").json);
	cr_expect(ACCEPT("--json", "svc").json);
	cr_expect(!ACCEPT("--json", "svc").json_path);
	expect_text(ACCEPT("--json", "svc").service_argv[0], "svc");
	cr_expect(ACCEPT("--json=a.json", "svc").json);
	expect_text(ACCEPT("--json=a.json", "svc").json_path, "a.json");
	REFUSE("'--json=' names no file", "--json=", "svc");
}

Test(options, last_one_counts)
{
	struct options options = ACCEPT("-oa", "-o", "b", "--ready=stop",
					"--ready=notify", "svc");

	expect_text(options.core_path, "b");
	cr_expect(options.ready.kinds == 1u << CORE_READY_NOTIFY);
}

Test(options, process_is_taken_as_it_is_and_lives_on)
{
	char pid[32];
	struct options options;

	snprintf(pid, sizeof(pid), "--pid=%d", getpid());
	options = ACCEPT(pid);
	cr_expect(options.pid == getpid() && options.live_on);
	cr_expect(options.ready.kinds == 1u << CORE_READY_NOW);
	cr_expect(strstr(options.core_path, "test_options_capture") &&
			  !strchr(options.core_path, '/'),
		  "%s", options.core_path);

	cr_expect(!ACCEPT(pid, "--kill").live_on);
	cr_expect(ACCEPT(pid, "--leave-running").live_on);
	cr_expect(!ACCEPT(pid).remap && ACCEPT(pid, "--remap").remap);
	cr_expect(ACCEPT("--remap", "--leave-running", "svc").remap);
	cr_expect(ACCEPT(pid, "--ready=stdin").ready.kinds ==
		  1u << CORE_READY_STDIN);
	expect_text(ACCEPT(pid, "-o", "x.core").core_path, "x.core");
}

Test(options, layer_has_the_name_of_its_base)
{
	struct options options = ACCEPT("--from=x/svc.core", "a", "-b");

	expect_text(options.base_path, "x/svc.core");
	expect_text(options.core_path, "svc.layer.core");
	expect_text(options.service_argv[0], "a");
	expect_text(options.service_argv[1], "-b");
	cr_expect(!options.service_argv[2] && !options.live_on);
	cr_expect(ready_may_be(&options.ready, CORE_READY_STDIN));

	options = ACCEPT("--from", "svc", "--", "-q");
	expect_text(options.core_path, "svc.layer.core");
	expect_text(options.service_argv[0], "-q");
	expect_text(ACCEPT("--from=.core").core_path, ".core.layer.core");
	expect_text(ACCEPT("--from=a.core", "-o", "b").core_path, "b");
	cr_expect(ACCEPT("--from=a.core", "--leave-running").live_on);
}

Test(options, what_the_base_needs_may_have_moved)
{
	struct options options =
		ACCEPT("--base=a.core", "--from=svc.core", "--base", "b.core",
		       "--file=/x=y", "--file", "/lib/a=b=c");

	expect_text(options.base_path, "svc.core");
	cr_expect(options.places.base_count == 2);
	expect_text(options.places.bases[0], "a.core");
	expect_text(options.places.bases[1], "b.core");
	cr_expect(options.places.moved_count == 2);
	expect_text(options.places.moved[0], "/x=y");
	expect_text(options.places.moved[1], "/lib/a=b=c");
	cr_expect(ACCEPT("--from=svc.core").places.base_count == 0);
	REFUSE("'x' names no file and its new place, OLD=NEW", "--file=x",
	       "--from=svc.core");
	REFUSE("option '--base' wants a value", "--from=svc.core", "--base");
}

Test(options, places_are_for_a_service_that_is_restored)
{
	const char *message = "--base and --file are for a service that is "
			      "restored: with --from";

	REFUSE(message, "--base=a.core", "svc");
	REFUSE(message, "--file=a=b", "svc");
	REFUSE(message, "--base=a.core", "--thin", "--pid=1");
}

Test(options, help_and_version_need_nothing_else)
{
	cr_expect(ACCEPT("--help").help);
	cr_expect(ACCEPT("-h").help);
	cr_expect(ACCEPT("--version").version);
	cr_expect(ACCEPT("-V").version);
}

Test(options, thin_goes_with_everything)
{
	cr_expect(!ACCEPT("svc").thin);
	cr_expect(ACCEPT("--thin", "svc").thin);
	cr_expect(ACCEPT("--thin", "--pid=1").thin);
	cr_expect(ACCEPT("--thin", "--from=a.core").thin);
	REFUSE("option '--thin=1' takes no value", "--thin=1", "svc");
}

Test(options, what_makes_no_sense_together_is_refused)
{
	refuse_words((const char *const[]){NULL},
		     "there is no program to start");
	REFUSE("there is no program to start", "-q");
	REFUSE("--pid and --from exclude each other", "--pid=1",
	       "--from=svc.core");
	REFUSE("--cpu is for a program that is started: a process has chosen "
	       "already",
	       "--cpu=x86-64-v2", "--from=svc.core");
	REFUSE("there is no program to start", "--");
	REFUSE("there are both a process and a program, 'svc'", "--pid=1",
	       "svc");
	REFUSE("--kill and --leave-running exclude each other", "--kill",
	       "--leave-running", "svc");
	REFUSE("--remap is for a service that goes on: with --pid or "
	       "--leave-running",
	       "--remap", "svc");
	REFUSE("--remap is for a service that goes on: with --pid or "
	       "--leave-running",
	       "--remap", "--pid=1", "--kill");
	REFUSE("the name of the core is empty or too long", "-o", "", "svc");
}

Test(options, what_is_unknown_is_named)
{
	REFUSE("unknown option '-x'", "-x", "svc");
	REFUSE("unknown option '-x'", "-qx", "svc");
	REFUSE("unknown option '--nonsense'", "--nonsense", "svc");
	REFUSE("unknown option '--nonsense=7'", "--nonsense=7", "svc");
	REFUSE("option '--kill=7' takes no value", "--kill=7", "svc");
	REFUSE("option '-o' wants a value", "-o");
	REFUSE("option '--ready' wants a value", "--ready");
}

Test(options, values_that_are_none_are_named)
{
	REFUSE("'x' is not a process id", "--pid=x");
	REFUSE("'0' is not a process id", "--pid=0");
	REFUSE("'-1' is not a process id", "--pid=-1");
	REFUSE("'1x' is not a process id", "--pid=1x");
	REFUSE("'2147483648' is not a process id", "--pid=2147483648");
	REFUSE("'x' is not a number of seconds", "--timeout=x", "svc");
	REFUSE("'-1' is not a number of seconds", "--timeout=-1", "svc");
	REFUSE("'x' is not a number of seconds", "--settle=x", "svc");
	REFUSE("'nan' is not a number of seconds", "--timeout=nan", "svc");
	REFUSE("'1s' is not a number of seconds", "--timeout=1s", "svc");
	REFUSE("'' is not a number of seconds", "--timeout=", "svc");
	REFUSE("cannot understand '--ready=soon'", "--ready=soon", "svc");
}

Test(options, name_of_a_core_that_is_too_long_is_refused)
{
	static char longest[PATH_MAX + 1];

	memset(longest, 'x', PATH_MAX);
	REFUSE("the name of the core is empty or too long", "-o", longest,
	       "svc");
	REFUSE("the name of the core is empty or too long", longest);
}
