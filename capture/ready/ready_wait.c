/*
 * ready_wait.c - running the service up to its ready point
 *
 * The service runs freely between the stops that its ready point is made of.
 * Some of them are seen at the entry of a call and count at its exit; which
 * call a thread is in is kept per thread.
 *
 *	entry of read(0)           ready: the call is made after the restore
 *	entry of write(1), exit    ready if that completed the text
 *	entry of sendmsg, exit     READY=1?  then its socket's close, exit
 *	entry of mmap(r-x), exit   new code: new addresses to watch, and names
 */
#include "ready_wait.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "capture/clock.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "output_match.h"
#include "seen_calls.h"
#include "stdin_wait.h"
#include "watchpoints.h"
#include "whereabouts.h"

enum {
	STACK_TEXT = 700,
};

/*
 * @calls: those that threads are in
 * @is_overdue: it was asked to stop, as it is time
 * @notify_fd: has said READY=1 and is to be closed, or -1
 * @stack: where the service was when it began to end
 */
struct run {
	const struct ready_wait *wait;
	struct tracee *t;
	struct watchpoints watchpoints;
	uint64_t deadline_ms;
	uint64_t after_ms;
	struct seen_calls calls;
	bool in_exec;
	bool is_overdue;
	int notify_fd;
	struct output_match output;
	char stack[STACK_TEXT];
	enum core_ready ready;
};

/* The kind of ready point that a call is, or 0. */
static enum core_ready ready_of_call(const struct run *run,
				     const struct stop *stop, enum call_use use)
{
	enum core_ready kind = 0;

	if (use == CALL_USE_NAMED)
		kind = CORE_READY_SYSCALL;
	if (use == CALL_USE_STDIN ||
	    (use == CALL_USE_WAIT && stdin_wait_is(run->t, stop)))
		kind = CORE_READY_STDIN;
	return kind && repeats_has(run->wait->repeats, run->t, stop, use)
		       ? 0
		       : kind;
}

static int at_entry(struct run *run, const struct stop *stop, struct error *err)
{
	enum call_use use = call_filter_use(run->wait->ready, stop->number,
					    stop->arguments);
	enum core_ready kind = ready_of_call(run, stop, use);

	if (use == CALL_USE_EXIT)
		whereabouts_stack(run->t, stop->tid, run->stack,
				  sizeof(run->stack));
	if (use == CALL_USE_EXEC)
		run->wait->before_exec(run->wait->context);
	if (kind)
		run->ready = kind;
	if (use == CALL_USE_LOCK &&
	    !origins_lock(run->wait->origins, run->t, stop))
		return 0;
	if (!origins_enter(run->wait->origins, run->t, stop))
		return 0;
	if (use == CALL_USE_WITNESS)
		witness_see(run->wait->witness, run->t, stop);
	return seen_calls_add(&run->calls, stop, use, err);
}

static int at_exit(struct run *run, const struct stop *stop, struct error *err)
{
	const struct seen_call call = seen_calls_take(&run->calls, stop->tid);
	const enum call_use use = call.use;
	int r = 0;

	origins_leave(run->wait->origins, run->t, stop);
	repeats_leave(run->wait->repeats, &call, stop->result);
	if (run->notify_fd >= 0 && call.number == SYS_close &&
	    (int)call.arguments[0] == run->notify_fd)
		run->ready = CORE_READY_NOTIFY;
	if (run->in_exec) {
		run->in_exec = false;
		r = run->wait->on_exec(run->wait->context, run->t, err);
		if (r == 0 && ready_needs_watch(run->wait->ready))
			r = watchpoints_update(&run->watchpoints, run->t, err);
	} else if (use == CALL_USE_CODE && stop->result >= 0) {
		code_history_see(&run->wait->origins->code, stop->tid,
				 call.number, call.arguments,
				 (uint64_t)stop->result);
		if (call.number == SYS_mmap &&
		    ready_needs_watch(run->wait->ready))
			r = watchpoints_see(&run->watchpoints, run->t,
					    call.arguments, err);
	} else if (use == CALL_USE_PORTS && stop->result == 0) {
		run->wait->witness->port_level = (int)call.arguments[0] > 0;
	} else if (use == CALL_USE_OUTPUT && stop->result > 0) {
		if (output_match_call(&run->output, run->t, call.number,
				      call.arguments, (uint64_t)stop->result))
			run->ready = CORE_READY_OUTPUT;
	} else if (use == CALL_USE_SEND && run->notify_fd < 0 &&
		   notify_socket_is_ready(run->wait->notify)) {
		/* Its socket is closed in a moment; then it is gone. */
		run->notify_fd = (int)call.arguments[0];
	}
	return r;
}

