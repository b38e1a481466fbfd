/*
 * main.c - subctx-restore: from a core to the service
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backing.h"
#include "common/auxv.h"
#include "common/core_reader.h"
#include "common/standard_output.h"
#include "files.h"
#include "fitness.h"
#include "handover.h"
#include "numbers.h"
#include "options.h"
#include "plan.h"
#include "ready_stop.h"
#include "record.h"
#include "self_files.h"
#include "sources.h"
#include "vdso.h"
#include "working_set.h"

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

/* libc has them in its memory, too, and getauxval(3) on the stack. */
static void note_ids(const struct core *core)
{
	static const unsigned long types[] = {AT_UID, AT_GID, AT_EUID, AT_EGID,
					      AT_SECURE};
	const size_t size = core->auxv_count * sizeof(*core->auxv);
	bool differs = false;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		differs |= auxv_find((const char *)core->auxv, size,
				     types[i]) != getauxval(types[i]);
	if (differs)
		fprintf(stderr,
			"subctx-restore: note: user and group are %lu and %lu, "
			"those of the capture %llu and %llu; what the service "
			"has kept of its ids is of the capture\n",
			getauxval(AT_UID), getauxval(AT_GID),
			(unsigned long long)auxv_find((const char *)core->auxv,
						      size, AT_UID),
			(unsigned long long)auxv_find((const char *)core->auxv,
						      size, AT_GID));
}

/*
 * What comes back right, but to another world than the one it was made in.
 * Generators of random numbers reseed when they see another process id; in
 * containers, where every run gets the same, they see none.
 */
static void note_surprises(const struct core *core, uint32_t pid)
{
	const struct core_image *image = core->image;
	struct timespec now;

	note_ids(core);

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

/* What is found out, one thing after the other, on the way to a plan. */
struct restore {
	const struct options *options;
	struct core core;
	struct record record;
	struct working_set set;
	struct frame_layout layout;
	struct inherited inherited;
	struct files files;
	int *shared_fds;
	int *source_fds;
	struct vdso_plan vdso;
	struct plan plan;
};

/* Somebody else carries the plan out, or nobody. */
static bool is_only_planned(const struct restore *r)
{
	return r->options->dry_run || r->record.child > 0;
}

/* What has been recorded does not count while it is recorded anew. */
static int open_core(struct restore *r, struct error *err)
{
	const char *path = r->options->core_path;

	if (core_open(&r->core, path, err) < 0)
		return -err->code;
	if (r->options->record)
		return record_start(&r->record, &r->core, path, err);
	working_set_read(&r->set, &r->core);
	return 0;
}

static int open_sources(struct restore *r, struct error *err)
{
	const struct options *options = r->options;

	if (sources_open(&r->core, options->core_path, &options->places,
			 &r->source_fds, err) < 0)
		return -err->code;
	return sources_check_mounts(&r->core, r->source_fds, err);
}

/* What is behind mappings, and the descriptors if they are to be made. */
static int open_files(struct restore *r, struct error *err)
{
	const struct options *options = r->options;
	struct core *core = &r->core;
	int failed;

	if (is_only_planned(r))
		return open_sources(r, err) < 0
			       ? -err->code
			       : backing_open(core, NULL, &r->shared_fds, err);
	failed = files_prepare(&r->files, core, err);
	if (!failed)
		failed = open_sources(r, err);
	if (!failed)
		failed = inherited_find(&r->inherited, core, options->inherited,
					options->inherited_count, err);
	if (!failed)
		failed = files_make(&r->files, &r->inherited, err);
	if (!failed)
		failed = backing_open(core, &r->files, &r->shared_fds, err);
	for (size_t i = 0; !failed && r->shared_fds && i < core->mapping_count;
	     i++)
		failed = numbers_lift(r->shared_fds + i, r->files.lowest, err);
	for (size_t i = 0; !failed && i < core->source_count; i++)
		failed = numbers_lift(r->source_fds + i, r->files.lowest, err);
	if (failed)
		files_undo(&r->files);
	return failed;
}

static int prepare(struct restore *r, struct error *err)
{
	if (fitness_check(&r->core, &r->layout, err) == 0 &&
	    open_files(r, err) == 0 &&
	    vdso_plan_make(&r->vdso, &r->core, err) == 0)
		return 0;
	return error_context(err, "cannot restore '%s'", r->options->core_path);
}

static int make_plan(struct restore *r, struct error *err)
{
	const struct plan_input input = {
		.core = &r->core,
		.argc = r->options->argc,
		.argv = r->options->argv,
		.shared_fds = r->shared_fds,
		.source_fds = r->source_fds,
		.pid = (uint32_t)getpid(),
		.user = (uint32_t)getauxval(AT_UID),
		.mask = blocked_signals(),
		.vdso = &r->vdso,
		.layout = &r->layout,
		.has_timer_ids =
			r->core.timer_count > 0 && plan_can_choose_timer_ids(),
		.touched = r->set.items,
		.touched_count = r->set.count,
		.populate = r->options->populate,
		.huge_pages = r->options->huge_pages,
	};
	unsigned char *region;

	if (r->record.child == 0)
		note_surprises(&r->core, input.pid);
	if (handover_map(&r->core, plan_region_size(&input), &region, err) ==
		    0 &&
	    plan_make(&r->plan, &input, region, (uintptr_t)region, err) == 0)
		return 0;
	files_undo(&r->files);
	return -err->code;
}

/* Nothing but the kernel can refuse any more. */
static void become(struct restore *r, struct error *err)
{
	if (self_files_write(&r->core, err) == 0 &&
	    (!r->options->stop || ready_stop_arm(err) == 0) &&
	    files_place(&r->files, err) == 0)
		handover_run(&r->plan, err);
	files_undo(&r->files);
}

static int record(struct restore *r, struct error *err)
{
	struct recorded recorded = {.status = STATUS_FAILED};

	if (record_watch(&r->record, &r->core, &r->plan, &recorded, err) == 0 &&
	    recorded.ranges > 0)
		fprintf(stderr,
			"subctx-restore: recorded %llu pages in %zu ranges in "
			"'%s'\n",
			(unsigned long long)recorded.pages, recorded.ranges,
			r->options->core_path);
	return recorded.status;
}

/* Comes back only when there is nothing to become. */
static int restore(const struct options *options, struct error *err)
{
	struct restore r = {.options = options, .core.fd = -1};

	if (open_core(&r, err) < 0 || prepare(&r, err) < 0 ||
	    make_plan(&r, err) < 0)
		return STATUS_FAILED;
	if (r.record.child > 0)
		return record(&r, err);
	if (options->dry_run) {
		plan_print(&r.core, &r.plan);
		return EXIT_SUCCESS;
	}
	become(&r, err);
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
	if (err.fault == FAULT_NONE && standard_output_flush(&err) < 0)
		status = STATUS_FAILED;
	if (err.fault != FAULT_NONE)
		error_print(&err, "subctx-restore");
	return status;
}
