/*
 * capture.c - one capture, from its options to its core
 */
#include "capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/core/output.h"
#include "capture/files/file_audit.h"
#include "capture/memory/page_dropper.h"
#include "capture/memory/probes.h"
#include "capture/memory/thin.h"
#include "capture/ready/ready_wait.h"
#include "capture/start/base_changes.h"
#include "capture/state/process_audit.h"
#include "capture/state/terminal.h"
#include "capture/state/witness.h"
#include "capture/tracee/attach.h"
#include "capture/tracee/hidden.h"
#include "capture_from.h"
#include "capture_launch.h"
#include "capture_look.h"
#include "capture_start.h"
#include "clock.h"
#include "common/cleanup.h"
#include "prefault.h"
#include "progress.h"
#include "report.h"

/* Of the heap, until there is a service, and from then on. */
enum {
	USED_TO_START = 128 << 10,
	USED_TO_CAPTURE = 640 << 10,
};

/* As it was: hidden if it was, and on its way. */
static void release(struct capture *c)
{
	struct error ignored = {0};

	if (c->is_shown)
		hidden_hide(&c->tracee, c->tid, capture_vdso(c), &ignored);
	c->is_shown = false;
	tracee_detach(&c->tracee);
}

static void capture_deinit(struct capture *c, bool is_done)
{
	/*
	 * What was not started here lives on after a failure.  What was, and has
	 * been let go, is a child of ours like any other.
	 */
	bool lives_on = is_done ? c->options->live_on : c->options->pid != 0;

	stand_in_end(&c->stand_in);
	if (lives_on)
		release(c);
	else
		tracee_kill(&c->tracee);
	if (!lives_on)
		terminal_reset(&c->terminal);
	notify_socket_close(&c->notify);
	report_file_close(&c->report_file);
	base_close(&c->base);
	launch_deinit(&c->launch);
	additions_deinit(&c->additions);
	repeats_deinit(&c->repeats);
	mapping_list_deinit(&c->mappings);
	contents_deinit(&c->contents);
	changes_deinit(&c->changes);
	threads_deinit(&c->threads);
	pending_deinit(&c->pending);
	timers_deinit(&c->timers);
	carried_deinit(&c->carried);
	witness_deinit(&c->witness);
	origins_deinit(&c->origins);
	audit_deinit(&c->audit);
	for (size_t i = 0; i < c->story_count; i++)
		blame_free(c->story[i]);
	free(c->story);
	free(c->auxv);
}

/* Of a process that runs already nobody knows with what it was started. */
static int seize(struct capture *c, struct error *err)
{
	int r = attach_check(c->options->pid, err);

	c->stopped_ms = clock_now_ms();
	if (r == 0)
		r = tracee_attach(&c->tracee, c->options->pid, err);
	if (r == 0)
		r = capture_read_auxv(c, err);
	if (r == 0)
		r = process_state_ours(&c->at_exec, err);
	return r;
}

/* Why calls were not seen, or NULL. */
static const char *unseen_calls(const struct capture *c)
{
	if (c->tracee.attached)
		return "the service ran before it was attached to";
	if (!c->tracee.filtered && !ready_wait_sees_calls(&c->options->ready))
		return "with --leave-running and this ready point no calls "
		       "are stopped";
	return NULL;
}

static struct blamer make_blamer(struct capture *c)
{
	return (struct blamer){
		.origins = &c->origins,
		.tracee = &c->tracee,
		.unseen = unseen_calls(c),
	};
}

static void before_exec(void *context)
{
	struct capture *c = context;
	const struct blamer blamer = make_blamer(c);

	origins_collect(&c->origins, &c->tracee);
	blame_before_exec(&blamer);
}

/* A filter of its own may kill whoever makes a call. */
static int show(struct capture *c, struct error *err)
{
	struct audit sandbox = {0};
	bool is_sandboxed;
	int r;

	if (!hidden_is(&c->tracee))
		return 0;
	is_sandboxed = threads_are_sandboxed(
		&c->tracee, &c->at_exec.surroundings, &sandbox);
	audit_deinit(&sandbox);
	if (is_sandboxed) {
		error_set(err, FAULT_UNSUPPORTED,
			  "the service has made itself undumpable and confined "
			  "itself with seccomp");
		error_hint(err, "Let it do so after the ready point.");
		return -err->code;
	}
	r = hidden_show(&c->tracee, c->tid, capture_vdso(c), &c->dumpable, err);
	c->is_shown = r == 0;
	return r;
}

static struct ready_wait make_wait(struct capture *c)
{
	return (struct ready_wait){
		.ready = &c->options->ready,
		.service = c->service,
		.timeout_ms = c->options->timeout_ms,
		.settle_ms = c->options->settle_ms,
		.notify = &c->notify,
		.witness = &c->witness,
		.origins = &c->origins,
		.go_on = c->options->base_path || c->launch.failed
				 ? capture_from_go_on
				 : NULL,
		.launch = &c->launch,
		.repeats = &c->repeats,
		.before_exec = before_exec,
		.on_exec = capture_look_at_exec,
		.context = c,
	};
}

