/*
 * origin.c - who made what the service holds
 *
 * Exits of calls are not seen in the order in which the kernel made them: of
 * two threads that stand at the exit of a call with the same result, one has
 * its descriptor, and the other's was closed before.  Where two calls have
 * overlapped so, both are kept.
 */
#include "origin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/clock.h"
#include "capture/state/witness.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "origin_list.h"
#include "origin_results.h"
#include "origin_threads.h"

enum {
	COPIES_MAX = 8,	 /* of copies of copies; then the middle is left out */
	STORY_MAX = 512, /* events; then the middle is left out */
};

void origins_init(struct origins *origins, int explained)
{
	*origins = (struct origins){
		.explained = explained,
		.start_ms = clock_now_ms(),
	};
	recorder_init(&origins->recorder);
}

void origins_deinit(struct origins *origins)
{
	origin_list_deinit(&origins->made);
	origin_list_deinit(&origins->pending);
	origin_list_deinit(&origins->story);
	code_history_deinit(&origins->code);
	free(origins->threads);
	recorder_deinit(&origins->recorder);
	*origins = (struct origins){0};
}

const struct origin *origin_root(const struct origin *origin)
{
	while (origin && origin->base)
		origin = origin->base;
	return origin;
}

/* Where it is in the list, or the count. */
static size_t find_pending(const struct origins *origins, pid_t tid)
{
	size_t i = 0;

	while (i < origins->pending.count &&
	       origins->pending.items[i]->tid != tid)
		i++;
	return i;
}

bool origins_await(const struct origins *origins, pid_t tid)
{
	return find_pending(origins, tid) < origins->pending.count ||
	       recorder_awaits(&origins->recorder, tid);
}

/* NULL when memory runs out. */
static struct origin *make(struct origins *origins, const struct tracee *t,
			   const struct stop *stop)
{
	struct origin *origin = calloc(1, sizeof(*origin));

	if (!origin)
		return NULL;
	origin->users = 1;
	origin->tid = stop->tid;
	origin->call = stop->number;
	memcpy(origin->arguments, stop->arguments, sizeof(origin->arguments));
	origin->ms = clock_now_ms() - origins->start_ms;
	origin->ticks = recorder_ticks();
	origin->entered = origins->stops;
	saved_stack_take(&origin->stack, t, stop);
	recorder_mend(&origins->recorder, &origin->stack.registers);
	origins_name_thread(origins, t, origin);
	return origin;
}

static struct origin *copy(const struct origin *origin)
{
	struct origin *made = calloc(1, sizeof(*made));

	if (!made)
		return NULL;
	*made = *origin;
	made->users = 1;
	origin_hold(made->base);
	made->rival = NULL;
	made->stack.bytes = malloc(origin->stack.size + 1);
	if (made->stack.bytes)
		memcpy(made->stack.bytes, origin->stack.bytes,
		       origin->stack.size);
	else
		made->stack.size = 0;
	return made;
}

/* An event of its own, as what happened to what it has made comes later. */
static void tell(struct origins *origins, enum origin_event event,
		 const struct origin *origin)
{
	struct origin *told = copy(origin);

	if (!told)
		return;
	told->event = event;
	if (origins->story.count >= STORY_MAX) {
		origin_list_remove(&origins->story, STORY_MAX / 2);
		origins->story_lost++;
	}
	origin_list_append(&origins->story, told);
	origin_release(told);
}

