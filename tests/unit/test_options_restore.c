/*
 * test_options_restore.c - a command line of subctx-restore, or what is wrong
 * with it
 */
#include <stdint.h>

#include "restore/options.h"
#include "tests/expect.h"

enum {
	WORDS_MAX = SOURCE_PLACES_MAX + 2,
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

Test(options, places_of_files_are_kept_in_order)
{
	struct options options =
		ACCEPT("--base=a.core", "--file=/lib/a=b", "--base=b.core",
		       "--file=/x=y=z", "svc.core");

	cr_expect(options.places.base_count == 2);
	expect_text(options.places.bases[0], "a.core");
	expect_text(options.places.bases[1], "b.core");
	cr_expect(options.places.moved_count == 2);
	expect_text(options.places.moved[0], "/lib/a=b");
	expect_text(options.places.moved[1], "/x=y=z");
	expect_text(options.core_path, "svc.core");
}

Test(options, values_may_be_words_of_their_own)
{
	struct options options =
		ACCEPT("--base", "a.core", "--stop", "--file", "/x=y", "--base",
		       "-b", "--inherit", "7", "svc.core", "--", "--base");

	cr_expect(options.places.base_count == 2);
	expect_text(options.places.bases[0], "a.core");
	expect_text(options.places.bases[1], "-b");
	expect_text(options.places.moved[0], "/x=y");
	cr_expect(options.inherited_count == 1 && options.inherited[0] == 7);
	cr_expect(options.stop && options.argc == 1);
	expect_text(options.core_path, "svc.core");
	options = ACCEPT("--base", "--", "svc.core");
	expect_text(options.places.bases[0], "--");
}

Test(options, values_that_are_missing_or_too_many_are_named)
{
	REFUSE("option '--base' wants a value", "--base");
	REFUSE("option '--file' wants a value", "--stop", "--file");
	REFUSE("option '--inherit' wants a value", "--inherit");
	REFUSE("option '--stop=1' takes no value", "--stop=1", "a.core");
	REFUSE("option '--populate=' takes no value", "--populate=", "a.core");
	REFUSE("unknown option '--bases'", "--bases", "a.core", "svc.core");
	REFUSE("unknown option '--bas=a'", "--bas=a", "svc.core");
	REFUSE("unknown option '--stops'", "--stops", "svc.core");
}

Test(options, places_that_are_none_are_named)
{
	REFUSE("'/lib/a' names no file and its new place, OLD=NEW",
	       "--file=/lib/a", "svc.core");
	REFUSE("'' names no file and its new place, OLD=NEW", "--file=", "a");
	REFUSE("'=b' names no file and its new place, OLD=NEW", "--file==b",
	       "a");
	REFUSE("'/lib/a' names no file and its new place, OLD=NEW", "--file",
	       "/lib/a", "svc.core");
}

/* The last one is too many. */
static void expect_most(const char *option, const char *message)
{
	static const char *words[SOURCE_PLACES_MAX + 3];
	struct options options = {.argc = 77};
	struct error err = {0};

	for (size_t i = 0; i <= SOURCE_PLACES_MAX; i++)
		words[i] = option;
	words[SOURCE_PLACES_MAX] = "svc.core";
	words[SOURCE_PLACES_MAX + 1] = NULL;
	cr_expect(parse(&options, words, &err) == 0, "%s", err.text);
	words[SOURCE_PLACES_MAX] = option;
	words[SOURCE_PLACES_MAX + 1] = "svc.core";
	cr_expect(parse(&options, words, &err) < 0);
	expect_text(err.text, message);
	cr_expect(err.hint[0]);
}

Test(options, so_many_places_and_no_more)
{
	const char *message = "more than 64 files have another place";

	expect_most("--base=a", message);
	expect_most("--file=a=b", message);
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