static bool ends_by(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL ||
	       signal == SIGFPE || signal == SIGABRT || signal == SIGSYS;
}

/* True when the service is ready, and the signal is consumed. */
static bool at_signal(struct run *run, const struct stop *stop)
{
	const struct ready *ready = run->wait->ready;

	if (stop->signal == SIGSTOP && ready_may_be(ready, CORE_READY_STOP))
		run->ready = CORE_READY_STOP;
	if (ready_may_be(ready, CORE_READY_SIGNAL) &&
	    stop->signal == ready->signal)
		run->ready = CORE_READY_SIGNAL;
	if (ends_by(stop->signal))
		whereabouts_stack(run->t, stop->tid, run->stack,
				  sizeof(run->stack));
	return run->ready != 0;
}

static enum core_ready watched_kind(const struct ready *ready)
{
	if (ready_may_be(ready, CORE_READY_SYMBOL))
		return CORE_READY_SYMBOL;
	if (ready_may_be(ready, CORE_READY_LINE))
		return CORE_READY_LINE;
	return CORE_READY_MARKER;
}

static void hint_to_try(const struct ready_wait *wait, struct error *err)
{
	const char *slash = strrchr(wait->service, '/');
	const bool is_launched = wait->launch->loads;

	error_hint(err, "Does '%s%s' start, and wait, without subctx-capture?",
		   is_launched ? "subctx-launch " : "",
		   is_launched || !slash ? wait->service : slash + 1);
}

/* Its processes that live on although it has ended: it is a daemon. */
static bool lives_on(const struct run *run)
{
	return run->t->task_count > 0;
}

/* Why a function or line was not reached; the first hint wins. */
static void hint_of_watch(const struct run *run, struct error *err)
{
	const struct ready *ready = run->wait->ready;
	const bool is_symbol = ready_may_be(ready, CORE_READY_SYMBOL);

	if (!is_symbol && !ready_may_be(ready, CORE_READY_LINE))
		return;
	if (run->watchpoints.count > 0)
		error_hint(err,
			   "'%s' is there, but was not reached; a "
			   "compiler may have inlined it.",
			   ready->name);
	else
		error_hint(err,
			   "None of the files that it loaded has a %s "
			   "'%s'.",
			   is_symbol ? "symbol" : "line", ready->name);
}

static int ended(struct run *run, const struct stop *stop, struct error *err)
{
	const char *service = run->wait->service;
	pid_t pid = run->t->pid;

	if (stop->kind == STOP_KILLED) {
		error_set(err, FAULT_SERVICE,
			  "'%s' (pid %d) was killed by SIG%s before it was "
			  "ready%s",
			  service, pid, sigabbrev_np(stop->signal), run->stack);
	} else if (stop->status == 0 && lives_on(run)) {
		error_set(err, FAULT_SERVICE,
			  "'%s' (pid %d) went into the background before it "
			  "was ready%s",
			  service, pid, run->stack);
		error_hint(err, "Tell it to stay in the foreground; many "
				"services have an option for that.");
	} else {
		error_set(err, FAULT_SERVICE,
			  "'%s' (pid %d) exited with status %d before it was "
			  "ready%s",
			  service, pid, stop->status, run->stack);
		hint_of_watch(run, err);
		if (run->wait->go_on && !run->wait->launch->loads)
			error_hint(err, "A service that is restored has to be "
					"ready once more; does it, with this "
					"input, wait again?");
		else if (!run->t->attached)
			hint_to_try(run->wait, err);
	}
	return -err->code;
}

static int not_ready(struct run *run, const struct stop *stop,
		     struct error *err)
{
	struct error ignored = {0};
	char call[128];

	whereabouts_call(run->t, stop->tid, call, sizeof(call));
	recorder_leave_thread(&run->wait->origins->recorder, run->t, stop->tid,
			      &ignored);
	whereabouts_stack(run->t, stop->tid, run->stack, sizeof(run->stack));
	error_set(err, FAULT_SERVICE,
		  "'%s' (pid %d) was not ready after %g s: %s%s",
		  run->wait->service, run->t->pid,
		  (double)run->wait->timeout_ms / 1000, call, run->stack);
	hint_of_watch(run, err);
	error_hint(err, "Name another ready point with --ready, or a longer "
			"--timeout.");
	return -err->code;
}

