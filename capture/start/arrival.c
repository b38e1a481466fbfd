/*
 * arrival.c - from the restorer to the service that it becomes
 *
 *	exec of the restorer     what it has is what the service inherits
 *	files, memory, threads   are its business; a few calls are the service's
 *	rt_sigreturn, exit       the thread is there, and waits for the others
 *
 * The main thread makes all others, and goes last: when all who are known are
 * there, no thread is missing.
 */
#include "arrival.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "capture/clock.h"
#include "common/cleanup.h"

/* @is_last: the call that it is in is rt_sigreturn(2) */
struct arriving {
	pid_t tid;
	bool is_last;
	bool is_there;
};

struct arrival {
	const struct ready_wait *wait;
	struct tracee *t;
	struct arriving *items;
	size_t count;
	size_t capacity;
	size_t there;
	bool in_exec;
};

static struct arriving *find(struct arrival *arrival, pid_t tid,
			     struct error *err)
{
	for (size_t i = 0; i < arrival->count; i++)
		if (arrival->items[i].tid == tid)
			return &arrival->items[i];
	if (arrival->count == arrival->capacity) {
		size_t capacity = arrival->capacity ? arrival->capacity * 2 : 8;
		struct arriving *items =
			realloc(arrival->items, capacity * sizeof(*items));

		if (!items) {
			error_system(err, ENOMEM, "cannot keep the threads");
			return NULL;
		}
		arrival->items = items;
		arrival->capacity = capacity;
	}
	arrival->items[arrival->count] = (struct arriving){.tid = tid};
	return &arrival->items[arrival->count++];
}

/* What the service has set comes from the restorer's hand now. */
static bool is_for_service(int64_t number, const uint64_t arguments[6])
{
	return witness_wants(number, arguments) && number != SYS_getpid &&
	       number != SYS_getrandom;
}

/* The kernel changes the number in the call, so its exit is the next stop. */
static int at_call(struct arrival *arrival, const struct stop *stop,
		   struct error *err)
{
	struct arriving *thread = find(arrival, stop->tid, err);

	if (!thread)
		return -err->code;
	if (stop->kind == STOP_SYSCALL_ENTRY) {
		thread->is_last = stop->number == SYS_rt_sigreturn;
		if (is_for_service(stop->number, stop->arguments))
			witness_see(arrival->wait->witness, arrival->t, stop);
		return 0;
	}
	if (arrival->in_exec) {
		arrival->in_exec = false;
		return arrival->wait->on_exec(arrival->wait->context,
					      arrival->t, err);
	}
	if (thread->is_last && !thread->is_there) {
		thread->is_there = true;
		arrival->there++;
	}
	return 0;
}

static int ended(const struct arrival *arrival, const struct stop *stop,
		 struct error *err)
{
	const char *core = arrival->wait->service;

	if (stop->kind == STOP_KILLED)
		return error_set(err, FAULT_SERVICE,
				 "cannot restore '%s': the restorer was killed "
				 "by SIG%s",
				 core, sigabbrev_np(stop->signal));
	return error_set(err, FAULT_SERVICE,
			 "cannot restore '%s': the restorer ended with status "
			 "%d",
			 core, stop->status);
}

static int take_stop(struct arrival *arrival, const struct stop *stop,
		     struct error *err)
{
	switch (stop->kind) {
	case STOP_SYSCALL_ENTRY:
	case STOP_SYSCALL_EXIT:
		return at_call(arrival, stop, err);
	case STOP_EXITED:
	case STOP_KILLED:
		return ended(arrival, stop, err);
	case STOP_TIMEOUT:
		return error_set(err, FAULT_SERVICE,
				 "cannot restore '%s': it was not there after "
				 "%g s",
				 arrival->wait->service,
				 (double)arrival->wait->timeout_ms / 1000);
	case STOP_CANCELLED:
		error_set(err, FAULT_SERVICE, "cancelled by SIG%s",
			  sigabbrev_np(stop->signal));
		err->signal = stop->signal;
		return -err->code;
	case STOP_EXEC:
	case STOP_CHILD:
	case STOP_SIGNAL:
	case STOP_WATCH:
	case STOP_INTERRUPT:
		break;
	}
	return 0;
}

/* Who is there waits. */
static int go_on(struct arrival *arrival, const struct stop *stop,
		 struct error *err)
{
	struct arriving *thread = find(arrival, stop->tid, err);
	enum resume how = RESUME_TO_CALL;

	if (!thread)
		return -err->code;
	if (thread->is_there)
		return 0;
	if (arrival->t->filtered && !arrival->in_exec && !thread->is_last)
		how = RESUME_FREELY;
	return tracee_resume(arrival->t, stop->tid, how,
			     stop->kind == STOP_SIGNAL ? stop->signal : 0, err);
}

static int is_complete(const struct arrival *arrival, bool *ret_is,
		       struct error *err)
{
	cleanup_heap pid_t *tids = NULL;
	size_t count = 0;
	int r = tracee_threads(arrival->t, &tids, &count, err);

	*ret_is = r == 0 && arrival->there == count;
	return r;
}

int arrival_await(const struct ready_wait *wait, struct tracee *t,
		  struct error *err)
{
	struct arrival arrival = {.wait = wait, .t = t, .in_exec = true};
	const uint64_t deadline = wait->timeout_ms
					  ? clock_now_ms() + wait->timeout_ms
					  : UINT64_MAX;
	struct stop stop = {.kind = STOP_EXEC, .tid = t->pid};
	bool is_there = false;
	int r = 0;

	while (r == 0 && !is_there) {
		r = go_on(&arrival, &stop, err);
		if (r == 0)
			r = tracee_next_stop(t, deadline, &stop, err);
		if (r == 0)
			r = take_stop(&arrival, &stop, err);
		if (r == 0)
			r = is_complete(&arrival, &is_there, err);
	}
	free(arrival.items);
	return r;
}
