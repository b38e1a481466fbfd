/*
 * seen_calls.c - which call each thread is in, of those that count at their exit
 */
#include "seen_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct seen_call *find(const struct seen_calls *calls, pid_t tid)
{
	for (size_t i = 0; i < calls->count; i++)
		if (calls->items[i].tid == tid)
			return &calls->items[i];
	return NULL;
}

int seen_calls_add(struct seen_calls *calls, const struct stop *stop,
		   enum call_use use, struct error *err)
{
	struct seen_call *call = find(calls, stop->tid);

	if (!call && calls->count == calls->capacity) {
		size_t capacity = calls->capacity ? calls->capacity * 2 : 8;
		struct seen_call *items =
			realloc(calls->items, capacity * sizeof(*items));

		if (!items)
			return error_system(err, ENOMEM,
					    "cannot keep the calls it makes");
		calls->items = items;
		calls->capacity = capacity;
	}
	if (!call)
		call = &calls->items[calls->count++];
	*call = (struct seen_call){
		.tid = stop->tid, .use = use, .number = stop->number};
	memcpy(call->arguments, stop->arguments, sizeof(call->arguments));
	return 0;
}

const struct seen_call *seen_calls_find(const struct seen_calls *calls,
					pid_t tid)
{
	return find(calls, tid);
}

struct seen_call seen_calls_take(struct seen_calls *calls, pid_t tid)
{
	struct seen_call *call = find(calls, tid);
	struct seen_call taken = {.use = CALL_USE_NONE, .number = -1};

	if (call) {
		taken = *call;
		*call = calls->items[--calls->count];
	}
	return taken;
}

void seen_calls_deinit(struct seen_calls *calls)
{
	free(calls->items);
	*calls = (struct seen_calls){0};
}
