/*
 * cpu_choice.h - having a service choose its code for a weaker CPU than this
 */
#ifndef START_CPU_CHOICE_H
#define START_CPU_CHOICE_H

#include "capture/audit.h"
#include "common/cpu.h"
#include "common/error.h"

/*
 * Libraries that look at the CPU once, when they start, are told by variables
 * of our environment, which the service inherits, what not to see of it; what
 * those say already is kept.
 */
int cpu_choice_make(enum cpu_level level, const char *name, struct audit *audit,
		    struct error *err);

#endif