/* What a stop means.  *ret_signal is to be delivered when it goes on. */
static int take_stop(struct run *run, const struct stop *stop, int *ret_signal,
		     struct error *err)
{
	*ret_signal = 0;
	switch (stop->kind) {
	case STOP_EXEC:
		watchpoints_clear(&run->watchpoints);
		origins_exec(run->wait->origins, run->t, stop);
		run->in_exec = true;
		return 0;
	case STOP_SYSCALL_ENTRY:
		return at_entry(run, stop, err);
	case STOP_SYSCALL_EXIT:
		return at_exit(run, stop, err);
	case STOP_CHILD:
		origins_child(run->wait->origins, run->t, stop);
		return 0;
	case STOP_SIGNAL:
		if (!at_signal(run, stop))
			*ret_signal = stop->signal;
		return 0;
	case STOP_WATCH:
		if (launch_fails(run->wait->launch, stop))
			return launch_explain(run->t, stop, err);
		run->ready = watched_kind(run->wait->ready);
		return 0;
	case STOP_INTERRUPT:
		return 0;
	case STOP_TIMEOUT:
		run->is_overdue = true;
		return tracee_interrupt(run->t, err);
	case STOP_CANCELLED:
		error_set(err, FAULT_SERVICE, "cancelled by SIG%s",
			  sigabbrev_np(stop->signal));
		err->signal = stop->signal;
		return -err->code;
	case STOP_EXITED:
	case STOP_KILLED:
		return ended(run, stop, err);
	}
	return 0;
}

static bool counts_at_exit(enum call_use use)
{
	return use == CALL_USE_SEND || use == CALL_USE_CODE ||
	       use == CALL_USE_OUTPUT || use == CALL_USE_PORTS;
}

bool ready_wait_sees_calls(const struct ready *ready)
{
	static const uint32_t needs_calls = ~((uint32_t)1 << CORE_READY_STOP |
					      (uint32_t)1 << CORE_READY_SIGNAL |
					      (uint32_t)1 << CORE_READY_AFTER);

	return ready->kinds & needs_calls;
}

/*
 * Between the entry and the exit of a call that counts at its exit, and in an
 * exec, the service is led from call to call; otherwise only where no filter
 * stops the calls that matter.
 */
static enum resume how_to_resume(const struct run *run, pid_t tid)
{
	const struct seen_call *call = seen_calls_find(&run->calls, tid);

	if (run->in_exec || run->notify_fd >= 0 ||
	    origins_await(run->wait->origins, tid) ||
	    (call && (counts_at_exit(call->use) ||
		      repeats_await(run->wait->repeats, call))))
		return RESUME_TO_CALL;
	if (!run->t->filtered && ready_wait_sees_calls(run->wait->ready))
		return RESUME_TO_CALL;
	return RESUME_FREELY;
}

static uint64_t next_deadline(const struct run *run)
{
	uint64_t now = clock_now_ms();
	uint64_t deadline = run->deadline_ms;

	if (run->after_ms && run->after_ms < deadline)
		deadline = run->after_ms;
	/* An interrupt is under way; do not spin until it has arrived. */
	return run->is_overdue && deadline <= now ? now + 1000 : deadline;
}

/*
 * After a deadline the service is asked to stop.  Whatever stop comes next is
 * the answer, unless a signal would be lost with it; then it is asked again.
 */
static int take_overdue(struct run *run, const struct stop *stop,
			struct error *err)
{
	if (!run->is_overdue || run->ready || !stop->tid)
		return 0;
	if (stop->kind == STOP_SIGNAL || run->in_exec)
		return 0;
	run->is_overdue = false;
	if (clock_now_ms() >= run->deadline_ms)
		return not_ready(run, stop, err);
	run->ready = CORE_READY_AFTER;
	return 0;
}

static int run_to_ready(struct run *run, struct stop *stop, struct error *err)
{
	int signal = 0;
	int r = take_stop(run, stop, &signal, err);

	while (r == 0 && !run->ready) {
		if (stop->tid)
			r = tracee_resume(run->t, stop->tid,
					  how_to_resume(run, stop->tid), signal,
					  err);
		if (r == 0)
			r = tracee_next_stop(run->t, next_deadline(run), stop,
					     err);
		if (r == 0)
			r = take_stop(run, stop, &signal, err);
		if (r == 0)
			r = take_overdue(run, stop, err);
	}
	return r;
}

