/*
 * main.c - subctx-inspect: what is in a core
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/standard_output.h"
#include "flatten.h"
#include "inspection.h"
#include "options.h"
#include "print.h"
#include "verification.h"

enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

static void print_json(const json_t *object)
{
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* Everything, or, for people who only want to know that, whether it is whole. */
static void print(const struct options *options, const struct core *core,
		  const json_t *verification)
{
	const struct paper paper = paper_find();
	json_t *inspection;

	if (verification && !options->json) {
		print_verification(&paper, options->core_path, verification);
		return;
	}
	inspection =
		inspection_json(core, options->core_path, &options->places);
	if (verification)
		json_object_update(inspection, (json_t *)verification);
	if (options->json)
		print_json(inspection);
	else
		print_inspection(&paper, inspection);
	json_decref(inspection);
}

/* What is there is looked at, also when something else is missing. */
static void verify(const struct options *options, const struct core *core,
		   const int *fds, struct error *err)
{
	struct error unreadable = {0};
	json_t *verification = NULL;

	if (verification_make(core, fds, &verification, &unreadable) == 0) {
		print(options, core, verification);
		verification_judge(verification, &unreadable);
	}
	if (unreadable.fault != FAULT_NONE)
		*err = unreadable;
	json_decref(verification);
}

/* Damage is not to get digests that call it right. */
static void make_flat(const struct options *options, const struct core *core,
		      const int *fds, struct error *err)
{
	json_t *verification = NULL;

	if (flatten_check(core, fds, options->flat_path, err) < 0 ||
	    verification_make(core, fds, &verification, err) < 0)
		return;
	if (verification_judge(verification, err) == 0)
		flatten(core, fds, options->flat_path, err);
	else
		print(options, core, verification);
	json_decref(verification);
}

static void inspect(const struct options *options, struct error *err)
{
	const char *path = options->core_path;
	int *fds = NULL;
	struct core core;

	if (core_open(&core, path, err) < 0)
		return;
	if (options->verify || options->flat_path)
		sources_open(&core, path, &options->places, &fds, err);
	if (options->verify)
		verify(options, &core, fds, err);
	else if (!options->flat_path)
		print(options, &core, NULL);
	else if (err->fault == FAULT_NONE)
		make_flat(options, &core, fds, err);
	if (err->fault != FAULT_NONE && err->fault != FAULT_USAGE)
		error_context(err, "cannot use '%s'", path);
	sources_close(&core, fds);
	core_close(&core);
}

static int exit_status(const struct error *err)
{
	if (err->fault == FAULT_NONE)
		return EXIT_SUCCESS;
	return err->fault == FAULT_USAGE ? STATUS_USAGE : STATUS_FAILED;
}

/* Debug files are those of this machine: nobody waits for a server here. */
int main(int argc, char *argv[])
{
	struct options options;
	struct error err = {0};

	unsetenv("DEBUGINFOD_URLS");
	if (options_parse(&options, argc, argv, &err) == 0) {
		if (options.help)
			options_print_help();
		else if (options.version)
			options_print_version();
		else
			inspect(&options, &err);
	}
	if (err.fault == FAULT_NONE)
		standard_output_flush(&err);
	if (err.fault != FAULT_NONE)
		error_print(&err, "subctx-inspect");
	return exit_status(&err);
}
