/*
 * blame.h - who made what a finding is about, for people
 */
#ifndef CAPTURE_BLAME_H
#define CAPTURE_BLAME_H

#include "origin.h"
#include "symbol.h"

struct audit;

/*
 * One call of a stack.
 * @address: where it goes on
 * @functions: what stands there, "serve at http.c:77"; the innermost of inlined
 *	functions first, all in one allocation with NULs between
 */
struct blame_frame {
	uint64_t address;
	size_t function_count;
	char *functions;
};

/*
 * @event: of a story: what happened
 * @call: the name of the system call; allocated
 * @copied: the descriptor of which it is a copy, or -1
 * @unknown: why nothing of this is known, or NULL; a literal
 */
struct blame {
	enum origin_event event;
	pid_t tid;
	char comm[16];
	char *call;
	uint64_t ms;
	int copied;
	struct blame_frame *frames;
	size_t frame_count;
	const char *unknown;
};

/* What blaming takes; @unseen: why calls were not seen, or NULL if they were. */
struct blamer {
	const struct origins *origins;
	const struct tracee *tracee;
	const char *unseen;
};

/*
 * Finds who made what each finding that is refused is about, or that is noted;
 * with @all, of every one.  What is not known is said, too.
 */
void blame_audit(const struct blamer *blamer, struct audit *audit, bool all);

/* The story of a descriptor; *ret_blames is allocated, as is each of them. */
void blame_story(const struct blamer *blamer, struct blame ***ret_blames,
		 size_t *ret_count);

/* "socket(2) by thread 4711 (svc), 0.120 s after the start" */
void blame_describe(const struct blame *blame, char text[160]);
/* The next of the functions of a frame behind @function. */
const char *blame_next_function(const char *function);

/* Safe on NULL. */
void blame_free(struct blame *blame);

#endif
