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
#include "files.h"
#include "fitness.h"
#include "handover.h"
#include "numbers.h"
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

	/* For a single call the vdso costs more than the call: two pages. */
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
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

/* What is behind mappings, and the descriptors if they are to be made. */
static int open_files(struct core *core, const struct options *options,
		      struct inherited *inherited, struct files *files,
		      int **ret_shared_fds, struct error *err)
{
	int r;

	if (options->dry_run)
		return backing_open(core, NULL, ret_shared_fds, err);
	r = files_prepare(files, core, err);
	if (r == 0)
		r = inherited_find(inherited, core, options->inherited,
				   options->inherited_count, err);
	if (r == 0)
		r = files_make(files, inherited, err);
	if (r == 0)
		r = backing_open(core, files, ret_shared_fds, err);
	for (size_t i = 0; r == 0 && *ret_shared_fds && i < core->mapping_count;
	     i++)
		r = numbers_lift(*ret_shared_fds + i, files->lowest, err);
	if (r < 0)
		files_undo(files);
	return r;
}

/* Nothing but the kernel can refuse any more. */
static void become(const struct options *options, const struct core *core,
		   struct files *files, const struct plan *plan,
		   struct error *err)
{
	if (self_files_write(core, err) == 0 &&
	    (!options->stop || ready_stop_arm(err) == 0) &&
	    files_place(files, err) == 0)
		handover_run(plan, err);
	files_undo(files);
}

/* Comes back only when there is nothing to become. */
static int restore(const struct options *options, struct error *err)
{
	struct core core = {.fd = -1};
	struct vdso_plan vdso = {0};
	struct frame_layout layout = {0};
	struct inherited inherited = {0};
	struct files files = {0};
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
	    open_files(&core, options, &inherited, &files, &shared_fds, err) <
		    0 ||
	    vdso_plan_make(&vdso, &core, err) < 0) {
		error_context(err, "cannot restore '%s'", options->core_path);
		return STATUS_FAILED;
	}
	input.shared_fds = shared_fds;
	input.has_timer_ids =
		core.timer_count > 0 && plan_can_choose_timer_ids();
	note_surprises(core.image, input.pid);
	if (handover_map(&core, plan_region_size(&input), &region, err) < 0 ||
	    plan_make(&plan, &input, region, (uintptr_t)region, err) < 0) {
		files_undo(&files);
		return STATUS_FAILED;
	}
	if (options->dry_run) {
		plan_print(&core, &plan);
		return EXIT_SUCCESS;
	}
	become(options, &core, &files, &plan, err);
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
