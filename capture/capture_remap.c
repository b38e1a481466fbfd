/*
 * capture_remap.c - a core gets its name, and its service is mapped onto it
 */
#include <signal.h>

#include "capture_look.h"

/* What is not whole must not go on. */
static int remap(struct capture *c, const char *core, struct error *err)
{
	const struct self_report *self = &c->at_ready.self;
	const struct remap_service service = {
		.tracee = &c->tracee,
		.tid = c->tid,
		.vdso = capture_vdso(c),
		.trap = self->signals[SIGTRAP - 1],
		.locks_future = self->lock_future != 0,
		.dropper = c->dropper,
	};
	int r = remap_onto(&c->remapping, &service, core, err);

	if (r == 0)
		return 0;
	tracee_kill(&c->tracee);
	c->is_shown = false;
	error_hint(err, "It was ended. The core is whole: restore it.");
	return r;
}

/*
 * The service is let go before the core replaces an older one, which may take
 * long.  What was not left whole has its core all the same.
 */
int capture_name_core(struct capture *c, struct output *output,
		      struct error *err)
{
	struct error lost = {0};
	int r = 0;

	if (c->options->remap) {
		r = output_name(output, err);
		if (r < 0)
			return r;
		r = remap(c, output->temporary, &lost);
		if (r == 0)
			capture_go_on(c);
	}
	if (output_commit(output, err) < 0)
		return -err->code;
	if (r < 0)
		*err = lost;
	return r;
}
