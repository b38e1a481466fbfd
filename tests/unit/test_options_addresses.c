/*
 * test_options_addresses.c - the command line of subctx-addresses
 */
#include <getopt.h>

#include "tests/expect.h"
#include "tools/addresses/options.h"

enum {
	WORDS_MAX = 70,
};

static int parse(struct options *options, const char *const words[],
		 struct error *err)
{
	int count = 0;

	optind = 0;
	while (words[count])
		count++;
	return options_parse(options, count, (char **)words, err);
}

#define WORDS(...) \
	((const char *const[]){"subctx-addresses", __VA_ARGS__, NULL})

Test(options_addresses, things_to_compare_are_kept_in_order)
{
	const char *words[] = {"subctx-addresses", "bc", "--json", "42",
			       "--svg=a.svg",	   NULL};
	struct options options;
	struct error err = {0};

	cr_assert(parse(&options, words, &err) == 0);

	cr_expect(options.word_count == 2 && options.samples == 0);
	expect_text(options.words[0], "bc");
	expect_text(options.words[1], "42");
	expect_text(options.svg_path, "a.svg");
	cr_expect(options.json);
}

Test(options_addresses, samples_want_one_program)
{
	struct options options;
	struct error err = {0};

	cr_assert(parse(&options, WORDS("--samples", "100", "bc"), &err) == 0);

	cr_expect(options.samples == 100 && options.word_count == 1);
}

Test(options_addresses, words_behind_two_dashes_are_no_options)
{
	struct options options;
	struct error err = {0};

	cr_assert(parse(&options, WORDS("--", "--json", "bc"), &err) == 0);

	cr_expect(options.word_count == 2 && !options.json);
}

Test(options_addresses, help_needs_nothing_to_compare)
{
	struct options options;
	struct error err = {0};

	cr_assert(parse(&options, WORDS("-h"), &err) == 0);
	cr_expect(options.help);
	cr_assert(parse(&options, WORDS("--version"), &err) == 0);
	cr_expect(options.version);
}

#define expect_refused(text_wanted, ...)                                    \
	do {                                                                \
		struct options options = {.samples = 77};                   \
		struct error err = {0};                                     \
                                                                            \
		cr_expect(parse(&options, WORDS(__VA_ARGS__), &err) < 0);   \
		cr_expect(err.fault == FAULT_USAGE);                        \
		expect_text(err.text, text_wanted);                         \
		cr_expect(options.samples == 77, "the output was touched"); \
	} while (0)

Test(options_addresses, what_makes_no_sense_is_refused_by_name)
{
	expect_refused("there is nothing to compare: it takes two or more",
		       "--json");
	expect_refused("there is one thing to compare: it takes two or more",
		       "bc");
	expect_refused("--samples wants one program, and there are 2",
		       "--samples=9", "bc", "dc");
	expect_refused("--samples wants one program, and there are 0",
		       "--samples=9");
	expect_refused("--svg draws what is compared, and with --samples "
		       "nothing is",
		       "--samples=9", "bc", "--svg=a");
	expect_refused("'1' is not a number of samples from 2 to 100000",
		       "--samples=1", "bc");
	expect_refused("'9x' is not a number of samples from 2 to 100000",
		       "--samples=9x", "bc");
	expect_refused("option '--svg' wants a value", "bc", "dc", "--svg");
	expect_refused("option '--json=1' takes no value", "--json=1", "bc");
	expect_refused("unknown option '--fast'", "--fast", "bc");
	expect_refused("unknown option '-x'", "-x", "bc");
}

Test(options_addresses, no_more_than_fit_are_compared)
{
	struct options options;
	struct error err = {0};
	const char *words[WORDS_MAX + 1] = {0};

	for (int i = 0; i < WORDS_MAX; i++)
		words[i] = "bc";
	cr_expect(parse(&options, words, &err) < 0);
	expect_text(err.text, "more than 64 things are compared");
}
