/*
 * options.h - the command line of subctx-capture, and its only usage text
 */
#ifndef CAPTURE_OPTIONS_H
#define CAPTURE_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/files/policy.h"
#include "capture/ready/ready.h"
#include "common/cpu.h"
#include "common/error.h"
#include "common/source_places.h"

/*
 * @core_path: as given, or made of the program's name
 * @pid: of a process that runs already, or 0
 * @base_path: of the core that the service is restored from, or NULL
 * @places: where the files are that this core has no copy of
 * @service_argv: NULL with @pid; with @base_path what it is restored with
 * @cpu_level, @cpu_name: for what it is to choose its code
 * @policy: what becomes of descriptors; options_deinit() releases it
 * @settle_ms: how long threads besides the one that is ready may take to rest
 * @explained: the descriptor whose story is told, or -1
 * @audit_only: nothing is captured
 * @live_on: it goes on after its capture
 * @thin: pages that files have are left out
 * @json: the report is; @json_path: where, or NULL for standard output
 * @remap: it is mapped onto the core then
 */
struct options {
	char core_path[PATH_MAX];
	struct ready ready;
	struct policy policy;
	pid_t pid;
	const char *base_path;
	struct source_places places;
	char **service_argv;
	uint64_t timeout_ms;
	uint64_t settle_ms;
	enum cpu_level cpu_level;
	const char *cpu_name;
	int explained;
	bool live_on;
	bool thin;
	bool remap;
	bool audit_only;
	bool json;
	const char *json_path;
	bool quiet;
	bool verbose;
	bool help;
	bool version;
};

int options_parse(struct options *ret_options, int argc, char *argv[],
		  struct error *err);

void options_deinit(struct options *options);

/* On standard output. */
void options_print_help(void);
void options_print_version(void);

#endif
