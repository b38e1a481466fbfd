/*
 * repeats.h - the calls that a restored service makes once more
 *
 * It was captured before it had taken what it waited for, so the wait does not
 * count before it has: what counts is when it waits again, and there is nothing
 * to read; some read a byte at a time.
 *
 *	restored   poll, read(0) = 12   poll
 *	           ^^^^^^^^^^^^^^^^^^   ready
 */
#ifndef READY_REPEATS_H
#define READY_REPEATS_H

#include "capture/tracee/tracee.h"
#include "ready.h"
#include "seen_calls.h"

/* A call that --ready names, and that a thread was to make. */
struct repeat {
	pid_t tid;
	uint64_t instruction;
};

/*
 * @is_thirsty: a thread was to wait for standard input, and nobody has taken any
 *	since
 * @was_thirsty: one was
 */
struct repeats {
	struct repeat *items;
	size_t count;
	bool is_thirsty;
	bool was_thirsty;
};

/* All threads of the service stand where they go on. */
int repeats_find(struct repeats *ret_repeats, const struct ready *ready,
		 const struct tracee *t, struct error *err);
/* At the entry of a call that would count: whether it is one of them. */
bool repeats_has(const struct repeats *repeats, const struct tracee *t,
		 const struct stop *stop, enum call_use use);
/* Whether the exit of a call has to be seen. */
bool repeats_await(const struct repeats *repeats, const struct seen_call *call);
/* At the exit of any. */
void repeats_leave(struct repeats *repeats, const struct seen_call *call,
		   int64_t result);
void repeats_deinit(struct repeats *repeats);

#endif