static bool is_open(const struct tracee *t, int64_t fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%lld", t->pid, (long long)fd);
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool ends_explained(const struct origins *origins, int64_t number,
			   const uint64_t arguments[6])
{
	return origins->explained >= 0 &&
	       resource_call_closes(number, arguments, origins->explained);
}

/* Of randomness and semaphores the first is told. */
static bool is_of_interest(const struct origins *origins,
			   const struct resource_call *call,
			   const uint64_t arguments[6])
{
	if (call->kind == RESOURCE_RANDOMNESS &&
	    !witness_counts_randomness(arguments))
		return false;
	return call->place != PLACE_AT_NOTHING ||
	       !origin_list_at(&origins->made, call->kind, 0);
}

/* Of copies of copies without end the first and the last are kept. */
static struct origin *find_base(const struct origins *origins,
				const struct resource_call *call,
				const struct stop *stop)
{
	struct origin *base;
	size_t length = 0;

	if (call->kind != RESOURCE_LOCK &&
	    !resource_call_copies(stop->number, stop->arguments))
		return NULL;
	base = origin_list_at(&origins->made, RESOURCE_DESCRIPTOR,
			      (int)stop->arguments[0]);
	for (struct origin *o = base; o; o = o->base)
		length++;
	if (length < COPIES_MAX)
		return base;
	while (base->base)
		base = base->base;
	return base;
}

bool origins_enter(struct origins *origins, struct tracee *t,
		   const struct stop *stop)
{
	const struct resource_call *call =
		resource_call_find(stop->number, stop->arguments);
	const size_t left = find_pending(origins, stop->tid);
	bool ends = ends_explained(origins, stop->number, stop->arguments) &&
		    is_open(t, origins->explained);
	struct origin *origin;

	origins->stops++;
	/* Its exit was not seen: a signal handler has jumped out of it. */
	if (left < origins->pending.count)
		origin_list_remove(&origins->pending, left);
	if (call && !is_of_interest(origins, call, stop->arguments))
		call = NULL;
	if (!call && !ends)
		return true;
	if (origins->explained < 0 &&
	    recorder_take_over(&origins->recorder, t, stop))
		return false;
	origin = make(origins, t, stop);
	if (!origin)
		return true;
	origin->event = ends ? ORIGIN_ENDED : ORIGIN_MADE;
	if (call)
		origin->base = origin_hold(find_base(origins, call, stop));
	origin_list_append(&origins->pending, origin);
	origin_release(origin);
	return true;
}

static bool is_rival(const struct origin *before, const struct origin *made)
{
	return before && before->kind == RESOURCE_DESCRIPTOR &&
	       before->tid != made->tid && before->left > made->entered;
}

/* The first thing that a call makes takes its origin, others have copies. */
static struct origin *claim(struct origin *pending)
{
	return pending->left == 0 ? origin_hold(pending) : copy(pending);
}

void origins_keep(struct origins *origins, struct origin *pending,
		  enum resource_kind kind, int64_t id)
{
	struct origin *before = origin_list_at(&origins->made, kind, id);
	struct origin *made = claim(pending);

	if (!made)
		return;
	made->event = ORIGIN_MADE;
	made->kind = kind;
	made->id = id;
	made->size = kind == RESOURCE_MAPPING && made->call == SYS_mmap
			     ? made->arguments[1]
			     : 0;
	made->left = origins->stops;
	if (is_rival(before, made)) {
		made->rival = origin_hold(before);
		origin_release(before->rival);
		before->rival = NULL;
	}
	origin_list_put(&origins->made, made);
	if (kind == RESOURCE_DESCRIPTOR && id == origins->explained)
		tell(origins, ORIGIN_MADE, made);
	origin_release(made);
}

/* Linux closes the descriptor whatever else close(2) reports. */
static bool has_ended(const struct origin *pending, int64_t result)
{
	return pending->event == ORIGIN_ENDED &&
	       (result >= 0 || pending->call == SYS_close);
}

void origins_leave(struct origins *origins, const struct tracee *t,
		   const struct stop *stop)
{
	const size_t i = find_pending(origins, stop->tid);
	struct origin *pending;

	recorder_unshare(&origins->recorder, t, stop->tid);
	if (i == origins->pending.count)
		return;
	origins->stops++;
	pending = origin_hold(origins->pending.items[i]);
	origin_list_remove(&origins->pending, i);
	if (has_ended(pending, stop->result))
		tell(origins, ORIGIN_ENDED, pending);
	if (stop->result >= 0 || stop->result < -4095)
		origin_results_take(origins, t, pending, stop->result);
	origin_release(pending);
}

/* A call that has not been made yet, or is to be made again, says an error. */
void origins_freeze(struct origins *origins, const struct tracee *t)
{
	for (size_t i = origins->pending.count; i-- > 0;) {
		struct stop stop = {.kind = STOP_SYSCALL_EXIT,
				    .tid = origins->pending.items[i]->tid};
		struct user_regs_struct regs;
		struct error ignored = {0};

		if (tracee_registers(t, stop.tid, &regs, &ignored) < 0)
			continue;
		stop.result = (int64_t)regs.rax;
		if (stop.result >= 0 || stop.result < -4095)
			origins_leave(origins, t, &stop);
	}
}

bool origin_outlasts_exec(const struct origin *origin, const struct tracee *t,
			  bool (*is_kept)(const struct tracee *t, int64_t fd))
{
	switch (origin->kind) {
	case RESOURCE_DESCRIPTOR:
	case RESOURCE_LOCK:
		return is_kept(t, origin->id);
	case RESOURCE_CHILD:
	case RESOURCE_RANDOMNESS:
	case RESOURCE_SEMAPHORE:
	case RESOURCE_PROCESS_ID:
		return true;
	case RESOURCE_MAPPING:
	case RESOURCE_TIMER:
	case RESOURCE_NONE:
		break;
	}
	return false;
}

void origins_exec(struct origins *origins, const struct tracee *t,
		  const struct stop *stop)
{
	const struct stop executed = {
		.kind = STOP_EXEC, .tid = stop->tid, .number = SYS_execve};

	for (size_t i = origins->made.count; i-- > 0;) {
		const struct origin *origin = origins->made.items[i];

		if (origin_outlasts_exec(origin, t, is_open))
			continue;
		if (origin->kind == RESOURCE_DESCRIPTOR &&
		    origin->id == origins->explained) {
			struct origin *event = make(origins, t, &executed);

			if (event)
				tell(origins, ORIGIN_EXECUTED, event);
			origin_release(event);
		}
		origin_list_remove(&origins->made, i);
	}
	while (origins->pending.count > 0)
		origin_list_remove(&origins->pending,
				   origins->pending.count - 1);
	origins->thread_count = 0;
	recorder_forget(&origins->recorder);
	code_history_restart(&origins->code, t->pid);
}

void origins_child(struct origins *origins, const struct tracee *t,
		   const struct stop *stop)
{
	struct origin *origin = make(origins, t, stop);

	recorder_share(&origins->recorder, t, stop->tid, (pid_t)stop->result);
	origins->stops++;
	if (origin)
		origin_results_child(origins, t, origin, (pid_t)stop->result);
	origin_release(origin);
}

/* The newest that @address lies in. */
static const struct origin *find_mapping(const struct origins *origins,
					 int64_t address)
{
	const struct origin *found = NULL;

	for (size_t i = 0; i < origins->made.count; i++) {
		const struct origin *o = origins->made.items[i];

		if (o->kind == RESOURCE_MAPPING && o->id <= address &&
		    (o->id == address ||
		     (uint64_t)(address - o->id) < o->size) &&
		    (!found || found->left < o->left))
			found = o;
	}
	return found;
}

/* The newest of those on the same open file. */
static const struct origin *find_lock(const struct origins *origins, int64_t fd)
{
	const struct origin *root = origin_root(
		origin_list_at(&origins->made, RESOURCE_DESCRIPTOR, fd));
	const struct origin *found = NULL;

	for (size_t i = 0; i < origins->made.count; i++) {
		const struct origin *o = origins->made.items[i];

		if (o->kind == RESOURCE_LOCK && origin_root(o->base) == root &&
		    (root || o->id == fd) && (!found || found->left < o->left))
			found = o;
	}
	return found;
}

const struct origin *origins_find(const struct origins *origins,
				  enum resource_kind kind, int64_t id)
{
	if (kind == RESOURCE_MAPPING)
		return find_mapping(origins, id);
	if (kind == RESOURCE_LOCK)
		return find_lock(origins, id);
	return origin_list_at(&origins->made, kind, id);
}
