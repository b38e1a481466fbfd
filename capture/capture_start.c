/*
 * capture_start.c - a service that is started, up to its exec
 */
#include "capture_start.h"

#include <stdlib.h>

#include "capture/ready/call_filter.h"
#include "capture/ready/watchpoints.h"
#include "capture/start/cpu_choice.h"
#include "capture/start/program.h"

int capture_start(struct capture *c, struct error *err)
{
	const struct options *options = c->options;
	struct sock_fprog filter = {0};
	struct program program;
	int r = launch_find(&c->launch, options->service_argv, err);
	const bool is_launched = c->launch.argv != NULL;

	if (r == 0)
		r = program_find(&program,
				 is_launched ? c->launch.path : c->service,
				 err);
	terminal_read(&c->terminal);
	if (r == 0 && options->cpu_level != CPU_LEVEL_NONE)
		r = cpu_choice_make(options->cpu_level, options->cpu_name,
				    &c->audit, err);
	c->level = options->cpu_level;
	if (r == 0 && !program.interpreter[0])
		r = watchpoints_check(&options->ready, program.binary, err);
	if (r == 0 && ready_may_be(&options->ready, CORE_READY_NOTIFY)) {
		r = notify_socket_open(&c->notify, err);
		if (r == 0)
			setenv("NOTIFY_SOCKET", c->notify.address, 1);
	}
	/* A filter cannot be taken off a service that is to live on. */
	if (r == 0 && !options->live_on)
		r = call_filter_make(&options->ready, options->explained,
				     &filter, err);
	if (r == 0 && filter.filter && c->origins.recorder.page)
		r = call_filter_except(&filter, c->origins.recorder.page, err);
	if (r == 0)
		r = tracee_spawn(
			&c->tracee,
			&(struct tracee_program){
				.path = program.path,
				.argv = is_launched ? c->launch.argv
						    : options->service_argv,
				.filter = filter.filter ? &filter : NULL,
			},
			err);
	call_filter_free(&filter);
	c->tracee.place = c->origins.recorder.scratch;
	if (r == 0 && !program.is_position_independent)
		audit_add(&c->audit, VERDICT_NOTED, "program",
			  "'%s' has fixed addresses (ET_EXEC)", program.binary);
	return r;
}
