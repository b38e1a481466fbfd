/*
 * ready_wait.h - running the service up to its ready point
 */
#ifndef READY_READY_WAIT_H
#define READY_READY_WAIT_H

#include "capture/blame/origin.h"
#include "capture/start/launch.h"
#include "capture/state/witness.h"
#include "capture/tracee/tracee.h"
#include "notify_socket.h"
#include "ready.h"
#include "repeats.h"

/*
 * @service: its name in messages
 * @timeout_ms: how long it may take, or 0
 * @settle_ms: how long the other threads may go on afterwards
 * @go_on: of a service that was restored, or whose launcher was stopped, and
 *	stands with all of its threads: called before it goes on; or NULL
 * @repeats: the calls that it makes again then
 * @launch: its launcher, which may give up before it is ready
 * @before_exec: called whenever the service is about to execute a program,
 *	which may fail
 * @on_exec: called whenever the service has just executed a program and
 *	stands still outside any call, before its first instruction
 */
struct ready_wait {
	const struct ready *ready;
	const char *service;
	uint64_t timeout_ms;
	uint64_t settle_ms;
	struct notify_socket *notify;
	struct witness *witness;
	struct origins *origins;
	int (*go_on)(void *context, struct error *err);
	struct repeats *repeats;
	const struct launch *launch;
	void (*before_exec)(void *context);
	int (*on_exec)(void *context, struct tracee *t, struct error *err);
	void *context;
};

/*
 * From a tracee that stands at its exec, or that was attached to or restored, to
 * its ready point.  *ret_tid is the thread that reached it, and stands there; the others go
 * on until all of them sleep, for as long as they may.
 */
int ready_wait(const struct ready_wait *wait, struct tracee *t,
	       enum core_ready *ret_kind, pid_t *ret_tid, struct error *err);

/* Whether calls are seen on the way there without a filter. */
bool ready_wait_sees_calls(const struct ready *ready);

#endif
