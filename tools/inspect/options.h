/*
 * options.h - the command line of subctx-inspect, and its only usage text
 */
#ifndef INSPECT_OPTIONS_H
#define INSPECT_OPTIONS_H

#include <stdbool.h>

#include "common/error.h"
#include "restore/sources.h"

/*
 * @flat_path: where a copy that needs no other file is written, or NULL
 * @places: where files are that the core needs
 */
struct options {
	const char *core_path;
	const char *flat_path;
	struct source_places places;
	bool json;
	bool verify;
	bool help;
	bool version;
};

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err);

/* On standard output. */
void options_print_help(void);
void options_print_version(void);

#endif
