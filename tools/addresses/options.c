/*
 * options.c - the command line of subctx-addresses, and its only usage text
 */
#include "options.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/bad_option.h"
#include "common/text.h"

enum {
	SAMPLES_MIN = 2,
	SAMPLES_MAX = 100000,
	WORDS_MAX = 64,
};

enum option_value {
	OPTION_SAMPLES = 256,
	OPTION_SVG,
	OPTION_JSON,
};

static const struct option long_options[] = {
	{"samples", required_argument, NULL, OPTION_SAMPLES},
	{"svg", required_argument, NULL, OPTION_SVG},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static const char help[] =
	"Usage: subctx-addresses [OPTION]... PID|CORE|PROGRAM...\n"
	"   or: subctx-addresses [OPTION]... --samples=N PROGRAM\n"
	"Tells which addresses processes, cores and programs have in common, or how\n"
	"random those of a program are.  Programs are started, up to their entry\n"
	"point, and ended there.\n"
	"\n"
	"      --samples=N   start PROGRAM so many times; 100 is plenty\n"
	"      --svg=FILE    draw the address spaces side by side\n"
	"      --json        print the answer as JSON\n"
	"  -h, --help        print this\n"
	"  -V, --version     print the version\n"
	"\n"
	"Exit status: 0 there is an answer, whatever it is, 1 something failed, 2 the\n"
	"command line makes no sense.\n"
	"\n"
	"Example:  subctx-addresses python3 $$ bc.core\n";

static int parse_samples(struct options *options, const char *text,
			 struct error *err)
{
	const char *at = text;
	uint64_t samples;

	if (!take_decimal(&at, &samples) || *at || samples < SAMPLES_MIN ||
	    samples > SAMPLES_MAX)
		return error_set(err, FAULT_USAGE,
				 "'%s' is not a number of samples from %d to "
				 "%d",
				 text, SAMPLES_MIN, SAMPLES_MAX);
	options->samples = samples;
	return 0;
}

static int parse_one(struct options *options, int code, struct error *err)
{
	switch (code) {
	case OPTION_SAMPLES:
		return parse_samples(options, optarg, err);
	case OPTION_SVG:
		options->svg_path = optarg;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	default:
		options->version = true;
		return 0;
	}
}

static int check_samples(const struct options *options, struct error *err)
{
	if (options->word_count != 1)
		return error_set(err, FAULT_USAGE,
				 "--samples wants one program, and there are "
				 "%zu",
				 options->word_count);
	if (options->svg_path)
		return error_set(err, FAULT_USAGE,
				 "--svg draws what is compared, and with "
				 "--samples nothing is");
	return 0;
}

static int check_words(const struct options *options, struct error *err)
{
	if (options->word_count < 2) {
		error_set(err, FAULT_USAGE,
			  "there %s to compare: it takes two or more",
			  options->word_count == 0 ? "is nothing"
						   : "is one thing");
		error_hint(err, "Name process ids, cores or programs; the same "
				"program twice is two processes.");
		return -err->code;
	}
	if (options->word_count > WORDS_MAX)
		return error_set(err, FAULT_USAGE,
				 "more than %d things are compared", WORDS_MAX);
	return 0;
}

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err)
{
	struct options options = {0};
	int r = 0;
	int code;

	opterr = 0;
	while (r == 0 && (code = getopt_long(argc, argv, ":hV", long_options,
					     NULL)) != -1) {
		if (code == '?' || code == ':')
			r = bad_option(err, argc, argv, code,
				       "--help lists the options.");
		else
			r = parse_one(&options, code, err);
	}
	options.words = argv + optind;
	options.word_count = (size_t)(argc - optind);
	if (r == 0 && !options.help && !options.version)
		r = options.samples ? check_samples(&options, err)
				    : check_words(&options, err);
	if (r == 0)
		*ret_options = options;
	return r;
}

void options_print_help(void)
{
	fputs(help, stdout);
}

void options_print_version(void)
{
	puts("subctx-addresses " SUBCTX_VERSION);
}
