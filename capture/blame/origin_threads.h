/*
 * origin_threads.h - the names that threads had when they made something
 *
 * Included by origin*.c only.
 */
#ifndef BLAME_ORIGIN_THREADS_H
#define BLAME_ORIGIN_THREADS_H

#include "origin.h"

/* Fills in @origin->comm. */
void origins_name_thread(struct origins *origins, const struct tracee *t,
			 struct origin *origin);

#endif
