/*
 * capture_launch.c - a service library, up to where it is about to be loaded
 */
#include "capture_launch.h"

#include <stdlib.h>

#include "capture/start/library.h"

/* The ready point of the launcher, whatever that of the service is. */
static int await_marker(struct capture *c, const struct ready_wait *wait,
			struct error *err)
{
	struct ready marker = {0};
	struct ready_wait before = *wait;
	int r = ready_parse(&marker, "marker", err);

	before.ready = &marker;
	before.settle_ms = 0;
	before.go_on = NULL;
	if (r == 0)
		r = ready_wait(&before, &c->tracee, &c->ready, &c->tid, err);
	if (r == 0)
		r = tracee_unwatch(&c->tracee, err);
	return r;
}

static int look(struct capture *c, struct error *err)
{
	return launch_look(&c->launch, &c->tracee, c->tracee.pid,
			   &c->origins.recorder, err);
}

/*
 * What is restored may be another program, to which a library is a file.  A word
 * that is no library, or nothing at all, is for a launcher to refuse.
 */
static int look_at_base(struct capture *c, struct error *err)
{
	const char *library = c->options->service_argv[0];
	struct error refusal = {0};
	bool is_library = false;
	int refused, r;

	if (!library)
		return 0;
	refused = library_find(library, &is_library, &refusal);
	r = is_library
		    ? look(c, err)
		    : launch_watch(&c->launch, &c->tracee, c->tracee.pid, err);
	if (r < 0 || !c->launch.loads)
		return r;
	c->service = library;
	if (refused < 0)
		*err = refusal;
	return refused;
}

int capture_launch(struct capture *c, const struct ready_wait *wait,
		   struct error *err)
{
	int r;

	if (c->options->base_path)
		return look_at_base(c, err);
	if (!c->launch.argv)
		return 0;
	r = await_marker(c, wait, err);
	if (r == 0)
		r = look(c, err);
	if (r == 0 && c->launch.failed == 0)
		r = error_set(err, FAULT_SERVICE,
			      "cannot load '%s': '%s' is not the launcher that "
			      "belongs to subctx-capture",
			      c->service, c->launch.path);
	return r;
}

int capture_compare_launch(struct capture *c, struct error *err)
{
	char library[PATH_MAX];
	const struct additions_input input = {
		.library = realpath(c->service, library) ? library : "",
		.before = &c->launch.before,
		.after = &c->mappings,
		.kept = &c->launch.kept,
		.tracee = &c->tracee,
	};
	int r;

	if (!c->launch.loads)
		return 0;
	r = additions_find(&c->additions, &input, err);
	additions_report(&c->additions, &c->audit);
	return r;
}
