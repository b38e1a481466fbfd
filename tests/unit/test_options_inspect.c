/*
 * test_options_inspect.c - a command line of subctx-inspect, or what is wrong
 * with it
 */
#include <getopt.h>
#include <stdint.h>

#include "tests/expect.h"
#include "tools/inspect/options.h"

enum {
	WORDS_MAX = 8,
};

static char *argv_of[WORDS_MAX + 2];

static int parse(struct options *options, const char *const words[],
		 struct error *err)
{
	int argc = 1;

	argv_of[0] = (char *)(uintptr_t) "subctx-inspect";
	for (; words[argc - 1]; argc++)
		argv_of[argc] = (char *)(uintptr_t)words[argc - 1];
	argv_of[argc] = NULL;
	optind = 0;
	return options_parse(options, argc, argv_of, err);
}

static struct options accept_words(const char *const words[])
{
	struct options options;
	struct error err = {0};

	cr_assert(parse(&options, words, &err) == 0, "%s", err.text);
	return options;
}

static void refuse_words(const char *const words[], const char *message)
{
	struct options options = {.core_path = "untouched"};
	struct error err = {0};

	cr_expect(parse(&options, words, &err) < 0, "taken: %s", message);
	expect_text(err.text, message);
	cr_expect(err.fault == FAULT_USAGE);
	expect_text(options.core_path, "untouched");
}

#define ACCEPT(...) accept_words((const char *const[]){__VA_ARGS__, NULL})
#define REFUSE(message, ...) \
	refuse_words((const char *const[]){__VA_ARGS__, NULL}, message)

Test(options_inspect, core_alone_is_enough)
{
	struct options options = ACCEPT("svc.core");

	expect_text(options.core_path, "svc.core");
	cr_expect(!options.json && !options.verify);
	cr_expect(!options.help && !options.version);
}

Test(options_inspect, options_stand_before_and_behind_the_core)
{
	cr_expect(ACCEPT("--json", "svc.core").json);
	cr_expect(ACCEPT("svc.core", "--verify").verify);
	cr_expect(ACCEPT("--verify", "svc.core", "--json").json);
	expect_text(ACCEPT("--", "--json").core_path, "--json");
}

Test(options_inspect, help_and_version_want_no_core)
{
	cr_expect(ACCEPT("--help").help && ACCEPT("-h").help);
	cr_expect(ACCEPT("--version").version && ACCEPT("-V").version);
}

Test(options_inspect, what_makes_no_sense_is_named)
{
	refuse_words((const char *const[]){NULL},
		     "there is no core to look into");
	REFUSE("there is no core to look into", "--json");
	REFUSE("unexpected argument 'b.core'", "a.core", "b.core");
	REFUSE("unknown option '--jason'", "--jason", "a.core");
	REFUSE("unknown option '-x'", "-x", "a.core");
	REFUSE("option '--json=yes' takes no value", "--json=yes", "a.core");
	REFUSE("--flatten and --json exclude each other", "--json",
	       "--flatten=b.core", "a.core");
	REFUSE("--flatten and --verify exclude each other", "--flatten=b.core",
	       "a.core", "--verify");
}
