/*
 * options.h - the command line of subctx-restore, and its only usage text
 */
#ifndef RESTORE_OPTIONS_H
#define RESTORE_OPTIONS_H

#include <stdbool.h>

#include "common/error.h"

/* @argc, @argv: what stands behind "--", for the service */
struct options {
	const char *core_path;
	bool dry_run;
	bool stop;
	bool help;
	bool version;
	int argc;
	char **argv;
};

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err);

/* On standard output. */
void options_print_help(void);
void options_print_version(void);

#endif
