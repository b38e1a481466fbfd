/*
 * blame.h - who made what a finding is about
 */
#ifndef BLAME_BLAME_H
#define BLAME_BLAME_H

#include "origin.h"

struct audit;

/*
 * What is known of one call.
 * @event: of a story: what happened
 * @call: the name of the system call; allocated
 * @ms: since the start
 * @copied: the descriptor of which it is a copy, or -1
 * @stack: where it was made
 * @base: of a copy: who made the descriptor that was copied, or NULL
 * @rival: another that may have made it instead, or NULL
 * @core: what it was restored from (ORIGIN_RESTORED); borrowed
 * @unknown: why nothing of this is known, or NULL; a literal
 * @is_inherited: it is the caller's, so that there is nothing to be known
 * @is_doubtful: an io_uring may have made it since
 */
struct blame {
	enum origin_event event;
	enum resource_kind kind;
	pid_t tid;
	char comm[16];
	char *call;
	uint64_t ms;
	int copied;
	struct call_stack stack;
	struct blame *base;
	struct blame *rival;
	const char *core;
	const char *unknown;
	bool is_inherited;
	bool is_doubtful;
};

/*
 * What blaming takes.
 * @unseen: why calls were not seen, or NULL if they were
 */
struct blamer {
	struct origins *origins;
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

/*
 * The service is about to execute another program: what it will still have
 * then is looked up while the code that made it is there.
 */
void blame_before_exec(const struct blamer *blamer);

/* "opened 0.12 s after the start by thread 4711 (svc) in socket(2)" */
enum {
	BLAME_TEXT_MAX = 256,
};
void blame_describe(const struct blame *blame, char text[BLAME_TEXT_MAX]);

/* Safe on NULL. */
void blame_free(struct blame *blame);

#endif
