/*
 * capture.c - one capture, from its options to its core
 */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "address_space.h"
#include "attach.h"
#include "call_filter.h"
#include "common/auxv.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "cpu_choice.h"
#include "image.h"
#include "node_policies.h"
#include "open_file.h"
#include "output.h"
#include "page_dropper.h"
#include "process_audit.h"
#include "program.h"
#include "progress.h"
#include "ready_wait.h"
#include "report.h"
#include "terminal.h"
#include "watchpoints.h"
#include "witness.h"

enum {
	DROPPER_NAME = 128,
};

/* Everything that is found out on the way; capture_deinit() lets go of it. */
struct capture {
	const struct options *options;
	const char *service;
	struct tracee tracee;
	struct notify_socket notify;
	struct terminal terminal;
	struct terminal terminal_at_exec;
	struct process_state at_exec;
	struct process_state at_ready;
	struct changes changes;
	struct threads threads;
	struct pending pending;
	struct timers timers;
	struct witness witness;
	struct core_process process;
	struct core_range handover;
	struct mapping_list mappings;
	struct contents contents;
	struct audit audit;
	enum core_ready ready;
	pid_t tid;
	char *auxv;
	size_t auxv_size;
	char dropper[DROPPER_NAME];
};

static void capture_deinit(struct capture *c, bool is_done)
{
	/* What was not started here lives on after a failure. */
	bool lives_on = is_done ? c->options->live_on : c->tracee.attached;

	if (lives_on)
		tracee_detach(&c->tracee);
	else
		tracee_kill(&c->tracee);
	if (!lives_on)
		terminal_reset(&c->terminal);
	notify_socket_close(&c->notify);
	mapping_list_deinit(&c->mappings);
	contents_deinit(&c->contents);
	changes_deinit(&c->changes);
	threads_deinit(&c->threads);
	pending_deinit(&c->pending);
	timers_deinit(&c->timers);
	audit_deinit(&c->audit);
	free(c->auxv);
}

static int read_auxv(struct capture *c, struct error *err)
{
	int r;

	free(c->auxv);
	c->auxv = NULL;
	r = io_read_filef(&c->auxv, &c->auxv_size, "/proc/%d/auxv",
			  c->tracee.pid);
	if (r < 0)
		return error_system(err, -r, "cannot read '/proc/%d/auxv'",
				    c->tracee.pid);
	return 0;
}

static uint64_t vdso_address(const struct capture *c)
{
	return auxv_find(c->auxv, c->auxv_size, AT_SYSINFO_EHDR);
}

/* What the service inherits is what it has before its first instruction. */
static int look_at_exec(void *context, struct tracee *t, struct error *err)
{
	struct capture *c = context;
	struct inferior inferior = {0};
	int r = read_auxv(c, err);

	terminal_read(&c->terminal_at_exec);
	if (r == 0)
		r = tracee_leave_call(t, t->pid, err);
	if (r == 0)
		r = process_state_open(&inferior, t, t->pid, vdso_address(c),
				       err);
	if (r == 0)
		r = process_state_read(&c->at_exec, &inferior, t->pid, err);
	inferior.trap = c->at_exec.self.signals[SIGTRAP - 1];
	inferior.has_trap = inferior.ignores_trap;
	if (r == 0)
		r = inferior_close(&inferior, t->pid, err);
	return r;
}

static int start(struct capture *c, struct error *err)
{
	const struct options *options = c->options;
	struct sock_fprog filter = {0};
	struct program program;
	int r = program_find(&program, c->service, err);

	terminal_read(&c->terminal);
	if (r == 0 && options->cpu_level != CPU_LEVEL_NONE)
		r = cpu_choice_make(options->cpu_level, options->cpu_name,
				    &c->audit, err);
	if (r == 0 && !program.interpreter[0])
		r = watchpoints_check(&options->ready, program.binary, err);
	if (r == 0 && ready_may_be(&options->ready, CORE_READY_NOTIFY)) {
		r = notify_socket_open(&c->notify, err);
		if (r == 0)
			setenv("NOTIFY_SOCKET", c->notify.address, 1);
	}
	/* A filter cannot be taken off a service that is to live on. */
	if (r == 0 && !options->live_on)
		r = call_filter_make(&options->ready, &filter, err);
	if (r == 0)
		r = tracee_spawn(
			&c->tracee,
			&(struct tracee_program){
				.path = program.path,
				.argv = options->service_argv,
				.filter = filter.filter ? &filter : NULL,
			},
			err);
	call_filter_free(&filter);
	if (r == 0 && !program.is_position_independent)
		audit_add(&c->audit, VERDICT_NOTED, "program",
			  "'%s' has fixed addresses (ET_EXEC)", program.binary);
	return r;
}

