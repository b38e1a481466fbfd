/*
 * fitness.h - whether this machine can run what the core holds
 */
#ifndef RESTORE_FITNESS_H
#define RESTORE_FITNESS_H

#include "common/core_reader.h"
#include "common/error.h"

/* Refuses, by name, a processor or a place that lacks something. */
int fitness_check(const struct core *core, struct error *err);

/* The part of it that compares two machines. */
int fitness_compare(const struct core_machine *wanted,
		    const struct core_machine *offered, struct error *err);

#endif
