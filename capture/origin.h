/*
 * origin.h - who made what the service holds
 *
 *	entry of a call of the table    its stack is kept, per thread
 *	exit of it                      and belongs to what it has made
 *
 * What is keyed by a number that is used again belongs to whoever made it last,
 * so that no close has to be seen; only what is still there at the end will be
 * asked for, and only that is unwound.
 */
#ifndef CAPTURE_ORIGIN_H
#define CAPTURE_ORIGIN_H

#include "recorder.h"
#include "resource_calls.h"
#include "saved_stack.h"

/* What a descriptor's story is made of. */
enum origin_event {
	ORIGIN_MADE,
	ORIGIN_ENDED,	/* closed, or about to be replaced */
	ORIGIN_EXECUTED /* the program was, which closed it */
};

/*
 * @id: as resource_kind says; @size: bytes of a mapping
 * @tid: 0 for one that has ended and was not seen
 * @call: number of the system call
 * @comm: of its thread; "" of the main one, which still has it
 * @ms: since the start; @ticks tells what came first
 */
struct origin {
	enum origin_event event;
	enum resource_kind kind;
	int64_t id;
	uint64_t size;
	pid_t tid;
	char comm[16];
	int64_t call;
	uint64_t first_argument;
	uint64_t ms;
	uint64_t ticks;
	struct saved_stack stack;
};

/*
 * @pending: of calls that have not returned, one a thread; @id is not known
 * @story: events of descriptor @explained, or -1, in their order
 * @has_ring: io_uring_setup(2) was seen: such a ring opens files unseen
 */
struct origins {
	struct origin *items;
	size_t count;
	size_t capacity;
	struct origin *pending;
	size_t pending_count;
	size_t pending_capacity;
	struct origin *story;
	size_t story_count;
	size_t story_capacity;
	int explained;
	uint64_t start_ms;
	bool has_ring;
	struct recorder recorder;
};

void origins_init(struct origins *origins, int explained);
void origins_deinit(struct origins *origins);

/*
 * At the entry of any call.  False if the thread stands before the call again
 * afterwards, because the recorder has taken it over.
 */
bool origins_enter(struct origins *origins, struct tracee *t,
		   const struct stop *stop);
/* At the exit of any call. */
void origins_leave(struct origins *origins, const struct tracee *t,
		   const struct stop *stop);
/* At STOP_CHILD. */
void origins_child(struct origins *origins, const struct tracee *t,
		   const struct stop *stop);
/* Whether thread @tid is in a call whose exit has to be seen. */
bool origins_await(const struct origins *origins, pid_t tid);
/* Another program was executed; descriptors may be closed by that. */
void origins_exec(struct origins *origins, const struct tracee *t, pid_t tid);

/* When all threads stand still: what the recorder knows is known here, too. */
int origins_collect(struct origins *origins, struct tracee *t,
		    struct error *err);

/* Who made it last, or NULL; of mappings the one that @id lies in. */
const struct origin *origins_find(const struct origins *origins,
				  enum resource_kind kind, int64_t id);

#endif
