/*
 * fitness.h - whether this machine can run what the core holds
 */
#ifndef RESTORE_FITNESS_H
#define RESTORE_FITNESS_H

#include "common/core_reader.h"
#include "common/error.h"
#include "frame.h"

/*
 * Refuses, by name, a processor, a kernel or a place that lacks something.
 * *ret_layout is how this machine lays out what the core has in use.
 */
int fitness_check(const struct core *core, struct frame_layout *ret_layout,
		  struct error *err);

/* The part of it that compares two machines. */
int fitness_compare(const struct core_machine *wanted,
		    const struct core_machine *offered, struct error *err);

#endif