/* From nothing to where it can go on. */
static int begin(struct capture *c, struct error *err)
{
	const struct ready_wait wait = make_wait(c);
	int r;

	if (c->options->pid)
		return seize(c, err);
	r = c->options->base_path ? capture_from(c, &wait, err)
				  : capture_start(c, err);
	if (r == 0)
		r = capture_launch(c, &wait, err);
	return r;
}

static int run_to_ready(struct capture *c, struct error *err)
{
	const struct ready_wait wait = make_wait(c);
	int r = ready_wait(&wait, &c->tracee, &c->ready, &c->tid, err);

	if (c->ready != CORE_READY_NOW)
		c->stopped_ms = clock_now_ms();
	if (r == 0)
		r = tracee_freeze(&c->tracee, err);
	if (r == 0)
		r = show(c, err);
	if (r == 0)
		origins_freeze(&c->origins, &c->tracee);
	if (r == 0)
		r = tracee_unwatch(&c->tracee, err);
	if (r == 0)
		r = recorder_leave(&c->origins.recorder, &c->tracee, err);
	origins_collect(&c->origins, &c->tracee);
	return r;
}

static void note_dropper(struct capture *c)
{
	page_dropper_find(&c->mappings, c->dropper, sizeof(c->dropper));
	if (c->dropper[0])
		audit_add(&c->audit, VERDICT_RESTORED, "memory",
			  "copied at restore, because %s may drop pages",
			  c->dropper);
}

/* What can be seen without the help of the service. */
static int audit_outside(struct capture *c, struct error *err)
{
	struct tracee *t = &c->tracee;
	const struct file_audit files = {
		.pid = t->pid,
		.is_started = !t->attached,
		.policy = &c->options->policy,
		.carried = &c->carried,
		.audit = &c->audit,
	};
	int r = process_audit(t, c->at_ready.self.has_dependents, &c->audit,
			      err);

	c->carried.watched = &c->witness.watched;
	c->carried.may_have_joined =
		c->witness.joined_group || unseen_calls(c) != NULL;
	c->carried.is_unseen = unseen_calls(c) != NULL;
	c->carried.may_notify = c->witness.notifies;

	if (r == 0)
		r = file_audit_make(&files, err);
	witness_report(&c->witness, !t->attached && t->filtered, t, &c->audit);
	if (origins_find(&c->origins, RESOURCE_RANDOMNESS, RANDOM_DEVICE)) {
		audit_add(&c->audit, VERDICT_NOTED, "randomness",
			  "/dev/urandom or /dev/random was opened; all "
			  "restores share what was made of it");
		audit_identify(&c->audit, RESOURCE_RANDOMNESS, RANDOM_DEVICE);
	}
	note_dropper(c);
	if (r == 0)
		r = contents_decide(&c->contents, &c->mappings, t,
				    c->dropper[0] ? CORE_MAP_COPY : 0,
				    &c->audit, err);
	if (r == 0)
		r = probes_audit(&c->contents, t, &c->audit, err);
	if (r == 0)
		r = capture_compare_launch(c, err);
	if (r == 0 && c->options->thin)
		r = thin_decide(&c->contents,
				&(struct thin_service){
					.tracee = t,
					.threads = &c->threads,
					.auxv = c->auxv,
					.auxv_size = c->auxv_size,
					.base = c->options->base_path,
					.places = &c->options->places,
					.replaced = c->options->core_path,
				},
				err);
	return r;
}

/*
 * A service that has confined itself is not asked, as a filter may kill whoever
 * makes a call that it does not expect, and refused for it.
 */
static int audit(struct capture *c, struct error *err)
{
	struct tracee *t = &c->tracee;
	int r;

	if (threads_are_sandboxed(t, &c->at_exec.surroundings, &c->audit)) {
		r = capture_read_mappings(c, err);
	} else {
		r = capture_look(c, err);
		if (r < 0)
			return r;
		if (c->options->base_path)
			base_changes_take(&c->base.core, &c->threads,
					  &c->changes);
		c->witness.wants_barriers |= unseen_calls(c) != NULL;
		terminal_compare(&c->terminal_at_exec,
				 threads_find(&c->threads, t->pid), &c->audit,
				 &c->changes);
		r = process_state_compare(&c->at_exec, &c->at_ready,
					  &c->threads, &c->witness, &c->audit,
					  &c->changes, err);
	}
	if (r == 0)
		r = audit_outside(c, err);
	return r;
}

static void blame(struct capture *c)
{
	const struct blamer blamer = make_blamer(c);

	blame_audit(&blamer, &c->audit,
		    c->options->verbose || c->options->json ||
			    c->options->audit_only);
	if (c->options->explained >= 0)
		blame_story(&blamer, &c->story, &c->story_count);
}

