/*
 * options.c - the command line of subctx-inspect, and its only usage text
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>

#include "common/bad_option.h"

enum option_value {
	OPTION_JSON = 256,
	OPTION_VERIFY,
	OPTION_FLATTEN,
	OPTION_BASE,
	OPTION_FILE,
};

static const struct option long_options[] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"verify", no_argument, NULL, OPTION_VERIFY},
	{"flatten", required_argument, NULL, OPTION_FLATTEN},
	{"base", required_argument, NULL, OPTION_BASE},
	{"file", required_argument, NULL, OPTION_FILE},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static const char help[] =
	"Usage: subctx-inspect [OPTION]... CORE\n"
	"Shows what is in a core that subctx-capture has written: the service, when\n"
	"and where it was captured, its memory, its threads and what they were at,\n"
	"its descriptors and who opened them, and whether this machine can run it.\n"
	"\n"
	"      --json          print all of that as one JSON object\n"
	"      --verify        say whether the memory in it, and in the cores that it\n"
	"                      needs, is what was captured\n"
	"      --flatten=FILE  write it to FILE with all that it needs of other files:\n"
	"                      of a thin core or a layer, one that needs none\n"
	"      --base=FILE     a base of CORE, where it has another place than it had\n"
	"      --file=OLD=NEW  the file OLD that CORE has no copy of is NEW now\n"
	"  -h, --help          print this\n"
	"  -V, --version       print the version\n"
	"\n"
	"Exit status: 0, or 1 when the core cannot be read or is damaged, or 2 when\n"
	"the command line makes no sense.\n"
	"\n"
	"Example:  subctx-inspect bc.core\n";

static int take_option(struct options *options, int code, struct error *err)
{
	switch (code) {
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_VERIFY:
		options->verify = true;
		break;
	case OPTION_FLATTEN:
		options->flat_path = optarg;
		break;
	case OPTION_BASE:
		return source_places_take_base(&options->places, optarg, err);
	case OPTION_FILE:
		return source_places_take_file(&options->places, optarg, err);
	case 'h':
		options->help = true;
		break;
	default:
		options->version = true;
	}
	return 0;
}

static int take_core(struct options *options, int argc, char *argv[],
		     struct error *err)
{
	if (argc > 1)
		return error_set(err, FAULT_USAGE, "unexpected argument '%s'",
				 argv[1]);
	options->core_path = argv[0];
	if (options->core_path || options->help || options->version)
		return 0;
	error_set(err, FAULT_USAGE, "there is no core to look into");
	error_hint(err, "Name one that subctx-capture has written: "
			"subctx-inspect svc.core");
	return -err->code;
}

/* What is flat has nothing to print. */
static int check_together(const struct options *options, struct error *err)
{
	if (!options->flat_path || !(options->json || options->verify))
		return 0;
	error_set(err, FAULT_USAGE, "--flatten and %s exclude each other",
		  options->json ? "--json" : "--verify");
	error_hint(err, "--flatten prints only damage, for which it looks "
			"before it writes.");
	return -err->code;
}

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err)
{
	struct options options = {0};
	int code;
	int r;

	opterr = 0;
	while ((code = getopt_long(argc, argv, ":hV", long_options, NULL)) !=
	       -1) {
		if (code == '?' || code == ':')
			return bad_option(err, argc, argv, code,
					  "--help lists the options.");
		r = take_option(&options, code, err);
		if (r < 0)
			return r;
	}
	r = take_core(&options, argc - optind, argv + optind, err);
	if (r == 0)
		r = check_together(&options, err);
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
	puts("subctx-inspect " SUBCTX_VERSION);
}
