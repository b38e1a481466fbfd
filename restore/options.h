/*
 * options.h - the command line of subctx-restore, and its only usage text
 */
#ifndef RESTORE_OPTIONS_H
#define RESTORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "sources.h"

enum {
	OPTIONS_INHERITED_MAX = 64,
};

/*
 * @inherited: descriptors that are the caller's
 * @places: where files are of which the core has no copy
 * @argc, @argv: what stands behind "--", for the service
 */
struct options {
	const char *core_path;
	int inherited[OPTIONS_INHERITED_MAX];
	size_t inherited_count;
	struct source_places places;
	bool dry_run;
	bool stop;
	bool record;
	bool populate;
	bool huge_pages;
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