static bool ends_service(const struct run *run, const struct stop *stop)
{
	enum call_use use;

	if (stop->kind != STOP_SYSCALL_ENTRY)
		return false;
	use = call_filter_use(run->wait->ready, stop->number, stop->arguments);
	return use == CALL_USE_EXIT || use == CALL_USE_EXEC;
}

/*
 * One that would end the service is held, and so is one that is ready, too.
 * Where a signal makes it ready, any further one is the service's own.
 */
static int settle_one(struct run *run, const struct stop *stop,
		      struct error *err)
{
	int signal = stop->kind == STOP_SIGNAL ? stop->signal : 0;
	int r = 0;

	if (stop->kind == STOP_EXEC) {
		error_set(err, FAULT_SERVICE,
			  "'%s' (pid %d) executed another program just after "
			  "it was ready",
			  run->wait->service, run->t->pid);
		error_hint(err, "With --settle=0 it is stopped at once.");
		return -err->code;
	}
	if (stop->kind == STOP_TIMEOUT || ends_service(run, stop))
		return 0;
	if (stop->kind != STOP_SIGNAL)
		r = take_stop(run, stop, &signal, err);
	if (r < 0 || !stop->tid || run->ready)
		return r;
	return tracee_resume(run->t, stop->tid, how_to_resume(run, stop->tid),
			     signal, err);
}

/* The other threads finish what they are at, if that is soon. */
static int settle(struct run *run, struct error *err)
{
	const uint64_t end = clock_now_ms() + run->wait->settle_ms;
	int r = 0;

	while (r == 0 && clock_now_ms() < end && !tracee_rests(run->t)) {
		struct stop stop;

		run->ready = 0;
		r = tracee_next_stop(run->t, clock_now_ms() + 1, &stop, err);
		if (r == 0)
			r = settle_one(run, &stop, err);
	}
	return r;
}

/* A process that was attached to stands with all of its threads. */
static int resume_others(const struct run *run, pid_t than, struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r = tracee_threads(run->t, &tids, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (tids[i] != than)
			r = tracee_resume(run->t, tids[i],
					  how_to_resume(run, tids[i]), 0, err);
	return r;
}

int ready_wait(const struct ready_wait *wait, struct tracee *t,
	       enum core_ready *ret_kind, pid_t *ret_tid, struct error *err)
{
	struct run run = {
		.wait = wait,
		.t = t,
		.watchpoints.ready = wait->ready,
		.deadline_ms = UINT64_MAX,
		.notify_fd = -1,
		.output = {wait->ready->name, wait->ready->name_length},
	};
	const bool is_running = t->attached || wait->go_on;
	struct stop stop = {.kind = is_running ? STOP_INTERRUPT : STOP_EXEC,
			    .tid = t->pid};
	enum core_ready ready;
	int r = 0;

	if (wait->timeout_ms)
		run.deadline_ms = clock_now_ms() + wait->timeout_ms;
	if (ready_may_be(wait->ready, CORE_READY_AFTER))
		run.after_ms = clock_now_ms() + wait->ready->after_ms;
	if (ready_may_be(wait->ready, CORE_READY_NOW))
		run.ready = CORE_READY_NOW;
	if (is_running)
		code_history_restart(&wait->origins->code, t->pid);
	if (is_running && ready_needs_watch(wait->ready))
		r = watchpoints_update(&run.watchpoints, t, err);
	if (r == 0 && wait->go_on)
		r = tracee_pass_watches(t, err);
	if (r == 0 && wait->go_on)
		r = wait->go_on(wait->context, err);
	if (r == 0 && !run.ready)
		r = resume_others(&run, stop.tid, err);
	if (r == 0)
		r = run_to_ready(&run, &stop, err);
	ready = run.ready;
	if (r == 0 && ready != CORE_READY_NOW)
		r = settle(&run, err);
	watchpoints_deinit(&run.watchpoints);
	seen_calls_deinit(&run.calls);
	if (r < 0)
		return r;
	*ret_kind = ready;
	*ret_tid = stop.tid;
	return 0;
}
