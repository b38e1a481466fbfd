/*
 * bad_option.c - what is wrong with an option that getopt_long(3) does not take
 */
#include "bad_option.h"

#include <getopt.h>
#include <string.h>

int bad_option(struct error *err, int argc, char *argv[], int code,
	       const char *hint)
{
	const char *word = optind <= argc ? argv[optind - 1] : "";

	if (code == ':')
		error_set(err, FAULT_USAGE, "option '%s' wants a value", word);
	else if (optopt && optopt < 256 && strncmp(word, "--", 2) != 0)
		error_set(err, FAULT_USAGE, "unknown option '-%c'", optopt);
	else if (optopt)
		error_set(err, FAULT_USAGE, "option '%s' takes no value", word);
	else
		error_set(err, FAULT_USAGE, "unknown option '%s'", word);
	error_hint(err, "%s", hint);
	return -err->code;
}
