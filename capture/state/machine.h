/*
 * machine.h - the machine that a core was captured on, and what it needs of one
 */
#ifndef STATE_MACHINE_H
#define STATE_MACHINE_H

#include "common/cpu.h"
#include "threads.h"

/* @level: for what the service was made to choose its code */
struct core_machine machine_describe(const struct threads *threads,
				     enum cpu_level level);

#endif
