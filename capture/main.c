/*
 * main.c - subctx-capture: from a program to a core of it
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "common/standard_output.h"
#include "options.h"

static int exit_status(const struct error *err)
{
	switch (err->fault) {
	case FAULT_NONE:
		return 0;
	case FAULT_USAGE:
		return 2;
	case FAULT_UNSUPPORTED:
		return 3;
	case FAULT_SYSTEM:
	case FAULT_SERVICE:
	case FAULT_CORRUPT:
		break;
	}
	return 1;
}

/* A program that was interrupted ends by that signal, for its shell to see. */
static void end_by(int number)
{
	sigset_t all;

	signal(number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	kill(getpid(), number);
}

int main(int argc, char *argv[])
{
	struct options options = {0};
	struct error err = {0};

	if (options_parse(&options, argc, argv, &err) == 0) {
		if (options.help)
			options_print_help();
		else if (options.version)
			options_print_version();
		else
			capture_run(&options, &err);
	}
	options_deinit(&options);
	if (err.fault == FAULT_NONE)
		standard_output_flush(&err);
	if (err.fault != FAULT_NONE)
		error_print(&err, "subctx-capture");
	if (err.signal)
		end_by(err.signal);
	return exit_status(&err);
}
