/*
 * capture_from.c - a service that comes from a core, up to where it goes on
 */
#include "capture_from.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "capture/ready/call_filter.h"
#include "capture/start/arrival.h"
#include "capture/start/base_notes.h"
#include "capture/tracee/hidden.h"
#include "common/cleanup.h"
#include "common/io.h"

/* The vector that the restorer has told the kernel. */
static int take_auxv(struct capture *c, struct error *err)
{
	const struct core *core = &c->base.core;
	const size_t size = core->auxv_count * sizeof(*core->auxv);
	char *auxv = malloc(size);

	if (!auxv)
		return error_system(err, ENOMEM, "cannot keep the vector");
	memcpy(auxv, core->auxv, size);
	free(c->auxv);
	c->auxv = auxv;
	c->auxv_size = size;
	return 0;
}

static int spawn(struct capture *c, struct error *err)
{
	const struct options *options = c->options;
	struct sock_fprog filter = {0};
	int r = 0;

	/* As for a program: none where it is to live on. */
	if (!options->live_on)
		r = call_filter_make(&options->ready, options->explained,
				     &filter, err);
	if (r == 0 && filter.filter)
		r = call_filter_add(&filter, SYS_rt_sigreturn, err);
	if (r == 0 && filter.filter && c->origins.recorder.page)
		r = call_filter_except(&filter, c->origins.recorder.page, err);
	if (r == 0)
		r = tracee_spawn(
			&c->tracee,
			&(struct tracee_program){
				.path = c->base.restorer,
				.argv = c->base.argv,
				.filter = filter.filter ? &filter : NULL,
				.handed_on = c->base.inherited,
				.handed_on_count = c->base.inherited_count,
			},
			err);
	call_filter_free(&filter);
	c->tracee.place = c->origins.recorder.scratch;
	return r;
}

/* For as long as it is looked at. */
static int show(struct capture *c, struct error *err)
{
	int r;

	if (!hidden_is(&c->tracee))
		return 0;
	r = hidden_show(&c->tracee, c->tracee.pid, capture_vdso(c),
			&c->dumpable, err);
	c->is_shown = r == 0;
	return r;
}

int capture_from_go_on(void *context, struct error *err)
{
	struct capture *c = context;

	if (!c->is_shown)
		return 0;
	c->is_shown = false;
	return hidden_hide(&c->tracee, c->tracee.pid, capture_vdso(c), err);
}

/* Among other ready points one that cannot come is none. */
static int listen_again(struct capture *c, struct error *err)
{
	const struct ready *ready = &c->options->ready;
	const bool is_alone = ready->kinds == (uint32_t)1 << CORE_READY_NOTIFY;
	cleanup_heap char *environment = NULL;
	struct error ignored = {0};
	size_t size = 0;
	int r;

	if (!ready_may_be(ready, CORE_READY_NOTIFY))
		return 0;
	io_read_filef(&environment, &size, "/proc/%d/environ", c->tracee.pid);
	r = notify_socket_open_again(&c->notify, environment, size,
				     is_alone ? err : &ignored);
	if (r == 0 || !is_alone)
		return 0;
	error_context(err, "cannot hear '%s' say READY=1", c->service);
	if (err->code == EADDRINUSE)
		error_hint(err, "Another layer of it is captured right now, or "
				"its base runs.");
	else
		error_hint(err, "Capture its base with --ready=default or "
				"--ready=notify.");
	return r;
}

int capture_from(struct capture *c, const struct ready_wait *wait,
		 struct error *err)
{
	const struct options *options = c->options;
	int r = base_open(&c->base, options->base_path, &options->places,
			  options->service_argv, options->core_path, err);

	terminal_read(&c->terminal);
	if (r == 0)
		r = spawn(c, err);
	if (r == 0)
		r = arrival_await(wait, &c->tracee, err);
	if (r == 0)
		r = take_auxv(c, err);
	if (r == 0)
		r = show(c, err);
	if (r == 0)
		r = repeats_find(&c->repeats, &options->ready, &c->tracee, err);
	if (r == 0)
		r = listen_again(c, err);
	if (r < 0)
		return r;
	c->level = c->base.level;
	origins_restored(&c->origins, &c->tracee, options->base_path);
	base_notes_take(c->base.core.fd, &c->audit);
	return 0;
}
