/*
 * test_options_restore.c - a command line of subctx-restore, or what is wrong
 * with it
 */
#include <stdint.h>

#include "restore/options.h"
#include "tests/expect.h"

enum {
	WORDS_MAX = 16,
};

static char *argv_of[WORDS_MAX + 2];

static int parse(struct options *options, const char *const words[],
		 struct error *err)
{
	int argc = 1;

	argv_of[0] = (char *)(uintptr_t) "subctx-restore";
	for (; words[argc - 1]; argc++)
		argv_of[argc] = (char *)(uintptr_t)words[argc - 1];
	argv_of[argc] = NULL;
	return options_parse(options, argc, argv_of, err);
}

static struct options accept_words(const char *const words[])
{
	struct options options = {.argc = 77};
	struct error err = {0};

	cr_assert(parse(&options, words, &err) == 0, "%s", err.text);
	return options;
}

static void refuse_words(const char *const words[], const char *message)
{
	struct options options = {.argc = 77};
	struct error err = {0};

	cr_expect(parse(&options, words, &err) < 0, "taken: %s", message);
	expect_text(err.text, message);
	cr_expect(err.fault == FAULT_USAGE && err.hint[0]);
	cr_expect(options.argc == 77, "it was touched");
}

#define ACCEPT(...) accept_words((const char *const[]){__VA_ARGS__, NULL})
#define REFUSE(message, ...) \
	refuse_words((const char *const[]){__VA_ARGS__, NULL}, message)

Test(options, core_alone_is_enough)
{
	struct options options = ACCEPT("svc.core");

	expect_text(options.core_path, "svc.core");
	cr_expect(options.argc == 0 && !options.argv);
	cr_expect(!options.dry_run && !options.stop);
	cr_expect(!options.help && !options.version);
}

Test(options, each_is_understood)
{
	cr_expect(ACCEPT("--dry-run", "a").dry_run);
	cr_expect(ACCEPT("--stop", "a").stop);
	cr_expect(ACCEPT("--record", "a").record);
	cr_expect(ACCEPT("--populate", "a").populate);
	cr_expect(ACCEPT("--hugepages", "a").huge_pages);
	cr_expect(ACCEPT("--help").help);
	cr_expect(ACCEPT("-h").help);
	cr_expect(ACCEPT("--version").version);
	cr_expect(ACCEPT("-V").version);
	cr_expect(ACCEPT("--stop", "--dry-run", "a").dry_run);
}

Test(options, what_stands_behind_two_hyphens_is_for_the_service)
{
	struct options options = ACCEPT("a.core", "--", "--stop", "--", "x");

	expect_text(options.core_path, "a.core");
	cr_expect(options.argc == 3 && !options.stop);
	expect_text(options.argv[0], "--stop");
	expect_text(options.argv[1], "--");
	expect_text(options.argv[2], "x");
	cr_expect(!options.argv[3]);

	options = ACCEPT("a.core", "--");
	cr_expect(options.argc == 0);
}

Test(options, core_may_begin_with_a_hyphen_behind_two)
{
	struct options options = ACCEPT("--stop", "--", "-a.core", "--", "x");

	expect_text(options.core_path, "-a.core");
	cr_expect(options.stop && options.argc == 1);
	expect_text(ACCEPT("-").core_path, "-");
}

Test(options, what_is_unknown_is_named)
{
	REFUSE("unknown option '--nonsense'", "--nonsense", "a.core");
	REFUSE("unknown option '-x'", "-x");
	REFUSE("unknown option '--stop=1'", "--stop=1", "a.core");
	REFUSE("unknown option '-hV'", "-hV");
	REFUSE("unknown option '---'", "---");
}

Test(options, what_cannot_be_done_together_is_named)
{
	const char *message = "--record runs the service: it goes with "
			      "neither --dry-run nor --stop";

	REFUSE(message, "--record", "--dry-run", "a.core");
	REFUSE(message, "--stop", "--record", "a.core");
}

Test(options, what_stands_elsewhere_is_named)
{
	REFUSE("unexpected argument 'x'", "a.core", "x");
	REFUSE("unexpected argument '--stop'", "a.core", "--stop");
	REFUSE("unexpected argument 'x'", "a.core", "x", "--", "y");
}

Test(options, nothing_is_no_core)
{
	refuse_words((const char *const[]){NULL},
		     "there is no core to restore");
	REFUSE("there is no core to restore", "--stop");
	REFUSE("there is no core to restore", "--");
}
