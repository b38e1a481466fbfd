/*
 * main.c - subctx-restore: from a core to the service
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backing.h"
#include "common/core_reader.h"
#include "fitness.h"
#include "handover.h"
#include "options.h"
#include "plan.h"
#include "ready_stop.h"
#include "self_files.h"
#include "vdso.h"

enum {
	/* As timeout(1) and env(1): the wrapper failed, not what it wraps. */
	STATUS_FAILED = 125,
};

static uint64_t blocked_signals(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, sizeof(mask));
	return mask;
}

/*
 * What comes back right, but to another world than the one it was made in.
 * Generators of random numbers reseed when they see another process id; in
 * containers, where every run gets the same, they see none.
 */
static void note_surprises(const struct core_image *image, uint32_t pid)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (image->pid == pid)
		fprintf(stderr,
			"subctx-restore: note: the process id is that of the "
			"capture, %u; random numbers may repeat\n",
			pid);
	if ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec <
	    image->monotonic_ns)
		fprintf(stderr,
			"subctx-restore: note: CLOCK_MONOTONIC is behind that "
			"of the capture; times that the service kept lie in "
			"the future\n");
}

/* Comes back only when there is nothing to become. */
static int restore(const struct options *options, struct error *err)
{
	struct core core = {.fd = -1};
	struct vdso_plan vdso = {0};
	struct frame_layout layout = {0};
	int *shared_fds = NULL;
	struct plan_input input = {
		.core = &core,
		.argc = options->argc,
		.argv = options->argv,
		.pid = (uint32_t)getpid(),
		.mask = blocked_signals(),
		.vdso = &vdso,
		.layout = &layout,
	};
	unsigned char *region;
	struct plan plan;

	if (core_open(&core, options->core_path, err) < 0)
		return STATUS_FAILED;
	if (fitness_check(&core, &layout, err) < 0 ||
	    backing_open(&core, &shared_fds, err) < 0 ||
	    vdso_plan_make(&vdso, &core, err) < 0) {
		error_context(err, "cannot restore '%s'", options->core_path);
		return STATUS_FAILED;
	}
	input.shared_fds = shared_fds;
	input.has_timer_ids =
		core.timer_count > 0 && plan_can_choose_timer_ids();
	note_surprises(core.image, input.pid);
	if (handover_map(&core, plan_region_size(&input), &region, err) < 0 ||
	    plan_make(&plan, &input, region, (uintptr_t)region, err) < 0)
		return STATUS_FAILED;
	if (options->dry_run) {
		plan_print(&plan);
		return EXIT_SUCCESS;
	}
	if (self_files_write(&core, err) == 0 &&
	    (!options->stop || ready_stop_arm(err) == 0))
		handover_run(&plan, err);
	return STATUS_FAILED;
}

int main(int argc, char *argv[])
{
	struct options options;
	struct error err = {0};
	int status = STATUS_FAILED;

	if (options_parse(&options, argc, argv, &err) == 0) {
		status = EXIT_SUCCESS;
		if (options.help)
			options_print_help();
		else if (options.version)
			options_print_version();
		else
			status = restore(&options, &err);
	}
	if (err.fault != FAULT_NONE)
		error_print(&err, "subctx-restore");
	return status;
}
