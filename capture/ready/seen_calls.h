/*
 * seen_calls.h - which call each thread is in, of those that count at their exit
 */
#ifndef READY_SEEN_CALLS_H
#define READY_SEEN_CALLS_H

#include "call_filter.h"
#include "capture/tracee/tracee.h"

struct seen_call {
	pid_t tid;
	enum call_use use;
	int64_t number;
	uint64_t arguments[6];
};

struct seen_calls {
	struct seen_call *items;
	size_t count;
	size_t capacity;
};

/* At the entry; -ENOMEM and a message when there is no room. */
int seen_calls_add(struct seen_calls *calls, const struct stop *stop,
		   enum call_use use, struct error *err);
/* The one that @tid is in, or NULL. */
const struct seen_call *seen_calls_find(const struct seen_calls *calls,
					pid_t tid);
/* At the exit: what it was; CALL_USE_NONE when its entry was not seen. */
struct seen_call seen_calls_take(struct seen_calls *calls, pid_t tid);
void seen_calls_deinit(struct seen_calls *calls);

#endif
