/*
 * options.h - the command line of subctx-addresses, and its only usage text
 */
#ifndef ADDRESSES_OPTIONS_H
#define ADDRESSES_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/*
 * @words: what is compared, two or more; or the one program that is started
 *	@samples times
 * @samples: 0 to compare
 * @svg_path: of the picture, or NULL
 */
struct options {
	char **words;
	size_t word_count;
	size_t samples;
	const char *svg_path;
	bool json;
	bool help;
	bool version;
};

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err);

/* On standard output. */
void options_print_help(void);
void options_print_version(void);

#endif