static struct report make_report(const struct capture *c)
{
	return (struct report){
		.audit = &c->audit,
		.additions = &c->additions,
		.service = c->service,
		.pid = c->tracee.pid,
		.ready = c->ready,
		.totals.mapping_count = c->contents.count,
		.thread_count = c->threads.count,
		.dropper = c->dropper,
		.explained = c->options->explained,
		.story = c->story,
		.story_count = c->story_count,
		.story_lost = c->origins.story_lost,
		.unseen = unseen_calls(c),
	};
}

void capture_go_on(struct capture *c)
{
	release(c);
	c->stood_ms = clock_now_ms() - c->stopped_ms;
}

/* What is to be mapped onto its core stands until that is there. */
static void let_go(void *context)
{
	struct capture *c = context;

	if (c->options->live_on && !c->options->remap)
		capture_go_on(c);
}

/* Nobody waits for a service that is ended afterwards, or stands anyway. */
static void make_stand_in(struct capture *c)
{
	const struct stand_in_service service = {
		.tracee = &c->tracee,
		.tid = c->tid,
		.vdso = capture_vdso(c),
		.is_subreaper =
			c->at_ready.self.attributes[ATTRIBUTE_SUBREAPER] != 0,
		.contents = &c->contents,
	};

	if (c->options->live_on && !c->options->remap)
		stand_in_make(&c->stand_in, &service);
}

static void report_stop(const struct capture *c, struct report *report)
{
	report->lives_on = c->options->live_on;
	report->stopped_ms = c->stood_ms;
	report->is_forked = c->stand_in.tracee.pid != 0;
	report->why_not_forked = c->stand_in.why_not;
	report->remapping = c->options->remap ? &c->remapping : NULL;
}

static int write_core(struct capture *c, struct report *report,
		      struct error *err)
{
	const char *path = c->options->core_path;
	cleanup_heap char *json = report_json(report);
	struct progress progress = progress_start(path, c->options->quiet);
	const struct image image = {
		.tracee = &c->tracee,
		.contents = &c->contents,
		.threads = &c->threads,
		.state = &c->at_ready,
		.changes = &c->changes,
		.pending = &c->pending,
		.timers = &c->timers,
		.carried = &c->carried,
		.process = &c->process,
		.auxv = c->auxv,
		.auxv_size = c->auxv_size,
		.report = json ? json : "",
		.ready = c->ready,
		.level = c->level,
		.stand_in = &c->stand_in,
		.let_go = let_go,
		.context = c,
	};
	struct output output;
	int r = output_open(&output, path, err);

	if (r < 0)
		return r;
	make_stand_in(c);
	r = image_write(&image, output.fd,
			(struct copy_progress){progress_tick, &progress},
			&report->totals, err);
	progress_end(&progress);
	if (r < 0)
		error_context(err, "cannot write '%s'", path);
	else
		r = capture_name_core(c, &output, err);
	if (r < 0 && err->code == ENOSPC)
		error_hint(err, "Nothing of it was kept. Make room, or write "
				"elsewhere with --output.");
	output_close(&output);
	err->signal = progress.signal;
	report->core_path = path;
	report_stop(c, report);
	return r;
}

/* The same for people and for programs. */
static void tell(struct capture *c, const struct report *report,
		 struct error *err)
{
	const struct options *options = c->options;
	const bool has_json = options->json && err->fault != FAULT_SYSTEM;

	if (has_json && !options->json_path)
		report_print_json(report);
	else if (!options->quiet || err->fault == FAULT_UNSUPPORTED)
		report_print(report, options->verbose || options->audit_only);
	if (has_json && options->json_path)
		report_file_write(&c->report_file, report, err);
}

static int capture(struct capture *c, struct error *err)
{
	struct report report;
	int r = 0;

	prefault_heap(USED_TO_START);
	if (c->options->json_path)
		r = report_file_open(&c->report_file, c->options, err);
	if (r == 0)
		r = begin(c, err);
	if (r == 0) {
		prefault_heap(USED_TO_CAPTURE);
		r = run_to_ready(c, err);
	}
	if (r == 0)
		r = audit(c, err);
	if (r < 0)
		return r;
	blame(c);
	report = make_report(c);
	if (audit_refuses(&c->audit, c->service, err))
		r = -err->code;
	else if (c->options->audit_only)
		report.could_be = true;
	else
		r = write_core(c, &report, err);
	if (r < 0)
		report.core_path = NULL;
	tell(c, &report, err);
	return r;
}

int capture_run(const struct options *options, struct error *err)
{
	char name[32];
	struct capture c = {
		.options = options, .notify.fd = -1, .report_file.fd = -1};
	int r;

	origins_init(&c.origins, options->explained);
	snprintf(name, sizeof(name), "pid %d", options->pid);
	c.service = options->pid	 ? name
		    : options->base_path ? options->base_path
					 : options->service_argv[0];
	r = capture(&c, err);
	capture_deinit(&c, r == 0);
	return r;
}