/* Of a process that runs already nobody knows with what it was started. */
static int seize(struct capture *c, struct error *err)
{
	int r = attach_check(c->options->pid, err);

	if (r == 0)
		r = tracee_attach(&c->tracee, c->options->pid, err);
	if (r == 0)
		r = process_state_ours(&c->at_exec, err);
	return r;
}

static int run_to_ready(struct capture *c, struct error *err)
{
	const struct ready_wait wait = {
		.ready = &c->options->ready,
		.service = c->service,
		.timeout_ms = c->options->timeout_ms,
		.notify = &c->notify,
		.witness = &c->witness,
		.on_exec = look_at_exec,
		.context = c,
	};
	int r = ready_wait(&wait, &c->tracee, &c->ready, &c->tid, err);

	if (r == 0)
		r = tracee_freeze(&c->tracee, err);
	if (r == 0)
		r = tracee_unwatch(&c->tracee, err);
	return r;
}

/*
 * A process that runs already has a session, which is no doing of its own, and
 * the keys of that session.
 */
static void take_session(struct capture *c)
{
	const uint32_t keys[] = {ATTRIBUTE_THREAD_KEYRING,
				 ATTRIBUTE_PROCESS_KEYRING,
				 ATTRIBUTE_SESSION_KEYRING};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		c->at_exec.thread.attributes[keys[i]] =
			c->at_ready.thread.attributes[keys[i]];
	memcpy(c->at_exec.surroundings.texts[SURROUNDING_SESSION],
	       c->at_ready.surroundings.texts[SURROUNDING_SESSION],
	       SURROUNDING_SIZE);
}

/*
 * Timers run on while the service stands still.  One that expires between a look
 * at the timers and one at the signals would be in neither, or in both; so both
 * are looked at until no signal has come in between.
 */
static int read_signals(struct capture *c, const struct inferior *inferior,
			struct error *err)
{
	struct audit found;
	size_t before;
	int r;

	do {
		struct pending again = {0};

		found = (struct audit){0};
		pending_deinit(&c->pending);
		timers_deinit(&c->timers);
		r = pending_read(&c->pending, &c->tracee, &c->threads, &found,
				 err);
		before = c->pending.count;
		if (r == 0)
			r = timers_read(&c->timers, inferior, c->tid,
					&c->threads, &found, err);
		if (r == 0)
			r = pending_read(&again, &c->tracee, &c->threads, NULL,
					 err);
		if (r == 0 && again.count == before)
			audit_move(&c->audit, &found);
		else
			before = SIZE_MAX;
		pending_deinit(&again);
		audit_deinit(&found);
	} while (r == 0 && before == SIZE_MAX);
	return r;
}

/* What the service says about itself, its threads and its timers. */
static int ask_process(struct capture *c, struct error *err)
{
	struct inferior inferior = {0};
	int r = process_state_open(&inferior, &c->tracee, c->tid,
				   vdso_address(c), err);

	if (r == 0)
		r = process_state_read(&c->at_ready, &inferior, c->tid, err);
	if (r == 0)
		witness_mend(&c->witness, c->at_ready.self.signals);
	inferior.trap = c->at_ready.self.signals[SIGTRAP - 1];
	inferior.has_trap = true;
	if (r == 0)
		r = threads_ask(&c->threads, &inferior, &c->audit, err);
	if (r == 0)
		r = read_signals(c, &inferior, err);
	if (r == 0)
		r = node_policies_audit(&inferior, c->tid, &c->mappings,
					&c->audit, err);
	if (r == 0)
		r = inferior_close(&inferior, c->tid, err);
	return r;
}

