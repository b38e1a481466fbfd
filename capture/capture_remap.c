/*
 * capture_remap.c - the service of this capture is mapped onto its core
 */
#include <signal.h>

#include "capture_look.h"

/* What is not whole must not go on. */
int capture_remap(struct capture *c, struct error *err)
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
	int r = remap_onto(&c->remapping, &service, c->options->core_path, err);

	if (r == 0)
		return 0;
	tracee_kill(&c->tracee);
	c->is_shown = false;
	error_hint(err, "It was ended. The core is whole: restore it.");
	return r;
}
