/*
 * origin_results.h - what a call has made, which it says in many ways
 *
 * Included by origin*.c only.
 */
#ifndef BLAME_ORIGIN_RESULTS_H
#define BLAME_ORIGIN_RESULTS_H

#include "origin.h"

/* At the exit of a call that has succeeded: keeps all that it has made. */
void origin_results_take(struct origins *origins, const struct tracee *t,
			 struct origin *pending, int64_t result);

/* When a process was started. */
void origin_results_child(struct origins *origins, const struct tracee *t,
			  struct origin *pending, pid_t child);

/* In origin.c: this is what @pending has made, or one of the things. */
void origins_keep(struct origins *origins, struct origin *pending,
		  enum resource_kind kind, int64_t id);

#endif