static int look_at_process(struct capture *c, struct error *err)
{
	struct tracee *t = &c->tracee;
	struct surroundings surroundings;
	struct foreign_code foreign = {0};
	int r = address_space_read(&c->mappings, &c->handover, &c->tracee, err);

	/* Anew, as a service that was restored has the core's. */
	if (r == 0)
		r = read_auxv(c, err);
	if (r == 0)
		r = address_space_find_vdso(&c->mappings, t, &c->process, err);
	foreign.vdso = c->process.vdso;
	foreign.handover = c->handover;
	if (r == 0)
		r = surroundings_read(&surroundings, t->pid, err);
	if (r == 0)
		r = threads_read(&c->threads, t, c->tid, &foreign,
				 &surroundings, &c->audit, err);
	if (r == 0)
		r = ask_process(c, err);
	if (r == 0)
		r = process_state_layout(t->pid, &c->process, err);
	c->process.brk = c->at_ready.self.brk;
	c->process.inherited_mask = c->at_exec.signal_mask;
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
	int r = process_audit(t, c->at_ready.self.has_dependents, &c->audit,
			      err);

	if (r == 0)
		r = open_files_audit(&c->audit, t->pid, !t->attached, err);
	witness_report(&c->witness, !t->attached && t->filtered, t->pid,
		       &c->audit);
	note_dropper(c);
	if (r == 0)
		r = contents_decide(&c->contents, &c->mappings, t,
				    c->dropper[0] ? CORE_MAP_COPY : 0,
				    &c->audit, err);
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
		r = address_space_read(&c->mappings, &c->handover, &c->tracee,
				       err);
	} else {
		r = look_at_process(c, err);
		if (r < 0)
			return r;
		if (t->attached)
			take_session(c);
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

static struct report make_report(const struct capture *c)
{
	return (struct report){
		.audit = &c->audit,
		.service = c->service,
		.pid = c->tracee.pid,
		.ready = c->ready,
		.thread_count = c->threads.count,
		.dropper = c->dropper,
	};
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
		.process = &c->process,
		.auxv = c->auxv,
		.auxv_size = c->auxv_size,
		.report = json ? json : "",
		.ready = c->ready,
		.level = c->options->cpu_level,
	};
	struct output output;
	int r = output_open(&output, path, err);

	if (r < 0)
		return r;
	r = image_write(&image, output.fd,
			(struct copy_progress){progress_tick, &progress},
			&report->totals, err);
	progress_end(&progress);
	if (r == 0)
		r = output_commit(&output, err);
	else
		error_context(err, "cannot write '%s'", path);
	if (r < 0 && err->code == ENOSPC)
		error_hint(err, "Nothing of it was kept. Make room, or write "
				"elsewhere with --output.");
	output_close(&output);
	err->signal = progress.signal;
	report->core_path = path;
	return r;
}

static int capture(struct capture *c, struct error *err)
{
	struct report report;
	int r = c->options->pid ? seize(c, err) : start(c, err);

	if (r == 0)
		r = run_to_ready(c, err);
	if (r == 0)
		r = audit(c, err);
	if (r < 0)
		return r;
	report = make_report(c);
	if (!audit_refuses(&c->audit, c->service, err))
		r = write_core(c, &report, err);
	else
		r = -err->code;
	if (r < 0)
		report.core_path = NULL;
	if (c->options->json && err->fault != FAULT_SYSTEM)
		report_print_json(&report);
	else if (!c->options->quiet || err->fault == FAULT_UNSUPPORTED)
		report_print(&report, c->options->verbose);
	return r;
}

int capture_run(const struct options *options, struct error *err)
{
	char name[32];
	struct capture c = {.options = options, .notify.fd = -1};
	int r;

	snprintf(name, sizeof(name), "pid %d", options->pid);
	c.service = options->pid ? name : options->service_argv[0];
	r = capture(&c, err);
	capture_deinit(&c, r == 0);
	return r;
}
