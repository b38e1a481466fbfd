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
#ifndef BLAME_ORIGIN_H
#define BLAME_ORIGIN_H

#include "call_stack.h"
#include "code_history.h"
#include "recorder.h"
#include "resource_calls.h"

/* What a descriptor's story is made of. */
enum origin_event {
	ORIGIN_MADE,
	ORIGIN_ENDED,	 /* closed, or replaced */
	ORIGIN_EXECUTED, /* the program was, which closed it */
	ORIGIN_RESTORED, /* made again from a core, where nobody is to be seen */
};

/*
 * One call that has made something.
 * @users: how many hold it: what it has made, copies of that, the story
 * @id: as resource_kind says; @size: bytes of a mapping, or 0
 * @call: number of the system call, @arguments: its
 * @comm: of its thread, about then
 * @ms: since the start; @ticks tells what came first (recorder_ticks())
 * @base: of a copy, the origin of the descriptor that was copied; of a lock,
 *	that of the descriptor it is on; or NULL
 * @rival: another that made the same at the same time, so that one of the two
 *	has been closed since, or NULL
 * @entered, @left: between which stops it was made
 * @stack, @names: where; @names are found early if another program is executed
 */
struct origin {
	unsigned int users;
	enum origin_event event;
	enum resource_kind kind;
	int64_t id;
	uint64_t size;
	pid_t tid;
	char comm[16];
	int64_t call;
	uint64_t arguments[6];
	uint64_t ms;
	uint64_t ticks;
	struct origin *base;
	struct origin *rival;
	uint64_t entered;
	uint64_t left;
	struct saved_stack stack;
	struct call_stack names;
};

/* The name of a thread, and when it was read. */
struct origin_thread {
	pid_t tid;
	uint64_t ms;
	char comm[16];
};

struct origin_list {
	struct origin **items;
	size_t count;
	size_t capacity;
};

/*
 * @made: by kind and id
 * @pending: of calls that have not returned, one a thread
 * @story: events of descriptor @explained, or -1, in their order
 * @story_lost: how many are left out in its middle
 * @stops: seen so far
 * @core: what the service was restored from, or NULL; borrowed
 * @has_ring: io_uring_setup(2) was seen: such a ring opens files unseen
 * @code: what their stacks are in
 */
struct origins {
	struct origin_list made;
	struct origin_list pending;
	struct origin_list story;
	size_t story_lost;
	struct origin_thread *threads;
	size_t thread_count;
	size_t thread_capacity;
	int explained;
	uint64_t start_ms;
	uint64_t stops;
	const char *core;
	bool has_ring;
	struct recorder recorder;
	struct code_history code;
};

/* The start is now. */
void origins_init(struct origins *origins, int explained);
void origins_deinit(struct origins *origins);

/*
 * At the entry of any call.  False if the thread stands before the call again
 * afterwards, because the recorder has taken it over.
 */
bool origins_enter(struct origins *origins, struct tracee *t,
		   const struct stop *stop);
/*
 * At the entry of mlockall(2).  False if the thread stands before the call again
 * afterwards.
 */
bool origins_lock(struct origins *origins, struct tracee *t,
		  const struct stop *stop);
/* At the exit of any call. */
void origins_leave(struct origins *origins, const struct tracee *t,
		   const struct stop *stop);
/* At STOP_CHILD. */
void origins_child(struct origins *origins, const struct tracee *t,
		   const struct stop *stop);
/* All threads were stopped, some of them at an exit that was not shown. */
void origins_freeze(struct origins *origins, const struct tracee *t);
/* Whether thread @tid is in a call whose exit has to be seen. */
bool origins_await(const struct origins *origins, pid_t tid);
/*
 * Another program was executed; descriptors may be closed by that, and what
 * was memory is gone.
 */
void origins_exec(struct origins *origins, const struct tracee *t,
		  const struct stop *stop);

/* The service was restored from @core, and has not gone on yet. */
void origins_restored(struct origins *origins, const struct tracee *t,
		      const char *core);

/* What the recorder knows is known here, too. */
void origins_collect(struct origins *origins, const struct tracee *t);

/*
 * Who made it last, or NULL; of mappings the one that @id lies in; of a lock
 * who took it last, through whichever descriptor of the open file.
 */
const struct origin *origins_find(const struct origins *origins,
				  enum resource_kind kind, int64_t id);

/*
 * Whether what it has made is there when another program is executed; of what
 * a descriptor holds, as @is_kept says of that.
 */
bool origin_outlasts_exec(const struct origin *origin, const struct tracee *t,
			  bool (*is_kept)(const struct tracee *t, int64_t fd));

/* Of the descriptor that others are copies of. */
const struct origin *origin_root(const struct origin *origin);

#endif
